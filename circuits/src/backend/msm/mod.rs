//! Multi-scalar multiplication over BN254's G1: the commitment to a column.
//!
//! Pippenger's algorithm. `digits` cuts the scalars into windows of signed digits, `buckets` adds up the points of each
//! digit of a window, and `kernel` does the additions: affine ones, many of which share an inversion. Additions that
//! share one must not depend on each other, so the points of a bucket are added as a tree, not one after the other.

mod buckets;
mod digits;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod kernel;
#[cfg(test)]
mod tests;

use std::ops::Range;

use halo2curves::{
    bn256::{G1, G1Affine},
    group::{Curve, Group},
};
use rayon::prelude::*;

use self::{
    buckets::{Workspace, aggregation_cost},
    digits::Column,
    kernel::{Kernel, Portable},
};
#[cfg(target_arch = "x86_64")]
use super::lanes::Ifma;

pub use halo2curves::bn256::Fr;

/// Widest window: its buckets still fit the second-level cache.
const WIDEST: usize = 16;

/// A column of scalars. Zeros cost nothing but being looked at.
#[derive(Clone, Copy, Debug)]
pub enum Scalars<'a> {
    /// Integers; the smaller they are, the less they cost.
    Small(&'a [i64]),
    /// Field elements, which count as integers between `-r / 2` and `r / 2`.
    Field(&'a [Fr]),
}

impl Scalars<'_> {
    /// Number of scalars.
    pub fn len(&self) -> usize {
        match self {
            Self::Small(values) => values.len(),
            Self::Field(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The sum of all bases, each times its scalar, on all cores.
///
/// # Panics
///
/// If there are more scalars than bases.
pub fn commit(bases: &[G1Affine], scalars: Scalars<'_>) -> G1Affine {
    #[cfg(target_arch = "x86_64")]
    if let Some(kernel) = Ifma::detect() {
        return commit_with(kernel, bases, scalars);
    }
    commit_with(Portable, bases, scalars)
}

/// The commitments to many columns over the same bases, on all cores.
///
/// # Panics
///
/// If a column has more scalars than there are bases.
pub fn commit_many(bases: &[G1Affine], columns: &[Scalars<'_>]) -> Vec<G1Affine> {
    #[cfg(target_arch = "x86_64")]
    if let Some(kernel) = Ifma::detect() {
        return commit_many_with(kernel, bases, columns);
    }
    commit_many_with(Portable, bases, columns)
}

fn commit_with<K: Kernel>(kernel: K, bases: &[G1Affine], scalars: Scalars<'_>) -> G1Affine {
    let bases = &bases[..scalars.len()];
    let mut column = Column::new(scalars);
    let table = if column.len() < bases.len() / 2 {
        let bases: Vec<G1Affine> = column.compact().into_iter().map(|position| bases[position]).collect();
        import(kernel, &bases)
    } else {
        import(kernel, bases)
    };
    sum(kernel, &table, &column, rayon::current_num_threads()).to_affine()
}

fn commit_many_with<K: Kernel>(kernel: K, bases: &[G1Affine], columns: &[Scalars<'_>]) -> Vec<G1Affine> {
    let longest = columns.iter().map(Scalars::len).max().unwrap_or(0);
    let table = import(kernel, &bases[..longest]);
    let threads = rayon::current_num_threads().div_ceil(columns.len().max(1));
    // A thread works on one column at a time, and takes windows of others' columns when there is no column left: so
    // there are never many more columns in pieces than threads.
    let sums: Vec<G1> = columns
        .par_iter()
        .with_max_len(1)
        .map(|scalars| sum(kernel, &table, &Column::new(*scalars), threads))
        .collect();
    let mut commitments = vec![G1Affine::default(); sums.len()];
    G1::batch_normalize(&sums, &mut commitments);
    commitments
}

/// All bases in the kernel's representation.
fn import<K: Kernel>(kernel: K, bases: &[G1Affine]) -> Vec<K::Point> {
    let chunks: Vec<Vec<K::Point>> = bases.par_chunks(1 << 12).map(|chunk| kernel.import(chunk)).collect();
    chunks.concat()
}

/// How a column is cut up: every window and every share of the pieces is one unit of work.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Bits of a window.
    width: usize,
    /// Number of windows.
    windows: usize,
    /// Number of shares.
    shares: usize,
}

impl Plan {
    /// The cheapest plan.
    fn new<K: Kernel>(column: &Column, threads: usize) -> Self {
        let most = threads.min(column.pieces.len()).max(1);
        (1..=WIDEST)
            .flat_map(|width| (1..=most).map(move |shares| (width, shares)))
            // One bit more, because a window with its highest bit set hands one to the window above.
            .map(|(width, shares)| Self { width, shares, windows: (column.bits() + 1).div_ceil(width) })
            .map(|plan| (plan, plan.cost::<K>(column, threads)))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(plan, _)| plan)
            .expect("there are widths to choose from")
    }

    /// How long the busiest thread will be busy, measured in additions.
    fn cost<K: Kernel>(&self, column: &Column, threads: usize) -> f64 {
        let buckets = 1 << (self.width - 1);
        let costs = (0..self.windows).map(|window| {
            let points = column.active(window * self.width) / self.shares;
            points as f64 + aggregation_cost::<K>(buckets, points.min(buckets))
        });
        let costs: Vec<f64> = costs.collect();
        let largest = costs.iter().copied().fold(0.0, f64::max);
        let large = costs.iter().filter(|&&cost| 2.0 * cost > largest).count() * self.shares;
        let even = costs.iter().sum::<f64>() * self.shares as f64 / threads as f64;
        even.max(largest * large.div_ceil(threads) as f64)
    }
}

/// The sum of the table's points, each times its scalar.
fn sum<K: Kernel>(kernel: K, table: &[K::Point], column: &Column, threads: usize) -> G1 {
    let plan = Plan::new::<K>(column, threads);
    let share = |index: usize| -> Range<usize> {
        let pieces = column.pieces.len();
        index * pieces / plan.shares..(index + 1) * pieces / plan.shares
    };
    let units: Vec<G1> = (0..plan.windows * plan.shares)
        .into_par_iter()
        .with_max_len(1)
        .map_init(
            || Workspace::new(kernel),
            |workspace, unit| {
                let start = unit / plan.shares * plan.width;
                let pieces = &column.pieces[share(unit % plan.shares)];
                workspace.window(table, pieces, &(start..start + plan.width))
            },
        )
        .collect();
    units.chunks(plan.shares).rev().fold(G1::identity(), |sum, shares| {
        let shifted = (0..plan.width).fold(sum, |sum, _| sum.double());
        shares.iter().fold(shifted, |sum, share| sum + share)
    })
}
