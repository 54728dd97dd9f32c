//! A marketplace on a chain of its own, with parties that play on it.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider as _, ProviderBuilder},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use zkescrow_circuits::{model::Model, sample};
use zkescrow_client::{
    bindings::ModelRegistry,
    chain::{Chain, NodeArgs, Patience, local::LocalChain},
    commands::deploy,
    contracts::Contracts,
    market::{
        deployment::{Constants, Deployment},
        models::Models,
        money,
    },
    queue::{Limits, Prover, Queue, Worker},
    rounds::{
        Case, Consumer, Desk, Offer, Provider,
        case::{State, Terms, id_of},
        consumer::Audit,
        offer::{Handover, Seconds},
        provider::Goods,
    },
    service::{Client, http},
    store::Store,
};
use zkescrow_tests::SETTING;

/// Waits as short as tests can bear.
const FAST: Patience = Patience {
    answer: Duration::from_secs(10),
    pause: Duration::from_millis(10),
    poll: Duration::from_millis(20),
    replace: Duration::from_secs(20),
    silence: Duration::from_secs(10),
    give_up: Duration::from_secs(60),
};

/// Rounds of tests.
pub const COUNT: u64 = 4;

/// Seconds of every window.
pub const WINDOW: u32 = 3_600;

/// What can be proven, made once for all tests of a process.
static PROVER: LazyLock<Arc<Prover>> = LazyLock::new(|| {
    let s = &*SETTING;
    // Keys cannot be cloned, and everything here is made anew in less time than a proof.
    let keys = zkescrow_circuits::keys::ProverKeys::generate(
        &s.model.network,
        Default::default(),
        zkescrow_circuits::srs::Srs::development(s.keys.verifier.plan.shape.k),
    );
    let keys = keys.expect("keys");
    let (model, commitment, opening) = (s.model.clone(), s.commitment.clone(), s.opening.clone());
    Arc::new(Prover { keys, model, commitment, opening })
});

/// A marketplace.
pub struct Stage {
    pub deployment: Deployment,
    pub node: DynProvider,
    pub folder: TempDir,
    local: LocalChain,
}

impl Stage {
    pub async fn new() -> Self {
        let local = LocalChain::start(0).unwrap_or_else(|e| panic!("{e}"));
        let chain = Chain::connect(&NodeArgs::local(&local.rpc)).await.expect("a node").with_patience(FAST);
        let mut deployment = Deployment::create(&chain, &Constants::default()).await.unwrap_or_else(|e| panic!("{e}"));
        let s = &*SETTING;
        let contracts =
            Contracts::deploy(&chain, &s.keys.verifier, &s.compiled).await.unwrap_or_else(|e| panic!("{e}"));
        let architecture = deploy::describe(&s.keys.verifier, &contracts);
        deployment.add(&chain, architecture).await.unwrap_or_else(|e| panic!("{e}"));
        let node = ProviderBuilder::default().connect_http(local.rpc.parse().expect("a URL")).erased();
        Self { deployment, node, folder: tempfile::tempdir().expect("temporary folder"), local }
    }

    /// A desk of one of Anvil's accounts.
    pub async fn desk(&self, account: usize) -> Desk {
        let accounts = self.node.get_accounts().await.expect("accounts");
        let args = NodeArgs::local(&self.local.rpc).with_account(accounts[account]);
        let chain = Chain::connect(&args).await.expect("a node").with_patience(FAST);
        let store = Store::open(&self.folder.path().join(format!("{account}.db"))).await.expect("a store");
        let market = self.deployment.market;
        Desk {
            chain: chain.with_journal(store.clone()),
            escrow: market.prediction_escrow.address,
            since: market.since,
            store,
        }
    }

    /// A provider with a registered and staked model, which answers with `model`.
    pub async fn provider(&self, account: usize, model: Model) -> Provider {
        let s = &*SETTING;
        let desk = self.desk(account).await;
        let models = self.models(&desk);
        let keys = s.keys.verifier.clone();
        let architecture = self.deployment.architecture(&keys.arch).expect("deployed");
        let weights = s.commitment.model_id(&keys.arch, &desk.chain.sender.into_array());
        let points = s.commitment.words().into_iter().map(U256::from_be_bytes).collect();
        let (id, _) = models.register(architecture, weights, points).await.expect("registered");
        let (minimum, _, _) = models.constants().await.expect("constants");
        models.stake(id, minimum).await.expect("staked");
        let (offer, queue) = (offer(desk.chain.sender, id), self.queue(account).await);
        let commitment = s.commitment.clone();
        Provider { desk, goods: Arc::new(Goods { model, keys, commitment }), offer, queue }
    }

    /// A registered provider that was started again.
    pub async fn again(&self, account: usize, terms: &Terms) -> Provider {
        let (s, desk) = (&*SETTING, self.desk(account).await);
        let offer = offer(terms.provider, terms.model);
        let queue = self.queue(account).await;
        let goods = Goods { model: s.model.clone(), keys: s.keys.verifier.clone(), commitment: s.commitment.clone() };
        Provider { desk, goods: Arc::new(goods), offer, queue }
    }

    async fn queue(&self, account: usize) -> Queue {
        let queue = self.folder.path().join(format!("{account}-queue.db"));
        Queue::open(queue.to_str().expect("text")).await.expect("a queue")
    }

