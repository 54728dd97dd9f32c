//! The key contract's words: all that distinguishes two models whose circuits have equal columns and gates.

use halo2_proofs::poly::commitment::ParamsProver;
use halo2curves::{
    bn256::{Fq, Fr, G1Affine, G2Affine},
    ff::{Field, PrimeField},
    group::prime::PrimeCurveAffine,
};
use zkescrow_circuits::keys::VerifierKeys;

use crate::protocol::Protocol;

/// Words with what they are.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) words: Vec<[u8; 32]>,
}

/// Where the parts of a key begin, in words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyMap {
    /// Rows of the domain.
    pub(crate) rows: usize,
    /// Their inverse.
    pub(crate) rows_inverse: usize,
    /// `ω^-row` for each Lagrange polynomial.
    pub(crate) lagrange: usize,
    /// `ω^rotation` for each rotation.
    pub(crate) rotations: usize,
    /// Inverse products of differences, for each rotation of each set of two or more.
    pub(crate) weights: usize,
    /// The generator of G1.
    pub(crate) g1: usize,
    /// The generator of G2, as the pairing takes it.
    pub(crate) g2: usize,
    /// -τ times it.
    pub(crate) s_g2: usize,
    /// Fixed columns' and permutation's commitments.
    pub(crate) preprocessed: usize,
    /// All of them; the last word is the transcript's first.
    pub(crate) words: usize,
}

impl KeyMap {
    pub(crate) fn new(protocol: &Protocol) -> Self {
        let lagrange = 2;
        let rotations = lagrange + protocol.lagrange.len();
        let weights = rotations + protocol.rotations().len();
        let weight_count: usize = protocol.sets.iter().map(|s| s.rotations.len()).filter(|&n| n > 1).sum();
        let g1 = weights + weight_count;
        let preprocessed = g1 + 2 + 4 + 4;
        Self {
            rows: 0,
            rows_inverse: 1,
            lagrange,
            rotations,
            weights,
            g1,
            g2: g1 + 2,
            s_g2: g1 + 6,
            preprocessed,
            words: preprocessed + 2 * protocol.preprocessed.len() + 1,
        }
    }
}

/// The words of a key, in the order of [`KeyMap`].
pub(crate) fn entries(protocol: &Protocol, keys: &VerifierKeys) -> Vec<Entry> {
    let one = |name: String, value: Fr| Entry { name, words: vec![scalar(value)] };
    let mut entries = vec![
        one(format!("rows of the domain, 2^{}", protocol.k), Fr::from(1 << protocol.k)),
        one("their inverse".into(), protocol.n_inverse),
    ];
    entries.extend(
        protocol.lagrange.iter().map(|&row| one(format!("generator to the power {}", -row), protocol.root(-row))),
    );
    let power = |r: i32| one(format!("generator to the power {r}, a rotation"), protocol.root(r));
    entries.extend(protocol.rotations().into_iter().map(power));
    for set in protocol.sets.iter().filter(|set| set.rotations.len() > 1) {
        for &r in &set.rotations {
            let others = set.rotations.iter().filter(|&&other| other != r);
            let product: Fr = others.map(|&other| protocol.root(r) - protocol.root(other)).product();
            let name = format!("interpolation over {:?} at {r}", set.rotations);
            entries.push(one(name, product.invert().unwrap_or(Fr::ZERO)));
        }
    }
    entries.push(Entry { name: "generator of G1".into(), words: g1(&keys.params.get_g()[0]) });
    entries.push(Entry { name: "generator of G2".into(), words: g2(&keys.params.g2()) });
    entries.push(Entry { name: "minus tau times it".into(), words: g2(&-keys.params.s_g2()) });
    let commitment = |(i, point)| Entry { name: format!("commitment to {}", protocol.names[i]), words: g1(point) };
    entries.extend(protocol.preprocessed.iter().enumerate().map(commitment));
    entries.push(one("first word of the transcript".into(), protocol.initial_state));
    entries
}

pub(crate) fn scalar(value: Fr) -> [u8; 32] {
    let mut bytes = value.to_bytes();
    bytes.reverse();
    bytes
}

fn coordinate(value: Fq) -> [u8; 32] {
    let mut bytes = value.to_repr();
    let bytes: &mut [u8] = bytes.as_mut();
    bytes.reverse();
    let mut word = [0; 32];
    word.copy_from_slice(bytes);
    word
}

/// Infinity is (0, 0), for the machine and here.
fn g1(point: &G1Affine) -> Vec<[u8; 32]> {
    if bool::from(point.is_identity()) {
        return vec![[0; 32]; 2];
    }
    vec![coordinate(point.x), coordinate(point.y)]
}

/// The imaginary parts come first.
fn g2(point: &G2Affine) -> Vec<[u8; 32]> {
    vec![coordinate(point.x.c1), coordinate(point.x.c0), coordinate(point.y.c1), coordinate(point.y.c0)]
}
