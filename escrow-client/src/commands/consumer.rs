//! `zkescrow consumer …`: everything that a consumer does.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use alloy::primitives::{Address, B256, U256};
use clap::Subcommand;
use rand::random;
use serde_json::json;
use zkescrow_circuits::{keys::VerifierKeys, network::MapSpec};

use super::{
    party::{CaseArg, Party, PartyArgs, moved},
    provider::{read_offer, withdraw_all},
    status,
};
use crate::{
    bindings::ModelRegistry,
    failure::Failure,
    input::{self, Images},
    output::{Outcome, Ui},
    paths,
    rounds::{
        Case, Consumer, Offer,
        case::{State, id_of},
        consumer::Audit,
        desk,
        next::Move,
    },
    service::Client,
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Buy predictions from a provider's service: open, send, check, audit, settle.
    Request(Request),
    /// Go on with a request that was interrupted.
    Resume(Resume),
    /// Open a round on the terms of an offer, with these inputs.
    Open(Open),
    /// Take back a round that nobody accepted.
    Cancel(Act),
    /// Commit to the inputs.
    CommitInputs(Act),
    /// Show demanded inputs.
    ShowInputs(Act),
    /// Announce the ciphertext of demanded inputs.
    AnnounceInputs(ActWithKeys),
    /// Publish the next chunk of the ciphertext.
    Publish(ActWithKeys),
    /// Publish the key of the ciphertext.
    Reveal(Act),
    /// Say that predictions did not come: the provider has to publish them.
    DemandPredictions(Demand),
    /// Contest predictions.
    Contest(Contest),
    /// End a round that has come to its end, or that is not contested.
    Settle(Act),
    /// Withdraw what rounds paid out.
    Withdraw(Withdraw),
}

/// What is bought and how it is checked.
#[derive(Clone, Debug, clap::Args)]
pub struct Purchase {
    /// Keys of the model's architecture: what was deployed is compared with them.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// The share of predictions to contest at random, such as 2%.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "0%")]
    audit: f64,
    /// Predictions to contest in any case.
    #[arg(long, value_name = "INDEX", value_delimiter = ',')]
    contest: Vec<u64>,
    /// The model, if its weights are public: predictions that it does not make are contested.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Seconds between two looks at the chain.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    poll: f64,
}

/// Flags of `request`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow consumer request --provider-url http://127.0.0.1:8700 --keys keys --audit 10% \\
    --rpc http://127.0.0.1:8545 --store consumer.db cat.png dog.jpg")]
pub struct Request {
    #[command(flatten)]
    purchase: Purchase,
    /// The provider's service.
    #[arg(long, value_name = "URL")]
    provider_url: String,
    /// Images: png, jpeg, or .npy of one (H,W,C) or many (N,H,W,C).
    #[arg(value_name = "IMAGE", required = true)]
    input: Vec<PathBuf>,
    #[command(flatten)]
    party: PartyArgs,
}

/// Flags of `resume`.
#[derive(Debug, clap::Args)]
pub struct Resume {
    #[command(flatten)]
    purchase: Purchase,
    #[command(flatten)]
    case: CaseArg,
    #[command(flatten)]
    party: PartyArgs,
}

/// Flags of `open`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow consumer open --offer offer.json --keys keys --rpc http://127.0.0.1:8545 --store consumer.db cat.png")]
pub struct Open {
    /// The provider's offer.
    #[arg(long, value_name = "FILE")]
    offer: PathBuf,
    /// Keys of the model's architecture.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// Images: png, jpeg, or .npy of one (H,W,C) or many (N,H,W,C).
    #[arg(value_name = "IMAGE", required = true)]
    input: Vec<PathBuf>,
    #[command(flatten)]
    party: PartyArgs,
}

/// A move in a round.
#[derive(Debug, clap::Args)]
pub struct Act {
    #[command(flatten)]
    case: CaseArg,
    #[command(flatten)]
    party: PartyArgs,
}

