//! Sums of multiples of points.

use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::{
    bn256::{Fr, G1Affine},
    group::Curve,
};

use crate::plan::small;

/// The scalars of one sum.
#[derive(Clone, Copy)]
pub enum Scalars<'a> {
    /// Integers, most of them small.
    Small(&'a [i64]),
    /// Field elements.
    Field(&'a [Fr]),
}

/// `Σ scalar·base`, over as many bases as there are scalars.
pub fn commit(bases: &[G1Affine], scalars: Scalars<'_>) -> G1Affine {
    match scalars {
        Scalars::Small(values) => {
            let values: Vec<Fr> = values.iter().map(|&x| small(x)).collect();
            best_multiexp(&values, &bases[..values.len()]).to_affine()
        }
        Scalars::Field(values) => best_multiexp(values, &bases[..values.len()]).to_affine(),
    }
}

/// [`commit`] for several columns.
pub fn commit_many(bases: &[G1Affine], columns: &[Scalars<'_>]) -> Vec<G1Affine> {
    columns.iter().map(|&scalars| commit(bases, scalars)).collect()
}
