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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use alloy::primitives::{Address, B256, U256};

    use super::*;
    use crate::{
        bindings::RetrievalEscrow::Finding,
        market::delivery::Delivery,
        protocol::sealed::Fault,
        requests::{case::Request, dataset::Terms, terms::Times},
    };

    const RESPONDER: Address = Address::repeat_byte(1);
    const REQUESTER: Address = Address::repeat_byte(2);
    const DEADLINE: u64 = 10_000_000;
    const FAULT: Complaint = Complaint { fault: Fault::Step, item: 0, position: 1 };

    fn case(state: State) -> Case {
        let (windows, courier) = Times::default().terms();
        let dataset = Terms {
            responder: RESPONDER,
            approver: Address::repeat_byte(3),
            source: Address::ZERO,
            verifier: Address::ZERO,
            currency: Address::ZERO,
            root: B256::ZERO,
            count: 10,
            bond: 1,
            demandBond: 1,
            notice: 1,
            windows,
            courier,
            salt: U256::ZERO,
        };
        let request = Request {
            requester: REQUESTER,
            dataset: U256::ZERO,
            model: B256::ZERO,
            positives: vec![],
            bound: 1,
            delta: 1,
            reward: 1,
            salt: U256::ZERO,
        };
        Case {
            id: U256::ONE,
            dataset,
            request,
            state,
            deadline: DEADLINE,
            samples: 3,
            results: B256::ZERO,
            positives: 2,
            draw_block: 100,
            seed: Some(B256::ZERO),
            proven: BTreeMap::new(),
            demanded: (0, 2),
            identified: BTreeMap::new(),
            delivery: None,
            payout: None,
        }
    }

    fn delivering(stage: Stage) -> Case {
        let delivery = Delivery {
            sender: RESPONDER,
            receiver: REQUESTER,
            root: B256::ZERO,
            key_hash: B256::ZERO,
            words: 10,
            stage,
            deadline: DEADLINE,
            published: BTreeMap::new(),
            key: None,
        };
        Case { delivery: Some(delivery), ..case(State::Delivering) }
    }

    fn asks(case: &Case, facts: &RequesterFacts) -> [Option<Move>; 2] {
        [DEADLINE - 1_000_000, DEADLINE + 1].map(|now| requester(case, facts, now))
    }

    fn answers(case: &Case, facts: &ResponderFacts) -> [Option<Move>; 2] {
        [DEADLINE - 1_000_000, DEADLINE + 1].map(|now| responder(case, facts, now))
    }

    #[test]
    fn nothing_is_approved_without_a_word() {
        let filed = case(State::Filed);
        assert_eq!(approver(&filed, true, true, DEADLINE), Some(Move::Approve));
        for (granted, idle, now) in [(false, true, 0), (true, false, 0), (true, true, DEADLINE + 1)] {
            assert_eq!(approver(&filed, granted, idle, now), None);
        }
        assert_eq!(approver(&case(State::Approved), true, true, 0), None);
    }

    #[test]
    fn what_the_responder_owes_is_done_in_time_and_its_silence_is_the_requesters_to_end() {
        let facts = ResponderFacts { labelled: true, proofs: vec![1, 2], ..Default::default() };
        let owed = [
            (State::Approved, Move::PostResults),
            (State::Drawn, Move::Prove(1)),
            (State::Demanded, Move::Identify),
            (State::Identified, Move::Announce),
        ];
        for (state, made) in owed {
            assert_eq!(answers(&case(state), &facts), [Some(made), None], "{state:?}");
            assert_eq!(asks(&case(state), &RequesterFacts::default()), [None, Some(Move::Settle)], "{state:?}");
        }
        for (stage, made) in [(Stage::Demanded, Move::PublishChunk), (Stage::Acknowledged, Move::Reveal)] {
            assert_eq!(answers(&delivering(stage), &facts), [Some(made), None]);
            assert_eq!(asks(&delivering(stage), &RequesterFacts::default()), [None, Some(Move::Settle)]);
        }
        let mut proven = case(State::Drawn);
        proven.proven.insert(1, Finding { commitment: U256::ZERO, label: U256::ZERO });
        assert_eq!(answers(&proven, &facts)[0], Some(Move::Prove(2)));
        assert_eq!(answers(&case(State::Drawn), &ResponderFacts::default()), [None, None]);
        assert_eq!(answers(&case(State::Approved), &ResponderFacts::default()), [None, None]);
    }

    #[test]
    fn both_sides_draw_but_the_responder_is_first() {
        let posted = case(State::Posted);
        let responds = |chance| answers(&posted, &ResponderFacts { chance, ..Default::default() });
        let requests = |chance| asks(&posted, &RequesterFacts { chance, ..Default::default() });
        assert_eq!(responds(Chance::Ahead), [None, Some(Move::Settle)]);
        assert_eq!(requests(Chance::Ahead), [None, Some(Move::Settle)]);
        assert_eq!(responds(Chance::Here { blocks: 1 }), [Some(Move::Draw), Some(Move::Draw)]);
        assert_eq!(requests(Chance::Here { blocks: 1 }), [None, Some(Move::Draw)]);
        assert_eq!(requests(Chance::Here { blocks: 17 }), [Some(Move::Draw), Some(Move::Draw)]);
        assert_eq!(responds(Chance::Missed), [Some(Move::Rearm), Some(Move::Settle)]);
        assert_eq!(requests(Chance::Missed), [Some(Move::Rearm), Some(Move::Settle)]);
    }

    #[test]
    fn positives_are_demanded_when_they_had_their_time() {
        let proven = case(State::Proven);
        let half = DEADLINE - u64::from(proven.dataset.windows.demand) / 2;
        let facts = RequesterFacts { missing: Some(0..2), ..Default::default() };
        assert_eq!(requester(&proven, &facts, half - 1), None);
        assert_eq!(requester(&proven, &facts, half), Some(Move::Demand(0..2)));
        assert_eq!(requester(&proven, &facts, DEADLINE + 1), Some(Move::Settle));
        assert_eq!(requester(&proven, &RequesterFacts::default(), 0), Some(Move::Settle));
        assert_eq!(answers(&proven, &ResponderFacts::default()), [None, Some(Move::Settle)]);
    }

    #[test]
    fn deliveries_are_acknowledged_demanded_and_complained_about() {
        let announced = delivering(Stage::Announced);
        let half = DEADLINE - u64::from(announced.dataset.courier.step) / 2;
        let nothing = RequesterFacts::default();
        assert_eq!(requester(&announced, &nothing, half - 1), None);
        assert_eq!(requester(&announced, &nothing, half), Some(Move::DemandPublication));
        let here = RequesterFacts { ciphertext: true, ..Default::default() };
        assert_eq!(asks(&announced, &here), [Some(Move::Acknowledge), Some(Move::Settle)]);
        let revealed = delivering(Stage::Revealed);
        let fault = RequesterFacts { fault: Some(FAULT), ..Default::default() };
        assert_eq!(asks(&revealed, &fault), [Some(Move::Complain(FAULT)), Some(Move::Settle)]);
        assert_eq!(asks(&revealed, &nothing), [Some(Move::Settle), Some(Move::Settle)]);
        for case in [announced, revealed] {
            assert_eq!(answers(&case, &ResponderFacts::default()), [None, Some(Move::Settle)]);
        }
    }

    #[test]
    fn nobody_moves_after_the_end() {
        for state in [State::Withdrawn, State::Fulfilled, State::FullDisclosure] {
            assert_eq!(asks(&case(state), &RequesterFacts::default()), [None, None]);
            assert_eq!(answers(&case(state), &ResponderFacts::default()), [None, None]);
        }
    }
}
