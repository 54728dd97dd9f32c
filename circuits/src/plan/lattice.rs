//! How few fixed columns tell many codes apart.
//!
//! A code is a point with whole coordinates, none negative, whose sum is between one and the order of the lattice. For
//! each point there is a polynomial of that order that is one there and zero at all others, and at the origin, which
//! stands for no code. So `c` columns of order two tell `c·(c + 3)/2` codes apart, of order three 9, 19, 34, 55 for two
//! to five columns.

/// Points of some dimension, and the order of the polynomials that tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lattice {
    /// Columns.
    pub columns: usize,
    /// Largest sum of a point's coordinates.
    pub order: usize,
}

impl Lattice {
    /// The smallest lattice of an order with this many points.
    pub fn with(points: usize, order: usize) -> Self {
        let columns = (0..).find(|&columns| Self { columns, order }.len() >= points).unwrap_or(0);
        Self { columns, order }
    }

    /// Number of points, the origin not counted: `(columns + order)! / (columns!·order!) - 1`.
    pub fn len(&self) -> usize {
        (1..=self.order).fold(1, |product, i| product * (self.columns + i) / i) - 1
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All points, those with the largest sums first: their polynomials have the fewest factors.
    pub fn points(&self) -> Vec<Vec<u8>> {
        let of_sum = |sum| {
            let mut points = vec![];
            extend(&mut vec![], self.columns, sum, &mut points);
            points
        };
        (1..=self.order).rev().flat_map(of_sum).collect()
    }
}

/// All ways to go on with `columns` coordinates of a sum.
fn extend(head: &mut Vec<u8>, columns: usize, sum: usize, out: &mut Vec<Vec<u8>>) {
    match columns {
        0 if sum == 0 => out.push(head.clone()),
        0 => {}
        _ => {
            for coordinate in 0..=sum {
                head.push(coordinate as u8);
                extend(head, columns - 1, sum - coordinate, out);
                head.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_distinct_and_of_bounded_sum() {
        for order in 1..=3 {
            for points in 1..60 {
                let lattice = Lattice::with(points, order);
                let all = lattice.points();
                assert_eq!(all.len(), lattice.len());
                assert!(all.len() >= points);
                assert!(points == 1 || Lattice { columns: lattice.columns - 1, order }.len() < points);
                let distinct: std::collections::BTreeSet<_> = all.iter().collect();
                assert_eq!(distinct.len(), all.len());
                assert!(all.iter().all(|p| (1..=order as u8).contains(&p.iter().sum::<u8>())));
            }
        }
        assert_eq!([2, 3, 4, 5].map(|columns| Lattice { columns, order: 3 }.len()), [9, 19, 34, 55]);
    }
}
