//! Where requests and datasets stand, in words and for programs.

use alloy::primitives::Address;
use serde_json::{Value, json};

use crate::{
    chain::Receipt,
    commands::party,
    requests::{
        Case, Dataset,
        case::{Silence, State},
        dataset::State as DatasetState,
    },
    rounds::desk::short,
};

/// What a transition came to.
pub fn moved(case: &Case, receipt: &Receipt) -> Value {
    json!({
        "case": format!("{:#066x}", case.id),
        "state": format!("{:?}", case.state),
        "tx": receipt.hash,
        "gasUsed": receipt.gas,
    })
}

/// What a transition of a dataset came to.
pub fn dataset_moved(dataset: &Dataset, receipt: &Receipt) -> Value {
    let mut json = describe_dataset(dataset);
    json["tx"] = json!(receipt.hash);
    json["gasUsed"] = json!(receipt.gas);
    json
}

/// One line about a case.
pub fn line(case: &Case, now: u64) -> String {
    let turn = match case.turn() {
        Some(turn) => format!("{} to move, {}", role(case, turn.who), party::until(turn.until, now)),
        None => "over".into(),
    };
    format!("request {}: {}, {turn}", short(case.id), words(case.state))
}

/// A case for programs.
pub fn describe(case: &Case, now: u64) -> Value {
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
            "requester": payout.requester.to_string(),
            "responder": payout.responder.to_string(),
            "burned": payout.burned.to_string(),
        })
    });
    json!({
        "case": format!("{:#066x}", case.id),
        "state": format!("{:?}", case.state),
        "dataset": format!("{:#066x}", case.request.dataset),
        "requester": case.request.requester,
        "responder": case.dataset.responder,
        "approver": case.dataset.approver,
        "model": case.request.model,
        "currency": case.dataset.currency,
        "documents": case.count(),
        "positives": (!case.results.is_zero()).then_some(case.positives),
        "drawBlock": (case.draw_block > 0).then_some(case.draw_block),
        "samples": case.samples,
        "sample": (0..case.samples).filter_map(|sample| case.sampled(sample)).collect::<Vec<_>>(),
        "proven": case.proven.len(),
        "demanded": { "first": case.demanded.0, "count": case.demanded.1, "identified": case.identified.len() },
        "turn": turn,
        "reward": case.request.reward.to_string(),
        "bond": case.dataset.bond.to_string(),
        "payout": payout,
    })
}

/// A case for people.
pub fn text(case: &Case, now: u64) -> String {
    let currency = case.dataset.currency;
    let money = |amount: u128| party::money(alloy::primitives::U256::from(amount), currency);
    let mut lines = vec![
        format!("request   {:#066x}", case.id),
        format!("state     {}", words(case.state)),
        format!("dataset   {:#066x}, {} documents", case.request.dataset, case.count()),
        format!("model     {}", case.request.model),
        format!("requester {}, offers {}", case.request.requester, money(case.request.reward)),
        format!("responder {}, answers with {}", case.dataset.responder, money(case.dataset.bond)),
    ];
    if !case.results.is_zero() {
        let proven = case.proven.len();
        lines.push(format!("results   {} positives, {proven} of {} samples proven", case.positives, case.samples));
    }
    if case.state == State::Posted {
        lines.push(format!("draw      by block {}", case.draw_block));
    }
    if case.demanded.1 > 0 {
        let (first, count) = case.demanded;
        lines.push(format!("demanded  {count} from positive {first} on, {} identified", case.identified.len()));
    }
    if let Some(turn) = case.turn() {
        let (who, until) = (role(case, turn.who), party::until(turn.until, now));
        lines.push(format!("turn      {who}, {until}; otherwise {}", otherwise(turn.silence)));
    }
    if let Some(payout) = case.payout {
        let [q, r, b] =
            [payout.requester, payout.responder, payout.burned].map(|amount| party::money(amount, currency));
        lines.push(format!("paid      {q} to the requester, {r} to the responder, {b} burned"));
    }
    lines.join("\n")
}

/// A dataset for programs.
pub fn describe_dataset(dataset: &Dataset) -> Value {
    json!({
        "dataset": format!("{:#066x}", dataset.id),
        "state": format!("{:?}", dataset.state),
        "attested": dataset.attested,
        "responder": dataset.terms.responder,
        "approver": dataset.terms.approver,
        "source": dataset.terms.source,
        "verifier": dataset.terms.verifier,
        "currency": dataset.terms.currency,
        "root": dataset.terms.root,
        "documents": dataset.count(),
        "bond": dataset.terms.bond.to_string(),
        "closableAt": (dataset.closable_at > 0).then_some(dataset.closable_at),
        "active": dataset.active.map(|case| format!("{case:#066x}")),
    })
}

/// One line about a dataset.
pub fn dataset_line(dataset: &Dataset) -> String {
    let state = match dataset.state {
        DatasetState::Committed => "committed",
        DatasetState::Retiring => "retiring",
        DatasetState::Closed => "closed",
        DatasetState::None | DatasetState::__Invalid => "unknown",
    };
    let attested = if dataset.attested { ", attested" } else { "" };
    let busy = dataset.active.map_or_else(String::new, |case| format!(", answers request {}", short(case)));
    format!("dataset {:#066x}: {} documents, {state}{attested}{busy}", dataset.id, dataset.count())
}

fn role(case: &Case, who: Address) -> &'static str {
    match who {
        who if who == case.dataset.responder => "responder",
        who if who == case.request.requester => "requester",
        _ => "approver",
    }
}

fn otherwise(silence: Silence) -> &'static str {
    match silence {
        Silence::Withdrawn => "the requester gets its reward back",
        Silence::Fulfilled => "the responder gets the reward",
        Silence::FullDisclosure => "the responder loses its bond to the requester",
    }
}

/// A state in words.
pub fn words(state: State) -> &'static str {
    match state {
        State::Filed => "filed",
        State::Approved => "approved",
        State::Posted => "results posted",
        State::Drawn => "sample drawn",
        State::Proven => "sample proven",
        State::Demanded => "positives demanded",
        State::Identified => "demanded positives identified",
        State::Delivering => "documents being handed over",
        State::Withdrawn => "withdrawn",
        State::Fulfilled => "fulfilled",
        State::FullDisclosure => "lost by the responder",
        State::None | State::__Invalid => "unknown",
    }
}
