//! Commitments and instances: every step of the hashes, and what ties them to pixels, logits and the public.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{Chain, Choice, Instance, Plan, Subject, round_rows, small},
    poseidon::{PARAMETERS, WIDTH},
    witness::{ThirdWitness, Values, Witness},
};

use crate::{cheat::*, networks::arbitrary};

/// One added to a cell of a hash: in which hash and round, how far below the round's first row, in which column. The
/// round after the last one is the row of the last state.
#[derive(Clone, Copy)]
struct Slip {
    hash: usize,
    round: usize,
    below: usize,
    element: usize,
}

/// Computes a chain again from what stands in its start rows, with at most one slip, and returns the digest.
fn rehash(hash: &mut [Values], chain: &Chain, slip: Option<Slip>) -> Fr {
    let mut digest = Fr::zero();
    for n in 0..=chain.elements {
        let mut row = chain.hash_row(n);
        if n > 0 {
            hash[1].set(row, digest);
        }
        for round in 0..=PARAMETERS.rounds() {
            let add = |below: usize, element: usize| {
                let here = slip.is_some_and(|s| (s.hash, s.round, s.below, s.element) == (n, round, below, element));
                Fr::from(u64::from(here))
            };
            for (i, column) in hash.iter_mut().enumerate() {
                bump(column, row, add(0, i));
            }
            let mut state: [Fr; WIDTH] = std::array::from_fn(|i| hash[i].get(row));
            if round == PARAMETERS.rounds() {
                digest = state[0];
                continue;
            }
            if (n, round) == (0, 0) {
                state[1] += chain.domain;
            }
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
            row += round_rows(round);
            for (i, column) in hash.iter_mut().enumerate() {
                column.set(row, (0..WIDTH).map(|j| PARAMETERS.matrix[i][j] * state[j]).sum());
            }
        }
    }
    digest
}

fn chain(plan: &Plan, of: Instance) -> Chain {
    if of == Instance::Output { plan.hashing.output } else { plan.hashing.input }
}

/// An honest witness with one change to a chain's start rows, or one slip, and a digest that goes with it.
fn dishonest(case: &Case, of: Instance, change: impl Fn(&mut [Values], &Chain), slip: Option<Slip>) -> Witness {
    let mut cheat = case.honest();
    let chain = chain(&case.plan, of);
    change(&mut cheat.first.hash, &chain);
    cheat.instances[of as usize] = rehash(&mut cheat.first.hash, &chain, slip);
    cheat
}

const COMMITMENTS: [Instance; 2] = [Instance::Input, Instance::Output];

#[test]
fn rehashing_is_what_the_witness_does() {
    let case = Case::tiny();
    for of in COMMITMENTS {
        let again = dishonest(&case, of, |_, _| {}, None);
        assert_eq!(again.instances, case.honest().instances);
        assert!(again.first.hash.iter().zip(&case.honest().first.hash).all(|(a, b)| a == b));
    }
}

