//! Kinds of rows.

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

/// What a row of parameters does to the kernel sum and the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Feed {
    /// Parameters of consecutive outputs; a new kernel starts.
    Fresh,
    /// Further parameters of the same kernel.
    Next,
    /// One tap of a window.
    Tap,
    /// As many taps of a window, side by side, as a row takes.
    Taps,
    /// No parameters.
    Keep,
    /// The total makes room for another channel.
    Shift,
    /// The total of a layer leaves to the wire, and the next one starts from zero.
    Leave,
}

/// What a row of the hashes does to make the state of the next row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stir {
    /// One S-box of a full round, not the last: the state turns, so that the next element comes first.
    Turn,
    /// The last S-box of a full round; then the matrix.
    MixFull,
    /// The only S-box of a partial round; then the matrix.
    MixPartial,
    /// No S-box: the state is a digest, and the next hash of its chain takes it in.
    Absorb,
    /// No S-box: the state is a chain's digest, which leaves to the wire, and another chain may start.
    Seam,
}

/// What one row does. A network has two or three dozen kinds of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RowKind {
    /// A public instance enters the wire.
    Instance,
    /// The challenge α enters the wire, and the balance starts.
    Load,
    /// A layer's sum leaves to the wire; the next block starts from nothing.
    Open,
    /// A block's last channel ends: its value leaves to the wire, and it joins the layer's sum.
    Close,
    /// The sums wait; the value of the channel above leaves to the wire.
    Hold,
    /// The sums wait while the arg-max looks at the logit in the row above.
    Compare,
    /// The sums wait; the label leaves to the wire.
    Label,
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
    /// Parameters.
    Feed(Feed),
    /// A hash.
    Hash(Stir),
}

impl RowKind {
    /// Whether the running sums of activations go over this row.
    pub fn is_activation(&self) -> bool {
        !matches!(self, Self::Instance | Self::Load | Self::Feed(_) | Self::Hash(_))
    }

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

    /// Whether reading and produced sum stay as they are.
    pub fn waits(&self) -> bool {
        matches!(self, Self::Hold | Self::Compare | Self::Label)
    }

    /// Whether the row's cells are looked up.
    pub fn is_looked_up(&self) -> bool {
        matches!(self, Self::Compare | Self::Cells { .. })
    }
}
