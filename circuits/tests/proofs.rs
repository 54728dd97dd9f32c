//! Real proofs of the tiny network: accepted when honest, refused when anything is changed.

use std::sync::LazyLock;

use halo2curves::bn256::{Fr, G2Affine};
use zkescrow_circuits::{
    commitment::{self, Opening, WeightCommitment},
    keys::{KeyError, ProverKeys, VerifierKeys},
    model::Model,
    plan::{Choice, Plan},
    proof::Proof,
    prover::{self, ProveError, Proven, Request},
    sample,
    srs::{Origin, Srs},
    verifier::{VerifyError, verify},
    witness::{Salts, Witness},
};

struct Setting {
    model: Model,
    keys: ProverKeys,
    opening: Opening,
    commitment: WeightCommitment,
    proof: Proof,
}

const SALTS: Salts = Salts { input: Fr::from_raw([7, 0, 0, 0]), output: Fr::from_raw([8, 0, 0, 0]) };

fn request(input: &[u8]) -> Request<'_> {
    Request { input, salts: SALTS, context: Fr::from(77), provider: [5; 20] }
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let model = sample::tiny(1);
    let plan = Plan::new(&model.network, Choice::default()).expect("plannable");
    let srs = Srs::development(plan.shape.k);
    let opening = Opening::random();
    let commitment = commitment::commit(&plan, &srs, &model.params, &opening);
    let keys = ProverKeys::generate(&model.network, Choice::default(), srs).expect("keys");
    let input = sample::input(&model.network, 3);
    let Proven { proof, seconds, trace } =
        prover::prove(&keys, &model, &commitment, &opening, request(&input)).expect("an honest proof");
    assert_eq!(trace, model.infer(&input).expect("in range"));
    eprintln!("k = {}, proof {} bytes, {seconds:?}", plan.shape.k, proof.bytes.len());
    Setting { model, keys, opening, commitment, proof }
});

/// Another proof of the registered model.
fn honest(keys: &ProverKeys, input: &[u8]) -> Proof {
    let s = &*SETTING;
    prover::prove(keys, &s.model, &s.commitment, &s.opening, request(input)).expect("an honest proof").proof
}

#[test]
fn an_honest_proof_is_accepted_again_and_again() {
    let s = &*SETTING;
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &s.proof), Ok(()));
    let input = sample::input(&s.model.network, 4);
    let second = honest(&s.keys, &input);
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &second), Ok(()));
    assert_ne!(second.bytes[..64], s.proof.bytes[..64], "weight commitments are blinded afresh");
}

#[test]
fn other_instances_are_refused() {
    let s = &*SETTING;
    for i in 0..4 {
        let mut forged = s.proof.clone();
        forged.instances[i] += Fr::one();
        let answer = verify(&s.keys.verifier, &s.commitment, &forged);
        assert!(matches!(answer, Err(VerifyError::Proof | VerifyError::Label)), "instance {i}: {answer:?}");
    }
}

#[test]
fn every_part_of_the_proof_matters() {
    let s = &*SETTING;
    // Every 53rd byte, and the first and last of the proof: commitments, evaluations and opening are all met.
    let last = s.proof.bytes.len() - 1;
    for i in (0..last).step_by(53).chain([last]) {
        let mut forged = s.proof.clone();
        forged.bytes[i] ^= 1;
        let answer = verify(&s.keys.verifier, &s.commitment, &forged);
        assert_eq!(answer, Err(VerifyError::Proof), "byte {i}");
    }
    for i in 0..s.proof.link.len() {
        let mut forged = s.proof.clone();
        forged.link[i] ^= 1;
        assert_eq!(verify(&s.keys.verifier, &s.commitment, &forged), Err(VerifyError::Link), "link byte {i}");
    }
    for cut in [0, 1, 64, s.proof.bytes.len() - 1] {
        let mut forged = s.proof.clone();
        forged.bytes.truncate(cut);
        let answer = verify(&s.keys.verifier, &s.commitment, &forged);
        assert!(matches!(answer, Err(VerifyError::Length { .. })), "{cut} bytes: {answer:?}");
    }
    let mut longer = s.proof.clone();
    longer.bytes.push(0);
    assert!(matches!(verify(&s.keys.verifier, &s.commitment, &longer), Err(VerifyError::Length { .. })));
}

/// A model of the same architecture with other weights, and a commitment to it.
fn impostor() -> (Model, Opening, WeightCommitment) {
    let s = &*SETTING;
    let model = sample::tiny(2);
    let opening = Opening::random();
    let plan = &s.keys.verifier.plan;
    let commitment = commitment::commit(plan, &s.keys.srs, &model.params, &opening);
    (model, opening, commitment)
}

