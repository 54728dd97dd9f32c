//! The quotient: all constraints, folded with powers of y, divided by what vanishes on the domain.
//!
//! Constraints of degree `d` make a quotient `h = h_0 + X^n·h_1 + …` of `d - 1` pieces, which is known from its values
//! on as many cosets of the domain. On each of them `X^n` is a constant `t`, and interpolation yields `h_0 + t·h_1 + …`.

use std::{borrow::Cow, collections::BTreeSet};

use halo2_proofs::plonk::VerifyingKey;
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::{Field, PrimeField},
};
use rayon::prelude::*;

use super::{
    column::Column,
    fft::Coset,
    key::Key,
    permutation,
    polynomial::{Polynomial, Query},
    program::{BLOCK, Code, Merged, Program},
    selectors::{Selectors, selector},
};

/// Everything that the constraints depend on beside the columns.
pub(super) struct Challenges<'a> {
    /// Those of the circuit.
    pub circuit: &'a [Fr],
    pub permutation: permutation::Challenges,
    pub y: Fr,
}

/// The columns of one proof.
pub(super) struct Columns<'a> {
    pub advice: &'a [Column<'a>],
    pub products: &'a [Column<'a>],
    pub instance: &'a Column<'a>,
}

/// The pieces of the quotient, as values on the domain.
pub(super) fn quotient(
    key: &Key,
    vk: &VerifyingKey<G1Affine>,
    columns: &Columns<'_>,
    challenges: &Challenges<'_>,
    omegas: &[Fr],
) -> Vec<Vec<Fr>> {
    let mut selectors = Selectors::new(key.numbering, challenges.circuit);
    let mut program = Program::new(numerator(key, vk, challenges, &mut selectors));
    let selectors: Vec<Program> = selectors.list.into_iter().map(Program::new).collect();
    let numbering = key.numbering;
    let own = numbering.shared()..numbering.variable();
    let merged = program.merge(|column| own.contains(&column), numbering.count());
    let mut coefficients = interpolated(key, columns, &program, &merged);
    let shifts: Vec<Fr> = permutation::powers(Fr::MULTIPLICATIVE_GENERATOR, key.degree).split_off(1);
    let mut table = Table::new(&program, &selectors);
    let block = key.rows.min(BLOCK);
    let selectors: Vec<Code<'_>> = selectors.iter().map(|selector| selector.code(block)).collect();
    let code = program.code(block);
    let mut pieces: Vec<Vec<Fr>> = vec![];
    for (i, &shift) in shifts.iter().enumerate() {
        let coset = key.domain.coset(shift);
        table.fill(key, &coset, (shift, omegas), &coefficients);
        let last = i + 1 == shifts.len();
        if last {
            coefficients.clear();
        }
        let mut quotient = table.run(key, &selectors, &code);
        if last {
            table.columns.clear();
        }
        let vanishing = shift.pow([key.rows as u64]) - Fr::ONE;
        let inverse = vanishing.invert().expect("a coset is not the domain");
        quotient.par_iter_mut().for_each(|x| *x *= inverse);
        key.domain.interpolate_coset(&coset, &mut quotient);
        pieces.push(quotient);
    }
    let constants: Vec<Fr> = shifts.iter().map(|shift| shift.pow([key.rows as u64])).collect();
    separate(&constants, &mut pieces);
    let domain = key.domain.coset(Fr::ONE);
    pieces.par_iter_mut().for_each(|piece| {
        let mut values = vec![Fr::ZERO; key.rows];
        key.domain.evaluate(&domain, piece, &mut values);
        *piece = values;
    });
    pieces
}

