//! The circuit without a proof system.

use std::sync::Arc;

use halo2_proofs::dev::{MockProver, VerifyFailure};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{circuit::ModelCircuit, plan::Plan, witness::Witness};

/// What `MockProver` finds wrong with a witness. It cannot know that the lookups hold in the blinding rows too, whatever
/// stands there (the proof system's own tests do): that is no finding.
pub fn failures(plan: &Arc<Plan>, witness: Witness, instances: Vec<Fr>) -> Vec<VerifyFailure> {
    let circuit = ModelCircuit { plan: plan.clone(), witness: Some(Arc::new(witness)) };
    let prover = MockProver::run(plan.shape.k, &circuit, vec![instances]).expect("runs");
    let expected = |failure: &VerifyFailure| match failure {
        VerifyFailure::ConstraintPoisoned { constraint } => {
            constraint.to_string().contains("'activation is looked up'")
        }
        _ => false,
    };
    prover.verify().err().unwrap_or_default().into_iter().filter(|failure| !expected(failure)).collect()
}
