//! What travels between consumer and provider.

use alloy::primitives::{Address, B256, Bytes};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zkescrow_circuits::commitment::{scalar, scalar_word};

use crate::{
    rounds::Offer,
    store::{Input, Prediction},
};

/// Bytes of a salt or a commitment.
pub const WORD: usize = 32;

/// Most bytes of a body.
pub const BODY_LIMIT: usize = 64 << 20;

/// Most bytes of a batch of inputs: a consumer sends them as they are answered.
pub const BATCH_LIMIT: usize = 1 << 20;

/// What a provider says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// The chain.
    pub chain_id: u64,
    /// The contract.
    pub escrow: Address,
    /// What it sells.
    pub offer: Offer,
    /// Digest of the model's architecture.
    pub arch_digest: B256,
}

/// What the model says about an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Which input.
    pub index: u64,
    /// The label.
    pub label: u64,
    /// All logits.
    pub logits: Bytes,
    /// The salt of the output's commitment.
    pub salt: B256,
    /// The commitment.
    pub commitment: B256,
    /// Its path in the predictions, once the provider is committed to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<B256>>,
}

/// Answers, and the provider's word for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answers {
    /// The answers.
    pub predictions: Vec<Answer>,
    /// The provider's signature of a `Receipt` (see `access`).
    pub receipt: Bytes,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For people.
    pub error: String,
}

impl Answer {
    /// An answer.
    pub fn new(index: u64, prediction: &Prediction, path: Option<Vec<B256>>) -> Self {
        let Prediction { label, logits, salt, commitment } = prediction;
        let (salt, commitment) = (scalar_word(salt).into(), scalar_word(commitment).into());
        Self { index, label: *label, logits: logits.clone().into(), salt, commitment, path }
    }

    /// What it says, if its numbers are reduced.
    pub fn prediction(&self) -> Option<Prediction> {
        Some(Prediction {
            label: self.label,
            logits: self.logits.to_vec(),
            salt: scalar(&self.salt.0)?,
            commitment: scalar(&self.commitment.0)?,
        })
    }
}

/// Inputs one after the other: salt, stored values.
pub fn write_inputs<'a>(inputs: impl IntoIterator<Item = &'a Input>) -> Vec<u8> {
    inputs.into_iter().flat_map(|input| [&scalar_word(&input.salt)[..], &input.stored].concat()).collect()
}

/// The salts and stored values of inputs of `size` bytes each.
pub fn read_inputs(body: &[u8], size: usize) -> Option<Vec<(Fr, &[u8])>> {
    if body.is_empty() || !body.len().is_multiple_of(WORD + size) {
        return None;
    }
    body.chunks(WORD + size).map(|record| Some((scalar(&record[..WORD])?, &record[WORD..]))).collect()
}

/// Commitments one after the other.
pub fn write_scalars(scalars: &[Fr]) -> Vec<u8> {
    scalars.iter().flat_map(scalar_word).collect()
}

/// Commitments, if there are whole ones only and all are reduced.
pub fn read_scalars(body: &[u8]) -> Option<Vec<Fr>> {
    if !body.len().is_multiple_of(WORD) {
        return None;
    }
    body.chunks(WORD).map(scalar).collect()
}
