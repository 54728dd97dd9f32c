//! Makes proofs. The seam for other backends: plan and witness go in, proof bytes come out.

use std::time::Instant;

use halo2_proofs::plonk::{Advice, ConstraintSystem};
use halo2curves::bn256::Fr;
use rand::{RngCore, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use serde::Serialize;

use crate::{
    backend::{BackendError, Column, Given, Prover},
    circuit::Config,
    commitment::{self, Address, Opening, Statement, WeightCommitment},
    keys::ProverKeys,
    model::Model,
    proof::Proof,
    semantics::{InferError, Trace},
    verifier::{self, VerifyError},
    witness::{Challenges, Drawn, Salts, Values, Witness},
};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The model does not run on this input.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// The model has another architecture than the keys.
    #[error("the keys are for another architecture than model {model}; run setup for this model")]
    Architecture {
        /// Name of the model.
        model: String,
    },
    /// The proof system refuses.
    #[error("the proof system failed: {0}")]
    Backend(#[from] BackendError),
    /// The finished proof does not verify: nothing was written.
    #[error("the proof does not verify ({0}): the model's parameters are not those that were committed to")]
    SelfCheck(#[from] VerifyError),
}

/// Where the time went, in seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seconds {
    /// Inference and first-phase columns.
    pub witness: f64,
    /// Commitments of the first phase.
    pub commit_first: f64,
    /// Columns of later phases.
    pub later: f64,
    /// Commitments of later phases, permutation included.
    pub commit_later: f64,
    /// The quotient.
    pub quotient: f64,
    /// Evaluations and opening.
    pub open: f64,
    /// Of it all, what ties the proof to the registered weights.
    pub bind: f64,
    /// Everything, the check of the finished proof included.
    pub total: f64,
}

/// A proof, and what became known on the way.
#[derive(Clone)]
pub struct Proven {
    /// The proof.
    pub proof: Proof,
    /// The inference.
    pub trace: Trace,
    /// Where the time went.
    pub seconds: Seconds,
}

/// What a proof is about, beside the model.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Stored input values, planar.
    pub input: &'a [u8],
    /// What hides the commitments.
    pub salts: Salts,
    /// What the proof is for.
    pub context: Fr,
    /// Who is registered as the model's provider.
    pub provider: Address,
}

/// Runs the model, proves the result, and checks the proof.
pub fn prove(
    keys: &ProverKeys,
    model: &Model,
    commitment: &WeightCommitment,
    opening: &Opening,
    request: Request<'_>,
) -> Result<Proven, ProveError> {
    let begin = Instant::now();
    let plan = &keys.verifier.plan;
    if model.network != plan.network {
        return Err(ProveError::Architecture { model: model.name.clone() });
    }
    let trace = model.infer(request.input)?;
    let witness = Witness::from_trace(plan, model, &trace, request.salts, request.context);
    let done = begin.elapsed();
    let (proof, mut seconds) = prove_witness(keys, &witness, commitment, opening, request.provider)?;
    verifier::verify(&keys.verifier, commitment, &proof)?;
    seconds.witness = done.as_secs_f64();
    seconds.total = begin.elapsed().as_secs_f64();
    Ok(Proven { proof, trace, seconds })
}

/// Proves a witness, whatever it says: the caller verifies.
pub fn prove_witness(
    keys: &ProverKeys,
    witness: &Witness,
    commitment: &WeightCommitment,
    opening: &Opening,
    provider: Address,
) -> Result<(Proof, Seconds), ProveError> {
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    prove_seeded(keys, witness, commitment, opening, provider, seed)
}

