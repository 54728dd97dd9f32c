//! Generated contracts and honest proofs for forge's tests: `make fixtures` writes them, a test looks whether they are
//! what the generator makes now.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, B256, U256};
use halo2curves::bn256::Fr;
use serde_json::{Value, json};
use zkescrow_circuits::{
    commitment::{self, Opening, coordinates},
    keys::ProverKeys,
    network::Network,
    plan::{Choice, Degree, Plan},
    poseidon::input_packing,
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
use zkescrow_verifier_gen::verifier::{self, Contracts, Generated};

use crate::{poseidon, sealed};

/// Who owns the fixtures' models.
pub const PROVIDER: [u8; 20] = [0x11; 20];

/// What the fixtures' proofs are for: an answer that a contract of forge's tests asks about.
pub const PURPOSE: Purpose = Purpose { contract: Address::new([0xe5; 20]), ..crate::PURPOSE };

/// A layout of the tiny model, under the name of its fixture.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Name of the file.
    pub name: &'static str,
    /// The layout.
    pub choice: Choice,
    /// Whether the sources are kept, too: one set is enough to read and to import from.
    pub sources: bool,
}

/// Both degrees, few and many weight commitments.
pub const LAYOUTS: [Layout; 2] = [
    Layout {
        name: "narrow",
        choice: Choice { lanes: 2, weight_columns: 2, degree: Degree::Three, k: None },
        sources: true,
    },
    Layout {
        name: "wide",
        choice: Choice { lanes: 2, weight_columns: 8, degree: Degree::Five, k: None },
        sources: false,
    },
];

/// Where the fixtures are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/test/fixtures")
}

/// Where the generated sources are.
pub fn sources_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/test/generated")
}

/// Keys of a layout, and contracts. Nothing here is random.
pub fn contracts(layout: &Layout) -> (ProverKeys, Generated, Contracts) {
    let network = sample::tiny(1).network;
    let plan = Plan::new(&network, layout.choice).expect("plannable");
    let keys = ProverKeys::generate(&network, layout.choice, Srs::development(plan.shape.k)).expect("keys");
    let generated = verifier::generate(&keys.verifier).expect("contracts");
    let solc = checkout::solc().unwrap_or_else(|e| panic!("{e}"));
    let contracts = verifier::compile(&generated, &solc).unwrap_or_else(|e| panic!("{e}"));
    (keys, generated, contracts)
}

/// The part of a fixture that is the same every time.
pub fn code(contracts: &Contracts) -> Value {
    json!({
        "halo2Verifier": prefixed(&contracts.shared.creation),
        "halo2VerifierCodeHash": prefixed(contracts.shared.code_hash()),
        "verifyingKey": prefixed(&contracts.key.creation),
        "verifyingKeyCodeHash": prefixed(contracts.key.code_hash()),
        "modelVerifier": prefixed(&contracts.wrapper.creation),
    })
}

/// Writes everything.
pub fn write() -> io::Result<()> {
    fs::create_dir_all(folder())?;
    fs::create_dir_all(sources_folder())?;
    poseidon::write()?;
    sealed::write()?;
    for layout in &LAYOUTS {
        let (keys, generated, contracts) = contracts(layout);
        let mut fixture = proof(&keys);
        fixture["contracts"] = code(&contracts);
        fs::write(folder().join(format!("{}.json", layout.name)), format!("{fixture:#}\n"))?;
        for (name, text) in generated.sources.iter().filter(|_| layout.sources) {
            fs::write(sources_folder().join(name), text)?;
        }
    }
    crate::vectors::write()?;
    crate::round::write()
}

/// A model with an honest proof of what it says; both are random.
fn proof(keys: &ProverKeys) -> Value {
    let model = sample::tiny(1);
    let verifier = &keys.verifier;
    let opening = Opening::random();
    let commitment = commitment::commit(&verifier.plan, &keys.srs, &model.params, &opening);
    let input = sample::input(&model.network, 3);
    let salts = Salts { input: Fr::from(7), output: Fr::from(8) };
    let request = Request { input: &input, salts, context: PURPOSE.context(), provider: PROVIDER };
    let proof = prover::prove(keys, &model, &commitment, &opening, request).expect("an honest proof").proof;
    let claim = Claim::new(&commitment, &proof);
    let words = |words: &[U256]| words.iter().map(|&word| B256::from(word)).collect::<Vec<_>>();
    json!({
        "archDigest": prefixed(verifier.arch),
        "weightCommitments": verifier.plan.shape.weight_columns,
        "classes": verifier.plan.network.classes(),
        "blindingBases": verifier.bases.0.iter().flat_map(coordinates).map(B256::from).collect::<Vec<_>>(),
        "packing": packing(&verifier.plan.network),
        "evaluationsStart": verifier.evaluations().start,
        "evaluationsEnd": verifier.evaluations().end,
        "asker": PURPOSE.contract,
        "caseId": PURPOSE.case_id.to::<u64>(),
        "index": PURPOSE.index.to::<u64>(),
        "payee": PURPOSE.payee,
        "provider": prefixed(PROVIDER),
        "model": prefixed(claim.model),
        "points": words(&claim.points),
        "instances": words(&proof.instances.iter().map(word).collect::<Vec<_>>()),
        "proof": prefixed(&claim.proof),
        "link": prefixed(&claim.link),
    })
}

/// How the inputs of an architecture are packed.
pub fn packing(network: &Network) -> Value {
    let packing = input_packing(network);
    json!({
        "domain": B256::from(word(&packing.domain)),
        "elements": packing.elements,
        "shortElements": packing.short_elements,
        "shortBytes": packing.short_bytes,
    })
}
