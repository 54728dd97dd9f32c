//! What stories happen with: a model that is sold, pictures, a marketplace, and accounts.

use std::{fs, path::Path, sync::Arc, time::Instant};

use alloy::primitives::{Address, U256};
use zkescrow_circuits::{
    commitment::{self, Opening},
    import,
    keys::ProverKeys,
    model::Model,
    plan::{Choice, Plan},
    planner::{self, Objective},
    sample,
};

use crate::{
    chain::{Chain, NodeArgs, local::LocalChain},
    checkout,
    commands::{deploy, generate, setup},
    contracts::Contracts,
    failure::Failure,
    input,
    market::{
        deployment::{Constants, Deployment},
        models::Models,
        money,
    },
    output::Ui,
    queue::{Prover, Queue},
    rounds::{
        Desk, Offer, Provider,
        offer::{Handover, Seconds},
        provider::Goods,
    },
    scratch::Scratch,
    store::Store,
};

/// Where pictures are kept in the checkout.
const PICTURES: [&str; 8] =
    ["astronaut", "camera", "chelsea", "coffee", "hubble_deep_field", "immunohistochemistry", "retina", "rocket"];

/// Seconds of every window of a story.
pub const WINDOW: u32 = 3_600;

/// A model that is sold, with all that its provider has of it.
pub struct Sold {
    /// Who can prove.
    pub prover: Arc<Prover>,
    /// Seconds that the keys took.
    pub seconds: f64,
}

impl Sold {
    /// The small network, or MobileNet v2 (0.35, 96), with keys and a commitment.
    pub fn new(small: bool, ui: &Ui) -> Result<Self, Failure> {
        let begin = Instant::now();
        let (model, choice) = if small { (sample::tiny(1), Choice::default()) } else { mobilenet()? };
        let progress = ui.progress("making keys");
        let k = Plan::new(&model.network, choice)?.shape.k;
        let srs = setup::development(k, None, ui, &progress)?;
        progress.set("making keys");
        let keys = ProverKeys::generate(&model.network, choice, srs)?;
        let opening = Opening::random();
        let commitment = commitment::commit(&keys.verifier.plan, &keys.srs, &model.params, &opening);
        let prover = Prover { keys, model, commitment, opening };
        Ok(Self { prover: Arc::new(prover), seconds: begin.elapsed().as_secs_f64() })
    }

    /// A model of the same architecture with other weights: its labels are off by one.
    pub fn other(&self) -> Model {
        let mut model = self.prover.model.clone();
        if let Some(layer) = model.params.last_mut() {
            let inputs = layer.weights.len() / layer.bias.len().max(1);
            layer.weights.rotate_left(inputs);
            layer.bias.rotate_left(1);
        }
        model
    }

    /// Pictures as the model takes them, with their names: eight, and their mirror images.
    pub fn pictures(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let map = self.prover.model.network.input();
        let mut pictures = vec![];
        for name in PICTURES {
            let path = checkout::fixture(&format!("models/pictures/{name}.png"))?;
            let picture = input::read(&path, map)?;
            let mirrored = picture.chunks(map.width).flat_map(|row| row.iter().rev()).copied().collect();
            pictures.push((name.replace('_', " "), picture));
            pictures.push((format!("{} mirrored", name.replace('_', " ")), mirrored));
        }
        Ok(pictures)
    }
}

fn mobilenet() -> Result<(Model, Choice), Failure> {
    let path = checkout::fixture("models/mobilenet_v2_0.35_96.tflite")?;
    let bytes = fs::read(&path).map_err(|e| Failure::Request(format!("cannot read {}: {e}", path.display())))?;
    let model = import::import("MobileNet v2 (0.35, 96)", &bytes);
    let model = model.map_err(|source| Failure::Import { path, source })?;
    let choice = planner::choose(&model.network, Objective::Balanced, None)?;
    Ok((model, choice))
}

/// A marketplace on a chain of its own.
pub struct Place {
    /// The contracts.
    pub deployment: Deployment,
    /// Gas of the marketplace, and of the architecture's verifier.
    pub gas: (u64, u64),
    local: LocalChain,
    folder: Scratch,
}

