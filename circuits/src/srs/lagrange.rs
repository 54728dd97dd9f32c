//! The Lagrange basis from the powers, or from the file and checked against the powers.

use halo2_proofs::poly::{
    EvaluationDomain,
    commitment::{Blind, Params as _, ParamsProver as _},
    kzg::commitment::ParamsKZG,
};
use halo2curves::{
    bn256::{Bn256, Fr, G1Affine},
    ff::{Field, PrimeField},
    group::prime::PrimeCurveAffine,
};
use rand::{Rng, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::batch::{BATCH, Batch};

/// The root of unity whose powers a domain of `2^k` rows consists of.
pub(super) fn domain_root(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// The Lagrange basis of `n = 2^k` powers: their inverse Fourier transform, on all cores.
///
/// Every stage pairs `i` with `i + n/2` and leaves its results side by side (Pease), so that each batch writes one
/// piece of the next array, and the last array is in bit-reversed order. `halo2`'s own transform multiplies points
/// one by one, in constant time.
pub(super) fn lagrange_points(powers: &[G1Affine]) -> Vec<G1Affine> {
    let (n, k) = (powers.len(), powers.len().ilog2());
    let root = domain_root(k).invert().expect("a root of unity");
    let mut points = powers.to_vec();
    let mut next = points.clone();
    for stage in 0..k {
        let (low, high) = points.split_at(n / 2);
        next.par_chunks_mut(2 * BATCH).enumerate().for_each(|(i, out)| {
            let range = i * BATCH..i * BATCH + out.len() / 2;
            butterflies(&low[range.clone()], &high[range.clone()], out, root, range.start, stage);
        });
        std::mem::swap(&mut points, &mut next);
    }
    let scale = Fr::TWO_INV.pow([u64::from(k)]);
    next.par_chunks_mut(BATCH).enumerate().for_each(|(i, out)| {
        for (j, out) in out.iter_mut().enumerate() {
            *out = points[(i * BATCH + j).reverse_bits() >> (usize::BITS - k)];
        }
        Batch::default().multiply(out, &vec![scale; out.len()]);
    });
    next
}

/// `out[2j] = low[j] + high[j]` and `out[2j + 1] = (low[j] - high[j])·root^e`, where `e` is `start + j` without its
/// lowest `stage` bits.
fn butterflies(low: &[G1Affine], high: &[G1Affine], out: &mut [G1Affine], root: Fr, start: usize, stage: u32) {
    let mut batch = Batch::default();
    let mut sums = low.to_vec();
    batch.add(&mut sums, high);
    let mut differences: Vec<_> = high.iter().map(|point| -point).collect();
    batch.add(&mut differences, low);
    // Where all exponents are 0 there is nothing to multiply.
    if (start + low.len() - 1) >> stage > 0 {
        let factors: Vec<_> = (start..).take(low.len()).map(|i| root.pow([(i >> stage << stage) as u64])).collect();
        batch.multiply(&mut differences, &factors);
    }
    for (out, (sum, difference)) in out.chunks_exact_mut(2).zip(sums.into_iter().zip(differences)) {
        out.copy_from_slice(&[sum, difference]);
    }
}

/// Orders a Lagrange basis of snarkjs as halo2 does: they number the same domain by powers of different roots.
pub(super) fn from_snarkjs_order(given: &[G1Affine]) -> Vec<G1Affine> {
    let mut lagrange = vec![G1Affine::identity(); given.len()];
    let step = root_ratio(given.len().ilog2());
    for (i, point) in given.iter().enumerate() {
        lagrange[(i * step) % given.len()] = *point;
    }
    lagrange
}

/// snarkjs takes its roots of unity from the non-residue 5, halo2 from 7: the `e` with `theirs = ours^e`.
fn root_ratio(k: u32) -> usize {
    let trace = {
        // (r - 1) / 2^28, by shifting the bytes of r - 1.
        let mut limbs = [0u64; 4];
        for (limb, bytes) in limbs.iter_mut().zip((-Fr::ONE).to_repr().as_ref().chunks_exact(8)) {
            *limb = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        }
        [0, 1, 2, 3].map(|i| limbs[i] >> Fr::S | limbs.get(i + 1).map_or(0, |next| next << (64 - Fr::S)))
    };
    let theirs = (k..Fr::S).fold(Fr::from(5).pow(trace), |root, _| root.square());
    let inverse = domain_root(k).invert().expect("a root of unity");
    // The logarithm, bit by bit: what is left has order 2^(k - bit) unless the bit is 0.
    (0..k).fold(0, |e, bit| {
        let left = theirs * inverse.pow([e as u64]);
        if left.pow([1 << (k - 1 - bit)]) == Fr::ONE { e } else { e | 1 << bit }
    })
}

/// Whether the Lagrange basis commits to a random polynomial as the powers do.
pub(super) fn bases_agree(params: &ParamsKZG<Bn256>) -> bool {
    let domain = EvaluationDomain::new(1, params.k());
    let values = domain.lagrange_from_vec(random_weights(1 << params.k()));
    let coefficients = domain.lagrange_to_coeff(values.clone());
    params.commit_lagrange(&values, Blind::default()) == params.commit(&coefficients, Blind::default())
}

/// Random scalars of 128 bits: a false combination passes with probability 2^-128.
pub(super) fn random_weights(count: usize) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::from_rng(OsRng).expect("the operating system has randomness");
    (0..count).map(|_| Fr::from_u128(rng.r#gen())).collect()
}

#[cfg(test)]
mod tests {
    use halo2_proofs::arithmetic::g_to_lagrange;

    use super::*;

    #[test]
    fn the_transform_is_that_of_halo2() {
        for k in [1, 2, 3, 7] {
            let params = ParamsKZG::<Bn256>::setup(k, OsRng);
            let powers = params.get_g().iter().map(PrimeCurveAffine::to_curve).collect();
            let expected: Vec<G1Affine> = g_to_lagrange(powers, k);
            assert_eq!(lagrange_points(params.get_g()), expected);
        }
    }

    #[test]
    fn batches_of_the_transform_fit_together() {
        for k in [9, 10, 11] {
            let params = ParamsKZG::<Bn256>::setup(k, OsRng);
            let lagrange = lagrange_points(params.get_g());
            let own = params.from_parts(k, params.get_g().to_vec(), Some(lagrange), params.g2(), params.s_g2());
            assert!(bases_agree(&own));
        }
    }

    #[test]
    fn a_basis_of_other_powers_does_not_agree() {
        let params = ParamsKZG::<Bn256>::setup(5, OsRng);
        assert!(bases_agree(&params));
        let mut lagrange = lagrange_points(params.get_g());
        lagrange.swap(3, 4);
        let other = params.from_parts(5, params.get_g().to_vec(), Some(lagrange), params.g2(), params.s_g2());
        assert!(!bases_agree(&other));
    }

    #[test]
    fn the_ratio_of_the_roots_is_odd_and_agrees_between_sizes() {
        for k in 1..=16 {
            let e = root_ratio(k);
            assert_eq!(e % 2, 1);
            assert_eq!(e, root_ratio(k + 1) % (1 << k));
        }
    }
}
