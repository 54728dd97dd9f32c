//! `zkescrow retrieval play`: looks at a case and makes one's moves until it is over.

use std::{path::PathBuf, time::Duration};

use alloy::primitives::U256;
use zkescrow_circuits::keys::VerifierKeys;

use super::{Act, Seat, Stock, cases, show};
use crate::{
    bindings::Stage,
    failure::Failure,
    folder,
    output::{Outcome, Ui},
    requests::{Case, Requester, Responder, case::State, next, positives::Positives, responder::Moved},
    rounds::desk::short,
};

/// Flags of `play`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow retrieval play --role responder --case 0x12… --model model.zkm --keys keys --exchange shared \\
    --rpc http://127.0.0.1:8545 --store responder.db &
  zkescrow worker --model model.zkm --keys keys &
  zkescrow retrieval play --role requester --case 0x12… --keys keys --exchange shared \\
    --rpc http://127.0.0.1:8545 --store requester.db")]
pub struct Play {
    #[command(flatten)]
    act: Act,
    /// Whose moves to make.
    #[arg(long, value_enum)]
    role: Role,
    /// As the responder: the public model that the request is about.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_MODEL", required_if_eq("role", "responder"))]
    model: Option<PathBuf>,
    /// Keys of its architecture; as the responder, its key folder.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS", required_if_eq_any([("role", "requester"), ("role", "responder")]))]
    keys: Option<PathBuf>,
    /// As the responder: where proofs are ordered.
    #[arg(long, value_name = "LOCATION", env = "ZKESCROW_QUEUE", default_value = "zkescrow-queue.db")]
    queue: String,
    /// A folder through which documents travel: the responder writes, the requester reads. Without one, everything is demanded on
    /// chain.
    #[arg(long, value_name = "DIR")]
    exchange: Option<PathBuf>,
    /// As the approver: approve the request. Whoever says so has made sure that the model's weights are public.
    #[arg(long, required_if_eq("role", "approver"))]
    approve: bool,
    /// Seconds between two looks at the chain.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    poll: f64,
}

/// A side of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Who asks.
    Requester,
    /// Who has the documents.
    Responder,
    /// Who decides.
    Approver,
}

/// Who plays.
enum Player {
    Requester(Requester),
    Responder(Responder),
    Approver,
}

/// Runs the verb.
pub async fn run(args: &Play, ui: &Ui) -> Result<Outcome, Failure> {
    let (seat, case) = Seat::at(&args.act).await?;
    let player = player(args, &seat, ui).await?;
    let poll = Duration::from_secs_f64(args.poll.clamp(0.05, 3_600.0));
    let progress = ui.progress("looking at the case");
    let (id, mut said) = (case.id, String::new());
    loop {
        let case = seat.desk.case(id).await?;
        let now = seat.desk.chain.now().await?;
        if case.is_over() {
            drop(progress);
            let yes = case.state == State::Fulfilled;
            return Ok(Outcome { yes, json: show::describe(&case, now), text: show::text(&case, now) });
        }
        progress.set(show::line(&case, now));
        // What fails is tried again: the other side was faster, or a file is not whole yet.
        match step(args, &seat, &player, &case, now).await {
            Ok(Some(moved)) => {
                said.clear();
                let (verb, gas) = (moved.made.verb(), moved.receipt.gas);
                progress.aside(|| ui.note(format!("request {}: {verb}, {gas} gas", short(id))));
            }
            Ok(None) => tokio::time::sleep(poll).await,
            Err(failure) => {
                let text = failure.to_string();
                if said != text {
                    progress.aside(|| ui.note(&text));
                    said = text;
                }
                tokio::time::sleep(poll).await;
            }
        }
    }
}

async fn player(args: &Play, seat: &Seat, ui: &Ui) -> Result<Player, Failure> {
    let missing = |flag: &str| Failure::Request(format!("this role needs {flag}"));
    let keys = || args.keys.clone().ok_or_else(|| missing("--keys"));
    Ok(match args.role {
        Role::Requester => Player::Requester(cases::requester(seat, &VerifierKeys::load(&keys()?)?)),
        Role::Responder => {
            let model = args.model.clone().ok_or_else(|| missing("--model"))?;
            let stock = Stock { model, keys: keys()?, queue: args.queue.clone() };
            Player::Responder(seat.responder(&stock, ui).await?)
        }
        Role::Approver => Player::Approver,
    })
}

async fn step(args: &Play, seat: &Seat, player: &Player, case: &Case, now: u64) -> Result<Option<Moved>, Failure> {
    match player {
        Player::Requester(requester) => {
            receive(args, requester, case).await?;
            requester.look(case.id).await
        }
        Player::Responder(responder) => {
            send(args, responder, case).await?;
            responder.look(case.id).await
        }
        Player::Approver => {
            let idle = seat.desk.dataset(case.request.dataset).await?.active.is_none();
            let Some(made) = next::approver(case, args.approve, idle, now) else { return Ok(None) };
            let receipt = seat.desk.approve(case).await?;
            Ok(Some(Moved { case: case.clone(), made, receipt }))
        }
    }
}

/// Takes what came through the folder. What is false is as good as not there: it will be demanded.
async fn receive(args: &Play, requester: &Requester, case: &Case) -> Result<(), Failure> {
    let file = |name: &str| path(args, case.id, name).filter(|path| path.exists());
    if case.state == State::Proven
        && requester.missing(case).await?.is_some()
        && let Some(path) = file("positives")
        && let Ok(positives) = Positives::read(&path)
    {
        // Whatever is wrong with it, `check` says.
        let _ = requester.take(case, &positives).await;
    }
    let announced = case.delivery.as_ref().filter(|delivery| delivery.stage == Stage::Announced);
    if case.state == State::Delivering
        && announced.is_some()
        && let Some(path) = file("ciphertext")
        && let Ok(words) = cases::read_ciphertext(&path)
    {
        requester.receive(case, &words).await?;
    }
    Ok(())
}

/// Puts into the folder what the other side needs.
async fn send(args: &Play, responder: &Responder, case: &Case) -> Result<(), Failure> {
    let file = |name: &str| path(args, case.id, name).filter(|path| !path.exists());
    if case.state == State::Proven
        && let Some(path) = file("positives")
    {
        let positives = Positives::export(&responder.desk, case).await?;
        folder::write_json(&path, &serde_json::json!(positives))?;
    }
    let announced = case.delivery.as_ref().filter(|delivery| delivery.stage == Stage::Announced);
    if case.state == State::Delivering
        && announced.is_some()
        && let Some(path) = file("ciphertext")
    {
        let (_, sealed) = responder.desk.seal(case, &responder.goods.model.network).await?;
        cases::write_ciphertext(&path, sealed.words())?;
    }
    Ok(())
}

fn path(args: &Play, case: U256, name: &str) -> Option<PathBuf> {
    args.exchange.as_ref().map(|folder| folder.join(format!("{case:064x}-{name}.json")))
}
