//! Sums against halo2's own and against naive ones.

use halo2_proofs::arithmetic::{Field, best_multiexp};
use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::PrimeField,
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::{
    Scalars, commit, commit_many, commit_many_with, commit_with,
    kernel::{Job, Kernel, Portable},
};

/// Points without a known relation that are cheap to make: an arithmetic progression.
fn bases(count: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
    let (first, step) = (G1::random(&mut *rng), G1::random(&mut *rng));
    let points: Vec<G1> = std::iter::successors(Some(first), |point| Some(point + step)).take(count).collect();
    let mut affine = vec![G1Affine::default(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

fn to_field(values: &[i64]) -> Vec<Fr> {
    let sign = |value: i64| if value < 0 { -Fr::ONE } else { Fr::ONE };
    values.iter().map(|&value| Fr::from(value.unsigned_abs()) * sign(value)).collect()
}

/// Checks a column with every kernel and both functions.
fn check(bases: &[G1Affine], scalars: Scalars<'_>) {
    let field = match scalars {
        Scalars::Small(values) => to_field(values),
        Scalars::Field(values) => values.to_vec(),
    };
    let expected = if field.len() < 64 {
        bases.iter().zip(&field).map(|(base, scalar)| base * scalar).sum::<G1>()
    } else {
        // Halo2's own takes no neutral elements.
        let (bases, field): (Vec<G1Affine>, Vec<Fr>) =
            bases.iter().zip(&field).filter(|(base, _)| !bool::from(base.is_identity())).unzip();
        best_multiexp(&field, &bases)
    };
    let expected = expected.to_affine();
    assert_eq!(commit(bases, scalars), expected);
    assert_eq!(commit_with(Portable, bases, scalars), expected);
    assert_eq!(commit_many_with(Portable, bases, &[scalars, scalars, scalars]), [expected; 3]);
    assert_eq!(commit_many(bases, &[scalars]), [expected]);
}

#[test]
fn random_scalars_of_all_sizes() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let bases = bases(5000, &mut rng);
    for count in [0, 1, 2, 3, 17, 100, 1000, 5000] {
        for bits in [1, 2, 8, 16, 26, 62] {
            let values: Vec<i64> = (0..count).map(|_| rng.gen_range(0..(1 << bits))).collect();
            check(&bases, Scalars::Small(&values));
        }
        let values: Vec<i64> = (0..count).map(|_| rng.r#gen::<i64>() >> rng.gen_range(0..64)).collect();
        check(&bases, Scalars::Small(&values));
        let values: Vec<Fr> = (0..count).map(|_| Fr::random(&mut rng)).collect();
        check(&bases, Scalars::Field(&values));
    }
}

#[test]
fn extreme_scalars() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let bases = bases(300, &mut rng);
    check(&bases, Scalars::Small(&[i64::MIN, i64::MAX, -1, 0, 1]));
    check(&bases, Scalars::Small(&[i64::MIN; 300]));
    for value in [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::TWO_INV, -Fr::TWO_INV, Fr::ROOT_OF_UNITY] {
        check(&bases, Scalars::Field(&[value]));
        check(&bases, Scalars::Field(&[value; 300]));
    }
}

#[test]
fn mostly_small_or_zero() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let bases = bases(6000, &mut rng);
    let mut sparse = vec![0; 6000];
    sparse[17] = 5;
    sparse[5999] = -70000;
    check(&bases, Scalars::Small(&sparse));
    check(&bases, Scalars::Small(&[0; 6000]));
    // The shape of a column with its blinding.
    let mut blinded: Vec<Fr> = (0..6000).map(|_| Fr::from(rng.gen_range(0..1 << 16))).collect();
    blinded[5994..].fill_with(|| Fr::random(&mut rng));
    check(&bases, Scalars::Field(&blinded));
    // One bucket that holds nearly everything and spans blocks.
    let mut bits = vec![1; 6000];
    bits[3] = 2;
    check(&bases, Scalars::Small(&bits));
}

#[test]
fn related_bases() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let some = bases(2, &mut rng);
    let equal = vec![some[0]; 5000];
    let opposite: Vec<G1Affine> = (0..5000).map(|i| if i % 2 == 0 { some[0] } else { -some[0] }).collect();
    let identities = vec![G1Affine::identity(); 5000];
    let mixture: Vec<G1Affine> = (0..5000)
        .map(|_| {
            let point = some[rng.gen_range(0..2)];
            [point, -point, G1Affine::identity()][rng.gen_range(0..3)]
        })
        .collect();
    for bases in [equal, opposite, identities, mixture] {
        check(&bases, Scalars::Small(&[1; 5000]));
        check(&bases, Scalars::Small(&[-3; 4999]));
        let values: Vec<i64> = (0..5000).map(|_| rng.gen_range(-4..100)).collect();
        check(&bases, Scalars::Small(&values));
        let values: Vec<Fr> = (0..5000).map(|_| Fr::random(&mut rng)).collect();
        check(&bases, Scalars::Field(&values));
    }
}

