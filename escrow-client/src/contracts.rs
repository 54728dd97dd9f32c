//! The contracts that judge proofs: the generated verifier, and `InferenceVerifier` in front of it.

use std::fmt::Display;

use alloy::{
    primitives::{B256, Bytes, U256},
    sol,
    sol_types::{SolCall, SolConstructor},
};
use zkescrow_circuits::{
    commitment::{WeightCommitment, coordinates},
    keys::VerifierKeys,
    proof::Proof,
};
use zkescrow_verifier_gen::Compiled;

use crate::{
    chain::{Chain, Deployed},
    checkout,
    failure::Failure,
    scalar::word,
};

sol! {
    #[allow(missing_docs)]
    contract InferenceVerifier {
        struct Config {
            address generated;
            bytes32 generatedCodeHash;
            bytes32 archDigest;
            uint256 proofLength;
            uint256 weightsOffset;
            uint256 weightCommitments;
            uint256 evaluationsOffset;
            uint256 evaluations;
            uint256 classes;
            uint256[] blindingBases;
        }

        constructor(Config memory config);

        function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);
        function verify(
            bytes32 model,
            address provider,
            uint256[] calldata points,
            bytes calldata proof,
            bytes calldata linkProof,
            uint256[] calldata instances
        ) external view returns (bool);

        function generated() external view returns (address);
        function generatedCodeHash() external view returns (bytes32);
        function archDigest() external view returns (bytes32);
        function proofLength() external view returns (uint256);
        function weightsOffset() external view returns (uint256);
        function weightCommitments() external view returns (uint256);
        function evaluationsOffset() external view returns (uint256);
        function evaluations() external view returns (uint256);
        function classes() external view returns (uint256);
        function blindingBases() external view returns (bytes memory);
    }
}

/// Gas limit of a verification: the contract refuses to judge unless it can give the generated verifier its 3,000,000.
const VERIFY_LIMIT: u64 = 5_000_000;

/// The deployed contracts of one architecture.
#[derive(Clone, Copy, Debug)]
pub struct Contracts {
    /// What checks the circuit's equations.
    pub generated: Deployed,
    /// What users call.
    pub verifier: Deployed,
}

/// What somebody says on chain about a proof. Words are not reduced: a cheat may say anything.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The model id.
    pub model: [u8; 32],
    /// The model's provider.
    pub provider: [u8; 20],
    /// Coordinates of the registered commitment.
    pub points: Vec<U256>,
    /// The proof proper.
    pub proof: Vec<u8>,
    /// The link to the registered weights.
    pub link: Vec<u8>,
    /// The instances.
    pub instances: Vec<U256>,
}

impl Claim {
    /// What a proof says by itself.
    pub fn new(commitment: &WeightCommitment, proof: &Proof) -> Self {
        Self {
            model: proof.model_id,
            provider: proof.provider,
            points: commitment.words().into_iter().map(|w| B256::from(w).into()).collect(),
            proof: proof.bytes.clone(),
            link: proof.link.clone(),
            instances: proof.instances.iter().map(word).collect(),
        }
    }

    fn verify(&self) -> Vec<u8> {
        InferenceVerifier::verifyCall {
            model: self.model.into(),
            provider: self.provider.into(),
            points: self.points.clone(),
            proof: self.proof.clone().into(),
            linkProof: self.link.clone().into(),
            instances: self.instances.clone(),
        }
        .abi_encode()
    }
}

