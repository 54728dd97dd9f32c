//! A consumer that plays its rounds by itself.

use std::collections::BTreeSet;

use alloy::primitives::U256;
use halo2curves::{bn256::Fr, ff::Field};
use rand::{Rng, rngs::OsRng, seq::IteratorRandom};
use rayon::prelude::*;
use zkescrow_circuits::{model::Model, network::Network, poseidon::Packed};

use super::{
    case::{Case, State},
    desk::{self, Desk},
    next::{self, ConsumerFacts, Move},
    provider::Moved,
};
use crate::{
    bindings::PredictionEscrow::Prediction as OnChain,
    chain::Receipt,
    failure::Failure,
    scalar::word,
    store::{Input, Prediction, Store},
};

/// What a consumer doubts.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// The share of predictions that it contests at random, of one.
    pub rate: f64,
    /// What else it wants to see proven.
    pub always: BTreeSet<u64>,
    /// The model, where its weights are public: what it says otherwise is contested.
    pub model: Option<std::sync::Arc<Model>>,
}

impl Audit {
    /// The sample of a case; drawn once, or a client that is started again would ask for more.
    pub async fn draw(&self, store: &Store, case: U256, count: u64) -> Result<Vec<u64>, Failure> {
        if let Some(drawn) = store.sample(case).await? {
            return Ok(drawn);
        }
        let drawn = {
            let mut rng = rand::thread_rng();
            let expected = self.rate.clamp(0.0, 1.0) * count as f64;
            // A share of a prediction is a chance of one more.
            let size = expected as usize + usize::from(rng.gen_bool(expected.fract()));
            (0..count).choose_multiple(&mut rng, size)
        };
        store.put_sample(case, &drawn).await?;
        Ok(drawn)
    }
}

/// A consumer.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// Chain, contract, store.
    pub desk: Desk,
    /// The network whose predictions it buys: how inputs are packed, and how many labels there are.
    pub network: std::sync::Arc<Network>,
    /// What it doubts.
    pub audit: Audit,
}

impl Consumer {
    /// Salts and commits to inputs, and keeps them for a round that is about to be opened.
    pub async fn prepare(&self, case: U256, images: Vec<Vec<u8>>) -> Result<Vec<Fr>, Failure> {
        let known = self.desk.store.commitments(case).await?;
        if !known.is_empty() {
            return Ok(known);
        }
        let seal = |stored: Vec<u8>| {
            let salt = Fr::random(OsRng);
            let commitment = Packed::input(&self.network, &stored).commit(salt);
            Input { stored, salt, commitment }
        };
        let inputs: Vec<Input> = images.into_par_iter().map(seal).collect();
        // All or nothing: with some of them, a second attempt would take these for all.
        self.desk.store.put_inputs(case, &inputs).await?;
        Ok(inputs.iter().map(|input| input.commitment).collect())
    }

    /// Looks at a round and makes the next move, if there is one.
    pub async fn look(&self, id: U256) -> Result<Option<Moved>, Failure> {
        let (case, now) = (self.desk.case(id).await?, self.desk.chain.now().await?);
        let facts = self.facts(&case).await?;
        let Some(made) = next::consumer(&case, &facts, now) else { return Ok(None) };
        let receipt = self.make(&case, &made).await?;
        Ok(Some(Moved { case, made, receipt }))
    }

    /// Makes a move.
    pub async fn make(&self, case: &Case, made: &Move) -> Result<Receipt, Failure> {
        let desk = &self.desk;
        match made {
            Move::Cancel => desk.cancel(case).await,
            Move::CommitInputs => desk.commit_inputs(case).await,
            Move::ShowInputs => desk.show_inputs(case).await,
            Move::AnnounceInputs => desk.announce_inputs(case, &self.network).await,
            Move::PublishChunk => desk.publish_chunk(case, &self.network).await,
            Move::Reveal => desk.reveal(case).await,
            Move::DemandPredictions(range) => desk.demand_predictions(case, range.clone()).await,
            Move::Contest(indices) => desk.contest(case, indices).await,
            Move::Settle => desk.settle(case).await,
            other => Err(Failure::Internal(format!("a consumer cannot {}", other.verb()))),
        }
    }

