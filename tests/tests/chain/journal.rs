//! With a journal: a step with a name is taken once, whatever becomes of the process that takes it.

use std::{
    cmp::Ordering,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use alloy::providers::Provider;
use tokio::time::sleep;
use zkescrow_client::{
    chain::{NodeArgs, Patience},
    failure::Failure,
};

use super::{
    proxy::{Act, Proxy},
    stage::{FAST, Stage, connect, mined, somebody, step, store, submitting},
};

/// Reverts unless its first slot is empty.
const GATE: [u8; 10] = [0x5f, 0x54, 0x60, 0x06, 0x57, 0x00, 0x5b, 0x5f, 0x5f, 0xfd];

/// A future that is given up after some polls, as if its process was killed.
struct Killed<F> {
    inner: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(context).map(Some)
    }
}

#[tokio::test]
async fn a_step_that_was_taken_is_not_taken_again() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let to = somebody();
    let mut hashes = vec![];
    for _ in 0..3 {
        let chain = stage.chain().await.with_journal(store(folder.path()).await);
        hashes.push(chain.submit(step(Some("a step"), to)).await.expect("mined").hash);
    }
    assert!(hashes.iter().all(|&hash| hash == hashes[0]));
    assert_eq!(stage.times(to).await, 1);
    // Another name is another step, and without one each is its own.
    let chain = stage.chain().await.with_journal(store(folder.path()).await);
    for name in [Some("another"), None, None] {
        chain.submit(step(name, to)).await.expect("mined");
    }
    assert_eq!(stage.times(to).await, 4);
}

/// Kills the process at each point where it waits for something, begins again, and looks what came of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_never_takes_a_step_twice() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let mut interrupted = 0;
    // How often a step waits depends on how fast others are: about twenty times.
    for polls in 0..40 {
        let (to, name) = (somebody(), format!("step {polls}"));
        let chain = stage.chain().await.with_journal(store(folder.path()).await);
        let inner = Box::pin(async move { chain.submit(step(Some(&name), to)).await });
        let ended = Killed { inner, polls }.await.is_some();
        let again = stage.chain().await.with_journal(store(folder.path()).await);
        again.submit(step(Some(&format!("step {polls}")), to)).await.unwrap_or_else(|e| panic!("{polls} polls: {e}"));
        assert_eq!(stage.times(to).await, 1, "{polls} polls");
        interrupted += usize::from(!ended);
    }
    assert!(interrupted > 3, "{interrupted} points");
}

/// The node hears a question, and from then on nobody hears anything: for each question that a step asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_never_takes_a_step_twice() {
    /// Questions of connecting.
    const CONNECT: usize = 3;
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let hasty = Duration::from_millis(1);
    let patience = Patience { pause: hasty, poll: hasty, silence: hasty, give_up: 50 * hasty, ..FAST };
    let mut broken = 0;
    for last in CONNECT.. {
        let proxy = Proxy::start(&stage.local.rpc, move |count, _| match count.cmp(&last) {
            Ordering::Less => Act::Forward,
            Ordering::Equal => Act::Swallow,
            Ordering::Greater => Act::Refuse,
        });
        let (to, name) = (somebody(), format!("step {last}"));
        let chain = connect(&NodeArgs::local(&proxy.rpc)).await.with_patience(patience);
        let ended = chain.with_journal(store(folder.path()).await).submit(step(Some(&name), to)).await.is_ok();
        let again = stage.chain().await.with_journal(store(folder.path()).await);
        again.submit(step(Some(&name), to)).await.unwrap_or_else(|e| panic!("question {last}: {e}"));
        assert_eq!(stage.times(to).await, 1, "question {last}");
        if ended {
            break;
        }
        broken += 1;
    }
    assert!(broken >= 8, "{broken} questions");
}

/// Steps without a name may be lost, but must not block others by their nonces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_blocks_nobody() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    for polls in (0..60).step_by(3) {
        let (lost, next) = (somebody(), somebody());
        let chain = stage.chain().await.with_journal(store(folder.path()).await);
        Killed { inner: Box::pin(async move { chain.submit(step(None, lost)).await }), polls }.await;
        let again = stage.chain().await.with_journal(store(folder.path()).await);
        again.submit(step(None, next)).await.unwrap_or_else(|e| panic!("{polls} polls: {e}"));
        assert_eq!(stage.times(next).await, 1);
        assert!(stage.times(lost).await <= 1);
    }
}

