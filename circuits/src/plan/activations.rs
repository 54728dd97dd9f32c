//! Rows of activations: `L` cells of one row of one sub-map each, in blocks.
//!
//! Running sums go over these rows. The *reading* sum gives each channel's value `X_c(α)` to the layers that read the
//! map. The *produced* sum gives every channel's accumulators `2^t·d + rem` their powers of α; over the input it packs
//! pixels for the commitment instead. At a channel's end its produced sum joins the *layer's* sum, one power of s above
//! the channels that follow. A block is the input, a layer's cells or a layer's border; its sum leaves at its end.

use super::{Derived, Exports, FIRST_FREE_ROW, Geometry, Monomial, Reading, RowKind, Step, ValueId};
use crate::{
    network::{MapId, Network},
    poseidon::PACK,
};

/// What one row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationRow {
    /// Nothing.
    Idle,
    /// A block begins.
    Open,
    /// A block ends.
    Close,
    /// Between the sub-maps of a channel.
    Hold,
    /// Cells of a map: lane `l` holds cell `first + l·step`, for `l < count`.
    Cells {
        /// The map.
        map: MapId,
        /// Planar index of the first lane's cell.
        first: usize,
        /// Distance between lanes.
        step: usize,
        /// Lanes in use.
        count: usize,
    },
    /// A term of a layer's border.
    Edge {
        /// The layer.
        layer: usize,
        /// Which term.
        index: usize,
    },
    /// Arg-max comparison with the logit in the row above.
    Compare {
        /// The logit.
        logit: usize,
    },
    /// After the last comparison.
    Label,
}

/// What a block's sum is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// The packed input.
    Input,
    /// The accumulators of a layer.
    Made(usize),
    /// The border of a layer.
    Border(usize),
}

/// A block, where its sum leaves, and by which power of α (and 256) the sum falls short.
#[derive(Clone, Copy, Debug)]
pub struct BlockSum {
    /// What the sum is of.
    pub block: Block,
    /// Row of the wire where it leaves.
    pub row: usize,
    /// Monomial of the block's last term.
    pub last: Monomial,
}

/// All rows of activations.
#[derive(Clone, Debug)]
pub struct Activations {
    /// Row by row.
    pub rows: Vec<ActivationRow>,
    /// What the sums do, row by row; `None` where they do nothing.
    pub kinds: Vec<Option<RowKind>>,
    /// Derived values that the produced sum steps by, where the powers of α that kinds know do not do.
    pub rides: Vec<(usize, ValueId)>,
    /// Where each channel's value is handed over.
    pub exports: Exports,
    /// Every block's sum.
    pub blocks: Vec<BlockSum>,
    /// First row of a comparison; the others follow two rows apart.
    pub first_compare: usize,
    /// Row where the label leaves.
    pub label_row: usize,
    /// Row where the packed logits leave.
    pub logits_row: usize,
    /// Monomial of the last logit in the packed logits.
    pub last_logit: Monomial,
}

struct Layout<'a> {
    net: &'a Network,
    readings: &'a [Reading],
    lanes: usize,
    values: &'a mut Derived,
    out: Activations,
    pending: Option<(MapId, usize, (usize, usize))>,
    /// Monomial of the row above on the produced side; none where a block starts.
    made: Option<Monomial>,
}

impl Activations {
    /// Lays out the logits, then the input, every layer's border and every layer's output.
    pub fn new(net: &Network, readings: &[Reading], lanes: usize, values: &mut Derived) -> Self {
        let out = Activations {
            // The first rows of the wire column hold instances and challenges; nothing may leave to it there.
            rows: vec![ActivationRow::Idle; FIRST_FREE_ROW],
            kinds: vec![None; FIRST_FREE_ROW],
            rides: vec![],
            exports: Exports::new(),
            blocks: vec![],
            first_compare: 0,
            label_row: 0,
            logits_row: 0,
            last_logit: Monomial::default(),
        };
        let mut layout = Layout { net, readings, lanes, values, out, pending: None, made: None };
        layout.logits(net.layers.len() - 1);
        layout.input();
        for (index, layer) in net.layers.iter().enumerate() {
            layout.border(index);
            if layer.output != net.output_id() {
                layout.map(index);
            }
        }
        layout.push(ActivationRow::Open, RowKind::Open);
        layout.out
    }
}

