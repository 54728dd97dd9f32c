//! A provider that plays its rounds by itself.

use std::{ops::Range, sync::Arc};

use alloy::primitives::U256;
use halo2curves::{bn256::Fr, ff::Field};
use rand::rngs::OsRng;
use tokio::task::spawn_blocking;
use zkescrow_circuits::{
    commitment::WeightCommitment, keys::VerifierKeys, model::Model, poseidon::Packed, proof::Proof,
    semantics::InferError, witness::Salts,
};

use super::{
    case::{Case, State},
    desk::Desk,
    next::{self, Move, ProviderFacts},
    offer::Offer,
};
use crate::{
    bindings::Stage,
    chain::Receipt,
    contracts::Claim,
    failure::Failure,
    market::handover,
    purpose::Purpose,
    queue::{Order, Queue},
    store::{Input, Prediction},
};

/// A model that is sold.
#[derive(Debug)]
pub struct Goods {
    /// The model.
    pub model: Model,
    /// The keys of its architecture.
    pub keys: VerifierKeys,
    /// The registered commitment to its weights.
    pub commitment: WeightCommitment,
}

impl Goods {
    /// Runs the model, and hides what it says under a new salt.
    pub fn predict(&self, stored: &[u8]) -> Result<Prediction, InferError> {
        let trace = self.model.infer(stored)?;
        let salt = Fr::random(OsRng);
        let commitment = Packed::output(&self.model.network, trace.logits()).commit(salt);
        Ok(Prediction { label: trace.label as u64, logits: trace.logits().to_vec(), salt, commitment })
    }

    /// The proof of an answer, as an order; whoever is paid owns the model.
    pub fn order(&self, purpose: &Purpose, stored: Vec<u8>, salts: Salts, deadline: u64, label: String) -> Order {
        let (arch, provider) = (self.keys.arch, purpose.payee.into_array());
        Order {
            arch,
            weights: self.commitment.model_id(&arch, &provider),
            provider,
            context: purpose.context(),
            input_salt: salts.input,
            output_salt: salts.output,
            input: stored,
            deadline,
            label,
        }
    }
}

/// A provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Chain, contract, store.
    pub desk: Desk,
    /// What it sells.
    pub goods: Arc<Goods>,
    /// On which terms.
    pub offer: Offer,
    /// Who makes its proofs.
    pub queue: Queue,
}

/// What became of a round that was looked at.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The round, as it was.
    pub case: Case,
    /// What was done.
    pub made: Move,
    /// The transaction.
    pub receipt: Receipt,
}

impl Provider {
    /// Looks at a round and makes the next move, if there is one.
    pub async fn look(&self, id: U256) -> Result<Option<Moved>, Failure> {
        let (case, now) = (self.desk.case(id).await?, self.desk.chain.now().await?);
        if case.terms.provider != self.desk.chain.sender || case.terms.model != self.offer.model {
            return Ok(None);
        }
        self.learn(&case).await?;
        let facts = self.facts(&case).await?;
        let Some(made) = next::provider(&case, &facts, now) else { return Ok(None) };
        let receipt = self.make(&case, &made).await?;
        Ok(Some(Moved { case, made, receipt }))
    }

    /// Makes a move.
    pub async fn make(&self, case: &Case, made: &Move) -> Result<Receipt, Failure> {
        let desk = &self.desk;
        match made {
            Move::Accept => desk.accept(case).await,
            Move::DemandInputs(range) => desk.demand_inputs(case, range.clone()).await,
            Move::Acknowledge => desk.acknowledge(case).await,
            Move::DemandPublication => desk.demand_publication(case).await,
            Move::Complain(fault) => desk.complain(case, &self.goods.model.network, *fault).await,
            Move::Decline => desk.decline(case).await,
            Move::CommitPredictions => desk.commit_predictions(case).await,
            Move::PublishPredictions => desk.publish_predictions(case).await,
            Move::Respond(index) => {
                let missing = || Failure::Request(format!("there is no proof of prediction {index} yet: run a worker"));
                let proof = self.queue.proof(self.order(case, *index).await?.id()).await?.ok_or_else(missing)?;
                desk.respond(case, *index, &self.claim(&proof)).await
            }
            Move::Settle => desk.settle(case).await,
            other => Err(Failure::Internal(format!("a provider cannot {}", other.verb()))),
        }
    }

