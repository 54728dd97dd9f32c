//! Honest witnesses satisfy the circuit, for every architecture that the sampler makes.

use std::sync::Arc;

use halo2_proofs::dev::MockProver;
use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    circuit::ModelCircuit,
    model::Model,
    plan::{Choice, Plan},
    sample,
    witness::{Salts, Witness},
};

fn check(model: &Model, choice: Choice, seed: u64) {
    let plan = Arc::new(Plan::new(&model.network, choice).expect("plannable"));
    let salts = Salts { input: Fr::from(11), output: Fr::from(12) };
    let input = sample::input(&model.network, seed);
    let witness = Witness::new(&plan, model, &input, salts, Fr::from(99)).expect("in range");
    let instances = vec![witness.instances.to_vec()];
    let circuit = ModelCircuit { plan: plan.clone(), witness: Some(Arc::new(witness)) };
    let prover = MockProver::run(plan.shape.k, &circuit, instances).expect("runs");
    if let Err(failures) = prover.verify() {
        panic!("seed {seed}, {choice:?}, {} failures, first: {}", failures.len(), failures[0]);
    }
}

#[test]
fn the_tiny_network_is_satisfied() {
    check(&sample::tiny(1), Choice::default(), 5);
}

#[test]
fn random_networks_are_satisfied() {
    for seed in 0..60u64 {
        let choice = Choice { lanes: 1 + (seed % 5) as usize, weight_columns: 1 + (seed % 4) as usize, k: None };
        check(&sample::random(seed), choice, seed + 500);
    }
}
