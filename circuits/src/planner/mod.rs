//! Chooses a layout, and says what it will cost before anything is made.
//!
//! A circuit of more rows needs fewer columns. Rows make every commitment, transform and opening longer; columns make
//! more of them, and longer proofs. The cost model weighs both; choices depend on the architecture alone.

mod cost;
mod drawing;
mod gas;
mod plot;
mod size;

use rayon::prelude::*;

pub use cost::Prediction;
pub use drawing::draw;
pub use gas::GasModel;
pub use plot::{frontier, plot};
pub use size::{Size, proof_bytes};

use crate::{
    network::{Layer, Network},
    plan::{Choice, Degree, Hashing, Plan, PlanError, Shape},
};

/// What to aim for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The least gas that takes at most [`PATIENCE`] times as long to prove as the fastest layout.
    Balanced,
    /// Proofs that are made fastest.
    Time,
    /// The least gas.
    Gas,
}

/// How much longer than the fastest a balanced layout may take to prove: half as much again, less what predictions err.
pub const PATIENCE: f64 = 1.4;
/// Proving takes no more memory than this, if any layout does with it.
pub const MEMORY: u64 = 16_000_000_000;
/// No layout takes less than this by row.
const LEAST_MEMORY: u64 = 2_000;
/// Doublings of the fewest possible rows that are considered.
const DOUBLINGS: u32 = 4;
/// Numbers of lanes beyond the fewest that fit which are considered: some divide the maps' widths better.
const MORE_LANES: usize = 2;
/// No circuit has more than `2^LARGEST` rows.
const LARGEST: u32 = 24;
/// Most lanes and weight columns.
const MOST: (usize, usize) = (16, 32);

/// A layout with its price.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What was chosen; with `k`.
    pub choice: Choice,
    /// Rows that the model fills.
    pub rows_used: usize,
    /// What to expect.
    pub prediction: Prediction,
}

impl Candidate {
    /// The price of a plan.
    pub fn of(plan: &Plan) -> Self {
        let Shape { lanes, weight_columns, degree, k, .. } = plan.shape;
        let choice = Choice { lanes, weight_columns, degree, k: Some(k) };
        Self { choice, rows_used: plan.rows_used, prediction: Prediction::of(plan) }
    }
}

/// The layouts worth considering, for every number of rows (or the one asked for), best first.
pub fn candidates(network: &Network, objective: Objective, k: Option<u32>) -> Result<Vec<Candidate>, PlanError> {
    let mut found = weigh(network, k)?;
    objective.sort(&mut found);
    Ok(found)
}

/// The same, whatever they are for.
pub fn weigh(network: &Network, k: Option<u32>) -> Result<Vec<Candidate>, PlanError> {
    network.check()?;
    let rows = Rows::of(network);
    let sizes: Vec<u32> = match k {
        // What no circuit has is refused by the layout, with a reason.
        Some(k) if k > LARGEST => return Err(unplannable(network, k)),
        Some(k) => vec![k],
        None => rows.sizes(),
    };
    let tried: Vec<Result<[Candidate; 2], PlanError>> = sizes
        .into_iter()
        .flat_map(|k| rows.lanes(k).map(move |lanes| (k, lanes)))
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(k, lanes)| fitting(network, &rows, k, lanes))
        .collect();
    let (mut found, mut refused) = (vec![], None);
    for candidates in tried {
        match candidates {
            Ok(candidates) => found.extend(candidates),
            Err(error) => refused = Some(error),
        }
    }
    if found.is_empty() {
        return Err(refused.unwrap_or(PlanError::TooLarge { rows: rows.activations(MOST.0) }));
    }
    Ok(found)
}

/// Why a size will not do.
fn unplannable(network: &Network, k: u32) -> PlanError {
    let most = Choice { lanes: MOST.0, weight_columns: MOST.1, degree: Degree::Three, k: Some(k) };
    Plan::sketch(network, most).err().unwrap_or(PlanError::TooLarge { rows: usize::MAX })
}

