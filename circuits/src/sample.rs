//! Small networks with random weights, for the demo and the tests: real layers, calibrated so that activations are
//! alive, made from a seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::{
    model::{Encoding, Model},
    network::{Layer, LayerParams, MapId, MapSpec, Network, Op, Params, Precision, Window},
    quantise::RealLayer,
    semantics::{MapTrace, WindowSums},
};

/// One step of a sketched network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Dense convolution with a square window and padding as TensorFlow's SAME.
    Conv {
        /// Output channels.
        channels: usize,
        /// Window size.
        kernel: usize,
        /// Stride.
        stride: usize,
    },
    /// Depthwise convolution with a square window and padding as TensorFlow's SAME.
    Depthwise {
        /// Window size.
        kernel: usize,
        /// Stride.
        stride: usize,
    },
    /// 1×1 convolution; linear ones have a zero point in the middle, as MobileNet v2's bottlenecks.
    Pointwise {
        /// Output channels.
        channels: usize,
        /// Whether negative values are kept.
        linear: bool,
    },
    /// Adds the output of an earlier step (counted from 1; 0 is the input).
    Add {
        /// The step to add.
        from: MapId,
    },
    /// Average over the whole map.
    Pool,
    /// Fully connected layer.
    Logits {
        /// Number of classes.
        classes: usize,
    },
}

/// The zero point of inputs and of linear layers.
const MIDDLE: u8 = 128;

/// Random inputs that the scales are calibrated on.
const CALIBRATION: usize = 6;

/// The network of the first demo: every kind of layer that MobileNet v2 has, over 8×8 pixels.
pub fn tiny(seed: u64) -> Model {
    build(
        "tiny-cnn",
        Precision { bits: 11, frac: 1 },
        [3, 8, 8],
        &[
            Step::Conv { channels: 6, kernel: 3, stride: 2 },
            Step::Depthwise { kernel: 3, stride: 1 },
            Step::Pointwise { channels: 6, linear: false },
            Step::Add { from: 1 },
            Step::Pool,
            Step::Logits { classes: 10 },
        ],
        seed,
    )
}

/// A random architecture of the layers above, with random weights.
pub fn random(seed: u64) -> Model {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let shape = [rng.gen_range(1..=3), rng.gen_range(4..=9), rng.gen_range(4..=9)];
    let mut steps = vec![Step::Conv {
        channels: rng.gen_range(1..=5),
        kernel: *[1, 2, 3].get(rng.gen_range(0..3)).unwrap_or(&3),
        stride: rng.gen_range(1..=2),
    }];
    for _ in 0..rng.gen_range(0..=2) {
        // An inverted bottleneck, as in MobileNet v2: expand, filter, project, and add if the shape is kept.
        let stride = rng.gen_range(1..=2);
        let from = steps.len();
        let narrow = match steps.last() {
            Some(Step::Conv { channels, .. } | Step::Pointwise { channels, .. }) => *channels,
            _ => 0,
        };
        let channels = if narrow > 0 && rng.gen_bool(0.6) { narrow } else { rng.gen_range(1..=4) };
        steps.push(Step::Pointwise { channels: rng.gen_range(1..=6), linear: false });
        steps.push(Step::Depthwise { kernel: rng.gen_range(2..=3), stride });
        steps.push(Step::Pointwise { channels, linear: true });
        if stride == 1 && channels == narrow {
            steps.push(Step::Add { from });
        }
    }
    if rng.gen_bool(0.8) {
        steps.push(Step::Pool);
        steps.push(Step::Logits { classes: rng.gen_range(2..=40) });
    } else {
        steps.push(Step::Pointwise { channels: rng.gen_range(2..=5), linear: false });
        steps.push(Step::Pool);
    }
    let bits = rng.gen_range(11..=12);
    build("random", Precision { bits, frac: bits - 10 }, shape, &steps, seed)
}

/// A random image for a network: values over the whole range, planar.
pub fn input(net: &Network, seed: u64) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..net.input().len()).map(|_| rng.r#gen()).collect()
}

