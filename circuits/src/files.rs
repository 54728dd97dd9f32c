//! Files of ours: a magic word, a digest of the content, the content. Written whole or not at all.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// Length of the content digest.
const DIGEST: usize = 32;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refuses.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What came back.
        source: std::io::Error,
    },
    /// The file is of another kind or version.
    #[error("{} is not a {kind} file of this version of zkescrow; make it again", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What was expected.
        kind: &'static str,
    },
    /// The content does not match its digest, or does not parse.
    #[error("{} is damaged or truncated ({kind} file); make it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was expected.
        kind: &'static str,
    },
}

/// Reads what [`write`] wrote.
pub fn read<T: DeserializeOwned>(path: &Path, magic: &[u8; 8], kind: &'static str) -> Result<T, FileError> {
    let content = read_bytes(path, magic, kind)?;
    serde_json::from_slice(&content).map_err(|_| FileError::Damaged { path: path.into(), kind })
}

/// Reads the content that [`write_bytes`] wrote.
pub fn read_bytes(path: &Path, magic: &[u8; 8], kind: &'static str) -> Result<Vec<u8>, FileError> {
    let bytes = read_capped(path, u64::MAX, kind)?;
    let rest = bytes.strip_prefix(magic).ok_or_else(|| FileError::Kind { path: path.into(), kind })?;
    match rest.split_at_checked(DIGEST) {
        Some((digest, content)) if digest == hash(content) => Ok(content.to_vec()),
        _ => Err(FileError::Damaged { path: path.into(), kind }),
    }
}

/// Reads a regular file of at most `cap` bytes: devices and pipes have no size that could be trusted.
pub fn read_capped(path: &Path, cap: u64, kind: &'static str) -> Result<Vec<u8>, FileError> {
    let io = |source| FileError::Io { action: "read", path: path.into(), source };
    // Before opening: to open a pipe is to wait for whoever writes to it.
    let about = fs::metadata(path).map_err(io)?;
    if !about.is_file() {
        return Err(FileError::Kind { path: path.into(), kind });
    }
    if about.len() > cap {
        return Err(FileError::Damaged { path: path.into(), kind });
    }
    let file = fs::File::open(path).map_err(io)?;
    let mut bytes = Vec::with_capacity(about.len() as usize);
    file.take(about.len()).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// Writes a file that only its owner can read.
pub fn write_secret<T: Serialize>(path: &Path, magic: &[u8; 8], value: &T) -> Result<(), FileError> {
    let content = serde_json::to_vec(value).map_err(|e| FileError::Io {
        action: "encode",
        path: path.into(),
        source: std::io::Error::other(e),
    })?;
    write_bytes(path, magic, &content, true)
}

/// Writes magic word, digest and content to a temporary file and moves it into place.
pub fn write_bytes(path: &Path, magic: &[u8; 8], content: &[u8], secret: bool) -> Result<(), FileError> {
    let mut bytes = Vec::with_capacity(magic.len() + DIGEST + content.len());
    bytes.extend_from_slice(magic);
    bytes.extend_from_slice(&hash(content));
    bytes.extend_from_slice(content);
    write_whole(path, &bytes, secret)
}

/// Writes bytes to a temporary file beside `path` and moves it into place.
pub fn write_whole(path: &Path, bytes: &[u8], secret: bool) -> Result<(), FileError> {
    let io = |source| FileError::Io { action: "write", path: path.into(), source };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    if !secret {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).map_err(io)?;
    }
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}

fn hash(content: &[u8]) -> [u8; DIGEST] {
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(blake2b_simd::Params::new().hash_length(DIGEST).hash(content).as_bytes());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damage_is_noticed() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x");
        write_bytes(&path, b"zktest00", b"content", false).expect("written");
        assert_eq!(read_bytes(&path, b"zktest00", "test").expect("read back"), b"content");
        let good = fs::read(&path).expect("file");
        for i in 0..good.len() {
            let mut bad = good.clone();
            bad[i] ^= 1;
            fs::write(&path, &bad).expect("written");
            assert!(read_bytes(&path, b"zktest00", "test").is_err(), "byte {i}");
            fs::write(&path, &good[..i]).expect("written");
            assert!(read_bytes(&path, b"zktest00", "test").is_err(), "length {i}");
        }
    }
}
