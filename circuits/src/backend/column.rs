//! Columns: witness rows, then blinding rows.

use std::{borrow::Cow, collections::BTreeMap};

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
    group::Curve,
};
use rand::RngCore;

use super::{
    BackendError,
    msm::{self, Scalars},
};
use crate::{plan::small, witness::Values};

/// A column as a circuit gives it.
pub struct Given<'a> {
    /// Either the usable rows (missing ones are zero), or all rows of the domain, which are then taken as they are.
    pub values: Cow<'a, Values>,
    /// The blinding rows, where the circuit wants to know them; otherwise random.
    pub tail: Option<Vec<Fr>>,
    /// The commitment, where it is known.
    pub commitment: Option<G1Affine>,
}

impl<'a> From<&'a Values> for Given<'a> {
    fn from(values: &'a Values) -> Self {
        Self { values: Cow::Borrowed(values), tail: None, commitment: None }
    }
}

impl From<Values> for Given<'_> {
    fn from(values: Values) -> Self {
        Self { values: Cow::Owned(values), tail: None, commitment: None }
    }
}

impl Given<'_> {
    /// Detaches the column from what it borrows.
    pub fn into_owned(self) -> Given<'static> {
        let Self { values, tail, commitment } = self;
        Given { values: Cow::Owned(values.into_owned()), tail, commitment }
    }
}

/// A complete column. Rows between head and tail are zero.
pub struct Column<'a> {
    rows: usize,
    head: Cow<'a, Values>,
    tail: Vec<Fr>,
}

impl<'a> Column<'a> {
    /// A column without blinding rows.
    pub fn public(rows: usize, values: Values) -> Self {
        assert!(values.len() <= rows, "a column fits its domain");
        Self { rows, head: Cow::Owned(values), tail: vec![] }
    }

    /// A column that is zero but for its last rows.
    pub(super) fn last(rows: usize, tail: Vec<Fr>) -> Self {
        Self { rows, head: Cow::Owned(Values::Small(vec![])), tail }
    }

    /// Completes a column with blinding rows.
    pub(super) fn complete(
        values: Cow<'a, Values>,
        tail: Option<Vec<Fr>>,
        rows: usize,
        usable: usize,
        rng: &mut impl RngCore,
    ) -> Result<Self, BackendError> {
        let count = values.len();
        let blinding = rows - usable;
        if (count > usable && (count != rows || tail.is_some())) || tail.as_ref().is_some_and(|t| t.len() != blinding) {
            return Err(BackendError::Rows { got: count, usable });
        }
        let mut column = Self { rows, head: values, tail: vec![] };
        if count != rows {
            column.tail = tail.unwrap_or_else(|| (0..blinding).map(|_| Fr::random(&mut *rng)).collect());
            // One piece is committed to faster than two.
            if let Cow::Owned(Values::Field(head)) = &mut column.head {
                head.resize(usable, Fr::ZERO);
                head.append(&mut column.tail);
            }
        }
        Ok(column)
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Fr {
        let tail = self.rows - self.tail.len();
        if row < self.head.len() {
            self.head.get(row)
        } else if row >= tail {
            self.tail[row - tail]
        } else {
            Fr::ZERO
        }
    }

    /// All rows.
    pub(super) fn to_vec(&self) -> Vec<Fr> {
        let mut all = vec![Fr::ZERO; self.rows];
        match &*self.head {
            Values::Small(values) => all.iter_mut().zip(values).for_each(|(out, &x)| *out = times(&Fr::ONE, x)),
            Values::Field(values) => all[..values.len()].copy_from_slice(values),
        }
        all[self.rows - self.tail.len()..].copy_from_slice(&self.tail);
        all
    }

    /// `Σ value·weight` over all rows.
    pub(super) fn dot(&self, weights: &[Fr]) -> Fr {
        let head: Fr = match &*self.head {
            Values::Small(values) => values.iter().zip(weights).map(|(&x, weight)| times(weight, x)).sum(),
            Values::Field(values) => values.iter().zip(weights).map(|(x, weight)| x * weight).sum(),
        };
        let tail = &weights[self.rows - self.tail.len()..];
        head + self.tail.iter().zip(tail).map(|(x, weight)| x * weight).sum::<Fr>()
    }

    /// Adds the rows from `start` on, times a factor.
    pub(super) fn add_scaled(&self, factor: &Fr, start: usize, out: &mut [Fr]) {
        let tail = self.rows - self.tail.len();
        for (row, out) in (start..).zip(out.iter_mut()).skip(tail.saturating_sub(start)) {
            *out += self.tail[row - tail] * factor;
        }
        match &*self.head {
            Values::Small(values) => {
                for (out, &x) in out.iter_mut().zip(values.iter().skip(start)) {
                    *out += times(factor, x);
                }
            }
            Values::Field(values) => {
                for (out, x) in out.iter_mut().zip(values.iter().skip(start)) {
                    *out += x * factor;
                }
            }
        }
    }
}

/// The commitments to columns over the Lagrange points of all rows.
pub(super) fn commit(columns: &[&Column<'_>], lagrange: &[G1Affine]) -> Vec<G1Affine> {
    let heads: Vec<Scalars<'_>> = columns.iter().map(|column| scalars(&column.head)).collect();
    let mut points = msm::commit_many(lagrange, &heads);
    // Tails by their length, because columns that are committed to together start at one row.
    let mut tails: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, column) in columns.iter().enumerate().filter(|(_, column)| !column.tail.is_empty()) {
        tails.entry(column.tail.len()).or_default().push(i);
    }
    for (len, members) in tails {
        let scalars: Vec<Scalars<'_>> = members.iter().map(|&i| Scalars::Field(&columns[i].tail)).collect();
        for (i, tail) in members.into_iter().zip(msm::commit_many(&lagrange[lagrange.len() - len..], &scalars)) {
            points[i] = (points[i] + tail).to_affine();
        }
    }
    points
}

/// Values as they are committed to.
pub(crate) fn scalars(values: &Values) -> Scalars<'_> {
    match values {
        Values::Small(values) => Scalars::Small(values),
        Values::Field(values) => Scalars::Field(values),
    }
}

