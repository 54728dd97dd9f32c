//! What a party does next: decided from the case, from what the party has, and from the time, and from nothing else.

use std::ops::Range;

use super::{
    case::{Case, State},
    draw::Chance,
};
use crate::{bindings::Stage, protocol::sealed::Complaint};

/// Blocks that a requester leaves the responder for the draw. A value is in reach for 256: there is time for both, so that
/// nobody gets another value by waiting.
const COURTESY: u64 = 16;

/// A transition that somebody can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Approve the request.
    Approve,
    /// Commit to the labels of all documents.
    PostResults,
    /// Draw the sample.
    Draw,
    /// Have another block draw it.
    Rearm,
    /// Prove a sample.
    Prove(u64),
    /// Have positives handed over.
    Demand(Range<u64>),
    /// Say which document the next demanded positive is.
    Identify,
    /// Announce the ciphertext of the identified documents.
    Announce,
    /// Say that the ciphertext is here.
    Acknowledge,
    /// Have the ciphertext published.
    DemandPublication,
    /// Publish a chunk of it.
    PublishChunk,
    /// Publish its key.
    Reveal,
    /// Show that what was handed over is false.
    Complain(Complaint),
    /// End the case.
    Settle,
}

impl Move {
    /// The verb that makes it by hand.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::PostResults => "post-results",
            Self::Draw => "draw",
            Self::Rearm => "rearm",
            Self::Prove(_) => "prove",
            Self::Demand(_) => "demand",
            Self::Identify => "identify",
            Self::Announce => "announce",
            Self::Acknowledge => "acknowledge",
            Self::DemandPublication => "demand-publication",
            Self::PublishChunk => "publish",
            Self::Reveal => "reveal",
            Self::Complain(_) => "complain",
            Self::Settle => "settle",
        }
    }
}

/// What a responder has, beside the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponderFacts {
    /// All documents are labelled.
    pub labelled: bool,
    /// Whether the sample can be drawn.
    pub chance: Chance,
    /// Samples whose proofs are here and say what the results say.
    pub proofs: Vec<u64>,
}

/// What a requester has, beside the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequesterFacts {
    /// Whether the sample can be drawn.
    pub chance: Chance,
    /// Positives that did not come.
    pub missing: Option<Range<u64>>,
    /// The announced ciphertext is here.
    pub ciphertext: bool,
    /// What is wrong with the revealed delivery.
    pub fault: Option<Complaint>,
}

/// The approver's next move. What is approved is decided by people; `idle` is whether the dataset answers no other request.
pub fn approver(case: &Case, granted: bool, idle: bool, now: u64) -> Option<Move> {
    let in_time = case.state == State::Filed && now <= case.deadline;
    (in_time && granted && idle).then_some(Move::Approve)
}

/// The responder's next move, if there is one to make now.
pub fn responder(case: &Case, facts: &ResponderFacts, now: u64) -> Option<Move> {
    let late = now > case.turn()?.until;
    match case.state {
        State::Approved => (!late && facts.labelled).then_some(Move::PostResults),
        State::Posted => match facts.chance {
            // The week is for those who sleep: as long as nobody settles, a draw counts.
            Chance::Here { .. } => Some(Move::Draw),
            Chance::Missed if !late => Some(Move::Rearm),
            _ => late.then_some(Move::Settle),
        },
        State::Drawn if late => None,
        State::Drawn => case.outstanding().find(|sample| facts.proofs.contains(sample)).map(Move::Prove),
        // The requester was silent.
        State::Proven => late.then_some(Move::Settle),
        State::Demanded => (!late).then_some(Move::Identify),
        State::Identified => (!late).then_some(Move::Announce),
        State::Delivering => match case.delivery.as_ref()?.stage {
            Stage::Demanded => (!late).then_some(Move::PublishChunk),
            Stage::Acknowledged => (!late).then_some(Move::Reveal),
            _ => late.then_some(Move::Settle),
        },
        _ => None,
    }
}

/// The requester's next move, if there is one to make now.
pub fn requester(case: &Case, facts: &RequesterFacts, now: u64) -> Option<Move> {
    let late = now > case.turn()?.until;
    match case.state {
        State::Posted => match facts.chance {
            Chance::Here { blocks } if late || blocks > COURTESY => Some(Move::Draw),
            Chance::Missed if !late => Some(Move::Rearm),
            _ => late.then_some(Move::Settle),
        },
        State::Proven if !late && facts.missing.is_some() => {
            let demand = half_over(case.deadline, case.dataset.windows.demand, now);
            facts.missing.clone().filter(|_| demand).map(Move::Demand)
        }
        // It has what it asked for: there is nothing to wait for.
        State::Proven => Some(Move::Settle),
        State::Delivering => {
            let delivery = case.delivery.as_ref()?;
            match delivery.stage {
                Stage::Announced if late => Some(Move::Settle),
                Stage::Announced if facts.ciphertext => Some(Move::Acknowledge),
                Stage::Announced => {
                    half_over(delivery.deadline, case.dataset.courier.step, now).then_some(Move::DemandPublication)
                }
                Stage::Revealed if late => Some(Move::Settle),
                Stage::Revealed => Some(facts.fault.map_or(Move::Settle, Move::Complain)),
                _ => late.then_some(Move::Settle),
            }
        }
        // Nobody approved, or the responder was silent.
        State::Filed | State::Approved | State::Drawn | State::Demanded | State::Identified => {
            late.then_some(Move::Settle)
        }
        _ => None,
    }
}

/// Whether what should come off chain had its time: then there is still as much to have it on chain.
fn half_over(deadline: u64, window: u32, now: u64) -> bool {
    now.saturating_add(u64::from(window) / 2) >= deadline
}
