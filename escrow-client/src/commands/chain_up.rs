//! `zkescrow chain up`: Anvil in the foreground.

use serde_json::json;

use crate::{
    chain::{Chain, NodeArgs, local::LocalChain},
    failure::Failure,
    output::{Outcome, Ui},
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow chain up --port 8545")]
pub struct Args {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8545)]
    pub port: u16,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let local = LocalChain::start(args.port)?;
    let chain = Chain::connect(&NodeArgs::local(&local.rpc)).await?;
    let json = json!({ "rpc": local.rpc, "chainId": chain.id });
    ui.announce(&json, &format!("chain {} at {}; interrupt to end it", chain.id, local.rpc));
    local.ended().await;
    ui.note("Anvil ended by itself");
    Ok(Outcome::over(false))
}
