//! What a party does next: decided from the round, from what the party has, and from the time, and from nothing else.

use std::ops::Range;

use super::case::{Case, State};
use crate::{bindings::Stage, protocol::sealed::Complaint};

/// A transition that somebody can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Take back a round that nobody accepted.
    Cancel,
    /// Accept a round.
    Accept,
    /// Commit to the inputs.
    CommitInputs,
    /// Have inputs handed over.
    DemandInputs(Range<u64>),
    /// Show demanded inputs.
    ShowInputs,
    /// Announce their ciphertext.
    AnnounceInputs,
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
    /// Give the round back.
    Decline,
    /// Commit to the predictions.
    CommitPredictions,
    /// Have predictions published.
    DemandPredictions(Range<u64>),
    /// Publish demanded predictions.
    PublishPredictions,
    /// Contest predictions.
    Contest(Vec<u64>),
    /// Prove a contested prediction.
    Respond(u64),
    /// End the round.
    Settle,
}

impl Move {
    /// The verb that makes it by hand.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Accept => "accept",
            Self::CommitInputs => "commit-inputs",
            Self::DemandInputs(_) => "demand-inputs",
            Self::ShowInputs => "show-inputs",
            Self::AnnounceInputs => "announce-inputs",
            Self::Acknowledge => "acknowledge",
            Self::DemandPublication => "demand-publication",
            Self::PublishChunk => "publish",
            Self::Reveal => "reveal",
            Self::Complain(_) => "complain",
            Self::Decline => "decline",
            Self::CommitPredictions => "commit-predictions",
            Self::DemandPredictions(_) => "demand-predictions",
            Self::PublishPredictions => "publish-predictions",
            Self::Contest(_) => "contest",
            Self::Respond(_) => "respond",
            Self::Settle => "settle",
        }
    }
}

/// What a provider has, beside the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderFacts {
    /// The terms are those that it offers.
    pub acceptable: bool,
    /// Inputs that did not come; all, when not even their commitments did.
    pub missing: Option<Range<u64>>,
    /// All inputs are here and the model has an answer for each.
    pub predicted: bool,
    /// The model has no answer for one of them.
    pub unprovable: bool,
    /// The announced ciphertext is here.
    pub ciphertext: bool,
    /// What is wrong with the revealed delivery.
    pub fault: Option<Complaint>,
    /// Contested predictions whose proofs are here.
    pub proofs: Vec<u64>,
}

/// What a consumer has, beside the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerFacts {
    /// Predictions that did not come, or that are not those that the provider committed to.
    pub missing: Option<Range<u64>>,
    /// Predictions that it wants to see proven.
    pub doubts: Vec<u64>,
}

/// The provider's next move, if there is one to make now.
pub fn provider(case: &Case, facts: &ProviderFacts, now: u64) -> Option<Move> {
    let late = now > case.turn()?.until;
    match case.state {
        State::Open => (!late && facts.acceptable).then_some(Move::Accept),
        State::Committed | State::Delivering if takes_inputs(case) && facts.fault.is_none() => {
            if late {
                return None;
            }
            if facts.predicted {
                return Some(Move::CommitPredictions);
            }
            // After a delivery there is no second one: what is still missing stays missing.
            if facts.unprovable || (facts.missing.is_some() && case.state == State::Delivering) {
                return Some(Move::Decline);
            }
            let demand = half_over(case.deadline, case.terms.windows.predictions, now);
            facts.missing.clone().filter(|_| demand).map(Move::DemandInputs)
        }
        State::Delivering => {
            let delivery = case.delivery.as_ref()?;
            match delivery.stage {
                Stage::Announced | Stage::Revealed if late => None,
                Stage::Announced if facts.ciphertext => Some(Move::Acknowledge),
                Stage::Announced => {
                    half_over(delivery.deadline, case.terms.courier.step, now).then_some(Move::DemandPublication)
                }
                Stage::Revealed => facts.fault.map(Move::Complain),
                _ => late.then_some(Move::Settle),
            }
        }
        State::PredictionsDemanded => (!late).then_some(Move::PublishPredictions),
        State::Contested => {
            let mut outstanding = case.outstanding().peekable();
            if outstanding.peek().is_none() {
                return Some(Move::Settle);
            }
            outstanding.find(|index| !late && facts.proofs.contains(index)).map(Move::Respond)
        }
        // The consumer was silent.
        State::Accepted | State::InputsDemanded | State::InputsShown | State::Predicted | State::Published => {
            late.then_some(Move::Settle)
        }
        _ => None,
    }
}

/// The consumer's next move, if there is one to make now.
pub fn consumer(case: &Case, facts: &ConsumerFacts, now: u64) -> Option<Move> {
    let late = now > case.turn()?.until;
    let in_time = |next| if late { Move::Settle } else { next };
    match case.state {
        State::Open => late.then_some(Move::Cancel),
        State::Accepted => Some(in_time(Move::CommitInputs)),
        State::InputsDemanded => Some(in_time(Move::ShowInputs)),
        State::InputsShown => Some(in_time(Move::AnnounceInputs)),
        State::Delivering => match case.delivery.as_ref()?.stage {
            Stage::Demanded if !late => Some(Move::PublishChunk),
            Stage::Acknowledged if !late => Some(Move::Reveal),
            _ => late.then_some(Move::Settle),
        },
        State::Predicted if !late && facts.missing.is_some() => {
            let demand = half_over(case.deadline, case.terms.windows.contest, now);
            facts.missing.clone().filter(|_| demand).map(Move::DemandPredictions)
        }
        State::Predicted | State::Published if !late && !facts.doubts.is_empty() => {
            Some(Move::Contest(facts.doubts.clone()))
        }
        // It has what it paid for: there is nothing to wait for.
        State::Predicted | State::Published => Some(Move::Settle),
        State::Contested if case.outstanding().next().is_none() => Some(Move::Settle),
        // The provider was silent.
        State::Committed | State::PredictionsDemanded | State::Contested => late.then_some(Move::Settle),
        _ => None,
    }
}

/// Whether the provider can answer to the inputs now.
fn takes_inputs(case: &Case) -> bool {
    match case.state {
        State::Committed => true,
        State::Delivering => case.delivery.as_ref().is_some_and(|delivery| delivery.stage == Stage::Revealed),
        _ => false,
    }
}

/// Whether what should come off chain had its time: then there is still as much to have it on chain.
fn half_over(deadline: u64, window: u32, now: u64) -> bool {
    now.saturating_add(u64::from(window) / 2) >= deadline
}
