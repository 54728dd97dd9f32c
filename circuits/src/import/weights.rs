//! Constants of linear operators, in real numbers.

use super::file::{File, Operator, Reason, Scales, Tensor};

/// Most weights of a layer that has none in the file.
const MAX_GENERATED: usize = 1 << 24;

/// Weights and biases in real numbers, not yet in units of the output's step.
#[derive(Clone, Debug)]
pub struct Weights {
    weights: Vec<f64>,
    bias: Vec<f64>,
}

impl Weights {
    /// The same weight and bias everywhere.
    pub fn equal(channels: usize, taps: usize, weight: f64, bias: f64) -> Result<Self, Reason> {
        let count = channels.checked_mul(taps).filter(|&n| n <= MAX_GENERATED);
        let count = count.ok_or("has a window too large for its channels")?;
        Ok(Self { weights: vec![weight; count], bias: vec![bias; channels] })
    }

    /// One weight for all channels of each input.
    pub fn by_input(channels: usize, weights: &[f64]) -> Self {
        let weights = weights.iter().flat_map(|&w| vec![w; channels]).collect();
        Self { weights, bias: vec![0.0; channels] }
    }

    /// Weights and biases in units of an output step.
    pub fn in_steps_of(self, step: f64) -> (Vec<f64>, Vec<f64>) {
        let scaled = |values: Vec<f64>| values.into_iter().map(|v| v / step).collect();
        (scaled(self.weights), scaled(self.bias))
    }
}

/// An operator's weights and biases as the file has them.
pub struct Constants<'a> {
    weights: Tensor<'a>,
    bytes: &'a [u8],
    scales: Scales,
    /// Whether bytes are signed.
    signed: bool,
    bias: Option<Vec<i32>>,
    input_step: f64,
}

impl<'a> Constants<'a> {
    /// Reads inputs 1 and 2 of an operator whose input 0 has steps of `input_step`.
    pub fn read(file: &File<'a>, operator: &Operator<'_>, input_step: f64) -> Result<Self, Reason> {
        let weights = file.tensor(operator.input(1)?)?;
        let signed = weights.stored_offset()? != 0;
        let bias = match operator.inputs.get(2) {
            Some(&Some(id)) => Some(file.tensor(id)?.integers()?),
            _ => None,
        };
        Ok(Self { bytes: weights.constant(1)?, scales: weights.scales()?, signed, weights, bias, input_step })
    }

    /// The weights' dimensions, of which there must be `N`.
    pub fn shape<const N: usize>(&self) -> Result<[usize; N], Reason> {
        let shape = <[usize; N]>::try_from(&self.weights.shape[..]).ok().filter(|shape| !shape.contains(&0));
        shape.ok_or_else(|| format!("has weights of shape {:?}", self.weights.shape))
    }

    /// Weights in the order of `[output, input, row, column]`, where `place` says at which byte each is; `axis` is the
    /// dimension of output channels in the file.
    pub fn weights(
        &self,
        outputs: usize,
        axis: usize,
        place: impl Fn([usize; 4]) -> usize,
        [o, i, rows, cols]: [usize; 4],
    ) -> Result<Weights, Reason> {
        let Scales { steps, zeros, axis: scaled } = &self.scales;
        if steps.len() > 1 && *scaled != axis {
            return Err(format!("has scales along dimension {scaled} of its weights; {axis} is supported"));
        }
        if self.bias.as_ref().is_some_and(|bias| bias.len() != outputs) {
            return Err(format!("needs {outputs} biases"));
        }
        let channel = |o: usize| if steps.len() == 1 { (steps[0], zeros[0]) } else { (steps[o], zeros[o]) };
        let mut weights = Vec::with_capacity(self.bytes.len());
        for o in 0..o {
            let (step, zero) = channel(o);
            for i in 0..i {
                for a in 0..rows {
                    for b in 0..cols {
                        let byte = self.bytes[place([o, i, a, b])];
                        let value = if self.signed { i64::from(byte as i8) } else { i64::from(byte) };
                        weights.push(self.input_step * step * (value - zero) as f64);
                    }
                }
            }
        }
        let bias = match &self.bias {
            Some(bias) => {
                bias.iter().enumerate().map(|(o, &b)| self.input_step * channel(o).0 * f64::from(b)).collect()
            }
            None => vec![0.0; outputs],
        };
        Ok(Weights { weights, bias })
    }
}
