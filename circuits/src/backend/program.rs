//! Evaluates a polynomial in many rows at once.
//!
//! The polynomial is factored greedily: whatever cell occurs in the most monomials is taken out of them. The result is
//! a tree of sums; each of its operations runs over a block of rows, so that interpreting the tree costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use halo2curves::{bn256::Fr, ff::Field};

use super::polynomial::{Polynomial, Query};

/// Rows that an operation runs over: a few such blocks fit the innermost cache.
pub(super) const BLOCK: usize = 256;

/// `constant + Σ coefficient·cell + Σ cell·sum`
#[derive(Clone, Debug, Default)]
struct Sum {
    constant: Fr,
    plus: Vec<Query>,
    minus: Vec<Query>,
    scaled: Vec<(Fr, Query)>,
    products: Vec<(Query, Sum)>,
}

/// A polynomial ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Program {
    sum: Sum,
    depth: usize,
}

type Terms = Vec<(Vec<Query>, Fr)>;

impl Sum {
    fn factor(terms: Terms) -> Self {
        let (mut linear, mut higher): (Terms, Terms) = terms.into_iter().partition(|(factors, _)| factors.len() < 2);
        let mut sum = Self::default();
        while let Some(query) = most_frequent(&higher) {
            let (with, without): (Terms, Terms) = higher.into_iter().partition(|(factors, _)| factors.contains(&query));
            higher = without;
            let mut inner: Terms = with.into_iter().map(|(factors, c)| (without_one(factors, query), c)).collect();
            // The cell itself, times a constant, comes for free with its product.
            linear.retain(|(factors, c)| {
                let takes = factors[..] == [query];
                if takes {
                    inner.push((vec![], *c));
                }
                !takes
            });
            sum.products.push((query, Self::factor(inner)));
        }
        for (factors, c) in linear {
            match factors[..] {
                [] => sum.constant += c,
                [query, ..] if c == Fr::ONE => sum.plus.push(query),
                [query, ..] if c == -Fr::ONE => sum.minus.push(query),
                [query, ..] => sum.scaled.push((c, query)),
            }
        }
        sum
    }

    fn depth(&self) -> usize {
        self.products.iter().map(|(_, sum)| 1 + sum.depth()).max().unwrap_or(0)
    }

    fn multiplications(&self) -> usize {
        self.scaled.len() + self.products.iter().map(|(_, sum)| 1 + sum.multiplications()).sum::<usize>()
    }

    fn queries(&self, all: &mut BTreeSet<Query>) {
        all.extend(self.plus.iter().chain(&self.minus));
        all.extend(self.scaled.iter().map(|(_, query)| *query));
        for (query, sum) in &self.products {
            all.insert(*query);
            sum.queries(all);
        }
    }

    fn run<'a>(&self, cells: &impl Fn(Query) -> &'a [Fr], out: &mut [Fr], scratch: &mut [[Fr; BLOCK]]) {
        out.fill(self.constant);
        for query in &self.plus {
            out.iter_mut().zip(cells(*query)).for_each(|(out, x)| *out += x);
        }
        for query in &self.minus {
            out.iter_mut().zip(cells(*query)).for_each(|(out, x)| *out -= x);
        }
        for (c, query) in &self.scaled {
            out.iter_mut().zip(cells(*query)).for_each(|(out, x)| *out += c * x);
        }
        for (query, sum) in &self.products {
            let (inner, scratch) = scratch.split_first_mut().expect("as many as the program is deep");
            let inner = &mut inner[..out.len()];
            sum.run(cells, inner, scratch);
            for ((out, x), y) in out.iter_mut().zip(cells(*query)).zip(inner) {
                *out += x * &*y;
            }
        }
    }
}

