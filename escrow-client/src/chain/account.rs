//! Who signs. Keys come from files that only their owner can read, or stay with a node on this machine.

use std::{
    env,
    io::{self, IsTerminal},
    os::unix::fs::MetadataExt,
    path::Path,
};

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use serde_json::Value;

use super::NodeArgs;
use crate::{failure::Failure, paths};

/// Most bytes of a key or password file.
const SECRET_LIMIT: u64 = 1 << 10;
/// Most bytes of a keystore.
const KEYSTORE_LIMIT: u64 = 1 << 14;
/// Most bytes of memory that a keystore may ask for.
const MEMORY_LIMIT: u64 = 1 << 30;
/// Bytes of the key that a password is turned into; anything else is no keystore of ours.
const DERIVED: u64 = 32;
/// Where the password may be, if no file holds it.
const PASSWORD: &str = "ZKESCROW_PASSWORD";

/// An account that signs.
#[derive(Clone, Debug)]
pub(super) enum Account {
    /// With a key of this program.
    Ours(PrivateKeySigner),
    /// With a key of the node.
    Nodes(Address),
}

impl Account {
    pub fn address(&self) -> Address {
        match self {
            Self::Ours(signer) => signer.address(),
            Self::Nodes(address) => *address,
        }
    }
}

/// Reads the key that the flags name, if they name one.
pub(super) fn signer(args: &NodeArgs) -> Result<Option<PrivateKeySigner>, Failure> {
    let signer = match (&args.keystore, &args.key_file) {
        (Some(_), Some(_)) => {
            return Err(Failure::Request("give either --keystore or --key-file, not both".into()));
        }
        (Some(keystore), None) => decrypted(keystore, args.password_file.as_deref())?,
        (None, Some(path)) => key(path)?,
        (None, None) => return Ok(None),
    };
    match args.account {
        Some(account) if account != signer.address() => {
            let reason = format!("the key is that of {}, but --account is {account}", signer.address());
            Err(Failure::Request(reason))
        }
        _ => Ok(Some(signer)),
    }
}

/// A key file: 64 hexadecimal digits.
fn key(path: &Path) -> Result<PrivateKeySigner, Failure> {
    let text = secret("key file", path, SECRET_LIMIT)?;
    let key = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    key.ok_or_else(|| unusable("key file", path, "expected 64 hexadecimal digits, a private key"))
}

/// An encrypted key.
fn decrypted(path: &Path, password_file: Option<&Path>) -> Result<PrivateKeySigner, Failure> {
    let bytes = secret("keystore", path, KEYSTORE_LIMIT)?;
    let sound = serde_json::from_slice(&bytes).is_ok_and(|keystore| is_sound(&keystore));
    if !sound {
        return Err(unusable("keystore", path, "it is not an encrypted key as `cast wallet` makes it"));
    }
    let password = password(password_file)?;
    PrivateKeySigner::decrypt_keystore(path, password)
        .map_err(|_| unusable("keystore", path, "its password is another one, or the file is damaged"))
}

/// Whether a keystore has the sizes that decrypting takes for granted.
fn is_sound(keystore: &Value) -> bool {
    let crypto = &keystore["crypto"];
    let digits = |value: &Value| value.as_str().map_or(0, str::len) as u64;
    let params = &crypto["kdfparams"];
    let number = |name: &str| params[name].as_u64().filter(|&n| n < 1 << 32);
    let work = match (number("n"), number("r"), number("p")) {
        (Some(n), Some(r), Some(p)) => {
            n.is_power_of_two() && n.saturating_mul(128 * r.max(1)) <= MEMORY_LIMIT && p <= 16
        }
        _ => number("c").is_some_and(|c| c <= 1 << 24),
    };
    let sizes = digits(&crypto["cipherparams"]["iv"]) == DERIVED && digits(&crypto["ciphertext"]) == 2 * DERIVED;
    work && sizes && number("dklen") == Some(DERIVED)
}

fn password(file: Option<&Path>) -> Result<String, Failure> {
    if let Some(path) = file {
        let text = String::from_utf8(secret("password file", path, SECRET_LIMIT)?);
        let text = text.map_err(|_| unusable("password file", path, "it is not text"))?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    if let Ok(password) = env::var(PASSWORD) {
        return Ok(password);
    }
    if !io::stdin().is_terminal() {
        let reason = format!("the keystore has a password: give it with --password-file or {PASSWORD}");
        return Err(Failure::Request(reason));
    }
    rpassword::prompt_password("Password of the keystore: ")
        .map_err(|e| Failure::Request(format!("cannot read a password: {e}; use --password-file")))
}

/// Reads a file that nobody else may read.
fn secret(what: &str, path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let unreadable = |e: io::Error| unusable(what, path, &e.to_string());
    // First of all, it has to be a file.
    let secret = paths::read_bounded(path, limit).map_err(unreadable)?;
    if path.metadata().map_err(unreadable)?.mode() & 0o077 != 0 {
        return Err(unusable(what, path, &format!("others can read it: run chmod 600 {}", path.display())));
    }
    Ok(secret)
}

fn unusable(what: &str, path: &Path, reason: &str) -> Failure {
    Failure::Request(format!("cannot use {what} {}: {reason}", path.display()))
}
