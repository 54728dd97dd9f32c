//! No cell is free: every second-phase cell that takes part in the computation, and a sample of the first phase's, is
//! changed, and something must object.

use std::collections::HashSet;

use halo2_proofs::{
    dev::{FailureLocation, MockProver, VerifyFailure},
    plonk::{Circuit, ConstraintSystem},
};
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkescrow_circuits::{
    circuit::ModelCircuit,
    plan::{ActivationRow, BLINDING_ROWS, Choice, Flag, INSTANCES, LOAD_ROW, Recipe, Wire},
    witness::{SecondWitness, Values},
};

use crate::{cheat::*, networks::arbitrary};

/// A case with every kind of row, and few of them.
fn small_case() -> Case {
    let kinds = |case: &Case| {
        let a = &case.plan.activations;
        let border = a.rows.iter().any(|r| matches!(r, ActivationRow::Border { .. }));
        border && case.plan.flags[Flag::Hop as usize].contains(&1) && case.plan.shape.masks() > 0
    };
    let choice = Choice { lanes: 2, weight_columns: 2, k: None };
    (0..).map(|seed| Case::new(arbitrary(seed), choice)).find(kinds).expect("some network has them all")
}

type Column = (&'static str, fn(&mut SecondWitness) -> &mut Values, i32);

/// Columns, with how many rows apart two changes must be for their failures to be told apart.
const COLUMNS: [Column; 15] = [
    ("reading sum", |w| &mut w.read, 2),
    ("produced sum", |w| &mut w.made, 2),
    ("kernel", |w| &mut w.kernel, 2),
    ("total", |w| &mut w.total, 2),
    ("absorbed", |w| &mut w.absorbed, 2),
    ("reading step", |w| &mut w.wires[0], 2),
    ("produced step", |w| &mut w.wires[1], 2),
    ("wire", |w| &mut w.wires[2], 3),
    ("pair helper 0", |w| &mut w.pair_helpers[0], 2),
    ("pair helper 1", |w| &mut w.pair_helpers[1], 2),
    ("remainder helper 0", |w| &mut w.rem_helpers[0], 2),
    ("remainder helper 1", |w| &mut w.rem_helpers[1], 2),
    ("pair table", |w| &mut w.pair_table, 2),
    ("remainder table", |w| &mut w.rem_table, 2),
    ("balance", |w| &mut w.balance, 2),
];

/// Rows of a column that mean something.
fn used(case: &Case, column: &str) -> HashSet<usize> {
    let (plan, a) = (&case.plan, &case.plan.activations);
    let rows = |f: &dyn Fn(&ActivationRow) -> bool| case.rows(f).into_iter();
    let all = 1..plan.usable_rows();
    match column {
        "reading sum" => rows(&|r| matches!(r, ActivationRow::Cells { .. } | ActivationRow::Compare { .. })).collect(),
        "produced sum" => rows(&|r| !matches!(r, ActivationRow::Idle | ActivationRow::Gap)).collect(),
        "reading step" => {
            let handed = a.exports.values().copied().chain([a.output_gap]);
            rows(&|r| matches!(r, ActivationRow::Cells { start: false, .. })).chain(handed).collect()
        }
        "produced step" => rows(&|r| !matches!(r, ActivationRow::Idle | ActivationRow::Compare { .. })).collect(),
        "wire" => {
            let mut used: HashSet<usize> =
                (0..INSTANCES).chain(LOAD_ROW..LOAD_ROW + 3).chain([plan.end_row()]).collect();
            for (id, recipe) in plan.values.recipes().iter().enumerate() {
                if matches!(recipe, Recipe::Product { .. } | Recipe::Inverse(_)) {
                    used.extend(plan.homes[id]..plan.homes[id] + 3);
                }
            }
            used.extend(plan.checks.iter().flat_map(|c| c.row..c.row + 3));
            used.extend(plan.hashing.exports().into_iter().flat_map(|row| [row, row + 1]));
            used.extend(plan.kernels.products.keys().chain(plan.kernels.carries.keys()));
            used
        }
        "total" | "balance" => (0..plan.usable_rows()).collect(),
        _ => all.collect(),
    }
}

/// The row in which a failure shows.
fn shows(case: &Case, failure: &VerifyFailure, wanted: Wire) -> Option<usize> {
    match failure {
        VerifyFailure::Permutation { column, location } => {
            let wires = case.plan.shape.weight_columns + 3 * case.plan.shape.lanes + 11;
            let row = match location {
                FailureLocation::InRegion { offset, .. } => *offset,
                FailureLocation::OutsideRegion { row } => *row,
            };
            (column.index() == wires + wanted as usize).then_some(row)
        }
        other => row_of(other),
    }
}

#[test]
fn every_second_phase_cell_is_tied_down() {
    let case = small_case();
    for (name, column, apart) in COLUMNS {
        let used = used(&case, name);
        for residue in 0..apart {
            let cheat = case.honest().tampered(move |second, plan| {
                let mut rng = ChaCha20Rng::seed_from_u64(residue as u64);
                for row in (0..plan.usable_rows()).filter(|row| *row as i32 % apart == residue) {
                    bump(column(second), row, Fr::from(rng.r#gen::<u64>()));
                }
            });
            let instances = vec![cheat.instances.to_vec()];
            let circuit = ModelCircuit { plan: case.plan.clone(), witness: Some(std::sync::Arc::new(cheat)) };
            let failures =
                MockProver::run(case.plan.shape.k, &circuit, instances).expect("runs").verify().expect_err(name);
            let wire = match name {
                "reading step" => Wire::ReadStep,
                "produced step" => Wire::MadeStep,
                _ => Wire::Wire,
            };
            // A change shows in its own row, in the one below, or, on the wire, up to two rows above.
            let mut shown = HashSet::new();
            for failure in &failures {
                let Some(row) = shows(&case, failure, wire) else { continue };
                if matches!(failure, VerifyFailure::Permutation { .. }) {
                    shown.insert(row);
                } else if apart == 3 {
                    shown.extend(row..row + 3);
                } else {
                    shown.extend([row, row.wrapping_sub(1)]);
                }
            }
            let mut free: Vec<_> =
                used.iter().filter(|&&r| r as i32 % apart == residue && !shown.contains(&r)).collect();
            free.sort_unstable();
            assert!(free.is_empty(), "{name}: rows {free:?} are free");
        }
    }
}

#[test]
fn first_phase_cells_are_tied_down() {
    let case = small_case();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let plan = &case.plan;
    let honest = case.honest();
    assert!(case.caught(honest.clone()).is_empty());
    for round in 0..60 {
        let mut cheat = honest.clone();
        let value = Fr::from(rng.r#gen::<u64>());
        let cells = case.rows(|r| !matches!(r, ActivationRow::Idle | ActivationRow::Gap));
        let row = cells[rng.gen_range(0..cells.len())];
        let lane = match plan.activations.rows[row] {
            ActivationRow::Border { count, .. } => rng.gen_range(0..count),
            _ => rng.gen_range(0..plan.shape.lanes),
        };
        let what = match round % 6 {
            0 => {
                bump(&mut cheat.first.d[lane], row, value);
                format!("d, row {row}, lane {lane}")
            }
            1 if matches!(plan.activations.rows[row], ActivationRow::Border { .. }) => continue,
            1 => {
                bump(&mut cheat.first.y[lane], row, value);
                format!("y, row {row}, lane {lane}")
            }
            2 => {
                bump(&mut cheat.first.rem[lane], row, value);
                format!("rem, row {row}, lane {lane}")
            }
            3 => {
                let cell = plan.kernels.cells[rng.gen_range(0..plan.kernels.cells.len())];
                bump(&mut cheat.first.weights[cell.column], cell.row, value);
                format!("{cell:?}")
            }
            4 => {
                let row = rng.gen_range(1..plan.usable_rows());
                bump(if rng.r#gen() { &mut cheat.first.pair_count } else { &mut cheat.first.rem_count }, row, value);
                format!("count, row {row}")
            }
            _ => {
                let chain = [plan.hashing.input, plan.hashing.output][rng.gen_range(0..2)];
                let row = rng.gen_range(chain.start..chain.digest_row());
                // Two cells of a partial round's second row are not used; the first always is.
                bump(&mut cheat.first.hash[0], row, value);
                format!("hash, row {row}")
            }
        };
        if round % 6 != 4 {
            cheat.first.count(plan);
        }
        assert!(!case.caught(cheat).is_empty(), "{what}: nobody objects");
    }
}

/// One degree more would double the prover's work; one usable row more or less, and the last row's pins miss it.
#[test]
fn the_proof_system_agrees_on_degree_and_rows() {
    for lanes in [1, 2, 5, 16] {
        let case = Case::new(arbitrary(3), Choice { lanes, weight_columns: 3, k: None });
        let mut system = ConstraintSystem::default();
        ModelCircuit::configure_with_params(&mut system, case.plan.shape.clone());
        assert_eq!((system.degree(), system.blinding_factors() + 1), (3, BLINDING_ROWS));
        let used = |column: &Vec<u8>| column.iter().rposition(|&flag| flag == 1);
        assert!(case.plan.flags.iter().filter_map(used).all(|row| row <= case.plan.end_row()));
    }
}
