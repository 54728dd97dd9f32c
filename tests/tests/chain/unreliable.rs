//! Nodes that fail, hang, and lie.

use std::time::Duration;

use alloy::{primitives::U256, rpc::types::Filter};
use serde_json::{Value, json};
use zkescrow_client::chain::{Chain, NodeArgs, Patience};

use super::{
    proxy::{Act, Proxy, error, result},
    stage::{FAST, Stage, connect, somebody, step, store},
};

/// Every third request goes wrong, each time in another way.
#[tokio::test]
async fn steps_are_taken_once_over_a_bad_connection() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let proxy = Proxy::start(&stage.local.rpc, |count, request| match count % 18 {
        2 => Act::Refuse,
        5 => Act::Swallow,
        8 => Act::Reply(503, "busy".into()),
        11 => Act::Delay(Duration::from_millis(700)),
        14 => Act::Reply(200, "<html>".into()),
        17 => error(request, 429, "too many requests"),
        _ => Act::Forward,
    });
    let patience = Patience { answer: Duration::from_millis(300), ..FAST };
    let to = somebody();
    for i in 0..12 {
        // A new process each time; half of them without a name.
        let chain = connect(&NodeArgs::local(&proxy.rpc)).await.with_patience(patience);
        let chain = chain.with_journal(store(folder.path()).await);
        let name = format!("step {i}");
        let step = step(Some(name.as_str()).filter(|_| i % 2 == 0), to);
        chain.submit(step).await.unwrap_or_else(|e| panic!("step {i}: {e}"));
    }
    let chain = stage.chain().await;
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (12, 12));
}

/// The node has it, but never says so.
#[tokio::test]
async fn a_lost_answer_does_not_send_twice() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let proxy = Proxy::start(&stage.local.rpc, |_, request| match request["method"].as_str() {
        Some("eth_sendRawTransaction") => Act::Swallow,
        _ => Act::Forward,
    });
    let to = somebody();
    let chain = connect(&NodeArgs::local(&proxy.rpc)).await.with_journal(store(folder.path()).await);
    for name in [None, Some("a step"), Some("a step")] {
        chain.submit(step(name, to)).await.expect("mined");
    }
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (2, 2));
}

/// Nodes that keep little answer so about what is long ago.
#[tokio::test]
async fn a_forgotten_receipt_does_not_send_twice() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let proxy = Proxy::start(&stage.local.rpc, |_, request| match request["method"].as_str() {
        Some("eth_getTransactionReceipt") => result(request, Value::Null),
        _ => Act::Forward,
    });
    let to = somebody();
    let chain = stage.chain().await.with_journal(store(folder.path()).await);
    chain.submit(step(Some("a step"), to)).await.expect("mined");
    let chain = connect(&NodeArgs::local(&proxy.rpc)).await.with_journal(store(folder.path()).await);
    let unknown = chain.submit(step(Some("a step"), to)).await.expect_err("unknown").to_string();
    assert!(unknown.contains("it was done before"), "{unknown}");
    assert_eq!((stage.times(to).await, stage.nonce(chain.sender).await), (1, 1));
}

#[tokio::test]
async fn a_node_that_went_away_is_an_error() {
    let stage = Stage::new();
    let chain = stage.chain().await.with_patience(Patience { silence: Duration::from_millis(200), ..FAST });
    drop(stage);
    let gone = chain.submit(step(None, somebody())).await.expect_err("gone").to_string();
    assert!(gone.contains("is a node running there?"), "{gone}");
}

/// Whatever nonsense a node answers, and to which question: an error, no panic, and nothing sent that was not asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_an_error() {
    let stage = Stage::new();
    let methods = [
        "eth_chainId",
        "eth_accounts",
        "eth_getBlockByNumber",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_signTransaction",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_blockNumber",
        "eth_call",
        "eth_getLogs",
    ];
    let answers = [
        Value::Null,
        json!("0x"),
        json!("0xffffffffffffffff"),
        json!(format!("0x{}", "ff".repeat(40))),
        json!([]),
        json!({}),
        json!([{}]),
        json!({ "baseFeePerGas": [], "gasUsedRatio": [], "oldestBlock": "0x0" }),
        json!({ "raw": "0x02c0" }),
    ];
    let patience = Patience {
        pause: Duration::from_millis(1),
        poll: Duration::from_millis(10),
        silence: Duration::from_millis(50),
        give_up: Duration::from_millis(100),
        ..FAST
    };
    for method in methods {
        for answer in &answers {
            let lie = answer.clone();
            let proxy = Proxy::start(&stage.local.rpc, move |_, request| match request["method"].as_str() {
                Some(asked) if asked == method => result(request, lie.clone()),
                _ => Act::Forward,
            });
            let Ok(chain) = Chain::connect(&NodeArgs::local(&proxy.rpc)).await else { continue };
            let chain = chain.with_patience(patience);
            let to = somebody();
            let taken = chain.submit(step(None, to)).await.is_ok();
            if taken {
                assert_eq!(stage.times(to).await, 1, "{method}: {answer}");
            }
            let _ = chain.call("ask", to, vec![]).await;
            let _ = chain.now().await;
            let _ = chain.logs("read", &Filter::new().from_block(0)).await;
        }
    }
    assert!(U256::from(stage.nonce(stage.chain().await.sender).await) > U256::ZERO);
}
