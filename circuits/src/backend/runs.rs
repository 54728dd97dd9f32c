//! Columns that seldom change cost little to commit to.
//!
//! With `S_i = B_0 + … + B_i`, the running sums of the bases, `Σ v_i·B_i = Σ (v_i - v_(i+1))·S_i`: rows that repeat the
//! one above them cost nothing. Running sums that wait, idle lanes and the permutation's product are mostly such rows.

use std::sync::OnceLock;

use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group},
};
use rayon::prelude::*;

/// The points that columns are committed to with, and their running sums once these are needed.
#[derive(Clone, Copy)]
pub struct Bases<'a> {
    lagrange: &'a [G1Affine],
    sums: &'a OnceLock<Vec<G1Affine>>,
}

/// Points added up by one thread at a time.
const CHUNK: usize = 1 << 12;

impl<'a> Bases<'a> {
    /// Lagrange points, and a place for their running sums.
    pub fn new(lagrange: &'a [G1Affine], sums: &'a OnceLock<Vec<G1Affine>>) -> Self {
        Self { lagrange, sums }
    }

    /// The points themselves.
    pub(super) fn points(self) -> &'a [G1Affine] {
        self.lagrange
    }

    /// Their running sums.
    pub(super) fn sums(self) -> &'a [G1Affine] {
        let sums = self.sums.get_or_init(|| running_sums(self.lagrange));
        assert_eq!(sums.len(), self.lagrange.len(), "the sums are of these points");
        sums
    }
}

fn running_sums(points: &[G1Affine]) -> Vec<G1Affine> {
    let chunks = points.par_chunks(CHUNK);
    let totals: Vec<G1> = chunks.map(|chunk| chunk.iter().fold(G1::identity(), |sum, point| sum + point)).collect();
    let mut before = G1::identity();
    let mut starts = vec![];
    for total in totals {
        starts.push(before);
        before += total;
    }
    let mut sums = vec![G1Affine::default(); points.len()];
    sums.par_chunks_mut(CHUNK).zip(points.par_chunks(CHUNK)).zip(starts).for_each(|((out, chunk), start)| {
        let running = chunk.iter().scan(start, |sum, point| {
            *sum += point;
            Some(*sum)
        });
        G1::batch_normalize(&running.collect::<Vec<_>>(), out);
    });
    sums
}

/// What the running sums are multiplied with, if that is less work than multiplying the points with the values.
pub(super) fn differences(values: &[Fr]) -> Option<Vec<Fr>> {
    let (changes, others) = values
        .par_chunks(CHUNK)
        .map(|chunk| {
            let changes = chunk.windows(2).filter(|pair| pair[0] != pair[1]).count();
            (changes, chunk.iter().filter(|x| !bool::from(x.is_zero())).count())
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    // The running sums take some work of their own.
    if values.len() < CHUNK || changes + values.len() / 8 > others {
        return None;
    }
    let mut out = values.to_vec();
    out.par_iter_mut().zip(&values[1..]).for_each(|(x, next)| *x -= next);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::msm::{self, Scalars};

    #[test]
    fn differences_over_sums_commit_to_the_values() {
        let n = 3 * CHUNK + 17;
        let points: Vec<G1Affine> = {
            let all: Vec<G1> = (0..n)
                .scan(G1::generator(), |g, i| {
                    *g += G1::generator() + *g * Fr::from(i as u64 % 3);
                    Some(*g)
                })
                .collect();
            let mut out = vec![G1Affine::default(); n];
            G1::batch_normalize(&all, &mut out);
            out
        };
        let sums = OnceLock::new();
        let bases = Bases::new(&points, &sums);
        // Runs of many lengths, up to the last row and short of it.
        for last in [0, 5] {
            let values: Vec<Fr> =
                (0..n).map(|i| if i + last < n { Fr::from((i / 97) as u64 + 3) } else { Fr::ZERO }).collect();
            let differences = differences(&values).expect("mostly runs");
            assert_eq!(
                msm::commit(bases.sums(), Scalars::Field(&differences)),
                msm::commit(bases.points(), Scalars::Field(&values))
            );
        }
        assert!(differences(&(0..n).map(|i| Fr::from(i as u64)).collect::<Vec<_>>()).is_none(), "nothing repeats");
        let sparse: Vec<Fr> = (0..n).map(|i| if i % 50 == 0 { Fr::from(i as u64) } else { Fr::ZERO }).collect();
        assert!(differences(&sparse).is_none(), "zeros cost nothing anyway");
    }
}
