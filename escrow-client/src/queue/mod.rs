//! Stand-in until the queue is merged.
use crate::failure::Failure;
use alloy::primitives::{B256, keccak256};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{commitment::scalar_word, proof::Proof};
/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    /// arch
    pub arch: [u8; 32],
    /// weights
    pub weights: [u8; 32],
    /// provider
    pub provider: [u8; 20],
    /// context
    pub context: Fr,
    /// salt
    pub input_salt: Fr,
    /// salt
    pub output_salt: Fr,
    /// input
    pub input: Vec<u8>,
    /// deadline
    pub deadline: u64,
    /// label
    pub label: String,
}
impl Order {
    /// id
    pub fn id(&self) -> B256 {
        keccak256(scalar_word(&self.context))
    }
}
/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {}
impl Queue {
    /// open
    pub async fn open(_location: &str) -> Result<Self, Failure> {
        Ok(Self {})
    }
    /// submit
    pub async fn submit(&self, order: &Order) -> Result<B256, Failure> {
        Ok(order.id())
    }
    /// proof
    pub async fn proof(&self, _id: B256) -> Result<Option<Proof>, Failure> {
        Ok(None)
    }
}
