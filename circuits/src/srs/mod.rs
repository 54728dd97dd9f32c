//! Reference strings: the powers of a secret `s` that KZG commitments are made with.
//!
//! Whoever knows `s` can prove anything, so an [`Srs`] always carries its [`Origin`]: either a
//! [development string](Srs::development), whose secret is written in this source code, or one
//! [imported from a ceremony](Srs::from_ptau) that snarkjs recorded. Keys, proofs and messages repeat the origin.

mod batch;
mod development;
mod error;
mod fixed_base;
mod lagrange;
mod points;
mod ptau;
mod store;

use std::fmt;

use halo2_proofs::poly::{
    commitment::{Params as _, ParamsProver as _},
    kzg::commitment::ParamsKZG,
};
use halo2curves::{
    bn256::{Bn256, Fq, Fr, G1Affine, G2Affine},
    ff::PrimeField,
};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};

pub use error::SrsError;
pub use store::CacheEvent;

/// Largest `k`: the scalar field of BN254 has roots of unity of order `2^28`, and no ceremony went further.
pub const MAX_K: u32 = Fr::S;

/// What has to be said wherever a development string is used.
pub const INSECURE: &str = "INSECURE development SRS: its secret is public, so anybody can forge proofs; \
                            for anything of value, import a ceremony file (.ptau)";

/// A KZG reference string with its provenance.
#[derive(Clone, Debug)]
pub struct Srs {
    /// The points, in monomial and Lagrange form.
    pub params: ParamsKZG<Bn256>,
    /// The Lagrange basis once more: what `params` has of it, halo2 shows to nobody.
    pub lagrange: Vec<G1Affine>,
    /// Where they come from.
    pub origin: Origin,
    /// Identifies size and secret, whatever file the string came from: Blake2b-256 over `k`, the first, second and
    /// last power in G1, and the generator and `s` times the generator in G2.
    ///
    /// These few points determine the whole string, because every string here was either computed from its secret
    /// or passed a pairing check of all its powers against `s·G2`; different secrets have different `s·G2`.
    pub digest: [u8; 32],
}

/// Where a reference string comes from, and so whether its secret is known to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Origin {
    /// Made here from a secret that everybody knows: anyone can forge proofs.
    Development,
    /// Imported from a powers-of-tau ceremony: safe if one of its contributors forgot their part of the secret.
    ///
    /// The names are what the file says; compare the file's hash with the one the ceremony published.
    Ceremony {
        /// Name of the imported file, without its folder.
        file: String,
        /// The file held `2^power` powers.
        power: u32,
        /// The ceremony as a whole held `2^ceremony_power` powers.
        ceremony_power: u32,
        /// Names of the contributors, in order; beacons included, empty where the file names nobody.
        contributions: Vec<String>,
    },
}

impl Origin {
    /// Whether proofs over this string can be forged by anybody.
    pub fn is_insecure(&self) -> bool {
        matches!(self, Self::Development)
    }

    /// The warning to show wherever this string is used, if it deserves one.
    pub fn warning(&self) -> Option<&'static str> {
        self.is_insecure().then_some(INSECURE)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Development => f.write_str(INSECURE),
            Self::Ceremony { file, ceremony_power, contributions, .. } => {
                write!(f, "ceremony of 2^{ceremony_power} powers, {} contributions ({file})", contributions.len())
            }
        }
    }
}

impl Srs {
    /// Base-2 logarithm of the number of powers.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    fn new(k: u32, powers: Vec<G1Affine>, lagrange: Vec<G1Affine>, s_g2: G2Affine, origin: Origin) -> Self {
        let params = assemble(k, powers, lagrange.clone(), s_g2);
        let digest = digest(&params);
        Self { params, lagrange, origin, digest }
    }
}

/// Puts points together.
fn assemble(k: u32, powers: Vec<G1Affine>, lagrange: Vec<G1Affine>, s_g2: G2Affine) -> ParamsKZG<Bn256> {
    // halo2 has no constructor from points, only this method on parameters that it does not look at.
    ParamsKZG::<Bn256>::setup(1, OsRng).from_parts(k, powers, Some(lagrange), G2Affine::generator(), s_g2)
}

/// See [`Srs::digest`].
fn digest(params: &ParamsKZG<Bn256>) -> [u8; 32] {
    Anchor::new(params).digest(params.k())
}

/// The points that identify a string; verification needs no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The first power, the second and the last.
    pub powers: [G1Affine; 3],
    /// The secret in the second group.
    pub s_g2: G2Affine,
}

impl Anchor {
    /// The anchor of a string.
    pub fn new(params: &ParamsKZG<Bn256>) -> Self {
        let powers = params.get_g();
        Self { powers: [powers[0], powers[1], powers[powers.len() - 1]], s_g2: params.s_g2() }
    }

    /// The digest of the string with `2^k` powers that has this anchor.
    pub fn digest(&self, k: u32) -> [u8; 32] {
        digest_of(k, self.powers, G2Affine::generator(), self.s_g2)
    }

    /// Parameters that verify proofs and make none.
    pub fn params(&self, k: u32) -> ParamsKZG<Bn256> {
        assemble(k, vec![self.powers[0]], vec![], self.s_g2)
    }

    /// Whether the secret is the one that everybody knows.
    pub fn is_development(&self) -> bool {
        self.s_g2 == development::secret_g2()
    }
}

fn digest_of(k: u32, powers: [G1Affine; 3], g2: G2Affine, s_g2: G2Affine) -> [u8; 32] {
    let mut hash = blake2b_simd::Params::new().hash_length(32).personal(b"zkescrow-srs-v1").to_state();
    hash.update(&k.to_le_bytes());
    let mut coordinate = |value: Fq| {
        hash.update(value.to_repr().as_ref());
    };
    for point in powers {
        coordinate(point.x);
        coordinate(point.y);
    }
    for point in [g2, s_g2] {
        for value in [point.x, point.y] {
            coordinate(value.c0);
            coordinate(value.c1);
        }
    }
    points::digest_bytes(&hash)
}
