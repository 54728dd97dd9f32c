//! Operators of the file become layers of the network, one after the other.

use std::collections::HashMap;

use crate::{
    model::{Encoding, Model},
    network::{MapId, MapSpec, Op, Window},
};

use super::{
    draft::{Clamp, Draft, Linear},
    error::ImportError,
    file::{File, Operator, Reason, Tensor, kind_name},
    schema::tflite::{Activation, OptionsRef, Padding, TensorType},
    spatial::{Margin, Sliding},
    weights::{Constants, Weights},
};

/// What a tensor of the file is in the network.
#[derive(Clone, Copy, Debug)]
struct Value {
    map: MapId,
    /// What the map's values stand for.
    encoding: Encoding,
    /// Zeros around the map that are still to be added.
    margin: Margin,
    /// Behind operators that end the network, as SOFTMAX: nothing but other such operators may read it.
    ended: bool,
}

/// Builds the network.
pub fn lower(name: &str, file: &File<'_>) -> Result<Model, ImportError> {
    let mut lowering = Lowering { file, draft: Draft::default(), values: HashMap::new(), input: None };
    lowering.open()?;
    for (index, operator) in file.operators.iter().enumerate() {
        let failed = |reason| ImportError::Operator { index, name: operator.name.clone(), reason };
        lowering.operator(operator).map_err(failed)?;
    }
    lowering.close(name)
}

struct Lowering<'a> {
    file: &'a File<'a>,
    draft: Draft,
    /// By tensor.
    values: HashMap<usize, Value>,
    input: Option<Encoding>,
}

