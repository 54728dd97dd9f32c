//! What the planner may choose, and why it may not.

use serde::{Deserialize, Serialize};

use super::Degree;
use crate::network::{MapId, NetworkError};

/// The largest circuit has `2^MAX_K` rows.
pub(super) const MAX_K: u32 = 24;
/// How much larger than needed a circuit may be, in powers of two: room to share one size among models.
pub(super) const MAX_SPARE: u32 = 4;

/// What the planner may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Activations per row.
    pub lanes: usize,
    /// Parameter columns.
    pub weight_columns: usize,
    /// Degree of the constraints.
    pub degree: Degree,
    /// Rows; `None` takes the fewest that fit.
    pub k: Option<u32>,
}

impl Default for Choice {
    fn default() -> Self {
        Self { lanes: 2, weight_columns: 2, degree: Degree::Three, k: None }
    }
}

/// Why a network cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The architecture is not valid.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Consumers of one map want it stored differently.
    #[error("map {map} ({name}) is read with stride 1 and with stride 2; split it into two layers")]
    Strides {
        /// The map.
        map: MapId,
        /// The layer that writes it.
        name: String,
    },
    /// The rows asked for do not suffice.
    #[error("the model needs k = {needed}, not {k}: leave --k out, or raise it")]
    Rows {
        /// What was asked for.
        k: u32,
        /// What is needed.
        needed: u32,
    },
    /// More rows asked for than make sense.
    #[error("k = {k} is far more than the model needs ({needed}): leave --k out, or lower it")]
    TooManyRows {
        /// What was asked for.
        k: u32,
        /// What is needed.
        needed: u32,
    },
    /// The model is larger than any circuit that could be proven.
    #[error(
        "the model has {rows} rows of activations, more than the 2^{MAX_K} rows of the largest circuit; use more lanes or a smaller input"
    )]
    TooLarge {
        /// Rows.
        rows: usize,
    },
    /// Lanes or columns out of range.
    #[error("{lanes} lanes and {columns} weight columns are not supported: use 1 to 16 lanes and 1 to 32 columns")]
    Choice {
        /// Lanes asked for.
        lanes: usize,
        /// Weight columns asked for.
        columns: usize,
    },
}
