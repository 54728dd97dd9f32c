//! Models of others, and images by the hundred.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
};

use serde_json::json;

use super::shared::{fixture, npy, path, run, wrong};

#[test]
fn trained_networks_read_digits() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let at = |name| path(folder.path(), name);
    let (code, json, stderr) = run(&["model", "import", &fixture("digits.tflite"), "-o", &at("digits.zkm")]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!((&json["inputShape"], &json["classes"]), (&json!([3, 32, 32]), &json!(10)));
    assert_eq!(json["output"]["type"], "int8");
    let layers = json["layers"].as_array().expect("layers");
    assert!(layers.len() > 50 && layers.iter().all(|layer| layer["range"][0].as_i64() <= layer["range"][1].as_i64()));

    let images = fixture("digits_test_images.npy");
    let (code, json, _) = run(&["infer", "--model", &at("digits.zkm"), "--input", &images, "--logits", &at("out.npy")]);
    assert_eq!(code, 0);
    let answers = json["images"].as_array().expect("images");
    let labels = fs::read(fixture("digits_test_labels.npy")).expect("labels");
    let labels = &labels[labels.len() - answers.len()..];
    let right = answers.iter().zip(labels).filter(|(answer, label)| answer["label"] == **label).count();
    assert!(answers.len() == 360 && right >= 342, "{right} of {}", answers.len());
    // The array holds what the document says, as stored.
    let stored = fs::read(at("out.npy")).expect("written");
    let first: Vec<u8> = (0..10).map(|c| (answers[0]["logits"][c].as_i64().expect("a number") + 128) as u8).collect();
    assert_eq!(stored[stored.len() - 3600..][..10], first);

    // A picture of another size is fitted; one image is asked for where one proof is made.
    let picture = fixture("pictures/coffee.png");
    assert_eq!(run(&["infer", "--model", &at("digits.zkm"), "--input", &picture]).0, 0);
    fs::write(at("wide.npy"), npy("(1, 32, 33, 3)", "|u1", "False", &[0; 3168])).expect("written");
    wrong(&["infer", "--model", &at("digits.zkm"), "--input", &at("wide.npy")], "the model takes [32, 32, 3]");
    fs::write(at("many.npy"), npy("(9000000000000, 32, 32, 3)", "|u1", "False", &[0; 3072])).expect("written");
    wrong(&["infer", "--model", &at("digits.zkm"), "--input", &at("many.npy")], "many.npy");
}

#[test]
fn what_cannot_be_imported_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let at = |name| path(folder.path(), name);
    let import = |file: &str, names: &str| wrong(&["model", "import", file, "-o", &at("x.zkm")], names);
    import(&at("nowhere.tflite"), "nowhere.tflite");
    import(&fixture("README.md"), "TFL3");
    import(&fixture("operators/refused/max_pool.tflite"), "operator 1 (MAX_POOL_2D) is not supported");
    // Ten gigabytes that take no room.
    let huge = File::create(at("huge.tflite")).expect("created");
    huge.set_len(10 << 30).expect("sparse");
    import(&at("huge.tflite"), "more than");
    let whole = fs::read(fixture("digits.tflite")).expect("the model");
    fs::write(at("half.tflite"), &whole[..whole.len() / 2]).expect("written");
    import(&at("half.tflite"), "half.tflite");
    assert!(!Path::new(&at("x.zkm")).exists(), "nothing was written");
}

/// Each of them is refused by a process that may not hold much.
#[test]
fn refusals_take_no_memory() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for entry in fs::read_dir(fixture("operators/refused")).expect("listed") {
        let file = entry.expect("listed").path();
        let command = format!(
            "ulimit -v 300000; exec {} model import {} -o {}",
            env!("CARGO_BIN_EXE_zkescrow"),
            file.display(),
            path(folder.path(), "x.zkm")
        );
        let output = Command::new("sh").args(["-c", &command]).output().expect("a shell");
        assert_eq!(output.status.code(), Some(2), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn sample_sizes_are_those_of_the_protocols() {
    let size = |protocol: &str, bound: &str| {
        let (code, json, _) = run(&["plan", "samples", "--protocol", protocol, "--bound", bound]);
        assert_eq!(code, 0);
        json
    };
    assert_eq!(size("retrieval", "5%")["samples"], 72);
    assert_eq!(size("prediction", "0.01")["samples"], 368);
    let json = size("accuracy", "2.5%");
    assert_eq!((&json["samples"], &json["paper"]), (&json!(2397), &json!(2396)));
    assert!(json["note"].as_str().expect("a note").contains("D6"));
    let costs = ["--prove-seconds", "36", "--price-per-hour", "2", "--gas", "500000", "--gas-price", "3"];
    let args = [&["plan", "samples", "--protocol", "retrieval", "--bound", "5%"][..], &costs].concat();
    let cost = &run(&args).1["cost"];
    assert!((cost["proving"].as_f64().expect("money") - 1.44).abs() < 1e-9);
    assert!((cost["chainEther"].as_f64().expect("ether") - 0.108).abs() < 1e-9);
    assert_eq!(run(&["plan", "samples"]).1["rows"].as_array().map(Vec::len), Some(12));
    for bound in ["0", "1", "5", "-1%", "x"] {
        wrong(&["plan", "samples", "--protocol", "accuracy", &format!("--bound={bound}")], "between 0 and 1");
    }
    wrong(&["plan", "samples", "--protocol", "accuracy", "--bound", "1e-9"], "choose a larger one");
}
