//! A provider that plays its exams by itself.

use std::{ops::Range, sync::Arc};

use alloy::primitives::{B256, U256};
use tokio::task::spawn_blocking;
use zkescrow_circuits::{proof::Proof, witness::Salts};

use super::{
    answers::Answer,
    case::{Case, State},
    desk::{self, Desk},
    next::{self, Move, ProviderFacts},
    test_set,
};
use crate::{
    bindings::Stage,
    chain::Receipt,
    contracts::Claim,
    failure::Failure,
    market::handover,
    purpose::Purpose,
    queue::{Order, Queue},
    store::{Example, ExampleLeaf, Opened, Prediction},
};

pub use crate::rounds::provider::Goods;

/// What a provider agrees to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// It accepts the exams that it looks at.
    pub accepts: bool,
    /// The accuracy on the first examples, in millionths, with which it goes on; by default, the target.
    pub confidence: Option<u32>,
}

/// A provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Chain, contract, store.
    pub desk: Desk,
    /// What is examined.
    pub goods: Arc<Goods>,
    /// Its id in the registry.
    pub model: B256,
    /// What it agrees to.
    pub consent: Consent,
    /// Who makes its proofs.
    pub queue: Queue,
}

/// What became of an exam that was looked at.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The exam, as it was.
    pub case: Case,
    /// What was done.
    pub made: Move,
    /// The transaction.
    pub receipt: Receipt,
}

