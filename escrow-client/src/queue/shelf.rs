//! What customers of the queue do: put orders in, look how far they have got, take proofs out.

use alloy::primitives::B256;
use zkescrow_circuits::proof::Proof;

use super::{Job, Order, Queue, State, database::with_pool};
use crate::{failure::Failure, scalar::prefixed};

/// A row of these columns.
type Row = (
    String,
    String,
    String,
    i64,
    String,
    i64,
    i64,
    i64,
    Option<String>,
    Option<i64>,
    Option<f64>,
    Option<String>,
    i64,
    i64,
);

const COLUMNS: &str =
    "id, weights, label, deadline, state, attempt, tries, free_at, worker, since, seconds, reason, submitted, {now}";

impl Queue {
    /// Puts an order into the queue. Orders of one proof are one job; a later one can only bring the deadline forward.
    pub async fn submit(&self, order: &Order) -> Result<B256, Failure> {
        let id = order.id();
        let work = serde_json::to_string(order).map_err(|e| Failure::Internal(format!("an order is no JSON: {e}")))?;
        let sql = self.sql(
            "INSERT INTO zkescrow_jobs (id, weights, provider, label, deadline, work, submitted, state, free_at, attempt, tries)
             VALUES ($1, $2, $3, $4, $5, $6, {now}, 'waiting', 0, 0, 0)
             ON CONFLICT (id) DO UPDATE SET deadline = excluded.deadline WHERE excluded.deadline < zkescrow_jobs.deadline",
        );
        let deadline = i64::try_from(order.deadline).unwrap_or(i64::MAX);
        let (weights, provider) = (prefixed(order.weights), prefixed(order.provider));
        with_pool!(self, pool => {
            let query = sqlx::query(sql).bind(id.to_string()).bind(weights).bind(provider).bind(&order.label);
            query.bind(deadline).bind(work).execute(pool).await.map(drop)
        })?;
        Ok(id)
    }

    /// How far an order has got, if it is known.
    pub async fn job(&self, id: B256) -> Result<Option<Job>, Failure> {
        Ok(self.select("WHERE id = $1", &id.to_string()).await?.pop())
    }

    /// All jobs, the earliest deadline first.
    pub async fn jobs(&self) -> Result<Vec<Job>, Failure> {
        // Both kinds of query have a parameter.
        self.select("WHERE id <> $1 ORDER BY deadline, submitted, id", "").await
    }

    async fn select(&self, which: &str, parameter: &str) -> Result<Vec<Job>, Failure> {
        let sql = self.sql(&format!("SELECT {COLUMNS} FROM zkescrow_jobs {which}"));
        let rows: Vec<Row> = with_pool!(self, pool => sqlx::query_as(sql).bind(parameter).fetch_all(pool).await)?;
        rows.into_iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: Row) -> Result<Job, Failure> {
        let (
            id,
            weights,
            label,
            deadline,
            state,
            attempt,
            tries,
            free_at,
            worker,
            since,
            seconds,
            reason,
            submitted,
            now,
        ) = row;
        let (state, setback) = match (&state[..], worker, since, seconds, reason) {
            // Nobody says that they are still at it.
            ("running", ..) if free_at <= now => (State::Waiting, Some("its worker was not heard of any more".into())),
            ("running", Some(worker), Some(since), _, reason) => {
                (State::Running { worker, since: seconds_of(since), attempt: attempt.max(0) as u64 }, reason)
            }
            ("waiting", .., reason) => (State::Waiting, reason),
            ("done", .., Some(seconds), _) => (State::Done { seconds }, None),
            ("failed", .., Some(reason)) => (State::Failed { reason }, None),
            _ => return Err(self.damaged(&id)),
        };
        let hash = |text: &str| text.parse::<B256>().map_err(|_| self.damaged(text));
        Ok(Job {
            id: hash(&id)?,
            weights: hash(&weights)?,
            label,
            deadline: deadline.max(0) as u64,
            state,
            attempts: u32::try_from(tries).unwrap_or_default(),
            setback,
            submitted: seconds_of(submitted),
        })
    }

    /// The proof that was ordered, once it is made. Whoever does not trust the queue verifies it.
    pub async fn proof(&self, id: B256) -> Result<Option<Proof>, Failure> {
        let sql = "SELECT proof FROM zkescrow_jobs WHERE id = $1";
        let text: Option<Option<String>> =
            with_pool!(self, pool => sqlx::query_scalar(sql).bind(id.to_string()).fetch_optional(pool).await)?;
        let proof = |text: String| Proof::from_json(text.as_bytes()).ok_or_else(|| self.damaged(&id.to_string()));
        text.flatten().map(proof).transpose()
    }

    /// Removes a job with its secrets and its proof, if it is there. A worker that is at it finds out at its end.
    pub async fn forget(&self, id: B256) -> Result<bool, Failure> {
        let sql = "DELETE FROM zkescrow_jobs WHERE id = $1";
        let rows = with_pool!(self, pool => {
            sqlx::query(sql).bind(id.to_string()).execute(pool).await.map(|done| done.rows_affected())
        })?;
        Ok(rows == 1)
    }

    /// The time by which leases are measured, in seconds since 1970.
    pub async fn now(&self) -> Result<u64, Failure> {
        let sql = self.sql("SELECT {now}");
        let now: i64 = with_pool!(self, pool => sqlx::query_scalar(sql).fetch_one(pool).await)?;
        Ok(seconds_of(now))
    }

    pub(super) fn damaged(&self, id: &str) -> Failure {
        Failure::Request(format!("job {id} in queue {} is damaged: forget it and submit it again", self.name))
    }
}

fn seconds_of(milliseconds: i64) -> u64 {
    milliseconds.max(0) as u64 / 1000
}
