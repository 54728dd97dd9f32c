//! Every transition of a request and of its dataset, for all sides. A call states what it does from the case as the chain has it
//! and from what the store holds, so it can be made by hand, by a program, and again after a crash.

use std::ops::Range;

use alloy::{
    dyn_abi::Eip712Domain,
    primitives::{Address, B256, Bytes, U256},
    rpc::types::Filter,
    sol,
    sol_types::{SolCall, SolEvent, eip712_domain},
};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{commitment::scalar, network::Network, poseidon::Packed};

use super::{
    case::{self, Case, Request},
    dataset::{self, Dataset, Terms},
    openings::{Openings, document_tree},
};
use crate::{
    bindings::{
        Deliveries, Evidence,
        RetrievalEscrow::{self as escrow, Finding, Opening},
    },
    chain::{Chain, Receipt, Step},
    contracts::Claim,
    failure::Failure,
    market::{delivery::Delivery, handover, money},
    protocol::{
        merkle,
        sealed::{Complaint, Expected, Item, Sealed, key_hash},
    },
    rounds::desk::{format, short},
    scalar::word,
    store::Store,
};

sol! {
    /// What the source of a dataset signs.
    #[derive(serde::Serialize)]
    struct Attestation {
        uint256 dataset;
        bytes32 root;
        uint256 count;
        uint256 nonce;
        uint256 deadline;
    }
}

/// A party at a `RetrievalEscrow`.
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

/// A source's word that a dataset is its own: good once, until its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Tells it from others of the source.
    pub nonce: U256,
    /// Until when it can be used.
    pub deadline: u64,
    /// The signature.
    pub signature: Bytes,
}

impl Desk {
    /// A dataset as the chain has it.
    pub async fn dataset(&self, id: U256) -> Result<Dataset, Failure> {
        let action = "read a dataset";
        let mut logs = self.chain.logs(action, &self.filter().topic1(B256::from(id))).await?;
        let approved = self.filter().event_signature(escrow::RequestApproved::SIGNATURE_HASH).topic2(B256::from(id));
        let approvals = self.chain.logs(action, &approved).await?;
        let cases: Vec<B256> = approvals.iter().filter_map(|log| log.inner.topics().get(1).copied()).collect();
        if !cases.is_empty() {
            let ended = self.filter().event_signature(escrow::CaseEnded::SIGNATURE_HASH).topic1(cases);
            logs.extend(self.chain.logs(action, &ended).await?);
        }
        logs.extend(approvals);
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        let missing = || Failure::Request(format!("there is no dataset {id:#x} at {}", self.escrow));
        Dataset::replay(&logs).ok_or_else(missing)
    }

    /// A case as the chain has it.
    pub async fn case(&self, id: U256) -> Result<Case, Failure> {
        let action = "read a request";
        let missing = || Failure::Request(format!("there is no request {id:#x} at {}", self.escrow));
        let mut logs = self.chain.logs(action, &self.filter().topic1(B256::from(id))).await?;
        if let Some(log) = case::last_identification(&mut logs)
            && let (None, Some(number)) = (log.block_timestamp, log.block_number)
        {
            // Not every node says it with the log.
            log.block_timestamp = Some(self.chain.time_of(number).await?);
        }
        let dataset = case::dataset_of(&logs).ok_or_else(missing)?;
        let committed = self.filter().event_signature(escrow::DatasetCommitted::SIGNATURE_HASH);
        let committed = self.chain.logs(action, &committed.topic1(B256::from(dataset))).await?;
        let dataset = Dataset::replay(&committed).ok_or_else(missing)?;
        Case::replay(&dataset.terms, &logs).ok_or_else(missing)
    }

    /// The datasets that an account answers or decides for, oldest first.
    pub async fn datasets(&self, account: Address) -> Result<Vec<U256>, Failure> {
        let committed = self.filter().event_signature(escrow::DatasetCommitted::SIGNATURE_HASH);
        let who = B256::left_padding_from(account.as_slice());
        self.listed("list datasets", [committed.clone().topic2(who), committed.topic3(who)]).await
    }

    /// The cases of an account, as requester, responder or approver, oldest first.
    pub async fn cases(&self, account: Address) -> Result<Vec<U256>, Failure> {
        let filed = self.filter().event_signature(escrow::RequestFiled::SIGNATURE_HASH);
        let who = B256::left_padding_from(account.as_slice());
        let mut filters = vec![filed.clone().topic3(who)];
        let datasets: Vec<B256> = self.datasets(account).await?.into_iter().map(B256::from).collect();
        // Without any, this would be a filter for all.
        if !datasets.is_empty() {
            filters.push(filed.topic2(datasets));
        }
        self.listed("list requests", filters).await
    }

