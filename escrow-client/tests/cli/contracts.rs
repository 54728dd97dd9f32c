//! Contracts that the binary writes and deploys.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use alloy::primitives::keccak256;
use serde_json::{Value, json};

use crate::shared::{SETTING, command, run, wrong};

#[test]
fn verifiers_are_written_with_all_that_belongs_to_them() {
    let s = &*SETTING;
    let out = s.path("verifier");
    let (code, json, stderr) = run(&["verifier", "generate", "--keys", &s.path("keys"), "--out", &out]);
    assert_eq!(code, 0, "{stderr}");
    let number = |name: &str| json[name].as_u64().expect("a number");
    assert!((1_000..=24_576).contains(&number("codeBytes")) && (1_000..=24_576).contains(&number("keyBytes")));
    assert!(number("predictedGas") > 300_000);
    for file in json["files"].as_array().expect("files") {
        assert!(Path::new(file.as_str().expect("a path")).is_file(), "{file}");
    }
    assert_eq!(json["files"].as_array().map(Vec::len), Some(8));

    let read = |name: &str| fs::read_to_string(Path::new(&out).join(name)).expect("a file");
    let manifest: Value = serde_json::from_str(&read("manifest.json")).expect("a document");
    let contracts = &manifest["contracts"];
    assert_eq!(contracts["verifier"]["codeBytes"], json["codeBytes"]);
    assert_eq!(contracts["verifier"]["codeHash"], json["codeHash"]);
    assert_eq!(contracts["key"]["codeBytes"], json["keyBytes"]);
    assert_eq!(contracts["key"]["codeHash"], json["keyHash"]);
    assert_eq!(manifest["predictedGas"], json["predictedGas"]);
    assert_eq!(manifest["insecure"], true);

    // Source verification: sources and manifest are all that it takes to get the same code.
    let entries = ["verifier", "key", "wrapper"].map(|role| &contracts[role]);
    let text = |entry: &Value, name: &str| entry[name].as_str().expect("text").to_owned();
    let sources: serde_json::Map<String, Value> =
        entries.iter().map(|e| (text(e, "source"), json!({ "content": read(&text(e, "source")) }))).collect();
    let settings = &manifest["compiler"]["settings"];
    let input = json!({ "language": "Solidity", "sources": sources, "settings": settings });
    let compiled = compile(&input);
    for entry in entries {
        let (source, name) = (text(entry, "source"), text(entry, "name"));
        let evm = &compiled["contracts"][&source][&name]["evm"];
        let code = |kind: &str| evm[kind]["object"].as_str().expect("code").to_owned();
        assert_eq!(format!("0x{}", code("bytecode")), read(&format!("{name}.creation.hex")), "{name}");
        let hash = |code: String| keccak256(hex::decode(code).expect("digits")).to_string();
        if let Some(expected) = entry["creationCodeHash"].as_str() {
            assert_eq!(hash(code("bytecode")), expected, "{name}");
        }
        // A key's code is what its constructor returns: tests of contracts compare that one.
        if entry["codeHash"].is_string() && entry != &contracts["key"] {
            assert_eq!(hash(code("deployedBytecode")), text(entry, "codeHash"), "{name}");
        }
    }
}

/// What the compiler of the checkout makes of an input.
fn compile(input: &Value) -> Value {
    let solc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/solc");
    let mut child = Command::new(solc)
        .arg("--standard-json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the compiler runs");
    child.stdin.take().expect("piped").write_all(input.to_string().as_bytes()).expect("the compiler reads");
    let output = child.wait_with_output().expect("the compiler ends");
    serde_json::from_slice(&output.stdout).expect("a document")
}

#[test]
fn a_chain_comes_up_takes_the_contracts_and_ends_when_told() {
    let s = &*SETTING;
    let mut up = command();
    up.args(["--json", "chain", "up", "--port", "0"]).stdout(Stdio::piped());
    let mut up = up.spawn().expect("the binary runs");
    // The document comes at once, the process stays.
    let mut lines = BufReader::new(up.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let mut text = String::new();
    for line in lines.by_ref() {
        text += &line;
        if line == "}" {
            break;
        }
    }
    let json: Value = serde_json::from_str(&text).expect("a document");
    let rpc = json["rpc"].as_str().expect("an address");

    // The first account of every Anvil, known to everybody.
    let key_file = s.path("anvil.key");
    fs::write(&key_file, "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80\n").expect("written");
    fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600)).expect("set");
    let (keys, output) = (s.path("keys"), s.path("deployment.json"));
    let args = ["deploy", "--keys", &keys, "--rpc", rpc, "-o", &output];
    // The second call finds the marketplace of the first, and adds to it.
    for (args, known) in [(args.to_vec(), 1), ([&args[..], &["--key-file", &key_file]].concat(), 2)] {
        let (code, json, stderr) = run(&args);
        assert_eq!(code, 0, "{stderr}");
        let file: Value = serde_json::from_slice(&fs::read(&output).expect("the file")).expect("a document");
        assert_eq!(file, json);
        let deployed = |of: &Value, contract: &str| {
            assert_eq!(of[contract]["address"].as_str().map(str::len), Some(42), "{contract}");
            assert_eq!(of[contract]["codeHash"].as_str().map(str::len), Some(66), "{contract}");
        };
        for contract in ["registry", "predictionEscrow", "accuracyEscrow", "retrievalEscrow", "randomness"] {
            deployed(&json["market"], contract);
        }
        let architectures = json["architectures"].as_array().expect("a list");
        assert_eq!(architectures.len(), known);
        for architecture in architectures {
            for contract in ["inferenceVerifier", "modelVerifier", "halo2Verifier", "verifyingKey"] {
                deployed(architecture, contract);
            }
            assert_eq!(architecture["archDigest"], s.setup["archDigest"]);
        }
    }
    wrong(&[&args[..], &["--key-file", &s.path("model.zkm")]].concat(), "model.zkm");

    let address = rpc.strip_prefix("http://").expect("http");
    assert!(TcpStream::connect(address).is_ok());
    assert!(Command::new("kill").arg(up.id().to_string()).status().expect("kill runs").success());
    assert_eq!(up.wait().expect("an end").code(), Some(128 + 15));
    assert!(TcpStream::connect(address).is_err(), "Anvil ends with its parent");
}
