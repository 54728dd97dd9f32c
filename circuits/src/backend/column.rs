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
    runs::{self, Bases},
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
        for (start, part) in parts(&self.head) {
            match part {
                Scalars::Small(values) => {
                    all[start..].iter_mut().zip(values).for_each(|(out, &x)| *out = times(&Fr::ONE, x));
                }
                Scalars::Field(values) => all[start..start + values.len()].copy_from_slice(values),
            }
        }
        all[self.rows - self.tail.len()..].copy_from_slice(&self.tail);
        all
    }

    /// `Σ value·weight` over all rows.
    pub(super) fn dot(&self, weights: &[Fr]) -> Fr {
        let of_part = |(start, part): (usize, Scalars<'_>)| -> Fr {
            match part {
                Scalars::Small(values) => values.iter().zip(&weights[start..]).map(|(&x, w)| times(w, x)).sum(),
                Scalars::Field(values) => values.iter().zip(&weights[start..]).map(|(x, w)| x * w).sum(),
            }
        };
        let head: Fr = parts(&self.head).map(of_part).sum();
        let tail = &weights[self.rows - self.tail.len()..];
        head + self.tail.iter().zip(tail).map(|(x, weight)| x * weight).sum::<Fr>()
    }

    /// Adds the rows from `start` on, times a factor.
    pub(super) fn add_scaled(&self, factor: &Fr, start: usize, out: &mut [Fr]) {
        let tail = self.rows - self.tail.len();
        for (row, out) in (start..).zip(out.iter_mut()).skip(tail.saturating_sub(start)) {
            *out += self.tail[row - tail] * factor;
        }
        for (at, part) in parts(&self.head) {
            let (skip, gap) = (start.saturating_sub(at), at.saturating_sub(start));
            let out = out.iter_mut().skip(gap);
            match part {
                Scalars::Small(values) => {
                    out.zip(values.iter().skip(skip)).for_each(|(out, &x)| *out += times(factor, x));
                }
                Scalars::Field(values) => out.zip(values.iter().skip(skip)).for_each(|(out, x)| *out += x * factor),
            }
        }
    }
}

/// The commitments to columns.
pub(super) fn commit(columns: &[&Column<'_>], bases: Bases<'_>) -> Vec<G1Affine> {
    let differences: Vec<Option<Vec<Fr>>> = columns.iter().map(|column| differences(&column.head)).collect();
    // Parts by their points: those of one list are committed to together.
    let mut lists: BTreeMap<(bool, usize), Vec<(usize, Scalars<'_>)>> = BTreeMap::new();
    for (i, (column, differences)) in columns.iter().zip(&differences).enumerate() {
        let tail = (column.rows - column.tail.len(), Scalars::Field(&column.tail));
        match differences {
            Some(head) => lists.entry((true, 0)).or_default().push((i, Scalars::Field(head))),
            None => parts(&column.head).for_each(|(start, part)| {
                lists.entry((false, start)).or_default().push((i, part));
            }),
        }
        lists.entry((false, tail.0)).or_default().push((i, tail.1));
    }
    let mut points = vec![G1Affine::default(); columns.len()];
    for ((of_sums, start), mut members) in lists {
        members.retain(|(_, part)| !part.is_empty());
        let list = if of_sums { bases.sums() } else { bases.points() };
        let scalars: Vec<Scalars<'_>> = members.iter().map(|&(_, part)| part).collect();
        for ((i, _), part) in members.into_iter().zip(msm::commit_many(&list[start..], &scalars)) {
            points[i] = (points[i] + part).to_affine();
        }
    }
    points
}

fn differences(values: &Values) -> Option<Vec<Fr>> {
    match values {
        Values::Field(values) => runs::differences(values),
        _ => None,
    }
}

/// The values of one kind each that a column is made of, with their first rows.
fn parts(values: &Values) -> impl Iterator<Item = (usize, Scalars<'_>)> {
    let (head, rest) = match values {
        Values::Small(values) => (Scalars::Small(values), None),
        Values::Field(values) => (Scalars::Field(values), None),
        Values::Split(head, rest) => (Scalars::Small(head), Some((head.len(), Scalars::Field(rest)))),
    };
    [(0, head)].into_iter().chain(rest)
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
            (Values::Split(vec![3, -4], fields[..2].to_vec()), None),
            (Values::Split(vec![0, 1, 1], fields[..2].to_vec()), Some(fields[5..].to_vec())),
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
