//! Scalars as signed digits.

use std::ops::Range;

use halo2_proofs::arithmetic::Field;
use halo2curves::{bn256::Fr, ff::PrimeField};
use rayon::prelude::*;

use super::Scalars;

/// How many scalars one piece covers.
const PIECE: usize = 1 << 11;

/// Bit lengths of magnitudes: at most that of (r - 1) / 2.
const LENGTHS: usize = 254 + 1;

/// `(r - 1) / 2`, least significant limb first.
const HALF: [u64; 4] = [0xa1f0_fac9_f800_0000, 0x9419_f424_3cdc_b848, 0xdc28_22db_40c0_ac2e, 0x1832_2739_7098_d014];

/// `r`, least significant limb first.
const ORDER: [u64; 4] = [0x43e1_f593_f000_0001, 0x2833_e848_79b9_7091, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];

/// The non-zero scalars of a column.
pub(super) struct Column {
    /// In pieces, so that several threads can prepare them and take their share of one window.
    pub pieces: Vec<Piece>,
    /// How many scalars there are of each bit length.
    lengths: Lengths,
}

/// Non-zero scalars in the order of their positions.
pub(super) struct Piece {
    /// Twice the position, plus one where the scalar is negative.
    terms: Vec<u32>,
    /// The magnitudes.
    magnitudes: Magnitudes,
}

/// Absolute values of scalars.
enum Magnitudes {
    /// Those of machine integers.
    Small(Vec<u64>),
    /// Those of field elements, which are taken between `-r / 2` and `r / 2`.
    Field(Vec<[u64; 4]>),
}

/// How many magnitudes there are of each bit length.
#[derive(Clone)]
struct Lengths([usize; LENGTHS]);

impl Column {
    /// Sorts out what is zero.
    pub fn new(scalars: Scalars<'_>) -> Self {
        let pieces: Vec<(Piece, Lengths)> = match scalars {
            Scalars::Small(values) => {
                values.par_chunks(PIECE).enumerate().map(|(i, values)| small(i * PIECE, values)).collect()
            }
            Scalars::Field(values) => {
                values.par_chunks(PIECE).enumerate().map(|(i, values)| field(i * PIECE, values)).collect()
            }
        };
        let mut lengths = Lengths([0; LENGTHS]);
        for (_, part) in &pieces {
            lengths.0.iter_mut().zip(&part.0).for_each(|(sum, count)| *sum += count);
        }
        Self { pieces: pieces.into_iter().map(|(piece, _)| piece).filter(|p| !p.terms.is_empty()).collect(), lengths }
    }

    /// Number of non-zero scalars.
    pub fn len(&self) -> usize {
        self.lengths.0.iter().sum()
    }

    /// Bit length of the largest magnitude.
    pub fn bits(&self) -> usize {
        self.lengths.0.iter().rposition(|&count| count > 0).unwrap_or(0)
    }

    /// How many scalars may have a digit other than zero in the window that starts at this bit.
    pub fn active(&self, start: usize) -> usize {
        self.lengths.0[start.min(LENGTHS)..].iter().sum()
    }

    /// The positions of the non-zero scalars; numbers these consecutively from now on.
    pub fn compact(&mut self) -> Vec<usize> {
        let mut positions = Vec::with_capacity(self.len());
        for term in self.pieces.iter_mut().flat_map(|piece| &mut piece.terms) {
            let sign = *term & 1;
            positions.push((*term >> 1) as usize);
            *term = (positions.len() as u32 - 1) << 1 | sign;
        }
        positions
    }
}

impl Piece {
    /// Calls `digit` with every term and its digit in a window, zeros included.
    pub fn digits(&self, window: &Range<usize>, mut digit: impl FnMut(u32, i32)) {
        let (start, width) = (window.start, window.len());
        match &self.magnitudes {
            Magnitudes::Small(values) => {
                for (term, value) in self.terms.iter().zip(values) {
                    digit(*term, signed_digit(&[*value], start, width));
                }
            }
            Magnitudes::Field(values) => {
                for (term, value) in self.terms.iter().zip(values) {
                    digit(*term, signed_digit(value, start, width));
                }
            }
        }
    }
}

/// The digit between `-2^(width - 1)` and `2^(width - 1)` that starts at bit `start`.
///
/// A window whose highest bit is set stands for a negative digit and hands one to the window above, so a digit
/// depends on its own bits and on the one below alone.
fn signed_digit<const LIMBS: usize>(value: &[u64; LIMBS], start: usize, width: usize) -> i32 {
    let bits = if start == 0 {
        value[0] << 1
    } else {
        let (limb, shift) = ((start - 1) / 64, (start - 1) % 64);
        let low = value.get(limb).map_or(0, |limb| limb >> shift);
        // Shifted in two steps, because a shift by 64 is none.
        let high = value.get(limb + 1).map_or(0, |limb| limb << 1 << (63 - shift));
        low | high
    };
    let bits = (bits & ((2 << width) - 1)) as i32;
    ((bits + 1) >> 1) - ((bits >> width) << width)
}

