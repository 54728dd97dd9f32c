//! A model on disk: architecture and parameters.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    files::{self, FileError},
    network::{Network, NetworkError, Params},
    semantics::{InferError, Trace, infer},
};

/// First bytes of a model file.
const MAGIC: &[u8; 8] = b"zkmodel2";

/// What the stored values of a map, 0 to 255, stand for outside of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    /// Whether users count from -128 (int8) instead of 0 (uint8).
    pub signed: bool,
    /// Real number that a step stands for.
    pub step: f64,
    /// Stored value that stands for zero.
    pub zero: u8,
}

impl Encoding {
    /// Values around a zero in the middle, with steps of 1/128.
    pub const MIDDLE: Self = Self { signed: true, step: 1.0 / 128.0, zero: 128 };

    /// A stored value as users of the model count.
    pub fn value(self, stored: u8) -> i16 {
        i16::from(stored) - if self.signed { 128 } else { 0 }
    }
}

/// A network with its hidden numbers.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What people call it.
    pub name: String,
    /// Public architecture.
    pub network: Network,
    /// Hidden parameters.
    pub params: Params,
    /// What input values stand for.
    pub input: Encoding,
    /// What logits stand for.
    pub output: Encoding,
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
