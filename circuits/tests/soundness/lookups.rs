//! Lookups: every pair and remainder in every row that uses them, counts, tags and the balance.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, FIRST_FREE_ROW, LOAD_ROW, Plan, RowKind, small},
    semantics::MapTrace,
    witness::{SecondWitness, Witness},
};

use crate::cheat::*;

const UNBALANCED: &[&str] = &["balance ends at zero"];
const HELPER: &[&str] = &["activation is looked up"];

/// The table as it is defined: the activation of `d`, before it is clamped.
fn unclamped(case: &Case, d: u32) -> i64 {
    let p = case.model.network.precision;
    (i64::from(d) >> p.frac) - (1 << (p.bits - 1 - p.frac)) + 128
}

fn table(case: &Case, d: u32) -> u8 {
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
fn idle(case: &Case) -> (usize, usize) {
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
    for &kind in plan.shape.kinds.iter().filter(|kind| kind.is_looked_up()) {
        let rows: Vec<usize> =
            (0..plan.activations.kinds.len()).filter(|&row| plan.activations.kinds[row] == Some(kind)).collect();
        for lane in 0..plan.shape.lanes {
            let row = rows[(3 * lane + 1) % rows.len()];
            for (column, value) in [("d", range), ("d", small(-1)), ("rem", range), ("y", small(256))] {
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

/// Rows where nothing is looked up: one of each kind, and what lies outside of the activations.
fn not_looked_up(plan: &Plan) -> Vec<usize> {
    let kinds = &plan.activations.kinds;
    let of = |kind: &RowKind| kinds.iter().rposition(|k| k.as_ref() == Some(kind)).expect("a row of each kind");
    let mut rows: Vec<usize> = plan.shape.kinds.iter().filter(|k| !k.is_looked_up()).map(of).collect();
    rows.extend([0, LOAD_ROW, LOAD_ROW + 1, kinds.len(), plan.end_row()]);
    rows
}

#[test]
fn rows_that_are_not_looked_up_contribute_nothing() {
    let case = Case::tiny();
    let rows = not_looked_up(&case.plan);
    assert!(rows.len() > 7, "opens, closes and edges are among them");
    // Anything may stand there; its reciprocals do not count.
    let mut strange = case.honest();
    for &row in &rows {
        for (lane, by) in (0..case.plan.shape.lanes).zip(1i64..) {
            strange.first.d[lane].set(row, small(-by));
            strange.first.y[lane].set(row, small(1000 * by));
            strange.first.rem[lane].set(row, small(-7 * by));
        }
    }
    caught_by("strange values", &case.caught(strange.clone()), &[]);
    // What is counted there is not what is looked up.
    let mut counted = case.honest();
    bump(&mut counted.first.pair_count, FIRST_FREE_ROW, Fr::one());
    caught_by("a lookup more in the table", &case.caught(counted), UNBALANCED);
    for row in rows {
        // Reciprocals are reciprocals even there.
        let wrong = strange.clone().tampered_early(move |second, _| bump(&mut second.helpers[1], row, Fr::one()));
        caught_by("a helper that is no reciprocal", &case.caught(wrong), HELPER);
        // The balance does not move by them.
        let moved = case.honest().tampered_early(move |second, plan| {
            let helper = second.helpers[0].get(row);
            change_balance(second, plan, row.max(LOAD_ROW), helper);
        });
        let name = if row <= LOAD_ROW { "balance starts at zero" } else { "balance changes by helpers" };
        caught_by("a helper that counts", &case.caught(moved), &[name, UNBALANCED[0]]);
    }
}

/// The amount that a prover's lookups are out of balance.
fn excess(second: &SecondWitness, plan: &Plan) -> Fr {
    second.balance.get(plan.end_row())
}

/// Changes the balance from a row on.
fn change_balance(second: &mut SecondWitness, plan: &Plan, from: usize, by: Fr) {
    (from..plan.usable_rows()).for_each(|row| bump(&mut second.balance, row, by));
}

/// Brings the lookups into balance by a helper.
fn by_helper(second: &mut SecondWitness, plan: &Plan, lane: usize, row: usize) {
    let rest = excess(second, plan);
    bump(&mut second.helpers[lane], row, -rest);
    change_balance(second, plan, row, -rest);
}

/// The same by a term of the table.
fn by_table(second: &mut SecondWitness, plan: &Plan, row: usize) {
    let rest = excess(second, plan);
    bump(&mut second.table, row, rest);
    change_balance(second, plan, row, -rest);
}

/// The same by a jump.
fn by_jump(second: &mut SecondWitness, plan: &Plan, row: usize) {
    let rest = excess(second, plan);
    change_balance(second, plan, row, -rest);
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
    const MOVES: &[&str] = &["balance changes by helpers"];
    let case = Case::tiny();
    let (lie, row, lane) = unbalanced(&case);
    let changes: &[(&str, Change, &[&str])] = &[
        ("the lie alone", |_, _, _| {}, UNBALANCED),
        ("another helper", |w, plan, (row, lane)| by_helper(w, plan, lane, row), HELPER),
        (
            "another helper in a row that waits",
            |w, plan, _| {
                let row = plan.activations.kinds.iter().position(|k| *k == Some(RowKind::Hold)).expect("a row");
                by_helper(w, plan, 2, row);
            },
            HELPER,
        ),
        (
            "a helper where nothing is looked up",
            |w, plan, _| by_helper(w, plan, 2, plan.activations.rows.len() + 3),
            &["activation is looked up", "balance changes by helpers"],
        ),
        ("a table term that is not its count's", |w, plan, _| by_table(w, plan, 9), &["table"]),
        ("a table term outside of the table", |w, plan, _| by_table(w, plan, plan.end_row()), &["table"]),
        ("balance starts from something", |w, plan, _| by_jump(w, plan, LOAD_ROW), &["balance starts at zero"]),
        ("balance jumps in the first row", |w, plan, _| by_jump(w, plan, LOAD_ROW + 1), MOVES),
        ("balance jumps", |w, plan, _| by_jump(w, plan, 100), MOVES),
        ("balance jumps in the last row", |w, plan, _| by_jump(w, plan, plan.end_row()), MOVES),
        (
            "a balance before the first row",
            |w, plan, _| {
                let rest = excess(w, plan);
                (0..LOAD_ROW).for_each(|row| bump(&mut w.balance, row, -rest));
            },
            UNBALANCED,
        ),
    ];
    for &(what, change, names) in changes {
        let cheat = lie.clone().tampered_early(move |second, plan| change(second, plan, (row, lane)));
        caught_by(what, &case.caught(cheat), names);
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
        let (false_value, count) = if is_pair {
            (&mut first.y[lane], &mut first.pair_count)
        } else {
            (&mut first.rem[lane], &mut first.rem_count)
        };
        false_value.set(row, small(-1));
        bump(count, FIRST_FREE_ROW, -Fr::one());
        let cheat = cheat.tampered_early(move |second, plan| {
            let drawn = mock_challenges().drawn;
            let pair = drawn.gamma - drawn.delta + drawn.delta.square();
            let pole = if is_pair { pair } else { drawn.gamma - Fr::one() };
            let left_out: Fr = Option::from(pole.invert()).expect("not zero");
            bump(&mut second.helpers[lane], row, -left_out);
            change_balance(second, plan, row, -left_out);
        });
        caught_by(what, &case.caught(cheat), HELPER);
    }
}

#[test]
fn counts_are_not_free() {
    let case = Case::tiny();
    let len = case.plan.network.precision.table_len();
    let rows = FIRST_FREE_ROW..FIRST_FREE_ROW + len;
    let honest = case.honest();
    let (lie, row, lane) = unbalanced(&case);
    let (d, y) = (lie.first.d[lane].get(row), lie.first.y[lane].get(row));
    let find = |is: &dyn Fn(u32) -> bool| rows.start + (0..len).find(|&v| is(v as u32)).expect("in the table");
    let (of, near) = (find(&|v| Fr::from(u64::from(v)) == d), find(&|v| Fr::from(u64::from(table(&case, v))) == y));
    let (outside, end) = (rows.end + 9, case.plan.end_row());
    let move_count = |witness: &Witness, changes: &[(bool, usize, Fr)]| {
        let mut cheat = witness.clone();
        for &(pair, row, by) in changes {
            let column = if pair { &mut cheat.first.pair_count } else { &mut cheat.first.rem_count };
            bump(column, row, by);
        }
        cheat
    };
    let (one, half) = (Fr::one(), Option::<Fr>::from(Fr::from(2).invert()).expect("not zero"));
    for (what, witness, changes) in [
        ("one more pair", &honest, vec![(true, 700, one)]),
        ("one pair less", &honest, vec![(true, 700, -one)]),
        ("half a pair", &honest, vec![(true, 700, half)]),
        ("one more remainder", &honest, vec![(false, 700, one)]),
        ("a negative count made up for next to it", &honest, vec![(true, 700, -one), (true, 701, one)]),
        ("a pair more, a remainder less", &honest, vec![(true, 700, one), (false, 700, -one)]),
        ("a count outside of the table", &honest, vec![(true, outside, one)]),
        ("a count in the last row", &honest, vec![(false, end, one)]),
        ("a count in the first row that counts", &honest, vec![(false, LOAD_ROW + 1, one)]),
        ("the false pair counted where its d is not", &lie, vec![(true, of, -one), (true, near, one)]),
        ("the false pair counted half and half", &lie, vec![(true, of, -half), (true, near, half)]),
        ("the false pair counted outside of the table", &lie, vec![(true, of, -one), (true, outside, one)]),
        ("the false pair counted as a remainder", &lie, vec![(true, of, -one), (false, of, one)]),
        ("the false pair counted in the first row", &lie, vec![(true, of, -one), (true, 0, one)]),
        ("zeros counted before the balance starts", &honest, vec![(true, rows.start, -one), (true, LOAD_ROW, one)]),
    ] {
        caught_by(what, &case.caught(move_count(witness, &changes)), UNBALANCED);
    }
    // Outside of the table every row stands for d = 0, which the table has: a count may move there, to no effect.
    let zeros = |pair: bool| [(pair, rows.start, -one), (pair, outside, one - half), (pair, end, half)];
    caught_by("a count of zeros moved", &case.caught(move_count(&honest, &[zeros(true), zeros(false)].concat())), &[]);
    // Before the balance starts, counts are nothing at all.
    let early = [(true, 0, one), (false, LOAD_ROW, one)];
    caught_by("a count before the balance starts", &case.caught(move_count(&honest, &early)), &[]);
}

/// Pairs and remainders share one balance, and one helper; their tags keep them apart.
#[test]
fn a_remainder_is_not_a_pair() {
    let case = Case::tiny();
    let (row, lane) = idle(&case);
    let d = 1000;
    for y in [0, -1, 1] {
        let mut cheat = case.honest();
        cheat.first.d[lane].set(row, small(d));
        cheat.first.y[lane].set(row, small(y));
        bump(&mut cheat.first.pair_count, FIRST_FREE_ROW, -Fr::one());
        bump(&mut cheat.first.rem_count, FIRST_FREE_ROW + d as usize, Fr::one());
        caught_by("a pair passed off as a remainder", &case.caught(cheat), UNBALANCED);
        let mut cheat = case.honest();
        cheat.first.rem[lane].set(row, small(y + d));
        bump(&mut cheat.first.rem_count, FIRST_FREE_ROW, -Fr::one());
        bump(&mut cheat.first.pair_count, FIRST_FREE_ROW + d as usize, Fr::one());
        caught_by("a remainder passed off as a pair", &case.caught(cheat), UNBALANCED);
    }
    // The two sides of a helper change places.
    let mut cheat = case.honest();
    let (d, y) = (cheat.first.d[lane].get(row), cheat.first.y[lane].get(row));
    cheat.first.rem[lane].set(row, d + y);
    cheat.first.d[lane].set(row, Fr::zero());
    cheat.first.y[lane].set(row, Fr::one());
    let caught = case.caught(cheat);
    caught_by("the sides of a helper swapped", &caught, UNBALANCED);
    // With δ known in advance, a pair could be any remainder: it has to be drawn later.
    let mut cheat = case.honest();
    let delta = mock_challenges().drawn.delta;
    cheat.first.d[lane].set(row, Fr::from(5));
    cheat.first.y[lane].set(row, -delta);
    bump(&mut cheat.first.pair_count, FIRST_FREE_ROW, -Fr::one());
    bump(&mut cheat.first.rem_count, FIRST_FREE_ROW + 5, Fr::one());
    caught_by("a pair made for a known δ", &case.caught(cheat), &[]);
}
