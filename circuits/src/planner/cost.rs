//! What a layout costs the prover: time and memory, by a model fitted to measurements.

use serde::Serialize;

use super::size::Size;
use crate::plan::Plan;

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
    /// Gas of a transaction that verifies a proof.
    pub gas: u64,
    /// Bytes of the verifier's code.
    pub code_bytes: usize,
}

impl Prediction {
    /// Of a plan.
    pub fn of(plan: &Plan) -> Self {
        let size = Size::of(&plan.shape);
        let work = Work::of(plan, size.columns());
        Self {
            prove_seconds: work.seconds(),
            memory_bytes: work.memory(),
            proof_bytes: size.proof_bytes(),
            gas: size.gas(),
            code_bytes: size.code_bytes(),
        }
    }
}

/// What a proof is made of.
struct Work {
    /// Cells of field elements that differ from the one above: they dominate what is committed to. Small numbers are
    /// cheap, and the weights' commitments are known.
    cells: f64,
    /// Rows times columns (advice, fixed, permutation): interpolated, evaluated, opened, and held in memory.
    area: f64,
    /// Cosets that constraints are evaluated on: as many as the quotient has pieces.
    cosets: f64,
    rows: f64,
}

/// Seconds per cell, per cell of the area and coset, and for every proof. Fitted to the measurements in
/// docs/benchmarks.md, which they meet within 15 %.
const SECONDS: [f64; 3] = [1.95e-6, 4.0e-8, 0.03];
/// Bytes per cell of the area, the quotient's pieces counting as columns twice, and always.
const BYTES: [f64; 2] = [107.0, 1.53e8];

impl Work {
    fn of(plan: &Plan, columns: usize) -> Self {
        let shape = &plan.shape;
        let rows = (1u64 << shape.k) as f64;
        let activations = plan.activations.rows.len() as f64;
        let hashes = (plan.hashing.end - plan.hashing.input.seam) as f64;
        let table = 2.0 * plan.network.precision.table_len() as f64;
        // Reading and produced sum, kernel; state and powers of the hashes.
        let sums = 2.0 * activations + plan.kernels.feeds.len() as f64;
        let sparse = 6.0 * hashes;
        // Helpers by lane, the balance; what uses the wire, there and in the permutation's product.
        let lookups = (shape.lanes as f64 + 1.0) * activations + table;
        let uses = plan.activations.rides.len() + plan.kernels.carries.len() + plan.kernels.products.len();
        let copies = 3.0 * (uses + 4 * plan.values.recipes().len()) as f64;
        // Pieces of the quotient, two openings.
        let full = (shape.degree.pieces() as f64 + 2.0) * rows;
        Self {
            cells: sums + sparse + lookups + copies + full,
            area: rows * columns as f64,
            cosets: shape.degree.pieces() as f64,
            rows,
        }
    }

    fn seconds(&self) -> f64 {
        let [cell, area, always] = SECONDS;
        cell * self.cells + area * self.area * self.cosets + always
    }

    fn memory(&self) -> u64 {
        (BYTES[0] * (self.area + 2.0 * self.cosets * self.rows) + BYTES[1]) as u64
    }
}
