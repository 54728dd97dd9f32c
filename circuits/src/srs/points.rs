//! Points and digests as bytes, read in bounded pieces and checked on all cores.

use std::io::{self, Read};

use halo2curves::{
    bn256::{G1Affine, G2Affine},
    group::prime::PrimeCurveAffine,
    serde::SerdeObject,
};
use rayon::prelude::*;

/// Bytes of a point of G1: two coordinates in little-endian Montgomery form, as snarkjs and halo2's raw format have it.
pub(super) const G1_BYTES: usize = 64;
/// Bytes of a point of G2.
pub(super) const G2_BYTES: usize = 128;

/// Points read and decoded at a time.
const PIECE: usize = 1 << 15;

/// Why points cannot be read.
pub(super) enum PointError {
    Io(io::Error),
    /// The point with this index is not on the curve, or is infinity.
    Invalid(usize),
}

/// Reads `count` points of G1. The caller has compared `count` with the length of the file.
pub(super) fn read_g1(reader: &mut impl Read, count: usize) -> Result<Vec<G1Affine>, PointError> {
    let mut points = Vec::with_capacity(count);
    let mut bytes = vec![0; count.min(PIECE) * G1_BYTES];
    while points.len() < count {
        let start = points.len();
        let piece = &mut bytes[..(count - start).min(PIECE) * G1_BYTES];
        reader.read_exact(piece).map_err(PointError::Io)?;
        let decoded: Result<Vec<_>, _> = piece
            .par_chunks_exact(G1_BYTES)
            .enumerate()
            .map(|(i, bytes)| g1(bytes).ok_or(PointError::Invalid(start + i)))
            .collect();
        points.extend(decoded?);
    }
    Ok(points)
}

/// A point of the curve other than infinity. (All of them are in the group: the cofactor is 1.)
pub(super) fn g1(bytes: &[u8]) -> Option<G1Affine> {
    G1Affine::from_raw_bytes(bytes).filter(|point| !bool::from(point.is_identity()))
}

/// A point of the twist other than infinity; whether it lies in the group is checked where that matters.
pub(super) fn g2(bytes: &[u8]) -> Option<G2Affine> {
    G2Affine::from_raw_bytes(bytes).filter(|point| !bool::from(point.is_identity()))
}

/// The value of a hash that was set up with a length of 32 bytes.
pub(super) fn digest_bytes(hash: &blake2b_simd::State) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.finalize().as_bytes());
    digest
}
