//! Running sums, kernels, derived values: one lie, and every place in the third phase where it could be made good.
//!
//! The lie is a false cell with honest computation after it, down to output commitment and label. Alone it is caught by
//! one final equation; each cheat here repairs that equation, and exactly one constraint is left to object.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{
        ActivationRow, Block, Chain, Choice, Degree, Feed, INSTANCES, Instance, LOAD_ROW, Plan, Recipe, RowKind, Step,
        Subject,
    },
    witness::{ThirdWitness, Witness},
};

use crate::{cheat::*, names::*, networks};

type Change = fn(&mut ThirdWitness, &Plan, Fr);

/// The first row of this kind among the cells of a map.
fn cells(plan: &Plan, wanted: usize, matches: impl Fn(Step, Step) -> bool) -> usize {
    let mut rows = plan.activations.rows.iter().zip(&plan.activations.kinds);
    let found = rows.position(|(row, kind)| match (row, kind) {
        (ActivationRow::Cells { map, .. }, Some(RowKind::Cells { read, made, .. })) => {
            *map == wanted && matches(*read, *made)
        }
        _ => false,
    });
    found.expect("such cells")
}

fn start(plan: &Plan, map: usize) -> usize {
    cells(plan, map, |read, _| read == Step::Start)
}

fn run(plan: &Plan, map: usize) -> usize {
    cells(plan, map, |read, made| matches!((read, made), (Step::Power(_), Step::Power(_))))
}

/// The row where a block's sum leaves.
fn left(plan: &Plan, block: Block) -> usize {
    plan.activations.blocks.iter().find(|b| b.block == block).expect("a block").row
}

/// The row where a block starts.
fn opened(plan: &Plan, block: Block) -> usize {
    let end = left(plan, block);
    (0..end).rev().find(|&row| plan.activations.kinds[row] == Some(RowKind::Open)).expect("a start")
}

/// The first row of another kind in a block.
fn waits(plan: &Plan, block: Block, kind: RowKind) -> usize {
    (opened(plan, block)..).find(|&row| plan.activations.kinds[row] == Some(kind)).expect("such a row")
}

/// Edges of a layer, by their step.
fn edge(plan: &Plan, wanted: usize, step: Step) -> usize {
    let first = opened(plan, Block::Border(wanted)) + 2;
    (first..).find(|&row| plan.activations.kinds[row] == Some(RowKind::Edge(step))).expect("an edge")
}

/// The row where a channel's value leaves, of this kind.
fn export(plan: &Plan, wanted: usize, kind: fn(&RowKind) -> bool) -> usize {
    let of_map = plan.activations.exports.iter().filter(|((map, ..), _)| *map == wanted).map(|(_, &row)| row);
    of_map.filter(|&row| plan.activations.kinds[row].is_some_and(|k| kind(&k))).min().expect("such a row")
}

/// Rows of a layer on the parameters' side that match, from the first.
fn fed(plan: &Plan, layer: usize, matches: impl Fn(usize) -> bool) -> usize {
    let above = layer.checked_sub(1).map_or(plan.kernels.start, |before| plan.kernels.totals[before]);
    (above + 1..plan.kernels.totals[layer]).find(|&row| matches(row)).expect("such a row")
}

fn feed(plan: &Plan, layer: usize, feed: Feed) -> usize {
    fed(plan, layer, |row| plan.kind(row) == Some(RowKind::Feed(feed)))
}

fn product(plan: &Plan, layer: usize) -> usize {
    fed(plan, layer, |row| plan.kernels.products.contains_key(&row))
}

/// A layer's last product: of the biases with the sum of kept positions.
fn bias_product(plan: &Plan, layer: usize) -> usize {
    *plan.kernels.products.range(..plan.kernels.totals[layer]).next_back().expect("a product").0
}

/// A copy of a value, changed so that a sum that takes in its product with what was made above changes by `by`.
fn change_step(third: &mut ThirdWitness, plan: &Plan, row: usize, by: Fr) {
    let scale: Option<Fr> = third.made.get(row - 1).invert().into();
    change_use(third, plan, row, by * scale.expect("not zero"));
}

