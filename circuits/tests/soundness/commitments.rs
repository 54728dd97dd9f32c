//! Commitments and instances: every step of the hashes, and what ties them to pixels, logits and the public.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{Cell, Chain, Instance, Plan, Wire, small},
    poseidon::{PARAMETERS, WIDTH},
    witness::{SecondWitness, Values, Witness},
};

use crate::cheat::*;

/// One added to a cell of a hash: in which hash and round, how far below the round's first row, in which column.
#[derive(Clone, Copy)]
struct Slip {
    hash: usize,
    round: usize,
    below: usize,
    element: usize,
}

fn state(hash: &[Values], row: usize) -> [Fr; WIDTH] {
    std::array::from_fn(|i| hash[i].get(row))
}

/// Computes a chain again from what stands in its start rows, with at most one slip, and returns the digest.
fn rehash(hash: &mut [Values], chain: &Chain, slip: Option<Slip>) -> Fr {
    let mut digest = Fr::zero();
    for n in 0..=chain.pairs {
        let mut row = chain.hash_row(n);
        if n > 0 {
            hash[1].set(row, digest);
        }
        for round in 0..PARAMETERS.rounds() {
            let add = |below: usize, element: usize| {
                let here = slip.is_some_and(|s| (s.hash, s.round, s.below, s.element) == (n, round, below, element));
                Fr::from(u64::from(here))
            };
            for (i, column) in hash.iter_mut().enumerate() {
                bump(column, row, add(0, i));
            }
            let mut state = state(hash, row);
            for (x, constant) in state.iter_mut().zip(&PARAMETERS.constants[round]) {
                *x += constant;
            }
            let full = PARAMETERS.is_full(round);
            for (i, x) in state.iter_mut().enumerate().take(if full { WIDTH } else { 1 }) {
                // Full rounds have a row for squares and one for fourth powers; partial ones have them side by side.
                let (square_at, fourth_at) = if full { ((1, i), (2, i)) } else { ((1, 0), (1, 1)) };
                let square = x.square() + add(square_at.0, square_at.1);
                let fourth = square.square() + add(fourth_at.0, fourth_at.1);
                hash[square_at.1].set(row + square_at.0, square);
                hash[fourth_at.1].set(row + fourth_at.0, fourth);
                *x *= fourth;
            }
            let mixed: [Fr; WIDTH] =
                std::array::from_fn(|i| (0..WIDTH).map(|j| PARAMETERS.matrix[i][j] * state[j]).sum());
            row += if full { 3 } else { 2 };
            if round + 1 == PARAMETERS.rounds() {
                digest = mixed[0];
                if n == chain.pairs {
                    hash[1].set(row, digest);
                }
            } else {
                hash.iter_mut().zip(mixed).for_each(|(column, x)| column.set(row, x));
            }
        }
    }
    digest
}

/// An honest witness with one change to a chain's start rows, or one slip, and a digest that goes with it.
fn dishonest(case: &Case, output: bool, change: impl Fn(&mut [Values], &Chain), slip: Option<Slip>) -> Witness {
    let mut cheat = case.honest();
    let (chain, instance) =
        if output { (case.plan.hashing.output, Instance::Output) } else { (case.plan.hashing.input, Instance::Input) };
    change(&mut cheat.first.hash, &chain);
    cheat.instances[instance as usize] = rehash(&mut cheat.first.hash, &chain, slip);
    cheat
}

#[test]
fn rehashing_is_what_the_witness_does() {
    let case = Case::tiny();
    for output in [false, true] {
        let again = dishonest(&case, output, |_, _| {}, None);
        assert_eq!(again.instances, case.honest().instances);
        assert!(again.first.hash.iter().zip(&case.honest().first.hash).all(|(a, b)| a == b));
    }
}

