//! A requester that plays its cases by itself.

use std::{ops::Range, sync::Arc};

use alloy::primitives::U256;
use zkescrow_circuits::network::Network;

use super::{
    case::{Case, State},
    desk::Desk,
    next::{self, Move, RequesterFacts},
    positives::Positives,
    responder::Moved,
};
use crate::{bindings::Stage, chain::Receipt, failure::Failure, market::handover, store::Positive};

/// A requester.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Chain, contract, store.
    pub desk: Desk,
    /// The network that labels documents: how they are packed.
    pub network: Arc<Network>,
}

impl Requester {
    /// Looks at a case and makes the next move, if there is one.
    pub async fn look(&self, id: U256) -> Result<Option<Moved>, Failure> {
        let (case, now) = (self.desk.case(id).await?, self.desk.chain.now().await?);
        if case.request.requester != self.desk.chain.sender {
            let who = case.request.requester;
            return Err(Failure::Request(format!("request {id:#x} is {who}'s: use its account")));
        }
        self.learn(&case).await?;
        let facts = self.facts(&case).await?;
        let Some(made) = next::requester(&case, &facts, now) else { return Ok(None) };
        let receipt = self.make(&case, &made).await?;
        Ok(Some(Moved { case, made, receipt }))
    }

    /// Makes a move.
    pub async fn make(&self, case: &Case, made: &Move) -> Result<Receipt, Failure> {
        let desk = &self.desk;
        match made {
            Move::Draw => desk.draw(case).await,
            Move::Rearm => desk.rearm(case).await,
            Move::Demand(range) => desk.demand_positives(case, range.clone()).await,
            Move::Acknowledge => desk.acknowledge(case).await,
            Move::DemandPublication => desk.demand_publication(case).await,
            Move::Complain(fault) => desk.complain(case, &self.network, *fault).await,
            Move::Settle => desk.settle(case).await,
            other => Err(Failure::Internal(format!("a requester cannot {}", other.verb()))),
        }
    }

    /// What it has, beside the chain.
    pub async fn facts(&self, case: &Case) -> Result<RequesterFacts, Failure> {
        let mut facts = RequesterFacts::default();
        match case.state {
            State::Posted => facts.chance = self.desk.chance(case).await?,
            State::Proven => facts.missing = self.missing(case).await?,
            State::Delivering => {
                if let Some(delivery) = &case.delivery {
                    facts.ciphertext = self.desk.store.ciphertext(case.id, delivery.root).await?.is_some();
                    if delivery.stage == Stage::Revealed {
                        facts.fault = self.desk.open_delivery(case, &self.network).await?.err();
                    }
                }
            }
            _ => {}
        }
        Ok(facts)
    }

    /// Takes what the chain hands over into the store.
    pub async fn learn(&self, case: &Case) -> Result<(), Failure> {
        let revealed = case.delivery.as_ref().is_some_and(|delivery| delivery.stage == Stage::Revealed);
        if case.state != State::Delivering || !revealed {
            return Ok(());
        }
        let Ok(items) = self.desk.open_delivery(case, &self.network).await? else { return Ok(()) };
        let positives = case.identified.iter().zip(items).map(|((&number, opening), item)| {
            let (document, label) = (opening.document.saturating_to(), opening.finding.label.saturating_to());
            (number, Positive { document, label, stored: item.input.unpack(&self.network) })
        });
        self.desk.store.put_positives(case.id, &positives.collect::<Vec<_>>()).await
    }

    /// Checks positives that came off chain, and keeps them: how many they are.
    pub async fn take(&self, case: &Case, positives: &Positives) -> Result<usize, Failure> {
        let checked = positives.check(case, &self.network)?;
        self.desk.store.put_positives(case.id, &checked).await?;
        Ok(checked.len())
    }

    /// Takes a ciphertext that came off chain: whether it is the one that was announced.
    pub async fn receive(&self, case: &Case, words: &[U256]) -> Result<bool, Failure> {
        match &case.delivery {
            Some(delivery) => handover::receive(&self.desk.store, case.id, delivery, words).await,
            None => Ok(false),
        }
    }

    /// The positives that are not here, from the first to the last of them.
    pub async fn missing(&self, case: &Case) -> Result<Option<Range<u64>>, Failure> {
        let known = self.desk.store.known_positives(case.id).await?;
        let mut missing = (0..case.positives).filter(|number| known.binary_search(number).is_err());
        let first = missing.next();
        Ok(first.map(|first| first..missing.next_back().unwrap_or(first) + 1))
    }
}
