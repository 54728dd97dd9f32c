//! An exam as the chain has it, rebuilt from what its contract said.

use std::{collections::BTreeMap, ops::Range};

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    rpc::types::Log,
    sol_types::{SolEventInterface, SolValue},
};

use crate::{
    bindings::{AccuracyEscrow::AccuracyEscrowEvents as Event, Stage},
    market::delivery::{self, Delivery},
    protocol::permutation,
};

pub use crate::{
    bindings::AccuracyEscrow::{State, Terms, Windows},
    rounds::case::Payout,
};

/// Accuracy is counted in millionths.
pub const MILLION: u64 = 1_000_000;

/// An exam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: U256,
    /// What both sides agreed on.
    pub terms: Terms,
    /// Where it stands.
    pub state: State,
    /// Until when the next step counts; in deliveries, theirs counts.
    pub deadline: u64,
    /// What orders the test set.
    pub seed: B256,
    /// The delivery of the first examples.
    pub first: Option<Delivery>,
    /// The delivery of the others.
    pub second: Option<Delivery>,
    /// Root of the results.
    pub results: B256,
    /// How many answers are correct, as the provider says.
    pub correct: u64,
    /// Challenged answers.
    pub challenged: Vec<u64>,
    /// Those of them that were proven: what the model says, and whether it is right.
    pub proven: BTreeMap<u64, (U256, bool)>,
    /// What it paid, when it is over.
    pub payout: Option<Payout>,
}

/// The id of an exam with these terms.
pub fn id_of(terms: &Terms) -> U256 {
    keccak256(terms.abi_encode()).into()
}

impl Case {
    /// What these logs, all of one exam and in order, come to; nothing, if they do not begin with its opening.
    pub fn replay(logs: &[Log]) -> Option<Self> {
        let (first, rest) = logs.split_first()?;
        let Event::ExamOpened(opened) = Event::decode_log(&first.inner).ok()?.data else { return None };
        let mut case = Self::opened(opened.caseId, opened.terms, opened.deadline);
        for log in rest {
            if let Ok(event) = Event::decode_log(&log.inner) {
                case.apply(event.data);
            } else if let Ok(event) = delivery::Event::decode_log(&log.inner) {
                case.hand_over(event.data);
            }
        }
        Some(case)
    }

    fn opened(id: U256, terms: Terms, deadline: U256) -> Self {
        Self {
            id,
            terms,
            state: State::Open,
            deadline: deadline.saturating_to(),
            seed: B256::ZERO,
            first: None,
            second: None,
            results: B256::ZERO,
            correct: 0,
            challenged: vec![],
            proven: BTreeMap::new(),
            payout: None,
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::ExamOpened(_) => {}
            Event::ExamAccepted(e) => {
                self.moved(State::Accepted, e.deadline);
                self.seed = e.seed;
            }
            Event::ExamContinued(e) => self.moved(State::Continued, e.deadline),
            Event::ResultsPosted(e) => {
                self.moved(State::Answered, e.deadline);
                self.results = e.root;
                self.correct = e.correct.saturating_to();
            }
            Event::ResultsChallenged(e) => {
                self.moved(State::Challenged, e.deadline);
                self.challenged = e.places.iter().map(|place| place.saturating_to()).collect();
            }
            Event::ScoreProven(e) => {
                self.proven.insert(e.place.saturating_to(), (e.label, e.correct));
            }
            Event::ExamEnded(e) => {
                self.state = e.state;
                let (consumer, provider, burned) = (e.toConsumer, e.toProvider, e.burned);
                self.payout = Some(Payout { consumer, provider, burned });
            }
        }
    }

    fn hand_over(&mut self, event: delivery::Event) {
        if matches!(event, delivery::Event::DeliveryAnnounced(_)) {
            self.state = if self.state == State::Accepted { State::FirstDelivery } else { State::SecondDelivery };
        }
        // The first one stays as it ended: what it handed over is still needed.
        let slot = if self.state == State::FirstDelivery { &mut self.first } else { &mut self.second };
        Delivery::apply(slot, event);
    }

    fn moved(&mut self, state: State, deadline: U256) {
        self.state = state;
        self.deadline = deadline.saturating_to();
    }

    /// `N`, the size of the test set.
    pub fn examples(&self) -> u64 {
        self.terms.examples.into()
    }

    /// `N2`, what the exam is about.
    pub fn answers(&self) -> u64 {
        self.examples().saturating_sub(self.terms.first.into())
    }

    /// Which example is at a place of the order that the seed makes; nothing, before there is one.
    pub fn example_at(&self, place: u64) -> Option<u64> {
        if self.seed.is_zero() {
            return None;
        }
        permutation::element(self.seed, self.examples(), place)
    }

