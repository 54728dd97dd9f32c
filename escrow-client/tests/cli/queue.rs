//! Workers as people start them: they prove what is ordered, and give back or lose what they had when they are ended.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use alloy::primitives::B256;
use halo2curves::bn256::Fr;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use zkescrow_circuits::keys::VerifierKeys;
use zkescrow_client::{
    folder,
    queue::{Job, Order, Queue, State},
};

use crate::shared::*;

/// A queue in a folder of its own.
struct Ordered {
    folder: TempDir,
    runtime: Runtime,
}

impl Ordered {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("temporary folder"), runtime: Runtime::new().expect("a runtime") }
    }

    fn location(&self) -> String {
        path(self.folder.path(), "queue.db")
    }

    fn queue(&self) -> Queue {
        self.runtime.block_on(Queue::open(&self.location())).expect("a queue")
    }

    fn submit(&self, order: &Order) -> B256 {
        self.runtime.block_on(self.queue().submit(order)).expect("submitted")
    }

    fn jobs(&self) -> Vec<Job> {
        self.runtime.block_on(self.queue().jobs()).expect("jobs")
    }

    fn args(&self, more: &[&str]) -> Vec<String> {
        let (model, keys, queue) = (SETTING.path("model.zkm"), SETTING.path("keys"), self.location());
        let args = ["worker", "--model", &model, "--keys", &keys, "--queue", &queue];
        args.iter().chain(more).map(|arg| arg.to_string()).collect()
    }

    /// A worker with a job in hand.
    fn busy_worker(&self, more: &[&str]) -> Child {
        let mut command = command();
        let worker = command.args(self.args(more)).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let begin = Instant::now();
        while !self.jobs().iter().any(|job| matches!(job.state, State::Running { .. })) {
            assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", self.jobs());
            std::thread::sleep(Duration::from_millis(5));
        }
        worker.expect("the binary runs")
    }
}

fn order(number: u64) -> Order {
    let keys = VerifierKeys::load(SETTING.path("keys").as_ref()).expect("keys");
    let commitment = folder::commitment(SETTING.path("keys").as_ref(), &keys).expect("a commitment");
    Order {
        arch: keys.arch,
        weights: commitment.model_id(&keys.arch, &[7; 20]),
        provider: [7; 20],
        context: Fr::from(number),
        input_salt: Fr::from(1),
        output_salt: Fr::from(2),
        input: vec![5; 8 * 8 * 3],
        deadline: 4_000_000_000 + number,
        label: format!("prediction {number}"),
    }
}

#[test]
fn workers_prove_what_is_ordered() {
    let ordered = Ordered::new();
    wrong(&["jobs", "--queue", &ordered.location()], "there is no queue");
    let id = ordered.submit(&order(1));
    let (code, json, stderr) = run(&ordered.args(&["--until-empty", "--jobs", "2"]));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!((&json["proven"][0]["id"], &json["failed"]), (&id.to_string().into(), &serde_json::json!([])));
    assert!(stderr.contains("INSECURE") && stderr.contains("proven 0x") && stderr.contains("prediction 1"), "{stderr}");
    let proof = ordered.runtime.block_on(ordered.queue().proof(id)).expect("an answer").expect("a proof");
    let file = path(ordered.folder.path(), "proof.json");
    proof.save(file.as_ref()).expect("written");
    assert_eq!(run(&["verify", "--keys", &SETTING.path("keys"), "--proof", &file, "--context", "1"]).0, 0);

    ordered.submit(&Order { input: vec![5], ..order(2) });
    let (code, json, _) = run(&ordered.args(&["--until-empty"]));
    assert_eq!((code, &json["failed"][0]["label"]), (1, &"prediction 2".into()), "not all could be proven");
    let (code, json, _) = run(&["jobs", "--queue", &ordered.location()]);
    assert_eq!((code, &json["jobs"][0]["state"], &json["jobs"][1]["state"]), (0, &"done".into(), &"failed".into()));
    let failed = json["jobs"][1]["id"].as_str().expect("an id");
    assert_eq!(run(&["jobs", "--queue", &ordered.location(), "--forget", failed]).0, 0);
    wrong(&["jobs", "--queue", &ordered.location(), "--forget", failed], failed);
    wrong(&ordered.args(&["--jobs", "0"]), "--jobs");
}

#[test]
fn what_a_killed_worker_had_is_proven_by_another() {
    let ordered = Ordered::new();
    for number in 0..3 {
        ordered.submit(&order(number));
    }
    let mut killed = ordered.busy_worker(&["--lease", "1"]);
    killed.kill().expect("killed");
    killed.wait().expect("ended");
    let (code, _, stderr) = run(&ordered.args(&["--until-empty", "--lease", "1"]));
    assert_eq!(code, 0, "{stderr}");
    let jobs = ordered.jobs();
    assert!(jobs.iter().all(|job| matches!(job.state, State::Done { .. })), "{jobs:?}");
}

#[test]
fn an_interrupted_worker_gives_back_what_it_had() {
    let ordered = Ordered::new();
    for number in 0..3 {
        ordered.submit(&order(number));
    }
    // The lease would last longer than this test.
    let mut worker = ordered.busy_worker(&["--lease", "86400"]);
    let kill = std::process::Command::new("kill").arg(worker.id().to_string()).status();
    assert!(kill.expect("kill runs").success());
    assert_eq!(worker.wait().expect("ended").code(), Some(128 + 15));
    let jobs = ordered.jobs();
    let is_free = |job: &Job| matches!((&job.state, job.attempts), (State::Waiting, 0) | (State::Done { .. }, 1));
    assert!(jobs.iter().all(is_free), "{jobs:?}");
}
