//! The bindings say what the compiled contracts say: nothing is missing, nothing is made up.

use std::{collections::BTreeMap, fs, path::Path};

use alloy::{
    json_abi::JsonAbi,
    primitives::hex,
    sol_types::{SolEventInterface, SolInterface},
};
use zkescrow_client::bindings::{
    AccuracyEscrow, Credits, Deliveries, ModelRegistry, PredictionEscrow, Refusals, RetrievalEscrow, Signatures,
};

/// Selectors, by what they select.
type Names = BTreeMap<String, String>;

/// What contracts say and the client need not know, with the reason.
const LEFT_OUT: [(&str, &str); 12] = [
    ("lock(bytes32)", "escrows alone may call it"),
    ("unlock(bytes32)", "escrows alone may call it"),
    ("slash(bytes32)", "escrows alone may call it"),
    ("eip712Domain()", "who signs knows name, chain and contract, and must not be told them"),
    ("BadShortBytes(uint8)", "only a constructor says so, and deploying reads back what it was given"),
    ("TooManyShortElements(uint32,uint32)", "only a constructor says so, and deploying reads back what it was given"),
    ("DomainNotReduced(uint256)", "only a constructor says so, and deploying reads back what it was given"),
    ("BadBlindingBases(uint256)", "only a constructor says so, and deploying reads back what it was given"),
    ("BlindingBaseOffCurve(uint256,uint256)", "only a constructor says so, and deploying reads back what it was given"),
    ("NoElements()", "only a constructor says so, and deploying reads back what it was given"),
    ("NoWeightCommitments()", "only a constructor says so, and deploying reads back what it was given"),
    ("NoClasses()", "only a constructor says so, and deploying reads back what it was given"),
];

fn abi(contract: &str) -> JsonAbi {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../out/{contract}.sol/{contract}.json"));
    let artifact = fs::read(path).unwrap_or_else(|e| panic!("{contract}: {e}; run `make contracts`"));
    let mut artifact: serde_json::Value = serde_json::from_slice(&artifact).expect("JSON");
    serde_json::from_value(artifact["abi"].take()).expect("an ABI")
}

fn selectors<C: SolInterface>() -> Vec<String> {
    C::selectors().map(hex::encode).collect()
}

fn topics<E: SolEventInterface>(all: &[[u8; 32]]) -> Vec<String> {
    assert_eq!(all.len(), E::COUNT);
    all.iter().map(hex::encode).collect()
}

/// Neither side has what the other has not.
fn compare(what: &str, contract: Names, ours: Vec<String>) {
    let left_out = |name: &str| LEFT_OUT.iter().any(|(known, _)| *known == name);
    let missing: Vec<_> = contract.iter().filter(|(s, name)| !ours.contains(s) && !left_out(name)).collect();
    assert!(missing.is_empty(), "the bindings lack {what}: {missing:?}");
    let made_up: Vec<_> = ours.iter().filter(|selector| !contract.contains_key(*selector)).collect();
    assert!(made_up.is_empty(), "the contracts lack {what}: {made_up:?}");
}

fn functions(abi: &JsonAbi) -> Names {
    abi.functions().map(|f| (hex::encode(f.selector()), f.signature())).collect()
}

fn events(abi: &JsonAbi) -> Names {
    abi.events().map(|e| (hex::encode(e.selector()), e.signature())).collect()
}

#[test]
fn the_registry_is_bound() {
    use ModelRegistry::{ModelRegistryCalls as Calls, ModelRegistryEvents as Events};
    let abi = abi("ModelRegistry");
    let shared = selectors::<Credits::CreditsCalls>();
    let shared_topics = topics::<Credits::CreditsEvents>(Credits::CreditsEvents::SELECTORS);
    compare("functions of ModelRegistry", functions(&abi), [selectors::<Calls>(), shared].concat());
    compare("events of ModelRegistry", events(&abi), [topics::<Events>(Events::SELECTORS), shared_topics].concat());
}

macro_rules! escrow_is_bound {
    ($test:ident, $escrow:ident, $calls:ident, $events:ident) => {
        #[test]
        fn $test() {
            use $escrow::{$calls as Calls, $events as Events};
            let (name, abi) = (stringify!($escrow), abi(stringify!($escrow)));
            let calls = [
                selectors::<Calls>(),
                selectors::<Credits::CreditsCalls>(),
                selectors::<Signatures::SignaturesCalls>(),
                selectors::<Deliveries::DeliveriesCalls>(),
            ];
            let events_ = [
                topics::<Events>(Events::SELECTORS),
                topics::<Credits::CreditsEvents>(Credits::CreditsEvents::SELECTORS),
                topics::<Signatures::SignaturesEvents>(Signatures::SignaturesEvents::SELECTORS),
                topics::<Deliveries::DeliveriesEvents>(Deliveries::DeliveriesEvents::SELECTORS),
            ];
            compare(&format!("functions of {name}"), functions(&abi), calls.concat());
            compare(&format!("events of {name}"), events(&abi), events_.concat());
        }
    };
}

escrow_is_bound!(the_prediction_escrow_is_bound, PredictionEscrow, PredictionEscrowCalls, PredictionEscrowEvents);
escrow_is_bound!(the_accuracy_escrow_is_bound, AccuracyEscrow, AccuracyEscrowCalls, AccuracyEscrowEvents);
escrow_is_bound!(the_retrieval_escrow_is_bound, RetrievalEscrow, RetrievalEscrowCalls, RetrievalEscrowEvents);

#[test]
fn every_refusal_is_bound() {
    let contracts = [
        "ModelRegistry",
        "PredictionEscrow",
        "AccuracyEscrow",
        "RetrievalEscrow",
        "DeliveryJudge",
        "BlockRandomness",
        "InferenceVerifier",
    ];
    let all: Names = contracts
        .iter()
        .flat_map(|contract| abi(contract).errors().cloned().collect::<Vec<_>>())
        .map(|error| (hex::encode(error.selector()), error.signature()))
        .collect();
    compare("errors", all, selectors::<Refusals::RefusalsErrors>());
}
