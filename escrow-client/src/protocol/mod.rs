//! What both parties and the contracts compute alike: each module is the twin of a library in `contracts/src/libraries`.
//!
//! `contracts/test/fixtures/trees.json` holds the two sides to each other.

pub mod leaves;
pub mod merkle;
pub mod permutation;
pub mod sealed;
pub mod sum_tree;
