//! Commitments to hidden weights, and the link between them and a proof.
//!
//! The weight columns hold parameters and nothing else, so their KZG commitments `C_j` identify the model. Every proof
//! commits to the same columns with fresh randomness in the blinding rows: `C'_j`. A Schnorr proof shows that
//! `Σ ξ^j (C'_j - C_j)` lies in the span of those rows' Lagrange points, hence that the parameters are the same.

use halo2_proofs::arithmetic::{CurveAffine, Field, best_multiexp};
use halo2curves::{
    bn256::{Fq, Fr, G1, G1Affine},
    ff::{FromUniformBytes, PrimeField},
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use rand::{RngCore, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use crate::{
    backend::msm::{self, Scalars},
    network::Params,
    plan::{BLINDING_ROWS, Plan},
    srs::Srs,
    witness::{Values, weight_columns},
};

/// Bytes of a point in a proof.
pub const POINT_BYTES: usize = 64;

/// An Ethereum address.
pub type Address = [u8; 20];

/// The public commitment to a model's weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightCommitment(pub Vec<G1Affine>);

/// The secret randomness of a [`WeightCommitment`].
#[derive(Clone, Serialize, Deserialize)]
pub struct Opening {
    /// Seed of the blinding rows of the weight columns.
    seed: [u8; 32],
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening { .. }")
    }
}

impl Opening {
    /// Fresh randomness from the operating system.
    pub fn random() -> Self {
        let mut seed = [0; 32];
        OsRng.fill_bytes(&mut seed);
        Self { seed }
    }

    /// The blinding rows, column by column. They depend on the parameters too: two models committed to under one seed
    /// must not share randomness, or the difference of their commitments would show the difference of their weights.
    pub(crate) fn rows(&self, columns: &[Values]) -> Vec<Vec<Fr>> {
        let mut hash = blake2b_simd::Params::new().hash_length(32).key(&self.seed).to_state();
        for values in columns {
            for row in 0..values.len() {
                hash.update(&values.get(row).to_bytes());
            }
        }
        let mut seed = [0; 32];
        seed.copy_from_slice(hash.finalize().as_bytes());
        blinding_rows(&mut ChaCha20Rng::from_seed(seed), columns.len())
    }
}

/// Draws blinding rows column by column.
pub(crate) fn blinding_rows(rng: &mut impl RngCore, columns: usize) -> Vec<Vec<Fr>> {
    (0..columns).map(|_| (0..BLINDING_ROWS).map(|_| Fr::random(&mut *rng)).collect()).collect()
}

/// Lagrange points of the blinding rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindingBases(pub Vec<G1Affine>);

impl BlindingBases {
    /// The bases of a reference string, for circuits of its full size.
    pub fn new(srs: &Srs) -> Self {
        Self(srs.lagrange[srs.lagrange.len() - BLINDING_ROWS..].to_vec())
    }
}

/// Commits to a model's parameters.
pub fn commit(plan: &Plan, srs: &Srs, params: &Params, opening: &Opening) -> WeightCommitment {
    let columns = weight_columns(plan, params);
    let heads: Vec<Scalars<'_>> = columns.iter().map(|column| Scalars::Small(column)).collect();
    let registered = WeightCommitment(msm::commit_many(&srs.lagrange, &heads));
    let columns: Vec<Values> = columns.into_iter().map(Values::Small).collect();
    WeightCommitment(registered.shifted(&BlindingBases::new(srs), &opening.rows(&columns)))
}

impl WeightCommitment {
    /// The commitments to the same columns with other blinding rows.
    pub(crate) fn reblinded(&self, bases: &BlindingBases, old: &[Vec<Fr>], new: &[Vec<Fr>]) -> Vec<G1Affine> {
        let delta = |(new, old): (&Vec<Fr>, &Vec<Fr>)| new.iter().zip(old).map(|(new, old)| new - old).collect();
        self.shifted(bases, &new.iter().zip(old).map(delta).collect::<Vec<_>>())
    }

    /// The commitments to the same columns with this added to their blinding rows.
    fn shifted(&self, bases: &BlindingBases, rows: &[Vec<Fr>]) -> Vec<G1Affine> {
        let rows: Vec<Scalars<'_>> = rows.iter().map(|rows| Scalars::Field(rows)).collect();
        self.0.iter().zip(msm::commit_many(&bases.0, &rows)).map(|(&old, shift)| (old + shift).to_affine()).collect()
    }

    /// Coordinates as the contracts take them: 32-byte big-endian words, x then y, point by point.
    pub fn words(&self) -> Vec<[u8; 32]> {
        self.0.iter().flat_map(coordinates).collect()
    }

    /// Reads what [`Self::words`] wrote.
    pub fn from_words(words: &[[u8; 32]]) -> Option<Self> {
        let (pairs, []) = words.as_chunks::<2>() else { return None };
        pairs.iter().map(|[x, y]| point(x, y)).collect::<Option<_>>().map(Self)
    }

    /// The model's identity on chain.
    pub fn model_id(&self, arch: &[u8; 32], provider: &Address) -> [u8; 32] {
        let mut hasher = Keccak256::new();
        hasher.update(arch);
        hasher.update(provider);
        self.words().iter().for_each(|word| hasher.update(word));
        hasher.finalize().into()
    }
}

/// Coordinates of a point, big-endian.
pub fn coordinates(point: &G1Affine) -> [[u8; 32]; 2] {
    let word = |x: Fq| {
        let mut bytes = x.to_bytes();
        bytes.reverse();
        bytes
    };
    // The point at infinity has no coordinates; contracts refuse its encoding as (0, 0).
    Option::from(point.coordinates())
        .map_or([[0; 32]; 2], |c: halo2curves::Coordinates<G1Affine>| [word(*c.x()), word(*c.y())])
}

/// A point from big-endian coordinates: below the modulus, on the curve, not infinity.
pub fn point(x: &[u8], y: &[u8]) -> Option<G1Affine> {
    let word = |bytes: &[u8]| -> Option<Fq> {
        let mut le: [u8; 32] = bytes.try_into().ok()?;
        le.reverse();
        Option::from(Fq::from_repr(le))
    };
    let point: Option<G1Affine> = Option::from(G1Affine::from_xy(word(x)?, word(y)?));
    point.filter(|p| !bool::from(p.is_identity()))
}

/// A scalar as a big-endian word.
pub fn scalar_word(x: &Fr) -> [u8; 32] {
    let mut bytes = x.to_bytes();
    bytes.reverse();
    bytes
}

/// A scalar from a big-endian word below the modulus.
pub fn scalar(word: &[u8]) -> Option<Fr> {
    let mut le: [u8; 32] = word.try_into().ok()?;
    le.reverse();
    Option::from(Fr::from_repr(le))
}

/// A link is bound to one proof with its instances.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// Digest of architecture and keys.
    pub arch: &'a [u8; 32],
    /// The registered commitment.
    pub registered: &'a WeightCommitment,
    /// The proof.
    pub proof: &'a [u8],
    /// Its instances.
    pub instances: &'a [Fr],
}

