//! Every transition of a round, for both sides. A call states what it does from the round as the chain has it and from what the
//! store holds, so it can be made by hand, by a service, and again after a crash.

use std::ops::Range;

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{network::Network, poseidon::input_packing};

use super::case::{self, Case, Terms};
use crate::{
    bindings::{
        Deliveries, Evidence,
        PredictionEscrow::{self as escrow, Prediction},
    },
    chain::{Chain, Receipt, Step},
    contracts::Claim,
    failure::Failure,
    market::{delivery::Delivery, handover, money},
    protocol::{
        leaves,
        merkle::MerkleTree,
        sealed::{Expected, Format, Item, Sealed},
    },
    scalar::word,
    store::Store,
};

/// Inputs or predictions that one transaction shows: 500 take 8 million gas.
pub const BATCH: usize = 500;

/// A party at a `PredictionEscrow`.
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
    /// A round as the chain has it.
    pub async fn case(&self, id: U256) -> Result<Case, Failure> {
        let filter = Filter::new().address(self.escrow).topic1(B256::from(id)).from_block(self.since);
        let logs = self.chain.logs("read a round", &filter).await?;
        let missing = || Failure::Request(format!("there is no round {id:#x} at {}", self.escrow));
        Case::replay(&logs).ok_or_else(missing)
    }

    /// The rounds of an account, as consumer or provider, oldest first.
    pub async fn cases(&self, account: Address) -> Result<Vec<U256>, Failure> {
        let opened = Filter::new().address(self.escrow).event_signature(escrow::RoundOpened::SIGNATURE_HASH);
        let opened = opened.from_block(self.since);
        let who = B256::left_padding_from(account.as_slice());
        let mut logs = self.chain.logs("list rounds", &opened.clone().topic2(who)).await?;
        logs.extend(self.chain.logs("list rounds", &opened.topic3(who)).await?);
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        logs.dedup_by_key(|log| (log.block_number, log.log_index));
        Ok(logs.iter().filter_map(|log| Some(U256::from_be_bytes(log.inner.topics().get(1)?.0))).collect())
    }

    /// Opens a round; the account is its consumer.
    pub async fn open(&self, terms: Terms) -> Result<(U256, Receipt), Failure> {
        let id = case::id_of(&terms);
        let count = U256::from(terms.count);
        let due = count * (U256::from(2) * U256::from(terms.proofCost) + U256::from(terms.price));
        let value = money::provide(&self.chain, terms.currency, self.escrow, due).await?;
        let receipt = self.take(id, "open", value, &escrow::openCall { terms }).await?;
        Ok((id, receipt))
    }

    /// Takes back a round that nobody accepted.
    pub async fn cancel(&self, case: &Case) -> Result<Receipt, Failure> {
        self.take(case.id, "cancel", U256::ZERO, &escrow::cancelCall { terms: case.terms.clone() }).await
    }

    /// Accepts a round.
    pub async fn accept(&self, case: &Case) -> Result<Receipt, Failure> {
        let Terms { currency, count, beta, proofCost, .. } = case.terms;
        let due = U256::from(beta) * U256::from(count) * U256::from(proofCost);
        let value = money::provide(&self.chain, currency, self.escrow, due).await?;
        self.take(case.id, "accept", value, &escrow::acceptCall { terms: case.terms.clone() }).await
    }

    /// Commits to the inputs in the store.
    pub async fn commit_inputs(&self, case: &Case) -> Result<Receipt, Failure> {
        let root = self.input_tree(case).await?.root();
        self.take(case.id, "commit-inputs", U256::ZERO, &escrow::commitInputsCall { terms: case.terms.clone(), root })
            .await
    }

    /// Has inputs handed over that did not come.
    pub async fn demand_inputs(&self, case: &Case, range: Range<u64>) -> Result<Receipt, Failure> {
        let (first, count) = (U256::from(range.start), U256::from(range.end - range.start));
        let due = count * U256::from(case.terms.demandBond);
        let value = money::provide(&self.chain, case.terms.currency, self.escrow, due).await?;
        let call = escrow::demandInputsCall { terms: case.terms.clone(), first, count };
        self.take(case.id, "demand-inputs", value, &call).await
    }

    /// Shows the next demanded inputs.
    pub async fn show_inputs(&self, case: &Case) -> Result<Receipt, Failure> {
        let (tree, commitments) = (self.input_tree(case).await?, self.store.commitments(case.id).await?);
        let batch = next_batch(case.demanded, case.shown.len());
        let name = format!("show-inputs-{}", batch.start);
        let shown = commitments.iter().map(word).skip(batch.start as usize).take(batch.clone().count()).collect();
        let paths = batch.filter_map(|place| tree.path(place)).collect();
        let call = escrow::showInputsCall { terms: case.terms.clone(), commitments: shown, paths };
        self.take(case.id, &name, U256::ZERO, &call).await
    }

    /// Announces the ciphertext of the demanded inputs.
    pub async fn announce_inputs(&self, case: &Case, network: &Network) -> Result<Receipt, Failure> {
        let (key, sealed) = self.seal(case, network).await?;
        let (root, key_hash) = (sealed.tree().root(), crate::protocol::sealed::key_hash(key));
        let call = escrow::announceInputsCall { terms: case.terms.clone(), root, keyHash: key_hash };
        self.take(case.id, "announce-inputs", U256::ZERO, &call).await
    }

    /// The demanded inputs, encrypted; always under the same key.
    pub async fn seal(&self, case: &Case, network: &Network) -> Result<(Fr, Sealed), Failure> {
        let mut items = vec![];
        for place in demanded(case) {
            let input = self.store.input(case.id, place).await?.ok_or_else(|| lost(case.id, "input", place))?;
            let packed = zkescrow_circuits::poseidon::Packed::input(network, &input.stored);
            items.push(Item { input: packed, salt: input.salt, label: None });
        }
        handover::seal(&self.store, case.id, format(network), &items).await
    }

    /// What a delivery of demanded inputs says, or the first fault in it.
    pub async fn open_delivery(
        &self,
        case: &Case,
        network: &Network,
    ) -> Result<Result<Vec<Item>, crate::protocol::sealed::Complaint>, Failure> {
        let expected: Vec<Expected> = demanded(case)
            .map(|place| {
                let shown = case.shown.get(&place).copied().unwrap_or_default();
                let commitment = zkescrow_circuits::commitment::scalar(&shown.to_be_bytes::<32>());
                // A commitment that is no scalar is none that anybody can open.
                Expected { commitment: commitment.unwrap_or_default(), label: B256::ZERO }
            })
            .collect();
        let delivery = delivery(case)?;
        handover::open(&self.store, case.id, delivery, format(network), &expected).await
    }

    /// Shows a fault of the delivery.
    pub async fn complain(
        &self,
        case: &Case,
        network: &Network,
        complaint: crate::protocol::sealed::Complaint,
    ) -> Result<Receipt, Failure> {
        let delivery = delivery(case)?;
        let (key, shown) = handover::complaint(&self.store, case.id, delivery, format(network), complaint).await?;
        let place = case.demanded.0 + complaint.item as u64;
        let commitment = case.shown.get(&place).copied().unwrap_or_default();
        let path = self.input_tree(case).await?.path(place).unwrap_or_default();
        let call = escrow::complainCall {
            terms: case.terms.clone(),
            key,
            complaint: shown,
            inputCommitment: commitment,
            path,
        };
        self.take(case.id, "complain", U256::ZERO, &call).await
    }

    /// Acknowledges the ciphertext: only if it is here.
    pub async fn acknowledge(&self, case: &Case) -> Result<Receipt, Failure> {
        let root = delivery(case)?.root;
        if self.store.ciphertext(case.id, root).await?.is_none() {
            return Err(Failure::Request(format!("the ciphertext of round {:#x} is not here: demand it", case.id)));
        }
        let call = Deliveries::acknowledgeCall { caseId: case.id };
        self.take(case.id, &format!("acknowledge-{root}"), U256::ZERO, &call).await
    }

    /// Has the ciphertext published.
    pub async fn demand_publication(&self, case: &Case) -> Result<Receipt, Failure> {
        let delivery = delivery(case)?;
        let due = U256::from(crate::protocol::merkle::chunks(delivery.words)) * U256::from(case.terms.courier.bond);
        let value = money::provide(&self.chain, case.terms.currency, self.escrow, due).await?;
        let call = Deliveries::demandPublicationCall { caseId: case.id };
        self.take(case.id, &format!("demand-publication-{}", delivery.root), value, &call).await
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

    /// Gives back a round whose inputs cannot be predicted.
    pub async fn decline(&self, case: &Case) -> Result<Receipt, Failure> {
        self.take(case.id, "decline", U256::ZERO, &escrow::declineCall { terms: case.terms.clone() }).await
    }

    /// Commits to the predictions in the store.
    pub async fn commit_predictions(&self, case: &Case) -> Result<Receipt, Failure> {
        let root = self.prediction_tree(case).await?.0.root();
        let call = escrow::commitPredictionsCall { terms: case.terms.clone(), root };
        self.take(case.id, "commit-predictions", U256::ZERO, &call).await
    }

    /// Has predictions published that did not come.
    pub async fn demand_predictions(&self, case: &Case, range: Range<u64>) -> Result<Receipt, Failure> {
        let (first, count) = (U256::from(range.start), U256::from(range.end - range.start));
        let due = count * U256::from(case.terms.demandBond);
        let value = money::provide(&self.chain, case.terms.currency, self.escrow, due).await?;
        let call = escrow::demandPredictionsCall { terms: case.terms.clone(), first, count };
        self.take(case.id, "demand-predictions", value, &call).await
    }

    /// Publishes the next demanded predictions.
    pub async fn publish_predictions(&self, case: &Case) -> Result<Receipt, Failure> {
        let (tree, all) = self.prediction_tree(case).await?;
        let batch = next_batch(case.demanded, case.published.len());
        let name = format!("publish-predictions-{}", batch.start);
        let predictions = batch.clone().filter_map(|place| all.get(place as usize).cloned()).collect();
        let paths = batch.filter_map(|place| tree.path(place)).collect();
        let call = escrow::publishPredictionsCall { terms: case.terms.clone(), predictions, paths };
        self.take(case.id, &name, U256::ZERO, &call).await
    }

    /// Contests predictions.
    pub async fn contest(&self, case: &Case, indices: &[u64]) -> Result<Receipt, Failure> {
        let indices = indices.iter().map(|&index| U256::from(index)).collect();
        self.take(case.id, "contest", U256::ZERO, &escrow::contestCall { terms: case.terms.clone(), indices }).await
    }

    /// Proves a contested prediction.
    pub async fn respond(&self, case: &Case, index: u64, claim: &Claim) -> Result<Receipt, Failure> {
        let (inputs, (tree, all)) = (self.input_tree(case).await?, self.prediction_tree(case).await?);
        let none = || Failure::Request(format!("round {:#x} has no prediction {index}", case.id));
        let call = escrow::respondCall {
            terms: case.terms.clone(),
            index: U256::from(index),
            prediction: all.get(index as usize).cloned().ok_or_else(none)?,
            inputPath: inputs.path(index).ok_or_else(none)?,
            predictionPath: tree.path(index).ok_or_else(none)?,
            evidence: Evidence {
                weights: claim.model.into(),
                points: claim.points.clone(),
                proof: claim.proof.clone().into(),
                link: claim.link.clone().into(),
            },
        };
        self.take(case.id, &format!("respond-{index}"), U256::ZERO, &call).await
    }

    /// Ends a round that has come to its end.
    pub async fn settle(&self, case: &Case) -> Result<Receipt, Failure> {
        self.take(case.id, "settle", U256::ZERO, &escrow::settleCall { terms: case.terms.clone() }).await
    }

    /// The tree over the inputs that are known by their commitments; checked against the chain, once that has a root.
    pub async fn input_tree(&self, case: &Case) -> Result<MerkleTree, Failure> {
        let commitments = self.store.commitments(case.id).await?;
        complete(case, "input", commitments.len())?;
        let leaves = commitments.iter().zip(0..).map(|(commitment, i)| leaves::input(i, word(commitment)));
        checked(case, "inputs", MerkleTree::new(leaves.collect()), case.inputs)
    }

    /// The tree over the predictions in the store, and its leaves.
    pub async fn prediction_tree(&self, case: &Case) -> Result<(MerkleTree, Vec<Prediction>), Failure> {
        let commitments = self.store.commitments(case.id).await?;
        let predictions = self.store.predictions(case.id).await?;
        complete(case, "prediction", predictions.len())?;
        complete(case, "input", commitments.len())?;
        let all: Vec<Prediction> = commitments
            .iter()
            .zip(&predictions)
            .map(|(input, (_, prediction))| Prediction {
                inputCommitment: word(input),
                outputCommitment: word(&prediction.commitment),
                label: U256::from(prediction.label),
            })
            .collect();
        let tree = checked(case, "predictions", prediction_tree(&all), case.predictions)?;
        Ok((tree, all))
    }

    async fn take(
        &self,
        case: U256,
        verb: &str,
        value: U256,
        call: &impl alloy::sol_types::SolCall,
    ) -> Result<Receipt, Failure> {
        let action = format!("{} in round {}", verb.replace('-', " "), short(case));
        let name = format!("{:#x}/{case:#x}/{verb}", self.escrow);
        self.chain.submit(Step::of(Some(name), action, self.escrow, value, call)).await
    }
}