    async fn listed(&self, action: &str, filters: impl IntoIterator<Item = Filter>) -> Result<Vec<U256>, Failure> {
        let mut logs = vec![];
        for filter in filters {
            logs.extend(self.chain.logs(action, &filter).await?);
        }
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        logs.dedup_by_key(|log| (log.block_number, log.log_index));
        Ok(logs.iter().filter_map(|log| Some(U256::from_be_bytes(log.inner.topics().get(1)?.0))).collect())
    }

    fn filter(&self) -> Filter {
        Filter::new().address(self.escrow).from_block(self.since)
    }

    /// Commits to the dataset in the store; the account is its responder.
    pub async fn commit_dataset(&self, terms: Terms) -> Result<(U256, Receipt), Failure> {
        let id = dataset::id_of(&terms);
        let commitments = self.commitments(id).await?;
        if commitments.len() != terms.count as usize || document_tree(&commitments).root() != terms.root {
            return Err(Failure::Request(format!("the store does not have the documents of dataset {id:#x}")));
        }
        let value = money::provide(&self.chain, terms.currency, self.escrow, U256::from(terms.bond)).await?;
        let call = escrow::commitDatasetCall { dataset: terms };
        Ok((id, self.about("dataset", id, "commit-dataset", value, &call).await?))
    }

    /// Signs as the source of a dataset.
    pub async fn sign_attestation(&self, dataset: &Dataset, nonce: U256, deadline: u64) -> Result<Signed, Failure> {
        let Terms { root, count, .. } = dataset.terms;
        let (count, until) = (U256::from(count), U256::from(deadline));
        let attestation = Attestation { dataset: dataset.id, root, count, nonce, deadline: until };
        let signature = self.chain.sign_typed(&domain(self.chain.id, self.escrow), &attestation).await?;
        Ok(Signed { nonce, deadline, signature })
    }

    /// Shows the signature of a dataset's source.
    pub async fn attest(&self, dataset: &Dataset, signed: &Signed) -> Result<Receipt, Failure> {
        let call = escrow::attestCall {
            dataset: dataset.terms.clone(),
            nonce: signed.nonce,
            deadline: U256::from(signed.deadline),
            signature: signed.signature.clone(),
        };
        let verb = format!("attest-{:x}", signed.nonce);
        self.about("dataset", dataset.id, &verb, U256::ZERO, &call).await
    }

    /// Wants the bond of a dataset back.
    pub async fn retire(&self, dataset: &Dataset) -> Result<Receipt, Failure> {
        let call = escrow::retireCall { dataset: dataset.terms.clone() };
        self.about("dataset", dataset.id, "retire", U256::ZERO, &call).await
    }

    /// Closes a dataset after its notice.
    pub async fn close(&self, dataset: &Dataset) -> Result<Receipt, Failure> {
        let call = escrow::closeCall { dataset: dataset.terms.clone() };
        self.about("dataset", dataset.id, "close", U256::ZERO, &call).await
    }

    /// Files a request; the account is its requester.
    pub async fn file(&self, dataset: &Dataset, request: Request) -> Result<(U256, Receipt), Failure> {
        let id = case::id_of(&request);
        let terms = dataset.terms.clone();
        let value = money::provide(&self.chain, terms.currency, self.escrow, U256::from(request.reward)).await?;
        Ok((id, self.take(id, "file", value, &escrow::fileCall { dataset: terms, request }).await?))
    }

    /// Approves a request.
    pub async fn approve(&self, case: &Case) -> Result<Receipt, Failure> {
        let (dataset, request) = terms(case);
        self.take(case.id, "approve", U256::ZERO, &escrow::approveCall { dataset, request }).await
    }

    /// Commits to the findings in the store.
    pub async fn post_results(&self, case: &Case) -> Result<Receipt, Failure> {
        let results = self.openings(case).await?.results();
        let (dataset, request) = terms(case);
        let positives = U256::from(results.sum);
        let call = escrow::postResultsCall { dataset, request, root: results.hash, positives };
        self.take(case.id, "post-results", U256::ZERO, &call).await
    }

    /// Draws the sample.
    pub async fn draw(&self, case: &Case) -> Result<Receipt, Failure> {
        let proof = self.chain.header(case.draw_block).await?.into();
        let (dataset, request) = terms(case);
        let call = escrow::drawCall { dataset, request, proof };
        self.take(case.id, &format!("draw-{}", case.draw_block), U256::ZERO, &call).await
    }

    /// Has another block draw the sample.
    pub async fn rearm(&self, case: &Case) -> Result<Receipt, Failure> {
        let (dataset, request) = terms(case);
        let call = escrow::rearmCall { dataset, request };
        self.take(case.id, &format!("rearm-{}", case.draw_block), U256::ZERO, &call).await
    }

