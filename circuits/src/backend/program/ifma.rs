//! Programs for processors with AVX-512 IFMA, eight rows at a time.
//!
//! Sums of products are added up at twice the length, and divided by Montgomery's factor once in the end: this takes
//! half of a multiplication per product.
//!
//! Cells have halo2's factor `2^256`, and each multiplication divides by `2^260`. So every cell that is multiplied with
//! something costs a factor of 16, which the constants make up for.

use halo2curves::{bn256::Fr, ff::Field};

use super::{
    super::{
        elements::{Group, load, load_all, shifted, store, store_all, words, words_mut},
        lanes::{
            Ifma, Lanes, Modulus, Row, Scalar, Wide, add_limbs, divide, mul_add, reduce_any, settle, splat, split,
            sub_limbs,
        },
    },
    Query, Sum,
};

/// Blocks have a multiple of so many rows.
pub(super) const ROWS: usize = 16;

/// Products that are added up before limbs are carried: each adds less than `10 * 2^52` to a limb, and limbs, which may
/// be negative, stay below `2^63`.
const TERMS: usize = 128;

/// What fits between a sum's bound and `2^260`, in multiples of the modulus.
const LARGEST: f64 = 64.0;

/// `2^260` in multiples of the modulus, rounded down.
const ROOM: f64 = 84.0;

/// `constant + Σ cell - Σ cell + Σ coefficient·cell + Σ cell·sum`, where products are divided by `2^260`.
struct Node {
    constant: [u64; 5],
    plus: Vec<Query>,
    minus: Vec<Query>,
    scaled: Vec<([u64; 5], Query)>,
    products: Vec<(Query, Node)>,
}

/// A program for this processor. Exists only where the processor has IFMA.
pub struct Code(Node);

/// A sum at twice the length: the low limbs and the high ones.
type Memory = [Group; 2];

impl Node {
    /// The sum as a factor of so many cells.
    fn new(sum: &Sum, factors: u64) -> Self {
        let limbs = |c: Fr| split(words(&[c])[0]);
        let unit = Fr::from(16).pow([factors]);
        let mut node = Self {
            constant: limbs(sum.constant * unit),
            plus: vec![],
            minus: vec![],
            scaled: sum.scaled.iter().map(|(c, query)| (limbs(shifted(*c * unit)), *query)).collect(),
            products: sum.products.iter().map(|(query, sum)| (*query, Self::new(sum, factors + 1))).collect(),
        };
        if factors == 0 {
            node.plus.clone_from(&sum.plus);
            node.minus.clone_from(&sum.minus);
        } else {
            let [plus, minus] = [unit, -unit].map(|c| limbs(shifted(c)));
            node.scaled.extend(sum.plus.iter().map(|query| (plus, *query)));
            node.scaled.extend(sum.minus.iter().map(|query| (minus, *query)));
        }
        node
    }

    /// What the sum is below, in multiples of the modulus, as long as it fits.
    fn bound(&self) -> Option<f64> {
        let mut products = self.scaled.len() as f64;
        for (_, node) in &self.products {
            products += node.bound()?;
        }
        // The constant, and what the division adds.
        let bound = 2.0 + (self.plus.len() + self.minus.len()) as f64 + products / ROOM;
        (bound < LARGEST).then_some(bound)
    }

    /// The sum in each row.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn run<'a>(&self, cells: &impl Fn(Query) -> &'a [Fr], rows: usize) -> Vec<Memory> {
        let mut sums = vec![[[Row([0; 8]); 5], store(splat(self.constant))]; rows / 8];
        let modulus = splat(const { split(Scalar::VALUE) });
        for query in &self.plus {
            each(&mut sums, cells(*query), |[_, high], x| *high = store(add_limbs(&load(high), &x)));
        }
        for query in &self.minus {
            each(&mut sums, cells(*query), |[_, high], x| {
                *high = store(add_limbs(&load(high), &sub_limbs(&modulus, &x)));
            });
        }
        let mut terms = 0;
        for (factor, query) in &self.scaled {
            count(&mut terms, &mut sums);
            let factor = splat(*factor);
            each(&mut sums, cells(*query), |sum, x| accumulate(sum, &x, &factor));
        }
        for (query, node) in &self.products {
            count(&mut terms, &mut sums);
            let inner = node.run(cells, rows);
            let mut inner = inner.iter();
            each(&mut sums, cells(*query), |sum, x| {
                if let Some(inner) = inner.next() {
                    accumulate(sum, &x, &divide::<Scalar>(load_wide(inner)));
                }
            });
        }
        sums
    }
}

impl Code {
    /// Takes the sum, unless it may get too large.
    pub(super) fn new(_: Ifma, sum: &Sum) -> Option<Self> {
        let node = Node::new(sum, 0);
        node.bound().is_some().then_some(Self(node))
    }

    /// Evaluates a block of rows.
    #[expect(unsafe_code, reason = "a call into code for certain processors")]
    pub fn run<'a>(&self, cells: &impl Fn(Query) -> &'a [Fr], out: &mut [Fr]) {
        // SAFETY: code exists only where the processor has these instructions.
        unsafe { self.run_with_ifma(cells, out) }
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn run_with_ifma<'a>(&self, cells: &impl Fn(Query) -> &'a [Fr], out: &mut [Fr]) {
        let sums = self.0.run(cells, out.len());
        for ([even, odd], out) in sums.as_chunks().0.iter().zip(words_mut(out).as_chunks_mut().0) {
            let even = reduce_any::<Scalar>(&divide::<Scalar>(load_wide(even)));
            let odd = reduce_any::<Scalar>(&divide::<Scalar>(load_wide(odd)));
            store_all([even, odd], out);
        }
    }
}

/// Runs a function on each sum and the cells that belong to it.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn each(sums: &mut [Memory], cells: &[Fr], mut run: impl FnMut(&mut Memory, Lanes)) {
    for (sums, cells) in sums.as_chunks_mut::<2>().0.iter_mut().zip(words(cells).as_chunks().0) {
        let [even, odd] = load_all(cells);
        run(&mut sums[0], even);
        run(&mut sums[1], odd);
    }
}

/// Counts a product, and carries when there are too many without.
#[target_feature(enable = "avx512f")]
fn count(terms: &mut usize, sums: &mut [Memory]) {
    *terms += 1;
    if terms.is_multiple_of(TERMS) {
        for sum in sums {
            let mut wide = load_wide(sum);
            settle(&mut wide);
            *sum = store_wide(wide);
        }
    }
}

/// Adds a product.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn accumulate(sum: &mut Memory, a: &Lanes, b: &Lanes) {
    let mut wide = load_wide(sum);
    mul_add(&mut wide, a, b);
    *sum = store_wide(wide);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_wide([low, high]: &Memory) -> Wide {
    let ([a, b, c, d, e], [f, g, h, i, j]) = (load(low), load(high));
    [a, b, c, d, e, f, g, h, i, j]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_wide([a, b, c, d, e, f, g, h, i, j]: Wide) -> Memory {
    [store([a, b, c, d, e]), store([f, g, h, i, j])]
}