#[test]
fn every_step_of_the_hashes_is_checked() {
    let case = Case::tiny();
    let full = PARAMETERS.full / 2;
    let (partial, second_half) = (full + 20, full + PARAMETERS.partial + 1);
    for (round, below, element, name) in [
        (0, 1, 0, "square"),
        (1, 1, 3, "square"),
        (second_half, 1, 2, "square"),
        (0, 2, 1, "fourth power"),
        (PARAMETERS.rounds() - 1, 2, 0, "fourth power"),
        (PARAMETERS.rounds() - 1, 2, 3, "fourth power"),
        (1, 0, 0, "next state"),
        (2, 0, 3, "next state"),
        (full, 0, 1, "next state"),
        (second_half, 0, 2, "next state"),
        (full, 1, 0, "square of one"),
        (partial, 1, 0, "square of one"),
        (partial, 1, 1, "fourth power of one"),
        (full + 1, 0, 0, "next state of one"),
        (partial, 0, 2, "next state of one"),
        (full + PARAMETERS.partial, 0, 3, "next state of one"),
    ] {
        for (output, hash) in [(false, 0), (false, 2), (false, case.plan.hashing.input.pairs), (true, 1)] {
            let cheat = dishonest(&case, output, |_, _| {}, Some(Slip { hash, round, below, element }));
            let what = format!("round {round}, row +{below}, element {element}, hash {hash}");
            caught_by(&what, &case.caught(cheat), &[name]);
        }
    }
}

#[test]
fn chains_start_and_go_on_as_they_must() {
    type Change = fn(&mut [Values], &Chain);
    let case = Case::tiny();
    let table: &[(&str, Change, &[&str])] = &[
        ("another domain", |h, c| bump(&mut h[1], c.start, Fr::one()), &["chain starts at its domain"]),
        ("a capacity of one", |h, c| bump(&mut h[0], c.start, Fr::one()), &["capacity is zero"]),
        ("a later capacity of one", |h, c| bump(&mut h[0], c.hash_row(1), Fr::one()), &["capacity is zero"]),
        (
            "a third input beside the salt",
            |h, c| bump(&mut h[3], c.start, Fr::one()),
            &["salted hash has no third input"],
        ),
        // Another salt is another commitment to the same thing.
        ("another salt", |h, c| bump(&mut h[2], c.start, Fr::one()), &[]),
    ];
    for output in [false, true] {
        for &(what, change, names) in table {
            caught_by(what, &case.caught(dishonest(&case, output, change, None)), names);
        }
        let slip = Slip { hash: 1, round: 0, below: 0, element: 1 };
        let cheat = dishonest(&case, output, |_, _| {}, Some(slip));
        caught_by("the digest before is not taken up", &case.caught(cheat), &["digest goes on"]);
        // The same salt cannot be denied either: the old commitment does not fit.
        let mut cheat = dishonest(&case, output, |h, c| bump(&mut h[2], c.start, Fr::one()), None);
        cheat.instances = case.honest().instances;
        caught_by("a salt that was not committed to", &case.caught(cheat), &["copy of Wire"]);
        let mut cheat = case.honest();
        let chain = if output { case.plan.hashing.output } else { case.plan.hashing.input };
        bump(&mut cheat.first.hash[1], chain.digest_row(), Fr::one());
        cheat.instances[usize::from(output)] += Fr::one();
        caught_by("another digest", &case.caught(cheat), &["digest goes on"]);
        let mut cheat = case.honest();
        bump(&mut cheat.first.hash[0], chain.digest_row(), -Fr::one());
        caught_by("a digest row that says it has reached nothing", &case.caught(cheat), &["label was reached"]);
    }
}

