//! Which columns the verifier wants to see at which points, in its order.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::{
    BackendError,
    column::Column,
    key::Key,
    opening::{Opened, Point},
    quotient::end_rotation,
    transcript::Transcript,
};

/// The polynomials of a proof.
pub(super) struct Polynomials<'c> {
    pub advice: &'c [Column<'c>],
    pub products: &'c [Column<'c>],
    /// The quotient's pieces, folded for the point of evaluation.
    pub quotient: &'c Column<'c>,
    pub random: &'c Column<'c>,
}

/// Columns in the order in which the verifier first asks for them, with what it asks for.
#[derive(Default)]
struct Requests<'c> {
    positions: BTreeMap<usize, usize>,
    columns: Vec<(&'c Column<'c>, BTreeSet<i32>)>,
}

impl<'c> Requests<'c> {
    fn add(&mut self, number: usize, rotation: i32, column: &'c Column<'c>) {
        let position = *self.positions.entry(number).or_insert(self.columns.len());
        if position == self.columns.len() {
            self.columns.push((column, BTreeSet::new()));
        }
        self.columns[position].1.insert(rotation);
    }
}

/// Writes all evaluations around `point`, and returns what is opened.
pub(super) fn evaluate<'c>(
    key: &'c Key,
    cs: &ConstraintSystem<Fr>,
    point: &Point<'_>,
    polynomials: &Polynomials<'c>,
    transcript: &mut Transcript,
) -> Result<Vec<Opened<'c>>, BackendError> {
    let numbering = key.numbering;
    // These two have no number, because no constraint speaks of them.
    let (quotient, random) = (numbering.count(), numbering.count() + 1);
    let advice: Vec<_> = cs.advice_queries().iter().map(|(c, rotation)| (c.index(), rotation.0)).collect();
    let fixed: Vec<_> = cs.fixed_queries().iter().map(|(c, rotation)| (c.index(), rotation.0)).collect();
    let last = polynomials.products.len() - 1;

    let mut requests = Requests::default();
    for &(i, rotation) in &advice {
        requests.add(numbering.advice(i), rotation, &polynomials.advice[i]);
    }
    for (i, product) in polynomials.products.iter().enumerate() {
        let rotations = [0, 1].into_iter().chain((i < last).then_some(end_rotation(key)));
        rotations.for_each(|rotation| requests.add(numbering.product(i), rotation, product));
    }
    for &(i, rotation) in &fixed {
        requests.add(numbering.fixed(i), rotation, &key.fixed[i]);
    }
    for (i, sigma) in key.sigma.iter().enumerate() {
        requests.add(numbering.sigma(i), 0, sigma);
    }
    requests.add(quotient, 0, polynomials.quotient);
    requests.add(random, 0, polynomials.random);

    let rotations: BTreeSet<i32> = requests.columns.iter().flat_map(|(_, rotations)| rotations).copied().collect();
    let weights: BTreeMap<i32, Vec<Fr>> = rotations.into_iter().map(|r| (r, point.weights(r))).collect();
    let opened: Vec<Opened<'c>> = (requests.columns.par_iter().with_max_len(1))
        .map(|(column, rotations)| Opened {
            column,
            values: rotations.iter().map(|rotation| (*rotation, column.dot(&weights[rotation]))).collect(),
        })
        .collect();

    let mut write = |number: usize, rotation: i32| {
        let values = &opened[requests.positions[&number]].values;
        let value = values.iter().find(|(r, _)| *r == rotation).expect("requested");
        transcript.scalar(value.1)
    };
    advice.iter().try_for_each(|&(i, rotation)| write(numbering.advice(i), rotation))?;
    fixed.iter().try_for_each(|&(i, rotation)| write(numbering.fixed(i), rotation))?;
    write(random, 0)?;
    (0..key.sigma.len()).try_for_each(|i| write(numbering.sigma(i), 0))?;
    for i in 0..=last {
        write(numbering.product(i), 0)?;
        write(numbering.product(i), 1)?;
        if i < last {
            write(numbering.product(i), end_rotation(key))?;
        }
    }
    Ok(opened)
}
