//! `zkescrow infer`: what the model says, in integers.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use npyz::WriterBuilder;
use rayon::prelude::*;
use serde_json::{Value, json};
use zkescrow_circuits::{files::FileError, model::Model};

use crate::{
    failure::Failure,
    input::{self, Images},
    output::{Outcome, Ui},
    paths,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow infer --model model.zkm --input photo.png")]
pub struct Args {
    /// The model file.
    #[arg(long, value_name = "M.zkm", env = "ZKESCROW_MODEL")]
    pub model: PathBuf,
    /// A png or jpeg, cropped and resized to the model's input; or a uint8 .npy of stored values, one image (H,W,C) or
    /// many (N,H,W,C).
    #[arg(long, value_name = "IMG")]
    pub input: PathBuf,
    /// Write the logits as a uint8 .npy (N,classes) of stored values: those of int8 models are raised by 128.
    #[arg(long, value_name = "FILE.npy")]
    pub logits: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    if let Some(path) = &args.logits {
        paths::require_target(path)?;
        paths::require_apart(path, &[&args.model, &args.input], &[])?;
    }
    let progress = ui.progress("reading the model");
    let model = paths::model(&args.model)?;
    let (images, many) = match input::read_images(&args.input, model.network.input())? {
        Images::One(image) => (vec![image], false),
        Images::Many(images) => (images, true),
    };
    let done = AtomicUsize::new(0);
    let answer_to = |image: &Vec<u8>| {
        let trace = model.infer(image)?;
        let n = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress.set(format!("{n} of {} images", images.len()));
        Ok(Answer { label: trace.label, stored: trace.logits().to_vec() })
    };
    let answers = images.par_iter().map(answer_to).collect::<Result<Vec<_>, Failure>>()?;
    if let Some(path) = &args.logits {
        let stored: Vec<u8> = answers.iter().flat_map(|answer| answer.stored.iter().copied()).collect();
        write_logits(path, &stored, model.network.classes())?;
    }
    let answers: Vec<_> = answers.iter().map(|answer| describe(&model, answer)).collect();
    let text = answers.iter().map(|(_, text)| &text[..]).collect::<Vec<_>>().join("\n");
    let mut documents: Vec<Value> = answers.into_iter().map(|(document, _)| document).collect();
    Ok(Outcome::done(if many { json!({ "images": documents }) } else { documents.remove(0) }, text))
}

/// What the model says about one image.
struct Answer {
    label: usize,
    stored: Vec<u8>,
}

/// The same for programs and for people.
fn describe(model: &Model, answer: &Answer) -> (Value, String) {
    let logits: Vec<i16> = answer.stored.iter().map(|&y| model.output.value(y)).collect();
    let mut order: Vec<usize> = (0..logits.len()).collect();
    // The sort is stable: of equal logits the lowest label comes first, as in the circuit.
    order.sort_by_key(|&label| -logits[label]);
    order.truncate(5);
    let top: Vec<_> = order.iter().map(|&label| json!({ "label": label, "logit": logits[label] })).collect();
    let others: Vec<_> = order.iter().map(|&label| format!("{label} ({})", logits[label])).collect();
    let text = format!("label {}; best logits: {}", answer.label, others.join(", "));
    (json!({ "label": answer.label, "top5": top, "logits": logits }), text)
}

fn write_logits(path: &Path, stored: &[u8], classes: usize) -> Result<(), Failure> {
    let failed = |source| FileError::Io { action: "write", path: path.into(), source };
    let mut bytes = vec![];
    let shape = [(stored.len() / classes) as u64, classes as u64];
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd().map_err(failed)?;
    writer.extend(stored.iter().copied()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(zkescrow_circuits::files::write_whole(path, &bytes, false)?)
}