/// Builds a calibrated network from its steps.
pub fn build(
    name: &str,
    precision: Precision,
    [channels, height, width]: [usize; 3],
    steps: &[Step],
    seed: u64,
) -> Model {
    let mut builder = Builder {
        rng: ChaCha20Rng::seed_from_u64(seed ^ 0x7a6b_6573),
        zeros: vec![MIDDLE],
        net: Network { precision, maps: vec![MapSpec { channels, height, width, pad: MIDDLE }], layers: vec![] },
        params: vec![],
        batch: vec![],
    };
    builder.batch = (0..CALIBRATION as u64)
        .map(|i| {
            let y = input(&builder.net, seed.wrapping_add(i * 7919));
            vec![MapTrace { d: vec![], rem: vec![], y }]
        })
        .collect();
    for &step in steps {
        builder.push(step);
    }
    Model {
        name: name.into(),
        network: builder.net,
        params: builder.params,
        input: Encoding::MIDDLE,
        output: Encoding::MIDDLE,
    }
}

struct Builder {
    rng: ChaCha20Rng,
    net: Network,
    params: Params,
    zeros: Vec<u8>,
    batch: Vec<Vec<MapTrace>>,
}

impl Builder {
    fn push(&mut self, step: Step) {
        let last = self.net.maps.len() - 1;
        let map = self.net.maps[last];
        let point = (map.height, map.width);
        match step {
            Step::Conv { channels, kernel, stride } => {
                let (window, size) = same(point, kernel, stride);
                self.weighted(Op::Dense, window, [channels, size.0, size.1], 0);
            }
            Step::Depthwise { kernel, stride } => {
                let (window, size) = same(point, kernel, stride);
                self.weighted(Op::Depthwise, window, [map.channels, size.0, size.1], 0);
            }
            Step::Pointwise { channels, linear } => {
                let zero = if linear { MIDDLE } else { 0 };
                self.weighted(Op::Dense, Window::POINT, [channels, point.0, point.1], zero);
            }
            Step::Logits { classes } => self.weighted(Op::Dense, Window::POINT, [classes, 1, 1], MIDDLE),
            Step::Add { from } => self.add(from, last),
            Step::Pool => self.pool(last),
        }
    }

    /// Random int8 weights, with multipliers that spread each channel over the activation range.
    fn weighted(&mut self, op: Op, window: Window, [channels, height, width]: [usize; 3], zero: u8) {
        let last = self.net.maps.len() - 1;
        let input = self.net.maps[last];
        let layer = Layer {
            name: format!("{} {}", if op == Op::Dense { "conv" } else { "depthwise" }, last + 1),
            op,
            window,
            inputs: vec![last],
            output: last + 1,
        };
        self.net.maps.push(MapSpec { channels, height, width, pad: 0 });
        let count = self.net.weight_count(&layer);
        let weights: Vec<i8> = (0..count).map(|_| self.rng.gen_range(-127..=127)).collect();
        let wide: Vec<i64> = weights.iter().map(|&w| i64::from(w)).collect();
        let bias: Vec<i32> = (0..channels).map(|_| self.rng.gen_range(-2000..=2000)).collect();
        // Accumulators as the integer model has them: relative to the input's zero point, which `at` knows as `pad`.
        let (input_zero, input_pad) = (self.zeros[last], input.pad);
        let group = count / channels;
        let mut real = vec![];
        let mut offsets = vec![];
        for (c, &bias) in bias.iter().enumerate() {
            let group = &wide[c * group..(c + 1) * group];
            let shift = (i64::from(input_zero) - i64::from(input_pad)) * group.iter().sum::<i64>();
            let mut peak = 4000;
            for maps in &self.batch {
                let sums = WindowSums::new(&self.net, &layer, &wide, maps);
                let sums = sums.over(c, 0..height as i64, 0..width as i64);
                peak = sums.iter().map(|sum| (sum - shift + i64::from(bias)).abs()).fold(peak, i64::max);
            }
            let multiplier = 90.0 / peak as f64;
            real.extend(group.iter().map(|&w| multiplier * w as f64));
            offsets.push(multiplier * f64::from(bias));
        }
        let real =
            RealLayer { weights: real, bias: offsets, input_zeros: vec![input_zero.into()], output_zero: zero.into() };
        let params = real.fold(self.net.precision, &[input_pad]);
        self.finish(layer, params, zero);
    }

