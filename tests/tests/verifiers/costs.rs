//! Gas and code size.

use zkescrow_circuits::{
    import,
    plan::{Choice, Plan},
    sample,
};
use zkescrow_client::checkout;

use super::stage::{CASE, Case, Stage};

/// Most bytes of the shared verifier's code and of a key.
const SHARED_LIMIT: usize = 16_384;
const KEY_LIMIT: usize = 8_192;

#[tokio::test]
async fn every_layout_verifies_for_the_predicted_gas() {
    let stage = Stage::new().await;
    let cases = [(1, 1, 1, 0), (2, 3, 2, 0), (3, 4, 7, 1), (4, 2, 13, 2)];
    for (seed, lanes, weight_columns, spare) in cases {
        let model = if seed == 1 { sample::tiny(1) } else { sample::random(seed) };
        let choice = Choice { lanes, weight_columns, k: None };
        let least = Plan::new(&model.network, choice).expect("plannable").shape.k;
        let case = Case::new(&model, Choice { k: Some(least + spare), ..choice });
        let ours = stage.deploy(&case.contracts).await;
        let verdict = stage.verdict(&ours.wrapper, &case.proof.bytes, &case.instances()).await;
        assert_eq!(verdict, Ok(true), "seed {seed}");
        for word in (0..case.proof.bytes.len() / 32).step_by(7) {
            let mut proof = case.proof.bytes.clone();
            proof[word * 32 + 31] ^= 1;
            let verdict = stage.verdict(&ours.wrapper, &proof, &case.instances()).await;
            assert_eq!(verdict, Ok(false), "seed {seed}, word {word}");
        }
        let gas = stage.gas(&ours.wrapper, &case.proof.bytes, &case.instances()).await;
        let predicted = case.generated.gas.gas();
        let (shared, key) = (case.contracts.shared.runtime.len(), case.contracts.key.runtime.len());
        let counts = case.generated.gas;
        eprintln!("{gas} gas ({predicted} predicted), verifier {shared} bytes, key {key} bytes; {counts:?}");
        assert!(gas.abs_diff(predicted) * 100 <= 3 * gas, "{gas} gas, not {predicted}");
        assert!(shared <= SHARED_LIMIT && key <= KEY_LIMIT, "{shared} and {key} bytes of code");
    }
}

#[tokio::test]
async fn a_bad_proof_costs_at_most_half_more_than_a_good_one() {
    let stage = Stage::new().await;
    let ours = stage.deploy(&CASE.contracts).await;
    let good = stage.gas(&ours.wrapper, &CASE.proof.bytes, &CASE.instances()).await;
    let words = CASE.proof.bytes.len() / 32;
    for word in (0..words).step_by(5).chain([words - 1]) {
        let mut proof = CASE.proof.bytes.clone();
        proof[word * 32 + 31] ^= 1;
        let bad = stage.gas(&ours.wrapper, &proof, &CASE.instances()).await;
        assert!(bad * 2 <= good * 3, "word {word}: {bad} gas, {good} for a good proof");
    }
}

/// A real model; the import and the proof take half a minute.
#[tokio::test]
#[ignore = "slow"]
async fn a_mobilenet_is_verified() {
    let name = "mobilenet_v2_0.35_96";
    let path = checkout::fixture(&format!("models/{name}.tflite")).unwrap_or_else(|e| panic!("{e}"));
    let model = import::import(name, &std::fs::read(path).expect("a model")).expect("a network");
    let case = Case::new(&model, Choice { lanes: 3, weight_columns: 7, k: Some(18) });
    let stage = Stage::new().await;
    let ours = stage.deploy(&case.contracts).await;
    assert_eq!(stage.verdict(&ours.wrapper, &case.proof.bytes, &case.instances()).await, Ok(true));
    let gas = stage.gas(&ours.wrapper, &case.proof.bytes, &case.instances()).await;
    let (shared, key) = (case.contracts.shared.runtime.len(), case.contracts.key.runtime.len());
    eprintln!("{gas} gas, verifier {shared} bytes, key {key} bytes; {:?}", case.generated.gas);
    assert!(gas.abs_diff(case.generated.gas.gas()) * 100 <= 3 * gas);
}
