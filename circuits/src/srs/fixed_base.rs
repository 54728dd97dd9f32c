//! Many multiples of one point: precomputed multiples for every window of the scalar, so that only additions are left.

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use rayon::prelude::*;

use super::batch::{BATCH, Batch, choose, digit, digit_count};

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
        let mut base = point.to_curve();
        let bases: Vec<G1Affine> = (0..digit_count(window))
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
        let mut batch = Batch::default();
        for (j, row) in self.rows.iter().enumerate() {
            for (term, scalar) in terms.iter_mut().zip(&scalars) {
                *term = choose(digit(scalar.as_ref(), j, self.window), |multiple| row[multiple]);
            }
            batch.add(points, &terms);
        }
    }
}

/// `point, 2·point, …, count·point`, by doubling the length of the list; `count` is a power of two.
fn multiples(point: G1Affine, count: usize) -> Vec<G1Affine> {
    let mut list = vec![point];
    let mut batch = Batch::default();
    while list.len() < count {
        let last = vec![list[list.len() - 1]; list.len()];
        let mut next = list.clone();
        batch.add(&mut next, &last);
        list.append(&mut next);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(scalar: Fr) -> G1Affine {
        (G1Affine::generator() * scalar).to_affine()
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
}