#[test]
fn commitments_hold_what_was_computed() {
    let case = Case::tiny();
    for pair in 1..=case.plan.hashing.input.pairs {
        for element in [2, 3] {
            // Another first pixel in one element, hashed honestly.
            let cheat = dishonest(&case, false, |h, c| bump(&mut h[element], c.hash_row(pair), Fr::one()), None);
            caught_by("a commitment to another image", &case.caught(cheat), &["Check 1"]);
        }
    }
    let cheat = dishonest(&case, true, |h, c| bump(&mut h[3], c.hash_row(1), Fr::from(256)), None);
    caught_by("a commitment to another logit", &case.caught(cheat), &["Check 2"]);
    // One element, so that the pair's first half is padding.
    assert_eq!(case.plan.hashing.output.pairs, 1);
    let cheat = dishonest(&case, true, |h, c| bump(&mut h[2], c.hash_row(1), Fr::one()), None);
    caught_by("something in the padding", &case.caught(cheat), &["Check 2"]);
}

/// A logit that the model did not compute, in the commitment: every place where it could be made good.
#[test]
fn a_false_logit_cannot_be_made_good_anywhere() {
    type Change = fn(&mut SecondWitness, &Plan, Fr);
    let case = Case::tiny();
    let lie = dishonest(&case, true, |h, c| bump(&mut h[3], c.hash_row(1), Fr::from(256)), None);
    let table: &[(&str, Change, &str)] = &[
        (
            "packed logits changed beside a comparison",
            |w, plan, x| change_read(w, plan, plan.activations.first_compare + 2, x),
            "reading sum waits",
        ),
        (
            "packed logits changed beside a logit",
            |w, plan, x| change_read(w, plan, plan.activations.first_compare + 1, x),
            "reading sum takes in its cells",
        ),
        (
            "packed logits start from something",
            |w, plan, x| change_read(w, plan, plan.activations.first_compare - 1, x),
            "reading sum takes in its cells",
        ),
        (
            "packed logits replaced when they leave",
            |w, plan, x| {
                change_handed(w, plan, Cell { column: Wire::ReadStep, row: plan.activations.output_gap }, x);
            },
            "channel value leaves",
        ),
        (
            "absorbed elements carried over from the input's hash",
            |w, plan, x| {
                let (start, leaves) = (plan.hashing.output.hash_row(1), plan.hashing.exports()[1]);
                (start..plan.usable_rows()).for_each(|row| bump(&mut w.absorbed, row, x));
                bump(&mut w.wires[Wire::Wire as usize], leaves + 1, x);
                bump(&mut w.wires[Wire::Wire as usize], plan.checks[2].row + 2, x);
                // The label leaves below, with whatever the column holds there.
                let label = plan.hashing.exports()[2];
                let absorbed = w.absorbed.get(label);
                w.wires[Wire::Wire as usize].set(label + 1, absorbed);
            },
            "absorbed elements are summed",
        ),
    ];
    for &(what, change, name) in table {
        let cheat = lie.clone().tampered(move |second, plan| compensate(second, plan, 2, change));
        caught_by(what, &case.caught(cheat), &[name]);
    }
}

#[test]
fn instances_are_what_the_circuit_computed() {
    let case = Case::tiny();
    for instance in 0..4 {
        // The verifier has another instance than the prover.
        let honest = case.honest();
        let mut instances = honest.instances.to_vec();
        instances[instance] += Fr::one();
        caught_by("verifier's instance", &case.caught_under(honest, instances), &["instance is loaded"]);
        // Both have another one. The context is free here: it is bound by the transcript alone.
        let mut cheat = case.honest();
        cheat.instances[instance] += Fr::one();
        let names: &[&str] = if instance == Instance::Context as usize { &[] } else { &["copy of Wire"] };
        caught_by("both instances", &case.caught(cheat), names);
        if instance == Instance::Context as usize {
            continue;
        }
        // What leaves the hash columns is replaced.
        let mut cheat = case.honest();
        cheat.instances[instance] += small(3);
        let cheat = cheat.tampered(move |second, plan| {
            bump(&mut second.wires[Wire::Wire as usize], plan.hashing.exports()[instance], small(3));
        });
        caught_by("what leaves", &case.caught(cheat), &["digest or label leaves"]);
    }
}
