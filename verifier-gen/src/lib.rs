//! From a verifying key to Solidity verifiers, and from there to bytecode.
//!
//! [`verifier`] makes the contracts that judge: a shared verifier for all circuits with the same columns and gates, a key
//! contract for each, and a typed wrapper that binds the two. [`oracle`] makes snark-verifier's contract for the same
//! proofs, which tests compare ours with.

mod contracts;
mod dag;
mod key;
mod manifest;
mod memory;
mod numerator;
pub mod oracle;
mod protocol;
mod sections;
mod solc;
pub mod verifier;
mod yul;

pub use oracle::{CONTRACT, Generated, calldata, compile, generate};
pub use solc::{CompileError, Compiled};
