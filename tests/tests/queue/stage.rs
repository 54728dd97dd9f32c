//! What the queue's tests share: a place for a queue, orders, provers that do as they are told.

use std::{
    any::Any,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use alloy::primitives::B256;
use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    commitment::{self, Address, Opening},
    keys::ProverKeys,
    plan::{Choice, Plan},
    proof::Proof,
    sample,
    srs::Srs,
    verifier,
};
use zkescrow_client::queue::{Event, Job, Limits, Order, Prove, Prover, Queue, Refusal, State, Worker};

use crate::postgres::Cluster;

/// Whoever is registered as the model's provider.
pub const PROVIDER: Address = [0x11; 20];

/// Who can prove, made once for all tests of a process.
pub static PROVER: LazyLock<Arc<Prover>> = LazyLock::new(|| {
    let model = sample::tiny(1);
    let plan = Plan::new(&model.network, Choice::default()).expect("plannable");
    let srs = Srs::development(plan.shape.k);
    let opening = Opening::random();
    let commitment = commitment::commit(&plan, &srs, &model.params, &opening);
    let keys = ProverKeys::generate(&model.network, Choice::default(), srs).expect("keys");
    Arc::new(Prover { keys, model, commitment, opening })
});

/// A lease that is soon over, and no time to lose.
pub const HASTY: Limits = Limits {
    lease: Duration::from_secs(3),
    attempts: 3,
    pause: Duration::from_millis(100),
    longest_pause: Duration::from_millis(400),
    poll: Duration::from_millis(50),
};

/// Where a test's queue is.
pub struct Place {
    pub location: String,
    _kept: Box<dyn Any + Send + Sync>,
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let location = folder.path().join("queue.db").to_str().expect("text").to_owned();
        Self { location, _kept: Box::new(folder) }
    }

    /// Somebody else's.
    pub fn at(location: String) -> Self {
        Self { location, _kept: Box::new(()) }
    }

    /// None where there is no Postgres.
    pub fn postgres() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let cluster = Cluster::shared()?;
        let location = cluster.database(&format!("queue{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        Some(Self { location, _kept: Box::new(cluster) })
    }

    pub async fn queue(&self) -> Queue {
        Queue::open(&self.location).await.expect("a queue")
    }
}

/// Everything that a worker told.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Event>>>);

impl Log {
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn proven(&self) -> Vec<B256> {
        let proven = |event| if let Event::Proven { id, .. } = event { Some(id) } else { None };
        self.events().into_iter().filter_map(proven).collect()
    }

    pub fn begun(&self) -> Vec<B256> {
        let begun = |event| if let Event::Begun { id, .. } = event { Some(id) } else { None };
        self.events().into_iter().filter_map(begun).collect()
    }
}

/// A worker with its own connection.
pub async fn worker<P: Prove>(place: &Place, prover: Arc<P>, limits: Limits) -> (Worker<P>, Log) {
    let log = Log::default();
    let told = log.clone();
    let tell = move |event| told.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    (Worker::new(place.queue().await, prover, limits, tell), log)
}

/// An honest order: the number makes it one of its own.
pub fn order(number: u64) -> Order {
    let prover = &*PROVER;
    let arch = prover.keys.verifier.arch;
    Order {
        arch,
        weights: prover.commitment.model_id(&arch, &PROVIDER),
        provider: PROVIDER,
        context: Fr::from(number),
        input_salt: Fr::from(7),
        output_salt: Fr::from(8),
        input: sample::input(&prover.model.network, 3),
        deadline: 4_000_000_000 + number,
        label: format!("prediction {number}"),
    }
}

/// A proof of an order of these tests.
pub fn check(order: &Order, proof: &Proof) {
    assert_eq!(proof.instances[3], order.context);
    verifier::verify(&PROVER.keys.verifier, &PROVER.commitment, proof).expect("a valid proof");
}

pub async fn job(queue: &Queue, id: B256) -> Job {
    queue.job(id).await.expect("an answer").expect("a job")
}

pub fn is_running(job: &Job) -> bool {
    matches!(job.state, State::Running { .. })
}

/// Waits until a job is as it should be, for as long as a slow machine may need.
pub async fn until(queue: &Queue, id: B256, is: impl Fn(&Job) -> bool) -> Job {
    let begin = Instant::now();
    loop {
        let job = job(queue, id).await;
        if is(&job) {
            return job;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{job:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A prover that answers by a rule, given how often it was asked.
pub struct Rule<F> {
    pub asked: AtomicU32,
    pub answer: F,
}

impl<F: Fn(u32, &Order) -> Result<Proof, Refusal>> Rule<F> {
    pub fn new(answer: F) -> Arc<Self> {
        Arc::new(Self { asked: AtomicU32::new(0), answer })
    }
}

impl<F: Fn(u32, &Order) -> Result<Proof, Refusal> + Send + Sync + 'static> Prove for Rule<F> {
    /// All orders: another process of these tests has another prover, and other weights.
    fn is_ours(&self, _: &B256, _: &Address) -> bool {
        true
    }

    fn prove(&self, order: &Order) -> Result<Proof, Refusal> {
        (self.answer)(self.asked.fetch_add(1, Ordering::SeqCst), order)
    }
}
