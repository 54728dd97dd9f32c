//! What a proof is made of and what is checked, read from snark-verifier's protocol: the one source for the transcript's
//! order, for queries and for constraints. Nothing about a circuit is written down anywhere else.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
};
use serde::Deserialize;
use snark_verifier::{
    system::halo2::{Config, compile},
    util::arithmetic::Rotation,
    verifier::plonk::PlonkProtocol,
};
use zkescrow_circuits::{keys::VerifierKeys, plan::INSTANCES};

use crate::dag::{Dag, Id, Input};

/// A polynomial at a rotation of the evaluation point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Query {
    pub(crate) poly: usize,
    pub(crate) rotation: i32,
}

/// Points that a prover sends, and the challenges that answer them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    pub(crate) points: usize,
    pub(crate) challenges: usize,
}

/// Polynomials that are opened at the same rotations, in the order of the powers of SHPLONK's challenge.
#[derive(Clone, Debug)]
pub(crate) struct RotationSet {
    pub(crate) rotations: Vec<i32>,
    pub(crate) polys: Vec<usize>,
}

/// One constraint, as its gate calls it.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    pub(crate) name: String,
    pub(crate) value: Id,
}

/// Everything that the generated contracts depend on.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) k: usize,
    pub(crate) n_inverse: Fr,
    omega: Fr,
    pub(crate) initial_state: Fr,
    pub(crate) preprocessed: Vec<G1Affine>,
    pub(crate) instances: usize,
    pub(crate) phases: Vec<Phase>,
    pub(crate) quotients: usize,
    pub(crate) evaluations: Vec<Query>,
    pub(crate) sets: Vec<RotationSet>,
    /// Rotations at which instances are evaluated.
    pub(crate) instance_queries: Vec<Query>,
    /// Rows whose Lagrange polynomials are evaluated.
    pub(crate) lagrange: Vec<i32>,
    pub(crate) dag: Dag,
    pub(crate) constraints: Vec<Constraint>,
    /// Short names of polynomials.
    pub(crate) names: Vec<String>,
}

/// An expression as snark-verifier gives it.
pub(crate) enum Raw {
    Constant(Fr),
    Input(Input),
    Neg(Rc<Raw>),
    Add(Rc<Raw>, Rc<Raw>),
    Mul(Rc<Raw>, Rc<Raw>),
}

/// snark-verifier's `CommonPolynomial`, which cannot be named outside of it.
#[derive(Deserialize)]
enum Common {
    Identity,
    Lagrange(i32),
}

impl Protocol {
    /// The protocol of a key.
    pub(crate) fn new(keys: &VerifierKeys) -> Self {
        let source = compile(&keys.params, &keys.vk, Config::kzg().with_num_instance(vec![INSTANCES]));
        let phases: Vec<Phase> = (source.num_witness.iter().zip(&source.num_challenge))
            .map(|(&points, &challenges)| Phase { points, challenges })
            .collect();
        let challenges: usize = phases.iter().map(|phase| phase.challenges).sum();
        let mut dag = Dag::default();
        let mut names = constraint_names(keys).into_iter();
        let constraints: Vec<Constraint> = constraints(&source, challenges - 1)
            .iter()
            .map(|raw| Constraint {
                name: names.next().unwrap_or_else(|| "argument: copies and lookups".into()),
                value: intern(&mut dag, raw),
            })
            .collect();
        let query = |rotation: Rotation, poly| Query { poly, rotation: rotation.0 };
        let used: BTreeSet<Query> =
            source.quotient.numerator.used_query().into_iter().map(|q| query(q.rotation, q.poly)).collect();
        let first = source.preprocessed.len();
        let instance_queries: Vec<Query> = used.into_iter().filter(|q| q.poly == first).collect();
        let rows = |q: &Query| (-q.rotation)..(INSTANCES as i32 - q.rotation);
        let lagrange: BTreeSet<i32> = source
            .quotient
            .numerator
            .used_langrange()
            .into_iter()
            .chain(instance_queries.iter().flat_map(rows))
            .collect();
        Self {
            k: source.domain.k,
            n_inverse: source.domain.n_inv,
            omega: source.domain.r#gen,
            initial_state: source.transcript_initial_state.unwrap_or(Fr::ZERO),
            instances: INSTANCES,
            quotients: source.quotient.num_chunk(),
            evaluations: source.evaluations.iter().map(|q| query(q.rotation, q.poly)).collect(),
            sets: rotation_sets(source.queries.iter().map(|q| query(q.rotation, q.poly))),
            instance_queries,
            lagrange: lagrange.into_iter().collect(),
            dag,
            constraints,
            names: polynomial_names(keys, &phases),
            preprocessed: source.preprocessed,
            phases,
        }
    }

    /// A power of the domain's generator.
    pub(crate) fn root(&self, exponent: i32) -> Fr {
        let power = self.omega.pow_vartime([u64::from(exponent.unsigned_abs())]);
        if exponent < 0 { power.invert().unwrap_or(Fr::ZERO) } else { power }
    }

    /// Challenges before the evaluation point.
    pub(crate) fn challenges(&self) -> usize {
        self.phases.iter().map(|phase| phase.challenges).sum()
    }

    /// Points before the quotient's.
    pub(crate) fn witnesses(&self) -> usize {
        self.phases.iter().map(|phase| phase.points).sum()
    }

    /// The quotient, as a polynomial.
    pub(crate) fn quotient(&self) -> usize {
        self.first_witness() + self.witnesses()
    }

    /// The first polynomial that the prover commits to.
    pub(crate) fn first_witness(&self) -> usize {
        self.preprocessed.len() + 1
    }

