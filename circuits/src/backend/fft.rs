//! Fourier transforms of polynomials between their coefficients and their values on cosets of roots of unity.
//!
//! Coefficients are kept in bit-reversed order, values in natural order. This way no transform has to move anything:
//! on the way to values the elements of a polynomial's even half stand before those of its odd half, level by level.
//! The transforms run on one thread each; who has many columns gives each column a thread.

use halo2_proofs::arithmetic::Field;
use halo2curves::{bn256::Fr, ff::PrimeField};

/// The roots of unity of order `2^k`, with what the transforms over them need.
#[derive(Debug)]
pub struct Domain {
    k: u32,
    omega: Fr,
    omega_inverse: Fr,
    /// `1 / 2^k`.
    size_inverse: Fr,
    /// For the transforms over the roots themselves.
    inverse_points: Points,
}

/// The domain shifted by a factor.
#[derive(Debug)]
pub struct Coset {
    shift: Fr,
    points: Points,
    inverse_points: Points,
}

/// What the halves of polynomials are combined with, on every level of a transform.
///
/// A polynomial of `2h` coefficients takes the value `even(x^2) + x odd(x^2)` at `x` and `even(x^2) - x odd(x^2)` at
/// `-x`. Its `h` values `x` are the elements from `h` to `2h`; those of the halves are their squares.
#[derive(Debug)]
struct Points(Vec<Fr>);

impl Points {
    /// The points `shift * omega^i` of a transform of size `2^k`, the first half of them.
    fn new(k: u32, shift: Fr, omega: Fr) -> Self {
        let size = 1 << k;
        let mut points = vec![Fr::ONE; size];
        let mut power = shift;
        for point in &mut points[size / 2..] {
            *point = power;
            power *= omega;
        }
        for i in (1..size / 2).rev() {
            // The element `i = h + j` of one level is the square of the element `2h + j` of the next.
            let level = 1 << i.ilog2();
            points[i] = points[i + level].square();
        }
        Self(points)
    }
}

impl Domain {
    /// The domain of size `2^k`, with the same generator as halo2's.
    ///
    /// # Panics
    ///
    /// If the field has no roots of unity of this order.
    pub fn new(k: u32) -> Self {
        assert!(k <= Fr::S, "no roots of unity of order 2^{k}");
        let root = |root: Fr| (k..Fr::S).fold(root, |root, _| root.square());
        let (omega, omega_inverse) = (root(Fr::ROOT_OF_UNITY), root(Fr::ROOT_OF_UNITY_INV));
        Self {
            k,
            omega,
            omega_inverse,
            size_inverse: Fr::TWO_INV.pow_vartime([u64::from(k)]),
            inverse_points: Points::new(k, Fr::ONE, omega_inverse),
        }
    }

    /// Number of elements.
    pub fn size(&self) -> usize {
        1 << self.k
    }

    /// The generator.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// The domain's coset `shift * omega^i`.
    ///
    /// # Panics
    ///
    /// If the shift is zero.
    pub fn coset(&self, shift: Fr) -> Coset {
        let inverse = shift.invert().expect("a coset's shift is not zero");
        Coset {
            shift,
            points: Points::new(self.k, shift, self.omega),
            inverse_points: Points::new(self.k, inverse, self.omega_inverse),
        }
    }

    /// Values at `omega^i` in natural order become coefficients in bit-reversed order.
    ///
    /// # Panics
    ///
    /// If there are not as many values as the domain has elements.
    pub fn interpolate(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size(), "as many values as elements");
        from_values(values, &self.inverse_points, self.size_inverse);
    }

    /// Writes the values at `shift * omega^i`, in natural order, of a polynomial given by its coefficients in
    /// bit-reversed order.
    ///
    /// # Panics
    ///
    /// If there are not as many coefficients or places for values as the domain has elements.
    pub fn evaluate(&self, coset: &Coset, coefficients: &[Fr], out: &mut [Fr]) {
        assert_eq!(out.len(), self.size(), "as many values as elements");
        out.copy_from_slice(coefficients);
        to_values(out, &coset.points);
    }

    /// The inverse of [`evaluate`](Self::evaluate), in place.
    ///
    /// # Panics
    ///
    /// If there are not as many values as the domain has elements.
    pub fn interpolate_coset(&self, coset: &Coset, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size(), "as many values as elements");
        from_values(values, &coset.inverse_points, self.size_inverse);
    }
}

