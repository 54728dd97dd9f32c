//! `zkescrow bench`: what setup, proving and verifying take on this machine.

use std::{
    env,
    path::{Path, PathBuf},
    process,
    time::Instant,
};

use halo2curves::{bn256::Fr, ff::Field};
use rand::rngs::OsRng;
use serde_json::{Value, json};
use zkescrow_circuits::{
    commitment::{self, Opening},
    import,
    keys::{ProverKeys, VerifierKeys},
    model::Model,
    planner::{self, Candidate, Objective},
    prover::{self, Proven, Request},
    verifier,
    witness::Salts,
};

use super::setup;
use crate::{
    checkout,
    failure::Failure,
    input,
    layout::LayoutArgs,
    memory,
    output::{Outcome, Ui},
    paths,
    scratch::Scratch,
};

/// The models of the paper's first table, as the checkout has them.
const FIXTURES: [&str; 3] = ["mobilenet_v2_0.35_96", "mobilenet_v2_0.5_224", "mobilenet_v2_0.75_192"];
/// A picture for them.
const PICTURE: &str = "models/pictures/astronaut.png";
/// Verifications that the median is of.
const VERIFICATIONS: usize = 21;
/// Most bytes of a model to import.
const IMPORT_LIMIT: u64 = 1 << 30;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  zkescrow bench                                   the paper's three MobileNets v2
  zkescrow bench --model m.zkm --input photo.png --runs 5 --json")]
pub struct Args {
    /// A model file or a .tflite; may be given several times. By default the models of the paper's table 1.
    #[arg(long, value_name = "FILE", requires = "input")]
    pub model: Vec<PathBuf>,
    /// An image to prove.
    #[arg(long, value_name = "IMG")]
    pub input: Option<PathBuf>,
    /// Proofs of each model; medians are reported.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// What the layout is chosen for.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// Where development strings are kept.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_CACHE")]
    pub cache: Option<PathBuf>,
    /// Measure in this process: one model, so that its memory can be told.
    #[arg(long, hide = true)]
    pub here: bool,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let (models, picture) = match &args.input {
        Some(input) if !args.model.is_empty() => (args.model.clone(), input.clone()),
        given => {
            let fixture = |name: &&str| checkout::fixture(&format!("models/{name}.tflite"));
            let picture = given.clone().map_or_else(|| checkout::fixture(PICTURE), Ok)?;
            (FIXTURES.iter().map(fixture).collect::<Result<_, _>>()?, picture)
        }
    };
    if let ([model], true) = (&models[..], args.here) {
        let row = measure(args, model, &picture, ui)?;
        return Ok(Outcome::done(row.clone(), line(&row)));
    }
    let mut rows = vec![];
    for model in &models {
        ui.note(format!("measuring {}", model.display()));
        rows.push(elsewhere(args, model, &picture)?);
    }
    let text = [HEADER.to_string()].into_iter().chain(rows.iter().map(line)).collect::<Vec<_>>().join("\n");
    Ok(Outcome::done(json!({ "rows": rows }), text))
}

/// One model in a process of its own: the peak of its memory is not another's.
fn elsewhere(args: &Args, model: &Path, picture: &Path) -> Result<Value, Failure> {
    let failed = |reason: String| Failure::Request(format!("measuring {} failed: {reason}", model.display()));
    let mut command = process::Command::new(env::current_exe().map_err(|e| failed(e.to_string()))?);
    command.args(["--json", "bench", "--here", "--runs", &args.runs.to_string()]);
    command.arg("--model").arg(model).arg("--input").arg(picture);
    if let Some(cache) = &args.cache {
        command.arg("--cache").arg(cache);
    }
    if let Some(k) = args.layout.k {
        command.args(["--k", &k.to_string()]);
    }
    match args.layout.given() {
        Some(choice) => {
            command.args(["--lanes", &choice.lanes.to_string()]);
            command.args(["--weight-columns", &choice.weight_columns.to_string()]);
            command.args(["--degree", &choice.degree.number().to_string()]);
        }
        None => {
            command.args(["--optimise", args.layout.optimise.name()]);
        }
    }
    let output = command.stderr(process::Stdio::inherit()).output().map_err(|e| failed(e.to_string()))?;
    let document: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    match document {
        Some(row) if output.status.success() => Ok(row),
        Some(row) => Err(failed(row["error"].as_str().unwrap_or("no reason given").into())),
        None => Err(failed("it printed no result".into())),
    }
}

