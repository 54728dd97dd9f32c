//! The kernel for processors with AVX-512 IFMA: eight additions at once.

use std::arch::x86_64::*;

use halo2_proofs::arithmetic::Field;
use halo2curves::{
    bn256::{Fq, G1Affine},
    ff::PrimeField,
    serde::SerdeObject,
};

use super::{
    super::lanes::{Ifma, Lanes, Modulus, Row, add, mul, pack, reduce, select, splat, split, sub, transpose, unpack},
    kernel::{Job, Kernel},
};

/// The base field.
struct Base;

impl Modulus for Base {
    const VALUE: [u64; 4] =
        [0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];
    const INVERSE: u64 = 0x87d2_0782_e486_6389;
}

/// `2^260`, which is one in Montgomery form.
const ONE: [u64; 4] = [0x4552_0880_f6fc_e4b4, 0x4989_0849_baa9_89a8, 0x85a9_201d_818f_014a, 0x1f16_424e_1bb7_724f];

/// `2^264`: times this, the Montgomery form with `2^256` becomes that with `2^260`.
const SHIFT: [u64; 4] = [0xfbdb_0f2a_faec_667a, 0xad82_5aed_9626_b0ff, 0x276f_48b7_09e2_a0fc, 0x0d79_1464_ef86_e357];

/// What is kept of eight additions until their denominators are inverted.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    denominator: Lanes,
    /// Product of all denominators before, lane by lane.
    before: Lanes,
    /// Whether there may be a sum that is not the sum of two different points, of whatever lane.
    special: bool,
}

/// Eight pairs of points.
struct Pairs {
    left: [Lanes; 2],
    right: [Lanes; 2],
    /// Where a point on either side is the neutral element.
    left_neutral: __mmask8,
    right_neutral: __mmask8,
    /// Where the points are equal or opposite.
    same_x: __mmask8,
    same_y: __mmask8,
}

impl Kernel for Ifma {
    /// Both coordinates below the modulus, in 64-bit limbs, `(0, 0)` for the neutral element.
    type Point = Row;
    type Scratch = Vec<Pending>;

    const JACOBIAN: f64 = 7.0;
    const INVERSION: f64 = 70.0;
    const IDENTITY: Row = Row([0; 8]);

    #[expect(unsafe_code, reason = "a call into code for certain processors")]
    fn import(self, points: &[G1Affine]) -> Vec<Row> {
        let mut rows: Vec<Row> = points.iter().map(row).collect();
        let (groups, rest) = rows.as_chunks_mut();
        let mut last = [Self::IDENTITY; 8];
        last[..rest.len()].copy_from_slice(rest);
        // SAFETY: `self` proves that the processor has these instructions.
        unsafe {
            groups.iter_mut().for_each(|group| shift(group));
            shift(&mut last);
        }
        rest.copy_from_slice(&last[..rest.len()]);
        rows
    }

    fn export(self, point: &Row) -> G1Affine {
        let [x, y] = [0, 4].map(|i| from_limbs(&point.0[i..i + 4]) * sixteenth());
        G1Affine { x, y }
    }

    #[inline]
    fn signed(point: &Row, negative: bool) -> Row {
        let mut row = *point;
        let y = &mut row.0[4..];
        // Without a branch: signs are random, and zero stays zero.
        let mask = u64::from(negative & (y.iter().fold(0, |any, limb| any | limb) != 0)).wrapping_neg();
        let mut borrow = false;
        for (limb, modulus) in y.iter_mut().zip(Base::VALUE) {
            let (difference, next) = modulus.borrowing_sub(*limb, borrow);
            *limb = difference & mask | *limb & !mask;
            borrow = next;
        }
        row
    }

    #[expect(unsafe_code, reason = "a call into code for certain processors")]
    fn add(self, points: &mut [Row], jobs: &[Job], pending: &mut Vec<Pending>) {
        if let Some(last) = jobs.last() {
            // SAFETY: `self` proves that the processor has these instructions.
            unsafe { add_all(points, jobs, *last, pending) }
        }
    }
}

