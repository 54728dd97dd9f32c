//! Where everything lies: a [`Plan`] is a function of the architecture alone and drives fixed columns, witness and
//! verifying key alike.

mod activations;
mod choice;
mod columns;
mod geometry;
mod hashing;
mod kernels;
mod kinds;
mod values;

use std::collections::HashMap;

use halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};

pub use activations::{ActivationRow, Activations, Block, BlockSum};
pub use choice::{Choice, PlanError};
pub use columns::{BLINDING_ROWS, Feed, Flag, INSTANCES, Instance, Number, Shape, taps_per_row};
pub use geometry::{Edge, Geometry, Reading, Tap};
pub use hashing::{Chain, Hashing, round_rows, rows_per_hash};
pub use kernels::{Kernels, ParamCell, Parameter};
pub use kinds::{Point, RowKind, Step, columns_for, point};
pub use values::{Monomial, Recipe, ValueId, Values, small};

use choice::{MAX_K, MAX_SPARE};

use crate::{
    network::{MapId, Network},
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
    /// By value, the first of the four cells of its derivation on the wire; challenges, one, and values that left a
    /// running sum have their only cell here.
    pub homes: Vec<usize>,
    /// Final equations.
    pub checks: Vec<Check>,
    /// Flags, by [`Flag`].
    pub flags: Vec<Vec<u8>>,
    /// Columns that encode the kinds of activation rows, then those that encode feeds.
    pub kinds: Vec<Vec<u8>>,
    /// Fixed numbers by column, sparse.
    pub numbers: Vec<Vec<(usize, Fr)>>,
    /// Rows of the wire whose cells are equal.
    pub copies: Vec<(usize, usize)>,
    /// Rows that the model fills, of those that there are.
    pub rows_used: usize,
}

/// A derived value that must equal a cell of the wire.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What it is about.
    pub of: Subject,
    /// The value.
    pub value: ValueId,
    /// The cell.
    pub row: usize,
}

/// What a final equation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// What a layer produced is what its parameters make of what it read.
    Layer(usize),
    /// The input that is committed to is the input that was read.
    Input,
    /// The logits that are committed to are the logits that were produced.
    Output,
}

/// Row of the first challenge on the wire column; the instances come before it.
pub const LOAD_ROW: usize = INSTANCES;
/// First row that activations, kernels, hashes and the table may use: below it the wire column is taken.
pub const FIRST_FREE_ROW: usize = LOAD_ROW + 4;

/// Cells of the wire that a derivation takes.
const DERIVATION: usize = 4;

impl Plan {
    /// Lays out a network.
    pub fn new(network: &Network, choice: Choice) -> Result<Self, PlanError> {
        let mut plan = Self::sketch(network, choice)?;
        plan.flags = vec![vec![0; 1 << plan.shape.k]; plan.flags.len()];
        plan.kinds = vec![vec![0; 1 << plan.shape.k]; plan.kinds.len()];
        plan.fill_fixed();
        plan.connect();
        Ok(plan)
    }

    /// The same without fixed columns and copies: enough to say what it costs.
    pub fn sketch(network: &Network, choice: Choice) -> Result<Self, PlanError> {
        network.check()?;
        let Choice { lanes, weight_columns, k } = choice;
        if !(1..=16).contains(&lanes) || !(1..=32).contains(&weight_columns) {
            return Err(PlanError::Choice { lanes, columns: weight_columns });
        }
        let readings = geometry::readings(network, lanes).map_err(|map| PlanError::Strides {
            map,
            name: map.checked_sub(1).map_or("input".into(), |l| network.layers[l].name.clone()),
        })?;
        let rows: usize = network.maps.iter().map(|m| m.channels * m.height * m.width.div_ceil(lanes)).sum();
        if rows > 1 << MAX_K {
            return Err(PlanError::TooLarge { rows });
        }
        let mut values = Values::default();
        let activations = Activations::new(network, &readings, lanes, &mut values);
        let hashing = Hashing::new(network, activations.first_compare, activations.logits_row);
        let mut wire = WireUse::new(&activations, &hashing);
        let kernels =
            Kernels::new(network, &readings, weight_columns, &activations, &wire.taken, FIRST_FREE_ROW, &mut values);
        wire.take(kernels.products.keys().chain(kernels.carries.keys()).chain(&kernels.totals).copied());
        let checks = checks(&activations, &kernels, &hashing, &mut values);
        let homes = wire.homes(&values);
        let table_end = FIRST_FREE_ROW + network.precision.table_len();
        let ends = [wire.end, kernels.end, activations.rows.len(), hashing.end, table_end];
        let rows_used = ends.into_iter().max().unwrap_or(0);
        let shape = Shape {
            k: size(rows_used, k)?,
            lanes,
            weight_columns,
            precision: network.precision,
            kinds: distinct(&activations.kinds),
        };
        Ok(Self {
            network: network.clone(),
            flags: vec![vec![]; Flag::COUNT],
            kinds: vec![vec![]; columns_for(shape.kinds.len()) + columns_for(Feed::COUNT)],
            numbers: vec![vec![]; Number::Round0 as usize + WIDTH],
            shape,
            readings,
            activations,
            kernels,
            hashing,
            values,
            homes,
            checks,
            copies: vec![],
            rows_used,
        })
    }

