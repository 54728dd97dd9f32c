//! Rows of activations: `L` cells of one row of one sub-map each.
//!
//! Two running sums go over these rows. The *reading* sum gives each channel's value `X_c(α)` to the layers that read
//! the map. The *produced* sum runs over all layers and gives every accumulator `2^t·d + rem` its monomial in α and s;
//! over the input it packs pixels for the commitment instead. Both step by derived values, so that any layout of
//! exponents fits the same gates.

use super::{
    Choice, Exports, FIRST_FREE_ROW, Flag, Geometry, Monomial, Number, Plan, Reading, Spread, ValueId, Values, small,
};
use crate::{
    network::{MapId, Network},
    poseidon::PACK,
};

/// What one row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationRow {
    /// Nothing.
    Idle,
    /// Cells of a map: lane `l` holds cell `first + l·step`, for `l < count`.
    Cells {
        /// The map.
        map: MapId,
        /// Whether a channel starts here.
        start: bool,
        /// Planar index of the first lane's cell.
        first: usize,
        /// Distance between lanes.
        step: usize,
        /// Lanes in use.
        count: usize,
    },
    /// Border terms of a layer at one position: lane `l` holds output channel `first - l·step`.
    Border {
        /// The layer.
        layer: usize,
        /// Row, relative to the output's origin.
        i: i64,
        /// Column, relative to the output's origin.
        j: i64,
        /// First lane's channel.
        first: usize,
        /// Distance between lanes.
        step: usize,
        /// Lanes in use.
        count: usize,
    },
    /// Arg-max comparison with the logit in the row above.
    Compare {
        /// The logit.
        logit: usize,
    },
    /// Both sums are handed over.
    Gap,
}

/// Derived values that the running sums step by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps {
    /// Reading sum.
    pub read: Option<ValueId>,
    /// Produced sum.
    pub made: Option<ValueId>,
}

/// All rows of activations.
#[derive(Clone, Debug)]
pub struct Activations {
    /// Row by row.
    pub rows: Vec<ActivationRow>,
    /// Steps, row by row.
    pub steps: Vec<Steps>,
    /// Where each channel's value is handed over.
    pub exports: Exports,
    /// Row where the packed input is handed over.
    pub input_gap: usize,
    /// Row where the produced sum and the logits are handed over.
    pub output_gap: usize,
    /// First row of a comparison.
    pub first_compare: usize,
    /// Monomial of the last input row.
    pub last_packed: ValueId,
    /// Monomial of the last produced row.
    pub last_made: ValueId,
    /// Monomial of the last logit.
    pub last_logit: ValueId,
    pads: Vec<u8>,
    hops: Vec<bool>,
}

struct Layout<'a> {
    net: &'a Network,
    readings: &'a [Reading],
    lanes: usize,
    columns: usize,
    rows: Vec<ActivationRow>,
    /// Monomials of a row's first lane: as read, as produced.
    monomials: Vec<(Option<Monomial>, Option<Monomial>)>,
    exports: Exports,
    pending: Option<(MapId, usize, (usize, usize))>,
}

impl Activations {
    /// Lays out the input and every layer's output, in order.
    pub fn new(net: &Network, readings: &[Reading], choice: Choice, values: &mut Values) -> Self {
        let mut layout = Layout {
            net,
            readings,
            lanes: choice.lanes,
            columns: choice.weight_columns,
            // The first rows of the wire column hold instances and challenges; nothing may leave to it there.
            rows: vec![ActivationRow::Idle; FIRST_FREE_ROW],
            monomials: vec![(None, None); FIRST_FREE_ROW],
            exports: Exports::new(),
            pending: None,
        };
        layout.input();
        let input_gap = layout.gap();
        let mut above: usize = (0..net.layers.len()).map(|l| layout.spread(l).width).sum();
        let mut first_compare = 0;
        for (index, layer) in net.layers.iter().enumerate() {
            above -= layout.spread(index).width;
            layout.border(index, above);
            if layer.output == net.output_id() {
                first_compare = layout.rows.len() + 1;
                layout.logits(index, above);
            } else {
                layout.map(index, above);
            }
        }
        let output_gap = layout.gap();
        layout.finish(values, input_gap, output_gap, first_compare)
    }
}

