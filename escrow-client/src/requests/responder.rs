//! A responder that answers by itself.

use std::sync::Arc;

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};
use halo2curves::{bn256::Fr, ff::Field};
use rand::rngs::OsRng;
use rayon::prelude::*;
use tokio::task::spawn_blocking;
use zkescrow_circuits::{network::Network, poseidon::Packed};

use super::{
    case::{Case, State},
    dataset::{self, Terms},
    desk::Desk,
    next::{self, Move, ResponderFacts},
    openings::document_tree,
};
use crate::{
    bindings::ModelRegistry,
    chain::Receipt,
    contracts::Claim,
    failure::Failure,
    purpose::Purpose,
    queue::{Order, Queue},
    rounds::{desk::short, provider::Goods},
    scalar::word,
    store::{Finding, Input, Store},
};

/// Documents that are labelled at a time.
const BATCH: u64 = 256;

/// A responder.
#[derive(Clone, Debug)]
pub struct Responder {
    /// Chain, contract, store.
    pub desk: Desk,
    /// Where models are registered.
    pub registry: Address,
    /// The public model that requests are about.
    pub goods: Arc<Goods>,
    /// Who makes its proofs.
    pub queue: Queue,
}

/// What became of a case that was looked at.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The case, as it was.
    pub case: Case,
    /// What was done.
    pub made: Move,
    /// The transaction.
    pub receipt: Receipt,
}

/// Salts and commits to documents, and keeps them for a dataset with these terms, of which root and count are filled in.
pub async fn prepare(store: &Store, network: &Network, terms: Terms, images: Vec<Vec<u8>>) -> Result<Terms, Failure> {
    let count =
        u32::try_from(images.len()).map_err(|_| Failure::Request("a dataset has at most 2^20 documents".into()))?;
    let seal = |stored: Vec<u8>| {
        let salt = Fr::random(OsRng);
        let commitment = Packed::input(network, &stored).commit(salt);
        Input { stored, salt, commitment }
    };
    let documents: Vec<Input> = images.into_par_iter().map(seal).collect();
    let commitments: Vec<U256> = documents.iter().map(|document| word(&document.commitment)).collect();
    let terms = Terms { root: document_tree(&commitments).root(), count, ..terms };
    // Before the bond is locked: a dataset whose documents nobody has loses it.
    store.put_documents(dataset::id_of(&terms), &documents).await?;
    Ok(terms)
}

impl Responder {
    /// Looks at a case and makes the next move, if there is one.
    pub async fn look(&self, id: U256) -> Result<Option<Moved>, Failure> {
        let (case, now) = (self.desk.case(id).await?, self.desk.chain.now().await?);
        if case.dataset.responder != self.desk.chain.sender {
            let who = case.dataset.responder;
            return Err(Failure::Request(format!("request {id:#x} is answered by {who}: use its account")));
        }
        match case.state {
            State::Approved => self.label(&case).await?,
            State::Drawn => self.order_proofs(&case).await?,
            _ => {}
        }
        let facts = self.facts(&case).await?;
        let Some(made) = next::responder(&case, &facts, now) else { return Ok(None) };
        let receipt = self.make(&case, &made).await?;
        Ok(Some(Moved { case, made, receipt }))
    }

    /// Makes a move.
    pub async fn make(&self, case: &Case, made: &Move) -> Result<Receipt, Failure> {
        let (desk, network) = (&self.desk, &self.goods.model.network);
        match made {
            Move::PostResults => desk.post_results(case).await,
            Move::Draw => desk.draw(case).await,
            Move::Rearm => desk.rearm(case).await,
            Move::Prove(sample) => {
                let missing = || Failure::Request(format!("there is no proof of sample {sample} yet: run a worker"));
                let proof = self.queue.proof(self.order(case, *sample).await?.id()).await?.ok_or_else(missing)?;
                desk.prove(case, *sample, &Claim::new(&self.goods.commitment, &proof)).await
            }
            Move::Identify => desk.identify(case).await,
            Move::Announce => desk.announce_documents(case, network).await,
            Move::PublishChunk => desk.publish_chunk(case, network).await,
            Move::Reveal => desk.reveal(case).await,
            Move::Settle => desk.settle(case).await,
            other => Err(Failure::Internal(format!("a responder cannot {}", other.verb()))),
        }
    }