/// From `Σ_j t_i^j·h_j` for every `t_i` to the `h_j`, by Newton's interpolation: divided differences, then monomials.
fn separate(t: &[Fr], values: &mut [Vec<Fr>]) {
    let combine = |values: &mut [Vec<Fr>], at: usize, by: usize, of_at: Fr, of_by: Fr| {
        let (low, high) = values.split_at_mut(at.max(by));
        let (out, other) = if at > by { (&mut high[0], &low[by]) } else { (&mut low[at], &high[0]) };
        out.par_iter_mut().zip(other).for_each(|(x, y)| *x = *x * of_at + y * of_by);
    };
    for step in 1..t.len() {
        for i in (step..t.len()).rev() {
            let inverse = (t[i] - t[i - step]).invert().expect("different cosets");
            combine(values, i, i - 1, inverse, -inverse);
        }
    }
    for step in (0..t.len() - 1).rev() {
        for i in step..t.len() - 1 {
            combine(values, i, i + 1, Fr::ONE, -t[step]);
        }
    }
}

/// All constraints in the verifier's order, the first with the highest power of y.
fn numerator(
    key: &Key,
    vk: &VerifyingKey<G1Affine>,
    challenges: &Challenges<'_>,
    selectors: &mut Selectors<'_>,
) -> Polynomial {
    let gates = vk.cs().gates().iter().flat_map(|gate| gate.polynomials());
    let mut constraints: Vec<Polynomial> = gates.map(|gate| selectors.polynomial(gate)).collect();
    constraints.extend(copy_constraints(key, challenges.permutation));
    let powers = permutation::powers(challenges.y, constraints.len());
    (constraints.into_iter().zip(powers.into_iter().rev()))
        .fold(Polynomial::default(), |sum, (constraint, power)| sum.plus(constraint.scaled(power)))
}

/// The permutation argument, with one product for each column.
fn copy_constraints(key: &Key, challenges: permutation::Challenges) -> Vec<Polynomial> {
    let numbering = key.numbering;
    let at = |column| Polynomial::query(column, 0);
    let product = |i| at(numbering.product(i));
    let (first, last) = (at(numbering.first()), at(numbering.last()));
    let count = key.wires.len();
    let mut constraints = vec![first.times(&Polynomial::constant(Fr::ONE).minus(product(0)))];
    let end = product(count - 1);
    constraints.push(last.times(&end.times(&end).minus(end)));
    for i in 1..count {
        let before = Polynomial::query(numbering.product(i - 1), end_rotation(key));
        constraints.push(first.times(&product(i).minus(before)));
    }
    let deltas = permutation::powers(Fr::DELTA, count);
    for (i, (&wire, delta)) in key.wires.iter().zip(deltas).enumerate() {
        let value = at(numbering.advice(wire)).plus(Polynomial::constant(challenges.gamma));
        let image = value.clone().plus(at(numbering.sigma(i)).scaled(challenges.beta));
        let name = value.plus(at(numbering.variable()).scaled(challenges.beta * delta));
        let next = Polynomial::query(numbering.product(i), 1);
        let change = next.times(&image).minus(product(i).times(&name));
        constraints.push(at(numbering.active()).times(&change));
    }
    constraints
}

/// From the first row to the one where the products end.
pub(super) fn end_rotation(key: &Key) -> i32 {
    -((key.rows - key.usable) as i32)
}

/// Coefficients of the columns that the program reads, by number; empty for the others.
fn interpolated<'a>(key: &'a Key, columns: &Columns<'_>, program: &Program, merged: &[Merged]) -> Vec<Cow<'a, [Fr]>> {
    const PIECE: usize = 1 << 12;
    let queries = program.queries();
    let own = columns.advice.iter().chain(columns.products).chain([columns.instance]).collect::<Vec<_>>();
    let shared = key.numbering.shared();
    let values = |number: usize| {
        if number == key.numbering.variable() || !queries.iter().any(|query| query.column == number) {
            return vec![];
        }
        if let Some(column) = own.get(number - shared) {
            return column.to_vec();
        }
        let members = || merged.iter().filter(|merged| merged.column == number).flat_map(|merged| &merged.terms);
        let mut sum = vec![Fr::ZERO; key.rows];
        // Piece by piece: these columns come last, and have many members.
        sum.par_chunks_mut(PIECE).enumerate().for_each(|(i, rows)| {
            members().for_each(|(factor, member)| own[member - shared].add_scaled(factor, i * PIECE, rows));
        });
        sum
    };
    let mut all: Vec<_> = key.coefficients().iter().map(|c| Cow::Borrowed(&c[..])).collect();
    all.par_extend((shared..key.numbering.count() + merged.len()).into_par_iter().with_max_len(1).map(|number| {
        let mut values = values(number);
        if !values.is_empty() {
            key.domain.interpolate(&mut values);
        }
        Cow::Owned(values)
    }));
    all
}

