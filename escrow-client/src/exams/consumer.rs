//! A consumer that plays its exams by itself.

use std::{collections::BTreeSet, sync::Arc};

use alloy::primitives::{B256, U256};
use tokio::task::spawn_blocking;
use zkescrow_circuits::network::Network;

use super::{
    answers::{self, Answer},
    case::{Case, State},
    desk::{self, Desk},
    next::{self, ConsumerFacts, Move},
    provider::Moved,
    test_set,
};
use crate::{
    chain::Receipt,
    failure::Failure,
    store::{ExampleLeaf, Store},
};

pub use crate::rounds::consumer::Audit;

/// A consumer.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// Chain, contract, store.
    pub desk: Desk,
    /// The network that is examined: how inputs are packed.
    pub network: Arc<Network>,
    /// What it doubts.
    pub audit: Audit,
}

/// Salts and commits to a test set, and keeps it: before its root is known to anybody, it is in the store.
pub async fn commit(
    store: &Store,
    network: &Network,
    examples: Vec<(Vec<u8>, u64)>,
) -> Result<(B256, Vec<ExampleLeaf>), Failure> {
    let sealed = test_set::seal_all(network, examples);
    let all: Vec<ExampleLeaf> = sealed.iter().map(|example| example.leaf).collect();
    let root = test_set::tree(&all).root();
    store.put_examples(root, &sealed).await?;
    Ok((root, all))
}

impl Consumer {
    /// Looks at an exam and makes the next move, if there is one.
    pub async fn look(&self, id: U256) -> Result<Option<Moved>, Failure> {
        let (case, now) = (self.desk.case(id).await?, self.desk.chain.now().await?);
        if case.terms.consumer != self.desk.chain.sender {
            let reason = format!("exam {} is not of {}", desk::short(id), self.desk.chain.sender);
            return Err(Failure::Request(reason));
        }
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
            Move::Announce => desk.announce(case, &self.network).await,
            Move::PublishChunk => desk.publish_chunk(case, &self.network).await,
            Move::Reveal => desk.reveal(case).await,
            Move::Challenge(places) => desk.challenge(case, places).await,
            Move::Settle => desk.settle(case).await,
            other => Err(Failure::Internal(format!("a consumer cannot {}", other.verb()))),
        }
    }

    /// What it has, beside the chain.
    pub async fn facts(&self, case: &Case) -> Result<ConsumerFacts, Failure> {
        if case.state != State::Answered || !case.reached() {
            return Ok(ConsumerFacts::default());
        }
        let known = self.desk.store.answers(case.id).await?;
        let known = known.filter(|all| answers::are_behind(all, case.results, case.correct));
        let informed = known.is_some() || self.audit.model.is_some();
        let mut doubts = self.doubts(case, known).await?;
        doubts.extend(self.audit.always.iter().filter(|&&place| place < case.answers()));
        doubts.extend(self.audit.draw(&self.desk.store, case.id, case.answers()).await?);
        Ok(ConsumerFacts { informed, doubts: doubts.into_iter().collect() })
    }

    /// Takes the provider's answers, if they are those that it committed to.
    pub async fn take(&self, case: &Case, all: &[Answer]) -> Result<(), Failure> {
        if !answers::are_behind(all, case.results, case.correct) {
            let id = desk::short(case.id);
            return Err(Failure::Request(format!("these are not the answers that were posted in exam {id}")));
        }
        self.desk.store.put_answers(case.id, all).await
    }

    /// The answers that look wrong. Whoever knows the model does not need the provider's answers to find enough of them: if more
    /// are said to be correct than are, one that is not is counted.
    async fn doubts(&self, case: &Case, known: Option<Vec<Answer>>) -> Result<BTreeSet<u64>, Failure> {
        let honest = self.honest(case).await?;
        let mut doubts = BTreeSet::new();
        if let Some(known) = &known {
            for (answer, place) in known.iter().zip(0..) {
                let label = self.true_label(case, place).await?;
                let lies = answer.correct != (U256::from(answer.label) == label);
                let other = honest.as_ref().is_some_and(|all| all.get(place as usize) != Some(&Some(answer.label)));
                if lies || other {
                    doubts.insert(place);
                }
            }
        } else if let Some(honest) = honest {
            for (label, place) in honest.iter().zip(0..) {
                if label.map(U256::from) != Some(self.true_label(case, place).await?) {
                    doubts.insert(place);
                }
            }
            if case.correct <= case.answers() - doubts.len() as u64 {
                doubts.clear();
            }
        }
        Ok(doubts)
    }

    /// What the model says about each example of the exam, where it is known: nothing about inputs that leave its range.
    async fn honest(&self, case: &Case) -> Result<Option<Vec<Option<u64>>>, Failure> {
        let Some(model) = &self.audit.model else { return Ok(None) };
        let mut inputs = vec![];
        for place in 0..case.answers() {
            let example = self.desk.example_at(case, u64::from(case.terms.first) + place)?;
            inputs.push(self.desk.opened(&case.terms, example).await?.stored);
        }
        let model = model.clone();
        let infer = move || inputs.iter().map(|input| Some(model.infer(input).ok()?.label as u64)).collect();
        let labels = spawn_blocking(infer).await;
        Ok(Some(labels.map_err(|e| Failure::Internal(format!("an inference ended early: {e}")))?))
    }

    async fn true_label(&self, case: &Case, place: u64) -> Result<U256, Failure> {
        let example = self.desk.example_at(case, u64::from(case.terms.first) + place)?;
        Ok(test_set::label_word(&self.desk.opened(&case.terms, example).await?))
    }
}
