//! What a prover could do that knew challenges before committing: the reason why columns are committed to in three
//! phases, and which column belongs to which. `MockProver`'s challenges are constants, so against it these attacks
//! succeed; under challenges that the prover could not foresee the same columns fail.

use std::collections::BTreeSet;

use halo2_proofs::plonk::{Advice, Column, ConstraintSystem};
use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    circuit::{Config, First, Second, Third},
    plan::{ActivationRow, Feed, Number, Parameter, Plan, Subject},
    witness::{Challenges, Drawn, FirstWitness, SecondWitness, Witness},
};

use crate::{cheat::*, names::*};

/// A name, and a change.
type Place<'a> = (&'a str, &'a dyn Fn(&mut FirstWitness, Fr));

const OF: Subject = Subject::Layer(0);

/// Puts into a cell what makes a gap vanish. Everything here is linear, so one probe suffices.
fn solve<T>(place: impl Fn(Fr) -> T, gap: impl Fn(&T) -> Fr) -> T {
    let before = gap(&place(Fr::zero()));
    let slope: Option<Fr> = (gap(&place(Fr::one())) - before).invert().into();
    place(-before * slope.expect("the cell matters"))
}

/// The same for a cell of the first phase.
fn solve_early(lie: &Witness, place: &dyn Fn(&mut FirstWitness, Fr), gap: impl Fn(&Witness) -> Fr) -> Witness {
    let with = |value: Fr| {
        let mut witness = lie.clone();
        place(&mut witness.first, value);
        witness
    };
    solve(with, gap)
}

/// How far the equation about the first layer is from holding.
fn gap(plan: &Plan, witness: &Witness, c: Challenges) -> Fr {
    error(&witness.third(plan, &witness.second(plan, c.drawn), c), plan, OF)
}

/// How far the lookups are from balancing.
fn excess(plan: &Plan, witness: &Witness, drawn: Drawn) -> Fr {
    balance_left(&witness.second(plan, drawn), plan)
}

/// What the attacks below need is that a column is committed to too late, or a challenge drawn too early.
#[test]
fn columns_are_committed_to_before_the_challenges_that_they_must_not_know() {
    let Config { first, second, third, challenges, .. } =
        Config::new(&mut ConstraintSystem::default(), &Case::tiny().plan.shape);
    let phases = |columns: &[&[Column<Advice>]]| -> BTreeSet<u8> {
        columns.concat().iter().map(|column| column.column_type().phase()).collect()
    };
    let First { weights, d, y, rem, count } = &first;
    assert_eq!(phases(&[weights, d, y, rem, &[*count]]), [0].into());
    let Second { edge, helpers, balance } = &second;
    assert_eq!(phases(&[helpers, &[*edge, *balance]]), [1].into());
    let Third { read, made, layer, wire } = third;
    assert_eq!(phases(&[&[read, made, layer, wire]]), [2].into());
    // The phase after which each is drawn: s, γ, δ; α.
    assert_eq!(challenges.map(|challenge| challenge.phase()), [0, 0, 0, 1]);
}

#[test]
fn an_honest_witness_fits_any_challenges() {
    let case = Case::tiny();
    let (plan, honest) = (&case.plan, case.honest());
    for c in (1..6).map(other_challenges) {
        let second = honest.second(plan, c.drawn);
        let third = honest.third(plan, &second, c);
        for check in &plan.checks {
            assert_eq!(error(&third, plan, check.of), Fr::zero(), "{:?}", check.of);
        }
        assert_eq!(balance_left(&second, plan), Fr::zero());
    }
}

