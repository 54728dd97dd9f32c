//! The transforms on any processor, one element at a time.

use halo2curves::{bn256::Fr, ff::Field};

/// What the halves of polynomials are combined with, on every level of a transform.
///
/// A polynomial of `2h` coefficients takes the value `even(x^2) + x odd(x^2)` at `x` and `even(x^2) - x odd(x^2)` at
/// `-x`. Its `h` values `x` are the elements from `h` to `2h`; those of the halves are their squares.
#[derive(Debug)]
pub(super) struct Points(pub Vec<Fr>);

impl Points {
    /// The points `shift * omega^i` of a transform of size `2^k`, the first half of them.
    pub fn new(k: u32, shift: Fr, omega: Fr) -> Self {
        let size = 1 << k;
        let mut points = vec![Fr::ONE; size];
        let mut power = shift;
        for point in &mut points[size / 2..] {
            *point = power;
            power *= omega;
        }
        for i in (1..size / 2).rev() {
            // The element `i = h + j` of one level is the square of the element `2h + j` of the next.
            let level = 1 << i.ilog2();
            points[i] = points[i + level].square();
        }
        Self(points)
    }
}

/// Coefficients to values. Two levels at once, and quarter by quarter, so that what is in the cache is used often.
pub(super) fn to_values(values: &mut [Fr], points: &Points) {
    match values {
        [] | [_] => {}
        [even, odd] => {
            let scaled = *odd * points.0[1];
            (*even, *odd) = (*even + scaled, *even - scaled);
        }
        _ => {
            let quarter = values.len() / 4;
            for part in values.chunks_exact_mut(quarter) {
                to_values(part, points);
            }
            for (a, [x, y, z]) in quarters(values).zip(points_of(points, quarter)) {
                let (odd, odd_of_odd) = (*a.1 * x, *a.3 * x);
                let (even, odd) = (*a.0 + odd, *a.0 - odd);
                let (even_of_odd, odd_of_odd) = (*a.2 + odd_of_odd, *a.2 - odd_of_odd);
                let (even_of_odd, odd_of_odd) = (even_of_odd * y, odd_of_odd * z);
                *a.0 = even + even_of_odd;
                *a.2 = even - even_of_odd;
                *a.1 = odd + odd_of_odd;
                *a.3 = odd - odd_of_odd;
            }
        }
    }
}

/// Values to coefficients, level by level the inverse of `to_values`, times `scale`.
pub(super) fn from_values(values: &mut [Fr], inverse_points: &Points, scale: Fr) {
    match values {
        [] => {}
        [value] => *value *= scale,
        [even, odd] => {
            let difference = *even - *odd;
            *even = (*even + *odd) * scale;
            *odd = difference * (inverse_points.0[1] * scale);
        }
        _ => {
            let quarter = values.len() / 4;
            for (a, [x, y, z]) in quarters(values).zip(points_of(inverse_points, quarter)) {
                let (even, even_of_odd) = (*a.0 + *a.2, (*a.0 - *a.2) * y);
                let (odd, odd_of_odd) = (*a.1 + *a.3, (*a.1 - *a.3) * z);
                *a.0 = even + odd;
                *a.1 = (even - odd) * x;
                *a.2 = even_of_odd + odd_of_odd;
                *a.3 = (even_of_odd - odd_of_odd) * x;
            }
            for part in values.chunks_exact_mut(quarter) {
                from_values(part, inverse_points, scale);
            }
        }
    }
}

/// The elements at the same place of all four quarters.
fn quarters(values: &mut [Fr]) -> impl Iterator<Item = (&mut Fr, &mut Fr, &mut Fr, &mut Fr)> {
    let (left, right) = values.split_at_mut(values.len() / 2);
    let (a, b) = left.split_at_mut(left.len() / 2);
    let (c, d) = right.split_at_mut(right.len() / 2);
    a.iter_mut().zip(b).zip(c.iter_mut().zip(d)).map(|((a, b), (c, d))| (a, b, c, d))
}

/// What the quarters are combined with: on the lower level, and on the higher one for the first and the second half.
fn points_of(points: &Points, quarter: usize) -> impl Iterator<Item = [Fr; 3]> {
    let (low, high) = points.0[quarter..4 * quarter].split_at(quarter);
    let (first, second) = high.split_at(quarter);
    low.iter().zip(first).zip(second).map(|((x, y), z)| [*x, *y, *z])
}
