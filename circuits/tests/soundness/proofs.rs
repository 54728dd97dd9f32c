//! The proof system itself, at both degrees: it accepts what `MockProver` accepts, blinding rows and all, and refuses what a
//! single constraint objects to.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    commitment::{self, Opening, WeightCommitment},
    keys::ProverKeys,
    plan::{Choice, Instance},
    prover,
    srs::Srs,
    verifier::{VerifyError, verify},
    witness::Witness,
};

use crate::{cheat::*, mutation::small_case};

struct Setting {
    keys: ProverKeys,
    opening: Opening,
    commitment: WeightCommitment,
}

impl Setting {
    fn new(case: &Case) -> Self {
        let (shape, network) = (&case.plan.shape, &case.model.network);
        let srs = Srs::development(shape.k);
        let opening = Opening::random();
        let commitment = commitment::commit(&case.plan, &srs, &case.model.params, &opening);
        let choice =
            Choice { lanes: shape.lanes, weight_columns: shape.weight_columns, degree: shape.degree, k: Some(shape.k) };
        Self { keys: ProverKeys::generate(network, choice, srs).expect("keys"), opening, commitment }
    }

    fn answer(&self, witness: &Witness) -> Result<(), VerifyError> {
        let Self { keys, opening, commitment } = self;
        let (proof, _) =
            prover::prove_witness(keys, witness, commitment, opening, [5; 20]).expect("some proof is made");
        verify(&keys.verifier, commitment, &proof)
    }
}

type Cheat = fn(&Case) -> Witness;

/// One for each region and phase.
const CHEATS: &[(&str, Cheat)] = &[
    ("a false pair", |case| {
        let mut cheat = case.honest();
        let row = case.plan.activations.first_compare - 1;
        bump(&mut cheat.first.y[0], row, Fr::one());
        cheat
    }),
    ("a count", |case| {
        let mut cheat = case.honest();
        bump(&mut cheat.first.count, case.plan.remainder_row(3), Fr::one());
        cheat
    }),
    ("a state of the hashes", |case| {
        let mut cheat = case.honest();
        bump(&mut cheat.first.d[0], case.plan.hashing.output.digest_row(), Fr::one());
        cheat.instances[Instance::Output as usize] += Fr::one();
        cheat
    }),
    ("a fifth power", |case| {
        let row = case.plan.hashing.input.hash_row(1);
        case.honest().tampered_early(move |second, _| bump(&mut second.edge, row, Fr::one()))
    }),
    ("a helper in a row that is not looked up", |case| {
        let row = case.plan.end_row();
        case.honest().tampered_early(move |second, _| bump(&mut second.helpers[1], row, Fr::one()))
    }),
    ("a balance", |case| {
        let row = case.plan.end_row();
        case.honest().tampered_early(move |second, _| bump(&mut second.balance, row, Fr::one()))
    }),
    ("a kernel", |case| {
        let row = case.plan.table + 1;
        case.honest().tampered(move |third, _| bump(&mut third.made, row, Fr::one()))
    }),
    ("a derived value", |case| {
        let row = case.plan.rows_used - 1;
        case.honest().tampered(move |third, _| bump(&mut third.wire, row, Fr::one()))
    }),
];

#[test]
fn proofs_are_what_the_constraints_say() {
    for case in DEGREES.map(small_case) {
        let setting = Setting::new(&case);
        assert_eq!(setting.answer(&case.honest()), Ok(()));
        // What is free is free here, too.
        let cheat = case.honest().tampered(|third, plan| {
            for (above, wire) in empty_leaves(plan) {
                put(&mut third.read, above, Fr::from(7));
                third.wire.set(wire, Fr::from(7));
            }
        });
        assert_eq!(setting.answer(&cheat), Ok(()));
        for (what, cheat) in CHEATS {
            assert_eq!(setting.answer(&cheat(&case)), Err(VerifyError::Proof), "{what}");
        }
    }
}