/// A move in a round that depends on the architecture.
#[derive(Debug, clap::Args)]
pub struct ActWithKeys {
    /// Keys of the model's architecture.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    #[command(flatten)]
    act: Act,
}

/// Flags of `demand-predictions`.
#[derive(Debug, clap::Args)]
pub struct Demand {
    /// The first index.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How many; by default, all from there on.
    #[arg(long)]
    count: Option<u64>,
    #[command(flatten)]
    act: Act,
}

/// Flags of `contest`.
#[derive(Debug, clap::Args)]
pub struct Contest {
    /// The indices.
    #[arg(long, value_name = "INDEX", value_delimiter = ',', required = true)]
    indices: Vec<u64>,
    #[command(flatten)]
    act: Act,
}

/// Flags of `withdraw`.
#[derive(Debug, clap::Args)]
pub struct Withdraw {
    /// In which currency: a token's address; ETH by default.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    currency: Address,
    /// Where the money goes; by default, to the account itself.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<Address>,
    #[command(flatten)]
    party: PartyArgs,
}

/// A share, such as `2%` or `0.02`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().map(|number| number / unit);
    share.ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "expected a share such as 2% or 0.02".into())
}

/// Runs a verb.
pub async fn run(command: &Command, ui: &Ui) -> Result<Outcome, Failure> {
    match command {
        Command::Request(args) => request(args, ui).await,
        Command::Resume(args) => resume(args, ui).await,
        Command::Open(args) => open(args, ui).await,
        Command::Cancel(args) => act(args, Move::Cancel).await,
        Command::CommitInputs(args) => act(args, Move::CommitInputs).await,
        Command::ShowInputs(args) => act(args, Move::ShowInputs).await,
        Command::AnnounceInputs(args) => act_with_keys(args, Move::AnnounceInputs).await,
        Command::Publish(args) => act_with_keys(args, Move::PublishChunk).await,
        Command::Reveal(args) => act(args, Move::Reveal).await,
        Command::DemandPredictions(args) => {
            let party = args.act.party.open().await?;
            let case = party.desk.case(args.act.case.case).await?;
            let end = args.count.map_or(case.count(), |count| args.first.saturating_add(count));
            let receipt = party.desk.demand_predictions(&case, args.first..end).await?;
            done(&party, &case, &receipt).await
        }
        Command::Contest(args) => {
            let party = args.act.party.open().await?;
            let case = party.desk.case(args.act.case.case).await?;
            let indices: BTreeSet<u64> = args.indices.iter().copied().collect();
            let receipt = party.desk.contest(&case, &indices.into_iter().collect::<Vec<_>>()).await?;
            done(&party, &case, &receipt).await
        }
        Command::Settle(args) => act(args, Move::Settle).await,
        Command::Withdraw(args) => withdraw_all(&args.party, args.currency, args.to).await,
    }
}

async fn act(args: &Act, made: Move) -> Result<Outcome, Failure> {
    let party = args.party.open().await?;
    let desk = &party.desk;
    let case = desk.case(args.case.case).await?;
    let receipt = match made {
        Move::Cancel => desk.cancel(&case).await?,
        Move::CommitInputs => desk.commit_inputs(&case).await?,
        Move::ShowInputs => desk.show_inputs(&case).await?,
        Move::Reveal => desk.reveal(&case).await?,
        Move::Settle => desk.settle(&case).await?,
        other => return Err(Failure::Internal(format!("{} needs more", other.verb()))),
    };
    done(&party, &case, &receipt).await
}

async fn act_with_keys(args: &ActWithKeys, made: Move) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    let party = args.act.party.open().await?;
    let case = party.desk.case(args.act.case.case).await?;
    let network = &keys.plan.network;
    let receipt = match made {
        Move::AnnounceInputs => party.desk.announce_inputs(&case, network).await?,
        Move::PublishChunk => party.desk.publish_chunk(&case, network).await?,
        other => return Err(Failure::Internal(format!("{} needs no keys", other.verb()))),
    };
    done(&party, &case, &receipt).await
}

