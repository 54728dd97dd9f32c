//! What a cheating provider may try: honest proofs claimed for something else. The demo shows that each is refused,
//! natively and on chain, and the end-to-end tests insist on it.

use alloy::primitives::{U256, uint};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    commitment::{self, Opening, WeightCommitment},
    keys::{ProverKeys, VerifierKeys},
    model::Model,
    plan::Instance,
    proof::Proof,
    prover::{self, Request},
    verifier,
    witness::Salts,
};

use crate::{contracts::Claim, failure::Failure};

/// Order of the scalar field.
const MODULUS: U256 = uint!(21888242871839275222246405745257275088548364400416034343698204186575808495617_U256);

/// Bytes of a scalar in a proof.
const WORD: usize = 32;

/// Something said about a proof, true or not.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is tried.
    pub name: &'static str,
    /// The native verifier's answer.
    pub native: Result<(), String>,
    /// Whether the proof is valid for some weights: then only link and model id stand in the way. What is not valid
    /// even so is refused whatever link a provider makes for it.
    pub circuit: bool,
    /// What is claimed on chain.
    pub claim: Claim,
}

/// What a cheat starts from: an honest model, its keys, and an honest proof.
#[derive(Clone, Copy, Debug)]
pub struct Honest<'a> {
    /// The keys.
    pub keys: &'a ProverKeys,
    /// The model.
    pub model: &'a Model,
    /// The registered commitment to its weights.
    pub commitment: &'a WeightCommitment,
    /// Its opening.
    pub opening: &'a Opening,
    /// The stored input.
    pub input: &'a [u8],
    /// A proof.
    pub proof: &'a Proof,
}

impl Honest<'_> {
    /// The truth.
    pub fn case(&self) -> Case {
        case("the honest proof", &self.keys.verifier, self.commitment, self.proof)
    }
}

/// Everything that is tried. `other` has the architecture of the honest model, and other weights.
pub fn all(honest: Honest<'_>, other: &Model) -> Result<Vec<Case>, Failure> {
    let Honest { keys, commitment, proof, .. } = honest;
    let with = |name, change: &dyn Fn(&mut Proof)| {
        let mut forged = proof.clone();
        change(&mut forged);
        case(name, &keys.verifier, commitment, &forged)
    };
    let instance = |name, instance: Instance, value: &dyn Fn(Fr) -> Fr| {
        with(name, &|forged| forged.instances[instance as usize] = value(forged.instances[instance as usize]))
    };
    let classes = keys.verifier.plan.network.classes() as u64;
    let (stranger, strangers_commitment) = prove_with_other_weights(honest, other)?;
    let second = prove(honest, honest.model, commitment, honest.opening)?;
    let claimed = |link: &[u8]| Proof { model_id: proof.model_id, link: link.to_vec(), ..stranger.clone() };
    Ok(vec![
        with("one bit of the proof flipped", &|forged| {
            let middle = forged.bytes.len() / 2;
            forged.bytes[middle] ^= 1;
        }),
        with("the proof cut short", &|forged| forged.bytes.truncate(forged.bytes.len() - 32)),
        instance("another label", Instance::Label, &|label| {
            (0..classes).map(Fr::from).find(|&l| l != label).unwrap_or_default()
        }),
        instance("another input", Instance::Input, &|x| x + Fr::one()),
        instance("another output", Instance::Output, &|x| x + Fr::one()),
        instance("another context", Instance::Context, &|x| x + Fr::one()),
        alias(honest),
        with("an evaluation plus the modulus", &|forged| {
            let evaluation = &mut forged.bytes[keys.verifier.evaluations()];
            let at = evaluation.len() - WORD;
            // Twice the modulus is far below 2^256.
            let aliased = U256::from_be_slice(&evaluation[at..]) + MODULUS;
            evaluation[at..].copy_from_slice(&aliased.to_be_bytes::<WORD>());
        }),
        with("another provider", &|forged| forged.provider = [0x66; 20]),
        case("another model's weights, its own link", &keys.verifier, commitment, &claimed(&stranger.link)),
        case("another model's weights, the honest link", &keys.verifier, commitment, &claimed(&proof.link)),
        case("another model's commitment", &keys.verifier, &strangers_commitment, &claimed(&stranger.link)),
        with("the link of another proof", &|forged| forged.link.clone_from(&second.link)),
        with("no link", &|forged| forged.link.clear()),
    ])
}

fn case(name: &'static str, keys: &VerifierKeys, commitment: &WeightCommitment, forged: &Proof) -> Case {
    let native = verifier::verify(keys, commitment, forged).map_err(|reason| reason.to_string());
    let circuit = verifier::verify_proof_only(keys, forged).is_ok();
    Case { name, native, circuit, claim: Claim::new(commitment, forged) }
}

/// An instance plus the modulus: the same scalar to careless arithmetic, and a second proof of the same thing.
fn alias(honest: Honest<'_>) -> Case {
    let mut claim = Claim::new(honest.commitment, honest.proof);
    let aliased = claim.instances[0] + MODULUS;
    claim.instances[0] = aliased;
    // Natively, such a number is no scalar: it has to be read first.
    let native = match commitment::scalar(&aliased.to_be_bytes::<32>()) {
        Some(_) => Ok(()),
        None => Err("the instance is not below the modulus".into()),
    };
    Case { name: "an instance plus the modulus", circuit: native.is_ok(), native, claim }
}

fn prove_with_other_weights(honest: Honest<'_>, other: &Model) -> Result<(Proof, WeightCommitment), Failure> {
    let opening = Opening::random();
    let plan = &honest.keys.verifier.plan;
    let committed = commitment::commit(plan, &honest.keys.srs, &other.params, &opening);
    Ok((prove(honest, other, &committed, &opening)?, committed))
}

fn prove(
    honest: Honest<'_>,
    model: &Model,
    commitment: &WeightCommitment,
    opening: &Opening,
) -> Result<Proof, Failure> {
    let Honest { keys, input, proof, .. } = honest;
    let salts = Salts { input: Fr::from(1), output: Fr::from(2) };
    let context = proof.instances[Instance::Context as usize];
    let request = Request { input, salts, context, provider: proof.provider };
    Ok(prover::prove(keys, model, commitment, opening, request)?.proof)
}
