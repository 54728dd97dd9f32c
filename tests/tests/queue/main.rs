//! The proving queue, in a file and in a real Postgres: what is shared, killed, paused, overtaken, or cannot be proven.

mod postgres;
mod process;
mod stage;

use std::{collections::BTreeSet, time::Duration};

use alloy::primitives::B256;
use halo2curves::bn256::Fr;
use tempfile::TempDir;
use zkescrow_circuits::proof::Proof;
use zkescrow_client::{
    commands::jobs,
    output::Ui,
    queue::{Claim, Due, Event, Limits, Order, Prove, Refusal, State},
};

use crate::{
    postgres::Cluster,
    process::WorkerProcess,
    stage::{HASTY, PROVER, Place, Rule, check, is_running, job, order, until, worker},
};

/// Runs every test with both databases.
macro_rules! with_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Place::sqlite()).await;
            })*
        }
        mod postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(place) = super::Place::postgres() {
                    super::$name(place).await;
                }
            })*
        }
    };
}

with_both!(
    the_same_order_is_the_same_job,
    workers_share_jobs_and_prove_each_once,
    a_killed_workers_job_is_taken_over,
    a_paused_worker_that_comes_back_changes_nothing,
    only_the_last_claim_counts,
    setbacks_are_tried_again_and_again_and_then_no_more,
    what_cannot_be_proven_fails_at_once,
    what_ends_every_worker_is_given_up,
    the_earliest_deadline_comes_first,
    a_worker_that_stops_gives_back_what_it_has,
    others_orders_are_left_alone,
    a_forgotten_job_is_gone,
    jobs_are_shown_with_what_to_expect,
);

async fn the_same_order_is_the_same_job(place: Place) {
    let queue = place.queue().await;
    let id = queue.submit(&order(1)).await.expect("submitted");
    assert_eq!(id, order(1).id());
    let later = Order { deadline: order(1).deadline + 10, label: "again".into(), ..order(1) };
    assert_eq!(queue.submit(&later).await.expect("submitted"), id);
    let jobs = queue.jobs().await.expect("jobs");
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].deadline, &jobs[0].label[..]), (order(1).deadline, "prediction 1"));
    assert_eq!((&jobs[0].state, jobs[0].attempts), (&State::Waiting, 0));
    let earlier = Order { deadline: 5, ..order(1) };
    place.queue().await.submit(&earlier).await.expect("submitted");
    assert_eq!(job(&queue, id).await.deadline, 5);
    assert_eq!(queue.job(order(2).id()).await.expect("an answer"), None);
    assert_eq!(queue.proof(id).await.expect("an answer"), None);

    let (worker, _) = worker(&place, PROVER.clone(), HASTY).await;
    worker.run(1, true).await.expect("a worker");
    queue.submit(&order(1)).await.expect("submitted");
    assert!(matches!(job(&queue, id).await.state, State::Done { .. }), "what is done stays done");
    check(&order(1), &queue.proof(id).await.expect("an answer").expect("a proof"));
}

async fn workers_share_jobs_and_prove_each_once(place: Place) {
    let queue = place.queue().await;
    let mut ids = BTreeSet::new();
    for number in 0..6 {
        ids.insert(queue.submit(&order(number)).await.expect("submitted"));
    }
    let patient = Limits { lease: Duration::from_secs(60), ..HASTY };
    let ((one, first), (two, second)) =
        (worker(&place, PROVER.clone(), patient).await, worker(&place, PROVER.clone(), patient).await);
    let (a, b) = tokio::join!(one.run(1, true), two.run(1, true));
    a.and(b).expect("workers");
    let (first, second) = (first.proven(), second.proven());
    assert!(!first.is_empty() && !second.is_empty(), "{} and {}", first.len(), second.len());
    assert_eq!(first.len() + second.len(), 6);
    assert_eq!(first.into_iter().chain(second).collect::<BTreeSet<_>>(), ids);
    for number in 0..6 {
        let id = order(number).id();
        check(&order(number), &queue.proof(id).await.expect("an answer").expect("a proof"));
        assert_eq!(job(&queue, id).await.attempts, 1);
    }
}

