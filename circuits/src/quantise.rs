//! From quantised weights and real scales to the integers that a [`Network`](crate::network::Network) uses.

use crate::network::{LayerParams, Precision};

/// How one layer was quantised.
#[derive(Clone, Debug)]
pub struct Quantisation<'a> {
    /// Integer weights, grouped by output channel (`weights.len() / bias.len()` each).
    pub weights: &'a [i8],
    /// Integer biases, in units of input scale times weight scale.
    pub bias: &'a [i32],
    /// Real multiplier of each output channel: input scale × weight scale / output scale.
    pub multiplier: &'a [f64],
    /// Stored value that stands for zero in the input.
    pub input_zero: u8,
    /// Stored value that the input map pads with (see [`MapSpec::pad`](crate::network::MapSpec::pad)).
    pub input_pad: u8,
    /// Stored value that stands for zero in the output.
    pub output_zero: u8,
}

impl Quantisation<'_> {
    /// Folds scales, bias, rounding and zero points into integers, so that `v = Σ W'·(x - pad) + B'` splits into a
    /// `d` that the table sends to `clamp(round(M·acc) + zero)`.
    pub fn fold(&self, precision: Precision) -> LayerParams {
        let shift = precision.bits + precision.frac;
        let group = self.weights.len() / self.bias.len();
        let mut weights = Vec::with_capacity(self.weights.len());
        let mut bias = Vec::with_capacity(self.bias.len());
        for (o, &b) in self.bias.iter().enumerate() {
            let scale = (self.multiplier[o] * f64::from(1u32 << shift)).round() as i64;
            let folded: Vec<i64> =
                self.weights[o * group..(o + 1) * group].iter().map(|&w| scale * i64::from(w)).collect();
            let centre = (i64::from(self.output_zero) + precision.offset()) << shift;
            let shifted = (i64::from(self.input_zero) - i64::from(self.input_pad)) * folded.iter().sum::<i64>();
            bias.push(scale * i64::from(b) + centre + (1 << (shift - 1)) - shifted);
            weights.extend(folded);
        }
        LayerParams { weights, bias }
    }
}
