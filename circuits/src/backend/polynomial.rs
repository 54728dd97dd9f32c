//! Constraints as sums of monomials over cells of a row and its neighbours.

use std::collections::BTreeMap;

use halo2_proofs::plonk::Expression;
use halo2curves::{bn256::Fr, ff::Field};

/// A cell: a column, and how many rows below the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Query {
    /// Number of the column, see [`Numbering`].
    pub column: usize,
    /// Rows below.
    pub rotation: i32,
}

/// Numbers of the columns that constraints speak of, over all kinds of columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbering {
    /// Number of fixed columns; they come first.
    pub fixed: usize,
    /// Number of columns in the permutation.
    pub wires: usize,
    /// Number of advice columns.
    pub advice: usize,
}

impl Numbering {
    pub fn fixed(&self, i: usize) -> usize {
        i
    }

    /// One in the first row.
    pub fn first(&self) -> usize {
        self.fixed
    }

    /// One in the row after the usable ones.
    pub fn last(&self) -> usize {
        self.fixed + 1
    }

    /// One in the usable rows.
    pub fn active(&self) -> usize {
        self.fixed + 2
    }

    pub fn sigma(&self, i: usize) -> usize {
        self.fixed + 3 + i
    }

    /// Columns that are the same in every proof.
    pub fn shared(&self) -> usize {
        self.fixed + 3 + self.wires
    }

    pub fn advice(&self, i: usize) -> usize {
        self.shared() + i
    }

    pub fn product(&self, i: usize) -> usize {
        self.shared() + self.advice + i
    }

    pub fn instance(&self) -> usize {
        self.shared() + self.advice + self.wires
    }

    /// The variable itself.
    pub fn variable(&self) -> usize {
        self.instance() + 1
    }

    /// Number of columns.
    pub fn count(&self) -> usize {
        self.variable() + 1
    }
}

/// A sum of monomials; a monomial is its factors in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Polynomial(pub BTreeMap<Vec<Query>, Fr>);

impl Polynomial {
    pub fn constant(value: Fr) -> Self {
        Self::monomial(vec![], value)
    }

    pub fn query(column: usize, rotation: i32) -> Self {
        Self::monomial(vec![Query { column, rotation }], Fr::ONE)
    }

    fn monomial(factors: Vec<Query>, coefficient: Fr) -> Self {
        let mut polynomial = Self::default();
        polynomial.add_term(factors, coefficient);
        polynomial
    }

    fn add_term(&mut self, factors: Vec<Query>, coefficient: Fr) {
        let sum = self.0.entry(factors).or_insert(Fr::ZERO);
        *sum += coefficient;
    }

    pub fn plus(mut self, mut other: Self) -> Self {
        if self.0.len() < other.0.len() {
            std::mem::swap(&mut self, &mut other);
        }
        other.0.into_iter().for_each(|(factors, c)| self.add_term(factors, c));
        self
    }

    pub fn scaled(mut self, factor: Fr) -> Self {
        self.0.values_mut().for_each(|c| *c *= factor);
        self
    }

    pub fn minus(self, other: Self) -> Self {
        self.plus(other.scaled(-Fr::ONE))
    }

    pub fn times(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for (a, c) in &self.0 {
            for (b, d) in &other.0 {
                let mut factors = [&a[..], &b[..]].concat();
                factors.sort_unstable();
                product.add_term(factors, c * d);
            }
        }
        product.0.retain(|_, c| *c != Fr::ZERO);
        product
    }

    /// An expression of a constraint system without selectors, with the challenges' values put in.
    pub fn from_expression(expression: &Expression<Fr>, numbering: Numbering, challenges: &[Fr]) -> Self {
        expression.evaluate(
            &Self::constant,
            &|_| unreachable!("there are no selectors"),
            &|query| Self::query(numbering.fixed(query.column_index()), query.rotation().0),
            &|query| Self::query(numbering.advice(query.column_index()), query.rotation().0),
            &|query| Self::query(numbering.instance(), query.rotation().0),
            &|challenge| Self::constant(challenges[challenge.index()]),
            &|a| a.scaled(-Fr::ONE),
            &Self::plus,
            &|a, b| a.times(&b),
            &Self::scaled,
        )
    }
}
