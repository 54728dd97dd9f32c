//! Lookups: every pair and remainder in every row that uses them, counts, tags and the balance.

use std::collections::BTreeSet;

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, LOAD_ROW, Plan, RowKind, small},
    semantics::MapTrace,
    witness::{SecondWitness, Witness},
};

use crate::{cheat::*, mock::failures, names::*};

pub const UNBALANCED: &[&str] = &[BALANCED];
const HELPER: &[&str] = &[LOOKED_UP];

/// The table as it is defined: the activation of `d`, before it is clamped.
fn unclamped(case: &Case, d: u32) -> i64 {
    let p = case.model.network.precision;
    (i64::from(d) >> p.frac) - (1 << (p.bits - 1 - p.frac)) + 128
}

pub fn table(case: &Case, d: u32) -> u8 {
    unclamped(case, d).clamp(0, 255) as u8
}

/// A cell of map 2 that is off the clamps, changed; everything else honest.
fn with_cell(case: &Case, change: impl Fn(&Case, &mut MapTrace, usize)) -> Witness {
    let trace = case.lie(|map, cells| {
        if map == 2 {
            let cell = cells.y.iter().position(|y| (50..200).contains(y)).expect("an activation off the clamps");
            change(case, cells, cell);
        }
    });
    case.witness(&trace)
}

/// A row of cells whose last lane is idle: nothing but the lookup sees it.
pub fn idle(case: &Case) -> (usize, usize) {
    let lane = case.plan.shape.lanes - 1;
    (case.rows(|r| matches!(r, ActivationRow::Cells { map: 3, count, .. } if *count <= lane))[3], lane)
}

#[test]
fn values_outside_the_table_are_caught() {
    let case = Case::tiny();
    let bits = case.model.network.precision.bits;
    type Change = fn(&Case, &mut MapTrace, usize);
    let changes: &[(&str, Change)] = &[
        ("an activation that d does not stand for", |_, m, cell| m.y[cell] += 1),
        ("an activation one too low", |_, m, cell| m.y[cell] -= 1),
        ("a clamped activation in the middle", |_, m, cell| m.y[cell] = 255),
        // The same accumulator, split differently.
        ("a remainder of 2^t", |case, m, cell| {
            m.d[cell] -= 1;
            m.rem[cell] += 1 << case.model.network.precision.bits;
            m.y[cell] = table(case, m.d[cell]);
        }),
        ("a remainder of 40·2^t", |case, m, cell| {
            m.d[cell] -= 40;
            m.rem[cell] += 40 << case.model.network.precision.bits;
            m.y[cell] = table(case, m.d[cell]);
        }),
    ];
    for (what, change) in changes {
        caught_by(what, &case.caught(with_cell(&case, change)), UNBALANCED);
    }
    let rows = case.rows(|r| matches!(r, ActivationRow::Cells { map: 2, .. }));
    let split = |what: &str, by: Fr| {
        let mut cheat = case.honest();
        bump(&mut cheat.first.d[0], rows[1], by);
        bump(&mut cheat.first.rem[0], rows[1], -by * Fr::from(1 << bits));
        cheat.first.count(&case.plan);
        caught_by(what, &case.caught(cheat), UNBALANCED);
    };
    split("d of 2^t and more, with a remainder that is negative in return", Fr::from(1 << bits));
    split("half a d", Option::from(Fr::from(2).invert()).expect("not zero"));
}

#[test]
fn activations_are_bytes() {
    let case = Case::tiny();
    let (row, lane) = idle(&case);
    let most = case.plan.network.precision.table_len() as u32 - 1;
    // As the table would have it if it did not clamp.
    for (what, d) in [("above", most), ("below", 0)] {
        let y = unclamped(&case, d);
        assert!(!(0..=255).contains(&y));
        for y in [small(y), Fr::from(256), small(-1)] {
            let mut cheat = case.honest();
            cheat.first.d[lane].set(row, Fr::from(u64::from(d)));
            cheat.first.y[lane].set(row, y);
            cheat.first.count(&case.plan);
            caught_by(what, &case.caught(cheat), UNBALANCED);
        }
    }
    // A pixel, which no layer makes: nothing but the table says that it is a byte.
    let row = case.rows(|r| matches!(r, ActivationRow::Cells { map: 0, .. }))[4];
    for value in [Fr::from(256), small(-1), Fr::from(256).invert().unwrap_or(Fr::zero())] {
        let mut cheat = case.honest();
        cheat.first.y[0].set(row, value);
        cheat.first.count(&case.plan);
        let caught = case.caught(cheat);
        assert!(caught.contains(UNBALANCED[0]), "{caught:?}");
    }
}

