//! `zkescrow verifier generate`: from keys to Solidity and bytecode.

use std::path::PathBuf;

use serde_json::json;
use zkescrow_circuits::{files, keys::VerifierKeys};
use zkescrow_verifier_gen::verifier::{self, Contracts, Generated, KEY, SHARED, WRAPPER};

use crate::{
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

/// Builds the contracts and writes everything about them.
pub fn write(args: &Args, keys: &VerifierKeys, ui: &Ui) -> Result<(Contracts, Outcome), Failure> {
    paths::require_folder(&args.out)?;
    let (generated, contracts) = build(keys, ui)?;
    let manifest = contracts.manifest(&generated);
    let mut contents = generated.sources.clone();
    let compiled = [(SHARED, &contracts.shared), (KEY, &contracts.key), (WRAPPER, &contracts.wrapper)];
    contents.extend(compiled.map(|(name, code)| (format!("{name}.creation.hex"), prefixed(&code.creation))));
    contents.extend([
        ("abi.json".into(), format!("{:#}\n", contracts.wrapper.abi)),
        ("manifest.json".into(), format!("{manifest:#}\n")),
    ]);
    let written: Vec<_> = contents.iter().map(|(name, _)| args.out.join(name)).collect();
    // All or nothing, as far as can be told beforehand.
    written.iter().try_for_each(|path| paths::require_target(path))?;
    for (path, (_, text)) in written.iter().zip(&contents) {
        files::write_whole(path, text.as_bytes(), false)?;
    }

    let (code, key) = (contracts.shared.runtime.len(), contracts.key.runtime.len());
    let gas = generated.gas.gas();
    let json = json!({
        "out": args.out,
        "files": written,
        "codeBytes": code,
        "keyBytes": key,
        "codeHash": prefixed(contracts.shared.code_hash()),
        "keyHash": prefixed(contracts.key.code_hash()),
        "predictedGas": gas,
    });
    let text = format!(
        "{}: {SHARED} with {code} bytes of code, {KEY} with {key}, {WRAPPER}; about {gas} gas to verify a proof; {} files",
        args.out.display(),
        written.len()
    );
    Ok((contracts, Outcome::done(json, text)))
}

/// Generates and compiles.
pub fn build(keys: &VerifierKeys, ui: &Ui) -> Result<(Generated, Contracts), Failure> {
    let solc = checkout::solc()?;
    let _progress = ui.progress("generating and compiling the verifier");
    let generated = verifier::generate(keys)?;
    let contracts = verifier::compile(&generated, &solc)?;
    Ok((generated, contracts))
}
