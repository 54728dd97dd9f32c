//! Which cells are free: every cell of the later phases and of the hashes, and a sample of the others, is changed. What
//! takes part in the computation is missed by something; what does not may hold anything, and is named here.

use std::{collections::BTreeSet, ops::RangeInclusive};

use halo2_proofs::{
    dev::VerifyFailure,
    plonk::{Circuit, ConstraintSystem},
};
use halo2curves::{bn256::Fr, ff::Field};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkescrow_circuits::{
    circuit::ModelCircuit,
    plan::{ActivationRow, BLINDING_ROWS, Choice, Degree, Feed, Flag, INSTANCES, LOAD_ROW, Plan, RowKind, Stir},
    poseidon::WIDTH,
    witness::{FirstWitness, SecondWitness, ThirdWitness, Values, Witness},
};

use crate::{cheat::*, mock::failures, networks::arbitrary};

pub type Rows = BTreeSet<usize>;

/// A case with every kind of row, and few of them.
pub fn small_case(degree: Degree) -> Case {
    let all = |case: &Case| {
        let plan = &case.plan;
        let rows = rows_by_kind(plan);
        let feeds = [Feed::Fresh, Feed::Next, Feed::Tap, Feed::Taps, Feed::Keep, Feed::Shift, Feed::Leave];
        feeds.iter().all(|feed| rows.contains_key(&RowKind::Feed(*feed)))
            && rows.contains_key(&RowKind::Hold)
            && rows.keys().any(|kind| matches!(kind, RowKind::Edge(_)))
            && rows.keys().any(|kind| kind.rides())
            && !plan.kernels.carries.is_empty()
            && plan.hashing.output.elements > 1
    };
    let choice = Choice { lanes: 2, weight_columns: 2, degree, k: None };
    (0..).map(|seed| Case::new(arbitrary(seed), choice)).find(all).expect("some network has them all")
}

/// Replaces the cells of some rows.
fn scramble(values: &mut Values, rows: impl IntoIterator<Item = usize>) {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    rows.into_iter().for_each(|row| bump(values, row, Fr::random(&mut rng)));
}

/// Where constraints look for a column's cells, from above to below, and whether copies do.
struct Reach {
    read: RangeInclusive<i32>,
    copied: bool,
}

/// Rows of a column, among some, that may hold anything. Those changed together are so far apart that it is clear whose
/// failure is seen.
fn free(case: &Case, reach: &Reach, among: &Rows, change: impl Fn(Witness, Vec<usize>) -> Witness) -> Rows {
    let Reach { read, copied } = reach;
    let apart = read.clone().count();
    let mut free = Rows::new();
    for residue in 0..apart {
        let changed: Vec<usize> = among.iter().copied().filter(|row| row % apart == residue).collect();
        let cheat = change(case.honest(), changed.clone());
        let instances = cheat.instances.to_vec();
        let mut seen = Rows::new();
        for failure in failures(&case.plan, cheat, instances) {
            let row = row_of(&failure).expect("a failure has a row");
            match failure {
                VerifyFailure::Permutation { .. } => seen.extend(copied.then_some(row)),
                _ => seen.extend(read.clone().map(|offset| (row as i32 + offset) as usize)),
            }
        }
        free.extend(changed.into_iter().filter(|row| !seen.contains(row)));
    }
    free
}

#[track_caller]
fn assert_free(name: &str, free: &Rows, expected: &Rows) {
    let [too_free, too_tied] = [free - expected, expected - free];
    assert!(too_free.is_empty() && too_tied.is_empty(), "{name}: rows {too_free:?} are free, {too_tied:?} are not");
}

fn rows_where(plan: &Plan, is: impl Fn(usize) -> bool) -> Rows {
    (0..plan.usable_rows()).filter(|&row| is(row)).collect()
}

/// Running sums and what they take in; the wire; the hashes.
const NEXT: Reach = Reach { read: -1..=0, copied: false };
const WIRE: Reach = Reach { read: 0..=3, copied: true };
const HASH: Reach = Reach { read: 0..=1, copied: false };

