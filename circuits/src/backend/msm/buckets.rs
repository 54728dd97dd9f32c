//! One window of a multi-scalar multiplication: the points of each digit are added up, then the sums by their digits.

use std::ops::Range;

use halo2curves::{
    bn256::{G1, G1Affine},
    group::Group,
};

use super::{
    digits::Piece,
    kernel::{Job, Kernel},
};

/// How many points are gathered before their sums are formed: what the second-level cache holds.
const BLOCK: usize = 1 << 12;

/// The memory of one thread, reused from window to window.
pub(super) struct Workspace<K: Kernel> {
    kernel: K,
    /// Every term with its digit.
    digits: Vec<(u32, i32)>,
    /// Where each digit's terms end in `sorted`.
    ends: Vec<u32>,
    /// The terms in the order of their digits, signs of the digits included.
    sorted: Vec<u32>,
    block: Vec<K::Point>,
    runs: Vec<Run>,
    jobs: Vec<Job>,
    /// The buckets that are not empty, in ascending order.
    occupied: Vec<u32>,
    /// Their sums.
    sums: Vec<K::Point>,
    scratch: K::Scratch,
}

/// Points of the block that belong to one bucket.
struct Run {
    bucket: u32,
    points: Range<u32>,
}

impl<K: Kernel> Workspace<K> {
    /// Holds nothing yet.
    pub fn new(kernel: K) -> Self {
        Self {
            kernel,
            digits: Vec::new(),
            ends: Vec::new(),
            sorted: Vec::new(),
            block: Vec::new(),
            runs: Vec::new(),
            jobs: Vec::new(),
            occupied: Vec::new(),
            sums: Vec::new(),
            scratch: K::Scratch::default(),
        }
    }

    /// The sum of all points, each times its scalar's digit in the window.
    pub fn window(&mut self, table: &[K::Point], pieces: &[Piece], window: &Range<usize>) -> G1 {
        let buckets = 1 << (window.len() - 1);
        self.sort(pieces, window, buckets);
        self.fill(table);
        let segments = segments(buckets);
        if scattered_cost::<K>(buckets, self.occupied.len()) <= dense_cost::<K>(buckets, segments) {
            let kernel = self.kernel;
            let points = self.occupied.iter().zip(&self.sums).map(|(&bucket, sum)| (bucket + 1, kernel.export(sum)));
            weighted_sum(points.rev())
        } else {
            self.weighted_sum(buckets, segments)
        }
    }

    /// Sorts the terms by the absolute values of their digits.
    fn sort(&mut self, pieces: &[Piece], window: &Range<usize>, buckets: usize) {
        let Self { digits, ends, sorted, .. } = self;
        digits.clear();
        ends.clear();
        ends.resize(buckets + 1, 0);
        for piece in pieces {
            piece.digits(window, |term, digit| {
                ends[digit.unsigned_abs() as usize] += 1;
                digits.push((term, digit));
            });
        }
        // Zeros are counted, but count for nothing.
        ends[0] = 0;
        let mut total = 0;
        for end in ends.iter_mut() {
            // Where the bucket starts: it moves to the end as the bucket fills.
            total += std::mem::replace(end, total);
        }
        sorted.clear();
        sorted.resize(total as usize, 0);
        for &(term, digit) in digits.iter().filter(|(_, digit)| *digit != 0) {
            let next = &mut ends[digit.unsigned_abs() as usize];
            sorted[*next as usize] = term ^ u32::from(digit < 0);
            *next += 1;
        }
    }

    /// Adds up the points of each bucket.
    fn fill(&mut self, table: &[K::Point]) {
        self.occupied.clear();
        self.sums.clear();
        for bucket in 1..self.ends.len() {
            let mut terms = self.ends[bucket - 1] as usize..self.ends[bucket] as usize;
            let mut start = self.block.len();
            while !terms.is_empty() {
                let room = (BLOCK - self.block.len()).min(terms.len());
                let taken = &self.sorted[terms.start..terms.start + room];
                self.block.extend(taken.iter().map(|term| K::signed(&table[(term >> 1) as usize], term & 1 == 1)));
                terms.start += room;
                self.runs.push(Run { bucket: bucket as u32 - 1, points: start as u32..self.block.len() as u32 });
                if self.block.len() == BLOCK {
                    self.flush();
                    start = 0;
                    if !terms.is_empty() {
                        // The bucket goes on: what it holds so far is a point of the next block.
                        self.occupied.pop();
                        self.block.extend(self.sums.pop());
                    }
                }
            }
        }
        self.flush();
    }

