//! The protocol: what is committed to, drawn and opened, in the verifier's order.

use std::time::Instant;

use halo2_proofs::plonk::VerifyingKey;
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
};
use rand::RngCore;
use rayon::prelude::*;

use super::{
    BackendError,
    column::{self, Column, Given},
    evaluations::{Polynomials, evaluate},
    key::Key,
    msm::{self, Scalars},
    opening::{Opening, Point},
    permutation,
    quotient::{self, Columns, quotient},
    runs::Bases,
    transcript::Transcript,
};
use crate::witness::Values;

/// Rows of the random polynomial that are random.
///
/// The verifier demands such a polynomial: halo2's argument was made for commitments that show nothing. Over KZG, where
/// commitments show values at the reference string's secret, two linear functions of it become public: its commitment
/// and its value at x. Sixteen random rows make these as random as all rows would, and cost next to nothing.
const RANDOM_ROWS: usize = 16;

/// Where the time of a proof went, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seconds {
    /// Commitments of the first phase.
    pub commit_first: f64,
    /// Columns of later phases.
    pub later: f64,
    /// Commitments of later phases, and the permutation's products with theirs.
    pub commit_later: f64,
    /// The quotient with its commitments.
    pub quotient: f64,
    /// Evaluations and opening.
    pub open: f64,
}

/// Makes proofs of one circuit over one reference string.
#[derive(Clone, Copy)]
pub struct Prover<'a> {
    /// The circuit.
    pub key: &'a Key,
    /// Its verifying key.
    pub vk: &'a VerifyingKey<G1Affine>,
    /// Lagrange points of the reference string.
    pub bases: Bases<'a>,
}

impl Prover<'_> {
    /// Makes a proof. Each later phase is a function of the challenges drawn so far and the complete columns before it.
    ///
    /// Whether the constraints hold is not checked: where they do not, the proof will not verify.
    pub fn prove<'w>(
        &self,
        instances: &[Fr],
        first: Vec<Given<'w>>,
        mut later: impl FnMut(&[Fr], &[Column<'w>]) -> Vec<Given<'w>>,
        rng: &mut impl RngCore,
    ) -> Result<(Vec<u8>, Seconds), BackendError> {
        let Self { key, vk, .. } = *self;
        let mut watch = Watch::new();
        let mut seconds = Seconds::default();
        let mut transcript = Transcript::new();
        transcript.absorb(vk.transcript_repr())?;
        instances.iter().try_for_each(|&instance| transcript.absorb(instance))?;
        if instances.len() > key.usable {
            return Err(BackendError::Rows { got: instances.len(), usable: key.usable });
        }

        let mut advice = self.phase(0, first, &mut transcript, rng)?;
        let mut circuit = self.challenges(0, &mut transcript);
        seconds.commit_first = watch.lap();
        for phase in 1..=key.last_phase {
            let columns = later(&circuit, &advice);
            seconds.later += watch.lap();
            advice.extend(self.phase(phase, columns, &mut transcript, rng)?);
            circuit.extend(self.challenges(phase, &mut transcript));
            seconds.commit_later += watch.lap();
        }

        // θ is for lookups, of which there are none.
        let _theta = transcript.challenge();
        let permutation = permutation::Challenges { beta: transcript.challenge(), gamma: transcript.challenge() };
        let omegas = key.omegas();
        let wires: Vec<&Column<'_>> = key.wires.iter().map(|&wire| &advice[wire]).collect();
        let products = permutation::products(&omegas, &key.sigma, &wires, key.usable, permutation, rng);
        transcript.points(self.commit(&products))?;
        let random = Column::last(key.rows, (0..RANDOM_ROWS.min(key.rows)).map(|_| Fr::random(&mut *rng)).collect());
        transcript.points(column::commit(&[&random], self.bases))?;
        seconds.commit_later += watch.lap();

        let challenges = quotient::Challenges { circuit: &circuit, permutation, y: transcript.challenge() };
        let instance = Column::public(key.rows, Values::Field(instances.to_vec()));
        let columns = Columns { advice: &advice, products: &products, instance: &instance };
        let pieces = quotient(key, vk, &columns, &challenges, &omegas);
        let pieces: Vec<_> = pieces.into_iter().map(|piece| Column::public(key.rows, Values::Field(piece))).collect();
        transcript.points(self.commit(&pieces))?;
        seconds.quotient = watch.lap();

        let x = transcript.challenge();
        let power = x.pow([key.rows as u64]);
        let mut folded = vec![Fr::ZERO; key.rows];
        let powers = permutation::powers(power, pieces.len());
        folded.par_chunks_mut(1 << 11).enumerate().for_each(|(i, rows)| {
            pieces.iter().zip(&powers).for_each(|(piece, power)| piece.add_scaled(power, i << 11, rows));
        });
        let folded = Column::public(key.rows, Values::Field(folded));
        drop(pieces);
        let point = Point::new(key, &omegas, x);
        let polynomials = Polynomials { advice: &advice, products: &products, quotient: &folded, random: &random };
        let opened = evaluate(key, vk.cs(), &point, &polynomials, &mut transcript)?;
        let (y, v) = (transcript.challenge(), transcript.challenge());
        let opening = Opening::new(&point, &opened, y, v);
        transcript.point(msm::commit(self.bases.points(), Scalars::Field(&opening.quotient)))?;
        let last = opening.finish(transcript.challenge());
        transcript.point(msm::commit(self.bases.points(), Scalars::Field(&last)))?;
        seconds.open = watch.lap();
        Ok((transcript.finish(), seconds))
    }

    /// What the circuit draws after a phase. Challenges are numbered in the order of their phases.
    fn challenges(&self, phase: u8, transcript: &mut Transcript) -> Vec<Fr> {
        let drawn = self.vk.cs().challenge_phase().iter().filter(|&&p| p == phase).count();
        (0..drawn).map(|_| transcript.challenge()).collect()
    }

    /// Completes the columns of a phase and commits to them.
    fn phase<'w>(
        &self,
        phase: u8,
        given: Vec<Given<'w>>,
        transcript: &mut Transcript,
        rng: &mut impl RngCore,
    ) -> Result<Vec<Column<'w>>, BackendError> {
        let expected = self.vk.cs().advice_column_phase().iter().filter(|&&p| p == phase).count();
        if given.len() != expected {
            return Err(BackendError::Columns { got: given.len(), expected });
        }
        let (mut columns, mut known) = (vec![], vec![]);
        for Given { values, tail, commitment } in given {
            columns.push(Column::complete(values, tail, self.key.rows, self.key.usable, rng)?);
            known.push(commitment);
        }
        let unknown: Vec<&Column<'_>> =
            columns.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(column, _)| column).collect();
        let mut points = column::commit(&unknown, self.bases).into_iter();
        transcript.points(known.into_iter().filter_map(|known| known.or_else(|| points.next())))?;
        Ok(columns)
    }

    fn commit(&self, columns: &[Column<'_>]) -> Vec<G1Affine> {
        column::commit(&columns.iter().collect::<Vec<_>>(), self.bases)
    }
}

/// A stopwatch.
struct Watch(Instant);

impl Watch {
    fn new() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the last lap.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let seconds = (now - self.0).as_secs_f64();
        self.0 = now;
        seconds
    }
}
