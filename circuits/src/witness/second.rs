//! Second phase: running sums, reciprocals and wires, as the first phase and the challenges determine them.

use halo2_proofs::arithmetic::Field;
use halo2curves::{bn256::Fr, ff::BatchInvert};
use rayon::prelude::*;

use super::{Assigned, FirstWitness, Values};
use crate::{
    circuit::Second,
    plan::{ActivationRow, Flag, INSTANCES, Number, Plan, Recipe, Wire, small},
};

/// What the verifier drew after the first phase.
#[derive(Clone, Copy, Debug)]
pub struct Challenges {
    /// Separates positions.
    pub alpha: Fr,
    /// Separates channels and layers.
    pub s: Fr,
    /// Shifts looked-up values.
    pub gamma: Fr,
    /// Joins the parts of looked-up pairs.
    pub delta: Fr,
}

/// Second-phase columns.
#[derive(Clone, Debug)]
pub struct SecondWitness {
    /// Reading sum.
    pub read: Values,
    /// Produced sum.
    pub made: Values,
    /// Kernel sum.
    pub kernel: Values,
    /// Total of kernel × channel.
    pub total: Values,
    /// Sum of hashed elements.
    pub absorbed: Values,
    /// Wires, by [`Wire`].
    pub wires: [Values; 3],
    /// Reciprocals of pairs, by lane.
    pub pair_helpers: Vec<Values>,
    /// Reciprocals of remainders, by lane.
    pub rem_helpers: Vec<Values>,
    /// Count over reciprocal of table pairs.
    pub pair_table: Values,
    /// Count over reciprocal of table remainders.
    pub rem_table: Values,
    /// Balance of lookups.
    pub balance: Values,
}

impl SecondWitness {
    /// Computes the columns.
    pub fn new(plan: &Plan, first: &FirstWitness, instances: &[Fr; INSTANCES], challenges: Challenges) -> Self {
        let derived = plan.values.evaluate(challenges.alpha, challenges.s);
        let mut sums = Sums::new(plan, first, challenges, &derived);
        sums.activations();
        sums.absorb();
        sums.wires(instances);
        sums.kernels();
        let rows = plan.usable_rows();
        sums.wires[Wire::Wire as usize][rows - 1] = sums.total[rows - 1];
        sums.checks();
        let lookups = Lookups::new(plan, first, challenges);
        Self {
            read: Values::Field(sums.read),
            made: Values::Field(sums.made),
            kernel: Values::Field(sums.kernel),
            total: Values::Field(sums.total),
            absorbed: Values::Field(sums.absorbed),
            wires: sums.wires.map(Values::Field),
            pair_helpers: lookups.pairs.into_iter().map(Values::Field).collect(),
            rem_helpers: lookups.rems.into_iter().map(Values::Field).collect(),
            pair_table: Values::Field(lookups.pair_table),
            rem_table: Values::Field(lookups.rem_table),
            balance: Values::Field(lookups.balance),
        }
    }

    /// Columns with their values.
    pub fn columns(&self, config: &Second) -> Assigned<'_> {
        let mut all = vec![
            (config.read, &self.read),
            (config.made, &self.made),
            (config.kernel, &self.kernel),
            (config.total, &self.total),
            (config.absorbed, &self.absorbed),
            (config.pair_table, &self.pair_table),
            (config.rem_table, &self.rem_table),
            (config.balance, &self.balance),
        ];
        all.extend(config.wires.iter().copied().zip(&self.wires));
        all.extend(config.pair_helpers.iter().copied().zip(&self.pair_helpers));
        all.extend(config.rem_helpers.iter().copied().zip(&self.rem_helpers));
        all
    }
}

struct Sums<'a> {
    plan: &'a Plan,
    first: &'a FirstWitness,
    challenges: Challenges,
    derived: &'a [Fr],
    read: Vec<Fr>,
    made: Vec<Fr>,
    kernel: Vec<Fr>,
    total: Vec<Fr>,
    absorbed: Vec<Fr>,
    wires: [Vec<Fr>; 3],
}

fn powers(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::one()), |x| Some(x * base)).take(count).collect()
}

