//! Moves in cases that need more than the case.

use std::path::{Path, PathBuf};

use alloy::primitives::{B256, U256};
use rand::random;
use serde_json::{Value, json};
use zkescrow_circuits::keys::VerifierKeys;

use super::{Act, ActWithKeys, ActWithModel, Seat, Stock, show};
use crate::{
    commands::party::{self, PartyArgs},
    contracts::Claim,
    failure::Failure,
    folder,
    market::deployment::Deployment,
    output::{Outcome, Ui},
    paths,
    requests::{
        Case, Dataset, Requester,
        case::{self, Request},
        next::Move,
        positives::Positives,
        terms::share,
    },
};

/// Most bytes of a ciphertext file.
const LIMIT: u64 = 1 << 32;

/// Flags of `file`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow retrieval file --dataset 0x12… --model-id 0x34… --label 3,7 --bound 5% --delta 5% --reward 0.1eth \\
    --rpc http://127.0.0.1:8545")]
pub struct File {
    #[command(flatten)]
    party: PartyArgs,
    /// The dataset's id.
    #[arg(long, value_name = "ID", value_parser = party::case_id)]
    dataset: U256,
    /// A model whose weights are public, by its id in the registry.
    #[arg(long, value_name = "ID")]
    model_id: B256,
    /// Which labels are asked for.
    #[arg(long, value_name = "LABEL", value_delimiter = ',', required = true,
        value_parser = clap::value_parser!(u64).range(..65_536))]
    label: Vec<u64>,
    /// What share of wrong labels the sample has to rule out: `zkescrow plan samples` says how many proofs that takes.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "5%")]
    bound: u64,
    /// The probability of error that is accepted.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "5%")]
    delta: u64,
    /// What the responder gets for its work.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128)]
    reward: u128,
}

/// Flags of `prove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow retrieval prove --case 0x12… --sample 0 --model model.zkm --keys keys --rpc http://127.0.0.1:8545
  zkescrow worker --model model.zkm --keys keys --until-empty         if there is no proof yet, then again")]
pub struct Prove {
    #[command(flatten)]
    act: Act,
    #[command(flatten)]
    stock: Stock,
    /// Which sample, counted from 0.
    #[arg(long)]
    sample: u64,
    /// A proof file; by default, the queue's proof. What the queue does not have is ordered.
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
}

/// Flags of `export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  zkescrow retrieval export --case 0x12… --rpc http://127.0.0.1:8545 -o positives.json"
)]
pub struct Export {
    #[command(flatten)]
    act: Act,
    /// The file to write. Whoever has it has the documents.
    #[arg(short, long, value_name = "FILE", default_value = "positives.json")]
    output: PathBuf,
}

/// Flags of `check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  zkescrow retrieval check --case 0x12… --keys keys --rpc http://127.0.0.1:8545 positives.json"
)]
pub struct Check {
    #[command(flatten)]
    with: ActWithKeys,
    /// The responder's file.
    #[arg(value_name = "FILE")]
    positives: PathBuf,
}

/// Flags of `demand`.
#[derive(Debug, clap::Args)]
pub struct Demand {
    #[command(flatten)]
    act: Act,
    /// The first positive, counted from 0; by default, the first that is not here.
    #[arg(long)]
    first: Option<u64>,
    /// How many; by default, to the last that is not here.
    #[arg(long)]
    count: Option<u64>,
}

/// Flags of `announce`.
#[derive(Debug, clap::Args)]
pub struct Announce {
    #[command(flatten)]
    with: ActWithKeys,
    /// Write the ciphertext into this file, for the requester.
    #[arg(long, value_name = "FILE")]
    ciphertext: Option<PathBuf>,
}

/// Flags of `acknowledge`.
#[derive(Debug, clap::Args)]
pub struct Acknowledge {
    #[command(flatten)]
    act: Act,
    /// The responder's file; by default, it is in the store already.
    #[arg(long, value_name = "FILE")]
    ciphertext: Option<PathBuf>,
}

/// Flags of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow retrieval status --rpc http://127.0.0.1:8545            all requests and datasets of the account")]
pub struct Status {
    #[command(flatten)]
    party: PartyArgs,
    /// A case; by default, all of the account.
    #[arg(long, value_name = "ID", value_parser = party::case_id)]
    case: Option<U256>,
    /// A dataset.
    #[arg(long, value_name = "ID", value_parser = party::case_id, conflicts_with = "case")]
    dataset: Option<U256>,
}