    /// Rows that hold witness.
    pub fn usable_rows(&self) -> usize {
        (1 << self.shape.k) - BLINDING_ROWS
    }

    /// The last usable row.
    pub fn end_row(&self) -> usize {
        self.usable_rows() - 1
    }

    /// Number of fixed columns.
    pub fn fixed_columns(&self) -> usize {
        self.flags.len() + self.kinds.len() + self.numbers.len()
    }

    /// Digest of architecture and layout: what a verifying key is for.
    pub fn digest(&self) -> [u8; 32] {
        let content = serde_json::to_vec(&(&self.network, &self.shape)).expect("plain data encodes");
        let mut hasher = Keccak256::new();
        hasher.update(b"zkescrow.arch.2");
        hasher.update(content);
        hasher.finalize().into()
    }

    /// The row of the wire that holds a derived value.
    pub fn home(&self, value: ValueId) -> usize {
        home(&self.values, &self.homes, value)
    }

    fn set(&mut self, flag: Flag, row: usize) {
        self.flags[flag as usize][row] = 1;
    }

    fn fill_fixed(&mut self) {
        let end = self.end_row();
        self.flags[Flag::Usable as usize][LOAD_ROW + 1..=end].fill(1);
        let (d, y) = (Number::TableD as usize, Number::TableY as usize);
        let precision = self.network.precision;
        // Elsewhere the columns repeat the table's first row, which is zero and zero.
        for i in 1..precision.table_len() {
            self.numbers[d].push((FIRST_FREE_ROW + i, Fr::from(i as u64)));
            self.numbers[y].push((FIRST_FREE_ROW + i, Fr::from(u64::from(precision.clamp(i as u32)))));
        }
        self.fill_kinds();
        for (row, _) in self.activations.rides.clone() {
            self.set(Flag::Ride, row);
        }
        for row in self.kernels.products.keys().copied().collect::<Vec<_>>() {
            self.set(Flag::Product, row);
        }
        for row in self.kernels.carries.keys().copied().collect::<Vec<_>>() {
            self.set(Flag::Carry, row);
        }
        self.hashing.clone().fill(self);
        for id in 0..self.homes.len() {
            if self.values.recipes()[id].cells().is_some() {
                self.set(Flag::Derive, self.homes[id]);
            }
        }
    }

    fn fill_kinds(&mut self) {
        let of_rows = columns_for(self.shape.kinds.len());
        let index: HashMap<RowKind, usize> = self.shape.kinds.iter().copied().zip(0..).collect();
        for (row, kind) in self.activations.kinds.iter().enumerate() {
            if let Some(kind) = kind {
                let point = point(index[kind], of_rows);
                (0..of_rows).for_each(|column| self.kinds[column][row] = point.at(column));
            }
        }
        let of_feeds = columns_for(Feed::COUNT);
        let instances = (0..INSTANCES).map(|row| (row, Feed::Instance));
        let ends = [(LOAD_ROW, Feed::Load), (self.end_row(), Feed::End)];
        for (row, feed) in self.kernels.feeds.iter().map(|(&r, &f)| (r, f)).chain(instances).chain(ends) {
            let point = point(feed as usize, of_feeds);
            (0..of_feeds).for_each(|column| self.kinds[of_rows + column][row] = point.at(column));
        }
    }

    /// Copy constraints: every use of a value is its home.
    fn connect(&mut self) {
        let mut copies = vec![];
        for (id, recipe) in self.values.recipes().iter().enumerate() {
            if let Some(cells) = recipe.cells() {
                let used = cells.into_iter().zip(self.homes[id]..);
                copies.extend(used.filter_map(|(value, row)| Some((self.home(value?), row))));
            }
        }
        copies.extend(self.activations.rides.iter().map(|&(row, value)| (self.home(value), row)));
        copies.extend(self.kernels.carries.iter().map(|(&row, &value)| (self.home(value), row)));
        copies.extend(self.kernels.products.iter().map(|(&row, &value)| (self.home(value), row)));
        copies.extend(self.checks.iter().map(|check| (self.home(check.value), check.row)));
        let instances = [Instance::Input, Instance::Output, Instance::Label];
        copies.extend(self.hashing.exports().into_iter().zip(instances).map(|(row, i)| (row, i as usize)));
        self.copies = copies;
    }
}

