//! Every transition of an exam, for both sides. A call states what it does from the exam as the chain has it and from what the
//! store holds, so it can be made by hand, by a loop, and again after a crash.

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
    sol_types::{SolCall, SolEvent},
};
use halo2curves::bn256::Fr;
use rand::random;
use zkescrow_circuits::{
    network::Network,
    poseidon::{Packed, input_packing},
};

use super::{
    amounts,
    answers::{self, Answer},
    case::{self, Case, State, Terms},
    test_set,
};
use crate::{
    bindings::{
        AccuracyEscrow::{self as escrow},
        Deliveries, Evidence, Sibling,
    },
    chain::{Chain, Receipt, Step},
    contracts::Claim,
    failure::Failure,
    market::{delivery::Delivery, handover, money},
    protocol::{
        merkle::{self, MerkleTree},
        sealed::{self, Complaint, Expected, Format, Item, Sealed},
        sum_tree::{Sum, SumTree},
    },
    scalar::word,
    store::{Example, ExampleLeaf, Opened, Store},
};

pub use crate::rounds::desk::short;

/// A party at an `AccuracyEscrow`.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The chain, and the party's account.
    pub chain: Chain,
    /// The contract.
    pub escrow: Address,
    /// The block that it was deployed in.
    pub since: u64,
    /// What the party knows.
    pub store: Store,
}

impl Desk {
    /// An exam as the chain has it.
    pub async fn case(&self, id: U256) -> Result<Case, Failure> {
        let filter = Filter::new().address(self.escrow).topic1(B256::from(id)).from_block(self.since);
        let logs = self.chain.logs("read an exam", &filter).await?;
        Case::replay(&logs).ok_or_else(|| Failure::Request(format!("there is no exam {id:#x} at {}", self.escrow)))
    }

    /// The exams of an account, as consumer or provider, oldest first.
    pub async fn cases(&self, account: Address) -> Result<Vec<U256>, Failure> {
        let opened = Filter::new().address(self.escrow).event_signature(escrow::ExamOpened::SIGNATURE_HASH);
        let opened = opened.from_block(self.since);
        let who = B256::left_padding_from(account.as_slice());
        let mut logs = self.chain.logs("list exams", &opened.clone().topic2(who)).await?;
        logs.extend(self.chain.logs("list exams", &opened.topic3(who)).await?);
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        logs.dedup_by_key(|log| (log.block_number, log.log_index));
        Ok(logs.iter().filter_map(|log| Some(U256::from_be_bytes(log.inner.topics().get(1)?.0))).collect())
    }

    /// Opens an exam; the account is its consumer. Whoever cannot open every example loses it, so all have to be here.
    pub async fn open(&self, terms: Terms) -> Result<(U256, Receipt), Failure> {
        let id = case::id_of(&terms);
        self.test_set(&terms).await?;
        for place in 0..u64::from(terms.examples) {
            self.opened(&terms, place).await?;
        }
        let used = self.store.use_test_set(terms.testSet, id).await?;
        if used != id {
            return Err(Failure::Request(format!(
                "test set {} is that of exam {}: it is good for one, make another",
                terms.testSet,
                short(used)
            )));
        }
        let due = amounts::stake(&terms);
        let value = money::provide(&self.chain, terms.currency, self.escrow, due).await?;
        let test_set = terms.testSet;
        let opened = self.take(id, "open", value, &escrow::openCall { terms }).await;
        if matches!(opened, Err(Failure::Refused { .. })) {
            // Nothing was sent: the test set is as good as before.
            self.store.release_test_set(test_set, id).await?;
        }
        Ok((id, opened?))
    }

    /// Takes back an exam that nobody accepted.
    pub async fn cancel(&self, case: &Case) -> Result<Receipt, Failure> {
        self.take(case.id, "cancel", U256::ZERO, &escrow::cancelCall { terms: case.terms.clone() }).await
    }

