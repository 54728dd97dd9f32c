//! How far accumulators can get: interval analysis over all inputs that there are.
//!
//! A provider whose model leaves the table's range on some input cannot prove what it says about that input. If the
//! bounds of all layers lie within the table, there is no such input.

use crate::network::{Layer, LayerParams, Network, Op, Params, Precision};

/// Lowest and highest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Lowest.
    pub low: i64,
    /// Highest.
    pub high: i64,
}

impl Range {
    fn add(self, other: Self) -> Self {
        Self { low: self.low.saturating_add(other.low), high: self.high.saturating_add(other.high) }
    }

    /// The smallest range around both.
    pub fn around(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Whether accumulators in this range are in the table's.
    pub fn fits(self, precision: Precision) -> bool {
        self.low >= 0 && self.high >> (2 * precision.bits) == 0
    }

    /// The range of accumulators in units of stored values, before the clamp.
    pub fn in_steps(self, precision: Precision) -> Self {
        let steps = |v: i64| (v >> (precision.bits + precision.frac)) - precision.offset();
        Self { low: steps(self.low), high: steps(self.high) }
    }

    /// What a table covers, in units of stored values.
    pub fn of_table(precision: Precision) -> Self {
        Self { low: 0, high: (1 << (2 * precision.bits)) - 1 }.in_steps(precision)
    }
}

/// For each layer, the range of each output channel's accumulators.
pub fn bounds(net: &Network, params: &Params) -> Vec<Vec<Range>> {
    let mut stored = vec![vec![Range { low: 0, high: 255 }; net.input().channels]];
    let mut all = vec![];
    for (layer, p) in net.layers.iter().zip(params) {
        let accumulators = layer_bounds(net, layer, p, &stored);
        let clamp = |range: &Range| {
            let Range { low, high } = range.in_steps(net.precision);
            Range { low: low.clamp(0, 255), high: high.clamp(0, 255) }
        };
        stored.push(accumulators.iter().map(clamp).collect());
        all.push(accumulators);
    }
    all
}

fn layer_bounds(net: &Network, layer: &Layer, p: &LayerParams, stored: &[Vec<Range>]) -> Vec<Range> {
    let taps = layer.window.taps();
    let out = &net.maps[layer.output];
    let sources: Vec<Vec<Range>> = layer.inputs.iter().map(|&id| relative(net, layer, id, &stored[id])).collect();
    let window = |range: Range, weights: &[i64]| {
        weights.iter().fold(Range { low: 0, high: 0 }, |sum, &w| {
            let (a, b) = (w.saturating_mul(range.low), w.saturating_mul(range.high));
            sum.add(Range { low: a.min(b), high: a.max(b) })
        })
    };
    let channel = |o: usize| {
        let bias = Range { low: p.bias[o], high: p.bias[o] };
        match layer.op {
            Op::Dense => {
                let weights = p.weights.chunks(taps).skip(o * sources[0].len());
                sources[0].iter().zip(weights).fold(bias, |sum, (&x, weights)| sum.add(window(x, weights)))
            }
            Op::Depthwise => sources.iter().enumerate().fold(bias, |sum, (slot, source)| {
                let first = (slot * out.channels + o) * taps;
                sum.add(window(source[o], &p.weights[first..first + taps]))
            }),
        }
    };
    (0..out.channels).map(channel).collect()
}

/// Ranges of a map's channels as a layer computes with them: relative to what it pads with, which counts as zero.
fn relative(net: &Network, layer: &Layer, id: usize, stored: &[Range]) -> Vec<Range> {
    let map = &net.maps[id];
    let pad = i64::from(map.pad);
    let outside = layer.window.overhangs(map, &net.maps[layer.output]);
    let shift = |range: &Range| {
        let inside = Range { low: range.low - pad, high: range.high - pad };
        if outside { inside.around(Range { low: 0, high: 0 }) } else { inside }
    };
    stored.iter().map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample, semantics::infer};

    #[test]
    fn no_activation_leaves_its_bounds() {
        for seed in 0..100 {
            let model = sample::random(seed);
            let bounds = bounds(&model.network, &model.params);
            let Ok(trace) = infer(&model.network, &model.params, &sample::input(&model.network, seed)) else {
                continue;
            };
            let bits = model.network.precision.bits;
            for (layer, ranges) in model.network.layers.iter().zip(&bounds) {
                let (map, out) = (&trace.maps[layer.output], &model.network.maps[layer.output]);
                for (n, (&d, &rem)) in map.d.iter().zip(&map.rem).enumerate() {
                    let range = ranges[n / (out.height * out.width)];
                    let value = (i64::from(d) << bits) + i64::from(rem);
                    assert!((range.low..=range.high).contains(&value), "seed {seed}, {}", layer.name);
                }
            }
        }
    }

    #[test]
    fn bounds_of_a_first_layer_are_reached() {
        for seed in 0..20 {
            let model = sample::random(seed);
            let net = &model.network;
            let (layer, map) = (&net.layers[0], *net.input());
            let (w, out) = (layer.window, net.maps[1]);
            if w.overhangs(&map, &out) {
                continue;
            }
            // The image that makes channel 0 largest at the first position.
            let mut image = vec![map.pad; map.len()];
            for c in 0..map.channels {
                for (n, &weight) in model.params[0].weights[c * w.taps()..][..w.taps()].iter().enumerate() {
                    image[map.index(c, n / w.cols, n % w.cols)] = if weight > 0 { 255 } else { 0 };
                }
            }
            let high = bounds(net, &model.params)[0][0].high;
            let first = Network { layers: vec![layer.clone()], ..net.clone() };
            let Ok(trace) = infer(&first, &model.params, &image) else { continue };
            let value = (i64::from(trace.maps[1].d[0]) << net.precision.bits) + i64::from(trace.maps[1].rem[0]);
            assert_eq!(value, high, "seed {seed}");
        }
    }
}
