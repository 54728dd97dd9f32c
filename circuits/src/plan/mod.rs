//! Where everything lies: a [`Plan`] is a function of the architecture alone and drives fixed columns, witness and
//! verifying key alike.

mod activations;
mod choice;
mod columns;
mod geometry;
mod hashing;
mod kernels;
mod values;

use std::collections::HashMap;

use halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};

pub use activations::{ActivationRow, Activations};
pub use choice::{Choice, PlanError};
pub use columns::{BLINDING_ROWS, Cell, Flag, INSTANCES, Instance, Number, Shape, WIRES, Wire};
pub use geometry::{Geometry, Reading, Tap};
pub use hashing::{Chain, Hashing};
pub use kernels::{Kernels, ParamCell, Parameter, Source};
pub use values::{Monomial, Recipe, ValueId, Values, small};

use choice::{MAX_K, MAX_SPARE};

use crate::{
    network::{MapId, Network, Op},
    poseidon::WIDTH,
};

/// The layout of a network's circuit.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is laid out.
    pub network: Network,
    /// What the gates depend on.
    pub shape: Shape,
    /// How each map is read.
    pub readings: Vec<Reading>,
    /// Rows of activations.
    pub activations: Activations,
    /// Rows of parameters.
    pub kernels: Kernels,
    /// Rows of the hashes.
    pub hashing: Hashing,
    /// Derived values.
    pub values: Values,
    /// First row of each derivation on the wire column, by value; challenges and one have their cell here.
    pub homes: Vec<usize>,
    /// Final equations: `left · value = right`.
    pub checks: Vec<Check>,
    /// Flags, numbers and masks; numbers are sparse.
    pub flags: Vec<Vec<u8>>,
    /// Fixed numbers by column, sparse.
    pub numbers: Vec<Vec<(usize, Fr)>>,
    /// Lane masks.
    pub masks: Vec<Vec<u8>>,
    /// Cells that are equal.
    pub copies: Vec<(Cell, Cell)>,
    /// Rows that the model fills, of those that there are.
    pub rows_used: usize,
}

/// `left · value = right`, on three cells of the wire column from `row` on.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// First row.
    pub row: usize,
    /// A cell elsewhere.
    pub left: Cell,
    /// A derived value.
    pub value: ValueId,
    /// A cell elsewhere.
    pub right: Cell,
}

/// Row of the first challenge on the wire column; the instances come before it.
pub const LOAD_ROW: usize = INSTANCES;
/// First row that activations, kernels and derivations may use: below it the wire column is taken.
const FIRST_FREE_ROW: usize = LOAD_ROW + 4;

/// How the channels of a layer's output share out powers of s.
#[derive(Clone, Copy, Debug)]
struct Spread {
    /// Powers that the layer occupies.
    width: usize,
    /// Channels.
    channels: usize,
    /// Powers between neighbouring channels.
    step: usize,
}

impl Spread {
    fn new(op: Op, channels: usize, columns: usize) -> Self {
        match op {
            // Parameters of neighbouring outputs fill a row; the first row is padded.
            Op::Dense => Self { width: channels.div_ceil(columns) * columns, channels, step: 1 },
            Op::Depthwise => Self { width: channels * columns, channels, step: columns },
        }
    }

    /// Power of channel `c`: the first channel has the highest.
    fn power(&self, c: usize) -> usize {
        self.step * (self.channels - 1 - c)
    }
}

impl Plan {
    /// Lays out a network.
    pub fn new(network: &Network, choice: Choice) -> Result<Self, PlanError> {
        network.check()?;
        if !(1..=16).contains(&choice.lanes) || !(1..=32).contains(&choice.weight_columns) {
            return Err(PlanError::Choice { lanes: choice.lanes, columns: choice.weight_columns });
        }
        let readings = geometry::readings(network).map_err(|map| PlanError::Strides {
            map,
            name: map.checked_sub(1).map_or("input".into(), |l| network.layers[l].name.clone()),
        })?;
        let rows: usize = network.maps.iter().map(|m| m.channels * m.height * m.width.div_ceil(choice.lanes)).sum();
        if rows > 1 << MAX_K {
            return Err(PlanError::TooLarge { rows });
        }
        let mut values = Values::default();
        let activations = Activations::new(network, &readings, choice, &mut values);
        let hashing = Hashing::new(network, activations.first_compare, activations.rows.len());
        let kernels =
            Kernels::new(network, &readings, choice, &activations, &hashing.reserved(), FIRST_FREE_ROW, &mut values);
        Builder { network, choice, readings, values, activations, hashing, kernels }.build()
    }

