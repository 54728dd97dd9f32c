//! Why a file cannot be imported.

use crate::network::NetworkError;

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is something else.
    #[error("it is no TensorFlow Lite file: the mark TFL3 is missing")]
    Kind,
    /// Offsets that point outside, missing parts.
    #[error("the file is damaged or truncated: {0}")]
    Damaged(String),
    /// An operator that this crate has no circuit for, or one that makes no sense.
    #[error("operator {index} ({name}) {reason}")]
    Operator {
        /// Position in the file, from 0.
        index: usize,
        /// Its name in TensorFlow Lite.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The operators are supported, what they form is not.
    #[error("the model {0}")]
    Graph(String),
    /// The network that came out is not valid.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl From<planus::Error> for ImportError {
    fn from(error: planus::Error) -> Self {
        Self::Damaged(format!("{:?}", error.error_kind))
    }
}