#[test]
fn other_weights_are_refused() {
    let s = &*SETTING;
    let (other, opening, commitment) = impostor();
    assert_eq!(other.network, s.model.network, "one architecture, two models");
    let input = sample::input(&other.network, 3);
    // Honestly proven under its own commitment, then passed off as the registered model.
    let mut proof = prover::prove(&s.keys, &other, &commitment, &opening, request(&input)).expect("its own").proof;
    assert_eq!(verify(&s.keys.verifier, &commitment, &proof), Ok(()));
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &proof), Err(VerifyError::Model));
    proof.model_id = s.proof.model_id;
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &proof), Err(VerifyError::Link));
    // The registered model's link does not help, for all that it is valid for the registered model's own proof.
    proof.link = s.proof.link.clone();
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &proof), Err(VerifyError::Link));
    // Nor does it help to know the registered opening.
    let cheat = prover::prove(&s.keys, &other, &s.commitment, &s.opening, request(&input));
    assert!(matches!(cheat, Err(ProveError::SelfCheck(VerifyError::Proof))));
}

#[test]
fn a_link_serves_one_proof_only() {
    let s = &*SETTING;
    let input = sample::input(&s.model.network, 9);
    let mut second = honest(&s.keys, &input);
    second.link = s.proof.link.clone();
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &second), Err(VerifyError::Link));
}

#[test]
fn a_proof_names_one_provider() {
    let s = &*SETTING;
    let mut stolen = s.proof.clone();
    stolen.provider = [6; 20];
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &stolen), Err(VerifyError::Model));
}

#[test]
fn a_false_label_cannot_be_proven() {
    let s = &*SETTING;
    let input = sample::input(&s.model.network, 3);
    let plan = &s.keys.verifier.plan;
    let mut witness = Witness::new(plan, &s.model, &input, SALTS, Fr::from(77)).expect("in range");
    let truth = witness.instances[2];
    witness.instances[2] = if truth == Fr::zero() { Fr::one() } else { Fr::zero() };
    let (proof, _) =
        prover::prove_witness(&s.keys, &witness, &s.commitment, &s.opening, [5; 20]).expect("some proof is made");
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &proof), Err(VerifyError::Proof));
}

#[test]
fn keys_survive_the_disk_and_damage_is_an_error() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    s.keys.save(folder.path()).expect("saved");
    let keys = ProverKeys::load(folder.path()).expect("loaded");
    let input = sample::input(&s.model.network, 3);
    let proof = honest(&keys, &input);
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &proof), Ok(()));
    for name in ["keys.json", "verifying.key", "srs.bin"] {
        let path = folder.path().join(name);
        let good = std::fs::read(&path).expect("key file");
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 0x10;
        for bad in [&good[..good.len() / 2], &[], &flipped] {
            std::fs::write(&path, bad).expect("written");
            let error = ProverKeys::load(folder.path()).expect_err("damage is noticed").to_string();
            assert!(error.contains("damaged") || error.contains("another") || error.contains(name), "{error}");
        }
        std::fs::write(&path, good).expect("written");
    }
}

/// What decides a verdict is bound by the architecture's digest: keys with other points are not that architecture's.
#[test]
fn keys_cannot_be_doctored() {
    let s = &*SETTING;
    let honest = &s.keys.verifier;
    let refused = |doctored: VerifierKeys| {
        let folder = tempfile::tempdir().expect("temporary folder");
        doctored.save(folder.path()).expect("saved");
        matches!(VerifierKeys::load(folder.path()), Err(KeyError::Mismatch { .. }))
    };
    assert!(!refused(honest.clone()));
    for i in 0..honest.bases.0.len() {
        // The attack: a basis that spans the difference to another model's commitment.
        let mut doctored = honest.clone();
        doctored.bases.0[i] = s.commitment.0[0];
        assert!(refused(doctored), "basis {i}");
    }
    for i in 0..3 {
        let mut doctored = honest.clone();
        doctored.anchor.powers[i] = s.commitment.0[0];
        assert!(refused(doctored), "power {i}");
    }
    let mut doctored = honest.clone();
    doctored.anchor.s_g2 = G2Affine::generator();
    assert!(refused(doctored), "the secret in the second group");
    // A string that everybody can forge with stays marked, whatever the description says.
    let mut doctored = honest.clone();
    doctored.description.origin =
        Origin::Ceremony { file: "trust.me".into(), power: 12, ceremony_power: 28, contributions: vec![] };
    assert!(refused(doctored), "origin");
    // Another network beside the same verifying key.
    let mut doctored = honest.clone();
    doctored.description.network.precision.frac += 1;
    assert!(refused(doctored), "network");
}

#[test]
fn proofs_survive_the_disk() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("proof.json");
    s.proof.save(&path).expect("saved");
    assert_eq!(Proof::load(&path).expect("loaded"), s.proof);
    let text = std::fs::read_to_string(&path).expect("text");
    let modulus = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
    let instance = hex::encode(commitment::scalar_word(&s.proof.instances[2]));
    for bad in [&text[..text.len() / 2], "", "{}", &text.replace(&instance, modulus)] {
        std::fs::write(&path, bad).expect("written");
        assert!(Proof::load(&path).is_err(), "an instance is never reduced, a broken file never read");
    }
}

#[test]
fn one_architecture_has_one_key_whatever_the_weights() {
    let s = &*SETTING;
    let srs = Srs::development(s.keys.srs.k());
    let again = ProverKeys::generate(&sample::tiny(2).network, Choice::default(), srs).expect("keys");
    assert_eq!(again.verifier.arch, s.keys.verifier.arch);
}
