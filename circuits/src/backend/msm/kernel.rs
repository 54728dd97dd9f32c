//! What adds points: many independent affine additions that share one inversion.

use halo2_proofs::arithmetic::Field;
use halo2curves::bn256::{Fq, G1Affine};

/// The addition `points[left] += points[right]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    /// Index of the point that is replaced by the sum.
    pub left: u32,
    /// Index of the point that is added.
    pub right: u32,
}

/// A way to add many pairs of affine points.
pub(super) trait Kernel: Copy + Send + Sync {
    /// An affine point in the representation that this kernel computes on.
    type Point: Copy + Send + Sync;
    /// Memory that a kernel reuses from one batch to the next.
    type Scratch: Default + Send;

    /// What an addition in Jacobian coordinates costs, measured in additions of a large batch.
    const JACOBIAN: f64;
    /// What an inversion costs, in the same measure.
    const INVERSION: f64;

    /// The neutral element.
    const IDENTITY: Self::Point;

    /// Brings points into this kernel's representation.
    fn import(self, points: &[G1Affine]) -> Vec<Self::Point>;

    /// The inverse of `import`, for one point.
    fn export(self, point: &Self::Point) -> G1Affine;

    /// The point or its negative.
    fn signed(point: &Self::Point, negative: bool) -> Self::Point;

    /// Does all jobs. No job's left point occurs in another job, so their order does not matter.
    fn add(self, points: &mut [Self::Point], jobs: &[Job], scratch: &mut Self::Scratch);
}

/// The kernel that runs everywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

/// What one job needs from the shared inversion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// The slope's denominator, one where there is no slope.
    denominator: Fq,
    /// Product of all denominators before this one.
    before: Fq,
}

/// The slope's denominator, or nothing where the sum needs no slope.
///
/// `(0, 0)` is the neutral element, and no point has `y = 0`, because the group's order is odd.
fn denominator(left: &G1Affine, right: &G1Affine) -> Option<Fq> {
    if left.y == Fq::ZERO || right.y == Fq::ZERO {
        None
    } else if left.x != right.x {
        Some(right.x - left.x)
    } else if left.y == right.y {
        Some(left.y.double())
    } else {
        None
    }
}

/// The sum of two points, given the inverse of `denominator`.
fn sum(left: &G1Affine, right: &G1Affine, inverse: Fq) -> G1Affine {
    if left.y == Fq::ZERO {
        return *right;
    }
    if right.y == Fq::ZERO {
        return *left;
    }
    let numerator = if left.x != right.x {
        right.y - left.y
    } else if left.y == right.y {
        let square = left.x.square();
        square.double() + square
    } else {
        return Portable::IDENTITY;
    };
    let slope = numerator * inverse;
    let x = slope.square() - left.x - right.x;
    G1Affine { x, y: slope * (left.x - x) - left.y }
}

impl Kernel for Portable {
    type Point = G1Affine;
    type Scratch = Vec<Pending>;

    const JACOBIAN: f64 = 2.2;
    const INVERSION: f64 = 20.0;
    const IDENTITY: G1Affine = G1Affine { x: Fq::ZERO, y: Fq::ZERO };

    fn import(self, points: &[G1Affine]) -> Vec<G1Affine> {
        points.to_vec()
    }

    fn export(self, point: &G1Affine) -> G1Affine {
        *point
    }

    fn signed(point: &G1Affine, negative: bool) -> G1Affine {
        if negative { -point } else { *point }
    }

    fn add(self, points: &mut [G1Affine], jobs: &[Job], pending: &mut Vec<Pending>) {
        pending.clear();
        let mut product = Fq::ONE;
        for job in jobs {
            let denominator = denominator(&points[job.left as usize], &points[job.right as usize]).unwrap_or(Fq::ONE);
            pending.push(Pending { denominator, before: product });
            product *= denominator;
        }
        let mut inverse = product.invert().expect("no denominator is zero");
        for (job, pending) in jobs.iter().zip(pending.iter()).rev() {
            let right = points[job.right as usize];
            let left = &mut points[job.left as usize];
            *left = sum(left, &right, inverse * pending.before);
            inverse *= pending.denominator;
        }
    }
}
