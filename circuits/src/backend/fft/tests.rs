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
fn kernels_agree() {
    for k in 0..=14 {
        let (fast, scalar) = (Domain::new(k), Domain::with(k, Kernel::Scalar));
        let shift = random(1, 5)[0];
        for values in [random(fast.size(), 6), vec![-Fr::ONE; fast.size()], vec![Fr::ZERO; fast.size()]] {
            assert_eq!(evaluate(&fast, shift, &values), evaluate(&scalar, shift, &values));
            let (mut one, mut other) = (values.clone(), values);
            fast.interpolate(&mut one);
            scalar.interpolate(&mut other);
            assert_eq!(one, other);
            fast.interpolate_coset(&fast.coset(shift), &mut one);
            scalar.interpolate_coset(&scalar.coset(shift), &mut other);
            assert_eq!(one, other);
        }
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