async fn a_killed_workers_job_is_taken_over(place: Place) {
    let (queue, folder) = (place.queue().await, TempDir::new().expect("temporary folder"));
    let id = queue.submit(&order(1)).await.expect("submitted");
    let doomed = WorkerProcess::start(&place, &folder.path().join("never"));
    let first = until(&queue, id, is_running).await;
    // It lives longer than its lease because it says that it does.
    tokio::time::sleep(HASTY.lease * 2).await;
    assert_eq!(job(&queue, id).await.state, first.state);
    doomed.signal("KILL");
    let (worker, log) = worker(&place, PROVER.clone(), HASTY).await;
    worker.run(1, true).await.expect("a worker");
    let done = job(&queue, id).await;
    assert!(matches!(done.state, State::Done { .. }), "{done:?}");
    assert_eq!((done.attempts, log.proven()), (2, vec![id]));
    check(&order(1), &queue.proof(id).await.expect("an answer").expect("a proof"));
}

async fn a_paused_worker_that_comes_back_changes_nothing(place: Place) {
    let (queue, folder) = (place.queue().await, TempDir::new().expect("temporary folder"));
    let (id, release) = (queue.submit(&order(1)).await.expect("submitted"), folder.path().join("release"));
    let mut paused = WorkerProcess::start(&place, &release);
    until(&queue, id, is_running).await;
    paused.signal("STOP");
    let (worker, log) = worker(&place, PROVER.clone(), HASTY).await;
    worker.run(1, true).await.expect("a worker");
    assert_eq!(log.proven(), [id]);
    let done = job(&queue, id).await;
    std::fs::write(&release, "").expect("written");
    paused.signal("CONT");
    assert!(paused.0.wait().expect("it ends").success());
    assert_eq!(job(&queue, id).await, done);
    check(&order(1), &queue.proof(id).await.expect("an answer").expect("a proof"));
}

async fn only_the_last_claim_counts(place: Place) {
    let queue = place.queue().await;
    let id = queue.submit(&order(1)).await.expect("submitted");
    let proof = PROVER.prove(&order(1)).expect("a proof");
    let (short, long) = (Duration::from_millis(300), Duration::from_secs(60));
    let stale = claim(&place, "slow", long).await.expect("a claim");
    assert!(claim(&place, "other", long).await.is_none(), "a lease is respected");
    assert!(queue.renew(&stale, short).await.expect("an answer"));
    tokio::time::sleep(short * 2).await;
    assert_eq!(job(&queue, id).await.state, State::Waiting, "anybody may take it");
    let last = claim(&place, "other", long).await.expect("a claim");
    assert_eq!((stale.attempt, last.attempt, &last.order), (1, 2, &Some(order(1))));

    let before = job(&queue, id).await;
    assert!(!queue.renew(&stale, long).await.expect("an answer"));
    assert!(!queue.finish(&stale, &proof, 1.0).await.expect("an answer"));
    assert!(!queue.retry(&stale, short, "late").await.expect("an answer"));
    assert!(!queue.fail(&stale, "late").await.expect("an answer"));
    assert_eq!(queue.release("slow").await.expect("an answer"), 0);
    assert_eq!(job(&queue, id).await, before);
    assert_eq!(queue.proof(id).await.expect("an answer"), None);

    for _ in 0..2 {
        assert!(queue.finish(&last, &proof, 1.0).await.expect("an answer"), "whoever is not sure hands it in again");
    }
    assert!(!queue.finish(&stale, &proof, 1.0).await.expect("an answer"));
    let done = job(&queue, id).await;
    for claim in [&stale, &last] {
        assert!(!queue.fail(claim, "late").await.expect("an answer"));
        assert!(!queue.finish(claim, &Proof { bytes: vec![], ..proof.clone() }, 2.0).await.expect("an answer"));
    }
    assert_eq!((job(&queue, id).await, queue.proof(id).await.expect("an answer")), (done, Some(proof)));
}

/// One look into the queue.
async fn claim(place: &Place, worker: &str, lease: Duration) -> Option<Claim> {
    let ours = |weights: &B256, provider: &_| PROVER.is_ours(weights, provider);
    match place.queue().await.claim(worker, lease, 9, ours).await.expect("an answer") {
        Due::Work(claim) => Some(*claim),
        Due::Later | Due::Nothing => None,
    }
}

