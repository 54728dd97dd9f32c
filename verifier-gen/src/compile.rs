//! Solidity to bytecode, through any solc that speaks standard JSON.

use std::path::{Path, PathBuf};

use foundry_compilers::{
    artifacts::{EvmVersion, Settings, Severity, SolcInput, SolcLanguage, Source, Sources},
    solc::Solc,
};
use sha3::{Digest, Keccak256};

use crate::{CONTRACT, Generated};

/// Bytecode of a generated verifier.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What deploys it.
    pub creation: Vec<u8>,
    /// What is deployed.
    pub runtime: Vec<u8>,
    /// Its interface.
    pub abi: serde_json::Value,
    /// Exact compiler and settings, for source verification.
    pub compiler: serde_json::Value,
}

impl Compiled {
    /// Hash of the deployed code: what `InferenceVerifier` pins.
    pub fn code_hash(&self) -> [u8; 32] {
        Keccak256::digest(&self.runtime).into()
    }
}

/// Why there is no bytecode.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler does not start or answers nonsense.
    #[error("cannot run the Solidity compiler {}: {reason}; run `make setup`", path.display())]
    Compiler {
        /// The compiler.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The compiler refuses the source.
    #[error("the generated verifier does not compile: {0}")]
    Source(String),
}

/// Compiles a generated verifier. The optimizer stays off: it adds nothing to straight-line assembly, and solc-js runs
/// out of memory with it.
pub fn compile(generated: &Generated, solc: &Path) -> Result<Compiled, CompileError> {
    let failed = |reason: String| CompileError::Compiler { path: solc.into(), reason };
    let compiler = Solc::new(solc).map_err(|e| failed(e.to_string()))?;
    let mut settings = Settings { evm_version: Some(EvmVersion::Cancun), ..Settings::default() };
    settings.optimizer.enabled = Some(false);
    settings.metadata = None;
    let sources: Sources =
        generated.sources.iter().map(|(name, text)| (PathBuf::from(name), Source::new(text))).collect();
    let input = SolcInput::new(SolcLanguage::Solidity, sources, settings);
    let output = compiler.compile_exact(&input).map_err(|e| failed(e.to_string()))?;
    if let Some(error) = output.errors.iter().find(|e| e.severity == Severity::Error) {
        return Err(CompileError::Source(error.message.clone()));
    }
    let contract = (output.contracts.values().find_map(|file| file.get(CONTRACT)))
        .ok_or_else(|| failed("no contract in its output".into()))?;
    let evm = contract.evm.as_ref().ok_or_else(|| failed("no bytecode in its output".into()))?;
    let bytes = |code: Option<&foundry_compilers::artifacts::Bytecode>| {
        code.and_then(|c| c.object.as_bytes())
            .map(|b| b.to_vec())
            .ok_or_else(|| failed("no bytecode in its output".into()))
    };
    Ok(Compiled {
        creation: bytes(evm.bytecode.as_ref())?,
        runtime: bytes(evm.deployed_bytecode.as_ref().and_then(|d| d.bytecode.as_ref()))?,
        abi: serde_json::to_value(&contract.abi).unwrap_or_default(),
        compiler: serde_json::json!({ "version": compiler.version.to_string(), "settings": input.settings }),
    })
}
