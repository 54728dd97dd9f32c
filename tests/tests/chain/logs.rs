//! Logs of nodes that give few at a time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alloy::{primitives::Address, rpc::types::Filter};
use serde_json::{Value, json};
use zkescrow_client::chain::{Chain, NodeArgs};

use super::{
    proxy::{Act, Proxy, error},
    stage::{Stage, connect, somebody, step},
};

/// Says something twice when it is called.
const ECHO: [u8; 6] = [0x5f, 0x5f, 0xa0, 0x5f, 0x5f, 0xa0];
const CALLS: u64 = 20;

async fn stage() -> (Stage, Chain, Address) {
    let stage = Stage::new();
    let (chain, echo) = (stage.chain().await, somebody());
    stage.set_code(echo, &ECHO).await;
    for _ in 0..CALLS {
        chain.submit(step(None, echo)).await.expect("mined");
    }
    (stage, chain, echo)
}

fn number(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap_or_default().trim_start_matches("0x"), 16).unwrap_or(CALLS)
}

#[tokio::test]
async fn ranges_that_a_node_refuses_are_split() {
    let (stage, chain, echo) = stage().await;
    let filter = Filter::new().address(echo).from_block(0);
    let all = chain.logs("read", &filter).await.expect("logs");
    assert_eq!(all.len(), 2 * CALLS as usize);
    let asked = Arc::new(AtomicUsize::new(0));
    for (width, code, reason) in
        [(3, -32_005, "query returned more than 10000 results"), (1, -32_000, "block range is too wide")]
    {
        let count = asked.clone();
        let proxy = Proxy::start(&stage.local.rpc, move |_, request| {
            if request["method"] != "eth_getLogs" {
                return Act::Forward;
            }
            count.fetch_add(1, Ordering::Relaxed);
            let range = &request["params"][0];
            let blocks = number(&range["toBlock"]) - number(&range["fromBlock"]) + 1;
            if blocks > width { error(request, code, reason) } else { Act::Forward }
        });
        let chain = connect(&NodeArgs::local(&proxy.rpc)).await;
        let some = chain.logs("read", &filter).await.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(some, all, "{width} blocks at a time");
        let places: Vec<_> = some.iter().map(|log| (log.block_number, log.log_index)).collect();
        assert!(places.is_sorted());
    }
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked < 100, "{asked} requests");
}

#[tokio::test]
async fn a_block_that_a_node_refuses_is_an_error() {
    let (stage, _, echo) = stage().await;
    let proxy = Proxy::start(&stage.local.rpc, |_, request| match request["method"].as_str() {
        Some("eth_getLogs") => error(request, -32_000, "too many results"),
        _ => Act::Forward,
    });
    let chain = connect(&NodeArgs::local(&proxy.rpc)).await;
    let refused = chain.logs("read", &Filter::new().address(echo).from_block(0)).await.expect_err("refused");
    assert!(refused.to_string().contains("too many results"), "{refused}");
}

#[tokio::test]
async fn logs_that_nobody_asked_for_are_refused() {
    let (stage, chain, echo) = stage().await;
    let others = somebody();
    let filter = Filter::new().address(others).from_block(0);
    assert!(chain.logs("read", &filter).await.expect("logs").is_empty());
    // The node forgets whose logs it was asked for.
    let lie = stage.rpc("eth_getLogs", json!([{ "address": echo, "fromBlock": "0x0" }])).await;
    let proxy = Proxy::start(&stage.local.rpc, move |_, request| match request["method"].as_str() {
        Some("eth_getLogs") => super::proxy::result(request, lie.clone()),
        _ => Act::Forward,
    });
    let chain = connect(&NodeArgs::local(&proxy.rpc)).await;
    let refused = chain.logs("read", &filter).await.expect_err("refused").to_string();
    assert!(refused.contains("was not asked for"), "{refused}");
}
