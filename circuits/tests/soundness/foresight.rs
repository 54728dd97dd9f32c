//! What a prover could do that knew the challenges before committing: the reason why every cell that these attacks
//! touch is committed to in the first phase. `MockProver`'s challenges are constants, so against it they succeed; under
//! challenges that the prover could not foresee the same columns fail.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, Flag},
    witness::{Challenges, FirstWitness, Witness},
};

use crate::cheat::*;

type Place = dyn Fn(&mut FirstWitness, Fr);
type Gap = dyn Fn(&Witness, Challenges) -> Fr;

/// Puts into a first-phase cell what makes `gap` vanish under known challenges.
fn solve(lie: &Witness, place: &Place, gap: &Gap, known: Challenges) -> Witness {
    let with = |value: Fr| {
        let mut witness = lie.clone();
        place(&mut witness.first, value);
        witness
    };
    let before = gap(lie, known);
    let slope: Option<Fr> = (gap(&with(Fr::one()), known) - before).invert().into();
    with(-before * slope.expect("the cell matters"))
}

#[test]
fn an_honest_witness_fits_any_challenges() {
    let case = Case::tiny();
    let honest = case.honest();
    for seed in 1..6 {
        let second = honest.second(&case.plan, other_challenges(seed));
        for check in 0..case.plan.checks.len() {
            assert_eq!(error(&second, &case.plan, check), Fr::zero());
        }
        assert_eq!(second.balance.get(case.plan.end_row()), Fr::zero());
    }
}

#[test]
fn known_challenges_would_break_the_identity() {
    let case = Case::tiny();
    let lie = case.false_activation();
    let plan = case.plan.clone();
    let gap = move |witness: &Witness, c: Challenges| error(&witness.second(&plan, c), &plan, 0);

    let border = case.rows(|r| matches!(r, ActivationRow::Border { layer: 1, .. }))[2];
    let parameters = &case.plan.kernels.cells;
    let padding = (0..case.plan.usable_rows())
        .filter(|&row| case.plan.flags[Flag::Weight as usize][row] == 1)
        .flat_map(|row| (0..case.plan.shape.weight_columns).map(move |column| (row, column)))
        .find(|&(row, column)| !parameters.iter().any(|p| (p.row, p.column) == (row, column)));
    let (pad_row, pad_column) = padding.expect("six outputs do not fill rows of four");
    let (bias_row, bias_column) = (parameters[parameters.len() - 1].row, parameters[parameters.len() - 1].column);

    let places: [(&str, Box<Place>); 4] = [
        ("the high part of a border term", Box::new(move |f, x| bump(&mut f.d[0], border, x))),
        ("the low part of a border term", Box::new(move |f, x| bump(&mut f.rem[1], border, x))),
        ("a parameter in the padding", Box::new(move |f, x| bump(&mut f.weights[pad_column], pad_row, x))),
        // This one is another model, but the identity is fooled all the same.
        ("a parameter", Box::new(move |f, x| bump(&mut f.weights[bias_column], bias_row, x))),
    ];
    for (what, place) in places {
        let forged = solve(&lie, &place, &gap, mock_challenges());
        caught_by(what, &case.caught(forged.clone()), &[]);
        for seed in 1..4 {
            assert_ne!(gap(&forged, other_challenges(seed)), Fr::zero(), "{what}");
        }
        // α alone or s alone unforeseen is enough.
        let (known, other) = (mock_challenges(), other_challenges(9));
        assert_ne!(gap(&forged, Challenges { alpha: other.alpha, ..known }), Fr::zero(), "{what}");
        assert_ne!(gap(&forged, Challenges { s: other.s, ..known }), Fr::zero(), "{what}");
    }
}

#[test]
fn known_challenges_would_break_the_lookups() {
    let case = Case::tiny();
    let row = case.rows(|r| matches!(r, ActivationRow::Compare { .. }))[0];
    let mut lie = case.honest();
    lie.first.d[1].set(row, Fr::from(70000));
    let plan = case.plan.clone();
    let end = case.plan.end_row();
    let gap = move |witness: &Witness, c: Challenges| witness.second(&plan, c).balance.get(end);
    let places: [(&str, Box<Place>); 3] = [
        ("a count of pairs", Box::new(|f, x| bump(&mut f.pair_count, 40, x))),
        ("a count of remainders", Box::new(|f, x| bump(&mut f.rem_count, 41, x))),
        ("a count outside of the table", Box::new(move |f, x| bump(&mut f.rem_count, end, x))),
    ];
    for (what, place) in places {
        let forged = solve(&lie, &place, &gap, mock_challenges());
        caught_by(what, &case.caught(forged.clone()), &[]);
        for seed in 1..4 {
            assert_ne!(gap(&forged, other_challenges(seed)), Fr::zero(), "{what}");
        }
    }
    // A pair made to look like another one needs δ: y moves by one, d by -δ.
    let (row, known) = (case.rows(|r| matches!(r, ActivationRow::Compare { .. }))[1], mock_challenges());
    let mut forged = case.honest();
    bump(&mut forged.first.y[1], row, Fr::one());
    bump(&mut forged.first.d[1], row, -known.delta);
    caught_by("a pair that collides", &case.caught(forged.clone()), &[]);
    assert_ne!(gap(&forged, other_challenges(1)), Fr::zero());
}
