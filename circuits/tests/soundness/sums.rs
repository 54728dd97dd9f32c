//! Running sums, kernels, derived values: one lie, and every place in the third phase where it could be made good.
//!
//! The lie is a false cell with honest computation after it, down to output commitment and label. Alone it is caught by
//! one final equation; each cheat here repairs that equation, and exactly one constraint is left to object.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, Block, Feed, INSTANCES, LOAD_ROW, Plan, Recipe, RowKind, Step, Subject},
    witness::{ThirdWitness, Values, Witness},
};

use crate::{cheat::*, networks};

type Change = fn(&mut ThirdWitness, &Plan, Fr);

const READING: &[&str] = &["reading sum takes in its cells"];
const PRODUCED: &[&str] = &["produced sum takes in its cells"];
const LAYER: &[&str] = &["layer sum takes in its channels"];
const KERNEL: &[&str] = &["kernel takes in its parameters"];
const TOTAL: &[&str] = &["total takes in kernel × channel"];
const LEAVES: &[&str] = &["channel value leaves"];
const COPIED: &[&str] = &[COPY];

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
    let from = layer.checked_sub(1).map_or(LOAD_ROW, |before| plan.kernels.totals[before]) + 1;
    (from..plan.kernels.totals[layer]).find(|&row| matches(row)).expect("such a row")
}

fn feed(plan: &Plan, layer: usize, feed: Feed) -> usize {
    fed(plan, layer, |row| plan.kernels.feeds.get(&row) == Some(&feed))
}

fn product(plan: &Plan, layer: usize) -> usize {
    fed(plan, layer, |row| plan.kernels.products.contains_key(&row))
}

/// A layer's last product: of the biases with the sum of kept positions.
fn bias_product(plan: &Plan, layer: usize) -> usize {
    *plan.kernels.products.range(..plan.kernels.totals[layer]).next_back().expect("a product").0
}

/// A copy of a value, changed so that a sum that steps by it changes by `by`.
fn change_step(third: &mut ThirdWitness, plan: &Plan, sum: fn(&ThirdWitness) -> &Values, row: usize, by: Fr) {
    let scale: Option<Fr> = sum(third).get(row - 1).invert().into();
    change_use(third, plan, row, by * scale.expect("not zero"));
}

/// One of the four cells that make one side of a final equation.
fn change_side(third: &mut ThirdWitness, plan: &Plan, of: Subject, cell: usize, by: Fr) {
    change_use(third, plan, plan.homes[check(plan, of).value] + cell, by);
}

#[track_caller]
fn cannot_be_made_good(case: &Case, lie: &Witness, of: Subject, table: &[(&str, Change, &[&str])]) {
    caught_by("the lie alone", &case.caught(lie.clone()), &[format!("{of:?}").as_str()]);
    for &(what, change, names) in table {
        let cheat = lie.clone().tampered(move |third, plan| compensate(third, plan, of, change));
        caught_by(what, &case.caught(cheat), names);
    }
}

