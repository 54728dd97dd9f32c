//! A prover for the circuit's proof system: makes what halo2's verifier with SHPLONK accepts.
//!
//! It proves one circuit at a time, with any phases, degree 3 or 5, one instance column, and a permutation over advice columns;
//! [`Key::new`] refuses other constraint systems. Columns stay in Lagrange form (the values of the rows) wherever that is
//! possible; coefficients are needed only to evaluate constraints on cosets of the domain.

mod column;
#[cfg(target_arch = "x86_64")]
mod elements;
mod evaluations;
pub mod fft;
mod key;
#[cfg(target_arch = "x86_64")]
mod lanes;
pub mod msm;
mod opening;
mod permutation;
mod polynomial;
mod program;
mod prove;
mod quotient;
mod runs;
mod selectors;
mod transcript;

use std::io;

pub use column::{Column, Given};
pub use key::Key;
pub use permutation::Position;
pub use prove::{Prover, Seconds};
pub use runs::Bases;

/// Why there is no proof or no key.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The constraint system is none that this backend proves.
    #[error("the circuit has what this prover does not support: {0}")]
    Unsupported(&'static str),
    /// A phase has other columns than the circuit.
    #[error("the witness has {got} columns where the circuit has {expected}")]
    Columns {
        /// Columns given.
        got: usize,
        /// Columns needed.
        expected: usize,
    },
    /// A column is too long.
    #[error("a column of the witness has {got} rows where {usable} are usable")]
    Rows {
        /// Rows given.
        got: usize,
        /// Rows that hold witness.
        usable: usize,
    },
    /// Something cannot be written into the proof.
    #[error("the transcript refuses: {0}")]
    Transcript(#[from] io::Error),
}
