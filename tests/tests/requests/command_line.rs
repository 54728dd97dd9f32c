//! The verbs, as people type them: a request that both sides play, and one that is taken through its states by hand.

use std::{path::Path, time::Duration};

use alloy::providers::{Provider, ProviderBuilder};
use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use zkescrow_client::{
    chain::local::LocalChain,
    cli::Cli,
    commands,
    output::{Outcome, Ui},
};

use crate::stage::done;

/// A chain on which time passes, and files in a folder.
struct Place {
    folder: TempDir,
    local: LocalChain,
    accounts: Vec<String>,
    time: JoinHandle<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.time.abort();
    }
}

impl Place {
    async fn new() -> Self {
        let local = done(LocalChain::start(0));
        let node = ProviderBuilder::new().connect_http(local.rpc.parse().expect("a URL"));
        let accounts = node.get_accounts().await.expect("accounts").iter().map(ToString::to_string).collect();
        let time = tokio::spawn(async move {
            loop {
                let _: Result<Value, _> = node.raw_request("anvil_mine".into(), json!(["0x4"])).await;
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        });
        Self { folder: tempfile::tempdir().expect("temporary folder"), local, accounts, time }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("text").to_owned()
    }

    /// Runs a line, in which `@name` is a file of this folder.
    async fn run(&self, line: &str) -> Outcome {
        let words = line.split_whitespace().map(|word| match word.strip_prefix('@') {
            Some(name) => self.file(name),
            None => word.to_owned(),
        });
        let words: Vec<String> = std::iter::once("zkescrow".to_owned()).chain(words).collect();
        let cli = Cli::try_parse_from(words).unwrap_or_else(|e| panic!("{line}: {e}"));
        commands::run(cli.command, &Ui::new(true)).await.unwrap_or_else(|e| panic!("{line}: {e}"))
    }

    /// A verb of an account.
    async fn by(&self, account: usize, line: &str) -> Outcome {
        self.run(&self.line(account, line)).await
    }

    fn line(&self, account: usize, line: &str) -> String {
        let (rpc, who) = (&self.local.rpc, &self.accounts[account]);
        format!("{line} --rpc {rpc} --account {who} --deployment @deployment.json --store @{account}.db")
    }

    /// A model, its keys, the contracts, and images.
    async fn furnish(&self) -> String {
        self.run("model sample -o @model.zkm").await;
        self.run("setup --model @model.zkm --keys @keys").await;
        let (rpc, owner) = (&self.local.rpc, &self.accounts[0]);
        self.run(&format!("deploy --keys @keys --draw-delay 64 -o @deployment.json --rpc {rpc} --account {owner}"))
            .await;
        let registered = self.by(0, "provider register --keys @keys").await;
        let model = text(&registered, "modelId");
        let line = format!("provider publish-opening --model-id {model} --file @model.zkm --uri https://example.org");
        self.by(0, &line).await;
        write_images(&self.folder.path().join("documents.npy"), 3);
        model
    }
}

/// Random images, as `.npy` has them.
fn write_images(path: &Path, count: usize) {
    let mut header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, 8, 8, 3), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend((0..count * 192).map(|_| rand::random::<u8>()));
    std::fs::write(path, bytes).expect("written");
}