async fn setbacks_are_tried_again_and_again_and_then_no_more(place: Place) {
    let queue = place.queue().await;
    let id = queue.submit(&order(1)).await.expect("submitted");
    let moody = Rule::new(|asked, order: &Order| match asked {
        0 => panic!("not in the mood"),
        1 => Err(Refusal::Again("no memory".into())),
        _ => PROVER.prove(order),
    });
    let (first, log) = worker(&place, moody, HASTY).await;
    first.run(1, true).await.expect("a worker");
    let setbacks: Vec<_> = log
        .events()
        .into_iter()
        .filter_map(
            |e| if let Event::Setback { reason, pause, .. } = e { Some((reason, pause.as_millis())) } else { None },
        )
        .collect();
    assert_eq!(
        setbacks,
        [("proving ended in a panic: not in the mood".into(), 100), ("no memory".to_owned(), 200)],
        "each pause is longer"
    );
    let done = job(&queue, id).await;
    assert_eq!((done.attempts, log.proven()), (3, vec![id]));

    let hopeless = queue.submit(&order(2)).await.expect("submitted");
    let (second, log) = worker(&place, Rule::new(|_, _: &Order| panic!("never")), HASTY).await;
    second.run(1, true).await.expect("a worker");
    assert_eq!(log.begun().len(), HASTY.attempts as usize);
    let failed = job(&queue, hopeless).await;
    assert_eq!(failed.state, State::Failed { reason: "proving ended in a panic: never".into() });
}

async fn what_cannot_be_proven_fails_at_once(place: Place) {
    let queue = place.queue().await;
    let short = Order { input: vec![1, 2, 3], ..order(1) };
    let foreign = Order { arch: [9; 32], ..order(2) };
    let ids = [queue.submit(&short).await.expect("submitted"), queue.submit(&foreign).await.expect("submitted")];
    let honest = queue.submit(&order(3)).await.expect("submitted");
    let (worker, log) = worker(&place, PROVER.clone(), HASTY).await;
    worker.run(2, true).await.expect("a worker");
    for (id, names) in ids.into_iter().zip(["the input has 3 bytes", "another architecture"]) {
        let failed = job(&queue, id).await;
        let State::Failed { reason } = &failed.state else { panic!("{failed:?}") };
        assert!(reason.contains(names), "{reason}");
        assert_eq!(failed.attempts, 1);
    }
    assert_eq!(log.proven(), [honest]);
}

async fn what_ends_every_worker_is_given_up(place: Place) {
    let queue = place.queue().await;
    let id = queue.submit(&order(1)).await.expect("submitted");
    for _ in 0..HASTY.attempts {
        claim(&place, "doomed", Duration::ZERO).await.expect("a claim");
    }
    let (worker, log) = worker(&place, PROVER.clone(), HASTY).await;
    worker.run(1, true).await.expect("a worker");
    assert_eq!(log.events(), []);
    let failed = job(&queue, id).await;
    let State::Failed { reason } = &failed.state else { panic!("{failed:?}") };
    assert!(reason.contains("3 workers began"), "{reason}");
}

async fn the_earliest_deadline_comes_first(place: Place) {
    let queue = place.queue().await;
    for number in [3, 1, 4, 2] {
        queue.submit(&order(number)).await.expect("submitted");
    }
    queue.submit(&Order { deadline: 1, ..order(4) }).await.expect("submitted");
    let expected = [4, 1, 2, 3].map(|number| order(number).id());
    let listed: Vec<_> = queue.jobs().await.expect("jobs").into_iter().map(|job| job.id).collect();
    assert_eq!(listed, expected);
    let refuse = Rule::new(|_, _: &Order| Err(Refusal::Final("seen".into())));
    let (worker, log) = worker(&place, refuse, HASTY).await;
    worker.run(1, true).await.expect("a worker");
    assert_eq!(log.begun(), expected);
}

async fn a_worker_that_stops_gives_back_what_it_has(place: Place) {
    let queue = place.queue().await;
    let id = queue.submit(&order(1)).await.expect("submitted");
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let slow = Rule::new(move |_, order: &Order| {
        let _ = receiver.lock().map(|receiver| receiver.recv());
        PROVER.prove(order)
    });
    let (stopping, log) = worker(&place, slow, Limits { lease: Duration::from_secs(600), ..HASTY }).await;
    let running = tokio::spawn({
        let stopping = stopping.clone();
        async move { stopping.run(1, false).await }
    });
    let state = until(&queue, id, is_running).await.state;
    assert!(matches!(state, State::Running { worker, attempt: 1, .. } if worker == stopping.name()));
    stopping.stop().await.expect("stopped");
    let given_back = job(&queue, id).await;
    assert_eq!((given_back.state, given_back.attempts), (State::Waiting, 0));

    // What it still proves comes too late, but the next worker need not wait.
    let (next, proven) = worker(&place, PROVER.clone(), HASTY).await;
    next.run(1, true).await.expect("a worker");
    assert_eq!(proven.proven(), [id]);
    let done = job(&queue, id).await;
    drop(sender);
    running.await.expect("joined").expect("a worker");
    assert_eq!(log.proven(), [B256::ZERO; 0]);
    assert_eq!(job(&queue, id).await, done);
}

