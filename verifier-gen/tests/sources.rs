//! Generated sources: formatted, the same every time, and as the manifest says.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use zkescrow_circuits::{
    keys::ProverKeys,
    plan::{Choice, Degree, Plan},
    sample,
    srs::Srs,
};
use zkescrow_verifier_gen::verifier::{self, Generated};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Contracts of a few architectures and layouts.
fn samples() -> Vec<Generated> {
    let layouts = [(1, 1, 1), (2, 3, 2), (3, 4, 7), (5, 8, 12)];
    let generated = layouts.map(|(seed, lanes, weight_columns)| {
        let model = if seed == 1 { sample::tiny(1) } else { sample::random(seed) };
        let choice = Choice { lanes, weight_columns, degree: Degree::ALL[lanes % 2], k: None };
        let plan = Plan::new(&model.network, choice).expect("plannable");
        let keys = ProverKeys::generate(&model.network, choice, Srs::development(plan.shape.k)).expect("keys");
        let generated = verifier::generate(&keys.verifier).expect("contracts");
        assert_eq!(generated.sources, verifier::generate(&keys.verifier).expect("contracts").sources);
        assert_eq!(generated.manifest["proofBytes"], keys.verifier.proof_length());
        generated
    });
    generated.into()
}

#[test]
fn sources_are_formatted() {
    // Not the package's own wrapper, which succeeds whatever forge says.
    let forge = root().join("scripts/forge");
    if !root().join("node_modules/@foundry-rs/forge/package.json").is_file() {
        eprintln!("forge is not installed: run `make setup`");
        return;
    }
    for (name, text) in samples().iter().flat_map(|generated| &generated.sources) {
        let mut command = Command::new(&forge);
        // `--check` fails for anything that it reads from a pipe.
        command.args(["fmt", "--raw", "-"]).current_dir(root());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("forge starts");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("forge reads");
        let output = child.wait_with_output().expect("forge ends");
        assert!(output.status.success(), "forge cannot format {name}");
        let formatted = String::from_utf8_lossy(&output.stdout);
        for (at, (line, expected)) in text.lines().zip(formatted.lines()).enumerate() {
            assert_eq!(line, expected, "{name}:{}", at + 1);
        }
        assert_eq!(*text, formatted, "{name}");
    }
}

#[test]
fn the_manifest_describes_what_is_deployed() {
    let solc = root().join("scripts/solc");
    if !root().join("node_modules/solc/package.json").is_file() {
        eprintln!("the compiler is not installed: run `make setup`");
        return;
    }
    let generated = &samples()[0];
    let contracts = verifier::compile(generated, &solc).expect("contracts compile");
    let manifest = contracts.manifest(generated);
    assert_eq!(manifest["contracts"]["verifier"]["codeBytes"], contracts.shared.runtime.len());
    assert_eq!(manifest["contracts"]["key"]["codeBytes"], generated.key.len());
    assert_eq!(manifest["compiler"]["settings"]["evmVersion"], "cancun");
    assert_eq!(generated.key[0], 0, "the key's code starts with STOP");
    assert_eq!(generated.key.len() % 32, 1);
    for name in ["arch", "insecure", "k", "instances", "proofBytes", "weightCommitments", "predictedGas"] {
        assert!(!manifest[name].is_null(), "{name}");
    }
}
