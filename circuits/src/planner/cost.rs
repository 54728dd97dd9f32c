//! What a layout costs: proof bytes exactly, time and memory by a model fitted to measurements.

use halo2_proofs::plonk::ConstraintSystem;
use serde::Serialize;

use crate::{
    circuit::Config,
    plan::{Plan, RowKind, Shape},
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

/// Pieces of the quotient.
const PIECES: usize = 2;
/// Points of the multi-opening argument.
const OPENINGS: usize = 2;

/// Bytes of a proof over a circuit of this shape: points of 64 bytes and evaluations of 32.
pub fn proof_bytes(shape: &Shape) -> usize {
    let mut system = ConstraintSystem::default();
    Config::new(&mut system, shape);
    let wires = system.permutation().get_columns().len();
    // Advice, a product for each copied column, the random polynomial.
    let points = system.num_advice_columns() + wires + 1 + PIECES + OPENINGS;
    // The random polynomial; each copied column's permutation, and its product here and in the next row; all products
    // but the last also in the last row.
    let evaluations = system.advice_queries().len() + system.fixed_queries().len() + 1 + 4 * wires - 1;
    64 * points + 32 * evaluations
}

/// What a proof is made of, in units that cost the same everywhere.
struct Work {
    /// Rows of the circuit.
    rows: f64,
    /// Base-2 logarithm of the rows.
    k: f64,
    /// Cells of small numbers that are not zero, weights aside: their commitments are known.
    small: f64,
    /// Cells of field elements that are not zero.
    full: f64,
    /// Columns that are evaluated on the cosets: advice, fixed, permutation.
    columns: f64,
    /// Advice columns.
    advice: f64,
    /// Lanes.
    lanes: f64,
    /// Kinds of rows.
    kinds: f64,
}

impl Work {
    fn of(plan: &Plan) -> Self {
        let shape = &plan.shape;
        let rows = (1u64 << shape.k) as f64;
        let (lanes, columns) = (shape.lanes as f64, shape.weight_columns as f64);
        let cells = plan.activations.kinds.iter().flatten().filter(|k| matches!(k, RowKind::Cells { .. })).count();
        let activations = plan.activations.rows.len() as f64;
        let hashes = (plan.hashing.end - plan.hashing.input.start) as f64;
        let kernels = plan.kernels.end as f64;
        let table = plan.network.precision.table_len() as f64;
        let wires = 4.0 * plan.values.recipes().len() as f64;
        // Reading, produced and layer sums; kernel and total; absorbed; hash; helpers, table, balance; the wire.
        let sums = 3.0 * activations + 2.0 * kernels + hashes + 3.0 * hashes + table + rows + wires + lanes * rows;
        // The permutation's product, two pieces of the quotient, two openings.
        let argument = 5.0 * rows;
        let advice = columns + 4.0 * lanes + 15.0;
        Self {
            rows,
            k: f64::from(shape.k),
            small: 3.0 * lanes * cells as f64,
            full: sums + argument,
            columns: advice + plan.fixed_columns() as f64 + 2.0,
            advice,
            lanes,
            kinds: shape.kinds.len() as f64,
        }
    }

    /// Fitted by `cargo run --release -p zkescrow-circuits --example fit`; docs/benchmarks.md has the measurements.
    fn seconds(&self) -> f64 {
        let commitments = SECONDS.small * self.small + SECONDS.full * self.full;
        let transforms =
            SECONDS.butterfly * self.rows * self.k * (self.advice * 3.0 + (self.columns - self.advice) * 2.0);
        let gates = SECONDS.gate * 2.0 * self.rows * (self.columns + self.kinds * (self.lanes + 4.0));
        let openings = SECONDS.opening * self.rows * self.columns;
        commitments + transforms + gates + openings + SECONDS.fixed
    }

    fn memory(&self) -> u64 {
        let field = 32.0 * self.rows;
        (MEMORY.base + MEMORY.per_column * field * self.columns) as u64
    }
}

/// Seconds per unit of work.
struct Seconds {
    small: f64,
    full: f64,
    butterfly: f64,
    gate: f64,
    opening: f64,
    fixed: f64,
}

const SECONDS: Seconds =
    Seconds { small: 3.0e-7, full: 1.3e-6, butterfly: 1.0e-8, gate: 1.0e-8, opening: 3.0e-8, fixed: 0.1 };

struct Memory {
    base: f64,
    per_column: f64,
}

const MEMORY: Memory = Memory { base: 1.0e8, per_column: 2.5 };
