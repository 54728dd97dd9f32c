//! What a model says about a test set, as the provider commits to it.

use std::path::Path;

use alloy::primitives::{B256, U256};

use crate::{
    failure::Failure,
    folder, paths,
    protocol::{
        leaves,
        sum_tree::{Sum, SumTree},
    },
};

pub use crate::store::Answer;

/// Most bytes of a file of answers.
const LIMIT: u64 = 1 << 28;

/// The tree over all answers; its root says how many are correct.
pub fn tree(answers: &[Answer]) -> SumTree {
    let leaf = |(place, answer): (u64, &Answer)| Sum {
        hash: leaves::score(place, U256::from(answer.label), answer.correct),
        sum: answer.correct.into(),
    };
    SumTree::new((0..).zip(answers).map(leaf).collect())
}

/// Whether these are the answers behind a root with so many correct ones.
pub fn are_behind(answers: &[Answer], root: B256, correct: u64) -> bool {
    tree(answers).root() == Sum { hash: root, sum: correct }
}

/// Writes answers for the other side.
pub fn write(path: &Path, answers: &[Answer]) -> Result<(), Failure> {
    folder::write_json(path, &serde_json::to_value(answers).unwrap_or_default())
}

/// Reads the other side's answers.
pub fn read(path: &Path) -> Result<Vec<Answer>, Failure> {
    let text = paths::read(path, LIMIT)?;
    serde_json::from_slice(&text).map_err(|e| Failure::Request(format!("{} holds no answers: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_of_labels_and_of_what_is_said_of_them() {
        let answers = [(3, true), (4, false), (5, true)].map(|(label, correct)| Answer { label, correct });
        let Sum { hash, sum } = tree(&answers).root();
        assert_eq!(sum, 2);
        assert!(are_behind(&answers, hash, 2));
        assert!(!are_behind(&answers, hash, 3) && !are_behind(&answers[..2], hash, 2));
        let mut others = answers;
        others[1].correct = true;
        assert!(!are_behind(&others, hash, 2) && !are_behind(&others, hash, 3));
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("results.json");
        write(&path, &answers).expect("written");
        assert_eq!(read(&path).expect("read"), answers);
    }
}
