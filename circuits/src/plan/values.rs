//! Field elements that the circuit derives: powers of α, sums of powers, constants, and what becomes of values
//! that leave the running sums.
//!
//! Each is computed once, by `a·b + c` on four cells of the wire column, and copied to wherever it is needed.

use std::collections::HashMap;

use halo2curves::bn256::Fr;

/// Index of a derived value.
pub type ValueId = usize;

/// `α^x · 256^z`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Monomial {
    /// Exponent of α.
    pub x: i64,
    /// Exponent of 256.
    pub z: i64,
}

impl std::ops::Div for Monomial {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self { x: self.x - other.x, z: self.z - other.z }
    }
}

/// How a value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// The challenge α, read from the transcript.
    Alpha,
    /// One.
    One,
    /// What one plus it makes one.
    Zero,
    /// `a·b + c`
    Sum {
        /// First factor.
        a: ValueId,
        /// Second factor.
        b: ValueId,
        /// What is added.
        c: ValueId,
    },
    /// The inverse of a value.
    Inverse(ValueId),
    /// The negative of a value.
    Negative(ValueId),
    /// What stands on the wire in a row: it left a running sum there.
    Wire(usize),
}

impl Recipe {
    /// The four cells `a, b, c, a·b + c`: each a value made before, or `None` for the one that is made.
    pub fn cells(self) -> Option<[Option<ValueId>; 4]> {
        match self {
            Self::Alpha | Self::One | Self::Wire(_) => None,
            Self::Zero => Some([Some(ONE), Some(ONE), None, Some(ONE)]),
            Self::Sum { a, b, c } => Some([Some(a), Some(b), Some(c), None]),
            Self::Inverse(of) => Some([Some(of), None, Some(ZERO), Some(ONE)]),
            Self::Negative(of) => Some([Some(ONE), None, Some(of), Some(ZERO)]),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Base {
    Alpha,
    Byte,
}

/// The values of a plan, in an order in which they can be computed.
#[derive(Clone, Debug)]
pub struct Derived {
    recipes: Vec<Recipe>,
    known: HashMap<Recipe, ValueId>,
}

/// α has the id before it.
const ONE: ValueId = 1;
const ZERO: ValueId = 2;

impl Default for Derived {
    fn default() -> Self {
        let recipes = vec![Recipe::Alpha, Recipe::One, Recipe::Zero];
        let known = recipes.iter().copied().zip(0..).collect();
        Self { recipes, known }
    }
}

impl Derived {
    /// The recipes, each using only earlier values.
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }

    /// The value one.
    pub fn one(&self) -> ValueId {
        ONE
    }

    /// The value zero.
    pub fn zero(&self) -> ValueId {
        ZERO
    }

    fn add(&mut self, recipe: Recipe) -> ValueId {
        *self.known.entry(recipe).or_insert_with(|| {
            self.recipes.push(recipe);
            self.recipes.len() - 1
        })
    }

    /// What left a running sum in this row of the wire.
    pub fn wire(&mut self, row: usize) -> ValueId {
        self.add(Recipe::Wire(row))
    }

    /// `a·b`
    pub fn product(&mut self, a: ValueId, b: ValueId) -> ValueId {
        match (a, b) {
            (ONE, other) | (other, ONE) => other,
            _ => self.sum(a, b, ZERO),
        }
    }

    /// `a·b + c`
    pub fn sum(&mut self, a: ValueId, b: ValueId, c: ValueId) -> ValueId {
        self.add(Recipe::Sum { a: a.min(b), b: a.max(b), c })
    }

    /// A small number.
    pub fn constant(&mut self, number: i64) -> ValueId {
        match number {
            0 => ZERO,
            1 => ONE,
            n if n < 0 => {
                let positive = self.constant(-n);
                self.add(Recipe::Negative(positive))
            }
            n => {
                let half = self.constant(n / 2);
                let double = self.sum(ONE, half, half);
                if n % 2 == 1 { self.sum(ONE, double, ONE) } else { double }
            }
        }
    }

    fn power(&mut self, base: Base, exponent: i64) -> ValueId {
        match exponent {
            0 => ONE,
            1 => match base {
                Base::Alpha => 0,
                Base::Byte => self.constant(256),
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
        let (x, z) = (self.power(Base::Alpha, m.x), self.power(Base::Byte, m.z));
        self.product(x, z)
    }

    /// `α^exponent`
    pub fn alpha(&mut self, exponent: usize) -> ValueId {
        self.power(Base::Alpha, exponent as i64)
    }

    /// `α^first · Σ α^(pitch·i + j)` over `rows` × `cols` positions.
    pub fn grid(&mut self, first: usize, pitch: usize, rows: usize, cols: usize) -> ValueId {
        let (row, column) = (self.alpha(pitch), self.alpha(1));
        let down = self.series(row, rows);
        let along = self.series(column, cols);
        let sum = self.product(down, along);
        let shift = self.alpha(first);
        self.product(sum, shift)
    }

    /// `1 + x + … + x^(n-1)`
    fn series(&mut self, x: ValueId, n: usize) -> ValueId {
        (1..n).fold(ONE, |sum, _| self.sum(sum, x, ONE))
    }

    /// All values, given the challenge and the wire.
    pub fn evaluate(&self, alpha: Fr, wire: impl Fn(usize) -> Fr) -> Vec<Fr> {
        let mut values: Vec<Fr> = Vec::with_capacity(self.recipes.len());
        for recipe in &self.recipes {
            values.push(match *recipe {
                Recipe::Alpha => alpha,
                Recipe::One => Fr::one(),
                Recipe::Zero => Fr::zero(),
                Recipe::Sum { a, b, c } => values[a] * values[b] + values[c],
                // A zero challenge has probability 2^-254; the proof would then not verify.
                Recipe::Inverse(of) => Option::from(values[of].invert()).unwrap_or(Fr::zero()),
                Recipe::Negative(of) => -values[of],
                Recipe::Wire(row) => wire(row),
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
    fn monomials_grids_and_constants_have_their_values() {
        let mut values = Derived::default();
        let alpha = Fr::from(3);
        let m = values.monomial(Monomial { x: -7, z: 2 });
        let grid = values.grid(4, 10, 3, 2);
        let constants: Vec<_> = (-70..70).map(|n| (n, values.constant(n))).collect();
        let wire = values.wire(17);
        let sum = values.sum(m, grid, wire);
        let all = values.evaluate(alpha, |row| Fr::from(row as u64));
        let inverse: Fr = Option::from(alpha.invert()).expect("not zero");
        assert_eq!(all[m], inverse.pow([7]) * Fr::from(65536));
        let positions: Fr = (0..3).flat_map(|i| (0..2).map(move |j| 4 + 10 * i + j)).map(|e| alpha.pow([e])).sum();
        assert_eq!(all[grid], positions);
        assert_eq!(all[sum], all[m] * positions + Fr::from(17));
        for (n, id) in constants {
            assert_eq!(all[id], small(n), "{n}");
        }
    }

    #[test]
    fn every_recipe_is_a_row_that_holds() {
        let mut values = Derived::default();
        values.monomial(Monomial { x: -7, z: -2 });
        values.constant(-5);
        let all = values.evaluate(Fr::from(3), |_| Fr::zero());
        for (id, recipe) in values.recipes().iter().enumerate() {
            if let Some(cells) = recipe.cells() {
                let [a, b, c, out] = cells.map(|cell| all[cell.unwrap_or(id)]);
                assert_eq!(a * b + c, out, "{recipe:?}");
            }
        }
    }
}
