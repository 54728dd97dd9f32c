//! Finds what the contract toolchain left in the checkout: Anvil, the Solidity compiler, compiled contracts.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

const SETUP: &str = "make setup";
const CONTRACTS: &str = "make contracts";

/// The Solidity compiler.
pub fn solc() -> Result<PathBuf, Failure> {
    let missing = || Failure::Missing { what: "the Solidity compiler".into(), remedy: SETUP };
    let script = search("scripts/solc").ok_or_else(missing)?;
    let library = script.ancestors().nth(2).map(|root| root.join("node_modules/solc/package.json"));
    if library.is_some_and(|file| file.is_file()) { Ok(script) } else { Err(missing()) }
}

/// Anvil: the checkout's, else whatever is on the path.
pub fn anvil() -> Result<PathBuf, Failure> {
    let system = if env::consts::OS == "macos" { "darwin" } else { env::consts::OS };
    let machine = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let ours = search(&format!("node_modules/@foundry-rs/anvil-{system}-{machine}/bin/anvil"));
    let installed = || {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).map(|folder| folder.join("anvil")).find(|file| file.is_file())
    };
    ours.or_else(installed).ok_or(Failure::Missing { what: "Anvil".into(), remedy: SETUP })
}

/// Creation code of a contract that forge compiled.
pub fn creation_code(contract: &str) -> Result<Vec<u8>, Failure> {
    let missing = || Failure::Missing { what: format!("the compiled contract {contract}"), remedy: CONTRACTS };
    let path = search(&format!("out/{contract}.sol/{contract}.json")).ok_or_else(missing)?;
    let decode = || {
        let artifact: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
        hex::decode(artifact["bytecode"]["object"].as_str()?.strip_prefix("0x")?).ok()
    };
    decode().ok_or_else(missing)
}

/// Looks for a file in the working folder and the folders above it, then around the executable.
fn search(file: &str) -> Option<PathBuf> {
    let starts = [env::current_dir().ok(), env::current_exe().ok()];
    starts.iter().flatten().find_map(|start| above(start, file))
}

fn above(start: &Path, file: &str) -> Option<PathBuf> {
    start.ancestors().map(|folder| folder.join(file)).find(|path| path.is_file())
}
