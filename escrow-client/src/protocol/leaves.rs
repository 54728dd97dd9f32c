//! What the leaves of every tree hold: the twin of `Leaves.sol`.
//!
//! A leaf names its kind and its index, so it stands for one thing in one place.

use alloy::primitives::{B256, U256, b256, keccak256};

use super::merkle::leaf;

/// keccak256("zkescrow.input")
const INPUT: B256 = b256!("451dc9afac046dc71a15719cd2521f18a49535da8f0f5003672b18ce311163cc");
/// keccak256("zkescrow.prediction")
const PREDICTION: B256 = b256!("9c95959de5963f7297bf928493ad405bf97eb8bf10f22ad31cadf2d90f7b565c");
/// keccak256("zkescrow.example")
const EXAMPLE: B256 = b256!("0815cb90660b2d9785acdbf14234884b461cb71111622261e1c1bb9dfce8e40d");
/// keccak256("zkescrow.score")
const SCORE: B256 = b256!("21dbbd8186997577730ee89598fa577cc87e4952052133ea0380cfde3f5ee789");
/// keccak256("zkescrow.document")
const DOCUMENT: B256 = b256!("508c1d62a28f58246355136342ae513b8c619df0bc8841c9351c95934e6d4fdc");
/// keccak256("zkescrow.finding")
const FINDING: B256 = b256!("d7b38e9f0615f0f82ee8ea518b26153b059c0777a0fd9fc0c12452417f94c832");
/// keccak256("zkescrow.sealed")
const SEALED: B256 = b256!("aa2dac892881162b8fed88a672cb350e36f2a3aae9caa005a9069a4b72d71129");

/// An input that the consumer commits to.
pub fn input(index: u64, commitment: U256) -> B256 {
    leaf(INPUT, index, commitment.into())
}

/// What the provider says about an input.
pub fn prediction(index: u64, input: U256, output: U256, label: U256) -> B256 {
    leaf(PREDICTION, index, digest(&[input, output, label]))
}

/// A test example, whose label is hidden.
pub fn example(index: u64, input: U256, label_commitment: B256) -> B256 {
    leaf(EXAMPLE, index, digest(&[input, label_commitment.into()]))
}

/// What hides a test example's label.
pub fn label_commitment(label: U256, salt: U256) -> B256 {
    digest(&[label, salt])
}

/// What the model says about a test example, and whether that is its label.
pub fn score(index: u64, label: U256, correct: bool) -> B256 {
    leaf(SCORE, index, digest(&[label, U256::from(correct)]))
}

/// A document of a data set.
pub fn document(index: u64, commitment: U256) -> B256 {
    leaf(DOCUMENT, index, commitment.into())
}

/// What the model says about a document, and whether that is a label that was asked for.
pub fn finding(index: u64, commitment: U256, label: U256, positive: bool) -> B256 {
    leaf(FINDING, index, digest(&[commitment, label, U256::from(positive)]))
}

/// A word of a ciphertext.
pub fn sealed_word(index: u64, word: U256) -> B256 {
    leaf(SEALED, index, word.into())
}

/// The hash of words one after the other.
fn digest(words: &[U256]) -> B256 {
    keccak256(words.iter().flat_map(U256::to_be_bytes::<32>).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_hashes_of_their_names() {
        let kinds = [INPUT, PREDICTION, EXAMPLE, SCORE, DOCUMENT, FINDING, SEALED];
        let names = ["input", "prediction", "example", "score", "document", "finding", "sealed"];
        assert_eq!(kinds, names.map(|name| keccak256(format!("zkescrow.{name}"))));
    }

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
