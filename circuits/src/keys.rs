//! Keys of an architecture: what proves, what verifies, what they were made with.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use halo2_proofs::{
    SerdeFormat,
    plonk::{ConstraintSystem, VerifyingKey},
    poly::kzg::commitment::ParamsKZG,
};
use halo2curves::{
    CurveAffine,
    bn256::{Bn256, Fr, G1Affine},
    ff::PrimeField,
    serde::SerdeObject,
};
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use crate::{
    backend::{BackendError, Bases, Key},
    circuit::{Config, ModelCircuit},
    commitment::{BlindingBases, POINT_BYTES, coordinates},
    files::{self, FileError},
    network::Network,
    plan::{BLINDING_ROWS, Choice, Plan, PlanError},
    proof::ProofLayout,
    srs::{Anchor, Origin, Srs, SrsError},
    witness::Values,
};

const MAGIC: &[u8; 8] = b"zkkeys01";
/// Inside a key folder.
const DESCRIPTION: &str = "keys.json";
const VERIFYING: &str = "verifying.key";
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
    #[error("key generation failed: {0}")]
    Generation(#[from] BackendError),
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
const VERSION: u32 = 2;
/// A description lists an architecture's layers; nothing larger is read.
const MAX_DESCRIPTION: u64 = 1 << 24;

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
    /// The points that identify the reference string.
    pub anchor: Anchor,
    /// Where things stand in a proof.
    pub layout: ProofLayout,
    /// Identity of architecture and keys.
    pub arch: [u8; 32],
}

/// What a prover needs.
#[derive(Debug)]
pub struct ProverKeys {
    /// The verifier's part.
    pub verifier: VerifierKeys,
    /// What proofs share.
    pub backend: Key,
    /// The reference string.
    pub srs: Srs,
    /// Running sums of its points, once they are needed.
    sums: OnceLock<Vec<G1Affine>>,
}

impl ProverKeys {
    /// The points that columns are committed to with.
    pub fn bases(&self) -> Bases<'_> {
        Bases::new(&self.srs.lagrange, &self.sums)
    }

    /// Makes keys for an architecture. The reference string must have exactly the rows of the layout.
    pub fn generate(network: &Network, choice: Choice, srs: Srs) -> Result<Self, KeyError> {
        let plan = Arc::new(Plan::new(network, Choice { k: Some(srs.k()), ..choice })?);
        let (backend, cs) = backend_key(&plan)?;
        let sums = OnceLock::new();
        let vk = backend.verifying_key(cs, Bases::new(&srs.lagrange, &sums));
        let bases = BlindingBases::new(&srs);
        let anchor = Anchor::new(&srs.params);
        let arch = identity(&plan, &vk, &srs.digest, &bases);
        let description = Description {
            version: VERSION,
            network: network.clone(),
            choice,
            k: srs.k(),
            arch: hex::encode(arch),
            srs: hex::encode(srs.digest),
            origin: srs.origin.clone(),
        };
        Ok(Self { verifier: VerifierKeys::assemble(description, plan, vk, anchor, bases, arch), backend, srs, sums })
    }

    /// Writes a key folder.
    pub fn save(&self, folder: &Path) -> Result<(), KeyError> {
        self.srs.save(folder.join(REFERENCE))?;
        self.verifier.save(folder)
    }

    /// Reads a key folder.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        let verifier = VerifierKeys::load(folder)?;
        let srs = Srs::load(folder.join(REFERENCE))?;
        if hex::encode(srs.digest) != verifier.description.srs {
            return Err(KeyError::Mismatch { folder: folder.into(), what: "reference string" });
        }
        let (backend, _) = backend_key(&verifier.plan)?;
        Ok(Self { verifier, backend, srs, sums: OnceLock::new() })
    }
}

/// The prover's key of a layout, and the constraint system.
pub(crate) fn backend_key(plan: &Plan) -> Result<(Key, ConstraintSystem<Fr>), KeyError> {
    let mut cs = ConstraintSystem::default();
    let config = Config::new(&mut cs, &plan.shape);
    assert_eq!(cs.blinding_factors() + 1, BLINDING_ROWS, "the layout reserves what the proof system blinds");
    let mut fixed = vec![Values::Small(vec![]); cs.num_fixed_columns()];
    for (column, values) in config.fixed().zip(plan.fixed()) {
        fixed[column.index()] = values;
    }
    // The wire is the only column of the permutation.
    let copies: Vec<_> = plan.copies.iter().map(|&(a, b)| ((0, a), (0, b))).collect();
    Ok((Key::new(&cs, plan.shape.k, fixed, &copies)?, cs))
}

/// Points before the verifying key proper: blinding bases, powers.
const POINTS: usize = BLINDING_ROWS + 3;

