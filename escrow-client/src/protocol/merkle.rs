//! Merkle trees over a known number of leaves: the twin of `MerkleTree.sol`.
//!
//! Missing leaves up to the next power of two are [`Node::EMPTY`]. A leaf hashes 96 bytes, a node 65: neither passes for
//! the other.

use alloy::primitives::{B256, U256, keccak256};
use rayon::prelude::*;

/// Most leaves that the contracts accept.
pub const MAX_COUNT: u64 = 1 << 40;

/// Leaves that are opened together.
pub const CHUNK: u64 = 1 << CHUNK_HEIGHT;

/// Levels of a whole chunk.
const CHUNK_HEIGHT: usize = 8;

/// Nodes that one task hashes: fewer are not worth the hand-over.
const BATCH: usize = 1 << 10;

/// What a tree is made of.
pub trait Node: Copy + PartialEq + Send + Sync {
    /// A leaf that is not there.
    const EMPTY: Self;

    /// The node above two.
    fn join(left: &Self, right: &Self) -> Self;
}

impl Node for B256 {
    const EMPTY: Self = Self::ZERO;

    fn join(left: &Self, right: &Self) -> Self {
        let mut data = [1; 65];
        data[1..33].copy_from_slice(&left[..]);
        data[33..].copy_from_slice(&right[..]);
        keccak256(data)
    }
}

/// A tree of hashes.
pub type MerkleTree = Tree<B256>;

/// All nodes of a tree, but for those that have no leaf beneath them.
#[derive(Clone, Debug)]
pub struct Tree<N> {
    /// From the leaves to the root.
    levels: Vec<Vec<N>>,
    /// For each level, the node without leaves.
    empty: Vec<N>,
}

impl<N: Node> Tree<N> {
    /// The tree over `leaves`. Without any, its root is the empty leaf, and nothing is in it.
    pub fn new(leaves: Vec<N>) -> Self {
        let mut empty = vec![N::EMPTY];
        let mut levels = vec![leaves];
        while let (Some(below), Some(&none)) = (levels.last(), empty.last())
            && below.len() > 1
        {
            let join = |pair: &[N]| N::join(&pair[0], pair.get(1).unwrap_or(&none));
            levels.push(below.par_chunks(2).with_min_len(BATCH).map(join).collect());
            empty.push(N::join(&none, &none));
        }
        Self { levels, empty }
    }

    /// Number of leaves.
    pub fn count(&self) -> u64 {
        self.leaves().len() as u64
    }

    /// The leaves.
    pub fn leaves(&self) -> &[N] {
        &self.levels[0]
    }

    /// The root.
    pub fn root(&self) -> N {
        self.node(self.levels.len() - 1, 0)
    }

    /// What leads from leaf `index` to the root: the sibling on each level.
    pub fn path(&self, index: u64) -> Option<Vec<N>> {
        (index < self.count()).then(|| self.siblings(index, 0))
    }

    /// The leaves of the chunk that begins at leaf `first`, and what leads from it to the root.
    pub fn chunk(&self, first: u64) -> Option<(&[N], Vec<N>)> {
        let size = 1 << chunk_height(self.count());
        if first >= self.count() || !first.is_multiple_of(size) {
            return None;
        }
        let end = self.count().min(first + size);
        let leaves = &self.leaves()[first as usize..end as usize];
        Some((leaves, self.siblings(first, chunk_height(self.count()))))
    }

    fn siblings(&self, index: u64, level: usize) -> Vec<N> {
        (level..self.levels.len() - 1).map(|level| self.node(level, (index >> level) ^ 1)).collect()
    }

    fn node(&self, level: usize, position: u64) -> N {
        self.levels[level].get(position as usize).copied().unwrap_or(self.empty[level])
    }
}

/// The leaf of `kind` with `content` at `index`.
pub fn leaf(kind: B256, index: u64, content: B256) -> B256 {
    let mut data = [0; 96];
    data[..32].copy_from_slice(&kind[..]);
    data[32..64].copy_from_slice(&U256::from(index).to_be_bytes::<32>());
    data[64..].copy_from_slice(&content[..]);
    keccak256(data)
}

/// Levels above `count` leaves.
pub fn depth(count: u64) -> usize {
    count.max(1).next_power_of_two().ilog2() as usize
}

/// Number of chunks that `count` leaves make.
pub fn chunks(count: u64) -> u64 {
    count.div_ceil(CHUNK)
}

/// Whether `leaf` is at `index` of the tree with `root` over `count` leaves.
pub fn verify(root: B256, count: u64, index: u64, leaf: B256, path: &[B256]) -> bool {
    count <= MAX_COUNT && index < count && path.len() == depth(count) && climb(leaf, index, path) == root
}

/// Whether `leaves` are all those of the chunk that begins at `first` of the tree with `root` over `count` leaves.
pub fn verify_chunk(root: B256, count: u64, first: u64, leaves: &[B256], path: &[B256]) -> bool {
    let height = chunk_height(count);
    let size = 1 << height;
    count <= MAX_COUNT
        && first < count
        && first.is_multiple_of(size)
        && leaves.len() as u64 == size.min(count - first)
        && path.len() == depth(count) - height
        && {
            let mut padded = leaves.to_vec();
            padded.resize(size as usize, B256::EMPTY);
            climb(Tree::new(padded).root(), first >> height, path) == root
        }
}

