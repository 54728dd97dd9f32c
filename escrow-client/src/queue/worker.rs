//! Takes jobs, proves them, hands the proofs in.

use std::{
    convert::Infallible,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use alloy::primitives::B256;
use apalis::prelude::{WorkerBuilder, WorkerContext};
use futures_util::{StreamExt, stream};
use tokio::{
    task,
    time::{MissedTickBehavior, interval, sleep},
};
use tower::limit::ConcurrencyLimitLayer;
use zkescrow_circuits::proof::Proof;

use super::{Claim, Due, Order, Prove, Queue, Refusal, leases::Working};
use crate::{failure::Failure, text};

/// Most characters of a reason that is kept.
const LONGEST: usize = 300;

/// How patient a worker is.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a job stays with a worker that is not heard of. It says so three times in this time.
    pub lease: Duration,
    /// How often a job is begun before it fails.
    pub attempts: u32,
    /// The pause after the first setback; it doubles with each.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long to wait before looking into an empty queue again.
    pub poll: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            attempts: 5,
            pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(300),
            poll: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// The pause after so many setbacks.
    fn pause(&self, setbacks: u32) -> Duration {
        let doubled = self.pause.saturating_mul(2u32.saturating_pow(setbacks.saturating_sub(1)));
        doubled.min(self.longest_pause)
    }
}

/// What a worker has to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It begins.
    Begun {
        /// The job.
        id: B256,
        /// What people call it.
        label: String,
        /// How many claims of it count against the limit.
        tries: u32,
    },
    /// There is a proof.
    Proven {
        /// The job.
        id: B256,
        /// What people call it.
        label: String,
        /// How long it took.
        seconds: f64,
    },
    /// It will be begun again.
    Setback {
        /// The job.
        id: B256,
        /// What people call it.
        label: String,
        /// Why.
        reason: String,
        /// After how long.
        pause: Duration,
    },
    /// There will be no proof.
    Failed {
        /// The job.
        id: B256,
        /// What people call it.
        label: String,
        /// Why.
        reason: String,
    },
    /// Somebody else has taken the job over, or it was forgotten: what was done is of no use.
    Overtaken {
        /// The job.
        id: B256,
        /// What people call it.
        label: String,
    },
    /// The queue does not answer; the worker goes on asking.
    Unreachable {
        /// What it says.
        reason: String,
    },
}

/// Who works, as the queue knows it.
#[derive(Debug)]
pub(super) struct Desk {
    queue: Queue,
    /// Nobody else has this name, not even the same host at another time.
    name: String,
    closed: AtomicBool,
    /// Held while a job is claimed, so that none is claimed behind the back of whoever gives all of them back.
    claiming: tokio::sync::Mutex<()>,
}

