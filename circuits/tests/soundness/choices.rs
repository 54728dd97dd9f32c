//! What a prover may choose once challenges are drawn: border terms, and cells that nobody reads. Everything else in the
//! later phases follows from the first one: each constraint is taken with what is known of its cells, and where one cell
//! is left that it is linear in, that cell is known, too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    circuit::Config,
    plan::{Code, FIRST_FREE_ROW, Flag, Plan},
    witness::Values,
};

use crate::{
    cheat::*,
    mutation::{Rows, SECOND, THIRD, is_edge, small_case},
    symbols::decoded,
};

/// Something that a constraint looks at, and how many rows below its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Variable {
    Advice(usize, i32),
    Number(usize),
    Instance,
}

/// Monomials with their coefficients.
type Poly = BTreeMap<Vec<Variable>, Fr>;

fn constant(value: Fr) -> Poly {
    if value == Fr::zero() { Poly::new() } else { [(vec![], value)].into() }
}

fn sum(mut a: Poly, b: Poly) -> Poly {
    b.into_iter().for_each(|(monomial, c)| *a.entry(monomial).or_default() += c);
    a.retain(|_, c| *c != Fr::zero());
    a
}

fn product(a: &Poly, b: &Poly) -> Poly {
    let mut all = Poly::new();
    for (x, c) in a {
        for (y, d) in b {
            let mut monomial = [&x[..], y].concat();
            monomial.sort();
            *all.entry(monomial).or_default() += c * d;
        }
    }
    all
}

/// What the constraints ask for in rows of one code, without the terms that are off there.
fn constraints(system: &ConstraintSystem<Fr>, config: &Config, code: Code, point: &[u8]) -> Vec<Poly> {
    let drawn = mock_challenges();
    let challenges = [drawn.drawn.s, drawn.drawn.gamma, drawn.drawn.delta, drawn.alpha];
    let mut fixed: HashMap<usize, u8> = config.codes.iter().map(|c| c.index()).zip(point.iter().copied()).collect();
    for (flag, column) in config.shape.flag_columns().iter().zip(&config.flags) {
        fixed.insert(column.index(), u8::from(code.has(*flag)));
    }
    let polynomials = system.gates().iter().flat_map(|gate| gate.polynomials());
    let asked = polynomials.map(|polynomial| {
        polynomial.evaluate(
            &constant,
            &|_| unreachable!("there are no selectors"),
            &|query| match fixed.get(&query.column_index()) {
                Some(&x) => constant(Fr::from(u64::from(x))),
                None => [(vec![Variable::Number(query.column_index())], Fr::one())].into(),
            },
            &|query| [(vec![Variable::Advice(query.column_index(), query.rotation().0)], Fr::one())].into(),
            &|_| [(vec![Variable::Instance], Fr::one())].into(),
            &|challenge| constant(challenges[challenge.index()]),
            &|a| product(&a, &constant(-Fr::one())),
            &sum,
            &|a, b| product(&a, &b),
            &|a, scale| product(&a, &constant(scale)),
        )
    });
    asked.filter(|polynomial| !polynomial.is_empty()).collect()
}

/// A witness, and which of its cells follow from the first phase and the border terms.
struct Known {
    /// By column of the later phases, its index, values, and whether they are known.
    columns: HashMap<usize, (Values, Vec<bool>)>,
    first: HashMap<usize, Values>,
    numbers: HashMap<usize, Values>,
    instances: Vec<Fr>,
    wire: usize,
    /// Cells of the wire by what they are equal to.
    copies: HashMap<usize, Vec<usize>>,
}

impl Known {
    fn new(case: &Case, config: &Config) -> Self {
        let (plan, honest, c) = (&case.plan, case.honest(), mock_challenges());
        let second = honest.second(plan, c.drawn);
        let third = honest.third(plan, &second, c);
        let nothing = vec![false; plan.usable_rows()];
        let later = second.columns(&config.second).into_iter().chain(third.columns(&config.third));
        let mut columns: HashMap<usize, (Values, Vec<bool>)> =
            later.map(|(column, values)| (column.index(), (values.clone(), nothing.clone()))).collect();
        let (_, edges) = columns.get_mut(&config.second.edge.index()).expect("a column");
        edges.iter_mut().enumerate().for_each(|(row, known)| *known = is_edge(plan, row));
        let first = honest.first.columns(&config.first).into_iter();
        let mut copies = HashMap::<usize, Vec<usize>>::new();
        for &(a, b) in &plan.copies {
            copies.entry(a).or_default().push(b);
            copies.entry(b).or_default().push(a);
        }
        Self {
            columns,
            first: first.map(|(column, values)| (column.index(), values.clone())).collect(),
            numbers: config.numbers.iter().map(|column| column.index()).zip(plan.numbers()).collect(),
            instances: honest.instances.to_vec(),
            wire: config.third.wire.index(),
            copies,
        }
    }

