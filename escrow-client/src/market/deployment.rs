//! The contracts of a marketplace: deployed once, then found by a file.

use std::path::Path;

use alloy::{
    primitives::{Address, B256, U256, address},
    sol,
    sol_types::{SolConstructor, SolValue},
};
use serde::{Deserialize, Serialize};
use zkescrow_circuits::files::FileError;

use crate::{
    bindings::ModelRegistry,
    chain::{Chain, Deployed, Step},
    checkout,
    failure::Failure,
    folder, paths,
};

/// Most bytes of a deployment file.
const LIMIT: u64 = 1 << 20;
const VERSION: u32 = 2;

sol! {
    #[allow(missing_docs)]
    contract Registry {
        struct Config {
            address currency;
            uint32 examples;
            uint128 exampleCost;
            uint32 unbondingDelay;
            address[] escrows;
        }

        constructor(Config memory config);
    }

    #[allow(missing_docs)]
    contract Predictions {
        constructor(address registry, address judge, uint256 burnShare);
    }

    #[allow(missing_docs)]
    contract Exams {
        constructor(address registry, address judge, address feeRecipient, uint256 burnShare);
    }

    #[allow(missing_docs)]
    contract Retrieval {
        constructor(address registry, address judge, address randomness, uint256 drawDelay, uint256 burnShare);
    }
}

/// What a marketplace fixes at its construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constants {
    /// What is staked: a token, or zero for ETH.
    pub currency: Address,
    /// `N1`, examples that a provider may see.
    pub examples: u32,
    /// `E`, what an example costs. A model needs a stake of `1000·N1·E`.
    pub example_cost: u128,
    /// Seconds until stake that was asked back is free.
    pub unbonding_delay: u32,
    /// Who gets the fees of exams.
    pub fee_recipient: Address,
    /// Blocks from labels to the block that draws a sample.
    pub draw_delay: u64,
    /// The share of lost escrows that is burned, in ten-thousandths.
    pub burn_share: u16,
}

impl Default for Constants {
    fn default() -> Self {
        Self {
            currency: Address::ZERO,
            examples: 100,
            example_cost: 10_000_000_000_000,
            unbonding_delay: 7 * 86_400,
            // Nobody runs this marketplace: its fees are burned.
            fee_recipient: address!("0x000000000000000000000000000000000000dEaD"),
            draw_delay: 128,
            burn_share: 0,
        }
    }
}

/// A contract in a deployment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// Where it is.
    pub address: Address,
    /// Hash of its code.
    pub code_hash: B256,
    /// What deploying it cost.
    pub gas_used: u64,
}

impl From<Deployed> for Contract {
    fn from(deployed: Deployed) -> Self {
        Self { address: deployed.address, code_hash: deployed.code_hash, gas_used: deployed.gas }
    }
}

/// The contracts that all models share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Market {
    /// The block before which nothing happened.
    pub since: u64,
    /// Models and stakes.
    pub registry: Contract,
    /// Judges complaints about deliveries.
    pub delivery_judge: Contract,
    /// Draws samples.
    pub randomness: Contract,
    /// Rounds of predictions.
    pub prediction_escrow: Contract,
    /// Exams.
    pub accuracy_escrow: Contract,
    /// Requests for documents.
    pub retrieval_escrow: Contract,
}

/// The contracts of an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Architecture {
    /// Its digest.
    pub arch_digest: B256,
    /// Whether anybody can forge its proofs.
    pub insecure: bool,
    /// What escrows ask.
    pub inference_verifier: Contract,
    /// Verifier and key.
    pub model_verifier: Contract,
    /// What checks equations.
    pub halo2_verifier: Contract,
    /// The key.
    pub verifying_key: Contract,
}

/// A deployment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    version: u32,
    /// The chain.
    pub chain_id: u64,
    /// The marketplace.
    pub market: Market,
    /// Architectures that whoever wrote the file deployed, and so trusts.
    #[serde(default)]
    pub architectures: Vec<Architecture>,
}

