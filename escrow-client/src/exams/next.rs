//! What a party does next: decided from the exam, from what the party has, and from the time, and from nothing else.

use super::case::{Case, State};
use crate::{bindings::Stage, protocol::sealed::Complaint};

/// A transition that somebody can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Take back an exam that nobody accepted.
    Cancel,
    /// Accept an exam, and draw its seed.
    Accept,
    /// Announce the ciphertext of the next examples.
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
    /// Go on after the first examples.
    Proceed,
    /// Stop after the first examples.
    Abort,
    /// Commit to the results.
    PostResults,
    /// Challenge answers.
    Challenge(Vec<u64>),
    /// Prove a challenged answer.
    Respond(u64),
    /// End the exam.
    Settle,
}

impl Move {
    /// The verb that makes it by hand.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Accept => "accept",
            Self::Announce => "announce",
            Self::Acknowledge => "acknowledge",
            Self::DemandPublication => "demand-publication",
            Self::PublishChunk => "publish",
            Self::Reveal => "reveal",
            Self::Complain(_) => "complain",
            Self::Proceed => "proceed",
            Self::Abort => "abort",
            Self::PostResults => "post-results",
            Self::Challenge(_) => "challenge",
            Self::Respond(_) => "respond",
            Self::Settle => "settle",
        }
    }
}

/// What a provider has, beside the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderFacts {
    /// It wants this exam, and has all leaves of the test set.
    pub acceptable: bool,
    /// The announced ciphertext is here.
    pub ciphertext: bool,
    /// What is wrong with the revealed delivery.
    pub fault: Option<Complaint>,
    /// Whether it goes on after the first examples, once it knows how the model does on them.
    pub confident: Option<bool>,
    /// The model's answers to all other examples are here.
    pub answered: bool,
    /// Challenged answers whose proofs are here.
    pub proofs: Vec<u64>,
}

/// What a consumer has, beside the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerFacts {
    /// It can judge the results already: the answers behind them are here, or it knows the model.
    pub informed: bool,
    /// Answers that it wants to see proven.
    pub doubts: Vec<u64>,
}

/// The provider's next move, if there is one to make now.
pub fn provider(case: &Case, facts: &ProviderFacts, now: u64) -> Option<Move> {
    let late = now > case.turn()?.until;
    match case.state {
        State::Open => (!late && facts.acceptable).then_some(Move::Accept),
        State::FirstDelivery | State::SecondDelivery => {
            let delivery = case.delivery()?;
            let first = case.state == State::FirstDelivery;
            match delivery.stage {
                // Silence after the first examples is no fault: the contract takes it for an abort.
                Stage::Revealed if late => first.then_some(Move::Settle),
                Stage::Announced if late => None,
                Stage::Announced if facts.ciphertext => Some(Move::Acknowledge),
                Stage::Announced => {
                    half_over(delivery.deadline, case.terms.courier.step, now).then_some(Move::DemandPublication)
                }
                Stage::Revealed => match facts.fault {
                    Some(fault) => Some(Move::Complain(fault)),
                    None if first => facts.confident.map(|go_on| if go_on { Move::Proceed } else { Move::Abort }),
                    None => facts.answered.then_some(Move::PostResults),
                },
                _ => late.then_some(Move::Settle),
            }
        }
        State::Challenged => {
            let mut outstanding = case.outstanding().peekable();
            if outstanding.peek().is_none() {
                // Whoever gains ends it: two at once would pay for one transaction too many.
                return (late || case.reached()).then_some(Move::Settle);
            }
            outstanding.find(|place| !late && facts.proofs.contains(place)).map(Move::Respond)
        }
        // The consumer was silent.
        State::Accepted | State::Continued | State::Answered => late.then_some(Move::Settle),
        _ => None,
    }
}

/// The consumer's next move, if there is one to make now.
pub fn consumer(case: &Case, facts: &ConsumerFacts, now: u64) -> Option<Move> {
    let late = now > case.turn()?.until;
    match case.state {
        State::Open => late.then_some(Move::Cancel),
        State::Accepted | State::Continued => (!late).then_some(Move::Announce),
        State::FirstDelivery | State::SecondDelivery => match case.delivery()?.stage {
            Stage::Demanded => (!late).then_some(Move::PublishChunk),
            Stage::Acknowledged => (!late).then_some(Move::Reveal),
            // The provider was silent.
            _ => late.then_some(Move::Settle),
        },
        // Results that fail cost the consumer nothing: there is nothing to doubt.
        State::Answered if late || !case.reached() => Some(Move::Settle),
        State::Answered => {
            if !facts.informed && !half_over(case.deadline, case.terms.windows.challenge, now) {
                return None;
            }
            let doubts = &facts.doubts;
            Some(if doubts.is_empty() { Move::Settle } else { Move::Challenge(doubts.clone()) })
        }
        State::Challenged if case.outstanding().next().is_none() => (late || !case.reached()).then_some(Move::Settle),
        State::Challenged => late.then_some(Move::Settle),
        _ => None,
    }
}

