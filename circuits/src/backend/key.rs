//! What all proofs of one circuit share.

use std::{fmt, sync::OnceLock};

use halo2_proofs::{
    plonk::{Any, ConstraintSystem, VerifyingKey, permutation},
    poly::EvaluationDomain,
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
};
use rayon::prelude::*;

use super::{
    BackendError,
    column::{self, Column},
    fft::Domain,
    permutation::{Position, sigma},
    polynomial::Numbering,
    runs::Bases,
};
use crate::witness::Values;

/// A circuit's fixed part. It needs no file: it follows from the circuit's layout.
pub struct Key {
    pub(super) domain: Domain,
    pub(super) rows: usize,
    /// Degree of the constraints: the quotient has one piece less.
    pub(super) degree: usize,
    /// Rows that hold witness.
    pub(super) usable: usize,
    pub(super) numbering: Numbering,
    pub(super) fixed: Vec<Column<'static>>,
    pub(super) sigma: Vec<Column<'static>>,
    /// The advice columns in the permutation.
    pub(super) wires: Vec<usize>,
    pub(super) last_phase: u8,
    coefficients: OnceLock<Vec<Vec<Fr>>>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("rows", &self.rows).field("numbering", &self.numbering).finish_non_exhaustive()
    }
}

impl Key {
    /// Takes the fixed columns, which end before the blinding rows, and the equal cells, named by positions among the
    /// permutation's columns.
    pub fn new(
        cs: &ConstraintSystem<Fr>,
        k: u32,
        fixed: Vec<Values>,
        copies: &[(Position, Position)],
    ) -> Result<Self, BackendError> {
        let wires = supported(cs)?;
        let rows = 1 << k;
        let usable = rows - cs.blinding_factors() - 1;
        assert_eq!(fixed.len(), cs.num_fixed_columns(), "one list of values per fixed column");
        assert!(fixed.iter().all(|values| values.len() <= usable), "fixed columns end before the blinding rows");
        let domain = Domain::new(k);
        let sigma = sigma(&domain, k, wires.len(), copies);
        let numbering = Numbering { fixed: fixed.len(), wires: wires.len(), advice: cs.num_advice_columns() };
        Ok(Self {
            domain,
            rows,
            degree: cs.degree(),
            usable,
            numbering,
            fixed: fixed.into_iter().map(|values| Column::public(rows, values)).collect(),
            sigma: sigma.into_iter().map(|values| Column::public(rows, Values::Field(values))).collect(),
            wires,
            last_phase: cs.advice_column_phase().last().copied().unwrap_or(0),
            coefficients: OnceLock::new(),
        })
    }