    /// Accepts an exam. Without all leaves of its test set the provider could prove nothing, so they have to be here.
    pub async fn accept(&self, case: &Case) -> Result<Receipt, Failure> {
        self.test_set(&case.terms).await?;
        let due = amounts::stake(&case.terms);
        let value = money::provide(&self.chain, case.terms.currency, self.escrow, due).await?;
        // A seed that was shown before must not be used again: none is kept.
        let call = escrow::acceptCall { terms: case.terms.clone(), seed: random::<[u8; 32]>().into() };
        self.take(case.id, "accept", value, &call).await
    }

    /// Announces the ciphertext of the next examples.
    pub async fn announce(&self, case: &Case, network: &Network) -> Result<Receipt, Failure> {
        let (key, sealed) = self.seal(case, network).await?;
        let (root, key_hash) = (sealed.tree().root(), sealed::key_hash(key));
        let call = escrow::announceExamplesCall { terms: case.terms.clone(), root, keyHash: key_hash };
        let number = if matches!(case.state, State::Accepted) { 1 } else { 2 };
        self.take(case.id, &format!("announce-examples-{number}"), U256::ZERO, &call).await
    }

    /// The examples that are due, encrypted; always under the same key.
    pub async fn seal(&self, case: &Case, network: &Network) -> Result<(Fr, Sealed), Failure> {
        if case.due().is_empty() {
            let reason = format!("no examples of exam {} are due now: see zkescrow accuracy status", short(case.id));
            return Err(Failure::Request(reason));
        }
        let mut items = vec![];
        for place in case.due() {
            let Opened { stored, salt, label } = self.opened(&case.terms, self.example_at(case, place)?).await?;
            items.push(Item { input: Packed::input(network, &stored), salt, label: Some(label) });
        }
        handover::seal(&self.store, case.id, format(network), &items).await
    }

    /// Publishes the next chunk of the ciphertext.
    pub async fn publish_chunk(&self, case: &Case, network: &Network) -> Result<Receipt, Failure> {
        let delivery = delivery(case)?;
        let (_, sealed) = self.seal(case, network).await?;
        let chunk = delivery.published.len();
        let call = handover::chunk(case.id, &sealed, chunk)?;
        self.take(case.id, &format!("publish-{chunk}-{}", delivery.root), U256::ZERO, &call).await
    }

    /// Publishes the key of the ciphertext.
    pub async fn reveal(&self, case: &Case) -> Result<Receipt, Failure> {
        let root = delivery(case)?.root;
        let key = handover::key(&self.store, case.id, root).await?;
        let call = Deliveries::revealCall { caseId: case.id, key: word(&key) };
        self.take(case.id, &format!("reveal-{root}"), U256::ZERO, &call).await
    }

    /// Acknowledges the ciphertext: only if it is here.
    pub async fn acknowledge(&self, case: &Case) -> Result<Receipt, Failure> {
        let root = delivery(case)?.root;
        if self.store.ciphertext(case.id, root).await?.is_none() {
            let reason = format!("the ciphertext of exam {} is not here: receive or demand it", short(case.id));
            return Err(Failure::Request(reason));
        }
        let call = Deliveries::acknowledgeCall { caseId: case.id };
        self.take(case.id, &format!("acknowledge-{root}"), U256::ZERO, &call).await
    }

    /// Has the ciphertext published.
    pub async fn demand_publication(&self, case: &Case) -> Result<Receipt, Failure> {
        let delivery = delivery(case)?;
        let due = U256::from(merkle::chunks(delivery.words)) * U256::from(case.terms.courier.bond);
        let value = money::provide(&self.chain, case.terms.currency, self.escrow, due).await?;
        let call = Deliveries::demandPublicationCall { caseId: case.id };
        self.take(case.id, &format!("demand-publication-{}", delivery.root), value, &call).await
    }