impl Layout<'_> {
    fn spread(&self, layer: usize) -> Spread {
        let l = &self.net.layers[layer];
        Spread::new(l.op, self.net.maps[l.output].channels, self.columns)
    }

    fn push(&mut self, row: ActivationRow, read: Option<Monomial>, made: Option<Monomial>) {
        // The row after a channel's last one carries its value.
        if let Some(channel) = self.pending.take_if(|_| !matches!(row, ActivationRow::Cells { start: false, .. })) {
            self.exports.insert(channel, self.rows.len());
        }
        self.rows.push(row);
        self.monomials.push((read, made));
    }

    fn gap(&mut self) -> usize {
        self.push(ActivationRow::Gap, None, None);
        self.rows.len() - 1
    }

    /// Cells of one channel in reading order: rows from the bottom, blocks from the right, so that the reading sum
    /// ends at exponent 0. `made` gives a cell's monomial on the produced side.
    fn channel(&mut self, id: MapId, c: usize, made: impl Fn(usize, usize) -> Monomial) {
        let (map, reading) = (self.net.maps[id], self.readings[id]);
        let phases = (0..reading.step).flat_map(|p| (0..reading.step).map(move |q| (p, q)));
        for (p, q) in phases {
            let rows = super::geometry::sub_size(map.height, reading.step, p);
            let cols = super::geometry::sub_size(map.width, reading.step, q);
            let mut start = true;
            for i in (0..rows).rev() {
                for j in (0..cols).step_by(self.lanes).rev() {
                    let (row, column) = (i * reading.step + p, j * reading.step + q);
                    let cells = ActivationRow::Cells {
                        map: id,
                        start,
                        first: map.index(c, row, column),
                        step: reading.step,
                        count: self.lanes.min(cols - j),
                    };
                    let read = Monomial { x: (reading.pitch * i + j) as i64, ..Default::default() };
                    self.push(cells, Some(read), Some(made(row, column)));
                    start = false;
                }
            }
            if !start {
                self.pending = Some((id, c, (p, q)));
            }
        }
    }

    fn input(&mut self) {
        let map = *self.net.input();
        for c in 0..map.channels {
            self.channel(0, c, |i, j| {
                let row = c * map.height + i;
                Monomial { x: (row / PACK * map.width + j) as i64, y: 0, z: (row % PACK) as i64 }
            });
        }
    }

    fn geometry(&self, layer: usize) -> Geometry {
        let l = &self.net.layers[layer];
        Geometry::new(self.net, l, self.readings[l.inputs[0]])
    }

    /// Border terms, transposed: lanes run over channels, whose powers of s are `columns` apart.
    fn border(&mut self, layer: usize, above: usize) {
        let spread = self.spread(layer);
        let apart = self.columns / spread.step;
        for ((i, j), exponent) in self.geometry(layer).border() {
            for residue in 0..apart.min(spread.channels) {
                // Channels in order of rising power: the last channel has power 0.
                let column: Vec<usize> = (0..spread.channels).rev().skip(residue).step_by(apart).collect();
                for block in column.chunks(self.lanes) {
                    let row = ActivationRow::Border { layer, i, j, first: block[0], step: apart, count: block.len() };
                    let y = (above + spread.power(block[0])) as i64;
                    self.push(row, None, Some(Monomial { x: exponent as i64, y, z: 0 }));
                }
            }
        }
    }

    fn map(&mut self, layer: usize, above: usize) {
        let (spread, geometry) = (self.spread(layer), self.geometry(layer));
        for c in 0..spread.channels {
            let y = (above + spread.power(c)) as i64;
            let id = self.net.layers[layer].output;
            self.channel(id, c, |i, j| Monomial { x: geometry.made(i, j) as i64, y, z: 0 });
        }
    }

    /// Logits: one to a row, each with its comparison below it; the reading sum packs them for the commitment.
    fn logits(&mut self, layer: usize, above: usize) {
        let (spread, geometry) = (self.spread(layer), self.geometry(layer));
        for c in 0..spread.channels {
            let map = self.net.layers[layer].output;
            let cells = ActivationRow::Cells { map, start: c == 0, first: c, step: 1, count: 1 };
            let read = Monomial { x: (c / PACK) as i64, y: 0, z: (c % PACK) as i64 };
            let y = (above + spread.power(c)) as i64;
            let made = Monomial { x: geometry.made(0, 0) as i64, y, z: 0 };
            self.push(cells, Some(read), Some(made));
            self.push(ActivationRow::Compare { logit: c }, None, None);
        }
    }

    fn finish(self, values: &mut Values, input_gap: usize, output_gap: usize, first_compare: usize) -> Activations {
        let mut steps = vec![Steps::default(); self.rows.len()];
        let (mut read, mut made) = (None, None);
        let mut last = vec![];
        for (row, &(r, m)) in self.monomials.iter().enumerate() {
            match self.rows[row] {
                ActivationRow::Gap => {
                    last.push((read, made));
                    made = None;
                }
                ActivationRow::Cells { start: false, .. } => {
                    steps[row].read = read.zip(r).map(|(before, now)| values.monomial(before / now));
                }
                _ => {}
            }
            if let Some(now) = m {
                // Nothing precedes the first row of a sum: it steps by zero.
                steps[row].made = Some(match made {
                    Some(before) => values.monomial(before / now),
                    None => values.zero(),
                });
                made = m;
            }
            read = r.or(read);
        }
        let end = |side: Option<Monomial>, values: &mut Values| values.monomial(side.unwrap_or_default());
        let (packed, produced, logit) = (last[0].1, last[1].1, last[1].0);
        let cells = |row: &ActivationRow| match *row {
            ActivationRow::Cells { map, .. } => Some(map),
            _ => None,
        };
        Activations {
            pads: self.rows.iter().map(|r| cells(r).map_or(0, |id| self.net.maps[id].pad)).collect(),
            hops: self.rows.iter().map(|r| cells(r).is_some_and(|id| id > 0 && self.readings[id].step == 2)).collect(),
            rows: self.rows,
            steps,
            exports: self.exports,
            input_gap,
            output_gap,
            first_compare,
            last_packed: end(packed, values),
            last_made: end(produced, values),
            last_logit: end(logit, values),
        }
    }
}

