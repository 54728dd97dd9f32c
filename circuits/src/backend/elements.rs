//! How elements of the scalar field get into lanes and out of them.

use std::arch::x86_64::*;

use halo2curves::bn256::Fr;

use super::lanes::{Lanes, Row, pack, transpose, unpack};

/// Eight elements in limbs of 52 bits.
pub(super) type Group = [Row; 5];

/// A group out of memory.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load(group: &Group) -> Lanes {
    let [a, b, c, d, e] = group;
    [a.load(), b.load(), c.load(), d.load(), e.load()]
}

/// A group into memory.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store([a, b, c, d, e]: Lanes) -> Group {
    [Row::store(a), Row::store(b), Row::store(c), Row::store(d), Row::store(e)]
}

/// A group in words of 64 bits out of memory.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_packed([a, b, c, d]: &[Row; 4]) -> Lanes {
    unpack([a.load(), b.load(), c.load(), d.load()])
}

/// Two elements as a vector.
#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "a conversion into vectors")]
pub(super) fn join(a: [u64; 4], b: [u64; 4]) -> __m512i {
    // SAFETY: both types are 64 bytes, and every bit pattern is a value of either.
    unsafe { std::mem::transmute::<[[u64; 4]; 2], __m512i>([a, b]) }
}

/// The inverse of `join`.
#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "a conversion out of vectors")]
pub(super) fn halves(vector: __m512i) -> ([u64; 4], [u64; 4]) {
    // SAFETY: both types are 64 bytes, and every bit pattern is a value of either.
    let [a, b] = unsafe { std::mem::transmute::<__m512i, [[u64; 4]; 2]>(vector) };
    (a, b)
}

/// Sixteen elements as two groups, those of even and those of odd places.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_all(elements: &[[u64; 4]; 16]) -> [Lanes; 2] {
    let mut rows = [_mm512_setzero_si512(); 8];
    for (row, [even, odd]) in rows.iter_mut().zip(elements.as_chunks().0) {
        *row = join(*even, *odd);
    }
    let [a, b, c, d, e, f, g, h] = transpose(rows);
    [unpack([a, b, c, d]), unpack([e, f, g, h])]
}

/// The inverse of `load_all`, for numbers below `2^256`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_all([even, odd]: [Lanes; 2], elements: &mut [[u64; 4]; 16]) {
    let ([a, b, c, d], [e, f, g, h]) = (pack(even), pack(odd));
    let rows = transpose([a, b, c, d, e, f, g, h]);
    for ([even, odd], row) in elements.as_chunks_mut().0.iter_mut().zip(rows) {
        (*even, *odd) = halves(row);
    }
}

/// An element that had the factor `2^256` gets the factor `2^260`.
pub(super) fn shifted(element: Fr) -> Fr {
    (0..4).fold(element, |x, _| x.double())
}

/// What field elements consist of: numbers below the modulus, with the factor `2^256`.
#[expect(unsafe_code, reason = "halo2curves lends its limbs only element by element")]
pub(super) fn words(elements: &[Fr]) -> &[[u64; 4]] {
    const { assert!(size_of::<Fr>() == 32 && align_of::<Fr>() == 8) };
    // SAFETY: an element is nothing but its four words, so it has their size and no padding.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
}

/// The same, to be overwritten with numbers below the modulus.
#[expect(unsafe_code, reason = "halo2curves lends its limbs only element by element")]
pub(super) fn words_mut(elements: &mut [Fr]) -> &mut [[u64; 4]] {
    const { assert!(size_of::<Fr>() == 32 && align_of::<Fr>() == 8) };
    // SAFETY: an element is nothing but its four words, and memory-safe whatever they are.
    unsafe { std::slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), elements.len()) }
}