impl Provider {
    /// Looks at an exam and makes the next move, if there is one.
    pub async fn look(&self, id: U256) -> Result<Option<Moved>, Failure> {
        let (case, now) = (self.desk.case(id).await?, self.desk.chain.now().await?);
        if case.terms.provider != self.desk.chain.sender || case.terms.model != self.model {
            let reason =
                format!("exam {} is not of {}'s model {}", desk::short(id), self.desk.chain.sender, self.model);
            return Err(Failure::Request(reason));
        }
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
            Move::Acknowledge => desk.acknowledge(case).await,
            Move::DemandPublication => desk.demand_publication(case).await,
            Move::Complain(fault) => desk.complain(case, &self.goods.model.network, *fault).await,
            Move::Proceed => desk.proceed(case).await,
            Move::Abort => desk.abort(case).await,
            Move::PostResults => desk.post_results(case).await,
            Move::Respond(place) => {
                let missing = || Failure::Request(format!("there is no proof of answer {place} yet: run a worker"));
                let proof = self.queue.proof(self.order(case, *place).await?.id()).await?.ok_or_else(missing)?;
                desk.respond(case, *place, &self.claim(&proof)).await
            }
            Move::Settle => desk.settle(case).await,
            other => Err(Failure::Internal(format!("a provider cannot {}", other.verb()))),
        }
    }

    /// What it has, beside the chain. What is handed over is taken into the store and answered, what has to be proven is ordered.
    pub async fn facts(&self, case: &Case) -> Result<ProviderFacts, Failure> {
        let store = &self.desk.store;
        let mut facts = ProviderFacts::default();
        match case.state {
            State::Open => {
                facts.acceptable = self.consent.accepts && self.desk.test_set(&case.terms).await.is_ok();
            }
            State::FirstDelivery | State::SecondDelivery => {
                let Some(delivery) = case.delivery() else { return Ok(facts) };
                facts.ciphertext = store.ciphertext(case.id, delivery.root).await?.is_some();
                if delivery.stage == Stage::Revealed {
                    self.study(case, &mut facts).await?;
                }
            }
            State::Challenged => {
                for place in case.outstanding() {
                    // An answer that the model did not give has no proof.
                    let Ok(order) = self.order(case, place).await else { continue };
                    let id = self.queue.submit(&order).await?;
                    if self.queue.proof(id).await?.is_some() {
                        facts.proofs.push(place);
                    }
                }
            }
            _ => {}
        }
        Ok(facts)
    }

    /// Keeps the leaves of a test set, which the consumer gives away.
    pub async fn learn_test_set(&self, test_set: B256, all: &[ExampleLeaf]) -> Result<(), Failure> {
        let closed: Vec<Example> = all.iter().map(|&leaf| Example { leaf, opened: None }).collect();
        self.desk.store.put_examples(test_set, &closed).await
    }

    /// Takes a ciphertext that came off chain.
    pub async fn receive(&self, case: &Case, words: &[U256]) -> Result<bool, Failure> {
        match case.delivery() {
            Some(delivery) => handover::receive(&self.desk.store, case.id, delivery, words).await,
            None => Ok(false),
        }
    }

    /// Opens the delivery and runs the model on what is in it.
    async fn study(&self, case: &Case, facts: &mut ProviderFacts) -> Result<(), Failure> {
        match self.desk.open_delivery(case, &self.goods.model.network).await? {
            Err(fault) => facts.fault = Some(fault),
            Ok(items) => {
                for (item, place) in items.into_iter().zip(case.due()) {
                    let Some(label) = item.label else { continue };
                    let stored = item.input.unpack(&self.goods.model.network);
                    let opened = Opened { stored, salt: item.salt, label };
                    let example = self.desk.example_at(case, place)?;
                    self.desk.store.open_example(case.terms.testSet, example, &opened).await?;
                }
                let answers = self.answer(case, case.due()).await?;
                if case.state == State::FirstDelivery {
                    facts.confident = Some(self.is_confident(case, &answers));
                } else {
                    let all: Vec<Answer> = answers.into_iter().map(|(answer, _)| answer).collect();
                    self.desk.store.put_answers(case.id, &all).await?;
                    facts.answered = true;
                }
            }
        }
        Ok(())
    }

    /// Whether what the model makes of the first examples is good enough to go on; never, when one of them could not be proven.
    fn is_confident(&self, case: &Case, answers: &[(Answer, bool)]) -> bool {
        let correct = answers.iter().filter(|(answer, _)| answer.correct).count() as u128;
        let needed = u128::from(self.consent.confidence.unwrap_or(case.terms.target));
        answers.iter().all(|(_, provable)| *provable) && correct * 1_000_000 >= needed * answers.len() as u128
    }

    /// What the model says about examples that are open, and whether it can be proven. Where the model has no answer, there
    /// is nothing true to say: it counts as wrong, and a challenge of it is lost.
    async fn answer(&self, case: &Case, places: Range<u64>) -> Result<Vec<(Answer, bool)>, Failure> {
        let mut answers = vec![];
        for place in places {
            let opened = self.desk.opened(&case.terms, self.desk.example_at(case, place)?).await?;
            let truth = test_set::label_word(&opened);
            answers.push(match self.predict(case.id, place, opened.stored).await? {
                Some(said) => (Answer { label: said.label, correct: U256::from(said.label) == truth }, true),
                None => (Answer { label: u64::from(truth.is_zero()), correct: false }, false),
            });
        }
        Ok(answers)
    }

    /// Runs the model on the example at a place, and keeps what it says.
    async fn predict(&self, case: U256, place: u64, stored: Vec<u8>) -> Result<Option<Prediction>, Failure> {
        let store = &self.desk.store;
        if let Some(known) = store.prediction(case, place).await? {
            return Ok(Some(known));
        }
        let goods = self.goods.clone();
        let inferred = spawn_blocking(move || goods.predict(&stored)).await;
        let inferred = inferred.map_err(|e| Failure::Internal(format!("an inference ended early: {e}")))?;
        let Ok(prediction) = inferred else { return Ok(None) };
        store.put_prediction(case, place, &prediction).await?;
        // Whoever was first is right: two looks at once draw two salts.
        store.prediction(case, place).await
    }

    /// The proof of an answer, as an order.
    pub async fn order(&self, case: &Case, place: u64) -> Result<Order, Failure> {
        let position = u64::from(case.terms.first) + place;
        let opened = self.desk.opened(&case.terms, self.desk.example_at(case, position)?).await?;
        let prediction = self.desk.store.prediction(case.id, position).await?;
        let none = || Failure::Request(format!("the model has no answer {place} in exam {}", desk::short(case.id)));
        let prediction = prediction.ok_or_else(none)?;
        let purpose = Purpose {
            chain_id: self.desk.chain.id,
            contract: self.desk.escrow,
            case_id: case.id,
            index: U256::from(place),
            payee: case.terms.provider,
        };
        let salts = Salts { input: opened.salt, output: prediction.salt };
        let label = format!("exam {} answer {place}", desk::short(case.id));
        Ok(self.goods.order(&purpose, opened.stored, salts, case.deadline, label))
    }

    /// What a proof says on chain.
    pub fn claim(&self, proof: &Proof) -> Claim {
        Claim::new(&self.goods.commitment, proof)
    }
}
