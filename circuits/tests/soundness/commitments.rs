//! Commitments and instances: every step of the hashes, and what ties them to pixels, logits and the public.

use std::array::from_fn;

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{BOXES, Chain, Choice, Degree, Instance, Plan, Stir, Subject, small},
    witness::{FirstWitness, ThirdWitness, Witness},
};

use crate::{cheat::*, names::*, networks::arbitrary};

/// What one is added to in a row of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    State(usize),
    Square,
    Fourth,
    Fifth,
}

/// One added to a cell: in which hash, how far below its first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slip {
    hash: usize,
    below: usize,
    cell: Cell,
}

/// The powers of a row where the slip is in one of them.
type Powers = Option<(usize, [Fr; 3])>;

/// Computes a chain again from what stands in its start rows, with at most one slip, and returns the digest.
fn rehash(first: &mut FirstWitness, chain: &Chain, slip: Option<Slip>) -> (Fr, Powers) {
    let (mut digest, mut powers) = (Fr::zero(), None);
    for hash in 0..=chain.elements {
        let start = chain.hash_row(hash);
        let mut state = first.state(start);
        if hash > 0 {
            state[1] = digest;
        }
        for below in 0..=BOXES.len() {
            let add = |cell: Cell| Fr::from(u64::from(slip == Some(Slip { hash, below, cell })));
            state = from_fn(|i| state[i] + add(Cell::State(i)));
            set_state(first, start + below, state);
            let Some(hashed) = BOXES.get(below) else { continue };
            let domain = if (hash, below) == (0, 1) { chain.domain } else { Fr::zero() };
            let x = state[0] + hashed.constant + domain;
            let square = x.square() + add(Cell::Square);
            let fourth = square.square() + add(Cell::Fourth);
            let fifth = fourth * x + add(Cell::Fifth);
            if fifth != x.square().square() * x {
                powers = Some((start + below, [square, fourth, fifth]));
            }
            state = hashed.stir.apply(state, fifth).expect("an S-box");
        }
        digest = state[0];
    }
    (digest, powers)
}

fn chain(plan: &Plan, of: Instance) -> Chain {
    if of == Instance::Output { plan.hashing.output } else { plan.hashing.input }
}

/// An honest witness with one change to a chain's start rows, or one slip, and a digest that goes with it.
fn dishonest(case: &Case, of: Instance, change: impl Fn(&mut FirstWitness, &Chain), slip: Option<Slip>) -> Witness {
    let mut cheat = case.honest();
    let chain = chain(&case.plan, of);
    change(&mut cheat.first, &chain);
    let (digest, powers) = rehash(&mut cheat.first, &chain, slip);
    cheat.instances[of as usize] = digest;
    let Some((row, [square, fourth, fifth])) = powers else { return cheat };
    cheat.tampered_early(move |second, _| second.edge.set(row, fifth)).tampered(move |third, _| {
        third.made.set(row, square);
        third.layer.set(row, fourth);
    })
}

const COMMITMENTS: [Instance; 2] = [Instance::Input, Instance::Output];

#[test]
fn rehashing_is_what_the_witness_does() {
    let case = Case::tiny();
    for of in COMMITMENTS {
        let (again, honest) = (dishonest(&case, of, |_, _| {}, None), case.honest());
        assert_eq!(again.instances, honest.instances);
        assert!((0..case.plan.rows_used).all(|row| state_or_zero(&again, row) == state_or_zero(&honest, row)));
    }
}

fn state_or_zero(witness: &Witness, row: usize) -> [Fr; 3] {
    if row < witness.first.d[0].len() { witness.first.state(row) } else { [Fr::zero(); 3] }
}

/// Every row that follows an S-box of some kind, and every power in a row of each kind.
#[test]
fn every_step_of_the_hashes_is_checked() {
    let first = |stir: Stir| BOXES.iter().position(|b| b.stir == stir).expect("each kind");
    let last = |stir: Stir| BOXES.iter().rposition(|b| b.stir == stir).expect("each kind");
    let [turn, full, partial] = [Stir::Turn, Stir::MixFull, Stir::MixPartial];
    let boxes = [first(turn), first(turn) + 1, first(full), first(partial), last(partial), last(turn), last(full)];
    let powers = [(Cell::Square, SQUARE), (Cell::Fourth, FOURTH), (Cell::Fifth, FIFTH)];
    let states = [(Cell::State(0), CAPACITY), (Cell::State(1), CHAINED), (Cell::State(2), ABSORBED)];
    let slips = boxes.iter().flat_map(|&at| {
        let after = states.into_iter().map(move |(cell, name)| (at + 1, cell, name));
        powers.into_iter().map(move |(cell, name)| (at, cell, name)).chain(after)
    });
    for case in Case::at_both_degrees() {
        let end = case.plan.hashing.input.elements;
        let places = [(Instance::Input, 0), (Instance::Input, 2), (Instance::Input, end), (Instance::Output, 1)];
        // By a step that no row of six slips repeats, all meet all.
        for (n, (below, cell, name)) in slips.clone().enumerate() {
            let (of, hash) = places[(n + n / 6) % places.len()];
            let slip = Slip { hash, below, cell };
            caught_by(&format!("{slip:?}"), &case.caught(dishonest(&case, of, |_, _| {}, Some(slip))), &[name]);
        }
    }
}