    /// Adds up the points of each run, as a tree whose additions on one level need one inversion together.
    fn flush(&mut self) {
        let mut stride = 1;
        loop {
            self.jobs.clear();
            for Run { points, .. } in &self.runs {
                let pairs = points.clone().step_by(2 * stride as usize).take_while(|left| left + stride < points.end);
                self.jobs.extend(pairs.map(|left| Job { left, right: left + stride }));
            }
            if self.jobs.is_empty() {
                break;
            }
            self.kernel.add(&mut self.block, &self.jobs, &mut self.scratch);
            stride *= 2;
        }
        for run in self.runs.drain(..) {
            self.occupied.push(run.bucket);
            self.sums.push(self.block[run.points.start as usize]);
        }
        self.block.clear();
    }

    /// The sum of all buckets, each times its digit, for mostly occupied buckets.
    ///
    /// The buckets are rows of `segments` columns, and a bucket's digit is `segments * row + column + 1`. All columns
    /// form their suffix sums at once, so that one inversion serves a whole row.
    fn weighted_sum(&mut self, buckets: usize, segments: usize) -> G1 {
        let points = &mut self.block;
        points.resize(buckets + segments, K::IDENTITY);
        for (&bucket, sum) in self.occupied.iter().zip(&self.sums) {
            points[bucket as usize] = *sum;
        }
        let row = segments as u32;
        for start in (segments..buckets).step_by(segments).rev() {
            self.jobs.clear();
            for right in start as u32..(start + segments) as u32 {
                self.jobs.push(Job { left: right - row, right });
                self.jobs.push(Job { left: buckets as u32 + right % row, right });
            }
            self.kernel.add(points, &self.jobs, &mut self.scratch);
        }
        let kernel = self.kernel;
        let mut sum: G1 = points[buckets..].iter().fold(G1::identity(), |sum, point| sum + kernel.export(point));
        for _ in 0..segments.ilog2() {
            sum = sum.double();
        }
        let columns = (1..).zip(points[..segments].iter().map(|point| kernel.export(point)));
        sum += weighted_sum(columns.take(segments).collect::<Vec<_>>().into_iter().rev());
        points.clear();
        sum
    }
}

/// The sum of points, each times its weight, from the largest weight to the smallest.
fn weighted_sum(points: impl Iterator<Item = (u32, G1Affine)>) -> G1 {
    let (mut running, mut sum) = (G1::identity(), G1::identity());
    let mut last = 0;
    for (weight, point) in points {
        sum += times(&running, last - weight.min(last));
        running += point;
        last = weight;
    }
    sum + times(&running, last)
}

/// A small multiple of a point.
fn times(point: &G1, factor: u32) -> G1 {
    match factor {
        0 => G1::identity(),
        1 => *point,
        _ => (0..=factor.ilog2()).rev().fold(G1::identity(), |multiple, bit| {
            let double = multiple.double();
            if factor >> bit & 1 == 1 { double + point } else { double }
        }),
    }
}

/// How many columns the buckets form: more share an inversion better, but end in as many additions that share none.
fn segments(buckets: usize) -> usize {
    let columns = (3.0 * buckets as f64).sqrt().log2().round();
    (1 << columns as u32).min(buckets)
}

/// The cost of weighing the sums of buckets when so many of them are occupied.
pub(super) fn aggregation_cost<K: Kernel>(buckets: usize, occupied: usize) -> f64 {
    scattered_cost::<K>(buckets, occupied).min(dense_cost::<K>(buckets, segments(buckets)))
}

/// The cost of going through the occupied buckets alone.
fn scattered_cost<K: Kernel>(buckets: usize, occupied: usize) -> f64 {
    let gap = buckets as f64 / occupied.max(1) as f64;
    K::JACOBIAN * occupied as f64 * (2.0 + 1.5 * gap.max(1.0).log2())
}

/// The cost of going through all buckets, row by row.
fn dense_cost<K: Kernel>(buckets: usize, segments: usize) -> f64 {
    let rows = (buckets / segments) as f64;
    2.0 * buckets as f64 + rows * K::INVERSION + 3.0 * segments as f64 * K::JACOBIAN
}
