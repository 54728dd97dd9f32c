//! What turns constraints on and off: every polynomial of a lattice at every point of it, and gates that care neither which
//! point says what, nor at which degree.

use std::collections::HashMap;

use halo2_proofs::plonk::{ConstraintSystem, Expression};
use halo2curves::{bn256::Fr, ff::Field};
use zkescrow_circuits::{
    circuit::Config,
    plan::{Choice, Code, Degree, Flag, Lattice, Plan, RowKind, Shape},
};

use crate::{cheat::*, names::*, networks::arbitrary};

/// A shape's gates.
struct Gates {
    system: ConstraintSystem<Fr>,
    config: Config,
}

/// Where cells of the instance and of the fixed numbers are, among those that [`Gates::values`] asks for.
const INSTANCE_CELL: u64 = 7000;
const NUMBER_CELLS: u64 = 5000;

impl Gates {
    fn new(shape: &Shape) -> Self {
        let mut system = ConstraintSystem::default();
        let config = Config::new(&mut system, shape);
        Self { system, config }
    }

    /// Every constraint with its value in a row at a point of the lattice, with these flags where they have columns.
    /// `cell` says what stands in all other cells, and what was drawn.
    fn values(&self, point: &[u8], flags: u8, cell: impl Fn(u64) -> Fr) -> Vec<(&str, Fr)> {
        let Config { shape, codes, numbers, .. } = &self.config;
        let small = |x: u8| Fr::from(u64::from(x));
        let mut fixed: HashMap<usize, Fr> =
            numbers.iter().zip(NUMBER_CELLS..).map(|(column, n)| (column.index(), cell(n))).collect();
        fixed.extend(codes.iter().zip(point).map(|(column, &x)| (column.index(), small(x))));
        for (flag, column) in shape.flag_columns().iter().zip(&self.config.flags) {
            fixed.insert(column.index(), small(u8::from(flags & flag.bit() != 0)));
        }
        let value = |polynomial: &Expression<Fr>| {
            polynomial.evaluate(
                &|constant| constant,
                &|_| unreachable!("there are no selectors"),
                &|query| fixed[&query.column_index()],
                &|query| cell(10 * query.column_index() as u64 + (query.rotation().0 + 1) as u64),
                &|_| cell(INSTANCE_CELL),
                &|challenge| cell(8000 + challenge.index() as u64),
                &|a| -a,
                &|a, b| a + b,
                &|a, b| a * b,
                &|a, scale| a * scale,
            )
        };
        let gates = self.system.gates().iter();
        let of_gate = |gate| {
            let gate: &halo2_proofs::plonk::Gate<Fr> = gate;
            gate.polynomials().iter().enumerate().map(|(i, polynomial)| (gate.constraint_name(i), value(polynomial)))
        };
        gates.flat_map(|gate| of_gate(gate).collect::<Vec<_>>()).collect()
    }

    /// The same in a row that is not a blinding row, with random cells.
    fn row(&self, code: Code) -> Vec<(&str, Fr)> {
        let shape = &self.config.shape;
        let said = if shape.degree == Degree::Three { Code { flags: 0, ..code } } else { code };
        let index = shape.codes.iter().position(|&c| c == said);
        let nothing = vec![0; self.config.codes.len()];
        let point = index.map_or(nothing, |index| shape.lattice().points().swap_remove(index));
        let random = |cell: u64| Fr::from(cell + 1).pow([11, 5, 7, 0]);
        self.values(&point, code.flags | Flag::Usable.bit(), random)
    }
}

/// The kind of the instances stands at each point in turn. What its constraint then is, for a wire that is one and an
/// instance that is zero, is the selector alone.
#[test]
fn a_selector_is_one_at_its_point_and_zero_elsewhere() {
    let shape = Case::tiny().plan.shape.clone();
    for (degree, columns) in [(Degree::Three, 1..=5), (Degree::Five, 1..=4)] {
        for columns in columns {
            let lattice = Lattice { columns, order: degree.order() };
            let (points, origin) = (lattice.points(), vec![0; columns]);
            for (here, point) in points.iter().enumerate() {
                // What the other points say is no matter.
                let mut codes: Vec<Code> = (1..=points.len() as u8).map(|flags| Code { kind: None, flags }).collect();
                codes[here] = Code { kind: Some(RowKind::Instance), flags: 0 };
                let gates = Gates::new(&Shape { degree, codes, ..shape.clone() });
                assert_eq!(gates.config.codes.len(), columns);
                for there in points.iter().chain([&origin]) {
                    let values = gates.values(there, 0, |cell| Fr::from(u64::from(cell != INSTANCE_CELL)));
                    let selector = values.into_iter().find(|(name, _)| *name == INSTANCE).expect("a constraint").1;
                    assert_eq!(selector, Fr::from(u64::from(point == there)), "{degree:?}: {point:?} at {there:?}");
                }
            }
        }
    }
}

/// Plans of both degrees for some networks.
fn plans() -> impl Iterator<Item = [Plan; 2]> {
    let networks = [Case::tiny().model.network].into_iter().chain((0..6).map(|seed| arbitrary(seed).network));
    networks.enumerate().map(|(n, network)| {
        let choice = |degree| Choice { lanes: 1 + n % 4, weight_columns: 1 + n % 5, degree, k: None };
        DEGREES.map(|degree| Plan::new(&network, choice(degree)).expect("plannable"))
    })
}

/// In every row, whatever stands there, both degrees ask for the same.
#[test]
fn both_degrees_say_the_same() {
    for [three, five] in plans() {
        let of_five = Gates::new(&five.shape);
        let of_three = Gates::new(&three.shape);
        assert!(three.shape.codes.iter().all(|code| code.flags == 0));
        for &code in &five.shape.codes {
            assert_eq!(of_three.row(code), of_five.row(code), "{code:?}");
        }
        assert_eq!(of_three.row(Code::default()), of_five.row(Code::default()));
        assert!((0..five.codes.len()).all(|row| three.codes.get(row) == five.codes.get(row)), "the rows differ");
    }
}

/// Nor does it matter which of the lattice's points a code has.
#[test]
fn gates_do_not_depend_on_the_order_of_codes() {
    for plan in plans().take(3).flatten() {
        let (gates, codes) = (Gates::new(&plan.shape), &plan.shape.codes);
        for by in [1, 5, codes.len() - 1] {
            let mut turned = codes.clone();
            turned.rotate_left(by);
            // One point more, or a column more.
            turned.insert(0, Code { kind: None, flags: u8::MAX });
            let other = Gates::new(&Shape { codes: turned, ..plan.shape.clone() });
            for &code in codes {
                assert_eq!(gates.row(code), other.row(code), "{code:?}");
            }
        }
    }
}
