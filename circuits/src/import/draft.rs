//! A network under construction: shapes in integers, parameters still in real numbers.

use crate::{
    network::{Layer, MapId, MapSpec, Network, NetworkError, Op, Params, Precision, Window},
    quantise::RealLayer,
};

use super::file::Reason;

/// The fixed-point format of imported networks. It is the same for all, so that keys depend on no weights. More fraction
/// bits are closer to exact rounding, fewer let activations go further: with three, the table reaches 16 times as
/// far as a byte does. `docs/parity.md` has what comes of it.
pub const PRECISION: Precision = Precision { bits: 16, frac: 3 };

/// Most parameters of a network.
const MAX_PARAMETERS: usize = 1 << 25;

/// Stored values that a layer keeps; what lies outside becomes the nearest of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clamp {
    /// Lowest.
    pub low: i64,
    /// Highest.
    pub high: i64,
}

impl Clamp {
    /// What a byte holds.
    pub const BYTE: Self = Self { low: 0, high: 255 };
}

/// One linear layer to be added.
#[derive(Debug)]
pub struct Linear {
    /// A word for its name.
    pub kind: &'static str,
    /// How channels are joined.
    pub op: Op,
    /// The window.
    pub window: Window,
    /// Input maps.
    pub inputs: Vec<MapId>,
    /// Channels, rows and columns of the output.
    pub shape: [usize; 3],
    /// Weights, in units of the output's step.
    pub weights: Vec<f64>,
    /// Constants, in units of the output's step.
    pub bias: Vec<f64>,
    /// Stored value that stands for zero in the output.
    pub zero: i64,
    /// Values that the output keeps.
    pub clamp: Clamp,
}

/// The network so far.
#[derive(Debug, Default)]
pub struct Draft {
    maps: Vec<MapSpec>,
    /// Stored value that stands for zero, by map.
    zeros: Vec<i64>,
    layers: Vec<(Layer, RealLayer)>,
    parameters: usize,
}

impl Draft {
    /// Sets the input map.
    pub fn input(&mut self, [channels, height, width]: [usize; 3], zero: i64) -> Result<MapId, Reason> {
        if !self.maps.is_empty() {
            return Err("makes a second input".into());
        }
        self.add_map([channels, height, width], zero)
    }

    /// A map's shape.
    pub fn map(&self, id: MapId) -> MapSpec {
        self.maps[id]
    }

    /// Adds a layer and, if it keeps less than a byte holds, a second one.
    ///
    /// The circuit's table clamps at 0 and 255. So the layer's values are shifted until the upper bound is 255, and a copy
    /// of them until the lower bound is 0.
    pub fn push(&mut self, linear: Linear) -> Result<MapId, Reason> {
        let (zero, clamp) = (linear.zero, linear.clamp);
        if clamp == Clamp::BYTE {
            return self.push_shifted(linear, 0);
        }
        let map = self.push_shifted(linear, 255 - clamp.high)?;
        self.copy(map, zero - clamp.low)
    }

    /// Adds a layer that gives a map's values another zero.
    pub fn copy(&mut self, map: MapId, zero: i64) -> Result<MapId, Reason> {
        let MapSpec { channels, height, width, .. } = self.maps[map];
        let copy = Linear {
            kind: "copy",
            op: Op::Depthwise,
            window: Window::POINT,
            inputs: vec![map],
            shape: [channels, height, width],
            weights: vec![1.0; channels],
            bias: vec![0.0; channels],
            zero,
            clamp: Clamp::BYTE,
        };
        self.push_shifted(copy, 0)
    }

    fn push_shifted(&mut self, linear: Linear, shift: i64) -> Result<MapId, Reason> {
        self.parameters += linear.weights.len() + linear.bias.len();
        if self.parameters > MAX_PARAMETERS {
            return Err(format!("is one too many: at most {MAX_PARAMETERS} parameters are supported"));
        }
        let zero = linear.zero + shift;
        let real = RealLayer {
            weights: linear.weights,
            bias: linear.bias,
            input_zeros: linear.inputs.iter().map(|&id| self.zeros[id]).collect(),
            output_zero: zero,
        };
        let output = self.add_map(linear.shape, zero)?;
        let Linear { kind, op, window, inputs, .. } = linear;
        self.layers.push((Layer { name: kind.into(), op, window, inputs, output }, real));
        Ok(output)
    }

    fn add_map(&mut self, [channels, height, width]: [usize; 3], zero: i64) -> Result<MapId, Reason> {
        let map = MapSpec { channels, height, width, pad: 0 };
        map.check()?;
        self.maps.push(map);
        self.zeros.push(zero);
        Ok(self.maps.len() - 1)
    }

    /// The network whose logits are in `map`, where `zero` is to stand for zero.
    pub fn finish(mut self, map: MapId, zero: i64) -> Result<(Network, Params), NetworkError> {
        if self.zeros[map] != zero {
            self.copy(map, zero).map_err(NetworkError::Shape)?;
        }
        self.part_strides();
        self.name();
        for (layer, _) in &self.layers {
            let out = self.maps[layer.output];
            for &id in &layer.inputs {
                if layer.window.overhangs(&self.maps[id], &out) {
                    // Zero points that lie outside a byte are those of maps with a second clamp: copies, never padded.
                    self.maps[id].pad = u8::try_from(self.zeros[id]).map_err(|_| {
                        NetworkError::Shape(format!("pads a map with {}, which is no byte", self.zeros[id]))
                    })?;
                }
            }
        }
        let pads = |layer: &Layer| layer.inputs.iter().map(|&id| self.maps[id].pad).collect::<Vec<_>>();
        let params = self.layers.iter().map(|(layer, real)| real.fold(PRECISION, &pads(layer))).collect();
        let layers = self.layers.into_iter().map(|(layer, _)| layer).collect();
        let network = Network { precision: PRECISION, maps: self.maps, layers };
        network.check()?;
        network.check_params(&params)?;
        Ok((network, params))
    }

    /// A map is stored in one order only, which its readers' stride decides: where strides differ, those of 2 read a copy.
    fn part_strides(&mut self) {
        let mut map = 0;
        while map < self.maps.len() {
            let reads = |stride| self.layers.iter().any(|(l, _)| l.inputs.contains(&map) && l.window.stride == stride);
            if reads(1) && reads(2) {
                self.insert_copy(map);
            }
            map += 1;
        }
    }

    /// Puts a copy of a map behind it, for the readers of stride 2.
    fn insert_copy(&mut self, map: MapId) {
        let copy = map + 1;
        let moved = |id: MapId| if id > map { id + 1 } else { id };
        for (layer, _) in &mut self.layers {
            layer.output = moved(layer.output);
            for id in &mut layer.inputs {
                *id = if *id == map && layer.window.stride == 2 { copy } else { moved(*id) };
            }
        }
        let (spec, zero) = (self.maps[map], self.zeros[map]);
        self.maps.insert(copy, spec);
        self.zeros.insert(copy, zero);
        let layer =
            Layer { name: "copy".into(), op: Op::Depthwise, window: Window::POINT, inputs: vec![map], output: copy };
        let real = RealLayer {
            weights: vec![1.0; spec.channels],
            bias: vec![0.0; spec.channels],
            input_zeros: vec![zero],
            output_zero: zero,
        };
        self.layers.insert(map, (layer, real));
    }

    /// Names are part of the architecture, so they tell nothing that the layers do not: kind and place.
    fn name(&mut self) {
        for (n, (layer, _)) in self.layers.iter_mut().enumerate() {
            layer.name = format!("{} {}", layer.name, n + 1);
        }
    }
}