    /// What a delivery of examples says, or the first fault in it.
    pub async fn open_delivery(&self, case: &Case, network: &Network) -> Result<Result<Vec<Item>, Complaint>, Failure> {
        let (_, all) = self.test_set(&case.terms).await?;
        let mut expected = vec![];
        for place in case.due() {
            let leaf = leaf_at(case, &all, self.example_at(case, place)?)?;
            expected.push(Expected { commitment: leaf.input, label: leaf.label });
        }
        handover::open(&self.store, case.id, delivery(case)?, format(network), &expected).await
    }

    /// Shows a fault of the delivery.
    pub async fn complain(&self, case: &Case, network: &Network, complaint: Complaint) -> Result<Receipt, Failure> {
        let delivery = delivery(case)?;
        let (key, shown) = handover::complaint(&self.store, case.id, delivery, format(network), complaint).await?;
        let example = self.shown(case, case.due().start + complaint.item as u64).await?;
        let call = escrow::complainCall { terms: case.terms.clone(), key, complaint: shown, example };
        self.take(case.id, "complain", U256::ZERO, &call).await
    }

    /// Goes on after the first examples.
    pub async fn proceed(&self, case: &Case) -> Result<Receipt, Failure> {
        self.take(case.id, "proceed", U256::ZERO, &escrow::proceedCall { terms: case.terms.clone() }).await
    }

    /// Stops after the first examples.
    pub async fn abort(&self, case: &Case) -> Result<Receipt, Failure> {
        self.take(case.id, "abort", U256::ZERO, &escrow::abortCall { terms: case.terms.clone() }).await
    }

    /// Commits to the answers in the store.
    pub async fn post_results(&self, case: &Case) -> Result<Receipt, Failure> {
        let Sum { hash: root, sum } = self.answers(case).await?.0.root();
        let call = escrow::postResultsCall { terms: case.terms.clone(), root, correct: U256::from(sum) };
        self.take(case.id, "post-results", U256::ZERO, &call).await
    }

    /// Challenges answers, which ascend.
    pub async fn challenge(&self, case: &Case, places: &[u64]) -> Result<Receipt, Failure> {
        let due = amounts::deposit(&case.terms, places.len());
        let value = money::provide(&self.chain, case.terms.currency, self.escrow, due).await?;
        let places = places.iter().map(|&place| U256::from(place)).collect();
        self.take(case.id, "challenge", value, &escrow::challengeCall { terms: case.terms.clone(), places }).await
    }

    /// Proves a challenged answer.
    pub async fn respond(&self, case: &Case, place: u64, claim: &Claim) -> Result<Receipt, Failure> {
        let none = || Failure::Request(format!("exam {} has no answer {place}", short(case.id)));
        let (tree, all) = self.answers(case).await?;
        let answer = all.get(place as usize).ok_or_else(none)?;
        let (Some(&output), Some(&label)) = (claim.instances.get(1), claim.instances.get(2)) else {
            return Err(Failure::Internal("a proof says nothing of its output".into()));
        };
        if label != U256::from(answer.label) {
            return Err(Failure::Request(format!(
                "the proof of answer {place} says label {label}, the results say {}: it proves nothing here",
                answer.label
            )));
        }
        let position = u64::from(case.terms.first) + place;
        let opened = self.opened(&case.terms, self.example_at(case, position)?).await?;
        let siblings = tree.path(place).ok_or_else(none)?;
        let score = escrow::Score {
            example: self.shown(case, position).await?,
            outputCommitment: output,
            label,
            trueLabel: test_set::label_word(&opened),
            labelSalt: word(&opened.label.salt),
            path: siblings.iter().map(|s| Sibling { hash: s.hash, sum: U256::from(s.sum) }).collect(),
        };
        let evidence = Evidence {
            weights: claim.model.into(),
            points: claim.points.clone(),
            proof: claim.proof.clone().into(),
            link: claim.link.clone().into(),
        };
        let call = escrow::respondCall { terms: case.terms.clone(), place: U256::from(place), score, evidence };
        self.take(case.id, &format!("respond-{place}"), U256::ZERO, &call).await
    }