    /// Rotations of all sets.
    pub(crate) fn rotations(&self) -> Vec<i32> {
        let all: BTreeSet<i32> = self.sets.iter().flat_map(|set| set.rotations.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// Name of a query.
    pub(crate) fn name(&self, query: Query) -> String {
        let name = &self.names[query.poly];
        match query.rotation {
            0 => name.clone(),
            1 => format!("{name}_NEXT"),
            -1 => format!("{name}_PREV"),
            r if r > 0 => format!("{name}_NEXT{r}"),
            r => format!("{name}_PREV{}", -r),
        }
    }

    /// Bytes of a proof.
    pub(crate) fn proof_bytes(&self) -> usize {
        64 * (self.witnesses() + self.quotients + 2) + 32 * self.evaluations.len()
    }
}

/// The numerator's constraints: it is their sum with falling powers of a challenge that nothing else uses.
pub(crate) fn constraints(source: &PlonkProtocol<G1Affine>, power: usize) -> Vec<Rc<Raw>> {
    let mut rest = source.quotient.numerator.evaluate(
        &|scalar| Rc::new(Raw::Constant(scalar)),
        &|common| {
            let common = serde_json::to_value(common).ok().and_then(|value| serde_json::from_value(value).ok());
            Rc::new(Raw::Input(match common {
                Some(Common::Lagrange(row)) => Input::Lagrange(row),
                Some(Common::Identity) => Input::Identity,
                None => unreachable!("there are two common polynomials"),
            }))
        },
        &|query| Rc::new(Raw::Input(Input::Query(Query { poly: query.poly, rotation: query.rotation.0 }))),
        &|index| Rc::new(Raw::Input(Input::Challenge(index))),
        &|a| Rc::new(Raw::Neg(a)),
        &|a, b| Rc::new(Raw::Add(a, b)),
        &|a, b| Rc::new(Raw::Mul(a, b)),
        &|a, scalar| Rc::new(Raw::Mul(a, Rc::new(Raw::Constant(scalar)))),
    );
    let mut constraints = vec![];
    loop {
        let split = match &*rest {
            Raw::Add(scaled, last) => match &**scaled {
                Raw::Mul(before, by) if matches!(&**by, Raw::Input(Input::Challenge(c)) if *c == power) => {
                    Some((before.clone(), last.clone()))
                }
                _ => None,
            },
            _ => None,
        };
        let Some((before, last)) = split else { break };
        constraints.push(last);
        rest = before;
    }
    constraints.push(rest);
    constraints.reverse();
    constraints
}

fn intern(dag: &mut Dag, raw: &Raw) -> Id {
    match raw {
        Raw::Constant(value) => dag.constant(*value),
        Raw::Input(input) => dag.input(*input),
        Raw::Neg(a) => {
            let a = intern(dag, a);
            dag.neg(a)
        }
        Raw::Add(a, b) => {
            let (a, b) = (intern(dag, a), intern(dag, b));
            dag.add(a, b)
        }
        Raw::Mul(a, b) => {
            let (a, b) = (intern(dag, a), intern(dag, b));
            dag.mul(a, b)
        }
    }
}

/// Groups queries exactly as SHPLONK's prover does: polynomials in the order of their first query, sets in the order of
/// their first polynomial.
fn rotation_sets(queries: impl Iterator<Item = Query>) -> Vec<RotationSet> {
    let mut order = vec![];
    let mut rotations = BTreeMap::<usize, Vec<i32>>::new();
    for query in queries {
        let of_poly = rotations.entry(query.poly).or_insert_with(|| {
            order.push(query.poly);
            vec![]
        });
        if !of_poly.contains(&query.rotation) {
            of_poly.push(query.rotation);
        }
    }
    let sorted = |rotations: &[i32]| rotations.iter().copied().collect::<BTreeSet<_>>();
    let mut sets = Vec::<RotationSet>::new();
    for poly in order {
        let mine = &rotations[&poly];
        match sets.iter_mut().find(|set| sorted(&set.rotations) == sorted(mine)) {
            Some(set) => set.polys.push(poly),
            None => sets.push(RotationSet { rotations: mine.clone(), polys: vec![poly] }),
        }
    }
    sets
}

/// Gate and constraint, in the order of the numerator.
fn constraint_names(keys: &VerifierKeys) -> Vec<String> {
    let gates = keys.vk.cs().gates();
    let of = |gate: &halo2_proofs::plonk::Gate<Fr>| {
        let names = (0..gate.polynomials().len()).map(|i| format!("{}: {}", gate.name(), gate.constraint_name(i)));
        names.map(|name| name.replace(['\n', '\r'], " ")).collect::<Vec<_>>()
    };
    gates.iter().flat_map(of).collect()
}

/// `F` fixed, `S` permutation, `I` instance, `A` advice columns by number; `P` products and others of the system.
fn polynomial_names(keys: &VerifierKeys, phases: &[Phase]) -> Vec<String> {
    let cs = keys.vk.cs();
    let phase_of = cs.advice_column_phase();
    let mut names: Vec<String> = (0..cs.num_fixed_columns()).map(|i| format!("F{i}")).collect();
    names.extend((0..cs.permutation().get_columns().len()).map(|i| format!("S{i}")));
    names.push("I0".into());
    for phase in 0..=phase_of.iter().copied().max().unwrap_or(0) {
        names.extend((0..phase_of.len()).filter(|&i| phase_of[i] == phase).map(|i| format!("A{i}")));
    }
    let system = phases.iter().map(|phase| phase.points).sum::<usize>() - phase_of.len();
    names.extend((0..system).map(|i| format!("P{i}")));
    names.push("QUOTIENT".into());
    names
}