/// One of the four cells that make one side of a final equation.
fn change_side(third: &mut ThirdWitness, plan: &Plan, of: Subject, cell: usize, by: Fr) {
    change_use(third, plan, plan.homes[check(plan, of).value] + cell, by);
}

#[track_caller]
fn cannot_be_made_good(case: &Case, lie: &Witness, of: Subject, table: &[(&str, Change, &str)]) {
    caught_by("the lie alone", &case.caught(lie.clone()), &[format!("{of:?}").as_str()]);
    for &(what, change, name) in table {
        let cheat = lie.clone().tampered(move |third, plan| compensate(third, plan, of, change));
        caught_by(what, &case.caught(cheat), &[name]);
    }
}

/// The output of the first layer: dense, strided, with a border, after the input.
#[test]
fn a_false_activation_cannot_be_made_good_anywhere() {
    const OF: Subject = Subject::Layer(0);
    const MADE: Block = Block::Made(0);
    const BORDER: Block = Block::Border(0);
    let produced: &[(&str, Change, &str)] = &[
        ("where a channel starts", |w, p, x| change_made(w, p, start(p, 1), x), PRODUCED),
        ("in a channel's course", |w, p, x| change_made(w, p, run(p, 1), x), PRODUCED),
        ("at an edge", |w, p, x| change_made(w, p, edge(p, 0, Step::Power(1)), x), PRODUCED),
        ("at an edge after a gap", |w, p, x| change_made(w, p, edge(p, 0, Step::Ride), x), PRODUCED),
        ("before the first edge", |w, p, x| change_made(w, p, opened(p, BORDER), x), PRODUCED),
        ("another step", |w, p, x| change_step(w, p, edge(p, 0, Step::Ride), x), COPY),
    ];
    let layer: &[(&str, Change, &str)] = &[
        ("where a channel joins", |w, p, x| change_layer(w, p, start(p, 1), x), LAYER),
        ("where the last channel joins", |w, p, x| change_layer(w, p, left(p, MADE) - 1, x), LAYER),
        ("where the border joins", |w, p, x| change_layer(w, p, left(p, BORDER) - 1, x), LAYER),
        ("beside cells", |w, p, x| change_layer(w, p, run(p, 1), x), LAYER),
        ("beside an edge", |w, p, x| change_layer(w, p, edge(p, 0, Step::Ride), x), LAYER),
        ("at its start", |w, p, x| change_layer(w, p, opened(p, MADE), x), LAYER),
        ("at the border's start", |w, p, x| change_layer(w, p, opened(p, BORDER), x), LAYER),
        ("when it leaves", |w, p, x| change_wire(w, p, left(p, MADE), x), LAYER_LEAVES),
        ("when the border leaves", |w, p, x| change_wire(w, p, left(p, BORDER), x), LAYER_LEAVES),
    ];
    let equation: &[(&str, Change, &str)] = &[
        ("the monomial", |w, p, x| change_side(w, p, OF, 0, x), COPY),
        ("the sum", |w, p, x| change_side(w, p, OF, 1, x), COPY),
        ("the border", |w, p, x| change_side(w, p, OF, 2, x), COPY),
        ("the side", |w, p, x| change_wire(w, p, p.home(check(p, OF).value), x), DERIVED),
        ("the total", |w, p, x| bump(&mut w.wire, check(p, OF).row, x), TOTAL_LEAVES),
    ];
    let total: &[(&str, Change, &str)] = &[
        ("above its start", |w, p, x| change_layer(w, p, p.kernels.start, x), TOTAL),
        ("at a product", |w, p, x| change_layer(w, p, product(p, 0), x), TOTAL),
        ("between products", |w, p, x| change_layer(w, p, product(p, 0) + 1, x), TOTAL),
        ("after all products", |w, p, x| change_layer(w, p, p.kernels.totals[0] - 1, x), TOTAL),
        ("a channel's value in one use", |w, p, x| change_step(w, p, product(p, 0), x), COPY),
        ("the sum of kept positions", |w, p, x| change_step(w, p, bias_product(p, 0), x), COPY),
        ("kernel at its start", |w, p, x| change_made(w, p, feed(p, 0, Feed::Fresh), x), PRODUCED),
        ("kernel in its course", |w, p, x| change_made(w, p, feed(p, 0, Feed::Next), x), PRODUCED),
        ("kernel above the first one", |w, p, x| change_made(w, p, product(p, 0) - 1, x), PRODUCED),
    ];
    let read: &[(&str, Change, &str)] = &[
        ("where a channel starts", |w, p, x| change_read(w, p, start(p, 0), x), READING),
        ("in a channel's course", |w, p, x| change_read(w, p, run(p, 0), x), READING),
        (
            "left between channels",
            |w, p, x| change_wire(w, p, export(p, 0, |k| *k == RowKind::Hold), x),
            CHANNEL_LEAVES,
        ),
        ("left at the end", |w, p, x| change_wire(w, p, export(p, 0, |k| *k == RowKind::Close), x), CHANNEL_LEAVES),
    ];
    for case in Case::at_both_degrees() {
        let lie = case.false_activation();
        for table in [produced, layer, equation, total, read] {
            cannot_be_made_good(&case, &lie, OF, table);
        }
    }
}