/// Levels of a chunk: few leaves make one chunk that is the whole tree.
fn chunk_height(count: u64) -> usize {
    depth(count).min(CHUNK_HEIGHT)
}

fn climb(node: B256, index: u64, path: &[B256]) -> B256 {
    path.iter().enumerate().fold(node, |node, (level, sibling)| match (index >> level) & 1 {
        0 => B256::join(&node, sibling),
        _ => B256::join(sibling, &node),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree(count: u64) -> MerkleTree {
        Tree::new((0..count).map(|i| leaf(B256::ZERO, i, B256::from(U256::from(i * i)))).collect())
    }

    /// By the definition: pad, then hash level by level.
    fn root_by_definition(leaves: &[B256]) -> B256 {
        let mut level = leaves.to_vec();
        level.resize(leaves.len().next_power_of_two(), B256::ZERO);
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| keccak256([&[1], &pair[0][..], &pair[1][..]].concat())).collect();
        }
        level[0]
    }

    #[test]
    fn depths_and_chunks() {
        let depths = [0, 1, 2, 3, 4, 5, 8, 9, 256, 257, MAX_COUNT].map(depth);
        assert_eq!(depths, [0, 0, 1, 2, 2, 3, 3, 4, 8, 9, 40]);
        assert_eq!([0, 1, 255, 256, 257, 512, 513].map(chunks), [0, 1, 1, 1, 2, 2, 3]);
    }

    #[test]
    fn every_leaf_of_small_trees_opens() {
        for count in 1..=40 {
            let tree = tree(count);
            assert_eq!(tree.root(), root_by_definition(tree.leaves()));
            for index in 0..count {
                let path = tree.path(index).expect("a path");
                for at in 0..64 {
                    let leaf = tree.leaves()[index as usize];
                    assert_eq!(verify(tree.root(), count, at, leaf, &path), at == index, "{count} {index} {at}");
                }
            }
            assert_eq!(tree.path(count), None);
        }
    }

    #[test]
    fn nothing_is_in_an_empty_tree() {
        let tree = tree(0);
        assert_eq!(tree.root(), B256::ZERO);
        assert_eq!((tree.path(0), tree.chunk(0)), (None, None));
        assert!(!verify(tree.root(), 0, 0, B256::ZERO, &[]));
        assert!(!verify_chunk(tree.root(), 0, 0, &[], &[]));
    }

    #[test]
    fn counts_beyond_the_most_are_refused() {
        let (node, path) = (leaf(B256::ZERO, 0, B256::ZERO), vec![B256::ZERO; 41]);
        assert!(!verify(climb(node, 0, &path), MAX_COUNT + 1, 0, node, &path));
        assert!(verify(climb(node, 0, &path[1..]), MAX_COUNT, 0, node, &path[1..]));
    }

    #[test]
    fn chunks_open() {
        for count in [1, 2, 3, 255, 256, 257, 511, 512, 513, 1000] {
            let tree = tree(count);
            let mut seen = 0;
            for chunk in 0..chunks(count) {
                let first = chunk * CHUNK;
                let (leaves, path) = tree.chunk(first).expect("a chunk");
                assert!(verify_chunk(tree.root(), count, first, leaves, &path), "{count} {first}");
                assert!(!verify_chunk(tree.root(), count, first + 1, leaves, &path));
                assert!(!verify_chunk(tree.root(), count, first, &leaves[1..], &path));
                let longer = [leaves, &[B256::ZERO]].concat();
                assert!(!verify_chunk(tree.root(), count, first, &longer, &path));
                seen += leaves.len() as u64;
            }
            assert_eq!(seen, count);
            assert_eq!((tree.chunk(count), tree.chunk(count.next_multiple_of(CHUNK))), (None, None));
        }
    }

    proptest! {
        #[test]
        fn another_leaf_or_path_is_refused(count in 1u64..600, seed: u64, bit in 0usize..256, other: u64) {
            let tree = tree(count);
            let index = seed % count;
            let (leaf, path) = (tree.leaves()[index as usize], tree.path(index).expect("a path"));
            let flip = |hash: B256| hash ^ B256::from(U256::from(1) << bit);
            prop_assert!(verify(tree.root(), count, index, leaf, &path));
            prop_assert!(!verify(flip(tree.root()), count, index, leaf, &path));
            prop_assert!(!verify(tree.root(), count, index, flip(leaf), &path));
            prop_assert!(other == index || !verify(tree.root(), count, other, leaf, &path));
            for level in 0..path.len() {
                let mut path = path.clone();
                path[level] = flip(path[level]);
                prop_assert!(!verify(tree.root(), count, index, leaf, &path));
            }
            if let Some((above, rest)) = path.split_first() {
                let node = if index & 1 == 0 { B256::join(&leaf, above) } else { B256::join(above, &leaf) };
                prop_assert!(!verify(tree.root(), count, index / 2, node, rest));
            }
        }
    }
}
