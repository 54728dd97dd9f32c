//! What a consumer does in an exam: open it, hand examples over, challenge.

use std::{collections::BTreeSet, path::PathBuf};

use alloy::primitives::{Address, B256, U256};
use rand::random;
use serde_json::json;
use zkescrow_circuits::keys::VerifierKeys;

use super::{Act, ActWithKeys, desk, done};
use crate::{
    bindings::Courier,
    commands::{
        consumer::{require_judged, share},
        party::{self, PartyArgs},
    },
    exams::{
        answers,
        case::{MILLION, Terms, Windows},
        exchange,
    },
    failure::Failure,
    output::{Outcome, Ui},
    paths,
};

/// Flags of `open`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow accuracy open --keys keys --test-set 0x34… --first 20 --target 90% --provider 0xf39F… --model-id 0x56… \\
    --example-cost 0.001eth --proof-cost 0.0005eth --inference-cost 0.00001eth \\
    --rpc http://127.0.0.1:8545 --store consumer.db

Each side locks twice the cost of all examples. A passed exam costs twice the inferences of the first examples and the proofs
of the others.")]
pub struct Open {
    #[command(flatten)]
    party: PartyArgs,
    /// Keys of the model's architecture: what was deployed is compared with them.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// The test set, as `commit-set` named it.
    #[arg(long, value_name = "ROOT")]
    test_set: B256,
    /// How many examples the provider sees before it decides.
    #[arg(long, value_name = "N")]
    first: u32,
    /// The accuracy to reach, such as 90%.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    target: f64,
    /// Whose model it is.
    #[arg(long, value_name = "ADDRESS")]
    provider: Address,
    /// The model's id in the registry.
    #[arg(long, value_name = "ID")]
    model_id: B256,
    /// What a labelled example costs; more than a proof.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128)]
    example_cost: u128,
    /// What a proof costs; more than an inference.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128)]
    proof_cost: u128,
    /// What an inference costs.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128)]
    inference_cost: u128,
    /// What the exam is paid in: a token's address; ETH by default.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    currency: Address,
    #[command(flatten)]
    times: Times,
}

/// Seconds for each step, and what a published chunk costs.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Seconds for each step")]
pub struct Times {
    /// To accept.
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    accept_window: u32,
    /// To announce examples.
    #[arg(long, value_name = "SECONDS", default_value_t = 14_400)]
    announce_window: u32,
    /// To decide after the first examples.
    #[arg(long, value_name = "SECONDS", default_value_t = 14_400)]
    decide_window: u32,
    /// From the examples to the results.
    #[arg(long, value_name = "SECONDS", default_value_t = 14_400)]
    results_window: u32,
    /// To challenge results.
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    challenge_window: u32,
    /// From a challenge to its last proof,
    #[arg(long, value_name = "SECONDS", default_value_t = 14_400)]
    respond_window: u32,
    /// and more for each.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    respond_each: u32,
    /// For each step of a delivery,
    #[arg(long, value_name = "SECONDS", default_value_t = 14_400)]
    delivery_step: u32,
    /// and more for each published chunk.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    delivery_chunk: u32,
    /// What a published chunk costs: it should pay for a million gas.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128, default_value = "0.01eth")]
    delivery_bond: u128,
}

/// Flags of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    #[command(flatten)]
    of: ActWithKeys,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Flags of `challenge`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow accuracy challenge --case 0x12… --places 0,7,31 --rpc http://127.0.0.1:8545 --store consumer.db")]
pub struct Challenge {
    #[command(flatten)]
    act: Act,
    /// The answers to have proven, counted from 0 behind the first examples.
    #[arg(long, value_name = "PLACE", value_delimiter = ',', required = true)]
    places: Vec<u64>,
    /// The answers, if the provider gave them: they are checked against what it posted.
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
}

/// Opens an exam.
pub async fn open(args: &Open, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let party = args.party.open().await?;
    require_judged(&party, args.model_id, args.provider, &keys).await?;
    let desk = desk(&party);
    let known = desk.store.example_leaves(args.test_set).await?.len();
    let examples = u32::try_from(known).ok().filter(|&known| known > 0).ok_or_else(|| {
        Failure::Request(format!("the store has no test set {}: run zkescrow accuracy commit-set", args.test_set))
    })?;
    if !(1..examples).contains(&args.first) {
        return Err(Failure::Request(format!(
            "--first {} of {examples} examples: give at least one, and leave at least one for the exam",
            args.first
        )));
    }
    let Times { accept_window, announce_window, decide_window, results_window, challenge_window, .. } = args.times;
    let Times { respond_window, respond_each, delivery_step, delivery_chunk, delivery_bond, .. } = args.times;
    let terms = Terms {
        consumer: desk.chain.sender,
        provider: args.provider,
        model: args.model_id,
        currency: args.currency,
        examples,
        first: args.first,
        target: millionths(args.target),
        exampleCost: args.example_cost,
        proofCost: args.proof_cost,
        inferenceCost: args.inference_cost,
        testSet: args.test_set,
        windows: Windows {
            accept: accept_window,
            announce: announce_window,
            decide: decide_window,
            results: results_window,
            challenge: challenge_window,
            respond: respond_window,
            respondEach: respond_each,
        },
        courier: Courier { step: delivery_step, perChunk: delivery_chunk, bond: delivery_bond },
        salt: U256::from_be_bytes(random::<[u8; 32]>()),
    };
    if !(args.example_cost > args.proof_cost && args.proof_cost > args.inference_cost && args.inference_cost > 0) {
        return Err(Failure::Request(
            "examples have to cost more than proofs, proofs more than inferences, and inferences something".into(),
        ));
    }
    let (id, receipt) = desk.open(terms).await?;
    let case = desk.case(id).await?;
    done(&desk, &case, &receipt).await
}

/// A share as contracts count it.
pub fn millionths(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * MILLION as f64).round() as u32
}

/// Writes the ciphertext of a delivery.
pub async fn export(args: &Export) -> Result<Outcome, Failure> {
    paths::require_target(&args.output)?;
    let keys = VerifierKeys::load(&args.of.keys)?;
    let desk = desk(&args.of.act.party.open().await?);
    let case = desk.case(args.of.act.case.case).await?;
    let (_, sealed) = desk.seal(&case, &keys.plan.network).await?;
    exchange::write_ciphertext(&args.output, sealed.words())?;
    let (root, words, file) = (sealed.tree().root(), sealed.words().len(), args.output.display().to_string());
    let text = format!("{file}: {words} words with root {root}");
    Ok(Outcome::done(json!({ "case": format!("{:#066x}", case.id), "root": root, "words": words, "file": file }), text))
}

/// Challenges answers.
pub async fn challenge(args: &Challenge) -> Result<Outcome, Failure> {
    let desk = desk(&args.act.party.open().await?);
    let case = desk.case(args.act.case.case).await?;
    if let Some(path) = &args.results {
        let all = answers::read(path)?;
        if !answers::are_behind(&all, case.results, case.correct) {
            let path = path.display();
            return Err(Failure::Request(format!(
                "{path} does not hold the answers that were posted: ask for them again"
            )));
        }
        desk.store.put_answers(case.id, &all).await?;
    }
    let places: BTreeSet<u64> = args.places.iter().copied().collect();
    let receipt = desk.challenge(&case, &places.into_iter().collect::<Vec<_>>()).await?;
    done(&desk, &case, &receipt).await
}
