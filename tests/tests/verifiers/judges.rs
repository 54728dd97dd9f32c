//! Four judges of one circuit, asked the same.

use alloy::primitives::U256;
use halo2_proofs::poly::commitment::ParamsProver;
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use snark_verifier::{
    loader::native::NativeLoader,
    pcs::kzg::{Bdfg21, KzgAs},
    system::halo2::{Config, compile, transcript::evm::EvmTranscript},
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProtocol, PlonkVerifier},
    },
};
use zkescrow_circuits::{keys::VerifierKeys, plan::INSTANCES, proof::Proof, verifier::verify_proof_only};
use zkescrow_client::chain::Deployed;

use super::stage::{Addresses, CASE, ORACLE, PLENTY, Stage};

type Plonk = PlonkVerifier<KzgAs<Bn256, Bdfg21>>;

/// A proof with instances as somebody may send them: not always reduced.
#[derive(Clone, Debug)]
pub struct Claim {
    pub proof: Vec<u8>,
    pub instances: Vec<U256>,
}

/// What each judge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdicts {
    /// halo2's own verifier.
    pub halo2: bool,
    /// snark-verifier, natively.
    pub native: bool,
    /// snark-verifier's contract.
    pub oracle: bool,
    /// Ours.
    pub ours: bool,
}

impl Verdicts {
    pub const REFUSED: Self = Self { halo2: false, native: false, oracle: false, ours: false };
}

/// The four, for the common case.
pub struct Bench {
    pub stage: Stage,
    pub ours: Addresses,
    oracle: Deployed,
    protocol: PlonkProtocol<G1Affine>,
}

impl Bench {
    pub async fn new() -> Self {
        let stage = Stage::new().await;
        let ours = stage.deploy(&CASE.contracts).await;
        let oracle = stage.code("oracle", ORACLE.creation.clone()).await;
        let keys = &CASE.keys.verifier;
        let protocol = compile(&keys.params, &keys.vk, Config::kzg().with_num_instance(vec![INSTANCES]));
        Self { stage, ours, oracle, protocol }
    }

    /// Asks all. Contracts get words as they are; the other two get them reduced.
    pub async fn ask(&self, claim: &Claim) -> Verdicts {
        let keys = &CASE.keys.verifier;
        let instances: Vec<Fr> = claim.instances.iter().map(reduced).collect();
        let halo2 = <[Fr; INSTANCES]>::try_from(instances.clone()).is_ok_and(|instances| {
            let forged = Proof { bytes: claim.proof.clone(), instances, ..CASE.proof.clone() };
            verify_proof_only(keys, &forged).is_ok()
        });
        let words = claim.instances.iter().flat_map(|word| word.to_be_bytes::<32>());
        let input = words.chain(claim.proof.iter().copied()).collect();
        let ours = self.stage.verdict(&self.ours.wrapper, &claim.proof, &claim.instances).await;
        Verdicts {
            halo2,
            native: natively(keys, &self.protocol, &claim.proof, &instances),
            oracle: self.stage.call(self.oracle.address, input, PLENTY).await.is_ok(),
            ours: ours.unwrap_or_else(|e| panic!("a verdict, not {e}")),
        }
    }
}

fn natively(keys: &VerifierKeys, protocol: &PlonkProtocol<G1Affine>, proof: &[u8], instances: &[Fr]) -> bool {
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(proof);
    let deciding = (keys.params.get_g()[0], keys.params.g2(), keys.params.s_g2()).into();
    let instances = vec![instances.to_vec()];
    let read = Plonk::read_proof(&deciding, protocol, &instances, &mut transcript);
    read.and_then(|proof| Plonk::verify(&deciding, protocol, &instances, &proof)).is_ok()
}

fn reduced(word: &U256) -> Fr {
    let order = modulus_r();
    let mut bytes = (*word % order).to_be_bytes::<32>();
    bytes.reverse();
    Option::from(Fr::from_bytes(&bytes)).expect("reduced")
}

/// Order of the scalar field.
pub fn modulus_r() -> U256 {
    "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001".parse().expect("a number")
}

/// Modulus of the coordinates.
pub fn modulus_q() -> U256 {
    "0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47".parse().expect("a number")
}
