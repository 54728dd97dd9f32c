//! `zkescrow verify`: whether a proof is valid for the committed model.

use std::{path::PathBuf, time::Instant};

use alloy::primitives::U256;
use halo2curves::bn256::Fr;
use serde_json::json;
use zkescrow_circuits::{
    commitment::{WeightCommitment, scalar_word},
    keys::VerifierKeys,
    plan::Instance,
    proof::Proof,
    verifier::{self, VerifyError},
};

use crate::{
    failure::Failure,
    folder,
    output::{Outcome, Ui},
    paths, scalar,
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
    /// What the proof has to be for; otherwise any context will do, and is only shown.
    #[arg(long, value_name = "HEX", value_parser = scalar::parse)]
    pub context: Option<Fr>,
    /// The label that the proof has to be about; otherwise any will do, and is only shown.
    #[arg(long, value_name = "N")]
    pub label: Option<u64>,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let commitment = folder::commitment(&args.keys, &keys)?;
    let proof = paths::proof(&args.proof)?;
    let begin = Instant::now();
    let verdict = judge(args, &keys, &commitment, &proof);
    let [input, output, label, context] = proof.instances.map(|x| scalar_word(&x));
    let number = |word: [u8; 32]| u64::try_from(U256::from_be_bytes(word)).ok();
    let origin = &keys.description.origin;
    let mut json = json!({
        "valid": verdict.is_ok(),
        "modelId": scalar::prefixed(proof.model_id),
        "provider": scalar::prefixed(proof.provider),
        "label": number(label),
        "context": scalar::prefixed(context),
        "inputCommitment": scalar::prefixed(input),
        "outputCommitment": scalar::prefixed(output),
        "insecure": origin.is_insecure(),
        "seconds": begin.elapsed().as_secs_f64(),
    });
    let mut text = match &verdict {
        Ok(()) => "valid".into(),
        Err(reason) => {
            json["reason"] = json!(reason);
            format!("invalid: {reason}")
        }
    };
    if verdict.is_ok() {
        let label = number(label).map_or_else(|| scalar::prefixed(label), |n| n.to_string());
        let rows = [
            ("label", label),
            ("context", scalar::prefixed(context)),
            ("input", format!("{} (commitment)", scalar::prefixed(input))),
            ("output", format!("{} (commitment)", scalar::prefixed(output))),
            ("model", scalar::prefixed(proof.model_id)),
            ("provider", scalar::prefixed(proof.provider)),
        ];
        text.extend(rows.map(|(name, value)| format!("\n{name:<8} {value}")));
        if let Some(warning) = origin.warning() {
            text.push_str(&format!("\nWARNING: {warning}"));
        }
    }
    Ok(Outcome { yes: verdict.is_ok(), json, text })
}

/// Why the proof is not what is asked for, or not valid.
fn judge(args: &Args, keys: &VerifierKeys, commitment: &WeightCommitment, proof: &Proof) -> Result<(), String> {
    if args.model_id.is_some_and(|id| id != proof.model_id) {
        return Err(VerifyError::Model.to_string());
    }
    let instance = |instance: Instance| proof.instances[instance as usize];
    if args.context.is_some_and(|context| context != instance(Instance::Context)) {
        return Err("the proof is for another context".into());
    }
    if args.label.is_some_and(|label| Fr::from(label) != instance(Instance::Label)) {
        return Err("the proof is about another label".into());
    }
    verifier::verify(keys, commitment, proof).map_err(|reason| reason.to_string())
}