impl Coset {
    /// What the domain is multiplied by.
    pub fn shift(&self) -> Fr {
        self.shift
    }
}

/// Brings bit-reversed order into natural order and the other way round.
///
/// # Panics
///
/// If the number of values is not a power of two.
pub fn natural_order(values: &mut [Fr]) {
    assert!(values.len().is_power_of_two(), "a power of two of values");
    let bits = values.len().ilog2();
    for i in 0..values.len() {
        // A single value is shifted by no bits, and stays where it is.
        let j = i.reverse_bits().checked_shr(usize::BITS - bits).unwrap_or(0);
        if i < j {
            values.swap(i, j);
        }
    }
}

/// Coefficients to values. Two levels at once, and quarter by quarter, so that what is in the cache is used often.
fn to_values(values: &mut [Fr], points: &Points) {
    match values {
        [] | [_] => {}
        [even, odd] => {
            let scaled = *odd * points.0[1];
            (*even, *odd) = (*even + scaled, *even - scaled);
        }
        _ => {
            let quarter = values.len() / 4;
            for part in values.chunks_exact_mut(quarter) {
                to_values(part, points);
            }
            for (a, [x, y, z]) in quarters(values).zip(points_of(points, quarter)) {
                let (odd, odd_of_odd) = (*a.1 * x, *a.3 * x);
                let (even, odd) = (*a.0 + odd, *a.0 - odd);
                let (even_of_odd, odd_of_odd) = (*a.2 + odd_of_odd, *a.2 - odd_of_odd);
                let (even_of_odd, odd_of_odd) = (even_of_odd * y, odd_of_odd * z);
                *a.0 = even + even_of_odd;
                *a.2 = even - even_of_odd;
                *a.1 = odd + odd_of_odd;
                *a.3 = odd - odd_of_odd;
            }
        }
    }
}

/// Values to coefficients, level by level the inverse of `to_values`, times `scale`.
fn from_values(values: &mut [Fr], inverse_points: &Points, scale: Fr) {
    match values {
        [] => {}
        [value] => *value *= scale,
        [even, odd] => {
            let difference = *even - *odd;
            *even = (*even + *odd) * scale;
            *odd = difference * (inverse_points.0[1] * scale);
        }
        _ => {
            let quarter = values.len() / 4;
            for (a, [x, y, z]) in quarters(values).zip(points_of(inverse_points, quarter)) {
                let (even, even_of_odd) = (*a.0 + *a.2, (*a.0 - *a.2) * y);
                let (odd, odd_of_odd) = (*a.1 + *a.3, (*a.1 - *a.3) * z);
                *a.0 = even + odd;
                *a.1 = (even - odd) * x;
                *a.2 = even_of_odd + odd_of_odd;
                *a.3 = (even_of_odd - odd_of_odd) * x;
            }
            for part in values.chunks_exact_mut(quarter) {
                from_values(part, inverse_points, scale);
            }
        }
    }
}

/// The elements at the same place of all four quarters.
fn quarters(values: &mut [Fr]) -> impl Iterator<Item = (&mut Fr, &mut Fr, &mut Fr, &mut Fr)> {
    let (left, right) = values.split_at_mut(values.len() / 2);
    let (a, b) = left.split_at_mut(left.len() / 2);
    let (c, d) = right.split_at_mut(right.len() / 2);
    a.iter_mut().zip(b).zip(c.iter_mut().zip(d)).map(|((a, b), (c, d))| (a, b, c, d))
}

/// What the quarters are combined with: on the lower level, and on the higher one for the first and the second half.
fn points_of(points: &Points, quarter: usize) -> impl Iterator<Item = [Fr; 3]> {
    let (low, high) = points.0[quarter..4 * quarter].split_at(quarter);
    let (first, second) = high.split_at(quarter);
    low.iter().zip(first).zip(second).map(|((x, y), z)| [*x, *y, *z])
}