    /// halo2's verifying key, over the Lagrange points of a reference string.
    pub fn verifying_key(&self, cs: ConstraintSystem<Fr>, bases: Bases<'_>) -> VerifyingKey<G1Affine> {
        let commit = |columns: &[Column<'_>]| column::commit(&columns.iter().collect::<Vec<_>>(), bases);
        let domain = EvaluationDomain::new(self.degree as u32, self.rows.ilog2());
        let permutation = permutation::VerifyingKey::from_commitments(commit(&self.sigma));
        VerifyingKey::from_parts(domain, commit(&self.fixed), permutation, cs, vec![], false)
    }

    /// Bit-reversed coefficients of the columns that are the same in every proof, by number; computed once.
    pub(super) fn coefficients(&self) -> &[Vec<Fr>] {
        self.coefficients.get_or_init(|| {
            let mark = |rows: std::ops::Range<usize>| {
                let mut column = vec![0; self.rows];
                column[rows].fill(1);
                Column::public(self.rows, Values::Small(column))
            };
            let marks = [mark(0..1), mark(self.usable..self.usable + 1), mark(0..self.usable)];
            let columns: Vec<_> = self.fixed.iter().chain(&marks).chain(&self.sigma).collect();
            columns
                .into_par_iter()
                .map(|column| {
                    let mut values = column.to_vec();
                    self.domain.interpolate(&mut values);
                    values
                })
                .collect()
        })
    }

    /// Powers of the domain's root.
    pub(super) fn omegas(&self) -> Vec<Fr> {
        const PIECE: usize = 1 << 12;
        let mut omegas = vec![Fr::ONE; self.rows];
        omegas.par_chunks_mut(PIECE).enumerate().for_each(|(i, piece)| {
            let mut power = self.domain.omega().pow([(i * PIECE) as u64]);
            for omega in piece {
                *omega = power;
                power *= self.domain.omega();
            }
        });
        omegas
    }
}

/// The advice columns of the permutation, if the constraint system is one that this backend proves.
fn supported(cs: &ConstraintSystem<Fr>) -> Result<Vec<usize>, BackendError> {
    let unsupported = |what| Err(BackendError::Unsupported(what));
    if cs.num_instance_columns() != 1 {
        return unsupported("not exactly one instance column");
    }
    if cs.num_selectors() != 0 || !cs.lookups().is_empty() {
        return unsupported("selectors or lookups");
    }
    let phases = cs.advice_column_phase();
    if !phases.is_sorted() || !cs.challenge_phase().is_sorted() {
        return unsupported("columns or challenges out of the order of their phases");
    }
    if cs.challenge_phase().last() >= phases.last() {
        return unsupported("challenges after the last phase");
    }
    // Others would need another number of columns to a product of the permutation, or waste a piece.
    if ![3, 5].contains(&cs.degree()) {
        return unsupported("constraints of another degree than 3 or 5");
    }
    let wires = cs.permutation().get_columns();
    if wires.is_empty() {
        return unsupported("no permutation");
    }
    let advice = |column: &halo2_proofs::plonk::Column<Any>| {
        matches!(column.column_type(), Any::Advice(_)).then(|| column.index())
    };
    match wires.iter().map(advice).collect() {
        Some(wires) => Ok(wires),
        None => unsupported("other columns than advice in the permutation"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use halo2_proofs::plonk::{keygen_pk, keygen_vk};

    use super::*;
    use crate::{
        circuit::ModelCircuit,
        keys::backend_key,
        plan::{Choice, Degree, Plan},
        sample,
        srs::Srs,
    };

    #[test]
    fn keys_are_those_of_halo2() {
        let networks = std::iter::once(sample::tiny(1)).chain((0..3).map(sample::random)).map(|model| model.network);
        for (i, (network, lanes)) in networks.zip([6, 3, 4, 1]).enumerate() {
            let degree = [Degree::Three, Degree::Five][i % 2];
            let choice = Choice { lanes, degree, ..Choice::default() };
            let plan = Arc::new(Plan::new(&network, choice).expect("plannable"));
            let srs = Srs::development(plan.shape.k);
            let circuit = ModelCircuit { plan: plan.clone(), witness: None };
            let expected = keygen_vk(&srs.params, &circuit).expect("generated");
            let pk = keygen_pk(&srs.params, expected.clone(), &circuit).expect("generated");
            let (key, cs) = backend_key(&plan).expect("supported");
            for (sigma, expected) in key.sigma.iter().zip(pk.permutation().permutations()) {
                assert_eq!(sigma.to_vec(), expected[..]);
            }
            for (fixed, expected) in key.fixed.iter().zip(pk.fixed_values()) {
                assert_eq!(fixed.to_vec(), expected[..]);
            }
            let vk = key.verifying_key(cs, Bases::new(&srs.lagrange, &OnceLock::new()));
            assert_eq!(vk.transcript_repr(), expected.transcript_repr());
        }
    }

    #[test]
    fn other_constraint_systems_are_refused() {
        type Build = fn(&mut ConstraintSystem<Fr>);
        let refused = |build: Build| {
            let mut cs = ConstraintSystem::default();
            cs.instance_column();
            let wire = cs.advice_column();
            cs.enable_equality(wire);
            build(&mut cs);
            supported(&cs).is_err()
        };
        assert!(!refused(|_| {}));
        assert!(refused(|cs| {
            cs.instance_column();
        }));
        assert!(refused(|cs| {
            cs.selector();
        }));
        assert!(refused(|cs| cs.set_minimum_degree(4)));
        assert!(refused(|cs| {
            let fixed = cs.fixed_column();
            cs.enable_equality(fixed);
        }));
        assert!(supported(&ConstraintSystem::default()).is_err());
    }
}
