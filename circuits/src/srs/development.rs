//! Strings for development, from a secret that is no secret.

use halo2curves::{
    bn256::{Fr, G1Affine, G2Affine},
    ff::{Field, FromUniformBytes, PrimeField},
    group::Curve,
};

use super::{MAX_K, Origin, Srs, SrsError, digest_of, fixed_base::FixedBase, lagrange::domain_root};

/// What the development secret is hashed from.
const SEED: &[u8] = b"zkescrow development SRS: this secret is public and every proof made with it can be forged";

impl Srs {
    /// **Insecure.** Makes the development string of `2^k` powers, on all cores.
    ///
    /// Its secret is the hash of a sentence in this file: whoever can read can forge proofs. It is fixed on purpose.
    /// Everybody's development keys agree, and nobody can take a string of unknown making for a safe one.
    ///
    /// # Panics
    ///
    /// If `k` is not between 1 and [`MAX_K`].
    pub fn development(k: u32) -> Self {
        check_size(k).unwrap_or_else(|error| panic!("{error}"));
        let base = FixedBase::new(G1Affine::generator(), k + 1);
        let powers = base.multiply(1 << k, fill_powers);
        let lagrange = base.multiply(1 << k, |start, out| fill_lagrange(k, start, out));
        Self::new(k, powers, lagrange, secret_g2(), Origin::Development)
    }
}

pub(super) fn check_size(k: u32) -> Result<(), SrsError> {
    if (1..=MAX_K).contains(&k) { Ok(()) } else { Err(SrsError::SizeOutOfRange { k }) }
}

/// The secret that everybody knows.
fn secret() -> Fr {
    Fr::from_uniform_bytes(blake2b_simd::blake2b(SEED).as_array())
}

/// The development secret times the generator of G2: how development strings are recognised.
pub(super) fn secret_g2() -> G2Affine {
    (G2Affine::generator() * secret()).to_affine()
}

/// The digest of the development string, without making it.
pub(super) fn digest(k: u32) -> [u8; 32] {
    let generator = G1Affine::generator();
    let power = |i: u64| (generator * secret().pow([i])).to_affine();
    digest_of(k, [generator, power(1), power((1 << k) - 1)], G2Affine::generator(), secret_g2())
}

/// `s^start, s^(start+1), …`
fn fill_powers(start: usize, out: &mut [Fr]) {
    let secret = secret();
    let mut power = secret.pow([start as u64]);
    for out in out {
        *out = power;
        power *= secret;
    }
}

/// The Lagrange polynomials of the domain at the secret: `(s^n - 1)/n · ω^i / (s - ω^i)`.
fn fill_lagrange(k: u32, start: usize, out: &mut [Fr]) {
    let (secret, root) = (secret(), domain_root(k));
    // (s^n - 1)/n times all denominators before this one, then one inversion for the whole batch.
    let mut point = root.pow([start as u64]);
    let mut product = Fr::ONE;
    let mut denominators = Vec::with_capacity(out.len());
    for out in out.iter_mut() {
        *out = point * product;
        denominators.push(secret - point);
        product *= secret - point;
        point *= root;
    }
    let scale = (secret.pow([1 << k]) - Fr::ONE) * Fr::TWO_INV.pow([u64::from(k)]);
    let mut inverse = scale * product.invert().expect("the secret is no root of unity");
    for (out, denominator) in out.iter_mut().zip(denominators).rev() {
        *out *= inverse;
        inverse *= denominator;
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::{
        arithmetic::g_to_lagrange,
        poly::{
            EvaluationDomain,
            commitment::{Blind, Params as _, ParamsProver as _},
        },
    };
    use halo2curves::{bn256::Fr, group::prime::PrimeCurveAffine};
    use rand::rngs::OsRng;

    use super::*;

    #[test]
    fn powers_follow_their_definition() {
        for k in [1, 2, 5, 11] {
            let srs = Srs::development(k);
            assert_eq!(srs.k(), k);
            assert_eq!(srs.params.get_g().len(), 1 << k);
            let mut power = Fr::ONE;
            for point in srs.params.get_g() {
                assert_eq!(*point, (G1Affine::generator() * power).to_affine());
                power *= secret();
            }
            assert_eq!(srs.params.s_g2(), (G2Affine::generator() * secret()).to_affine());
            assert_eq!(srs.digest, digest(k));
        }
    }

    #[test]
    fn both_bases_commit_alike() {
        for k in [1, 4, 10] {
            let srs = Srs::development(k);
            let domain = EvaluationDomain::new(1, k);
            let mut values = domain.empty_lagrange();
            values.iter_mut().for_each(|value| *value = Fr::random(OsRng));
            let coefficients = domain.lagrange_to_coeff(values.clone());
            let blind = Blind::default();
            assert_eq!(srs.params.commit_lagrange(&values, blind), srs.params.commit(&coefficients, blind));
        }
    }

    #[test]
    fn lagrange_points_are_those_of_the_group_fft() {
        let srs = Srs::development(6);
        let powers = srs.params.get_g().iter().map(PrimeCurveAffine::to_curve).collect();
        let expected: Vec<G1Affine> = g_to_lagrange(powers, 6);
        let domain = EvaluationDomain::<Fr>::new(1, 6);
        for (i, expected) in expected.iter().enumerate() {
            let mut unit = domain.empty_lagrange();
            unit[i] = Fr::ONE;
            assert_eq!(srs.params.commit_lagrange(&unit, Blind::default()).to_affine(), *expected);
        }
    }

    #[test]
    fn smaller_strings_are_prefixes_with_their_own_digest() {
        let (small, large) = (Srs::development(5), Srs::development(7));
        assert_eq!(small.params.get_g(), &large.params.get_g()[..32]);
        assert_eq!(small.params.s_g2(), large.params.s_g2());
        assert_ne!(small.digest, large.digest);
        assert_eq!(small.digest, Srs::development(5).digest);
    }

    #[test]
    fn the_secret_stays_the_same() {
        // A change makes every development key in use worthless: change the file's version with it.
        let expected = "a462c4d740257ea07dcbe0bab0615fb96400411fc85ff356fc707f55530e0a7f";
        assert_eq!(hex::encode(digest(4)), expected);
    }

    #[test]
    fn another_secret_has_another_digest() {
        use halo2_proofs::poly::kzg::commitment::ParamsKZG;
        let other = ParamsKZG::setup(5, OsRng);
        assert_ne!(super::super::digest(&other), digest(5));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for k in [0, MAX_K + 1, u32::MAX] {
            assert!(matches!(check_size(k), Err(SrsError::SizeOutOfRange { .. })));
            assert!(std::panic::catch_unwind(|| Srs::development(k)).is_err());
        }
    }

    #[test]
    fn development_strings_say_that_they_are_insecure() {
        let origin = Srs::development(1).origin;
        assert!(origin.is_insecure());
        assert!(origin.warning().is_some_and(|text| text.contains("INSECURE")));
        assert!(origin.to_string().contains("INSECURE"));
        assert_eq!(serde_json::to_string(&origin).expect("JSON"), r#"{"kind":"development"}"#);
    }
}
