//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    accuracy, bench, chain_up, consumer, demo, deploy, generate, infer, jobs, model, plan, prove, provider, retrieval,
    setup, status, verify, watch, worker,
};

/// Sell neural-network predictions that nobody has to trust.
#[derive(Debug, Parser)]
#[command(name = "zkescrow", version, propagate_version = true, after_help = EXAMPLE)]
pub struct Cli {
    /// Print one JSON document on stdout; logs and progress go to stderr.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLE: &str = "\
Example:
  zkescrow demo                                    the whole story, on a local chain of its own

  zkescrow model sample -o model.zkm               or step by step
  zkescrow setup --model model.zkm --keys keys
  zkescrow prove --model model.zkm --keys keys --input photo.png -o proof.json
  zkescrow verify --keys keys --proof proof.json

Exit code: 0 done, 1 the answer is no (proof invalid, transaction reverted), 2 the request was wrong.";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import, inspect and make models.
    #[command(subcommand)]
    Model(model::Command),
    /// Say what something will take, before it is done.
    #[command(subcommand)]
    Plan(plan::Command),
    /// Make the keys of a model's architecture and commit to its weights.
    Setup(setup::Args),
    /// Run a model on an image.
    Infer(infer::Args),
    /// Prove what a committed model says about an image.
    Prove(prove::Args),
    /// Make the proofs that are ordered in a queue.
    Worker(worker::Args),
    /// Show how far a queue of proofs has got.
    Jobs(jobs::Args),
    /// Check a proof.
    Verify(verify::Args),
    /// Turn keys into a Solidity verifier.
    #[command(subcommand)]
    Verifier(VerifierCommand),
    /// Run a local chain.
    #[command(subcommand)]
    Chain(ChainCommand),
    /// Deploy a marketplace, and the verifier contracts of a key folder.
    Deploy(deploy::Args),
    /// Sell predictions.
    #[command(subcommand)]
    Provider(provider::Command),
    /// Buy predictions.
    #[command(subcommand)]
    Consumer(consumer::Command),
    /// Measure the accuracy of a hidden model on a hidden test set.
    #[command(subcommand)]
    Accuracy(accuracy::Command),
    /// Ask for all documents that a public model finds positive, or answer such requests.
    #[command(subcommand)]
    Retrieval(retrieval::Command),
    /// Show where rounds stand, whose turn it is, and what is at stake.
    Status(status::Args),
    /// Say what changes in an account's rounds, and warn of deadlines.
    Watch(watch::Args),
    /// Show everything end to end on a fresh local chain, cheats included.
    Demo(demo::Args),
    /// Write completions for a shell to stdout.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the reference of all verbs to stdout, as Markdown.
    #[command(hide = true)]
    Reference,
    /// Measure setup, proving and verifying on this machine.
    Bench(bench::Args),
}

/// `zkescrow verifier …`
#[derive(Debug, Subcommand)]
pub enum VerifierCommand {
    /// Write the Solidity verifier of a key folder, its bytecode and its interface.
    Generate(generate::Args),
}

/// `zkescrow chain …`
#[derive(Debug, Subcommand)]
pub enum ChainCommand {
    /// Run Anvil until it is interrupted.
    Up(chain_up::Args),
}
