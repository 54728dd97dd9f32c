//! Kinds of rows, and how few fixed columns tell them apart.

use serde::{Deserialize, Serialize};

/// How a running sum goes on from the row above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    /// It starts anew.
    Start,
    /// By a power of α.
    Power(usize),
    /// By the wire: any derived value.
    Ride,
    /// To the next byte of an element: by 1/256.
    Byte,
    /// To the first byte of the next element: by α·256^30.
    Wrap,
}

/// What one row of activations does to the running sums. A network has a dozen or two kinds of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RowKind {
    /// A layer's sum leaves to the wire; the next block starts from nothing.
    Open,
    /// A block's last channel ends: its value leaves to the wire, and it joins the layer's sum.
    Close,
    /// The sums wait; the value of the channel above leaves to the wire.
    Hold,
    /// The sums wait.
    Wait,
    /// One term of a layer's border.
    Edge(Step),
    /// Cells of a map.
    Cells {
        /// Lanes in use.
        count: usize,
        /// The reading sum.
        read: Step,
        /// Distance of the lanes in the produced sum.
        hop: usize,
        /// The produced sum.
        made: Step,
        /// Whether the produced sum takes activations, not accumulators: it packs pixels.
        pixels: bool,
        /// Whether it is a logit, which the arg-max looks at.
        logit: bool,
    },
}

impl RowKind {
    /// Whether the channel above joins the layer's sum here.
    pub fn takes(&self) -> bool {
        matches!(self, Self::Close | Self::Cells { made: Step::Start, .. })
    }

    /// Whether the value of the channel above leaves to the wire here.
    pub fn exports(&self) -> bool {
        matches!(self, Self::Close | Self::Hold | Self::Cells { read: Step::Start, made: Step::Start, .. })
    }

    /// Whether the produced sum steps by the wire.
    pub fn rides(&self) -> bool {
        matches!(self, Self::Edge(Step::Ride) | Self::Cells { made: Step::Ride, .. })
    }

    /// Whether the row uses the wire.
    pub fn uses_wire(&self) -> bool {
        self.exports() || self.rides() || matches!(self, Self::Open)
    }

    /// Whether the row's cells are looked up.
    pub fn is_looked_up(&self) -> bool {
        matches!(self, Self::Hold | Self::Wait | Self::Cells { .. })
    }
}

/// Numbers that stand for a kind in its columns: whole, not negative, of sum one or two. A quadratic polynomial can be
/// one at any such point and zero at all others (and at the origin: no kind). So `c` columns tell `c·(c + 3)/2` kinds
/// apart, and gates whose terms are linear in the witness keep degree 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// One in this column.
    One(usize),
    /// Two in this column.
    Two(usize),
    /// One in each of these.
    Both(usize, usize),
}

/// Columns that tell this many kinds apart.
pub fn columns_for(kinds: usize) -> usize {
    (0..).find(|c| c * (c + 3) / 2 >= kinds).unwrap_or(0)
}

/// The point of kind `index`, in the order ones, twos, pairs.
pub fn point(index: usize, columns: usize) -> Point {
    match index {
        i if i < columns => Point::One(i),
        i if i < 2 * columns => Point::Two(i - columns),
        i => {
            let mut rest = i - 2 * columns;
            let mut first = 0;
            while rest >= columns - 1 - first {
                rest -= columns - 1 - first;
                first += 1;
            }
            Point::Both(first, first + 1 + rest)
        }
    }
}

impl Point {
    /// What stands in a column.
    pub fn at(self, column: usize) -> u8 {
        match self {
            Self::One(i) => u8::from(i == column),
            Self::Two(i) => 2 * u8::from(i == column),
            Self::Both(i, j) => u8::from(i == column || j == column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_distinct_and_of_sum_one_or_two() {
        for kinds in 1..60 {
            let columns = columns_for(kinds);
            let points: std::collections::BTreeSet<Vec<u8>> =
                (0..kinds).map(|k| (0..columns).map(|c| point(k, columns).at(c)).collect()).collect();
            assert_eq!(points.len(), kinds);
            assert!(points.iter().all(|p| (1..=2).contains(&p.iter().sum::<u8>())));
        }
    }
}
