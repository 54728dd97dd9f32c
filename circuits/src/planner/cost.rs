//! What a layout costs: proof bytes exactly, time and memory by a model fitted to measurements.

use halo2_proofs::plonk::ConstraintSystem;
use serde::Serialize;

use crate::{
    circuit::Config,
    plan::{Plan, Shape},
};

/// What to expect of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Seconds for one proof on the machine that the model was fitted on (two cores).
    pub prove_seconds: f64,
    /// The most memory that proving takes.
    pub memory_bytes: u64,
    /// Bytes of a proof, exactly.
    pub proof_bytes: usize,
}

impl Prediction {
    /// Of a plan.
    pub fn of(plan: &Plan) -> Self {
        let work = Work::of(plan);
        Self { prove_seconds: work.seconds(), memory_bytes: work.memory(), proof_bytes: proof_bytes(&plan.shape) }
    }
}

/// Points of the multi-opening argument.
const OPENINGS: usize = 2;

/// Bytes of a proof over a circuit of this shape: points of 64 bytes and evaluations of 32.
pub fn proof_bytes(shape: &Shape) -> usize {
    let mut system = ConstraintSystem::default();
    Config::new(&mut system, shape);
    let wires = system.permutation().get_columns().len();
    // Advice, a product for each copied column, the random polynomial.
    let points = system.num_advice_columns() + wires + 1 + shape.degree.pieces() + OPENINGS;
    // The random polynomial; each copied column's permutation, and its product here and in the next row; all products
    // but the last also in the last row.
    let evaluations = system.advice_queries().len() + system.fixed_queries().len() + 1 + 4 * wires - 1;
    64 * points + 32 * evaluations
}

/// What a proof is made of.
struct Work {
    /// Cells of field elements that are not zero: they dominate what is committed to. Small numbers are cheap, and the
    /// weights' commitments are known.
    cells: f64,
    /// Rows times columns (advice, fixed, permutation): transformed, evaluated, opened, and held in memory.
    area: f64,
}

/// Seconds per cell, per cell of the area, and for every proof; bytes per cell of the area, and always. Fitted to the
/// measurements of `zkescrow bench` in docs/benchmarks.md, all of which they meet within 2 % (time) and 7 % (memory).
const SECONDS: [f64; 3] = [8.87e-7, 1.971e-7, 0.026];
const BYTES: [f64; 2] = [107.0, 1.53e8];

impl Work {
    fn of(plan: &Plan) -> Self {
        let shape = &plan.shape;
        let rows = (1u64 << shape.k) as f64;
        let (lanes, weights) = (shape.lanes as f64, shape.weight_columns as f64);
        let activations = plan.activations.rows.len() as f64;
        let hashes = (plan.hashing.end - plan.hashing.input.seam) as f64;
        let table = plan.network.precision.table_len() as f64;
        // Reading, produced and layer sums; kernel and total; the hash and what it absorbs; derivations on the wire.
        let sums = 3.0 * activations + 2.0 * plan.kernels.feeds.len() as f64;
        let sparse = 4.0 * hashes + 4.0 * plan.values.recipes().len() as f64 + table;
        // Helpers by lane, the balance; the permutation's product, two pieces of the quotient, two openings.
        let full = (lanes + 1.0 + 5.0) * rows;
        let advice = weights + 4.0 * lanes + 7.0;
        let columns = advice + plan.fixed_columns() as f64 + 2.0;
        Self { cells: sums + sparse + full, area: rows * columns }
    }

    fn seconds(&self) -> f64 {
        SECONDS[0] * self.cells + SECONDS[1] * self.area + SECONDS[2]
    }

    fn memory(&self) -> u64 {
        (BYTES[0] * self.area + BYTES[1]) as u64
    }
}
