//! Honest witnesses satisfy the circuit, for the sampler's architectures and for any other that the checks let through.

use std::sync::Arc;

use halo2curves::bn256::Fr;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkescrow_circuits::{
    model::Model,
    network::{Layer, MapSpec, Network, Op, Precision, Window},
    plan::{Choice, Degree, Plan},
    sample,
    witness::{Salts, Witness},
};

#[path = "soundness/mock.rs"]
mod mock;
#[path = "soundness/networks.rs"]
mod networks;

const DEGREES: [Degree; 2] = [Degree::Three, Degree::Five];

fn check(model: &Model, choice: Choice, seed: u64) -> Result<(), String> {
    let plan = Arc::new(Plan::new(&model.network, choice).map_err(|e| e.to_string())?);
    let salts = Salts { input: Fr::from(11), output: Fr::from(12) };
    let input = sample::input(&model.network, seed);
    let trace = model.infer(&input).map_err(|e| e.to_string())?;
    if trace != networks::reference(model, &input, |_, _| {}) {
        return Err("the trace is not what the reference computes".into());
    }
    let witness = Witness::from_trace(&plan, model, &trace, salts, Fr::from(99));
    let instances = witness.instances.to_vec();
    let failures = mock::failures(&plan, witness, instances);
    failures.first().map_or(Ok(()), |first| Err(format!("{} failures, first: {first}", failures.len())))
}

#[test]
fn the_tiny_network_is_satisfied() {
    check(&sample::tiny(1), Choice::default(), 5).expect("satisfied");
    for degree in DEGREES {
        let wide = Choice { lanes: 16, weight_columns: 32, degree, k: Some(14) };
        check(&sample::tiny(1), wide, 5).expect("satisfied");
    }
}

/// A network of one layer over one pixel: the fewest rows that there can be.
fn smallest(channels: usize, classes: usize, pad: u8) -> Network {
    let map = |channels, pad| MapSpec { channels, height: 1, width: 1, pad };
    Network {
        precision: Precision { bits: 10, frac: 1 },
        maps: vec![map(channels, 5), map(classes, pad)],
        layers: vec![Layer { name: "only".into(), op: Op::Dense, window: Window::POINT, inputs: vec![0], output: 1 }],
    }
}

/// A network is refused by the planner, or it can be proven; nothing is refused by the prover alone.
fn refused_or_satisfied(network: Network) {
    let model = networks::with_parameters(network, &mut ChaCha20Rng::seed_from_u64(3));
    for choice in DEGREES.map(|degree| Choice { degree, ..Choice::default() }) {
        if Plan::new(&model.network, choice).is_ok() {
            (0..3).for_each(|seed| check(&model, choice, seed).expect("satisfied"));
        }
    }
}

#[test]
fn the_smallest_network_is_satisfied() {
    refused_or_satisfied(smallest(1, 2, 0));
}

#[test]
fn small_networks_are_satisfied() {
    for (channels, classes) in [(1, 3), (2, 2), (2, 3), (3, 2), (1, 40), (40, 2)] {
        refused_or_satisfied(smallest(channels, classes, 0));
    }
}

#[test]
fn logits_with_a_pad_are_satisfied() {
    refused_or_satisfied(smallest(3, 3, 7));
}

fn choices() -> impl Strategy<Value = Choice> {
    (1usize..=6, 1usize..=5, 0..DEGREES.len()).prop_map(|(lanes, weight_columns, degree)| Choice {
        lanes,
        weight_columns,
        degree: DEGREES[degree],
        k: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 0, failure_persistence: None, ..Default::default() })]

    #[test]
    fn sampled_networks_are_satisfied(seed in any::<u64>(), image in any::<u64>(), choice in choices()) {
        let result = check(&sample::random(seed), choice, image);
        // A random image may leave the range that six others calibrated; that is an error, not a witness.
        prop_assume!(!matches!(&result, Err(reason) if reason.contains("leaves the table's range")));
        prop_assert_eq!(result, Ok(()));
    }

    #[test]
    fn arbitrary_networks_are_satisfied(seed in any::<u64>(), image in any::<u64>(), choice in choices()) {
        prop_assert_eq!(check(&networks::arbitrary(seed), choice, image), Ok(()));
    }
}
