//! Quantised CNN inference as a halo2 circuit: from a [`Model`](model::Model) to a proof and its verification.
//!
//! `network` and `semantics` say what is computed, `plan` where every cell of it lies, `circuit` which constraints
//! hold there, `witness` fills the cells, and `prover` and `verifier` make and check proofs. `docs/circuit.md` has the
//! mathematics.

pub mod backend;
pub mod circuit;
pub mod commitment;
pub mod files;
pub mod import;
pub mod keys;
pub mod model;
pub mod network;
pub mod plan;
pub mod planner;
pub mod poseidon;
pub mod proof;
pub mod prover;
pub mod quantise;
pub mod ranges;
pub mod sample;
pub mod semantics;
pub mod srs;
pub mod verifier;
pub mod witness;