impl Statement<'_> {
    /// The commitments inside the proof, as bytes: the proof starts with them.
    fn fresh(&self) -> Option<&[u8]> {
        self.proof.get(..self.registered.0.len() * POINT_BYTES)
    }

    /// Folds the differences: the challenge ξ and `Σ ξ^j (C'_j - C_j)`.
    fn fold(&self) -> Option<(Fr, G1)> {
        let fresh = self.fresh()?;
        let mut hasher = Keccak256::new();
        hasher.update(b"zkescrow.link.xi");
        hasher.update(self.arch);
        self.registered.words().iter().for_each(|word| hasher.update(word));
        hasher.update(fresh);
        let xi = reduce(hasher.finalize().into());
        let mut sum = G1::identity();
        for (old, new) in self.registered.0.iter().zip(fresh.chunks(POINT_BYTES)).rev() {
            sum = sum * xi + point(&new[..32], &new[32..])?.to_curve() - old.to_curve();
        }
        Some((xi, sum))
    }

    fn challenge(&self, xi: &Fr, mask: &G1Affine) -> Fr {
        let mut statement = Keccak256::new();
        statement.update(self.proof);
        self.instances.iter().for_each(|x| statement.update(scalar_word(x)));
        let mut hasher = Keccak256::new();
        hasher.update(b"zkescrow.link.e");
        hasher.update(scalar_word(xi));
        hasher.update(statement.finalize());
        coordinates(mask).iter().for_each(|word| hasher.update(word));
        reduce(hasher.finalize().into())
    }
}

/// A hash as a scalar: reduced, as the contracts do.
fn reduce(mut hash: [u8; 32]) -> Fr {
    hash.reverse();
    let mut wide = [0; 64];
    wide[..32].copy_from_slice(&hash);
    Fr::from_uniform_bytes(&wide)
}

/// Proves the link: `T ‖ z_0 ‖ z_1 ‖ …`, from the blinding rows of the registered commitment and of the proof.
pub(crate) fn prove_link(
    statement: &Statement<'_>,
    bases: &BlindingBases,
    old_rows: &[Vec<Fr>],
    fresh_rows: &[Vec<Fr>],
    rng: &mut impl RngCore,
) -> Option<Vec<u8>> {
    let (xi, _) = statement.fold()?;
    let mut delta = vec![Fr::zero(); BLINDING_ROWS];
    for (new, old) in fresh_rows.iter().zip(old_rows).rev() {
        for (sum, (a, b)) in delta.iter_mut().zip(new.iter().zip(old)) {
            *sum = *sum * xi + a - b;
        }
    }
    let masks: Vec<Fr> = (0..BLINDING_ROWS).map(|_| Fr::random(&mut *rng)).collect();
    let mask = best_multiexp(&masks, &bases.0).to_affine();
    let e = statement.challenge(&xi, &mask);
    let mut link = coordinates(&mask).concat();
    for (t, d) in masks.iter().zip(&delta) {
        link.extend(scalar_word(&(t + e * d)));
    }
    Some(link)
}

/// Checks the link.
pub(crate) fn verify_link(statement: &Statement<'_>, bases: &BlindingBases, link: &[u8]) -> bool {
    let check = || {
        let (mask, rest) = link.split_at_checked(POINT_BYTES)?;
        let mask = point(&mask[..32], &mask[32..])?;
        let (words, []) = rest.as_chunks::<32>() else { return None };
        let z: Vec<Fr> = words.iter().map(|w| scalar(w)).collect::<Option<_>>()?;
        if z.len() != bases.0.len() {
            return None;
        }
        let (xi, folded) = statement.fold()?;
        let e = statement.challenge(&xi, &mask);
        Some(best_multiexp(&z, &bases.0) == folded * e + mask.to_curve())
    };
    check().unwrap_or(false)
}
