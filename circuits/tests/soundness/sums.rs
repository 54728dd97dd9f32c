//! Running sums, kernels, derived values: one lie, and every place in the second phase where it could be made good.
//!
//! The lie is a false activation with honest computation after it, down to output commitment and label. Alone it is
//! caught by the final equation; each cheat here repairs that equation, and exactly one constraint is left to object.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, Cell, Flag, LOAD_ROW, Plan, Recipe, Source, Wire},
    witness::SecondWitness,
};

use crate::cheat::*;

const WIRE: usize = Wire::Wire as usize;

type Change = fn(&mut SecondWitness, &Plan, Fr);

fn first(plan: &Plan, matches: impl Fn(&ActivationRow) -> bool) -> usize {
    plan.activations.rows.iter().position(matches).expect("a row")
}

fn layer_start(plan: &Plan, wanted: usize) -> usize {
    first(plan, |row| matches!(row, ActivationRow::Cells { map, start: true, .. } if *map == wanted))
}

fn layer_run(plan: &Plan, wanted: usize) -> usize {
    first(plan, |row| matches!(row, ActivationRow::Cells { map, start: false, .. } if *map == wanted))
}

fn first_pixel(plan: &Plan) -> usize {
    first(plan, |row| matches!(row, ActivationRow::Cells { map: 0, start: true, .. }))
}

fn product(plan: &Plan, nth: usize) -> usize {
    *plan.kernels.products.keys().nth(nth).expect("a product")
}

fn border(plan: &Plan) -> usize {
    first(plan, |row| matches!(row, ActivationRow::Border { layer: 1, .. }))
}

/// A kernel's carry by `by / before`, so that the kernel changes by `by`.
fn change_carry(second: &mut SecondWitness, plan: &Plan, by: Fr) {
    let row = *plan.kernels.carries.keys().next().expect("a carry");
    let scale: Option<Fr> = second.kernel.get(row - 1).invert().into();
    bump(&mut second.wires[WIRE], row, by * scale.expect("not zero"));
    change_kernel(second, plan, row, by);
}

/// A step, chosen so that the sum at its row changes by `by`.
fn change_step(second: &mut SecondWitness, plan: &Plan, wire: Wire, row: usize, by: Fr) {
    if plan.activations.rows[row - 1] == ActivationRow::Gap {
        // The sum is free in the gap: whoever wants to step on from it first needs something there.
        second.made.set(row - 1, Fr::one());
    }
    let before = if wire == Wire::ReadStep { &second.read } else { &second.made }.get(row - 1);
    let scale: Option<Fr> = before.invert().into();
    bump(&mut second.wires[wire as usize], row, by * scale.expect("not zero"));
    match wire {
        Wire::ReadStep => change_read(second, plan, row, by),
        _ => change_made(second, plan, row, by),
    }
}

/// The last bias product's factor.
fn change_grid(second: &mut SecondWitness, plan: &Plan, by: Fr) {
    let (&row, source) = plan.kernels.products.iter().next_back().expect("the last bias");
    assert!(matches!(source, Source::Value(_)), "the last product is a bias");
    change_product(second, plan, row, by);
}

