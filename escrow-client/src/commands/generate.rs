//! `zkescrow verifier generate`: from keys to Solidity and bytecode.

use std::path::PathBuf;

use serde_json::json;
use zkescrow_circuits::{files, keys::VerifierKeys};
use zkescrow_verifier_gen::{Compiled, Generated};

use crate::{
    chain::CODE_LIMIT,
    checkout,
    failure::Failure,
    folder,
    output::{Outcome, Ui},
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
    let (generated, compiled) = build(keys, ui)?;
    let mut written = vec![];
    let mut write = |name: &str, bytes: &[u8]| -> Result<(), Failure> {
        let path = args.out.join(name);
        files::write_whole(&path, bytes, false)?;
        written.push(path);
        Ok(())
    };
    for (name, source) in &generated.sources {
        write(name, source.as_bytes())?;
    }
    write("creation.hex", prefixed(&compiled.creation).as_bytes())?;
    write("runtime.hex", prefixed(&compiled.runtime).as_bytes())?;
    write("abi.json", format!("{:#}\n", compiled.abi).as_bytes())?;
    let mut manifest = generated.manifest.clone();
    manifest["codeBytes"] = json!(compiled.runtime.len());
    manifest["codeHash"] = json!(prefixed(compiled.code_hash()));
    manifest["compiler"] = compiled.compiler.clone();
    folder::write_json(&args.out.join("manifest.json"), &manifest)?;
    written.push(args.out.join("manifest.json"));

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