    fn add(&mut self, from: MapId, last: MapId) {
        let map = self.net.maps[last];
        let layer = Layer {
            name: format!("add {}", last + 1),
            op: Op::Depthwise,
            window: Window::POINT,
            inputs: vec![from, last],
            output: last + 1,
        };
        self.net.maps.push(MapSpec { pad: 0, ..map });
        let inputs = [from, last];
        let real = RealLayer {
            weights: [0.7, 0.6].iter().flat_map(|&m| vec![m; map.channels]).collect(),
            bias: vec![0.0; map.channels],
            input_zeros: inputs.map(|id| self.zeros[id].into()).to_vec(),
            output_zero: MIDDLE.into(),
        };
        let params = real.fold(self.net.precision, &inputs.map(|id| self.net.maps[id].pad));
        self.finish(layer, params, MIDDLE);
    }

    fn pool(&mut self, last: MapId) {
        let map = self.net.maps[last];
        let window = Window { rows: map.height, cols: map.width, ..Window::POINT };
        let layer = Layer {
            name: format!("pool {}", last + 1),
            op: Op::Depthwise,
            window,
            inputs: vec![last],
            output: last + 1,
        };
        self.net.maps.push(MapSpec { channels: map.channels, height: 1, width: 1, pad: 0 });
        let zero = self.zeros[last];
        let real = RealLayer {
            weights: vec![1.0 / window.taps() as f64; map.channels * window.taps()],
            bias: vec![0.0; map.channels],
            input_zeros: vec![zero.into()],
            output_zero: zero.into(),
        };
        let params = real.fold(self.net.precision, &[map.pad]);
        self.finish(layer, params, zero);
    }

    fn finish(&mut self, layer: Layer, params: LayerParams, zero: u8) {
        let precision = self.net.precision;
        let out = self.net.maps[layer.output];
        for maps in &mut self.batch {
            let mut y = vec![];
            for c in 0..out.channels {
                let sums = WindowSums::new(&self.net, &layer, &params.weights, maps);
                for sum in sums.over(c, 0..out.height as i64, 0..out.width as i64) {
                    y.push(precision.clamp(((sum + params.bias[c]) >> precision.bits) as u32));
                }
            }
            maps.push(MapTrace { d: vec![], rem: vec![], y });
        }
        self.net.layers.push(layer);
        self.params.push(params);
        self.zeros.push(zero);
    }
}

/// TensorFlow's SAME padding: output size is the input's over the stride, rounded up; odd padding goes to the end.
fn same((height, width): (usize, usize), kernel: usize, stride: usize) -> (Window, (usize, usize)) {
    let axis = |size: usize| {
        let out = size.div_ceil(stride);
        let pad = ((out - 1) * stride + kernel).saturating_sub(size);
        (out, pad / 2)
    };
    let ((h, pad_top), (w, pad_left)) = (axis(height), axis(width));
    (Window { rows: kernel, cols: kernel, stride, pad_top, pad_left }, (h, w))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantics::infer;

    #[test]
    fn samples_are_alive_and_in_range() {
        for seed in 0..200 {
            let model = if seed == 0 { tiny(1) } else { random(seed) };
            model.network.check().expect("valid architecture");
            model.network.check_params(&model.params).expect("matching parameters");
            let trace = infer(&model.network, &model.params, &input(&model.network, seed + 1000)).expect("in range");
            assert!(trace.maps[1].y.iter().any(|&y| y > 0), "seed {seed}: the first layer is dead");
        }
    }
}