    /// Rows that hold witness.
    pub fn usable_rows(&self) -> usize {
        (1 << self.shape.k) - BLINDING_ROWS
    }

    /// The last usable row: the total leaves there.
    pub fn end_row(&self) -> usize {
        self.usable_rows() - 1
    }

    /// Digest of architecture and layout: what a verifying key is for.
    pub fn digest(&self) -> [u8; 32] {
        let content = serde_json::to_vec(&(&self.network, &self.shape)).expect("plain data encodes");
        let mut hasher = Keccak256::new();
        hasher.update(b"zkescrow.arch.1");
        hasher.update(content);
        hasher.finalize().into()
    }
}

struct Builder<'a> {
    network: &'a Network,
    choice: Choice,
    readings: Vec<Reading>,
    values: Values,
    activations: Activations,
    hashing: Hashing,
    kernels: Kernels,
}

impl Builder<'_> {
    fn build(self) -> Result<Plan, PlanError> {
        let precision = self.network.precision;
        let (homes, derive_end, skip) = self.homes();
        let mut row = derive_end;
        let mut check_rows = vec![];
        while check_rows.len() < 3 {
            if let Some(&hit) = skip.range(row..row + 3).next_back() {
                row = hit + 1;
                continue;
            }
            check_rows.push(row);
            row += 3;
        }
        let rows_used =
            *[row, self.activations.rows.len(), self.hashing.end, precision.table_len() + 1].iter().max().unwrap_or(&0);
        let needed = (rows_used + 1 + BLINDING_ROWS).next_power_of_two().trailing_zeros();
        let k = self.choice.k.unwrap_or(needed);
        if k < needed {
            return Err(PlanError::Rows { k, needed });
        }
        if k > needed + MAX_SPARE || k > MAX_K {
            return Err(PlanError::TooManyRows { k, needed });
        }
        let (lane_masks, masks) = self.activations.masks(self.choice.lanes, 1 << k);
        let shape = Shape {
            k,
            lanes: self.choice.lanes,
            weight_columns: self.choice.weight_columns,
            precision,
            input_step: self.readings[0].step,
            lane_masks,
        };
        let mut plan = Plan {
            network: self.network.clone(),
            shape,
            readings: self.readings,
            activations: self.activations,
            kernels: self.kernels,
            hashing: self.hashing,
            values: self.values,
            homes,
            checks: vec![],
            flags: vec![vec![0; 1 << k]; Flag::COUNT],
            numbers: vec![vec![]; Number::Round0 as usize + WIDTH],
            masks,
            copies: vec![],
            rows_used,
        };
        plan.checks = plan.final_checks(&check_rows);
        plan.fill_fixed();
        plan.connect();
        Ok(plan)
    }

    /// Places derivations after the kernels, around reserved rows.
    fn homes(&self) -> (Vec<usize>, usize, std::collections::BTreeSet<usize>) {
        let skip: std::collections::BTreeSet<usize> = self.hashing.reserved().into_iter().collect();
        let mut row = self.kernels.end;
        let mut homes = vec![];
        for (id, recipe) in self.values.recipes().iter().enumerate() {
            match recipe {
                Recipe::Alpha | Recipe::S | Recipe::One => homes.push(LOAD_ROW + id),
                Recipe::Product { .. } | Recipe::Inverse(_) => {
                    while let Some(&hit) = skip.range(row..row + 3).next_back() {
                        row = hit + 1;
                    }
                    homes.push(row);
                    row += 3;
                }
            }
        }
        (homes, row, skip)
    }
}

impl Plan {
    fn final_checks(&self, rows: &[usize]) -> Vec<Check> {
        let wire = |row| Cell { column: Wire::Wire, row };
        let made = |row| Cell { column: Wire::MadeStep, row };
        let read = |row| Cell { column: Wire::ReadStep, row };
        let a = &self.activations;
        let [input, output, _] = self.hashing.exports();
        vec![
            // Every layer: what was produced is what the parameters make of what was read.
            Check { row: rows[0], left: made(a.output_gap), value: a.last_made, right: wire(self.end_row()) },
            // The input that is committed to is the input that was read.
            Check { row: rows[1], left: made(a.input_gap), value: a.last_packed, right: wire(input + 1) },
            // The logits that are committed to are the logits that were produced.
            Check { row: rows[2], left: read(a.output_gap), value: a.last_logit, right: wire(output + 1) },
        ]
    }

