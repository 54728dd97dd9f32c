//! `zkescrow deploy`: the contracts that judge proofs of one architecture.

use std::path::PathBuf;

use serde_json::{Value, json};
use zkescrow_circuits::keys::VerifierKeys;

use super::generate;
use crate::{
    chain::{Chain, Deployed, NodeArgs},
    contracts::Contracts,
    failure::Failure,
    folder,
    output::{Outcome, Ui},
    paths,
    scalar::prefixed,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow chain up &
  zkescrow deploy --keys keys --rpc http://127.0.0.1:8545 -o deployment.json")]
pub struct Args {
    /// The key folder that setup wrote.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: PathBuf,
    /// The deployment file to write.
    #[arg(short, long, value_name = "FILE", default_value = "deployment.json")]
    pub output: PathBuf,
    /// The node, and the account that pays.
    #[command(flatten)]
    pub node: NodeArgs,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    paths::require_target(&args.output)?;
    let read: Vec<_> = args.node.files().collect();
    paths::require_apart(&args.output, &read, &[&args.keys])?;
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let chain = Chain::connect(&args.node).await?;
    let (_, compiled) = generate::build(&keys, ui)?;
    let progress = ui.progress("deploying");
    let contracts = Contracts::deploy(&chain, &keys, &compiled).await?;
    drop(progress);
    let json = describe(&chain, &keys, &contracts);
    folder::write_json(&args.output, &json)?;
    let text = format!(
        "{}: inference verifier at {}, model verifier at {}, {} gas for all four contracts",
        args.output.display(),
        contracts.inference.address,
        contracts.model.address,
        contracts.gas(),
    );
    Ok(Outcome::done(json, text))
}

/// The deployment file.
pub fn describe(chain: &Chain, keys: &VerifierKeys, contracts: &Contracts) -> Value {
    let entry = |deployed: &Deployed| json!({ "address": deployed.address, "codeHash": deployed.code_hash, "gasUsed": deployed.gas });
    json!({
        "version": 1,
        "chainId": chain.id,
        "archDigest": prefixed(keys.arch),
        "insecure": keys.description.origin.is_insecure(),
        "inferenceVerifier": entry(&contracts.inference),
        "modelVerifier": entry(&contracts.model),
        "halo2Verifier": entry(&contracts.shared),
        "verifyingKey": entry(&contracts.key),
    })
}
