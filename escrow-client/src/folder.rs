//! What a key folder holds beside the keys: the public commitment to a model's weights, and its secret opening.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zkescrow_circuits::{
    commitment::{Opening, WeightCommitment},
    files::{self, FileError},
    keys::VerifierKeys,
};

use crate::{
    failure::Failure,
    paths,
    scalar::{identity, prefixed},
};

const COMMITMENT: &str = "commitment.json";
const OPENING: &str = "opening.secret";
const OPENING_MAGIC: &[u8; 8] = b"zkopen01";
const VERSION: u32 = 1;
/// Most bytes of a commitment file.
const COMMITMENT_LIMIT: u64 = 1 << 20;

/// The form on disk.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommitmentFile {
    version: u32,
    /// The architecture and keys that the commitment belongs to.
    arch_digest: String,
    /// Coordinates, x then y, point by point.
    points: Vec<String>,
}

/// Refuses a folder that holds a commitment: who loses its opening can never prove with the model again.
pub fn require_unused(folder: &Path) -> Result<(), Failure> {
    paths::require_folder(folder)?;
    let path = folder.join(OPENING);
    if std::fs::symlink_metadata(&path).is_ok() {
        return Err(Failure::Request(format!(
            "{} is the only opening of a committed model, which cannot be proven with without it: choose another folder",
            path.display()
        )));
    }
    Ok(())
}

/// Writes commitment and opening; the secret first, so that no commitment is ever without it.
pub fn save(
    folder: &Path,
    arch: &[u8; 32],
    commitment: &WeightCommitment,
    opening: &Opening,
) -> Result<PathBuf, Failure> {
    files::write_secret(&folder.join(OPENING), OPENING_MAGIC, opening)?;
    let file = CommitmentFile {
        version: VERSION,
        arch_digest: prefixed(arch),
        points: commitment.words().iter().map(prefixed).collect(),
    };
    let path = folder.join(COMMITMENT);
    write_json(&path, &serde_json::to_value(file).unwrap_or_default())?;
    Ok(path)
}

/// Reads the commitment and checks that it belongs to the keys.
pub fn commitment(folder: &Path, keys: &VerifierKeys) -> Result<WeightCommitment, Failure> {
    let path = folder.join(COMMITMENT);
    let text = paths::read(&path, COMMITMENT_LIMIT)?;
    let damaged = || FileError::Damaged { path: path.clone(), kind: "commitment" };
    let file: CommitmentFile = serde_json::from_slice(&text).map_err(|_| damaged())?;
    if file.version != VERSION {
        return Err(FileError::Kind { path, kind: "commitment" }.into());
    }
    if identity(&file.arch_digest).map_err(|_| damaged())? != keys.arch {
        return Err(Failure::Request(format!("{} was made with other keys than those beside it", path.display())));
    }
    let words: Vec<[u8; 32]> =
        file.points.iter().map(|w| identity(w)).collect::<Result<_, _>>().map_err(|_| damaged())?;
    let commitment = WeightCommitment::from_words(&words).ok_or_else(damaged)?;
    if commitment.0.len() != keys.plan.shape.weight_columns {
        return Err(damaged().into());
    }
    Ok(commitment)
}

/// Reads the secret opening.
pub fn opening(folder: &Path) -> Result<Opening, Failure> {
    Ok(files::read(&folder.join(OPENING), OPENING_MAGIC, "opening")?)
}

/// Writes a JSON document, whole or not at all.
pub fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), Failure> {
    Ok(files::write_whole(path, format!("{value:#}\n").as_bytes(), false)?)
}
