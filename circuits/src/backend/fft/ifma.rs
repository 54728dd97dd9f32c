//! The transforms for processors with AVX-512 IFMA, eight elements at a time.
//!
//! Elements lie in lanes as far apart as possible: a group is the eight elements whose places differ by multiples of an
//! eighth of the size. So all levels but the three highest combine whole groups, with one point for all lanes. On the
//! highest three, eight neighbouring groups are transposed, and lanes become neighbours.
//!
//! The points alone are in the form with the factor `2^260`. A product of such a point and any number keeps the factor
//! of the latter, so the elements go through the transform with halo2's factor `2^256`.

use std::{arch::x86_64::*, cell::RefCell};

use halo2curves::bn256::Fr;

use super::{
    super::{
        elements::{Group, halves, join, load, load_packed, shifted, store, words, words_mut},
        lanes::{
            Ifma, Lanes, Row, Scalar, add, carry, lower, mul, mul_limbs, pack, reduce, reduce_any, splat, split, sub,
            transpose, unpack,
        },
    },
    scalar,
};

/// The transforms take `2^k` elements from this `k` on.
pub(super) const SMALLEST: u32 = 6;

/// Groups that are transformed at once after they are loaded: they fit the innermost cache.
const BLOCK: usize = 64;

thread_local! {
    /// The groups of a transform. Memory that is new for each transform would take a sixth of its time.
    static GROUPS: RefCell<Vec<Group>> = const { RefCell::new(vec![]) };
}

/// What the halves of polynomials are combined with, see [`scalar::Points`]. Exists only where the processor has IFMA.
#[derive(Debug)]
pub(super) struct Points {
    /// Of all levels but the highest three.
    low: Vec<[u64; 5]>,
    /// Of the highest three, the points for eight neighbours at a time: one, two and four times eight.
    high: Vec<[[Row; 4]; 7]>,
}

impl Points {
    pub fn new(_: Ifma, points: &scalar::Points) -> Self {
        let points: Vec<Fr> = points.0.iter().map(|point| shifted(*point)).collect();
        let points = words(&points);
        let eighth = points.len() / 8;
        let neighbours = |from: usize| std::array::from_fn(|i| Row(std::array::from_fn(|lane| points[from + lane][i])));
        Self {
            low: points[..eighth].iter().map(|point| split(*point)).collect(),
            high: (0..eighth).step_by(8).map(|i| std::array::from_fn(|j| neighbours((j + 1) * eighth + i))).collect(),
        }
    }

    /// Coefficients to values.
    #[expect(unsafe_code, reason = "a call into code for certain processors")]
    pub fn evaluate(&self, coefficients: &[Fr], out: &mut [Fr]) {
        with_groups(self.low.len(), |groups| {
            // SAFETY: points exist only where the processor has these instructions.
            unsafe {
                self.gather(words(coefficients), 0, groups);
                self.spread(groups, words_mut(out));
            }
        });
    }

    /// Values to coefficients, times `scale`.
    #[expect(unsafe_code, reason = "a call into code for certain processors")]
    pub fn interpolate(&self, values: &mut [Fr], scale: Fr) {
        let scale = split(words(&[shifted(scale)])[0]);
        with_groups(self.low.len(), |groups| {
            // SAFETY: points exist only where the processor has these instructions.
            unsafe {
                self.unspread(words(values), groups);
                self.scatter(groups, 0, words_mut(values), scale);
            }
        });
    }

