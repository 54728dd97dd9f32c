//! Eight field elements side by side, for processors with AVX-512 IFMA.
//!
//! An element is five limbs of 52 bits, and limb `i` of eight elements is one vector. Elements are in Montgomery form
//! with the factor `2^260`, so that the limbs of a product fit the 52-bit multiplier. Sums and differences may exceed
//! the modulus: the six bits of room let a product take factors up to eight times the modulus, and the product is below
//! twice the modulus again.

use std::arch::x86_64::*;

/// Bits of a limb.
const BITS: u32 = 52;
const MASK: u64 = (1 << BITS) - 1;

/// Limb `i` of all eight elements at index `i`. Every limb is below `2^52`.
pub(super) type Lanes = [__m512i; 5];

/// The modulus of a field.
pub(super) trait Modulus {
    /// The modulus, least significant limb first.
    const VALUE: [u64; 4];
    /// The negative inverse of the modulus, modulo `2^64`.
    const INVERSE: u64;
}

/// Proof that the processor has what this module's functions are compiled for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ifma(());

impl Ifma {
    /// Looks for the instructions.
    pub fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512ifma");
        found.then_some(Self(()))
    }
}

/// Eight numbers of 64 bits, as long as a vector and a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Row(pub [u64; 8]);

impl Row {
    /// The row as a vector.
    #[inline]
    #[target_feature(enable = "avx512f")]
    #[expect(unsafe_code, reason = "the one conversion into vectors")]
    pub fn load(&self) -> __m512i {
        // SAFETY: both types are 64 bytes, and every bit pattern is a value of either.
        unsafe { std::mem::transmute::<[u64; 8], __m512i>(self.0) }
    }

    /// The vector as a row.
    #[inline]
    #[target_feature(enable = "avx512f")]
    #[expect(unsafe_code, reason = "the one conversion out of vectors")]
    pub fn store(vector: __m512i) -> Self {
        // SAFETY: both types are 64 bytes, and every bit pattern is a value of either.
        Self(unsafe { std::mem::transmute::<__m512i, [u64; 8]>(vector) })
    }
}

/// The scalar field.
pub(super) struct Scalar;

impl Modulus for Scalar {
    const VALUE: [u64; 4] =
        [0x43e1_f593_f000_0001, 0x2833_e848_79b9_7091, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];
    const INVERSE: u64 = 0xc2e1_f593_efff_ffff;
}

/// Limbs of 52 bits from limbs of 64.
pub(super) const fn split(value: [u64; 4]) -> [u64; 5] {
    [
        value[0] & MASK,
        (value[0] >> 52 | value[1] << 12) & MASK,
        (value[1] >> 40 | value[2] << 24) & MASK,
        (value[2] >> 28 | value[3] << 36) & MASK,
        value[3] >> 16,
    ]
}

/// A small multiple of a modulus, in limbs of 52 bits.
const fn multiple<M: Modulus>(factor: u64) -> [u64; 5] {
    let mut limbs = split(M::VALUE);
    let (mut i, mut carry) = (0, 0);
    while i < limbs.len() {
        let limb = limbs[i] * factor + carry;
        limbs[i] = if i < 4 { limb & MASK } else { limb };
        carry = limb >> BITS;
        i += 1;
    }
    limbs
}

/// `2^260` minus a modulus, in limbs of 52 bits.
const fn complement<M: Modulus>() -> [u64; 5] {
    let mut limbs = split(M::VALUE);
    let mut i = 0;
    while i < limbs.len() {
        // Only the lowest limb takes the one: it is odd, so that nothing is carried.
        limbs[i] = (limbs[i] ^ MASK) + (i == 0) as u64;
        i += 1;
    }
    limbs
}

/// The same element in all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn splat(limbs: [u64; 5]) -> Lanes {
    limbs.map(|limb| _mm512_set1_epi64(limb.cast_signed()))
}

/// Four vectors of 64-bit limbs become five of 52-bit limbs.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn unpack(words: [__m512i; 4]) -> Lanes {
    let mask = _mm512_set1_epi64(MASK.cast_signed());
    let [a, b, c, d] = words;
    [
        _mm512_and_si512(a, mask),
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<52>(a), _mm512_slli_epi64::<12>(b)), mask),
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<40>(b), _mm512_slli_epi64::<24>(c)), mask),
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<28>(c), _mm512_slli_epi64::<36>(d)), mask),
        _mm512_srli_epi64::<16>(d),
    ]
}

