//! The same from the command line: two sides that see one folder, and a worker.

use std::{fmt::Write as _, fs, path::Path};

use alloy::primitives::U256;
use clap::Parser;
use serde_json::Value;
use zkescrow_client::{
    cli::Cli,
    commands, folder,
    output::{Outcome, Ui},
};
use zkescrow_tests::SETTING;

use crate::stage::{CONSUMER, MODEL, PROVIDER, Stage, WINDOW, examples};

/// Runs a line of words.
async fn run(line: &str) -> Outcome {
    let words = ["zkescrow", "--json"].into_iter().chain(line.split_whitespace());
    let cli = Cli::try_parse_from(words).unwrap_or_else(|e| panic!("{line}: {e}"));
    commands::run(cli.command, &Ui::new(true).quiet()).await.unwrap_or_else(|e| panic!("{line}: {e}"))
}

/// A numpy array of images (N,H,W,C).
fn write_npy(path: &Path, images: &[Vec<u8>]) {
    let map = MODEL.network.input();
    let (h, w, c) = (map.height, map.width, map.channels);
    let shape = format!("({}, {h}, {w}, {c})", images.len());
    let mut header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    header = format!("{header:<width$}\n", width = length - 1);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(header.bytes());
    for image in images {
        bytes.extend((0..h * w).flat_map(|p| (0..c).map(move |k| image[k * h * w + p])));
    }
    fs::write(path, bytes).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sides_play_an_exam_from_the_command_line() {
    let stage = Stage::new().await;
    let place = tempfile::tempdir().expect("temporary folder");
    let at = |name: &str| place.path().join(name).to_str().expect("text").to_owned();
    let (keys, model, queue, shared) = (at("keys"), at("model.zkm"), at("queue.db"), at("shared"));
    let (deployment, images, labels, leaves) = (at("deployment.json"), at("test.npy"), at("labels"), at("leaves.json"));
    SETTING.keys.save(keys.as_ref()).expect("saved");
    folder::save(keys.as_ref(), &SETTING.keys.verifier.arch, &SETTING.commitment, &SETTING.opening).expect("saved");
    MODEL.save(model.as_ref()).expect("saved");
    stage.deployment.save(deployment.as_ref()).expect("saved");
    let (inputs, said): (Vec<_>, Vec<_>) = examples(true).into_iter().unzip();
    write_npy(images.as_ref(), &inputs);
    let mut lines = String::new();
    said.iter().for_each(|label| writeln!(lines, "{label}").expect("text"));
    fs::write(&labels, lines).expect("written");

    let consumer = at("consumer.db");
    let set = format!("accuracy commit-set --keys {keys} --labels {labels} --store {consumer} -o {leaves} {images}");
    let set = run(&set).await.json;
    let party = |who, store: &str| {
        let rpc = &stage.rpc;
        format!("--rpc {rpc} --account {who} --deployment {deployment} --store {store}")
    };
    let (asks, answers) = (party(CONSUMER, &consumer), party(PROVIDER, &at("provider.db")));
    let root = set["testSet"].as_str().expect("a root");
    let (model_id, w) = (stage.provider.model, WINDOW);
    let opened = run(&format!(
        "accuracy open {asks} --keys {keys} --test-set {root} --first 2 --target 100% --provider {PROVIDER}
         --model-id {model_id} --example-cost 1000gwei --proof-cost 100gwei --inference-cost 1gwei
         --delivery-step {w} --challenge-window {w}"
    ))
    .await
    .json;
    assert_eq!(opened["state"], "Open");
    assert!(opened["gasUsed"].as_u64() > Some(0) && opened["tx"].is_string());
    let case = opened["case"].as_str().expect("an id");

    let provider = format!(
        "accuracy play --role provider --case {case} {answers} --examples {leaves} --exchange {shared} --poll 0.1
         --model {model} --keys {keys} --queue {queue}"
    );
    let consumer = format!(
        "accuracy play --role consumer --case {case} {asks} --exchange {shared} --poll 0.1 --keys {keys}
         --audit 0% --challenge 1"
    );
    let worker = format!("worker --model {model} --keys {keys} --queue {queue}");
    let both = async { tokio::join!(run(&provider), run(&consumer)) };
    let (provided, asked) = tokio::select! {
        outcomes = both => outcomes,
        _ = run(&worker) => panic!("the worker ended"),
    };
    for Outcome { yes, json, .. } in [provided, asked] {
        assert!(yes);
        assert_eq!((&json["state"], &json["challenged"]), (&Value::from("Passed"), &serde_json::json!([1])));
    }
    let status = run(&format!("accuracy status {asks}")).await;
    assert_eq!(status.json["cases"][0]["correct"], 5);
    assert!(status.text.contains("passed, over"), "{}", status.text);
    let withdrawn = run(&format!("provider withdraw {answers}")).await.json;
    let amount: U256 = withdrawn["amount"].as_str().expect("text").parse().expect("an amount");
    let (locked, paid) = (14_000u64, 2 * (2 + 5 * 100) + 200);
    assert_eq!(amount, U256::from(locked + paid) * U256::from(1_000_000_000u64));
}
