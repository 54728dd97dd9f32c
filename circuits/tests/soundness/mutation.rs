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
    plan::{ActivationRow, BLINDING_ROWS, Choice, Feed, Flag, INSTANCES, LOAD_ROW, Plan, RowKind, round_rows},
    poseidon::{PARAMETERS, WIDTH},
    witness::{FirstWitness, SecondWitness, ThirdWitness, Values, Witness},
};

use crate::{cheat::*, mock::failures, networks::arbitrary};

type Rows = BTreeSet<usize>;

/// A case with every kind of row, and few of them.
fn small_case() -> Case {
    let all = |case: &Case| {
        let plan = &case.plan;
        let feeds = [Feed::Fresh, Feed::Next, Feed::Tap, Feed::Taps, Feed::Shift, Feed::Leave];
        let flag = |flag: Flag| plan.flags[flag as usize].contains(&1);
        feeds.iter().all(|feed| plan.kernels.feeds.values().any(|f| f == feed))
            && [RowKind::Hold, RowKind::Wait].iter().all(|kind| plan.shape.kinds.contains(kind))
            && plan.shape.kinds.iter().any(|kind| matches!(kind, RowKind::Edge(_)))
            && plan.hashing.output.elements > 1
            && flag(Flag::Ride)
            && flag(Flag::Carry)
    };
    let choice = Choice { lanes: 2, weight_columns: 2, degree: Degree::Three, k: None };
    (0..).map(|seed| Case::new(arbitrary(seed), choice)).find(all).expect("some network has them all")
}

