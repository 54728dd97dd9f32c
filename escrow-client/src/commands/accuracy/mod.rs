//! `zkescrow accuracy …`: how accurate is a hidden model on a hidden test set?

mod answer;
mod ask;
mod play;
mod set;
mod status;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use zkescrow_circuits::keys::VerifierKeys;

use super::party::{CaseArg, Party, PartyArgs};
use crate::{
    chain::Receipt,
    exams::{Case, Desk, exchange, next::Move, test_set},
    failure::Failure,
    output::{Outcome, Ui},
    store::Example,
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Consumer: commit to a test set, and write what the provider has to have of it.
    CommitSet(set::Args),
    /// Consumer: open an exam about a test set.
    Open(ask::Open),
    /// Consumer: take back an exam that nobody accepted.
    Cancel(Act),
    /// Provider: accept an exam, and draw its seed.
    Accept(Accept),
    /// Consumer: announce the ciphertext of the next examples.
    Announce(ActWithKeys),
    /// Consumer: write the ciphertext into a file for the provider.
    Export(ask::Export),
    /// Provider: take the ciphertext from such a file.
    Receive(Receive),
    /// Provider: say that the announced ciphertext is here.
    Acknowledge(Act),
    /// Provider: have the announced ciphertext published.
    DemandPublication(Act),
    /// Consumer: publish the next chunk of the ciphertext.
    Publish(ActWithKeys),
    /// Consumer: publish the key of the ciphertext.
    Reveal(Act),
    /// Provider: show that what was handed over is false.
    Complain(answer::ActWithModel),
    /// Provider: go on after the first examples.
    Proceed(Act),
    /// Provider: stop after the first examples.
    Abort(Act),
    /// Provider: run the model on the examples, and commit to the results.
    PostResults(answer::PostResults),
    /// Consumer: have answers proven.
    Challenge(ask::Challenge),
    /// Provider: answer a challenge with a proof.
    Respond(answer::Respond),
    /// End an exam that has come to its end.
    Settle(Act),
    /// Show where exams stand, whose turn it is, and what is at stake.
    Status(status::Args),
    /// Look and move until an exam is over.
    Play(play::Args),
}

/// A move in an exam.
#[derive(Debug, clap::Args)]
pub struct Act {
    #[command(flatten)]
    party: PartyArgs,
    #[command(flatten)]
    case: CaseArg,
}

/// A move in an exam that depends on the architecture.
#[derive(Debug, clap::Args)]
pub struct ActWithKeys {
    #[command(flatten)]
    act: Act,
    /// Keys of the model's architecture.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
}

/// Flags of `accept`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow accuracy accept --case 0x12… --examples examples.json --rpc http://127.0.0.1:8545 --store provider.db

Look at the terms with `zkescrow accuracy status --case 0x12…` first: windows, costs, target.")]
pub struct Accept {
    #[command(flatten)]
    act: Act,
    /// The leaves of the test set, as the consumer wrote them.
    #[arg(long, value_name = "FILE")]
    examples: PathBuf,
}

/// Flags of `receive`.
#[derive(Debug, clap::Args)]
pub struct Receive {
    #[command(flatten)]
    act: Act,
    /// The ciphertext, as the consumer exported it.
    #[arg(long, value_name = "FILE")]
    ciphertext: PathBuf,
}

/// Runs a verb.
pub async fn run(command: &Command, ui: &Ui) -> Result<Outcome, Failure> {
    match command {
        Command::CommitSet(args) => set::run(args, ui).await,
        Command::Open(args) => ask::open(args, ui).await,
        Command::Cancel(args) => act(args, Move::Cancel).await,
        Command::Accept(args) => accept(args).await,
        Command::Announce(args) => act_with_keys(args, Move::Announce).await,
        Command::Export(args) => ask::export(args).await,
        Command::Receive(args) => receive(args).await,
        Command::Acknowledge(args) => act(args, Move::Acknowledge).await,
        Command::DemandPublication(args) => act(args, Move::DemandPublication).await,
        Command::Publish(args) => act_with_keys(args, Move::PublishChunk).await,
        Command::Reveal(args) => act(args, Move::Reveal).await,
        Command::Complain(args) => answer::complain(args, ui).await,
        Command::Proceed(args) => act(args, Move::Proceed).await,
        Command::Abort(args) => act(args, Move::Abort).await,
        Command::PostResults(args) => answer::post_results(args, ui).await,
        Command::Challenge(args) => ask::challenge(args).await,
        Command::Respond(args) => answer::respond(args, ui).await,
        Command::Settle(args) => act(args, Move::Settle).await,
        Command::Status(args) => status::run(args).await,
        Command::Play(args) => play::run(args, ui).await,
    }
}