/// The output of a depthwise layer, which reads a layer's output and has windows in α.
#[test]
fn a_false_activation_of_a_depthwise_layer_cannot_be_made_good_anywhere() {
    fn carry(plan: &Plan) -> usize {
        fed(plan, 1, |row| plan.kernels.carries.contains_key(&row))
    }
    let case = Case::tiny();
    let table: &[(&str, Change, &str)] = &[
        ("kernel at a row of taps", |w, p, x| change_made(w, p, feed(p, 1, Feed::Taps), x), PRODUCED),
        ("another carry", |w, p, x| change_step(w, p, carry(p), x), COPY),
        ("total from the layer before", |w, p, x| change_layer(w, p, p.kernels.totals[0], x), TOTAL),
        ("total where it makes room", |w, p, x| change_layer(w, p, feed(p, 1, Feed::Shift), x), TOTAL),
    ];
    cannot_be_made_good(&case, &case.false_activation_in(2), Subject::Layer(1), table);
    // Map 2 has one reader.
    let table: &[(&str, Change, &str)] = &[
        (
            "channel's value left beside the next channel's start",
            |w, p, x| change_wire(w, p, export(p, 2, |k| matches!(k, RowKind::Cells { .. })), x),
            CHANNEL_LEAVES,
        ),
        ("reading sum where a channel starts", |w, p, x| change_read(w, p, start(p, 2), x), READING),
    ];
    cannot_be_made_good(&case, &case.false_activation_in(3), Subject::Layer(2), table);
    // An addition takes one tap to a row.
    let table: &[(&str, Change, &str)] =
        &[("kernel at a tap", |w, p, x| change_made(w, p, feed(p, 3, Feed::Tap), x), PRODUCED)];
    cannot_be_made_good(&case, &case.false_activation_in(4), Subject::Layer(3), table);
}

/// Logits: one to a row, with a comparison below each.
#[test]
fn a_false_logit_cannot_be_made_good_anywhere() {
    fn compare(plan: &Plan) -> usize {
        plan.activations.first_compare
    }
    let case = Case::tiny();
    let lie = case.false_activation_in(6);
    let table: &[(&str, Change, &str)] = &[
        ("produced sum at a logit", |w, p, x| change_made(w, p, start(p, 6), x), PRODUCED),
        ("produced sum at a comparison", |w, p, x| change_made(w, p, compare(p), x), PRODUCED),
        ("layer sum at a logit", |w, p, x| change_layer(w, p, compare(p) + 1, x), LAYER),
        ("layer sum at a comparison", |w, p, x| change_layer(w, p, compare(p), x), LAYER),
    ];
    cannot_be_made_good(&case, &lie, Subject::Layer(5), table);
}