/// The inverse of `unpack`, for numbers below `2^256`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn pack(lanes: Lanes) -> [__m512i; 4] {
    let [a, b, c, d, e] = lanes;
    [
        _mm512_or_si512(a, _mm512_slli_epi64::<52>(b)),
        _mm512_or_si512(_mm512_srli_epi64::<12>(b), _mm512_slli_epi64::<40>(c)),
        _mm512_or_si512(_mm512_srli_epi64::<24>(c), _mm512_slli_epi64::<28>(d)),
        _mm512_or_si512(_mm512_srli_epi64::<36>(d), _mm512_slli_epi64::<16>(e)),
    ]
}

/// Rows become columns.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn transpose(rows: [__m512i; 8]) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let even = quadruples([
        _mm512_unpacklo_epi64(a, b),
        _mm512_unpacklo_epi64(c, d),
        _mm512_unpacklo_epi64(e, f),
        _mm512_unpacklo_epi64(g, h),
    ]);
    let odd = quadruples([
        _mm512_unpackhi_epi64(a, b),
        _mm512_unpackhi_epi64(c, d),
        _mm512_unpackhi_epi64(e, f),
        _mm512_unpackhi_epi64(g, h),
    ]);
    [even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]]
}

/// Transposes a square of sixteen pairs.
#[inline]
#[target_feature(enable = "avx512f")]
fn quadruples(rows: [__m512i; 4]) -> [__m512i; 4] {
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    let [a, b, c, d] = rows;
    let (low_even, low_odd) = (_mm512_shuffle_i64x2::<EVEN>(a, b), _mm512_shuffle_i64x2::<ODD>(a, b));
    let (high_even, high_odd) = (_mm512_shuffle_i64x2::<EVEN>(c, d), _mm512_shuffle_i64x2::<ODD>(c, d));
    [
        _mm512_shuffle_i64x2::<EVEN>(low_even, high_even),
        _mm512_shuffle_i64x2::<EVEN>(low_odd, high_odd),
        _mm512_shuffle_i64x2::<ODD>(low_even, high_even),
        _mm512_shuffle_i64x2::<ODD>(low_odd, high_odd),
    ]
}

/// Brings every limb but the highest below `2^52`; limbs may be negative as long as the number is not.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn carry(mut limbs: Lanes) -> Lanes {
    let mask = _mm512_set1_epi64(MASK.cast_signed());
    for i in 0..4 {
        limbs[i + 1] = _mm512_add_epi64(limbs[i + 1], _mm512_srai_epi64::<BITS>(limbs[i]));
        limbs[i] = _mm512_and_si512(limbs[i], mask);
    }
    limbs
}

/// `a * b / 2^260`, below twice the modulus if `a * b` is below 64 times its square.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn mul<M: Modulus>(a: &Lanes, b: &Lanes) -> Lanes {
    carry(mul_limbs::<M>(a, b))
}

/// The same with limbs of up to 57 bits, for sums and differences, which carry anyway.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn mul_limbs<M: Modulus>(a: &Lanes, b: &Lanes) -> Lanes {
    let mut product = [_mm512_setzero_si512(); 10];
    mul_add(&mut product, a, b);
    divide_limbs::<M>(product)
}

/// `a + b`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add(a: &Lanes, b: &Lanes) -> Lanes {
    carry(add_limbs(a, b))
}

/// `a - b + K p` with the modulus `p`: `b` is at most `K p`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn sub<M: Modulus, const K: u64>(a: &Lanes, b: &Lanes) -> Lanes {
    carry(sub_limbs(&add_limbs(a, &splat(const { multiple::<M>(K) })), b))
}

/// The number below the modulus that is congruent to `a`, which is below four times the modulus.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn reduce<M: Modulus>(a: &Lanes) -> Lanes {
    let a = reduce_by(a, const { multiple::<M>(2) });
    reduce_by(&a, const { multiple::<M>(1) })
}

/// The number below the modulus that is congruent to `a`, which may be any number below `2^260`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn reduce_any<M: Modulus>(a: &Lanes) -> Lanes {
    reduce_by(&lower::<M>(a), const { multiple::<M>(1) })
}

