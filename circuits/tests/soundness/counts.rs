//! The table: what is counted where, and what is no entry of it.

use halo2curves::bn256::Fr;
use zkescrow_circuits::plan::{RowKind, Stir, small};

use crate::{
    cheat::*,
    lookups::{UNBALANCED, idle, table, unbalanced},
    names::*,
};

#[test]
fn counts_are_not_free() {
    let case = Case::tiny();
    let plan = &case.plan;
    let honest = case.honest();
    let (lie, row, lane) = unbalanced(&case);
    let (d, y) = (lie.first.d[lane].get(row), lie.first.y[lane].get(row));
    let value = |is: &dyn Fn(u32) -> bool| {
        (0..plan.network.precision.table_len()).find(|&v| is(v as u32)).expect("in the table")
    };
    let of = value(&|v| Fr::from(u64::from(v)) == d);
    let near = value(&|v| Fr::from(u64::from(table(&case, v))) == y);
    let (pair, remainder) = (|v: usize| plan.table + v, |v: usize| plan.remainder_row(v));
    let outside = remainder(plan.network.precision.table_len());
    let (one, half) = (Fr::one(), Option::<Fr>::from(Fr::from(2).invert()).expect("not zero"));
    for (what, witness, changes) in [
        ("one more pair", &honest, vec![(pair(700), one)]),
        ("one pair less", &honest, vec![(pair(700), -one)]),
        ("half a pair", &honest, vec![(pair(700), half)]),
        ("one more remainder", &honest, vec![(remainder(700), one)]),
        ("one more of the last remainder", &honest, vec![(outside - 1, one)]),
        ("a negative count made up for next to it", &honest, vec![(pair(700), -one), (pair(701), one)]),
        ("a pair more, a remainder less", &honest, vec![(pair(700), one), (remainder(700), -one)]),
        ("a pair counted below the table", &honest, vec![(pair(0), -one), (outside, one)]),
        ("a pair counted above the table", &honest, vec![(pair(0), -one), (plan.table - 1, one)]),
        ("the false pair counted where its d is not", &lie, vec![(pair(of), -one), (pair(near), one)]),
        ("the false pair counted half and half", &lie, vec![(pair(of), -half), (pair(near), half)]),
        ("the false pair counted outside of the table", &lie, vec![(pair(of), -one), (outside, one)]),
        ("the false pair counted as a remainder", &lie, vec![(pair(of), -one), (remainder(of), one)]),
        ("the false pair counted in the first row", &lie, vec![(pair(of), -one), (0, one)]),
    ] {
        let mut cheat = witness.clone();
        changes.into_iter().for_each(|(row, by)| bump(&mut cheat.first.count, row, by));
        caught_by(what, &case.caught(cheat), UNBALANCED);
    }
}

/// Counts mean something in the table, and beside the logits; nowhere else.
#[test]
fn counts_outside_of_the_table_count_nothing() {
    for case in Case::at_both_degrees() {
        let plan = &case.plan;
        let logits = plan.activations.first_compare - 1..plan.activations.label_row;
        let table = plan.table..plan.remainder_row(plan.network.precision.table_len());
        let mut cheat = case.honest();
        for row in (0..plan.usable_rows()).filter(|row| !logits.contains(row) && !table.contains(row)) {
            bump(&mut cheat.first.count, row, small(3 + row as i64));
        }
        caught_by("counts everywhere else", &case.caught(cheat), &[]);
        // Beside the logits they tell of the label, and are in no balance.
        for row in [logits.start, logits.end - 1] {
            let mut cheat = case.honest();
            bump(&mut cheat.first.count, row, Fr::one());
            let caught = case.caught(cheat);
            assert!(caught.contains(COUNTS) && !caught.contains(BALANCED), "{caught:?}");
        }
    }
}

/// The hashes' constants stand in a column of the table, but make no entry of it.
#[test]
fn constants_are_not_in_the_table() {
    let case = Case::tiny();
    let (row, lane) = idle(&case);
    let boxes = case.plan.hashing.input.boxes().chain(case.plan.hashing.output.boxes());
    for (hashed, constant) in boxes.map(|(at, b)| (at, b.constant)).step_by(97) {
        for is_pair in [true, false] {
            let mut cheat = case.honest();
            let first = &mut cheat.first;
            let (column, counted) = if is_pair {
                (&mut first.d[lane], case.plan.table)
            } else {
                (&mut first.rem[lane], case.plan.remainder_row(0))
            };
            column.set(row, constant);
            bump(&mut first.count, counted, -Fr::one());
            bump(&mut first.count, hashed, Fr::one());
            caught_by("a constant looked up", &case.caught(cheat), UNBALANCED);
        }
    }
    let absorb = rows_by_kind(&case.plan)[&RowKind::Hash(Stir::Absorb)][0];
    let mut cheat = case.honest();
    bump(&mut cheat.first.count, case.plan.remainder_row(0), -Fr::one());
    bump(&mut cheat.first.count, absorb, Fr::one());
    caught_by("a zero counted beside a digest", &case.caught(cheat), UNBALANCED);
}

/// Pairs and remainders share one balance, and one helper; their tags keep them apart.
#[test]
fn a_remainder_is_not_a_pair() {
    for case in Case::at_both_degrees() {
        let (row, lane) = idle(&case);
        let d = 1000;
        let (pair, remainder) = (|v: i64| case.plan.table + v as usize, |v: i64| case.plan.remainder_row(v as usize));
        for y in [0, -1, 1] {
            let mut cheat = case.honest();
            cheat.first.d[lane].set(row, small(d));
            cheat.first.y[lane].set(row, small(y));
            bump(&mut cheat.first.count, pair(0), -Fr::one());
            bump(&mut cheat.first.count, remainder(d), Fr::one());
            caught_by("a pair passed off as a remainder", &case.caught(cheat), UNBALANCED);
            let mut cheat = case.honest();
            cheat.first.rem[lane].set(row, small(y + d));
            bump(&mut cheat.first.count, remainder(0), -Fr::one());
            bump(&mut cheat.first.count, pair(d), Fr::one());
            caught_by("a remainder passed off as a pair", &case.caught(cheat), UNBALANCED);
        }
        // The two sides of a helper change places.
        let mut cheat = case.honest();
        let (d, y) = (cheat.first.d[lane].get(row), cheat.first.y[lane].get(row));
        cheat.first.rem[lane].set(row, d + y);
        cheat.first.d[lane].set(row, Fr::zero());
        cheat.first.y[lane].set(row, Fr::one());
        caught_by("the sides of a helper swapped", &case.caught(cheat), UNBALANCED);
        // With δ known in advance, a pair could be any remainder: it has to be drawn later.
        let mut cheat = case.honest();
        let delta = mock_challenges().drawn.delta;
        cheat.first.d[lane].set(row, Fr::from(5));
        cheat.first.y[lane].set(row, -delta);
        bump(&mut cheat.first.count, pair(0), -Fr::one());
        bump(&mut cheat.first.count, remainder(5), Fr::one());
        caught_by("a pair made for a known δ", &case.caught(cheat), &[]);
    }
}
