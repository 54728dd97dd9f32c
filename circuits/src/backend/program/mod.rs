//! Evaluates a polynomial in many rows at once.
//!
//! The polynomial is factored greedily: whatever cell occurs in the most monomials is taken out of them. The result is
//! a tree of sums; each of its operations runs over a block of rows, so that interpreting the tree costs nothing.
//!
//! Columns that occur once, in a linear term, need not be transformed one by one: their sum is transformed instead.

#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use halo2curves::{bn256::Fr, ff::Field};

#[cfg(target_arch = "x86_64")]
use super::lanes::Ifma;
use super::polynomial::{Polynomial, Query};

/// Rows that an operation runs over: a few such blocks fit the innermost cache.
pub(super) const BLOCK: usize = 128;

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

/// A program as the processor runs it.
pub(super) enum Code<'a> {
    Scalar(&'a Program),
    #[cfg(target_arch = "x86_64")]
    Ifma(ifma::Code),
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

    /// The program as this processor runs it fastest, over blocks whose size is a multiple of `rows`.
    pub fn code(&self, rows: usize) -> Code<'_> {
        #[cfg(target_arch = "x86_64")]
        if rows.is_multiple_of(ifma::ROWS)
            && let Some(ifma) = Ifma::detect()
            && let Some(code) = ifma::Code::new(ifma, &self.sum)
        {
            return Code::Ifma(code);
        }
        let _ = rows;
        Code::Scalar(self)
    }
}

impl Code<'_> {
    /// Evaluates one block of rows at most. `cells` has the values of a cell in these rows.
    pub fn run<'a>(&self, cells: &impl Fn(Query) -> &'a [Fr], out: &mut [Fr]) {
        match self {
            Self::Scalar(program) => program.sum.run(cells, out, &mut vec![[Fr::ZERO; BLOCK]; program.depth]),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(code) => code.run(cells, out),
        }
    }
}
