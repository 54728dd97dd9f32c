//! How far an order has got.

use alloy::primitives::B256;

/// An order in the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// [`Order::id`](super::Order::id).
    pub id: B256,
    /// The weights that it is about.
    pub weights: B256,
    /// What people call it.
    pub label: String,
    /// When the proof has to be there, in seconds since 1970.
    pub deadline: u64,
    /// How far it has got.
    pub state: State,
    /// How often a worker has begun it; what was given back does not count.
    pub attempts: u32,
    /// Why it was begun again, if it was.
    pub setback: Option<String>,
    /// When it was submitted first, in seconds since 1970.
    pub submitted: u64,
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Any worker of these weights may take it, once its pause after a setback is over.
    Waiting,
    /// A worker is at it and keeps saying so.
    Running {
        /// Who.
        worker: String,
        /// Since when, in seconds since 1970.
        since: u64,
        /// Which claim it is, among all claims of this job.
        attempt: u64,
    },
    /// There is a proof.
    Done {
        /// How long the successful attempt took.
        seconds: f64,
    },
    /// There will be none.
    Failed {
        /// Why.
        reason: String,
    },
}

impl State {
    /// The word that people and programs know it by.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running { .. } => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether nothing more will happen to it.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. })
    }
}