#[test]
fn a_false_activation_cannot_be_made_good_anywhere() {
    let case = Case::tiny();
    let lie = case.false_activation();
    caught_by("the lie alone", &case.caught(lie.clone()), &["Check 0"]);
    let table: &[(&str, Change, &[&str])] = &[
        (
            "produced sum changed in a row of cells",
            |w, plan, x| change_made(w, plan, layer_start(plan, 2), x),
            &["produced sum takes in its cells"],
        ),
        (
            "produced sum changed in a border row",
            |w, plan, x| change_made(w, plan, border(plan), x),
            &["produced sum takes in its cells"],
        ),
        (
            "produced sum starts from something",
            |w, plan, x| change_made(w, plan, plan.activations.input_gap + 1, x),
            &["produced sum takes in its cells"],
        ),
        (
            "produced sum steps by something at its start",
            |w, plan, x| change_step(w, plan, Wire::MadeStep, plan.activations.input_gap + 1, x),
            &["copy of MadeStep"],
        ),
        (
            "another step of the produced sum",
            |w, plan, x| change_step(w, plan, Wire::MadeStep, layer_run(plan, 3), x),
            &["copy of MadeStep"],
        ),
        (
            "produced sum changed beside a comparison",
            |w, plan, x| change_made(w, plan, plan.activations.first_compare, x),
            &["produced sum waits"],
        ),
        (
            "produced sum replaced when it leaves",
            |w, plan, x| {
                let cell = Cell { column: Wire::MadeStep, row: plan.activations.output_gap };
                change_handed(w, plan, cell, x);
            },
            &["produced sum leaves"],
        ),
        (
            "produced sum replaced in the final equation",
            |w, plan, x| bump(&mut w.wires[WIRE], plan.checks[0].row, x),
            &["copy of Wire"],
        ),
        (
            "monomial replaced in the final equation",
            |w, plan, x| bump(&mut w.wires[WIRE], plan.checks[0].row + 1, x),
            &["copy of Wire"],
        ),
        (
            "total replaced in the final equation",
            |w, plan, x| bump(&mut w.wires[WIRE], plan.checks[0].row + 2, x),
            &["copy of Wire"],
        ),
        (
            "total replaced when it leaves",
            |w, plan, x| {
                bump(&mut w.wires[WIRE], plan.end_row(), x);
                bump(&mut w.wires[WIRE], plan.checks[0].row + 2, x);
            },
            &["total leaves"],
        ),
        ("total starts from something", |w, plan, x| change_total(w, plan, 0, x), &["total starts at zero"]),
        (
            "total changed at a product",
            |w, plan, x| change_total(w, plan, product(plan, 3), x),
            &["total takes in kernel × channel"],
        ),
        (
            "total changed after everything",
            |w, plan, x| change_total(w, plan, plan.end_row() - 1, x),
            &["total takes in kernel × channel"],
        ),
        (
            "kernel changed",
            |w, plan, x| change_kernel(w, plan, product(plan, 0) - 1, x),
            &["kernel takes in its parameters"],
        ),
        (
            "kernel carries on from the group before",
            |w, plan, x| change_kernel(w, plan, product(plan, 4), x),
            &["kernel takes in its parameters"],
        ),
        ("another carry", change_carry, &["copy of Wire"]),
        (
            "a channel's value replaced in one of its uses",
            |w, plan, x| change_product(w, plan, product(plan, 2), x),
            &["copy of Wire"],
        ),
        ("the sum of kept positions replaced", change_grid, &["copy of Wire"]),
        (
            "a channel's value replaced when it leaves, for all its uses",
            |w, plan, x| {
                let row = plan.activations.exports[&(1, 2, (0, 0))];
                change_handed(w, plan, Cell { column: Wire::ReadStep, row }, x);
            },
            &["channel value leaves"],
        ),
        (
            "the last channel's value replaced in the gap",
            |w, plan, x| {
                let row = plan.activations.input_gap;
                change_handed(w, plan, Cell { column: Wire::ReadStep, row }, x);
            },
            &["channel value leaves"],
        ),
        (
            "reading sum carried over from the channel before",
            |w, plan, x| {
                let row = layer_start(plan, 3);
                change_read(w, plan, row, x);
            },
            &["reading sum takes in its cells"],
        ),
        (
            "reading sum changed in its course",
            |w, plan, x| change_read(w, plan, layer_run(plan, 2), x),
            &["reading sum takes in its cells"],
        ),
        (
            "another step of the reading sum",
            |w, plan, x| change_step(w, plan, Wire::ReadStep, layer_run(plan, 2), x),
            &["copy of ReadStep"],
        ),
    ];
    for &(what, change, names) in table {
        let cheat = lie.clone().tampered(move |second, plan| compensate(second, plan, 0, change));
        caught_by(what, &case.caught(cheat), names);
    }
}

/// A pixel that the model sees but the commitment does not hold.
#[test]
fn a_false_pixel_cannot_be_made_good_anywhere() {
    let case = Case::tiny();
    let honest = case.honest();
    let mut lie = case.witness(&case.lie(|map, cells| {
        if map == 0 {
            cells.y[77] ^= 64;
            cells.d[77] = case.model.network.precision.preimage(cells.y[77]);
        }
    }));
    let chain = &case.plan.hashing.input;
    let hashed = chain.start..chain.digest_row() + 1;
    for (column, old) in lie.first.hash.iter_mut().zip(&honest.first.hash) {
        hashed.clone().for_each(|row| column.set(row, old.get(row)));
    }
    lie.instances[0] = honest.instances[0];
    caught_by("the lie alone", &case.caught(lie.clone()), &["Check 1"]);
    let table: &[(&str, Change, &[&str])] = &[
        (
            "packed pixels changed in a row",
            |w, plan, x| change_made(w, plan, layer_run(plan, 0), x),
            &["produced sum takes in its cells"],
        ),
        (
            "packed pixels start from something",
            |w, plan, x| change_made(w, plan, first_pixel(plan), x),
            &["produced sum takes in its cells"],
        ),
        (
            "packed pixels replaced when they leave",
            |w, plan, x| {
                change_handed(w, plan, Cell { column: Wire::MadeStep, row: plan.activations.input_gap }, x);
            },
            &["produced sum leaves"],
        ),
        (
            "absorbed elements replaced when they leave",
            |w, plan, x| {
                let row = plan.hashing.exports()[0] + 1;
                bump(&mut w.wires[WIRE], row, x);
                bump(&mut w.wires[WIRE], plan.checks[1].row + 2, x);
            },
            &["absorbed elements leave"],
        ),
        (
            "absorbed elements changed before they leave",
            |w, plan, x| {
                let row = plan.hashing.exports()[0];
                bump(&mut w.absorbed, row, x);
                bump(&mut w.absorbed, row + 1, x);
                bump(&mut w.wires[WIRE], row + 1, x);
                bump(&mut w.wires[WIRE], plan.checks[1].row + 2, x);
            },
            &["absorbed elements are summed"],
        ),
        (
            "absorbed elements replaced in the equation",
            |w, plan, x| bump(&mut w.wires[WIRE], plan.checks[1].row + 2, x),
            &["copy of Wire"],
        ),
    ];
    for &(what, change, names) in table {
        let cheat = lie.clone().tampered(move |second, plan| compensate(second, plan, 1, change));
        caught_by(what, &case.caught(cheat), names);
    }
}

