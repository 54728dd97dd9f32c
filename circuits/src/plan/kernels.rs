//! Rows of parameters, and the products of kernels with channel values.
//!
//! A group of rows computes one kernel value by a running sum: over the outputs in powers of s ([`Feed::Fresh`] and
//! [`Feed::Next`] rows, full of parameters) or over a window in powers of α ([`Feed::Tap`] and [`Feed::Taps`] rows).
//! The row after the group adds kernel × channel value to the layer's total, which leaves at the layer's end.

use std::collections::{BTreeMap, BTreeSet};

use super::{Activations, Feed, Geometry, Reading, ValueId, Values, taps_per_row};
use crate::network::{Layer, Network, Op};

/// Names one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `params[layer].weights[index]`
    Weight(usize, usize),
    /// `params[layer].bias[index]`
    Bias(usize, usize),
}

/// Where a parameter lies.
#[derive(Clone, Copy, Debug)]
pub struct ParamCell {
    /// Row.
    pub row: usize,
    /// Weight column.
    pub column: usize,
    /// The parameter.
    pub parameter: Parameter,
}

/// All rows of parameters.
#[derive(Clone, Debug, Default)]
pub struct Kernels {
    /// Parameters; the other cells of the weight columns are zero.
    pub cells: Vec<ParamCell>,
    /// Steps of the kernel sum, by row.
    pub carries: BTreeMap<usize, ValueId>,
    /// Values that are multiplied with the kernel of the row above, by row.
    pub products: BTreeMap<usize, ValueId>,
    /// What rows do, where they do anything.
    pub feeds: BTreeMap<usize, Feed>,
    /// Rows where the layers' totals leave.
    pub totals: Vec<usize>,
    /// First row after the kernels.
    pub end: usize,
}

/// Rows of one kernel value.
#[derive(Default)]
struct Group {
    rows: Vec<GroupRow>,
}

struct GroupRow {
    feed: Option<Feed>,
    carry: Option<ValueId>,
    parameters: Vec<(usize, Parameter)>,
}

struct Layout<'a> {
    net: &'a Network,
    columns: usize,
    /// Rows where the wire has other uses.
    taken: &'a [bool],
    values: &'a mut Values,
    out: Kernels,
}

impl Kernels {
    /// Lays out the parameters of every layer, from row `start` on, around rows where the wire is taken.
    pub fn new(
        net: &Network,
        readings: &[Reading],
        columns: usize,
        activations: &Activations,
        taken: &[bool],
        start: usize,
        values: &mut Values,
    ) -> Self {
        let mut layout = Layout { net, columns, taken, values, out: Self { end: start, ..Self::default() } };
        for (index, layer) in net.layers.iter().enumerate() {
            let geometry = Geometry::new(net, layer, readings[layer.inputs[0]]);
            let sources = layout.sources(layer, readings, activations);
            match layer.op {
                Op::Dense => layout.dense(index, &geometry, &sources),
                Op::Depthwise => layout.depthwise(index, &geometry, &sources),
            }
            layout.bias(index, &geometry);
            layout.leave();
        }
        layout.out
    }
}

/// Values of a layer's input channels, by input, channel and phase.
type Sources = BTreeMap<(usize, usize, (usize, usize)), ValueId>;

