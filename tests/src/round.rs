//! Rounds of predictions with one real proof each, for forge's tests of contests: a small network, and the paper's smallest
//! MobileNet v2. Inputs are random; what the models say of them is not.

use std::{fs, io};

use alloy::{
    primitives::{Address, B256, U256, address, keccak256},
    sol,
    sol_types::SolValue,
};
use halo2curves::bn256::Fr;
use serde_json::{Value, json};
use zkescrow_circuits::{
    commitment::{self, Opening, coordinates},
    import,
    keys::ProverKeys,
    model::Model,
    plan::{Choice, Plan},
    planner::{self, Objective},
    poseidon::Packed,
    prover::{self, Request},
    sample,
    srs::Srs,
    witness::Salts,
};
use zkescrow_client::{
    checkout,
    contracts::Claim,
    purpose::Purpose,
    scalar::{prefixed, word},
};
use zkescrow_verifier_gen::verifier::{self, Contracts};

use crate::fixtures::{self, LAYOUTS, PROVIDER, PURPOSE};

sol! {
    /// Time for each step, as in `IPredictionEscrow`.
    struct Windows {
        uint32 accept;
        uint32 inputs;
        uint32 predictions;
        uint32 contest;
        uint32 respond;
        uint32 respondEach;
    }

    /// How demanded inputs are handed over, as in `IDeliveries`.
    struct Courier {
        uint32 step;
        uint32 perChunk;
        uint128 bond;
    }

    /// The terms of a round, as in `IPredictionEscrow`.
    struct Terms {
        address consumer;
        address provider;
        bytes32 model;
        address currency;
        uint32 count;
        uint16 beta;
        uint128 proofCost;
        uint128 price;
        uint128 demandBond;
        Windows windows;
        Courier courier;
        uint256 salt;
    }
}

/// Where forge's tests put the `InferenceVerifier`; the escrow is [`PURPOSE`]'s contract.
pub const VERIFIER: Address = Address::new([0xe6; 20]);

/// The paper's `K`.
const COUNT: u32 = 16;

/// Which prediction is proven.
const INDEX: u32 = 3;

/// Names of the fixtures.
pub const NAMES: [&str; 2] = ["round-tiny", "round-mobilenet"];

/// The model of a fixture, and the layout of its circuit.
fn setting(name: &str) -> (Model, Choice) {
    if name == NAMES[0] {
        return (sample::tiny(1), LAYOUTS[0].choice);
    }
    let path = checkout::fixture("models/mobilenet_v2_0.35_96.tflite").unwrap_or_else(|e| panic!("{e}"));
    let model = import::import(name, &fs::read(path).expect("a model")).expect("a network");
    let chosen = planner::candidates(&model.network, Objective::Balanced, None).expect("layouts").remove(0);
    (model, chosen.choice)
}

/// Model, keys and contracts of a fixture. Nothing here is random.
pub fn contracts(name: &str) -> (Model, ProverKeys, Contracts) {
    let (model, choice) = setting(name);
    let plan = Plan::new(&model.network, choice).expect("plannable");
    let keys = ProverKeys::generate(&model.network, choice, Srs::development(plan.shape.k)).expect("keys");
    let generated = verifier::generate(&keys.verifier).expect("contracts");
    let solc = checkout::solc().unwrap_or_else(|e| panic!("{e}"));
    let contracts = verifier::compile(&generated, &solc).unwrap_or_else(|e| panic!("{e}"));
    (model, keys, contracts)
}

/// Writes all fixtures.
pub fn write() -> io::Result<()> {
    for name in NAMES {
        let (model, keys, contracts) = contracts(name);
        let mut fixture = round(&model, &keys);
        fixture["contracts"] = fixtures::code(&contracts);
        fs::write(fixtures::folder().join(format!("{name}.json")), format!("{fixture:#}\n"))?;
    }
    Ok(())
}

fn terms(weights: B256) -> Terms {
    Terms {
        consumer: address!("0xc0ffee00000000000000000000000000000000c0"),
        provider: PROVIDER.into(),
        model: keccak256((VERIFIER, weights).abi_encode()),
        currency: Address::ZERO,
        count: COUNT,
        beta: 3,
        proofCost: 1_000_000_000_000,
        price: 10_000_000_000,
        demandBond: 100_000_000,
        windows: Windows {
            accept: 3_600,
            inputs: 3_600,
            predictions: 3_600,
            contest: 3_600,
            respond: 3_600,
            respondEach: 600,
        },
        courier: Courier { step: 3_600, perChunk: 600, bond: 1_000_000_000 },
        salt: U256::from(1),
    }
}

fn salts(index: u32) -> Salts {
    Salts { input: Fr::from(1_000 + u64::from(index)), output: Fr::from(2_000 + u64::from(index)) }
}

fn input(model: &Model, index: u32) -> Vec<u8> {
    sample::input(&model.network, 100 + u64::from(index))
}

/// What the model says of an input: both commitments, and the label.
fn prediction(model: &Model, index: u32) -> [U256; 3] {
    let (net, input, salts) = (&model.network, input(model, index), salts(index));
    let trace = model.infer(&input).expect("an inference");
    let commitments = [
        Packed::input(net, &input).commit(salts.input),
        Packed::output(net, trace.logits()).commit(salts.output),
        Fr::from(trace.label as u64),
    ];
    commitments.map(|x| word(&x))
}

fn round(model: &Model, keys: &ProverKeys) -> Value {
    let verifier = &keys.verifier;
    let opening = Opening::random();
    let commitment = commitment::commit(&verifier.plan, &keys.srs, &model.params, &opening);
    let weights = B256::from(commitment.model_id(&verifier.arch, &PROVIDER));
    let encoded = terms(weights).abi_encode();
    let purpose = Purpose {
        case_id: U256::from_be_bytes(keccak256(&encoded).0),
        index: U256::from(INDEX),
        payee: PROVIDER.into(),
        ..PURPOSE
    };
    let input = input(model, INDEX);
    let request = Request { input: &input, salts: salts(INDEX), context: purpose.context(), provider: PROVIDER };
    let proof = prover::prove(keys, model, &commitment, &opening, request).expect("an honest proof").proof;
    let claim = Claim::new(&commitment, &proof);
    let predictions: Vec<[U256; 3]> = (0..COUNT).map(|i| prediction(model, i)).collect();
    assert_eq!(claim.instances[..3], predictions[INDEX as usize], "the proof is about the prediction");
    let column = |i: usize| predictions.iter().map(|p| B256::from(p[i])).collect::<Vec<_>>();
    let points: Vec<B256> = claim.points.iter().map(|&word| word.into()).collect();
    json!({
        "archDigest": prefixed(verifier.arch),
        "weightCommitments": verifier.plan.shape.weight_columns,
        "classes": verifier.plan.network.classes(),
        "blindingBases": verifier.bases.0.iter().flat_map(coordinates).map(B256::from).collect::<Vec<_>>(),
        "packing": fixtures::packing(&verifier.plan.network),
        "escrow": PURPOSE.contract,
        "verifier": VERIFIER,
        "weights": weights,
        "points": points,
        "terms": prefixed(&encoded),
        "caseId": B256::from(purpose.case_id),
        "inputs": column(0),
        "outputs": column(1),
        "labels": column(2),
        "index": INDEX,
        "proof": prefixed(&claim.proof),
        "link": prefixed(&claim.link),
    })
}
