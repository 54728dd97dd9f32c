//! The binary as people and programs meet it: exit codes, documents, errors of one sentence.

mod contracts;
mod hostile;
mod imports;
mod mobilenet;
mod planning;
mod queue;
mod shared;

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::Value;
use shared::{SETTING, command, copy_of_keys, npy, path, picture, prove_args, run, wrong};

#[test]
fn models_are_described() {
    let (code, json, _) = run(&["model", "inspect", &SETTING.path("model.zkm")]);
    assert_eq!(code, 0);
    assert_eq!(json["inputShape"], serde_json::json!([3, 8, 8]));
    let layers = json["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 6);
    for sum in ["parameters", "macs"] {
        let total: u64 = layers.iter().map(|layer| layer[sum].as_u64().expect("a number")).sum();
        assert_eq!(json[sum], total);
    }
}

#[test]
fn setup_says_what_it_made() {
    let json = &SETTING.setup;
    assert_eq!(json["k"], 13);
    assert_eq!(json["srs"]["insecure"], true);
    assert_eq!(json["archDigest"].as_str().map(str::len), Some(66));
    assert!(json["seconds"].as_f64().is_some());
}

#[test]
fn secrets_are_for_their_owner_only() {
    for name in ["model.zkm", "keys/opening.secret", "proof.json.secret"] {
        let mode = fs::metadata(SETTING.path(name)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn inference_and_proof_say_the_same() {
    let s = &*SETTING;
    let (code, json, _) = run(&["infer", "--model", &s.path("model.zkm"), "--input", &s.path("input.npy")]);
    assert_eq!(code, 0);
    assert_eq!(json["label"], s.prove["label"]);
    assert_eq!(json["top5"][0]["label"], json["label"]);
    let logits: Vec<i64> = json["logits"].as_array().expect("logits").iter().filter_map(Value::as_i64).collect();
    assert!(logits.len() == 10 && logits.iter().all(|l| (-128..128).contains(l)), "{logits:?}");
    let instances = s.prove["instances"].as_array().expect("instances");
    assert_eq!(instances.len(), 4);
    assert!(instances[3].as_str().expect("a word").ends_with("4d"), "the context");
    for stage in ["witness", "commitFirst", "later", "commitLater", "quotient", "open", "bind", "total"] {
        assert!(s.prove["seconds"][stage].as_f64().expect("a number") > 0.0, "{stage}");
    }
    assert!(s.prove["proofBytes"].as_u64() > Some(1000) && s.prove["peakMemoryBytes"].as_u64() > Some(1 << 20));
}

#[test]
fn honest_proofs_are_valid_for_their_model_only() {
    let s = &*SETTING;
    let args = ["verify", "--keys", &s.path("keys"), "--proof", &s.path("proof.json")];
    let (code, json, _) = run(&args);
    assert_eq!((code, &json["valid"]), (0, &Value::Bool(true)));
    let id = s.prove["modelId"].as_str().expect("an id");
    assert_eq!(run(&[&args[..], &["--model-id", id]].concat()).0, 0);
    let (code, json, _) = run(&[&args[..], &["--model-id", &"12".repeat(32)]].concat());
    assert_eq!((code, &json["valid"]), (1, &Value::Bool(false)));
    assert_eq!(json["reason"], "the proof is for another model");
}

#[test]
fn changed_proofs_are_invalid_and_broken_files_are_refused() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = path(folder.path(), "proof.json");
    let args = ["verify", "--keys", &s.path("keys"), "--proof", &file];
    let text = fs::read_to_string(s.path("proof.json")).expect("the proof");
    let honest: Value = serde_json::from_str(&text).expect("a document");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut proof = honest.clone();
        change(&mut proof);
        fs::write(&file, proof.to_string()).expect("written");
    };
    changed(&|proof| {
        let label = proof["instances"][2].as_str().expect("a word").ends_with('0');
        proof["instances"][2] = format!("0x{:064x}", u8::from(label)).into();
    });
    assert_eq!(run(&args).0, 1, "another label");
    changed(&|proof| proof["link"] = "0x".into());
    assert_eq!(run(&args).0, 1, "no link");
    changed(&|proof| proof["provider"] = format!("0x{}", "66".repeat(20)).into());
    assert_eq!(run(&args).0, 1, "another provider");
    changed(&|proof| proof["arch"] = format!("0x{}", "66".repeat(32)).into());
    assert_eq!(run(&args).0, 1, "another architecture");

    // The modulus is no instance: nothing is reduced in silence.
    let modulus = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
    changed(&|proof| proof["instances"][3] = modulus.into());
    wrong(&args, "proof.json");
    for garbage in [&b""[..], b"{}", b"not JSON", &text.as_bytes()[..text.len() / 2], &[0xff; 64]] {
        fs::write(&file, garbage).expect("written");
        wrong(&args, "proof.json");
    }
    fs::remove_file(&file).expect("removed");
    wrong(&args, "proof.json");
}

#[test]
fn damaged_keys_are_refused() {
    let s = &*SETTING;
    for name in ["keys.json", "verifying.key", "commitment.json", "srs.bin", "opening.secret"] {
        let (folder, keys) = copy_of_keys();
        let (file, keys) = (keys.join(name), keys.to_str().expect("text").to_owned());
        let output = path(folder.path(), "proof.json");
        let (model, input, proof) = (s.path("model.zkm"), s.path("input.npy"), s.path("proof.json"));
        let args: &[&str] = match name {
            "keys.json" | "verifying.key" | "commitment.json" => &["verify", "--keys", &keys, "--proof", &proof],
            _ => &["prove", "--model", &model, "--keys", &keys, "--input", &input, "-o", &output],
        };
        let bytes = fs::read(&file).expect("the file");
        for length in [0, 20, bytes.len() / 2, bytes.len() - 1] {
            // Text may end without its line break.
            if fs::write(&file, &bytes[..length]).is_ok() && bytes.get(length) != Some(&b'\n') {
                wrong(args, name);
            }
        }
        // In the name of the format, in the digest, among the points or words, at the end: never valid text, either.
        for position in [0, 12, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2] {
            let mut flipped = bytes.clone();
            flipped[position] ^= 0x80;
            fs::write(&file, flipped).expect("written");
            wrong(args, name);
        }
        fs::remove_file(&file).expect("removed");
        wrong(args, name);
        assert!(!Path::new(&output).exists(), "nothing is written");
    }
}

/// Whole documents that say something else than what the keys were made for.
#[test]
fn descriptions_of_other_keys_are_refused() {
    let s = &*SETTING;
    let (folder, keys) = copy_of_keys();
    let (file, keys) = (keys.join("keys.json"), keys.to_str().expect("text").to_owned());
    let (proof, model, input) = (s.path("proof.json"), s.path("model.zkm"), s.path("input.npy"));
    let output = path(folder.path(), "proof.json");
    let verify = ["verify", "--keys", &keys, "--proof", &proof];
    let prove = ["prove", "--model", &model, "--keys", &keys, "--input", &input, "-o", &output];
    let honest: Value = serde_json::from_slice(&fs::read(&file).expect("the file")).expect("a document");
    let digest = |old: &Value| Value::from(old.as_str().expect("a digest").replace(['0', '1'], "2"));
    type Change<'a> = &'a dyn Fn(&mut Value);
    let cases: [(Change<'_>, &str); 12] = [
        (&|keys| keys["version"] = 99.into(), "keys.json"),
        (&|keys| keys["k"] = 14.into(), "verifying.key"),
        (&|keys| keys["k"] = 64.into(), "k = 64"),
        (&|keys| keys["k"] = 1.into(), "k = 13"),
        (&|keys| keys["arch"] = digest(&keys["arch"]), "another architecture"),
        (&|keys| keys["srs"] = digest(&keys["srs"]), "another reference string"),
        (&|keys| keys["choice"]["lanes"] = 0.into(), "0 lanes"),
        (&|keys| keys["choice"]["weight_columns"] = 2.into(), "another architecture"),
        (&|keys| keys["choice"]["degree"] = "Three".into(), "verifying.key"),
        (&|keys| keys["network"]["maps"][0]["height"] = (1u64 << 60).into(), "has a map of"),
        (&|keys| keys["network"]["layers"][0]["name"] = "another".into(), "another architecture"),
        (&|keys| keys["network"]["layers"] = Value::Array(vec![]), "one map per layer"),
    ];
    for (change, names) in cases {
        let mut changed = honest.clone();
        change(&mut changed);
        assert_ne!(changed, honest);
        fs::write(&file, changed.to_string()).expect("written");
        wrong(&verify, names);
        wrong(&prove, names);
    }
    // Other bytes, the same document.
    fs::write(&file, honest.to_string()).expect("written");
    assert_eq!(run(&verify).0, 0);
    assert!(!Path::new(&output).exists(), "nothing is written");
}

#[test]
fn models_that_were_not_committed_to_cannot_be_proven() {
    let s = &*SETTING;
    wrong(&prove_args(s.folder.path(), "other.zkm", "input.npy", "forged.json"), "committed");
    assert!(!Path::new(&s.path("forged.json")).exists() && !Path::new(&s.path("forged.json.secret")).exists());
    wrong(&prove_args(s.folder.path(), "missing.zkm", "input.npy", "x.json"), "missing.zkm");
    wrong(&prove_args(s.folder.path(), "proof.json", "input.npy", "x.json"), "proof.json is not a model");
}

#[test]
fn inputs_have_to_fit() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = path(folder.path(), "x.npy");
    let try_out = |bytes: Vec<u8>, names: &str| {
        fs::write(&file, bytes).expect("written");
        wrong(&["infer", "--model", &s.path("model.zkm"), "--input", &file], names);
    };
    try_out(npy("(8, 9, 3)", "|u1", "False", &[0; 216]), "shape");
    try_out(npy("(3, 8, 8)", "|u1", "False", &picture()), "shape");
    try_out(npy("(99999999999, 99999999999, 3)", "|u1", "False", &picture()), "shape");
    try_out(npy("(8, 8, 3)", "|u1", "True", &picture()), "C order");
    try_out(npy("(8, 8, 3)", "<f4", "False", &[0; 768]), "uint8");
    try_out(npy("(8, 8, 3)", "|u1", "False", &picture()[1..]), "x.npy");
    try_out(vec![], "x.npy");
    let image = path(folder.path(), "x.png");
    fs::write(&image, "no image").expect("written");
    wrong(&["infer", "--model", &s.path("model.zkm"), "--input", &image], "x.png");
    wrong(&["infer", "--model", &s.path("model.zkm"), "--input", "nowhere.jpeg"], "nowhere.jpeg");
}

#[test]
fn setup_never_overwrites_an_opening() {
    let s = &*SETTING;
    let before = fs::read(s.path("keys/opening.secret")).expect("the opening");
    wrong(&["setup", "--model", &s.path("model.zkm"), "--keys", &s.path("keys")], "opening.secret");
    assert_eq!(fs::read(s.path("keys/opening.secret")).expect("the opening"), before);
}

#[test]
fn impossible_requests_are_refused() {
    let s = &*SETTING;
    let (model, keys) = (s.path("model.zkm"), s.path("unused"));
    let setup = ["setup", "--model", &model, "--keys", &keys];
    wrong(&[&setup[..], &["--k", "9"]].concat(), "k = 13");
    wrong(&[&setup[..], &["--lanes", "99", "--weight-columns", "2"]].concat(), "99 lanes");
    wrong(&[&setup[..], &["--lanes", "2"]].concat(), "--weight-columns");
    wrong(&[&setup[..], &["--srs", &model]].concat(), "model.zkm");
    assert!(!Path::new(&keys).exists(), "nothing is written");
    wrong(&["setup"], "--keys <DIR>");
    wrong(&["sell"], "sell");
    let mut prove = prove_args(s.folder.path(), "model.zkm", "input.npy", "x.json");
    prove.pop();
    prove.push("f".repeat(64));
    wrong(&prove, "modulus");
    wrong(&["deploy", "--keys", &s.path("keys"), "--rpc", "http://127.0.0.1:1"], "http://127.0.0.1:1");
    wrong(&["deploy", "--keys", &s.path("keys"), "--rpc", "nonsense"], "--rpc");
}

#[test]
fn every_verb_shows_an_example() {
    let verbs = "|model sample|model import|model inspect|plan circuit|plan samples|setup|infer|prove|worker|jobs|verify\
        |verifier generate|chain up|deploy|provider register|provider offer|provider serve|consumer request|consumer open\
        |status|watch|demo|bench";
    for verb in verbs.split('|') {
        let output = command().args(verb.split_whitespace()).arg("--help").output().expect("the binary runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{verb:?}");
        let examples = text.split_once("\nExample:\n").or_else(|| text.split_once("\nExamples:\n"));
        let (_, example) = examples.unwrap_or_else(|| panic!("{verb:?}: {text}"));
        assert!(example.contains(&format!("  zkescrow {verb}")), "{verb:?}: {text}");
    }
}

#[test]
fn a_binary_without_its_checkout_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let copy = folder.path().join("zkescrow");
    fs::copy(env!("CARGO_BIN_EXE_zkescrow"), &copy).expect("copied");
    let mut alone = Command::new(&copy);
    let output = alone
        .args(["chain", "up"])
        .current_dir(&folder)
        .env("PATH", "")
        .env_remove("ZKESCROW_CHECKOUT")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("run `make setup`"));
}