impl<'a> Sums<'a> {
    fn new(plan: &'a Plan, first: &'a FirstWitness, challenges: Challenges, derived: &'a [Fr]) -> Self {
        let zero = || vec![Fr::zero(); plan.usable_rows()];
        Self {
            plan,
            first,
            challenges,
            derived,
            read: zero(),
            made: zero(),
            kernel: zero(),
            total: zero(),
            absorbed: zero(),
            wires: [zero(), zero(), zero()],
        }
    }

    fn flag(&self, flag: Flag, row: usize) -> bool {
        self.plan.flags[flag as usize][row] == 1
    }

    fn accumulator(&self, lane: usize, row: usize) -> Fr {
        let scale = Fr::from(1 << self.plan.network.precision.bits);
        self.first.d[lane].get(row) * scale + self.first.rem[lane].get(row)
    }

    fn activations(&mut self) {
        let shape = &self.plan.shape;
        let plain = powers(self.challenges.alpha, 2 * shape.lanes);
        let across = powers(self.challenges.s.pow([shape.weight_columns as u64]), shape.lanes);
        let precision = shape.precision;
        let offset = small(precision.border_offset() << precision.bits);
        let step = |value: Option<usize>, derived: &[Fr]| value.map_or(Fr::zero(), |v| derived[v]);
        for row in 1..self.plan.activations.rows.len() {
            let (read, made) = (self.read[row - 1], self.made[row - 1]);
            let steps = self.plan.activations.steps[row];
            let (mut read_step, made_step) = (step(steps.read, self.derived), step(steps.made, self.derived));
            match self.plan.activations.rows[row] {
                ActivationRow::Idle => {}
                ActivationRow::Gap => {
                    self.wires[Wire::ReadStep as usize][row] = read;
                    self.wires[Wire::MadeStep as usize][row] = made;
                    continue;
                }
                ActivationRow::Compare { .. } => {
                    self.read[row] = read;
                    self.made[row] = made;
                    continue;
                }
                ActivationRow::Border { count, .. } => {
                    let taken: Fr = (0..count).map(|l| (self.accumulator(l, row) - offset) * across[l]).sum();
                    self.made[row] = made * made_step + taken;
                    read_step = read;
                }
                ActivationRow::Cells { map, start, count, .. } => {
                    let pad = Fr::from(u64::from(self.plan.network.maps[map].pad));
                    let y = |l: usize| self.first.y[l].get(row);
                    let seen: Fr = (0..count).map(|l| (y(l) - pad) * plain[l]).sum();
                    self.read[row] = if start { seen } else { read * read_step + seen };
                    if start {
                        read_step = read;
                    }
                    let hop = if self.flag(Flag::Hop, row) { 2 } else { 1 };
                    let taken: Fr = if map == 0 {
                        (0..count).map(|l| y(l) * plain[l * shape.input_step]).sum()
                    } else {
                        (0..count).map(|l| self.accumulator(l, row) * plain[l * hop]).sum()
                    };
                    self.made[row] = made * made_step + taken;
                }
            }
            self.wires[Wire::ReadStep as usize][row] = read_step;
            self.wires[Wire::MadeStep as usize][row] = made_step;
        }
    }

    fn absorb(&mut self) {
        let alpha = self.challenges.alpha;
        for row in 1..self.plan.usable_rows() {
            let before = self.absorbed[row - 1];
            self.absorbed[row] = if self.flag(Flag::Absorb, row) {
                let (high, low) = (self.first.hash[2].get(row), self.first.hash[3].get(row));
                (before * alpha + high) * alpha + low
            } else if self.flag(Flag::Seed, row) {
                Fr::zero()
            } else {
                before
            };
        }
    }

    fn wires(&mut self, instances: &[Fr; INSTANCES]) {
        let wire = &mut self.wires[Wire::Wire as usize];
        wire[..INSTANCES].copy_from_slice(instances);
        for (id, recipe) in self.plan.values.recipes().iter().enumerate() {
            let row = self.plan.homes[id];
            match *recipe {
                Recipe::Alpha | Recipe::S | Recipe::One => wire[row] = self.derived[id],
                Recipe::Product { a, b, .. } => {
                    wire[row..row + 3].copy_from_slice(&[self.derived[a], self.derived[b], self.derived[id]]);
                }
                Recipe::Inverse(of) => {
                    wire[row..row + 3].copy_from_slice(&[self.derived[of], self.derived[id], Fr::one()]);
                }
            }
        }
        for row in self.plan.hashing.exports() {
            wire[row] = self.first.hash[1].get(row);
            wire[row + 1] = self.absorbed[row];
        }
        for (&row, &value) in &self.plan.kernels.carries {
            wire[row] = self.derived[value];
        }
        // Products copy either a channel's value or a derived one: whatever their copy constraint says.
        for (&row, source) in &self.plan.kernels.products {
            let value = match *source {
                crate::plan::Source::Channel(cell) => self.wires[cell.column as usize][cell.row],
                crate::plan::Source::Value(value) => self.derived[value],
            };
            self.wires[Wire::Wire as usize][row] = value;
        }
    }

