//! Arithmetic on many points at a time, in affine coordinates.
//!
//! An affine addition costs a field inversion and three multiplications. Over a batch of independent additions the
//! inversion is shared (Montgomery's trick), which leaves six multiplications for an addition, seven for a doubling.

use halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, prime::PrimeCurveAffine},
};

/// Points that share an inversion: enough to make it cheap, few enough for the second-level cache.
pub(super) const BATCH: usize = 512;

/// Window of multiplications whose table serves only once.
const WINDOW: usize = 4;

/// Digits of a scalar: one more bit than scalars have, so that the highest digit is never negative.
pub(super) fn digit_count(window: usize) -> usize {
    Fr::NUM_BITS as usize / window + 1
}

/// Digit `j` of the signed expansion: `scalar = Σ digit_j·2^(window·j)`, `|digit_j| ≤ 2^(window - 1)`.
///
/// Each digit looks at its window and the bit below it (Booth), so digits do not depend on a carry.
pub(super) fn digit(scalar: &[u8], j: usize, window: usize) -> i32 {
    // The window with the bit below it, read from a scalar shifted up by that one bit.
    let start = window * j;
    let mut bits = 0u32;
    for (i, byte) in (0..4).map(|i| (i, (start / 8 + i).checked_sub(1))) {
        let byte = byte.and_then(|byte| scalar.get(byte)).copied().unwrap_or(0);
        bits |= u32::from(byte) << (8 * i);
    }
    let bits = (bits >> (start % 8 + 7)) & ((2 << window) - 1);
    let rounded = bits.div_ceil(2) as i32;
    if bits >> window == 1 { rounded - (1 << window) } else { rounded }
}

/// The entry of a table of `1, 2, 3, …` times a point that belongs to a digit.
pub(super) fn choose(digit: i32, table: impl Fn(usize) -> G1Affine) -> G1Affine {
    match digit.unsigned_abs() as usize {
        0 => G1Affine::identity(),
        multiple if digit < 0 => -table(multiple - 1),
        multiple => table(multiple - 1),
    }
}

/// Adds and doubles lists of points, with one inversion for a whole list.
#[derive(Default)]
pub(super) struct Batch {
    /// For each point the denominator of its slope, and the product of all denominators before it. Zero means that
    /// the point is done.
    steps: Vec<(Fq, Fq)>,
}

impl Batch {
    /// `points[i] += terms[i]`, complete: infinity, equal and opposite points included.
    pub(super) fn add(&mut self, points: &mut [G1Affine], terms: &[G1Affine]) {
        let product = self.collect(points.iter_mut().zip(terms).map(|(point, term)| {
            let difference = term.x - point.x;
            if is_infinity(term) {
                return Fq::ZERO;
            }
            if is_infinity(point) {
                *point = *term;
                return Fq::ZERO;
            }
            if difference == Fq::ZERO {
                *point = (*point + *term).to_affine();
            }
            difference
        }));
        self.spread(product, points.iter_mut().zip(terms), |(point, term), inverse| {
            let slope = (term.y - point.y) * inverse;
            let x = slope.square() - point.x - term.x;
            point.y = slope * (point.x - x) - point.y;
            point.x = x;
        });
    }

    /// `points[i] *= 2`. At infinity the denominator is zero, and nothing is to be done.
    fn double(&mut self, points: &mut [G1Affine]) {
        let product = self.collect(points.iter().map(|point| point.y.double()));
        self.spread(product, points.iter_mut(), |point, inverse| {
            let square = point.x.square();
            let slope = (square.double() + square) * inverse;
            let x = slope.square() - point.x.double();
            point.y = slope * (point.x - x) - point.y;
            point.x = x;
        });
    }