    /// What it has, beside the chain.
    pub async fn facts(&self, case: &Case) -> Result<ConsumerFacts, Failure> {
        let mut facts = ConsumerFacts::default();
        if !matches!(case.state, State::Predicted | State::Published) {
            return Ok(facts);
        }
        let claimed = self.claimed(case).await?;
        let missing: Vec<u64> = (0..case.count()).filter(|place| !claimed.contains(place)).collect();
        facts.missing = missing.first().zip(missing.last()).map(|(&first, &last)| first..last + 1);
        if facts.missing.is_none() || case.state == State::Published {
            facts.doubts = self.doubts(case).await?;
        }
        Ok(facts)
    }

    /// Checks what the provider says about an input, and keeps it.
    pub async fn take(&self, case: U256, place: u64, said: &Prediction) -> Result<(), Failure> {
        let wrong =
            |what: &str| Err(Failure::Request(format!("prediction {place} of round {}: {what}", desk::short(case))));
        if said.logits.len() != self.network.classes() {
            return wrong("it has another number of logits than the network has labels");
        }
        if Packed::output(&self.network, &said.logits).commit(said.salt) != said.commitment {
            return wrong("its logits do not open its commitment");
        }
        let largest = said.logits.iter().max();
        if said.logits.iter().position(|logit| Some(logit) == largest) != Some(said.label as usize) {
            return wrong("its label is not that of the largest logit");
        }
        self.desk.store.put_prediction(case, place, said).await
    }

    /// The places of predictions that the provider is committed to, as the store has them or as the chain has them.
    async fn claimed(&self, case: &Case) -> Result<BTreeSet<u64>, Failure> {
        let inputs = self.desk.store.commitments(case.id).await?;
        let known = self.desk.store.predictions(case.id).await?;
        let mut claimed: BTreeSet<u64> = case.published.keys().copied().collect();
        if known.len() as u64 == case.count() && inputs.len() == known.len() {
            let all: Vec<OnChain> = known
                .iter()
                .zip(&inputs)
                .map(|((_, prediction), input)| OnChain {
                    inputCommitment: word(input),
                    outputCommitment: word(&prediction.commitment),
                    label: U256::from(prediction.label),
                })
                .collect();
            // Only together do they make the root.
            if desk::prediction_tree(&all).root() == case.predictions {
                claimed.extend(0..case.count());
            }
        }
        Ok(claimed)
    }

    /// What it wants to see proven: what it was asked to, what it draws, and what the model says otherwise.
    async fn doubts(&self, case: &Case) -> Result<Vec<u64>, Failure> {
        let known = self.desk.store.predictions(case.id).await?;
        let mut doubts: BTreeSet<u64> = self.audit.always.iter().copied().filter(|&i| i < case.count()).collect();
        doubts.extend(self.audit.draw(&self.desk.store, case.id, case.count()).await?);
        for (place, said) in &known {
            // What is published is what counts, whatever else was said.
            let label = case.published.get(place).map_or(U256::from(said.label), |published| published.label);
            if label != U256::from(said.label) {
                doubts.insert(*place);
            }
        }
        if let Some(model) = &self.audit.model {
            for place in 0..case.count() {
                let Some(input) = self.desk.store.input(case.id, place).await? else { continue };
                let label = case.published.get(&place).map(|published| published.label);
                let label = match label {
                    Some(label) => Some(label),
                    None => self.desk.store.prediction(case.id, place).await?.map(|said| U256::from(said.label)),
                };
                let ours = model.infer(&input.stored).ok().map(|trace| U256::from(trace.label));
                if label != ours {
                    doubts.insert(place);
                }
            }
        }
        Ok(doubts.into_iter().collect())
    }
}
