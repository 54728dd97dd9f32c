//! The paper's smallest network, end to end: MobileNet v2 (0.35, 96) as TensorFlow trained and quantised it.

use std::{fs, path::Path};

use serde_json::Value;
use zkescrow_circuits::model::Model;

use crate::shared::{SETTING, fixture, path, run};

/// What the escrow contract can afford to read.
const MOST_BYTES: u64 = 6_000;

fn done(args: &[&str]) -> Value {
    let (code, json, stderr) = run(args);
    assert_eq!(code, 0, "{args:?}: {stderr}");
    json
}

#[test]
fn mobilenet_is_proven() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let at = |name| path(folder.path(), name);
    let (model, keys, cache, proof) = (at("model.zkm"), at("keys"), at("cache"), at("proof.json"));
    done(&["model", "import", &fixture("mobilenet_v2_0.35_96.tflite"), "-o", &model]);

    let plan = done(&["plan", "circuit", "--model", &model]);
    let predicted = plan["predicted"]["proofBytes"].as_u64().expect("bytes");
    assert!(predicted <= MOST_BYTES, "{predicted} bytes");
    let setup = done(&["setup", "--model", &model, "--keys", &keys, "--cache", &cache]);
    for (planned, made) in [("k", "k"), ("lanes", "lanes"), ("degree", "degree"), ("rowsUsed", "rowsUsed")] {
        assert_eq!(plan[planned], setup[made], "{made}");
    }
    assert_eq!((&setup["proofBytes"], &setup["srs"]["insecure"]), (&predicted.into(), &true.into()));

    let picture = fixture("pictures/astronaut.png");
    let proven = done(&["prove", "--model", &model, "--keys", &keys, "--input", &picture, "-o", &proof]);
    assert_eq!(proven["proofBytes"], predicted);
    assert_eq!(proven["label"], done(&["infer", "--model", &model, "--input", &picture])["label"]);
    let verify = |keys: &str, proof: &str| run(&["verify", "--keys", keys, "--proof", proof]);
    let (code, json, stderr) = verify(&keys, &proof);
    assert_eq!((code, &json["valid"], &json["label"]), (0, &true.into(), &proven["label"]), "{stderr}");

    let refused = |keys: &str, proof: &str, reason: &str| {
        let (code, json, _) = verify(keys, proof);
        assert_eq!((code, &json["valid"]), (1, &false.into()), "{json}");
        assert!(json["reason"].as_str().expect("a reason").contains(reason), "{json}");
    };
    let mut forged: Value = serde_json::from_slice(&fs::read(&proof).expect("the proof")).expect("a document");
    let label = proven["label"].as_u64().expect("a label");
    for other in [label ^ 1, 1001] {
        forged["instances"][2] = format!("0x{other:064x}").into();
        fs::write(at("forged.json"), forged.to_string()).expect("written");
        refused(&keys, &at("forged.json"), if other < 1001 { "not valid" } else { "label" });
    }
    // Another architecture, then this one with one weight changed: keys are the same, what was committed to is not.
    refused(&SETTING.path("keys"), &proof, "architecture");
    let mut doctored = Model::load(Path::new(&model)).expect("the model");
    doctored.params[0].weights[0] += 1;
    doctored.save(Path::new(&at("doctored.zkm"))).expect("written");
    let [lanes, columns, degree] = ["lanes", "weightColumns", "degree"].map(|name| setup[name].to_string());
    let given = ["--lanes", &lanes, "--weight-columns", &columns, "--degree", &degree, "--cache", &cache];
    let other = done(&[&["setup", "--model", &at("doctored.zkm"), "--keys", &at("others")][..], &given].concat());
    assert_eq!(other["archDigest"], setup["archDigest"]);
    refused(&at("others"), &proof, "another model");
}
