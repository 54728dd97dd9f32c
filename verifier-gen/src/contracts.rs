//! The Solidity sources.

use askama::Template;
use sha3::{Digest, Keccak256};

use crate::{
    key::{Entry, KeyMap},
    memory::{Memory, PAIRING, POINT, POWER, WORD},
    numerator::Numerator,
    protocol::Protocol,
    sections::{Parts, hex},
};

#[derive(Template)]
#[template(path = "Halo2Verifier.sol", escape = "none")]
struct SharedVerifier {
    instance_count: usize,
    proof_bytes: String,
    evaluations: String,
    evaluations_end: String,
    instances: String,
    key_bytes: String,
    memory: Vec<(String, String)>,
    evaluation_names: Vec<(String, String)>,
    precompile_failed: String,
    non_canonical: String,
    numerator: String,
    point_checks: String,
    scalar_checks: String,
    transcript: String,
    inversion: String,
    evaluation: String,
    opening: String,
    combination: String,
    pairing: String,
}

#[derive(Template)]
#[template(path = "VerifyingKey.sol", escape = "none")]
struct VerifyingKey {
    entries: Vec<(String, Vec<String>)>,
    size: String,
}

#[derive(Template)]
#[template(path = "ModelVerifier.sol", escape = "none")]
struct ModelVerifier {
    non_canonical: String,
    verify_proof: String,
}

/// First bytes of the proof in the call data of the shared verifier: after the selector, three words and a length.
const PROOF: usize = 4 + 4 * WORD;

/// The first four bytes of the hash of a signature.
fn selector(signature: &str) -> String {
    format!("0x{}", ::hex::encode(&Keccak256::digest(signature)[..4]))
}

const NON_CANONICAL: &str = "NonCanonicalCalldata()";

/// The shared verifier's source.
pub(crate) fn shared_verifier(
    protocol: &Protocol,
    memory: &Memory,
    key: &KeyMap,
    numerator: &Numerator,
) -> Result<String, askama::Error> {
    let parts = Parts { protocol, memory, key };
    let proof_bytes = protocol.proof_bytes();
    let evaluations = PROOF + (protocol.witnesses() + protocol.quotients) * POINT;
    let named = |names: &[(&str, usize)]| names.iter().map(|&(name, at)| (name.to_owned(), hex(at))).collect();
    let quotients_and_before = protocol.evaluations.iter().chain(&protocol.instance_queries);
    let template = SharedVerifier {
        instance_count: protocol.instances,
        proof_bytes: hex(proof_bytes),
        evaluations: hex(evaluations),
        evaluations_end: hex(evaluations + protocol.evaluations.len() * WORD),
        instances: hex(PROOF + proof_bytes + WORD),
        key_bytes: hex(key.words * WORD),
        memory: named(&[
            ("KEY", memory.key),
            ("KEY_ROWS", memory.key + key.rows * WORD),
            ("POWER", POWER),
            ("POWER_LENGTHS", POWER + WORD),
            ("POWER_LENGTHS_2", POWER + 2 * WORD),
            ("POWER_BASE", POWER + 3 * WORD),
            ("POWER_EXPONENT", POWER + 4 * WORD),
            ("POWER_MODULUS", POWER + 5 * WORD),
            ("SUM", PAIRING),
            ("TERM", PAIRING + POINT),
            ("TERM_FACTOR", PAIRING + 2 * POINT),
            ("Y", memory.challenges + (protocol.challenges() - 1) * WORD),
            ("X", memory.x),
            ("MU", memory.mu),
            ("GAMMA", memory.gamma),
            ("U", memory.u),
            ("X_N", memory.common),
            ("VALUE", memory.common + WORD),
            ("COMMON", memory.common + 2 * WORD),
        ]),
        evaluation_names: (quotients_and_before.map(|&q| (protocol.name(q), hex(memory.evaluation(q))))).collect(),
        precompile_failed: selector("PrecompileFailed(uint256)"),
        non_canonical: selector(NON_CANONICAL),
        numerator: numerator.code.text(),
        point_checks: parts.point_checks().text(),
        scalar_checks: parts.scalar_checks().text(),
        transcript: parts.transcript().text(),
        inversion: parts.inversion().text(),
        evaluation: parts.evaluation().text(),
        opening: parts.opening().text(),
        combination: parts.combination().text(),
        pairing: parts.pairing().text(),
    };
    template.render()
}

/// The key contract's source.
pub(crate) fn verifying_key(entries: &[Entry]) -> Result<String, askama::Error> {
    let mut at = 1;
    let entries = entries.iter().map(|entry| {
        let lines = entry.words.iter().map(|word| {
            let line = format!("mstore({}, 0x{})", hex(at), ::hex::encode(word));
            at += WORD;
            line
        });
        (entry.name.clone(), lines.collect())
    });
    let entries = entries.collect();
    VerifyingKey { entries, size: hex(at) }.render()
}

/// The typed wrapper's source.
pub(crate) fn model_verifier() -> Result<String, askama::Error> {
    ModelVerifier {
        non_canonical: selector(NON_CANONICAL),
        verify_proof: selector("verifyProof(address,bytes,uint256[])"),
    }
    .render()
}
