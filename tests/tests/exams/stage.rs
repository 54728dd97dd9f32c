//! A marketplace on a chain of its own, with both sides of an exam.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, U256, address},
    providers::{DynProvider, Provider as _, ProviderBuilder},
};
use serde_json::json;
use tempfile::TempDir;
use zkescrow_circuits::{
    commitment,
    model::Model,
    proof::Proof,
    prover::{self, Request},
    sample,
    witness::Salts,
};
use zkescrow_client::{
    bindings::{Courier, Stage as Handover},
    chain::{Chain, NodeArgs, Patience, local::LocalChain},
    commands::deploy,
    contracts::Contracts,
    exams::{
        Case, Consumer, Desk, Provider,
        case::{State, Terms, Windows},
        consumer::{self, Audit},
        next::Move,
        provider::{Consent, Goods},
    },
    failure::Failure,
    market::{
        deployment::{Constants, Deployment},
        models::Models,
        money,
    },
    queue::{Limits, Order, Prove, Queue, Refusal, Worker},
    store::Store,
};
use zkescrow_tests::SETTING;

/// Anvil's first three accounts.
pub const PROVIDER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub const CONSUMER: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// Who gets the fees.
pub const MARKETPLACE: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");

/// The size of the test sets here, and how many of it come first.
pub const EXAMPLES: u32 = 7;
pub const FIRST: u32 = 2;
pub const ANSWERS: u64 = (EXAMPLES - FIRST) as u64;
/// Seconds for every step.
pub const WINDOW: u32 = 1_000;

const FAST: Patience = Patience {
    answer: Duration::from_secs(5),
    pause: Duration::from_millis(20),
    poll: Duration::from_millis(30),
    replace: Duration::from_secs(60),
    silence: Duration::from_secs(10),
    give_up: Duration::from_secs(90),
};

/// The model, once more: the one of the setting cannot be shared.
pub static MODEL: LazyLock<Arc<Model>> = LazyLock::new(|| Arc::new(sample::tiny(1)));

/// Images, each with what the model says about it.
static IMAGES: LazyLock<Vec<(Vec<u8>, u64)>> = LazyLock::new(|| {
    let image = |seed| sample::input(&MODEL.network, seed);
    let answered = |image: Vec<u8>| MODEL.infer(&image).ok().map(|trace| (trace.label as u64, image));
    (100..).filter_map(|seed| answered(image(seed))).map(|(l, i)| (i, l)).take(EXAMPLES as usize).collect()
});

/// A worker that borrows the keys of the setting.
struct Honest;

impl Prove for Honest {
    fn is_ours(&self, weights: &B256, provider: &commitment::Address) -> bool {
        SETTING.commitment.model_id(&SETTING.keys.verifier.arch, provider) == *weights
    }

    fn prove(&self, order: &Order) -> Result<Proof, Refusal> {
        let s = &*SETTING;
        let salts = Salts { input: order.input_salt, output: order.output_salt };
        let request = Request { input: &order.input, salts, context: order.context, provider: order.provider };
        let proven = prover::prove(&s.keys, &s.model, &s.commitment, &s.opening, request);
        proven.map(|proven| proven.proof).map_err(|e| Refusal::Final(e.to_string()))
    }
}

/// A test set whose labels are the model's, or all of them others.
pub fn examples(right: bool) -> Vec<(Vec<u8>, u64)> {
    let classes = MODEL.network.classes() as u64;
    let label = |label: u64| if right { label } else { (label + 1) % classes };
    IMAGES.iter().map(|(image, said)| (image.clone(), label(*said))).collect()
}

/// Both sides.
pub struct Stage {
    pub consumer: Consumer,
    pub provider: Provider,
    pub models: Models,
    pub deployment: Deployment,
    pub rpc: String,
    /// Whether the consumer gives ciphertexts away.
    pub ciphertexts_travel: bool,
    /// Whether the provider gives its answers away.
    pub answers_travel: bool,
    node: DynProvider,
    _local: LocalChain,
    _folder: TempDir,
}

impl Stage {
    pub async fn new() -> Self {
        let s = &*SETTING;
        let local = LocalChain::start(0).unwrap_or_else(|e| panic!("{e}"));
        let node = ProviderBuilder::default().connect_http(local.rpc.parse().expect("a URL")).erased();
        let args = NodeArgs::local(&local.rpc);
        let chain = connect(&args.clone().with_account(PROVIDER)).await;
        let constants = Constants { fee_recipient: MARKETPLACE, ..Constants::default() };
        let mut deployment = Deployment::create(&chain, &constants).await.unwrap_or_else(|e| panic!("{e}"));
        let contracts =
            Contracts::deploy(&chain, &s.keys.verifier, &s.compiled).await.unwrap_or_else(|e| panic!("{e}"));
        let architecture = deploy::describe(&s.keys.verifier, &contracts);
        deployment.add(&chain, architecture).await.expect("added");
        let market = deployment.market;
        let models = Models { chain: chain.clone(), registry: market.registry.address };
        let weights = s.commitment.model_id(&s.keys.verifier.arch, &PROVIDER.into_array());
        let points = s.commitment.words().into_iter().map(U256::from_be_bytes).collect();
        let (model, _) = models.register(&architecture, weights, points).await.expect("registered");
        let (minimum, ..) = models.constants().await.expect("constants");
        models.stake(model, minimum).await.expect("staked");

        let folder = tempfile::tempdir().expect("temporary folder");
        let (escrow, since) = (market.accuracy_escrow.address, market.since);
        let desk = async |chain: Chain, name: &str| {
            let store = Store::open(&folder.path().join(name)).await.expect("a store");
            Desk { chain: chain.with_journal(store.clone()), escrow, since, store }
        };
        let buys = desk(connect(&args.with_account(CONSUMER)).await, "consumer.db").await;
        let sells = desk(chain, "provider.db").await;
        let queue = Queue::open(folder.path().join("queue.db").to_str().expect("text")).await.expect("a queue");
        let goods = Goods { model: sample::tiny(1), keys: s.keys.verifier.clone(), commitment: s.commitment.clone() };
        let network = Arc::new(MODEL.network.clone());
        Self {
            consumer: Consumer { desk: buys, network, audit: Audit::default() },
            provider: Provider {
                desk: sells,
                goods: Arc::new(goods),
                model,
                consent: Consent { accepts: true, confidence: None },
                queue,
            },
            models,
            deployment,
            rpc: local.rpc.clone(),
            ciphertexts_travel: true,
            answers_travel: true,
            node,
            _local: local,
            _folder: folder,
        }
    }