impl Activations {
    /// Lane masks: lanes that are off in the same rows share one column; lanes that are never off have none.
    pub fn masks(&self, lanes: usize, rows: usize) -> (Vec<Option<usize>>, Vec<Vec<u8>>) {
        let counts: Vec<usize> = self
            .rows
            .iter()
            .map(|row| match *row {
                ActivationRow::Cells { count, .. } | ActivationRow::Border { count, .. } => count,
                _ => 0,
            })
            .collect();
        let mut widths: Vec<usize> = counts.iter().copied().filter(|&c| c > 0 && c < lanes).collect();
        widths.sort_unstable();
        widths.dedup();
        let lane_masks = (0..lanes).map(|l| widths.iter().filter(|&&w| w <= l).count().checked_sub(1)).collect();
        let column = |&width: &usize| {
            let mut mask = vec![0; rows];
            for (cell, &count) in mask.iter_mut().zip(&counts) {
                *cell = u8::from(count > width);
            }
            mask
        };
        (lane_masks, widths.iter().map(column).collect())
    }

    pub(super) fn fill(&self, plan: &mut Plan) {
        for (row, kind) in self.rows.iter().enumerate() {
            match *kind {
                ActivationRow::Idle => {}
                ActivationRow::Cells { map, start, .. } => {
                    plan.set(if start { Flag::Start } else { Flag::Run }, row);
                    if map == 0 {
                        plan.set(Flag::Input, row);
                    }
                    if self.hops[row] {
                        plan.set(Flag::Hop, row);
                    }
                    if self.pads[row] != 0 {
                        plan.numbers[Number::Pad as usize].push((row, small(i64::from(self.pads[row]))));
                    }
                }
                ActivationRow::Border { .. } => plan.set(Flag::Border, row),
                ActivationRow::Compare { .. } => plan.set(Flag::Compare, row),
                ActivationRow::Gap => plan.set(Flag::Gap, row),
            }
        }
    }
}
