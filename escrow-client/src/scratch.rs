//! Temporary folders that are gone afterwards, even when the process is interrupted.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::TempDir;
use zkescrow_circuits::files::FileError;

/// Every folder in use: nothing is dropped when a process is interrupted.
static IN_USE: Mutex<Vec<PathBuf>> = Mutex::new(vec![]);

/// How often to remove a folder in which somebody still writes.
const ATTEMPTS: usize = 5;

/// A temporary folder, for its owner only.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// Makes one.
    pub fn new() -> Result<Self, FileError> {
        let mut in_use = lock();
        let made = tempfile::Builder::new()
            .prefix("zkescrow-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|source| FileError::Io { action: "create a folder in", path: std::env::temp_dir(), source })?;
        in_use.push(made.path().into());
        Ok(Self(made))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        lock().retain(|path| path != self.0.path());
    }
}

/// Removes all of them, because the process ends now.
pub fn remove_all() {
    for path in lock().drain(..) {
        let gone = |_: &usize| fs::remove_dir_all(&path).is_ok() && !path.exists();
        // What cannot be removed stays: there is nobody left to tell.
        let _ = (0..ATTEMPTS).find(gone);
    }
}

fn lock() -> MutexGuard<'static, Vec<PathBuf>> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}