#[test]
fn the_story_of_predictions_ends_as_expected() {
    let (code, json, stderr) = run(&["demo", "--small"]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(json["asExpected"], true);
    let states: Vec<_> = json["rounds"].as_array().expect("rounds").iter().map(|round| &round["state"]).collect();
    assert_eq!(states, ["Served", "ProviderFailed"]);
    wrong(&["demo", "--small", "--keep", "somewhere"], "forgeries");
}

#[test]
fn all_forgeries_are_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let kept = path(folder.path(), "kept");
    let (code, json, stderr) = run(&["demo", "forgeries", "--keep", &kept]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(json["asExpected"], true);
    assert_eq!(json["honest"]["onChain"]["accepted"], true);
    let cheats = json["cheats"].as_array().expect("cheats");
    assert!(cheats.len() > 10);
    for cheat in cheats {
        assert_eq!(cheat["native"]["accepted"], false, "{cheat}");
        assert_eq!(cheat["onChain"]["accepted"], false, "{cheat}");
    }
    let proof = Path::new(&kept).join("proof.json");
    let args = ["verify", "--keys", &path(Path::new(&kept), "keys"), "--proof", proof.to_str().expect("text")];
    assert_eq!(run(&args).0, 0, "what was kept can be used");
    wrong(&["demo", "forgeries", "--keep", &kept], "not empty");
}