async fn done(party: &Party, case: &Case, receipt: &crate::chain::Receipt) -> Result<Outcome, Failure> {
    let case = party.desk.case(case.id).await?;
    Ok(Outcome::done(moved(&case, receipt), status::line(&case, party.desk.chain.now().await?)))
}

/// Images as the model takes them.
pub(super) fn read_inputs(paths: &[PathBuf], map: &MapSpec) -> Result<Vec<Vec<u8>>, Failure> {
    let mut images = vec![];
    for path in paths {
        match input::read_images(path, map)? {
            Images::One(image) => images.push(image),
            Images::Many(many) => images.extend(many),
        }
    }
    Ok(images)
}

fn consumer(party: &Party, keys: &VerifierKeys, audit: Audit) -> Consumer {
    Consumer { desk: party.desk.clone(), network: Arc::new(keys.plan.network.clone()), audit }
}

fn audit(purchase: &Purchase) -> Result<Audit, Failure> {
    let model = purchase.model.as_deref().map(paths::model).transpose()?.map(Arc::new);
    Ok(Audit { rate: purchase.audit, always: purchase.contest.iter().copied().collect(), model })
}

/// A round of these inputs on the terms of an offer.
async fn begin(
    consumer: &Consumer,
    offer: &Offer,
    images: Vec<Vec<u8>>,
    peer: Option<&str>,
) -> Result<(U256, crate::chain::Receipt), Failure> {
    let count = u32::try_from(images.len()).ok().filter(|&count| count <= offer.most).ok_or_else(|| {
        Failure::Request(format!("{} inputs are more than the {} of the offer", images.len(), offer.most))
    })?;
    let terms = offer.terms(consumer.desk.chain.sender, count, U256::from_be_bytes(random::<[u8; 32]>()));
    let id = id_of(&terms);
    // Before the money is locked: a round whose inputs nobody has is worth nothing.
    consumer.prepare(id, images).await?;
    if let Some(peer) = peer {
        consumer.desk.store.put_peer(id, peer).await?;
    }
    consumer.desk.open(terms).await
}

async fn open(args: &Open, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let offer = read_offer(&args.offer)?;
    let images = read_inputs(&args.input, keys.plan.network.input())?;
    let party = args.party.open().await?;
    require_judged(&party, offer.model, offer.provider, &keys).await?;
    let consumer = consumer(&party, &keys, Audit::default());
    let (id, receipt) = begin(&consumer, &offer, images, None).await?;
    let case = party.desk.case(id).await?;
    done(&party, &case, &receipt).await
}

/// Makes sure that a model is this provider's, and that who judges its proofs is known.
pub(super) async fn require_judged(
    party: &Party,
    model: B256,
    provider: Address,
    keys: &VerifierKeys,
) -> Result<(), Failure> {
    let registry = party.deployment.market.registry.address;
    let judge = party.desk.chain.ask("look up the model", registry, &ModelRegistry::judgeOfCall { model }).await?;
    if judge.provider != provider {
        return Err(Failure::Request(format!("model {model} is not {provider}'s")));
    }
    let known = party.deployment.architecture(&keys.arch)?;
    let chain = &party.desk.chain;
    if judge.verifier != known.inference_verifier.address {
        return Err(Failure::Request(format!(
            "model {model} is judged by {}, which the deployment file does not know: it may accept anything",
            judge.verifier
        )));
    }
    for contract in [known.inference_verifier, known.model_verifier, known.halo2_verifier, known.verifying_key] {
        if chain.code_hash(contract.address).await? != contract.code_hash {
            return Err(Failure::Request(format!("there is other code at {} than deployed", contract.address)));
        }
    }
    Ok(())
}