impl Desk {
    /// Takes nothing more, and gives back what is claimed.
    pub(super) async fn close(&self) -> Result<u64, Failure> {
        self.closed.store(true, Ordering::SeqCst);
        let _claimed = self.claiming.lock().await;
        self.queue.release(&self.name).await
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// A worker of one prover. Clones are the same worker.
pub struct Worker<P> {
    desk: Arc<Desk>,
    prover: Arc<P>,
    limits: Limits,
    tell: Arc<dyn Fn(Event) + Send + Sync>,
}

impl<P> Clone for Worker<P> {
    fn clone(&self) -> Self {
        let Self { desk, prover, limits, tell } = self;
        Self { desk: desk.clone(), prover: prover.clone(), limits: *limits, tell: tell.clone() }
    }
}

impl<P> fmt::Debug for Worker<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("desk", &self.desk).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<P: Prove> Worker<P> {
    /// A worker that tells what it does.
    pub fn new(queue: Queue, prover: Arc<P>, limits: Limits, tell: impl Fn(Event) + Send + Sync + 'static) -> Self {
        let name = format!("{}-{}-{:08x}", host(), std::process::id(), rand::random::<u32>());
        let desk = Desk { queue, name, closed: AtomicBool::new(false), claiming: tokio::sync::Mutex::default() };
        Self { desk: Arc::new(desk), prover, limits, tell: Arc::new(tell) }
    }

    /// What the queue calls it.
    pub fn name(&self) -> &str {
        &self.desk.name
    }

    /// Proves up to `jobs` orders at a time until it is stopped, or, with `until_empty`, until all orders for its weights are
    /// done or failed, those of other workers included.
    pub async fn run(&self, jobs: usize, until_empty: bool) -> Result<(), Failure> {
        let _known = Working::begin(&self.desk);
        let context = WorkerContext::new(self.name());
        let (worker, stopper) = (self.clone(), context.clone());
        let claims = stream::unfold((), move |()| {
            let (worker, stopper) = (worker.clone(), stopper.clone());
            async move {
                let claim = worker.next(until_empty).await;
                if claim.is_none() {
                    // The end of a stream alone does not end apalis' worker; it runs, so it can be stopped.
                    let _ = stopper.stop();
                }
                claim.map(|claim| (Ok::<_, Infallible>(claim), ()))
            }
        });
        let worker = self.clone();
        let handler = move |claim: Claim| {
            let worker = worker.clone();
            async move { worker.work(&claim).await }
        };
        WorkerBuilder::new(&context)
            .backend(claims.boxed())
            .layer(ConcurrencyLimitLayer::new(jobs.max(1)))
            .build(handler)
            .run()
            .await
            .map_err(|e| Failure::Internal(format!("a worker ended: {e}")))
    }

    /// Takes nothing more and gives back what it has claimed; [`Self::run`] returns once proofs that were begun are at their
    /// end, which then counts for nothing.
    pub async fn stop(&self) -> Result<(), Failure> {
        self.desk.close().await.map(drop)
    }

    /// The next job, once there is one; none if the worker is to end.
    async fn next(&self, until_empty: bool) -> Option<Claim> {
        let Limits { lease, attempts, poll, .. } = self.limits;
        let mut silence = 0;
        loop {
            let ours = |weights: &B256, provider: &_| self.prover.is_ours(weights, provider);
            let claiming = self.desk.claiming.lock().await;
            if self.desk.is_closed() {
                return None;
            }
            let due = self.desk.queue.claim(&self.desk.name, lease, attempts, ours).await;
            drop(claiming);
            match due {
                Ok(Due::Work(claim)) => return Some(*claim),
                Ok(Due::Nothing) if until_empty => return None,
                Ok(Due::Later | Due::Nothing) => {
                    silence = 0;
                    sleep(poll).await;
                }
                Err(failure) => self.wait_out(&failure, &mut silence).await,
            }
        }
    }

    /// One job, from claim to result.
    async fn work(&self, claim: &Claim) {
        let (id, label) = (claim.id, claim.label.clone());
        (self.tell)(Event::Begun { id, label: label.clone(), tries: claim.tries });
        let begin = Instant::now();
        let outcome = match &claim.order {
            Some(order) => self.prove(claim, order.clone()).await,
            None => {
                Err(Refusal::Final("the order is not what its identity says: forget it and submit it again".into()))
            }
        };
        let seconds = begin.elapsed().as_secs_f64();
        let (mut silence, limits) = (0, &self.limits);
        // What is proven is kept until the queue hears of it; nothing else can be done meanwhile.
        while !self.desk.is_closed() {
            let queue = &self.desk.queue;
            let (handed, event) = match &outcome {
                Ok(proof) => {
                    (queue.finish(claim, proof, seconds).await, Event::Proven { id, label: label.clone(), seconds })
                }
                Err(Refusal::Again(reason)) if claim.tries < limits.attempts => {
                    let (reason, pause) = (text::single_line(reason, LONGEST), limits.pause(claim.tries));
                    let handed = queue.retry(claim, pause, &reason).await;
                    (handed, Event::Setback { id, label: label.clone(), reason, pause })
                }
                Err(Refusal::Final(reason) | Refusal::Again(reason)) => {
                    let reason = text::single_line(reason, LONGEST);
                    (queue.fail(claim, &reason).await, Event::Failed { id, label: label.clone(), reason })
                }
            };
            match handed {
                Ok(true) => return (self.tell)(event),
                Ok(false) => return (self.tell)(Event::Overtaken { id, label }),
                Err(failure) => self.wait_out(&failure, &mut silence).await,
            }
        }
    }

    /// Proves beside the runtime, and keeps the claim meanwhile.
    async fn prove(&self, claim: &Claim, order: Order) -> Result<Proof, Refusal> {
        let prover = Arc::clone(&self.prover);
        let mut proving = pin!(task::spawn_blocking(move || {
            catch_unwind(AssertUnwindSafe(|| prover.prove(&order))).unwrap_or_else(|panic| Err(setback(&*panic)))
        }));
        let mut beat = interval((self.limits.lease / 3).max(Duration::from_millis(1)));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                proven = &mut proving => {
                    return proven.unwrap_or_else(|e| Err(Refusal::Again(format!("proving was cut off: {e}"))));
                }
                _ = beat.tick() => {
                    // If the queue cannot be reached, the next beat may; if the claim is lost, the end will show it.
                    let _ = self.desk.queue.renew(claim, self.limits.lease).await;
                }
            }
        }
    }

    /// Waits longer each time.
    async fn wait_out(&self, failure: &Failure, silence: &mut u32) {
        *silence = silence.saturating_add(1);
        (self.tell)(Event::Unreachable { reason: failure.to_string() });
        sleep(self.limits.pause(*silence).min(self.limits.lease)).await;
    }
}

/// What a panic said.
fn setback(panic: &(dyn std::any::Any + Send)) -> Refusal {
    let said = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    Refusal::Again(format!("proving ended in a panic: {}", said.unwrap_or("no reason was given")))
}

/// The host's name, for people who look for a worker.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = text::single_line(name.trim(), 64);
    if name.is_empty() { "host".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let limits = Limits::default();
        let pauses = [1, 2, 3, 6, 7, 99].map(|setbacks| limits.pause(setbacks).as_secs());
        assert_eq!(pauses, [5, 10, 20, 160, 300, 300]);
    }
}
