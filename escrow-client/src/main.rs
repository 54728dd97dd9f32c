//! `zkescrow`: reads the command line, runs one verb, says what came of it.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use tokio::runtime::Runtime;
use zkescrow_client::{
    chain,
    cli::Cli,
    commands, config,
    failure::Failure,
    output::{self, Ui},
    panics,
};

fn main() -> ExitCode {
    let command = match config::apply(Cli::command()) {
        Ok(command) => command,
        Err(failure) => return Ui::new(std::env::args_os().any(|arg| arg == "--json")).finish(Err(failure)),
    };
    let parsed = command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
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
