//! What can be wrong with a reference string.

use std::{io, path::PathBuf};

use super::MAX_K;

/// Why there is no reference string. Each message is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SrsError {
    /// The operating system refuses.
    #[error("cannot {action} {}: {source}", file.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        file: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// There is no reference string of this size.
    #[error("no reference string has 2^{k} powers: choose k from 1 to {MAX_K}")]
    SizeOutOfRange {
        /// The size asked for.
        k: u32,
    },
    /// The file is something else.
    #[error("{} is not {expected}: give the right file", file.display())]
    WrongKind {
        /// The file.
        file: PathBuf,
        /// What was asked for.
        expected: &'static str,
    },
    /// The ceremony is too small for the circuit.
    #[error("{} has power {power}, needs at least {k}: take a larger file of the ceremony", file.display())]
    TooSmall {
        /// The file.
        file: PathBuf,
        /// It holds `2^power` powers.
        power: u32,
        /// What the circuit needs.
        k: u32,
    },
    /// Nobody contributed: the secret is 1.
    #[error(
        "{}: {section} shows that nobody contributed to this ceremony, so its secret is known: \
         take a file with contributions",
        file.display()
    )]
    NoContribution {
        /// The file.
        file: PathBuf,
        /// The section that shows it.
        section: &'static str,
    },
    /// A file claims to come from a ceremony but holds the development secret.
    #[error("{}: its secret is the public development secret, so it is no ceremony: take another file", file.display())]
    DevelopmentSecret {
        /// The file.
        file: PathBuf,
    },
    /// A `.ptau` file is truncated, damaged or forged.
    #[error("{}: {section} {problem}: fetch the file again and compare its hash with the published one", file.display())]
    Ptau {
        /// The file.
        file: PathBuf,
        /// The section that is wrong.
        section: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A file written by [`Srs::save`](super::Srs::save) is truncated or damaged.
    #[error("{}: {section} {problem}: delete the file and make it again", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The part that is wrong.
        section: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}
