//! Rows of parameters, and the products of kernels with channel values.
//!
//! A group of rows computes one kernel value by a running sum: over the outputs in powers of s ([`Feed::Fresh`] and
//! [`Feed::Next`] rows, full of parameters) or over a window in powers of α ([`Feed::Tap`] and [`Feed::Taps`] rows).
//! The row after the group adds kernel × channel value to the layer's total, which leaves at the layer's end.

use std::collections::{BTreeMap, BTreeSet};

use super::{Activations, Derived, Feed, Geometry, Reading, ValueId, taps_per_row};
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
    /// Derived that are multiplied with the kernel of the row above, by row.
    pub products: BTreeMap<usize, ValueId>,
    /// First row.
    pub start: usize,
    /// What rows do, one after the other.
    pub feeds: Vec<Feed>,
    /// Rows where the layers' totals leave.
    pub totals: Vec<usize>,
}

/// Rows of one kernel value.
#[derive(Default)]
struct Group {
    rows: Vec<GroupRow>,
}

struct GroupRow {
    feed: Feed,
    carry: Option<ValueId>,
    parameters: Vec<(usize, Parameter)>,
}

struct Layout<'a> {
    net: &'a Network,
    columns: usize,
    values: &'a mut Derived,
    out: Kernels,
}

impl Kernels {
    /// Lays out the parameters of every layer below the activations.
    pub fn new(
        net: &Network,
        readings: &[Reading],
        columns: usize,
        activations: &Activations,
        values: &mut Derived,
    ) -> Self {
        let start = activations.rows.len();
        // Whatever is above, the first total starts from zero.
        let out = Self { start, feeds: vec![Feed::Leave], ..Self::default() };
        let mut layout = Layout { net, columns, values, out };
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

    /// First row after the kernels.
    pub fn end(&self) -> usize {
        self.start + self.feeds.len()
    }
}

/// Derived of a layer's input channels, by input, channel and phase.
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

    /// Adds a row.
    fn push(&mut self, row: GroupRow) {
        let at = self.out.end();
        self.out.feeds.push(row.feed);
        self.out.carries.extend(row.carry.map(|value| (at, value)));
        let cells = row.parameters.into_iter();
        self.out.cells.extend(cells.map(|(column, parameter)| ParamCell { row: at, column, parameter }));
    }

    /// Adds a group, and its product with a value in the row after it. With `shift` that row is its own, and makes room
    /// in the total before it takes the product in; otherwise the next group starts there.
    fn place(&mut self, group: Group, source: ValueId, shift: bool) {
        group.rows.into_iter().for_each(|row| self.push(row));
        self.out.products.insert(self.out.end(), source);
        if shift {
            self.out.feeds.push(Feed::Shift);
        }
    }

    /// Ends a layer: the last product is taken in, then the total leaves.
    fn leave(&mut self) {
        self.out.feeds.push(Feed::Keep);
        self.out.totals.push(self.out.end());
        self.out.feeds.push(Feed::Leave);
    }

    /// Parameters of all outputs in powers of s: the last output has power zero.
    fn weights(&mut self, outputs: usize, name: impl Fn(usize) -> Parameter) -> Group {
        let rows = outputs.div_ceil(self.columns);
        let slot = |power: usize| Some(name((outputs - 1).checked_sub(power)?));
        let row = |n: usize| GroupRow {
            feed: if n == 0 { Feed::Fresh } else { Feed::Next },
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
            let feed = if row.len() > 1 { Feed::Taps } else { Feed::Tap };
            group.rows.push(GroupRow { feed, carry, parameters });
            (above, rest) = (Some(base), after);
        }
        if let Some(base) = above.filter(|&base| base > 0) {
            let carry = Some(self.values.alpha(base));
            group.rows.push(GroupRow { feed: Feed::Keep, carry, parameters: vec![] });
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
