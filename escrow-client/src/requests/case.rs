//! A request as the chain has it, rebuilt from what its contract said.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    rpc::types::Log,
    sol_types::{SolEventInterface, SolValue},
};

use super::dataset::{self, Terms};
use crate::{
    bindings::RetrievalEscrow::{Finding, Opening, RetrievalEscrowEvents as Event},
    market::delivery::{self, Delivery},
    protocol::permutation,
};

pub use crate::bindings::RetrievalEscrow::{Request, State};

/// What a case paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// To its requester.
    pub requester: U256,
    /// To the dataset's responder.
    pub responder: U256,
    /// To nobody.
    pub burned: U256,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: U256,
    /// The terms of the dataset that it is about.
    pub dataset: Terms,
    /// What is asked for.
    pub request: Request,
    /// Where it stands.
    pub state: State,
    /// Until when the next step counts; in deliveries, theirs counts.
    pub deadline: u64,
    /// Documents in the sample.
    pub samples: u64,
    /// Root over the findings.
    pub results: B256,
    /// Positives, as the responder says.
    pub positives: u64,
    /// The block that draws the sample.
    pub draw_block: u64,
    /// What orders the documents for the sample, once it is drawn.
    pub seed: Option<B256>,
    /// Samples that were proven.
    pub proven: BTreeMap<u64, Finding>,
    /// Demanded positives: the first and how many.
    pub demanded: (u64, u64),
    /// Those of them that were identified, by their numbers.
    pub identified: BTreeMap<u64, Opening>,
    /// The delivery of demanded positives.
    pub delivery: Option<Delivery>,
    /// What it paid, when it is over.
    pub payout: Option<Payout>,
}

/// The id of a case with this request.
pub fn id_of(request: &Request) -> U256 {
    keccak256(request.abi_encode()).into()
}

/// Which dataset the case of these logs is about, if they begin with its filing.
pub fn dataset_of(logs: &[Log]) -> Option<U256> {
    match Event::decode_log(&logs.first()?.inner).ok()?.data {
        Event::RequestFiled(filed) => Some(filed.dataset),
        _ => None,
    }
}

/// The last identification among these logs: no event says until when the documents have to be announced, so its time counts.
pub fn last_identification(logs: &mut [Log]) -> Option<&mut Log> {
    let is_one = |log: &&mut Log| {
        matches!(Event::decode_log(&log.inner).map(|event| event.data), Ok(Event::PositiveIdentified(_)))
    };
    logs.iter_mut().rev().find(is_one)
}

impl Case {
    /// What these logs, all of one case and in order, come to; nothing, if they do not begin with the filing of a request
    /// about this dataset.
    pub fn replay(dataset: &Terms, logs: &[Log]) -> Option<Self> {
        let (first, rest) = logs.split_first()?;
        let Event::RequestFiled(filed) = Event::decode_log(&first.inner).ok()?.data else { return None };
        if filed.dataset != dataset::id_of(dataset) {
            return None;
        }
        let mut case = Self {
            id: filed.caseId,
            dataset: dataset.clone(),
            request: filed.request,
            state: State::Filed,
            deadline: filed.deadline.saturating_to(),
            samples: filed.samples.saturating_to(),
            results: B256::ZERO,
            positives: 0,
            draw_block: 0,
            seed: None,
            proven: BTreeMap::new(),
            demanded: (0, 0),
            identified: BTreeMap::new(),
            delivery: None,
            payout: None,
        };
        for log in rest {
            if let Ok(event) = Event::decode_log(&log.inner) {
                case.apply(event.data, log.block_timestamp.unwrap_or_default());
            } else if let Ok(event) = delivery::Event::decode_log(&log.inner) {
                case.hand_over(event.data);
            }
        }
        Some(case)
    }