/// The output of the first layer: dense, strided, with a border, after the input.
#[test]
fn a_false_activation_cannot_be_made_good_anywhere() {
    const OF: Subject = Subject::Layer(0);
    const MADE: Block = Block::Made(0);
    const BORDER: Block = Block::Border(0);
    let case = Case::tiny();
    let produced: &[(&str, Change, &[&str])] = &[
        ("where a channel starts", |w, p, x| change_made(w, p, start(p, 1), x), PRODUCED),
        ("in a channel's course", |w, p, x| change_made(w, p, run(p, 1), x), PRODUCED),
        ("at an edge", |w, p, x| change_made(w, p, edge(p, 0, Step::Power(1)), x), PRODUCED),
        ("at an edge after a gap", |w, p, x| change_made(w, p, edge(p, 0, Step::Ride), x), PRODUCED),
        ("before the first edge", |w, p, x| change_made(w, p, opened(p, BORDER), x), PRODUCED),
        ("another step", |w, p, x| change_step(w, p, |w| &w.made, edge(p, 0, Step::Ride), x), COPIED),
    ];
    let layer: &[(&str, Change, &[&str])] = &[
        ("where a channel joins", |w, p, x| change_layer(w, p, start(p, 1), x), LAYER),
        ("where the last channel joins", |w, p, x| change_layer(w, p, left(p, MADE) - 1, x), LAYER),
        ("where the border joins", |w, p, x| change_layer(w, p, left(p, BORDER) - 1, x), LAYER),
        ("beside cells", |w, p, x| change_layer(w, p, run(p, 1), x), LAYER),
        ("beside an edge", |w, p, x| change_layer(w, p, edge(p, 0, Step::Ride), x), LAYER),
        ("at its start", |w, p, x| change_layer(w, p, opened(p, MADE), x), &["layer sum starts at zero"]),
        ("at the border's start", |w, p, x| change_layer(w, p, opened(p, BORDER), x), &["layer sum starts at zero"]),
        ("when it leaves", |w, p, x| change_wire(w, p, left(p, MADE), x), &["layer sum leaves"]),
        ("when the border leaves", |w, p, x| change_wire(w, p, left(p, BORDER), x), &["layer sum leaves"]),
    ];
    let equation: &[(&str, Change, &[&str])] = &[
        ("the monomial", |w, p, x| change_side(w, p, OF, 0, x), COPIED),
        ("the sum", |w, p, x| change_side(w, p, OF, 1, x), COPIED),
        ("the border", |w, p, x| change_side(w, p, OF, 2, x), COPIED),
        ("the side", |w, p, x| change_wire(w, p, p.home(check(p, OF).value), x), &["value is derived"]),
        ("the total", |w, p, x| bump(&mut w.wire, check(p, OF).row, x), &["total leaves"]),
    ];
    let total: &[(&str, Change, &[&str])] = &[
        ("at its start", |w, p, x| change_total(w, p, LOAD_ROW, x), &["total starts at zero"]),
        ("at a product", |w, p, x| change_total(w, p, product(p, 0), x), TOTAL),
        ("between products", |w, p, x| change_total(w, p, product(p, 0) + 1, x), TOTAL),
        ("after all products", |w, p, x| change_total(w, p, p.kernels.totals[0] - 1, x), TOTAL),
        ("a channel's value in one use", |w, p, x| change_step(w, p, |w| &w.kernel, product(p, 0), x), COPIED),
        ("the sum of kept positions", |w, p, x| change_step(w, p, |w| &w.kernel, bias_product(p, 0), x), COPIED),
        ("kernel at its start", |w, p, x| change_kernel(w, p, feed(p, 0, Feed::Fresh), x), KERNEL),
        ("kernel in its course", |w, p, x| change_kernel(w, p, feed(p, 0, Feed::Next), x), KERNEL),
        ("kernel from the group before", |w, p, x| change_kernel(w, p, product(p, 0), x), KERNEL),
    ];
    let read: &[(&str, Change, &[&str])] = &[
        ("where a channel starts", |w, p, x| change_read(w, p, start(p, 0), x), READING),
        ("in a channel's course", |w, p, x| change_read(w, p, run(p, 0), x), READING),
        ("left between channels", |w, p, x| change_wire(w, p, export(p, 0, |k| *k == RowKind::Hold), x), LEAVES),
        ("left at the end", |w, p, x| change_wire(w, p, export(p, 0, |k| *k == RowKind::Close), x), LEAVES),
    ];
    let lie = case.false_activation();
    for table in [produced, layer, equation, total, read] {
        cannot_be_made_good(&case, &lie, OF, table);
    }
}