#[test]
fn many_columns_of_different_lengths() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let bases = bases(3000, &mut rng);
    let small: Vec<Vec<i64>> =
        (0..9).map(|i| (0..i * 300).map(|_| rng.gen_range(-5..1 << (3 * i))).collect()).collect();
    let field: Vec<Fr> = (0..3000).map(|_| Fr::random(&mut rng)).collect();
    let mut columns: Vec<Scalars<'_>> = small.iter().map(|column| Scalars::Small(column)).collect();
    columns.push(Scalars::Field(&field));
    let expected: Vec<G1Affine> = columns.iter().map(|column| commit(&bases, *column)).collect();
    assert_eq!(commit_many(&bases, &columns), expected);
    assert_eq!(commit_many(&bases, &[]), []);
}

#[test]
#[should_panic(expected = "range end index 2")]
fn too_few_bases() {
    commit(&[G1Affine::generator()], Scalars::Small(&[1, 2]));
}

/// Points among which additions of every kind are likely.
fn relative() -> impl Strategy<Value = G1Affine> {
    (-3i64..=3).prop_map(|multiple| (G1Affine::generator() * to_field(&[multiple])[0]).to_affine())
}

fn kernel_adds<K: Kernel>(kernel: K, points: &[G1Affine]) {
    let pairs = points.len() / 2;
    let jobs: Vec<Job> =
        (0..pairs as u32).map(|i| Job { left: i, right: pairs as u32 + i.pow(2) % pairs as u32 }).collect();
    let expected: Vec<G1Affine> =
        jobs.iter().map(|job| (points[job.left as usize] + points[job.right as usize]).to_affine()).collect();
    let mut imported = kernel.import(points);
    kernel.add(&mut imported, &jobs, &mut K::Scratch::default());
    let sums: Vec<G1Affine> = imported[..pairs].iter().map(|point| kernel.export(point)).collect();
    assert_eq!(sums, expected);
    for (point, again) in points[pairs..].iter().zip(&imported[pairs..]) {
        assert_eq!(kernel.export(again), *point);
        assert_eq!(kernel.export(&K::signed(again, true)), -point);
        assert_eq!(kernel.export(&K::signed(again, false)), *point);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn kernels_add(points in prop::collection::vec(relative(), 0..100)) {
        kernel_adds(Portable, &points);
        #[cfg(target_arch = "x86_64")]
        if let Some(kernel) = crate::backend::lanes::Ifma::detect() {
            kernel_adds(kernel, &points);
        }
    }

    #[test]
    fn small_sums(terms in prop::collection::vec((relative(), any::<i64>(), 0..64u32), 0..40)) {
        let (bases, values): (Vec<G1Affine>, Vec<i64>) =
            terms.into_iter().map(|(base, value, shift)| (base, value >> shift)).unzip();
        check(&bases, Scalars::Small(&values));
    }

    #[test]
    fn small_sums_of_field_elements(terms in prop::collection::vec((relative(), any::<[u64; 4]>()), 0..20)) {
        let (bases, values): (Vec<G1Affine>, Vec<Fr>) =
            terms.into_iter().map(|(base, limbs)| (base, Fr::from_raw(limbs))).unzip();
        check(&bases, Scalars::Field(&values));
    }
}
