//! `zkescrow verifier generate`: from keys to Solidity and bytecode.

use std::path::PathBuf;

use serde_json::json;
use zkescrow_circuits::{files, keys::VerifierKeys};
use zkescrow_verifier_gen::{Compiled, Generated};

use crate::{
    chain::CODE_LIMIT,
    checkout,
    failure::Failure,
    output::{Outcome, Ui},
    paths,
    scalar::prefixed,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow verifier generate --keys keys --out verifier")]
pub struct Args {
    /// The key folder that setup wrote.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: PathBuf,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    Ok(write(args, &keys, ui)?.1)
}

/// Builds the verifier and writes everything about it.
pub fn write(args: &Args, keys: &VerifierKeys, ui: &Ui) -> Result<(Compiled, Outcome), Failure> {
    paths::require_folder(&args.out)?;
    let (generated, compiled) = build(keys, ui)?;
    let mut manifest = generated.manifest.clone();
    manifest["codeBytes"] = json!(compiled.runtime.len());
    manifest["codeHash"] = json!(prefixed(compiled.code_hash()));
    manifest["compiler"] = compiled.compiler.clone();
    let mut contents = generated.sources.clone();
    contents.extend([
        ("creation.hex".into(), prefixed(&compiled.creation)),
        ("runtime.hex".into(), prefixed(&compiled.runtime)),
        ("abi.json".into(), format!("{:#}\n", compiled.abi)),
        ("manifest.json".into(), format!("{manifest:#}\n")),
    ]);
    let written: Vec<_> = contents.iter().map(|(name, _)| args.out.join(name)).collect();
    // All or nothing, as far as can be told beforehand.
    written.iter().try_for_each(|path| paths::require_target(path))?;
    for (path, (_, text)) in written.iter().zip(&contents) {
        files::write_whole(path, text.as_bytes(), false)?;
    }

    let size = compiled.runtime.len();
    let json = json!({
        "out": args.out,
        "files": written,
        "codeBytes": size,
        // The verifying key is part of the code.
        "keyBytes": 0,
        "codeHash": manifest["codeHash"],
        "fitsCodeLimit": size <= CODE_LIMIT,
        "predictedGas": manifest.get("predictedGas"),
    });
    let text = format!("{}: {size} bytes of code, {} files", args.out.display(), written.len());
    Ok((compiled, Outcome::done(json, text)))
}

/// Generates and compiles, and says if other chains would refuse the result.
pub fn build(keys: &VerifierKeys, ui: &Ui) -> Result<(Generated, Compiled), Failure> {
    let solc = checkout::solc()?;
    let progress = ui.progress("generating and compiling the verifier");
    let generated = zkescrow_verifier_gen::generate(keys);
    let compiled = zkescrow_verifier_gen::compile(&generated, &solc)?;
    drop(progress);
    if compiled.runtime.len() > CODE_LIMIT {
        ui.warn(format!(
            "the verifier has {} bytes of code, more than the {CODE_LIMIT} that chains accept (EIP-170): \
             it can be deployed only where that limit is off",
            compiled.runtime.len()
        ));
    }
    Ok((generated, compiled))
}