/// The output of a depthwise layer, which reads a layer's output and has windows in α.
#[test]
fn a_false_activation_of_a_depthwise_layer_cannot_be_made_good_anywhere() {
    fn carry(plan: &Plan) -> usize {
        fed(plan, 1, |row| plan.kernels.carries.contains_key(&row))
    }
    let case = Case::tiny();
    let table: &[(&str, Change, &[&str])] = &[
        ("kernel at a row of taps", |w, p, x| change_kernel(w, p, feed(p, 1, Feed::Taps), x), KERNEL),
        ("another carry", |w, p, x| change_step(w, p, |w| &w.kernel, carry(p), x), COPIED),
        ("total from the layer before", |w, p, x| change_total(w, p, p.kernels.totals[0], x), TOTAL),
        ("total where it makes room", |w, p, x| change_total(w, p, feed(p, 1, Feed::Shift), x), TOTAL),
    ];
    cannot_be_made_good(&case, &case.false_activation_in(2), Subject::Layer(1), table);
    // Map 2 has one reader.
    let table: &[(&str, Change, &[&str])] = &[
        (
            "channel's value left beside the next channel's start",
            |w, p, x| change_wire(w, p, export(p, 2, |k| matches!(k, RowKind::Cells { .. })), x),
            LEAVES,
        ),
        ("reading sum where a channel starts", |w, p, x| change_read(w, p, start(p, 2), x), READING),
    ];
    cannot_be_made_good(&case, &case.false_activation_in(3), Subject::Layer(2), table);
    // An addition takes one tap to a row.
    let table: &[(&str, Change, &[&str])] =
        &[("kernel at a tap", |w, p, x| change_kernel(w, p, feed(p, 3, Feed::Tap), x), KERNEL)];
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
    let table: &[(&str, Change, &[&str])] = &[
        ("produced sum at a logit", |w, p, x| change_made(w, p, start(p, 6), x), PRODUCED),
        ("produced sum at a comparison", |w, p, x| change_made(w, p, compare(p), x), PRODUCED),
        ("layer sum at a logit", |w, p, x| change_layer(w, p, compare(p) + 1, x), LAYER),
        ("layer sum at a comparison", |w, p, x| change_layer(w, p, compare(p), x), LAYER),
    ];
    cannot_be_made_good(&case, &lie, Subject::Layer(5), table);
}

