//! `zkescrow prove`: a proof of what the committed model says about an input.

use std::{
    fs,
    path::{Path, PathBuf},
};

use halo2curves::{bn256::Fr, ff::Field};
use rand::rngs::OsRng;
use serde_json::json;
use zkescrow_circuits::{
    commitment::{Address, scalar_word},
    keys::ProverKeys,
    proof::Proof,
    prover::{self, Proven, Request, Seconds},
    witness::Salts,
};

use crate::{
    failure::Failure,
    folder, input,
    output::{Outcome, Ui},
    paths,
    scalar::{self, prefixed},
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow prove --model model.zkm --keys keys --input photo.png -o proof.json

Beside proof.json it writes proof.json.secret, which opens the commitments to input and output: whoever is to learn
them gets that file, nobody else.")]
pub struct Args {
    /// The model file.
    #[arg(long, value_name = "M.zkm", env = "ZKESCROW_MODEL")]
    pub model: PathBuf,
    /// The key folder that setup wrote.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: PathBuf,
    /// A png, jpeg or .npy, as for infer.
    #[arg(long, value_name = "IMG")]
    pub input: PathBuf,
    /// The proof file to write.
    #[arg(short, long, value_name = "P.json")]
    pub output: PathBuf,
    /// What the proof is for: a number below the scalar modulus.
    #[arg(long, value_name = "HEX", default_value = "0", value_parser = scalar::parse)]
    pub context: Fr,
    /// The model's registered provider.
    #[arg(long, value_name = "ADDRESS", env = "ZKESCROW_PROVIDER", value_parser = scalar::address,
          default_value = "0x0000000000000000000000000000000000000000")]
    pub provider: Address,
    /// Commit to input and output without salts, so that anybody who knows them can check.
    #[arg(long)]
    pub public: bool,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let secret = check_targets(args)?;
    if args.context == Fr::ZERO {
        ui.warn("the proof has no context: whoever gets it can present it for any purpose (--context)");
    }
    if args.provider == Address::default() {
        ui.warn("the proof names no provider: it is for no registered model (--provider)");
    }
    let progress = ui.progress("reading model and keys");
    let model = paths::model(&args.model)?;
    let keys = ProverKeys::load(&args.keys)?;
    progress.aside(|| ui.warn_origin(&keys.srs.origin));
    let commitment = folder::commitment(&args.keys, &keys.verifier)?;
    let opening = folder::opening(&args.keys)?;
    let input = input::read(&args.input, model.network.input())?;
    let salts = if args.public {
        Salts { input: Fr::ZERO, output: Fr::ZERO }
    } else {
        Salts { input: Fr::random(OsRng), output: Fr::random(OsRng) }
    };
    progress.set("proving");
    let request = Request { input: &input, salts, context: args.context, provider: args.provider };
    let Proven { proof, trace, seconds } = prover::prove(&keys, &model, &commitment, &opening, request)?;
    drop(progress);

    // The opening first: a proof whose salts are lost could not be settled.
    write_opening(&secret, salts, &input, trace.logits())?;
    if let Err(error) = proof.save(&args.output) {
        // It opens nothing; if it cannot be removed, the first error is the one to report.
        let _ = fs::remove_file(&secret);
        return Err(error.into());
    }
    Ok(outcome(args, &proof, trace.label, seconds, &secret, keys.srs.origin.is_insecure()))
}

/// Where the secret will be, if both files can be written without harm. Proving takes long: it is asked beforehand.
fn check_targets(args: &Args) -> Result<PathBuf, Failure> {
    paths::require_target(&args.output)?;
    paths::require_apart(&args.output, &[&args.model, &args.input], &[&args.keys])?;
    // The whole name counts: answer.1 and answer.2 are two proofs.
    let mut secret = args.output.clone().into_os_string();
    secret.push(".secret");
    let secret = PathBuf::from(secret);
    paths::require_new(&secret)?;
    Ok(secret)
}

/// Writes what opens the commitments, for its owner only.
fn write_opening(path: &Path, salts: Salts, input: &[u8], logits: &[u8]) -> Result<(), Failure> {
    let opening = json!({
        "version": 1,
        "inputSalt": prefixed(scalar_word(&salts.input)),
        "outputSalt": prefixed(scalar_word(&salts.output)),
        "input": prefixed(input),
        "output": prefixed(logits),
    });
    paths::write_new_secret(path, format!("{opening:#}\n").as_bytes())
}

fn outcome(args: &Args, proof: &Proof, label: usize, seconds: Seconds, secret: &Path, insecure: bool) -> Outcome {
    let instances: Vec<_> = proof.instances.iter().map(|x| prefixed(scalar_word(x))).collect();
    let memory = peak_memory();
    let json = json!({
        "proof": args.output,
        "opening": secret,
        "modelId": prefixed(proof.model_id),
        "instances": instances,
        "label": label,
        "proofBytes": proof.bytes.len(),
        "linkBytes": proof.link.len(),
        "seconds": seconds,
        "peakMemoryBytes": memory,
        "insecure": insecure,
    });
    let memory = memory.map_or(String::new(), |bytes| format!(", at most {} MB", bytes >> 20));
    let text = format!(
        "{}: label {label}, {} bytes, made and checked in {:.1} s{memory}\nmodel {}",
        args.output.display(),
        proof.bytes.len(),
        seconds.total,
        prefixed(proof.model_id),
    );
    Outcome::done(json, text)
}

/// The most memory that this process ever held, where the system says so.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
