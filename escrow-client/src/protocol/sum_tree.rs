//! Merkle trees that also count: the twin of `MerkleSumTree.sol`.
//!
//! A leaf counts for 0 or 1, a node for what is beneath it. No subtree counts for more than it has leaves, which is what
//! keeps a false total from hiding among leaves that nobody can open.

use alloy::primitives::{B256, U256, keccak256};

use super::merkle::{MAX_COUNT, Node, Tree, depth};

/// A hash, and how much is counted beneath it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Hash of both children with their sums, or of a leaf.
    pub hash: B256,
    /// What the leaves beneath count for.
    pub sum: u64,
}

impl Node for Sum {
    const EMPTY: Self = Self { hash: B256::ZERO, sum: 0 };

    /// Sums are of trusted leaves here, or bounded by [`verify`]: they do not overflow.
    fn join(left: &Self, right: &Self) -> Self {
        let mut data = [2; 129];
        for (half, child) in data[1..].chunks_mut(64).zip([left, right]) {
            half[..32].copy_from_slice(&child.hash[..]);
            half[32..].copy_from_slice(&U256::from(child.sum).to_be_bytes::<32>());
        }
        Self { hash: keccak256(data), sum: left.sum + right.sum }
    }
}

/// A tree of hashes with sums.
pub type SumTree = Tree<Sum>;

impl SumTree {
    /// What the leaves left of `index` count for.
    pub fn before(&self, index: u64) -> Option<u64> {
        self.leaves().get(..index as usize).map(|left| left.iter().map(|leaf| leaf.sum).sum())
    }
}

/// What is counted left of `leaf`, if it is at `index` of the tree with `root`, over `count` leaves that count for the
/// root's sum.
pub fn verify(root: Sum, count: u64, index: u64, leaf: Sum, path: &[Sum]) -> Option<u64> {
    if count > MAX_COUNT || index >= count || leaf.sum > 1 || path.len() != depth(count) {
        return None;
    }
    let mut before = 0;
    let mut node = leaf;
    for (level, sibling) in path.iter().enumerate() {
        let first = ((index >> level) ^ 1) << level;
        if sibling.sum > count.saturating_sub(first).min(1 << level) {
            return None;
        }
        node = if (index >> level) & 1 == 0 {
            Sum::join(&node, sibling)
        } else {
            before += sibling.sum;
            Sum::join(sibling, &node)
        };
    }
    (node == root).then_some(before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::merkle::leaf;

    fn leaves(values: &[bool]) -> Vec<Sum> {
        let leaf = |i: usize| Sum { hash: leaf(B256::ZERO, i as u64, B256::ZERO), sum: values[i].into() };
        (0..values.len()).map(leaf).collect()
    }

    #[test]
    fn sums_hidden_in_the_padding_are_refused() {
        // Five leaves, and three in the padding that count: the total says 3, and nobody could open them.
        let tree = SumTree::new(leaves(&[false, false, false, false, false, true, true, true]));
        assert_eq!(tree.root().sum, 3);
        let opens = |index: u64| {
            let leaf = tree.leaves()[index as usize];
            verify(tree.root(), 5, index, leaf, &tree.path(index).expect("a path")).is_some()
        };
        assert!((0..8).all(|index| !opens(index)));
    }

    #[test]
    fn a_leaf_that_counts_twice_is_refused() {
        let mut leaves = leaves(&[true, true, false]);
        leaves[0].sum = 2;
        let tree = SumTree::new(leaves.clone());
        for index in 0..2 {
            let path = tree.path(index).expect("a path");
            assert_eq!(verify(tree.root(), 3, index, leaves[index as usize], &path), None);
        }
    }

    #[test]
    fn one_leaf_is_its_root() {
        for value in [false, true] {
            let tree = SumTree::new(leaves(&[value]));
            assert_eq!(verify(tree.root(), 1, 0, tree.leaves()[0], &[]), Some(0));
            let other = Sum { sum: tree.root().sum ^ 1, ..tree.root() };
            assert_eq!(verify(other, 1, 0, tree.leaves()[0], &[]), None);
        }
        assert_eq!(verify(Sum::EMPTY, 0, 0, Sum::EMPTY, &[]), None);
    }

    proptest! {
        #[test]
        fn leaves_open_with_what_is_before_them(values in prop::collection::vec(any::<bool>(), 1..300), seed: u64) {
            let tree = SumTree::new(leaves(&values));
            let (count, index) = (tree.count(), seed % tree.count());
            let (leaf, path) = (tree.leaves()[index as usize], tree.path(index).expect("a path"));
            let before = values[..index as usize].iter().filter(|&&value| value).count() as u64;
            prop_assert_eq!(verify(tree.root(), count, index, leaf, &path), Some(before));
            prop_assert_eq!(tree.before(index), Some(before));

            let other = Sum { sum: leaf.sum ^ 1, ..leaf };
            prop_assert_eq!(verify(tree.root(), count, index, other, &path), None);
            let total = Sum { sum: tree.root().sum + 1, ..tree.root() };
            prop_assert_eq!(verify(total, count, index, leaf, &path), None);
            prop_assert_eq!(verify(tree.root(), count, index ^ 1, leaf, &path), None);
            for level in 0..path.len() {
                for sum in [path[level].sum + 1, path[level].sum.wrapping_sub(1), u64::MAX] {
                    let mut path = path.clone();
                    path[level].sum = sum;
                    prop_assert_eq!(verify(tree.root(), count, index, leaf, &path), None);
                }
            }
        }
    }
}
