//! Models, proofs and contracts that the tests share.

use std::sync::LazyLock;

use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    sol,
    sol_types::{SolCall, SolConstructor},
};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    commitment::{Opening, commit, scalar_word},
    keys::ProverKeys,
    model::Model,
    plan::{Choice, Plan},
    proof::Proof,
    prover::{Request, prove},
    sample,
    srs::Srs,
    witness::Salts,
};
use zkescrow_client::{
    chain::{Chain, Deployed, NodeArgs, local::LocalChain},
    checkout,
};
use zkescrow_verifier_gen::{
    Compiled, oracle,
    verifier::{self, Contracts, Generated},
};

sol! {
    contract ModelVerifier {
        constructor(address verifier, bytes32 verifierCodeHash, address key, bytes32 keyCodeHash);
        function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);
    }
    contract Halo2Verifier {
        function verifyProof(address key, bytes calldata proof, uint256[] calldata instances)
            external view returns (bool);
    }
}

/// Gas of a call that has to be enough.
pub const PLENTY: u64 = 5_000_000;

/// A model with keys, a proof, and its contracts.
pub struct Case {
    pub keys: ProverKeys,
    pub proof: Proof,
    pub generated: Generated,
    pub contracts: Contracts,
}

impl Case {
    pub fn new(model: &Model, choice: Choice) -> Self {
        let plan = Plan::new(&model.network, choice).expect("plannable");
        let srs = Srs::development(plan.shape.k);
        let opening = Opening::random();
        let commitment = commit(&plan, &srs, &model.params, &opening);
        let keys = ProverKeys::generate(&model.network, choice, srs).expect("keys");
        let input = sample::input(&model.network, 3);
        let salts = Salts { input: Fr::from(7), output: Fr::from(8) };
        let request = Request { input: &input, salts, context: Fr::from(77), provider: [0x11; 20] };
        let proof = prove(&keys, model, &commitment, &opening, request).expect("an honest proof").proof;
        let generated = verifier::generate(&keys.verifier).expect("contracts");
        let solc = checkout::solc().unwrap_or_else(|e| panic!("{e}"));
        let contracts = verifier::compile(&generated, &solc).unwrap_or_else(|e| panic!("{e}"));
        Self { keys, proof, generated, contracts }
    }

    /// The proof's instances as words.
    pub fn instances(&self) -> Vec<U256> {
        self.proof.instances.iter().map(|x| U256::from_be_bytes(scalar_word(x))).collect()
    }
}

/// The case that most tests look at.
pub static CASE: LazyLock<Case> = LazyLock::new(|| Case::new(&sample::tiny(1), Choice::default()));

/// snark-verifier's contract for [`CASE`].
pub static ORACLE: LazyLock<Compiled> = LazyLock::new(|| {
    let solc = checkout::solc().unwrap_or_else(|e| panic!("{e}"));
    let generated = oracle::generate(&CASE.keys.verifier);
    oracle::compile(&generated, &solc).unwrap_or_else(|e| panic!("{e}"))
});

/// A chain of its own for one test.
pub struct Stage {
    pub chain: Chain,
    provider: DynProvider,
    _local: LocalChain,
}

/// The three contracts of a case.
#[derive(Clone, Copy)]
pub struct Addresses {
    pub shared: Deployed,
    pub key: Deployed,
    pub wrapper: Deployed,
}

impl Stage {
    pub async fn new() -> Self {
        // For snark-verifier's contract.
        let local = LocalChain::start_with(0, &["--disable-code-size-limit"]).unwrap_or_else(|e| panic!("{e}"));
        let chain = Chain::connect(&NodeArgs::local(&local.rpc)).await.expect("a node that answers");
        let provider = ProviderBuilder::new().connect_http(local.rpc.parse().expect("a URL")).erased();
        Self { chain, provider, _local: local }
    }

    pub async fn deploy(&self, contracts: &Contracts) -> Addresses {
        let shared = self.code("shared verifier", contracts.shared.creation.clone()).await;
        let key = self.code("key", contracts.key.creation.clone()).await;
        assert_eq!(shared.code_hash, B256::from(contracts.shared.code_hash()));
        assert_eq!(key.code_hash, B256::from(contracts.key.code_hash()));
        let wrapper = self.wrapper(contracts, shared, key).await;
        Addresses { shared, key, wrapper }
    }

    pub async fn wrapper(&self, contracts: &Contracts, shared: Deployed, key: Deployed) -> Deployed {
        let arguments = ModelVerifier::constructorCall {
            verifier: shared.address,
            verifierCodeHash: shared.code_hash,
            key: key.address,
            keyCodeHash: key.code_hash,
        };
        self.code("wrapper", [contracts.wrapper.creation.clone(), arguments.abi_encode()].concat()).await
    }

    pub async fn code(&self, what: &str, code: Vec<u8>) -> Deployed {
        self.chain.deploy(what, code).await.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Calls with a gas limit: what it returned, or nothing if it reverted.
    pub async fn call(&self, to: Address, input: Vec<u8>, gas: u64) -> Result<Vec<u8>, String> {
        let request = TransactionRequest::default().with_to(to).with_input(input).with_gas_limit(gas);
        self.provider.call(request).await.map(|answer| answer.to_vec()).map_err(|e| e.to_string())
    }

    /// The wrapper's verdict.
    pub async fn verdict(&self, wrapper: &Deployed, proof: &[u8], instances: &[U256]) -> Result<bool, String> {
        let answer = self.call(wrapper.address, ask(proof, instances), PLENTY).await?;
        ModelVerifier::verifyProofCall::abi_decode_returns_validate(&answer).map_err(|e| e.to_string())
    }

    /// Gas of a transaction with the call.
    pub async fn gas(&self, wrapper: &Deployed, proof: &[u8], instances: &[U256]) -> u64 {
        let sent = self.chain.transact("verify", wrapper.address, ask(proof, instances), PLENTY).await;
        sent.unwrap_or_else(|e| panic!("{e}"))
    }
}

/// Call data of the wrapper.
pub fn ask(proof: &[u8], instances: &[U256]) -> Vec<u8> {
    ModelVerifier::verifyProofCall { proof: proof.to_vec().into(), instances: instances.to_vec() }.abi_encode()
}
