//! Positives as they travel off chain: documents, what opens their commitments, and what shows that they are all that was asked
//! for. Whoever gets them compares them with the chain; nothing else has to be believed.

use std::path::Path;

use alloy::primitives::{B256, Bytes, U256};
use serde::{Deserialize, Serialize};
use zkescrow_circuits::{commitment::scalar, network::Network, poseidon::Packed};

use super::{Case, Desk, openings};
use crate::{
    bindings::{
        RetrievalEscrow::{Finding, Opening},
        Sibling,
    },
    failure::Failure,
    paths,
    protocol::sum_tree::Sum,
    scalar::word,
    store::Positive,
};

/// Most bytes of a file: a million small documents.
const LIMIT: u64 = 1 << 32;

/// Positives of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Positives {
    /// The case.
    pub case: B256,
    /// The documents, each with what shows that it is one of them.
    pub documents: Vec<Shown>,
}

/// A positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shown {
    /// Which document of the dataset.
    pub document: u64,
    /// Its label.
    pub label: u64,
    /// Stored values.
    pub stored: Bytes,
    /// The salt of its commitment.
    pub salt: B256,
    /// Its path in the dataset.
    pub document_path: Vec<B256>,
    /// Its path in the results: hashes and sums.
    pub result_path: Vec<(B256, u64)>,
}

impl Positives {
    /// All positives of a case, from the responder's store.
    pub async fn export(desk: &Desk, case: &Case) -> Result<Self, Failure> {
        let openings = desk.openings(case).await?;
        let mut documents = vec![];
        for document in openings.positives() {
            let input = desk.document(case, document).await?;
            let none = || Failure::Internal(format!("document {document} has no opening"));
            let Opening { finding, documentPath: document_path, resultPath, .. } =
                openings.opening(document).ok_or_else(none)?;
            documents.push(Shown {
                document,
                label: finding.label.saturating_to(),
                stored: input.stored.into(),
                salt: word(&input.salt).into(),
                document_path,
                result_path: resultPath.iter().map(|s| (s.hash, s.sum.saturating_to())).collect(),
            });
        }
        Ok(Self { case: case.id.into(), documents })
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = paths::read(path, LIMIT)?;
        serde_json::from_slice(&text)
            .map_err(|e| Failure::Request(format!("{} does not hold positives: {e}", path.display())))
    }

    /// The positives with their numbers, if all of them are what the chain says they have to be.
    pub fn check(&self, case: &Case, network: &Network) -> Result<Vec<(u64, Positive)>, Failure> {
        let of = U256::from_be_bytes(self.case.0);
        if of != case.id {
            return Err(Failure::Request(format!("these are positives of request {of:#x}, not of {:#x}", case.id)));
        }
        if case.results.is_zero() {
            return Err(Failure::Request(format!("request {:#x} has no results yet: check again later", case.id)));
        }
        self.documents.iter().map(|shown| shown.check(case, network)).collect()
    }
}

impl Shown {
    fn check(&self, case: &Case, network: &Network) -> Result<(u64, Positive), Failure> {
        let Self { document, label, stored, salt, document_path, result_path } = self;
        let wrong = |what: &str| Failure::Request(format!("document {document} is not what was committed to: {what}"));
        if stored.len() != network.input().len() {
            return Err(wrong("it has another size than the model's inputs"));
        }
        let salt = scalar(salt.as_slice()).ok_or_else(|| wrong("its salt is not below the scalar modulus"))?;
        let opening = Opening {
            document: U256::from(*document),
            finding: Finding {
                commitment: word(&Packed::input(network, stored).commit(salt)),
                label: U256::from(*label),
            },
            documentPath: document_path.clone(),
            resultPath: result_path.iter().map(|&(hash, sum)| Sibling { hash, sum: U256::from(sum) }).collect(),
        };
        let results = Sum { hash: case.results, sum: case.positives };
        let number = openings::ordinal(&case.dataset, &case.request, results, &opening)
            .ok_or_else(|| wrong("document, salt, label or paths do not lead to the roots on chain"))?;
        Ok((number, Positive { document: *document, label: *label, stored: stored.to_vec() }))
    }
}
