//! Layouts before they are used, proofs by the dozen, and measurements.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::shared::{SETTING, npy, path, picture, run, wrong};

/// The numbers of a layout, as every document shows them.
fn layout(json: &Value) -> [u64; 4] {
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("a number: {json}"));
    [&json["k"], &json["lanes"], &json["columns"]["weights"], &json["rowsUsed"]].map(number)
}

#[test]
fn layouts_are_planned_before_keys_are_made() {
    let s = &*SETTING;
    let model = s.path("model.zkm");
    let plan = ["plan", "circuit", "--model", &model];
    let (code, json, stderr) = run(&plan);
    assert_eq!(code, 0, "{stderr}");
    // What setup made is what was planned.
    let [k, lanes, weights, rows] = layout(&json);
    for (planned, made) in [(k, "k"), (lanes, "lanes"), (weights, "weightColumns"), (rows, "rowsUsed")] {
        assert_eq!(s.setup[made], planned, "{made}");
    }
    assert!(rows <= 1 << k && json["columns"]["fixed"].as_u64() > Some(0));
    let predicted = &json["predicted"];
    assert_eq!(predicted["proofBytes"], s.setup["proofBytes"]);
    assert_eq!(predicted["proofBytes"], s.prove["proofBytes"]);
    assert!(predicted["proveSeconds"].as_f64() > Some(0.0) && predicted["memoryBytes"].as_u64() > Some(1 << 20));
    assert!(json["svg"].is_null());
    let candidates = json["candidates"].as_array().expect("candidates");
    assert!(candidates.len() >= 2);
    assert_eq!((layout(&candidates[0]), &candidates[0]["predicted"]), (layout(&json), predicted));

    let with = |flags: &[&str]| {
        let (code, json, stderr) = run(&[&plan[..], flags].concat());
        assert_eq!(code, 0, "{stderr}");
        json
    };
    let given = with(&["--lanes", "2", "--weight-columns", "3", "--k", "13"]);
    assert_eq!(layout(&given)[..3], [13, 2, 3]);
    assert_eq!(given["candidates"].as_array().map(Vec::len), Some(1));
    assert_eq!(with(&["--k", "13"])["k"], 13);
    let [time, gas] = ["time", "gas"].map(|aim| with(&["--optimise", aim])["predicted"].clone());
    assert!(time["proveSeconds"].as_f64() <= predicted["proveSeconds"].as_f64());
    assert!(gas["gas"].as_u64() <= predicted["gas"].as_u64());
    assert!(predicted["proveSeconds"].as_f64() <= time["proveSeconds"].as_f64().map(|seconds| 1.5 * seconds));
    let five = with(&["--lanes", "2", "--weight-columns", "3", "--degree", "5"]);
    let three = with(&["--lanes", "2", "--weight-columns", "3"]);
    assert_eq!((&three["degree"], &five["degree"]), (&3.into(), &5.into()));
    assert!(five["columns"]["fixed"].as_u64() < three["columns"]["fixed"].as_u64());
    let folder = tempfile::tempdir().expect("temporary folder");
    let plot = path(folder.path(), "plot.svg");
    assert_eq!(with(&["--plot", &plot])["plot"], Value::from(&*plot));
    assert!(fs::read_to_string(&plot).expect("the plot").starts_with("<svg "));

    let refused = |flags: &[&str], names: &str| wrong(&[&plan[..], flags].concat(), names);
    refused(&["--k", "5"], "not 5");
    for k in ["30", "64", "4294967295"] {
        refused(&["--k", k], "far more than the model needs");
    }
    refused(&["--k=-1"], "--k");
    refused(&["--lanes", "2"], "--weight-columns");
    refused(&["--lanes", "17", "--weight-columns", "2"], "1 to 16 lanes");
    refused(&["--lanes", "2", "--weight-columns", "2", "--optimise", "gas"], "--optimise");
    refused(&["--degree", "5"], "--lanes");
    refused(&["--lanes", "2", "--weight-columns", "2", "--degree", "4"], "--degree");
    wrong(&["plan", "circuit", "--model", &s.path("proof.json")], "proof.json is not a model");
}

