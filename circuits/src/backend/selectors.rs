//! What constraints say of fixed columns alone, computed once for all of them.
//!
//! A constraint multiplies selectors, which are polynomials over fixed columns, with sums of cells. Multiplied out, one
//! selector's monomials would each meet all of these cells. So a selector is computed once for a row and then stands
//! for a cell of its own.

use std::collections::BTreeMap;

use halo2_proofs::plonk::Expression;
use halo2curves::{bn256::Fr, ff::PrimeField};

use super::polynomial::{Numbering, Polynomial, Query};

/// Selectors are numbered like columns, far beyond these.
const FIRST: usize = 1 << 32;

/// A polynomial's monomials with their coefficients as bytes, which have an order.
type Written = Vec<(Vec<Query>, [u8; 32])>;

/// Selectors, each a polynomial over fixed columns and earlier selectors.
pub(super) struct Selectors<'a> {
    pub list: Vec<Polynomial>,
    index: BTreeMap<Written, usize>,
    numbering: Numbering,
    challenges: &'a [Fr],
}

/// The selector that a column's number stands for.
pub(super) fn selector(column: usize) -> Option<usize> {
    column.checked_sub(FIRST)
}

impl<'a> Selectors<'a> {
    pub fn new(numbering: Numbering, challenges: &'a [Fr]) -> Self {
        Self { list: vec![], index: BTreeMap::new(), numbering, challenges }
    }

    /// A polynomial as one cell: as it is, if it is one already.
    fn name(&mut self, polynomial: Polynomial) -> Polynomial {
        if polynomial.0.len() < 2 && polynomial.0.keys().all(|factors| factors.len() < 2) {
            return polynomial;
        }
        let key = polynomial.0.iter().map(|(factors, c)| (factors.clone(), c.to_repr())).collect();
        let list = &mut self.list;
        let index = *self.index.entry(key).or_insert_with(|| {
            list.push(polynomial);
            list.len() - 1
        });
        Polynomial::query(FIRST + index, 0)
    }

    /// An expression of fixed columns; products become selectors.
    fn fixed(&mut self, expression: &Expression<Fr>) -> Polynomial {
        match expression {
            Expression::Negated(a) => self.fixed(a).scaled(-Fr::one()),
            Expression::Scaled(a, factor) => self.fixed(a).scaled(*factor),
            Expression::Sum(a, b) => self.fixed(a).plus(self.fixed(b)),
            Expression::Product(a, b) => {
                let product = self.fixed(a).times(&self.fixed(b));
                if product.0.keys().any(|factors| factors.len() > 1) { self.name(product) } else { product }
            }
            leaf => Polynomial::from_expression(leaf, self.numbering, self.challenges),
        }
    }

    /// A constraint, with its selectors named.
    pub fn polynomial(&mut self, expression: &Expression<Fr>) -> Polynomial {
        if is_fixed(expression) {
            let sum = self.fixed(expression);
            return if sum.0.len() > 2 { self.name(sum) } else { sum };
        }
        match expression {
            Expression::Negated(a) => self.polynomial(a).scaled(-Fr::one()),
            Expression::Scaled(a, factor) => self.polynomial(a).scaled(*factor),
            Expression::Sum(a, b) => self.polynomial(a).plus(self.polynomial(b)),
            Expression::Product(a, b) => self.polynomial(a).times(&self.polynomial(b)),
            leaf => Polynomial::from_expression(leaf, self.numbering, self.challenges),
        }
    }
}

/// Whether an expression speaks of fixed columns in the current row alone.
fn is_fixed(expression: &Expression<Fr>) -> bool {
    match expression {
        Expression::Constant(_) | Expression::Challenge(_) => true,
        Expression::Fixed(query) => query.rotation().0 == 0,
        Expression::Negated(a) | Expression::Scaled(a, _) => is_fixed(a),
        Expression::Sum(a, b) | Expression::Product(a, b) => is_fixed(a) && is_fixed(b),
        _ => false,
    }
}
