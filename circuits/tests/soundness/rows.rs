//! Every kind of row, lane, parameter and border term has the effect that it should have, and no other.

use std::collections::BTreeSet;

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, Plan, RowKind, Subject},
    witness::{ThirdWitness, Values, Witness},
};

use crate::{cheat::*, names::*};

/// Final equations that object.
fn equations(case: &Case, caught: BTreeSet<String>) -> BTreeSet<String> {
    let equations: Vec<String> = case.plan.checks.iter().map(|check| format!("{:?}", check.of)).collect();
    caught.into_iter().filter(|name| equations.contains(name)).collect()
}

#[test]
fn parameters_and_border_terms_are_tied_to_the_outputs() {
    let case = Case::tiny();
    let (plan, cells) = (&case.plan, &case.plan.kernels.cells);
    // Six outputs do not fill two rows of four: the first row of a group has two cells too many.
    let padding = (cells[0].row, 3);
    assert!(!cells.iter().any(|c| (c.row, c.column) == padding));
    for (row, column) in cells.iter().step_by(37).map(|c| (c.row, c.column)).chain([padding]) {
        let layer = plan.kernels.totals.iter().position(|&total| row < total).expect("a layer");
        let mut cheat = case.honest();
        bump(&mut cheat.first.weights[column], row, Fr::one());
        let caught = case.caught(cheat);
        caught_by("a parameter", &caught, &[format!("Layer({layer})").as_str()]);
    }
    for row in case.rows(|r| matches!(r, ActivationRow::Edge { .. })).into_iter().step_by(7) {
        let ActivationRow::Edge { layer, .. } = plan.activations.rows[row] else { unreachable!("an edge") };
        let cheat = case.honest().tampered_early(move |second, _| bump(&mut second.edge, row, Fr::one()));
        caught_by("a border term", &case.caught(cheat), &[format!("Layer({layer})").as_str()]);
    }
}

/// One row of each kind, with the change carried on. Where a sum may be anything, nothing takes it in.
#[test]
fn every_kind_of_row_ties_its_sums_to_the_row_before() {
    type Place = fn(&mut ThirdWitness, &Plan, usize, Fr);
    let case = Case::tiny();
    for (kind, rows) in rows_by_kind(&case.plan) {
        let row = rows[0];
        if matches!(kind, RowKind::Instance | RowKind::Load) {
            continue;
        }
        let (feeds, hashes) = (matches!(kind, RowKind::Feed(_)), matches!(kind, RowKind::Hash(_)));
        let reads = kind.waits() || matches!(kind, RowKind::Cells { .. });
        // Powers stand in the hashes where sums stand elsewhere.
        let sums: [(Place, &str, bool); 3] = [
            (change_read, if hashes { SUMMED } else { READING }, reads || hashes),
            (change_made, PRODUCED, kind != RowKind::Close && !hashes),
            (change_layer, if feeds { TOTAL } else { LAYER }, !hashes),
        ];
        for (change, name, is_tied) in sums.into_iter().filter(|(.., is_tied)| *is_tied || !hashes) {
            let caught = case.caught(case.honest().tampered(move |third, plan| change(third, plan, row, Fr::one())));
            assert!(if is_tied { caught.contains(name) } else { caught.is_empty() }, "{kind:?}, {name}: {caught:?}");
        }
    }
}

/// One row of each kind that holds cells, each lane changed alone: lanes that are not in use are in no sum.
#[test]
fn every_lane_of_every_kind_of_row_is_taken_in() {
    type Column = fn(&mut Witness) -> &mut Vec<Values>;
    let case = Case::tiny();
    let (plan, net) = (&case.plan, &case.plan.network);
    for (kind, rows) in rows_by_kind(plan) {
        let row = rows[rows.len() - 1];
        let Some(&ActivationRow::Cells { map, count, .. }) = plan.activations.rows.get(row) else { continue };
        let readers = (0..net.layers.len()).filter(|&l| net.layers[l].inputs.contains(&map)).map(Subject::Layer);
        let packed = [(0, Subject::Input), (net.maps.len() - 1, Subject::Output)];
        let packed = packed.into_iter().filter(|(packed, _)| *packed == map).map(|(_, of)| of);
        let seen: Vec<Subject> = readers.chain(packed).collect();
        let made: Vec<Subject> = map.checked_sub(1).map(Subject::Layer).into_iter().collect();
        let columns: [(&str, Column, &[Subject]); 3] =
            [("d", |w| &mut w.first.d, &made), ("y", |w| &mut w.first.y, &seen), ("rem", |w| &mut w.first.rem, &made)];
        for lane in 0..plan.shape.lanes {
            for (what, column, objections) in columns {
                let mut cheat = case.honest();
                bump(&mut column(&mut cheat)[lane], row, Fr::one());
                let expected = objections.iter().filter(|_| lane < count).map(|of| format!("{of:?}")).collect();
                assert_eq!(equations(&case, case.caught(cheat)), expected, "{what} in lane {lane}, {kind:?}");
            }
        }
    }
}
