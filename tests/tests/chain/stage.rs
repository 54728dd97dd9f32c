//! Anvil, and what the tests ask it beside the client.

use std::{
    path::Path,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};
use zkescrow_client::{
    chain::{Chain, NodeArgs, Patience, Receipt, Step, local::LocalChain},
    failure::Failure,
    store::Store,
};

/// Waits as short as tests can bear.
pub const FAST: Patience = Patience {
    answer: Duration::from_secs(2),
    pause: Duration::from_millis(10),
    poll: Duration::from_millis(30),
    replace: Duration::from_secs(20),
    silence: Duration::from_secs(3),
    give_up: Duration::from_secs(40),
};

/// A chain of its own for one test.
pub struct Stage {
    pub local: LocalChain,
    pub node: DynProvider,
}

impl Stage {
    /// A chain that mines each transaction at once.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// A chain that mines when it is told to.
    pub fn idle() -> Self {
        Self::with(&["--no-mining"])
    }

    pub fn with(arguments: &[&str]) -> Self {
        let local = LocalChain::start_with(0, arguments).unwrap_or_else(|e| panic!("{e}"));
        let node = ProviderBuilder::default().connect_http(local.rpc.parse().expect("a URL")).erased();
        Self { local, node }
    }

    pub fn args(&self) -> NodeArgs {
        NodeArgs::local(&self.local.rpc)
    }

    pub async fn chain(&self) -> Chain {
        connect(&self.args()).await
    }

    pub async fn rpc(&self, method: &'static str, params: Value) -> Value {
        let answer = self.node.raw_request(method.into(), params).await;
        answer.unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    pub async fn mine(&self) {
        self.rpc("evm_mine", json!([])).await;
    }

    /// How often a step was taken: each sends one wei.
    pub async fn times(&self, to: Address) -> u64 {
        self.node.get_balance(to).await.expect("a balance").to()
    }

    pub async fn nonce(&self, of: Address) -> u64 {
        self.node.get_transaction_count(of).await.expect("a number")
    }

    pub async fn set_code(&self, at: Address, code: &[u8]) {
        self.rpc("anvil_setCode", json!([at, Bytes::copy_from_slice(code)])).await;
    }

    pub async fn set_slot(&self, at: Address, value: u64) {
        self.rpc("anvil_setStorageAt", json!([at, U256::ZERO, B256::from(U256::from(value))])).await;
    }

    /// Waits until some transaction is waiting to be mined, and says which.
    pub async fn pending(&self) -> B256 {
        loop {
            let pool = self.rpc("txpool_content", json!([])).await;
            let first = pool["pending"].as_object().and_then(|all| all.values().next()?.as_object()?.values().next());
            if let Some(hash) = first.and_then(|transaction| transaction["hash"].as_str()) {
                return hash.parse().expect("a hash");
            }
            sleep(Duration::from_millis(10)).await;
        }
    }
}

pub async fn connect(args: &NodeArgs) -> Chain {
    Chain::connect(args).await.unwrap_or_else(|e| panic!("{e}")).with_patience(FAST)
}

pub async fn store(folder: &Path) -> Store {
    Store::open(&folder.join("store.db")).await.unwrap_or_else(|e| panic!("{e}"))
}

/// An account that nobody has sent anything to.
pub fn somebody() -> Address {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    Address::with_last_byte(NEXT.fetch_add(1, Ordering::Relaxed)).create(77)
}

/// A step that shows how often it was taken.
pub fn step(name: Option<&str>, to: Address) -> Step {
    Step { name: name.map(Into::into), action: "send a wei".into(), to, value: U256::ONE, input: vec![] }
}

pub fn submitting(chain: &Chain, step: Step) -> JoinHandle<Result<Receipt, Failure>> {
    let chain = chain.clone();
    tokio::spawn(async move { chain.submit(step).await })
}

/// What a step that was begun has to come to.
pub async fn mined(submitting: JoinHandle<Result<Receipt, Failure>>) -> Receipt {
    submitting.await.expect("no panic").unwrap_or_else(|e| panic!("{e}"))
}