/// Values on a coset, by column, with as many rows before and after as constraints reach.
struct Table {
    /// By column, whether the program reads it.
    used: BTreeSet<usize>,
    before: usize,
    after: usize,
    columns: Vec<Vec<Fr>>,
}

impl Table {
    fn new(program: &Program, selectors: &[Program]) -> Self {
        let mut queries = program.queries();
        selectors.iter().for_each(|selector| queries.extend(selector.queries()));
        queries.retain(|query| selector(query.column).is_none());
        let rotations = || queries.iter().map(|query| query.rotation);
        let reach = |rotation: Option<i32>| rotation.map_or(0, |rotation| rotation.max(0) as usize);
        let (before, after) = (reach(rotations().map(|r| -r).max()), reach(rotations().max()));
        Self { used: queries.iter().map(|query| query.column).collect(), before, after, columns: vec![] }
    }

    /// Evaluates the columns on a coset, in place of the values on another one.
    fn fill(&mut self, key: &Key, coset: &Coset, (shift, omegas): (Fr, &[Fr]), coefficients: &[Cow<'_, [Fr]>]) {
        let Self { used, before, after, columns } = self;
        let (before, after) = (*before, *after);
        columns.resize(coefficients.len(), vec![]);
        let all = columns.par_iter_mut().zip(coefficients).enumerate().with_max_len(1);
        all.filter(|(number, _)| used.contains(number)).for_each(|(number, (values, coefficients))| {
            values.resize(before + key.rows + after, Fr::ZERO);
            let out = &mut values[before..before + key.rows];
            if number == key.numbering.variable() {
                out.iter_mut().zip(omegas).for_each(|(x, omega)| *x = shift * omega);
            } else {
                key.domain.evaluate(coset, coefficients, out);
            }
            values.copy_within(key.rows..key.rows + before, 0);
            values.copy_within(before..before + after, before + key.rows);
        });
    }

    fn run(&self, key: &Key, selectors: &[Code<'_>], code: &Code<'_>) -> Vec<Fr> {
        let mut values = vec![Fr::ZERO; key.rows];
        let scratch = || vec![[Fr::ZERO; BLOCK]; selectors.len()];
        values.par_chunks_mut(BLOCK).enumerate().for_each_init(scratch, |scratch, (i, out)| {
            let (start, len) = (self.before + i * BLOCK, out.len());
            let column = |Query { column, rotation }: Query| {
                let start = start.checked_add_signed(rotation as isize).expect("within the rows before");
                &self.columns[column][start..start + len]
            };
            for (index, code) in selectors.iter().enumerate() {
                let (earlier, rest) = scratch.split_at_mut(index);
                let cells = |query: Query| match selector(query.column) {
                    Some(index) => &earlier[index][..len],
                    None => column(query),
                };
                code.run(&cells, &mut rest[0][..len]);
            }
            let cells = |query: Query| match selector(query.column) {
                Some(index) => &scratch[index][..len],
                None => column(query),
            };
            code.run(&cells, out);
        });
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_apart() {
        for count in [2, 4] {
            let pieces: Vec<Vec<Fr>> =
                (0..count).map(|j| (0..5).map(|i| Fr::from(7 * j + i * i + 1)).collect()).collect();
            let t: Vec<Fr> = (0..count).map(|i| Fr::from(3 + i * i * 5)).collect();
            let fold = |&t: &Fr| {
                let at = |i: usize| pieces.iter().rev().fold(Fr::ZERO, |sum, piece| sum * t + piece[i]);
                (0..5).map(at).collect()
            };
            let mut values: Vec<Vec<Fr>> = t.iter().map(fold).collect();
            separate(&t, &mut values);
            assert_eq!(values, pieces);
        }
    }
}
