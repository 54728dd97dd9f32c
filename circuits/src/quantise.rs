//! From real numbers to the integers that a [`Network`](crate::network::Network) uses.

use crate::network::{LayerParams, Precision};

/// One layer in real numbers, in units of its output's quantisation step:
/// `y = round(Σ weights·(x - input_zero) + bias) + output_zero`.
#[derive(Clone, Debug, PartialEq)]
pub struct RealLayer {
    /// Weights, in the order that [`Op`](crate::network::Op) gives.
    pub weights: Vec<f64>,
    /// One constant per output channel.
    pub bias: Vec<f64>,
    /// Stored value that stands for zero, for each input map.
    pub input_zeros: Vec<i64>,
    /// Stored value that stands for zero in the output.
    pub output_zero: i64,
}

impl RealLayer {
    /// Folds everything into integers, so that `v = Σ W'·(x - pad) + B'` splits into a `d` that the table sends to `y`.
    /// `pads` are the stored values that the input maps pad with (see [`MapSpec::pad`](crate::network::MapSpec::pad)).
    ///
    /// Each weight is rounded by itself. A channel's scale, rounded once and multiplied by its integer weights, would
    /// be the coarser choice: its error is the same for all of them and adds up.
    pub fn fold(&self, precision: Precision, pads: &[u8]) -> LayerParams {
        let unit = f64::from(1u32 << (precision.bits + precision.frac));
        let weights: Vec<i64> = self.weights.iter().map(|w| (w * unit).round() as i64).collect();
        let centre = (self.output_zero + precision.offset()) as f64 + 0.5;
        let mut bias: Vec<i64> = self.bias.iter().map(|b| ((b + centre) * unit).round() as i64).collect();
        let outputs = bias.len();
        let block = weights.len() / (outputs * self.input_zeros.len());
        for (n, weights) in weights.chunks(block).enumerate() {
            let (slot, output) = (n / outputs, n % outputs);
            let sum = weights.iter().fold(0i64, |sum, &w| sum.saturating_add(w));
            let shift = sum.saturating_mul(self.input_zeros[slot] - i64::from(pads[slot]));
            bias[output] = bias[output].saturating_sub(shift);
        }
        LayerParams { weights, bias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_the_value() {
        let precision = Precision { bits: 16, frac: 2 };
        let layer = RealLayer {
            weights: vec![0.1, -0.3, 0.7, 0.2],
            bias: vec![5.25, -3.5],
            input_zeros: vec![100],
            output_zero: 40,
        };
        let folded = layer.fold(precision, &[7]);
        let x = [130, 95];
        for o in 0..2 {
            let w = |i: usize| layer.weights[2 * o + i];
            let real = w(0) * 30.0 + w(1) * -5.0 + layer.bias[o];
            let v = folded.weights[2 * o] * (x[0] - 7) + folded.weights[2 * o + 1] * (x[1] - 7) + folded.bias[o];
            let d = (v >> precision.bits) as u32;
            assert_eq!(f64::from(precision.clamp(d)), real.round() + 40.0, "output {o}");
        }
    }

    #[test]
    fn two_inputs_have_zeros_of_their_own() {
        let precision = Precision { bits: 16, frac: 1 };
        let layer = RealLayer {
            weights: vec![1.0, 2.0, 0.5, 0.25],
            bias: vec![0.0, 0.0],
            input_zeros: vec![10, 20],
            output_zero: 0,
        };
        let folded = layer.fold(precision, &[0, 5]);
        let unit = 1 << 17;
        let centre = precision.offset() * unit + unit / 2;
        assert_eq!(folded.bias, [centre - 10 * unit - 15 * unit / 2, centre - 20 * unit - 15 * unit / 4]);
    }
}
