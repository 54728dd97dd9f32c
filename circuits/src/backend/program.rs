//! Evaluates a polynomial in many rows at once.
//!
//! The polynomial is factored greedily: whatever cell occurs in the most monomials is taken out of them. The result is
//! a tree of sums; each of its operations runs over a block of rows, so that interpreting the tree costs nothing.
//!
//! Columns that occur once, in a linear term, need not be transformed one by one: their sum is transformed instead.

use std::collections::{BTreeMap, BTreeSet};

use halo2curves::{bn256::Fr, ff::Field};

use super::polynomial::{Polynomial, Query};

/// Rows that an operation runs over: a few such blocks fit the innermost cache.
pub(super) const BLOCK: usize = 256;

/// A linear combination of columns that stands for a column.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    /// Its number.
    pub column: usize,
    /// Coefficients and numbers of its members.
    pub terms: Vec<(Fr, usize)>,
}

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

    #[cfg(test)]
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

    /// How often each column occurs.
    fn count(&self, counts: &mut BTreeMap<usize, usize>) {
        let linear = self.plus.iter().chain(&self.minus).chain(self.scaled.iter().map(|(_, query)| query));
        for query in linear.chain(self.products.iter().map(|(query, _)| query)) {
            *counts.entry(query.column).or_default() += 1;
        }
        self.products.iter().for_each(|(_, sum)| sum.count(counts));
    }

    /// Replaces linear terms in such columns by one each, numbered from `next` on.
    fn merge(&mut self, mergeable: &impl Fn(usize) -> bool, next: &mut usize, merged: &mut Vec<Merged>) {
        let takes = |query: &Query| query.rotation == 0 && mergeable(query.column);
        let linear = |sum: &Self| {
            let plus = sum.plus.iter().map(|query| (Fr::ONE, *query));
            let minus = sum.minus.iter().map(|query| (-Fr::ONE, *query));
            let all = plus.chain(minus).chain(sum.scaled.iter().copied());
            all.filter(|(_, query)| takes(query)).map(|(c, query)| (c, query.column)).collect::<Vec<_>>()
        };
        let terms = linear(self);
        if terms.len() > 1 {
            self.plus.retain(|query| !takes(query));
            self.minus.retain(|query| !takes(query));
            self.scaled.retain(|(_, query)| !takes(query));
            self.plus.push(Query { column: *next, rotation: 0 });
            merged.push(Merged { column: *next, terms });
            *next += 1;
        }
        self.products.iter_mut().for_each(|(_, sum)| sum.merge(mergeable, next, merged));
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
                *out += x * *y;
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

    /// Lets new columns, numbered from `next` on, stand for sums of columns that occur nowhere else.
    pub fn merge(&mut self, candidate: impl Fn(usize) -> bool, mut next: usize) -> Vec<Merged> {
        let mut counts = BTreeMap::new();
        self.sum.count(&mut counts);
        let mut merged = vec![];
        self.sum.merge(&|column| candidate(column) && counts.get(&column) == Some(&1), &mut next, &mut merged);
        merged
    }

    /// Multiplications per row.
    #[cfg(test)]
    fn multiplications(&self) -> usize {
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
        for _ in 0..rng.r#gen_range(0..12) {
            let c = [Fr::ONE, -Fr::ONE, Fr::random(&mut *rng), Fr::ZERO][rng.r#gen_range(0..4)];
            let mut term = Polynomial::constant(c);
            for _ in 0..rng.r#gen_range(0..4) {
                term = term.times(&Polynomial::query(rng.r#gen_range(0..6), rng.r#gen_range(-1..2)));
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
            let mut table = table(6, &mut rng);
            let expected: Vec<Fr> = (0..ROWS).map(|row| direct(&polynomial, &table, row)).collect();
            let mut program = Program::new(polynomial);
            let before = program.queries();
            for merged in program.merge(|column| column > 0, 6) {
                prop_assert_eq!(merged.column, table.len());
                let value = |row: usize| merged.terms.iter().map(|(c, column)| table[*column][row] * c).sum();
                table.push((0..table[0].len()).map(value).collect());
                prop_assert!(merged.terms.len() > 1);
                prop_assert!(before.len() > program.queries().len());
            }
            let mut out = [Fr::ZERO; ROWS];
            program.run(&|query| cells(&table, query), &mut out);
            prop_assert_eq!(&out[..], expected);
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
            let monomials: usize = sum.0.keys().map(Vec::len).sum();
            let program = Program::new(sum);
            prop_assert!(3 * program.multiplications() < 2 * monomials, "factors are shared");
            program.run(&|query| cells(&table, query), &mut out);
            prop_assert_eq!(out, expected);
        }
    }
}