    /// Loads coefficients into the groups from the first one on, and transforms them up to the highest three levels.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn gather(&self, coefficients: &[[u64; 4]], first: usize, groups: &mut [Group]) {
        if groups.len() > BLOCK {
            let quarter = groups.len() / 4;
            for (i, part) in groups.chunks_exact_mut(quarter).enumerate() {
                self.gather(coefficients, first + i * quarter, part);
            }
            return self.up_quarters(groups);
        }
        let eighth = self.low.len();
        for (i, pair) in groups.as_chunks_mut().0.iter_mut().enumerate() {
            let mut rows = [_mm512_setzero_si512(); 8];
            for (lane, row) in rows.iter_mut().enumerate() {
                let at = lane * eighth + first + 2 * i;
                *row = join(coefficients[at], coefficients[at + 1]);
            }
            let [a, b, c, d, e, f, g, h] = transpose(rows);
            let [even, odd] = pair;
            *even = store(unpack([a, b, c, d]));
            *odd = store(unpack([e, f, g, h]));
        }
        self.up(groups);
    }

    /// All levels of some groups. Numbers grow by less than twice the modulus on each level, so that they stay below
    /// `2^260` on 41 levels.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn up(&self, groups: &mut [Group]) {
        match groups {
            [] | [_] => {}
            [even, odd] => {
                let sums = butterfly(&load(even), &load(odd), &splat(self.low[1]));
                (*even, *odd) = (store(sums.0), store(sums.1));
            }
            _ => {
                let quarter = groups.len() / 4;
                for part in groups.chunks_exact_mut(quarter) {
                    self.up(part);
                }
                self.up_quarters(groups);
            }
        }
    }

    /// The two highest levels of some groups.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn up_quarters(&self, groups: &mut [Group]) {
        let points = self.points_of(groups.len() / 4);
        for ([x, y, z], [a, b, c, d]) in points.zip(quarters(groups)) {
            let x = splat(*x);
            let (even, odd) = butterfly(&load(a), &load(b), &x);
            let (even_of_odd, odd_of_odd) = butterfly(&load(c), &load(d), &x);
            let (first, third) = butterfly(&even, &even_of_odd, &splat(*y));
            let (second, fourth) = butterfly(&odd, &odd_of_odd, &splat(*z));
            (*a, *b, *c, *d) = (store(first), store(second), store(third), store(fourth));
        }
    }

    /// The highest three levels, from groups to values.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn spread(&self, groups: &[Group], out: &mut [[u64; 4]]) {
        let eighth = self.low.len();
        for (i, (groups, points)) in groups.as_chunks().0.iter().zip(&self.high).enumerate() {
            let mut all = transposed(groups);
            for (step, level) in [(1, &points[..1]), (2, &points[1..3]), (4, &points[3..])] {
                for j in (0..8).filter(|j| j & step == 0) {
                    let point = load_packed(&level[j % step]);
                    (all[j], all[j + step]) = butterfly(&all[j], &all[j + step], &point);
                }
            }
            for (j, pair) in all.as_chunks().0.iter().enumerate() {
                let [left, right] = pair;
                let [a, b, c, d] = pack(reduce_any::<Scalar>(left));
                let [e, f, g, h] = pack(reduce_any::<Scalar>(right));
                for (lane, row) in transpose([a, b, c, d, e, f, g, h]).into_iter().enumerate() {
                    let at = 2 * j * eighth + 8 * i + lane;
                    (out[at], out[at + eighth]) = halves(row);
                }
            }
        }
    }

    /// The inverse of `spread`. Numbers come out below eight times the modulus, and their limbs need not be carried.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn unspread(&self, values: &[[u64; 4]], groups: &mut [Group]) {
        let eighth = self.low.len();
        for (i, (groups, points)) in groups.as_chunks_mut::<8>().0.iter_mut().zip(&self.high).enumerate() {
            let mut all = [[_mm512_setzero_si512(); 5]; 8];
            for (j, pair) in all.as_chunks_mut().0.iter_mut().enumerate() {
                let mut rows = [_mm512_setzero_si512(); 8];
                for (lane, row) in rows.iter_mut().enumerate() {
                    let at = 2 * j * eighth + 8 * i + lane;
                    *row = join(values[at], values[at + eighth]);
                }
                let [a, b, c, d, e, f, g, h] = transpose(rows);
                *pair = [unpack([a, b, c, d]), unpack([e, f, g, h])];
            }
            // Sums double on each level.
            for j in 0..4 {
                (all[j], all[j + 4]) = inverse_butterfly::<1>(&all[j], &all[j + 4], &load_packed(&points[3 + j]));
            }
            for j in [0, 1, 4, 5] {
                (all[j], all[j + 2]) = inverse_butterfly::<2>(&all[j], &all[j + 2], &load_packed(&points[1 + j % 2]));
            }
            for j in [0, 2, 4, 6] {
                (all[j], all[j + 1]) = inverse_butterfly::<4>(&all[j], &all[j + 1], &load_packed(&points[0]));
            }
            for limb in 0..5 {
                let mut rows = [_mm512_setzero_si512(); 8];
                for (row, lanes) in rows.iter_mut().zip(&all) {
                    *row = lanes[limb];
                }
                for (group, row) in groups.iter_mut().zip(transpose(rows)) {
                    group[limb] = Row::store(row);
                }
            }
        }
    }

    /// The inverse of `gather`, times `scale`.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn scatter(&self, groups: &mut [Group], first: usize, coefficients: &mut [[u64; 4]], scale: [u64; 5]) {
        if groups.len() > BLOCK {
            self.down_quarters(groups);
            let quarter = groups.len() / 4;
            for (i, part) in groups.chunks_exact_mut(quarter).enumerate() {
                self.scatter(part, first + i * quarter, coefficients, scale);
            }
            return;
        }
        self.down(groups);
        let eighth = self.low.len();
        let scale = splat(scale);
        for (i, [even, odd]) in groups.as_chunks().0.iter().enumerate() {
            let [a, b, c, d] = pack(reduce::<Scalar>(&mul::<Scalar>(&carry(load(even)), &scale)));
            let [e, f, g, h] = pack(reduce::<Scalar>(&mul::<Scalar>(&carry(load(odd)), &scale)));
            for (lane, row) in transpose([a, b, c, d, e, f, g, h]).into_iter().enumerate() {
                let at = lane * eighth + first + 2 * i;
                (coefficients[at], coefficients[at + 1]) = halves(row);
            }
        }
    }

    /// The inverse of `up`, but for a factor. Numbers are below eight times the modulus before, and 16 times after.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn down(&self, groups: &mut [Group]) {
        match groups {
            [] | [_] => {}
            [even, odd] => {
                let halves = inverse_butterfly::<8>(&load(even), &load(odd), &splat(self.low[1]));
                (*even, *odd) = (store(halves.0), store(halves.1));
            }
            _ => {
                self.down_quarters(groups);
                let quarter = groups.len() / 4;
                for part in groups.chunks_exact_mut(quarter) {
                    self.down(part);
                }
            }
        }
    }

    /// The inverse of `up_quarters`. Numbers are below eight times the modulus before and after: only the sum of all
    /// quarters could be larger, up to 32 times, the others are products or sums of two of them.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn down_quarters(&self, groups: &mut [Group]) {
        let points = self.points_of(groups.len() / 4);
        for ([x, y, z], [a, b, c, d]) in points.zip(quarters(groups)) {
            let (even, even_of_odd) = inverse_butterfly::<8>(&load(a), &load(c), &splat(*y));
            let (odd, odd_of_odd) = inverse_butterfly::<8>(&load(b), &load(d), &splat(*z));
            let x = splat(*x);
            let (first, second) = inverse_butterfly::<16>(&even, &odd, &x);
            let (third, fourth) = inverse_butterfly::<2>(&even_of_odd, &odd_of_odd, &x);
            (*a, *b, *c, *d) = (store(lower::<Scalar>(&first)), store(second), store(third), store(fourth));
        }
    }

    /// What quarters are combined with: on the lower level, and on the higher one for the first and the second half.
    fn points_of(&self, quarter: usize) -> impl Iterator<Item = [&[u64; 5]; 3]> {
        let (low, high) = self.low[quarter..4 * quarter].split_at(quarter);
        let (first, second) = high.split_at(quarter);
        low.iter().zip(first).zip(second).map(|((x, y), z)| [x, y, z])
    }
}

