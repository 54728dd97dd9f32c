//! A chain with a marketplace and a public model, and everybody who has to do with a dataset.

use std::{sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
};
use halo2curves::bn256::Fr;
use serde_json::{Value, json};
use tempfile::TempDir;
use zkescrow_circuits::{
    commitment,
    proof::Proof,
    prover::{self, Request as Proving},
    sample,
    witness::Salts,
};
use zkescrow_client::{
    bindings::RetrievalEscrow as escrow,
    chain::{Chain, NodeArgs, Patience, local::LocalChain},
    commands::deploy,
    contracts::Contracts,
    market::{
        deployment::{Constants, Deployment},
        models::Models,
        money,
    },
    queue::{Limits, Order, Prove, Queue, Refusal, Worker},
    requests::{
        Case, Dataset, Desk, Requester, Responder,
        case::{self, Request, State},
        dataset::Terms,
        next::Move,
        responder,
        terms::{Seconds, Times},
    },
    rounds::{offer::Handover, provider::Goods},
    store::Store,
};
use zkescrow_tests::SETTING;

pub const BOND: u128 = 1_000_000_000_000;
pub const REWARD: u128 = 30_000_000_000;
pub const DEMAND_BOND: u128 = 1_000_000;
/// Blocks until a draw.
pub const DELAY: u64 = 64;

/// Whoever gets something wrong here has a slow machine.
const FAST: Patience = Patience {
    answer: Duration::from_secs(10),
    pause: Duration::from_millis(20),
    poll: Duration::from_millis(20),
    replace: Duration::from_secs(30),
    silence: Duration::from_secs(10),
    give_up: Duration::from_secs(60),
};

/// Proves with the keys that all tests share.
pub struct House;

impl Prove for House {
    fn is_ours(&self, weights: &B256, provider: &commitment::Address) -> bool {
        SETTING.commitment.model_id(&SETTING.keys.verifier.arch, provider) == *weights
    }

    fn prove(&self, order: &Order) -> Result<Proof, Refusal> {
        let salts = Salts { input: order.input_salt, output: order.output_salt };
        let request = Proving { input: &order.input, salts, context: order.context, provider: order.provider };
        let s = &*SETTING;
        let proven = prover::prove(&s.keys, &s.model, &s.commitment, &s.opening, request);
        proven.map(|proven| proven.proof).map_err(|e| Refusal::Final(e.to_string()))
    }
}

/// Everybody.
pub struct Stage {
    pub node: DynProvider,
    pub responder: Responder,
    pub requester: Requester,
    pub approver: Desk,
    pub source: Desk,
    /// The public model, by its id in the registry.
    pub model: B256,
    verifier: Address,
    pub folder: TempDir,
    _local: LocalChain,
}

/// What everybody has: a day for each step.
pub fn times() -> Times {
    let day = 86_400;
    let windows = Seconds {
        approve: day,
        results: day,
        prove: day,
        prove_each: 60,
        demand: day,
        identify: day,
        identify_each: 60,
    };
    Times { windows, courier: Handover { step: day, per_chunk: 60, bond: 1_000 } }
}

impl Stage {
    pub async fn new() -> Self {
        let s = &*SETTING;
        let local = LocalChain::start(0).unwrap_or_else(|e| panic!("{e}"));
        let node = ProviderBuilder::default().connect_http(local.rpc.parse().expect("a URL")).erased();
        let accounts = node.get_accounts().await.expect("accounts");
        let folder = tempfile::tempdir().expect("temporary folder");

        let owner = connect(&local.rpc, accounts[0]).await;
        let constants = Constants { draw_delay: DELAY, burn_share: 1_000, ..Constants::default() };
        let mut deployment = done(Deployment::create(&owner, &constants).await);
        let contracts = done(Contracts::deploy(&owner, &s.keys.verifier, &s.compiled).await);
        done(deployment.add(&owner, deploy::describe(&s.keys.verifier, &contracts)).await);
        let registry = deployment.market.registry.address;
        let models = Models { chain: owner.clone(), registry };
        let weights = s.commitment.model_id(&s.keys.verifier.arch, &owner.sender.into_array());
        let points = s.commitment.words().into_iter().map(U256::from_be_bytes).collect();
        let architecture = done(deployment.architecture(&s.keys.verifier.arch));
        let (model, _) = done(models.register(architecture, weights, points).await);
        done(models.publish_opening(model, B256::repeat_byte(1), "https://example.org/opening".into()).await);

        let market = deployment.market;
        let desk = async |name: &str, account: Address| {
            let store = done(Store::open(&folder.path().join(name)).await);
            let chain = connect(&local.rpc, account).await.with_journal(store.clone());
            Desk { chain, escrow: market.retrieval_escrow.address, since: market.since, store }
        };
        let goods = Goods { model: s.model.clone(), keys: s.keys.verifier.clone(), commitment: s.commitment.clone() };
        let queue = done(Queue::open(folder.path().join("queue.db").to_str().expect("text")).await);
        let network = Arc::new(s.model.network.clone());
        Self {
            responder: Responder {
                desk: desk("responder.db", accounts[1]).await,
                registry,
                goods: Arc::new(goods),
                queue,
            },
            requester: Requester { desk: desk("requester.db", accounts[2]).await, network },
            approver: desk("approver.db", accounts[3]).await,
            source: desk("source.db", accounts[4]).await,
            model,
            verifier: contracts.inference.address,
            node,
            folder,
            _local: local,
        }
    }