impl Layout<'_> {
    fn push(&mut self, row: ActivationRow, kind: RowKind) {
        if kind.exports()
            && let Some(channel) = self.pending.take()
        {
            self.out.exports.insert(channel, self.out.rows.len());
        }
        self.out.rows.push(row);
        self.out.kinds.push(Some(kind));
    }

    /// Rows between the start of a block and its end. Its sum leaves where the next block starts.
    fn block(&mut self, block: Block, fill: impl FnOnce(&mut Self)) {
        self.push(ActivationRow::Open, RowKind::Open);
        self.made = None;
        fill(self);
        self.push(ActivationRow::Close, RowKind::Close);
        self.out.blocks.push(BlockSum { block, row: self.out.rows.len(), last: self.made.unwrap_or_default() });
    }

    /// A row that steps to another monomial on the produced side: by `power` of α if that does, else by the wire.
    fn step_to(&mut self, made: Monomial, power: Option<usize>) -> Step {
        // Where nothing was produced before, any step will do.
        let ratio = self.made.map(|above| above / made);
        self.made = Some(made);
        let fits = |power: &usize| ratio.is_none_or(|r| r == Monomial { x: *power as i64, ..Monomial::default() });
        if let Some(power) = power.filter(fits) {
            return Step::Power(power);
        }
        let value = ratio.map_or(self.values.one(), |ratio| self.values.monomial(ratio));
        self.out.rides.push((self.out.rows.len(), value));
        Step::Ride
    }

    /// Cells of one channel in reading order: rows from the bottom, blocks from the right, so that the reading sum
    /// ends at exponent 0. `made` gives a cell's monomial on the produced side.
    fn channel(&mut self, id: MapId, c: usize, made: impl Fn(usize, usize) -> Monomial) {
        let (map, reading) = (self.net.maps[id], self.readings[id]);
        let phases = (0..reading.step).flat_map(|p| (0..reading.step).map(move |q| (p, q)));
        let mut first_of_channel = true;
        for (p, q) in phases {
            let rows = super::geometry::sub_size(map.height, reading.step, p);
            let cols = super::geometry::sub_size(map.width, reading.step, q);
            if rows == 0 || cols == 0 {
                continue;
            }
            // The channel that a layer's output starts joins the layer's sum; the input's sum runs through.
            let starts = first_of_channel && id > 0;
            if !starts && self.pending.is_some() {
                self.push(ActivationRow::Hold, RowKind::Hold);
            }
            let mut above = None;
            for i in (0..rows).rev() {
                for j in (0..cols).step_by(self.lanes).rev() {
                    let (row, column) = (i * reading.step + p, j * reading.step + q);
                    let exponent = reading.pitch * i + j;
                    let read = above.map_or(Step::Start, |before: usize| Step::Power(before - exponent));
                    let target = made(row, column);
                    let made = match read {
                        Step::Power(power) => self.step_to(target, Some(power * reading.step)),
                        _ if starts => {
                            self.made = Some(target);
                            Step::Start
                        }
                        // No power of α: two sub-maps are not neighbours.
                        _ => self.step_to(target, None),
                    };
                    above = Some(exponent);
                    let count = self.lanes.min(cols - j);
                    // A lane has no distance from itself: rows of one are of one kind.
                    let hop = if count == 1 { 1 } else { reading.step };
                    let first = map.index(c, row, column);
                    self.push(
                        ActivationRow::Cells { map: id, first, step: reading.step, count },
                        RowKind::Cells { count, read, hop, made, pixels: id == 0, logit: false },
                    );
                }
            }
            self.pending = Some((id, c, (p, q)));
            first_of_channel = false;
        }
    }

    fn input(&mut self) {
        let map = *self.net.input();
        self.block(Block::Input, |layout| {
            for c in 0..map.channels {
                layout.channel(0, c, |i, j| {
                    let row = c * map.height + i;
                    Monomial { x: (row / PACK * map.width + j) as i64, z: (row % PACK) as i64 }
                });
            }
        });
    }

    fn geometry(&self, layer: usize) -> Geometry {
        let l = &self.net.layers[layer];
        Geometry::new(self.net, l, self.readings[l.inputs[0]])
    }

    /// Border terms of a layer, summed over its channels.
    fn border(&mut self, layer: usize) {
        let border = self.geometry(layer).border();
        if border.is_empty() {
            return;
        }
        self.block(Block::Border(layer), |layout| {
            for (index, edge) in border.into_iter().enumerate() {
                let step = layout.step_to(Monomial { x: edge.exponent as i64, ..Monomial::default() }, Some(1));
                layout.push(ActivationRow::Edge { layer, index }, RowKind::Edge(step));
            }
        });
    }

    fn map(&mut self, layer: usize) {
        let geometry = self.geometry(layer);
        let id = self.net.layers[layer].output;
        self.block(Block::Made(layer), |layout| {
            for c in 0..layout.net.maps[id].channels {
                layout.channel(id, c, |i, j| Monomial { x: geometry.made(i, j) as i64, ..Monomial::default() });
            }
        });
    }

    /// Logits: one to a row, each with its comparison below it; the reading sum packs them for the commitment, from the
    /// first byte of the first element on.
    fn logits(&mut self, layer: usize) {
        let geometry = self.geometry(layer);
        let (map, classes) = (self.net.layers[layer].output, self.net.classes());
        self.block(Block::Made(layer), |layout| {
            layout.out.first_compare = layout.out.rows.len() + 1;
            layout.made = Some(Monomial { x: geometry.made(0, 0) as i64, ..Monomial::default() });
            for c in 0..classes {
                let read = match c % PACK {
                    _ if c == 0 => Step::Start,
                    0 => Step::Wrap,
                    _ => Step::Byte,
                };
                let kind = RowKind::Cells { count: 1, read, hop: 1, made: Step::Start, pixels: false, logit: true };
                layout.push(ActivationRow::Cells { map, first: c, step: 1, count: 1 }, kind);
                layout.push(ActivationRow::Compare { logit: c }, RowKind::Compare);
            }
            layout.out.label_row = layout.out.rows.len();
            layout.push(ActivationRow::Label, RowKind::Label);
            layout.out.last_logit = Monomial { z: ((classes - 1) % PACK) as i64, ..Monomial::default() };
        });
        self.out.logits_row = self.out.rows.len() - 1;
    }
}