/// The best layout.
pub fn choose(network: &Network, objective: Objective, k: Option<u32>) -> Result<Choice, PlanError> {
    candidates(network, objective, k).map(|found| found[0].choice)
}

impl Objective {
    /// Sorts layouts, the best first.
    pub fn sort(self, candidates: &mut [Candidate]) {
        let fits = |candidate: &Candidate| candidate.prediction.memory_bytes <= MEMORY;
        let fastest = |all: &[Candidate]| {
            let seconds = all.iter().filter(|c| fits(c)).map(|c| c.prediction.prove_seconds);
            seconds.fold(f64::INFINITY, f64::min)
        };
        let patience = PATIENCE * fastest(candidates);
        let rank = |candidate: &Candidate| {
            let Prediction { prove_seconds, gas, .. } = candidate.prediction;
            let (class, price) = match self {
                Self::Time => (false, prove_seconds),
                Self::Balanced if prove_seconds > patience => (true, prove_seconds),
                Self::Balanced | Self::Gas => (false, gas as f64),
            };
            (!fits(candidate), class, price)
        };
        candidates.sort_by(|a, b| {
            let (a, b) = (rank(a), rank(b));
            (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2))
        });
    }
}

/// The fewest weight columns that make the layout fit, at both degrees.
fn fitting(network: &Network, rows: &Rows<'_>, k: u32, lanes: usize) -> Result<[Candidate; 2], PlanError> {
    let fewest = (1..=MOST.1).find(|&columns| rows.all(lanes, columns) < 1 << k).unwrap_or(MOST.1);
    let plan =
        |weight_columns| Plan::sketch(network, Choice { lanes, weight_columns, degree: Degree::Three, k: Some(k) });
    // The estimate knows nothing of rows that are not full.
    (fewest..MOST.1)
        .map(plan)
        .find(|result| !matches!(result, Err(PlanError::Rows { .. })))
        .unwrap_or_else(|| plan(MOST.1))
        .map(|mut plan| {
            Degree::ALL.map(|degree| {
                plan.encode(degree);
                Candidate::of(&plan)
            })
        })
}

/// Rows that a network needs, roughly and never too many.
struct Rows<'a> {
    network: &'a Network,
}

impl<'a> Rows<'a> {
    fn of(network: &'a Network) -> Self {
        Self { network }
    }

    fn activations(&self, lanes: usize) -> usize {
        self.network.maps.iter().map(|m| m.channels * m.height * m.width.div_ceil(lanes)).sum()
    }

    fn kernels(&self, columns: usize) -> usize {
        let of_layer = |layer: &Layer| {
            let outputs = self.network.maps[layer.output].channels;
            self.network.weight_count(layer) / columns + outputs / columns
        };
        self.network.layers.iter().map(of_layer).sum()
    }

    /// Activations, and below them parameters beside the table, and below these the hashes.
    fn all(&self, lanes: usize, columns: usize) -> usize {
        let table = 2 * self.network.precision.table_len();
        self.activations(lanes) + self.kernels(columns).max(table) + Hashing::rows(self.network)
    }

    /// Sizes from the smallest that some layout fits into to a few doublings more.
    fn sizes(&self) -> Vec<u32> {
        let fits = |k: u32, (lanes, columns)| self.all(lanes, columns) < 1usize << k;
        let smallest = (1..=LARGEST).find(|&k| fits(k, MOST)).unwrap_or(LARGEST);
        let largest = (smallest..=LARGEST).find(|&k| fits(k, (1, 1))).unwrap_or(LARGEST);
        let held = (smallest..=LARGEST).take_while(|&k| LEAST_MEMORY << k <= MEMORY).last().unwrap_or(smallest);
        (smallest..=largest.min(smallest + DOUBLINGS).min(held)).collect()
    }

    fn lanes(&self, k: u32) -> std::ops::RangeInclusive<usize> {
        let fewest = (1..=MOST.0).find(|&lanes| self.all(lanes, MOST.1) < 1 << k).unwrap_or(MOST.0);
        fewest..=(fewest + MORE_LANES).min(MOST.0)
    }
}
