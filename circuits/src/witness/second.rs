//! Second phase: border terms summed over channels, and reciprocals for the lookups.

use halo2curves::{bn256::Fr, ff::BatchInvert};
use rayon::prelude::*;

use super::{Assigned, FirstWitness, Values};
use crate::{
    circuit::Second,
    plan::{ActivationRow, Flag, Number, Plan, small},
};

/// What the verifier drew after the first phase.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// Separates channels.
    pub s: Fr,
    /// Shifts looked-up values.
    pub gamma: Fr,
    /// Joins the parts of looked-up pairs.
    pub delta: Fr,
}

/// Second-phase columns.
#[derive(Clone, Debug)]
pub struct SecondWitness {
    /// Border terms.
    pub edge: Values,
    /// Reciprocals, by lane.
    pub helpers: Vec<Values>,
    /// Counts over reciprocals of the table.
    pub table: Values,
    /// Balance of lookups.
    pub balance: Values,
}

/// Rows inverted together.
const CHUNK: usize = 1 << 12;

impl SecondWitness {
    /// Computes the columns. The lookups' constraints hold in the blinding rows, too: if those of the first phase are
    /// known (by column, in its order after the weights), reciprocals are made there as everywhere.
    pub fn new(plan: &Plan, first: &FirstWitness, drawn: Drawn, blinding: &[Vec<Fr>]) -> Self {
        let lanes = plan.shape.lanes;
        let column =
            |values, index: usize| Complete { values, tail: blinding.get(index).map_or(&[], |tail| &tail[..]) };
        let helper = |lane: usize| {
            let (d, y) = (column(&first.d[lane], lane), column(&first.y[lane], lanes + lane));
            let rem = column(&first.rem[lane], 2 * lanes + lane);
            quotients(d.len(), |row| {
                [pair(drawn, d.get(row), y.get(row)), drawn.gamma + rem.get(row), Fr::one(), Fr::one()]
            })
        };
        let helpers: Vec<Vec<Fr>> = (0..lanes).map(helper).collect();
        let counts = [column(&first.pair_count, 3 * lanes), column(&first.rem_count, 3 * lanes + 1)];
        let table = table(plan, counts, drawn);
        let balance = balance(plan, &helpers, &table);
        Self {
            edge: Values::Field(edges(plan, first, drawn.s)),
            helpers: helpers.into_iter().map(Values::Field).collect(),
            table: Values::Field(table),
            balance: Values::Field(balance),
        }
    }

    /// Columns with their values.
    pub fn columns(&self, config: &Second) -> Assigned<'_> {
        let mut all = vec![(config.edge, &self.edge), (config.table, &self.table), (config.balance, &self.balance)];
        all.extend(config.helpers.iter().copied().zip(&self.helpers));
        all
    }
}

fn edges(plan: &Plan, first: &FirstWitness, s: Fr) -> Vec<Fr> {
    let mut column = vec![Fr::zero(); plan.usable_rows()];
    for (row, kind) in plan.activations.rows.iter().enumerate() {
        if let ActivationRow::Edge { layer, index } = *kind {
            column[row] = first.borders[layer][index].iter().fold(Fr::zero(), |sum, &term| sum * s + small(term));
        }
    }
    column
}

fn pair(drawn: Drawn, d: Fr, y: Fr) -> Fr {
    drawn.gamma + d + drawn.delta * y + drawn.delta.square()
}

/// A column of the first phase, with its blinding rows if they are known.
#[derive(Clone, Copy)]
struct Complete<'a> {
    values: &'a Values,
    tail: &'a [Fr],
}

impl Complete<'_> {
    fn len(&self) -> usize {
        self.values.len() + self.tail.len()
    }

    fn get(&self, row: usize) -> Fr {
        let head = self.values.len();
        if row < head { self.values.get(row) } else { self.tail[row - head] }
    }
}

/// `p/a + q/b` in every row, for what `row` says of it: `[a, b, p, q]`.
fn quotients(rows: usize, row: impl Fn(usize) -> [Fr; 4] + Sync) -> Vec<Fr> {
    let mut column = vec![Fr::zero(); rows];
    column.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
        let terms: Vec<[Fr; 4]> = (0..out.len()).map(|i| row(chunk * CHUNK + i)).collect();
        out.iter_mut().zip(&terms).for_each(|(x, [a, b, ..])| *x = a * b);
        out.iter_mut().batch_invert();
        out.iter_mut().zip(&terms).for_each(|(x, [a, b, p, q])| *x *= p * b + q * a);
    });
    column
}

fn table(plan: &Plan, [pairs, rems]: [Complete<'_>; 2], drawn: Drawn) -> Vec<Fr> {
    let dense = |number: Number| {
        let mut column = vec![Fr::zero(); pairs.len()];
        plan.numbers[number as usize].iter().for_each(|&(row, value)| column[row] = value);
        column
    };
    let (d, y) = (dense(Number::TableD), dense(Number::TableY));
    quotients(pairs.len(), |row| [pair(drawn, d[row], y[row]), drawn.gamma + d[row], pairs.get(row), rems.get(row)])
}

fn balance(plan: &Plan, helpers: &[Vec<Fr>], table: &[Fr]) -> Vec<Fr> {
    let mut balance = vec![Fr::zero(); plan.usable_rows()];
    let usable = &plan.flags[Flag::Usable as usize];
    for row in (1..balance.len()).filter(|&row| usable[row] == 1) {
        let looked_up = plan.activations.kinds.get(row).copied().flatten().is_some_and(|k| k.is_looked_up());
        let taken: Fr = if looked_up { helpers.iter().map(|column| column[row]).sum() } else { Fr::zero() };
        balance[row] = balance[row - 1] + taken - table[row];
    }
    balance
}
