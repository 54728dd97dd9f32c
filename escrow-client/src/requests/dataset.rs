//! A dataset as the chain has it, rebuilt from what its contract said.

use alloy::{
    primitives::{U256, keccak256},
    rpc::types::Log,
    sol_types::{SolEventInterface, SolValue},
};

use crate::bindings::RetrievalEscrow::{RetrievalEscrowEvents as Event, State as CaseState};

pub use crate::bindings::RetrievalEscrow::{Dataset as Terms, DatasetState as State, Windows};

/// A dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Its id.
    pub id: U256,
    /// What its responder submits to.
    pub terms: Terms,
    /// Where it stands.
    pub state: State,
    /// Whether its source signed it.
    pub attested: bool,
    /// After when it can be closed, once that was asked for.
    pub closable_at: u64,
    /// The request that its bond answers for.
    pub active: Option<U256>,
}

/// The id of a dataset with these terms.
pub fn id_of(terms: &Terms) -> U256 {
    keccak256(terms.abi_encode()).into()
}

impl Dataset {
    /// What these logs, of a dataset, of its approvals and of the ends of its requests, come to; nothing, if they do not
    /// begin with its commitment.
    pub fn replay(logs: &[Log]) -> Option<Self> {
        let (first, rest) = logs.split_first()?;
        let Event::DatasetCommitted(committed) = Event::decode_log(&first.inner).ok()?.data else { return None };
        let mut dataset = Self {
            id: committed.dataset,
            terms: committed.terms,
            state: State::Committed,
            attested: false,
            closable_at: 0,
            active: None,
        };
        for log in rest {
            if let Ok(event) = Event::decode_log(&log.inner) {
                dataset.apply(event.data);
            }
        }
        Some(dataset)
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::DatasetAttested(_) => self.attested = true,
            Event::DatasetRetired(e) => {
                self.state = State::Retiring;
                self.closable_at = e.closableAt.saturating_to();
            }
            Event::DatasetClosed(_) => self.state = State::Closed,
            Event::RequestApproved(e) => self.active = Some(e.caseId),
            Event::CaseEnded(e) if self.active == Some(e.caseId) => {
                self.active = None;
                // The bond is gone, and with it what answers for the data.
                if e.state == CaseState::FullDisclosure {
                    self.state = State::Closed;
                }
            }
            _ => {}
        }
    }

    /// Number of documents.
    pub fn count(&self) -> u64 {
        self.terms.count.into()
    }
}