/// The cell in the most terms; the first one of equals.
fn most_frequent(terms: &Terms) -> Option<Query> {
    let mut counts: BTreeMap<Query, usize> = BTreeMap::new();
    for (factors, _) in terms {
        for (i, query) in factors.iter().enumerate() {
            if !factors[..i].contains(query) {
                *counts.entry(*query).or_default() += 1;
            }
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(query, _)| query)
}

fn without_one(mut factors: Vec<Query>, query: Query) -> Vec<Query> {
    if let Some(at) = factors.iter().position(|q| *q == query) {
        factors.remove(at);
    }
    factors
}

impl Program {
    pub fn new(polynomial: Polynomial) -> Self {
        let sum = Sum::factor(polynomial.0.into_iter().filter(|(_, c)| *c != Fr::ZERO).collect());
        let depth = sum.depth();
        Self { sum, depth }
    }

    /// Multiplications per row.
    pub fn multiplications(&self) -> usize {
        self.sum.multiplications()
    }

    /// Cells that the program reads.
    pub fn queries(&self) -> BTreeSet<Query> {
        let mut all = BTreeSet::new();
        self.sum.queries(&mut all);
        all
    }

    /// Evaluates one block of rows at most. `cells` has the values of a cell in these rows.
    pub fn run<'a>(&self, cells: &impl Fn(Query) -> &'a [Fr], out: &mut [Fr]) {
        self.sum.run(cells, out, &mut vec![[Fr::ZERO; BLOCK]; self.depth]);
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::plonk::ConstraintSystem;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::{super::polynomial::Numbering, *};
    use crate::{
        circuit::Config,
        plan::{Choice, Plan},
        sample,
    };

    const ROWS: usize = 5;
    const REACH: i32 = 4;

    /// Random values of every cell within reach, by column.
    fn table(columns: usize, rng: &mut StdRng) -> Vec<Vec<Fr>> {
        let rows = ROWS + 2 * REACH as usize;
        (0..columns).map(|_| (0..rows).map(|_| Fr::random(&mut *rng)).collect()).collect()
    }

    fn cells(table: &[Vec<Fr>], query: Query) -> &[Fr] {
        &table[query.column][(REACH + query.rotation) as usize..][..ROWS]
    }

    fn direct(polynomial: &Polynomial, table: &[Vec<Fr>], row: usize) -> Fr {
        let term = |(factors, c): (&Vec<Query>, &Fr)| factors.iter().fold(*c, |x, q| x * cells(table, *q)[row]);
        polynomial.0.iter().map(term).sum()
    }

    fn polynomial(rng: &mut StdRng) -> Polynomial {
        let mut sum = Polynomial::default();
        for _ in 0..rng.r#gen_range(0..30) {
            let c = [Fr::ONE, -Fr::ONE, Fr::random(&mut *rng), Fr::ZERO][rng.r#gen_range(0..4)];
            let mut term = Polynomial::constant(c);
            for _ in 0..rng.r#gen_range(0..4) {
                term = term.times(&Polynomial::query(rng.r#gen_range(0..4), rng.r#gen_range(-1..2)));
            }
            sum = sum.plus(term);
        }
        sum
    }

    proptest! {
        #[test]
        fn programs_compute_their_polynomials(seed in any::<u64>()) {
            let mut rng = StdRng::seed_from_u64(seed);
            let polynomial = polynomial(&mut rng);
            let table = table(4, &mut rng);
            let mut out = [Fr::ZERO; ROWS];
            Program::new(polynomial.clone()).run(&|query| cells(&table, query), &mut out);
            for (row, out) in out.iter().enumerate() {
                prop_assert_eq!(*out, direct(&polynomial, &table, row));
            }
        }

        #[test]
        fn programs_compute_the_circuits_constraints(seed in any::<u64>()) {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut cs = ConstraintSystem::default();
            let plan = Plan::new(&sample::tiny(1).network, Choice::default()).expect("plannable");
            Config::new(&mut cs, &plan.shape);
            let numbering = Numbering { fixed: cs.num_fixed_columns(), wires: 0, advice: cs.num_advice_columns() };
            let table = table(numbering.count(), &mut rng);
            let challenges: Vec<Fr> = (0..cs.num_challenges()).map(|_| Fr::random(&mut rng)).collect();
            let mut sum = Polynomial::default();
            let mut expected = [Fr::ZERO; ROWS];
            for expression in cs.gates().iter().flat_map(|gate| gate.polynomials()) {
                let weight = Fr::random(&mut rng);
                sum = sum.plus(Polynomial::from_expression(expression, numbering, &challenges).scaled(weight));
                for (row, expected) in expected.iter_mut().enumerate() {
                    let at = |column, rotation| cells(&table, Query { column, rotation })[row];
                    *expected += weight * expression.evaluate(
                        &|c| c,
                        &|_| unreachable!("there are no selectors"),
                        &|q| at(numbering.fixed(q.column_index()), q.rotation().0),
                        &|q| at(numbering.advice(q.column_index()), q.rotation().0),
                        &|q| at(numbering.instance(), q.rotation().0),
                        &|c| challenges[c.index()],
                        &|a| -a,
                        &|a, b| a + b,
                        &|a, b| a * b,
                        &|a, c| a * c,
                    );
                }
            }
            let mut out = [Fr::ZERO; ROWS];
            Program::new(sum).run(&|query| cells(&table, query), &mut out);
            prop_assert_eq!(out, expected);
        }
    }
}
