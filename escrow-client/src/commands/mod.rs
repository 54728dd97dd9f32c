//! The verbs, one file each.

pub mod accuracy;
pub mod bench;
pub mod chain_up;
pub mod consumer;
pub mod demo;
pub mod deploy;
pub mod generate;
pub mod infer;
pub mod jobs;
pub mod model;
pub mod party;
pub mod plan;
pub mod plan_circuit;
pub mod prove;
pub mod provider;
pub mod retrieval;
pub mod setup;
pub mod status;
pub mod verify;
pub mod watch;
pub mod worker;

use clap::CommandFactory;
use serde_json::json;

use crate::{
    cli::{ChainCommand, Cli, Command, VerifierCommand},
    failure::Failure,
    output::{Outcome, Ui},
    reference,
};

/// Runs one verb.
pub async fn run(command: Command, ui: &Ui) -> Result<Outcome, Failure> {
    match command {
        Command::Model(command) => model::run(&command, ui),
        Command::Plan(command) => plan::run(&command, ui),
        Command::Setup(args) => setup::run(&args, ui),
        Command::Infer(args) => infer::run(&args, ui),
        Command::Prove(args) => prove::run(&args, ui),
        Command::Worker(args) => worker::run(&args, ui).await,
        Command::Jobs(args) => jobs::run(&args, ui).await,
        Command::Verify(args) => verify::run(&args, ui),
        Command::Verifier(VerifierCommand::Generate(args)) => generate::run(&args, ui),
        Command::Chain(ChainCommand::Up(args)) => chain_up::run(&args, ui).await,
        Command::Deploy(args) => deploy::run(&args, ui).await,
        Command::Provider(command) => provider::run(&command, ui).await,
        Command::Consumer(command) => consumer::run(&command, ui).await,
        Command::Accuracy(command) => accuracy::run(&command, ui).await,
        Command::Retrieval(command) => retrieval::run(&command, ui).await,
        Command::Status(args) => status::run(&args, ui).await,
        Command::Watch(args) => watch::run(&args, ui).await,
        Command::Demo(args) => demo::run(&args, ui).await,
        Command::Completions { shell } => {
            let mut script = vec![];
            clap_complete::generate(shell, &mut Cli::command(), "zkescrow", &mut script);
            Ok(Outcome::done(json!({ "shell": shell.to_string() }), String::from_utf8_lossy(&script).trim_end()))
        }
        Command::Reference => Ok(Outcome::done(json!({}), reference::markdown().trim_end())),
        Command::Bench(args) => bench::run(&args, ui),
    }
}