/// Whether what should come off chain had its time: then there is still as much to do without it.
fn half_over(deadline: u64, window: u32, now: u64) -> bool {
    now.saturating_add(u64::from(window) / 2) >= deadline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exams::case::tests::after, protocol::sealed::Fault};

    /// How many logs there are when an exam is in a state.
    const OPEN: usize = 1;
    const ACCEPTED: usize = 2;
    const ANNOUNCED: usize = 3;
    const ACKNOWLEDGED: usize = 4;
    const REVEALED: usize = 5;
    const CONTINUED: usize = 6;
    const DEMANDED: usize = 8;
    const REVEALED_AGAIN: usize = 11;
    const ANSWERED: usize = 12;
    const CHALLENGED: usize = 13;
    const PROVEN: usize = 15;

    #[test]
    fn a_provider_does_what_it_has_everything_for() {
        let fault = Complaint { fault: Fault::Label, item: 0, position: 0 };
        let nothing = ProviderFacts::default();
        let wants = ProviderFacts { acceptable: true, ..nothing.clone() };
        let received = ProviderFacts { ciphertext: true, ..nothing.clone() };
        let cheated = ProviderFacts { fault: Some(fault), confident: Some(true), answered: true, ..nothing.clone() };
        let confident = |go_on| ProviderFacts { confident: Some(go_on), ..nothing.clone() };
        let answered = ProviderFacts { answered: true, ..nothing.clone() };
        let proven = ProviderFacts { proofs: vec![5], ..nothing.clone() };
        let expected = [
            (OPEN, &nothing, 100, None),
            (OPEN, &wants, 100, Some(Move::Accept)),
            (OPEN, &wants, 101, None),
            (ACCEPTED, &nothing, 200, None),
            (ACCEPTED, &nothing, 201, Some(Move::Settle)),
            (ANNOUNCED, &received, 300, Some(Move::Acknowledge)),
            (ANNOUNCED, &nothing, 249, None),
            (ANNOUNCED, &nothing, 250, Some(Move::DemandPublication)),
            (ANNOUNCED, &received, 301, None),
            (ACKNOWLEDGED, &nothing, 310, None),
            (ACKNOWLEDGED, &nothing, 311, Some(Move::Settle)),
            (REVEALED, &nothing, 320, None),
            (REVEALED, &cheated, 320, Some(Move::Complain(fault))),
            (REVEALED, &confident(true), 320, Some(Move::Proceed)),
            (REVEALED, &confident(false), 320, Some(Move::Abort)),
            (REVEALED, &confident(true), 321, Some(Move::Settle)),
            (CONTINUED, &nothing, 401, Some(Move::Settle)),
            (REVEALED_AGAIN, &confident(true), 530, None),
            (REVEALED_AGAIN, &answered, 530, Some(Move::PostResults)),
            (REVEALED_AGAIN, &cheated, 530, Some(Move::Complain(fault))),
            (REVEALED_AGAIN, &answered, 531, None),
            (ANSWERED, &nothing, 600, None),
            (ANSWERED, &nothing, 601, Some(Move::Settle)),
            (CHALLENGED, &nothing, 700, None),
            (CHALLENGED, &proven, 700, Some(Move::Respond(5))),
            (CHALLENGED, &proven, 701, None),
            (PROVEN, &nothing, 700, Some(Move::Settle)),
        ];
        for (logs, facts, now, next) in expected {
            assert_eq!(provider(&after(logs), facts, now), next, "after {logs} logs, at {now}");
        }
    }

    #[test]
    fn a_consumer_waits_only_for_what_may_still_come() {
        let nothing = ConsumerFacts::default();
        let content = ConsumerFacts { informed: true, ..nothing.clone() };
        let doubts = ConsumerFacts { informed: true, doubts: vec![1, 4] };
        let expected = [
            (OPEN, &nothing, 100, None),
            (OPEN, &nothing, 101, Some(Move::Cancel)),
            (ACCEPTED, &nothing, 200, Some(Move::Announce)),
            (ACCEPTED, &nothing, 201, None),
            (ANNOUNCED, &nothing, 300, None),
            (ANNOUNCED, &nothing, 301, Some(Move::Settle)),
            (ACKNOWLEDGED, &nothing, 310, Some(Move::Reveal)),
            (ACKNOWLEDGED, &nothing, 311, None),
            (REVEALED, &nothing, 321, Some(Move::Settle)),
            (CONTINUED, &nothing, 400, Some(Move::Announce)),
            (DEMANDED, &nothing, 510, Some(Move::PublishChunk)),
            (REVEALED_AGAIN, &nothing, 531, Some(Move::Settle)),
            (ANSWERED, &nothing, 549, None),
            (ANSWERED, &nothing, 550, Some(Move::Settle)),
            (ANSWERED, &content, 540, Some(Move::Settle)),
            (ANSWERED, &doubts, 540, Some(Move::Challenge(vec![1, 4]))),
            (ANSWERED, &doubts, 601, Some(Move::Settle)),
            (CHALLENGED, &nothing, 700, None),
            (CHALLENGED, &nothing, 701, Some(Move::Settle)),
            (PROVEN, &nothing, 700, None),
            (PROVEN, &nothing, 701, Some(Move::Settle)),
        ];
        for (logs, facts, now, next) in expected {
            assert_eq!(consumer(&after(logs), facts, now), next, "after {logs} logs, at {now}");
        }
        let mut failed = after(ANSWERED);
        failed.correct = 2;
        assert_eq!(consumer(&failed, &doubts, 540), Some(Move::Settle));
        let mut failed = after(PROVEN);
        failed.correct = 2;
        assert_eq!(consumer(&failed, &nothing, 650), Some(Move::Settle));
        assert_eq!(provider(&failed, &ProviderFacts::default(), 650), None);
    }

    #[test]
    fn nobody_moves_in_an_exam_that_is_over() {
        let case = after(16);
        assert_eq!(provider(&case, &ProviderFacts::default(), u64::MAX), None);
        assert_eq!(consumer(&case, &ConsumerFacts::default(), u64::MAX), None);
    }
}
