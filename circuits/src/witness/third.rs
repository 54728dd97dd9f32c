//! Third phase: running sums in α, and the wire.

use halo2_proofs::arithmetic::Field;
use halo2curves::bn256::Fr;

use super::{Assigned, Drawn, FirstWitness, SecondWitness, Values};
use crate::{
    circuit::Third,
    plan::{Feed, Flag, INSTANCES, Plan, RowKind, Step, small},
    poseidon::PACK,
};

/// Everything that the verifier drew.
#[derive(Clone, Copy, Debug)]
pub struct Challenges {
    /// After the first phase.
    pub drawn: Drawn,
    /// After the second phase: separates positions.
    pub alpha: Fr,
}

/// Third-phase columns.
#[derive(Clone, Debug)]
pub struct ThirdWitness {
    /// Reading sum; sum of hashed elements.
    pub read: Values,
    /// Produced sum; kernel sum; squares.
    pub made: Values,
    /// Layer sum; total of kernel × channel; fourth powers.
    pub layer: Values,
    /// The wire.
    pub wire: Values,
}

impl ThirdWitness {
    /// Computes the columns.
    pub fn new(
        plan: &Plan,
        first: &FirstWitness,
        second: &SecondWitness,
        instances: &[Fr; INSTANCES],
        challenges: Challenges,
    ) -> Self {
        // Steps do not depend on what left to the wire: they can be evaluated before anything has.
        let alpha = challenges.alpha;
        let steps = plan.values.evaluate(alpha, |_| Fr::zero());
        let mut sums = activations(plan, first, second, challenges, &steps);
        sums.wire[..INSTANCES].copy_from_slice(instances);
        absorbed(plan, first, alpha, &mut sums);
        for (row, x) in first.boxed(plan) {
            (sums.made[row], sums.layer[row]) = (x.square(), x.square().square());
        }
        arg_max(plan, first, &mut sums);
        let Sums { wire, .. } = &mut sums;
        let values = plan.values.evaluate(alpha, |row| wire[row]);
        for (id, recipe) in plan.values.recipes().iter().enumerate() {
            let home = plan.homes[id];
            match recipe.cells() {
                Some(cells) => (home..).zip(cells).for_each(|(row, cell)| wire[row] = values[cell.unwrap_or(id)]),
                None => wire[home] = values[id],
            }
        }
        let uses = plan.kernels.carries.iter().chain(&plan.kernels.products);
        uses.for_each(|(&row, &value)| wire[row] = values[value]);
        kernels(plan, first, challenges, &mut sums);
        let Sums { read, made, layer, wire } = sums;
        Self {
            read: Values::Field(read),
            made: Values::Field(made),
            layer: Values::Field(layer),
            wire: Values::Field(wire),
        }
    }

    /// Columns with their values.
    pub fn columns(&self, config: &Third) -> Assigned<'_> {
        vec![
            (config.read, &self.read),
            (config.made, &self.made),
            (config.layer, &self.layer),
            (config.wire, &self.wire),
        ]
    }
}

fn powers(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::one()), |x| Some(x * base)).take(count).collect()
}

/// The columns while they are made.
struct Sums {
    read: Vec<Fr>,
    made: Vec<Fr>,
    layer: Vec<Fr>,
    wire: Vec<Fr>,
}