#[tokio::test]
async fn what_was_stored_but_not_sent_is_sent_as_it_was_stored() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let to = somebody();
    let mute = Proxy::start(&stage.local.rpc, |_, request| match request["method"].as_str() {
        Some("eth_sendRawTransaction") => Act::Refuse,
        _ => Act::Forward,
    });
    let patience = Patience { give_up: Duration::from_millis(100), ..FAST };
    let chain = connect(&NodeArgs::local(&mute.rpc)).await.with_patience(patience);
    let chain = chain.with_journal(store(folder.path()).await);
    let waiting = chain.submit(step(Some("a step"), to)).await.expect_err("not sent");
    let Failure::Unmined { hash, .. } = &waiting else { panic!("{waiting}") };
    assert!(waiting.to_string().contains("run the same again"), "{waiting}");
    assert_eq!(stage.nonce(chain.sender).await, 0);

    // Another step has to let it pass.
    let chain = stage.chain().await.with_journal(store(folder.path()).await);
    chain.submit(step(Some("another"), somebody())).await.expect("mined");
    assert_eq!(stage.times(to).await, 1);
    let receipt = chain.submit(step(Some("a step"), to)).await.expect("mined");
    assert_eq!(receipt.hash.to_string(), *hash);
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (1, 2));
}

/// Replaced by the one process, waited for by the other: the step has several transactions, and one of them counts.
#[tokio::test]
async fn replacements_are_in_the_journal() {
    let (stage, folder) = (Stage::idle(), tempfile::tempdir().expect("a folder"));
    let to = somebody();
    let patience = Patience { replace: Duration::from_millis(50), ..FAST };
    let chain = stage.chain().await.with_patience(patience).with_journal(store(folder.path()).await);
    let one = submitting(&chain, step(Some("a step"), to));
    let first = stage.pending().await;
    while stage.pending().await == first {
        sleep(FAST.poll).await;
    }
    one.abort();
    stage.mine().await;
    let chain = stage.chain().await.with_journal(store(folder.path()).await);
    let receipt = chain.submit(step(Some("a step"), to)).await.expect("mined");
    assert_ne!(receipt.hash, first);
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (1, 1));
}

#[tokio::test]
async fn a_step_that_a_contract_refused_may_be_tried_again() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let gate = somebody();
    stage.set_code(gate, &GATE).await;
    let chain = stage.chain().await.with_journal(store(folder.path()).await);
    stage.set_slot(gate, 1).await;
    let refused = chain.submit(step(Some("a step"), gate)).await.expect_err("refused");
    assert!(matches!(refused, Failure::Refused { .. }), "{refused}");
    assert_eq!((refused.exit_code(), stage.nonce(chain.sender).await), (1, 0));
    stage.set_slot(gate, 0).await;
    chain.submit(step(Some("a step"), gate)).await.expect("mined");
    assert_eq!(stage.times(gate).await, 1);
}

#[tokio::test]
async fn a_step_that_was_undone_may_be_tried_again() {
    let (stage, folder) = (Stage::idle(), tempfile::tempdir().expect("a folder"));
    let gate = somebody();
    stage.set_code(gate, &GATE).await;
    let chain = stage.chain().await.with_journal(store(folder.path()).await);
    let one = submitting(&chain, step(Some("a step"), gate));
    let hash = stage.pending().await;
    stage.set_slot(gate, 1).await;
    stage.mine().await;
    let undone = one.await.expect("no panic").expect_err("undone");
    assert_eq!(undone.exit_code(), 1);
    let shown = undone.to_string();
    assert!(shown.contains(&hash.to_string()) && shown.contains("refuses it without a reason"), "{shown}");

    stage.set_slot(gate, 0).await;
    let again = submitting(&chain, step(Some("a step"), gate));
    assert_ne!(stage.pending().await, hash);
    stage.mine().await;
    mined(again).await;
    assert_eq!((stage.times(gate).await, stage.nonce(chain.sender).await), (1, 2));
}

/// As two processes would: nothing but the store is between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_with_one_store_share_nonces() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let to = somebody();
    let elsewhere = stage.local.rpc.replace("127.0.0.1", "localhost");
    let mut chains = vec![];
    for rpc in [&stage.local.rpc, &elsewhere] {
        chains.push(connect(&NodeArgs::local(rpc)).await.with_journal(store(folder.path()).await));
    }
    let names: Vec<_> = (0..5).map(|i| format!("step {i}")).collect();
    let mut all = vec![];
    for chain in &chains {
        // The same steps from both, and some of each.
        all.extend(names.iter().map(|name| submitting(chain, step(Some(name), to))));
        all.extend((0..3).map(|_| submitting(chain, step(None, to))));
    }
    for one in all {
        mined(one).await;
    }
    assert_eq!((stage.times(to).await, stage.nonce(chains[0].sender).await), (11, 11));
}

#[tokio::test]
async fn another_chain_with_the_same_id_knows_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = somebody();
    for timestamp in ["1700000000", "1800000000"] {
        let stage = Stage::with(&["--timestamp", timestamp]);
        let chain = stage.chain().await.with_journal(store(folder.path()).await);
        chain.submit(step(Some("a step"), to)).await.expect("mined");
        assert_eq!(stage.times(to).await, 1);
        assert_eq!(stage.node.get_block_number().await.expect("a number"), 1);
    }
}
