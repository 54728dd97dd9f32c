//! Proofs to make, and workers that make them, on this host or on many.
//!
//! [apalis](https://docs.rs/apalis) runs the workers: it asks for work only when a slot is free, and bounds how much runs at
//! once. What is to be done is in a table of ours, not in apalis' storages, because at version 1.0 of apalis-sqlite and
//! apalis-postgres, as their sources say,
//!
//! - a task belongs to whoever's *name* stands in it (`ack.sql`, `handle_result.sql`: `lock_by = $2`), and `lock.sql` and
//!   `lock_by_id.sql` take a queued task from whoever queued it: a worker that was paused and comes back is not kept out;
//! - a task is taken over when its *worker* has not been seen for a while, in whole seconds; a single task has no lease;
//! - one heartbeat or fetch that fails makes the backend `Dead` and ends the worker, so a database that restarts stops all;
//! - a failed task is due again at once: neither `ack.sql` nor `handle_result.sql` moves `run_at`, so nothing backs off once
//!   the process that failed is gone;
//! - order is a priority given when a task is pushed, so a deadline cannot be brought forward, and what was taken by
//!   `get_jobs` comes back in no order;
//! - pushing a task twice is silent in SQLite and an error in Postgres, where it undoes the rest of its batch;
//! - Postgres needs the extension `hstore`.
//!
//! Ours is one table with the same statements for both databases. A claim is an update of exactly the attempt that was seen
//! (`claims`), so it needs no locks, and whoever was overtaken changes nothing.

mod claims;
mod database;
mod forecast;
mod job;
mod leases;
mod order;
mod prover;
mod shelf;
mod worker;

use database::Pool;

pub use claims::{Claim, Due};
pub use database::is_postgres;
pub use forecast::{Forecast, forecast};
pub use job::{Job, State};
pub use leases::give_back;
pub use order::Order;
pub use prover::{Prove, Prover, Refusal};
pub use worker::{Event, Limits, Worker};

/// An open queue. Orders are secret: so are the file and the server that hold it.
#[derive(Clone, Debug)]
pub struct Queue {
    pool: Pool,
    /// Its location, without a password.
    name: String,
}