    /// Proves a sample. A proof of another label than the committed one is none: it is not sent.
    pub async fn prove(&self, case: &Case, sample: u64, claim: &Claim) -> Result<Receipt, Failure> {
        let none = || Failure::Request(format!("request {:#x} has no sample {sample}", case.id));
        let document = case.sampled(sample).ok_or_else(none)?;
        let opening = self.openings(case).await?.opening(document).ok_or_else(none)?;
        let [commitment, output, label, ..] = claim.instances[..] else {
            return Err(Failure::Request("this is no proof of a label: it has too few instances".into()));
        };
        if (commitment, label) != (opening.finding.commitment, opening.finding.label) {
            return Err(Failure::Request(format!(
                "the proof is of label {label}, the results say that document {document} has label {}",
                opening.finding.label
            )));
        }
        let (dataset, request) = terms(case);
        let call = escrow::proveCall {
            dataset,
            request,
            sample: U256::from(sample),
            opening,
            outputCommitment: output,
            evidence: Evidence {
                weights: claim.model.into(),
                points: claim.points.clone(),
                proof: claim.proof.clone().into(),
                link: claim.link.clone().into(),
            },
        };
        self.take(case.id, &format!("prove-{sample}"), U256::ZERO, &call).await
    }

    /// Has positives handed over that did not come.
    pub async fn demand_positives(&self, case: &Case, range: Range<u64>) -> Result<Receipt, Failure> {
        let (first, count) = (U256::from(range.start), U256::from(range.end.saturating_sub(range.start)));
        let due = count * U256::from(case.dataset.demandBond);
        let value = money::provide(&self.chain, case.dataset.currency, self.escrow, due).await?;
        let (dataset, request) = terms(case);
        let call = escrow::demandPositivesCall { dataset, request, first, count };
        self.take(case.id, "demand-positives", value, &call).await
    }

    /// Says which document the next demanded positive is.
    pub async fn identify(&self, case: &Case) -> Result<Receipt, Failure> {
        let openings = self.openings(case).await?;
        let number = case.next_identified();
        let opening = openings.positives().get(number as usize).and_then(|&document| openings.opening(document));
        let none = || Failure::Request(format!("request {:#x} has no positive {number}", case.id));
        let (dataset, request) = terms(case);
        let call = escrow::identifyCall { dataset, request, opening: opening.ok_or_else(none)? };
        self.take(case.id, &format!("identify-{number}"), U256::ZERO, &call).await
    }

    /// Announces the ciphertext of the identified documents.
    pub async fn announce_documents(&self, case: &Case, network: &Network) -> Result<Receipt, Failure> {
        let (key, sealed) = self.seal(case, network).await?;
        let (dataset, request) = terms(case);
        let (root, key_hash) = (sealed.tree().root(), key_hash(key));
        let call = escrow::announceDocumentsCall { dataset, request, root, keyHash: key_hash };
        self.take(case.id, "announce-documents", U256::ZERO, &call).await
    }

    /// The identified documents, encrypted; always under the same key.
    pub async fn seal(&self, case: &Case, network: &Network) -> Result<(Fr, Sealed), Failure> {
        let mut items = vec![];
        for number in demanded(case) {
            let document = document_of(case.identified.get(&number)).ok_or_else(|| unidentified(case, number))?;
            let input = self.document(case, document).await?;
            items.push(Item { input: Packed::input(network, &input.stored), salt: input.salt, label: None });
        }
        handover::seal(&self.store, case.id, format(network), &items).await
    }

    /// What a delivery of documents says, or the first fault in it.
    pub async fn open_delivery(&self, case: &Case, network: &Network) -> Result<Result<Vec<Item>, Complaint>, Failure> {
        let expected: Vec<Expected> = demanded(case)
            .map(|number| {
                let shown = case.identified.get(&number).map(|opening| opening.finding.commitment);
                // A commitment that is no scalar is none that anybody can open.
                let commitment = shown.and_then(|shown| scalar(&shown.to_be_bytes::<32>())).unwrap_or_default();
                Expected { commitment, label: B256::ZERO }
            })
            .collect();
        handover::open(&self.store, case.id, delivery(case)?, format(network), &expected).await
    }

    /// Shows a fault of the delivery.
    pub async fn complain(&self, case: &Case, network: &Network, complaint: Complaint) -> Result<Receipt, Failure> {
        let (key, shown) =
            handover::complaint(&self.store, case.id, delivery(case)?, format(network), complaint).await?;
        let number = case.demanded.0 + complaint.item as u64;
        let opening = case.identified.get(&number).cloned().ok_or_else(|| unidentified(case, number))?;
        let (dataset, request) = terms(case);
        let call = escrow::complainCall { dataset, request, key, complaint: shown, opening };
        self.take(case.id, "complain", U256::ZERO, &call).await
    }