/// The limbs of a field element in Montgomery form.
fn limbs(element: &Fq) -> [u64; 4] {
    let mut bytes = [0; 32];
    element.write_raw(&mut bytes.as_mut_slice()).expect("an element is 32 bytes");
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*bytes);
    }
    limbs
}

/// The inverse of `limbs`.
fn from_limbs(limbs: &[u64]) -> Fq {
    let mut bytes = [0; 32];
    for (bytes, limb) in bytes.as_chunks_mut().0.iter_mut().zip(limbs) {
        *bytes = limb.to_le_bytes();
    }
    Fq::from_raw_bytes_unchecked(&bytes)
}

/// The element that takes the factor `2^260 / 2^256` out.
fn sixteenth() -> Fq {
    Fq::TWO_INV.square().square()
}

/// A point's coordinates, still with the factor `2^256`.
fn row(point: &G1Affine) -> Row {
    let mut row = Row([0; 8]);
    row.0[..4].copy_from_slice(&limbs(&point.x));
    row.0[4..].copy_from_slice(&limbs(&point.y));
    row
}

/// Changes the factor of eight points from `2^256` to `2^260`.
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn shift(rows: &mut [Row; 8]) {
    let [x, y] = coordinates(load(rows, [0, 1, 2, 3, 4, 5, 6, 7]));
    let factor = splat(const { split(SHIFT) });
    let shifted = [unpack(x), unpack(y)].map(|lanes| reduce::<Base>(&mul::<Base>(&lanes, &factor)));
    for (row, vector) in rows.iter_mut().zip(rows_of(shifted)) {
        *row = Row::store(vector);
    }
}

/// The points at eight places, limb by limb.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(points: &[Row], places: [u32; 8]) -> [__m512i; 8] {
    transpose(places.map(|place| points[place as usize].load()))
}

/// The limbs of either coordinate.
#[inline]
#[target_feature(enable = "avx512f")]
fn coordinates(limbs: [__m512i; 8]) -> [[__m512i; 4]; 2] {
    let [a, b, c, d, e, f, g, h] = limbs;
    [[a, b, c, d], [e, f, g, h]]
}

/// Eight points in the form that they are stored in.
#[inline]
#[target_feature(enable = "avx512f")]
fn rows_of([x, y]: [Lanes; 2]) -> [__m512i; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (pack(x), pack(y));
    transpose([a, b, c, d, e, f, g, h])
}

/// The lanes whose number is zero.
#[inline]
#[target_feature(enable = "avx512f")]
fn zeros(words: &[__m512i; 4]) -> __mmask8 {
    let any = _mm512_or_si512(_mm512_or_si512(words[0], words[1]), _mm512_or_si512(words[2], words[3]));
    _mm512_testn_epi64_mask(any, any)
}

/// The lanes whose numbers are equal.
#[inline]
#[target_feature(enable = "avx512f")]
fn equals(a: &[__m512i; 4], b: &[__m512i; 4]) -> __mmask8 {
    let mut mask = _mm512_cmpeq_epi64_mask(a[0], b[0]);
    for i in 1..4 {
        mask = _mm512_mask_cmpeq_epi64_mask(mask, a[i], b[i]);
    }
    mask
}

impl Pairs {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(points: &[Row], jobs: &[Job; 8]) -> Self {
        let left = coordinates(load(points, jobs.map(|job| job.left)));
        let right = coordinates(load(points, jobs.map(|job| job.right)));
        Self {
            left: [unpack(left[0]), unpack(left[1])],
            right: [unpack(right[0]), unpack(right[1])],
            // No point has `y = 0`, because the group's order is odd.
            left_neutral: zeros(&left[1]),
            right_neutral: zeros(&right[1]),
            same_x: equals(&left[0], &right[0]),
            same_y: equals(&left[1], &right[1]),
        }
    }

    /// Whether any lane needs more than the formula for two different points.
    fn special(&self) -> bool {
        self.left_neutral | self.right_neutral | self.same_x != 0
    }

    /// The lanes whose points are equal.
    fn doubled(&self) -> __mmask8 {
        self.same_x & self.same_y & !self.left_neutral
    }