    fn kernels(&mut self) {
        let m = self.plan.shape.weight_columns;
        let powers = powers(self.challenges.s, m + 1);
        let offset = small(self.plan.network.precision.param_offset());
        for row in 1..self.plan.usable_rows() {
            let wire = self.wires[Wire::Wire as usize][row];
            let mut kernel = Fr::zero();
            if self.flag(Flag::Carry, row) {
                kernel += wire * self.kernel[row - 1];
            }
            let parameter = |i: usize| self.first.weights[i].get(row) - offset;
            if self.flag(Flag::Weight, row) {
                kernel += (0..m).map(|i| parameter(i) * powers[i]).sum::<Fr>();
            }
            if self.flag(Flag::Tap, row) {
                kernel += parameter(0);
            }
            self.kernel[row] = kernel;
            let mut total = self.total[row - 1];
            if self.flag(Flag::Shift, row) {
                total *= powers[m];
            }
            if self.flag(Flag::Product, row) {
                total += wire * self.kernel[row - 1];
            }
            self.total[row] = total;
        }
    }

    fn checks(&mut self) {
        for check in &self.plan.checks {
            let cells = [
                self.wires[check.left.column as usize][check.left.row],
                self.derived[check.value],
                self.wires[check.right.column as usize][check.right.row],
            ];
            self.wires[Wire::Wire as usize][check.row..check.row + 3].copy_from_slice(&cells);
        }
    }
}

struct Lookups {
    pairs: Vec<Vec<Fr>>,
    rems: Vec<Vec<Fr>>,
    pair_table: Vec<Fr>,
    rem_table: Vec<Fr>,
    balance: Vec<Fr>,
}

impl Lookups {
    fn new(plan: &Plan, first: &FirstWitness, c: Challenges) -> Self {
        let rows = plan.usable_rows();
        let pair = |d: Fr, y: Fr| c.gamma + d + c.delta * y + c.delta.square();
        let active: Vec<bool> = (0..rows)
            .map(|row| [Flag::Start, Flag::Run, Flag::Compare].iter().any(|&f| plan.flags[f as usize][row] == 1))
            .collect();
        let reciprocals = |value: &(dyn Fn(usize) -> Fr + Sync)| {
            let mut column: Vec<Fr> =
                (0..rows).into_par_iter().map(|row| if active[row] { value(row) } else { Fr::zero() }).collect();
            column.iter_mut().batch_invert();
            column
        };
        let pairs: Vec<Vec<Fr>> =
            (first.d.iter().zip(&first.y)).map(|(d, y)| reciprocals(&|row| pair(d.get(row), y.get(row)))).collect();
        let rems: Vec<Vec<Fr>> = first.rem.iter().map(|r| reciprocals(&|row| c.gamma + r.get(row))).collect();
        let (table_d, table_y) = (&plan.numbers[Number::TableD as usize], &plan.numbers[Number::TableY as usize]);
        let counted = |count: &Values, value: &dyn Fn(usize) -> Fr| {
            let mut column: Vec<Fr> = (0..rows).map(value).collect();
            column.iter_mut().batch_invert();
            column.iter_mut().enumerate().for_each(|(row, x)| *x *= count.get(row));
            column
        };
        let pair_table = counted(&first.pair_count, &|row| pair(table_d[row].1, table_y[row].1));
        let rem_table = counted(&first.rem_count, &|row| c.gamma + table_d[row].1);
        let mut balance = vec![Fr::zero(); rows];
        for row in 1..rows {
            let looked_up: Fr = pairs.iter().chain(&rems).map(|column| column[row]).sum();
            balance[row] = balance[row - 1] + looked_up - pair_table[row] - rem_table[row];
        }
        Self { pairs, rems, pair_table, rem_table, balance }
    }
}