fn measure(args: &Args, path: &Path, picture: &Path, ui: &Ui) -> Result<Value, Failure> {
    let model = read(path)?;
    let image = input::read(picture, model.network.input())?;
    let progress = ui.quiet().progress(format!("{}: planning", model.name));
    let seconds = |begin: Instant| begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let candidate = match args.layout.given() {
        Some(choice) => Candidate::of(&zkescrow_circuits::plan::Plan::new(&model.network, choice)?),
        None => planner::candidates(&model.network, Objective::from(args.layout.optimise), args.layout.k)?.remove(0),
    };
    let planning = seconds(begin);
    let k = candidate.choice.k.unwrap_or_default();
    let srs = setup::development(k, args.cache.as_ref(), ui, &progress)?;
    progress.set(format!("{}: making keys", model.name));
    let begin = Instant::now();
    let keys = ProverKeys::generate(&model.network, candidate.choice, srs)?;
    let keygen = seconds(begin);
    let begin = Instant::now();
    let opening = Opening::random();
    let committed = commitment::commit(&keys.verifier.plan, &keys.srs, &model.params, &opening);
    let committing = seconds(begin);
    let mut proofs: Vec<Proven> = vec![];
    for run in 1..=args.runs {
        progress.set(format!("{}: proof {run} of {}", model.name, args.runs));
        let salts = Salts { input: Fr::random(OsRng), output: Fr::random(OsRng) };
        let request = Request { input: &image, salts, context: Fr::ONE, provider: [1; 20] };
        proofs.push(prover::prove(&keys, &model, &committed, &opening, request)?);
    }
    let peak = memory::peak();
    progress.set(format!("{}: verifying", model.name));
    // As a verifier does: with keys that were read from their files.
    let folder = Scratch::new()?;
    keys.verifier.save(folder.path())?;
    let verifier = VerifierKeys::load(folder.path())?;
    let proof = &proofs[0].proof;
    let mut verifying = vec![];
    for _ in 0..VERIFICATIONS {
        let begin = Instant::now();
        verifier::verify(&verifier, &committed, proof).map_err(zkescrow_circuits::prover::ProveError::from)?;
        verifying.push(seconds(begin));
    }
    let stage = |pick: &dyn Fn(&prover::Seconds) -> f64| median(proofs.iter().map(|p| pick(&p.seconds)).collect());
    Ok(json!({
        "model": model.name,
        "k": k,
        "degree": candidate.choice.degree.number(),
        "lanes": candidate.choice.lanes,
        "weightColumns": candidate.choice.weight_columns,
        "rowsUsed": candidate.rows_used,
        "proofBytes": proof.bytes.len(),
        "linkBytes": proof.link.len(),
        "runs": args.runs,
        "cores": std::thread::available_parallelism().map(usize::from).ok(),
        "peakMemoryBytes": peak,
        "seconds": {
            "plan": planning,
            "keyGeneration": keygen,
            "commitWeights": committing,
            "firstProof": proofs[0].seconds.total,
            "laterProof": (proofs.len() > 1).then(|| median(proofs[1..].iter().map(|p| p.seconds.total).collect())),
            "prove": stage(&|s| s.total),
            "witness": stage(&|s| s.witness),
            "commitFirst": stage(&|s| s.commit_first),
            "later": stage(&|s| s.later),
            "commitLater": stage(&|s| s.commit_later),
            "quotient": stage(&|s| s.quotient),
            "open": stage(&|s| s.open),
            "bindWeights": stage(&|s| s.bind),
            "verify": median(verifying),
        },
        "predicted": candidate.prediction,
    }))
}

fn read(path: &Path) -> Result<Model, Failure> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tflite")) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let bytes = paths::read(path, IMPORT_LIMIT)?;
        return import::import(&name, &bytes).map_err(|source| Failure::Import { path: path.into(), source });
    }
    paths::model(path)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    (low + high) / 2.0
}

const HEADER: &str = "model                      k  keys     prove    (predicted)  memory  verify   proof";

fn line(row: &Value) -> String {
    let seconds = |name: &str| row["seconds"][name].as_f64().unwrap_or_default();
    format!(
        "{:<25} {:>2}  {:>5.1} s  {:>6.1} s  ({:>6.1} s)   {:>4.1} GB  {:>4.1} ms  {} B",
        row["model"].as_str().unwrap_or_default(),
        row["k"],
        seconds("keyGeneration"),
        seconds("prove"),
        row["predicted"]["proveSeconds"].as_f64().unwrap_or_default(),
        row["peakMemoryBytes"].as_f64().unwrap_or_default() / 1e9,
        1e3 * seconds("verify"),
        row["proofBytes"],
    )
}
