//! The one definition of what a network computes. Reference inference, witness generation and tests all use it.

use std::ops::Range;

use rayon::prelude::*;

use crate::network::{Layer, MapSpec, Network, Op, Params};

/// All cells of one feature map, planar (`[channel][row][column]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapTrace {
    /// High parts, looked up together with `y`.
    pub d: Vec<u32>,
    /// Remainders.
    pub rem: Vec<u32>,
    /// Activations.
    pub y: Vec<u8>,
}

impl MapTrace {
    fn with_capacity(cells: usize) -> Self {
        Self { d: Vec::with_capacity(cells), rem: Vec::with_capacity(cells), y: Vec::with_capacity(cells) }
    }
}

/// Everything that one inference computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// One entry per map of the network.
    pub maps: Vec<MapTrace>,
    /// Position of the largest logit, the lowest if several are equal.
    pub label: usize,
}

impl Trace {
    /// The logits.
    pub fn logits(&self) -> &[u8] {
        self.maps.last().map_or(&[], |m| &m.y)
    }
}

/// Why an input has no inference.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InferError {
    /// The input has the wrong size.
    #[error("the input has {got} bytes, the model takes {expected} ({shape})")]
    InputSize {
        /// Bytes given.
        got: usize,
        /// Bytes needed.
        expected: usize,
        /// Shape in words.
        shape: String,
    },
    /// An accumulator left the range that the table covers.
    #[error(
        "layer {layer}, channel {channel}: an activation leaves the table's range ({value} is not in 0..2^{bits}); recalibrate the model or give it more bits"
    )]
    OutOfRange {
        /// Name of the layer.
        layer: String,
        /// Channel.
        channel: usize,
        /// The accumulator.
        value: i64,
        /// Bits of the range.
        bits: u32,
    },
}

/// The window sums of a layer's output channels at any positions, also outside the output map: what the border terms are.
///
/// Sums are computed in `f64`, which the processor adds two or four at a time. They are exact: weights and `x - pad` are
/// integers, and [`Network::check_params`] keeps all sums of their products below 2^53.
pub struct WindowSums<'a> {
    net: &'a Network,
    layer: &'a Layer,
    weights: &'a [i64],
    /// Input maps as `x - pad`.
    inputs: Vec<Vec<f64>>,
}

impl<'a> WindowSums<'a> {
    /// Sums of `layer` with `weights` over the maps computed so far.
    pub fn new(net: &'a Network, layer: &'a Layer, weights: &'a [i64], maps: &[MapTrace]) -> Self {
        let relative = |id: usize| {
            let pad = f64::from(net.maps[id].pad);
            maps[id].y.iter().map(|&x| f64::from(x) - pad).collect()
        };
        Self { net, layer, weights, inputs: layer.inputs.iter().map(|&id| relative(id)).collect() }
    }

    /// `Σ W'·(x - pad)` over the window of each output position in `rows` × `cols`, row by row, without the bias.
    pub fn over(&self, channel: usize, rows: Range<i64>, cols: Range<i64>) -> Vec<i64> {
        let width = (cols.end - cols.start).max(0) as usize;
        let height = (rows.end - rows.start).max(0) as usize;
        let mut sums = vec![0.0; height * width];
        for (slot, &id) in self.layer.inputs.iter().enumerate() {
            let map = &self.net.maps[id];
            let (channels, first) = self.sources(channel, slot, map);
            let cells = &self.inputs[slot][map.index(channels.start, 0, 0)..map.index(channels.end, 0, 0)];
            let weights: Vec<f64> = self.weights[first..first + channels.len() * self.layer.window.taps()]
                .iter()
                .map(|&w| w as f64)
                .collect();
            if (rows.start, cols.start, height, width) == (0, 0, 1, 1) && self.layer.window.covers(map) {
                sums[0] += dot(&weights, cells);
            } else {
                self.slide(&mut sums, [(rows.start, height), (cols.start, width)], map, cells, &weights);
            }
        }
        sums.into_iter().map(|sum| sum as i64).collect()
    }

    /// One such sum.
    pub fn at(&self, channel: usize, i: i64, j: i64) -> i64 {
        self.over(channel, i..i + 1, j..j + 1)[0]
    }

    /// Input channels that an output channel sees, and where their weights start.
    fn sources(&self, channel: usize, slot: usize, map: &MapSpec) -> (Range<usize>, usize) {
        let taps = self.layer.window.taps();
        match self.layer.op {
            Op::Dense => (0..map.channels, channel * map.channels * taps),
            Op::Depthwise => (channel..channel + 1, (slot * map.channels + channel) * taps),
        }
    }

    /// Adds each weight's share to the sums at the positions that it reaches.
    fn slide(&self, sums: &mut [f64], [rows, cols]: [(i64, usize); 2], map: &MapSpec, cells: &[f64], weights: &[f64]) {
        let w = &self.layer.window;
        for a in 0..w.rows {
            let down = Reach::new(a, w.pad_top, w.stride, map.height, rows);
            for b in 0..w.cols {
                let across = Reach::new(b, w.pad_left, w.stride, map.width, cols);
                let channels = cells.chunks(map.height * map.width).zip(weights.chunks(w.taps()));
                for (cells, weights) in channels {
                    add_scaled(sums, cols.1, cells, map.width, weights[a * w.cols + b], &down, &across);
                }
            }
        }
    }
}

