//! `zkescrow`: reads the command line, runs one verb, says what came of it.

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Runtime;
use zkescrow_client::{
    chain,
    cli::Cli,
    commands,
    failure::Failure,
    output::{self, Ui},
    panics,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let ui = Ui::new(cli.json);
    let outcome = panics::caught(|| {
        let runtime = Runtime::new().map_err(|e| Failure::Request(format!("cannot start: {e}")))?;
        runtime.spawn(chain::local::stop_on_signal());
        runtime.block_on(commands::run(cli.command, &ui))
    });
    ui.finish(outcome)
}
