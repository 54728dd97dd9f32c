//! Keys of an architecture: what proves, what verifies, what they were made with.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    sync::Arc,
};

use halo2_proofs::{
    SerdeFormat,
    plonk::{ProvingKey, VerifyingKey, keygen_pk, keygen_vk},
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};
use halo2curves::{
    bn256::{Bn256, G1Affine},
    ff::PrimeField,
    serde::SerdeObject,
};
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use crate::{
    circuit::ModelCircuit,
    commitment::BlindingBases,
    files::{self, FileError},
    network::Network,
    plan::{BLINDING_ROWS, Choice, Plan, PlanError},
    srs::{Origin, Srs, SrsError},
};

const MAGIC: &[u8; 8] = b"zkkeys01";
/// Inside a key folder.
const DESCRIPTION: &str = "keys.json";
const VERIFYING: &str = "verifying.key";
const PROVING: &str = "proving.key";
const REFERENCE: &str = "srs.bin";

/// Keys are written and read in memory form: a digest guards the file, so points are not checked again.
const FORMAT: SerdeFormat = SerdeFormat::RawBytesUnchecked;

/// Why keys cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file is missing, damaged or of another version.
    #[error(transparent)]
    File(#[from] FileError),
    /// The architecture has no layout.
    #[error("the model cannot be laid out: {0}")]
    Plan(#[from] PlanError),
    /// The reference string is missing, damaged or too small.
    #[error(transparent)]
    Srs(#[from] SrsError),
    /// The proof system refuses.
    #[error("key generation failed: {0:?}")]
    Generation(halo2_proofs::plonk::Error),
    /// The keys are for something else.
    #[error("the keys in {} are for another {what}; run setup again", folder.display())]
    Mismatch {
        /// The key folder.
        folder: PathBuf,
        /// Architecture or reference string.
        what: &'static str,
    },
}

/// What keys are for: kept beside them, readable by people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Version of the key format.
    pub version: u32,
    /// The architecture.
    pub network: Network,
    /// How it was laid out.
    pub choice: Choice,
    /// Rows, as a power of two.
    pub k: u32,
    /// Digest of architecture, layout, verifying key and reference string, in hexadecimal: the identity on chain.
    pub arch: String,
    /// Digest of the reference string.
    pub srs: String,
    /// Where the reference string comes from.
    pub origin: Origin,
}

/// Version of the key format.
const VERSION: u32 = 1;

/// What a verifier needs.
#[derive(Clone, Debug)]
pub struct VerifierKeys {
    /// What the keys are for.
    pub description: Description,
    /// The layout.
    pub plan: Arc<Plan>,
    /// halo2's verifying key.
    pub vk: VerifyingKey<G1Affine>,
    /// The few points of the reference string that verification uses.
    pub params: ParamsKZG<Bn256>,
    /// Lagrange points of the blinding rows.
    pub bases: BlindingBases,
    /// Identity of architecture and keys.
    pub arch: [u8; 32],
}

/// What a prover needs.
#[derive(Debug)]
pub struct ProverKeys {
    /// The verifier's part.
    pub verifier: VerifierKeys,
    /// halo2's proving key.
    pub pk: ProvingKey<G1Affine>,
    /// The reference string.
    pub srs: Srs,
}

impl ProverKeys {
    /// Makes keys for an architecture. The reference string must have exactly the rows of the layout.
    pub fn generate(network: &Network, choice: Choice, srs: Srs) -> Result<Self, KeyError> {
        let plan = Arc::new(Plan::new(network, Choice { k: Some(srs.k()), ..choice })?);
        let circuit = ModelCircuit { plan: plan.clone(), witness: None };
        let vk = keygen_vk(&srs.params, &circuit).map_err(KeyError::Generation)?;
        assert_eq!(vk.cs().blinding_factors() + 1, BLINDING_ROWS, "the layout reserves what the proof system blinds");
        let pk = keygen_pk(&srs.params, vk.clone(), &circuit).map_err(KeyError::Generation)?;
        let arch = identity(&plan, &vk, &srs.digest);
        let description = Description {
            version: VERSION,
            network: network.clone(),
            choice,
            k: srs.k(),
            arch: hex::encode(arch),
            srs: hex::encode(srs.digest),
            origin: srs.origin.clone(),
        };
        let bases = BlindingBases::new(&srs.params);
        let params = verifier_params(&srs.params, srs.k());
        Ok(Self { verifier: VerifierKeys { description, plan, vk, params, bases, arch }, pk, srs })
    }

    /// Writes a key folder.
    pub fn save(&self, folder: &Path) -> Result<(), KeyError> {
        self.srs.save(folder.join(REFERENCE))?;
        files::write_bytes(&folder.join(PROVING), MAGIC, &self.pk.to_bytes(FORMAT), false)?;
        self.verifier.save(folder)
    }

    /// Reads a key folder.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        let verifier = VerifierKeys::load(folder)?;
        let srs = Srs::load(folder.join(REFERENCE))?;
        if hex::encode(srs.digest) != verifier.description.srs {
            return Err(KeyError::Mismatch { folder: folder.into(), what: "reference string" });
        }
        let path = folder.join(PROVING);
        let bytes = files::read_bytes(&path, MAGIC, "proving key")?;
        let pk = ProvingKey::from_bytes::<ModelCircuit>(&bytes, FORMAT, verifier.plan.shape.clone())
            .map_err(|_| FileError::Damaged { path, kind: "proving key" })?;
        if pk.get_vk().transcript_repr() != verifier.vk.transcript_repr() {
            return Err(KeyError::Mismatch { folder: folder.into(), what: "architecture" });
        }
        Ok(Self { verifier, pk, srs })
    }
}