impl Layout<'_> {
    /// What a layer's kernels are multiplied with: channel values, less what stands for zero where the layer pads.
    fn sources(&mut self, layer: &Layer, readings: &[Reading], activations: &Activations) -> Sources {
        let mut sources = Sources::new();
        for (slot, &id) in layer.inputs.iter().enumerate() {
            let (map, reading) = (self.net.maps[id], readings[id]);
            let phases = (0..reading.step).flat_map(|p| (0..reading.step).map(move |q| (p, q)));
            for (phase, c) in phases.flat_map(|phase| (0..map.channels).map(move |c| (phase, c))) {
                let Some(&row) = activations.exports.get(&(id, c, phase)) else { continue };
                let mut value = self.values.wire(row);
                if map.pad != 0 {
                    let rows = super::geometry::sub_size(map.height, reading.step, phase.0);
                    let cols = super::geometry::sub_size(map.width, reading.step, phase.1);
                    let all = self.values.grid(0, reading.pitch, rows, cols);
                    let pad = self.values.constant(-i64::from(map.pad));
                    value = self.values.sum(all, pad, value);
                }
                sources.insert((slot, c, phase), value);
            }
        }
        sources
    }

    fn is_taken(&self, row: usize) -> bool {
        self.taken.get(row).is_some_and(|&t| t)
    }

    /// Places a group as early as its carries and its product find the wire free. With `shift` the product's row is its
    /// own, and makes room in the total before it takes the product in; otherwise the next group may start there.
    fn place(&mut self, group: Group, source: ValueId, shift: bool) {
        let len = group.rows.len();
        let mut start = self.out.end;
        let clash = |start: usize| {
            let carries = group.rows.iter().enumerate().filter(|(_, row)| row.carry.is_some()).map(|(i, _)| i);
            carries.chain([len]).any(|i| self.is_taken(start + i))
        };
        while clash(start) {
            start += 1;
        }
        for (row, content) in (start..).zip(group.rows) {
            self.out.feeds.extend(content.feed.map(|feed| (row, feed)));
            self.out.carries.extend(content.carry.map(|value| (row, value)));
            let cells = content.parameters.into_iter();
            self.out.cells.extend(cells.map(|(column, parameter)| ParamCell { row, column, parameter }));
        }
        let product = start + len;
        self.out.products.insert(product, source);
        self.out.end = product;
        if shift {
            self.out.feeds.insert(product, Feed::Shift);
            self.out.end += 1;
        }
    }

    fn leave(&mut self) {
        let mut row = self.out.end + 1;
        while self.is_taken(row) {
            row += 1;
        }
        self.out.feeds.insert(row, Feed::Leave);
        self.out.totals.push(row);
        self.out.end = row + 1;
    }

    /// Parameters of all outputs in powers of s: the last output has power zero.
    fn weights(&mut self, outputs: usize, name: impl Fn(usize) -> Parameter) -> Group {
        let rows = outputs.div_ceil(self.columns);
        let slot = |power: usize| Some(name((outputs - 1).checked_sub(power)?));
        let row = |n: usize| GroupRow {
            feed: Some(if n == 0 { Feed::Fresh } else { Feed::Next }),
            carry: None,
            parameters: (0..self.columns)
                .filter_map(|column| Some((column, slot(self.columns * (rows - 1 - n) + column)?)))
                .collect(),
        };
        Group { rows: (0..rows).map(row).collect() }
    }

    fn dense(&mut self, index: usize, geometry: &Geometry, sources: &Sources) {
        let layer = &self.net.layers[index];
        let (inputs, outputs) = (self.net.maps[layer.inputs[0]].channels, self.net.maps[layer.output].channels);
        for c in 0..inputs {
            for tap in &geometry.taps {
                let name = |output| Parameter::Weight(index, (output * inputs + c) * layer.window.taps() + tap.index);
                let group = self.weights(outputs, name);
                let shift = self.values.alpha(tap.shift);
                let source = self.values.product(shift, sources[&(0, c, tap.phase)]);
                self.place(group, source, false);
            }
        }
    }

    fn depthwise(&mut self, index: usize, geometry: &Geometry, sources: &Sources) {
        let layer = &self.net.layers[index];
        let channels = self.net.maps[layer.output].channels;
        let phases: BTreeSet<_> = geometry.taps.iter().map(|t| t.phase).collect();
        for c in 0..channels {
            let mut shift = true;
            for slot in 0..layer.inputs.len() {
                for &phase in &phases {
                    let name = |tap| Parameter::Weight(index, (slot * channels + c) * layer.window.taps() + tap);
                    let group = self.window(geometry, phase, name);
                    self.place(group, sources[&(slot, c, phase)], shift);
                    shift = false;
                }
            }
        }
    }

    /// Taps of one phase by a running sum in α, the highest exponent first, several to a row where they are neighbours.
    fn window(&mut self, geometry: &Geometry, phase: (usize, usize), name: impl Fn(usize) -> Parameter) -> Group {
        let mut taps: Vec<_> = geometry.taps.iter().filter(|t| t.phase == phase).collect();
        taps.sort_by_key(|t| std::cmp::Reverse(t.shift));
        let most = taps_per_row(self.columns);
        let mut group = Group::default();
        let mut above: Option<usize> = None;
        let mut rest = &taps[..];
        while let Some(first) = rest.first() {
            let side_by_side = rest.len() >= most && first.shift - rest[most - 1].shift == most - 1;
            let (row, after) = rest.split_at(if side_by_side { most } else { 1 });
            let base = row[row.len() - 1].shift;
            let carry = above.map(|before| self.values.alpha(before - base));
            let parameters = row.iter().map(|tap| (tap.shift - base, name(tap.index))).collect();
            let feed = Some(if row.len() > 1 { Feed::Taps } else { Feed::Tap });
            group.rows.push(GroupRow { feed, carry, parameters });
            (above, rest) = (Some(base), after);
        }
        if let Some(base) = above.filter(|&base| base > 0) {
            let carry = Some(self.values.alpha(base));
            group.rows.push(GroupRow { feed: None, carry, parameters: vec![] });
        }
        group
    }

    /// Biases: one per output, times the sum of all kept positions.
    fn bias(&mut self, index: usize, geometry: &Geometry) {
        let (first, rows, cols) = geometry.kept();
        let kept = self.values.grid(first, geometry.pitch(), rows, cols);
        let group = self.weights(self.net.maps[self.net.layers[index].output].channels, |o| Parameter::Bias(index, o));
        self.place(group, kept, false);
    }
}
