//! The columns of the circuit, by name.

use serde::{Deserialize, Serialize};

use crate::network::Precision;

/// Everything that the gates depend on: two plans of equal shape share their constraint system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// The circuit has `2^k` rows.
    pub k: u32,
    /// Activations per row.
    pub lanes: usize,
    /// Columns that hold parameters.
    pub weight_columns: usize,
    /// Fixed-point format.
    pub precision: Precision,
    /// How the input map is read (1: whole, 2: as four sub-maps).
    pub input_step: usize,
    /// Which mask switches each lane off; `None` for lanes that are never off.
    pub lane_masks: Vec<Option<usize>>,
}

impl Shape {
    /// Number of mask columns.
    pub fn masks(&self) -> usize {
        self.lane_masks.iter().flatten().max().map_or(0, |&m| m + 1)
    }
}

/// Rows at the end of every column that hold randomness instead of witness: what the proof system needs to hide a
/// column that is opened at five points, the most of ours (the hash state).
pub const BLINDING_ROWS: usize = 8;

/// Flags: fixed columns of zeros and ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Flag {
    /// Every row but the first and the blinding rows.
    Usable,
    /// The first row.
    First,
    /// The last usable row.
    End,
    /// Activations: first row of a channel; hands over the value of the channel before it.
    Start,
    /// Activations: further row of a channel.
    Run,
    /// Border terms of a layer.
    Border,
    /// Activations stored two columns apart: the produced side steps by α².
    Hop,
    /// Input pixels: the produced side packs them for the commitment.
    Input,
    /// Arg-max comparison of the logit in the row above.
    Compare,
    /// Hands over both running sums.
    Gap,
    /// Parameters of consecutive outputs.
    Weight,
    /// One parameter of a window.
    Tap,
    /// The kernel sum goes on from the row above.
    Carry,
    /// The total makes room for another layer or channel.
    Shift,
    /// The total takes in wire × kernel of the row above.
    Product,
    /// A product on the wire column.
    Derive,
    /// The challenges enter the wire column.
    Load,
    /// A public instance enters the wire column.
    Instance,
    /// A full round of the hash.
    Full,
    /// A partial round of the hash.
    Partial,
    /// The last round: only the digest is kept.
    Last,
    /// The first row of a hash, or of the arg-max.
    Seed,
    /// The hash absorbs two elements.
    Absorb,
    /// A digest or label, and the absorbed elements, leave to the wire column.
    Export,
}

impl Flag {
    /// Number of flags.
    pub const COUNT: usize = Self::Export as usize + 1;
}

/// Fixed columns that hold numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Number {
    /// The stored value of zero in the map that a row belongs to.
    Pad,
    /// The table: `d`, also the range of remainders.
    TableD,
    /// The table: the activation of `d`.
    TableY,
    /// Constants of derivations and hash domains.
    Constant,
    /// Round constants, first of as many as the state is wide.
    Round0,
}

/// Columns that take part in the permutation argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wire {
    /// Steps of the reading sum; a channel's value where the next one starts.
    ReadStep,
    /// Steps of the produced sum; its value in gaps.
    MadeStep,
    /// Everything else.
    Wire,
}

/// Number of wire columns.
pub const WIRES: usize = 3;

/// A cell of a wire column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Column.
    pub column: Wire,
    /// Row.
    pub row: usize,
}

/// Public instances, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Instance {
    /// Commitment to the input.
    Input,
    /// Commitment to the logits.
    Output,
    /// The label.
    Label,
    /// What the proof is for.
    Context,
}

/// Number of public instances.
pub const INSTANCES: usize = 4;