/// The tree over predictions.
pub fn prediction_tree(all: &[Prediction]) -> MerkleTree {
    let leaf = |(i, p): (u64, &Prediction)| leaves::prediction(i, p.inputCommitment, p.outputCommitment, p.label);
    MerkleTree::new((0..).zip(all).map(leaf).collect())
}

/// How inputs of a network are handed over.
pub fn format(network: &Network) -> Format {
    Format { packing: input_packing(network), labels: false }
}

/// The beginning of an id, for people.
pub fn short(case: U256) -> String {
    let digits = format!("{case:#066x}");
    format!("{}…", &digits[..10])
}

fn demanded(case: &Case) -> Range<u64> {
    case.demanded.0..case.demanded.0 + case.demanded.1
}

fn next_batch((first, count): (u64, u64), done: usize) -> Range<u64> {
    let start = first + done as u64;
    start..(first + count).min(start + BATCH as u64)
}

fn delivery(case: &Case) -> Result<&Delivery, Failure> {
    case.delivery.as_ref().ok_or_else(|| Failure::Request(format!("nothing is delivered in round {:#x}", case.id)))
}

fn lost(case: U256, what: &str, place: u64) -> Failure {
    Failure::Request(format!("the store has no {what} {place} of round {case:#x}: was it opened with another store?"))
}

fn complete(case: &Case, what: &str, known: usize) -> Result<(), Failure> {
    if known as u64 == case.count() {
        return Ok(());
    }
    let (id, count) = (case.id, case.count());
    Err(Failure::Request(format!("the store has {known} of the {count} {what}s of round {id:#x}")))
}

fn checked(case: &Case, what: &str, tree: MerkleTree, root: B256) -> Result<MerkleTree, Failure> {
    if root.is_zero() || tree.root() == root {
        return Ok(tree);
    }
    Err(Failure::Request(format!(
        "the {what} in the store are not those of round {:#x}: their root is {}, the chain has {root}",
        case.id,
        tree.root()
    )))
}