impl VerifierKeys {
    /// Writes the verifier's part of a key folder.
    pub fn save(&self, folder: &Path) -> Result<(), KeyError> {
        let mut bytes = vec![];
        let points = self.bases.0.iter().chain(std::iter::once(&self.params.get_g()[0]));
        points.for_each(|point| bytes.extend(point.to_raw_bytes()));
        bytes.extend(self.params.g2().to_raw_bytes());
        bytes.extend(self.params.s_g2().to_raw_bytes());
        bytes.extend(self.vk.to_bytes(FORMAT));
        files::write_bytes(&folder.join(VERIFYING), MAGIC, &bytes, false)?;
        let text = serde_json::to_vec_pretty(&self.description).expect("plain data encodes");
        Ok(files::write_whole(&folder.join(DESCRIPTION), &text, false)?)
    }

    /// Reads the verifier's part of a key folder and checks that all of it belongs together.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        let description = Description::load(folder)?;
        let plan = Arc::new(Plan::new(&description.network, Choice { k: Some(description.k), ..description.choice })?);
        let path = folder.join(VERIFYING);
        let bytes = files::read_bytes(&path, MAGIC, "verifying key")?;
        let damaged = || KeyError::File(FileError::Damaged { path: path.clone(), kind: "verifying key" });
        let mut reader = Cursor::new(&bytes[..]);
        let mut points = vec![];
        for _ in 0..=BLINDING_ROWS {
            points.push(G1Affine::read_raw(&mut reader).map_err(|_| damaged())?);
        }
        let generator = points.pop().ok_or_else(damaged)?;
        let g2 = SerdeObject::read_raw(&mut reader).map_err(|_| damaged())?;
        let s_g2 = SerdeObject::read_raw(&mut reader).map_err(|_| damaged())?;
        let vk =
            VerifyingKey::read::<_, ModelCircuit>(&mut reader, FORMAT, plan.shape.clone()).map_err(|_| damaged())?;
        let params = ParamsKZG::new(1).from_parts(plan.shape.k, vec![generator], Some(vec![]), g2, s_g2);
        let srs: [u8; 32] = hex::decode(&description.srs).ok().and_then(|d| d.try_into().ok()).ok_or_else(damaged)?;
        let arch = identity(&plan, &vk, &srs);
        if hex::encode(arch) != description.arch {
            return Err(KeyError::Mismatch { folder: folder.into(), what: "architecture" });
        }
        Ok(Self { description, plan, vk, params, bases: BlindingBases(points), arch })
    }

    /// Bytes of every proof of this architecture.
    pub fn proof_length(&self) -> usize {
        crate::verifier::proof_length(&self.vk)
    }
}

impl Description {
    fn load(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(DESCRIPTION);
        let text =
            std::fs::read(&path).map_err(|source| FileError::Io { action: "read", path: path.clone(), source })?;
        let description: Self = serde_json::from_slice(&text)
            .map_err(|_| FileError::Damaged { path: path.clone(), kind: "key description" })?;
        if description.version != VERSION {
            return Err(FileError::Kind { path, kind: "key description" }.into());
        }
        Ok(description)
    }
}

/// The reference string without the points that only provers use.
fn verifier_params(params: &ParamsKZG<Bn256>, k: u32) -> ParamsKZG<Bn256> {
    params.from_parts(k, vec![params.get_g()[0]], Some(vec![]), params.g2(), params.s_g2())
}

/// What a proof is made with: layout, verifying key, reference string.
fn identity(plan: &Plan, vk: &VerifyingKey<G1Affine>, srs: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    hasher.update(b"zkescrow.keys.1");
    hasher.update(plan.digest());
    hasher.update(vk.transcript_repr().to_repr());
    hasher.update(srs);
    hasher.finalize().into()
}
