//! How the layout of a circuit is chosen on the command line.

use zkescrow_circuits::{
    network::Network,
    plan::Choice,
    planner::{self, Objective},
};

use crate::failure::Failure;

/// What a layout can be chosen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Optimise {
    /// Proofs that are made fastest, of at most 6,000 bytes if that is possible.
    #[default]
    Time,
    /// The shortest proofs.
    Size,
}

impl From<Optimise> for Objective {
    fn from(optimise: Optimise) -> Self {
        match optimise {
            Optimise::Time => Self::Time,
            Optimise::Size => Self::Size,
        }
    }
}

impl Optimise {
    /// As it is given on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Size => "size",
        }
    }
}

/// Flags.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct LayoutArgs {
    /// Rows of the circuit, as a power of two; by default what suits the aim best.
    #[arg(long)]
    pub k: Option<u32>,
    /// What the planner aims for.
    #[arg(long, value_enum, default_value_t, conflicts_with = "lanes")]
    pub optimise: Optimise,
    /// Activations per row, instead of the planner's choice.
    #[arg(long, requires = "weight_columns")]
    pub lanes: Option<usize>,
    /// Columns of weights, instead of the planner's choice.
    #[arg(long, requires = "lanes")]
    pub weight_columns: Option<usize>,
}

impl LayoutArgs {
    /// What was given, if everything was.
    pub fn given(&self) -> Option<Choice> {
        let (lanes, weight_columns) = self.lanes.zip(self.weight_columns)?;
        Some(Choice { lanes, weight_columns, k: self.k })
    }

    /// The layout that was given, or the planner's.
    pub fn choose(&self, network: &Network) -> Result<Choice, Failure> {
        match self.given() {
            Some(choice) => Ok(choice),
            None => Ok(planner::choose(network, self.optimise.into(), self.k)?),
        }
    }
}
