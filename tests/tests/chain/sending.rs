//! Without a journal: whatever the chain does, a step that was begun is taken once.

use std::time::Duration;

use alloy::{
    primitives::B256,
    providers::{Provider, ext::AnvilApi},
    rpc::types::anvil::ReorgOptions,
};
use serde_json::json;
use tokio::time::sleep;
use zkescrow_client::chain::{NodeArgs, Patience};

use super::stage::{FAST, Stage, connect, mined, somebody, step, submitting};

#[tokio::test]
async fn a_step_is_mined_and_told() {
    let stage = Stage::new();
    let (chain, to) = (stage.chain().await, somebody());
    let receipt = chain.submit(step(None, to)).await.expect("mined");
    assert_eq!((receipt.block, receipt.gas, receipt.logs.len()), (1, 21_000, 0));
    assert_eq!(stage.times(to).await, 1);
    let sent = stage.node.get_transaction_by_hash(receipt.hash).await.expect("an answer").expect("a transaction");
    let (base, fees) = (1_000_000_000, sent.inner.as_eip1559().expect("EIP-1559").tx().clone());
    assert!(fees.max_fee_per_gas >= 2 * base && fees.max_priority_fee_per_gas > 0, "{fees:?}");
    assert_eq!(fees.gas_limit, 26_250);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_steps_at_once_all_arrive() {
    let stage = Stage::new();
    let chains = [stage.chain().await, stage.chain().await];
    let to = somebody();
    let all: Vec<_> = (0..10).map(|i| submitting(&chains[i % 2], step(None, to))).collect();
    for one in all {
        mined(one).await;
    }
    assert_eq!((stage.times(to).await, stage.nonce(chains[0].sender).await), (10, 10));
}

#[tokio::test]
async fn several_steps_wait_together() {
    let stage = Stage::idle();
    let (chain, to) = (stage.chain().await, somebody());
    let all: Vec<_> = (0..5).map(|_| submitting(&chain, step(None, to))).collect();
    while stage.node.get_transaction_count(chain.sender).pending().await.expect("a number") < 5 {
        sleep(Duration::from_millis(10)).await;
    }
    stage.mine().await;
    let mut blocks = vec![];
    for one in all {
        blocks.push(mined(one).await.block);
    }
    assert_eq!((blocks, stage.times(to).await), (vec![1; 5], 5));
}

#[tokio::test]
async fn a_step_that_a_reorganisation_undid_is_taken_again() {
    let stage = Stage::idle();
    let chain = connect(&NodeArgs { confirmations: Some(3), ..stage.args() }).await;
    let to = somebody();
    let one = submitting(&chain, step(None, to));
    let hash = stage.pending().await;
    stage.mine().await;
    assert_eq!(stage.times(to).await, 1);
    stage.node.anvil_reorg(ReorgOptions { depth: 1, tx_block_pairs: vec![] }).await.expect("reorganised");
    assert_eq!((stage.times(to).await, one.is_finished()), (0, false));
    // The same bytes are there again.
    assert_eq!(stage.pending().await, hash);
    for _ in 0..2 {
        stage.mine().await;
    }
    sleep(FAST.poll * 5).await;
    assert!(!one.is_finished(), "it is not deep enough");
    stage.mine().await;
    let receipt = mined(one).await;
    assert_eq!((receipt.hash, receipt.block), (hash, 2));
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (1, 1));
}

#[tokio::test]
async fn a_dropped_transaction_is_sent_again() {
    let stage = Stage::idle();
    let (chain, to) = (stage.chain().await, somebody());
    let one = submitting(&chain, step(None, to));
    for _ in 0..3 {
        let hash = stage.pending().await;
        let dropped: Option<B256> = stage.node.anvil_drop_transaction(hash).await.expect("an answer");
        assert_eq!(dropped, Some(hash));
    }
    stage.pending().await;
    stage.mine().await;
    mined(one).await;
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (1, 1));
}

#[tokio::test]
async fn a_jump_of_the_base_fee_is_followed() {
    let stage = Stage::idle();
    let patience = Patience { replace: Duration::from_millis(200), ..FAST };
    let (chain, to) = (stage.chain().await.with_patience(patience), somebody());
    let one = submitting(&chain, step(None, to));
    let cheap = stage.pending().await;
    let jump = 40_000_000_000_u64;
    stage.rpc("anvil_setNextBlockBaseFeePerGas", json!([format!("{jump:#x}")])).await;
    stage.mine().await;
    assert_eq!(stage.times(to).await, 0, "too cheap for the block");
    while stage.pending().await == cheap {
        sleep(FAST.poll).await;
    }
    while !one.is_finished() {
        stage.mine().await;
        sleep(FAST.poll).await;
    }
    let receipt = mined(one).await;
    assert_ne!(receipt.hash, cheap);
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (1, 1));
}

#[tokio::test]
async fn what_is_too_dear_is_not_sent() {
    let stage = Stage::new();
    let chain = connect(&NodeArgs { max_fee_gwei: 1, ..stage.args() }).await;
    stage.rpc("anvil_setNextBlockBaseFeePerGas", json!(["0x12a05f200"])).await;
    stage.mine().await;
    let refused = chain.submit(step(None, somebody())).await.expect_err("refused").to_string();
    assert!(refused.contains("--max-fee-gwei allows 1"), "{refused}");
    assert_eq!(stage.nonce(chain.sender).await, 0);
}

#[tokio::test]
async fn a_step_whose_nonce_somebody_else_used_gets_another() {
    let stage = Stage::idle();
    let (chain, to) = (stage.chain().await, somebody());
    let one = submitting(&chain, step(None, to));
    stage.pending().await;
    let rival = json!([{
        "from": chain.sender, "to": somebody(), "nonce": "0x0", "value": "0x1",
        "maxFeePerGas": "0x4a817c800", "maxPriorityFeePerGas": "0x4a817c800",
    }]);
    stage.rpc("eth_sendTransaction", rival).await;
    stage.mine().await;
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (0, 1));
    stage.pending().await;
    stage.mine().await;
    mined(one).await;
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (1, 2));
}

#[tokio::test]
async fn contracts_are_where_their_creator_says() {
    let stage = Stage::new();
    let chain = stage.chain().await;
    // Returns one byte of code: STOP.
    let deployed = chain.deploy("empty contract", vec![0x60, 0x01, 0x5f, 0xf3]).await.expect("deployed");
    assert_eq!(deployed.address, chain.sender.create(0));
    let gas = chain.transact("call it", deployed.address, vec![], 30_000).await.expect("called");
    assert_eq!(gas, 21_000);
    let refused = chain.deploy("contract without code", vec![0x00]).await.expect_err("refused").to_string();
    assert!(refused.contains("no code at the new address"), "{refused}");
}
