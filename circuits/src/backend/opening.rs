//! Evaluations, and the SHPLONK opening of all of them at once, in Lagrange form throughout: all points of evaluation lie
//! outside the domain, so quotients can be taken row by row.

use halo2curves::{
    bn256::Fr,
    ff::{BatchInvert, Field},
};
use rayon::prelude::*;

use super::{column::Column, key::Key, permutation::powers};

/// Rows that one thread treats at a time.
const PIECE: usize = 1 << 11;

/// A point `x` outside the domain, with the reciprocals of `ω^i - x`.
pub(super) struct Point<'a> {
    key: &'a Key,
    omegas: &'a [Fr],
    x: Fr,
    reciprocals: Vec<Fr>,
}

impl<'a> Point<'a> {
    pub fn new(key: &'a Key, omegas: &'a [Fr], x: Fr) -> Self {
        let mut reciprocals: Vec<Fr> = omegas.par_iter().map(|omega| *omega - x).collect();
        reciprocals.par_chunks_mut(PIECE).for_each(|piece| {
            piece.iter_mut().batch_invert();
        });
        Self { key, omegas, x, reciprocals }
    }

    /// Index of a row further down, around the end.
    fn shifted(&self, row: usize, rotation: i32) -> usize {
        (row + self.omegas.len()).wrapping_add_signed(rotation as isize) % self.omegas.len()
    }

    /// `x·ω^rotation`
    fn rotated(&self, rotation: i32) -> Fr {
        self.x * self.omegas[self.shifted(0, rotation)]
    }

    /// What a column's values are weighed with to give its value at `x·ω^rotation`: the Lagrange polynomials there.
    pub fn weights(&self, rotation: i32) -> Vec<Fr> {
        let n = self.omegas.len();
        let n_inverse = Fr::from(n as u64).invert().expect("n is far below the modulus");
        let factor = (Fr::ONE - self.x.pow([n as u64])) * n_inverse;
        (0..n)
            .into_par_iter()
            .with_min_len(PIECE)
            .map(|row| {
                let row = self.shifted(row, -rotation);
                self.reciprocals[row] * self.omegas[row] * factor
            })
            .collect()
    }
}

/// One opened polynomial, with its value at `x·ω^rotation` for each of its rotations.
pub(super) struct Opened<'a> {
    pub column: &'a Column<'a>,
    /// Sorted by rotation.
    pub values: Vec<(i32, Fr)>,
}

/// Polynomials that are opened at the same points.
struct Set {
    points: Vec<Fr>,
    rotations: Vec<i32>,
    /// `Σ y^j·P_j` on the domain.
    folded: Vec<Fr>,
    /// Its value at each point.
    values: Vec<Fr>,
    /// `1 / Π (p - q)` over the other points q, for each point p.
    weights: Vec<Fr>,
}

/// A SHPLONK opening between its two commitments.
pub(super) struct Opening<'a> {
    point: &'a Point<'a>,
    sets: Vec<Set>,
    v: Fr,
    /// The quotient that is committed to first.
    pub quotient: Vec<Fr>,
}

/// What one point contributes to the first quotient.
struct Term<'s> {
    rotation: i32,
    /// The sets that are opened there, with their factors.
    members: Vec<(&'s Set, Fr)>,
    /// Their values there, with the same factors.
    value: Fr,
    /// `ω^-rotation`, because `1 / (ω^i - x·ω^r) = ω^-r / (ω^(i - r) - x)`.
    scale: Fr,
}

impl Term<'_> {
    fn at(&self, point: &Point<'_>, row: usize) -> Fr {
        let sum: Fr = self.members.iter().map(|(set, factor)| set.folded[row] * factor).sum();
        (sum - self.value) * self.scale * point.reciprocals[point.shifted(row, -self.rotation)]
    }
}

