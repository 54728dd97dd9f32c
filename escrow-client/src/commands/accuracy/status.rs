//! `zkescrow accuracy status`: where exams stand, whose turn it is, and what each side stands to lose.

use alloy::primitives::{Address, U256};
use serde_json::{Value, json};

use super::desk;
use crate::{
    commands::party::{self, PartyArgs},
    exams::{
        Case, amounts,
        case::{MILLION, Silence, State},
        desk::short,
    },
    failure::Failure,
    output::Outcome,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  zkescrow accuracy status --rpc http://127.0.0.1:8545            all exams of the account"
)]
pub struct Args {
    #[command(flatten)]
    party: PartyArgs,
    /// The case; by default, all of the account.
    #[arg(long, value_name = "ID", value_parser = party::case_id)]
    case: Option<U256>,
}

/// Runs the verb.
pub async fn run(args: &Args) -> Result<Outcome, Failure> {
    let desk = desk(&args.party.open().await?);
    let now = desk.chain.now().await?;
    if let Some(id) = args.case {
        let case = desk.case(id).await?;
        return Ok(Outcome::done(describe(&case, now), text(&case, now)));
    }
    let mut cases = vec![];
    for id in desk.cases(desk.chain.sender).await? {
        cases.push(desk.case(id).await?);
    }
    let lines: Vec<String> = cases.iter().map(|case| line(case, now)).collect();
    let text = if lines.is_empty() { format!("{} has no exams", desk.chain.sender) } else { lines.join("\n") };
    let cases: Vec<Value> = cases.iter().map(|case| describe(case, now)).collect();
    Ok(Outcome::done(json!({ "cases": cases }), text))
}

/// One line about an exam.
pub fn line(case: &Case, now: u64) -> String {
    let turn = match case.turn() {
        Some(turn) => format!("{} to move, {}", role(case, turn.who), party::until(turn.until, now)),
        None => "over".into(),
    };
    format!("exam {}: {}, {turn}", short(case.id), words(case.state))
}

/// What each side has locked in an exam that goes on: consumer, provider.
fn locked(case: &Case) -> (U256, U256) {
    if case.is_over() {
        return (U256::ZERO, U256::ZERO);
    }
    let (lock, deposit) = (amounts::lock(&case.terms), amounts::deposit(&case.terms, case.challenged.len()));
    match case.state {
        State::Open => (amounts::stake(&case.terms), U256::ZERO),
        _ => (lock + deposit, lock),
    }
}

/// For programs.
pub fn describe(case: &Case, now: u64) -> Value {
    let (consumer, provider) = locked(case);
    let turn = case.turn().map(|turn| {
        json!({
            "who": role(case, turn.who),
            "address": turn.who,
            "until": turn.until,
            "secondsLeft": i128::from(turn.until) - i128::from(now),
            "otherwise": otherwise(turn.silence),
        })
    });
    let payout = case.payout.map(|payout| {
        json!({
            "consumer": payout.consumer.to_string(),
            "provider": payout.provider.to_string(),
            "burned": payout.burned.to_string(),
        })
    });
    let terms = &case.terms;
    let (windows, courier) = (&terms.windows, &terms.courier);
    json!({
        "case": format!("{:#066x}", case.id),
        "state": format!("{:?}", case.state),
        "consumer": terms.consumer,
        "provider": terms.provider,
        "model": terms.model,
        "currency": terms.currency,
        "testSet": terms.testSet,
        "examples": terms.examples,
        "first": terms.first,
        "target": f64::from(terms.target) / MILLION as f64,
        "exampleCost": terms.exampleCost.to_string(),
        "proofCost": terms.proofCost.to_string(),
        "inferenceCost": terms.inferenceCost.to_string(),
        "price": amounts::price(terms).to_string(),
        "windows": {
            "accept": windows.accept,
            "announce": windows.announce,
            "decide": windows.decide,
            "results": windows.results,
            "challenge": windows.challenge,
            "respond": windows.respond,
            "respondEach": windows.respondEach,
        },
        "courier": { "step": courier.step, "perChunk": courier.perChunk, "bond": courier.bond.to_string() },
        "answers": case.answers(),
        "correct": (!case.results.is_zero()).then_some(case.correct),
        "challenged": case.challenged,
        "outstanding": case.outstanding().collect::<Vec<_>>(),
        "turn": turn,
        "locked": { "consumer": consumer.to_string(), "provider": provider.to_string() },
        "payout": payout,
    })
}