    /// `points[i] *= scalars[i]`, by signed windows.
    pub(super) fn multiply(&mut self, points: &mut [G1Affine], scalars: &[Fr]) {
        let scalars: Vec<_> = scalars.iter().map(Fr::to_repr).collect();
        // tables[d] holds d + 1 times each point.
        let mut tables = vec![points.to_vec()];
        while tables.len() < 1 << (WINDOW - 1) {
            let mut next = tables[(tables.len() - 1) / 2].clone();
            self.double(&mut next);
            if tables.len() % 2 == 0 {
                self.add(&mut next, points);
            }
            tables.push(next);
        }
        points.fill(G1Affine::identity());
        let mut terms = points.to_vec();
        for j in (0..digit_count(WINDOW)).rev() {
            for _ in 0..WINDOW {
                self.double(points);
            }
            for (i, (term, scalar)) in terms.iter_mut().zip(&scalars).enumerate() {
                *term = choose(digit(scalar.as_ref(), j, WINDOW), |multiple| tables[multiple][i]);
            }
            self.add(points, &terms);
        }
    }

    /// Remembers the denominators and multiplies those that are not zero.
    fn collect(&mut self, denominators: impl Iterator<Item = Fq>) -> Fq {
        self.steps.clear();
        let mut product = Fq::ONE;
        for denominator in denominators {
            self.steps.push((denominator, product));
            if denominator != Fq::ZERO {
                product *= denominator;
            }
        }
        product
    }

    /// Hands each item that is not done the inverse of its denominator.
    fn spread<T>(
        &self,
        product: Fq,
        items: impl DoubleEndedIterator<Item = T> + ExactSizeIterator,
        mut each: impl FnMut(T, Fq),
    ) {
        let mut inverse = product.invert().expect("a product of non-zero denominators");
        for (item, (denominator, before)) in items.zip(&self.steps).rev() {
            if *denominator != Fq::ZERO {
                each(item, inverse * before);
                inverse *= denominator;
            }
        }
    }
}

/// Infinity is stored as (0, 0), and no other point has ordinate 0: the group has odd order.
fn is_infinity(point: &G1Affine) -> bool {
    point.y == Fq::ZERO
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::rngs::OsRng;

    use super::*;

    fn multiples_of_generator(factors: &[u64]) -> Vec<G1Affine> {
        factors.iter().map(|factor| (G1Affine::generator() * Fr::from(*factor)).to_affine()).collect()
    }

    #[test]
    fn additions_are_complete() {
        let mut points = multiples_of_generator(&[0, 0, 5, 5, 5, 6, 2, 7]);
        let mut terms = multiples_of_generator(&[0, 5, 0, 5, 6, 5, 3, 7]);
        terms[7] = -terms[7];
        let sums: Vec<_> = points.iter().zip(&terms).map(|(a, b)| (*a + *b).to_affine()).collect();
        Batch::default().add(&mut points, &terms);
        assert_eq!(points, sums);
    }

    #[test]
    fn doublings_are_complete() {
        let mut points = multiples_of_generator(&[3, 0, 1, 9]);
        Batch::default().double(&mut points);
        assert_eq!(points, multiples_of_generator(&[6, 0, 2, 18]));
    }

    #[test]
    fn multiplications_agree_with_the_curve() {
        let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(8), Fr::from(16), Fr::TWO_INV, Fr::ZERO];
        scalars.extend((0..50).map(|_| Fr::random(OsRng)));
        let mut points = multiples_of_generator(&(1..=scalars.len() as u64).collect::<Vec<_>>());
        points[6] = G1Affine::identity();
        points[9] = G1Affine::identity();
        let expected: Vec<_> = points.iter().zip(&scalars).map(|(p, s)| (*p * *s).to_affine()).collect();
        Batch::default().multiply(&mut points, &scalars);
        assert_eq!(points, expected);
    }

    proptest! {
        #[test]
        fn digits_add_up(limbs in any::<[u64; 4]>(), window in 4usize..=16) {
            let scalar = Fr::from_raw(limbs);
            let mut sum = Fr::ZERO;
            for j in (0..digit_count(window)).rev() {
                let digit = digit(scalar.to_repr().as_ref(), j, window);
                prop_assert!(digit.unsigned_abs() <= 1 << (window - 1));
                let magnitude = Fr::from(u64::from(digit.unsigned_abs()));
                sum = sum * Fr::from(1 << window) + if digit < 0 { -magnitude } else { magnitude };
            }
            prop_assert_eq!(sum, scalar);
        }
    }
}