impl Deployment {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let text = paths::read(path, LIMIT)?;
        let damaged = |_| FileError::Damaged { path: path.into(), kind: "deployment" };
        let deployment: Self = serde_json::from_slice(&text).map_err(damaged)?;
        if deployment.version != VERSION {
            return Err(FileError::Kind { path: path.into(), kind: "deployment" }.into());
        }
        Ok(deployment)
    }

    /// Reads a file, and makes sure that its contracts are on this chain.
    pub async fn open(path: &Path, chain: &Chain) -> Result<Self, Failure> {
        let deployment = Self::load(path)?;
        let wrong = |reason: String| Failure::Request(format!("{} is about {reason}", path.display()));
        if deployment.chain_id != chain.id {
            return Err(wrong(format!("chain {}, this is chain {}", deployment.chain_id, chain.id)));
        }
        let Market { registry, prediction_escrow, accuracy_escrow, retrieval_escrow, .. } = deployment.market;
        for contract in [registry, prediction_escrow, accuracy_escrow, retrieval_escrow] {
            if chain.code_hash(contract.address).await? != contract.code_hash {
                return Err(wrong(format!("another chain: there is other code at {}", contract.address)));
            }
        }
        Ok(deployment)
    }

    /// Writes a file.
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        folder::write_json(path, &serde_json::to_value(self).unwrap_or_default())
    }

    /// Deploys a marketplace without architectures.
    pub async fn create(chain: &Chain, constants: &Constants) -> Result<Self, Failure> {
        let since = chain.height().await?;
        let judge = deploy(chain, "DeliveryJudge", vec![]).await?;
        let randomness = deploy(chain, "BlockRandomness", vec![]).await?;
        // The registry comes before the escrows that it has to know.
        let nonce = chain.nonce().await?;
        let escrows = vec![chain.sender.create(nonce + 1), chain.sender.create(nonce + 2)];
        let Constants { currency, examples, example_cost, unbonding_delay, fee_recipient, draw_delay, burn_share } =
            *constants;
        let config = Registry::Config {
            currency,
            examples,
            exampleCost: example_cost,
            unbondingDelay: unbonding_delay,
            escrows,
        };
        let burn = U256::from(burn_share);
        let registry = deploy(chain, "ModelRegistry", Registry::constructorCall { config }.abi_encode()).await?;
        let (at, judged_by) = (registry.address, judge.address);
        let arguments = Predictions::constructorCall { registry: at, judge: judged_by, burnShare: burn }.abi_encode();
        let prediction_escrow = deploy(chain, "PredictionEscrow", arguments).await?;
        let arguments =
            Exams::constructorCall { registry: at, judge: judged_by, feeRecipient: fee_recipient, burnShare: burn };
        let accuracy_escrow = deploy(chain, "AccuracyEscrow", arguments.abi_encode()).await?;
        let arguments = Retrieval::constructorCall {
            registry: at,
            judge: judged_by,
            randomness: randomness.address,
            drawDelay: U256::from(draw_delay),
            burnShare: burn,
        };
        let retrieval_escrow = deploy(chain, "RetrievalEscrow", arguments.abi_encode()).await?;
        let market = Market {
            since,
            registry,
            delivery_judge: judge,
            randomness,
            prediction_escrow,
            accuracy_escrow,
            retrieval_escrow,
        };
        Ok(Self { version: VERSION, chain_id: chain.id, market, architectures: vec![] })
    }

    /// Adds an architecture, and registers it.
    pub async fn add(&mut self, chain: &Chain, architecture: Architecture) -> Result<(), Failure> {
        let verifier = architecture.inference_verifier.address;
        let registry = self.market.registry.address;
        let known = ModelRegistry::architecturesCall { verifier };
        if chain.ask("look up an architecture", registry, &known).await?.is_zero() {
            let call = ModelRegistry::registerArchitectureCall { verifier };
            chain.submit(Step::of(None, "register an architecture".into(), registry, U256::ZERO, &call)).await?;
        }
        self.architectures.retain(|known| known.inference_verifier.address != verifier);
        self.architectures.push(architecture);
        Ok(())
    }

    /// The architecture with this digest.
    pub fn architecture(&self, arch: &[u8; 32]) -> Result<&Architecture, Failure> {
        let missing = || {
            let digest = B256::from(*arch);
            Failure::Request(format!("architecture {digest} is not in the deployment file: run zkescrow deploy --keys"))
        };
        self.architectures.iter().rev().find(|known| known.arch_digest == *arch).ok_or_else(missing)
    }

    /// A model's id in the registry.
    pub fn model_id(architecture: &Architecture, weights: [u8; 32]) -> B256 {
        alloy::primitives::keccak256((architecture.inference_verifier.address, B256::from(weights)).abi_encode())
    }
}

async fn deploy(chain: &Chain, name: &str, arguments: Vec<u8>) -> Result<Contract, Failure> {
    let code = [checkout::creation_code(name)?, arguments].concat();
    Ok(chain.deploy(name, code).await?.into())
}
