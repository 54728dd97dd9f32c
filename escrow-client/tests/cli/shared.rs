//! What the tests share: how the binary is run, and a folder of files that it made.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;
use tempfile::TempDir;

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zkescrow"));
    command.env("ZKESCROW_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("srs"));
    command.env("ZKESCROW_CHECKOUT", Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    for name in ["MODEL", "KEYS", "SRS", "PROVIDER", "RPC", "KEY_FILE", "QUEUE"] {
        command.env_remove(format!("ZKESCROW_{name}"));
    }
    command
}

/// Runs the binary with `--json`; whatever happens, it neither panics nor says more than one document.
pub fn run<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> (i32, Value, String) {
    let output = command().arg("--json").args(args).output().expect("the binary runs");
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert!(!stderr.contains("panicked") && !stderr.contains("RUST_BACKTRACE"), "{stderr}");
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("one document: {e}\n{stderr}"));
    (output.status.code().expect("an exit code"), document, stderr)
}

/// A request that has to be refused, in a sentence that names what is wrong.
pub fn wrong<S: AsRef<std::ffi::OsStr>>(args: &[S], names: &str) {
    let (code, document, stderr) = run(args);
    let error = document["error"].as_str().unwrap_or_else(|| panic!("an error: {document}"));
    assert_eq!(code, 2, "{error}");
    assert!(error.contains(names), "{error:?} does not name {names:?}");
    assert!(!error.contains('\n'), "more than a sentence: {error}");
    let words: Vec<_> = stderr.split_whitespace().collect();
    assert!(words.join(" ").contains(error), "people see it too");
}

/// A folder with model, keys, input and proof, all made by the binary.
pub struct Setting {
    pub folder: TempDir,
    pub setup: Value,
    pub prove: Value,
}

impl Setting {
    pub fn path(&self, name: &str) -> String {
        path(self.folder.path(), name)
    }
}

pub fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("text").into()
}

/// A file of the checkout's models.
pub fn fixture(name: &str) -> String {
    path(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../models"), name)
}

/// An array of bytes as numpy saves it.
pub fn npy(shape: &str, dtype: &str, order: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}");
    let padded = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(data);
    bytes
}

pub fn picture() -> Vec<u8> {
    (0..8 * 8 * 3).map(|i| (i * 89 % 256) as u8).collect()
}

pub static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("temporary folder");
    let at = |name| path(folder.path(), name);
    fs::write(at("input.npy"), npy("(8, 8, 3)", "|u1", "False", &picture())).expect("written");
    assert_eq!(run(&["model", "sample", "-o", &at("model.zkm")]).0, 0);
    assert_eq!(run(&["model", "sample", "--seed", "2", "-o", &at("other.zkm")]).0, 0);
    let (code, setup, stderr) = run(&["setup", "--model", &at("model.zkm"), "--keys", &at("keys")]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("INSECURE"), "{stderr}");
    let (code, prove, stderr) = run(&prove_args(folder.path(), "model.zkm", "input.npy", "proof.json"));
    assert_eq!(code, 0, "{stderr}");
    Setting { folder, setup, prove }
});

pub fn prove_args(folder: &Path, model: &str, input: &str, output: &str) -> Vec<String> {
    let at = |name| path(folder, name);
    let (model, keys, input, output) = (at(model), at("keys"), at(input), at(output));
    let args = ["prove", "--model", &model, "--keys", &keys, "--input", &input, "-o", &output, "--context", "4d"];
    args.map(String::from).to_vec()
}

/// A copy of the key folder, to be damaged.
pub fn copy_of_keys() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let keys = folder.path().join("keys");
    fs::create_dir(&keys).expect("created");
    for entry in fs::read_dir(SETTING.path("keys")).expect("listed") {
        let entry = entry.expect("listed");
        fs::copy(entry.path(), keys.join(entry.file_name())).expect("copied");
    }
    (folder, keys)
}
