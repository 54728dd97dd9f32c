//! What a worker can prove, and which of its failures are final.

use alloy::primitives::B256;
use zkescrow_circuits::{
    commitment::{Address, Opening, WeightCommitment},
    keys::ProverKeys,
    model::Model,
    proof::Proof,
    prover::{self, Request},
    witness::Salts,
};

use super::Order;

/// Why an order is not proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It never will be: the same order fails in the same way everywhere.
    Final(String),
    /// Another time, or elsewhere, it may be.
    Again(String),
}

/// Who makes proofs. It may panic: that is a setback like any other.
pub trait Prove: Send + Sync + 'static {
    /// Whether orders for these weights of this provider are for here.
    fn is_ours(&self, weights: &B256, provider: &Address) -> bool;

    /// Makes a proof and checks it.
    fn prove(&self, order: &Order) -> Result<Proof, Refusal>;
}

/// All that proving with a model takes.
#[derive(Debug)]
pub struct Prover {
    /// Keys of the model's architecture.
    pub keys: ProverKeys,
    /// The model.
    pub model: Model,
    /// The commitment to its weights.
    pub commitment: WeightCommitment,
    /// What opens it.
    pub opening: Opening,
}

impl Prove for Prover {
    fn is_ours(&self, weights: &B256, provider: &Address) -> bool {
        self.commitment.model_id(&self.keys.verifier.arch, provider) == *weights
    }

    fn prove(&self, order: &Order) -> Result<Proof, Refusal> {
        if order.arch != self.keys.verifier.arch {
            return Err(Refusal::Final("the order is for another architecture or other keys than its weights".into()));
        }
        let salts = Salts { input: order.input_salt, output: order.output_salt };
        let request = Request { input: &order.input, salts, context: order.context, provider: order.provider };
        // Inference, layout and the check of the finished proof depend on order, model and keys alone.
        let proven = prover::prove(&self.keys, &self.model, &self.commitment, &self.opening, request);
        proven.map(|proven| proven.proof).map_err(|reason| Refusal::Final(reason.to_string()))
    }
}