    fn apply(&mut self, event: Event, time: u64) {
        match event {
            Event::RequestApproved(e) => self.moved(State::Approved, e.deadline),
            Event::ResultsPosted(e) => {
                self.moved(State::Posted, e.deadline);
                self.results = e.root;
                self.positives = e.positives.saturating_to();
                self.draw_block = e.drawBlock.saturating_to();
            }
            Event::DrawRearmed(e) => self.draw_block = e.drawBlock.saturating_to(),
            Event::SampleDrawn(e) => {
                self.moved(State::Drawn, e.deadline);
                self.seed = Some(e.seed);
            }
            Event::SampleProven(e) => {
                self.proven.insert(e.sample.saturating_to(), e.finding);
            }
            Event::ResultsProven(e) => self.moved(State::Proven, e.deadline),
            Event::PositivesDemanded(e) => {
                self.moved(State::Demanded, e.deadline);
                self.demanded = (e.first.saturating_to(), e.count.saturating_to());
            }
            Event::PositiveIdentified(e) => {
                self.identified.insert(e.positive.saturating_to(), e.opening);
                if self.identified.len() as u64 == self.demanded.1 {
                    self.state = State::Identified;
                    self.deadline = time + u64::from(self.dataset.courier.step);
                }
            }
            Event::CaseEnded(e) => {
                self.state = e.state;
                let (requester, responder, burned) = (e.toRequester, e.toResponder, e.burned);
                self.payout = Some(Payout { requester, responder, burned });
            }
            Event::RequestFiled(_)
            | Event::DatasetCommitted(_)
            | Event::DatasetAttested(_)
            | Event::DatasetRetired(_)
            | Event::DatasetClosed(_) => {}
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

    /// Number of documents.
    pub fn count(&self) -> u64 {
        self.dataset.count.into()
    }

    /// Whether a label is one that is asked for.
    pub fn is_positive(&self, label: u64) -> bool {
        is_positive(&self.request, label)
    }

    /// The document of a sample; nothing, before it is drawn or beyond its end.
    pub fn sampled(&self, sample: u64) -> Option<u64> {
        permutation::element(self.seed?, self.count(), sample).filter(|_| sample < self.samples)
    }

    /// Samples without a proof.
    pub fn outstanding(&self) -> impl Iterator<Item = u64> {
        (0..self.samples).filter(|sample| !self.proven.contains_key(sample))
    }

    /// The number of the next demanded positive that is to be identified.
    pub fn next_identified(&self) -> u64 {
        self.demanded.0 + self.identified.len() as u64
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Withdrawn | State::Fulfilled | State::FullDisclosure)
    }

    /// Whose move it is and until when: `None` when the case is over. A sample can be drawn by anybody; the responder is paid for
    /// it.
    pub fn turn(&self) -> Option<Turn> {
        let Terms { responder, approver, .. } = self.dataset;
        let turn = |who, silence| Some(Turn { who, until: self.deadline, silence });
        match self.state {
            State::Filed => turn(approver, Silence::Withdrawn),
            State::Posted => turn(responder, Silence::Withdrawn),
            State::Approved | State::Drawn | State::Demanded | State::Identified => {
                turn(responder, Silence::FullDisclosure)
            }
            State::Proven => turn(self.request.requester, Silence::Fulfilled),
            State::Delivering => {
                let delivery = self.delivery.as_ref()?;
                let who = delivery.turn();
                let silence = if who == responder { Silence::FullDisclosure } else { Silence::Fulfilled };
                Some(Turn { who, until: delivery.deadline, silence })
            }
            _ => None,
        }
    }
}

/// Whether a request asks for a label.
pub fn is_positive(request: &Request, label: u64) -> bool {
    request.positives.get((label / 256) as usize).is_some_and(|word| word.bit((label % 256) as usize))
}

/// The words of a request for these labels.
pub fn positives(labels: &[u64]) -> Vec<U256> {
    let last = labels.iter().max().map_or(0, |label| label / 256 + 1);
    let mut words = vec![U256::ZERO; last as usize];
    for label in labels {
        words[(label / 256) as usize].set_bit((label % 256) as usize, true);
    }
    words
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
    /// The requester gets its reward back.
    Withdrawn,
    /// The responder is paid.
    Fulfilled,
    /// The responder loses its bond to the requester, and the dataset closes.
    FullDisclosure,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_bits_of_words() {
        let request = |labels: &[u64]| Request {
            requester: Address::ZERO,
            dataset: U256::ZERO,
            model: B256::ZERO,
            positives: positives(labels),
            bound: 0,
            delta: 0,
            reward: 0,
            salt: U256::ZERO,
        };
        let wanted = request(&[0, 255, 256, 700]);
        assert_eq!(wanted.positives.len(), 3);
        let found: Vec<u64> = (0..2_000).filter(|&label| is_positive(&wanted, label)).collect();
        assert_eq!(found, [0, 255, 256, 700]);
        assert!(!is_positive(&wanted, u64::MAX));
        assert!(request(&[]).positives.is_empty());
    }
}
