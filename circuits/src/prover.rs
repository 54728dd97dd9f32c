//! Makes proofs. The seam for other backends: plan and witness go in, proof bytes come out.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use halo2_proofs::{
    plonk::create_proof,
    poly::kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
    transcript::{EncodedChallenge, Transcript, TranscriptWrite, TranscriptWriterBuffer},
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand::{RngCore, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use serde::Serialize;
use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm::EvmTranscript};

use crate::{
    circuit::ModelCircuit,
    commitment::{self, Address, Opening, Statement, WeightCommitment},
    keys::ProverKeys,
    model::Model,
    proof::Proof,
    semantics::InferError,
    verifier::{self, VerifyError},
    witness::{Salts, Witness},
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
    #[error("the proof system failed: {0:?}")]
    Backend(halo2_proofs::plonk::Error),
    /// The finished proof does not verify: nothing was written.
    #[error("the proof does not verify ({0}): the model's parameters are not those that were committed to")]
    SelfCheck(#[from] VerifyError),
}

/// Where the time went, in seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seconds {
    /// Inference and first-phase columns.
    pub witness: f64,
    /// Commitments of both phases, second-phase columns, permutation.
    pub commit: f64,
    /// The quotient.
    pub quotient: f64,
    /// Evaluations and opening.
    pub open: f64,
    /// Everything, the check of the finished proof included.
    pub total: f64,
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
) -> Result<(Proof, Seconds), ProveError> {
    let begin = Instant::now();
    let plan = &keys.verifier.plan;
    if model.network != plan.network {
        return Err(ProveError::Architecture { model: model.name.clone() });
    }
    let witness = Witness::new(plan, model, request.input, request.salts, request.context)?;
    let done = begin.elapsed();
    let (proof, mut seconds) = prove_witness(keys, witness, commitment, opening, request.provider)?;
    verifier::verify(&keys.verifier, commitment, &proof)?;
    seconds.witness = done.as_secs_f64();
    seconds.total = begin.elapsed().as_secs_f64();
    Ok((proof, seconds))
}

/// Proves a witness, whatever it says: the caller verifies.
pub fn prove_witness(
    keys: &ProverKeys,
    witness: Witness,
    commitment: &WeightCommitment,
    opening: &Opening,
    provider: Address,
) -> Result<(Proof, Seconds), ProveError> {
    let instances = witness.instances;
    let verifier = &keys.verifier;
    if commitment.0.len() != verifier.plan.shape.weight_columns {
        return Err(VerifyError::Model.into());
    }
    let witness = Arc::new(witness);
    let circuit = ModelCircuit { plan: verifier.plan.clone(), witness: Some(witness.clone()) };
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    let mut transcript = Timed::new();
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        &keys.srs.params,
        &keys.pk,
        &[circuit],
        &[&[&instances]],
        ChaCha20Rng::from_seed(seed),
        &mut transcript,
    )
    .map_err(ProveError::Backend)?;
    let seconds = transcript.seconds();
    let bytes = transcript.inner.finalize();
    // The first randomness that the proof system draws blinds the first columns: those of the weights.
    let fresh = commitment::blinding_rows(&mut ChaCha20Rng::from_seed(seed), commitment.0.len());
    let statement = Statement { arch: &verifier.arch, registered: commitment, proof: &bytes, instances: &instances };
    let link = commitment::prove_link(&statement, &verifier.bases, opening, &witness.first.weights, &fresh)
        .expect("a proof of ours starts with as many points as there are weight columns");
    let proof = Proof {
        arch: verifier.arch,
        model_id: commitment.model_id(&verifier.arch, &provider),
        provider,
        instances,
        bytes,
        link,
    };
    Ok((proof, seconds))
}

type Inner = EvmTranscript<G1Affine, NativeLoader, Vec<u8>, Vec<u8>>;

/// The EVM transcript with a stopwatch: the proof system draws its challenges at the borders of its stages.
struct Timed {
    inner: Inner,
    begin: Instant,
    draws: Vec<Duration>,
}

/// Challenges drawn before the quotient: four of ours, θ, β, γ, y.
const BEFORE_QUOTIENT: usize = 8;

impl Timed {
    fn new() -> Self {
        Self {
            inner: <Inner as TranscriptWriterBuffer<Vec<u8>, G1Affine, _>>::init(vec![]),
            begin: Instant::now(),
            draws: vec![],
        }
    }

    fn seconds(&self) -> Seconds {
        let at = |i: usize| self.draws.get(i).map_or(0.0, Duration::as_secs_f64);
        let (y, x, end) = (at(BEFORE_QUOTIENT - 1), at(BEFORE_QUOTIENT), self.begin.elapsed().as_secs_f64());
        Seconds { commit: y, quotient: x - y, open: end - x, ..Seconds::default() }
    }
}

impl<E: EncodedChallenge<G1Affine>> Transcript<G1Affine, E> for Timed
where
    Inner: Transcript<G1Affine, E>,
{
    fn squeeze_challenge(&mut self) -> E {
        self.draws.push(self.begin.elapsed());
        self.inner.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> std::io::Result<()> {
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> std::io::Result<()> {
        self.inner.common_scalar(scalar)
    }
}

impl<E: EncodedChallenge<G1Affine>> TranscriptWrite<G1Affine, E> for Timed
where
    Inner: TranscriptWrite<G1Affine, E>,
{
    fn write_point(&mut self, point: G1Affine) -> std::io::Result<()> {
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> std::io::Result<()> {
        self.inner.write_scalar(scalar)
    }
}
