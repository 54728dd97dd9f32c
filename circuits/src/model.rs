//! A model on disk: architecture and parameters.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    files::{self, FileError},
    network::{Network, NetworkError, Params},
    semantics::{InferError, Trace, infer},
};

/// First bytes of a model file.
const MAGIC: &[u8; 8] = b"zkmodel1";

/// A network with its hidden numbers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// What people call it.
    pub name: String,
    /// Public architecture.
    pub network: Network,
    /// Hidden parameters.
    pub params: Params,
}

impl std::fmt::Debug for Model {
    // Parameters are secret: they never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("name", &self.name).field("network", &self.network).finish_non_exhaustive()
    }
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read or written, or is not a model.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds a network that makes no sense.
    #[error("the model is not usable: {0}")]
    Network(#[from] NetworkError),
}

impl Model {
    /// Reads and checks a model file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let model: Self = files::read(path, MAGIC, "model")?;
        model.check()?;
        Ok(model)
    }

    /// Writes a model file, readable by its owner only: it holds the secret parameters.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        Ok(files::write_secret(path, MAGIC, self)?)
    }

    /// Checks architecture and parameters.
    pub fn check(&self) -> Result<(), NetworkError> {
        self.network.check()?;
        self.network.check_params(&self.params)
    }

    /// Integer inference.
    pub fn infer(&self, input: &[u8]) -> Result<Trace, InferError> {
        infer(&self.network, &self.params, input)
    }
}
