//! What the end-to-end tests share: one set of keys, one honest proof, and a chain with the contracts.

pub mod fixtures;
pub mod poseidon;
pub mod round;
pub mod sealed;
pub mod vectors;

use std::sync::LazyLock;

use alloy::primitives::{Address, U256, address};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    commitment::{self, Opening, WeightCommitment},
    keys::ProverKeys,
    model::Model,
    plan::{Choice, Plan},
    proof::Proof,
    prover::{self, Request},
    sample,
    srs::Srs,
    witness::Salts,
};
use zkescrow_client::{
    chain::{Chain, NodeArgs, local::LocalChain},
    cheats::Honest,
    checkout,
    contracts::Contracts,
    purpose::Purpose,
};
use zkescrow_verifier_gen::verifier;

/// An honest provider's belongings.
#[derive(Debug)]
pub struct Setting {
    /// The model that is sold.
    pub model: Model,
    /// Keys of its architecture.
    pub keys: ProverKeys,
    /// The opening of its commitment.
    pub opening: Opening,
    /// The commitment to its weights.
    pub commitment: WeightCommitment,
    /// Stored input values.
    pub input: Vec<u8>,
    /// A proof of what it says about them.
    pub proof: Proof,
    /// The generated contracts.
    pub compiled: verifier::Contracts,
}

impl Setting {
    /// What cheats start from.
    pub fn honest(&self) -> Honest<'_> {
        let Self { model, keys, opening, commitment, input, proof, .. } = self;
        Honest { keys, model, commitment, opening, input, proof }
    }
}

/// What the proof of [`SETTING`] is for: an answer that Anvil's first account asks about.
pub const PURPOSE: Purpose = Purpose {
    chain_id: 31_337,
    contract: address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    case_id: U256::from_limbs([7, 0, 0, 0]),
    index: U256::from_limbs([3, 0, 0, 0]),
    payee: Address::new([0xbe; 20]),
};

/// Made once for all tests of a binary.
pub static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let model = sample::tiny(1);
    let plan = Plan::new(&model.network, Choice::default()).expect("plannable");
    let srs = Srs::development(plan.shape.k);
    let opening = Opening::random();
    let commitment = commitment::commit(&plan, &srs, &model.params, &opening);
    let keys = ProverKeys::generate(&model.network, Choice::default(), srs).expect("keys");
    let input = sample::input(&model.network, 3);
    let salts = Salts { input: Fr::from(7), output: Fr::from(8) };
    let request = Request { input: &input, salts, context: PURPOSE.context(), provider: [0x11; 20] };
    let proof = prover::prove(&keys, &model, &commitment, &opening, request).expect("an honest proof").proof;
    let generated = verifier::generate(&keys.verifier).unwrap_or_else(|e| panic!("{e}"));
    let solc = checkout::solc().unwrap_or_else(|e| panic!("{e}"));
    let compiled = verifier::compile(&generated, &solc).unwrap_or_else(|e| panic!("{e}"));
    Setting { model, keys, opening, commitment, input, proof, compiled }
});

/// A chain of its own for one test, with the contracts of [`SETTING`].
#[derive(Debug)]
pub struct Stage {
    /// The connection.
    pub chain: Chain,
    /// The contracts.
    pub contracts: Contracts,
    /// Ends when dropped.
    _local: LocalChain,
}

impl Stage {
    /// Starts the chain and deploys.
    pub async fn new() -> Self {
        let s = &*SETTING;
        let local = LocalChain::start(0).unwrap_or_else(|e| panic!("{e}"));
        let chain = Chain::connect(&NodeArgs::local(&local.rpc)).await.expect("a node that answers");
        let contracts =
            Contracts::deploy(&chain, &s.keys.verifier, &s.compiled).await.unwrap_or_else(|e| panic!("{e}"));
        Self { chain, contracts, _local: local }
    }
}