impl Lowering<'_> {
    fn open(&mut self) -> Result<(), ImportError> {
        let refused = |reason| ImportError::Graph(format!("has an input that {reason}"));
        let tensor = self.file.tensor(self.file.input).map_err(refused)?;
        // A model that takes real numbers quantises them first; that operator then makes the input.
        if tensor.kind == TensorType::Float32 { Ok(()) } else { self.begin(self.file.input, &tensor).map_err(refused) }
    }

    fn begin(&mut self, id: usize, tensor: &Tensor<'_>) -> Result<(), Reason> {
        let [1, height, width, channels] = tensor.shape[..] else {
            return Err(format!("has the shape {:?}; one image of rows, columns, channels is supported", tensor.shape));
        };
        let encoding = encoding(tensor)?;
        let map = self.draft.input([channels, height, width], encoding.zero.into())?;
        self.values.insert(id, Value { map, encoding, margin: Margin::default(), ended: false });
        self.input = Some(encoding);
        Ok(())
    }

    fn close(self, name: &str) -> Result<Model, ImportError> {
        let output = self.values.get(&self.file.output);
        let output = *output.ok_or_else(|| ImportError::Graph("has an output that no operator makes".into()))?;
        let input = self.input.ok_or_else(|| ImportError::Graph("does not quantise its input".into()))?;
        if output.margin != Margin::default() {
            return Err(ImportError::Graph("ends in a padded map; a vector of logits is supported".into()));
        }
        let (network, params) = self.draft.finish(output.map, output.encoding.zero.into())?;
        Ok(Model { name: name.into(), network, params, input, output: output.encoding })
    }

    fn operator(&mut self, operator: &Operator<'_>) -> Result<(), Reason> {
        let value = match &operator.name[..] {
            "CONV_2D" => self.convolution(operator)?,
            "DEPTHWISE_CONV_2D" => self.depthwise(operator)?,
            "FULLY_CONNECTED" => self.fully_connected(operator)?,
            "AVERAGE_POOL_2D" => self.average_pool(operator)?,
            "MEAN" => self.mean(operator)?,
            "ADD" => self.add(operator)?,
            "PAD" | "PADV2" => self.pad(operator)?,
            "RESHAPE" | "SQUEEZE" | "EXPAND_DIMS" => self.reshape(operator)?,
            "QUANTIZE" => match self.quantize(operator)? {
                Some(value) => value,
                // It made the input.
                None => return Ok(()),
            },
            "SOFTMAX" | "DEQUANTIZE" => Value { ended: true, ..self.any(operator.input(0)?)? },
            _ => return Err("is not supported".into()),
        };
        if self.values.insert(operator.output()?, value).is_some() {
            return Err("writes a tensor that was written before".into());
        }
        Ok(())
    }

    /// What a tensor is, wherever it stands.
    fn any(&self, id: usize) -> Result<Value, Reason> {
        if let Some(&value) = self.values.get(&id) {
            return Ok(value);
        }
        let tensor = self.file.tensor(id)?;
        Err(match tensor.kind {
            TensorType::Int8 | TensorType::Uint8 if tensor.data.is_none() => {
                "reads a tensor that no operator before it writes".into()
            }
            _ if tensor.data.is_some() => "takes a constant where only activations are supported".into(),
            other => {
                format!("works on {} values; only models quantised to INT8 or UINT8 are supported", kind_name(other))
            }
        })
    }

    /// The same, for operators that compute with it.
    fn live(&self, id: usize) -> Result<Value, Reason> {
        let value = self.any(id)?;
        if value.ended {
            return Err("follows an operator that ends the network, as SOFTMAX or DEQUANTIZE".into());
        }
        Ok(value)
    }

    /// The same, for operators that know no padding.
    fn bare(&self, id: usize) -> Result<Value, Reason> {
        let value = self.live(id)?;
        if value.margin != Margin::default() {
            return Err("reads the output of PAD; only convolutions and pools may".into());
        }
        Ok(value)
    }

    /// The same, for operators that slide over rows and columns: the file must see the map's shape as we do.
    fn spatial(&self, id: usize) -> Result<(Value, MapSpec), Reason> {
        let value = self.live(id)?;
        let (map, Margin { rows, cols }) = (self.draft.map(value.map), value.margin);
        let expected = [1, map.height + rows.0 + rows.1, map.width + cols.0 + cols.1, map.channels];
        let shape = self.file.tensor(id)?.shape;
        if shape != expected {
            return Err(format!("reads a tensor of shape {shape:?}; {expected:?} is what comes before"));
        }
        Ok((value, map))
    }

    /// Adds a layer; the file must see its output's shape as we do.
    fn push(&mut self, output: usize, activation: Activation, build: Built) -> Result<Value, Reason> {
        let tensor = self.file.tensor(output)?;
        let encoding = encoding(&tensor)?;
        let [channels, height, width] = build.shape;
        if tensor.shape != [1, height, width, channels] && !is_vector(&tensor.shape, build.shape) {
            let expected = [1, height, width, channels];
            return Err(format!("writes a tensor of shape {:?}; {expected:?} is what it computes", tensor.shape));
        }
        let (weights, bias) = build.weights.in_steps_of(encoding.step);
        let map = self.draft.push(Linear {
            kind: build.kind,
            op: build.op,
            window: build.window,
            inputs: build.inputs,
            shape: build.shape,
            weights,
            bias,
            zero: encoding.zero.into(),
            clamp: clamp(activation, encoding)?,
        })?;
        Ok(Value { map, encoding, margin: Margin::default(), ended: false })
    }

    fn convolution(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let options = operator.options(|o| if let OptionsRef::Conv2DOptions(o) = o { Some(o) } else { None })?;
        let (x, map) = self.spatial(operator.input(0)?)?;
        let constants = Constants::read(self.file, operator, x.encoding.step)?;
        let [outputs, rows, cols, inputs] = constants.shape()?;
        if inputs != map.channels {
            return Err(format!("has weights for {inputs} channels; its input has {}", map.channels));
        }
        let sliding = Sliding {
            kernel: [rows, cols],
            strides: [read(options.stride_h())?, read(options.stride_w())?],
            dilation: [read(options.dilation_h())?, read(options.dilation_w())?],
            padding: read(options.padding())?,
        };
        let placed = sliding.place(&map, x.margin)?;
        let build = Built {
            kind: if (rows, cols) == (1, 1) { "pointwise" } else { "conv" },
            op: Op::Dense,
            window: placed.window,
            inputs: vec![x.map],
            shape: [outputs, placed.size[0], placed.size[1]],
            weights: constants.weights(
                outputs,
                0,
                |[o, i, a, b]| ((o * rows + a) * cols + b) * inputs + i,
                [outputs, inputs, rows, cols],
            )?,
        };
        self.push(operator.output()?, read(options.activation())?, build)
    }

    fn depthwise(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let options =
            operator.options(|o| if let OptionsRef::DepthwiseConv2DOptions(o) = o { Some(o) } else { None })?;
        let (x, map) = self.spatial(operator.input(0)?)?;
        let constants = Constants::read(self.file, operator, x.encoding.step)?;
        let [one, rows, cols, outputs] = constants.shape()?;
        // From a single channel, several make a dense convolution.
        let op = if map.channels == 1 { Op::Dense } else { Op::Depthwise };
        if one != 1 || (op == Op::Depthwise && outputs != map.channels) {
            return Err(format!(
                "makes {outputs} channels of {}; one of each, or several of a single one, is supported",
                map.channels
            ));
        }
        let sliding = Sliding {
            kernel: [rows, cols],
            strides: [read(options.stride_h())?, read(options.stride_w())?],
            dilation: [read(options.dilation_h())?, read(options.dilation_w())?],
            padding: read(options.padding())?,
        };
        let placed = sliding.place(&map, x.margin)?;
        let build = Built {
            kind: "depthwise",
            op,
            window: placed.window,
            inputs: vec![x.map],
            shape: [outputs, placed.size[0], placed.size[1]],
            weights: constants.weights(
                outputs,
                3,
                |[o, _, a, b]| (a * cols + b) * outputs + o,
                [outputs, 1, rows, cols],
            )?,
        };
        self.push(operator.output()?, read(options.activation())?, build)
    }

    fn fully_connected(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let options =
            operator.options(|o| if let OptionsRef::FullyConnectedOptions(o) = o { Some(o) } else { None })?;
        if read(options.weights_format())? != 0 {
            return Err("has shuffled weights, which are not supported".into());
        }
        let x = self.bare(operator.input(0)?)?;
        let map = self.draft.map(x.map);
        let constants = Constants::read(self.file, operator, x.encoding.step)?;
        let [outputs, inputs] = constants.shape()?;
        if inputs != map.len() {
            return Err(format!("has weights for {inputs} values; its input has {}", map.len()));
        }
        // A window over the whole map; the file has its weights in the order of rows, columns, channels.
        let MapSpec { channels, height, width, .. } = map;
        let build = Built {
            kind: "full",
            op: Op::Dense,
            window: Window { rows: height, cols: width, ..Window::POINT },
            inputs: vec![x.map],
            shape: [outputs, 1, 1],
            weights: constants.weights(
                outputs,
                0,
                |[o, c, a, b]| ((o * height + a) * width + b) * channels + c,
                [outputs, channels, height, width],
            )?,
        };
        self.push(operator.output()?, read(options.activation())?, build)
    }

    fn average_pool(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let options = operator.options(|o| if let OptionsRef::Pool2DOptions(o) = o { Some(o) } else { None })?;
        let kernel = [read(options.filter_height())?, read(options.filter_width())?];
        let sliding = Sliding {
            kernel: kernel.map(|size| usize::try_from(size).unwrap_or(0)),
            strides: [read(options.stride_h())?, read(options.stride_w())?],
            dilation: [1, 1],
            padding: read(options.padding())?,
        };
        self.pool(operator, sliding, read(options.activation())?)
    }

    fn mean(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let mut axes = self.file.tensor(operator.input(1)?)?.integers()?;
        axes.iter_mut().for_each(|axis| *axis = if *axis < 0 { axis.saturating_add(4) } else { *axis });
        axes.sort_unstable();
        if axes != [1, 2] {
            return Err(format!("takes the mean over the axes {axes:?}; rows and columns ([1, 2]) are supported"));
        }
        let (_, map) = self.spatial(operator.input(0)?)?;
        let kernel = [map.height, map.width];
        let sliding = Sliding { kernel, strides: [1, 1], dilation: [1, 1], padding: Padding::Valid };
        if self.bare(operator.input(0)?).is_err() {
            return Err("takes the mean of a padded map, which is not supported".into());
        }
        self.pool(operator, sliding, Activation::None)
    }

    /// A depthwise layer with equal weights.
    fn pool(&mut self, operator: &Operator<'_>, sliding: Sliding, activation: Activation) -> Result<Value, Reason> {
        let (x, map) = self.spatial(operator.input(0)?)?;
        let placed = sliding.place(&map, x.margin)?;
        // There the file's average is over fewer cells: over other weights at every edge.
        if placed.padded {
            return Err("has padding that changes what is averaged; VALID windows are supported".into());
        }
        let taps = placed.window.taps();
        // The interpreter rounds averages of int8 values that end in a half away from zero, the zero of int8. So they are
        // taken a little further from it, by less than what lies between two averages.
        let further =
            if operator.name == "AVERAGE_POOL_2D" && x.encoding.signed { 1.0 / (512 * taps) as f64 } else { 0.0 };
        let weight = x.encoding.step / taps as f64 * (1.0 + further);
        let shift = x.encoding.step * further * (f64::from(x.encoding.zero) - 128.0);
        let build = Built {
            kind: "pool",
            op: Op::Depthwise,
            window: placed.window,
            inputs: vec![x.map],
            shape: [map.channels, placed.size[0], placed.size[1]],
            weights: Weights::equal(map.channels, taps, weight, shift)?,
        };
        self.push(operator.output()?, activation, build)
    }

    fn add(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let options = operator.options(|o| if let OptionsRef::AddOptions(o) = o { Some(o) } else { None })?;
        let [a, b] = [self.bare(operator.input(0)?)?, self.bare(operator.input(1)?)?];
        let [first, second] = [a, b].map(|value| self.draft.map(value.map));
        let shape = |map: MapSpec| [map.channels, map.height, map.width];
        if shape(first) != shape(second) {
            return Err("adds maps of different shapes, which is not supported".into());
        }
        let (inputs, steps) = if a.map == b.map {
            (vec![a.map], vec![a.encoding.step + b.encoding.step])
        } else {
            (vec![a.map, b.map], vec![a.encoding.step, b.encoding.step])
        };
        let build = Built {
            kind: "add",
            op: Op::Depthwise,
            window: Window::POINT,
            inputs,
            shape: shape(first),
            weights: Weights::by_input(first.channels, &steps),
        };
        self.push(operator.output()?, read(options.activation())?, build)
    }

    fn pad(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let x = self.live(operator.input(0)?)?;
        self.spatial(operator.input(0)?)?;
        let paddings = self.file.tensor(operator.input(1)?)?.integers()?;
        let sizes: Vec<usize> = paddings.iter().filter_map(|&n| usize::try_from(n).ok()).collect();
        let [0, 0, above, below, left, right, 0, 0] = sizes[..] else {
            return Err(format!("pads by {paddings:?}; only rows and columns may be padded"));
        };
        if let Some(&Some(value)) = operator.inputs.get(2) {
            let value = self.file.tensor(value)?;
            let stored = value.constant(1)?.first().map(|&byte| match value.kind {
                TensorType::Int8 => i64::from(byte as i8) + 128,
                _ => i64::from(byte),
            });
            if stored != Some(x.encoding.zero.into()) {
                return Err("pads with another value than zero, which is not supported".into());
            }
        }
        let same = encoding(&self.file.tensor(operator.output()?)?)?;
        if same != x.encoding {
            return Err("changes the scale of what it pads, which is not supported".into());
        }
        let Margin { rows, cols } = x.margin;
        let add = |a: usize, b: usize| a.checked_add(b).filter(|&n| n <= 1 << 12).ok_or("pads by too much");
        let margin = Margin {
            rows: (add(rows.0, above)?, add(rows.1, below)?),
            cols: (add(cols.0, left)?, add(cols.1, right)?),
        };
        Ok(Value { margin, ..x })
    }

    fn reshape(&mut self, operator: &Operator<'_>) -> Result<Value, Reason> {
        let x = self.any(operator.input(0)?)?;
        if x.margin != Margin::default() {
            return Err("reads the output of PAD; only convolutions and pools may".into());
        }
        let map = self.draft.map(x.map);
        let shape = self.file.tensor(operator.output()?)?.shape;
        let flat = shape.iter().filter(|&&n| n != 1).eq([map.len()].iter().filter(|&&n| n != 1));
        if !flat && shape != [1, map.height, map.width, map.channels] {
            return Err(format!("makes a tensor of shape {shape:?}; only flattening to a vector is supported"));
        }
        Ok(x)
    }

    /// A layer of its own, unless it makes the input or changes nothing.
    fn quantize(&mut self, operator: &Operator<'_>) -> Result<Option<Value>, Reason> {
        let (from, to) = (operator.input(0)?, operator.output()?);
        if from == self.file.input && self.input.is_none() {
            let tensor = self.file.tensor(to)?;
            return self.begin(to, &tensor).map(|()| None);
        }
        let x = self.any(from)?;
        if x.ended {
            return Ok(Some(x));
        }
        let tensor = encoding(&self.file.tensor(to)?)?;
        if (tensor.step, tensor.zero) == (x.encoding.step, x.encoding.zero) {
            return Ok(Some(Value { encoding: tensor, ..x }));
        }
        let x = self.bare(from)?;
        let map = self.draft.map(x.map);
        let build = Built {
            kind: "rescale",
            op: Op::Depthwise,
            window: Window::POINT,
            inputs: vec![x.map],
            shape: [map.channels, map.height, map.width],
            weights: Weights::by_input(map.channels, &[x.encoding.step]),
        };
        self.push(to, Activation::None, build).map(Some)
    }
}