/// Puts a commitment's hashes, from first row to digest, and its instance into another witness.
fn with_commitment(mut lie: Witness, of: &Witness, chain: Chain, instance: Instance) -> Witness {
    for row in chain.hash_row(0)..=chain.digest_row() {
        set_state(&mut lie.first, row, of.first.state(row));
    }
    lie.instances[instance as usize] = of.instances[instance as usize];
    lie
}

/// A pixel that the model sees but the commitment does not hold.
#[test]
fn a_false_pixel_cannot_be_made_good_anywhere() {
    const OF: Subject = Subject::Input;
    let case = Case::tiny();
    let lie = case.witness(&case.lie(|map, cells| {
        if map == 0 {
            cells.y[77] ^= 64;
            cells.d[77] = case.model.network.precision.preimage(cells.y[77]);
        }
    }));
    let lie = with_commitment(lie, &case.honest(), case.plan.hashing.input, Instance::Input);
    fn rides(plan: &Plan) -> usize {
        cells(plan, 0, |_, made| made == Step::Ride)
    }
    fn chain(plan: &Plan) -> Chain {
        plan.hashing.input
    }
    let table: &[(&str, Change, &str)] = &[
        ("packed pixels in a row", |w, p, x| change_made(w, p, run(p, 0), x), PRODUCED),
        ("packed pixels after a step of their own", |w, p, x| change_made(w, p, rides(p), x), PRODUCED),
        (
            "packed pixels between channels",
            |w, p, x| change_made(w, p, waits(p, Block::Input, RowKind::Hold), x),
            PRODUCED,
        ),
        ("packed pixels before the first", |w, p, x| change_made(w, p, opened(p, Block::Input), x), PRODUCED),
        ("packed pixels when they join", |w, p, x| change_layer(w, p, left(p, Block::Input) - 1, x), LAYER),
        ("packed pixels when they leave", |w, p, x| change_wire(w, p, left(p, Block::Input), x), LAYER_LEAVES),
        ("another step", |w, p, x| change_step(w, p, rides(p) + 9, x), COPY),
        ("the monomial", |w, p, x| change_side(w, p, OF, 0, x), COPY),
        ("the packed pixels", |w, p, x| change_side(w, p, OF, 1, x), COPY),
        ("what is added to them", |w, p, x| change_side(w, p, OF, 2, x), COPY),
        ("absorbed elements above the start", |w, p, x| change_read(w, p, chain(p).seam, x), SUMMED),
        ("absorbed elements at the start", |w, p, x| change_read(w, p, chain(p).hash_row(0), x), SUMMED),
        ("absorbed elements where one is absorbed", |w, p, x| change_read(w, p, chain(p).hash_row(2) - 1, x), SUMMED),
        ("absorbed elements in a round", |w, p, x| change_read(w, p, chain(p).hash_row(2) + 7, x), SUMMED),
        ("absorbed elements in the last round", |w, p, x| change_read(w, p, chain(p).digest_row() - 1, x), SUMMED),
        (
            "absorbed elements when they leave",
            |w, p, x| change_wire(w, p, chain(p).digest_row() + 1, x),
            ABSORBED_LEAVE,
        ),
    ];
    cannot_be_made_good(&case, &lie, OF, table);
}

