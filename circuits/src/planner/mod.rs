//! Chooses a layout, and says what it will cost before anything is made.
//!
//! A circuit of more rows needs fewer columns. Rows make every commitment, transform and opening longer; columns make
//! more of them, and longer proofs. The cost model weighs both; choices depend on the architecture alone.

mod cost;
mod drawing;

use rayon::prelude::*;

pub use cost::{Prediction, proof_bytes};
pub use drawing::draw;

use crate::{
    network::{Layer, Network},
    plan::{Choice, Degree, Plan, PlanError, rows_per_hash},
    poseidon,
};

/// What to aim for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Proofs that are made fastest, of at most [`LONGEST`] bytes if that is possible.
    Time,
    /// The shortest proofs, of circuits a few doublings larger than they need to be at most.
    Size,
}

/// Proofs longer than this cost more on chain than the time that they save is worth.
pub const LONGEST: usize = 6_000;
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
        let choice = Choice {
            lanes: plan.shape.lanes,
            weight_columns: plan.shape.weight_columns,
            degree: plan.shape.degree,
            k: Some(plan.shape.k),
        };
        Self { choice, rows_used: plan.rows_used, prediction: Prediction::of(plan) }
    }
}

/// The layouts worth considering, for every number of rows (or the one asked for), best first.
pub fn candidates(network: &Network, objective: Objective, k: Option<u32>) -> Result<Vec<Candidate>, PlanError> {
    network.check()?;
    let rows = Rows::of(network);
    let sizes: Vec<u32> = match k {
        // What no circuit has is refused by the layout, with a reason.
        Some(k) if k > LARGEST => return Err(unplannable(network, k)),
        Some(k) => vec![k],
        None => rows.sizes(objective.doublings()),
    };
    let tried: Vec<Result<Candidate, PlanError>> = sizes
        .into_iter()
        .flat_map(|k| rows.lanes(k).map(move |lanes| (k, lanes)))
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(k, lanes)| fitting(network, &rows, k, lanes))
        .collect();
    let (mut found, mut refused) = (vec![], None);
    for candidate in tried {
        match candidate {
            Ok(candidate) => found.push(candidate),
            Err(error) => refused = Some(error),
        }
    }
    if found.is_empty() {
        return Err(refused.unwrap_or(PlanError::TooLarge { rows: rows.activations(MOST.0) }));
    }
    found.sort_by(|a, b| objective.rank(a).total_cmp(&objective.rank(b)));
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
    /// How many doublings of the fewest possible rows are considered.
    fn doublings(self) -> u32 {
        match self {
            Self::Time => 2,
            Self::Size => 4,
        }
    }

    /// What is to be small.
    fn rank(self, candidate: &Candidate) -> f64 {
        let (seconds, bytes) = (candidate.prediction.prove_seconds, candidate.prediction.proof_bytes);
        match self {
            Self::Time if bytes > LONGEST => 1e9 + bytes as f64,
            Self::Time => seconds,
            Self::Size => bytes as f64 + seconds * 1e-6,
        }
    }
}

/// The fewest weight columns that make the layout fit.
fn fitting(network: &Network, rows: &Rows<'_>, k: u32, lanes: usize) -> Result<Candidate, PlanError> {
    let fewest = (1..=MOST.1).find(|&columns| rows.kernels(columns) < 1 << k).unwrap_or(MOST.1);
    let plan =
        |weight_columns| Plan::sketch(network, Choice { lanes, weight_columns, degree: Degree::Three, k: Some(k) });
    // The estimate knows nothing of rows where the wire is taken.
    (fewest..MOST.1)
        .map(plan)
        .find(|result| !matches!(result, Err(PlanError::Rows { .. })))
        .unwrap_or_else(|| plan(MOST.1))
        .map(|plan| Candidate::of(&plan))
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

    /// Sizes between the smallest that some layout fits into and a few doublings more.
    fn sizes(&self, doublings: u32) -> Vec<u32> {
        let fits = |k: u32, lanes, columns| {
            let usable = 1usize << k;
            self.activations(lanes) < usable && self.kernels(columns) < usable
        };
        let table = self.network.precision.bits + 1;
        let hash = (poseidon::input_elements(self.network) * rows_per_hash()).ilog2();
        let smallest = (table.max(hash)..=LARGEST).find(|&k| fits(k, MOST.0, MOST.1)).unwrap_or(LARGEST);
        let largest = (smallest..=LARGEST).find(|&k| fits(k, 1, 1)).unwrap_or(LARGEST);
        (smallest..=largest.min(smallest + doublings)).collect()
    }

    fn lanes(&self, k: u32) -> std::ops::RangeInclusive<usize> {
        let fewest = (1..=MOST.0).find(|&lanes| self.activations(lanes) < 1 << k).unwrap_or(MOST.0);
        fewest..=(fewest + MORE_LANES).min(MOST.0)
    }
}
