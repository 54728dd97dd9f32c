//! `zkescrow`: reads the command line, runs one verb, says what came of it.

use std::process::ExitCode;

use clap::Parser;
use zkescrow_client::{
    chain,
    cli::Cli,
    commands,
    output::{self, Ui},
};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let ui = Ui::new(cli.json);
    tokio::spawn(chain::local::stop_on_signal());
    let outcome = commands::run(cli.command, &ui).await;
    ui.finish(outcome)
}
