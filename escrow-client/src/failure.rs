//! Why a verb did not do what it was asked to: one sentence that names the thing and says what to do about it.

use std::path::PathBuf;

use zkescrow_circuits::{
    files::FileError, import::ImportError, keys::KeyError, model::ModelError, plan::PlanError, prover::ProveError,
    semantics::InferError, srs::SrsError,
};
use zkescrow_verifier_gen::{CompileError, verifier::GenerateError};

/// Anything that stops a verb.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file of ours.
    #[error(transparent)]
    File(#[from] FileError),
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A model of another kind.
    #[error("cannot import {}: {source}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ImportError,
    },
    /// A key folder.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A layout.
    #[error("the model cannot be laid out: {0}")]
    Plan(#[from] PlanError),
    /// A reference string.
    #[error(transparent)]
    Srs(#[from] SrsError),
    /// An inference.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// A proof that cannot be made.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// A verifier that cannot be generated.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// Solidity that does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A part of the toolchain.
    #[error("{what} is missing: run `{remedy}` in the checkout")]
    Missing {
        /// What was looked for.
        what: String,
        /// The command that provides it.
        remedy: &'static str,
    },
    /// An image.
    #[error("cannot use {} as input: {reason}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A flag or file that asks for something impossible.
    #[error("{0}")]
    Request(String),
    /// The node does not do its part.
    #[error("cannot {action} at {rpc}: {reason}")]
    Chain {
        /// What was tried.
        action: String,
        /// The node.
        rpc: String,
        /// What came back.
        reason: String,
    },
    /// The other side's service does not do its part.
    #[error("the provider at {url} is of no use: {reason}")]
    Peer {
        /// Where it is.
        url: String,
        /// What came back.
        reason: String,
    },
    /// A contract said no before anything was sent.
    #[error("cannot {action}: {reason}")]
    Refused {
        /// What was tried.
        action: String,
        /// What the contract says.
        reason: String,
    },
    /// A transaction that waits.
    #[error("transaction {hash} ({action}) is not mined yet ({reason}): run the same again to go on waiting")]
    Unmined {
        /// What it is for.
        action: String,
        /// The transaction.
        hash: String,
        /// What is known of it.
        reason: String,
    },
    /// A mistake of ours.
    #[error("internal error: {0}; please report it")]
    Internal(String),
    /// A transaction was mined and undone.
    #[error("transaction {hash} ({action}) was reverted: {reason}")]
    Reverted {
        /// What it was for.
        action: String,
        /// The transaction.
        hash: String,
        /// What the contract says.
        reason: String,
    },
}

impl Failure {
    /// 1 if the chain said no, 2 if the request was wrong.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } | Self::Reverted { .. } => 1,
            _ => 2,
        }
    }
}
