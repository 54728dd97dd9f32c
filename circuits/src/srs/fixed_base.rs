//! Many multiples of one point: signed windows, precomputed multiples, affine additions with shared inversions.
//!
//! One affine addition costs a field inversion and three multiplications. Over a batch of independent additions the
//! inversion is shared (Montgomery's trick), which leaves six multiplications per addition and no doublings at all.

use halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use rayon::prelude::*;

/// Points that share an inversion: enough to make it cheap, few enough for the second-level cache.
const BATCH: usize = 512;

/// Multiples of a point, ready for any number of multiplications.
pub(super) struct FixedBase {
    window: usize,
    /// `rows[j][d - 1] = d·2^(window·j)` times the point, for `1 ≤ d ≤ 2^(window - 1)`.
    rows: Vec<Vec<G1Affine>>,
}

impl FixedBase {
    /// Prepares for about `2^log_uses` multiplications of `point`.
    pub(super) fn new(point: G1Affine, log_uses: u32) -> Self {
        let window = (log_uses as usize).saturating_sub(4).clamp(4, 16);
        // One more bit than the scalars have, so that the last digit is never negative.
        let count = Fr::NUM_BITS as usize / window + 1;
        let mut base = point.to_curve();
        let bases: Vec<G1Affine> = (0..count)
            .map(|_| {
                let row = base.to_affine();
                base = (0..window).fold(base, |point, _| point.double());
                row
            })
            .collect();
        let rows = bases.into_par_iter().map(|base| multiples(base, 1 << (window - 1))).collect();
        Self { window, rows }
    }

    /// Multiplies `count` scalars, on all cores. `scalars(i, out)` writes the scalars from index `i` on.
    pub(super) fn multiply(&self, count: usize, scalars: impl Fn(usize, &mut [Fr]) + Sync) -> Vec<G1Affine> {
        let mut points = vec![G1Affine::identity(); count];
        points.par_chunks_mut(BATCH).enumerate().for_each(|(i, points)| {
            let mut batch = [Fr::ZERO; BATCH];
            let batch = &mut batch[..points.len()];
            scalars(i * BATCH, batch);
            self.multiply_batch(batch, points);
        });
        points
    }

    fn multiply_batch(&self, scalars: &[Fr], points: &mut [G1Affine]) {
        let scalars: Vec<_> = scalars.iter().map(Fr::to_repr).collect();
        let mut terms = vec![G1Affine::identity(); points.len()];
        let mut adder = Adder::default();
        for (j, row) in self.rows.iter().enumerate() {
            for (term, scalar) in terms.iter_mut().zip(&scalars) {
                let digit = digit(scalar.as_ref(), j, self.window);
                *term = match digit.unsigned_abs() {
                    0 => G1Affine::identity(),
                    multiple if digit < 0 => -row[multiple as usize - 1],
                    multiple => row[multiple as usize - 1],
                };
            }
            adder.add(points, &terms);
        }
    }
}

/// `point, 2·point, …, count·point`, by doubling the length of the list; `count` is a power of two.
fn multiples(point: G1Affine, count: usize) -> Vec<G1Affine> {
    let mut list = vec![point];
    let mut adder = Adder::default();
    while list.len() < count {
        let last = vec![list[list.len() - 1]; list.len()];
        let mut next = list.clone();
        adder.add(&mut next, &last);
        list.append(&mut next);
    }
    list
}

/// Digit `j` of the signed expansion: `scalar = Σ digit_j·2^(window·j)`, `|digit_j| ≤ 2^(window - 1)`.
///
/// Each digit looks at its window and the bit below it (Booth), so digits do not depend on a carry.
fn digit(scalar: &[u8], j: usize, window: usize) -> i32 {
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

/// Adds lists of points pair by pair, with one inversion for all pairs.
#[derive(Default)]
struct Adder {
    /// For each pair the difference of the abscissas, and the product of all differences before it.
    steps: Vec<(Fq, Fq)>,
}

impl Adder {
    /// `points[i] += terms[i]`, complete: infinity, equal and opposite points included.
    fn add(&mut self, points: &mut [G1Affine], terms: &[G1Affine]) {
        self.steps.clear();
        let mut product = Fq::ONE;
        for (point, term) in points.iter_mut().zip(terms) {
            let mut difference = term.x - point.x;
            if bool::from(term.is_identity()) {
                difference = Fq::ZERO;
            } else if bool::from(point.is_identity()) {
                *point = *term;
                difference = Fq::ZERO;
            } else if bool::from(difference.is_zero()) {
                *point = (*point + *term).to_affine();
            }
            self.steps.push((difference, product));
            // A zero difference marks a pair that is done.
            if !bool::from(difference.is_zero()) {
                product *= difference;
            }
        }
        let mut inverse = product.invert().expect("a product of non-zero differences");
        for ((point, term), (difference, before)) in points.iter_mut().zip(terms).zip(&self.steps).rev() {
            if bool::from(difference.is_zero()) {
                continue;
            }
            let slope = (term.y - point.y) * (inverse * before);
            inverse *= difference;
            let x = slope.square() - point.x - term.x;
            point.y = slope * (point.x - x) - point.y;
            point.x = x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(scalar: Fr) -> G1Affine {
        (G1Affine::generator() * scalar).to_affine()
    }

    #[test]
    fn additions_are_complete() {
        let point = |i: u64| naive(Fr::from(i));
        let pairs = [(0, 0), (0, 5), (5, 0), (5, 5), (5, 6), (6, 5), (2, 3)];
        let mut points: Vec<_> = pairs.iter().map(|pair| point(pair.0)).collect();
        let mut terms: Vec<_> = pairs.iter().map(|pair| point(pair.1)).collect();
        points.push(point(7));
        terms.push(-point(7));
        let sums: Vec<_> = points.iter().zip(&terms).map(|(a, b)| (*a + *b).to_affine()).collect();
        Adder::default().add(&mut points, &terms);
        assert_eq!(points, sums);
    }

    #[test]
    fn edge_scalars_multiply_right_in_every_window_size() {
        let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2), -Fr::from(2), Fr::TWO_INV, Fr::ROOT_OF_UNITY];
        for bit in 0..254 {
            let power = Fr::from(2).pow([bit]);
            scalars.extend([power, power - Fr::ONE, -power, power * Fr::from(3)]);
        }
        let expected: Vec<_> = scalars.iter().map(|scalar| naive(*scalar)).collect();
        for log_uses in [0, 9, 10, 11, 13, 17] {
            let base = FixedBase::new(G1Affine::generator(), log_uses);
            let fill = |start: usize, out: &mut [Fr]| out.copy_from_slice(&scalars[start..start + out.len()]);
            assert_eq!(base.multiply(scalars.len(), fill), expected, "window {}", base.window);
        }
    }

    proptest! {
        #[test]
        fn digits_add_up(limbs in any::<[u64; 4]>(), window in 4usize..=16) {
            let scalar = Fr::from_raw(limbs);
            let count = Fr::NUM_BITS as usize / window + 1;
            let mut sum = Fr::ZERO;
            for j in (0..count).rev() {
                let digit = digit(scalar.to_repr().as_ref(), j, window);
                prop_assert!(digit.unsigned_abs() <= 1 << (window - 1));
                let magnitude = Fr::from(u64::from(digit.unsigned_abs()));
                sum = sum * Fr::from(1 << window) + if digit < 0 { -magnitude } else { magnitude };
            }
            prop_assert_eq!(sum, scalar);
        }
    }
}