/// Files a request.
pub async fn file(args: &File) -> Result<Outcome, Failure> {
    let seat = Seat::take(&args.party).await?;
    let dataset = seat.desk.dataset(args.dataset).await?;
    require_known(&seat, &dataset).await?;
    let request = Request {
        requester: seat.desk.chain.sender,
        dataset: dataset.id,
        model: args.model_id,
        positives: case::positives(&args.label),
        bound: args.bound,
        delta: args.delta,
        reward: args.reward,
        salt: U256::from_be_bytes(random::<[u8; 32]>()),
    };
    let (id, receipt) = seat.desk.file(&dataset, request).await?;
    let case = seat.desk.case(id).await?;
    seat.done(&case, &receipt).await
}

/// Makes sure that who judges the proofs about a dataset is known: it could accept anything.
async fn require_known(seat: &Seat, dataset: &Dataset) -> Result<(), Failure> {
    let verifier = dataset.terms.verifier;
    let known = |deployment: &Deployment| {
        deployment.architectures.iter().find(|known| known.inference_verifier.address == verifier).copied()
    };
    let known = known(&seat.deployment).ok_or_else(|| {
        Failure::Request(format!("the deployment file does not know {verifier}, which judges proofs about the dataset"))
    })?;
    for contract in [known.inference_verifier, known.model_verifier, known.halo2_verifier, known.verifying_key] {
        if seat.desk.chain.code_hash(contract.address).await? != contract.code_hash {
            return Err(Failure::Request(format!("there is other code at {} than deployed", contract.address)));
        }
    }
    Ok(())
}

/// Labels all documents and commits to the labels.
pub async fn post_results(args: &ActWithModel, ui: &Ui) -> Result<Outcome, Failure> {
    let (seat, case) = Seat::at(&args.act).await?;
    let responder = seat.responder(&args.stock, ui).await?;
    responder.label(&case).await?;
    let receipt = responder.make(&case, &Move::PostResults).await?;
    seat.done(&case, &receipt).await
}

/// Proves a sample.
pub async fn prove(args: &Prove, ui: &Ui) -> Result<Outcome, Failure> {
    let (seat, case) = Seat::at(&args.act).await?;
    let responder = seat.responder(&args.stock, ui).await?;
    let receipt = match &args.proof {
        Some(path) => {
            let claim = Claim::new(&responder.goods.commitment, &paths::proof(path)?);
            seat.desk.prove(&case, args.sample, &claim).await?
        }
        None => {
            responder.order_proofs(&case).await?;
            responder.make(&case, &Move::Prove(args.sample)).await?
        }
    };
    seat.done(&case, &receipt).await
}

/// Writes positives.
pub async fn export(args: &Export) -> Result<Outcome, Failure> {
    paths::require_target(&args.output)?;
    let (seat, case) = Seat::at(&args.act).await?;
    let positives = Positives::export(&seat.desk, &case).await?;
    folder::write_json(&args.output, &json!(positives))?;
    let (count, path) = (positives.documents.len(), args.output.display());
    let json = json!({ "case": format!("{:#066x}", case.id), "positives": count, "file": args.output });
    Ok(Outcome::done(json, format!("{path}: {count} positives")))
}

/// Checks positives.
pub async fn check(args: &Check) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.with.keys)?;
    let positives = Positives::read(&args.positives)?;
    let (seat, case) = Seat::at(&args.with.act).await?;
    let requester = requester(&seat, &keys);
    let taken = requester.take(&case, &positives).await?;
    let missing = requester.missing(&case).await?;
    let documents: Vec<Value> =
        positives.documents.iter().map(|shown| json!({ "document": shown.document, "label": shown.label })).collect();
    let json = json!({
        "case": format!("{:#066x}", case.id),
        "positives": case.positives,
        "checked": taken,
        "complete": missing.is_none(),
        "documents": documents,
    });
    let rest = match &missing {
        None => "these are all".into(),
        Some(range) => format!("of positives {} to {}, some are missing", range.start, range.end - 1),
    };
    Ok(Outcome { yes: missing.is_none(), json, text: format!("{taken} of {} positives, {rest}", case.positives) })
}

/// Demands positives.
pub async fn demand(args: &Demand) -> Result<Outcome, Failure> {
    let (seat, case) = Seat::at(&args.act).await?;
    let known = seat.desk.store.known_positives(case.id).await?;
    let is_missing = |number: &u64| known.binary_search(number).is_err();
    let all = 0..case.positives;
    let first = args.first.or_else(|| all.clone().find(is_missing)).unwrap_or_default();
    let end = match args.count {
        Some(count) => first.saturating_add(count),
        None => all.rev().find(is_missing).map_or(case.positives, |last| last + 1),
    };
    let receipt = seat.desk.demand_positives(&case, first..end).await?;
    seat.done(&case, &receipt).await
}

