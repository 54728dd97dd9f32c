//! How the layout of a circuit is chosen on the command line.

use zkescrow_circuits::{
    network::Network,
    plan::{Choice, Degree},
    planner::{self, Objective},
};

use crate::failure::Failure;

/// What a layout can be chosen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Optimise {
    /// The least gas that takes at most half as much time again to prove as the fastest layout.
    #[default]
    Balanced,
    /// Proofs that are made fastest.
    Time,
    /// Proofs that cost the least gas.
    Gas,
}

impl From<Optimise> for Objective {
    fn from(optimise: Optimise) -> Self {
        match optimise {
            Optimise::Balanced => Self::Balanced,
            Optimise::Time => Self::Time,
            Optimise::Gas => Self::Gas,
        }
    }
}

impl Optimise {
    /// As it is given on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Time => "time",
            Self::Gas => "gas",
        }
    }
}

/// Degrees of constraints, on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DegreeArg {
    /// Constraints of degree three.
    #[default]
    #[value(name = "3")]
    Three,
    /// Constraints of degree five: less gas, more time.
    #[value(name = "5")]
    Five,
}

impl From<DegreeArg> for Degree {
    fn from(degree: DegreeArg) -> Self {
        match degree {
            DegreeArg::Three => Self::Three,
            DegreeArg::Five => Self::Five,
        }
    }
}

/// Flags.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
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
    /// Degree of the constraints, beside lanes and weight columns.
    #[arg(long, value_enum, default_value_t, requires = "lanes")]
    pub degree: DegreeArg,
}

impl LayoutArgs {
    /// What was given, if everything was.
    pub fn given(&self) -> Option<Choice> {
        let (lanes, weight_columns) = self.lanes.zip(self.weight_columns)?;
        Some(Choice { lanes, weight_columns, degree: self.degree.into(), k: self.k })
    }

    /// The layout that was given, or the planner's.
    pub fn choose(&self, network: &Network) -> Result<Choice, Failure> {
        match self.given() {
            Some(choice) => Ok(choice),
            None => Ok(planner::choose(network, self.optimise.into(), self.k)?),
        }
    }
}