    /// An honest provider.
    pub async fn honest(&self, account: usize) -> Provider {
        self.provider(account, SETTING.model.clone()).await
    }

    /// A consumer that contests these predictions.
    pub async fn consumer(&self, account: usize, contested: &[u64]) -> Consumer {
        let audit = Audit { always: contested.iter().copied().collect(), ..Audit::default() };
        let network = Arc::new(SETTING.model.network.clone());
        Consumer { desk: self.desk(account).await, network, audit }
    }

    /// A consumer that knows the model.
    pub async fn knowing(&self, account: usize) -> Consumer {
        let mut consumer = self.consumer(account, &[]).await;
        consumer.audit.model = Some(Arc::new(SETTING.model.clone()));
        consumer
    }

    pub fn models(&self, desk: &Desk) -> Models {
        Models { chain: desk.chain.clone(), registry: self.deployment.market.registry.address }
    }

    /// Lets time pass.
    pub async fn pass(&self, seconds: u32) {
        let later = self.node.raw_request::<_, Value>("evm_increaseTime".into(), (seconds,)).await;
        later.expect("later");
        self.node.raw_request::<_, Value>("evm_mine".into(), ()).await.expect("a block");
    }

    /// INVARIANT I1 and I2, when no round is open: all money of the escrow is somebody's credit.
    pub async fn assert_paid_out(&self, desk: &Desk) {
        let accounts = self.node.get_accounts().await.expect("accounts");
        let mut credits = U256::ZERO;
        for account in accounts {
            credits += money::credit(&desk.chain, desk.escrow, Address::ZERO, account).await.expect("a credit");
        }
        assert_eq!(desk.chain.balance(desk.escrow).await.expect("a balance"), credits);
    }

    /// The stake of a provider's model.
    pub async fn stake(&self, provider: &Provider) -> U256 {
        let model = self.models(&provider.desk).model(provider.offer.model).await.expect("a model");
        U256::from(model.stake)
    }

    /// Cases that the stake of a provider's model answers for.
    pub async fn open_cases(&self, provider: &Provider) -> u64 {
        let call = ModelRegistry::modelOfCall { model: provider.offer.model };
        let registry = self.deployment.market.registry.address;
        provider.desk.chain.ask("read a model", registry, &call).await.expect("a model").openCases
    }
}

/// What all providers offer.
fn offer(provider: Address, model: B256) -> Offer {
    let second = WINDOW;
    Offer {
        provider,
        model,
        currency: Address::ZERO,
        most: 100,
        beta: 3,
        proof_cost: 1_000_000_000_000_000,
        price: 10_000_000_000_000,
        demand_bond: 1_000_000_000_000,
        windows: Seconds {
            accept: second,
            inputs: second,
            predictions: second,
            contest: second,
            respond: second,
            respond_each: 60,
        },
        courier: Handover { step: second, per_chunk: 60, bond: 1_000_000_000_000 },
    }
}

/// A provider's service, until it is dropped.
pub struct Service {
    pub client: Client,
    pub url: String,
    task: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn serve(provider: &Provider) -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let client = Client::new(&url).expect("a client");
    let provider = Arc::new(provider.clone());
    let task = tokio::spawn(async move {
        http::serve(provider, listener, std::future::pending()).await.expect("served");
    });
    Service { client, url, task }
}

/// Proves whatever is ordered.
pub async fn prove(provider: &Provider) {
    let limits = Limits { poll: Duration::from_millis(50), ..Limits::default() };
    Worker::new(provider.queue.clone(), PROVER.clone(), limits, |_| {}).run(1, true).await.expect("proven");
}

/// Opens a round of [`COUNT`] inputs.
pub async fn open(consumer: &Consumer, provider: &Provider) -> U256 {
    open_with(consumer, provider, (0..COUNT).map(|i| sample::input(&consumer.network, 50 + i)).collect()).await
}

pub async fn open_with(consumer: &Consumer, provider: &Provider, images: Vec<Vec<u8>>) -> U256 {
    let salt = U256::from_be_bytes(rand::random::<[u8; 32]>());
    let terms = provider.offer.terms(consumer.desk.chain.sender, images.len() as u32, salt);
    let id = id_of(&terms);
    consumer.prepare(id, images).await.expect("prepared");
    assert_eq!(consumer.desk.open(terms).await.expect("opened").0, id);
    id
}

/// Plays for both sides until neither has anything to do.
pub async fn play(consumer: &Consumer, provider: &Provider, service: Option<&Service>, id: U256) -> Case {
    let mut idle = false;
    loop {
        let provided = provider.look(id).await;
        if let Some(service) = service {
            // What it refuses is seen by what the round comes to.
            let _ = service.client.exchange(consumer, &consumer.desk.case(id).await.expect("a round")).await;
        }
        let consumed = consumer.look(id).await.unwrap_or_else(|e| panic!("{e}"));
        let moved = consumed.is_some() || matches!(provided, Ok(Some(_)));
        let case = consumer.desk.case(id).await.expect("a round");
        if !moved {
            let waiting: BTreeSet<u64> = case.outstanding().collect();
            if case.state == State::Contested && !waiting.is_empty() && provided.is_ok() {
                prove(provider).await;
                continue;
            }
            // What was exchanged off chain is something to do for the other side.
            if idle {
                return case;
            }
        }
        idle = !moved;
    }
}
