//! `zkescrow setup`: keys for an architecture, and the commitment to a model's weights.

use std::{env, path::PathBuf, time::Instant};

use serde_json::{Value, json};
use zkescrow_circuits::{
    commitment::{self, Opening},
    keys::ProverKeys,
    plan::Plan,
    srs::{CacheEvent, Origin, Srs},
};

use crate::{
    failure::Failure,
    folder,
    layout::LayoutArgs,
    output::{Outcome, Progress, Ui},
    paths,
    scalar::prefixed,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow setup --model model.zkm --keys keys --srs powersOfTau28_hez_final_17.ptau")]
pub struct Args {
    /// The model file.
    #[arg(long, value_name = "M.zkm", env = "ZKESCROW_MODEL")]
    pub model: PathBuf,
    /// The folder to write; it will hold the secret opening of the commitment.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: PathBuf,
    /// A ceremony file of snarkjs; without it an INSECURE development string is used.
    #[arg(long, value_name = "FILE.ptau", env = "ZKESCROW_SRS")]
    pub srs: Option<PathBuf>,
    /// What the layout is chosen for.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// Where development strings are kept.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_CACHE")]
    pub cache: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let begin = Instant::now();
    folder::require_unused(&args.keys)?;
    let model = paths::model(&args.model)?;
    let progress = ui.progress("planning the layout");
    let choice = args.layout.choose(&model.network)?;
    let k = Plan::new(&model.network, choice)?.shape.k;
    progress.set("reading the reference string");
    let srs = reference_string(args, k, ui, &progress)?;
    progress.set("making keys");
    let keys = ProverKeys::generate(&model.network, choice, srs)?;
    progress.set("committing to the weights");
    let opening = Opening::random();
    let committed = commitment::commit(&keys.verifier.plan, &keys.srs, &model.params, &opening);
    progress.set("writing the keys");
    keys.save(&args.keys)?;
    let path = folder::save(&args.keys, &keys.verifier.arch, &committed, &opening)?;
    drop(progress);

    let (k, origin) = (keys.srs.k(), &keys.srs.origin);
    let rows = (keys.verifier.plan.rows_used, 1usize << k);
    let json = json!({
        "keys": args.keys,
        "k": k,
        "rowsUsed": rows.0,
        "degree": choice.degree.number(),
        "lanes": choice.lanes,
        "weightColumns": choice.weight_columns,
        "archDigest": prefixed(keys.verifier.arch),
        "proofBytes": keys.verifier.proof_length(),
        "commitment": path,
        "srs": describe(origin, &keys.srs.digest),
        "seconds": begin.elapsed().as_secs_f64(),
    });
    let text = format!(
        "{}: k = {k}, {} of {} rows, proofs of {} bytes, weights committed to in {} points\narch {}",
        args.keys.display(),
        rows.0,
        rows.1,
        keys.verifier.proof_length(),
        committed.0.len(),
        prefixed(keys.verifier.arch),
    );
    Ok(Outcome::done(json, text))
}

/// A reference string for programs.
fn describe(origin: &Origin, digest: &[u8; 32]) -> Value {
    let mut json = json!(origin);
    json["insecure"] = json!(origin.is_insecure());
    json["digest"] = json!(prefixed(digest));
    json
}

fn reference_string(args: &Args, k: u32, ui: &Ui, progress: &Progress) -> Result<Srs, Failure> {
    let srs = match &args.srs {
        Some(path) => Srs::from_ptau(path, k)?,
        None => development(k, args.cache.as_ref(), ui, progress)?,
    };
    progress.aside(|| ui.warn_origin(&srs.origin));
    Ok(srs)
}

/// The development string of this size, from the cache or new.
pub fn development(k: u32, cache: Option<&PathBuf>, ui: &Ui, progress: &Progress) -> Result<Srs, Failure> {
    let srs = Srs::cached_development(k, &folder_of(cache)?, |event| match event {
        CacheEvent::Making { k } => progress.set(format!("making a development string of 2^{k} powers")),
        CacheEvent::Replacing(error) => {
            progress.aside(|| ui.warn(format!("{error} (replaced now)")));
        }
        CacheEvent::Reading(_) | CacheEvent::Saved(_) => {}
    })?;
    Ok(srs)
}

fn folder_of(cache: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    let folder = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    cache
        .cloned()
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("zkescrow")))
        .or_else(|| Some(folder("HOME")?.join(".cache/zkescrow")))
        .ok_or_else(|| {
            Failure::Request("there is no home folder to keep the development string in: give --cache".into())
        })
}
