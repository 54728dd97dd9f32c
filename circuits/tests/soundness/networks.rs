//! Networks beyond what the sampler makes, and a reference that shares no code with the crate's.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkescrow_circuits::{
    model::{Encoding, Model},
    network::{Layer, LayerParams, MapSpec, Network, Op, Precision, Window},
    semantics::{MapTrace, Trace},
};

/// Any network that the checks let through: odd windows, lopsided padding, outputs that stop early, both strides.
pub fn arbitrary(seed: u64) -> Model {
    let rng = &mut ChaCha20Rng::seed_from_u64(seed ^ 0x61_7262_6974);
    let spec = |rng: &mut ChaCha20Rng, channels, height, width| MapSpec { channels, height, width, pad: rng.r#gen() };
    let [channels, height, width] = [rng.gen_range(1..=3), rng.gen_range(1..=7), rng.gen_range(1..=7)];
    let mut maps = vec![spec(rng, channels, height, width)];
    let mut layers: Vec<Layer> = vec![];
    for _ in 0..rng.gen_range(0..=3) {
        let last = maps.len() - 1;
        let map = maps[last];
        let twin = (0..=last).rev().find(|&id| {
            let shape = |m: &MapSpec| (m.channels, m.height, m.width);
            let mut readers = layers.iter().filter(|l| l.inputs.contains(&id));
            shape(&maps[id]) == shape(&map) && readers.all(|l| l.window.stride == 1) && rng.gen_bool(0.7)
        });
        if let Some(twin) = twin.filter(|_| rng.gen_bool(0.3)) {
            maps.push(spec(rng, map.channels, map.height, map.width));
            layers.push(layer(Op::Depthwise, Window::POINT, vec![twin, last]));
            continue;
        }
        let (stride, op) = (rng.gen_range(1..=2), if rng.gen_bool(0.5) { Op::Dense } else { Op::Depthwise });
        let ((rows, pad_top, height), (cols, pad_left, width)) =
            (axis(rng, map.height, stride), axis(rng, map.width, stride));
        let channels = if op == Op::Dense { rng.gen_range(1..=5) } else { map.channels };
        maps.push(spec(rng, channels, height, width));
        layers.push(layer(op, Window { rows, cols, stride, pad_top, pad_left }, vec![last]));
    }
    let last = maps[maps.len() - 1];
    maps.push(MapSpec { channels: rng.gen_range(2..=36), height: 1, width: 1, pad: 0 });
    let window = Window { rows: last.height, cols: last.width, stride: rng.gen_range(1..=2), ..Window::POINT };
    layers.push(layer(Op::Dense, window, vec![maps.len() - 2]));
    for (index, layer) in layers.iter_mut().enumerate() {
        layer.name = format!("layer {index}");
        layer.output = index + 1;
    }
    let network = Network { precision: Precision { bits: 10, frac: 1 }, maps, layers };
    network.check().expect("valid");
    with_parameters(network, rng)
}

fn layer(op: Op, window: Window, inputs: Vec<usize>) -> Layer {
    Layer { name: String::new(), op, window, inputs, output: 0 }
}

/// Kernel, padding before and output size along one axis.
fn axis(rng: &mut ChaCha20Rng, size: usize, stride: usize) -> (usize, usize, usize) {
    let kernel = rng.gen_range(1..=4);
    let pad = rng.gen_range(0..kernel);
    let most = ((size + pad - 1) / stride + 1).min(8);
    (kernel, pad, if rng.gen_bool(0.7) { most } else { rng.gen_range(1..=most) })
}

/// Parameters that keep every accumulator in range, and most of them off the clamps.
pub fn with_parameters(network: Network, rng: &mut ChaCha20Rng) -> Model {
    let bits = network.precision.bits;
    let mut params = vec![];
    for layer in &network.layers {
        let (weights, outputs) = (network.weight_count(layer), network.maps[layer.output].channels);
        let most = (1 << (2 * bits - 2)) / (255 * (weights / outputs) as i64);
        let bias =
            |rng: &mut ChaCha20Rng| (1 << (2 * bits - 1)) + rng.gen_range(-(1 << (2 * bits - 5))..1 << (2 * bits - 5));
        params.push(LayerParams {
            weights: (0..weights).map(|_| rng.gen_range(-most..=most)).collect(),
            bias: (0..outputs).map(|_| bias(rng)).collect(),
        });
    }
    Model { name: "arbitrary".into(), network, params, input: Encoding::MIDDLE, output: Encoding::MIDDLE }
}

/// One layer after the other, each cell by its definition. `tweak` sees every map before the next layer reads it.
pub fn reference(model: &Model, input: &[u8], tweak: impl Fn(usize, &mut MapTrace)) -> Trace {
    let (net, t, f) = (&model.network, model.network.precision.bits, model.network.precision.frac);
    let table = |d: i64| ((d >> f) - ((1 << (t - 1 - f)) - 128)).clamp(0, 255);
    let lowest = |y: u8| (i64::from(y) + (1 << (t - 1 - f)) - 128) << f;
    let mut first =
        MapTrace { d: input.iter().map(|&y| lowest(y) as u32).collect(), rem: vec![0; input.len()], y: input.to_vec() };
    tweak(0, &mut first);
    let mut maps = vec![first];
    for (layer, p) in net.layers.iter().zip(&model.params) {
        let (out, w) = (net.maps[layer.output], layer.window);
        let mut map = MapTrace { d: vec![], rem: vec![], y: vec![] };
        for o in 0..out.channels {
            for i in 0..out.height {
                for j in 0..out.width {
                    let mut acc = p.bias[o];
                    for (slot, &id) in layer.inputs.iter().enumerate() {
                        let from = net.maps[id];
                        for c in 0..from.channels {
                            let base = match layer.op {
                                Op::Dense => (o * from.channels + c) * w.rows * w.cols,
                                Op::Depthwise if c == o => (slot * from.channels + c) * w.rows * w.cols,
                                Op::Depthwise => continue,
                            };
                            for a in 0..w.rows {
                                for b in 0..w.cols {
                                    let row = (i * w.stride + a).checked_sub(w.pad_top);
                                    let col = (j * w.stride + b).checked_sub(w.pad_left);
                                    let x = match (row, col) {
                                        (Some(r), Some(q)) if r < from.height && q < from.width => {
                                            maps[id].y[c * from.height * from.width + r * from.width + q]
                                        }
                                        _ => from.pad,
                                    };
                                    acc += p.weights[base + a * w.cols + b] * (i64::from(x) - i64::from(from.pad));
                                }
                            }
                        }
                    }
                    assert!((0..1 << (2 * t)).contains(&acc), "{}: {acc} is out of range", layer.name);
                    map.d.push((acc >> t) as u32);
                    map.rem.push((acc % (1 << t)) as u32);
                    map.y.push(table(acc >> t) as u8);
                }
            }
        }
        tweak(layer.output, &mut map);
        maps.push(map);
    }
    let logits = &maps[maps.len() - 1].y;
    let mut label = 0;
    for (i, &y) in logits.iter().enumerate() {
        if y > logits[label] {
            label = i;
        }
    }
    Trace { label, maps }
}
