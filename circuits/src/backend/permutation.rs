//! The permutation argument: equal cells lie on cycles, and running products compare every column with its image.

use halo2curves::{
    bn256::Fr,
    ff::{BatchInvert, Field, PrimeField},
};
use rand::RngCore;
use rayon::prelude::*;

use super::{column::Column, fft::Domain};
use crate::witness::Values;

/// A cell: number of the column within the permutation, row.
pub type Position = (usize, usize);

/// The permutation's columns: each cell holds the name `δ^column·ω^row` of the next cell on its cycle.
///
/// Cycles are merged in the order of the copies, by exchanging what the two cells of a copy point to; so does the proof
/// system that verifying keys are compared with.
pub(super) fn sigma(domain: &Domain, k: u32, wires: usize, copies: &[(Position, Position)]) -> Vec<Vec<Fr>> {
    let n = 1 << k;
    let mut cycles = Cycles { parents: (0..wires * n).collect() };
    let mut next: Vec<usize> = (0..wires * n).collect();
    for &(left, right) in copies {
        let [left, right] = [left, right].map(|(column, row)| column * n + row);
        if cycles.join(left, right) {
            next.swap(left, right);
        }
    }
    let omegas = powers(domain.omega(), n);
    let deltas = powers(Fr::DELTA, wires);
    next.chunks(n).map(|next| next.iter().map(|&cell| deltas[cell / n] * omegas[cell % n]).collect()).collect()
}

/// Which cells are on one cycle (union by halved paths; the lower number leads).
struct Cycles {
    parents: Vec<usize>,
}

impl Cycles {
    fn find(&mut self, mut cell: usize) -> usize {
        while self.parents[cell] != cell {
            self.parents[cell] = self.parents[self.parents[cell]];
            cell = self.parents[cell];
        }
        cell
    }

    /// Whether the cells were on different cycles.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b)] = a.min(b);
        a != b
    }
}

/// The first powers of a field element.
pub(super) fn powers(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |x| Some(x * base)).take(count).collect()
}

/// What the verifier drew for the permutation argument.
#[derive(Clone, Copy)]
pub(super) struct Challenges {
    pub beta: Fr,
    pub gamma: Fr,
}

/// The running products, one per column; each starts where the former ends.
pub(super) fn products(
    omegas: &[Fr],
    sigma: &[Column<'_>],
    columns: &[&Column<'_>],
    usable: usize,
    challenges: Challenges,
    rng: &mut impl RngCore,
) -> Vec<Column<'static>> {
    let Challenges { beta, gamma } = challenges;
    let deltas = powers(Fr::DELTA, columns.len());
    let mut products: Vec<Vec<Fr>> = (columns.par_iter().zip(sigma).zip(deltas))
        .map(|((column, sigma), delta)| {
            // Cells that are copied nowhere are their own image, and change no product.
            let moved: Vec<usize> = (0..usable).filter(|&row| sigma.get(row) != delta * omegas[row]).collect();
            let shifted = |row: usize, name: Fr| column.get(row) + beta * name + gamma;
            let mut ratios: Vec<Fr> = moved.iter().map(|&row| shifted(row, sigma.get(row))).collect();
            ratios.iter_mut().batch_invert();
            let mut product = Vec::with_capacity(omegas.len());
            let mut now = Fr::ONE;
            for (&row, inverse) in moved.iter().zip(&ratios) {
                product.resize(row + 1, now);
                now *= shifted(row, delta * omegas[row]) * inverse;
            }
            product.resize(usable + 1, now);
            product
        })
        .collect();
    let mut start = Fr::ONE;
    for product in &mut products {
        product.iter_mut().for_each(|z| *z *= start);
        start = product[usable];
        product.extend((usable + 1..omegas.len()).map(|_| Fr::random(&mut *rng)));
    }
    products.into_iter().map(|product| Column::public(omegas.len(), Values::Field(product))).collect()
}
