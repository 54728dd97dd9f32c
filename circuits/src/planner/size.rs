//! What a layout costs the verifier: bytes of a proof exactly, gas and code by a model of the generated contract.

use halo2_proofs::plonk::ConstraintSystem;

use crate::{circuit::Config, plan::Shape};

/// Points of the multi-opening argument.
const OPENINGS: usize = 2;

/// What a proof consists of, and what the verifier does with it.
#[derive(Clone, Copy, Debug)]
pub struct Size {
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

    /// Commitments in the final combination: the proof's points, the key's, the generator.
    pub fn commitments(&self) -> usize {
        self.points + self.fixed + 1
    }

    /// Gas of a transaction.
    pub fn gas(&self) -> u64 {
        160_000 + 1_150 * self.points as u64 + 600 * self.evaluations as u64 + 6_450 * self.commitments() as u64
    }

    /// Bytes of code.
    pub fn code_bytes(&self) -> usize {
        10_000
    }
}

/// Bytes of a proof over a circuit of this shape.
pub fn proof_bytes(shape: &Shape) -> usize {
    Size::of(shape).proof_bytes()
}