/// Runs a function on zeroed or used groups.
fn with_groups(count: usize, run: impl FnOnce(&mut [Group])) {
    GROUPS.with_borrow_mut(|groups| {
        if groups.len() < count {
            groups.resize(count, [Row([0; 8]); 5]);
        }
        run(&mut groups[..count]);
    });
}

/// The elements at the same place of all four quarters.
fn quarters(groups: &mut [Group]) -> impl Iterator<Item = [&mut Group; 4]> {
    let (left, right) = groups.split_at_mut(groups.len() / 2);
    let (a, b) = left.split_at_mut(left.len() / 2);
    let (c, d) = right.split_at_mut(right.len() / 2);
    a.iter_mut().zip(b).zip(c.iter_mut().zip(d)).map(|((a, b), (c, d))| [a, b, c, d])
}

/// `a + x b` and `a - x b`, both larger than `a` by less than twice the modulus.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn butterfly(a: &Lanes, b: &Lanes, x: &Lanes) -> (Lanes, Lanes) {
    let scaled = mul_limbs::<Scalar>(b, x);
    (add(a, &scaled), sub::<Scalar, 2>(a, &scaled))
}

/// `a + b` and `x (a - b)`: `b` is at most `K` times the modulus. The second is below twice the modulus, and its limbs
/// are not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_butterfly<const K: u64>(a: &Lanes, b: &Lanes, x: &Lanes) -> (Lanes, Lanes) {
    (add(a, b), mul_limbs::<Scalar>(&sub::<Scalar, K>(a, b), x))
}

/// The same lane of eight groups, for all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(groups: &[Group; 8]) -> [Lanes; 8] {
    let mut all = [[_mm512_setzero_si512(); 5]; 8];
    for limb in 0..5 {
        let mut rows = [_mm512_setzero_si512(); 8];
        for (row, group) in rows.iter_mut().zip(groups) {
            *row = group[limb].load();
        }
        for (lanes, row) in all.iter_mut().zip(transpose(rows)) {
            lanes[limb] = row;
        }
    }
    all
}