#[test]
fn chains_start_and_go_on_as_they_must() {
    type Change = fn(&mut FirstWitness, &Chain);
    let table: &[(&str, Change, &[&str])] = &[
        ("something chained to the first hash", |w, c| bump(&mut w.y[0], c.hash_row(0), Fr::one()), &[CHAINED]),
        ("a capacity of one", |w, c| bump(&mut w.d[0], c.hash_row(0), Fr::one()), &[CAPACITY]),
        ("a later capacity of one", |w, c| bump(&mut w.d[0], c.hash_row(1), Fr::one()), &[CAPACITY]),
        // Another salt is another commitment to the same thing.
        ("another salt", |w, c| bump(&mut w.rem[0], c.hash_row(0), Fr::one()), &[]),
    ];
    for (case, of) in Case::at_both_degrees().flat_map(|case| COMMITMENTS.map(|of| (case.clone(), of))) {
        for &(what, change, names) in table {
            caught_by(what, &case.caught(dishonest(&case, of, change, None)), names);
        }
        let slip = Slip { hash: 1, below: 0, cell: Cell::State(1) };
        let cheat = dishonest(&case, of, |_, _| {}, Some(slip));
        caught_by("the digest before is not taken up", &case.caught(cheat), &[CHAINED]);
        // The same salt cannot be denied either: the old commitment does not fit.
        let mut cheat = dishonest(&case, of, |w, c| bump(&mut w.rem[0], c.hash_row(0), Fr::one()), None);
        cheat.instances = case.honest().instances;
        caught_by("a salt that was not committed to", &case.caught(cheat), &[COPY]);
        let mut cheat = case.honest();
        bump(&mut cheat.first.d[0], chain(&case.plan, of).digest_row(), Fr::one());
        cheat.instances[of as usize] += Fr::one();
        caught_by("another digest", &case.caught(cheat), &[CAPACITY]);
    }
}

/// A chain's digest is that of its last hash: neither the one before, nor one that a further hash would make.
#[test]
fn chains_have_their_length() {
    for (case, of) in Case::at_both_degrees().flat_map(|case| COMMITMENTS.map(|of| (case.clone(), of))) {
        let (chain, honest) = (chain(&case.plan, of), case.honest());
        let before = honest.first.d[0].get(chain.hash_row(chain.elements) - 1);
        let after = zkescrow_circuits::poseidon::hash2([honest.instances[of as usize], Fr::from(5)]);
        for digest in [before, after] {
            let mut cheat = honest.clone();
            cheat.instances[of as usize] = digest;
            caught_by("the instance alone", &case.caught(cheat.clone()), &[COPY]);
            let seam = chain.digest_row();
            let leaving = cheat.clone().tampered(move |third, _| third.wire.set(seam, digest));
            caught_by("what leaves", &case.caught(leaving), &[DIGEST_LEAVES]);
            cheat.first.d[0].set(seam, digest);
            caught_by("the state at the seam", &case.caught(cheat), &[CAPACITY]);
        }
    }
}

/// The domain is a part of the second constant, which only a chain's first hash has: what starts without it, as any
/// opening of another shape would, is another commitment.
#[test]
fn domains_are_in_the_constants_alone() {
    let case = Case::tiny();
    for of in COMMITMENTS {
        let chain = chain(&case.plan, of);
        let without = |w: &mut FirstWitness, c: &Chain| bump(&mut w.y[0], c.hash_row(0), -c.domain);
        caught_by("no domain", &case.caught(dishonest(&case, of, without, None)), &[CHAINED]);
        // The honest witness of a circuit with another domain: the verifier's key has this one's constants.
        let mut cheat = case.honest();
        let other = Chain { domain: chain.domain + Fr::one(), ..chain };
        cheat.instances[of as usize] = rehash(&mut cheat.first, &other, None).0;
        caught_by("constants with another domain", &case.caught(cheat), &[ABSORBED]);
    }
}