#[test]
fn known_challenges_would_break_the_identity() {
    let case = Case::tiny();
    let (plan, lie, known) = (&case.plan, case.false_activation(), mock_challenges());
    let parameters = &plan.kernels.cells;
    let padded = |(row, feed): (usize, &Feed)| {
        let is_free = |&column: &usize| !parameters.iter().any(|p| (p.row, p.column) == (row, column));
        matches!(feed, Feed::Fresh).then(|| (0..plan.shape.weight_columns).find(is_free).map(|column| (row, column)))?
    };
    let (pad_row, pad_column) =
        (plan.kernels.start..).zip(&plan.kernels.feeds).find_map(padded).expect("six outputs do not fill rows of four");
    // Of the last channel: the false cell is in an earlier one.
    let bias = parameters.iter().find(|p| p.parameter == Parameter::Bias(0, 5)).expect("a bias");
    let (bias_row, bias_column) = (bias.row, bias.column);
    let places: [Place<'_>; 2] = [
        ("a parameter in the padding", &|f, x| bump(&mut f.weights[pad_column], pad_row, x)),
        // This one is another model, but the identity is fooled all the same.
        ("a parameter", &|f, x| bump(&mut f.weights[bias_column], bias_row, x)),
    ];
    for (what, place) in places {
        let forged = solve_early(&lie, place, |witness| gap(plan, witness, known));
        caught_by(what, &case.caught(forged.clone()), &[]);
        for c in (1..4).map(other_challenges) {
            assert_ne!(gap(plan, &forged, c), Fr::zero(), "{what}");
        }
        // α alone or s alone unforeseen is enough.
        let other = other_challenges(9);
        assert_ne!(gap(plan, &forged, Challenges { alpha: other.alpha, ..known }), Fr::zero(), "{what}");
        assert_ne!(gap(plan, &forged, Challenges { drawn: other.drawn, ..known }), Fr::zero(), "{what}");
    }
}

/// Border terms are committed to when s is known: against them stands α alone, so it must be drawn after them.
#[test]
fn known_positions_would_hide_a_false_cell_in_the_border() {
    let case = Case::tiny();
    let (plan, lie, known) = (&case.plan, case.false_activation(), mock_challenges());
    let edges = case.rows(|row| matches!(row, ActivationRow::Edge { layer: 0, .. }));
    let of = |second: &SecondWitness, c: Challenges| error(&lie.third(plan, second, c), plan, OF);
    for row in edges.into_iter().step_by(5) {
        // The challenges of the second phase are there for everyone to see; α is guessed.
        let forge = |drawn: Drawn, guess: Fr| {
            let with = |value: Fr| {
                let mut second = lie.second(plan, drawn);
                bump(&mut second.edge, row, value);
                second
            };
            solve(with, |second| of(second, Challenges { drawn, alpha: guess }))
        };
        let edge = forge(known.drawn, known.alpha).edge;
        let forged = lie.clone().tampered_early(move |second, _| second.edge = edge.clone());
        caught_by("a border term", &case.caught(forged), &[]);
        for c in (1..4).map(other_challenges) {
            let forged = forge(c.drawn, known.alpha);
            assert_eq!(of(&forged, Challenges { alpha: known.alpha, ..c }), Fr::zero());
            assert_ne!(of(&forged, c), Fr::zero(), "a border term");
        }
    }
}

/// With s known, what is false in one channel is made good in another, whatever α is; with α known, in another position
/// of the channel, whatever s is. One cell would have to leave the range of remainders, and be caught; but among small
/// changes of a dozen cells there is one that does as well.
#[test]
fn one_known_challenge_would_hide_a_false_cell_in_another() {
    let case = Case::tiny();
    let (plan, lie, known) = (&case.plan, case.false_activation(), mock_challenges());
    let honest = case.honest();
    let cells = case.rows(|row| matches!(row, ActivationRow::Cells { map: 1, .. }));
    let differs = |row: usize| (0..plan.shape.lanes).find(|&l| lie.first.d[l].get(row) != honest.first.d[l].get(row));
    let (row, lane) = cells.iter().find_map(|&row| Some((row, differs(row)?))).expect("the false cell");
    let first_of = |row: usize| match plan.activations.rows[row] {
        ActivationRow::Cells { first, .. } => first,
        _ => unreachable!("cells"),
    };
    let map = plan.network.maps[1];
    let size = map.height * map.width;
    let twin = |wanted: &dyn Fn(usize) -> bool| {
        *cells.iter().find(|&&twin| twin != row && wanted(first_of(twin))).expect("another cell")
    };
    let of_channel = twin(&|first| first / size == first_of(row) / size);
    let of_position = twin(&|first| first % size == first_of(row) % size);
    for (twin, by_channel) in [(of_channel, false), (of_position, true)] {
        let forged = solve_early(&lie, &|f, x| bump(&mut f.rem[lane], twin, x), |witness| gap(plan, witness, known));
        caught_by("a cell elsewhere", &case.caught(forged.clone()), &[BALANCED]);
        for other in (1..4).map(other_challenges) {
            let (alpha, s) = (Challenges { alpha: other.alpha, ..known }, Challenges { drawn: other.drawn, ..known });
            let (no_matter, matters) = if by_channel { (alpha, s) } else { (s, alpha) };
            assert_eq!(gap(plan, &forged, no_matter), Fr::zero());
            assert_ne!(gap(plan, &forged, matters), Fr::zero());
        }
    }
}

