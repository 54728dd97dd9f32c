//! The columns of the circuit, by name.

use serde::{Deserialize, Serialize};

use super::RowKind;
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
    /// The kinds of activation rows that occur, in the order of their selectors.
    pub kinds: Vec<RowKind>,
}

impl Shape {
    /// Taps of a window that share a row.
    pub fn taps(&self) -> usize {
        taps_per_row(self.weight_columns)
    }
}

/// Taps of a window that share a row: three, which is what most windows have side by side.
pub fn taps_per_row(weight_columns: usize) -> usize {
    weight_columns.min(3)
}

/// Rows at the end of every column that hold randomness instead of witness: what the proof system needs to hide a
/// column that is opened at five points, the most of ours (the hash state).
pub const BLINDING_ROWS: usize = 8;

/// Flags: fixed columns of zeros and ones (and one two, in [`Flag::Seed`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Flag {
    /// Running sums go on: every row from the one after the challenges to the last usable one.
    Usable,
    /// The produced sum steps by the wire.
    Ride,
    /// The total takes in wire × kernel of the row above.
    Product,
    /// The kernel sum goes on from the row above, stepping by the wire.
    Carry,
    /// `a·b + c` on the wire column.
    Derive,
    /// A full round of the hash.
    Full,
    /// A partial round of the hash.
    Partial,
    /// With `Full`: 1 where a chain starts, 2 where it absorbs. Without: a digest or label leaves to the wire.
    Seed,
    /// Arg-max comparison of the logit in the row above.
    Compare,
}

impl Flag {
    /// Number of flags.
    pub const COUNT: usize = Self::Compare as usize + 1;
}

/// What a row does for the parameters' side, beside the flags: encoded like [`RowKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Feed {
    /// Parameters of consecutive outputs; a new kernel starts.
    Fresh,
    /// Further parameters of the same kernel.
    Next,
    /// One tap of a window.
    Tap,
    /// As many taps of a window, side by side, as a row takes.
    Taps,
    /// The total makes room for another channel.
    Shift,
    /// The total of a layer leaves to the wire, and the next one starts from zero.
    Leave,
    /// The challenges enter the wire column, and the running sums start.
    Load,
    /// A public instance enters the wire column.
    Instance,
    /// The last usable row.
    End,
}

impl Feed {
    /// Number of feeds.
    pub const COUNT: usize = Self::End as usize + 1;
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Fresh,
        Self::Next,
        Self::Tap,
        Self::Taps,
        Self::Shift,
        Self::Leave,
        Self::Load,
        Self::Instance,
        Self::End,
    ];
}

/// Fixed columns that hold numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Number {
    /// The table: `d`, also the range of remainders.
    TableD,
    /// The table: the activation of `d`.
    TableY,
    /// Round constants, first of as many as the state is wide.
    Round0,
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
