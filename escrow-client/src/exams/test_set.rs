//! Test sets: examples that a consumer commits to before anybody knows which of them will be asked about.

use std::path::Path;

use alloy::primitives::{B256, U256};
use halo2curves::{bn256::Fr, ff::Field};
use rand::rngs::OsRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use zkescrow_circuits::{commitment::scalar, network::Network, poseidon::Packed};

use crate::{
    failure::Failure,
    folder, paths,
    protocol::{leaves, merkle::MerkleTree, sealed::Label},
    scalar::word,
    store::{Example, ExampleLeaf, Opened},
};

/// Most bytes of a file of leaves: the contract takes 2^20 examples.
const LIMIT: u64 = 1 << 28;
const VERSION: u32 = 1;

/// Salts and commits to an example.
pub fn seal(network: &Network, stored: Vec<u8>, label: u64) -> Example {
    let (salt, label) = (Fr::random(OsRng), Label { label: Fr::from(label), salt: Fr::random(OsRng) });
    let input = Packed::input(network, &stored).commit(salt);
    Example { leaf: ExampleLeaf { input, label: label.commitment() }, opened: Some(Opened { stored, salt, label }) }
}

/// Salts and commits to all examples of a test set.
pub fn seal_all(network: &Network, examples: Vec<(Vec<u8>, u64)>) -> Vec<Example> {
    examples.into_par_iter().map(|(stored, label)| seal(network, stored, label)).collect()
}

/// The tree over a test set.
pub fn tree(all: &[ExampleLeaf]) -> MerkleTree {
    MerkleTree::new((0..).zip(all).map(|(i, leaf)| leaves::example(i, word(&leaf.input), leaf.label)).collect())
}

/// The form on disk.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LeavesFile {
    version: u32,
    test_set: B256,
    leaves: Vec<LeafForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafForm {
    input: B256,
    label: B256,
}

/// Writes the leaves of a test set, which show nothing of it, and says what its root is.
pub fn write_leaves(path: &Path, all: &[ExampleLeaf]) -> Result<B256, Failure> {
    let test_set = tree(all).root();
    let leaves = all.iter().map(|leaf| LeafForm { input: word(&leaf.input).into(), label: leaf.label }).collect();
    let file = LeavesFile { version: VERSION, test_set, leaves };
    folder::write_json(path, &serde_json::to_value(file).unwrap_or_default())?;
    Ok(test_set)
}

/// Reads the leaves of a test set and makes their root.
pub fn read_leaves(path: &Path) -> Result<(B256, Vec<ExampleLeaf>), Failure> {
    let refused = |reason: String| Failure::Request(format!("{} is no test set: {reason}", path.display()));
    let file: LeavesFile = serde_json::from_slice(&paths::read(path, LIMIT)?).map_err(|e| refused(e.to_string()))?;
    if file.version != VERSION {
        return Err(refused(format!("it has version {}, this program reads {VERSION}", file.version)));
    }
    let leaf = |(i, form): (usize, &LeafForm)| {
        // Nobody could prove anything about a commitment that is no scalar.
        let input = scalar(form.input.as_slice());
        let input = input.ok_or_else(|| refused(format!("input {i} is not below BN254's scalar modulus")))?;
        Ok(ExampleLeaf { input, label: form.label })
    };
    let all: Vec<ExampleLeaf> = file.leaves.iter().enumerate().map(leaf).collect::<Result<_, Failure>>()?;
    let root = tree(&all).root();
    if root != file.test_set {
        return Err(refused(format!("the root of its leaves is {root}, not {}", file.test_set)));
    }
    Ok((root, all))
}

/// Whether an example opens its leaf.
pub fn opens(network: &Network, leaf: &ExampleLeaf, opened: &Opened) -> bool {
    let stored = &opened.stored;
    stored.len() == network.input().len()
        && Packed::input(network, stored).commit(opened.salt) == leaf.input
        && opened.label.commitment() == leaf.label
}

/// A label as contracts see it.
pub fn label_word(opened: &Opened) -> U256 {
    word(&opened.label.label)
}

#[cfg(test)]
mod tests {
    use zkescrow_circuits::sample;

    use super::*;

    #[test]
    fn leaves_are_read_as_they_were_written() {
        let network = sample::tiny(1).network;
        let inputs = (0..3).map(|i| (sample::input(&network, i), i)).collect();
        let examples = seal_all(&network, inputs);
        let all: Vec<ExampleLeaf> = examples.iter().map(|example| example.leaf).collect();
        for example in &examples {
            let opened = example.opened.as_ref().expect("opened");
            assert!(opens(&network, &example.leaf, opened));
            let label = Label { label: opened.label.label + Fr::one(), ..opened.label };
            assert!(!opens(&network, &example.leaf, &Opened { label, ..opened.clone() }));
        }
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("examples.json");
        let root = write_leaves(&path, &all).expect("written");
        assert_eq!(read_leaves(&path).expect("read"), (root, all));
    }

    #[test]
    fn other_leaves_are_refused() {
        let network = sample::tiny(1).network;
        let leaf = seal(&network, sample::input(&network, 1), 1).leaf;
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("examples.json");
        let root = write_leaves(&path, &[leaf]).expect("written");
        let text = std::fs::read_to_string(&path).expect("read");
        let large = format!("{:#x}", B256::repeat_byte(0xff));
        let input = format!("{:#x}", B256::from(word(&leaf.input)));
        let others = [
            (text.replace(&root.to_string(), &B256::ZERO.to_string()), "root"),
            (text.replace(&input, &large), "modulus"),
            (text.replace("\"version\": 1", "\"version\": 2"), "version 2"),
            (text.replace("leaves", "leafs"), "leafs"),
        ];
        for (other, reason) in others {
            std::fs::write(&path, other).expect("written");
            let refused = read_leaves(&path).expect_err("refused").to_string();
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
