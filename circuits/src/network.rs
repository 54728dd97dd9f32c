//! What is proven: a chain of linear layers, each followed by the one shared requantiser.
//!
//! Only two linear operators exist. Pointwise convolutions and fully connected layers are [`Op::Dense`] with a 1×1
//! window; residual additions are [`Op::Depthwise`] with a 1×1 window over two inputs; average pools are
//! [`Op::Depthwise`] with equal weights. The architecture ([`Network`]) is public; the numbers ([`Params`]) are not.

use serde::{Deserialize, Serialize};

/// Index of a feature map in [`Network::maps`].
pub type MapId = usize;

/// Fixed-point format of the requantiser: an accumulator `v` splits into `v = 2^bits·d + rem`, and the activation is
/// `clamp((d >> frac) - offset)` by a table of `2^bits` rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Precision {
    /// Bits of the remainder, and of `d`: one table serves both.
    pub bits: u32,
    /// Fraction bits left in `d`.
    pub frac: u32,
}

impl Precision {
    /// Rows of the table.
    pub fn table_len(self) -> usize {
        1 << self.bits
    }

    /// What the table subtracts from `d >> frac`: it centres the 256 activations in the range of `d`.
    pub fn offset(self) -> i64 {
        (1 << (self.bits - 1 - self.frac)) - 128
    }

    /// The table: the activation that `d` stands for.
    pub fn clamp(self, d: u32) -> u8 {
        (i64::from(d >> self.frac) - self.offset()).clamp(0, 255) as u8
    }

    /// A `d` that the table sends to `y`.
    pub fn preimage(self, y: u8) -> u32 {
        ((i64::from(y) + self.offset()) << self.frac) as u32
    }

    /// Added to a parameter before it is stored, so that stored parameters are small and non-negative.
    pub fn param_offset(self) -> i64 {
        1 << (self.bits + 6)
    }

    fn check(self) -> Result<(), NetworkError> {
        if (10..=16).contains(&self.bits) && (1..=self.bits - 9).contains(&self.frac) {
            Ok(())
        } else {
            Err(NetworkError::Precision { bits: self.bits, frac: self.frac })
        }
    }
}

/// Shape of a feature map, and the stored value that stands for a padded position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapSpec {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// The stored value that stands for zero where a consumer pads; layers compute with `x - pad`.
    pub pad: u8,
}

impl MapSpec {
    /// Cells in the map.
    pub fn len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether the map has no cells (a valid network has no such map).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that the size is one that arithmetic on it can rely on.
    pub fn check(&self) -> Result<(), String> {
        let sizes = [(self.channels, MAX_CHANNELS), (self.height, MAX_SIZE), (self.width, MAX_SIZE)];
        // Within these sizes the number of cells cannot overflow.
        if sizes.iter().any(|&(size, most)| !(1..=most).contains(&size)) || self.len() > MAX_CELLS {
            return Err(format!(
                "has a map of {} channels of {} × {} cells; at most {MAX_CHANNELS} of {MAX_SIZE} × {MAX_SIZE}, and \
                 {MAX_CELLS} cells in all, are supported",
                self.channels, self.height, self.width
            ));
        }
        Ok(())
    }

    /// Position of a cell in planar order.
    pub fn index(&self, c: usize, i: usize, j: usize) -> usize {
        (c * self.height + i) * self.width + j
    }
}

/// The window that a layer slides over its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Kernel rows.
    pub rows: usize,
    /// Kernel columns.
    pub cols: usize,
    /// Step between windows, the same both ways.
    pub stride: usize,
    /// Padding before the first row; padding after the last follows from the output's height.
    pub pad_top: usize,
    /// Padding before the first column.
    pub pad_left: usize,
}

impl Window {
    /// The 1×1 window.
    pub const POINT: Self = Self { rows: 1, cols: 1, stride: 1, pad_top: 0, pad_left: 0 };