    /// A dataset of so many documents.
    pub async fn commit(&self, count: u64) -> Dataset {
        let desk = &self.responder.desk;
        let (windows, courier) = times().terms();
        let terms = Terms {
            responder: desk.chain.sender,
            approver: self.approver.chain.sender,
            source: self.source.chain.sender,
            verifier: self.verifier,
            currency: Address::ZERO,
            root: B256::ZERO,
            count: 0,
            bond: BOND,
            demandBond: DEMAND_BOND,
            notice: windows.approve,
            windows,
            courier,
            salt: U256::from(count),
        };
        let documents = (0..count).map(document).collect();
        let terms = done(responder::prepare(&desk.store, &self.requester.network, terms, documents).await);
        let (id, _) = done(desk.commit_dataset(terms).await);
        done(desk.dataset(id).await)
    }

    /// A request for the labels of these documents; the bound decides how many samples are drawn.
    pub async fn file(&self, dataset: &Dataset, wanted: &[u64], bound: u64) -> Case {
        let labels: Vec<u64> = wanted.iter().map(|&i| label(i)).collect();
        let desk = &self.requester.desk;
        let request = Request {
            requester: desk.chain.sender,
            dataset: dataset.id,
            model: self.model,
            positives: case::positives(&labels),
            bound,
            delta: 500_000_000_000_000_000,
            reward: REWARD,
            salt: U256::from(rand::random::<u64>()),
        };
        let (id, _) = done(desk.file(dataset, request).await);
        self.case(id).await
    }

    /// A case, which the contract sees as its logs tell it.
    pub async fn case(&self, id: U256) -> Case {
        let desk = &self.requester.desk;
        let case = done(desk.case(id).await);
        let there = done(desk.chain.ask("read a case", desk.escrow, &escrow::caseOfCall { caseId: id }).await);
        assert_eq!(there.state, case.state);
        let draws = matches!(case.state, State::Delivering) || case.is_over();
        assert!(draws || there.deadline == case.deadline, "{} {}", there.deadline, case.deadline);
        assert_eq!(u64::from(there.samples), case.samples);
        assert_eq!((there.drawBlock, there.results), (case.draw_block, case.results));
        assert_eq!(u64::from(there.positives), case.positives);
        assert_eq!((u64::from(there.first), u64::from(there.demanded)), case.demanded);
        assert_eq!(there.seed, case.seed.unwrap_or_default());
        let outstanding = match case.state {
            State::Drawn => case.outstanding().count() as u64,
            State::Demanded => case.demanded.1 - case.identified.len() as u64,
            _ => there.outstanding.into(),
        };
        assert_eq!(u64::from(there.outstanding), outstanding);
        let call = escrow::standingOfCall { datasetId: case.request.dataset };
        let standing = done(desk.chain.ask("read a dataset", desk.escrow, &call).await);
        let dataset = done(desk.dataset(case.request.dataset).await);
        assert_eq!((standing.state, standing.attested), (dataset.state, dataset.attested));
        assert_eq!((standing.closableAt, standing.active), (dataset.closable_at, dataset.active.unwrap_or_default()));
        case
    }

    /// The responder's next move.
    pub async fn answer(&self, id: U256) -> Option<Move> {
        let moved = done(self.responder.look(id).await);
        self.case(id).await;
        moved.map(|moved| moved.made)
    }

