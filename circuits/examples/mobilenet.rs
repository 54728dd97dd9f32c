//! MobileNet v2 (0.35, 96) with random weights: how large its layout is, and on request how long a proof takes.
//!
//! `cargo run --release -p zkescrow-circuits --example mobilenet -- LANES WEIGHT_COLUMNS DEGREE [prove]`

use std::{error::Error, time::Instant};

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    commitment::{self, Opening},
    keys::ProverKeys,
    model::Model,
    network::Precision,
    plan::{Choice, Degree, Plan},
    prover::{self, Request},
    sample::{self, Step},
    srs::Srs,
    witness::Salts,
};

/// Output channels, repeats and first stride of the inverted bottlenecks after the first, at width 0.35.
const BOTTLENECKS: [(usize, usize, usize); 6] =
    [(8, 2, 2), (16, 3, 2), (24, 4, 2), (32, 3, 1), (56, 3, 2), (112, 1, 1)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lanes, columns, degree, prove @ ..] = &arguments[..] else {
        return Err(
            "give LANES, WEIGHT_COLUMNS and DEGREE (3 or 5), then `prove` for a proof; for example 3 8 3".into()
        );
    };
    let degree = if degree == "5" { Degree::Five } else { Degree::Three };
    let choice = Choice { lanes: lanes.parse()?, weight_columns: columns.parse()?, degree, k: None };
    let model = sample::build("mobilenet-v2", Precision { bits: 16, frac: 5 }, [3, 96, 96], &steps(), 1);
    println!("{} parameters, {} multiplications", model.network.parameter_count(), model.network.macs());
    let plan = Plan::new(&model.network, choice)?;
    println!(
        "k = {}: {} rows of activations, {} of parameters, {} in all; {} fixed columns",
        plan.shape.k,
        plan.activations.rows.len(),
        plan.kernels.feeds.len(),
        plan.rows_used,
        plan.fixed_columns()
    );
    if prove.is_empty() { Ok(()) } else { prove_one(&model, choice, &plan) }
}

fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step::Conv { channels: 16, kernel: 3, stride: 2 },
        Step::Depthwise { kernel: 3, stride: 1 },
        Step::Pointwise { channels: 8, linear: true },
    ];
    let mut narrow = 8;
    for (channels, repeats, first) in BOTTLENECKS {
        for repeat in 0..repeats {
            let (from, stride) = (steps.len(), if repeat == 0 { first } else { 1 });
            steps.push(Step::Pointwise { channels: 6 * narrow, linear: false });
            steps.push(Step::Depthwise { kernel: 3, stride });
            steps.push(Step::Pointwise { channels, linear: true });
            if repeat > 0 {
                steps.push(Step::Add { from });
            }
            narrow = channels;
        }
    }
    steps.extend([Step::Pointwise { channels: 1280, linear: false }, Step::Pool, Step::Logits { classes: 1001 }]);
    steps
}

fn prove_one(model: &Model, choice: Choice, plan: &Plan) -> Result<(), Box<dyn Error>> {
    let srs = Srs::development(plan.shape.k);
    let opening = Opening::random();
    let committed = commitment::commit(plan, &srs, &model.params, &opening);
    let begin = Instant::now();
    let keys = ProverKeys::generate(&model.network, choice, srs)?;
    println!("keys in {:.1} s", begin.elapsed().as_secs_f64());
    let input = sample::input(&model.network, 7);
    let salts = Salts { input: Fr::from(1), output: Fr::from(2) };
    let request = Request { input: &input, salts, context: Fr::from(3), provider: [0; 20] };
    let proven = prover::prove(&keys, model, &committed, &opening, request)?;
    println!("proof of {} bytes: {:?}", proven.proof.bytes.len(), proven.seconds);
    let status = std::fs::read_to_string("/proc/self/status")?;
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}
