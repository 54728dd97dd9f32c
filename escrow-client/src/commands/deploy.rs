//! `zkescrow deploy`: a marketplace, and the contracts that judge proofs of an architecture.

use std::path::PathBuf;

use alloy::primitives::Address;
use serde_json::json;
use zkescrow_circuits::keys::VerifierKeys;

use super::{generate, party};
use crate::{
    chain::{Chain, NodeArgs},
    contracts::Contracts,
    failure::Failure,
    market::deployment::{Architecture, Constants, Deployment},
    output::{Outcome, Ui},
    paths,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow chain up &
  zkescrow deploy --rpc http://127.0.0.1:8545 --keys keys -o deployment.json

A second call with the same file adds another architecture to the same marketplace.")]
pub struct Args {
    /// The key folder of an architecture to add.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: Option<PathBuf>,
    /// The deployment file: extended if it is there, written otherwise.
    #[arg(short, long, value_name = "FILE", env = "ZKESCROW_DEPLOYMENT", default_value = "deployment.json")]
    pub output: PathBuf,
    /// Deploy another marketplace, even if the file names one.
    #[arg(long)]
    pub new: bool,
    /// Constants of a new marketplace.
    #[command(flatten)]
    pub constants: ConstantArgs,
    /// The node, and the account that pays.
    #[command(flatten)]
    pub node: NodeArgs,
}

/// What a new marketplace fixes for ever.
#[derive(Clone, Debug, clap::Args)]
pub struct ConstantArgs {
    /// What models are staked in: a token's address; ETH by default.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    pub stake_currency: Address,
    /// Examples that a provider may see before an exam (N1). A model needs a stake of 1000 times their cost.
    #[arg(long, value_name = "N", default_value_t = Constants::default().examples)]
    pub examples: u32,
    /// What a labelled example costs (E).
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128, default_value = "10000gwei")]
    pub example_cost: u128,
    /// Seconds until stake that was asked back is free.
    #[arg(long, value_name = "SECONDS", default_value_t = Constants::default().unbonding_delay)]
    pub unbonding_delay: u32,
    /// Who gets the fees of exams; by default, nobody.
    #[arg(long, value_name = "ADDRESS", default_value_t = Constants::default().fee_recipient)]
    pub fee_recipient: Address,
    /// Blocks from labels to the block that draws a sample, at least 64.
    #[arg(long, value_name = "BLOCKS", default_value_t = Constants::default().draw_delay)]
    pub draw_delay: u64,
    /// The share of lost escrows that is burned, in ten-thousandths.
    #[arg(long, value_name = "SHARE", default_value_t = 0)]
    pub burn_share: u16,
}

impl ConstantArgs {
    /// The constants.
    pub fn constants(&self) -> Constants {
        Constants {
            currency: self.stake_currency,
            examples: self.examples,
            example_cost: self.example_cost,
            unbonding_delay: self.unbonding_delay,
            fee_recipient: self.fee_recipient,
            draw_delay: self.draw_delay,
            burn_share: self.burn_share,
        }
    }
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    paths::require_target(&args.output)?;
    let read: Vec<_> = args.node.files().collect();
    let folders: Vec<_> = args.keys.iter().map(PathBuf::as_path).collect();
    paths::require_apart(&args.output, &read, &folders)?;
    let keys = args.keys.as_deref().map(VerifierKeys::load).transpose()?;
    if let Some(keys) = &keys {
        ui.warn_origin(&keys.description.origin);
    }
    let chain = Chain::connect(&args.node).await?;
    let mut deployment = if args.new || !args.output.exists() {
        let progress = ui.progress("deploying the marketplace");
        let made = Deployment::create(&chain, &args.constants.constants()).await?;
        drop(progress);
        // Before anything else can fail: what was paid for must not be lost.
        made.save(&args.output)?;
        made
    } else {
        Deployment::open(&args.output, &chain).await.map_err(|failure| match failure {
            Failure::Request(reason) => Failure::Request(format!("{reason}; --new deploys another marketplace")),
            other => other,
        })?
    };
    let mut text = format!(
        "{}: registry at {}, rounds at {}, exams at {}, requests at {}",
        args.output.display(),
        deployment.market.registry.address,
        deployment.market.prediction_escrow.address,
        deployment.market.accuracy_escrow.address,
        deployment.market.retrieval_escrow.address,
    );
    if let Some(keys) = &keys {
        let (_, compiled) = generate::build(keys, ui)?;
        let progress = ui.progress("deploying the verifier");
        let contracts = Contracts::deploy(&chain, keys, &compiled).await?;
        deployment.add(&chain, describe(keys, &contracts)).await?;
        drop(progress);
        deployment.save(&args.output)?;
        text += &format!(
            "\narchitecture {}: inference verifier at {}, {} gas for its four contracts",
            alloy::primitives::B256::from(keys.arch),
            contracts.inference.address,
            contracts.gas(),
        );
    }
    Ok(Outcome::done(json!(deployment), text))
}

/// The architecture of a key folder, as a deployment file has it.
pub fn describe(keys: &VerifierKeys, contracts: &Contracts) -> Architecture {
    Architecture {
        arch_digest: keys.arch.into(),
        insecure: keys.description.origin.is_insecure(),
        inference_verifier: contracts.inference.into(),
        model_verifier: contracts.model.into(),
        halo2_verifier: contracts.shared.into(),
        verifying_key: contracts.key.into(),
    }
}