/// The scalar product, in several sums that do not wait for each other.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const SUMS: usize = 8;
    let (a, b) = (a.chunks_exact(SUMS), b.chunks_exact(SUMS));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0; SUMS];
    for (a, b) in a.zip(b) {
        for ((sum, x), y) in sums.iter_mut().zip(a).zip(b) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Along one axis, the output positions whose window has its `tap`-th cell inside the input, and which cell that is.
struct Reach {
    /// Output positions, counted from the first one asked for.
    outputs: Range<usize>,
    /// Input position of the first of them.
    input: usize,
    /// Input positions between neighbours.
    stride: usize,
}

impl Reach {
    fn new(tap: usize, pad: usize, stride: usize, size: usize, (first, count): (i64, usize)) -> Self {
        let step = stride as i64;
        // Output position p reads input position p·step + shift, which must lie in 0..size.
        let shift = tap as i64 - pad as i64;
        let low = (-shift).div_euclid(step) + i64::from((-shift).rem_euclid(step) != 0);
        let high = (size as i64 - 1 - shift).div_euclid(step) + 1;
        let (low, high) = (low.max(first), high.min(first + count as i64));
        if low >= high {
            return Self { outputs: 0..0, input: 0, stride };
        }
        Self { outputs: (low - first) as usize..(high - first) as usize, input: (low * step + shift) as usize, stride }
    }
}

/// Adds one weight's share to the sums.
fn add_scaled(
    sums: &mut [f64],
    width: usize,
    cells: &[f64],
    map_width: usize,
    weight: f64,
    down: &Reach,
    across: &Reach,
) {
    let count = across.outputs.len();
    // Whole rows one after the other are one long row: most layers are 1×1, and most maps are narrow.
    if (count, count, across.stride) == (width, map_width, 1) {
        let (to, from) = (down.outputs.start * width, down.input * width);
        let length = down.outputs.len() * width;
        for (sum, x) in sums[to..to + length].iter_mut().zip(&cells[from..from + length]) {
            *sum += weight * x;
        }
        return;
    }
    for (n, i) in down.outputs.clone().enumerate() {
        let to = &mut sums[i * width..][across.outputs.clone()];
        let from = &cells[(down.input + n * down.stride) * map_width..][across.input..];
        if across.stride == 1 {
            for (sum, x) in to.iter_mut().zip(from) {
                *sum += weight * x;
            }
        } else {
            for (sum, x) in to.iter_mut().zip(from.iter().step_by(across.stride)) {
                *sum += weight * x;
            }
        }
    }
}

/// Runs the network on stored input values, planar.
pub fn infer(net: &Network, params: &Params, input: &[u8]) -> Result<Trace, InferError> {
    let spec = net.input();
    if input.len() != spec.len() {
        return Err(InferError::InputSize {
            got: input.len(),
            expected: spec.len(),
            shape: format!("{} × {} pixels, {} channels", spec.height, spec.width, spec.channels),
        });
    }
    let mut maps = Vec::with_capacity(net.maps.len());
    maps.push(input_trace(net, input));
    for (layer, p) in net.layers.iter().zip(params) {
        let out = evaluate(net, layer, &p.weights, &p.bias, &maps)?;
        maps.push(out);
    }
    let label = arg_max(maps.last().map_or(&[][..], |m| &m.y));
    Ok(Trace { maps, label })
}

/// The input as a map: each pixel with a `d` that the table sends to it.
fn input_trace(net: &Network, input: &[u8]) -> MapTrace {
    MapTrace {
        d: input.iter().map(|&y| net.precision.preimage(y)).collect(),
        rem: vec![0; input.len()],
        y: input.to_vec(),
    }
}

fn evaluate(
    net: &Network,
    layer: &Layer,
    weights: &[i64],
    bias: &[i64],
    maps: &[MapTrace],
) -> Result<MapTrace, InferError> {
    let (out, precision) = (&net.maps[layer.output], net.precision);
    let sums = WindowSums::new(net, layer, weights, maps);
    let channel = |c: usize| {
        let mut trace = MapTrace::with_capacity(out.height * out.width);
        for sum in sums.over(c, 0..out.height as i64, 0..out.width as i64) {
            let value = sum + bias[c];
            if value < 0 || value >> (2 * precision.bits) != 0 {
                let (layer, bits) = (layer.name.clone(), 2 * precision.bits);
                return Err(InferError::OutOfRange { layer, channel: c, value, bits });
            }
            let d = (value >> precision.bits) as u32;
            trace.d.push(d);
            trace.rem.push((value & ((1 << precision.bits) - 1)) as u32);
            trace.y.push(precision.clamp(d));
        }
        Ok(trace)
    };
    let channels: Vec<_> = (0..out.channels).into_par_iter().map(channel).collect();
    let mut trace = MapTrace::with_capacity(out.len());
    for channel in channels {
        // Of several channels out of range, always the first is named.
        let channel = channel?;
        trace.d.extend(channel.d);
        trace.rem.extend(channel.rem);
        trace.y.extend(channel.y);
    }
    Ok(trace)
}

/// Index of the first largest value.
fn arg_max(values: &[u8]) -> usize {
    values.iter().enumerate().max_by_key(|&(i, &v)| (v, usize::MAX - i)).map_or(0, |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lowest_index() {
        assert_eq!(arg_max(&[3, 9, 1, 9]), 1);
        assert_eq!(arg_max(&[7, 7, 7]), 0);
    }

    #[test]
    fn windows_reach_only_into_the_map() {
        let reach = |tap, pad, stride, first, count| {
            let r = Reach::new(tap, pad, stride, 8, (first, count));
            (r.outputs, r.input)
        };
        assert_eq!(reach(0, 1, 1, 0, 8), (1..8, 0));
        assert_eq!(reach(2, 1, 1, 0, 8), (0..7, 1));
        assert_eq!(reach(0, 1, 2, 0, 4), (1..4, 1));
        assert_eq!(reach(1, 0, 2, -2, 8), (2..6, 1));
        assert_eq!(reach(0, 0, 1, 9, 3), (0..0, 0));
        assert_eq!(reach(0, 0, 1, -4, 3), (0..0, 0));
    }
}