/// The piece of a column of integers that starts at this position.
fn small(first: usize, values: &[i64]) -> (Piece, Lengths) {
    let mut lengths = Lengths([0; LENGTHS]);
    let (mut terms, mut magnitudes) = (Vec::new(), Vec::new());
    for (position, &value) in (first..).zip(values) {
        if value != 0 {
            let magnitude = value.unsigned_abs();
            lengths.0[64 - magnitude.leading_zeros() as usize] += 1;
            terms.push(term(position, value < 0));
            magnitudes.push(magnitude);
        }
    }
    (Piece { terms, magnitudes: Magnitudes::Small(magnitudes) }, lengths)
}

/// The piece of a column of field elements that starts at this position.
fn field(first: usize, values: &[Fr]) -> (Piece, Lengths) {
    let mut lengths = Lengths([0; LENGTHS]);
    let (mut terms, mut magnitudes) = (Vec::new(), Vec::new());
    for (position, value) in (first..).zip(values) {
        if *value != Fr::ZERO {
            let (magnitude, negative) = magnitude(value);
            lengths.0[length(&magnitude)] += 1;
            terms.push(term(position, negative));
            magnitudes.push(magnitude);
        }
    }
    (Piece { terms, magnitudes: Magnitudes::Field(magnitudes) }, lengths)
}

/// A position with its sign.
fn term(position: usize, negative: bool) -> u32 {
    (position as u32) << 1 | u32::from(negative)
}

/// The smaller of a field element and its negative, and whether it is the negative.
fn magnitude(value: &Fr) -> ([u64; 4], bool) {
    let repr = value.to_repr();
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(repr.as_chunks().0) {
        *limb = u64::from_le_bytes(*bytes);
    }
    let negative = limbs.iter().rev().gt(HALF.iter().rev());
    if negative {
        let mut borrow = false;
        for (limb, order) in limbs.iter_mut().zip(ORDER) {
            (*limb, borrow) = order.borrowing_sub(*limb, borrow);
        }
    }
    (limbs, negative)
}

/// Bit length of a number.
fn length(limbs: &[u64; 4]) -> usize {
    limbs.iter().rposition(|&limb| limb != 0).map_or(0, |i| 64 * (i + 1) - limbs[i].leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from_digits(piece: &Piece, bits: usize, width: usize) -> Vec<Fr> {
        let windows = (bits + 1).div_ceil(width);
        let mut values = vec![Fr::ZERO; piece.terms.len()];
        for window in (0..windows).rev() {
            let mut values = values.iter_mut();
            piece.digits(&(window * width..(window + 1) * width), |term, digit| {
                assert!(digit.unsigned_abs() <= 1 << (width - 1));
                let digit = Fr::from(u64::from(digit.unsigned_abs())) * if digit < 0 { -Fr::ONE } else { Fr::ONE };
                let digit = if term & 1 == 1 { -digit } else { digit };
                let value = values.next().expect("one for each term");
                *value = *value * Fr::from(1 << width) + digit;
            });
        }
        values
    }

    #[test]
    fn constants_are_the_orders() {
        let limbs = magnitude(&-Fr::ONE);
        assert_eq!(limbs, ([1, 0, 0, 0], true));
        let (half, negative) = magnitude(&(-Fr::ONE * Fr::TWO_INV));
        assert_eq!((half, negative), (HALF, false));
        assert!(magnitude(&(-Fr::ONE * Fr::TWO_INV + Fr::ONE)).1);
    }

    proptest! {
        #[test]
        fn digits_add_up_to_integers(value in any::<i64>(), shift in 0..64u32, width in 1..20usize) {
            let value = value >> shift;
            let column = Column::new(Scalars::Small(std::slice::from_ref(&value)));
            prop_assert_eq!(column.len(), usize::from(value != 0));
            for piece in &column.pieces {
                let expected = Fr::from(value.unsigned_abs()) * if value < 0 { -Fr::ONE } else { Fr::ONE };
                prop_assert_eq!(from_digits(piece, column.bits(), width), vec![expected]);
            }
        }

        #[test]
        fn digits_add_up_to_field_elements(limbs in any::<[u64; 4]>(), width in 1..20usize) {
            let value = Fr::from_raw(limbs);
            let column = Column::new(Scalars::Field(std::slice::from_ref(&value)));
            for piece in &column.pieces {
                prop_assert_eq!(from_digits(piece, column.bits(), width), vec![value]);
            }
        }
    }
}