/// Whether something beside the lookup sees a cell of a row.
fn is_seen(row: ActivationRow, lane: usize) -> bool {
    match row {
        ActivationRow::Cells { count, .. } => lane < count,
        ActivationRow::Compare { .. } => lane == 0,
        _ => false,
    }
}

#[test]
fn every_lane_of_every_kind_of_row_is_looked_up() {
    let case = Case::tiny();
    let plan = &case.plan;
    let range = small(1 << plan.network.precision.bits);
    let changes =
        [[("d", range), ("rem", small(-1))], [("d", small(-1)), ("y", small(256))], [("rem", range), ("y", small(-1))]];
    let looked_up = rows_by_kind(plan).into_iter().filter(|(kind, _)| kind.is_looked_up());
    for (n, (kind, rows)) in looked_up.enumerate() {
        for lane in 0..plan.shape.lanes {
            let row = rows[(3 * lane + 1) % rows.len()];
            for (column, value) in changes[(n + lane) % changes.len()] {
                let mut cheat = case.honest();
                let first = &mut cheat.first;
                let columns = match column {
                    "d" => &mut first.d,
                    "rem" => &mut first.rem,
                    _ => &mut first.y,
                };
                columns[lane].set(row, value);
                cheat.first.count(plan);
                let caught = case.caught(cheat);
                let what = format!("{column} in lane {lane} of {kind:?}");
                assert!(caught.contains(UNBALANCED[0]), "{what}: {caught:?}");
                if !is_seen(plan.activations.rows[row], lane) {
                    caught_by(&what, &caught, UNBALANCED);
                }
            }
        }
    }
}

/// Rows where nothing is looked up: one of each kind, and what lies between and below the regions.
fn not_looked_up(plan: &Plan) -> Vec<usize> {
    let of_kinds = rows_by_kind(plan).into_iter().filter(|(kind, _)| !kind.is_looked_up());
    let mut rows: Vec<usize> = of_kinds.map(|(_, rows)| rows[rows.len() / 2]).collect();
    rows.extend([LOAD_ROW + 1, plan.table, plan.remainder_row(0), plan.hashing.input.seam - 1]);
    rows.extend([plan.hashing.end, plan.rows_used, plan.end_row()]);
    rows
}

/// Lanes that hold nothing but what is looked up, or nothing: the first one's columns hold the hashes, too.
fn free_lanes(plan: &Plan, row: usize) -> std::ops::Range<usize> {
    let hashed = plan.hashing.input.seam..plan.hashing.end;
    usize::from(hashed.contains(&row))..plan.shape.lanes
}

#[test]
fn rows_that_are_not_looked_up_contribute_nothing() {
    for case in Case::at_both_degrees() {
        let rows = not_looked_up(&case.plan);
        assert!(rows.len() > 20, "opens, closes, edges, feeds and hashes are among them");
        // Anything may stand there; its reciprocals do not count.
        let mut strange = case.honest();
        for &row in &rows {
            for lane in free_lanes(&case.plan, row) {
                let by = lane as i64 + 1;
                put(&mut strange.first.d[lane], row, small(-by));
                put(&mut strange.first.y[lane], row, small(1000 * by));
                put(&mut strange.first.rem[lane], row, small(-7 * by));
            }
        }
        caught_by("strange values", &case.caught(strange.clone()), &[]);
        let objections = |cheat: Witness, wanted: &str| {
            let instances = cheat.instances.to_vec();
            let found = failures(&case.plan, cheat, instances).into_iter();
            found.filter(|failure| case.name(failure) == wanted).filter_map(|f| row_of(&f)).collect::<Vec<usize>>()
        };
        let sorted = |from: usize| rows.iter().copied().filter(|&row| row >= from).collect::<BTreeSet<_>>();
        // Reciprocals are reciprocals even there.
        let bumped = rows.clone();
        let wrong = strange.clone().tampered_early(move |second, _| {
            bumped.iter().for_each(|&row| bump(&mut second.helpers[1], row, Fr::one()));
        });
        assert!(objections(wrong, LOOKED_UP).into_iter().eq(sorted(0)), "a helper that is no reciprocal");
        // The balance does not move by them.
        let moving = rows.clone();
        let moved = strange.tampered_early(move |second, plan| {
            for &row in &moving {
                let helper = second.helpers[0].get(row);
                change_balance(second, plan, row, helper);
            }
        });
        assert!(objections(moved, MOVES).into_iter().eq(sorted(LOAD_ROW + 1)), "a helper that counts");
    }
}

/// Changes the balance from a row on.
fn change_balance(second: &mut SecondWitness, plan: &Plan, from: usize, by: Fr) {
    (from..plan.usable_rows()).for_each(|row| bump(&mut second.balance, row, by));
}

/// Brings the lookups into balance by a helper.
fn by_helper(second: &mut SecondWitness, plan: &Plan, lane: usize, row: usize) {
    let rest = balance_left(second, plan);
    bump(&mut second.helpers[lane], row, -rest);
    change_balance(second, plan, row, -rest);
}

