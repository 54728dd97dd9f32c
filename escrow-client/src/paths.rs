//! Files as they should be: what is read is a regular file of bounded size; what is written replaces nothing dear.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use zkescrow_circuits::{files::FileError, model::Model, proof::Proof};

use crate::failure::Failure;

/// Most bytes of a model file.
const MODEL_LIMIT: u64 = 1 << 30;
/// Most bytes of a proof file.
const PROOF_LIMIT: u64 = 1 << 20;

/// Reads a regular file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_bounded(path, limit).map_err(|source| FileError::Io { action: "read", path: path.into(), source })
}

/// The same, for those who name the file themselves.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Before it is opened: opening a pipe would wait for somebody to write into it.
    require_bounded(path, limit)?;
    let mut bytes = vec![];
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

/// Reads and checks a model file.
pub fn model(path: &Path) -> Result<Model, Failure> {
    require_bounded(path, MODEL_LIMIT).map_err(|source| FileError::Io { action: "read", path: path.into(), source })?;
    Ok(Model::load(path)?)
}

/// Reads a proof file.
pub fn proof(path: &Path) -> Result<Proof, Failure> {
    require_bounded(path, PROOF_LIMIT).map_err(|source| FileError::Io { action: "read", path: path.into(), source })?;
    Ok(Proof::load(path)?)
}

fn require_bounded(path: &Path, limit: u64) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > limit { Err(too_large(limit)) } else { Ok(()) }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::other(format!("it has more than {limit} bytes"))
}

/// Refuses to write where something else than a file is.
pub fn require_target(path: &Path) -> Result<(), Failure> {
    let refuse = |reason: &str| Err(Failure::Request(format!("cannot write {}: {reason}", path.display())));
    if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return refuse("it names no file");
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => refuse("it is a folder"),
        Ok(metadata) if !metadata.is_file() => refuse("it is not a regular file"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => refuse(&error.to_string()),
    }
}

/// Refuses to write where a file is already.
pub fn require_new(path: &Path) -> Result<(), Failure> {
    require_target(path)?;
    if fs::symlink_metadata(path).is_ok() {
        return Err(Failure::Request(format!("{} exists and holds secrets: choose another output", path.display())));
    }
    Ok(())
}

/// Refuses to write over one of the files that are read, or that lie in one of the folders.
pub fn require_apart(output: &Path, inputs: &[&Path], folders: &[&Path]) -> Result<(), Failure> {
    let Ok(ours) = fs::metadata(output) else { return Ok(()) };
    let listed = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten().map(|e| e.path());
    for input in inputs.iter().map(PathBuf::from).chain(listed) {
        if fs::metadata(&input).is_ok_and(|theirs| (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino())) {
            let (output, input) = (output.display(), input.display());
            return Err(Failure::Request(format!("cannot write {output}: it is {input}, which is read")));
        }
    }
    Ok(())
}

/// Refuses what is there but is no folder.
pub fn require_folder(path: &Path) -> Result<(), Failure> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => Err(Failure::Request(format!("{} is not a folder", path.display()))),
        _ => Ok(()),
    }
}

/// Refuses a folder with anything in it.
pub fn require_empty(path: &Path) -> Result<(), Failure> {
    require_folder(path)?;
    match fs::read_dir(path).map(|mut entries| entries.next()) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(Failure::Request(format!("{} is not empty: choose another folder", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(FileError::Io { action: "read", path: path.into(), source }.into()),
    }
}

/// Writes a file that only its owner can read, whole or not at all, and never over another.
pub fn write_new_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source| FileError::Io { action: "write", path: path.into(), source };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // Temporary files are made for their owner only.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist_noclobber(path).map_err(|e| failed(e.error))?;
    Ok(())
}