#[test]
fn parameters_and_border_terms_are_tied_to_the_outputs() {
    let case = Case::tiny();
    let border = border(&case.plan);
    let cells = &case.plan.kernels.cells;
    for (what, row, column) in cells.iter().step_by(37).map(|c| ("a parameter", c.row, c.column)).chain([
        // Six outputs do not fill two rows of four: the first row of a group has two cells too many.
        ("a parameter in the padding", cells[0].row, 3),
    ]) {
        assert!(what == "a parameter" || !cells.iter().any(|c| (c.row, c.column) == (row, column)));
        let mut cheat = case.honest();
        bump(&mut cheat.first.weights[column], row, Fr::one());
        caught_by(what, &case.caught(cheat), &["Check 0"]);
    }
    let mut cheat = case.honest();
    bump(&mut cheat.first.rem[0], border, Fr::one());
    caught_by("a border term", &case.caught(cheat), &["Check 0"]);
}

#[test]
fn derived_values_are_what_they_are_called() {
    let case = Case::tiny();
    let plan = &case.plan;
    let recipe = |wanted: fn(&Recipe) -> bool| plan.values.recipes().iter().position(wanted).expect("such a value");
    let power = recipe(|r| matches!(r, Recipe::Product { a: 0, b: 0, plus: 0 }));
    let sum = recipe(|r| matches!(r, Recipe::Product { plus: 1, .. }));
    let byte = recipe(|r| matches!(r, Recipe::Product { plus: 255, .. }));
    let zero = recipe(|r| matches!(r, Recipe::Product { plus: -1, .. }));
    let inverse = recipe(|r| matches!(r, Recipe::Inverse(_)));
    let derived = ["value is derived"].as_slice();
    for (what, row, names) in [
        ("α", LOAD_ROW, ["α is loaded"].as_slice()),
        ("s", LOAD_ROW + 1, &["s is loaded"]),
        ("one", LOAD_ROW + 2, &["one is loaded"]),
        ("a power", plan.home(power).row, derived),
        ("a sum of powers", plan.home(sum).row, derived),
        ("256", plan.home(byte).row, derived),
        ("zero", plan.home(zero).row, derived),
        ("an inverse", plan.home(inverse).row, derived),
    ] {
        // Every copy of the value follows; what is made of it does not matter here, it fails or not as it likes.
        let cheat = case.honest().tampered(move |second, plan| {
            let home = Cell { column: Wire::Wire, row };
            bump(&mut second.wires[WIRE], row, Fr::one());
            for &(_, copy) in plan.copies.iter().filter(|(from, _)| *from == home) {
                bump(&mut second.wires[copy.column as usize], copy.row, Fr::one());
            }
        });
        let caught = case.caught(cheat);
        assert!(names.iter().all(|&n| caught.contains(n)), "{what}: {caught:?}");
        assert!(!caught.iter().any(|n| n.starts_with("copy")), "{what}: every copy followed, {caught:?}");
        // One copy alone is caught by the permutation.
        let cheat = case.honest().tampered(move |second, _| bump(&mut second.wires[WIRE], row, Fr::one()));
        assert!(case.caught(cheat).contains("copy of Wire"), "{what}");
    }
}

#[test]
fn every_row_of_a_running_sum_is_tied_to_the_one_before() {
    // Kinds of rows, so that no kind is forgotten: each has its flag, and no row has two.
    let case = Case::tiny();
    let plan = &case.plan;
    let kinds = [Flag::Start, Flag::Run, Flag::Border, Flag::Compare, Flag::Gap];
    for (row, kind) in plan.activations.rows.iter().enumerate() {
        let flags = kinds.iter().filter(|&&f| plan.flags[f as usize][row] == 1).count();
        assert_eq!(flags, usize::from(*kind != ActivationRow::Idle), "row {row}");
    }
}