/// Logits that the commitment does not hold.
#[test]
fn false_committed_logits_cannot_be_made_good_anywhere() {
    const OF: Subject = Subject::Output;
    // More logits than an element has bytes.
    let model = (0..).map(networks::arbitrary).find(|m| m.network.classes() > 33).expect("some");
    let last = model.network.maps.len() - 1;
    let case = Case::new(model, Choice { lanes: 2, weight_columns: 3, degree: Degree::Five, k: None });
    let others = case.witness(&case.lie(|map, cells| {
        if map == last {
            cells.y[1] ^= 1;
        }
    }));
    let lie = with_commitment(case.honest(), &others, case.plan.hashing.output, Instance::Output);
    fn logit(plan: &Plan, step: Step) -> usize {
        cells(plan, plan.network.maps.len() - 1, |read, _| read == step)
    }
    fn end(plan: &Plan) -> usize {
        plan.activations.logits_row
    }
    let table: &[(&str, Change, &str)] = &[
        ("packed logits at the first", |w, p, x| change_read(w, p, logit(p, Step::Start), x), READING),
        ("packed logits at the next byte", |w, p, x| change_read(w, p, logit(p, Step::Byte), x), READING),
        ("packed logits at the next element", |w, p, x| change_read(w, p, logit(p, Step::Wrap), x), READING),
        ("packed logits at a comparison", |w, p, x| change_read(w, p, p.activations.first_compare, x), READING),
        ("packed logits after the last comparison", |w, p, x| change_read(w, p, end(p) - 1, x), READING),
        ("packed logits when they leave", |w, p, x| change_wire(w, p, end(p), x), CHANNEL_LEAVES),
        ("the packed logits", |w, p, x| change_side(w, p, OF, 1, x), COPY),
    ];
    cannot_be_made_good(&case, &lie, OF, table);
}

#[test]
fn derived_values_are_what_they_are_called() {
    let case = Case::tiny();
    let plan = &case.plan;
    let recipe =
        |wanted: fn(&Recipe) -> bool| plan.home(plan.values.recipes().iter().position(wanted).expect("such a value"));
    for (what, row, name) in [
        ("α", LOAD_ROW, ALPHA),
        ("one", LOAD_ROW + 1, ONE),
        ("a power", recipe(|r| matches!(r, Recipe::Sum { a: 0, b: 0, .. })), DERIVED),
        ("a sum of powers", recipe(|r| matches!(r, Recipe::Sum { a: 0, c: 1, .. })), DERIVED),
        ("a multiple", recipe(|r| matches!(r, Recipe::Sum { a: 1, b, c } if b == c)), DERIVED),
        ("zero", recipe(|r| matches!(r, Recipe::Zero)), DERIVED),
        ("an inverse", recipe(|r| matches!(r, Recipe::Inverse(_))), DERIVED),
        ("a negative", recipe(|r| matches!(r, Recipe::Negative(_))), DERIVED),
    ] {
        // Every copy of the value follows, and what is made of it; which equations then fail does not matter here.
        let cheat = case.honest().tampered(move |third, plan| change_wire(third, plan, row, Fr::one()));
        let equations: Vec<String> = plan.checks.iter().map(|check| format!("{:?}", check.of)).collect();
        let caught = case.caught(cheat).into_iter().filter(|name| !equations.contains(name)).collect();
        caught_by(what, &caught, &[name]);
        if plan.copies.iter().any(|&(from, _)| from == row) {
            // One copy alone is caught by the permutation.
            let cheat = case.honest().tampered(move |third, _| bump(&mut third.wire, row, Fr::one()));
            assert!(case.caught(cheat).contains(COPY), "{what}");
        }
    }
    for row in 0..INSTANCES {
        let cheat = case.honest().tampered(move |third, _| bump(&mut third.wire, row, Fr::one()));
        let caught = case.caught(cheat).into_iter().filter(|name| name != COPY).collect();
        caught_by("an instance", &caught, &[INSTANCE]);
    }
}

#[test]
fn what_is_public_is_what_was_computed() {
    let case = Case::tiny();
    let names = [DIGEST_LEAVES, DIGEST_LEAVES, LABEL_LEAVES];
    for (instance, (row, name)) in case.plan.exports().into_iter().zip(names).enumerate() {
        let mut cheat = case.honest().tampered(move |third, _| bump(&mut third.wire, row, Fr::one()));
        cheat.instances[instance] += Fr::one();
        caught_by("a digest or label", &case.caught(cheat), &[name]);
    }
}