    /// Ends an exam that has come to its end.
    pub async fn settle(&self, case: &Case) -> Result<Receipt, Failure> {
        self.take(case.id, "settle", U256::ZERO, &escrow::settleCall { terms: case.terms.clone() }).await
    }

    /// The tree over the test set in the store, and its leaves, when they are those of the terms.
    pub async fn test_set(&self, terms: &Terms) -> Result<(MerkleTree, Vec<ExampleLeaf>), Failure> {
        let all = self.store.example_leaves(terms.testSet).await?;
        let tree = test_set::tree(&all);
        if all.len() != terms.examples as usize || tree.root() != terms.testSet {
            return Err(Failure::Request(format!(
                "the store has {} of the {} leaves of test set {}: ask the consumer for its file of leaves",
                all.len(),
                terms.examples,
                terms.testSet
            )));
        }
        Ok((tree, all))
    }

    /// The tree over the answers in the store, and its leaves; checked against the chain, once that has a root.
    pub async fn answers(&self, case: &Case) -> Result<(SumTree, Vec<Answer>), Failure> {
        let known = self.store.answers(case.id).await?;
        let all =
            known.ok_or_else(|| Failure::Request(format!("the store has no answers of exam {}", short(case.id))))?;
        let tree = answers::tree(&all);
        let posted = Sum { hash: case.results, sum: case.correct };
        if all.len() as u64 != case.answers() || (!case.results.is_zero() && tree.root() != posted) {
            let id = short(case.id);
            return Err(Failure::Request(format!("the answers in the store are not the results of exam {id}")));
        }
        Ok((tree, all))
    }

    /// What opens an example.
    pub async fn opened(&self, terms: &Terms, example: u64) -> Result<Opened, Failure> {
        let found = self.store.example(terms.testSet, example).await?;
        let lost = || {
            let set = terms.testSet;
            Failure::Request(format!(
                "the store cannot open example {example} of test set {set}: is it another's store?"
            ))
        };
        found.and_then(|Example { opened, .. }| opened).ok_or_else(lost)
    }

    /// Which example is at a place; an error, while there is no order.
    pub fn example_at(&self, case: &Case, place: u64) -> Result<u64, Failure> {
        let none = || Failure::Request(format!("exam {} has no example at place {place} now", short(case.id)));
        case.example_at(place).ok_or_else(none)
    }

    /// An example with its path, as the contract is shown it.
    async fn shown(&self, case: &Case, place: u64) -> Result<escrow::Example, Failure> {
        let (tree, all) = self.test_set(&case.terms).await?;
        let example = self.example_at(case, place)?;
        let leaf = leaf_at(case, &all, example)?;
        Ok(escrow::Example {
            inputCommitment: word(&leaf.input),
            labelCommitment: leaf.label,
            path: tree.path(example).unwrap_or_default(),
        })
    }

    async fn take(&self, case: U256, verb: &str, value: U256, call: &impl SolCall) -> Result<Receipt, Failure> {
        let action = format!("{} in exam {}", verb.replace('-', " "), short(case));
        let name = format!("{:#x}/{case:#x}/{verb}", self.escrow);
        self.chain.submit(Step::of(Some(name), action, self.escrow, value, call)).await
    }
}

/// How examples of a network are handed over.
pub fn format(network: &Network) -> Format {
    Format { packing: input_packing(network), labels: true }
}

fn delivery(case: &Case) -> Result<&Delivery, Failure> {
    let none = || Failure::Request(format!("nothing is being handed over in exam {}", short(case.id)));
    case.delivery().ok_or_else(none)
}

fn leaf_at<'a>(case: &Case, all: &'a [ExampleLeaf], example: u64) -> Result<&'a ExampleLeaf, Failure> {
    let none = || Failure::Request(format!("exam {} has no example {example}", short(case.id)));
    all.get(example as usize).ok_or_else(none)
}
