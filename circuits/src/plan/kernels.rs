//! Rows of parameters, and the products of kernels with channel values.
//!
//! A group of rows computes one kernel value by a running sum: over the outputs in powers of s ([`Flag::Weight`]
//! rows, a full row of parameters each) or over a window in powers of α ([`Flag::Tap`] rows, one parameter each). The
//! row after the group adds kernel × channel value to the total.

use std::collections::{BTreeMap, BTreeSet};

use super::{Activations, Cell, Choice, Flag, Geometry, Monomial, Plan, Reading, Spread, ValueId, Values, Wire};
use crate::network::{Network, Op};

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

/// What a product multiplies the kernel with.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// A channel's value, handed over in this cell.
    Channel(Cell),
    /// A derived value: the sum of all kept positions, for biases.
    Value(ValueId),
}

/// All rows of parameters.
#[derive(Clone, Debug, Default)]
pub struct Kernels {
    /// Parameters; the other cells of the weight columns are zero.
    pub cells: Vec<ParamCell>,
    /// Steps of the kernel sum.
    pub carries: BTreeMap<usize, ValueId>,
    /// Products with the kernel of the row above.
    pub products: BTreeMap<usize, Source>,
    /// Rows of flags.
    flags: Vec<(Flag, usize)>,
    /// First row after the kernels.
    pub end: usize,
}

/// Rows of one kernel value.
#[derive(Default)]
struct Group {
    rows: Vec<GroupRow>,
}

struct GroupRow {
    flag: Option<Flag>,
    carry: Option<ValueId>,
    parameters: Vec<(usize, Parameter)>,
}

struct Layout<'a> {
    columns: usize,
    reserved: BTreeSet<usize>,
    values: &'a mut Values,
    out: Kernels,
}

impl Kernels {
    /// Lays out the parameters of every layer, from row `start` on, leaving the reserved rows of the wire column free.
    pub fn new(
        net: &Network,
        readings: &[Reading],
        choice: Choice,
        activations: &Activations,
        reserved: &[usize],
        start: usize,
        values: &mut Values,
    ) -> Self {
        let mut layout = Layout {
            columns: choice.weight_columns,
            reserved: reserved.iter().copied().collect(),
            values,
            out: Self { end: start, ..Self::default() },
        };
        for (index, layer) in net.layers.iter().enumerate() {
            let geometry = Geometry::new(net, layer, readings[layer.inputs[0]]);
            let spread = Spread::new(layer.op, net.maps[layer.output].channels, choice.weight_columns);
            let source = |slot: usize, c: usize, phase| {
                let row = activations.exports[&(layer.inputs[slot], c, phase)];
                Source::Channel(Cell { column: Wire::ReadStep, row })
            };
            match layer.op {
                Op::Dense => {
                    let inputs = net.maps[layer.inputs[0]].channels;
                    layout.dense(index, &geometry, spread, inputs, layer.window.taps(), |c, phase| source(0, c, phase));
                }
                Op::Depthwise => {
                    layout.depthwise(index, &geometry, spread, layer.inputs.len(), layer.window.taps(), source);
                }
            }
            layout.bias(index, &geometry, spread);
        }
        layout.out.end += 1;
        layout.out
    }

    pub(super) fn fill(&self, plan: &mut Plan) {
        for &(flag, row) in &self.flags {
            plan.set(flag, row);
        }
        for &row in self.carries.keys() {
            plan.set(Flag::Carry, row);
        }
        for &row in self.products.keys() {
            plan.set(Flag::Product, row);
        }
    }
}