#[test]
fn every_step_of_the_hashes_is_checked() {
    let case = Case::tiny();
    let full = PARAMETERS.full / 2;
    let (partial, second_half) = (full + 20, full + PARAMETERS.partial + 1);
    let (last, after) = (PARAMETERS.rounds() - 1, PARAMETERS.rounds());
    for (round, below, element, name) in [
        (0, 1, 0, "square"),
        (1, 1, 1, "square"),
        (second_half, 1, 2, "square"),
        (0, 2, 1, "fourth power"),
        (last, 2, 0, "fourth power"),
        (last, 2, 2, "fourth power"),
        (1, 0, 0, "next state"),
        (2, 0, 2, "next state"),
        (full, 0, 1, "next state"),
        (second_half, 0, 2, "next state"),
        (after, 0, 0, "next state"),
        (after, 0, 1, "next state"),
        (after, 0, 2, "next state"),
        (full, 1, 0, "square of one"),
        (partial, 1, 0, "square of one"),
        (partial, 1, 1, "fourth power of one"),
        (full + 1, 0, 0, "next state of one"),
        (partial, 0, 1, "next state of one"),
        (full + PARAMETERS.partial, 0, 2, "next state of one"),
    ] {
        let last = case.plan.hashing.input.elements;
        for (of, hash) in [(Instance::Input, 0), (Instance::Input, 2), (Instance::Input, last), (Instance::Output, 1)] {
            let cheat = dishonest(&case, of, |_, _| {}, Some(Slip { hash, round, below, element }));
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
        // Another salt is another commitment to the same thing.
        ("another salt", |h, c| bump(&mut h[2], c.start, Fr::one()), &[]),
    ];
    for of in COMMITMENTS {
        for &(what, change, names) in table {
            caught_by(what, &case.caught(dishonest(&case, of, change, None)), names);
        }
        let slip = Slip { hash: 1, round: 0, below: 0, element: 1 };
        let cheat = dishonest(&case, of, |_, _| {}, Some(slip));
        caught_by("the digest before is not taken up", &case.caught(cheat), &["digest goes on"]);
        // The same salt cannot be denied either: the old commitment does not fit.
        let mut cheat = dishonest(&case, of, |h, c| bump(&mut h[2], c.start, Fr::one()), None);
        cheat.instances = case.honest().instances;
        caught_by("a salt that was not committed to", &case.caught(cheat), &[COPY]);
        let mut cheat = case.honest();
        bump(&mut cheat.first.hash[0], chain(&case.plan, of).digest_row(), Fr::one());
        cheat.instances[of as usize] += Fr::one();
        caught_by("another digest", &case.caught(cheat), &["next state"]);
    }
}

/// The domain is a part of the first constant, which only a chain's first row has: what starts without it, as any
/// opening of another shape would, is another commitment.
#[test]
fn domains_are_in_the_first_constants_alone() {
    let case = Case::tiny();
    for of in COMMITMENTS {
        let chain = chain(&case.plan, of);
        let without = |h: &mut [Values], c: &Chain| bump(&mut h[1], c.start, -c.domain);
        let cheat = dishonest(&case, of, without, None);
        caught_by("no domain", &case.caught(cheat), &["chain starts at its domain"]);
        // The honest witness of a circuit with another domain: the verifier's key has this one's constants.
        let mut cheat = case.honest();
        let other = Chain { domain: chain.domain + Fr::one(), ..chain };
        cheat.instances[of as usize] = rehash(&mut cheat.first.hash, &other, None);
        caught_by("constants with another domain", &case.caught(cheat), &["square", "next state"]);
    }
}

/// A case whose logits take two elements.
fn wide() -> Case {
    let choice = Choice { lanes: 2, weight_columns: 3, degree: Degree::Three, k: None };
    let is_wide = |case: &Case| case.plan.hashing.output.elements > 1 && case.plan.hashing.input.elements > 1;
    (0..).map(|seed| Case::new(arbitrary(seed), choice)).find(is_wide).expect("some network has so many classes")
}

#[test]
fn commitments_hold_what_was_computed() {
    for case in [Case::tiny(), wide()] {
        let hashing = case.plan.hashing;
        for (of, elements, by) in
            [(Instance::Input, hashing.input.elements, 1), (Instance::Output, hashing.output.elements, 256)]
        {
            let subject = format!("{of:?}");
            for element in 1..=elements {
                // Another first pixel in one element, or another second logit, hashed honestly.
                let other = |h: &mut [Values], c: &Chain| bump(&mut h[2], c.hash_row(element), Fr::from(by));
                caught_by(
                    "a commitment to something else",
                    &case.caught(dishonest(&case, of, other, None)),
                    &[&subject],
                );
            }
            // Elements change places: the order is the packing's.
            let swapped = |h: &mut [Values], c: &Chain| {
                let [a, b] = [1, 2].map(|n| h[2].get(c.hash_row(n)));
                assert_ne!(a, b);
                h[2].set(c.hash_row(1), b);
                h[2].set(c.hash_row(2), a);
            };
            if elements > 1 {
                caught_by("elements swapped", &case.caught(dishonest(&case, of, swapped, None)), &[&subject]);
            }
        }
    }
}

type Change = fn(&mut ThirdWitness, &Plan, Fr);

/// What was committed to is not what was computed: every place where the sum of absorbed elements could be made good.
const ABSORBED: &[(Instance, &str, Change, &str)] = &[
    (
        Instance::Input,
        "the sum starts from something",
        |w, plan, x| change_absorbed(w, plan, plan.hashing.input.start, x),
        "absorbed elements are summed",
    ),
    (
        Instance::Input,
        "something is taken in where nothing is absorbed",
        |w, plan, x| change_absorbed(w, plan, plan.hashing.input.hash_row(2) + 1, x),
        "absorbed elements are summed",
    ),
    (
        Instance::Input,
        "another element than the hash's is taken in",
        |w, plan, x| change_absorbed(w, plan, plan.hashing.input.hash_row(2), x),
        "absorbed elements are summed",
    ),
    (
        Instance::Output,
        "the sum is carried over from the input's hash",
        |w, plan, x| change_absorbed(w, plan, plan.hashing.output.start, x),
        "absorbed elements are summed",
    ),
    (
        Instance::Input,
        "the sum is replaced when it leaves",
        |w, plan, x| bump(&mut w.wire, plan.hashing.input.digest_row() + 1, x),
        "absorbed elements leave",
    ),
    (
        Instance::Output,
        "the sum is replaced when it leaves",
        |w, plan, x| bump(&mut w.wire, plan.hashing.output.digest_row() + 1, x),
        "absorbed elements leave",
    ),
];

/// The same for the packed logits.
const PACKED: &[(Instance, &str, Change, &str)] = &[
    (
        Instance::Output,
        "packed logits changed beside a comparison",
        |w, plan, x| change_read(w, plan, plan.activations.first_compare + 2, x),
        "reading sum takes in its cells",
    ),
    (
        Instance::Output,
        "packed logits changed beside a logit",
        |w, plan, x| change_read(w, plan, plan.activations.first_compare + 1, x),
        "reading sum takes in its cells",
    ),
    (
        Instance::Output,
        "packed logits start from something",
        |w, plan, x| change_read(w, plan, plan.activations.first_compare - 1, x),
        "reading sum takes in its cells",
    ),
    (
        Instance::Output,
        "packed logits replaced when they leave",
        |w, plan, x| change_wire(w, plan, plan.activations.logits_row, x),
        "channel value leaves",
    ),
];

#[test]
fn a_false_commitment_cannot_be_made_good_anywhere() {
    let case = Case::tiny();
    for &(of, what, change, name) in ABSORBED.iter().chain(PACKED) {
        let (row, by) = if of == Instance::Input { (2, Fr::one()) } else { (1, Fr::from(256)) };
        let lie = dishonest(&case, of, |h, c| bump(&mut h[2], c.hash_row(row), by), None);
        let subject = if of == Instance::Input { Subject::Input } else { Subject::Output };
        let cheat = lie.tampered(move |third, plan| compensate(third, plan, subject, change));
        caught_by(what, &case.caught(cheat), &[name]);
    }
}

#[test]
fn instances_are_what_the_circuit_computed() {
    let case = Case::tiny();
    for instance in [Instance::Input, Instance::Output, Instance::Label, Instance::Context] {
        let at = instance as usize;
        // The verifier has another instance than the prover.
        let honest = case.honest();
        let mut instances = honest.instances.to_vec();
        instances[at] += Fr::one();
        caught_by("verifier's instance", &case.caught_under(honest, instances), &["instance is loaded"]);
        // Both have another one. The context is free here: it is bound by the transcript alone.
        let mut cheat = case.honest();
        cheat.instances[at] += Fr::one();
        let names: &[&str] = if instance == Instance::Context { &[] } else { &[COPY] };
        caught_by("both instances", &case.caught(cheat), names);
        if instance == Instance::Context {
            continue;
        }
        // What leaves the hash columns is replaced.
        let mut cheat = case.honest();
        cheat.instances[at] += small(3);
        let cheat = cheat.tampered(move |third, plan| bump(&mut third.wire, plan.hashing.exports()[at], small(3)));
        caught_by("what leaves", &case.caught(cheat), &["digest or label leaves"]);
    }
}
