//! Real proofs of the tiny network: accepted when honest, refused when anything is changed.

use std::sync::LazyLock;

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    commitment::{self, Opening, WeightCommitment},
    keys::ProverKeys,
    model::Model,
    plan::{Choice, Plan},
    proof::Proof,
    prover::{self, Request},
    sample,
    srs::Srs,
    verifier::{VerifyError, verify},
    witness::Salts,
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
    let commitment = commitment::commit(&plan, &srs.params, &model.params, &opening);
    let keys = ProverKeys::generate(&model.network, Choice::default(), srs).expect("keys");
    let input = sample::input(&model.network, 3);
    let (proof, seconds) =
        prover::prove(&keys, &model, &commitment, &opening, request(&input)).expect("an honest proof");
    eprintln!("k = {}, proof {} bytes, {seconds:?}", plan.shape.k, proof.bytes.len());
    Setting { model, keys, opening, commitment, proof }
});

#[test]
fn an_honest_proof_is_accepted_again_and_again() {
    let s = &*SETTING;
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &s.proof), Ok(()));
    let input = sample::input(&s.model.network, 4);
    let (second, _) = prover::prove(&s.keys, &s.model, &s.commitment, &s.opening, request(&input)).expect("proof");
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