/// All randomness of a proof comes from one seed: whoever knows it learns the witness.
fn prove_seeded(
    keys: &ProverKeys,
    witness: &Witness,
    commitment: &WeightCommitment,
    opening: &Opening,
    provider: Address,
    seed: [u8; 32],
) -> Result<(Proof, Seconds), ProveError> {
    let begin = Instant::now();
    let (instances, verifier) = (witness.instances, &keys.verifier);
    if commitment.0.len() != verifier.plan.shape.weight_columns {
        return Err(VerifyError::Model.into());
    }
    let mut rng = ChaCha20Rng::from_seed(seed);
    let config = Config::new(&mut ConstraintSystem::default(), &verifier.plan.shape);
    let binding = Instant::now();
    let old_rows = opening.rows(&witness.first.weights);
    let fresh_rows = commitment::blinding_rows(&mut rng, commitment.0.len());
    let mut first = given(&witness.first.columns(&config.first));
    // The registered commitments are known; the proof's differ in the blinding rows only.
    let reblinded = commitment.reblinded(&verifier.bases, &old_rows, &fresh_rows);
    for ((column, rows), point) in first.iter_mut().zip(&fresh_rows).zip(reblinded) {
        column.tail = Some(rows.clone());
        column.commitment = Some(point);
    }
    let mut bind = binding.elapsed().as_secs_f64();
    // The lookups' reciprocals are made in the blinding rows, too: of whatever stands there.
    let tails: Vec<Vec<Fr>> = first[commitment.0.len()..]
        .iter_mut()
        .map(|column| column.tail.insert(commitment::blinding_rows(&mut rng, 1).remove(0)).clone())
        .collect();
    let mut second = None;
    let later = |drawn: &[Fr], _: &[Column<'_>]| match *drawn {
        [s, gamma, delta] => {
            let columns = second.insert(witness.second_blinded(&verifier.plan, Drawn { s, gamma, delta }, &tails));
            given(&columns.columns(&config.second)).into_iter().map(Given::into_owned).collect()
        }
        [s, gamma, delta, alpha] => {
            let second = second.as_ref().expect("the second phase comes before the third");
            let challenges = Challenges { drawn: Drawn { s, gamma, delta }, alpha };
            let third = witness.third(&verifier.plan, second, challenges);
            given(&third.columns(&config.third)).into_iter().map(Given::into_owned).collect()
        }
        _ => unreachable!("the circuit draws three challenges, then one"),
    };
    let backend = Prover { key: &keys.backend, vk: &verifier.vk, bases: keys.bases() };
    let (bytes, laps) = backend.prove(&instances, first, later, &mut rng)?;
    let statement = Statement { arch: &verifier.arch, registered: commitment, proof: &bytes, instances: &instances };
    let binding = Instant::now();
    let link = commitment::prove_link(&statement, &verifier.bases, &old_rows, &fresh_rows, &mut rng)
        .expect("a proof of ours starts with as many points as there are weight columns");
    bind += binding.elapsed().as_secs_f64();
    let proof = Proof {
        arch: verifier.arch,
        model_id: commitment.model_id(&verifier.arch, &provider),
        provider,
        instances,
        bytes,
        link,
    };
    let seconds = Seconds {
        witness: 0.0,
        commit_first: laps.commit_first,
        later: laps.later,
        commit_later: laps.commit_later,
        quotient: laps.quotient,
        open: laps.open,
        bind,
        total: begin.elapsed().as_secs_f64(),
    };
    Ok((proof, seconds))
}

/// Columns in the order in which the proof system numbers them.
fn given<'a>(columns: &[(halo2_proofs::plonk::Column<Advice>, &'a Values)]) -> Vec<Given<'a>> {
    let mut columns: Vec<_> = columns.iter().collect();
    columns.sort_by_key(|(column, _)| column.index());
    columns.into_iter().map(|(_, values)| Given::from(*values)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commitment, plan::Choice, sample, srs::Srs};

    #[test]
    fn one_seed_makes_one_proof() {
        let model = sample::tiny(1);
        let plan = crate::plan::Plan::new(&model.network, Choice::default()).expect("plannable");
        let srs = Srs::development(plan.shape.k);
        let opening = Opening::random();
        let committed = commitment::commit(&plan, &srs, &model.params, &opening);
        let keys = ProverKeys::generate(&model.network, Choice::default(), srs).expect("keys");
        let salts = Salts { input: Fr::one(), output: Fr::one() };
        let input = sample::input(&model.network, 3);
        let witness = Witness::new(&plan, &model, &input, salts, Fr::one()).expect("in range");
        let [first, again, other] = [1, 1, 2].map(|seed| {
            let proof = prove_seeded(&keys, &witness, &committed, &opening, [5; 20], [seed; 32]).expect("a proof").0;
            verifier::verify(&keys.verifier, &committed, &proof).expect("accepted");
            proof
        });
        assert_eq!(first, again);
        assert_ne!(first.bytes[..64], other.bytes[..64]);
        assert_ne!(first.link, other.link);
    }
}