/// Most small values are zeros and ones.
fn times(factor: &Fr, x: i64) -> Fr {
    match x {
        0 => Fr::ZERO,
        1 => *factor,
        _ => small(x) * factor,
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn complete(values: Values, tail: Option<Vec<Fr>>) -> Result<Column<'static>, BackendError> {
        Column::complete(Cow::Owned(values), tail, 8, 5, &mut StdRng::seed_from_u64(4))
    }

    #[test]
    fn heads_and_tails_make_columns() {
        let fields: Vec<Fr> = (10..18).map(Fr::from).collect();
        let tail = fields[5..].to_vec();
        for (values, tail) in [
            (Values::Small(vec![3, -4, 0]), None),
            (Values::Small((1..9).collect()), None),
            (Values::Small(vec![1; 5]), Some(tail.clone())),
            (Values::Field(fields[..4].to_vec()), None),
            (Values::Field(fields[..5].to_vec()), Some(tail)),
            (Values::Field(fields.clone()), None),
        ] {
            let column = complete(values.clone(), tail.clone()).expect("fits");
            let all = column.to_vec();
            for (row, value) in all.iter().enumerate() {
                assert_eq!(*value, column.get(row));
                if row < values.len() {
                    assert_eq!(*value, values.get(row));
                } else if row < 5 {
                    assert_eq!(*value, Fr::ZERO);
                } else if let Some(tail) = &tail {
                    assert_eq!(*value, tail[row - 5]);
                } else {
                    assert_ne!(*value, Fr::ZERO, "random");
                }
            }
            assert_eq!(column.dot(&fields), all.iter().zip(&fields).map(|(a, b)| a * b).sum::<Fr>());
            for (start, len) in [(0, 8), (2, 4), (4, 4), (6, 2)] {
                let mut out = fields[..len].to_vec();
                column.add_scaled(&Fr::from(7), start, &mut out);
                for i in 0..len {
                    assert_eq!(out[i], fields[i] + all[start + i] * Fr::from(7));
                }
            }
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        assert!(complete(Values::Small(vec![1; 6]), None).is_err());
        assert!(complete(Values::Small(vec![1; 9]), None).is_err());
        assert!(complete(Values::Small(vec![1; 8]), Some(vec![Fr::ONE; 3])).is_err());
        assert!(complete(Values::Small(vec![1; 5]), Some(vec![Fr::ONE; 2])).is_err());
    }
}
