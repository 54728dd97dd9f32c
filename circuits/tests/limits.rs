//! What no circuit could hold, or what makes no sense, is refused with a sentence before anything large is allocated.

use zkescrow_circuits::{
    network::{Layer, MapSpec, Network, NetworkError, Op, Precision, Window},
    plan::{Choice, Plan, PlanError},
    sample,
};

fn refusal(change: impl Fn(&mut Network)) -> String {
    let mut network = sample::tiny(1).network;
    change(&mut network);
    match Plan::new(&network, Choice::default()) {
        Ok(_) => "accepted".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn senseless_architectures_are_refused() {
    type Change = fn(&mut Network);
    let cases: &[(Change, &str)] = &[
        (|_| {}, "accepted"),
        (|n| n.precision = Precision { bits: 16, frac: u32::MAX - 5 }, "precision of 16 bits with"),
        (|n| n.precision = Precision { bits: 17, frac: 4 }, "precision of 17 bits"),
        (|n| n.precision.frac = 0, "with 0 fraction bits"),
        (|n| n.maps[0].height = usize::MAX, "has a map of 3 channels"),
        (|n| n.maps[0].channels = 1 << 40, "has a map of"),
        (|n| n.maps[1].width = 0, "has a map of"),
        (|n| n.maps[0] = MapSpec { channels: 1 << 10, height: 1 << 12, width: 1 << 12, pad: 0 }, "cells in all"),
        (|n| n.layers[0].window.stride = 0, "has stride 0"),
        (|n| n.layers[0].window.rows = 1 << 20, "oversized window"),
        (|n| n.layers[0].window.pad_top = 3, "padding that covers it"),
        (|n| n.layers[0].inputs = vec![], "has 0 inputs"),
        (|n| n.layers[0].inputs = vec![5], "not computed yet"),
        (|n| n.layers[0].output = 2, "writes map 2"),
        (|n| n.layers[2].inputs = vec![1], "is read by no other layer"),
        (|n| n.maps[1].height = 40, "reads beyond its input's 8 rows"),
        (|n| n.layers.clear(), "one map per layer"),
        (|n| n.maps.last_mut().expect("a map").pad = 3, "pads its logits"),
    ];
    for (change, expected) in cases {
        let refusal = refusal(change);
        assert!(refusal.contains(expected), "expected {expected:?}, got {refusal:?}");
        assert!(!refusal.contains('\n'), "one sentence: {refusal:?}");
    }
}

#[test]
fn sizes_that_no_circuit_holds_are_refused() {
    let model = sample::tiny(1);
    let plan = |choice| Plan::new(&model.network, choice).map(|p| p.shape.k);
    let fits = plan(Choice::default()).expect("fits");
    assert!(matches!(plan(Choice { k: Some(fits - 1), ..Choice::default() }), Err(PlanError::Rows { .. })));
    for k in [fits + 5, 28, 60, u32::MAX] {
        let answer = plan(Choice { k: Some(k), ..Choice::default() });
        assert!(matches!(answer, Err(PlanError::TooManyRows { .. })), "k = {k}: {answer:?}");
    }
    for choice in [Choice { lanes: 0, ..Choice::default() }, Choice { weight_columns: 33, ..Choice::default() }] {
        assert!(matches!(plan(choice), Err(PlanError::Choice { .. })));
    }
    let wide = |channels, size| MapSpec { channels, height: size, width: size, pad: 0 };
    let layer = |input, window| Layer {
        name: format!("layer {input}"),
        op: if input == 2 { Op::Dense } else { Op::Depthwise },
        window,
        inputs: vec![input],
        output: input + 1,
    };
    let pool = Window { rows: 64, cols: 64, ..Window::POINT };
    let network = Network {
        precision: model.network.precision,
        maps: vec![wide(4096, 64), wide(4096, 64), wide(4096, 1), wide(2, 1)],
        layers: vec![layer(0, Window::POINT), layer(1, pool), layer(2, Window::POINT)],
    };
    let answer = Plan::new(&network, Choice { lanes: 1, ..Choice::default() }).map(|p| p.shape.k);
    assert!(matches!(answer, Err(PlanError::TooLarge { .. })), "{answer:?}");
}

#[test]
fn parameters_that_overflow_are_refused() {
    let mut model = sample::tiny(1);
    for value in [i64::MAX, i64::MIN] {
        model.params[0].weights[0] = value;
        assert!(matches!(model.check(), Err(NetworkError::Layer { .. })), "{value}");
    }
    model.params[0].weights.pop();
    assert!(model.check().is_err(), "a missing weight");
}