async fn request(args: &Request, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.purchase.keys)?;
    ui.warn_origin(&keys.description.origin);
    let images = read_inputs(&args.input, keys.plan.network.input())?;
    let party = args.party.open().await?;
    let client = Client::new(&args.provider_url)?;
    let info = client.info().await?;
    if (info.chain_id, info.escrow) != (party.desk.chain.id, party.desk.escrow) {
        return Err(Failure::Request(format!(
            "the provider sells at {} on chain {}, the deployment file is about {} on chain {}",
            info.escrow, info.chain_id, party.desk.escrow, party.desk.chain.id
        )));
    }
    require_judged(&party, info.offer.model, info.offer.provider, &keys).await?;
    let consumer = consumer(&party, &keys, audit(&args.purchase)?);
    let (id, receipt) = begin(&consumer, &info.offer, images, Some(&args.provider_url)).await?;
    ui.note(format!("round {id:#066x}: open, {} gas", receipt.gas));
    play(&consumer, &client, id, &args.purchase, ui).await
}

async fn resume(args: &Resume, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.purchase.keys)?;
    let party = args.party.open().await?;
    let id = args.case.case;
    let peer = party.desk.store.peer(id).await?;
    let peer = peer.ok_or_else(|| Failure::Request(format!("the store has no request {id:#066x}")))?;
    let consumer = consumer(&party, &keys, audit(&args.purchase)?);
    play(&consumer, &Client::new(&peer)?, id, &args.purchase, ui).await
}

/// Plays a round to its end.
async fn play(
    consumer: &Consumer,
    client: &Client,
    id: U256,
    purchase: &Purchase,
    ui: &Ui,
) -> Result<Outcome, Failure> {
    let poll = Duration::from_secs_f64(purchase.poll.clamp(0.05, 3_600.0));
    let progress = ui.progress("waiting for the provider");
    let mut said = String::new();
    loop {
        let case = consumer.desk.case(id).await?;
        if case.is_over() {
            drop(progress);
            return end(consumer, &case).await;
        }
        progress.set(format!("{}: {}", desk::short(id), status::words(case.state)));
        // A provider that is out of reach for a while is no reason to give up: the chain decides in the end.
        if let Err(failure) = client.exchange(consumer, &case).await {
            let text = failure.to_string();
            if said != text {
                progress.aside(|| ui.note(&text));
                said = text;
            }
        }
        if let Some(moved) = consumer.look(id).await? {
            let (verb, gas) = (moved.made.verb(), moved.receipt.gas);
            let text = format!("round {}: {verb}, {gas} gas", desk::short(id));
            progress.aside(|| ui.note(text));
        } else {
            tokio::time::sleep(poll).await;
        }
    }
}

async fn end(consumer: &Consumer, case: &Case) -> Result<Outcome, Failure> {
    let now = consumer.desk.chain.now().await?;
    let mut json = status::describe(case, now);
    let predictions = consumer.desk.store.predictions(case.id).await?;
    let rows = predictions.iter().map(|(place, said)| {
        json!({
            "index": place,
            "label": said.label,
            "logits": crate::scalar::prefixed(&said.logits),
            "commitment": B256::from(crate::scalar::word(&said.commitment)),
            "proven": case.proven.contains_key(place),
        })
    });
    json["predictions"] = rows.collect();
    let mut lines: Vec<String> = predictions
        .iter()
        .map(|(place, said)| {
            let proven = if case.proven.contains_key(place) { ", proven" } else { "" };
            format!("{place:>4}  label {}{proven}", said.label)
        })
        .collect();
    lines.push(status::line(case, now));
    Ok(Outcome { yes: case.state == State::Served, json, text: lines.join("\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages_or_fractions() {
        assert_eq!(share("2%"), Ok(0.02));
        assert_eq!(share("0.5"), Ok(0.5));
        for wrong in ["", "%", "101%", "-1%", "2", "nan"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
