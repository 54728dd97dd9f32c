//! `zkescrow retrieval …`: everything that requesters, approvers and responders do.

mod cases;
mod datasets;
mod play;
mod show;

use std::{path::PathBuf, sync::Arc};

use clap::Subcommand;
use zkescrow_circuits::keys::VerifierKeys;

use super::party::{CaseArg, Party, PartyArgs};
use crate::{
    chain::Receipt,
    failure::Failure,
    folder,
    market::deployment::Deployment,
    output::{Outcome, Ui},
    paths,
    queue::Queue,
    requests::{Case, Desk, Responder},
    rounds::provider::Goods,
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Commit to a dataset, and lock the bond that answers for requests.
    Commit(datasets::Commit),
    /// Say, as the source of a dataset, that its documents are real.
    Attest(datasets::Attest),
    /// Ask for the bond of a dataset back.
    Retire(datasets::DatasetArgs),
    /// Close a dataset after its notice.
    Close(datasets::DatasetArgs),
    /// Ask for all documents with some labels.
    File(cases::File),
    /// Decide, as the approver, that a request is to be answered.
    Approve(Act),
    /// Label all documents, and commit to the labels.
    PostResults(ActWithModel),
    /// Draw the sample by the random value of its block.
    Draw(Act),
    /// Have another block draw the sample: the former one is out of reach.
    Rearm(Act),
    /// Prove a sampled label.
    Prove(cases::Prove),
    /// Write all positives into a file, for the requester.
    Export(cases::Export),
    /// Check a file of positives against the chain, and keep them.
    Check(cases::Check),
    /// Say that positives did not come: the responder has to hand them over.
    Demand(cases::Demand),
    /// Say which document the next demanded positive is.
    Identify(Act),
    /// Announce the ciphertext of the identified documents.
    Announce(cases::Announce),
    /// Publish the next chunk of the ciphertext.
    Publish(ActWithKeys),
    /// Publish the key of the ciphertext.
    Reveal(Act),
    /// Say that the announced ciphertext is here.
    Acknowledge(cases::Acknowledge),
    /// Have the announced ciphertext published.
    DemandPublication(Act),
    /// Show that what was handed over is false.
    Complain(ActWithKeys),
    /// End a case that has come to its end; as the requester, take it back or say that everything came.
    Settle(Act),
    /// Show where requests and datasets stand, and whose turn it is.
    Status(cases::Status),
    /// Look at a case and make one's moves until it is over.
    Play(play::Play),
}

/// A move in a case.
#[derive(Debug, clap::Args)]
pub struct Act {
    #[command(flatten)]
    party: PartyArgs,
    #[command(flatten)]
    case: CaseArg,
}

/// A move in a case that depends on the architecture.
#[derive(Debug, clap::Args)]
pub struct ActWithKeys {
    #[command(flatten)]
    act: Act,
    /// Keys of the model's architecture.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
}

/// A move in a case that depends on the model.
#[derive(Debug, clap::Args)]
pub struct ActWithModel {
    #[command(flatten)]
    act: Act,
    #[command(flatten)]
    stock: Stock,
}

/// What a responder answers from.
#[derive(Clone, Debug, clap::Args)]
pub struct Stock {
    /// The public model that the request is about.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_MODEL")]
    model: PathBuf,
    /// Its key folder.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// Where proofs are ordered; `zkescrow worker` makes them.
    #[arg(long, value_name = "LOCATION", env = "ZKESCROW_QUEUE", default_value = "zkescrow-queue.db")]
    queue: String,
}

/// A party at the escrow of requests.
struct Seat {
    deployment: Deployment,
    desk: Desk,
}

impl Seat {
    async fn take(party: &PartyArgs) -> Result<Self, Failure> {
        let Party { deployment, desk } = party.open().await?;
        let market = deployment.market;
        let escrow = market.retrieval_escrow.address;
        let desk = Desk { chain: desk.chain, escrow, since: market.since, store: desk.store };
        Ok(Self { deployment, desk })
    }

    /// A seat, and the case that it is about.
    async fn at(act: &Act) -> Result<(Self, Case), Failure> {
        let seat = Self::take(&act.party).await?;
        let case = seat.desk.case(act.case.case).await?;
        Ok((seat, case))
    }

    /// What came of a move.
    async fn done(&self, case: &Case, receipt: &Receipt) -> Result<Outcome, Failure> {
        let case = self.desk.case(case.id).await?;
        Ok(Outcome::done(show::moved(&case, receipt), show::line(&case, self.desk.chain.now().await?)))
    }

    async fn responder(&self, stock: &Stock, ui: &Ui) -> Result<Responder, Failure> {
        let keys = VerifierKeys::load(&stock.keys)?;
        ui.warn_origin(&keys.description.origin);
        let (model, commitment) = (paths::model(&stock.model)?, folder::commitment(&stock.keys, &keys)?);
        let registry = self.deployment.market.registry.address;
        let queue = Queue::open(&stock.queue).await?;
        let goods = Arc::new(Goods { model, keys, commitment });
        Ok(Responder { desk: self.desk.clone(), registry, goods, queue })
    }
}

/// Runs a verb.
pub async fn run(command: &Command, ui: &Ui) -> Result<Outcome, Failure> {
    match command {
        Command::Commit(args) => datasets::commit(args, ui).await,
        Command::Attest(args) => datasets::attest(args).await,
        Command::Retire(args) => datasets::retire(args).await,
        Command::Close(args) => datasets::close(args).await,
        Command::File(args) => cases::file(args).await,
        Command::PostResults(args) => cases::post_results(args, ui).await,
        Command::Prove(args) => cases::prove(args, ui).await,
        Command::Export(args) => cases::export(args).await,
        Command::Check(args) => cases::check(args).await,
        Command::Demand(args) => cases::demand(args).await,
        Command::Announce(args) => cases::announce(args).await,
        Command::Publish(args) => cases::publish(args).await,
        Command::Acknowledge(args) => cases::acknowledge(args).await,
        Command::Complain(args) => cases::complain(args).await,
        Command::Status(args) => cases::status(args).await,
        Command::Play(args) => play::run(args, ui).await,
        Command::Approve(args)
        | Command::Draw(args)
        | Command::Rearm(args)
        | Command::Identify(args)
        | Command::Reveal(args)
        | Command::DemandPublication(args)
        | Command::Settle(args) => {
            let (seat, case) = Seat::at(args).await?;
            let desk = &seat.desk;
            let receipt = match command {
                Command::Approve(_) => desk.approve(&case).await?,
                Command::Draw(_) => desk.draw(&case).await?,
                Command::Rearm(_) => desk.rearm(&case).await?,
                Command::Identify(_) => desk.identify(&case).await?,
                Command::Reveal(_) => desk.reveal(&case).await?,
                Command::DemandPublication(_) => desk.demand_publication(&case).await?,
                _ => desk.settle(&case).await?,
            };
            seat.done(&case, &receipt).await
        }
    }
}
