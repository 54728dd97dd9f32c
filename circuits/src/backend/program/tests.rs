use halo2_proofs::plonk::ConstraintSystem;
use proptest::prelude::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{super::polynomial::Numbering, *};
use crate::{
    circuit::Config,
    plan::{Choice, Plan},
    sample,
};

const ROWS: usize = 48;
const REACH: i32 = 4;

/// Random values of every cell within reach, by column.
fn table(columns: usize, rng: &mut StdRng) -> Vec<Vec<Fr>> {
    let rows = ROWS + 2 * REACH as usize;
    (0..columns).map(|_| (0..rows).map(|_| Fr::random(&mut *rng)).collect()).collect()
}

fn cells(table: &[Vec<Fr>], query: Query) -> &[Fr] {
    &table[query.column][(REACH + query.rotation) as usize..][..ROWS]
}

fn direct(polynomial: &Polynomial, table: &[Vec<Fr>], row: usize) -> Fr {
    let term = |(factors, c): (&Vec<Query>, &Fr)| factors.iter().fold(*c, |x, q| x * cells(table, *q)[row]);
    polynomial.0.iter().map(term).sum()
}

fn polynomial(rng: &mut StdRng) -> Polynomial {
    let mut sum = Polynomial::default();
    for _ in 0..rng.r#gen_range(0..12) {
        let c = [Fr::ONE, -Fr::ONE, Fr::random(&mut *rng), Fr::ZERO][rng.r#gen_range(0..4)];
        let mut term = Polynomial::constant(c);
        for _ in 0..rng.r#gen_range(0..4) {
            term = term.times(&Polynomial::query(rng.r#gen_range(0..6), rng.r#gen_range(-1..2)));
        }
        sum = sum.plus(term);
    }
    sum
}

proptest! {
    #[test]
    fn programs_compute_their_polynomials(seed in any::<u64>()) {
        let mut rng = StdRng::seed_from_u64(seed);
        let polynomial = polynomial(&mut rng);
        let mut table = table(6, &mut rng);
        let expected: Vec<Fr> = (0..ROWS).map(|row| direct(&polynomial, &table, row)).collect();
        let mut program = Program::new(polynomial);
        let before = program.queries();
        for merged in program.merge(|column| column > 0, 6) {
            prop_assert_eq!(merged.column, table.len());
            let value = |row: usize| merged.terms.iter().map(|(c, column)| table[*column][row] * c).sum();
            table.push((0..table[0].len()).map(value).collect());
            prop_assert!(merged.terms.len() > 1);
            prop_assert!(before.len() > program.queries().len());
        }
        for code in [program.code(ROWS), Code::Scalar(&program)] {
            let mut out = [Fr::ZERO; ROWS];
            code.run(&|query| cells(&table, query), &mut out);
            prop_assert_eq!(&out[..], &expected);
        }
    }

    #[test]
    fn programs_compute_the_circuits_constraints(seed in any::<u64>()) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut cs = ConstraintSystem::default();
        let plan = Plan::new(&sample::tiny(1).network, Choice::default()).expect("plannable");
        Config::new(&mut cs, &plan.shape);
        let numbering = Numbering { fixed: cs.num_fixed_columns(), wires: 0, advice: cs.num_advice_columns() };
        let table = table(numbering.count(), &mut rng);
        let challenges: Vec<Fr> = (0..cs.num_challenges()).map(|_| Fr::random(&mut rng)).collect();
        let mut sum = Polynomial::default();
        let mut expected = [Fr::ZERO; ROWS];
        for expression in cs.gates().iter().flat_map(|gate| gate.polynomials()) {
            let weight = Fr::random(&mut rng);
            sum = sum.plus(Polynomial::from_expression(expression, numbering, &challenges).scaled(weight));
            for (row, expected) in expected.iter_mut().enumerate() {
                let at = |column, rotation| cells(&table, Query { column, rotation })[row];
                *expected += weight * expression.evaluate(
                    &|c| c,
                    &|_| unreachable!("there are no selectors"),
                    &|q| at(numbering.fixed(q.column_index()), q.rotation().0),
                    &|q| at(numbering.advice(q.column_index()), q.rotation().0),
                    &|q| at(numbering.instance(), q.rotation().0),
                    &|c| challenges[c.index()],
                    &|a| -a,
                    &|a, b| a + b,
                    &|a, b| a * b,
                    &|a, c| a * c,
                );
            }
        }
        let mut out = [Fr::ZERO; ROWS];
        let monomials: usize = sum.0.keys().map(Vec::len).sum();
        let program = Program::new(sum);
        prop_assert!(3 * program.multiplications() < 2 * monomials, "factors are shared");
        program.code(ROWS).run(&|query| cells(&table, query), &mut out);
        prop_assert_eq!(out, expected);
    }
}

#[test]
fn long_sums_of_large_numbers() {
    const COLUMNS: usize = 300;
    let mut rng = StdRng::seed_from_u64(1);
    for degree in 1..4 {
        let mut sum = Polynomial::constant(-Fr::ONE);
        for i in 0..COLUMNS {
            let c = [-Fr::ONE, Fr::ONE, Fr::from(2).invert().expect("not zero"), Fr::random(&mut rng)][i % 4];
            let others = (1..degree).map(|_| Polynomial::query(rng.r#gen_range(0..COLUMNS), 0));
            sum = sum.plus(others.fold(Polynomial::query(i, 0), |term, other| term.times(&other)).scaled(c));
        }
        let program = Program::new(sum);
        let table = vec![vec![-Fr::ONE; ROWS + 2 * REACH as usize]; COLUMNS];
        let mut results = [[Fr::ZERO; ROWS]; 2];
        for (code, out) in [program.code(ROWS), Code::Scalar(&program)].iter().zip(&mut results) {
            code.run(&|query| cells(&table, query), out);
        }
        assert_eq!(results[0], results[1]);
    }
}