fn text(case: &Case, now: u64) -> String {
    let terms = &case.terms;
    let (theirs, its) = locked(case);
    let money = |amount| party::money(amount, terms.currency);
    let [example, proof, inference] =
        [terms.exampleCost, terms.proofCost, terms.inferenceCost].map(|cost| money(U256::from(cost)));
    let (target, w) = (f64::from(terms.target) / 10_000.0, &terms.windows);
    let mut lines = vec![
        format!("exam      {:#066x}", case.id),
        format!("state     {}", words(case.state)),
        format!("model     {}", terms.model),
        format!("test set  {}, {} examples, {} of them first", terms.testSet, terms.examples, terms.first),
        format!("target    {target}%"),
        format!("costs     {example} an example, {proof} a proof, {inference} an inference"),
        format!("price     {} if it is passed", money(amounts::price(terms))),
        format!(
            "windows   accept {} s, announce {} s, decide {} s, results {} s, challenge {} s, respond {} s and {} s each",
            w.accept, w.announce, w.decide, w.results, w.challenge, w.respond, w.respondEach
        ),
        format!("consumer  {}, has {} locked", terms.consumer, money(theirs)),
        format!("provider  {}, has {} locked", terms.provider, money(its)),
    ];
    if !case.results.is_zero() {
        lines.push(format!("results   {} of {} correct, says the provider", case.correct, case.answers()));
    }
    if !case.challenged.is_empty() {
        let open: Vec<String> = case.outstanding().map(|place| place.to_string()).collect();
        let open = if open.is_empty() { "all proven".into() } else { format!("to be proven: {}", open.join(", ")) };
        lines.push(format!("challenge {} answers, {open}", case.challenged.len()));
    }
    if let Some(turn) = case.turn() {
        let (who, until) = (role(case, turn.who), party::until(turn.until, now));
        lines.push(format!("turn      {who}, {until}; otherwise {}", otherwise(turn.silence)));
    }
    if let Some(payout) = case.payout {
        let [c, p, b] = [payout.consumer, payout.provider, payout.burned].map(money);
        lines.push(format!("paid      {c} to the consumer, {p} to the provider, {b} burned"));
    }
    lines.join("\n")
}

fn role(case: &Case, who: Address) -> &'static str {
    if who == case.terms.consumer { "consumer" } else { "provider" }
}

fn otherwise(silence: Silence) -> &'static str {
    match silence {
        Silence::Refund => "the consumer gets back what it locked",
        Silence::Abort => "the exam ends without a result, and the consumer pays for the first inferences",
        Silence::Grade => "the results count as they are",
        Silence::ConsumerLoses => "the consumer loses what it locked",
        Silence::ProviderLoses => "the provider loses what it locked, and a part of its stake",
    }
}

/// A state in words.
pub fn words(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Accepted => "accepted",
        State::FirstDelivery => "first examples being handed over",
        State::Continued => "the provider goes on",
        State::SecondDelivery => "examples being handed over",
        State::Answered => "results committed to",
        State::Challenged => "challenged",
        State::Refunded => "refunded",
        State::Aborted => "stopped by the provider",
        State::Passed => "passed",
        State::Failed => "failed",
        State::ConsumerFailed => "lost by the consumer",
        State::ProviderFailed => "lost by the provider",
        State::None | State::__Invalid => "unknown",
    }
}
