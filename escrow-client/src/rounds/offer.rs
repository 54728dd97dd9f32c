//! What a provider sells, and for how much.

use alloy::primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};

use super::case::{Terms, Windows};
use crate::bindings::Courier;

/// Everything of a round's terms but who buys and how many. A provider accepts rounds with exactly these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Offer {
    /// The provider.
    pub provider: Address,
    /// The model, by its id in the registry.
    pub model: B256,
    /// A token, or zero for ETH.
    #[serde(default)]
    pub currency: Address,
    /// Most predictions of a round.
    pub most: u32,
    /// How many times the price of its proofs the provider locks.
    pub beta: u16,
    /// What a proof costs.
    #[serde(with = "decimal")]
    pub proof_cost: u128,
    /// What a prediction costs.
    #[serde(with = "decimal")]
    pub price: u128,
    /// What a demand costs, for each index.
    #[serde(with = "decimal")]
    pub demand_bond: u128,
    /// Seconds for each step.
    pub windows: Seconds,
    /// How demanded inputs are handed over.
    pub courier: Handover,
}

/// Seconds for each step of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seconds {
    /// From opening to acceptance.
    pub accept: u32,
    /// From there to the inputs.
    pub inputs: u32,
    /// From there to the predictions.
    pub predictions: u32,
    /// From there to a contest.
    pub contest: u32,
    /// From there to the last proof,
    pub respond: u32,
    /// and more for each.
    pub respond_each: u32,
}

/// How demanded inputs are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Handover {
    /// Seconds for each step.
    pub step: u32,
    /// More for each published chunk.
    pub per_chunk: u32,
    /// What a published chunk costs.
    #[serde(with = "decimal")]
    pub bond: u128,
}

impl Default for Seconds {
    /// A day for what people decide, an hour for what machines do.
    fn default() -> Self {
        Self {
            accept: 86_400,
            inputs: 86_400,
            predictions: 14_400,
            contest: 86_400,
            respond: 14_400,
            respond_each: 600,
        }
    }
}

impl Default for Handover {
    fn default() -> Self {
        Self { step: 14_400, per_chunk: 600, bond: 10_000_000_000_000_000 }
    }
}

impl Offer {
    /// The terms of a round. `salt` tells rounds with the same terms apart.
    pub fn terms(&self, consumer: Address, count: u32, salt: U256) -> Terms {
        let Seconds { accept, inputs, predictions, contest, respond, respond_each } = self.windows;
        let Handover { step, per_chunk, bond } = self.courier;
        Terms {
            consumer,
            provider: self.provider,
            model: self.model,
            currency: self.currency,
            count,
            beta: self.beta,
            proofCost: self.proof_cost,
            price: self.price,
            demandBond: self.demand_bond,
            windows: Windows { accept, inputs, predictions, contest, respond, respondEach: respond_each },
            courier: Courier { step, perChunk: per_chunk, bond },
            salt,
        }
    }

    /// Whether these terms are what is offered.
    pub fn covers(&self, terms: &Terms) -> bool {
        terms.count <= self.most && *terms == self.terms(terms.consumer, terms.count, terms.salt)
    }
}

/// Amounts in decimal strings: many programs read JSON numbers as floating point.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(amount: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&amount.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text:?} is no amount in the smallest unit")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        Offer {
            provider: Address::repeat_byte(1),
            model: B256::repeat_byte(2),
            currency: Address::ZERO,
            most: 16,
            beta: 3,
            proof_cost: u128::MAX,
            price: 7,
            demand_bond: 8,
            windows: Seconds::default(),
            courier: Handover::default(),
        }
    }

    #[test]
    fn an_offer_covers_its_own_terms_only() {
        let offer = offer();
        let terms = offer.terms(Address::repeat_byte(9), 16, U256::MAX);
        assert!(offer.covers(&terms));
        assert!(!offer.covers(&Terms { count: 17, ..terms.clone() }));
        assert!(!offer.covers(&Terms { price: 6, ..terms.clone() }));
        assert!(!offer.covers(&Terms { windows: Windows { respond: 1, ..terms.windows.clone() }, ..terms.clone() }));
        assert!(!offer.covers(&Terms { courier: Courier { bond: 0, ..terms.courier.clone() }, ..terms }));
    }

    #[test]
    fn offers_are_read_as_they_are_written() {
        let text = serde_json::to_string(&offer()).expect("written");
        assert!(text.contains(&format!("\"{}\"", u128::MAX)), "{text}");
        assert_eq!(serde_json::from_str::<Offer>(&text).expect("read"), offer());
        assert!(serde_json::from_str::<Offer>(&text.replace("\"7\"", "\"-7\"")).is_err());
        assert!(serde_json::from_str::<Offer>(&text.replace("\"most\"", "\"more\"")).is_err());
    }
}