fn kind(plan: &Plan, row: usize) -> Option<RowKind> {
    plan.activations.kinds.get(row).copied().flatten()
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

/// Rows of a column that may hold anything. Those changed together are so far apart that it is clear whose failure is
/// seen.
fn free(case: &Case, reach: &Reach, change: impl Fn(Witness, Vec<usize>) -> Witness) -> Rows {
    let Reach { read, copied } = reach;
    let rows = case.plan.usable_rows();
    let apart = read.clone().count();
    let mut free = Rows::new();
    for residue in 0..apart {
        let changed: Vec<usize> = (residue..rows).step_by(apart).collect();
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
const HASH: Reach = Reach { read: -1..=3, copied: false };

type Second = (&'static str, fn(&mut SecondWitness) -> &mut Values, fn(&Plan) -> Rows);

/// Columns of the second phase, and their free rows. Border terms are looked at one by one.
const SECOND: [Second; 4] = [
    ("helper 0", |w| &mut w.helpers[0], |_| Rows::new()),
    ("helper 1", |w| &mut w.helpers[1], |_| Rows::new()),
    ("table", |w| &mut w.table, |_| Rows::new()),
    ("balance", |w| &mut w.balance, |_| (0..LOAD_ROW).collect()),
];

type Third = (&'static str, fn(&mut ThirdWitness) -> &mut Values, fn(&Plan) -> Rows);

/// Columns of the third phase, and their free rows.
const THIRD: [Third; 7] = [
    (
        "reading sum",
        |w| &mut w.read,
        |plan| {
            let sums = |row| matches!(kind(plan, row), Some(RowKind::Cells { .. } | RowKind::Hold | RowKind::Wait));
            rows_where(plan, |row| !sums(row) && !kind(plan, row + 1).is_some_and(|k| k.exports()))
        },
    ),
    (
        "produced sum",
        |w| &mut w.made,
        |plan| rows_where(plan, |row| matches!(kind(plan, row), None | Some(RowKind::Close))),
    ),
    // What stands above the first block leaves to a cell of the wire that nobody reads.
    (
        "layer sum",
        |w| &mut w.layer,
        |plan| rows_where(plan, |row| kind(plan, row).is_none() && kind(plan, row + 1).is_none()),
    ),
    ("kernel", |w| &mut w.kernel, |_| (0..=LOAD_ROW).collect()),
    ("total", |w| &mut w.total, |_| (0..LOAD_ROW).collect()),
    ("absorbed", |w| &mut w.absorbed, |_| (0..LOAD_ROW).collect()),
    ("wire", |w| &mut w.wire, |plan| &rows_where(plan, |_| true) - &wire_uses(plan)),
];

/// Rows of the wire that mean something.
fn wire_uses(plan: &Plan) -> Rows {
    let mut used: Rows = (0..INSTANCES).chain(LOAD_ROW..LOAD_ROW + 3).collect();
    for (id, recipe) in plan.values.recipes().iter().enumerate() {
        if recipe.cells().is_some() {
            used.extend(plan.homes[id]..plan.homes[id] + 4);
        }
    }
    used.extend(rows_where(plan, |row| kind(plan, row).is_some_and(|k| k.uses_wire())));
    used.extend(plan.hashing.exports().into_iter().flat_map(|row| [row, row + 1]));
    used.extend(plan.kernels.products.keys().chain(plan.kernels.carries.keys()).chain(&plan.kernels.totals));
    used
}

#[test]
fn every_cell_of_the_later_phases_is_tied_down_or_known_to_be_free() {
    let case = small_case();
    assert!(case.caught(case.honest()).is_empty());
    for (name, column, expected) in SECOND {
        let change = |cheat: Witness, rows: Vec<usize>| {
            cheat.tampered_early(move |second, _| scramble(column(second), rows.iter().copied()))
        };
        assert_free(name, &free(&case, &NEXT, change), &expected(&case.plan));
    }
    for (name, column, expected) in THIRD {
        let change = |cheat: Witness, rows: Vec<usize>| {
            cheat.tampered(move |third, _| scramble(column(third), rows.iter().copied()))
        };
        let reach = if name == "wire" { &WIRE } else { &NEXT };
        assert_free(name, &free(&case, reach, change), &expected(&case.plan));
    }
    // Nothing is amiss if all that is free changes at once.
    let cheat = case.honest().tampered_early(|second, plan| {
        SECOND.iter().for_each(|(_, column, free)| scramble(column(second), free(plan)));
        let is_edge = |row: usize| matches!(kind(plan, row), Some(RowKind::Edge(_)));
        scramble(&mut second.edge, rows_where(plan, |row| !is_edge(row)));
    });
    let cheat =
        cheat.tampered(|third, plan| THIRD.iter().for_each(|(_, column, free)| scramble(column(third), free(plan))));
    caught_by("what is free", &case.caught(cheat), &[]);
}

#[test]
fn every_border_term_belongs_to_its_layer() {
    let case = small_case();
    for (row, content) in case.plan.activations.rows.iter().enumerate() {
        if let ActivationRow::Edge { layer, .. } = *content {
            let cheat = case.honest().tampered_early(move |second, _| scramble(&mut second.edge, [row]));
            caught_by("another border term", &case.caught(cheat), &[&format!("Layer({layer})")]);
        }
    }
}

/// Rows of a hash column that mean something: of both chains, and beside the logits.
fn hash_uses(plan: &Plan, column: usize) -> Rows {
    let hashing = &plan.hashing;
    let mut used: Rows = (hashing.compare - 1..hashing.compare + 2 * hashing.classes - 1).collect();
    for chain in [hashing.input, hashing.output] {
        used.extend(chain.start..=chain.digest_row());
        for hash in 0..=chain.elements {
            let mut row = chain.hash_row(hash);
            for round in 0..PARAMETERS.rounds() {
                // Square and fourth power of a partial round leave the last column's cell beside them empty.
                if !PARAMETERS.is_full(round) && column == WIDTH - 1 {
                    used.remove(&(row + 1));
                }
                row += round_rows(round);
            }
        }
    }
    used
}

#[test]
fn every_cell_of_the_hashes_is_tied_down_or_known_to_be_free() {
    let case = small_case();
    for column in 0..WIDTH {
        let change = |mut cheat: Witness, rows: Vec<usize>| {
            scramble(&mut cheat.first.hash[column], rows);
            cheat
        };
        let expected = &rows_where(&case.plan, |_| true) - &hash_uses(&case.plan, column);
        assert_free(&format!("hash {column}"), &free(&case, &HASH, change), &expected);
    }
}

/// How many weight columns a row takes parameters from.
fn fed(plan: &Plan, row: usize) -> usize {
    match plan.kernels.feeds.get(&row) {
        Some(Feed::Fresh | Feed::Next) => plan.shape.weight_columns,
        Some(Feed::Taps) => plan.shape.taps(),
        Some(Feed::Tap) => 1,
        _ => 0,
    }
}

fn is_looked_up(plan: &Plan, row: usize) -> bool {
    kind(plan, row).is_some_and(|k| k.is_looked_up())
}

#[test]
fn what_is_free_in_the_first_phase_is_harmless() {
    let case = small_case();
    let plan = &case.plan;
    let mut cheat = case.honest();
    let FirstWitness { weights, d, y, rem, pair_count, rem_count, hash, .. } = &mut cheat.first;
    for column in d.iter_mut().chain(y).chain(rem) {
        scramble(column, rows_where(plan, |row| !is_looked_up(plan, row)));
    }
    for (column, values) in weights.iter_mut().enumerate() {
        // Only the registered commitment says what stands there.
        scramble(values, rows_where(plan, |row| fed(plan, row) <= column));
    }
    for (column, values) in hash.iter_mut().enumerate() {
        scramble(values, &rows_where(plan, |_| true) - &hash_uses(plan, column));
    }
    for counts in [pair_count, rem_count] {
        scramble(counts, 0..=LOAD_ROW);
    }
    caught_by("what is free", &case.caught(cheat), &[]);
}

#[test]
fn first_phase_cells_are_tied_down() {
    let case = small_case();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let plan = &case.plan;
    let honest = case.honest();
    let looked_up: Vec<usize> = rows_where(plan, |row| is_looked_up(plan, row)).into_iter().collect();
    let fed: Vec<(usize, usize)> =
        (0..plan.usable_rows()).flat_map(|row| (0..fed(plan, row)).map(move |column| (row, column))).collect();
    for round in 0..100 {
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
            _ => {
                let row = rng.gen_range(LOAD_ROW + 1..plan.usable_rows());
                ("count", if rng.r#gen() { &mut first.pair_count } else { &mut first.rem_count }, row)
            }
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
    for lanes in [1, 2, 5, 16] {
        let case = Case::new(arbitrary(3), Choice { lanes, weight_columns: 3, degree: Degree::Three, k: None });
        let mut system = ConstraintSystem::default();
        ModelCircuit::configure_with_params(&mut system, case.plan.shape.clone());
        assert_eq!((system.degree(), system.blinding_factors() + 1), (3, BLINDING_ROWS));
        let used = |column: &Vec<u8>| column.iter().rposition(|&value| value != 0);
        let small = case.plan.flags.iter().chain(&case.plan.kinds).filter_map(used);
        let numbers = case.plan.numbers.iter().flatten().map(|&(row, _)| row);
        assert!(small.chain(numbers).all(|row| row <= case.plan.end_row()));
    }
}

/// In the blinding rows all fixed columns are zero: whatever else stands there, every gate holds but the lookups', and
/// these look at one row only. So what stands there has no influence on any balance or sum.
#[test]
fn the_blinding_rows_reach_nothing() {
    let case = small_case();
    let mut system = ConstraintSystem::<Fr>::default();
    ModelCircuit::configure_with_params(&mut system, case.plan.shape.clone());
    let random = |seed: u64| Fr::from(seed + 1).pow([11, 5, 7, 0]);
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

/// The table's term in a blinding row must not be a known combination of the counts there: the same combination of the
/// three columns would be free of randomness, and show what was counted.
#[test]
fn the_tables_terms_are_hidden_by_a_product_of_counts() {
    let case = small_case();
    let mut system = ConstraintSystem::<Fr>::default();
    let config = ModelCircuit::configure_with_params(&mut system, case.plan.shape.clone());
    let counts = [config.first.pair_count.index(), config.first.rem_count.index()];
    let lookups = system.gates().iter().find(|gate| gate.name() == "lookups").expect("a gate of lookups");
    let table = lookups.polynomials().last().expect("the table comes last");
    let at = |pairs: u64, rems: u64| {
        table.evaluate(
            &|constant| constant,
            &|_| unreachable!("there are no selectors"),
            &|_| Fr::zero(),
            &|query| match counts.iter().position(|&column| column == query.column_index()) {
                Some(0) => Fr::from(pairs),
                Some(_) => Fr::from(rems),
                None => Fr::from(17),
            },
            &|_| unreachable!("it sees no instance"),
            &|challenge| Fr::from(8888 + challenge.index() as u64),
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, scale| a * scale,
        )
    };
    let mixed = at(1, 1) - at(1, 0) - at(0, 1) + at(0, 0);
    assert_eq!(mixed, -Fr::one(), "the counts' product, once");
}
