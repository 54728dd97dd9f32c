//! What a layout costs the verifier: bytes of a proof exactly, gas and code by a model of the generated contract.

use halo2_proofs::plonk::ConstraintSystem;

use super::GasModel;
use crate::{
    circuit::Config,
    plan::{Degree, INSTANCES, Shape},
};

/// Points of the multi-opening argument.
const OPENINGS: usize = 2;
/// The same for all our circuits: values of Lagrange polynomials, rotations and two; rotations in each rotation set;
/// hashes of the transcript; words of a key beside its commitments.
const INVERSIONS: usize = 18;
const INTERPOLATIONS: usize = 12;
const CHALLENGES: usize = 12;
const KEY_WORDS: usize = 40;

/// What a proof consists of, and what the verifier does with it.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Lanes, weight columns and degree.
    shape: (usize, usize, Degree),
    /// Columns of witness.
    pub advice: usize,
    /// Columns of the key, those of the permutation included.
    pub fixed: usize,
    /// Points of a proof.
    pub points: usize,
    /// Evaluations in a proof.
    pub evaluations: usize,
}

impl Size {
    /// Of circuits of a shape.
    pub fn of(shape: &Shape) -> Self {
        let mut system = ConstraintSystem::default();
        Config::new(&mut system, shape);
        let wires = system.permutation().get_columns().len();
        let advice = system.num_advice_columns();
        Self {
            shape: (shape.lanes, shape.weight_columns, shape.degree),
            advice,
            fixed: system.num_fixed_columns() + wires,
            // Advice, a product for each copied column, the random polynomial.
            points: advice + wires + 1 + shape.degree.pieces() + OPENINGS,
            // The random polynomial; each copied column's permutation, and its product here and in the next row; all
            // products but the last also in the last row.
            evaluations: system.advice_queries().len() + system.fixed_queries().len() + 1 + 4 * wires - 1,
        }
    }

    /// Columns that a prover works on.
    pub fn columns(&self) -> usize {
        self.advice + self.fixed + 1
    }

    /// Bytes of a proof: points of 64 bytes and evaluations of 32.
    pub fn proof_bytes(&self) -> usize {
        64 * self.points + 32 * self.evaluations
    }

    /// Gas of a transaction that verifies a proof.
    pub fn gas(&self) -> u64 {
        GasModel {
            points: self.points,
            evaluations: self.evaluations,
            instances: INSTANCES,
            // The quotient's pieces with the power that folds them, less the first commitment; both openings, the
            // generator; the key.
            commitments: self.points + self.fixed,
            inversions: INVERSIONS,
            interpolations: INTERPOLATIONS,
            challenges: CHALLENGES,
            key_words: KEY_WORDS + 2 * self.fixed,
            numerator: self.numerator(),
        }
        .gas()
    }

    /// Gas of the constraints, by what verifiers of several layouts took.
    fn numerator(&self) -> u64 {
        let (lanes, weights, degree) = self.shape;
        6_400 + 250 * lanes as u64 + 180 * weights as u64 + if degree == Degree::Five { 1_000 } else { 0 }
    }

    /// Bytes of the verifier's code, by the same.
    pub fn code_bytes(&self) -> usize {
        4_250 + self.numerator() as usize * 11 / 20 + if self.shape.2 == Degree::Five { 400 } else { 0 }
    }
}

/// Bytes of a proof over a circuit of this shape.
pub fn proof_bytes(shape: &Shape) -> usize {
    Size::of(shape).proof_bytes()
}
