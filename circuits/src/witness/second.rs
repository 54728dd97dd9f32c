//! Second phase: border terms summed over channels, reciprocals for the lookups and their balance.

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
    /// Border terms; beside the logits, whether the label is reached; in the hashes, fifth powers.
    pub edge: Values,
    /// Reciprocals, by lane.
    pub helpers: Vec<Values>,
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
            let rows = plan.usable_rows() + d.tail.len();
            reciprocals(rows, drawn, |row| [d.get(row, plan), y.get(row, plan), rem.get(row, plan)])
        };
        let helpers: Vec<Vec<Fr>> = (0..lanes).map(helper).collect();
        let balance = balance(plan, first, &helpers, drawn);
        Self {
            edge: Values::Field(edges(plan, first, drawn.s)),
            helpers: helpers.into_iter().map(Values::Field).collect(),
            balance: Values::Field(balance),
        }
    }

    /// Columns with their values.
    pub fn columns(&self, config: &Second) -> Assigned<'_> {
        let mut all = vec![(config.edge, &self.edge)];
        all.extend(config.helpers.iter().copied().zip(&self.helpers));
        all.push((config.balance, &self.balance));
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
    let mut before = Fr::zero();
    for row in plan.comparisons() {
        // The label is reached where the count stays for the first time.
        let counted = first.count.get(row);
        let reached = column[row - 1] == Fr::one() || counted == before;
        column[row] = if reached { Fr::one() } else { Fr::zero() };
        // Beside the next logit stands what held here.
        column[row + 1] = column[row];
        before = counted;
    }
    column[plan.activations.label_row] = Fr::zero();
    first.boxed(plan).for_each(|(row, x)| column[row] = x.square().square() * x);
    column
}

/// What is looked up, or stands in the table.
fn entry(drawn: Drawn, left: Fr, right: Fr, tag: u64) -> Fr {
    drawn.gamma + left + drawn.delta * right + drawn.delta.square() * Fr::from(tag)
}

/// A column of the first phase, with its blinding rows if they are known.
#[derive(Clone, Copy)]
struct Complete<'a> {
    values: &'a Values,
    tail: &'a [Fr],
}

impl Complete<'_> {
    fn get(&self, row: usize, plan: &Plan) -> Fr {
        if let Some(row) = row.checked_sub(plan.usable_rows()) {
            self.tail[row]
        } else if row < self.values.len() {
            self.values.get(row)
        } else {
            Fr::zero()
        }
    }
}

/// The sum of a pair's and a remainder's reciprocals in every row.
fn reciprocals(rows: usize, drawn: Drawn, row: impl Fn(usize) -> [Fr; 3] + Sync) -> Vec<Fr> {
    let entries =
        |[d, y, rem]: [Fr; 3]| [entry(drawn, d, y, Number::PAIR), entry(drawn, rem, Fr::zero(), Number::REMAINDER)];
    let sum = |[a, b]: [Fr; 2], inverse: Fr| inverse * (a + b);
    // Most rows of most lanes are idle, all alike.
    let idle = entries([Fr::zero(); 3]);
    let idle = sum(idle, (idle[0] * idle[1]).invert().unwrap_or(Fr::zero()));
    let mut column = vec![idle; rows];
    column.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
        let cells = (0..out.len()).map(|i| (i, row(chunk * CHUNK + i))).filter(|(_, cells)| *cells != [Fr::zero(); 3]);
        let busy: Vec<(usize, [Fr; 2])> = cells.map(|(i, cells)| (i, entries(cells))).collect();
        let mut inverses: Vec<Fr> = busy.iter().map(|(_, [a, b])| a * b).collect();
        inverses.iter_mut().batch_invert();
        busy.into_iter().zip(inverses).for_each(|((i, entries), inverse)| out[i] = sum(entries, inverse));
    });
    column
}

fn balance(plan: &Plan, first: &FirstWitness, helpers: &[Vec<Fr>], drawn: Drawn) -> Vec<Fr> {
    let table = plan.network.precision.table_len();
    let mut taken = vec![Fr::zero(); 2 * table];
    taken.par_iter_mut().enumerate().for_each(|(i, out)| {
        let d = i % table;
        let y = plan.network.precision.clamp(d as u32);
        let pair = [Fr::from(u64::from(y)), Fr::zero()][i / table];
        let tag = [Number::PAIR, Number::REMAINDER][i / table];
        *out = entry(drawn, Fr::from(d as u64), pair, tag);
    });
    taken.chunks_mut(CHUNK).for_each(|entries| {
        entries.iter_mut().batch_invert();
    });
    for (i, out) in taken.iter_mut().enumerate() {
        *out *= first.count.get(plan.table + i);
    }
    let mut balance = vec![Fr::zero(); plan.usable_rows()];
    for row in (1..balance.len()).filter(|&row| plan.has(Flag::Usable, row)) {
        let mut now = balance[row - 1];
        if plan.activations.kinds.get(row).copied().flatten().is_some_and(|k| k.is_looked_up()) {
            now += helpers.iter().map(|column| column[row]).sum::<Fr>();
        } else if let Some(taken) = row.checked_sub(plan.table).and_then(|i| taken.get(i)) {
            now -= taken;
        }
        balance[row] = now;
    }
    balance
}