impl Contracts {
    /// Deploys both contracts.
    pub async fn deploy(chain: &Chain, keys: &VerifierKeys, generated: &Compiled) -> Result<Self, Failure> {
        let wrapper = checkout::creation_code("InferenceVerifier")?;
        let expected = B256::from(generated.code_hash());
        let generated = chain.deploy("generated verifier", generated.creation.clone()).await?;
        if generated.code_hash != expected {
            let reason = format!("its code there has hash {}, not {expected} as compiled", generated.code_hash);
            return Err(chain.answered("deploy the generated verifier", reason));
        }
        let evaluations = keys.evaluations();
        let config = InferenceVerifier::Config {
            generated: generated.address,
            generatedCodeHash: expected,
            archDigest: keys.arch.into(),
            proofLength: U256::from(keys.proof_length()),
            // The transcript starts with the columns of the first phase, and those with the weights.
            weightsOffset: U256::ZERO,
            weightCommitments: U256::from(keys.plan.shape.weight_columns),
            evaluationsOffset: U256::from(evaluations.start),
            evaluations: U256::from(evaluations.len() / 32),
            classes: U256::from(keys.plan.network.classes()),
            blindingBases: keys.bases.0.iter().flat_map(coordinates).map(|w| B256::from(w).into()).collect(),
        };
        let arguments = InferenceVerifier::constructorCall { config: config.clone() }.abi_encode();
        let verifier = chain.deploy("inference verifier", [wrapper, arguments].concat()).await?;
        let contracts = Self { generated, verifier };
        contracts.require(chain, &config).await?;
        Ok(contracts)
    }

    /// Reads back what the inference verifier was constructed with. A wrong answer of the node, or a wrong compiled
    /// contract, would otherwise be pinned.
    async fn require(&self, chain: &Chain, config: &InferenceVerifier::Config) -> Result<(), Failure> {
        use InferenceVerifier as V;
        let bases: Vec<u8> = config.blindingBases.iter().flat_map(U256::to_be_bytes::<32>).collect();
        self.require_one(chain, "generated", V::generatedCall {}, config.generated).await?;
        self.require_one(chain, "generatedCodeHash", V::generatedCodeHashCall {}, config.generatedCodeHash).await?;
        self.require_one(chain, "archDigest", V::archDigestCall {}, config.archDigest).await?;
        self.require_one(chain, "proofLength", V::proofLengthCall {}, config.proofLength).await?;
        self.require_one(chain, "weightsOffset", V::weightsOffsetCall {}, config.weightsOffset).await?;
        self.require_one(chain, "weightCommitments", V::weightCommitmentsCall {}, config.weightCommitments).await?;
        self.require_one(chain, "evaluationsOffset", V::evaluationsOffsetCall {}, config.evaluationsOffset).await?;
        self.require_one(chain, "evaluations", V::evaluationsCall {}, config.evaluations).await?;
        self.require_one(chain, "classes", V::classesCall {}, config.classes).await?;
        self.require_one(chain, "blindingBases", V::blindingBasesCall {}, Bytes::from(bases)).await
    }

    async fn require_one<C>(&self, chain: &Chain, name: &str, call: C, expected: C::Return) -> Result<(), Failure>
    where
        C: SolCall,
        C::Return: PartialEq + Display,
    {
        let action = "read back the inference verifier";
        let answer = chain.call(action, self.verifier.address, call.abi_encode()).await?;
        let actual = C::abi_decode_returns(&answer).map_err(|e| chain.answered(action, e))?;
        if actual == expected {
            return Ok(());
        }
        Err(chain.answered(action, format!("its {name} is {actual}, not {expected}")))
    }

    /// Asks whether the claim holds for the registered weights.
    pub async fn verify(&self, chain: &Chain, claim: &Claim) -> Result<bool, Failure> {
        let action = "verify a proof";
        let answer = chain.call(action, self.verifier.address, claim.verify()).await?;
        InferenceVerifier::verifyCall::abi_decode_returns(&answer).map_err(|e| chain.answered(action, e))
    }

    /// Asks whether the proof holds for any weights.
    pub async fn verify_proof(&self, chain: &Chain, claim: &Claim) -> Result<bool, Failure> {
        let action = "verify a proof";
        let proof = Bytes::from(claim.proof.clone());
        let input = InferenceVerifier::verifyProofCall { proof, instances: claim.instances.clone() }.abi_encode();
        let answer = chain.call(action, self.verifier.address, input).await?;
        InferenceVerifier::verifyProofCall::abi_decode_returns(&answer).map_err(|e| chain.answered(action, e))
    }

    /// Verifies in a transaction and says what it cost.
    pub async fn verify_gas(&self, chain: &Chain, claim: &Claim) -> Result<u64, Failure> {
        chain.transact("verify a proof", self.verifier.address, claim.verify(), VERIFY_LIMIT).await
    }
}
