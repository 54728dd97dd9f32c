//! Solidity to bytecode, through any solc that speaks standard JSON.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use foundry_compilers::{
    artifacts::{
        BytecodeHash, EvmVersion, Settings, SettingsMetadata, Severity, SolcInput, SolcLanguage, Source, Sources,
    },
    solc::Solc,
};
use sha3::{Digest, Keccak256};

/// Bytecode of a generated contract.
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
    /// Hash of the deployed code: what whoever relies on it pins.
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

/// Whether the compiler improves what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Optimizer {
    /// It does not.
    Off,
    /// It does, without its intermediate representation: that one has no room on the stack for the verifiers.
    On,
}

/// Compiles sources that import nothing; contracts by name.
pub(crate) fn compile(
    sources: &[(String, String)],
    optimizer: Optimizer,
    solc: &Path,
) -> Result<BTreeMap<String, Compiled>, CompileError> {
    let failed = |reason: String| CompileError::Compiler { path: solc.into(), reason };
    let compiler = Solc::new(solc).map_err(|e| failed(e.to_string()))?;
    let mut settings = Settings { evm_version: Some(EvmVersion::Cancun), ..Settings::default() };
    settings.optimizer.enabled = Some(optimizer == Optimizer::On);
    if optimizer == Optimizer::On {
        settings.optimizer.runs = Some(10_000);
    }
    // Code depends on source and compiler alone, and not on comments.
    settings.metadata = Some(SettingsMetadata::new(BytecodeHash::None, false));
    let sources: Sources = sources.iter().map(|(name, text)| (PathBuf::from(name), Source::new(text))).collect();
    let input = SolcInput::new(SolcLanguage::Solidity, sources, settings);
    let output = compiler.compile_exact(&input).map_err(|e| failed(e.to_string()))?;
    if let Some(error) = output.errors.iter().find(|e| e.severity == Severity::Error) {
        let text = error.formatted_message.as_ref().unwrap_or(&error.message);
        return Err(CompileError::Source(text.clone()));
    }
    let nothing = || failed("no bytecode in its output".into());
    let settings = serde_json::to_value(&input.settings).unwrap_or_default();
    let compiler = serde_json::json!({ "version": compiler.version.to_string(), "settings": settings });
    let mut compiled = BTreeMap::new();
    for (name, contract) in output.contracts.values().flatten() {
        let evm = contract.evm.as_ref().ok_or_else(nothing)?;
        let bytes = |code: Option<&foundry_compilers::artifacts::Bytecode>| {
            code.and_then(|c| c.object.as_bytes()).map(|b| b.to_vec()).ok_or_else(nothing)
        };
        let creation = bytes(evm.bytecode.as_ref())?;
        let runtime = bytes(evm.deployed_bytecode.as_ref().and_then(|d| d.bytecode.as_ref()))?;
        let abi = serde_json::to_value(&contract.abi).unwrap_or_default();
        compiled.insert(name.clone(), Compiled { creation, runtime, abi, compiler: compiler.clone() });
    }
    Ok(compiled)
}