fn activations(
    plan: &Plan,
    first: &FirstWitness,
    second: &SecondWitness,
    challenges: Challenges,
    steps: &[Fr],
) -> Sums {
    let alpha = challenges.alpha;
    let zero = || vec![Fr::zero(); plan.usable_rows()];
    let mut out = Sums { read: zero(), made: zero(), layer: zero(), wire: zero() };
    for &(row, value) in &plan.activations.rides {
        out.wire[row] = steps[value];
    }
    let lanes = powers(alpha, 2 * plan.shape.lanes);
    let scale = Fr::from(1 << plan.network.precision.bits);
    let factor = |step: Step| match step {
        Step::Start | Step::Ride => Fr::zero(),
        Step::Power(exponent) => alpha.pow([exponent as u64]),
        Step::Byte => Fr::from(256).invert().unwrap_or(Fr::zero()),
        Step::Wrap => alpha * Fr::from(256).pow([PACK as u64 - 1]),
    };
    // Kinds repeat; their powers are computed once.
    let mut factors = std::collections::HashMap::new();
    for (row, kind) in plan.activations.kinds.iter().enumerate() {
        let Some(kind) = *kind else { continue };
        let &mut [by_read, mut by_made] = factors.entry(kind).or_insert_with(|| match kind {
            RowKind::Cells { read, made, .. } => [factor(read), factor(made)],
            RowKind::Edge(made) => [Fr::zero(), factor(made)],
            _ => [Fr::zero(); 2],
        });
        if kind.rides() {
            by_made = out.wire[row];
        }
        let (read, made, layer) = (out.read[row - 1], out.made[row - 1], out.layer[row - 1]);
        match kind {
            RowKind::Cells { count, hop, pixels, .. } => {
                let y = |lane: usize| first.y[lane].get(row);
                let acc = |lane: usize| first.d[lane].get(row) * scale + first.rem[lane].get(row);
                let seen: Fr = (0..count).map(|l| y(l) * lanes[l]).sum();
                let taken: Fr = (0..count).map(|l| if pixels { y(l) } else { acc(l) } * lanes[hop * l]).sum();
                out.read[row] = read * by_read + seen;
                out.made[row] = made * by_made + taken;
            }
            RowKind::Edge(_) => out.made[row] = made * by_made + second.edge.get(row),
            _ if kind.waits() => (out.read[row], out.made[row]) = (read, made),
            _ => {}
        }
        if kind.exports() {
            out.wire[row] = read;
        }
        out.layer[row] = match kind {
            RowKind::Open => {
                out.wire[row] = layer;
                Fr::zero()
            }
            _ if kind.takes() => layer * challenges.drawn.s + made,
            _ => layer,
        };
    }
    out
}

/// Sums of hashed elements; they leave to the wire with the digests.
fn absorbed(plan: &Plan, first: &FirstWitness, alpha: Fr, sums: &mut Sums) {
    for chain in plan.hashing.chains() {
        let mut sum = Fr::zero();
        for hash in 0..=chain.elements {
            let start = chain.hash_row(hash);
            if hash > 0 {
                sum = sum * alpha + first.rem[0].get(start);
                sums.read[start - 1] = sum;
            }
            let end = chain.hash_row(hash + 1) - 1;
            sums.read[start..end].fill(sum);
        }
    }
    for row in plan.hashing.seams() {
        sums.wire[row] = first.d[0].get(row);
        sums.wire[row + 1] = sums.read[row - 1];
    }
}

/// The largest logit beside every comparison, then the label.
fn arg_max(plan: &Plan, first: &FirstWitness, sums: &mut Sums) {
    let label = plan.activations.label_row;
    let of_label = plan.comparisons().find(|&row| first.count.get(row) == first.count.get(row - 1));
    let best = of_label.map_or(Fr::zero(), |row| first.y[0].get(row - 1));
    plan.comparisons().for_each(|row| sums.wire[row] = best);
    sums.wire[label] = first.count.get(label - 1);
}

/// Kernel sums and totals; the totals leave to the wire.
fn kernels(plan: &Plan, first: &FirstWitness, challenges: Challenges, sums: &mut Sums) {
    let (s, columns) = (challenges.drawn.s, plan.shape.weight_columns);
    let (in_s, in_alpha) = (powers(s, columns + 1), powers(challenges.alpha, plan.shape.taps()));
    let offset = small(plan.network.precision.param_offset());
    for (row, feed) in (plan.kernels.start..).zip(&plan.kernels.feeds) {
        let (kernel_before, total_before) = (sums.made[row - 1], sums.layer[row - 1]);
        let parameters = |powers: &[Fr]| -> Fr {
            first.weights.iter().zip(powers).map(|(column, power)| (column.get(row) - offset) * power).sum()
        };
        let mut kernel = match feed {
            Feed::Fresh => parameters(&in_s[..columns]),
            Feed::Next => kernel_before * in_s[columns] + parameters(&in_s[..columns]),
            Feed::Tap => parameters(&in_alpha[..1]),
            Feed::Taps => parameters(&in_alpha),
            Feed::Keep | Feed::Shift | Feed::Leave => Fr::zero(),
        };
        if plan.has(Flag::Ride, row) {
            kernel += sums.wire[row] * kernel_before;
        }
        sums.made[row] = kernel;
        let mut total = match feed {
            Feed::Shift => total_before * s,
            Feed::Leave => {
                sums.wire[row] = total_before;
                Fr::zero()
            }
            _ => total_before,
        };
        if plan.has(Flag::Product, row) {
            total += sums.wire[row] * kernel_before;
        }
        sums.layer[row] = total;
    }
}