    /// Acknowledges the ciphertext: only if it is here.
    pub async fn acknowledge(&self, case: &Case) -> Result<Receipt, Failure> {
        let root = delivery(case)?.root;
        if self.store.ciphertext(case.id, root).await?.is_none() {
            return Err(Failure::Request(format!("the ciphertext of request {:#x} is not here: demand it", case.id)));
        }
        let call = Deliveries::acknowledgeCall { caseId: case.id };
        self.take(case.id, &format!("acknowledge-{root}"), U256::ZERO, &call).await
    }

    /// Has the ciphertext published.
    pub async fn demand_publication(&self, case: &Case) -> Result<Receipt, Failure> {
        let delivery = delivery(case)?;
        let due = U256::from(merkle::chunks(delivery.words)) * U256::from(case.dataset.courier.bond);
        let value = money::provide(&self.chain, case.dataset.currency, self.escrow, due).await?;
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

    /// Ends a case: one that has come to its end, or, as its requester, one that was not approved or that gave everything.
    pub async fn settle(&self, case: &Case) -> Result<Receipt, Failure> {
        let (dataset, request) = terms(case);
        self.take(case.id, "settle", U256::ZERO, &escrow::settleCall { dataset, request }).await
    }

    /// A document that this party has.
    pub async fn document(&self, case: &Case, document: u64) -> Result<crate::store::Input, Failure> {
        let lost = || {
            let dataset = case.request.dataset;
            Failure::Request(format!("the store has no document {document} of dataset {dataset:#x}: use its own store"))
        };
        self.store.document(case.request.dataset, document).await?.ok_or_else(lost)
    }

    /// What the responder says about all documents, from its store; checked against the chain, once that has a root.
    pub async fn openings(&self, case: &Case) -> Result<Openings, Failure> {
        let commitments = self.commitments(case.request.dataset).await?;
        let findings = self.store.findings(case.id).await?;
        let count = case.count();
        for (what, known) in [("documents", commitments.len()), ("labels", findings.len())] {
            if known as u64 != count {
                let id = case.id;
                return Err(Failure::Request(format!(
                    "the store has {known} of the {count} {what} of request {id:#x}"
                )));
            }
        }
        let findings = commitments.into_iter().zip(findings);
        let findings =
            findings.map(|(commitment, said)| Finding { commitment, label: U256::from(said.label) }).collect();
        let openings = Openings::new(&case.request, findings);
        let posted = case.results.is_zero() || openings.results().hash == case.results;
        if posted && openings.dataset() == case.dataset.root {
            return Ok(openings);
        }
        Err(Failure::Request(format!(
            "documents and labels in the store are not those of request {:#x}: use the store that it was answered with",
            case.id
        )))
    }

    async fn commitments(&self, dataset: U256) -> Result<Vec<U256>, Failure> {
        Ok(self.store.document_commitments(dataset).await?.iter().map(word).collect())
    }

    async fn take(&self, case: U256, verb: &str, value: U256, call: &impl SolCall) -> Result<Receipt, Failure> {
        self.about("request", case, verb, value, call).await
    }

    async fn about(
        &self,
        what: &str,
        id: U256,
        verb: &str,
        value: U256,
        call: &impl SolCall,
    ) -> Result<Receipt, Failure> {
        let action = format!("{} of {what} {}", verb.replace('-', " "), short(id));
        let name = format!("{:#x}/{id:#x}/{verb}", self.escrow);
        self.chain.submit(Step::of(Some(name), action, self.escrow, value, call)).await
    }
}

/// What signatures are about: this contract on this chain.
fn domain(chain_id: u64, escrow: Address) -> Eip712Domain {
    eip712_domain! {
        name: "zkescrow RetrievalEscrow",
        version: "1",
        chain_id: chain_id,
        verifying_contract: escrow,
    }
}

fn terms(case: &Case) -> (Terms, Request) {
    (case.dataset.clone(), case.request.clone())
}

fn demanded(case: &Case) -> Range<u64> {
    case.demanded.0..case.demanded.0 + case.demanded.1
}

fn document_of(opening: Option<&Opening>) -> Option<u64> {
    u64::try_from(opening?.document).ok()
}

fn delivery(case: &Case) -> Result<&Delivery, Failure> {
    case.delivery.as_ref().ok_or_else(|| Failure::Request(format!("nothing is delivered in request {:#x}", case.id)))
}

fn unidentified(case: &Case, number: u64) -> Failure {
    Failure::Request(format!("positive {number} of request {:#x} is not identified yet", case.id))
}
