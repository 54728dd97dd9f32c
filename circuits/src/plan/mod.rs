//! Where everything lies: a [`Plan`] is a function of the architecture alone and drives fixed columns, witness and
//! verifying key alike.

mod activations;
mod choice;
mod codes;
mod columns;
mod geometry;
mod hashing;
mod kernels;
mod kinds;
mod lattice;
mod values;

use std::collections::{BTreeSet, HashMap};

use halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};

pub use activations::{ActivationRow, Activations, Block, BlockSum};
pub use choice::{Choice, PlanError};
pub use codes::Codes;
pub use columns::{BLINDING_ROWS, Code, Degree, Flag, INSTANCES, Instance, Number, Shape, taps_per_row};
pub use geometry::{Edge, Geometry, Reading, Tap};
pub use hashing::{BOXES, Box, Chain, Hashing, rows_per_hash};
pub use kernels::{Kernels, ParamCell, Parameter};
pub use kinds::{Feed, RowKind, Step, Stir};
pub use lattice::Lattice;
pub use values::{Derived, Monomial, Recipe, ValueId, small};

use choice::{MAX_K, MAX_SPARE};

use crate::{
    network::{MapId, Network},
    witness::Values,
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
    /// First row of the table, which lies beside the kernels: pairs, then remainders.
    pub table: usize,
    /// Rows of the hashes.
    pub hashing: Hashing,
    /// Derived values.
    pub values: Derived,
    /// By value, the first of the four cells of its derivation on the wire; the challenge, one, and values that left a
    /// running sum have their only cell here.
    pub homes: Vec<usize>,
    /// Final equations.
    pub checks: Vec<Check>,
    /// What each row does.
    pub codes: Codes,
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

/// Row of the challenge on the wire column, with one below it; the instances come before it.
pub const LOAD_ROW: usize = INSTANCES;
/// First row that activations may use.
pub const FIRST_FREE_ROW: usize = LOAD_ROW + 4;

/// Cells of the wire that a derivation takes.
const DERIVATION: usize = 4;

impl Plan {
    /// Lays out a network.
    pub fn new(network: &Network, choice: Choice) -> Result<Self, PlanError> {
        let mut plan = Self::sketch(network, choice)?;
        plan.connect();
        Ok(plan)
    }

    /// The same without copies: enough to say what it costs.
    pub fn sketch(network: &Network, choice: Choice) -> Result<Self, PlanError> {
        network.check()?;
        let Choice { lanes, weight_columns, degree, k } = choice;
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
        let mut values = Derived::default();
        let activations = Activations::new(network, &readings, lanes, &mut values);
        let kernels = Kernels::new(network, &readings, weight_columns, &activations, &mut values);
        // The table's cells must not be looked up themselves, nor have the constants of a hash beside them.
        let table = activations.rows.len();
        let hashing = Hashing::new(network, kernels.end().max(table + 2 * network.precision.table_len()));
        let checks = checks(&activations, &kernels, &hashing, &mut values);
        let (homes, rows_used) = homes(&values, hashing.end);
        let mut plan = Self {
            network: network.clone(),
            shape: Shape {
                k: size(rows_used, k)?,
                lanes,
                weight_columns,
                degree,
                precision: network.precision,
                codes: vec![],
            },
            readings,
            activations,
            kernels,
            table,
            hashing,
            values,
            homes,
            checks,
            codes: Codes::default(),
            copies: vec![],
            rows_used,
        };
        plan.codes = plan.describe();
        plan.encode(degree);
        Ok(plan)
    }

    /// Decides what the fixed columns' codes say: all else is the same at both degrees.
    pub(crate) fn encode(&mut self, degree: Degree) {
        self.shape.degree = degree;
        let distinct: BTreeSet<Code> = self.codes.distinct().map(|code| self.encoded(code)).collect();
        self.shape.codes = distinct.into_iter().filter(|&code| code != Code::default()).collect();
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
        self.shape.flag_columns().len() + self.shape.lattice().columns + Number::COUNT
    }

    /// Digest of architecture and layout: what a verifying key is for.
    pub fn digest(&self) -> [u8; 32] {
        let content = serde_json::to_vec(&(&self.network, &self.shape)).expect("plain data encodes");
        let mut hasher = Keccak256::new();
        hasher.update(b"zkescrow.arch.3");
        hasher.update(content);
        hasher.finalize().into()
    }

    /// The row of the wire that holds a derived value.
    pub fn home(&self, value: ValueId) -> usize {
        home(&self.values, &self.homes, value)
    }

    /// Rows of the wire whose cells are the instances, but for the context: digests, label.
    pub fn exports(&self) -> [usize; 3] {
        let [input, output] = self.hashing.chains().map(Chain::digest_row);
        [input, output, self.activations.label_row]
    }

    /// Rows of the comparisons.
    pub fn comparisons(&self) -> impl Iterator<Item = usize> {
        let first = self.activations.first_compare;
        (0..self.network.classes()).map(move |logit| first + 2 * logit)
    }

    /// What kind a row has.
    pub fn kind(&self, row: usize) -> Option<RowKind> {
        self.codes.get(row).kind
    }

    /// Whether a row has a flag.
    pub fn has(&self, flag: Flag, row: usize) -> bool {
        match flag {
            Flag::Usable => (LOAD_ROW + 1..=self.end_row()).contains(&row),
            _ => self.codes.get(row).has(flag),
        }
    }

    /// The fixed columns: flags, codes, numbers.
    pub fn fixed(&self) -> Vec<Values> {
        let usable = self.usable_rows();
        let flag = |&flag: &Flag| (0..usable).map(|row| i64::from(self.has(flag, row))).collect();
        let mut columns: Vec<Vec<i64>> = self.shape.flag_columns().iter().map(flag).collect();
        let lattice = self.shape.lattice();
        let points: HashMap<Code, Vec<u8>> = self.shape.codes.iter().copied().zip(lattice.points()).collect();
        let mut codes = vec![vec![0; usable]; lattice.columns];
        for row in 0..self.codes.len() {
            if let Some(point) = points.get(&self.encoded(self.codes.get(row))) {
                codes.iter_mut().zip(point).for_each(|(column, &x)| column[row] = i64::from(x));
            }
        }
        columns.extend(codes);
        columns.into_iter().map(Values::Small).chain(self.numbers()).collect()
    }

    /// The fixed columns that hold numbers, by [`Number`].
    pub fn numbers(&self) -> [Values; Number::COUNT] {
        let zero = || vec![0; self.kernels.end().max(self.remainder_row(self.network.precision.table_len()))];
        let (mut left, mut right, mut tag) = (zero(), zero(), zero());
        let precision = self.network.precision;
        for i in 0..precision.table_len() {
            for (row, number) in [(self.table + i, Number::PAIR), (self.remainder_row(i), Number::REMAINDER)] {
                (left[row], tag[row]) = (i as i64, number as i64);
            }
            right[self.table + i] = i64::from(precision.clamp(i as u32));
        }
        let mut constants = vec![Fr::zero(); self.hashing.end - left.len()];
        for (row, hashed) in self.hashing.chains().into_iter().flat_map(Chain::boxes) {
            constants[row - left.len()] = hashed.constant;
        }
        [Values::Split(left, constants), Values::Small(right), Values::Small(tag)]
    }

    /// The row of the table where a remainder stands.
    pub fn remainder_row(&self, remainder: usize) -> usize {
        self.table + self.network.precision.table_len() + remainder
    }

    /// What the fixed columns' codes say of what is said of a row: flags only where they have no columns.
    fn encoded(&self, code: Code) -> Code {
        match self.shape.degree {
            Degree::Three => Code { flags: 0, ..code },
            Degree::Five => code,
        }
    }

    /// What each row does.
    fn describe(&self) -> Codes {
        let mut codes = Codes::default();
        (0..INSTANCES).for_each(|row| codes.set_kind(row, RowKind::Instance));
        codes.set_kind(LOAD_ROW, RowKind::Load);
        for (row, kind) in self.activations.kinds.iter().enumerate() {
            kind.iter().for_each(|&kind| codes.set_kind(row, kind));
        }
        for (row, &feed) in (self.kernels.start..).zip(&self.kernels.feeds) {
            codes.set_kind(row, RowKind::Feed(feed));
        }
        for chain in self.hashing.chains() {
            for (row, hashed) in chain.boxes() {
                codes.set_kind(row, RowKind::Hash(hashed.stir));
                codes.set_flag(row, Flag::Box);
            }
            chain.absorbs().for_each(|row| codes.set_kind(row, RowKind::Hash(Stir::Absorb)));
        }
        self.hashing.seams().into_iter().for_each(|row| codes.set_kind(row, RowKind::Hash(Stir::Seam)));
        self.activations.rides.iter().for_each(|&(row, _)| codes.set_flag(row, Flag::Ride));
        self.kernels.carries.keys().for_each(|&row| codes.set_flag(row, Flag::Ride));
        self.kernels.products.keys().for_each(|&row| codes.set_flag(row, Flag::Product));
        self.comparisons().for_each(|row| codes.set_flag(row, Flag::Compare));
        for (recipe, &row) in self.values.recipes().iter().zip(&self.homes) {
            if recipe.cells().is_some() {
                codes.set_flag(row, Flag::Derive);
            }
        }
        codes
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
        copies.extend(self.exports().into_iter().zip(instances).map(|(row, i)| (row, i as usize)));
        // All comparisons are with one logit, the largest.
        copies.extend(self.comparisons().skip(1).map(|row| (self.activations.first_compare, row)));
        self.copies = copies;
    }
}

fn home(values: &Derived, homes: &[usize], value: ValueId) -> usize {
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

/// Ties the sums that left to one another.
fn checks(activations: &Activations, kernels: &Kernels, hashing: &Hashing, values: &mut Derived) -> Vec<Check> {
    let sum_of = |block: Block| activations.blocks.iter().find(|b| b.block == block);
    let [input, output] = hashing.chains().map(Chain::digest_row);
    let mut checks = vec![];
    let scaled = |values: &mut Derived, row: usize, by: Monomial, plus: ValueId| {
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

/// Places derivations below everything else, and says where they end.
fn homes(values: &Derived, start: usize) -> (Vec<usize>, usize) {
    let mut end = start;
    let mut home = |(id, recipe): (usize, &Recipe)| match *recipe {
        Recipe::Alpha | Recipe::One => LOAD_ROW + id,
        Recipe::Wire(row) => row,
        _ => {
            end += DERIVATION;
            end - DERIVATION
        }
    };
    (values.recipes().iter().enumerate().map(&mut home).collect(), end)
}

/// Rows of the wire where channel values leave, by map, channel and phase.
type Exports = HashMap<(MapId, usize, (usize, usize)), usize>;
