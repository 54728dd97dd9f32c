//! The contracts that judge proofs.

use std::path::Path;

use sha3::{Digest, Keccak256};
use zkescrow_circuits::{keys::VerifierKeys, planner::GasModel};

use crate::{
    contracts,
    key::{KeyMap, entries},
    manifest::prefixed,
    memory::Memory,
    numerator::{Numerator, numerator},
    protocol::Protocol,
    solc::{self, CompileError, Compiled, Optimizer},
};

/// The contract that circuits of one shape share.
pub const SHARED: &str = "Halo2Verifier";
/// The contract whose code is a circuit's key.
pub const KEY: &str = "VerifyingKey";
/// The contract that users call.
pub const WRAPPER: &str = "ModelVerifier";

/// Generated contracts.
#[derive(Clone, Debug)]
pub struct Generated {
    /// File names with Solidity source.
    pub sources: Vec<(String, String)>,
    /// The key contract's code.
    pub key: Vec<u8>,
    /// What decides the gas of a verification.
    pub gas: GasModel,
    /// What it was generated from; [`Contracts::manifest`] adds what the compiler made of it.
    pub manifest: serde_json::Value,
}

/// Compiled contracts.
#[derive(Clone, Debug)]
pub struct Contracts {
    /// The shared verifier.
    pub shared: Compiled,
    /// The key.
    pub key: Compiled,
    /// The wrapper; its constructor takes addresses and code hashes of the two others.
    pub wrapper: Compiled,
}

/// Why there are no contracts.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Key and proof are too long for the verifier's memory.
    #[error("a verifier has 65,536 bytes for key and proof: the circuit has too many columns")]
    TooLarge,
    /// A template does not render.
    #[error("a contract's template does not render: {0}")]
    Template(#[from] askama::Error),
}

/// Generates the contracts of a key.
pub fn generate(keys: &VerifierKeys) -> Result<Generated, GenerateError> {
    let protocol = Protocol::new(keys);
    let map = KeyMap::new(&protocol);
    let memory = Memory::new(&protocol, map.words);
    if !memory.is_addressable() {
        return Err(GenerateError::TooLarge);
    }
    let numerator = numerator(&protocol, &memory);
    let entries = entries(&protocol, keys);
    let shared = contracts::shared_verifier(&protocol, &memory, &map, &numerator)?;
    let gas = counts(&protocol, &memory, &map, &numerator);
    let key = std::iter::once(0).chain(entries.iter().flat_map(|entry| entry.words.concat())).collect();
    let sources: Vec<(String, String)> =
        [(SHARED, shared), (KEY, contracts::verifying_key(&entries)?), (WRAPPER, contracts::model_verifier()?)]
            .into_iter()
            .map(|(name, text)| (format!("{name}.sol"), text + "\n"))
            .collect();
    let hashes: serde_json::Map<String, serde_json::Value> =
        sources.iter().map(|(name, text)| (name.clone(), prefixed(&Keccak256::digest(text)).into())).collect();
    let manifest = serde_json::json!({
        "arch": format!("0x{}", keys.description.arch),
        "insecure": keys.description.origin.is_insecure(),
        "k": keys.description.k,
        "instances": protocol.instances,
        "proofBytes": protocol.proof_bytes(),
        "weightCommitments": keys.plan.shape.weight_columns,
        "predictedGas": gas.gas(),
        "sourceHashes": hashes,
    });
    Ok(Generated { sources, key, gas, manifest })
}

fn counts(protocol: &Protocol, memory: &Memory, map: &KeyMap, numerator: &Numerator) -> GasModel {
    let opened: usize = protocol.sets.iter().map(|set| set.polys.len()).sum();
    GasModel {
        points: protocol.witnesses() + protocol.quotients + 2,
        evaluations: protocol.evaluations.len(),
        instances: protocol.instances,
        // The quotient is opened as one, its pieces count; the first needs no factor; the generator, W and W' do.
        commitments: opened - 1 + protocol.quotients - 1 + 3,
        inversions: memory.inversions,
        interpolations: protocol.sets.iter().map(|set| set.rotations.len()).sum(),
        challenges: protocol.challenges() + 4,
        key_words: map.words,
        numerator: numerator.code.gas,
    }
}

/// Compiles generated contracts.
pub fn compile(generated: &Generated, solc: &Path) -> Result<Contracts, CompileError> {
    let mut contracts = solc::compile(&generated.sources, Optimizer::On, solc)?;
    let mut take = |name: &str| {
        contracts.remove(name).ok_or_else(|| CompileError::Source(format!("there is no contract {name} in its output")))
    };
    let (shared, mut key, wrapper) = (take(SHARED)?, take(KEY)?, take(WRAPPER)?);
    // The key's code is what its constructor returns, not what the compiler calls its code.
    key.runtime = generated.key.clone();
    Ok(Contracts { shared, key, wrapper })
}
