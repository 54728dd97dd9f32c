//! What is written beside generated contracts, for whoever deploys or checks them.

use serde_json::{Value, json};
use sha3::{Digest, Keccak256};

use crate::{
    solc::Compiled,
    verifier::{Contracts, Generated, KEY, SHARED, WRAPPER},
};

impl Contracts {
    /// Everything that somebody needs to deploy these contracts, or to check a deployment: sizes and hashes of code,
    /// interfaces, and the exact compiler settings that reproduce the code from the sources. Code carries no metadata,
    /// so it depends on nothing else.
    pub fn manifest(&self, generated: &Generated) -> Value {
        let mut manifest = generated.manifest.clone();
        let fixed = |name: &str, compiled: &Compiled| {
            json!({
                "name": name,
                "source": format!("{name}.sol"),
                "codeBytes": compiled.runtime.len(),
                "codeHash": prefixed(&compiled.code_hash()),
                "abi": compiled.abi,
            })
        };
        manifest["contracts"] = json!({
            "verifier": fixed(SHARED, &self.shared),
            "key": fixed(KEY, &self.key),
            // Its code holds the addresses of the two others: it has no hash before it is deployed.
            "wrapper": {
                "name": WRAPPER,
                "source": format!("{WRAPPER}.sol"),
                "codeBytes": self.wrapper.runtime.len(),
                "creationCodeHash": prefixed(&Keccak256::digest(&self.wrapper.creation)),
                "abi": self.wrapper.abi,
            },
        });
        manifest["compiler"] = self.shared.compiler.clone();
        manifest
    }
}

/// Bytes as others read them.
pub(crate) fn prefixed(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
