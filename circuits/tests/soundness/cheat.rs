//! The cheating prover's workbench: a model, its honest witness, and the names of the constraints that object.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use halo2_proofs::{
    arithmetic::Field,
    dev::{FailureLocation, VerifyFailure},
};
use halo2curves::{bn256::Fr, ff::FromUniformBytes};
use zkescrow_circuits::{
    model::Model,
    plan::{ActivationRow, Check, Choice, Degree, Feed, Flag, Plan, RowKind, Step, Stir, Subject},
    poseidon::{PACK, WIDTH},
    sample,
    semantics::{MapTrace, Trace},
    witness::{Challenges, Drawn, FirstWitness, Salts, SecondWitness, ThirdWitness, Values, Witness},
};

use crate::{mock::failures, networks::reference};

pub const SALTS: Salts = Salts { input: Fr::from_raw([11, 0, 0, 0]), output: Fr::from_raw([12, 0, 0, 0]) };

/// A model with an image, and where its cells lie.
#[derive(Clone)]
pub struct Case {
    pub model: Model,
    pub plan: Arc<Plan>,
    pub image: Vec<u8>,
}

impl Case {
    pub fn new(model: Model, choice: Choice) -> Self {
        let plan = Arc::new(Plan::new(&model.network, choice).expect("plannable"));
        let image = sample::input(&model.network, 5);
        Self { model, plan, image }
    }

    /// Three lanes do not divide the tiny network's widths, and six weights do not fill its last layer's rows.
    pub fn tiny() -> Self {
        Self::of_degree(Degree::Three)
    }

    pub fn of_degree(degree: Degree) -> Self {
        Self::new(sample::tiny(1), Choice { lanes: 3, weight_columns: 4, degree, k: None })
    }

    /// Gates are the same at both degrees; what selects them is not.
    pub fn at_both_degrees() -> impl Iterator<Item = Self> {
        DEGREES.into_iter().map(Self::of_degree)
    }

    pub fn trace(&self) -> Trace {
        self.lie(|_, _| {})
    }

    /// An inference with a false map; everything after it is computed honestly.
    pub fn lie(&self, tweak: impl Fn(usize, &mut MapTrace)) -> Trace {
        reference(&self.model, &self.image, tweak)
    }

    pub fn witness(&self, trace: &Trace) -> Witness {
        Witness::from_trace(&self.plan, &self.model, trace, SALTS, Fr::from(99))
    }

    pub fn honest(&self) -> Witness {
        self.witness(&self.trace())
    }

    /// A false activation in the first layer's output, its `d` and `y` matching, with everything after it honest: only
    /// that layer's equation is wrong.
    pub fn false_activation(&self) -> Witness {
        self.false_activation_in(1)
    }

    /// The same in any map.
    pub fn false_activation_in(&self, wanted: usize) -> Witness {
        let precision = self.model.network.precision;
        let trace = self.lie(|map, cells| {
            if map == wanted {
                let cell = cells.y.iter().position(|y| (50..200).contains(y)).expect("an activation off the clamps");
                cells.d[cell] += 40;
                cells.y[cell] = precision.clamp(cells.d[cell]);
            }
        });
        assert_ne!(
            trace.maps.last().map(|m| &m.y),
            self.trace().maps.last().map(|m| &m.y),
            "the lie reaches the logits"
        );
        self.witness(&trace)
    }

    /// Names of what catches a witness: constraints, final equations (by what they are about), and broken copies.
    pub fn caught(&self, witness: Witness) -> BTreeSet<String> {
        let instances = witness.instances.to_vec();
        self.caught_under(witness, instances)
    }

    pub fn caught_under(&self, witness: Witness, instances: Vec<Fr>) -> BTreeSet<String> {
        failures(&self.plan, witness, instances).iter().map(|failure| self.name(failure)).collect()
    }

    /// What an objection is called.
    pub fn name(&self, failure: &VerifyFailure) -> String {
        match failure {
            VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
                let text = constraint.to_string();
                text.split("('").nth(1).and_then(|rest| rest.split("')").next()).unwrap_or_default().to_string()
            }
            // A final equation is a copy: what was derived of one side is what stands on the other.
            VerifyFailure::Permutation { .. } => {
                let row = row_of(failure);
                let is_of = |c: &&Check| row == Some(c.row) || row == Some(self.plan.home(c.value));
                self.plan.checks.iter().find(is_of).map_or(COPY.into(), |check| format!("{:?}", check.of))
            }
            other => other.to_string(),
        }
    }

    /// Rows of activations of a kind.
    pub fn rows(&self, matches: impl Fn(&ActivationRow) -> bool) -> Vec<usize> {
        (0..self.plan.activations.rows.len()).filter(|&row| matches(&self.plan.activations.rows[row])).collect()
    }
}

pub const DEGREES: [Degree; 2] = [Degree::Three, Degree::Five];

/// What a broken copy is called.
pub const COPY: &str = "copy";

