//! Models in the registry: registering them, their stake, their opening.

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolCall,
};

use super::{
    deployment::{Architecture, Deployment},
    money,
};
use crate::{
    bindings::ModelRegistry as registry,
    chain::{Chain, Receipt, Step},
    failure::Failure,
};

pub use crate::bindings::ModelRegistry::Model;

/// The registry, seen from an account.
#[derive(Clone, Debug)]
pub struct Models {
    /// The chain and the account.
    pub chain: Chain,
    /// The contract.
    pub registry: Address,
}

impl Models {
    /// A model; an error if there is none.
    pub async fn model(&self, id: B256) -> Result<Model, Failure> {
        let model = self.chain.ask("read a model", self.registry, &registry::modelOfCall { model: id }).await?;
        if model.provider.is_zero() {
            return Err(Failure::Request(format!("model {id} is not registered: run zkescrow provider register")));
        }
        Ok(model)
    }

    /// The stake that a model needs, what a fault costs, and the currency of both.
    pub async fn constants(&self) -> Result<(U256, U256, Address), Failure> {
        let ask = "read the registry's constants";
        let minimum = self.chain.ask(ask, self.registry, &registry::minimumStakeCall {}).await?;
        let penalty = self.chain.ask(ask, self.registry, &registry::penaltyCall {}).await?;
        let currency = self.chain.ask(ask, self.registry, &registry::currencyCall {}).await?;
        Ok((minimum, penalty, currency))
    }

    /// Registers a model of the account, unless it is registered.
    pub async fn register(
        &self,
        architecture: &Architecture,
        weights: [u8; 32],
        points: Vec<U256>,
    ) -> Result<(B256, Option<Receipt>), Failure> {
        let id = Deployment::model_id(architecture, weights);
        let known = self.chain.ask("read a model", self.registry, &registry::modelOfCall { model: id }).await?;
        if known.provider == self.chain.sender {
            return Ok((id, None));
        }
        let call = registry::registerCall { verifier: architecture.inference_verifier.address, points };
        Ok((id, Some(self.take("register", id, U256::ZERO, &call).await?)))
    }

    /// Adds to a model's stake.
    pub async fn stake(&self, id: B256, amount: U256) -> Result<Receipt, Failure> {
        let (_, _, currency) = self.constants().await?;
        let value = money::provide(&self.chain, currency, self.registry, amount).await?;
        self.take("add stake to", id, value, &registry::addStakeCall { model: id, amount }).await
    }

    /// Asks for stake back.
    pub async fn unbond(&self, id: B256, amount: U256) -> Result<Receipt, Failure> {
        self.take("unbond stake of", id, U256::ZERO, &registry::startUnbondingCall { model: id, amount }).await
    }

    /// Credits what was asked back and is free.
    pub async fn withdraw_stake(&self, id: B256) -> Result<Receipt, Failure> {
        self.take("withdraw stake of", id, U256::ZERO, &registry::withdrawStakeCall { model: id }).await
    }

    /// Says where a model's weights are.
    pub async fn publish_opening(&self, id: B256, opening: B256, uri: String) -> Result<Receipt, Failure> {
        let call = registry::publishOpeningCall { model: id, opening, uri };
        self.take("publish the opening of", id, U256::ZERO, &call).await
    }

    async fn take(&self, verb: &str, id: B256, value: U256, call: &impl SolCall) -> Result<Receipt, Failure> {
        self.chain.submit(Step::of(None, format!("{verb} model {id}"), self.registry, value, call)).await
    }
}