fn text(outcome: &Outcome, key: &str) -> String {
    outcome.json[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", outcome.json)).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_played_and_made_by_hand() {
    let place = Place::new().await;
    let model = place.furnish().await;
    let approver = place.accounts[3].clone();
    let source = place.accounts[4].clone();
    let line =
        format!("retrieval commit --keys @keys --approver {approver} --source {source} --bond 1eth @documents.npy");
    let committed = place.by(1, &line).await;
    let dataset = text(&committed, "dataset");
    assert_eq!((text(&committed, "state"), &committed.json["documents"]), ("Committed".into(), &json!(3)));
    let attested = place.by(4, &format!("retrieval attest --dataset {dataset}")).await;
    assert_eq!(attested.json["attested"], json!(true));

    // The model has ten labels: all documents are positive.
    let labels = (0..10).map(|label| label.to_string()).collect::<Vec<_>>().join(",");
    let request = format!(
        "retrieval file --dataset {dataset} --model-id {model} --label {labels} --bound 80% --delta 50% --reward 0.1eth"
    );
    let filed = place.by(2, &request).await;
    let case = text(&filed, "case");
    assert_eq!(text(&filed, "state"), "Filed");
    let play = format!("retrieval play --case {case} --poll 0.1");
    let keys = format!("{play} --keys @keys --exchange @exchange");
    std::fs::create_dir(place.file("exchange")).expect("a folder");
    let worker = place.run("worker --model @model.zkm --keys @keys --queue @queue.db");
    let [responding, requesting, approving] = [
        format!("{keys} --role responder --model @model.zkm --queue @queue.db"),
        format!("{keys} --role requester"),
        format!("{play} --role approver --approve"),
    ];
    let sides = async { tokio::join!(place.by(1, &responding), place.by(2, &requesting), place.by(3, &approving)) };
    let (responder, requester, approver) = tokio::select! {
        _ = worker => panic!("the worker ended"),
        sides = sides => sides,
    };
    for outcome in [responder, requester, approver] {
        assert_eq!((outcome.yes, text(&outcome, "state")), (true, "Fulfilled".into()), "{}", outcome.text);
    }
    let file = format!("exchange/{}-positives.json", case.trim_start_matches("0x"));
    let checked = place.by(2, &format!("retrieval check --case {case} --keys @keys @{file}")).await;
    assert_eq!((checked.yes, &checked.json["checked"]), (true, &json!(3)));

    // The same by hand.
    let filed = place.by(2, &request).await;
    let case = text(&filed, "case");
    let act = |verb: &str| format!("retrieval {verb} --case {case}");
    let state = async |account: usize, line: String| text(&place.by(account, &line).await, "state");
    assert_eq!(state(3, act("approve")).await, "Approved");
    let stock = "--model @model.zkm --keys @keys --queue @queue.db";
    assert_eq!(state(1, format!("{} {stock}", act("post-results"))).await, "Posted");
    let shown = place.by(2, &act("status")).await;
    assert_eq!((text(&shown, "state"), &shown.json["positives"]), ("Posted".into(), &json!(3)));
    until_drawn(&place, &shown).await;
    assert_eq!(state(2, act("draw")).await, "Drawn");
    let prove = format!("{} --sample 0 {stock}", act("prove"));
    let words = place.line(1, &prove).replace('@', &format!("{}/", place.folder.path().display()));
    let words = std::iter::once("zkescrow").chain(words.split_whitespace());
    let early = Cli::try_parse_from(words).expect("a line");
    let reason = commands::run(early.command, &Ui::new(true)).await.expect_err("no proof yet").to_string();
    assert!(reason.contains("run a worker"), "{reason}");
    place.run("worker --model @model.zkm --keys @keys --queue @queue.db --until-empty").await;
    assert_eq!(state(1, prove).await, "Proven");
    let exported = place.by(1, &format!("{} -o @positives.json", act("export"))).await;
    assert_eq!(exported.json["positives"], json!(3));
    // One of them is demanded, although it could be had.
    assert_eq!(state(2, format!("{} --first 1 --count 1", act("demand"))).await, "Demanded");
    assert_eq!(state(1, act("identify")).await, "Identified");
    let announce = format!("{} --keys @keys --ciphertext @ciphertext.json", act("announce"));
    assert_eq!(state(1, announce).await, "Delivering");
    assert_eq!(state(2, act("demand-publication")).await, "Delivering");
    assert_eq!(state(1, format!("{} --keys @keys", act("publish"))).await, "Delivering");
    assert_eq!(state(1, act("reveal")).await, "Delivering");
    assert_eq!(state(2, act("settle")).await, "Fulfilled");
    let all = place.by(1, "retrieval status").await;
    assert_eq!(all.json["cases"].as_array().map(Vec::len), Some(2));
    assert_eq!(text(&place.by(1, &format!("retrieval retire --dataset {dataset}")).await, "state"), "Retiring");
}

/// Waits until the block that draws has come.
async fn until_drawn(place: &Place, shown: &Outcome) {
    let node = ProviderBuilder::new().connect_http(place.local.rpc.parse().expect("a URL"));
    let block = shown.json["drawBlock"].as_u64().expect("a block");
    while node.get_block_number().await.expect("a number") <= block {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
