//! Finds what the contract toolchain left in the checkout: Anvil, the Solidity compiler, compiled contracts.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{failure::Failure, paths};

/// Names the checkout for a binary that was moved out of it.
const CHECKOUT: &str = "ZKESCROW_CHECKOUT";
/// Mode of shared folders.
const STICKY_FOR_ALL: u32 = 0o1002;
/// Most bytes of a compiled contract.
const ARTIFACT_LIMIT: u64 = 1 << 26;

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
        let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join("anvil")).find(|file| file.is_file())
    };
    ours.or_else(installed).ok_or(Failure::Missing { what: "Anvil".into(), remedy: SETUP })
}

/// Creation code of a contract that forge compiled.
pub fn creation_code(contract: &str) -> Result<Vec<u8>, Failure> {
    let missing = || Failure::Missing { what: format!("the compiled contract {contract}"), remedy: CONTRACTS };
    let path = search(&format!("out/{contract}.sol/{contract}.json")).ok_or_else(missing)?;
    let decode = || {
        let artifact: serde_json::Value = serde_json::from_slice(&paths::read(&path, ARTIFACT_LIMIT).ok()?).ok()?;
        hex::decode(artifact["bytecode"]["object"].as_str()?.strip_prefix("0x")?).ok()
    };
    decode().ok_or_else(missing)
}

/// A file that is kept in the checkout.
pub fn fixture(file: &str) -> Result<PathBuf, Failure> {
    search(file).ok_or(Failure::Missing { what: file.into(), remedy: "git checkout -- models" })
}

/// Looks for a file in the checkout: the one that is named, else the one around the executable. What is found may be
/// run, so the working folder is not searched: anybody may have put something there.
fn search(file: &str) -> Option<PathBuf> {
    let within = |folder: &Path| Some(folder.join(file)).filter(|path| path.is_file());
    match env::var_os(CHECKOUT).filter(|value| !value.is_empty()) {
        Some(named) => within(Path::new(&named)),
        None => env::current_exe().ok()?.ancestors().skip(1).filter(|folder| !is_shared(folder)).find_map(within),
    }
}

/// Whether everybody may put files into the folder, as into `/tmp`.
fn is_shared(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & STICKY_FOR_ALL == STICKY_FOR_ALL)
}