#[cfg(test)]
mod tests {
    use halo2_proofs::poly::EvaluationDomain;
    use halo2curves::fft::best_fft;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn random(count: usize, seed: u64) -> Vec<Fr> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        (0..count).map(|_| Fr::random(&mut rng)).collect()
    }

    /// The value at a point of a polynomial with coefficients in natural order.
    fn value(coefficients: &[Fr], point: Fr) -> Fr {
        coefficients.iter().rev().fold(Fr::ZERO, |value, coefficient| value * point + coefficient)
    }

    fn evaluate(domain: &Domain, shift: Fr, coefficients: &[Fr]) -> Vec<Fr> {
        let mut values = vec![Fr::ZERO; coefficients.len()];
        domain.evaluate(&domain.coset(shift), coefficients, &mut values);
        values
    }

    #[test]
    fn generator_is_halo2s() {
        for k in 1..20 {
            assert_eq!(Domain::new(k).omega(), EvaluationDomain::<Fr>::new(1, k).get_omega());
        }
    }

    #[test]
    fn agrees_with_halo2() {
        for k in 0..=13 {
            let domain = Domain::new(k);
            let mut coefficients = random(1 << k, 1);
            let mut expected = coefficients.clone();
            best_fft(&mut expected, domain.omega(), k);

            natural_order(&mut coefficients);
            assert_eq!(evaluate(&domain, Fr::ONE, &coefficients), expected);
            domain.interpolate(&mut expected);
            assert_eq!(expected, coefficients);
        }
    }

    #[test]
    fn agrees_with_the_definition() {
        for k in 0..=8 {
            let domain = Domain::new(k);
            assert_eq!(domain.size(), 1 << k);
            let shift = random(1, 2)[0];
            let coset = domain.coset(shift);
            assert_eq!(coset.shift(), shift);
            let coefficients = random(domain.size(), 3);
            let points = std::iter::successors(Some(shift), |point| Some(point * domain.omega()));
            let expected: Vec<Fr> = points.take(domain.size()).map(|point| value(&coefficients, point)).collect();

            let mut reversed = coefficients;
            natural_order(&mut reversed);
            let mut values = evaluate(&domain, shift, &reversed);
            assert_eq!(values, expected);
            domain.interpolate_coset(&coset, &mut values);
            assert_eq!(values, reversed);
        }
    }

    #[test]
    fn large_transforms_are_inverse() {
        for k in [16, 17] {
            let domain = Domain::new(k);
            let coset = domain.coset(Fr::MULTIPLICATIVE_GENERATOR);
            let coefficients = random(domain.size(), 4);
            let mut values = evaluate(&domain, Fr::MULTIPLICATIVE_GENERATOR, &coefficients);
            let mut natural = coefficients.clone();
            natural_order(&mut natural);
            assert_eq!(values[0], value(&natural, Fr::MULTIPLICATIVE_GENERATOR));
            assert_eq!(values[5], value(&natural, Fr::MULTIPLICATIVE_GENERATOR * domain.omega().pow([5])));
            domain.interpolate_coset(&coset, &mut values);
            assert_eq!(values, coefficients);
        }
    }

    #[test]
    fn order_of_bits() {
        let mut values: Vec<Fr> = (0..8).map(Fr::from).collect();
        natural_order(&mut values);
        assert_eq!(values, [0, 4, 2, 6, 1, 5, 3, 7].map(Fr::from));
    }

    #[test]
    #[should_panic(expected = "as many values as elements")]
    fn wrong_size() {
        Domain::new(3).interpolate(&mut [Fr::ONE; 4]);
    }

    proptest! {
        #[test]
        fn extreme_values(k in 0..8u32, seed in any::<u64>(), choices in prop::collection::vec(0..4usize, 256)) {
            let domain = Domain::new(k);
            let some = [Fr::ZERO, Fr::ONE, -Fr::ONE, random(1, seed)[0]];
            let values: Vec<Fr> = choices[..domain.size()].iter().map(|&choice| some[choice]).collect();
            let mut coefficients = values.clone();
            domain.interpolate(&mut coefficients);
            prop_assert_eq!(evaluate(&domain, Fr::ONE, &coefficients), values);
        }
    }
}
