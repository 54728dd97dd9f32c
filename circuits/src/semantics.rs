//! The one definition of what a network computes. Reference inference, witness generation and tests all use it.

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

/// The window sums of one output channel at any position, also outside the output map: what the border terms are.
pub struct ChannelSum<'a> {
    net: &'a Network,
    layer: &'a Layer,
    weights: &'a [i64],
    maps: &'a [MapTrace],
    channel: usize,
}

impl<'a> ChannelSum<'a> {
    /// Sums for output channel `channel` of `layer`.
    pub fn new(net: &'a Network, layer: &'a Layer, weights: &'a [i64], maps: &'a [MapTrace], channel: usize) -> Self {
        Self { net, layer, weights, maps, channel }
    }

    /// `Σ W'·(x - pad)` over the window of output position `(i, j)`, without the bias.
    pub fn at(&self, i: i64, j: i64) -> i64 {
        let w = &self.layer.window;
        let (top, left) = (i * w.stride as i64 - w.pad_top as i64, j * w.stride as i64 - w.pad_left as i64);
        let mut sum = 0;
        for (slot, &id) in self.layer.inputs.iter().enumerate() {
            let map = &self.net.maps[id];
            let rows = range(top, w.rows, map.height);
            let cols = range(left, w.cols, map.width);
            for (input, base) in self.sources(slot, map) {
                for a in rows.clone() {
                    for b in cols.clone() {
                        let (p, q) = ((top + a as i64) as usize, (left + b as i64) as usize);
                        let x = i64::from(self.maps[id].y[map.index(input, p, q)]) - i64::from(map.pad);
                        sum += self.weights[base + a * w.cols + b] * x;
                    }
                }
            }
        }
        sum
    }

    /// Input channels that this output channel sees, with where their weights start.
    fn sources(&self, slot: usize, map: &MapSpec) -> impl Iterator<Item = (usize, usize)> + use<> {
        let taps = self.layer.window.taps();
        let (channels, first) = match self.layer.op {
            Op::Dense => (0..map.channels, self.channel * map.channels * taps),
            Op::Depthwise => (self.channel..self.channel + 1, (slot * map.channels + self.channel) * taps),
        };
        channels.enumerate().map(move |(n, c)| (c, first + n * taps))
    }
}

/// Kernel positions that fall inside an axis of `size` when the window starts at `start`.
fn range(start: i64, kernel: usize, size: usize) -> std::ops::Range<usize> {
    let low = (-start).clamp(0, kernel as i64) as usize;
    let high = (size as i64 - start).clamp(0, kernel as i64) as usize;
    low..high.max(low)
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
    let mut trace = MapTrace { d: vec![], rem: vec![], y: vec![] };
    for (c, &bias) in bias.iter().enumerate() {
        let sum = ChannelSum::new(net, layer, weights, maps, c);
        for i in 0..out.height {
            for j in 0..out.width {
                let value = sum.at(i as i64, j as i64) + bias;
                if value < 0 || value >> (2 * precision.bits) != 0 {
                    return Err(InferError::OutOfRange {
                        layer: layer.name.clone(),
                        channel: c,
                        value,
                        bits: 2 * precision.bits,
                    });
                }
                let d = (value >> precision.bits) as u32;
                trace.d.push(d);
                trace.rem.push((value & ((1 << precision.bits) - 1)) as u32);
                trace.y.push(precision.clamp(d));
            }
        }
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
    fn window_range_keeps_to_the_map() {
        assert_eq!(range(-1, 3, 8), 1..3);
        assert_eq!(range(6, 3, 8), 0..2);
        assert_eq!(range(0, 3, 8), 0..3);
        assert!(range(9, 3, 8).is_empty());
        assert!(range(-4, 3, 8).is_empty());
    }
}