/// The row of a failed constraint or copy.
pub fn row_of(failure: &VerifyFailure) -> Option<usize> {
    match failure {
        VerifyFailure::ConstraintNotSatisfied { location, .. } | VerifyFailure::Permutation { location, .. } => {
            match location {
                FailureLocation::InRegion { offset, .. } => Some(*offset),
                FailureLocation::OutsideRegion { row } => Some(*row),
            }
        }
        _ => None,
    }
}

/// Asserts that exactly these constraints catch a cheat: nothing else stands between the prover and a false proof.
#[track_caller]
pub fn caught_by(what: &str, caught: &BTreeSet<String>, names: &[&str]) {
    let caught: BTreeSet<&str> = caught.iter().map(String::as_str).collect();
    assert_eq!(caught, names.iter().copied().collect(), "{what}");
}

/// What `MockProver` draws: known in advance, as challenges never may be.
pub fn mock_challenges() -> Challenges {
    let mut hash = *blake2b_simd::blake2b(b"Halo2-MockProver").as_array();
    let [s, gamma, delta, alpha] = std::array::from_fn(|_| {
        hash = *blake2b_simd::blake2b(&hash).as_array();
        Fr::from_uniform_bytes(&hash)
    });
    Challenges { drawn: Drawn { s, gamma, delta }, alpha }
}

/// Challenges that a transcript could have drawn.
pub fn other_challenges(seed: u64) -> Challenges {
    let draw = |i: u64| Fr::from(1000 * seed + i).pow([77, 3, 5, 0]);
    Challenges { drawn: Drawn { s: draw(2), gamma: draw(3), delta: draw(4) }, alpha: draw(1) }
}

/// How far the lookups are from balancing: they must by the first seam.
pub fn balance_left(second: &SecondWitness, plan: &Plan) -> Fr {
    second.balance.get(plan.hashing.input.seam)
}

/// Replaces the state of the hash in a row.
pub fn set_state(first: &mut FirstWitness, row: usize, state: [Fr; WIDTH]) {
    let columns = [&mut first.d[0], &mut first.y[0], &mut first.rem[0]];
    columns.into_iter().zip(state).for_each(|(column, x)| column.set(row, x));
}

/// Overwrites a cell, even below those that an honest prover has something to say about.
pub fn put(values: &mut Values, row: usize, value: Fr) {
    if row >= values.len() {
        let zeros = (values.len()..=row).map(|_| Fr::zero());
        *values = Values::Field((0..values.len()).map(|row| values.get(row)).chain(zeros).collect());
    }
    values.set(row, value);
}

/// Adds to a cell.
pub fn bump(values: &mut Values, row: usize, by: Fr) {
    let value = if row < values.len() { values.get(row) } else { Fr::zero() };
    put(values, row, value + by);
}

/// The rows of each kind.
pub fn rows_by_kind(plan: &Plan) -> BTreeMap<RowKind, Vec<usize>> {
    let mut rows = BTreeMap::<RowKind, Vec<usize>>::new();
    for row in 0..plan.codes.len() {
        plan.kind(row).into_iter().for_each(|kind| rows.entry(kind).or_default().push(row));
    }
    rows
}

/// The final equation about something.
pub fn check(plan: &Plan, of: Subject) -> Check {
    *plan.checks.iter().find(|check| check.of == of).expect("an equation")
}

/// How far a final equation is from holding.
pub fn error(third: &ThirdWitness, plan: &Plan, of: Subject) -> Fr {
    let check = check(plan, of);
    third.wire.get(plan.home(check.value)) - third.wire.get(check.row)
}

/// Makes a final equation hold by a change of the right size. Everything here is linear, so one probe suffices.
pub fn compensate(third: &mut ThirdWitness, plan: &Plan, of: Subject, change: impl Fn(&mut ThirdWitness, &Plan, Fr)) {
    let before = error(third, plan, of);
    let mut probe = third.clone();
    change(&mut probe, plan, Fr::one());
    let slope: Option<Fr> = (error(&probe, plan, of) - before).invert().into();
    change(third, plan, -before * slope.expect("the change has an effect"));
    assert_eq!(error(third, plan, of), Fr::zero());
}

/// What a running sum is multiplied with; `wire` where it steps by that.
fn factor(step: Step, wire: Fr) -> Fr {
    match step {
        Step::Start => Fr::zero(),
        Step::Power(exponent) => mock_challenges().alpha.pow([exponent as u64]),
        Step::Ride => wire,
        Step::Byte => Fr::from(256).invert().unwrap_or(Fr::zero()),
        Step::Wrap => mock_challenges().alpha * Fr::from(256).pow([PACK as u64 - 1]),
    }
}

/// Changes the column of produced sums and kernels at a row, and carries that on as the gates would.
pub fn change_made(third: &mut ThirdWitness, plan: &Plan, row: usize, mut by: Fr) {
    bump(&mut third.made, row, by);
    for row in row + 1.. {
        let wire = third.wire.get(row);
        if plan.kind(row).is_some_and(|kind| kind.takes()) {
            change_layer(third, plan, row, by);
        }
        if plan.has(Flag::Product, row) {
            change_layer(third, plan, row, by * wire);
        }
        match plan.kind(row) {
            Some(RowKind::Cells { made: step, .. } | RowKind::Edge(step)) => by *= factor(step, wire),
            Some(kind) if kind.waits() => {}
            Some(RowKind::Feed(Feed::Next)) => by *= mock_challenges().drawn.s.pow([plan.shape.weight_columns as u64]),
            Some(RowKind::Feed(_)) if plan.has(Flag::Ride, row) => by *= wire,
            _ => return,
        }
        if by == Fr::zero() {
            return;
        }
        bump(&mut third.made, row, by);
    }
}