/// Announces documents.
pub async fn announce(args: &Announce) -> Result<Outcome, Failure> {
    args.ciphertext.as_deref().map(paths::require_target).transpose()?;
    let keys = VerifierKeys::load(&args.with.keys)?;
    let (seat, case) = Seat::at(&args.with.act).await?;
    let network = &keys.plan.network;
    if let Some(path) = &args.ciphertext {
        write_ciphertext(path, seat.desk.seal(&case, network).await?.1.words())?;
    }
    let receipt = seat.desk.announce_documents(&case, network).await?;
    seat.done(&case, &receipt).await
}

/// Publishes a chunk.
pub async fn publish(args: &ActWithKeys) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    let (seat, case) = Seat::at(&args.act).await?;
    let receipt = seat.desk.publish_chunk(&case, &keys.plan.network).await?;
    seat.done(&case, &receipt).await
}

/// Acknowledges a ciphertext.
pub async fn acknowledge(args: &Acknowledge) -> Result<Outcome, Failure> {
    let (seat, case) = Seat::at(&args.act).await?;
    if let (Some(path), Some(delivery)) = (&args.ciphertext, &case.delivery) {
        let words = read_ciphertext(path)?;
        let store = &seat.desk.store;
        if !crate::market::handover::receive(store, case.id, delivery, &words).await? {
            return Err(Failure::Request(format!("{} is not the announced ciphertext: demand it", path.display())));
        }
    }
    let receipt = seat.desk.acknowledge(&case).await?;
    seat.done(&case, &receipt).await
}

/// Complains about a delivery.
pub async fn complain(args: &ActWithKeys) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    let (seat, case) = Seat::at(&args.act).await?;
    let requester = requester(&seat, &keys);
    let fault = requester.facts(&case).await?.fault;
    let fault = fault.ok_or_else(|| Failure::Request("the delivery is what was committed to".into()))?;
    let receipt = requester.make(&case, &Move::Complain(fault)).await?;
    seat.done(&case, &receipt).await
}

/// Shows cases and datasets.
pub async fn status(args: &Status) -> Result<Outcome, Failure> {
    let desk = Seat::take(&args.party).await?.desk;
    let now = desk.chain.now().await?;
    if let Some(id) = args.case {
        let case = desk.case(id).await?;
        return Ok(Outcome::done(show::describe(&case, now), show::text(&case, now)));
    }
    if let Some(id) = args.dataset {
        let dataset = desk.dataset(id).await?;
        return Ok(Outcome::done(show::describe_dataset(&dataset), show::dataset_line(&dataset)));
    }
    let (mut datasets, mut cases): (Vec<Dataset>, Vec<Case>) = (vec![], vec![]);
    for id in desk.datasets(desk.chain.sender).await? {
        datasets.push(desk.dataset(id).await?);
    }
    for id in desk.cases(desk.chain.sender).await? {
        cases.push(desk.case(id).await?);
    }
    let mut lines: Vec<String> = datasets.iter().map(show::dataset_line).collect();
    lines.extend(cases.iter().map(|case| show::line(case, now)));
    if lines.is_empty() {
        lines.push(format!("{} has no requests and no datasets", desk.chain.sender));
    }
    let datasets: Vec<Value> = datasets.iter().map(show::describe_dataset).collect();
    let cases: Vec<Value> = cases.iter().map(|case| show::describe(case, now)).collect();
    Ok(Outcome::done(json!({ "datasets": datasets, "cases": cases }), lines.join("\n")))
}

/// The requester of this seat.
pub fn requester(seat: &Seat, keys: &VerifierKeys) -> Requester {
    Requester { desk: seat.desk.clone(), network: std::sync::Arc::new(keys.plan.network.clone()) }
}

/// Writes a ciphertext.
pub fn write_ciphertext(path: &Path, words: &[U256]) -> Result<(), Failure> {
    folder::write_json(path, &words.iter().map(|&word| json!(B256::from(word))).collect())
}

/// Reads a ciphertext.
pub fn read_ciphertext(path: &Path) -> Result<Vec<U256>, Failure> {
    let wrong = |e| Failure::Request(format!("{} holds no ciphertext: {e}", path.display()));
    let words: Vec<B256> = serde_json::from_slice(&paths::read(path, LIMIT)?).map_err(wrong)?;
    Ok(words.into_iter().map(Into::into).collect())
}
