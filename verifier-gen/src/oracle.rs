//! snark-verifier's contract for the same proofs: what ours is compared with.
//!
//! Its calldata are the instances as 32-byte words, then the proof; it returns if the proof is valid and reverts if not,
//! then with all its gas.

use std::{path::Path, rc::Rc};

use halo2_proofs::poly::commitment::ParamsProver;
use halo2curves::bn256::{Bn256, Fq, Fr, G1Affine};
use sha3::{Digest, Keccak256};
use snark_verifier::{
    loader::evm::EvmLoader,
    pcs::kzg::{Bdfg21, KzgAs},
    system::halo2::{Config, compile as protocol_of, transcript::evm::EvmTranscript},
    verifier::{SnarkVerifier, plonk::PlonkVerifier},
};
use zkescrow_circuits::{commitment::scalar_word, keys::VerifierKeys, plan::INSTANCES};

use crate::solc::{self, CompileError, Compiled};

/// Name of the generated contract.
pub const CONTRACT: &str = "Halo2Verifier";

/// SHPLONK over KZG.
type Plonk = PlonkVerifier<KzgAs<Bn256, Bdfg21>>;

/// A generated verifier.
#[derive(Clone, Debug)]
pub struct Generated {
    /// File names with Solidity source.
    pub sources: Vec<(String, String)>,
    /// What it was generated from.
    pub manifest: serde_json::Value,
}

/// Generates the verifier of a key.
pub fn generate(keys: &VerifierKeys) -> Generated {
    let protocol = protocol_of(&keys.params, &keys.vk, Config::kzg().with_num_instance(vec![INSTANCES]));
    let loader = EvmLoader::new::<Fq, Fr>();
    let loaded = protocol.loaded(&loader);
    let mut transcript = EvmTranscript::<G1Affine, Rc<EvmLoader>, _, _>::new(&loader);
    let deciding = (keys.params.get_g()[0], keys.params.g2(), keys.params.s_g2()).into();
    let instances = transcript.load_instances(vec![INSTANCES]);
    let proof = Plonk::read_proof(&deciding, &loaded, &instances, &mut transcript)
        .expect("loading a proof emits code and reads nothing");
    Plonk::verify(&deciding, &loaded, &instances, &proof).expect("checking a proof emits code and decides nothing");
    let source = unpin(&loader.solidity_code());
    let manifest = serde_json::json!({
        "contract": CONTRACT,
        "arch": format!("0x{}", keys.description.arch),
        "insecure": keys.description.origin.is_insecure(),
        "k": keys.description.k,
        "instances": INSTANCES,
        "proofBytes": keys.proof_length(),
        "weightCommitments": keys.plan.shape.weight_columns,
        "sourceHash": format!("0x{}", hex::encode(Keccak256::digest(&source))),
    });
    Generated { sources: vec![(format!("{CONTRACT}.sol"), source)], manifest }
}

/// The generator names one compiler version; any later one of the series compiles its assembly to the same code.
fn unpin(source: &str) -> String {
    source.replacen("pragma solidity 0.8.19;", "pragma solidity ^0.8.19;", 1)
}

/// Calldata of the generated contract.
pub fn calldata(instances: &[Fr], proof: &[u8]) -> Vec<u8> {
    instances.iter().flat_map(scalar_word).chain(proof.iter().copied()).collect()
}

/// Compiles a generated verifier. The optimizer stays off: it adds nothing to straight-line assembly, and solc-js runs
/// out of memory with it.
pub fn compile(generated: &Generated, solc: &Path) -> Result<Compiled, CompileError> {
    let mut contracts = solc::compile(&generated.sources, solc::Optimizer::Off, solc)?;
    contracts.remove(CONTRACT).ok_or_else(|| CompileError::Source("no contract in it".into()))
}