    /// What it has, beside the chain.
    pub async fn facts(&self, case: &Case) -> Result<ProviderFacts, Failure> {
        let store = &self.desk.store;
        let mut facts = ProviderFacts { acceptable: self.offer.covers(&case.terms), ..Default::default() };
        match case.state {
            State::Committed | State::Delivering => {
                facts.missing = self.missing(case).await?;
                facts.unprovable = store.is_refused(case.id).await?;
                facts.predicted = facts.missing.is_none() && store.unpredicted(case.id).await?.is_empty();
            }
            State::Contested => {
                for index in case.outstanding() {
                    if self.queue.proof(self.order(case, index).await?.id()).await?.is_some() {
                        facts.proofs.push(index);
                    }
                }
            }
            _ => {}
        }
        if let Some(delivery) = case.delivery.as_ref().filter(|_| case.state == State::Delivering) {
            facts.ciphertext = store.ciphertext(case.id, delivery.root).await?.is_some();
            if delivery.stage == Stage::Revealed {
                facts.fault = self.desk.open_delivery(case, &self.goods.model.network).await?.err();
            }
        }
        Ok(facts)
    }

    /// Takes what the chain hands over into the store, predicts what was not predicted, orders what has to be proven.
    async fn learn(&self, case: &Case) -> Result<(), Failure> {
        let store = &self.desk.store;
        if case.shown.len() as u64 == case.count() {
            let scalar = |word: &U256| zkescrow_circuits::commitment::scalar(&word.to_be_bytes::<32>());
            // What is no scalar cannot be handed over: its delivery will have a fault.
            let shown: Vec<Fr> = case.shown.values().map(|word| scalar(word).unwrap_or_default()).collect();
            store.put_commitments(case.id, &shown).await?;
        }
        let revealed = case.delivery.as_ref().is_some_and(|delivery| delivery.stage == Stage::Revealed);
        if case.state == State::Delivering
            && revealed
            && let Ok(items) = self.desk.open_delivery(case, &self.goods.model.network).await?
        {
            for (item, place) in items.into_iter().zip(case.demanded.0..) {
                let stored = item.input.unpack(&self.goods.model.network);
                let commitment = item.input.commit(item.salt);
                store.put_input(case.id, place, &Input { stored, salt: item.salt, commitment }).await?;
            }
        }
        if matches!(case.state, State::Committed | State::Delivering) {
            for place in store.unpredicted(case.id).await? {
                if let Some(input) = store.input(case.id, place).await? {
                    self.predict(case.id, place, input).await?;
                }
            }
        }
        if case.state == State::Contested {
            for index in case.outstanding() {
                self.queue.submit(&self.order(case, index).await?).await?;
            }
        }
        Ok(())
    }

    /// Runs the model on an input that the consumer committed to, and keeps what it says. An input without an answer makes the
    /// round one to decline.
    pub async fn predict(&self, case: U256, place: u64, input: Input) -> Result<Option<Prediction>, Failure> {
        let store = &self.desk.store;
        if let Some(known) = store.prediction(case, place).await? {
            return Ok(Some(known));
        }
        store.put_input(case, place, &input).await?;
        let goods = self.goods.clone();
        let inferred = spawn_blocking(move || goods.predict(&input.stored)).await;
        let inferred = inferred.map_err(|e| Failure::Internal(format!("an inference ended early: {e}")))?;
        match inferred {
            Ok(prediction) => {
                store.put_prediction(case, place, &prediction).await?;
                // Whoever was first is right: two requests at once draw two salts.
                store.prediction(case, place).await
            }
            Err(_) => {
                store.refuse(case).await?;
                Ok(None)
            }
        }
    }

    /// Takes a ciphertext that came off chain.
    pub async fn receive(&self, case: &Case, words: &[U256]) -> Result<bool, Failure> {
        match &case.delivery {
            Some(delivery) => handover::receive(&self.desk.store, case.id, delivery, words).await,
            None => Ok(false),
        }
    }

    async fn missing(&self, case: &Case) -> Result<Option<Range<u64>>, Failure> {
        let store = &self.desk.store;
        if (store.commitments(case.id).await?.len() as u64) < case.count() {
            return Ok(Some(0..case.count()));
        }
        let missing = store.missing_inputs(case.id).await?;
        Ok(missing.first().zip(missing.last()).map(|(&first, &last)| first..last + 1))
    }

    /// The proof of a prediction, as an order.
    pub async fn order(&self, case: &Case, index: u64) -> Result<Order, Failure> {
        let store = &self.desk.store;
        let input = store.input(case.id, index).await?;
        let prediction = store.prediction(case.id, index).await?;
        let lost = || Failure::Request(format!("the store has no prediction {index} of round {:#x}", case.id));
        let (input, prediction) = input.zip(prediction).ok_or_else(lost)?;
        let purpose = Purpose {
            chain_id: self.desk.chain.id,
            contract: self.desk.escrow,
            case_id: case.id,
            index: U256::from(index),
            payee: case.terms.provider,
        };
        let salts = Salts { input: input.salt, output: prediction.salt };
        let label = format!("round {} prediction {index}", super::desk::short(case.id));
        Ok(self.goods.order(&purpose, input.stored, salts, case.deadline, label))
    }

    /// What a proof says on chain.
    pub fn claim(&self, proof: &Proof) -> Claim {
        Claim::new(&self.goods.commitment, proof)
    }
}
