//! What the leaves of every tree hold: the twin of `Leaves.sol`.
//!
//! A leaf names its kind and its index, so it stands for one thing in one place.

use alloy::primitives::{B256, U256, keccak256};

use super::merkle::leaf;

/// An input that the consumer commits to.
pub fn input(index: u64, commitment: U256) -> B256 {
    leaf(kind("input"), index, commitment.into())
}

/// What the provider says about an input.
pub fn prediction(index: u64, input: U256, output: U256, label: U256) -> B256 {
    leaf(kind("prediction"), index, digest(&[input, output, label]))
}

/// A test example, whose label is hidden.
pub fn example(index: u64, input: U256, label_commitment: B256) -> B256 {
    leaf(kind("example"), index, digest(&[input, label_commitment.into()]))
}

/// What hides a test example's label.
pub fn label_commitment(label: U256, salt: U256) -> B256 {
    digest(&[label, salt])
}

/// What the model says about a test example, and whether that is its label.
pub fn score(index: u64, label: U256, correct: bool) -> B256 {
    leaf(kind("score"), index, digest(&[label, U256::from(correct)]))
}

/// A document of a data set.
pub fn document(index: u64, commitment: U256) -> B256 {
    leaf(kind("document"), index, commitment.into())
}

/// What the model says about a document, and whether that is a label that was asked for.
pub fn finding(index: u64, commitment: U256, label: U256, positive: bool) -> B256 {
    leaf(kind("finding"), index, digest(&[commitment, label, U256::from(positive)]))
}

/// A word of a ciphertext.
pub fn sealed_word(index: u64, word: U256) -> B256 {
    leaf(kind("sealed"), index, word.into())
}

fn kind(name: &str) -> B256 {
    keccak256(format!("zkescrow.{name}"))
}

/// The hash of words one after the other.
fn digest(words: &[U256]) -> B256 {
    let bytes: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
    keccak256(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_differ_in_kind_and_in_everything_they_hold() {
        let (a, b, c, h) = (U256::from(1), U256::from(2), U256::from(3), B256::with_last_byte(2));
        let mut all = vec![];
        for i in 0..2 {
            all.extend([input(i, a), input(i, b), document(i, a), document(i, b), sealed_word(i, a)]);
            all.extend([
                prediction(i, a, b, c),
                prediction(i, b, b, c),
                prediction(i, a, a, c),
                prediction(i, a, b, a),
            ]);
            all.extend([example(i, a, h), example(i, b, h), example(i, a, B256::ZERO)]);
            all.extend([score(i, a, true), score(i, a, false), score(i, b, true)]);
            all.extend([
                finding(i, a, b, true),
                finding(i, a, b, false),
                finding(i, b, b, true),
                finding(i, a, c, true),
            ]);
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_ne!(label_commitment(a, b), label_commitment(b, a));
    }
}
