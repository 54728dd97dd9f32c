//! What workers do with the queue. A claim is good until its lease ends, and longer if nobody else took the job meanwhile;
//! every change asks for the attempt that it was made for, so whoever was overtaken changes nothing.

use std::time::Duration;

use alloy::primitives::B256;
use zkescrow_circuits::{commitment::Address, proof::Proof};

use super::{Order, Queue, database::with_pool};
use crate::failure::Failure;

/// The right to work at a job for the time of a lease.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The job.
    pub id: B256,
    /// Which claim of this job it is; only the last one counts.
    pub attempt: u64,
    /// How many claims count against the limit, this one included.
    pub tries: u32,
    /// What people call it.
    pub label: String,
    /// What to do; nothing if the row is not what its identity says.
    pub order: Option<Order>,
}

/// What there is for a worker.
#[derive(Debug)]
pub enum Due {
    /// This, now.
    Work(Box<Claim>),
    /// Nothing now, but others are at it, or it pauses.
    Later,
    /// Nothing that is not done or failed.
    Nothing,
}

/// A job that somebody may have to work at: identity, weights, provider, attempt, tries, whether it is free.
type Candidate = (String, String, String, i64, i64, bool);

impl Queue {
    /// Takes the job with the earliest deadline among those whose weights and provider `ours` accepts. One that `most`
    /// workers have begun and none has ended fails here: it may be what ends them.
    pub async fn claim(
        &self,
        worker: &str,
        lease: Duration,
        most: u32,
        ours: impl Fn(&B256, &Address) -> bool,
    ) -> Result<Due, Failure> {
        let mut due = Due::Nothing;
        for candidate in self.candidates().await? {
            let (id, weights, provider, attempt, tries, free) = candidate;
            let parsed = weights.parse().ok().zip(provider.parse::<alloy::primitives::Address>().ok());
            if !parsed.is_some_and(|(weights, provider)| ours(&weights, &provider.into_array())) {
                continue;
            }
            if !free {
                due = Due::Later;
            } else if tries >= i64::from(most) {
                self.give_up(&id, attempt, tries).await?;
            } else if let Some(claim) = self.take(&id, attempt, worker, lease).await? {
                return Ok(Due::Work(Box::new(claim)));
            } else {
                // Somebody else was faster.
                due = Due::Later;
            }
        }
        Ok(due)
    }

    async fn candidates(&self) -> Result<Vec<Candidate>, Failure> {
        let sql = self.sql(
            "SELECT id, weights, provider, attempt, tries, free_at <= {now} FROM zkescrow_jobs
             WHERE state IN ('waiting', 'running') ORDER BY deadline, submitted, id",
        );
        with_pool!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)
    }

    async fn take(&self, id: &str, attempt: i64, worker: &str, lease: Duration) -> Result<Option<Claim>, Failure> {
        let sql = self.sql(
            "UPDATE zkescrow_jobs SET state = 'running', attempt = attempt + 1, tries = tries + 1,
                 worker = $3, since = {now}, free_at = {now} + $4
             WHERE id = $1 AND attempt = $2 AND state IN ('waiting', 'running') AND free_at <= {now}
             RETURNING attempt, tries, label, work",
        );
        let row: Option<(i64, i64, String, Option<String>)> = with_pool!(self, pool => {
            let query = sqlx::query_as(sql).bind(id).bind(attempt).bind(worker).bind(milliseconds(lease));
            query.fetch_optional(pool).await
        })?;
        let Some((attempt, tries, label, work)) = row else { return Ok(None) };
        let id: B256 = id.parse().map_err(|_| self.damaged(id))?;
        let order: Option<Order> = work.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Some(Claim {
            id,
            attempt: attempt as u64,
            tries: u32::try_from(tries).unwrap_or(u32::MAX),
            label,
            order: order.filter(|order| order.id() == id),
        }))
    }

    async fn give_up(&self, id: &str, attempt: i64, tries: i64) -> Result<(), Failure> {
        let sql = self.sql(
            "UPDATE zkescrow_jobs SET state = 'failed', reason = COALESCE(reason || '; then ', '') || $3
             WHERE id = $1 AND attempt = $2 AND state IN ('waiting', 'running') AND free_at <= {now}",
        );
        let reason = format!("{tries} workers began and were not heard of any more: is there memory enough to prove?");
        with_pool!(self, pool => sqlx::query(sql).bind(id).bind(attempt).bind(reason).execute(pool).await.map(drop))
    }

    /// Keeps a claim for another lease; false if it is lost.
    pub async fn renew(&self, claim: &Claim, lease: Duration) -> Result<bool, Failure> {
        let sql = self.fenced("free_at = {now} + $3");
        let rows = with_pool!(self, pool => {
            let query = sqlx::query(sql).bind(claim.id.to_string()).bind(claim.attempt as i64);
            query.bind(milliseconds(lease)).execute(pool).await.map(|done| done.rows_affected())
        })?;
        Ok(rows == 1)
    }

    /// Hands in a proof, which removes the order's secrets; false if the claim is lost, and then nothing is changed. It can be
    /// handed in again: whoever lost the connection does not know whether the queue heard of it.
    pub async fn finish(&self, claim: &Claim, proof: &Proof, seconds: f64) -> Result<bool, Failure> {
        let sql = "UPDATE zkescrow_jobs SET state = 'done', proof = $3, seconds = $4, work = NULL, reason = NULL
                   WHERE id = $1 AND attempt = $2 AND (state = 'running' OR state = 'done' AND proof = $3)";
        let rows = with_pool!(self, pool => {
            let query = sqlx::query(sql).bind(claim.id.to_string()).bind(claim.attempt as i64);
            query.bind(proof.to_json()).bind(seconds).execute(pool).await.map(|done| done.rows_affected())
        })?;
        Ok(rows == 1)
    }

    /// Lets the job be taken again after a pause; false if the claim is lost.
    pub async fn retry(&self, claim: &Claim, pause: Duration, reason: &str) -> Result<bool, Failure> {
        let sql = self.fenced("state = 'waiting', free_at = {now} + $3, reason = $4");
        let rows = with_pool!(self, pool => {
            let query = sqlx::query(sql).bind(claim.id.to_string()).bind(claim.attempt as i64);
            query.bind(milliseconds(pause)).bind(reason).execute(pool).await.map(|done| done.rows_affected())
        })?;
        Ok(rows == 1)
    }

    /// Says that there will be no proof; false if the claim is lost.
    pub async fn fail(&self, claim: &Claim, reason: &str) -> Result<bool, Failure> {
        let sql = self.fenced("state = 'failed', reason = $3");
        let rows = with_pool!(self, pool => {
            let query = sqlx::query(sql).bind(claim.id.to_string()).bind(claim.attempt as i64);
            query.bind(reason).execute(pool).await.map(|done| done.rows_affected())
        })?;
        Ok(rows == 1)
    }

    /// Gives back whatever a worker has claimed, as if it had never begun; says how much it was.
    pub async fn release(&self, worker: &str) -> Result<u64, Failure> {
        let sql = "UPDATE zkescrow_jobs SET state = 'waiting', free_at = 0, tries = tries - 1
                   WHERE worker = $1 AND state = 'running'";
        with_pool!(self, pool => {
            sqlx::query(sql).bind(worker).execute(pool).await.map(|done| done.rows_affected())
        })
    }

    /// A change of a job by the claim that the first two parameters name.
    fn fenced(&self, set: &str) -> sqlx::AssertSqlSafe<String> {
        self.sql(&format!("UPDATE zkescrow_jobs SET {set} WHERE id = $1 AND attempt = $2 AND state = 'running'"))
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