    /// What the slopes are divided by: one where there is no slope.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn denominator(&self) -> Lanes {
        let difference = sub::<Base, 1>(&self.right[0], &self.left[0]);
        if !self.special() {
            return difference;
        }
        let none = self.left_neutral | self.right_neutral | self.same_x;
        let denominator = select(none, &splat(const { split(ONE) }), &difference);
        select(self.doubled(), &add(&self.left[1], &self.left[1]), &denominator)
    }

    /// What is divided.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn numerator(&self, special: bool) -> Lanes {
        let difference = sub::<Base, 1>(&self.right[1], &self.left[1]);
        if !special {
            return difference;
        }
        let square = mul::<Base>(&self.left[0], &self.left[0]);
        select(self.doubled(), &add(&square, &add(&square, &square)), &difference)
    }

    /// The sums, given the inverses of the denominators.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn sum(&self, inverse: &Lanes, special: bool) -> [Lanes; 2] {
        let slope = mul::<Base>(&self.numerator(special), inverse);
        let square = mul::<Base>(&slope, &slope);
        let x = sub::<Base, 2>(&square, &add(&self.left[0], &self.right[0]));
        let x = reduce::<Base>(&x);
        let y = mul::<Base>(&slope, &sub::<Base, 1>(&self.left[0], &x));
        let y = reduce::<Base>(&sub::<Base, 1>(&y, &self.left[1]));
        if !special {
            return [x, y];
        }
        let zero = [_mm512_setzero_si512(); 5];
        let opposite = self.same_x & !self.same_y;
        [(x, 0), (y, 1)].map(|(sum, i)| {
            let sum = select(opposite, &zero, &sum);
            let sum = select(self.right_neutral, &self.left[i], &sum);
            select(self.left_neutral, &self.right[i], &sum)
        })
    }
}

/// Does all jobs, eight at a time. The last group is filled up with the last job, whose sum does not change by that.
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn add_all(points: &mut [Row], jobs: &[Job], last: Job, pending: &mut Vec<Pending>) {
    let (groups, rest) = jobs.as_chunks();
    let mut filled = [last; 8];
    filled[..rest.len()].copy_from_slice(rest);
    let filled = (!rest.is_empty()).then_some(&filled);
    let groups = groups.iter().chain(filled);

    pending.clear();
    let mut product = splat(const { split(ONE) });
    for group in groups.clone() {
        let pairs = Pairs::load(points, group);
        let denominator = pairs.denominator();
        pending.push(Pending { denominator, before: product, special: pairs.special() });
        product = mul::<Base>(&product, &denominator);
    }
    let mut inverse = invert(&product);
    for (group, pending) in groups.rev().zip(pending.iter().rev()) {
        let pairs = Pairs::load(points, group);
        let sum = pairs.sum(&mul::<Base>(&inverse, &pending.before), pending.special);
        inverse = mul::<Base>(&inverse, &pending.denominator);
        for (job, row) in group.iter().zip(rows_of(sum)) {
            points[job.left as usize] = Row::store(row);
        }
    }
}

/// The inverses of eight elements, none of which is zero.
#[inline]
#[target_feature(enable = "avx512f")]
fn invert(lanes: &Lanes) -> Lanes {
    let words = pack(reduce::<Base>(lanes)).map(|words| Row::store(words).0);
    let mut elements: [Fq; 8] = std::array::from_fn(|i| from_limbs(&words.map(|word| word[i])));
    let mut products = [Fq::ONE; 8];
    let mut product = Fq::ONE;
    for (before, element) in products.iter_mut().zip(&elements) {
        *before = product;
        product *= element;
    }
    // An element reads as sixteen times itself, its inverse must be sixteen times itself as well.
    let mut inverse = product.invert().expect("no denominator is zero");
    let factor = Fq::from(256);
    for (element, before) in elements.iter_mut().zip(&products).rev() {
        let inverted = inverse * before * factor;
        inverse *= *element;
        *element = inverted;
    }
    let limbs = elements.map(|element| limbs(&element));
    unpack(std::array::from_fn(|i| Row(limbs.map(|limbs| limbs[i])).load()))
}