impl Layout<'_> {
    /// Places a group and its product; `shifts` is how many of its rows make room in the total.
    fn place(&mut self, group: Group, source: Source, shifts: usize) {
        let len = group.rows.len();
        let mut start = self.out.end;
        // A derivation may not be split either, so the product row counts as part of the group.
        while let Some(&hit) = self.reserved.range(start..=start + len).next_back() {
            start = hit + 1;
        }
        for (row, content) in (start..).zip(group.rows) {
            self.out.flags.extend(content.flag.map(|f| (f, row)));
            self.out.carries.extend(content.carry.map(|value| (row, value)));
            let cells = content.parameters.into_iter();
            self.out.cells.extend(cells.map(|(column, parameter)| ParamCell { row, column, parameter }));
        }
        let product = start + len;
        self.out.products.insert(product, source);
        self.out.flags.extend((0..shifts).map(|i| (Flag::Shift, product - i)));
        // The product row may start the next group: its own kernel cell is free.
        self.out.end = product;
    }

    /// Parameters of all outputs in powers of s, the highest first; `slots[p]` is the parameter at power `p`.
    fn weights(&mut self, width: usize, slot: impl Fn(usize) -> Option<Parameter>) -> Group {
        let step = self.values.monomial(Monomial { y: self.columns as i64, ..Monomial::default() });
        let rows = width / self.columns;
        let row = |n: usize| GroupRow {
            flag: Some(Flag::Weight),
            carry: (n > 0).then_some(step),
            parameters: (0..self.columns)
                .filter_map(|column| Some((column, slot(self.columns * (rows - 1 - n) + column)?)))
                .collect(),
        };
        Group { rows: (0..rows).map(row).collect() }
    }

    fn shift(&mut self, group: &mut Group, exponent: usize) {
        if exponent > 0 {
            let carry = self.values.monomial(Monomial { x: exponent as i64, ..Monomial::default() });
            group.rows.push(GroupRow { flag: None, carry: Some(carry), parameters: vec![] });
        }
    }

    fn dense(
        &mut self,
        layer: usize,
        geometry: &Geometry,
        spread: Spread,
        inputs: usize,
        taps: usize,
        source: impl Fn(usize, (usize, usize)) -> Source,
    ) {
        let mut shifts = spread.width / self.columns;
        for c in 0..inputs {
            for tap in &geometry.taps {
                let mut group = self.weights(spread.width, |power| {
                    let output = (spread.channels - 1).checked_sub(power)?;
                    Some(Parameter::Weight(layer, (output * inputs + c) * taps + tap.index))
                });
                self.shift(&mut group, tap.shift);
                self.place(group, source(c, tap.phase), shifts);
                shifts = 0;
            }
        }
    }

    fn depthwise(
        &mut self,
        layer: usize,
        geometry: &Geometry,
        spread: Spread,
        inputs: usize,
        taps: usize,
        source: impl Fn(usize, usize, (usize, usize)) -> Source,
    ) {
        let phases: BTreeSet<_> = geometry.taps.iter().map(|t| t.phase).collect();
        for c in 0..spread.channels {
            let mut shifts = 1;
            for slot in 0..inputs {
                for &phase in &phases {
                    let group = self.window(geometry, phase, |tap| {
                        Parameter::Weight(layer, (slot * spread.channels + c) * taps + tap)
                    });
                    self.place(group, source(slot, c, phase), shifts);
                    shifts = 0;
                }
            }
        }
    }

    /// Taps of one phase by a running sum in α, the highest exponent first.
    fn window(&mut self, geometry: &Geometry, phase: (usize, usize), name: impl Fn(usize) -> Parameter) -> Group {
        let mut taps: Vec<_> = geometry.taps.iter().filter(|t| t.phase == phase).collect();
        taps.sort_by_key(|t| std::cmp::Reverse(t.shift));
        let mut group = Group::default();
        let mut above = None;
        for tap in taps {
            let carry = above.map(|before: usize| {
                self.values.monomial(Monomial { x: (before - tap.shift) as i64, ..Monomial::default() })
            });
            group.rows.push(GroupRow { flag: Some(Flag::Tap), carry, parameters: vec![(0, name(tap.index))] });
            above = Some(tap.shift);
        }
        self.shift(&mut group, above.unwrap_or(0));
        group
    }

    /// Biases: one per output, times the sum of all kept positions.
    fn bias(&mut self, layer: usize, geometry: &Geometry, spread: Spread) {
        let (first, rows, cols) = geometry.kept();
        let kept = self.values.grid(first, geometry.pitch(), rows, cols);
        let group = self.weights(spread.width, |power| {
            let behind = power.is_multiple_of(spread.step).then_some(power / spread.step)?;
            Some(Parameter::Bias(layer, (spread.channels - 1).checked_sub(behind)?))
        });
        self.place(group, Source::Value(kept), 0);
    }
}