    /// The places that have to be handed over next, or are being handed over.
    pub fn due(&self) -> Range<u64> {
        let first = u64::from(self.terms.first);
        match self.state {
            State::Accepted | State::FirstDelivery => 0..first,
            State::Continued | State::SecondDelivery => first..self.examples(),
            _ => 0..0,
        }
    }

    /// The delivery that goes on.
    pub fn delivery(&self) -> Option<&Delivery> {
        match self.state {
            State::FirstDelivery => self.first.as_ref(),
            State::SecondDelivery => self.second.as_ref(),
            _ => None,
        }
    }

    /// Whether so many correct answers, of `of`, are what the terms ask for.
    pub fn reaches(&self, correct: u64, of: u64) -> bool {
        u128::from(correct) * u128::from(MILLION) >= u128::from(self.terms.target) * u128::from(of)
    }

    /// Whether the results, as they were posted, are accurate enough.
    pub fn reached(&self) -> bool {
        self.reaches(self.correct, self.answers())
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(
            self.state,
            State::Refunded
                | State::Aborted
                | State::Passed
                | State::Failed
                | State::ConsumerFailed
                | State::ProviderFailed
        )
    }

    /// Challenged answers without a proof.
    pub fn outstanding(&self) -> impl Iterator<Item = u64> {
        self.challenged.iter().copied().filter(|place| !self.proven.contains_key(place))
    }

    /// Whose move it is and until when: `None` when the exam is over.
    pub fn turn(&self) -> Option<Turn> {
        let Terms { consumer, provider, .. } = self.terms;
        let turn = |who, silence| Some(Turn { who, until: self.deadline, silence });
        match self.state {
            State::Open => turn(provider, Silence::Refund),
            State::Accepted | State::Continued => turn(consumer, Silence::ConsumerLoses),
            State::FirstDelivery | State::SecondDelivery => {
                let delivery = self.delivery()?;
                let silence = match delivery.stage {
                    Stage::Demanded | Stage::Acknowledged => Silence::ConsumerLoses,
                    Stage::Revealed if self.state == State::FirstDelivery => Silence::Abort,
                    _ => Silence::ProviderLoses,
                };
                Some(Turn { who: delivery.turn(), until: delivery.deadline, silence })
            }
            State::Answered => turn(consumer, Silence::Grade),
            State::Challenged if self.outstanding().next().is_none() => {
                turn(if self.reached() { provider } else { consumer }, Silence::Grade)
            }
            State::Challenged => turn(provider, Silence::ProviderLoses),
            _ => None,
        }
    }
}

/// Whose move it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who moves.
    pub who: Address,
    /// Until when it counts.
    pub until: u64,
    /// What happens otherwise.
    pub silence: Silence,
}

/// What happens when nobody moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The consumer gets back what it locked.
    Refund,
    /// The exam ends without a result, and the consumer pays for the first inferences.
    Abort,
    /// The results count as they were posted.
    Grade,
    /// The consumer loses what it locked.
    ConsumerLoses,
    /// The provider loses what it locked, and a part of its stake.
    ProviderLoses,
}

#[cfg(test)]
pub(crate) mod tests {
    use alloy::{primitives::LogData, sol_types::SolEvent};

    use super::*;
    use crate::bindings::{AccuracyEscrow as A, Courier, Deliveries as D};

    pub const CONSUMER: Address = Address::new([1; 20]);
    pub const PROVIDER: Address = Address::new([2; 20]);

    pub fn terms() -> Terms {
        Terms {
            consumer: CONSUMER,
            provider: PROVIDER,
            model: B256::repeat_byte(3),
            currency: Address::ZERO,
            examples: 10,
            first: 4,
            target: 500_000,
            exampleCost: 300,
            proofCost: 20,
            inferenceCost: 1,
            testSet: B256::repeat_byte(4),
            windows: Windows {
                accept: 100,
                announce: 100,
                decide: 100,
                results: 100,
                challenge: 100,
                respond: 100,
                respondEach: 10,
            },
            courier: Courier { step: 100, perChunk: 10, bond: 5 },
            salt: U256::ZERO,
        }
    }

    /// The exam's id in these tests.
    const ID: U256 = U256::ONE;

    fn log(data: LogData) -> Log {
        Log { inner: alloy::primitives::Log { address: Address::ZERO, data }, ..Log::default() }
    }

