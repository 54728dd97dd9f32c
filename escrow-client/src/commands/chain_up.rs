//! `zkescrow chain up`: Anvil in the foreground, with the contracts if that is asked for.

use std::path::PathBuf;

use serde_json::json;

use super::deploy::ConstantArgs;
use crate::{
    chain::{Chain, NodeArgs, local::LocalChain},
    failure::Failure,
    market::deployment::Deployment,
    output::{Outcome, Ui},
    paths,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow chain up --port 8545 --deployment deployment.json")]
pub struct Args {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8545)]
    pub port: u16,
    /// Deploy a marketplace, and write where it is into this file.
    #[arg(long, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
    /// Constants of the marketplace.
    #[command(flatten)]
    pub constants: ConstantArgs,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    if let Some(path) = &args.deployment {
        paths::require_target(path)?;
    }
    let local = LocalChain::start(args.port)?;
    let chain = Chain::connect(&NodeArgs::local(&local.rpc)).await?;
    let mut json = json!({ "rpc": local.rpc, "chainId": chain.id });
    let mut text = format!("chain {} at {}; interrupt to end it", chain.id, local.rpc);
    if let Some(path) = &args.deployment {
        let deployment = Deployment::create(&chain, &args.constants.constants()).await?;
        deployment.save(path)?;
        json["deployment"] = json!(deployment);
        text += &format!("\n{} says where the contracts are", path.display());
    }
    ui.announce(&json, &text);
    local.ended().await;
    ui.note("Anvil ended by itself");
    Ok(Outcome::over(false))
}
