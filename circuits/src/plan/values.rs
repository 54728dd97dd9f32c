//! Field elements that the circuit derives from its challenges: powers of α and s, sums of powers, constants.
//!
//! Each is computed once, by products on the wire column, and copied to wherever a step or a product needs it.

use std::collections::HashMap;

use halo2curves::bn256::Fr;

/// Index of a derived value.
pub type ValueId = usize;

/// `α^x · s^y · 256^z`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Monomial {
    /// Exponent of α.
    pub x: i64,
    /// Exponent of s.
    pub y: i64,
    /// Exponent of 256.
    pub z: i64,
}

impl std::ops::Div for Monomial {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y, z: self.z - other.z }
    }
}

/// How a value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// The challenge α, read from the transcript.
    Alpha,
    /// The challenge s.
    S,
    /// One.
    One,
    /// `a·b + plus`
    Product {
        /// First factor.
        a: ValueId,
        /// Second factor.
        b: ValueId,
        /// A small constant.
        plus: i64,
    },
    /// The inverse of a value.
    Inverse(ValueId),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Base {
    Alpha,
    S,
    Byte,
}

/// The values of a plan, in an order in which they can be computed.
#[derive(Clone, Debug)]
pub struct Values {
    recipes: Vec<Recipe>,
    known: HashMap<Recipe, ValueId>,
}

/// The value one; α and s have the ids before it.
const ONE: ValueId = 2;

impl Default for Values {
    fn default() -> Self {
        let recipes = vec![Recipe::Alpha, Recipe::S, Recipe::One];
        let known = recipes.iter().copied().zip(0..).collect();
        Self { recipes, known }
    }
}

impl Values {
    /// The recipes, each using only earlier values.
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }

    /// The value one.
    pub fn one(&self) -> ValueId {
        ONE
    }

    /// The value zero.
    pub fn zero(&mut self) -> ValueId {
        self.add(Recipe::Product { a: ONE, b: ONE, plus: -1 })
    }

    fn add(&mut self, recipe: Recipe) -> ValueId {
        *self.known.entry(recipe).or_insert_with(|| {
            self.recipes.push(recipe);
            self.recipes.len() - 1
        })
    }

    fn product(&mut self, a: ValueId, b: ValueId) -> ValueId {
        match (a, b) {
            (ONE, other) | (other, ONE) => other,
            _ => self.add(Recipe::Product { a: a.min(b), b: a.max(b), plus: 0 }),
        }
    }

    fn power(&mut self, base: Base, exponent: i64) -> ValueId {
        match exponent {
            0 => ONE,
            1 => match base {
                Base::Alpha => 0,
                Base::S => 1,
                Base::Byte => self.add(Recipe::Product { a: ONE, b: ONE, plus: 255 }),
            },
            -1 => {
                let one = self.power(base, 1);
                self.add(Recipe::Inverse(one))
            }
            _ => {
                let half = self.power(base, exponent / 2);
                let square = self.product(half, half);
                let rest = self.power(base, exponent % 2);
                self.product(square, rest)
            }
        }
    }

    /// The value of a monomial.
    pub fn monomial(&mut self, m: Monomial) -> ValueId {
        let (x, y, z) = (self.power(Base::Alpha, m.x), self.power(Base::S, m.y), self.power(Base::Byte, m.z));
        let xy = self.product(x, y);
        self.product(xy, z)
    }

    /// `α^first · Σ α^(pitch·i + j)` over `rows` × `cols` positions.
    pub fn grid(&mut self, first: usize, pitch: usize, rows: usize, cols: usize) -> ValueId {
        let (row, column) = (self.power(Base::Alpha, pitch as i64), self.power(Base::Alpha, 1));
        let down = self.series(row, rows);
        let along = self.series(column, cols);
        let sum = self.product(down, along);
        let shift = self.power(Base::Alpha, first as i64);
        self.product(sum, shift)
    }

    /// `1 + x + … + x^(n-1)`
    fn series(&mut self, x: ValueId, n: usize) -> ValueId {
        (1..n).fold(ONE, |sum, _| self.add(Recipe::Product { a: sum, b: x, plus: 1 }))
    }

    /// All values, given the challenges.
    pub fn evaluate(&self, alpha: Fr, s: Fr) -> Vec<Fr> {
        let mut values: Vec<Fr> = Vec::with_capacity(self.recipes.len());
        for recipe in &self.recipes {
            values.push(match *recipe {
                Recipe::Alpha => alpha,
                Recipe::S => s,
                Recipe::One => Fr::one(),
                Recipe::Product { a, b, plus } => values[a] * values[b] + small(plus),
                // A zero challenge has probability 2^-254; the proof would then not verify.
                Recipe::Inverse(of) => Option::from(values[of].invert()).unwrap_or(Fr::zero()),
            });
        }
        values
    }
}

/// A small integer as a field element.
pub fn small(value: i64) -> Fr {
    let size = Fr::from(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::arithmetic::Field;

    use super::*;

    #[test]
    fn monomials_and_grids_have_their_values() {
        let mut values = Values::default();
        let (alpha, s) = (Fr::from(3), Fr::from(5));
        let m = values.monomial(Monomial { x: -7, y: 13, z: 2 });
        let grid = values.grid(4, 10, 3, 2);
        let zero = values.zero();
        let all = values.evaluate(alpha, s);
        let inverse: Fr = Option::from(alpha.invert()).expect("not zero");
        assert_eq!(all[m], inverse.pow([7]) * s.pow([13]) * Fr::from(65536));
        let sum: Fr = (0..3).flat_map(|i| (0..2).map(move |j| 4 + 10 * i + j)).map(|e| alpha.pow([e])).sum();
        assert_eq!(all[grid], sum);
        assert_eq!(all[zero], Fr::zero());
    }
}
