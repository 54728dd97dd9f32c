//! `zkescrow demo`: the protocols, told as stories on a chain of their own.

mod cast;
mod forgeries;
mod prediction;

use std::path::PathBuf;

use crate::{
    failure::Failure,
    output::{Outcome, Ui},
};

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Story {
    /// Predictions are sold, contested and proven; then a provider cheats and is slashed.
    #[default]
    Prediction,
    /// An honest proof is accepted, and every forgery refused, natively and on chain.
    Forgeries,
}

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow demo                              MobileNet v2 (0.35, 96) is sold, about a minute
  zkescrow demo --small                      the same with a network of six layers
  zkescrow demo forgeries --keep demo-run")]
pub struct Args {
    /// What is shown.
    #[arg(value_enum, default_value_t)]
    pub story: Story,
    /// A network of six layers instead of MobileNet v2.
    #[arg(long)]
    pub small: bool,
    /// Keep the files of `forgeries` in this folder, which must be new or empty.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    match args.story {
        Story::Forgeries => forgeries::run(args.keep.as_deref(), ui).await,
        _ if args.keep.is_some() => Err(Failure::Request("--keep is for zkescrow demo forgeries".into())),
        Story::Prediction => prediction::run(args.small, ui).await,
    }
}

/// A number with its thousands apart.
fn digits(n: u64) -> String {
    let plain = n.to_string();
    let groups: Vec<_> = plain.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
