//! Where regions meet that share columns: no sum, state or balance goes on from one into the next, and what leaves to the
//! wire where nothing was before is read by nobody.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{plan::FIRST_FREE_ROW, witness::ThirdWitness};

use crate::{cheat::*, names::*};

type Column = fn(&mut ThirdWitness) -> &mut zkescrow_circuits::witness::Values;

const READ: Column = |w| &mut w.read;
const MADE: Column = |w| &mut w.made;
const LAYER_COLUMN: Column = |w| &mut w.layer;

/// Something stands in a region's first row, or its last, that could only have come from above: what resets objects.
#[test]
fn nothing_is_carried_into_a_region() {
    for case in Case::at_both_degrees() {
        let (plan, hashing) = (&case.plan, case.plan.hashing);
        let [seam, middle, last] = hashing.seams();
        let into: &[(&str, usize, Column, &str)] = &[
            ("a channel into the activations", FIRST_FREE_ROW, MADE, PRODUCED),
            ("a layer into the activations", FIRST_FREE_ROW, LAYER_COLUMN, LAYER),
            ("a kernel into the last row of activations", plan.table - 1, MADE, PRODUCED),
            ("a layer into the last row of activations", plan.table - 1, LAYER_COLUMN, LAYER),
            ("a channel into the kernels", plan.table, MADE, PRODUCED),
            ("a layer into the kernels", plan.table, LAYER_COLUMN, TOTAL),
            ("a kernel into the last row of kernels", plan.kernels.end() - 1, MADE, PRODUCED),
            ("a total into the last row of kernels", plan.kernels.end() - 1, LAYER_COLUMN, TOTAL),
            ("a channel into the hashes", seam, READ, SUMMED),
            ("a chain into the next", middle, READ, SUMMED),
            ("a chain into the derivations", last, READ, SUMMED),
        ];
        for &(what, row, column, name) in into {
            let cheat = case.honest().tampered(move |third, _| bump(column(third), row, Fr::from(3)));
            let caught = case.caught(cheat);
            assert!(caught.contains(name), "{what}: {caught:?}");
        }
        for (seam, what) in [(seam, "what is above the hashes"), (middle, "a digest")] {
            for (element, name) in [(0, CAPACITY), (1, CHAINED)] {
                let mut cheat = case.honest();
                let mut state = cheat.first.state(seam + 1);
                state[element] += Fr::one();
                set_state(&mut cheat.first, seam + 1, state);
                let caught = case.caught(cheat);
                assert!(caught.contains(name), "{what} into a chain: {caught:?}");
            }
        }
        // Below the last seam, too, though nothing is hashed there.
        for (element, names) in [(0, [CAPACITY].as_slice()), (1, &[CHAINED]), (2, &[])] {
            let mut cheat = case.honest();
            let columns = [&mut cheat.first.d, &mut cheat.first.y, &mut cheat.first.rem];
            put(&mut columns.into_iter().nth(element).expect("three elements")[0], last + 1, Fr::one());
            caught_by("a state below the last seam", &case.caught(cheat), names);
        }
    }
}

/// Above the first row of a region stands whatever the prover likes; that it leaves has no consequence.
#[test]
fn what_leaves_where_nothing_was_is_read_by_nobody() {
    for case in Case::at_both_degrees() {
        let plan = case.plan.clone();
        let seam = plan.hashing.input.seam;
        let mut cheat = case.honest();
        put(&mut cheat.first.d[0], seam, Fr::from(5));
        let cheat = cheat.tampered(move |third, plan| {
            put(&mut third.layer, FIRST_FREE_ROW - 1, Fr::from(7));
            third.wire.set(FIRST_FREE_ROW, Fr::from(7));
            for (above, wire) in empty_leaves(plan) {
                put(&mut third.read, above, Fr::from(7));
                third.wire.set(wire, Fr::from(7));
            }
        });
        caught_by("what is above", &case.caught(cheat), &[]);
    }
}

/// The balance is looked at where the hashes start: a helper that comes too late is not counted, and one that is counted
/// there cannot be taken back.
#[test]
fn the_balance_is_settled_before_the_hashes() {
    for case in Case::at_both_degrees() {
        let plan = &case.plan;
        let [first, middle, last] = plan.hashing.seams();
        for (what, from, names) in [
            ("in the hashes", first + 1, [BALANCED, MOVES].as_slice()),
            ("in the second chain", middle + 1, &[BALANCED, MOVES]),
            ("below the hashes", last + 1, &[MOVES]),
            ("in the last row", plan.end_row(), &[MOVES]),
        ] {
            let cheat = case.honest().tampered_early(move |second, plan| {
                (from..plan.usable_rows()).for_each(|row| bump(&mut second.balance, row, Fr::one()));
            });
            caught_by(what, &case.caught(cheat), names);
        }
        // Up and down again between two seams.
        let cheat = case.honest().tampered_early(move |second, _| {
            (first + 1..middle).for_each(|row| bump(&mut second.balance, row, Fr::one()));
        });
        caught_by("a balance for a while", &case.caught(cheat), &[MOVES]);
    }
}