    fn is_known(&self, variable: Variable, row: usize) -> bool {
        match variable {
            Variable::Advice(column, offset) => {
                self.columns.get(&column).is_none_or(|(_, known)| known[at(row, offset)])
            }
            _ => true,
        }
    }

    fn value(&self, variable: Variable, row: usize) -> Fr {
        let get = |values: &Values, row: usize| if row < values.len() { values.get(row) } else { Fr::zero() };
        match variable {
            Variable::Advice(column, offset) => {
                let values = self.columns.get(&column).map_or_else(|| &self.first[&column], |(values, _)| values);
                get(values, at(row, offset))
            }
            Variable::Number(column) => get(&self.numbers[&column], row),
            Variable::Instance => self.instances[row],
        }
    }

    /// The only cell that is not known, if what is asked for in this row is linear in it.
    fn solved(&self, asked: &Poly, row: usize) -> Option<(usize, usize)> {
        let (mut unknown, mut slope) = (None, Fr::zero());
        for (monomial, &c) in asked {
            let mut open = monomial.iter().copied().filter(|&v| !self.is_known(v, row));
            let Some(variable) = open.next() else { continue };
            if open.next().is_some() || unknown.is_some_and(|other| other != variable) {
                return None;
            }
            unknown = Some(variable);
            let known = monomial.iter().filter(|&&v| v != variable);
            slope += known.fold(c, |product, &v| product * self.value(v, row));
        }
        match unknown {
            Some(Variable::Advice(column, offset)) if slope != Fr::zero() => Some((column, at(row, offset))),
            _ => None,
        }
    }

    /// Learns a cell and what is equal to it.
    fn learn(&mut self, column: usize, row: usize) {
        let (_, known) = self.columns.get_mut(&column).expect("a column of a later phase");
        if !std::mem::replace(&mut known[row], true) && column == self.wire {
            self.copies.get(&row).cloned().unwrap_or_default().into_iter().for_each(|row| self.learn(column, row));
        }
    }

    fn unknown(&self, column: usize) -> Rows {
        let known = self.columns[&column].1.iter().enumerate();
        known.filter(|(_, known)| !**known).map(|(row, _)| row).collect()
    }
}

fn at(row: usize, offset: i32) -> usize {
    row.checked_add_signed(offset as isize).expect("a row of the circuit")
}

/// What leaves where nothing was before: a sum that may be anything, and the wire that takes it.
fn empty(plan: &Plan, name: &str) -> Vec<usize> {
    let leaves = empty_leaves(plan).into_iter();
    match name {
        "read" => leaves.map(|(above, _)| above).collect(),
        "layer" => vec![FIRST_FREE_ROW - 1],
        "wire" => leaves.map(|(_, wire)| wire).chain([FIRST_FREE_ROW]).collect(),
        _ => vec![],
    }
}

#[test]
fn the_later_phases_hold_no_choices_but_border_terms() {
    for case in DEGREES.map(small_case) {
        let plan = &case.plan;
        let mut system = ConstraintSystem::default();
        let config = Config::new(&mut system, &plan.shape);
        let codes = decoded(plan);
        let points = plan.shape.lattice().points();
        let mut asked: BTreeMap<Code, Vec<Poly>> = BTreeMap::new();
        for &code in codes.iter().collect::<BTreeSet<_>>() {
            let said = match plan.shape.flag_columns().len() {
                1 => Code { flags: code.flags & !Flag::Usable.bit(), ..code },
                _ => Code { flags: 0, ..code },
            };
            let point = plan.shape.codes.iter().position(|&c| c == said).map(|index| points[index].clone());
            let point = point.unwrap_or_else(|| vec![0; config.codes.len()]);
            asked.insert(code, constraints(&system, &config, code, &point));
        }
        let mut known = Known::new(&case, &config);
        loop {
            let before = known.columns.values().map(|(_, known)| known.iter().filter(|k| **k).count()).sum::<usize>();
            for (row, code) in codes.iter().enumerate() {
                for polynomial in &asked[code] {
                    if let Some((column, row)) = known.solved(polynomial, row) {
                        known.learn(column, row);
                    }
                }
            }
            let after = known.columns.values().map(|(_, known)| known.iter().filter(|k| **k).count()).sum::<usize>();
            if after == before {
                break;
            }
        }
        let second = [&config.second.helpers[..], &[config.second.balance, config.second.edge]].concat();
        let third = [config.third.read, config.third.made, config.third.layer, config.third.wire];
        let of_second = SECOND.iter().map(|(name, _, free)| (*name, free(plan)));
        let of_third = THIRD.iter().map(|(name, _, free)| (*name, free(plan)));
        for ((name, mut free), column) in of_second.chain(of_third).zip(second.into_iter().chain(third)) {
            free.extend(empty(plan, name));
            let unknown = known.unknown(column.index());
            let [open, closed] = [&unknown - &free, &free - &unknown];
            assert!(open.is_empty() && closed.is_empty(), "{name}: {open:?} are open, {closed:?} are not");
        }
    }
}
