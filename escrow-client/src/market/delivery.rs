//! A delivery of a case, as the chain has it.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256};

pub use crate::bindings::{Deliveries::DeliveriesEvents as Event, Stage};
use crate::protocol::merkle;

/// A delivery; a case has one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who has to deliver.
    pub sender: Address,
    /// Who gets the data.
    pub receiver: Address,
    /// Root over the words of the ciphertext.
    pub root: B256,
    /// Hash of its key.
    pub key_hash: B256,
    /// Number of words.
    pub words: u64,
    /// Who moves next.
    pub stage: Stage,
    /// Until when.
    pub deadline: u64,
    /// Published chunks, by their number.
    pub published: BTreeMap<u64, Vec<U256>>,
    /// The key, when it is public.
    pub key: Option<U256>,
}

impl Delivery {
    /// Takes an event into account; `current` is the case's delivery so far.
    pub fn apply(current: &mut Option<Self>, event: Event) {
        if let Event::DeliveryAnnounced(e) = event {
            *current = Some(Self {
                sender: e.sender,
                receiver: e.receiver,
                root: e.root,
                key_hash: e.keyHash,
                words: e.words.saturating_to(),
                stage: Stage::Announced,
                deadline: e.deadline.saturating_to(),
                published: BTreeMap::new(),
                key: None,
            });
            return;
        }
        let Some(delivery) = current else { return };
        match event {
            Event::PublicationDemanded(e) => delivery.moved(Stage::Demanded, e.deadline),
            Event::ChunkPublished(e) => {
                delivery.published.insert(e.chunk.saturating_to(), e.words);
            }
            Event::DeliveryAcknowledged(e) => delivery.moved(Stage::Acknowledged, e.deadline),
            Event::KeyRevealed(e) => {
                delivery.moved(Stage::Revealed, e.deadline);
                delivery.key = Some(e.key);
            }
            Event::DeliveryAnnounced(_) | Event::ComplaintUpheld(_) => {}
        }
    }

    fn moved(&mut self, stage: Stage, deadline: U256) {
        self.stage = stage;
        self.deadline = deadline.saturating_to();
    }

    /// Who moves next.
    pub fn turn(&self) -> Address {
        match self.stage {
            Stage::Announced | Stage::Revealed => self.receiver,
            _ => self.sender,
        }
    }

    /// The words, when all chunks are on chain.
    pub fn words_on_chain(&self) -> Option<Vec<U256>> {
        let words: Vec<U256> = self.published.values().flatten().copied().collect();
        (self.published.len() as u64 == merkle::chunks(self.words)).then_some(words)
    }
}
