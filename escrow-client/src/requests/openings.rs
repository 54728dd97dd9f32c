//! What a responder says about all documents of its dataset, and the paths that show each part of it.

use alloy::primitives::{B256, U256};

use super::{case::is_positive, dataset::Terms};
use crate::{
    bindings::{
        RetrievalEscrow::{Finding, Opening, Request},
        Sibling,
    },
    protocol::{
        leaves,
        merkle::{self, MerkleTree},
        sum_tree::{self, Sum, SumTree},
    },
};

/// Findings with the trees over them.
#[derive(Clone, Debug)]
pub struct Openings {
    findings: Vec<Finding>,
    documents: MerkleTree,
    results: SumTree,
}

/// The tree over the documents with these commitments.
pub fn document_tree(commitments: &[U256]) -> MerkleTree {
    MerkleTree::new((0..).zip(commitments).map(|(i, &commitment)| leaves::document(i, commitment)).collect())
}

impl Openings {
    /// The openings of these findings, one for each document, for a request.
    pub fn new(request: &Request, findings: Vec<Finding>) -> Self {
        let commitments: Vec<U256> = findings.iter().map(|finding| finding.commitment).collect();
        let results = (0..).zip(&findings).map(|(i, finding)| leaf(request, i, finding)).collect();
        Self { documents: document_tree(&commitments), results: SumTree::new(results), findings }
    }

    /// Root over the documents.
    pub fn dataset(&self) -> B256 {
        self.documents.root()
    }

    /// Root over the findings, and how many are positive.
    pub fn results(&self) -> Sum {
        self.results.root()
    }

    /// The documents that are positive, in order.
    pub fn positives(&self) -> Vec<u64> {
        (0..).zip(self.results.leaves()).filter(|(_, leaf)| leaf.sum == 1).map(|(document, _)| document).collect()
    }

    /// A finding with its paths.
    pub fn opening(&self, document: u64) -> Option<Opening> {
        let siblings = self.results.path(document)?;
        Some(Opening {
            document: U256::from(document),
            finding: self.findings.get(document as usize)?.clone(),
            documentPath: self.documents.path(document)?,
            resultPath: siblings.iter().map(|s| Sibling { hash: s.hash, sum: U256::from(s.sum) }).collect(),
        })
    }
}

/// The number of the positive that an opening is, counted from 0; nothing, unless it is one of this dataset and of results with
/// this root.
pub fn ordinal(terms: &Terms, request: &Request, results: Sum, opening: &Opening) -> Option<u64> {
    let count = u64::from(terms.count);
    let document = u64::try_from(opening.document).ok()?;
    let of_dataset = leaves::document(document, opening.finding.commitment);
    if !merkle::verify(terms.root, count, document, of_dataset, &opening.documentPath) {
        return None;
    }
    let sibling = |s: &Sibling| Some(Sum { hash: s.hash, sum: u64::try_from(s.sum).ok()? });
    let path: Vec<Sum> = opening.resultPath.iter().map(sibling).collect::<Option<_>>()?;
    let leaf = leaf(request, document, &opening.finding);
    let before = sum_tree::verify(results, count, document, leaf, &path)?;
    (leaf.sum == 1).then_some(before)
}

fn leaf(request: &Request, document: u64, finding: &Finding) -> Sum {
    // What is no number of a label is nothing that anybody asks for.
    let positive = u64::try_from(finding.label).is_ok_and(|label| is_positive(request, label));
    Sum { hash: leaves::finding(document, finding.commitment, finding.label, positive), sum: positive.into() }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;

    use super::*;
    use crate::{
        bindings::{Courier, RetrievalEscrow::Windows},
        requests::case::positives,
    };

    fn terms(root: B256, count: u32) -> Terms {
        let windows =
            Windows { approve: 1, results: 1, prove: 1, proveEach: 1, demand: 1, identify: 1, identifyEach: 1 };
        Terms {
            responder: Address::ZERO,
            approver: Address::ZERO,
            source: Address::ZERO,
            verifier: Address::ZERO,
            currency: Address::ZERO,
            root,
            count,
            bond: 1,
            demandBond: 1,
            notice: 1,
            windows,
            courier: Courier { step: 1, perChunk: 1, bond: 1 },
            salt: U256::ZERO,
        }
    }

    #[test]
    fn positives_open_with_their_numbers_and_nothing_else_does() {
        let request = Request {
            requester: Address::ZERO,
            dataset: U256::ZERO,
            model: B256::ZERO,
            positives: positives(&[1, 4]),
            bound: 0,
            delta: 0,
            reward: 0,
            salt: U256::ZERO,
        };
        let labels = [0u64, 1, 4, 2, 1];
        let finding = |(i, &label): (u64, &u64)| Finding { commitment: U256::from(100 + i), label: U256::from(label) };
        let openings = Openings::new(&request, (0..).zip(&labels).map(finding).collect());
        let (terms, results) = (terms(openings.dataset(), 5), openings.results());
        assert_eq!((results.sum, openings.positives()), (3, vec![1, 2, 4]));
        let number = |opening: &Opening| ordinal(&terms, &request, results, opening);
        let all: Vec<Opening> = (0..5).map(|document| openings.opening(document).expect("an opening")).collect();
        assert_eq!(all.iter().map(number).collect::<Vec<_>>(), [None, Some(0), Some(1), None, Some(2)]);
        assert!(openings.opening(5).is_none());

        let change = |change: fn(&mut Opening)| {
            let mut opening = all[1].clone();
            change(&mut opening);
            number(&opening)
        };
        assert_eq!(change(|_| {}), Some(0));
        assert_eq!(change(|o| o.finding.label = U256::from(4)), None);
        assert_eq!(change(|o| o.finding.label = U256::MAX), None);
        assert_eq!(change(|o| o.finding.commitment += U256::ONE), None);
        assert_eq!(change(|o| o.document = U256::MAX), None);
        assert_eq!(change(|o| o.resultPath[0].sum += U256::ONE), None);
        assert_eq!(change(|o| o.documentPath.clear()), None);
    }
}
