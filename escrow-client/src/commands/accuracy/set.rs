//! `zkescrow accuracy commit-set`: examples that nobody can change any more, and nobody else sees.

use std::path::{Path, PathBuf};

use serde_json::json;
use zkescrow_circuits::keys::VerifierKeys;

use crate::{
    commands::consumer::read_inputs,
    exams::{consumer, test_set},
    failure::Failure,
    output::{Outcome, Ui},
    paths,
    store::Store,
};

/// Most bytes of a file of labels.
const LIMIT: u64 = 1 << 24;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow accuracy commit-set --keys keys --labels labels.txt --store consumer.db -o examples.json test.npy

Inputs, labels and salts stay in the store. The file shows nothing of them; give it to the provider.")]
pub struct Args {
    /// The file with what the chain does not know; each party has its own.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_STORE", default_value = "zkescrow.db")]
    store: PathBuf,
    /// Keys of the model's architecture.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// The true labels, one number on each line, in the order of the images.
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Where the commitments go, for the provider.
    #[arg(short, long, value_name = "FILE", default_value = "examples.json")]
    output: PathBuf,
    /// Images: png, jpeg, or .npy of one (H,W,C) or many (N,H,W,C).
    #[arg(value_name = "IMAGE", required = true)]
    input: Vec<PathBuf>,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    paths::require_target(&args.output)?;
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let network = &keys.plan.network;
    let images = read_inputs(&args.input, network.input())?;
    let labels = read_labels(&args.labels, network.classes() as u64)?;
    if images.len() != labels.len() {
        let (path, lines, count) = (args.labels.display(), labels.len(), images.len());
        return Err(Failure::Request(format!("{path} has {lines} labels for {count} images: give one for each")));
    }
    let count = images.len();
    let store = Store::open(&args.store).await?;
    let (root, all) = consumer::commit(&store, network, images.into_iter().zip(labels).collect()).await?;
    test_set::write_leaves(&args.output, &all)?;
    let file = args.output.display().to_string();
    let text = format!("test set {root} of {count} examples; give {file} to the provider");
    Ok(Outcome::done(json!({ "testSet": root, "examples": count, "file": file }), text))
}

fn read_labels(path: &Path, classes: u64) -> Result<Vec<u64>, Failure> {
    let text = paths::read(path, LIMIT)?;
    let text = String::from_utf8_lossy(&text);
    let label = |(i, line): (usize, &str)| {
        let known = line.trim().parse::<u64>().ok().filter(|&label| label < classes);
        let (path, line, last) = (path.display(), i + 1, classes - 1);
        known.ok_or_else(|| Failure::Request(format!("{path}, line {line}: expected a label from 0 to {last}")))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_one_number_on_each_line() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("labels.txt");
        std::fs::write(&path, "3\n 0 \n\n9\n").expect("written");
        assert_eq!(read_labels(&path, 10).expect("read"), [3, 0, 9]);
        for wrong in ["10\n", "-1", "cat"] {
            std::fs::write(&path, format!("0\n{wrong}")).expect("written");
            assert!(read_labels(&path, 10).expect_err("refused").to_string().contains("line 2"));
        }
    }
}
