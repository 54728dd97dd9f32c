//! Fourier transforms between values on a domain and coefficients in bit-reversed order.

use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

/// The powers of a root of unity of order `2^k`.
pub struct Domain {
    omega: Fr,
    /// `ω^i` and `ω^-i` for the first half of the domain.
    roots: [Vec<Fr>; 2],
    scale: Fr,
}

/// A domain multiplied by a shift.
pub struct Coset {
    shift: Fr,
    /// Powers of the shift, in bit-reversed order.
    powers: Vec<Fr>,
}

fn powers(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |x| Some(x * base)).take(count).collect()
}

fn bit_reversed(mut values: Vec<Fr>) -> Vec<Fr> {
    let bits = values.len().ilog2();
    for i in 0..values.len() {
        let j = i.reverse_bits().checked_shr(usize::BITS - bits).unwrap_or(0);
        if i < j {
            values.swap(i, j);
        }
    }
    values
}

impl Domain {
    /// The domain of `2^k` elements.
    pub fn new(k: u32) -> Self {
        let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
        let half = 1 << k >> 1;
        let inverse = omega.invert().expect("a root of unity");
        Self { omega, roots: [powers(omega, half), powers(inverse, half)], scale: Fr::TWO_INV.pow([u64::from(k)]) }
    }

    /// The root of unity.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// Natural order values to bit-reversed coefficients.
    pub fn interpolate(&self, values: &mut [Fr]) {
        let n = values.len();
        let mut len = n;
        while len > 1 {
            for block in values.chunks_exact_mut(len) {
                let (low, high) = block.split_at_mut(len / 2);
                for ((a, b), root) in low.iter_mut().zip(high).zip(self.roots[1].iter().step_by(n / len)) {
                    let difference = *a - *b;
                    *a += *b;
                    *b = difference * root;
                }
            }
            len /= 2;
        }
        values.iter_mut().for_each(|x| *x *= self.scale);
    }

    /// The domain multiplied by a shift.
    pub fn coset(&self, shift: Fr) -> Coset {
        Coset { shift, powers: bit_reversed(powers(shift, 2 * self.roots[0].len().max(1))) }
    }

    /// Bit-reversed coefficients to the values on a coset, in natural order.
    pub fn evaluate(&self, coset: &Coset, coefficients: &[Fr], out: &mut [Fr]) {
        let n = out.len();
        for ((out, c), power) in out.iter_mut().zip(coefficients).zip(&coset.powers) {
            *out = c * power;
        }
        let mut len = 2;
        while len <= n {
            for block in out.chunks_exact_mut(len) {
                let (low, high) = block.split_at_mut(len / 2);
                for ((a, b), root) in low.iter_mut().zip(high).zip(self.roots[0].iter().step_by(n / len)) {
                    let product = *b * root;
                    *b = *a - product;
                    *a += product;
                }
            }
            len *= 2;
        }
    }

    /// The inverse of [`Self::evaluate`].
    pub fn interpolate_coset(&self, coset: &Coset, values: &mut [Fr]) {
        self.interpolate(values);
        let inverse = coset.shift.invert().expect("a coset's shift is not zero");
        for (value, power) in values.iter_mut().zip(bit_reversed(powers(inverse, coset.powers.len()))) {
            *value *= power;
        }
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::arithmetic::eval_polynomial;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn transforms_evaluate_polynomials() {
        let mut rng = StdRng::seed_from_u64(1);
        for k in [1, 2, 5] {
            let domain = Domain::new(k);
            let coefficients: Vec<Fr> = (0..1 << k).map(|_| Fr::random(&mut rng)).collect();
            let reversed = bit_reversed(coefficients.clone());
            for shift in [Fr::ONE, Fr::from(7)] {
                let coset = domain.coset(shift);
                let mut values = vec![Fr::ZERO; 1 << k];
                domain.evaluate(&coset, &reversed, &mut values);
                for (i, value) in values.iter().enumerate() {
                    assert_eq!(*value, eval_polynomial(&coefficients, shift * domain.omega().pow([i as u64])));
                }
                let mut back = values.clone();
                domain.interpolate_coset(&coset, &mut back);
                assert_eq!(back, reversed);
                if shift == Fr::ONE {
                    domain.interpolate(&mut values);
                    assert_eq!(values, reversed);
                }
            }
        }
    }
}
