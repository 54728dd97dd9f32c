//! `zkescrow infer`: what the model says, in integers.

use std::path::PathBuf;

use serde_json::json;

use crate::{failure::Failure, input, output::Outcome, paths};

/// Stored values are logits plus this.
const ZERO: i16 = 128;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow infer --model model.zkm --input photo.png")]
pub struct Args {
    /// The model file.
    #[arg(long, value_name = "M.zkm", env = "ZKESCROW_MODEL")]
    pub model: PathBuf,
    /// A png or jpeg, cropped and resized to the model's input; or a uint8 .npy (H,W,C) of stored values.
    #[arg(long, value_name = "IMG")]
    pub input: PathBuf,
}

/// Runs the verb.
pub fn run(args: &Args) -> Result<Outcome, Failure> {
    let model = paths::model(&args.model)?;
    let trace = model.infer(&input::read(&args.input, model.network.input())?)?;
    let logits: Vec<i16> = trace.logits().iter().map(|&y| i16::from(y) - ZERO).collect();
    let mut order: Vec<usize> = (0..logits.len()).collect();
    // The sort is stable: of equal logits the lowest label comes first, as in the circuit.
    order.sort_by_key(|&label| -logits[label]);
    order.truncate(5);
    let top: Vec<_> = order.iter().map(|&label| json!({ "label": label, "logit": logits[label] })).collect();
    let others: Vec<_> = order.iter().map(|&label| format!("{label} ({})", logits[label])).collect();
    let text = format!("label {}; best logits: {}", trace.label, others.join(", "));
    Ok(Outcome::done(json!({ "label": trace.label, "top5": top, "logits": logits }), text))
}
