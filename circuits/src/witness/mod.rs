//! The prover's columns: plain integers as long as possible, field elements where challenges enter.

mod first;
mod second;
mod third;

use std::sync::Arc;

use halo2_proofs::plonk::{Advice, Column};
use halo2curves::bn256::Fr;

pub use first::{FirstWitness, weight_columns};
pub use second::{Drawn, SecondWitness};
pub use third::{Challenges, ThirdWitness};

use crate::{
    model::Model,
    plan::{INSTANCES, Instance, Plan, small},
    poseidon::Packed,
    semantics::{InferError, Trace},
};

/// One column's values; rows beyond the end are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Integers, most of them small.
    Small(Vec<i64>),
    /// Field elements.
    Field(Vec<Fr>),
    /// Integers, then field elements.
    Split(Vec<i64>, Vec<Fr>),
}

impl Values {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Small(v) => v.len(),
            Self::Field(v) => v.len(),
            Self::Split(head, rest) => head.len() + rest.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Fr {
        match self {
            Self::Small(v) => small(v[row]),
            Self::Field(v) => v[row],
            Self::Split(head, rest) => head.get(row).map_or_else(|| rest[row - head.len()], |&x| small(x)),
        }
    }

    /// The value of a row, if it is an integer.
    pub fn small(&self, row: usize) -> Option<i64> {
        match self {
            Self::Small(v) | Self::Split(v, _) => v.get(row).copied(),
            Self::Field(_) => None,
        }
    }

    /// Overwrites a row.
    pub fn set(&mut self, row: usize, value: Fr) {
        if !matches!(self, Self::Field(_)) {
            *self = Self::Field((0..self.len()).map(|row| self.get(row)).collect());
        }
        if let Self::Field(v) = self {
            v[row] = value;
        }
    }
}

/// Columns with the values that they take.
pub type Assigned<'a> = Vec<(Column<Advice>, &'a Values)>;

/// What hides the commitments of one proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salts {
    /// Salt of the input commitment.
    pub input: Fr,
    /// Salt of the output commitment.
    pub output: Fr,
}

/// A change to later columns before they are committed to: how tests play the cheating prover.
pub type Tamper<W> = dyn Fn(&mut W, &Plan) + Send + Sync;

/// Everything that one proof is made of.
#[derive(Clone)]
pub struct Witness {
    /// First phase.
    pub first: FirstWitness,
    /// The public instances.
    pub instances: [Fr; INSTANCES],
    tamper_early: Option<Arc<Tamper<SecondWitness>>>,
    tamper: Option<Arc<Tamper<ThirdWitness>>>,
}

impl Witness {
    /// Runs the model and lays the result out.
    pub fn new(plan: &Plan, model: &Model, input: &[u8], salts: Salts, context: Fr) -> Result<Self, InferError> {
        let trace = model.infer(input)?;
        Ok(Self::from_trace(plan, model, &trace, salts, context))
    }

    /// Lays out an inference.
    pub fn from_trace(plan: &Plan, model: &Model, trace: &Trace, salts: Salts, context: Fr) -> Self {
        let first = FirstWitness::new(plan, &model.params, trace, salts);
        let mut instances = [Fr::zero(); INSTANCES];
        instances[Instance::Input as usize] = Packed::input(&plan.network, &trace.maps[0].y).commit(salts.input);
        instances[Instance::Output as usize] = Packed::output(&plan.network, trace.logits()).commit(salts.output);
        instances[Instance::Label as usize] = Fr::from(trace.label as u64);
        instances[Instance::Context as usize] = context;
        Self { first, instances, tamper_early: None, tamper: None }
    }

    /// A prover that changes second-phase cells before it commits to them.
    pub fn tampered_early(mut self, tamper: impl Fn(&mut SecondWitness, &Plan) + Send + Sync + 'static) -> Self {
        self.tamper_early = Some(Arc::new(tamper));
        self
    }

    /// A prover that changes third-phase cells before it commits to them.
    pub fn tampered(mut self, tamper: impl Fn(&mut ThirdWitness, &Plan) + Send + Sync + 'static) -> Self {
        self.tamper = Some(Arc::new(tamper));
        self
    }

    /// The second phase, without blinding rows.
    pub fn second(&self, plan: &Plan, drawn: Drawn) -> SecondWitness {
        self.second_blinded(plan, drawn, &[])
    }

    /// The second phase, given the blinding rows of the first phase's columns after the weights.
    pub fn second_blinded(&self, plan: &Plan, drawn: Drawn, blinding: &[Vec<Fr>]) -> SecondWitness {
        let mut second = SecondWitness::new(plan, &self.first, drawn, blinding);
        if let Some(tamper) = &self.tamper_early {
            tamper(&mut second, plan);
        }
        second
    }

    /// The third phase.
    pub fn third(&self, plan: &Plan, second: &SecondWitness, challenges: Challenges) -> ThirdWitness {
        let mut third = ThirdWitness::new(plan, &self.first, second, &self.instances, challenges);
        if let Some(tamper) = &self.tamper {
            tamper(&mut third, plan);
        }
        third
    }
}
