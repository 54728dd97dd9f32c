//! Clients that end in the middle of anything: what is started again goes on, and does nothing twice.

use alloy::providers::Provider as _;
use zkescrow_client::rounds::case::State;

use crate::stage::{Stage, open, prove, serve};

/// Transactions of an account.
async fn sent(stage: &Stage, account: usize) -> u64 {
    let accounts = stage.node.get_accounts().await.expect("accounts");
    stage.node.get_transaction_count(accounts[account]).await.expect("a count")
}

/// Both sides forget everything but their stores between any two looks, and each look is given up after some polls of its
/// future: after one at first, later after more.
#[tokio::test]
async fn parties_that_end_in_the_middle_play_to_the_end() {
    let stage = Stage::new().await;
    let id = {
        let provider = stage.honest(1).await;
        open(&stage.consumer(2, &[1]).await, &provider).await
    };
    let terms = stage.desk(1).await.case(id).await.expect("a round").terms;
    let begun = (sent(&stage, 1).await, sent(&stage, 2).await);
    let mut polls = 1;
    for _ in 0..200 {
        // New in each turn: nothing is remembered but what is stored.
        let provider = stage.again(1, &terms).await;
        let consumer = stage.consumer(2, &[1]).await;
        let service = serve(&provider).await;
        let case = consumer.desk.case(id).await.expect("a round");
        if case.is_over() {
            break;
        }
        if case.state == State::Contested {
            prove(&provider).await;
        }
        given_up(service.client.exchange(&consumer, &case), polls).await;
        given_up(provider.look(id), polls).await;
        given_up(consumer.look(id), polls).await;
        polls += 1 + polls / 16;
    }
    let case = stage.desk(2).await.case(id).await.expect("a round");
    assert_eq!((case.state, case.proven.len()), (State::Served, 1));
    // accept, commit to predictions, respond; commit to inputs, contest, and whoever was first to settle.
    let ended = (sent(&stage, 1).await, sent(&stage, 2).await);
    assert_eq!(ended.0 - begun.0 + ended.1 - begun.1, 6);
}

/// Polls a future so often, and drops it then.
async fn given_up<T>(future: impl Future<Output = T>, mut polls: u32) {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        if polls == 0 {
            return std::task::Poll::Ready(());
        }
        polls -= 1;
        future.as_mut().poll(context).map(drop)
    })
    .await;
}
