//! A round as the chain has it, rebuilt from what its contract said.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    rpc::types::Log,
    sol_types::{SolEventInterface, SolValue},
};

use crate::{
    bindings::PredictionEscrow::{Prediction, PredictionEscrowEvents as Event},
    market::delivery::{self, Delivery},
};

pub use crate::bindings::PredictionEscrow::{State, Terms, Windows};

/// What a round paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// To its consumer.
    pub consumer: U256,
    /// To its provider.
    pub provider: U256,
    /// To nobody.
    pub burned: U256,
}

/// A round.
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
    /// Root over the inputs.
    pub inputs: B256,
    /// Root over the predictions.
    pub predictions: B256,
    /// Demanded inputs or predictions: the first and how many.
    pub demanded: (u64, u64),
    /// Demanded inputs that were shown.
    pub shown: BTreeMap<u64, U256>,
    /// Demanded predictions that were published.
    pub published: BTreeMap<u64, Prediction>,
    /// Contested predictions.
    pub contested: Vec<u64>,
    /// Those of them that were proven.
    pub proven: BTreeMap<u64, Prediction>,
    /// The delivery of demanded inputs.
    pub delivery: Option<Delivery>,
    /// What it paid, when it is over.
    pub payout: Option<Payout>,
}

/// The id of a round with these terms.
pub fn id_of(terms: &Terms) -> U256 {
    keccak256(terms.abi_encode()).into()
}

impl Case {
    /// What these logs, all of one round and in order, come to; nothing, if they do not begin with its opening.
    pub fn replay(logs: &[Log]) -> Option<Self> {
        let (first, rest) = logs.split_first()?;
        let Event::RoundOpened(opened) = Event::decode_log(&first.inner).ok()?.data else { return None };
        let mut case = Self {
            id: opened.caseId,
            terms: opened.terms,
            state: State::Open,
            deadline: opened.deadline.saturating_to(),
            inputs: B256::ZERO,
            predictions: B256::ZERO,
            demanded: (0, 0),
            shown: BTreeMap::new(),
            published: BTreeMap::new(),
            contested: vec![],
            proven: BTreeMap::new(),
            delivery: None,
            payout: None,
        };
        for log in rest {
            if let Ok(event) = Event::decode_log(&log.inner) {
                case.apply(event.data);
            } else if let Ok(event) = delivery::Event::decode_log(&log.inner) {
                case.hand_over(event.data);
            }
        }
        Some(case)
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::RoundOpened(_) => {}
            Event::RoundAccepted(e) => self.moved(State::Accepted, e.deadline),
            Event::InputsCommitted(e) => {
                self.moved(State::Committed, e.deadline);
                self.inputs = e.root;
            }
            Event::InputsDemanded(e) => {
                self.moved(State::InputsDemanded, e.deadline);
                self.demanded = (e.first.saturating_to(), e.count.saturating_to());
            }
            Event::InputShown(e) => {
                self.shown.insert(e.index.saturating_to(), e.commitment);
            }
            Event::InputsShown(e) => self.moved(State::InputsShown, e.deadline),
            Event::PredictionsCommitted(e) => {
                self.moved(State::Predicted, e.deadline);
                self.predictions = e.root;
            }
            Event::PredictionsDemanded(e) => {
                self.moved(State::PredictionsDemanded, e.deadline);
                self.demanded = (e.first.saturating_to(), e.count.saturating_to());
            }
            Event::PredictionPublished(e) => {
                self.published.insert(e.index.saturating_to(), e.prediction);
            }
            Event::PredictionsPublished(e) => self.moved(State::Published, e.deadline),
            Event::RoundContested(e) => {
                self.moved(State::Contested, e.deadline);
                self.contested = e.indices.iter().map(|index| index.saturating_to()).collect();
            }
            Event::PredictionProven(e) => {
                self.proven.insert(e.index.saturating_to(), e.prediction);
            }
            Event::RoundEnded(e) => {
                self.state = e.state;
                let (consumer, provider, burned) = (e.toConsumer, e.toProvider, e.burned);
                self.payout = Some(Payout { consumer, provider, burned });
            }
        }
    }

    fn hand_over(&mut self, event: delivery::Event) {
        if matches!(event, delivery::Event::DeliveryAnnounced(_)) {
            self.state = State::Delivering;
        }
        Delivery::apply(&mut self.delivery, event);
    }

    fn moved(&mut self, state: State, deadline: U256) {
        self.state = state;
        self.deadline = deadline.saturating_to();
    }

    /// Number of predictions.
    pub fn count(&self) -> u64 {
        self.terms.count.into()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Refunded | State::Served | State::ConsumerFailed | State::ProviderFailed)
    }

    /// Contested predictions without an answer.
    pub fn outstanding(&self) -> impl Iterator<Item = u64> {
        self.contested.iter().copied().filter(|index| !self.proven.contains_key(index))
    }

    /// Whose move it is and until when: `None` when the round is over.
    pub fn turn(&self) -> Option<Turn> {
        let Terms { consumer, provider, .. } = self.terms;
        let turn = |who, silence| Some(Turn { who, until: self.deadline, silence });
        match self.state {
            State::Open => turn(provider, Silence::Refund),
            State::Accepted => turn(consumer, Silence::Refund),
            State::Committed => turn(provider, Silence::ProviderLoses),
            State::InputsDemanded | State::InputsShown => turn(consumer, Silence::ConsumerLoses),
            State::Delivering => {
                let delivery = self.delivery.as_ref()?;
                let silence = if delivery.turn() == provider { Silence::ProviderLoses } else { Silence::ConsumerLoses };
                Some(Turn { who: delivery.turn(), until: delivery.deadline, silence })
            }
            State::Predicted | State::Published => turn(consumer, Silence::Served),
            State::PredictionsDemanded => turn(provider, Silence::ProviderLoses),
            State::Contested if self.outstanding().next().is_none() => turn(provider, Silence::Served),
            State::Contested => turn(provider, Silence::ProviderLoses),
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
    /// All get back what they locked.
    Refund,
    /// The provider is paid.
    Served,
    /// The consumer loses what it locked for proofs.
    ConsumerLoses,
    /// The provider loses what it locked, and a part of its stake.
    ProviderLoses,
}