fn home(values: &Values, homes: &[usize], value: ValueId) -> usize {
    let made = values.recipes()[value].cells().and_then(|cells| cells.iter().position(Option::is_none));
    homes[value] + made.unwrap_or(0)
}

/// The size of a circuit with this many rows.
fn size(rows: usize, wanted: Option<u32>) -> Result<u32, PlanError> {
    let needed = (rows + 1 + BLINDING_ROWS).next_power_of_two().trailing_zeros();
    let k = wanted.unwrap_or(needed);
    if k < needed {
        return Err(PlanError::Rows { k, needed });
    }
    if k > needed + MAX_SPARE || k > MAX_K {
        return Err(PlanError::TooManyRows { k, needed });
    }
    Ok(k)
}

fn distinct(kinds: &[Option<RowKind>]) -> Vec<RowKind> {
    let set: std::collections::BTreeSet<RowKind> = kinds.iter().flatten().copied().collect();
    set.into_iter().collect()
}

/// Ties the sums that left to one another.
fn checks(activations: &Activations, kernels: &Kernels, hashing: &Hashing, values: &mut Values) -> Vec<Check> {
    let sum_of = |block: Block| activations.blocks.iter().find(|b| b.block == block);
    let [input, output, _] = hashing.exports();
    let mut checks = vec![];
    let scaled = |values: &mut Values, row: usize, by: Monomial, plus: ValueId| {
        let (sum, by) = (values.wire(row), values.monomial(by));
        values.sum(by, sum, plus)
    };
    if let Some(packed) = sum_of(Block::Input) {
        let value = scaled(values, packed.row, packed.last, values.zero());
        checks.push(Check { of: Subject::Input, value, row: input + 1 });
    }
    let value = scaled(values, activations.logits_row, activations.last_logit, values.zero());
    checks.push(Check { of: Subject::Output, value, row: output + 1 });
    for (layer, &total) in kernels.totals.iter().enumerate() {
        let zero = values.zero();
        let border = sum_of(Block::Border(layer)).map_or(zero, |b| scaled(values, b.row, b.last, zero));
        if let Some(made) = sum_of(Block::Made(layer)) {
            let value = scaled(values, made.row, made.last, border);
            checks.push(Check { of: Subject::Layer(layer), value, row: total });
        }
    }
    checks
}

/// Which rows of the wire are in use.
struct WireUse {
    taken: Vec<bool>,
    end: usize,
}

impl WireUse {
    fn new(activations: &Activations, hashing: &Hashing) -> Self {
        let mut wire = Self { taken: vec![true; FIRST_FREE_ROW], end: 0 };
        wire.take(0..FIRST_FREE_ROW);
        let uses = activations.kinds.iter().enumerate().filter(|(_, kind)| kind.is_some_and(|k| k.uses_wire()));
        wire.take(uses.map(|(row, _)| row));
        wire.take(hashing.exports().into_iter().flat_map(|row| [row, row + 1]));
        wire
    }

    fn take(&mut self, rows: impl Iterator<Item = usize>) {
        for row in rows {
            if row >= self.taken.len() {
                self.taken.resize(row + 1, false);
            }
            self.taken[row] = true;
            self.end = self.end.max(row + 1);
        }
    }

    /// Places derivations wherever four cells in a row are free.
    fn homes(&mut self, values: &Values) -> Vec<usize> {
        let mut row = FIRST_FREE_ROW;
        let mut homes = vec![];
        for (id, recipe) in values.recipes().iter().enumerate() {
            homes.push(match *recipe {
                Recipe::Alpha | Recipe::S | Recipe::One => LOAD_ROW + id,
                Recipe::Wire(row) => row,
                _ => {
                    let is_taken = |row: usize| self.taken.get(row).is_some_and(|&t| t);
                    while let Some(clash) = (row..row + DERIVATION).rev().find(|&r| is_taken(r)) {
                        row = clash + 1;
                    }
                    row += DERIVATION;
                    self.end = self.end.max(row);
                    row - DERIVATION
                }
            });
        }
        homes
    }
}

/// Rows of the wire where channel values leave, by map, channel and phase.
type Exports = HashMap<(MapId, usize, (usize, usize)), usize>;