/// Changes the column of layers' sums and totals at a row.
pub fn change_layer(third: &mut ThirdWitness, plan: &Plan, row: usize, mut by: Fr) {
    bump(&mut third.layer, row, by);
    for row in row + 1.. {
        match plan.kind(row) {
            Some(RowKind::Open | RowKind::Feed(Feed::Leave)) => return change_wire(third, plan, row, by),
            Some(RowKind::Feed(Feed::Shift)) => by *= mock_challenges().drawn.s,
            Some(kind) if kind.takes() => by *= mock_challenges().drawn.s,
            Some(kind) if kind.is_activation() || matches!(kind, RowKind::Feed(_)) => {}
            _ => return,
        }
        bump(&mut third.layer, row, by);
    }
}

/// Changes the column of reading sums and absorbed elements at a row.
pub fn change_read(third: &mut ThirdWitness, plan: &Plan, row: usize, mut by: Fr) {
    bump(&mut third.read, row, by);
    for row in row + 1.. {
        if plan.kind(row).is_some_and(|kind| kind.exports()) {
            change_wire(third, plan, row, by);
        }
        match plan.kind(row) {
            Some(RowKind::Cells { read, .. }) => by *= factor(read, Fr::zero()),
            Some(RowKind::Hash(Stir::Absorb)) => by *= mock_challenges().alpha,
            Some(RowKind::Hash(Stir::Seam)) => return change_wire(third, plan, row + 1, by),
            Some(RowKind::Hash(_)) => {}
            Some(kind) if kind.waits() => {}
            _ => return,
        }
        if by == Fr::zero() {
            return;
        }
        bump(&mut third.read, row, by);
    }
}

/// Changes a cell of the wire, every copy of it, and what is made of these; but not the other side of an equation.
pub fn change_wire(third: &mut ThirdWitness, plan: &Plan, row: usize, by: Fr) {
    bump(&mut third.wire, row, by);
    let is_equation = |copy: usize| plan.checks.iter().any(|check| check.row == copy);
    let mut derivations = BTreeSet::new();
    for &(_, copy) in plan.copies.iter().filter(|&&(from, copy)| from == row && !is_equation(copy)) {
        bump(&mut third.wire, copy, by);
        match derivation(plan, copy) {
            Some(id) => _ = derivations.insert(id),
            None => change_sums(third, plan, copy, by),
        }
    }
    derivations.into_iter().for_each(|id| derive(third, plan, id));
}

/// Changes one copy of a value, and what is made of it.
pub fn change_use(third: &mut ThirdWitness, plan: &Plan, row: usize, by: Fr) {
    bump(&mut third.wire, row, by);
    match derivation(plan, row) {
        Some(id) => derive(third, plan, id),
        None => change_sums(third, plan, row, by),
    }
}

/// What the running sums make of a change of the wire beside them.
fn change_sums(third: &mut ThirdWitness, plan: &Plan, row: usize, by: Fr) {
    if row == 0 {
        return;
    }
    let by = by * third.made.get(row - 1);
    if plan.has(Flag::Ride, row) {
        change_made(third, plan, row, by);
    }
    if plan.has(Flag::Product, row) {
        change_layer(third, plan, row, by);
    }
}

/// The value whose derivation has a cell in this row.
fn derivation(plan: &Plan, row: usize) -> Option<usize> {
    (0..plan.homes.len()).find(|&id| {
        let cells = plan.values.recipes()[id].cells().map_or(0, |cells| cells.len());
        (plan.homes[id]..plan.homes[id] + cells).contains(&row)
    })
}

/// Derives a value anew.
fn derive(third: &mut ThirdWitness, plan: &Plan, id: usize) {
    let (home, out) = (plan.homes[id], plan.home(id));
    let [a, b, c, d] = std::array::from_fn(|i| third.wire.get(home + i));
    let value = match out - home {
        1 => (d - c) * Option::<Fr>::from(a.invert()).expect("not zero"),
        2 => d - a * b,
        _ => a * b + c,
    };
    change_wire(third, plan, out, value - third.wire.get(out));
}

/// Where a reading sum leaves to the wire, but none was made in the row above: the cells that then agree on anything.
pub fn empty_leaves(plan: &Plan) -> Vec<(usize, usize)> {
    let sums = |kind: RowKind| kind.waits() || matches!(kind, RowKind::Cells { .. });
    let exports = (1..plan.table).filter(|&row| plan.kind(row).is_some_and(|kind| kind.exports()));
    let in_blocks = exports.filter(|row| !plan.kind(row - 1).is_some_and(sums)).map(|row| (row - 1, row));
    let seam = plan.hashing.input.seam;
    in_blocks.chain([(seam - 1, seam + 1)]).collect()
}