/// A number congruent to `a`, which may be any number below `2^260`; it is below 1.02 times the modulus.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn lower<M: Modulus>(a: &Lanes) -> Lanes {
    // The quotient by the modulus from the highest limbs, never too large: six bits more make it too small by less than
    // 1 + 2^-6 and a little.
    let inverse = const { (1 << (BITS + 6)) / (split(M::VALUE)[4] + 1) };
    let zero = _mm512_setzero_si512();
    let quotient = _mm512_madd52hi_epu64(zero, a[4], _mm512_set1_epi64(inverse.cast_signed()));
    let quotient = _mm512_srli_epi64::<6>(quotient);
    let complement = splat(const { complement::<M>() });
    let mut sum = *a;
    for i in 0..5 {
        sum[i] = _mm512_madd52lo_epu64(sum[i], quotient, complement[i]);
    }
    for i in 0..4 {
        sum[i + 1] = _mm512_madd52hi_epu64(sum[i + 1], quotient, complement[i]);
    }
    // What was added is a multiple of 2^260 too much.
    let mut sum = carry(sum);
    sum[4] = _mm512_and_si512(sum[4], _mm512_set1_epi64(MASK.cast_signed()));
    sum
}

/// Subtracts a number once from whatever is not smaller.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn reduce_by(a: &Lanes, number: [u64; 5]) -> Lanes {
    let difference = carry(sub_limbs(a, &splat(number)));
    let negative = _mm512_cmplt_epi64_mask(difference[4], _mm512_setzero_si512());
    select(negative, a, &difference)
}

/// `set` in the lanes of the mask, `unset` elsewhere.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn select(mask: __mmask8, set: &Lanes, unset: &Lanes) -> Lanes {
    let mut lanes = *unset;
    for (lane, set) in lanes.iter_mut().zip(set) {
        *lane = _mm512_mask_blend_epi64(mask, *lane, *set);
    }
    lanes
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add_limbs(a: &Lanes, b: &Lanes) -> Lanes {
    let mut sum = *a;
    for (sum, b) in sum.iter_mut().zip(b) {
        *sum = _mm512_add_epi64(*sum, *b);
    }
    sum
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn sub_limbs(a: &Lanes, b: &Lanes) -> Lanes {
    let mut difference = *a;
    for (difference, b) in difference.iter_mut().zip(b) {
        *difference = _mm512_sub_epi64(*difference, *b);
    }
    difference
}

/// Sums of products before they are divided by `2^260`: limbs of more than 52 bits, of which the upper five may be
/// negative as long as the number is not.
pub(super) type Wide = [__m512i; 10];

/// Adds `a * b`. Limbs grow by less than `10 * 2^52`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn mul_add(sum: &mut Wide, a: &Lanes, b: &Lanes) {
    for (i, digit) in b.iter().enumerate() {
        for j in 0..5 {
            sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], a[j], *digit);
        }
        for j in 0..5 {
            sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], a[j], *digit);
        }
    }
}

/// Brings every limb but the highest below `2^52`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn settle(sum: &mut Wide) {
    let mask = _mm512_set1_epi64(MASK.cast_signed());
    for i in 0..9 {
        sum[i + 1] = _mm512_add_epi64(sum[i + 1], _mm512_srai_epi64::<BITS>(sum[i]));
        sum[i] = _mm512_and_si512(sum[i], mask);
    }
}

/// The sum divided by `2^260`, with less than the modulus added.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn divide<M: Modulus>(sum: Wide) -> Lanes {
    carry(divide_limbs::<M>(sum))
}

/// The same with limbs that are not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn divide_limbs<M: Modulus>(mut sum: Wide) -> Lanes {
    let zero = _mm512_setzero_si512();
    let modulus = splat(const { split(M::VALUE) });
    let inverse = _mm512_set1_epi64(const { M::INVERSE & MASK }.cast_signed());
    let mask = _mm512_set1_epi64(MASK.cast_signed());
    for i in 0..5 {
        let quotient = _mm512_madd52lo_epu64(zero, sum[i], inverse);
        // The lowest limb becomes a multiple of 2^52: what is carried is known without the multiplication. The next limb
        // is waited for, so that its terms are not added one after the other.
        let over = _mm512_srli_epi64::<BITS>(_mm512_add_epi64(sum[i], mask));
        let over = _mm512_madd52hi_epu64(over, quotient, modulus[0]);
        sum[i + 1] = _mm512_add_epi64(_mm512_madd52lo_epu64(sum[i + 1], quotient, modulus[1]), over);
        for j in 2..5 {
            sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], quotient, modulus[j]);
        }
        for j in 1..5 {
            sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], quotient, modulus[j]);
        }
    }
    let [.., a, b, c, d, e] = sum;
    [a, b, c, d, e]
}