    /// What it has, beside the chain.
    pub async fn facts(&self, case: &Case) -> Result<ResponderFacts, Failure> {
        let mut facts = ResponderFacts::default();
        match case.state {
            State::Approved => {
                facts.labelled = self.desk.store.findings(case.id).await?.len() as u64 == case.count();
            }
            State::Posted => facts.chance = self.desk.chance(case).await?,
            State::Drawn => {
                for sample in case.outstanding() {
                    let Some(document) = case.sampled(sample) else { continue };
                    let said = self.desk.store.finding(case.id, document).await?;
                    let proof = self.queue.proof(self.order(case, sample).await?.id()).await?;
                    // A proof of another label is none of what was posted.
                    let label = proof.and_then(|proof| proof.instances.get(2).copied());
                    if said.is_some_and(|said| label == Some(Fr::from(said.label))) {
                        facts.proofs.push(sample);
                    }
                }
            }
            _ => {}
        }
        Ok(facts)
    }

    /// Labels all documents, once.
    pub async fn label(&self, case: &Case) -> Result<(), Failure> {
        self.weights(case).await?;
        let store = &self.desk.store;
        if store.findings(case.id).await?.len() as u64 == case.count() {
            return Ok(());
        }
        let mut findings: Vec<Finding> = vec![];
        while (findings.len() as u64) < case.count() {
            let first = findings.len() as u64;
            let mut inputs = vec![];
            for document in first..case.count().min(first + BATCH) {
                inputs.push((document, self.desk.document(case, document).await?.stored));
            }
            let goods = self.goods.clone();
            let infer = move || {
                let label = |(document, stored): (u64, Vec<u8>)| {
                    let trace = goods.model.infer(&stored).map_err(|e| {
                        Failure::Request(format!("the model has no label for document {document}, and no proof: {e}"))
                    })?;
                    Ok(Finding { label: trace.label as u64, salt: Fr::random(OsRng) })
                };
                inputs.into_par_iter().map(label).collect::<Result<Vec<_>, Failure>>()
            };
            let ended = |e| Failure::Internal(format!("an inference ended early: {e}"));
            findings.extend(spawn_blocking(infer).await.map_err(ended)??);
        }
        store.put_findings(case.id, &findings).await
    }

    /// Orders the proofs that are missing.
    pub async fn order_proofs(&self, case: &Case) -> Result<(), Failure> {
        for sample in case.outstanding() {
            self.queue.submit(&self.order(case, sample).await?).await?;
        }
        Ok(())
    }

    /// The proof of a sample, as an order.
    pub async fn order(&self, case: &Case, sample: u64) -> Result<Order, Failure> {
        let none = || Failure::Request(format!("request {:#x} has no sample {sample}", case.id));
        let document = case.sampled(sample).ok_or_else(none)?;
        let input = self.desk.document(case, document).await?;
        let finding = self.desk.store.finding(case.id, document).await?.ok_or_else(none)?;
        let (owner, weights) = self.weights(case).await?;
        let purpose = Purpose {
            chain_id: self.desk.chain.id,
            contract: self.desk.escrow,
            case_id: case.id,
            index: U256::from(document),
            payee: case.dataset.responder,
        };
        Ok(Order {
            arch: self.goods.keys.arch,
            weights: weights.0,
            provider: owner.into_array(),
            context: purpose.context(),
            input_salt: input.salt,
            output_salt: finding.salt,
            input: input.stored,
            deadline: case.deadline,
            label: format!("request {} document {document}", short(case.id)),
        })
    }

    /// Who registered the request's model, and what it is called there; an error, if it is not the one that is here.
    async fn weights(&self, case: &Case) -> Result<(Address, B256), Failure> {
        let wanted = case.request.model;
        let call = ModelRegistry::judgeOfCall { model: wanted };
        let owner = self.desk.chain.ask("look up a model", self.registry, &call).await?.provider;
        let weights = B256::from(self.goods.commitment.model_id(&self.goods.keys.arch, &owner.into_array()));
        let ours = keccak256((case.dataset.verifier, weights).abi_encode());
        if ours == wanted {
            return Ok((owner, weights));
        }
        Err(Failure::Request(format!("request {:#x} is about model {wanted}: give its model and keys", case.id)))
    }
}