/// Puts a commitment's hashes, from first row to digest, and its instance into another witness.
fn with_commitment(mut lie: Witness, of: &Witness, rows: std::ops::RangeInclusive<usize>, instance: usize) -> Witness {
    for (column, old) in lie.first.hash.iter_mut().zip(&of.first.hash) {
        rows.clone().for_each(|row| column.set(row, old.get(row)));
    }
    lie.instances[instance] = of.instances[instance];
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
    let chain = case.plan.hashing.input;
    let lie = with_commitment(lie, &case.honest(), chain.start..=chain.digest_row(), 0);
    fn rides(plan: &Plan) -> usize {
        cells(plan, 0, |_, made| made == Step::Ride)
    }
    fn digest(plan: &Plan) -> usize {
        plan.hashing.exports()[0]
    }
    const SUMMED: &[&str] = &["absorbed elements are summed"];
    let table: &[(&str, Change, &[&str])] = &[
        ("packed pixels in a row", |w, p, x| change_made(w, p, run(p, 0), x), PRODUCED),
        ("packed pixels after a step of their own", |w, p, x| change_made(w, p, rides(p), x), PRODUCED),
        (
            "packed pixels between channels",
            |w, p, x| change_made(w, p, waits(p, Block::Input, RowKind::Hold), x),
            PRODUCED,
        ),
        ("packed pixels before the first", |w, p, x| change_made(w, p, opened(p, Block::Input), x), PRODUCED),
        ("packed pixels when they join", |w, p, x| change_layer(w, p, left(p, Block::Input) - 1, x), LAYER),
        ("packed pixels when they leave", |w, p, x| change_wire(w, p, left(p, Block::Input), x), &["layer sum leaves"]),
        ("another step", |w, p, x| change_step(w, p, |w| &w.made, rides(p) + 9, x), COPIED),
        ("the monomial", |w, p, x| change_side(w, p, OF, 0, x), COPIED),
        ("the packed pixels", |w, p, x| change_side(w, p, OF, 1, x), COPIED),
        ("what is added to them", |w, p, x| change_side(w, p, OF, 2, x), COPIED),
        ("absorbed elements at the start", |w, p, x| change_absorbed(w, p, p.hashing.input.start, x), SUMMED),
        ("absorbed elements at a hash", |w, p, x| change_absorbed(w, p, p.hashing.input.hash_row(2), x), SUMMED),
        ("absorbed elements in a round", |w, p, x| change_absorbed(w, p, p.hashing.input.hash_row(2) + 7, x), SUMMED),
        ("absorbed elements at the digest", |w, p, x| change_absorbed(w, p, digest(p), x), SUMMED),
        (
            "absorbed elements when they leave",
            |w, p, x| change_wire(w, p, digest(p) + 1, x),
            &["absorbed elements leave"],
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
    let case = Case::new(
        model,
        zkescrow_circuits::plan::Choice { lanes: 2, weight_columns: 3, degree: Degree::Three, k: None },
    );
    let others = case.witness(&case.lie(|map, cells| {
        if map == last {
            cells.y[1] ^= 1;
        }
    }));
    let chain = case.plan.hashing.output;
    let lie = with_commitment(case.honest(), &others, chain.start..=chain.digest_row(), 1);
    fn logit(plan: &Plan, step: Step) -> usize {
        cells(plan, plan.network.maps.len() - 1, |read, _| read == step)
    }
    fn end(plan: &Plan) -> usize {
        plan.activations.logits_row
    }
    let table: &[(&str, Change, &[&str])] = &[
        ("packed logits at the first", |w, p, x| change_read(w, p, logit(p, Step::Start), x), READING),
        ("packed logits at the next byte", |w, p, x| change_read(w, p, logit(p, Step::Byte), x), READING),
        ("packed logits at the next element", |w, p, x| change_read(w, p, logit(p, Step::Wrap), x), READING),
        ("packed logits at a comparison", |w, p, x| change_read(w, p, p.activations.first_compare, x), READING),
        ("packed logits after the last comparison", |w, p, x| change_read(w, p, end(p) - 1, x), READING),
        ("packed logits when they leave", |w, p, x| change_wire(w, p, end(p), x), LEAVES),
        ("the packed logits", |w, p, x| change_side(w, p, OF, 1, x), COPIED),
    ];
    cannot_be_made_good(&case, &lie, OF, table);
}

#[test]
fn derived_values_are_what_they_are_called() {
    let case = Case::tiny();
    let plan = &case.plan;
    let recipe =
        |wanted: fn(&Recipe) -> bool| plan.home(plan.values.recipes().iter().position(wanted).expect("such a value"));
    let derived = "value is derived";
    for (what, row, name) in [
        ("α", LOAD_ROW, "α is loaded"),
        ("s", LOAD_ROW + 1, "s is loaded"),
        ("one", LOAD_ROW + 2, "one is loaded"),
        ("a power", recipe(|r| matches!(r, Recipe::Sum { a: 0, b: 0, .. })), derived),
        ("a sum of powers", recipe(|r| matches!(r, Recipe::Sum { c: 2, .. })), derived),
        ("a multiple", recipe(|r| matches!(r, Recipe::Sum { a: 2, b, c } if b == c)), derived),
        ("zero", recipe(|r| matches!(r, Recipe::Zero)), derived),
        ("an inverse", recipe(|r| matches!(r, Recipe::Inverse(_))), derived),
        ("a negative", recipe(|r| matches!(r, Recipe::Negative(_))), derived),
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
        caught_by("an instance", &caught, &["instance is loaded"]);
    }
}

#[test]
fn what_leaves_the_hashes_is_what_was_hashed() {
    let case = Case::tiny();
    for (instance, row) in case.plan.hashing.exports().into_iter().enumerate() {
        let mut cheat = case.honest().tampered(move |third, _| bump(&mut third.wire, row, Fr::one()));
        cheat.instances[instance] += Fr::one();
        caught_by("a digest or label", &case.caught(cheat), &["digest or label leaves"]);
    }
}