    /// The cell that holds a derived value.
    pub fn home(&self, value: ValueId) -> Cell {
        let row = match self.values.recipes()[value] {
            Recipe::Alpha | Recipe::S | Recipe::One => self.homes[value],
            Recipe::Product { .. } => self.homes[value] + 2,
            Recipe::Inverse(_) => self.homes[value] + 1,
        };
        Cell { column: Wire::Wire, row }
    }

    fn set(&mut self, flag: Flag, row: usize) {
        self.flags[flag as usize][row] = 1;
    }

    fn fill_fixed(&mut self) {
        let end = self.end_row();
        self.flags[Flag::Usable as usize][1..=end].fill(1);
        self.set(Flag::First, 0);
        self.set(Flag::End, end);
        self.set(Flag::Load, LOAD_ROW);
        for row in 0..INSTANCES {
            self.set(Flag::Instance, row);
        }
        let precision = self.network.precision;
        let spare = precision.clamp(0);
        for row in 0..=end {
            let d = if (1..=precision.table_len()).contains(&row) { row - 1 } else { 0 };
            let y = if d == 0 { spare } else { precision.clamp(d as u32) };
            self.numbers[Number::TableD as usize].push((row, Fr::from(d as u64)));
            self.numbers[Number::TableY as usize].push((row, Fr::from(u64::from(y))));
        }
        self.activations.clone().fill(self);
        self.kernels.clone().fill(self);
        self.hashing.clone().fill(self);
        for id in 0..self.homes.len() {
            let row = self.homes[id];
            match self.values.recipes()[id] {
                Recipe::Product { plus, .. } => {
                    self.set(Flag::Derive, row);
                    if plus != 0 {
                        self.numbers[Number::Constant as usize].push((row, small(plus)));
                    }
                }
                Recipe::Inverse(_) => self.set(Flag::Derive, row),
                Recipe::Alpha | Recipe::S | Recipe::One => {}
            }
        }
        for i in 0..self.checks.len() {
            self.set(Flag::Derive, self.checks[i].row);
        }
    }

    /// Copy constraints: every use of a value is its home; every product's input is the channel's value.
    fn connect(&mut self) {
        let mut copies = vec![];
        let at = |row| Cell { column: Wire::Wire, row };
        for (id, recipe) in self.values.recipes().iter().enumerate() {
            let row = self.homes[id];
            match *recipe {
                Recipe::Product { a, b, .. } => {
                    copies.push((self.home(a), at(row)));
                    copies.push((self.home(b), at(row + 1)));
                }
                Recipe::Inverse(of) => {
                    copies.push((self.home(of), at(row)));
                    copies.push((self.home(self.values.one()), at(row + 2)));
                }
                Recipe::Alpha | Recipe::S | Recipe::One => {}
            }
        }
        for check in &self.checks {
            copies.push((check.left, at(check.row)));
            copies.push((self.home(check.value), at(check.row + 1)));
            copies.push((check.right, at(check.row + 2)));
        }
        for (row, steps) in self.activations.steps.iter().enumerate() {
            for (value, column) in [(steps.read, Wire::ReadStep), (steps.made, Wire::MadeStep)] {
                copies.extend(value.map(|v| (self.home(v), Cell { column, row })));
            }
        }
        for (&row, &value) in &self.kernels.carries {
            copies.push((self.home(value), at(row)));
        }
        for (&row, source) in &self.kernels.products {
            let from = match *source {
                kernels::Source::Channel(cell) => cell,
                kernels::Source::Value(value) => self.home(value),
            };
            copies.push((from, at(row)));
        }
        let [input, output, label] = self.hashing.exports();
        for (instance, row) in [(Instance::Input, input), (Instance::Output, output), (Instance::Label, label)] {
            copies.push((at(row), at(instance as usize)));
        }
        self.copies = copies;
    }
}

/// Positions of channel values, by map, channel and phase.
type Exports = HashMap<(MapId, usize, (usize, usize)), usize>;