impl Place {
    /// Starts Anvil, deploys the marketplace and the verifier.
    pub async fn new(sold: &Sold, ui: &Ui) -> Result<Self, Failure> {
        let progress = ui.progress("compiling the verifier");
        let keys = &sold.prover.keys.verifier;
        let (_, compiled) = generate::build(keys, &ui.quiet())?;
        progress.set("deploying");
        let local = LocalChain::start(0)?;
        let chain = Chain::connect(&NodeArgs::local(&local.rpc)).await?;
        let mut deployment = Deployment::create(&chain, &Constants::default()).await?;
        let contracts = Contracts::deploy(&chain, keys, &compiled).await?;
        deployment.add(&chain, deploy::describe(keys, &contracts)).await?;
        let m = &deployment.market;
        let all =
            [m.registry, m.delivery_judge, m.randomness, m.prediction_escrow, m.accuracy_escrow, m.retrieval_escrow];
        let gas = (all.iter().map(|contract| contract.gas_used).sum(), contracts.gas());
        Ok(Self { deployment, gas, local, folder: Scratch::new()? })
    }

    /// One of Anvil's accounts.
    pub async fn desk(&self, account: usize) -> Result<Desk, Failure> {
        let first = Chain::connect(&NodeArgs::local(&self.local.rpc)).await?;
        let accounts = first.accounts().await?;
        let address = accounts.get(account).copied().unwrap_or(first.sender);
        let chain = Chain::connect(&NodeArgs::local(&self.local.rpc).with_account(address)).await?;
        let store = Store::open(&self.path(&format!("{account}.db"))).await?;
        let market = self.deployment.market;
        Ok(Desk {
            chain: chain.with_journal(store.clone()),
            escrow: market.prediction_escrow.address,
            since: market.since,
            store,
        })
    }

    /// A provider that registers and stakes the model that is sold, and answers with `model`. Also the gas of that.
    pub async fn provider(&self, account: usize, sold: &Sold, model: Model) -> Result<(Provider, u64), Failure> {
        let desk = self.desk(account).await?;
        let Prover { keys, commitment, .. } = &*sold.prover;
        let keys = keys.verifier.clone();
        let models = self.models(&desk);
        let architecture = self.deployment.architecture(&keys.arch)?;
        let weights = commitment.model_id(&keys.arch, &desk.chain.sender.into_array());
        let points = commitment.words().into_iter().map(U256::from_be_bytes).collect();
        let (id, registered) = models.register(architecture, weights, points).await?;
        let (minimum, _, _) = models.constants().await?;
        let staked = models.stake(id, minimum).await?;
        let offer = Offer {
            provider: desk.chain.sender,
            model: id,
            currency: Address::ZERO,
            most: 1_000,
            beta: 2,
            proof_cost: 1_000_000_000_000_000,
            price: 10_000_000_000_000,
            demand_bond: 200_000_000_000_000,
            windows: Seconds {
                accept: WINDOW,
                inputs: WINDOW,
                predictions: WINDOW,
                contest: WINDOW,
                respond: WINDOW,
                respond_each: 600,
            },
            courier: Handover { step: WINDOW, ..Handover::default() },
        };
        let queue = self.path(&format!("{account}-queue.db"));
        let queue = Queue::open(&queue.to_string_lossy()).await?;
        let goods = Goods { model, keys, commitment: commitment.clone() };
        let gas = staked.gas + registered.map_or(0, |receipt| receipt.gas);
        Ok((Provider { desk, goods: Arc::new(goods), offer, queue }, gas))
    }

    /// The registry, seen from an account.
    pub fn models(&self, desk: &Desk) -> Models {
        Models { chain: desk.chain.clone(), registry: self.deployment.market.registry.address }
    }

    /// ETH of an account, with what the rounds owe it.
    pub async fn wealth(&self, desk: &Desk) -> Result<U256, Failure> {
        let chain = &desk.chain;
        let credit = money::credit(chain, desk.escrow, Address::ZERO, chain.sender).await?;
        Ok(chain.balance(chain.sender).await? + credit)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}