/// The same by a jump.
fn by_jump(second: &mut SecondWitness, plan: &Plan, row: usize) {
    let rest = balance_left(second, plan);
    change_balance(second, plan, row, -rest);
}

/// A false activation, `(d, y + 1)`, and its row and lane: the table does not have it, and nothing else objects.
pub fn unbalanced(case: &Case) -> (Witness, usize, usize) {
    let cheat = with_cell(case, |_, m, cell| m.y[cell] += 1);
    let (row, lane) = case
        .rows(|r| matches!(r, ActivationRow::Cells { map: 2, .. }))
        .into_iter()
        .flat_map(|row| (0..case.plan.shape.lanes).map(move |lane| (row, lane)))
        .find(|&(row, lane)| {
            let (d, y) = (cheat.first.d[lane].get(row), cheat.first.y[lane].get(row));
            (0..1 << 11).all(|v| d != Fr::from(v) || y != Fr::from(u64::from(table(case, v as u32))))
        })
        .expect("the false cell");
    (cheat, row, lane)
}

#[test]
fn a_false_lookup_cannot_be_balanced() {
    type Change = fn(&mut SecondWitness, &Plan, (usize, usize));
    let changes: &[(&str, Change, &[&str])] = &[
        ("the lie alone", |_, _, _| {}, UNBALANCED),
        ("another helper", |w, plan, (row, lane)| by_helper(w, plan, lane, row), HELPER),
        (
            "another helper where nothing is looked up",
            |w, plan, _| {
                let row = plan.activations.kinds.iter().position(|k| *k == Some(RowKind::Hold)).expect("a row");
                by_helper(w, plan, 2, row);
            },
            &[LOOKED_UP, MOVES],
        ),
        ("another helper beside the table", |w, plan, _| by_helper(w, plan, 2, plan.table + 9), &[LOOKED_UP, MOVES]),
        ("balance starts from something", |w, plan, _| by_jump(w, plan, LOAD_ROW), UNBALANCED),
        ("balance jumps in the first row", |w, plan, _| by_jump(w, plan, LOAD_ROW + 1), &[MOVES]),
        ("balance jumps", |w, plan, _| by_jump(w, plan, 100), &[MOVES]),
        ("balance jumps in the last row of activations", |w, plan, _| by_jump(w, plan, plan.table - 1), &[MOVES]),
        ("balance jumps at a pair of the table", |w, plan, _| by_jump(w, plan, plan.table + 5), &[MOVES]),
        ("balance jumps at a remainder", |w, plan, _| by_jump(w, plan, plan.remainder_row(5)), &[MOVES]),
        ("balance jumps at the first seam", |w, plan, _| by_jump(w, plan, plan.hashing.input.seam), &[MOVES]),
        (
            "balance jumps after the first seam",
            |w, plan, _| by_jump(w, plan, plan.hashing.input.seam + 1),
            &[BALANCED, MOVES],
        ),
        (
            "a balance before the first row",
            |w, plan, _| {
                let rest = balance_left(w, plan);
                (0..LOAD_ROW).for_each(|row| bump(&mut w.balance, row, -rest));
            },
            UNBALANCED,
        ),
    ];
    for case in Case::at_both_degrees() {
        let (lie, row, lane) = unbalanced(&case);
        for &(what, change, names) in changes {
            let cheat = lie.clone().tampered_early(move |second, plan| change(second, plan, (row, lane)));
            caught_by(what, &case.caught(cheat), names);
        }
    }
}

/// A helper is the sum of two reciprocals, and neither may be left out, not even if the counts agree.
#[test]
fn both_reciprocals_are_in_a_helper() {
    let case = Case::tiny();
    let (row, lane) = idle(&case);
    for (what, is_pair) in [("the pair left out", true), ("the remainder left out", false)] {
        let mut cheat = case.honest();
        let first = &mut cheat.first;
        let (false_value, counted) = if is_pair {
            (&mut first.y[lane], case.plan.table)
        } else {
            (&mut first.rem[lane], case.plan.remainder_row(0))
        };
        false_value.set(row, small(-1));
        bump(&mut first.count, counted, -Fr::one());
        let cheat = cheat.tampered_early(move |second, plan| {
            let drawn = mock_challenges().drawn;
            let tag = drawn.delta.square();
            let pole = if is_pair { drawn.gamma - drawn.delta + tag + tag } else { drawn.gamma - Fr::one() + tag };
            let left_out: Fr = Option::from(pole.invert()).expect("not zero");
            bump(&mut second.helpers[lane], row, -left_out);
            change_balance(second, plan, row, -left_out);
        });
        caught_by(what, &case.caught(cheat), HELPER);
    }
}
