//! The columns of the circuit, by name.

use serde::{Deserialize, Serialize};

use super::{Lattice, RowKind};
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
    /// Degree of the constraints.
    pub degree: Degree,
    /// Fixed-point format.
    pub precision: Precision,
    /// What fixed columns say of a row, in the order of the lattice's points.
    pub codes: Vec<Code>,
}

impl Shape {
    /// Taps of a window that share a row.
    pub fn taps(&self) -> usize {
        taps_per_row(self.weight_columns)
    }

    /// The columns that encode rows.
    pub fn lattice(&self) -> Lattice {
        Lattice::with(self.codes.len(), self.degree.order())
    }

    /// Flags that have a column of their own.
    pub fn flag_columns(&self) -> &'static [Flag] {
        match self.degree {
            Degree::Three => &Flag::ALL,
            Degree::Five => &Flag::ALL[..1],
        }
    }
}

/// Degree of the constraints. A higher one takes fewer fixed columns, for codes can say more, and so less gas; but the
/// quotient has more pieces and takes longer to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Degree {
    /// Codes name kinds of rows; products of two cells take a flag.
    Three,
    /// Codes name kinds and flags.
    Five,
}

impl Degree {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Three, Self::Five];

    /// As a number.
    pub fn number(self) -> usize {
        match self {
            Self::Three => 3,
            Self::Five => 5,
        }
    }

    /// Pieces of the quotient.
    pub fn pieces(self) -> usize {
        self.number() - 1
    }

    /// Order of the codes' lattice: what is left beside a factor of the witness (three), or two (five).
    pub fn order(self) -> usize {
        match self {
            Self::Three => 2,
            Self::Five => 3,
        }
    }
}

/// What the fixed columns say of a row: its kind and, at degree five, its flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Code {
    /// Kind of row, if it has one.
    pub kind: Option<RowKind>,
    /// Flags as bits, by [`Flag`].
    pub flags: u8,
}

impl Code {
    /// Whether a flag is set.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags & flag.bit() != 0
    }
}

/// Taps of a window that share a row: three, which is what most windows have side by side.
pub fn taps_per_row(weight_columns: usize) -> usize {
    weight_columns.min(3)
}

/// Rows at the end of every column that hold randomness instead of witness. Four values of a column are public at most,
/// and the argument in `docs/circuit.md` wants some to spare.
pub const BLINDING_ROWS: usize = 7;

/// Flags of a row, beside its kind: those that constraints of degree two in the witness need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Flag {
    /// The balance goes on: every row from the one after the challenge to the last usable one.
    Usable,
    /// The produced sum or the kernel sum steps by the wire.
    Ride,
    /// The total takes in wire × kernel of the row above.
    Product,
    /// `a·b + c` on the wire column.
    Derive,
    /// An S-box of the hash.
    Box,
    /// Arg-max comparison of the logit in the row above.
    Compare,
}

impl Flag {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Usable, Self::Ride, Self::Product, Self::Derive, Self::Box, Self::Compare];

    /// Its bit in a code.
    pub fn bit(self) -> u8 {
        1 << self as usize
    }
}

/// Fixed columns that hold numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Number {
    /// In the table, `d` of a pair, or a remainder. In rows of the hashes, the round's constant.
    Left,
    /// In the table, the activation of `d`.
    Right,
    /// One for the table's remainders, two for its pairs.
    Tag,
}

impl Number {
    /// Number of these columns.
    pub const COUNT: usize = Self::Tag as usize + 1;
    /// Tag of remainders in the table.
    pub const REMAINDER: u64 = 1;
    /// Tag of pairs in the table.
    pub const PAIR: u64 = 2;
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