/// Folds polynomials with equal sets of points, in the order in which the verifier meets them.
fn fold(point: &Point<'_>, opened: &[Opened<'_>], y: Fr) -> Vec<Set> {
    let mut groups: Vec<(Vec<i32>, Vec<&Opened<'_>>)> = vec![];
    for polynomial in opened {
        let rotations: Vec<i32> = polynomial.values.iter().map(|(rotation, _)| *rotation).collect();
        match groups.iter_mut().find(|(set, _)| *set == rotations) {
            Some((_, members)) => members.push(polynomial),
            None => groups.push((rotations, vec![polynomial])),
        }
    }
    groups
        .into_iter()
        .map(|(rotations, members)| {
            let factors = powers(y, members.len());
            let mut folded = vec![Fr::ZERO; point.omegas.len()];
            folded.par_chunks_mut(PIECE).enumerate().for_each(|(i, piece)| {
                members.iter().zip(&factors).for_each(|(p, factor)| p.column.add_scaled(factor, i * PIECE, piece));
            });
            let value = |i: usize| members.iter().zip(&factors).map(|(p, factor)| p.values[i].1 * factor).sum();
            let points: Vec<Fr> = rotations.iter().map(|&rotation| point.rotated(rotation)).collect();
            let mut weights: Vec<Fr> =
                points.iter().map(|p| points.iter().filter(|q| *q != p).map(|q| *p - q).product()).collect();
            weights.iter_mut().batch_invert();
            Set { values: (0..points.len()).map(value).collect(), points, rotations, folded, weights }
        })
        .collect()
}

impl<'a> Opening<'a> {
    /// `Σ v^i·(folded_i - R_i) / Z_i` over the sets, where `R_i` interpolates the values and `Z_i` vanishes on the points.
    ///
    /// By partial fractions this is a sum over points `p` of `weight·(folded - value) / (X - p)`.
    pub fn new(point: &'a Point<'a>, opened: &[Opened<'_>], y: Fr, v: Fr) -> Self {
        let sets = fold(point, opened, y);
        let factors = powers(v, sets.len());
        let mut rotations: Vec<i32> = sets.iter().flat_map(|set| set.rotations.iter().copied()).collect();
        rotations.sort_unstable();
        rotations.dedup();
        let terms: Vec<Term<'_>> = rotations
            .into_iter()
            .map(|rotation| {
                let mut term = Term {
                    rotation,
                    members: vec![],
                    value: Fr::ZERO,
                    scale: point.omegas[point.shifted(0, -rotation)],
                };
                for (set, factor) in sets.iter().zip(&factors) {
                    if let Some(i) = set.rotations.iter().position(|r| *r == rotation) {
                        term.members.push((set, set.weights[i] * factor));
                        term.value += set.values[i] * set.weights[i] * factor;
                    }
                }
                term
            })
            .collect();
        let quotient = (0..point.omegas.len())
            .into_par_iter()
            .with_min_len(PIECE)
            .map(|row| terms.iter().map(|term| term.at(point, row)).sum())
            .collect();
        Self { point, sets, v, quotient }
    }

    /// The quotient that is committed to at last, once u is drawn.
    pub fn finish(self, u: Fr) -> Vec<Fr> {
        let Self { point, sets, v, quotient } = self;
        let vanishing = |points: &[Fr]| -> Fr { points.iter().map(|p| u - p).product() };
        let own: Vec<Fr> = sets.iter().map(|set| vanishing(&set.points)).collect();
        // The vanishing polynomial of all points but the set's, over that of all but the first set's.
        let mut factors: Vec<Fr> = own.clone();
        factors.iter_mut().batch_invert();
        factors.iter_mut().zip(powers(v, sets.len())).for_each(|(factor, power)| *factor *= own[0] * power);
        let remainder: Fr = (sets.iter().zip(&own).zip(&factors))
            .map(|((set, own), factor)| {
                let fractions = set.points.iter().zip(&set.values).zip(&set.weights);
                let sum: Fr =
                    fractions.map(|((p, value), weight)| *value * weight * (u - p).invert().unwrap_or(Fr::ZERO)).sum();
                sum * own * factor
            })
            .sum();
        let end = Point::new(point.key, point.omegas, u);
        (0..point.omegas.len())
            .into_par_iter()
            .with_min_len(PIECE)
            .map(|row| {
                let sum: Fr = sets.iter().zip(&factors).map(|(set, factor)| set.folded[row] * factor).sum();
                (sum - remainder - quotient[row] * own[0]) * end.reciprocals[row]
            })
            .collect()
    }
}
