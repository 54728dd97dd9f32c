//! Lookups: every pair and remainder in every row that uses them, counts, tags and the balance.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, Plan, small},
    semantics::MapTrace,
    witness::{SecondWitness, Witness},
};

use crate::cheat::*;

const UNBALANCED: &[&str] = &["balance ends at zero"];

/// The table as it is defined: the activation of `d`.
fn table(case: &Case, d: u32) -> u8 {
    let p = case.model.network.precision;
    ((i64::from(d) >> p.frac) - (1 << (p.bits - 1 - p.frac)) + 128).clamp(0, 255) as u8
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

#[test]
fn values_outside_the_table_are_caught() {
    let case = Case::tiny();
    let bits = case.model.network.precision.bits;
    type Change = fn(&Case, &mut MapTrace, usize);
    let table: &[(&str, Change)] = &[
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
    for (what, change) in table {
        caught_by(what, &case.caught(with_cell(&case, change)), UNBALANCED);
    }
    // d out of range, with a remainder that is negative in return.
    let mut cheat = case.honest();
    let rows = case.rows(|r| matches!(r, ActivationRow::Cells { map: 2, .. }));
    bump(&mut cheat.first.d[0], rows[1], Fr::from(1 << bits));
    bump(&mut cheat.first.rem[0], rows[1], -Fr::from(1 << (2 * bits)));
    cheat.first.count(&case.plan);
    caught_by("d of 2^t and more", &case.caught(cheat), UNBALANCED);
    // A fraction.
    let mut cheat = case.honest();
    let half: Fr = Fr::from(2).invert().unwrap_or(Fr::zero());
    bump(&mut cheat.first.d[0], rows[1], half);
    bump(&mut cheat.first.rem[0], rows[1], -half * Fr::from(1 << bits));
    cheat.first.count(&case.plan);
    caught_by("half a d", &case.caught(cheat), UNBALANCED);
}

#[test]
fn every_lane_of_every_kind_of_row_is_looked_up() {
    let case = Case::tiny();
    type Kind = fn(&ActivationRow) -> bool;
    let kinds: [(&str, Kind); 4] = [
        ("input", |r| matches!(r, ActivationRow::Cells { map: 0, .. })),
        ("first row of a channel", |r| matches!(r, ActivationRow::Cells { start: true, map: 3, .. })),
        ("further row of a channel", |r| matches!(r, ActivationRow::Cells { start: false, map: 3, .. })),
        ("comparison", |r| matches!(r, ActivationRow::Compare { .. })),
    ];
    for (what, kind) in kinds {
        let rows = case.rows(kind);
        for lane in 0..case.plan.shape.lanes {
            let row = rows[(3 * lane + 1) % rows.len()];
            for (column, value) in [("d", small(1 << 11)), ("d", small(-1)), ("rem", small(1 << 11)), ("y", small(256))]
            {
                let mut cheat = case.honest();
                let first = &mut cheat.first;
                let columns = match column {
                    "d" => &mut first.d,
                    "rem" => &mut first.rem,
                    _ => &mut first.y,
                };
                columns[lane].set(row, value);
                cheat.first.count(&case.plan);
                let caught = case.caught(cheat);
                assert!(caught.contains(UNBALANCED[0]), "{column} in lane {lane} of {what}: {caught:?}");
            }
        }
    }
}

#[test]
fn a_pixel_is_a_byte() {
    // The pixel is 256 and everything that sees it knows: packing, commitment, first layer.
    let case = Case::tiny();
    let mut cheat = case.honest();
    let row = case.rows(|r| matches!(r, ActivationRow::Cells { map: 0, .. }))[4];
    cheat.first.y[0].set(row, Fr::from(256));
    cheat.first.count(&case.plan);
    let cheat = cheat.tampered(|second, plan| {
        compensate(second, plan, 0, change_last_produced);
        compensate(second, plan, 1, |w, plan, x| bump(&mut w.wires[2], plan.checks[1].row + 2, x));
    });
    let caught = case.caught(cheat);
    assert!(caught.contains(UNBALANCED[0]), "{caught:?}");
}

fn change_last_produced(second: &mut SecondWitness, plan: &Plan, by: Fr) {
    change_made(second, plan, plan.activations.output_gap - 1, by);
}

/// The amount that a prover's lookups are out of balance.
fn excess(second: &SecondWitness, plan: &Plan) -> Fr {
    second.balance.get(plan.end_row())
}

/// Changes the balance from a row on.
fn change_balance(second: &mut SecondWitness, plan: &Plan, from: usize, by: Fr) {
    (from..plan.usable_rows()).for_each(|row| bump(&mut second.balance, row, by));
}

/// A false activation, `(d, y + 1)`, and its row and lane: the table does not have it, and nothing else objects.
fn unbalanced(case: &Case) -> (Witness, usize, usize) {
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
    let case = Case::tiny();
    let (lie, row, lane) = unbalanced(&case);
    let table: &[(&str, Change, &[&str])] = &[
        ("the lie alone", |_, _, _| {}, UNBALANCED),
        (
            "another helper",
            |w, plan, (row, lane)| {
                let rest = excess(w, plan);
                bump(&mut w.pair_helpers[lane], row, -rest);
                change_balance(w, plan, row, -rest);
            },
            &["pair is looked up"],
        ),
        (
            "another helper of a remainder",
            |w, plan, (row, lane)| {
                let rest = excess(w, plan);
                bump(&mut w.rem_helpers[lane], row, -rest);
                change_balance(w, plan, row, -rest);
            },
            &["remainder is looked up"],
        ),
        (
            "a helper where nothing is looked up",
            |w, plan, _| {
                let row = plan.activations.rows.len() + 3;
                let rest = excess(w, plan);
                bump(&mut w.pair_helpers[2], row, -rest);
                change_balance(w, plan, row, -rest);
            },
            &["pair is looked up"],
        ),
        (
            "a remainder's helper in a border row",
            |w, plan, _| {
                let border = plan.activations.rows.iter().position(|r| matches!(r, ActivationRow::Border { .. }));
                let (row, rest) = (border.expect("a border"), excess(w, plan));
                bump(&mut w.rem_helpers[0], row, -rest);
                change_balance(w, plan, row, -rest);
            },
            &["remainder is looked up"],
        ),
        (
            "a table helper that is not its count's",
            |w, plan, _| {
                let rest = excess(w, plan);
                bump(&mut w.pair_table, 9, rest);
                change_balance(w, plan, 9, -rest);
            },
            &["pair table"],
        ),
        (
            "a table helper of remainders outside of the table",
            |w, plan, _| {
                let (row, rest) = (plan.end_row(), excess(w, plan));
                bump(&mut w.rem_table, row, rest);
                change_balance(w, plan, row, -rest);
            },
            &["remainder table"],
        ),
        (
            "balance starts from something",
            |w, plan, _| {
                let rest = excess(w, plan);
                change_balance(w, plan, 0, -rest);
            },
            &["balance starts at zero"],
        ),
        (
            "balance jumps",
            |w, plan, _| {
                let rest = excess(w, plan);
                change_balance(w, plan, 100, -rest);
            },
            &["balance changes by helpers"],
        ),
        (
            "balance jumps in the last row",
            |w, plan, _| {
                let rest = excess(w, plan);
                change_balance(w, plan, plan.end_row(), -rest);
            },
            &["balance changes by helpers"],
        ),
        (
            "helpers in the first row do not count",
            |w, _, _| {
                w.pair_helpers[0].set(0, Fr::from(5));
                w.pair_table.set(0, Fr::from(5));
            },
            UNBALANCED,
        ),
    ];
    for &(what, change, names) in table {
        let cheat = lie.clone().tampered(move |second, plan| change(second, plan, (row, lane)));
        caught_by(what, &case.caught(cheat), names);
    }
    // The false pair is simply not looked up, nor counted.
    let mut cheat = lie.clone();
    let d =
        (1..=case.plan.network.precision.table_len()).find(|&r| Fr::from(r as u64 - 1) == lie.first.d[lane].get(row));
    bump(&mut cheat.first.pair_count, d.expect("d is in range"), -Fr::one());
    let cheat = cheat.tampered(move |second, plan| {
        let helper = second.pair_helpers[lane].get(row);
        second.pair_helpers[lane].set(row, Fr::zero());
        change_balance(second, plan, row, -helper);
    });
    caught_by("a lookup left out", &case.caught(cheat), &["pair is looked up"]);
}

#[test]
fn counts_are_not_free() {
    let case = Case::tiny();
    let rows = case.plan.network.precision.table_len();
    let honest = case.honest();
    let (lie, row, lane) = unbalanced(&case);
    let (d, y) = (lie.first.d[lane].get(row), lie.first.y[lane].get(row));
    let index = |value: Fr| (1..=rows).find(|&r| Fr::from(r as u64 - 1) == value).expect("in the table");
    let near = (1..=rows).find(|&r| Fr::from(u64::from(table(&case, r as u32 - 1))) == y).expect("in the table");
    let move_count = |witness: &Witness, changes: &[(bool, usize, i64)]| {
        let mut cheat = witness.clone();
        for &(pair, row, by) in changes {
            let column = if pair { &mut cheat.first.pair_count } else { &mut cheat.first.rem_count };
            bump(column, row, small(by));
        }
        cheat
    };
    for (what, witness, changes) in [
        ("one more pair", &honest, vec![(true, 700, 1)]),
        ("one pair less", &honest, vec![(true, 700, -1)]),
        ("one more remainder", &honest, vec![(false, 700, 1)]),
        ("a negative count made up for next to it", &honest, vec![(true, 700, -1), (true, 701, 1)]),
        ("a count outside of the table", &honest, vec![(true, rows + 9, 1)]),
        ("a count in the last row", &honest, vec![(false, case.plan.end_row(), 1)]),
        ("the false pair counted where its d is not", &lie, vec![(true, index(d), -1), (true, near, 1)]),
        ("the false pair counted outside of the table", &lie, vec![(true, index(d), -1), (true, rows + 9, 1)]),
        ("the false pair counted as a remainder", &lie, vec![(true, index(d), -1), (false, index(d), 1)]),
        ("the false pair counted in the first row", &lie, vec![(true, index(d), -1), (true, 0, 1)]),
    ] {
        caught_by(what, &case.caught(move_count(witness, &changes)), UNBALANCED);
    }
    // Outside of the table every row stands for d = 0, which the table has: a count may move there, to no effect.
    let moved = move_count(&honest, &[(true, 1, -1), (true, rows + 9, 1), (false, 1, -1), (false, rows + 9, 1)]);
    caught_by("a count of zeros moved", &case.caught(moved), &[]);
}

/// Pairs and remainders share one balance; their tags keep them apart.
#[test]
fn a_remainder_is_not_a_pair() {
    let case = Case::tiny();
    let lane = case.plan.shape.lanes - 1;
    // The last lane is off in this row, so that nothing but the lookup sees it.
    let row = case.rows(|r| matches!(r, ActivationRow::Cells { map: 3, count, .. } if *count <= lane))[3];
    for y in [0, -1, 1] {
        let mut cheat = case.honest();
        let d = 1000u64;
        cheat.first.d[lane].set(row, Fr::from(d));
        cheat.first.y[lane].set(row, small(y));
        bump(&mut cheat.first.pair_count, 1, -Fr::one());
        bump(&mut cheat.first.rem_count, 1 + d as usize, Fr::one());
        caught_by("a pair passed off as a remainder", &case.caught(cheat), UNBALANCED);
        let mut cheat = case.honest();
        let value = small(y) + Fr::from(d);
        cheat.first.rem[lane].set(row, value);
        bump(&mut cheat.first.rem_count, 1, -Fr::one());
        bump(&mut cheat.first.pair_count, 1 + d as usize, Fr::one());
        caught_by("a remainder passed off as a pair", &case.caught(cheat), UNBALANCED);
    }
}