/// A case whose logits take two elements.
fn wide() -> Case {
    let choice = Choice { lanes: 2, weight_columns: 3, degree: Degree::Five, k: None };
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
                let other = |w: &mut FirstWitness, c: &Chain| bump(&mut w.rem[0], c.hash_row(element), Fr::from(by));
                caught_by(
                    "a commitment to something else",
                    &case.caught(dishonest(&case, of, other, None)),
                    &[&subject],
                );
            }
            // Elements change places: the order is the packing's.
            let swapped = |w: &mut FirstWitness, c: &Chain| {
                let [a, b] = [1, 2].map(|n| w.rem[0].get(c.hash_row(n)));
                assert_ne!(a, b);
                w.rem[0].set(c.hash_row(1), b);
                w.rem[0].set(c.hash_row(2), a);
            };
            if elements > 1 {
                caught_by("elements swapped", &case.caught(dishonest(&case, of, swapped, None)), &[&subject]);
            }
        }
    }
}

type Change = fn(&mut ThirdWitness, &Plan, Fr);

/// What was committed to is not what was computed: every place where the sum of absorbed elements could be made good.
const TAKEN: &[(Instance, &str, Change, &str)] = &[
    (
        Instance::Input,
        "the sum starts from something",
        |w, plan, x| change_read(w, plan, plan.hashing.input.hash_row(0), x),
        SUMMED,
    ),
    (
        Instance::Input,
        "something is taken in where nothing is absorbed",
        |w, plan, x| change_read(w, plan, plan.hashing.input.hash_row(2) + 1, x),
        SUMMED,
    ),
    (
        Instance::Input,
        "another element than the hash's is taken in",
        |w, plan, x| change_read(w, plan, plan.hashing.input.hash_row(2) - 1, x),
        SUMMED,
    ),
    (
        Instance::Output,
        "the sum is carried over from the input's hash",
        |w, plan, x| change_read(w, plan, plan.hashing.output.seam, x),
        SUMMED,
    ),
    (
        Instance::Input,
        "the sum is replaced when it leaves",
        |w, plan, x| bump(&mut w.wire, plan.hashing.input.digest_row() + 1, x),
        ABSORBED_LEAVE,
    ),
    (
        Instance::Output,
        "the sum is replaced when it leaves",
        |w, plan, x| bump(&mut w.wire, plan.hashing.output.digest_row() + 1, x),
        ABSORBED_LEAVE,
    ),
];

/// The same for the packed logits.
const PACKED: &[(Instance, &str, Change, &str)] = &[
    (
        Instance::Output,
        "packed logits changed beside a comparison",
        |w, plan, x| change_read(w, plan, plan.activations.first_compare + 2, x),
        READING,
    ),
    (
        Instance::Output,
        "packed logits changed beside a logit",
        |w, plan, x| change_read(w, plan, plan.activations.first_compare + 1, x),
        READING,
    ),
    (
        Instance::Output,
        "packed logits start from something",
        |w, plan, x| change_read(w, plan, plan.activations.first_compare - 1, x),
        READING,
    ),
    (
        Instance::Output,
        "packed logits replaced when they leave",
        |w, plan, x| change_wire(w, plan, plan.activations.logits_row, x),
        CHANNEL_LEAVES,
    ),
];

#[test]
fn a_false_commitment_cannot_be_made_good_anywhere() {
    let case = Case::tiny();
    for &(of, what, change, name) in TAKEN.iter().chain(PACKED) {
        let (row, by) = if of == Instance::Input { (2, Fr::one()) } else { (1, Fr::from(256)) };
        let lie = dishonest(&case, of, |w, c| bump(&mut w.rem[0], c.hash_row(row), by), None);
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
        caught_by("verifier's instance", &case.caught_under(honest, instances), &[INSTANCE]);
        // Both have another one. The context is free here: it is bound by the transcript alone.
        let mut cheat = case.honest();
        cheat.instances[at] += Fr::one();
        let names: &[&str] = if instance == Instance::Context { &[] } else { &[COPY] };
        caught_by("both instances", &case.caught(cheat), names);
        if instance == Instance::Context {
            continue;
        }
        // What leaves to the wire is replaced.
        let mut cheat = case.honest();
        cheat.instances[at] += small(3);
        let cheat = cheat.tampered(move |third, plan| bump(&mut third.wire, plan.exports()[at], small(3)));
        let name = if instance == Instance::Label { LABEL_LEAVES } else { DIGEST_LEAVES };
        caught_by("what leaves", &case.caught(cheat), &[name]);
    }
}
