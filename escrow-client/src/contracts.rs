//! The contracts that judge proofs: the generated ones, and `InferenceVerifier` in front of them.

use std::fmt::{self, Display};

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol,
    sol_types::{SolCall, SolConstructor},
};
use zkescrow_circuits::{
    commitment::{WeightCommitment, coordinates},
    keys::VerifierKeys,
    poseidon::{Packing, input_packing},
    proof::Proof,
};
use zkescrow_verifier_gen::{Compiled, verifier};

use crate::{
    chain::{Chain, Deployed},
    checkout,
    failure::Failure,
    purpose::Purpose,
    scalar::word,
};

sol! {
    #[allow(missing_docs)]
    contract ModelVerifier {
        constructor(address verifier, bytes32 verifierCodeHash, address key, bytes32 keyCodeHash);

        function verifier() external view returns (address);
        function verifierCodeHash() external view returns (bytes32);
        function key() external view returns (address);
        function keyCodeHash() external view returns (bytes32);
    }

    #[allow(missing_docs)]
    contract InferenceVerifier {
        #[derive(Debug, PartialEq, Eq)]
        struct Packing {
            uint256 domain;
            uint32 elements;
            uint32 shortElements;
            uint8 shortBytes;
        }

        struct Config {
            address proofVerifier;
            bytes32 proofVerifierCodeHash;
            bytes32 archDigest;
            uint256 weightCommitments;
            uint256 classes;
            uint256[] blindingBases;
            Packing packing;
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

        struct Purpose {
            uint256 caseId;
            uint256 index;
            address payee;
        }

        function verifyFor(
            Purpose calldata purpose,
            bytes32 model,
            address provider,
            uint256[] calldata points,
            bytes calldata proof,
            bytes calldata linkProof,
            uint256[] calldata instances
        ) external view returns (bool);

        function proofVerifier() external view returns (address);
        function proofVerifierCodeHash() external view returns (bytes32);
        function archDigest() external view returns (bytes32);
        function weightCommitments() external view returns (uint256);
        function classes() external view returns (uint256);
        function blindingBases() external view returns (bytes memory);
        function inputPacking() external view returns (Packing memory);
    }
}

impl From<Packing> for InferenceVerifier::Packing {
    fn from(packing: Packing) -> Self {
        // Maps have fewer than 2^32 cells.
        Self {
            domain: word(&packing.domain),
            elements: packing.elements as u32,
            shortElements: packing.short_elements as u32,
            shortBytes: packing.short_bytes as u8,
        }
    }
}

impl Display for InferenceVerifier::Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, elements, shortElements: short, shortBytes: bytes } = self;
        write!(f, "{elements} elements, {short} of them of {bytes} bytes, in domain {domain:#x}")
    }
}

/// Gas limit of a verification, several times what one needs.
const VERIFY_LIMIT: u64 = 5_000_000;

/// The deployed contracts of one architecture.
#[derive(Clone, Copy, Debug)]
pub struct Contracts {
    /// What checks the circuit's equations; circuits of one shape can share it.
    pub shared: Deployed,
    /// The circuit's key.
    pub key: Deployed,
    /// The two together: the verifier of the circuit's proofs.
    pub model: Deployed,
    /// What users call.
    pub inference: Deployed,
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

