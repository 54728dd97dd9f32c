//! What is ordered: everything that decides a proof, and for people who asked for it and until when.

use std::fmt;

use alloy::primitives::{Address, B256, Bytes, keccak256};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zkescrow_circuits::commitment::{scalar, scalar_word};

/// A proof to make. It holds an input and what opens the commitments: never print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Order {
    /// Architecture and keys.
    pub arch: [u8; 32],
    /// The weights: [`model_id`](zkescrow_circuits::commitment::WeightCommitment::model_id) of their commitment.
    pub weights: [u8; 32],
    /// The model's provider.
    pub provider: [u8; 20],
    /// What the proof is for.
    pub context: Fr,
    /// What hides the input.
    pub input_salt: Fr,
    /// What hides the output.
    pub output_salt: Fr,
    /// Stored input values, planar.
    pub input: Vec<u8>,
    /// When the proof has to be there, in seconds since 1970. It does not decide what is proven.
    pub deadline: u64,
    /// What people call it; neither does this.
    pub label: String,
}

impl Order {
    /// Orders of the same proof have the same identity, whoever makes them. Only the last part's length varies.
    pub fn id(&self) -> B256 {
        let Self { arch, weights, provider, context, input_salt, output_salt, input, deadline: _, label: _ } = self;
        let [context, input_salt, output_salt] = [context, input_salt, output_salt].map(scalar_word);
        let parts: [&[u8]; 8] =
            [b"zkescrow.order.1", arch, weights, provider, &context, &input_salt, &output_salt, input];
        keccak256(parts.concat())
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("id", &self.id()).field("label", &self.label).finish_non_exhaustive()
    }
}

/// The form in the database: hexadecimal in JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stored {
    arch: B256,
    weights: B256,
    provider: Address,
    context: B256,
    input_salt: B256,
    output_salt: B256,
    input: Bytes,
    deadline: u64,
    label: String,
}

impl From<Order> for Stored {
    fn from(order: Order) -> Self {
        let word = |x: Fr| B256::from(scalar_word(&x));
        Self {
            arch: order.arch.into(),
            weights: order.weights.into(),
            provider: order.provider.into(),
            context: word(order.context),
            input_salt: word(order.input_salt),
            output_salt: word(order.output_salt),
            input: order.input.into(),
            deadline: order.deadline,
            label: order.label,
        }
    }
}

impl TryFrom<Stored> for Order {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let number = |word: B256| scalar(word.as_slice()).ok_or("a number is not below the scalar modulus");
        Ok(Self {
            arch: stored.arch.0,
            weights: stored.weights.0,
            provider: stored.provider.into(),
            context: number(stored.context)?,
            input_salt: number(stored.input_salt)?,
            output_salt: number(stored.output_salt)?,
            input: stored.input.into(),
            deadline: stored.deadline,
            label: stored.label,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order {
            arch: [1; 32],
            weights: [2; 32],
            provider: [3; 20],
            context: Fr::from(4),
            input_salt: Fr::from(5),
            output_salt: Fr::from(6),
            input: vec![7, 8],
            deadline: 9,
            label: "round 10".into(),
        }
    }

    #[test]
    fn the_identity_is_all_that_decides_the_proof() {
        type Change = fn(&mut Order);
        let others: [Change; 8] = [
            |o| o.arch[0] += 1,
            |o| o.weights[0] += 1,
            |o| o.provider[0] += 1,
            |o| o.context += Fr::one(),
            |o| o.input_salt += Fr::one(),
            |o| o.output_salt += Fr::one(),
            |o| o.input[1] += 1,
            |o| o.input.push(0),
        ];
        let mut ids = vec![order().id()];
        for change in others {
            let mut other = order();
            change(&mut other);
            ids.push(other.id());
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 9);
        assert_eq!(Order { deadline: 1, label: String::new(), ..order() }.id(), order().id());
    }

    #[test]
    fn orders_are_read_as_they_were_written_and_never_reduced() {
        let text = serde_json::to_string(&order()).expect("JSON");
        assert_eq!(serde_json::from_str::<Order>(&text).expect("an order"), order());
        let modulus = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        let reduced = text.replacen(&format!("{:064x}", 4), modulus, 1);
        assert_ne!(reduced, text);
        assert!(serde_json::from_str::<Order>(&reduced).is_err());
    }

    #[test]
    fn debugging_shows_no_secret() {
        let shown = format!("{:?}", order());
        assert!(shown.contains("round 10") && !shown.contains("input") && !shown.contains("salt"), "{shown}");
    }
}