async fn others_orders_are_left_alone(place: Place) {
    let queue = place.queue().await;
    let foreign = Order { weights: [9; 32], ..order(1) };
    let id = queue.submit(&foreign).await.expect("submitted");
    let (worker, log) = worker(&place, PROVER.clone(), HASTY).await;
    worker.run(1, true).await.expect("a worker");
    assert_eq!((log.events(), job(&queue, id).await.state), (vec![], State::Waiting));
}

async fn a_forgotten_job_is_gone(place: Place) {
    let queue = place.queue().await;
    let id = queue.submit(&order(1)).await.expect("submitted");
    let claim = claim(&place, "diligent", HASTY.lease).await.expect("a claim");
    assert!(queue.forget(id).await.expect("an answer"));
    assert!(queue.jobs().await.expect("jobs").is_empty());
    assert!(!queue.fail(&claim, "late").await.expect("an answer"));
    assert!(!queue.forget(id).await.expect("an answer"));
    queue.submit(&order(1)).await.expect("submitted");
    assert_eq!(job(&queue, id).await.attempts, 0);
}

async fn jobs_are_shown_with_what_to_expect(place: Place) {
    let queue = place.queue().await;
    let (done, waiting) = (order(1), Order { deadline: 7, ..order(2) });
    queue.submit(&done).await.expect("submitted");
    let proof = PROVER.prove(&done).expect("a proof");
    let claimed = claim(&place, "quick", HASTY.lease).await.expect("a claim");
    assert!(queue.finish(&claimed, &proof, 2.5).await.expect("an answer"));
    queue.submit(&waiting).await.expect("submitted");
    queue.submit(&order(3)).await.expect("submitted");

    let args = jobs::Args { queue: place.location.clone(), forget: None };
    let shown = jobs::run(&args, &Ui::new(true)).await.expect("an outcome");
    let listed = shown.json["jobs"].as_array().expect("jobs");
    let labels: Vec<_> = listed.iter().map(|job| job["label"].as_str().expect("a label")).collect();
    assert_eq!(labels, ["prediction 2", "prediction 1", "prediction 3"]);
    assert_eq!(listed[0]["id"], waiting.id().to_string());
    assert_eq!((&listed[0]["state"], &listed[0]["late"]), (&"waiting".into(), &true.into()));
    assert_eq!((&listed[0]["expectedSeconds"], &listed[2]["expectedSeconds"]), (&2.5.into(), &5.0.into()));
    assert!(listed[0]["secondsLeft"].as_i64() < Some(-1_000_000_000));
    assert_eq!((&listed[1]["state"], &listed[1]["seconds"]), (&"done".into(), &2.5.into()));
    assert_eq!((&listed[2]["late"], &listed[2]["attempts"]), (&false.into(), &0.into()));
    let secrets = [waiting.input_salt, waiting.output_salt].map(|x| format!("{x:?}")[2..].to_owned());
    let input: String = waiting.input.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{}{}", shown.json, shown.text);
    assert!(!secrets.iter().chain([&input]).any(|secret| text.contains(secret)), "{text}");
    assert!(shown.text.lines().nth(1).is_some_and(|line| line.contains("prediction 2") && line.contains("LATE")));

    let args = jobs::Args { queue: place.location.clone(), forget: Some(waiting.id().0) };
    jobs::run(&args, &Ui::new(true)).await.expect("an outcome");
    assert_eq!(queue.job(waiting.id()).await.expect("an answer"), None);
    assert!(jobs::run(&args, &Ui::new(true)).await.is_err(), "there is none any more");
}

/// A server that is gone for a while is waited for, with what was proven meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_outlives_its_database() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Place::at(cluster.database("outage"));
    let queue = place.queue().await;
    let id = queue.submit(&order(1)).await.expect("submitted");
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let prover = Rule::new(move |_, order: &Order| {
        let _ = receiver.lock().map(|receiver| receiver.recv());
        PROVER.prove(order)
    });
    let (worker, log) = worker(&place, prover, HASTY).await;
    let running = tokio::spawn(async move { worker.run(1, true).await });
    until(&queue, id, is_running).await;
    cluster.stop();
    drop(sender);
    while !log.events().iter().any(|event| matches!(event, Event::Unreachable { .. })) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cluster.start();
    running.await.expect("joined").expect("a worker");
    assert_eq!(log.proven(), [id]);
    assert_eq!(job(&queue, id).await.attempts, 1, "it was proven once");
    assert_eq!(queue.proof(id).await.expect("an answer").expect("a proof").instances[3], Fr::from(1));
}
