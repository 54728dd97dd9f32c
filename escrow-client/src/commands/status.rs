//! `zkescrow status`: where rounds stand, whose turn it is, and what each side stands to lose.

use alloy::primitives::U256;
use serde_json::{Value, json};

use super::party::{self, PartyArgs};
use crate::{
    failure::Failure,
    output::{Outcome, Ui},
    rounds::{
        Case,
        case::{Silence, State, Terms},
        desk,
    },
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow status --rpc http://127.0.0.1:8545            all rounds of the account")]
pub struct Args {
    /// The case; by default, all of the account.
    #[arg(long, value_name = "ID", value_parser = party::case_id)]
    case: Option<U256>,
    #[command(flatten)]
    party: PartyArgs,
}

/// Runs the verb.
pub async fn run(args: &Args, _ui: &Ui) -> Result<Outcome, Failure> {
    let desk = args.party.open().await?.desk;
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
    let text = if lines.is_empty() { format!("{} has no rounds", desk.chain.sender) } else { lines.join("\n") };
    let cases: Vec<Value> = cases.iter().map(|case| describe(case, now)).collect();
    Ok(Outcome::done(json!({ "cases": cases }), text))
}

/// One line about a round.
pub fn line(case: &Case, now: u64) -> String {
    let turn = match case.turn() {
        Some(turn) => format!("{} to move, {}", role(case, turn.who), party::until(turn.until, now)),
        None => "over".into(),
    };
    format!("round {}: {}, {turn}", desk::short(case.id), words(case.state))
}

/// What each side has locked in a round that goes on: consumer, provider.
pub fn locked(case: &Case) -> (U256, U256) {
    let Terms { count, beta, proofCost, price, .. } = case.terms;
    let (count, cost) = (U256::from(count), U256::from(proofCost));
    let provider = if matches!(case.state, State::Open) { U256::ZERO } else { U256::from(beta) * count * cost };
    if case.is_over() {
        return (U256::ZERO, U256::ZERO);
    }
    (count * (U256::from(2) * cost + U256::from(price)), provider)
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
    json!({
        "case": format!("{:#066x}", case.id),
        "state": format!("{:?}", case.state),
        "consumer": case.terms.consumer,
        "provider": case.terms.provider,
        "model": case.terms.model,
        "currency": case.terms.currency,
        "count": case.count(),
        "contested": case.contested,
        "outstanding": case.outstanding().collect::<Vec<_>>(),
        "turn": turn,
        "locked": { "consumer": consumer.to_string(), "provider": provider.to_string() },
        "payout": payout,
    })
}

fn text(case: &Case, now: u64) -> String {
    let Terms { consumer, provider, model, currency, count, .. } = case.terms;
    let (theirs, its) = locked(case);
    let mut lines = vec![
        format!("round     {:#066x}", case.id),
        format!("state     {}", words(case.state)),
        format!("model     {model}, {count} predictions"),
        format!("consumer  {consumer}, has {} locked", party::money(theirs, currency)),
        format!("provider  {provider}, has {} locked", party::money(its, currency)),
    ];
    if !case.contested.is_empty() {
        let open: Vec<String> = case.outstanding().map(|index| index.to_string()).collect();
        let open = if open.is_empty() { "all proven".into() } else { format!("to be proven: {}", open.join(", ")) };
        lines.push(format!("contested {}, {open}", case.contested.len()));
    }
    if let Some(turn) = case.turn() {
        let (who, until) = (role(case, turn.who), party::until(turn.until, now));
        lines.push(format!("turn      {who}, {until}; otherwise {}", otherwise(turn.silence)));
    }
    if let Some(payout) = case.payout {
        let [c, p, b] = [payout.consumer, payout.provider, payout.burned].map(|amount| party::money(amount, currency));
        lines.push(format!("paid      {c} to the consumer, {p} to the provider, {b} burned"));
    }
    lines.join("\n")
}

fn role(case: &Case, who: alloy::primitives::Address) -> &'static str {
    if who == case.terms.consumer { "consumer" } else { "provider" }
}

/// What happens when nobody moves, in words.
pub fn otherwise(silence: Silence) -> &'static str {
    match silence {
        Silence::Refund => "all get back what they locked",
        Silence::Served => "the provider is paid",
        Silence::ConsumerLoses => "the consumer loses what it locked for proofs",
        Silence::ProviderLoses => "the provider loses what it locked, and a part of its stake",
    }
}

/// A state in words.
pub fn words(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Accepted => "accepted",
        State::Committed => "inputs committed to",
        State::InputsDemanded => "inputs demanded",
        State::InputsShown => "demanded inputs shown",
        State::Delivering => "inputs being handed over",
        State::Predicted => "predictions committed to",
        State::PredictionsDemanded => "predictions demanded",
        State::Published => "predictions published",
        State::Contested => "contested",
        State::Refunded => "refunded",
        State::Served => "served",
        State::ConsumerFailed => "lost by the consumer",
        State::ProviderFailed => "lost by the provider",
        State::None | State::__Invalid => "unknown",
    }
}
