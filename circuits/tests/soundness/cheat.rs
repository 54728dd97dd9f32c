//! The cheating prover's workbench: a model, its honest witness, and the names of the constraints that object.

use std::{collections::BTreeSet, sync::Arc};

use halo2_proofs::{
    arithmetic::Field,
    dev::{FailureLocation, MockProver, VerifyFailure},
};
use halo2curves::{bn256::Fr, ff::FromUniformBytes};
use zkescrow_circuits::{
    circuit::ModelCircuit,
    model::Model,
    plan::{ActivationRow, Cell, Choice, Flag, LOAD_ROW, Plan, Source, Wire},
    sample,
    semantics::{MapTrace, Trace},
    witness::{Challenges, Salts, SecondWitness, Values, Witness},
};

use crate::networks::reference;

pub const SALTS: Salts = Salts { input: Fr::from_raw([11, 0, 0, 0]), output: Fr::from_raw([12, 0, 0, 0]) };

/// A model with an image, and where its cells lie.
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
        Self::new(sample::tiny(1), Choice { lanes: 3, weight_columns: 4, k: None })
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
    /// the sum over all layers is wrong.
    pub fn false_activation(&self) -> Witness {
        let precision = self.model.network.precision;
        let trace = self.lie(|map, cells| {
            if map == 1 {
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

    /// Names of what catches a witness: constraints, final checks, and columns of broken copies.
    pub fn caught(&self, witness: Witness) -> BTreeSet<String> {
        let instances = witness.instances.to_vec();
        self.caught_under(witness, instances)
    }

    pub fn caught_under(&self, witness: Witness, instances: Vec<Fr>) -> BTreeSet<String> {
        let circuit = ModelCircuit { plan: self.plan.clone(), witness: Some(Arc::new(witness)) };
        let prover = MockProver::run(self.plan.shape.k, &circuit, vec![instances]).expect("runs");
        prover.verify().map_or_else(|f| f.iter().map(|failure| self.name(failure)).collect(), |()| BTreeSet::new())
    }

    fn name(&self, failure: &VerifyFailure) -> String {
        match failure {
            VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
                let text = constraint.to_string();
                let name =
                    text.split("('").nth(1).and_then(|rest| rest.split("')").next()).unwrap_or_default().to_string();
                let row = row_of(failure);
                match self.plan.checks.iter().position(|c| Some(c.row) == row) {
                    Some(check) if name == "value is derived" => format!("Check {check}"),
                    _ => name,
                }
            }
            VerifyFailure::Permutation { column, .. } => {
                let shape = &self.plan.shape;
                let wires = shape.weight_columns + 3 * shape.lanes + 2 + 4 + 5;
                format!("copy of {:?}", [Wire::ReadStep, Wire::MadeStep, Wire::Wire][column.index() - wires])
            }
            other => other.to_string(),
        }
    }

    /// Rows of activations of a kind.
    pub fn rows(&self, matches: impl Fn(&ActivationRow) -> bool) -> Vec<usize> {
        (0..self.plan.activations.rows.len()).filter(|&row| matches(&self.plan.activations.rows[row])).collect()
    }
}

/// The row of a failed constraint.
pub fn row_of(failure: &VerifyFailure) -> Option<usize> {
    match failure {
        VerifyFailure::ConstraintNotSatisfied { location: FailureLocation::InRegion { offset, .. }, .. } => {
            Some(*offset)
        }
        _ => None,
    }
}

/// Asserts that exactly these constraints catch a cheat: nothing else stands between the prover and a false proof.
#[track_caller]
pub fn caught_by(what: &str, caught: &BTreeSet<String>, names: &[&str]) {
    let is_copy = |name: &str| name.starts_with("copy of");
    // A broken copy shows at both of its ends, and where the other end lies is the keygen's business.
    let copies = names.iter().any(|n| is_copy(n));
    let caught: BTreeSet<&str> =
        caught.iter().map(String::as_str).filter(|n| !(copies && is_copy(n)) || names.contains(n)).collect();
    assert_eq!(caught, names.iter().copied().collect(), "{what}");
}

/// What `MockProver` draws: known in advance, as challenges never may be.
pub fn mock_challenges() -> Challenges {
    let mut hash = *blake2b_simd::blake2b(b"Halo2-MockProver").as_array();
    let [alpha, s, gamma, delta] = std::array::from_fn(|_| {
        hash = *blake2b_simd::blake2b(&hash).as_array();
        Fr::from_uniform_bytes(&hash)
    });
    Challenges { alpha, s, gamma, delta }
}

/// Challenges that a transcript could have drawn.
pub fn other_challenges(seed: u64) -> Challenges {
    let draw = |i: u64| Fr::from(1000 * seed + i).pow([77, 3, 5, 0]);
    Challenges { alpha: draw(1), s: draw(2), gamma: draw(3), delta: draw(4) }
}

/// Adds to a cell.
pub fn bump(values: &mut Values, row: usize, by: Fr) {
    let value = values.get(row) + by;
    values.set(row, value);
}

fn wire(second: &SecondWitness, row: usize) -> Fr {
    second.wires[Wire::Wire as usize].get(row)
}

fn set(plan: &Plan, flag: Flag, row: usize) -> bool {
    plan.flags[flag as usize][row] == 1
}

/// How far a final equation is from holding.
pub fn error(second: &SecondWitness, plan: &Plan, check: usize) -> Fr {
    let row = plan.checks[check].row;
    wire(second, row) * wire(second, row + 1) - wire(second, row + 2)
}

/// Makes final equation `check` hold by a change of the right size. Everything here is linear, so one probe suffices.
pub fn compensate(
    second: &mut SecondWitness,
    plan: &Plan,
    check: usize,
    change: impl Fn(&mut SecondWitness, &Plan, Fr),
) {
    let before = error(second, plan, check);
    let mut probe = second.clone();
    change(&mut probe, plan, Fr::one());
    let slope: Option<Fr> = (error(&probe, plan, check) - before).invert().into();
    change(second, plan, -before * slope.expect("the change has an effect"));
    assert_eq!(error(second, plan, check), Fr::zero());
}

/// Changes the produced sum at a row, and carries that on as the gates would.
pub fn change_made(second: &mut SecondWitness, plan: &Plan, row: usize, mut by: Fr) {
    bump(&mut second.made, row, by);
    for row in row + 1.. {
        let step = second.wires[Wire::MadeStep as usize].get(row);
        match plan.activations.rows[row] {
            ActivationRow::Gap => return change_handed(second, plan, Cell { column: Wire::MadeStep, row }, by),
            ActivationRow::Compare { .. } => {}
            _ => by *= step,
        }
        bump(&mut second.made, row, by);
    }
}

/// Changes the reading sum at a row.
pub fn change_read(second: &mut SecondWitness, plan: &Plan, row: usize, mut by: Fr) {
    bump(&mut second.read, row, by);
    for row in row + 1.. {
        match plan.activations.rows[row] {
            ActivationRow::Cells { start: false, .. } => by *= second.wires[Wire::ReadStep as usize].get(row),
            ActivationRow::Compare { .. } => {}
            _ => return change_handed(second, plan, Cell { column: Wire::ReadStep, row }, by),
        }
        bump(&mut second.read, row, by);
    }
}

/// Changes a value that was handed over, and every copy of it.
pub fn change_handed(second: &mut SecondWitness, plan: &Plan, cell: Cell, by: Fr) {
    bump(&mut second.wires[cell.column as usize], cell.row, by);
    for check in plan.checks.iter().filter(|c| c.left == cell) {
        bump(&mut second.wires[Wire::Wire as usize], check.row, by);
    }
    for (&row, source) in &plan.kernels.products {
        if matches!(source, Source::Channel(from) if *from == cell) {
            change_product(second, plan, row, by);
        }
    }
}

/// Changes the channel's value in one product.
pub fn change_product(second: &mut SecondWitness, plan: &Plan, row: usize, by: Fr) {
    bump(&mut second.wires[Wire::Wire as usize], row, by);
    let kernel = second.kernel.get(row - 1);
    change_total(second, plan, row, by * kernel);
}

/// Changes a kernel's running sum at a row.
pub fn change_kernel(second: &mut SecondWitness, plan: &Plan, row: usize, mut by: Fr) {
    bump(&mut second.kernel, row, by);
    for row in row + 1.. {
        let factor = wire(second, row);
        if plan.kernels.products.contains_key(&row) {
            change_total(second, plan, row, by * factor);
        }
        if !set(plan, Flag::Carry, row) {
            return;
        }
        by *= factor;
        bump(&mut second.kernel, row, by);
    }
}

/// Changes the total at a row.
pub fn change_total(second: &mut SecondWitness, plan: &Plan, row: usize, mut by: Fr) {
    let room = wire(second, LOAD_ROW + 1).pow([plan.shape.weight_columns as u64]);
    bump(&mut second.total, row, by);
    for row in row + 1..plan.usable_rows() {
        if set(plan, Flag::Shift, row) {
            by *= room;
        }
        bump(&mut second.total, row, by);
    }
    bump(&mut second.wires[Wire::Wire as usize], plan.end_row(), by);
    for check in plan.checks.iter().filter(|c| c.right == Cell { column: Wire::Wire, row: plan.end_row() }) {
        bump(&mut second.wires[Wire::Wire as usize], check.row + 2, by);
    }
}