#[test]
fn known_challenges_would_break_the_lookups() {
    let case = Case::tiny();
    let (plan, known) = (&case.plan, mock_challenges().drawn);
    let others = || (1..4).map(|seed| other_challenges(seed).drawn);
    let rows = case.rows(|r| matches!(r, ActivationRow::Compare { .. }));
    let mut lie = case.honest();
    lie.first.d[1].set(rows[0], Fr::from(70000));
    caught_by("the lie alone", &case.caught(lie.clone()), &[BALANCED]);
    let places: [Place<'_>; 2] = [
        ("a count of pairs", &|f, x| bump(&mut f.count, plan.table + 40, x)),
        ("a count of remainders", &|f, x| bump(&mut f.count, plan.remainder_row(41), x)),
    ];
    for (what, place) in places {
        let forged = solve_early(&lie, place, |witness| excess(plan, witness, known));
        caught_by(what, &case.caught(forged.clone()), &[]);
        assert!(others().all(|drawn| excess(plan, &forged, drawn) != Fr::zero()), "{what}");
        // γ alone or δ alone unforeseen is enough.
        let other = other_challenges(9).drawn;
        assert_ne!(excess(plan, &forged, Drawn { gamma: other.gamma, ..known }), Fr::zero(), "{what}");
        assert_ne!(excess(plan, &forged, Drawn { delta: other.delta, ..known }), Fr::zero(), "{what}");
    }
    // A pair made to look like another one needs δ: y moves by one, d by -δ.
    let mut forged = case.honest();
    bump(&mut forged.first.y[1], rows[1], Fr::one());
    bump(&mut forged.first.d[1], rows[1], -known.delta);
    caught_by("a pair that collides", &case.caught(forged.clone()), &[]);
    assert!(others().all(|drawn| excess(plan, &forged, drawn) != Fr::zero()));
    // So does a pair made to look like a remainder of zero.
    let mut forged = case.honest();
    let y = forged.first.y[1].get(rows[1]);
    forged.first.d[1].set(rows[1], -known.delta * y - known.delta.square());
    bump(&mut forged.first.count, plan.table, -Fr::one());
    bump(&mut forged.first.count, plan.remainder_row(0), Fr::one());
    caught_by("a pair that passes for a remainder", &case.caught(forged.clone()), &[]);
    assert!(others().all(|drawn| excess(plan, &forged, drawn) != Fr::zero()));
}

/// What is looked up has no reciprocal if it is -γ: then the sum of two may be anything.
#[test]
fn a_known_shift_would_free_a_helper() {
    let case = Case::tiny();
    let (plan, known) = (&case.plan, mock_challenges().drawn);
    let row = case.rows(|r| matches!(r, ActivationRow::Compare { .. }))[0];
    let forge = |gamma: Fr, delta: Fr| {
        let mut forged = case.honest();
        let y = forged.first.y[1].get(row);
        forged.first.d[1].set(row, -gamma - delta * y - delta.square() * Fr::from(Number::PAIR));
        forged.first.rem[1].set(row, -gamma - delta.square() * Fr::from(Number::REMAINDER));
        forged.tampered_early(move |second, plan| {
            let rest = balance_left(second, plan);
            bump(&mut second.helpers[1], row, -rest);
            (row..plan.usable_rows()).for_each(|row| bump(&mut second.balance, row, -rest));
        })
    };
    caught_by("no reciprocal", &case.caught(forge(known.gamma, known.delta)), &[]);
    // One of them alone does not do.
    caught_by("reciprocals of both", &case.caught(forge(known.gamma + Fr::one(), known.delta)), &[LOOKED_UP]);
    for is_pair in [true, false] {
        let mut forged = forge(known.gamma, known.delta);
        let column = if is_pair { &mut forged.first.d } else { &mut forged.first.rem };
        bump(&mut column[1], row, Fr::one());
        caught_by("a reciprocal of one", &case.caught(forged), &[LOOKED_UP]);
    }
    assert_eq!(excess(plan, &case.honest(), known), Fr::zero());
}