    fn verify_for(&self, purpose: &Purpose) -> Vec<u8> {
        InferenceVerifier::verifyForCall {
            purpose: InferenceVerifier::Purpose { caseId: purpose.case_id, index: purpose.index, payee: purpose.payee },
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
    /// Deploys all four.
    pub async fn deploy(chain: &Chain, keys: &VerifierKeys, compiled: &verifier::Contracts) -> Result<Self, Failure> {
        let inference = checkout::creation_code("InferenceVerifier")?;
        let shared = deploy_as_compiled(chain, "shared verifier", &compiled.shared).await?;
        let key = deploy_as_compiled(chain, "verifying key", &compiled.key).await?;
        let pair = ModelVerifier::constructorCall {
            verifier: shared.address,
            verifierCodeHash: shared.code_hash,
            key: key.address,
            keyCodeHash: key.code_hash,
        };
        let code = [compiled.wrapper.creation.clone(), pair.abi_encode()].concat();
        let model = chain.deploy("model verifier", code).await?;
        let config = InferenceVerifier::Config {
            proofVerifier: model.address,
            proofVerifierCodeHash: model.code_hash,
            archDigest: keys.arch.into(),
            weightCommitments: U256::from(keys.plan.shape.weight_columns),
            classes: U256::from(keys.plan.network.classes()),
            blindingBases: keys.bases.0.iter().flat_map(coordinates).map(|w| B256::from(w).into()).collect(),
            packing: input_packing(&keys.plan.network).into(),
        };
        let arguments = InferenceVerifier::constructorCall { config: config.clone() }.abi_encode();
        let inference = chain.deploy("inference verifier", [inference, arguments].concat()).await?;
        let contracts = Self { shared, key, model, inference };
        contracts.require(chain, &pair, &config).await?;
        Ok(contracts)
    }

    /// Gas of all deployments.
    pub fn gas(&self) -> u64 {
        [self.shared, self.key, self.model, self.inference].iter().map(|deployed| deployed.gas).sum()
    }

    /// Reads back what the contracts were constructed with. A wrong answer of the node, or a wrong compiled contract,
    /// would otherwise be pinned.
    async fn require(
        &self,
        chain: &Chain,
        pair: &ModelVerifier::constructorCall,
        config: &InferenceVerifier::Config,
    ) -> Result<(), Failure> {
        use InferenceVerifier as I;
        use ModelVerifier as M;
        let model = Reader { chain, address: self.model.address, what: "model verifier" };
        model.require("verifier", M::verifierCall {}, pair.verifier).await?;
        model.require("verifierCodeHash", M::verifierCodeHashCall {}, pair.verifierCodeHash).await?;
        model.require("key", M::keyCall {}, pair.key).await?;
        model.require("keyCodeHash", M::keyCodeHashCall {}, pair.keyCodeHash).await?;
        let bases: Vec<u8> = config.blindingBases.iter().flat_map(U256::to_be_bytes::<32>).collect();
        let it = Reader { chain, address: self.inference.address, what: "inference verifier" };
        it.require("proofVerifier", I::proofVerifierCall {}, config.proofVerifier).await?;
        it.require("proofVerifierCodeHash", I::proofVerifierCodeHashCall {}, config.proofVerifierCodeHash).await?;
        it.require("archDigest", I::archDigestCall {}, config.archDigest).await?;
        it.require("weightCommitments", I::weightCommitmentsCall {}, config.weightCommitments).await?;
        it.require("classes", I::classesCall {}, config.classes).await?;
        it.require("blindingBases", I::blindingBasesCall {}, Bytes::from(bases)).await?;
        it.require("inputPacking", I::inputPackingCall {}, config.packing.clone()).await
    }

    /// Asks whether the claim holds for the registered weights.
    pub async fn verify(&self, chain: &Chain, claim: &Claim) -> Result<bool, Failure> {
        let action = "verify a proof";
        let answer = chain.call(action, self.inference.address, claim.verify()).await?;
        InferenceVerifier::verifyCall::abi_decode_returns(&answer).map_err(|e| chain.answered(action, e))
    }

    /// Asks whether the claim holds and was made for this purpose. The account that asks takes the place of the contract
    /// that pays: what the purpose says about it and about the chain, the verifier finds out by itself.
    pub async fn verify_for(&self, chain: &Chain, purpose: &Purpose, claim: &Claim) -> Result<bool, Failure> {
        let action = "verify a proof";
        let answer = chain.call(action, self.inference.address, claim.verify_for(purpose)).await?;
        InferenceVerifier::verifyForCall::abi_decode_returns(&answer).map_err(|e| chain.answered(action, e))
    }

    /// Asks whether the proof holds for any weights.
    pub async fn verify_proof(&self, chain: &Chain, claim: &Claim) -> Result<bool, Failure> {
        let action = "verify a proof";
        let proof = Bytes::from(claim.proof.clone());
        let input = InferenceVerifier::verifyProofCall { proof, instances: claim.instances.clone() }.abi_encode();
        let answer = chain.call(action, self.inference.address, input).await?;
        InferenceVerifier::verifyProofCall::abi_decode_returns(&answer).map_err(|e| chain.answered(action, e))
    }

    /// Verifies in a transaction and says what it cost.
    pub async fn verify_gas(&self, chain: &Chain, claim: &Claim) -> Result<u64, Failure> {
        chain.transact("verify a proof", self.inference.address, claim.verify(), VERIFY_LIMIT).await
    }
}

/// Deploys a contract without constructor arguments, and insists on its code.
async fn deploy_as_compiled(chain: &Chain, what: &str, compiled: &Compiled) -> Result<Deployed, Failure> {
    let expected = B256::from(compiled.code_hash());
    let deployed = chain.deploy(what, compiled.creation.clone()).await?;
    if deployed.code_hash == expected {
        return Ok(deployed);
    }
    let reason = format!("its code there has hash {}, not {expected} as compiled", deployed.code_hash);
    Err(chain.answered(&format!("deploy the {what}"), reason))
}

/// A contract whose constants are read.
struct Reader<'a> {
    chain: &'a Chain,
    address: Address,
    what: &'a str,
}

impl Reader<'_> {
    async fn require<C>(&self, name: &str, call: C, expected: C::Return) -> Result<(), Failure>
    where
        C: SolCall,
        C::Return: PartialEq + Display,
    {
        let action = format!("read back the {}", self.what);
        let answer = self.chain.call(&action, self.address, call.abi_encode()).await?;
        let actual = C::abi_decode_returns(&answer).map_err(|e| self.chain.answered(&action, e))?;
        if actual == expected {
            return Ok(());
        }
        Err(self.chain.answered(&action, format!("its {name} is {actual}, not {expected}")))
    }
}
