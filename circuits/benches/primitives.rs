//! Commitments and Fourier transforms beside those of halo2.

use criterion::{BatchSize, BenchmarkId, Criterion};
use halo2_proofs::{
    arithmetic::{Field, best_multiexp},
    poly::EvaluationDomain,
};
use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::PrimeField,
    group::{Curve, Group},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkescrow_circuits::backend::{
    fft::Domain,
    msm::{Scalars, commit, commit_many},
};

/// Points in an arithmetic progression: cheap to make, and as good as any for timing.
fn bases(count: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
    let (first, step) = (G1::random(&mut *rng), G1::random(&mut *rng));
    let points: Vec<G1> = std::iter::successors(Some(first), |point| Some(point + step)).take(count).collect();
    let mut affine = vec![G1Affine::default(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

fn commitments(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(0);
    let bases = bases(1 << 17, &mut rng);
    for k in [14, 17] {
        let bases = &bases[..1 << k];
        let mut group = criterion.benchmark_group(format!("msm/2^{k}"));
        group.sample_size(10);
        for bits in [8, 16, 26] {
            let values: Vec<i64> = bases.iter().map(|_| rng.gen_range(0..1 << bits)).collect();
            let field: Vec<Fr> = values.iter().map(|&value| Fr::from(value as u64)).collect();
            let columns = [Scalars::Small(&values); 8];
            group.bench_function(BenchmarkId::new("halo2", bits), |b| b.iter(|| best_multiexp(&field, bases)));
            group.bench_function(BenchmarkId::new("one", bits), |b| b.iter(|| commit(bases, columns[0])));
            group.bench_function(BenchmarkId::new("eight", bits), |b| b.iter(|| commit_many(bases, &columns)));
        }
        let values: Vec<Fr> = bases.iter().map(|_| Fr::random(&mut rng)).collect();
        let columns = [Scalars::Field(&values); 8];
        group.bench_function("halo2/full", |b| b.iter(|| best_multiexp(&values, bases)));
        group.bench_function("one/full", |b| b.iter(|| commit(bases, columns[0])));
        group.bench_function("eight/full", |b| b.iter(|| commit_many(bases, &columns)));
    }
}

fn transforms(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for k in [14, 17] {
        let values: Vec<Fr> = (0..1 << k).map(|_| Fr::random(&mut rng)).collect();
        let mut group = criterion.benchmark_group(format!("fft/2^{k}"));
        group.sample_size(20);
        // Halo2's transforms use all cores, ours one.
        let halo2 = EvaluationDomain::<Fr>::new(1, k);
        let column = halo2.lagrange_from_vec(values.clone());
        group.bench_function("interpolate/halo2", |b| {
            b.iter_batched(|| column.clone(), |column| halo2.lagrange_to_coeff(column), BatchSize::LargeInput)
        });
        let domain = Domain::new(k);
        let mut column = values.clone();
        group.bench_function("interpolate/ours", |b| b.iter(|| domain.interpolate(&mut column)));
        let coset = domain.coset(Fr::MULTIPLICATIVE_GENERATOR);
        group.bench_function("evaluate/ours", |b| b.iter(|| domain.evaluate(&coset, &values, &mut column)));
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    commitments(&mut criterion);
    transforms(&mut criterion);
    criterion.final_summary();
}