/// A layer but for what its output tensor says.
struct Built {
    kind: &'static str,
    op: Op,
    window: Window,
    inputs: Vec<MapId>,
    shape: [usize; 3],
    weights: Weights,
}

/// Scale and zero point of activations.
fn encoding(tensor: &Tensor<'_>) -> Result<Encoding, Reason> {
    let offset = tensor.stored_offset()?;
    let (step, zero) = tensor.scales()?.single()?;
    let zero = u8::try_from(zero + offset).map_err(|_| "has a zero point that is no byte")?;
    Ok(Encoding { signed: tensor.kind == TensorType::Int8, step, zero })
}

/// The stored values that an activation function keeps.
fn clamp(activation: Activation, Encoding { step, zero, .. }: Encoding) -> Result<Clamp, Reason> {
    let at = |real: f64| i64::from(zero) + (real / step).round().min(255.0) as i64;
    let (low, high) = match activation {
        Activation::None => (0, 255),
        Activation::Relu => (at(0.0), 255),
        Activation::Relu6 => (at(0.0), at(6.0)),
        Activation::ReluN1To1 => (2 * i64::from(zero) - at(1.0), at(1.0)),
        Activation::Tanh | Activation::SignBit => {
            return Err(format!("has the activation {activation:?}; RELU, RELU6 and none are supported"));
        }
    };
    Ok(Clamp { low: low.max(0), high: high.min(255) })
}

/// Whether a tensor's shape is that of a vector, and the map is one.
fn is_vector(tensor: &[usize], [channels, height, width]: [usize; 3]) -> bool {
    (height, width) == (1, 1) && tensor.iter().filter(|&&n| n != 1).eq([channels].iter().filter(|&&n| n != 1))
}

fn read<T>(field: planus::Result<T>) -> Result<T, Reason> {
    field.map_err(|_| "has options that cannot be read".into())
}