    /// The requester's next move.
    pub async fn ask(&self, id: U256) -> Option<Move> {
        let moved = done(self.requester.look(id).await);
        self.case(id).await;
        moved.map(|moved| moved.made)
    }

    /// A request that is approved, and for which all labels are posted.
    pub async fn posted(&self, dataset: &Dataset, wanted: &[u64], bound: u64) -> U256 {
        let case = self.file(dataset, wanted, bound).await;
        done(self.approver.approve(&case).await);
        assert_eq!(self.answer(case.id).await, Some(Move::PostResults));
        case.id
    }

    /// The same with a sample that is drawn and proven.
    pub async fn proven(&self, dataset: &Dataset, wanted: &[u64], bound: u64) -> U256 {
        let id = self.posted(dataset, wanted, bound).await;
        self.mine(DELAY + 1).await;
        assert_eq!(self.answer(id).await, Some(Move::Draw));
        assert_eq!(self.answer(id).await, None, "proofs are ordered");
        self.work().await;
        let case = self.case(id).await;
        for sample in 0..case.samples {
            assert_eq!(self.answer(id).await, Some(Move::Prove(sample)));
        }
        assert_eq!(self.case(id).await.state, State::Proven);
        id
    }

    /// Makes all proofs that are ordered.
    pub async fn work(&self) {
        let worker = Worker::new(self.responder.queue.clone(), Arc::new(House), Limits::default(), |_| {});
        done(worker.run(1, true).await);
    }

    pub async fn rpc(&self, method: &'static str, params: Value) -> Value {
        self.node.raw_request(method.into(), params).await.unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    pub async fn mine(&self, blocks: u64) {
        self.rpc("anvil_mine", json!([U256::from(blocks)])).await;
    }

    /// Time passes.
    pub async fn wait(&self, seconds: u64) {
        self.rpc("evm_increaseTime", json!([U256::from(seconds)])).await;
        self.mine(1).await;
    }

    /// What the escrow owes to requester and responder.
    pub async fn credits(&self) -> [U256; 2] {
        let desk = &self.requester.desk;
        let credit = async |owner| done(money::credit(&desk.chain, desk.escrow, Address::ZERO, owner).await);
        [credit(desk.chain.sender).await, credit(self.responder.desk.chain.sender).await]
    }

    /// Another store of the responder's, in which it has changed its documents.
    pub async fn forged(&self, dataset: &Dataset) -> Responder {
        let store = done(Store::open(&self.folder.path().join("forged.db")).await);
        let mut documents = vec![];
        for place in 0..dataset.count() {
            let mut document = done(self.responder.desk.store.document(dataset.id, place).await).expect("a document");
            document.stored[5] ^= 1;
            documents.push(document);
        }
        done(store.put_documents(dataset.id, &documents).await);
        let desk = Desk { store, ..self.responder.desk.clone() };
        Responder { desk, ..self.responder.clone() }
    }
}

/// A document.
pub fn document(i: u64) -> Vec<u8> {
    sample::input(&SETTING.model.network, 40 + i)
}

/// What the model says about it.
pub fn label(i: u64) -> u64 {
    SETTING.model.infer(&document(i)).expect("a label").label as u64
}

/// The documents among so many whose labels are those of `wanted`.
pub fn positives(count: u64, wanted: &[u64]) -> Vec<u64> {
    let labels: Vec<u64> = wanted.iter().map(|&i| label(i)).collect();
    (0..count).filter(|&i| labels.contains(&label(i))).collect()
}

/// Half a sample size: what a bound comes to with a delta of a half is `(1 - bound)^n <= 1/4`.
pub mod bounds {
    /// One sample.
    pub const ONE: u64 = 800_000_000_000_000_000;
    /// Two samples.
    pub const TWO: u64 = 500_000_000_000_000_000;
    /// More than there are documents: all of them.
    pub const ALL: u64 = 10_000_000_000_000_000;
}

pub fn done<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|e| panic!("{e}"))
}

pub fn refused<T, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.err().expect("it is refused").to_string()
}

async fn connect(rpc: &str, account: Address) -> Chain {
    done(Chain::connect(&NodeArgs::local(rpc).with_account(account)).await).with_patience(FAST)
}

/// A salt that opens nothing.
pub fn another_salt() -> B256 {
    zkescrow_client::scalar::word(&Fr::from(12345)).into()
}