#[test]
fn layouts_are_drawn_over_nothing_dear() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    let (model, drawing) = (path(folder.path(), "model.zkm"), path(folder.path(), "layout.svg"));
    fs::copy(s.path("model.zkm"), &model).expect("copied");
    fs::hard_link(&model, folder.path().join("linked.svg")).expect("linked");
    let draw = |to: &str| ["plan", "circuit", "--model", &model, "--svg", to].map(String::from);
    for _ in 0..2 {
        let (code, json, stderr) = run(&draw(&drawing));
        assert_eq!((code, &json["svg"]), (0, &Value::from(&*drawing)), "{stderr}");
    }
    let svg = fs::read_to_string(&drawing).expect("the drawing");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("tiny-cnn"));

    let before = fs::read(&model).expect("the model");
    wrong(&draw(&model), "which is read");
    wrong(&draw(&path(folder.path(), "linked.svg")), "which is read");
    wrong(&draw(folder.path().to_str().expect("text")), "it is a folder");
    wrong(&draw("/dev/null"), "not a regular file");
    assert_eq!(fs::read(&model).expect("the model"), before);
}

/// Inputs in a folder of their own, and the arguments that prove some of them.
struct Batch {
    folder: tempfile::TempDir,
}

impl Batch {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::create_dir(folder.path().join("more")).expect("created");
        let mut pixels = picture();
        for name in ["a.npy", "b.npy", "more/a.npy"] {
            fs::write(folder.path().join(name), npy("(8, 8, 3)", "|u1", "False", &pixels)).expect("written");
            pixels.reverse();
            pixels[0] ^= 1;
        }
        fs::write(folder.path().join("bad.npy"), npy("(8, 9, 3)", "|u1", "False", &[0; 216])).expect("written");
        Self { folder }
    }

    fn at(&self, name: &str) -> String {
        path(self.folder.path(), name)
    }

    fn prove(&self, inputs: &[&str], output: &str) -> Vec<String> {
        let mut args: Vec<String> = ["prove", "--model"].map(String::from).to_vec();
        args.extend([SETTING.path("model.zkm"), "--keys".into(), SETTING.path("keys"), "-o".into(), self.at(output)]);
        args.extend(inputs.iter().flat_map(|input| ["--input".into(), self.at(input)]));
        args
    }

    fn files(&self, folder: &str) -> BTreeSet<String> {
        let listed = fs::read_dir(self.at(folder)).into_iter().flatten().flatten();
        listed.map(|entry| entry.file_name().to_str().expect("text").into()).collect()
    }
}

#[test]
fn several_inputs_make_several_proofs() {
    let s = &*SETTING;
    let batch = Batch::new();
    let (code, json, stderr) = run(&batch.prove(&["a.npy", "b.npy"], "new/proofs"));
    assert_eq!(code, 0, "{stderr}");
    let files = ["a.json", "a.json.secret", "b.json", "b.json.secret"];
    assert_eq!(batch.files("new/proofs"), files.map(String::from).into());
    let proofs = json["proofs"].as_array().expect("proofs");
    assert_eq!(proofs.len(), 2);
    let mut commitments = BTreeSet::new();
    for (proof, name) in proofs.iter().zip(["a", "b"]) {
        let file = batch.at(&format!("new/proofs/{name}.json"));
        assert_eq!((&proof["proof"], &proof["opening"]), (&file.clone().into(), &format!("{file}.secret").into()));
        let mode = fs::metadata(format!("{file}.secret")).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(proof["proofBytes"], s.setup["proofBytes"]);
        let (_, inferred, _) =
            run(&["infer", "--model", &s.path("model.zkm"), "--input", &batch.at(&format!("{name}.npy"))]);
        assert_eq!(proof["label"], inferred["label"]);
        let (code, verdict, stderr) = run(&["verify", "--keys", &s.path("keys"), "--proof", &file]);
        assert_eq!((code, &verdict["valid"]), (0, &true.into()), "{stderr}");
        assert_eq!((&verdict["label"], &verdict["modelId"]), (&proof["label"], &s.prove["modelId"]));
        commitments.insert(verdict["inputCommitment"].as_str().expect("a word").to_owned());
    }
    assert_eq!(commitments.len(), 2, "two inputs, or one under two salts");

    // Again: the secrets of the first proofs are not lost, nor is a third proof begun.
    let secret = fs::read(batch.at("new/proofs/b.json.secret")).expect("the secret");
    wrong(&batch.prove(&["more/a.npy", "b.npy"], "new/proofs"), "a.json.secret exists");
    fs::remove_file(batch.at("new/proofs/a.json.secret")).expect("removed");
    wrong(&batch.prove(&["more/a.npy", "b.npy"], "new/proofs"), "b.json.secret exists");
    assert_eq!(fs::read(batch.at("new/proofs/b.json.secret")).expect("the secret"), secret);
    assert!(!batch.files("new/proofs").contains("a.json.secret"));
}

