//! Where a queue lives: a file of its owner, or a Postgres that several hosts share.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    str::FromStr,
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::Queue;
use crate::failure::Failure;

/// The tables.
const TABLES: &str = include_str!("1.sql");
/// Their version.
const VERSION: i64 = 1;
/// Postgres creates tables "if not exists" for one client at a time only: the others wait for this number.
const TURN: &str = "SELECT pg_advisory_xact_lock(2053850483);";
/// How long to wait for a database that is busy or does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections of one process. Statements are short.
const CONNECTIONS: u32 = 4;

/// Connections to either database. Both understand the same statements, but for the time.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// A file.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

/// Does the same with whichever pool it is.
macro_rules! with_pool {
    ($queue:expr, $pool:ident => $query:expr) => {
        $queue.of(match &$queue.pool {
            $crate::queue::database::Pool::Sqlite($pool) => $query,
            $crate::queue::database::Pool::Postgres($pool) => $query,
        })
    };
}
pub(super) use with_pool;

impl Queue {
    /// Opens the queue at a path or `postgres://…`; makes it if there is none.
    pub async fn open(location: &str) -> Result<Self, Failure> {
        let queue = if is_postgres(location) { postgres(location).await } else { file(Path::new(location)).await }?;
        let tables = match &queue.pool {
            Pool::Sqlite(_) => TABLES.to_owned(),
            Pool::Postgres(_) => format!("{TURN}\n{TABLES}"),
        };
        with_pool!(queue, pool => sqlx::raw_sql(AssertSqlSafe(tables)).execute(pool).await.map(drop))?;
        let sql = "SELECT MAX(version) FROM zkescrow_queue";
        let version: Option<i64> = with_pool!(queue, pool => sqlx::query_scalar(sql).fetch_one(pool).await)?;
        if version != Some(VERSION) {
            let found = version.map_or("none".into(), |version| version.to_string());
            return Err(refused(&queue.name, format!("its version is {found}, not {VERSION}: update zkescrow")));
        }
        Ok(queue)
    }

    /// A statement with the database's time in milliseconds for `{now}`.
    pub(super) fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        let now = match &self.pool {
            Pool::Sqlite(_) => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Pool::Postgres(_) => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        };
        AssertSqlSafe(statement.replace("{now}", now))
    }

    /// Says which queue it was that failed.
    pub(super) fn of<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, Failure> {
        result.map_err(|e| refused(&self.name, e))
    }
}

/// Whether a location is a server's; otherwise it is a path.
pub fn is_postgres(location: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| location.starts_with(scheme))
}

fn refused(name: &str, reason: impl ToString) -> Failure {
    Failure::Request(format!("cannot use queue {name}: {}", reason.to_string()))
}

async fn file(path: &Path) -> Result<Queue, Failure> {
    let name = path.display().to_string();
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mode = path.metadata().map_err(|e| refused(&name, e))?.mode();
            if mode & 0o077 != 0 {
                return Err(refused(&name, "others can read it: run chmod 600"));
            }
        }
        Err(error) => return Err(refused(&name, error)),
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        // What is deleted was secret.
        .pragma("secure_delete", "ON");
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await;
    let pool = pool.map_err(|e| refused(&name, e))?;
    Ok(Queue { pool: Pool::Sqlite(pool), name })
}

async fn postgres(location: &str) -> Result<Queue, Failure> {
    // The location can hold a password: neither is it shown, nor what the parser says of it.
    let options = PgConnectOptions::from_str(location)
        .map_err(|_| refused("postgres://…", "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE"))?;
    let place = options.get_socket().map_or(options.get_host().to_owned(), |path| path.display().to_string());
    let database = options.get_database().unwrap_or_default();
    let name = format!("postgres://{place}:{}/{database}", options.get_port());
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE).connect_with(options).await;
    let pool = pool.map_err(|e| refused(&name, e))?;
    Ok(Queue { pool: Pool::Postgres(pool), name })
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[tokio::test]
    async fn a_queue_is_its_owners_only_and_opens_again() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("queue.db");
        let location = path.to_str().expect("text");
        for _ in 0..2 {
            Queue::open(location).await.expect("a queue");
        }
        for entry in fs::read_dir(folder.path()).expect("listed").flatten() {
            let mode = entry.metadata().expect("metadata").mode();
            assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        let refused = Queue::open(location).await.expect_err("refused").to_string();
        assert!(refused.contains("others can read it"), "{refused}");
    }

    #[tokio::test]
    async fn a_queue_of_a_later_program_is_left_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("queue.db");
        let location = path.to_str().expect("text");
        let queue = Queue::open(location).await.expect("a queue");
        with_pool!(queue, pool => sqlx::raw_sql("UPDATE zkescrow_queue SET version = 9").execute(pool).await.map(drop))
            .expect("set");
        let refused = Queue::open(location).await.expect_err("refused").to_string();
        assert!(refused.contains("its version is 9"), "{refused}");
    }

    #[tokio::test]
    async fn errors_show_no_password() {
        for location in ["postgres://me:secret@127.0.0.1:1/jobs", "postgres://me:secret@[/jobs"] {
            let refused = Queue::open(location).await.expect_err("refused").to_string();
            assert!(refused.contains("postgres://") && !refused.contains("secret"), "{refused}");
        }
    }
}