    /// Weights in the window.
    pub fn taps(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether the window is the whole map.
    pub fn covers(&self, map: &MapSpec) -> bool {
        (self.rows, self.cols, self.pad_top, self.pad_left) == (map.height, map.width, 0, 0)
    }

    /// Whether some output position's window hangs over the input's edge, so that the input is padded.
    pub fn overhangs(&self, input: &MapSpec, output: &MapSpec) -> bool {
        let beyond = |size: usize, out: usize, kernel: usize, pad: usize| {
            pad > 0 || (out - 1) * self.stride + kernel > size + pad
        };
        beyond(input.height, output.height, self.rows, self.pad_top)
            || beyond(input.width, output.width, self.cols, self.pad_left)
    }
}

/// How a layer's weights join input and output channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Every output channel sees every channel of the one input. Weights `[output][input][row][column]`.
    Dense,
    /// Output channel `c` sees channel `c` of each input. Weights `[input map][channel][row][column]`.
    Depthwise,
}

/// One linear layer with its requantiser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// A name for people: errors and drawings use it.
    pub name: String,
    /// How channels are joined.
    pub op: Op,
    /// The window.
    pub window: Window,
    /// Input maps.
    pub inputs: Vec<MapId>,
    /// Output map.
    pub output: MapId,
}

/// The public architecture. Map 0 is the input; the output of the last layer is the vector of logits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Fixed-point format.
    pub precision: Precision,
    /// Feature maps.
    pub maps: Vec<MapSpec>,
    /// Layers in order of evaluation.
    pub layers: Vec<Layer>,
}

/// The hidden numbers of one layer, already multiplied by its requantiser's scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerParams {
    /// Weights in the order that [`Op`] gives.
    pub weights: Vec<i64>,
    /// One constant per output channel: bias, rounding, output zero point.
    pub bias: Vec<i64>,
}

/// The hidden numbers of a network, layer by layer.
pub type Params = Vec<LayerParams>;

/// Why a network cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NetworkError {
    /// The fixed-point format is out of range.
    #[error(
        "precision of {bits} bits with {frac} fraction bits is not supported: use 10 to 16 bits and a fraction of 1 to bits - 9"
    )]
    Precision {
        /// Bits asked for.
        bits: u32,
        /// Fraction bits asked for.
        frac: u32,
    },
    /// A layer does not fit its maps.
    #[error("layer {index} ({name}): {reason}")]
    Layer {
        /// Index of the layer.
        index: usize,
        /// Name of the layer.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The whole does not fit together.
    #[error("the network {0}")]
    Shape(String),
}

/// Limits that keep shape arithmetic far from overflow, and a file from claiming what no circuit could hold.
const MAX_SIZE: usize = 1 << 12;
const MAX_CHANNELS: usize = 1 << 16;
const MAX_CELLS: usize = 1 << 24;
const MAX_LAYERS: usize = 1 << 12;
/// Sum of a layer's parameters, without sign: products with bytes then add up to less than 2^53, exact even in `f64`.
const MAX_PARAMETERS: u128 = 1 << 45;

impl Network {
    /// The input map.
    pub fn input(&self) -> &MapSpec {
        &self.maps[0]
    }

    /// Id of the map that holds the logits.
    pub fn output_id(&self) -> MapId {
        self.layers.last().map_or(0, |layer| layer.output)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.maps[self.output_id()].channels
    }

    /// Number of weights of a layer.
    pub fn weight_count(&self, layer: &Layer) -> usize {
        let outputs = self.maps[layer.output].channels;
        match layer.op {
            Op::Dense => outputs * self.maps[layer.inputs[0]].channels * layer.window.taps(),
            Op::Depthwise => layer.inputs.len() * outputs * layer.window.taps(),
        }
    }

    /// Number of hidden numbers.
    pub fn parameter_count(&self) -> usize {
        self.layers.iter().map(|l| self.weight_count(l) + self.maps[l.output].channels).sum()
    }

    /// Multiplications of one inference.
    pub fn macs(&self) -> u128 {
        let macs = |l: &Layer| {
            let out = &self.maps[l.output];
            self.weight_count(l) as u128 * (out.height * out.width) as u128
        };
        self.layers.iter().map(macs).sum()
    }