    /// Commits to a test set and opens an exam; both sides have the leaves.
    pub async fn open(&self, examples: Vec<(Vec<u8>, u64)>) -> U256 {
        let store = &self.consumer.desk.store;
        let (root, leaves) = consumer::commit(store, &MODEL.network, examples).await.expect("kept");
        self.provider.learn_test_set(root, &leaves).await.expect("kept");
        self.consumer.desk.open(self.terms(root)).await.unwrap_or_else(|e| panic!("{e}")).0
    }

    /// Half of all answers have to be right.
    pub fn terms(&self, test_set: B256) -> Terms {
        let w = WINDOW;
        Terms {
            consumer: CONSUMER,
            provider: PROVIDER,
            model: self.provider.model,
            currency: Address::ZERO,
            examples: EXAMPLES,
            first: FIRST,
            target: 500_000,
            exampleCost: 1_000_000_000_000,
            proofCost: 100_000_000_000,
            inferenceCost: 1_000_000_000,
            testSet: test_set,
            windows: Windows {
                accept: w,
                announce: w,
                decide: w,
                results: w,
                challenge: w,
                respond: w,
                respondEach: w / 10,
            },
            courier: Courier { step: w, perChunk: w / 10, bond: 1_000_000 },
            salt: U256::from(1),
        }
    }

    pub async fn case(&self, id: U256) -> Case {
        self.consumer.desk.case(id).await.expect("an exam")
    }

    /// Carries what travels off chain: ciphertexts and answers.
    pub async fn carry(&self, id: U256) {
        let case = self.case(id).await;
        if self.ciphertexts_travel && case.delivery().is_some_and(|delivery| delivery.stage == Handover::Announced) {
            let (_, sealed) = self.consumer.desk.seal(&case, &MODEL.network).await.expect("sealed");
            assert!(self.provider.receive(&case, sealed.words()).await.expect("kept"));
        }
        if self.answers_travel && case.state == State::Answered {
            let answers = self.provider.desk.answers(&case).await.expect("answers").1;
            self.consumer.take(&case, &answers).await.expect("the posted answers");
        }
    }

    /// Makes the proofs that are ordered.
    pub async fn prove(&self) {
        let worker = Worker::new(self.provider.queue.clone(), Arc::new(Honest), Limits::default(), |_| {});
        worker.run(1, true).await.expect("proven");
    }

    /// Lets both sides play until it is over, or until nobody has anything to do; says what they did.
    pub async fn play(&self, id: U256) -> (Case, Vec<&'static str>) {
        self.play_while(id, |_| true).await
    }

    /// The same, but no longer than something is so.
    pub async fn play_while(&self, id: U256, goes_on: impl Fn(&Case) -> bool) -> (Case, Vec<&'static str>) {
        let mut made = vec![];
        loop {
            self.carry(id).await;
            let case = self.case(id).await;
            if !goes_on(&case) {
                return (case, made);
            }
            let mut moved = self.provider.look(id).await.unwrap_or_else(|e| panic!("{e}"));
            if moved.is_none() && case.outstanding().next().is_some() {
                self.prove().await;
                moved = self.provider.look(id).await.unwrap_or_else(|e| panic!("{e}"));
            }
            if moved.is_none() {
                moved = self.consumer.look(id).await.unwrap_or_else(|e| panic!("{e}"));
            }
            match moved {
                Some(moved) => made.push(moved.made.verb()),
                None => return (self.case(id).await, made),
            }
        }
    }

    /// Lets time pass.
    pub async fn wait(&self, seconds: u32) {
        for (method, params) in [("evm_increaseTime", json!([seconds])), ("evm_mine", json!([]))] {
            let answer: Result<serde_json::Value, _> = self.node.raw_request(method.into(), params).await;
            answer.unwrap_or_else(|e| panic!("{method}: {e}"));
        }
    }

    /// What an account may withdraw from the escrow.
    pub async fn credit(&self, owner: Address) -> U256 {
        let desk = &self.consumer.desk;
        money::credit(&desk.chain, desk.escrow, Address::ZERO, owner).await.expect("an amount")
    }

    /// What both sides may withdraw: consumer, provider.
    pub async fn credits(&self) -> (U256, U256) {
        (self.credit(CONSUMER).await, self.credit(PROVIDER).await)
    }

    pub async fn stake(&self) -> u128 {
        self.models.model(self.provider.model).await.expect("a model").stake
    }
}

/// The move that a side made.
pub fn made(moved: Result<Option<zkescrow_client::exams::provider::Moved>, Failure>) -> Option<Move> {
    moved.unwrap_or_else(|e| panic!("{e}")).map(|moved| moved.made)
}

async fn connect(args: &NodeArgs) -> Chain {
    Chain::connect(args).await.unwrap_or_else(|e| panic!("{e}")).with_patience(FAST)
}
