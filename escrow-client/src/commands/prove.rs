//! `zkescrow prove`: a proof of what the committed model says about an input, or one for each of several.

use std::{
    fs,
    path::{Path, PathBuf},
};

use halo2curves::{bn256::Fr, ff::Field};
use rand::rngs::OsRng;
use serde_json::json;
use zkescrow_circuits::{
    commitment::{Address, Opening, WeightCommitment, scalar_word},
    files::FileError,
    keys::ProverKeys,
    model::Model,
    prover::{self, Proven, Request},
    witness::Salts,
};

use crate::{
    failure::Failure,
    folder, input, memory,
    output::{Outcome, Ui},
    paths,
    scalar::{self, prefixed},
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow prove --model model.zkm --keys keys --input photo.png -o proof.json
  zkescrow prove --model model.zkm --keys keys --input a.png --input b.png -o proofs/

With several inputs, model and keys are read and prepared once, and the proofs go to the folder proofs as a.json and
b.json. Beside proof.json it writes proof.json.secret, which opens the commitments to input and output: whoever is to learn
them gets that file, nobody else.")]
pub struct Args {
    /// The model file.
    #[arg(long, value_name = "M.zkm", env = "ZKESCROW_MODEL")]
    pub model: PathBuf,
    /// The key folder that setup wrote.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: PathBuf,
    /// A png, jpeg or .npy, as for infer; give several for several proofs.
    #[arg(long, value_name = "IMG", required = true)]
    pub input: Vec<PathBuf>,
    /// The proof file to write; for several inputs, the folder.
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
    let jobs = jobs(args)?;
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
    let prover = Provider {
        keys: &keys,
        model: &model,
        commitment: &folder::commitment(&args.keys, &keys.verifier)?,
        opening: &folder::opening(&args.keys)?,
    };
    // Before the first proof is begun: a mistake in the last input would cost all of them.
    let inputs: Vec<_> =
        jobs.iter().map(|job| input::read(&job.input, model.network.input())).collect::<Result<_, _>>()?;
    if jobs.len() > 1 {
        let path = &args.output;
        fs::create_dir_all(path).map_err(|source| FileError::Io { action: "create", path: path.clone(), source })?;
    }
    let mut outcomes = vec![];
    for (number, (job, input)) in jobs.iter().zip(&inputs).enumerate() {
        progress.set(if jobs.len() == 1 {
            "proving".into()
        } else {
            format!("proving {} of {}: {}", number + 1, jobs.len(), job.input.display())
        });
        outcomes.push(prover.prove(args, job, input)?);
    }
    drop(progress);
    let Ok([outcome]) = <[Outcome; 1]>::try_from(outcomes.clone()) else {
        let text = outcomes.iter().map(|o| o.text.as_str()).collect::<Vec<_>>().join("\n");
        let proofs: Vec<_> = outcomes.into_iter().map(|o| o.json).collect();
        return Ok(Outcome::done(json!({ "proofs": proofs }), text));
    };
    Ok(outcome)
}

/// One proof to make.
struct Job {
    input: PathBuf,
    proof: PathBuf,
    secret: PathBuf,
}

/// All proofs to make, if their files can be written without harm. Proving takes long: it is asked beforehand.
fn jobs(args: &Args) -> Result<Vec<Job>, Failure> {
    if let [input] = &args.input[..] {
        return Ok(vec![job(args, input, args.output.clone())?]);
    }
    let refuse = |reason: String| Err(Failure::Request(reason));
    let mut jobs: Vec<Job> = vec![];
    for input in &args.input {
        let Some(name) = input.file_stem() else {
            return refuse(format!("{} names no file", input.display()));
        };
        let mut name = name.to_os_string();
        name.push(".json");
        let next = job(args, input, args.output.join(name))?;
        if let Some(same) = jobs.iter().find(|job| job.proof == next.proof) {
            let (a, b) = (same.input.display(), input.display());
            return refuse(format!("the proofs for {a} and {b} would both be {}: rename one", next.proof.display()));
        }
        jobs.push(next);
    }
    Ok(jobs)
}

fn job(args: &Args, input: &Path, proof: PathBuf) -> Result<Job, Failure> {
    paths::require_target(&proof)?;
    let inputs: Vec<&Path> = args.input.iter().map(PathBuf::as_path).chain([args.model.as_path()]).collect();
    paths::require_apart(&proof, &inputs, &[&args.keys])?;
    // The whole name counts: answer.1 and answer.2 are two proofs.
    let mut secret = proof.clone().into_os_string();
    secret.push(".secret");
    let secret = PathBuf::from(secret);
    paths::require_new(&secret)?;
    Ok(Job { input: input.into(), proof, secret })
}

/// Who can prove: what all proofs of a model share.
struct Provider<'a> {
    keys: &'a ProverKeys,
    model: &'a Model,
    commitment: &'a WeightCommitment,
    opening: &'a Opening,
}

impl Provider<'_> {
    fn prove(&self, args: &Args, job: &Job, input: &[u8]) -> Result<Outcome, Failure> {
        let salts = if args.public {
            Salts { input: Fr::ZERO, output: Fr::ZERO }
        } else {
            Salts { input: Fr::random(OsRng), output: Fr::random(OsRng) }
        };
        let request = Request { input, salts, context: args.context, provider: args.provider };
        let proven = prover::prove(self.keys, self.model, self.commitment, self.opening, request)?;
        // The opening first: a proof whose salts are lost could not be settled.
        write_opening(&job.secret, salts, input, proven.trace.logits())?;
        if let Err(error) = proven.proof.save(&job.proof) {
            // It opens nothing; if it cannot be removed, the first error is the one to report.
            let _ = fs::remove_file(&job.secret);
            return Err(error.into());
        }
        Ok(outcome(job, &proven, self.keys.srs.origin.is_insecure()))
    }
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

fn outcome(job: &Job, proven: &Proven, insecure: bool) -> Outcome {
    let (proof, label, seconds) = (&proven.proof, proven.trace.label, proven.seconds);
    let instances: Vec<_> = proof.instances.iter().map(|x| prefixed(scalar_word(x))).collect();
    let memory = memory::peak();
    let json = json!({
        "proof": job.proof,
        "opening": job.secret,
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
        job.proof.display(),
        proof.bytes.len(),
        seconds.total,
        prefixed(proof.model_id),
    );
    Outcome::done(json, text)
}
