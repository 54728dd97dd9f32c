//! `zkescrow verify`: whether a proof is valid for the committed model.

use std::{path::PathBuf, time::Instant};

use serde_json::json;
use zkescrow_circuits::{
    keys::VerifierKeys,
    proof::Proof,
    verifier::{self, VerifyError},
};

use crate::{
    failure::Failure,
    folder,
    output::{Outcome, Ui},
    scalar,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow verify --keys keys --proof proof.json")]
pub struct Args {
    /// The key folder; of it, the prover's secrets are not needed.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: PathBuf,
    /// The proof file.
    #[arg(long, value_name = "P.json")]
    pub proof: PathBuf,
    /// The model that the proof has to be for; otherwise the one that keys and the proof's provider make.
    #[arg(long, value_name = "ID", value_parser = scalar::identity)]
    pub model_id: Option<[u8; 32]>,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let commitment = folder::commitment(&args.keys, &keys)?;
    let proof = Proof::load(&args.proof)?;
    let begin = Instant::now();
    let verdict = if args.model_id.is_some_and(|id| id != proof.model_id) {
        Err(VerifyError::Model)
    } else {
        verifier::verify(&keys, &commitment, &proof)
    };
    let mut json = json!({
        "valid": verdict.is_ok(),
        "modelId": scalar::prefixed(proof.model_id),
        "provider": scalar::prefixed(proof.provider),
        "insecure": keys.description.origin.is_insecure(),
        "seconds": begin.elapsed().as_secs_f64(),
    });
    let text = match &verdict {
        Ok(()) => "valid".into(),
        Err(reason) => {
            json["reason"] = json!(reason.to_string());
            format!("invalid: {reason}")
        }
    };
    Ok(Outcome { yes: verdict.is_ok(), json, text })
}
