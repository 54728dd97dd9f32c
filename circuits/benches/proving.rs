//! What one proof is made of: the columns of its three phases, and all of it.

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkGroup, Criterion, SamplingMode, measurement::WallTime};
use halo2curves::{bn256::Fr, ff::Field};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkescrow_circuits::{
    commitment::{self, Opening},
    keys::ProverKeys,
    model::Model,
    network::Precision,
    plan::{Choice, Plan},
    planner::{self, Objective},
    prover::{self, Request},
    sample::{self, Step},
    srs::Srs,
    witness::{Challenges, Drawn, Salts, Witness},
};

/// Samples of each time: the fewest that criterion takes.
const SAMPLES: usize = 10;

/// The demo's network, and an inverted bottleneck as MobileNet v2 has them.
fn models() -> [Model; 2] {
    let bottleneck = [
        Step::Conv { channels: 16, kernel: 3, stride: 2 },
        Step::Pointwise { channels: 48, linear: false },
        Step::Depthwise { kernel: 3, stride: 1 },
        Step::Pointwise { channels: 16, linear: true },
        Step::Add { from: 1 },
        Step::Pool,
        Step::Logits { classes: 100 },
    ];
    let precision = Precision { bits: 13, frac: 3 };
    [sample::tiny(1), sample::build("bottleneck", precision, [3, 24, 24], &bottleneck, 1)]
}

/// A model with what proofs of it need.
struct Setting {
    model: Model,
    choice: Choice,
    plan: Plan,
    input: Vec<u8>,
    challenges: Challenges,
}

const SALTS: Salts = Salts { input: Fr::ONE, output: Fr::ONE };

impl Setting {
    fn new(model: Model) -> Self {
        let choice = planner::choose(&model.network, Objective::Time, None).expect("a layout");
        let plan = Plan::new(&model.network, choice).expect("a layout");
        let mut rng = ChaCha20Rng::seed_from_u64(0);
        let mut draw = || Fr::random(&mut rng);
        let challenges = Challenges { drawn: Drawn { s: draw(), gamma: draw(), delta: draw() }, alpha: draw() };
        Self { input: sample::input(&model.network, 1), model, choice, plan, challenges }
    }

    fn witness(&self) -> Witness {
        Witness::new(&self.plan, &self.model, &self.input, SALTS, Fr::ONE).expect("in range")
    }
}

/// Integers, reciprocals, running sums.
fn phases(group: &mut BenchmarkGroup<'_, WallTime>, setting: &Setting) {
    let Setting { plan, challenges, .. } = setting;
    group.bench_function("first", |b| b.iter(|| setting.witness()));
    let witness = setting.witness();
    group.bench_function("second", |b| b.iter(|| witness.second(plan, challenges.drawn)));
    let second = witness.second(plan, challenges.drawn);
    group.bench_function("third", |b| b.iter(|| witness.third(plan, &second, *challenges)));
}

/// Inference, columns, commitments, quotient, opening, and the check of the finished proof.
fn proof(group: &mut BenchmarkGroup<'_, WallTime>, setting: &Setting) {
    let Setting { model, plan, .. } = setting;
    let keys = ProverKeys::generate(&model.network, setting.choice, Srs::development(plan.shape.k)).expect("keys");
    let opening = Opening::random();
    let committed = commitment::commit(plan, &keys.srs, &model.params, &opening);
    let request = Request { input: &setting.input, salts: SALTS, context: Fr::ONE, provider: [1; 20] };
    group.bench_function("proof", |b| {
        b.iter(|| black_box(prover::prove(&keys, model, &committed, &opening, request).expect("an honest proof")))
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for setting in models().map(Setting::new) {
        let mut group = criterion.benchmark_group(format!("{}/2^{}", setting.model.name, setting.plan.shape.k));
        group.sample_size(SAMPLES).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_secs(1));
        phases(&mut group, &setting);
        proof(&mut group, &setting);
    }
    criterion.final_summary();
}
