//! A proof with everything that a verifier reads beside its key.

use std::path::Path;

use halo2_proofs::{plonk::VerifyingKey, poly::kzg::commitment::ParamsKZG};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use serde::{Deserialize, Serialize};
use snark_verifier::system::halo2::{Config, compile};

use crate::{
    commitment::{Address, POINT_BYTES, scalar, scalar_word},
    files::{self, FileError},
    plan::INSTANCES,
};

/// A proof that a committed model gave an output on an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Architecture and keys.
    pub arch: [u8; 32],
    /// The model.
    pub model_id: [u8; 32],
    /// The model's provider.
    pub provider: Address,
    /// Input commitment, output commitment, label, context.
    pub instances: [Fr; INSTANCES],
    /// The proof proper.
    pub bytes: Vec<u8>,
    /// The link to the registered weights.
    pub link: Vec<u8>,
}

/// Where things stand in the proofs of one architecture: commitments, evaluations, two points of the opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofLayout {
    /// Bytes of a proof.
    pub length: usize,
    /// Bytes of the evaluations, 32 each.
    pub evaluations: std::ops::Range<usize>,
}

impl ProofLayout {
    /// The layout that a verifying key implies.
    pub fn new(params: &ParamsKZG<Bn256>, vk: &VerifyingKey<G1Affine>) -> Self {
        let protocol = compile(params, vk, Config::kzg().with_num_instance(vec![INSTANCES]));
        let commitments = protocol.num_witness.iter().sum::<usize>() + protocol.quotient.num_chunk();
        let start = commitments * POINT_BYTES;
        let end = start + protocol.evaluations.len() * 32;
        Self { length: end + 2 * POINT_BYTES, evaluations: start..end }
    }
}

/// The form on disk: hexadecimal in JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProofFile {
    version: u32,
    arch: String,
    model_id: String,
    provider: String,
    instances: Vec<String>,
    proof: String,
    link: String,
}

const VERSION: u32 = 1;
/// A proof file is a few kilobytes; nothing larger is read.
const MAX_FILE: u64 = 1 << 20;

impl Proof {
    /// Writes the proof as JSON.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        files::write_whole(path, self.to_json().as_bytes(), false)
    }

    /// Reads a proof. Instances that are not below the field's modulus are refused, never reduced.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        let damaged = || FileError::Damaged { path: path.into(), kind: "proof" };
        let text = files::read_capped(path, MAX_FILE, "proof")?;
        Self::from_json(&text).ok_or_else(damaged)
    }

    /// The proof as a file holds it.
    pub fn to_json(&self) -> String {
        let prefixed = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
        let file = ProofFile {
            version: VERSION,
            arch: prefixed(&self.arch),
            model_id: prefixed(&self.model_id),
            provider: prefixed(&self.provider),
            instances: self.instances.iter().map(|x| prefixed(&scalar_word(x))).collect(),
            proof: prefixed(&self.bytes),
            link: prefixed(&self.link),
        };
        serde_json::to_string_pretty(&file).expect("plain data encodes")
    }

    /// Reads what [`Self::to_json`] wrote, as strictly as [`Self::load`].
    pub fn from_json(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().and_then(Self::decode)
    }

    fn decode(file: ProofFile) -> Option<Self> {
        let bytes = |text: &str| hex::decode(text.strip_prefix("0x")?).ok();
        let instances: Vec<Fr> = file.instances.iter().map(|x| scalar(&bytes(x)?)).collect::<Option<_>>()?;
        (file.version == VERSION).then_some(())?;
        Some(Self {
            arch: bytes(&file.arch)?.try_into().ok()?,
            model_id: bytes(&file.model_id)?.try_into().ok()?,
            provider: bytes(&file.provider)?.try_into().ok()?,
            instances: instances.try_into().ok()?,
            bytes: bytes(&file.proof)?,
            link: bytes(&file.link)?,
        })
    }
}