#[test]
fn one_bad_input_of_several_stops_them_all() {
    let batch = Batch::new();
    wrong(&batch.prove(&["a.npy", "more/a.npy"], "proofs"), "rename one");
    wrong(&batch.prove(&["a.npy", "a.npy"], "proofs"), "rename one");
    wrong(&batch.prove(&["a.npy", "bad.npy"], "proofs"), "bad.npy");
    wrong(&batch.prove(&["a.npy", "missing.npy"], "proofs"), "missing.npy");
    wrong(&batch.prove(&["a.npy", ".."], "proofs"), "names no file");
    assert!(batch.files("proofs").is_empty(), "nothing is written");
    wrong(&batch.prove(&["a.npy", "b.npy"], "bad.npy"), "bad.npy");
    wrong(&batch.prove(&[], "proofs"), "--input");
    assert!(Path::new(&batch.at("bad.npy")).is_file());
}

#[test]
fn measurements_are_reported() {
    let s = &*SETTING;
    let (model, input) = (s.path("model.zkm"), s.path("input.npy"));
    let bench = ["bench", "--model", &model, "--input", &input, "--runs"];
    let (code, json, stderr) = run(&[&bench[..], &["1"]].concat());
    assert_eq!(code, 0, "{stderr}");
    let [row] = &json["rows"].as_array().expect("rows")[..] else { panic!("one row: {json}") };
    assert_eq!((&row["model"], &row["runs"]), (&"tiny-cnn".into(), &1.into()));
    for made in ["k", "lanes", "weightColumns", "rowsUsed", "proofBytes"] {
        assert_eq!(row[made], s.setup[made], "{made}");
    }
    assert_eq!(row["predicted"]["proofBytes"], row["proofBytes"]);
    assert_eq!(row["linkBytes"], s.prove["linkBytes"]);
    assert!(row["cores"].as_u64() >= Some(1) && row["peakMemoryBytes"].as_u64() > Some(1 << 20));
    let seconds = |name: &str| row["seconds"][name].as_f64().unwrap_or_else(|| panic!("{name}: {row}"));
    let whole = ["plan", "keyGeneration", "commitWeights", "firstProof", "prove", "verify"];
    let stages = ["witness", "commitFirst", "later", "commitLater", "quotient", "open", "bindWeights"];
    assert!(whole.iter().chain(&stages).all(|name| seconds(name) > 0.0), "{row}");
    assert!(stages[..6].iter().map(|name| seconds(name)).sum::<f64>() <= seconds("prove"));
    assert!(row["seconds"]["laterProof"].is_null(), "there is only one");

    let twice = [&bench[..], &["2", "--lanes", "4", "--weight-columns", "2", "--k", "13"]].concat();
    let (code, json, stderr) = run(&twice);
    assert_eq!(code, 0, "{stderr}");
    let row = &json["rows"][0];
    assert_eq!([&row["k"], &row["lanes"], &row["weightColumns"]].map(Value::as_u64), [13, 4, 2].map(Some));
    assert!(row["seconds"]["laterProof"].as_f64() > Some(0.0));

    wrong(&[&bench[..], &["0"]].concat(), "--runs");
    wrong(&[&bench[..], &["1", "--k", "5"]].concat(), "not 5");
    wrong(&["bench", "--model", &model], "--input");
    wrong(&["bench", "--model", &input, "--input", &input], "input.npy");
    wrong(&["bench", "--model", &model, "--input", &s.path("missing.png")], "missing.png");
}