impl VerifierKeys {
    fn assemble(
        description: Description,
        plan: Arc<Plan>,
        vk: VerifyingKey<G1Affine>,
        anchor: Anchor,
        bases: BlindingBases,
        arch: [u8; 32],
    ) -> Self {
        let params = anchor.params(plan.shape.k);
        let layout = ProofLayout::new(&params, &vk);
        Self { description, plan, vk, params, bases, anchor, layout, arch }
    }

    /// Writes the verifier's part of a key folder.
    pub fn save(&self, folder: &Path) -> Result<(), KeyError> {
        let mut bytes = vec![];
        self.bases.0.iter().chain(&self.anchor.powers).for_each(|point| bytes.extend(point.to_raw_bytes()));
        bytes.extend(self.anchor.s_g2.to_raw_bytes());
        bytes.extend(self.vk.to_bytes(FORMAT));
        files::write_bytes(&folder.join(VERIFYING), MAGIC, &bytes, false)?;
        let text = serde_json::to_vec_pretty(&self.description).expect("plain data encodes");
        Ok(files::write_whole(&folder.join(DESCRIPTION), &text, false)?)
    }

    /// Reads the verifier's part of a key folder. Everything that decides a verdict is bound by the digest that names the
    /// architecture; a reference string that everybody can forge with is recognised whatever the description says.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        let description = Description::load(folder)?;
        let plan = Arc::new(Plan::new(&description.network, Choice { k: Some(description.k), ..description.choice })?);
        let path = folder.join(VERIFYING);
        let bytes = files::read_bytes(&path, MAGIC, "verifying key")?;
        let damaged = || KeyError::File(FileError::Damaged { path: path.clone(), kind: "verifying key" });
        let mut reader = Cursor::new(&bytes[..]);
        let mut bases = vec![];
        for _ in 0..POINTS {
            bases.push(G1Affine::read_raw(&mut reader).map_err(|_| damaged())?);
        }
        let powers: [G1Affine; 3] = bases.split_off(BLINDING_ROWS).try_into().map_err(|_| damaged())?;
        let anchor = Anchor { powers, s_g2: SerdeObject::read_raw(&mut reader).map_err(|_| damaged())? };
        let vk = read_vk(&bytes[reader.position() as usize..], &plan).ok_or_else(damaged)?;
        let bases = BlindingBases(bases);
        let srs = anchor.digest(plan.shape.k);
        let arch = identity(&plan, &vk, &srs, &bases);
        let mismatch = |what| Err(KeyError::Mismatch { folder: folder.into(), what });
        if hex::encode(srs) != description.srs || anchor.is_development() != description.origin.is_insecure() {
            return mismatch("reference string");
        }
        if hex::encode(arch) != description.arch {
            return mismatch("architecture");
        }
        Ok(Self::assemble(description, plan, vk, anchor, bases, arch))
    }

    /// Bytes of every proof of this architecture.
    pub fn proof_length(&self) -> usize {
        self.layout.length
    }

    /// Where the evaluations stand in a proof.
    pub fn evaluations(&self) -> std::ops::Range<usize> {
        self.layout.evaluations.clone()
    }
}

/// Reads halo2's verifying key after checking what halo2 would take on trust: sizes, and that points are on the curve.
fn read_vk(bytes: &[u8], plan: &Plan) -> Option<VerifyingKey<G1Affine>> {
    let fixed = plan.fixed_columns();
    // halo2's header: version, k, selector compression, number of fixed columns.
    let mut header = vec![2];
    header.extend(plan.shape.k.to_le_bytes());
    header.push(0);
    header.extend((fixed as u32).to_le_bytes());
    let points = bytes.strip_prefix(&header[..])?;
    let (points, []) = points.as_chunks::<POINT_BYTES>() else { return None };
    if points.len() != fixed + 1 {
        return None;
    }
    for point in points {
        G1Affine::from_raw_bytes(point).filter(|p| bool::from(p.is_on_curve()))?;
    }
    VerifyingKey::from_bytes::<ModelCircuit>(bytes, FORMAT, plan.shape.clone()).ok()
}

impl Description {
    fn load(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(DESCRIPTION);
        let text = files::read_capped(&path, MAX_DESCRIPTION, "key description")?;
        let description: Self = serde_json::from_slice(&text)
            .map_err(|_| FileError::Damaged { path: path.clone(), kind: "key description" })?;
        if description.version != VERSION {
            return Err(FileError::Kind { path, kind: "key description" }.into());
        }
        Ok(description)
    }
}

/// What decides a verdict: layout, verifying key, reference string, blinding bases.
fn identity(plan: &Plan, vk: &VerifyingKey<G1Affine>, srs: &[u8; 32], bases: &BlindingBases) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    hasher.update(b"zkescrow.keys.1");
    hasher.update(plan.digest());
    hasher.update(vk.transcript_repr().to_repr());
    hasher.update(srs);
    bases.0.iter().flat_map(coordinates).for_each(|word| hasher.update(word));
    hasher.finalize().into()
}