pub type Second = (&'static str, fn(&mut SecondWitness) -> &mut Values, fn(&Plan) -> Rows);

/// Columns of the second phase, and their free rows. Border terms are looked at one by one.
pub const SECOND: [Second; 4] = [
    ("helper 0", |w| &mut w.helpers[0], |_| Rows::new()),
    ("helper 1", |w| &mut w.helpers[1], |_| Rows::new()),
    ("balance", |w| &mut w.balance, |_| (0..LOAD_ROW).collect()),
    (
        "edge",
        |w| &mut w.edge,
        |plan| rows_where(plan, |row| !beside_logits(plan, row) && !plan.has(Flag::Box, row) && !is_edge(plan, row)),
    ),
];

pub type Third = (&'static str, fn(&mut ThirdWitness) -> &mut Values, fn(&Plan) -> Rows);

/// Columns of the third phase, and their free rows.
pub const THIRD: [Third; 4] = [
    (
        "read",
        |w| &mut w.read,
        |plan| {
            let sums = |kind: RowKind| kind.waits() || matches!(kind, RowKind::Cells { .. } | RowKind::Hash(_));
            let leaves = |kind: RowKind| kind.exports() || kind == RowKind::Hash(Stir::Seam);
            rows_where(plan, |row| !plan.kind(row).is_some_and(sums) && !plan.kind(row + 1).is_some_and(leaves))
        },
    ),
    (
        "made",
        |w| &mut w.made,
        |plan| rows_where(plan, |row| !is_summed(plan, row) || plan.kind(row) == Some(RowKind::Close)),
    ),
    // What stands above the first block leaves to a cell of the wire that nobody reads.
    (
        "layer",
        |w| &mut w.layer,
        |plan| rows_where(plan, |row| !is_summed(plan, row) && plan.kind(row + 1) != Some(RowKind::Open)),
    ),
    ("wire", |w| &mut w.wire, |plan| &rows_where(plan, |_| true) - &wire_uses(plan)),
];

pub fn is_edge(plan: &Plan, row: usize) -> bool {
    matches!(plan.kind(row), Some(RowKind::Edge(_)))
}

/// Whether counts and bits of the arg-max stand in a row.
fn beside_logits(plan: &Plan, row: usize) -> bool {
    (plan.activations.first_compare - 1..plan.activations.label_row).contains(&row)
}

/// Whether sums of accumulators or parameters stand in a row, or powers.
fn is_summed(plan: &Plan, row: usize) -> bool {
    let kind = |kind: RowKind| kind.is_activation() || matches!(kind, RowKind::Feed(_));
    plan.has(Flag::Box, row) || plan.kind(row).is_some_and(kind)
}

/// Rows of the wire that mean something.
fn wire_uses(plan: &Plan) -> Rows {
    let mut used: Rows = (0..INSTANCES).chain(LOAD_ROW..LOAD_ROW + 2).collect();
    for (id, recipe) in plan.values.recipes().iter().enumerate() {
        if recipe.cells().is_some() {
            used.extend(plan.homes[id]..plan.homes[id] + 4);
        }
    }
    let by_kind = |kind: RowKind| kind.exports() || kind.rides() || matches!(kind, RowKind::Open | RowKind::Label);
    used.extend(rows_where(plan, |row| plan.kind(row).is_some_and(by_kind)));
    used.extend(plan.comparisons());
    used.extend(plan.hashing.seams().into_iter().flat_map(|row| [row, row + 1]));
    used.extend(plan.kernels.products.keys().chain(plan.kernels.carries.keys()).chain(&plan.kernels.totals));
    used.insert(plan.kernels.start);
    used
}

#[test]
fn every_cell_of_the_later_phases_is_tied_down_or_known_to_be_free() {
    for case in DEGREES.map(small_case) {
        assert!(case.caught(case.honest()).is_empty());
        let all = rows_where(&case.plan, |_| true);
        let but_edges = rows_where(&case.plan, |row| !is_edge(&case.plan, row));
        for (name, column, expected) in SECOND {
            let change = |cheat: Witness, rows: Vec<usize>| {
                cheat.tampered_early(move |second, _| scramble(column(second), rows.iter().copied()))
            };
            let among = if name == "edge" { &but_edges } else { &all };
            assert_free(name, &free(&case, &NEXT, among, change), &expected(&case.plan));
        }
        for (name, column, expected) in THIRD {
            let change = |cheat: Witness, rows: Vec<usize>| {
                cheat.tampered(move |third, _| scramble(column(third), rows.iter().copied()))
            };
            let reach = if name == "wire" { &WIRE } else { &NEXT };
            assert_free(name, &free(&case, reach, &all, change), &expected(&case.plan));
        }
        // Nothing is amiss if all that is free changes at once.
        let cheat = case.honest().tampered_early(|second, plan| {
            SECOND.iter().for_each(|(_, column, free)| scramble(column(second), free(plan)));
        });
        let cheat = cheat
            .tampered(|third, plan| THIRD.iter().for_each(|(_, column, free)| scramble(column(third), free(plan))));
        caught_by("what is free", &case.caught(cheat), &[]);
    }
}

#[test]
fn border_terms_belong_to_their_layers() {
    let case = small_case(Degree::Three);
    for (row, content) in case.plan.activations.rows.iter().enumerate().step_by(3) {
        if let ActivationRow::Edge { layer, .. } = *content {
            let cheat = case.honest().tampered_early(move |second, _| scramble(&mut second.edge, [row]));
            caught_by("another border term", &case.caught(cheat), &[&format!("Layer({layer})")]);
        }
    }
}

/// Whether an element of the hashes' state means something in a row. A seam clears what is below it, but for the
/// absorbed element; what leaves at the first one is read by nobody.
fn is_hashed(plan: &Plan, element: usize, row: usize) -> bool {
    let [first, _, last] = plan.hashing.seams();
    (first + 1..=last).contains(&row) || (row == last + 1 && element < 2)
}

fn state(first: &mut FirstWitness, element: usize) -> &mut Values {
    [&mut first.d[0], &mut first.y[0], &mut first.rem[0]].into_iter().nth(element).expect("three elements")
}

#[test]
fn every_cell_of_the_hashes_is_tied_down_or_known_to_be_free() {
    for case in DEGREES.map(small_case) {
        let below = rows_where(&case.plan, |row| row >= case.plan.table);
        for element in 0..WIDTH {
            let change = |mut cheat: Witness, rows: Vec<usize>| {
                scramble(state(&mut cheat.first, element), rows);
                cheat
            };
            let expected = below.iter().copied().filter(|&row| !is_hashed(&case.plan, element, row)).collect();
            assert_free(&format!("element {element}"), &free(&case, &HASH, &below, change), &expected);
        }
    }
}

/// How many weight columns a row takes parameters from.
fn fed(plan: &Plan, row: usize) -> usize {
    match plan.kind(row) {
        Some(RowKind::Feed(Feed::Fresh | Feed::Next)) => plan.shape.weight_columns,
        Some(RowKind::Feed(Feed::Taps)) => plan.shape.taps(),
        Some(RowKind::Feed(Feed::Tap)) => 1,
        _ => 0,
    }
}

fn is_looked_up(plan: &Plan, row: usize) -> bool {
    plan.kind(row).is_some_and(|k| k.is_looked_up())
}

fn counted(plan: &Plan) -> std::ops::Range<usize> {
    plan.table..plan.remainder_row(plan.network.precision.table_len())
}

#[test]
fn what_is_free_in_the_first_phase_is_harmless() {
    for case in DEGREES.map(small_case) {
        let plan = &case.plan;
        let mut cheat = case.honest();
        for lane in 0..plan.shape.lanes {
            for element in 0..WIDTH {
                let FirstWitness { d, y, rem, .. } = &mut cheat.first;
                let column = [d, y, rem].into_iter().nth(element).expect("three columns");
                let means = |row: usize| is_looked_up(plan, row) || (lane == 0 && is_hashed(plan, element, row));
                scramble(&mut column[lane], rows_where(plan, |row| !means(row)));
            }
        }
        for (column, values) in cheat.first.weights.iter_mut().enumerate() {
            // Only the registered commitment says what stands there.
            scramble(values, rows_where(plan, |row| fed(plan, row) <= column));
        }
        let means = |row: usize| beside_logits(plan, row) || counted(plan).contains(&row);
        scramble(&mut cheat.first.count, rows_where(plan, |row| !means(row)));
        caught_by("what is free", &case.caught(cheat), &[]);
    }
}

#[test]
fn first_phase_cells_are_tied_down() {
    let case = small_case(Degree::Five);
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let plan = &case.plan;
    let honest = case.honest();
    let looked_up: Vec<usize> = rows_where(plan, |row| is_looked_up(plan, row)).into_iter().collect();
    let fed: Vec<(usize, usize)> =
        (0..plan.usable_rows()).flat_map(|row| (0..fed(plan, row)).map(move |column| (row, column))).collect();
    for round in 0..60 {
        let mut cheat = honest.clone();
        let first = &mut cheat.first;
        let row = looked_up[rng.gen_range(0..looked_up.len())];
        let lane = rng.gen_range(0..plan.shape.lanes);
        let (name, column, row) = match round % 5 {
            0 => ("d", &mut first.d[lane], row),
            1 => ("y", &mut first.y[lane], row),
            2 => ("rem", &mut first.rem[lane], row),
            3 => {
                let (row, column) = fed[rng.gen_range(0..fed.len())];
                ("weight", &mut first.weights[column], row)
            }
            _ => ("count", &mut first.count, rng.gen_range(counted(plan))),
        };
        bump(column, row, Fr::from(rng.r#gen::<u64>()));
        if name != "count" {
            first.count(plan);
        }
        assert!(!case.caught(cheat).is_empty(), "{name}, row {row}, lane {lane}: nobody objects");
    }
}

/// One degree more would double the prover's work; one usable row more or less, and the last row's pins miss it.
#[test]
fn the_proof_system_agrees_on_degree_and_rows() {
    for (lanes, degree) in [1, 2, 5, 16].into_iter().flat_map(|lanes| DEGREES.map(|degree| (lanes, degree))) {
        let case = Case::new(arbitrary(3), Choice { lanes, weight_columns: 3, degree, k: None });
        let mut system = ConstraintSystem::default();
        ModelCircuit::configure_with_params(&mut system, case.plan.shape.clone());
        assert_eq!((system.degree(), system.blinding_factors() + 1), (degree.number(), BLINDING_ROWS));
    }
}

/// In the blinding rows all fixed columns are zero: whatever else stands there, every gate holds but the lookups', and
/// these look at one row only. So what stands there has no influence on any balance or sum.
#[test]
fn the_blinding_rows_reach_nothing() {
    let random = |seed: u64| Fr::from(seed + 1).pow([11, 5, 7, 0]);
    for case in DEGREES.map(small_case) {
        let mut system = ConstraintSystem::<Fr>::default();
        ModelCircuit::configure_with_params(&mut system, case.plan.shape.clone());
        for gate in system.gates() {
            for polynomial in gate.polynomials() {
                let value = polynomial.evaluate(
                    &|constant| constant,
                    &|_| unreachable!("there are no selectors"),
                    &|query| {
                        assert_eq!(query.rotation().0, 0, "fixed columns speak of their own row");
                        Fr::zero()
                    },
                    &|query| {
                        assert!(gate.name() != "lookups" || query.rotation().0 == 0, "a lookup sees its own row");
                        random(10 * query.column_index() as u64 + (query.rotation().0 + 1) as u64)
                    },
                    &|_| random(7777),
                    &|challenge| random(8888 + challenge.index() as u64),
                    &|a| -a,
                    &|a, b| a + b,
                    &|a, b| a * b,
                    &|a, scale| a * scale,
                );
                assert_eq!(value == Fr::zero(), gate.name() != "lookups", "{}", gate.name());
            }
        }
    }
}