    /// What the contract says of an exam with a challenge that is answered.
    fn story() -> Vec<Log> {
        let at = U256::from;
        let announced = |root: u8, deadline: u64| D::DeliveryAnnounced {
            caseId: ID,
            sender: CONSUMER,
            receiver: PROVIDER,
            root: B256::repeat_byte(root),
            keyHash: B256::repeat_byte(root + 1),
            words: at(300),
            deadline: at(deadline),
        };
        let revealed = |key: u64, deadline: u64| D::KeyRevealed { caseId: ID, key: at(key), deadline: at(deadline) };
        let opened =
            A::ExamOpened { caseId: ID, consumer: CONSUMER, provider: PROVIDER, terms: terms(), deadline: at(100) };
        let ended =
            A::ExamEnded { caseId: ID, state: State::Passed, toConsumer: at(7), toProvider: at(8), burned: at(9) };
        vec![
            opened.encode_log_data(),
            A::ExamAccepted { caseId: ID, seed: B256::repeat_byte(5), deadline: at(200) }.encode_log_data(),
            announced(10, 300).encode_log_data(),
            D::DeliveryAcknowledged { caseId: ID, deadline: at(310) }.encode_log_data(),
            revealed(77, 320).encode_log_data(),
            A::ExamContinued { caseId: ID, deadline: at(400) }.encode_log_data(),
            announced(20, 500).encode_log_data(),
            D::PublicationDemanded { caseId: ID, bond: at(10), deadline: at(510) }.encode_log_data(),
            D::ChunkPublished { caseId: ID, chunk: at(0), words: vec![at(1), at(2)] }.encode_log_data(),
            D::DeliveryAcknowledged { caseId: ID, deadline: at(520) }.encode_log_data(),
            revealed(88, 530).encode_log_data(),
            A::ResultsPosted { caseId: ID, root: B256::repeat_byte(6), correct: at(3), deadline: at(600) }
                .encode_log_data(),
            A::ResultsChallenged { caseId: ID, places: vec![at(0), at(5)], deadline: at(700) }.encode_log_data(),
            A::ScoreProven { caseId: ID, place: at(5), label: at(2), correct: false, outstanding: at(1) }
                .encode_log_data(),
            A::ScoreProven { caseId: ID, place: at(0), label: at(1), correct: true, outstanding: at(0) }
                .encode_log_data(),
            ended.encode_log_data(),
        ]
        .into_iter()
        .map(log)
        .collect()
    }

    /// The exam after so many of its logs.
    pub fn after(logs: usize) -> Case {
        Case::replay(&story()[..logs]).expect("an exam")
    }

    #[test]
    fn each_log_says_whose_turn_it_is() {
        use Silence::*;
        let expected = [
            (State::Open, PROVIDER, 100, Refund),
            (State::Accepted, CONSUMER, 200, ConsumerLoses),
            (State::FirstDelivery, PROVIDER, 300, ProviderLoses),
            (State::FirstDelivery, CONSUMER, 310, ConsumerLoses),
            (State::FirstDelivery, PROVIDER, 320, Abort),
            (State::Continued, CONSUMER, 400, ConsumerLoses),
            (State::SecondDelivery, PROVIDER, 500, ProviderLoses),
            (State::SecondDelivery, CONSUMER, 510, ConsumerLoses),
            (State::SecondDelivery, CONSUMER, 510, ConsumerLoses),
            (State::SecondDelivery, CONSUMER, 520, ConsumerLoses),
            (State::SecondDelivery, PROVIDER, 530, ProviderLoses),
            (State::Answered, CONSUMER, 600, Grade),
            (State::Challenged, PROVIDER, 700, ProviderLoses),
            (State::Challenged, PROVIDER, 700, ProviderLoses),
            (State::Challenged, PROVIDER, 700, Grade),
        ];
        for (logs, (state, who, until, silence)) in expected.into_iter().enumerate() {
            let case = after(logs + 1);
            assert_eq!(case.state, state, "{logs}");
            assert_eq!(case.turn(), Some(Turn { who, until, silence }), "{logs}");
        }
    }

    #[test]
    fn an_exam_is_what_its_logs_say() {
        let case = after(story().len());
        assert!(case.is_over() && case.turn().is_none());
        let keys = [&case.first, &case.second].map(|delivery| delivery.as_ref().and_then(|d| d.key));
        assert_eq!(keys, [Some(U256::from(77)), Some(U256::from(88))]);
        assert_eq!((case.correct, case.answers()), (3, 6));
        assert!(case.reached() && !case.reaches(2, 6));
        assert_eq!(case.proven.get(&5), Some(&(U256::from(2), false)));
        assert_eq!(case.payout.map(|payout| payout.burned), Some(U256::from(9)));
        let places: Option<std::collections::BTreeSet<u64>> = (0..10).map(|place| case.example_at(place)).collect();
        assert_eq!(places.map(|all| all.len()), Some(10));
        assert_eq!(case.example_at(10), None);
    }

    #[test]
    fn two_deliveries_are_of_different_places() {
        assert_eq!(after(2).due(), 0..4);
        assert_eq!(after(3).due(), 0..4);
        assert_eq!(after(6).due(), 4..10);
        assert_eq!(after(7).due(), 4..10);
        assert!(after(12).due().is_empty());
    }

    #[test]
    fn logs_without_an_opening_are_no_exam() {
        assert_eq!(Case::replay(&[]), None);
        assert_eq!(Case::replay(&story()[1..]), None);
    }
}
