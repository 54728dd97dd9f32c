//! What a party knows that the chain does not: inputs, salts, answers, keys, and what it sent. One SQLite file, its owner's
//! only; losing it can lose cases, so it is written before anything that depends on it is sent.

mod exams;
mod items;
mod journal;
mod requests;

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::failure::Failure;

pub use exams::{Answer, Example, ExampleLeaf, Opened};
pub use items::{Input, Prediction};
pub use journal::{Attempt, Fate, Payer};
pub use requests::{Finding, Positive};

/// What made each version out of the one before.
const VERSIONS: [&str; 1] = [include_str!("1.sql")];
/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open store.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    pool: SqlitePool,
}

impl Store {
    /// Opens a store; makes it if there is none.
    pub async fn open(path: &Path) -> Result<Self, Failure> {
        let refused = |reason: String| Failure::Request(format!("cannot use store {}: {reason}", path.display()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mode = path.metadata().map_err(|e| refused(e.to_string()))?.mode();
                if mode & 0o077 != 0 {
                    return Err(refused("others can read it: run chmod 600".into()));
                }
            }
            Err(error) => return Err(refused(error.to_string())),
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // What was stored before a transaction was sent has to be there after a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.map_err(|e| refused(e.to_string()))?;
        let store = Self { path: path.into(), pool };
        store.upgrade().await?;
        Ok(store)
    }

    async fn upgrade(&self) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        let version: i64 = self.of(sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await)?;
        let known = VERSIONS.len() as i64;
        if version > known {
            let reason = format!("version {version} is newer than this program's {known}: update zkescrow");
            return Err(Failure::Request(format!("cannot use store {}: {reason}", self.path.display())));
        }
        for sql in &VERSIONS[version as usize..] {
            self.of(sqlx::raw_sql(*sql).execute(&mut *transaction).await)?;
        }
        self.of(transaction.commit().await)
    }

    /// Begins what has to happen as a whole.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Failure> {
        self.of(self.pool.begin_with("BEGIN IMMEDIATE").await)
    }

    /// For queries of one statement.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Says which store it was that failed.
    pub fn of<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, Failure> {
        result.map_err(|e| Failure::Request(format!("cannot use store {}: {e}", self.path.display())))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[tokio::test]
    async fn a_store_is_its_owners_only_and_opens_again() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("store.db");
        for _ in 0..2 {
            Store::open(&path).await.expect("a store");
        }
        for entry in fs::read_dir(folder.path()).expect("listed").flatten() {
            let mode = entry.metadata().expect("metadata").mode();
            assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        let refused = Store::open(&path).await.expect_err("refused").to_string();
        assert!(refused.contains("others can read it"), "{refused}");
    }

    #[tokio::test]
    async fn a_store_of_a_later_program_is_left_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("store.db");
        let store = Store::open(&path).await.expect("a store");
        sqlx::raw_sql("PRAGMA user_version = 99").execute(store.pool()).await.expect("set");
        let refused = Store::open(&path).await.expect_err("refused").to_string();
        assert!(refused.contains("version 99"), "{refused}");
    }
}