    /// Layers that read a map.
    pub fn consumers(&self, map: MapId) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(move |l| l.inputs.contains(&map))
    }

    /// Checks that the architecture is one that the rest of this crate may rely on.
    pub fn check(&self) -> Result<(), NetworkError> {
        self.precision.check()?;
        if self.maps.len() != self.layers.len() + 1 {
            return Err(NetworkError::Shape("must have one map per layer, and the input".into()));
        }
        if self.layers.len() > MAX_LAYERS {
            return Err(NetworkError::Shape(format!("has more than {MAX_LAYERS} layers")));
        }
        for map in &self.maps {
            map.check().map_err(NetworkError::Shape)?;
        }
        for (index, layer) in self.layers.iter().enumerate() {
            self.check_layer(index, layer).map_err(|reason| NetworkError::Layer {
                index,
                name: layer.name.clone(),
                reason,
            })?;
        }
        match self.layers.last().map(|l| &self.maps[l.output]) {
            // Nothing reads the logits, so nothing pads them; commitments pack them as they are stored.
            Some(out) if out.pad != 0 => Err(NetworkError::Shape("pads its logits, which no layer reads".into())),
            Some(out) if (out.height, out.width) == (1, 1) && (2..=1 << 16).contains(&out.channels) => Ok(()),
            Some(_) => Err(NetworkError::Shape("must end in a vector of 2 to 65,536 logits".into())),
            None => Err(NetworkError::Shape("has no layers".into())),
        }
    }

    fn check_layer(&self, index: usize, layer: &Layer) -> Result<(), String> {
        if layer.output != index + 1 {
            return Err(format!("writes map {}, expected map {}", layer.output, index + 1));
        }
        let inputs = match layer.op {
            Op::Dense => 1..=1,
            Op::Depthwise => 1..=2,
        };
        if !inputs.contains(&layer.inputs.len()) {
            return Err(format!("has {} inputs", layer.inputs.len()));
        }
        if let Some(input) = layer.inputs.iter().find(|&&input| input > index) {
            return Err(format!("reads map {input}, which is not computed yet"));
        }
        if index + 1 < self.layers.len() && !self.layers.iter().any(|l| l.inputs.contains(&layer.output)) {
            return Err("is read by no other layer".into());
        }
        let w = &layer.window;
        if !(1..=2).contains(&w.stride) {
            return Err(format!("has stride {}; 1 and 2 are supported", w.stride));
        }
        if w.rows == 0 || w.cols == 0 || w.rows > 64 || w.cols > 64 || w.pad_top >= w.rows || w.pad_left >= w.cols {
            return Err("has an empty or oversized window, or padding that covers it".into());
        }
        let out = &self.maps[layer.output];
        for &input in &layer.inputs {
            let map = &self.maps[input];
            if layer.op == Op::Depthwise && map.channels != out.channels {
                return Err(format!("joins {} channels with {}", map.channels, out.channels));
            }
            if layer.inputs.len() > 1 && (*w != Window::POINT || (map.height, map.width) != (out.height, out.width)) {
                return Err("adds maps of different shapes".into());
            }
            for (axis, size, result, pad) in
                [("rows", map.height, out.height, w.pad_top), ("columns", map.width, out.width, w.pad_left)]
            {
                // The last window must start inside the padded input; it may hang over its end.
                if (result - 1) * w.stride >= size + pad {
                    return Err(format!("reads beyond its input's {size} {axis}"));
                }
            }
        }
        Ok(())
    }

    /// Checks that parameters have the architecture's shape.
    pub fn check_params(&self, params: &Params) -> Result<(), NetworkError> {
        if params.len() != self.layers.len() {
            return Err(NetworkError::Shape(format!(
                "has {} layers but parameters for {}",
                self.layers.len(),
                params.len()
            )));
        }
        for (index, (layer, p)) in self.layers.iter().zip(params).enumerate() {
            let (weights, bias) = (self.weight_count(layer), self.maps[layer.output].channels);
            let largest: u128 = p.weights.iter().chain(&p.bias).map(|w| u128::from(w.unsigned_abs())).sum();
            if largest > MAX_PARAMETERS {
                return Err(NetworkError::Layer {
                    index,
                    name: layer.name.clone(),
                    reason: "has parameters so large that sums of them overflow".into(),
                });
            }
            if p.weights.len() != weights || p.bias.len() != bias {
                return Err(NetworkError::Layer {
                    index,
                    name: layer.name.clone(),
                    reason: format!(
                        "needs {weights} weights and {bias} biases, got {} and {}",
                        p.weights.len(),
                        p.bias.len()
                    ),
                });
            }
        }
        Ok(())
    }
}