/// The party's place at the escrow of exams.
fn desk(party: &Party) -> Desk {
    let (market, known) = (party.deployment.market, &party.desk);
    Desk {
        chain: known.chain.clone(),
        escrow: market.accuracy_escrow.address,
        since: market.since,
        store: known.store.clone(),
    }
}

/// A move that needs nothing but the store.
async fn act(args: &Act, made: Move) -> Result<Outcome, Failure> {
    let desk = desk(&args.party.open().await?);
    let case = desk.case(args.case.case).await?;
    let receipt = match made {
        Move::Cancel => desk.cancel(&case).await?,
        Move::Acknowledge => desk.acknowledge(&case).await?,
        Move::DemandPublication => desk.demand_publication(&case).await?,
        Move::Reveal => desk.reveal(&case).await?,
        Move::Proceed => desk.proceed(&case).await?,
        Move::Abort => desk.abort(&case).await?,
        Move::Settle => desk.settle(&case).await?,
        other => return Err(Failure::Internal(format!("{} needs more", other.verb()))),
    };
    done(&desk, &case, &receipt).await
}

async fn act_with_keys(args: &ActWithKeys, made: Move) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    let desk = desk(&args.act.party.open().await?);
    let case = desk.case(args.act.case.case).await?;
    let network = &keys.plan.network;
    let receipt = match made {
        Move::Announce => desk.announce(&case, network).await?,
        Move::PublishChunk => desk.publish_chunk(&case, network).await?,
        other => return Err(Failure::Internal(format!("{} needs no keys", other.verb()))),
    };
    done(&desk, &case, &receipt).await
}

async fn accept(args: &Accept) -> Result<Outcome, Failure> {
    let desk = desk(&args.act.party.open().await?);
    let case = desk.case(args.act.case.case).await?;
    learn(&desk, &args.examples).await?;
    let receipt = desk.accept(&case).await?;
    done(&desk, &case, &receipt).await
}

/// Keeps the leaves of a test set.
async fn learn(desk: &Desk, path: &std::path::Path) -> Result<(), Failure> {
    let (root, all) = test_set::read_leaves(path)?;
    let closed: Vec<Example> = all.into_iter().map(|leaf| Example { leaf, opened: None }).collect();
    desk.store.put_examples(root, &closed).await
}

async fn receive(args: &Receive) -> Result<Outcome, Failure> {
    let words = exchange::read_ciphertext(&args.ciphertext)?;
    let desk = desk(&args.act.party.open().await?);
    let case = desk.case(args.act.case.case).await?;
    let none = || Failure::Request(format!("nothing is announced in exam {:#x}", case.id));
    let delivery = case.delivery().ok_or_else(none)?;
    if !crate::market::handover::receive(&desk.store, case.id, delivery, &words).await? {
        let path = args.ciphertext.display();
        return Err(Failure::Request(format!("{path} is not the ciphertext that was announced: ask for it again")));
    }
    let json = json!({ "case": format!("{:#066x}", case.id), "root": delivery.root, "words": words.len() });
    Ok(Outcome::done(json, format!("ciphertext of {} words, as announced", words.len())))
}

async fn done(desk: &Desk, case: &Case, receipt: &Receipt) -> Result<Outcome, Failure> {
    let case = desk.case(case.id).await?;
    Ok(Outcome::done(moved(&case, receipt), status::line(&case, desk.chain.now().await?)))
}

/// What a transition came to, for programs.
fn moved(case: &Case, receipt: &Receipt) -> Value {
    json!({
        "case": format!("{:#066x}", case.id),
        "state": format!("{:?}", case.state),
        "tx": receipt.hash,
        "gasUsed": receipt.gas,
    })
}
