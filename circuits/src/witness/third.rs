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
    /// Reading sum.
    pub read: Values,
    /// Produced sum.
    pub made: Values,
    /// Layer sum.
    pub layer: Values,
    /// Kernel sum.
    pub kernel: Values,
    /// Total of kernel × channel.
    pub total: Values,
    /// Sum of hashed elements.
    pub absorbed: Values,
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
        let steps = plan.values.evaluate(challenges.alpha, challenges.drawn.s, |_| Fr::zero());
        let (activations, absorbed) = rayon::join(
            || Activations::new(plan, first, second, challenges, &steps),
            || absorbed(plan, first, challenges.alpha),
        );
        let Activations { read, made, layer, mut wire } = activations;
        wire[..INSTANCES].copy_from_slice(instances);
        for row in plan.hashing.exports() {
            wire[row] = first.hash[0].get(row);
            wire[row + 1] = absorbed[row];
        }
        let values = plan.values.evaluate(challenges.alpha, challenges.drawn.s, |row| wire[row]);
        for (id, recipe) in plan.values.recipes().iter().enumerate() {
            let home = plan.homes[id];
            match recipe.cells() {
                Some(cells) => (home..).zip(cells).for_each(|(row, cell)| wire[row] = values[cell.unwrap_or(id)]),
                None => wire[home] = values[id],
            }
        }
        let uses = plan.kernels.carries.iter().chain(&plan.kernels.products);
        uses.for_each(|(&row, &value)| wire[row] = values[value]);
        let (kernel, total) = kernels(plan, first, challenges, &mut wire);
        Self {
            read: Values::Field(read),
            made: Values::Field(made),
            layer: Values::Field(layer),
            kernel: Values::Field(kernel),
            total: Values::Field(total),
            absorbed: Values::Field(absorbed),
            wire: Values::Field(wire),
        }
    }

    /// Columns with their values.
    pub fn columns(&self, config: &Third) -> Assigned<'_> {
        vec![
            (config.read, &self.read),
            (config.made, &self.made),
            (config.layer, &self.layer),
            (config.kernel, &self.kernel),
            (config.total, &self.total),
            (config.absorbed, &self.absorbed),
            (config.wire, &self.wire),
        ]
    }
}

fn powers(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::one()), |x| Some(x * base)).take(count).collect()
}

struct Activations {
    read: Vec<Fr>,
    made: Vec<Fr>,
    layer: Vec<Fr>,
    wire: Vec<Fr>,
}

impl Activations {
    fn new(plan: &Plan, first: &FirstWitness, second: &SecondWitness, challenges: Challenges, steps: &[Fr]) -> Self {
        let alpha = challenges.alpha;
        let zero = || vec![Fr::zero(); plan.usable_rows()];
        let mut out = Self { read: zero(), made: zero(), layer: zero(), wire: zero() };
        for &(row, value) in &plan.activations.rides {
            out.wire[row] = steps[value];
        }
        let lanes = powers(alpha, 2 * plan.shape.lanes);
        let scale = Fr::from(1 << plan.network.precision.bits);
        let factor = |step: Step, wire: Fr| match step {
            Step::Start => Fr::zero(),
            Step::Power(exponent) => alpha.pow([exponent as u64]),
            Step::Ride => wire,
            Step::Byte => Fr::from(256).invert().unwrap_or(Fr::zero()),
            Step::Wrap => alpha * Fr::from(256).pow([PACK as u64 - 1]),
        };
        // Kinds repeat; their powers are computed once.
        let kinds = &plan.shape.kinds;
        let factors: Vec<[Fr; 2]> = kinds
            .iter()
            .map(|kind| match *kind {
                RowKind::Cells { read, made, .. } => [factor(read, Fr::zero()), factor(made, Fr::zero())],
                RowKind::Edge(made) => [Fr::zero(), factor(made, Fr::zero())],
                _ => [Fr::zero(); 2],
            })
            .collect();
        let index: std::collections::HashMap<RowKind, usize> = kinds.iter().copied().zip(0..).collect();
        for (row, kind) in plan.activations.kinds.iter().enumerate() {
            let Some(kind) = *kind else { continue };
            let [by_read, mut by_made] = factors[index[&kind]];
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
                RowKind::Hold | RowKind::Wait => (out.read[row], out.made[row]) = (read, made),
                RowKind::Open | RowKind::Close => {}
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
}

fn absorbed(plan: &Plan, first: &FirstWitness, alpha: Fr) -> Vec<Fr> {
    let (seed, full) = (&plan.flags[Flag::Seed as usize], &plan.flags[Flag::Full as usize]);
    let usable = &plan.flags[Flag::Usable as usize];
    let mut sums = vec![Fr::zero(); plan.usable_rows()];
    for row in (1..sums.len()).filter(|&row| usable[row] == 1) {
        let before = sums[row - 1];
        sums[row] = match (full[row], seed[row]) {
            (1, 1) => Fr::zero(),
            (_, 2) => before * alpha + first.hash[2].get(row),
            _ => before,
        };
    }
    sums
}

/// Kernel sums and totals; the totals leave to the wire.
fn kernels(plan: &Plan, first: &FirstWitness, challenges: Challenges, wire: &mut [Fr]) -> (Vec<Fr>, Vec<Fr>) {
    let (s, columns) = (challenges.drawn.s, plan.shape.weight_columns);
    let (in_s, in_alpha) = (powers(s, columns + 1), powers(challenges.alpha, plan.shape.taps()));
    let offset = small(plan.network.precision.param_offset());
    let flag = |flag: Flag, row: usize| plan.flags[flag as usize][row] == 1;
    let (mut kernel, mut total) = (vec![Fr::zero(); plan.usable_rows()], vec![Fr::zero(); plan.usable_rows()]);
    for row in (1..kernel.len()).filter(|&row| flag(Flag::Usable, row)) {
        let feed = plan.kernels.feeds.get(&row);
        let (kernel_before, total_before) = (kernel[row - 1], total[row - 1]);
        let parameters = |powers: &[Fr]| -> Fr {
            first.weights.iter().zip(powers).map(|(column, power)| (column.get(row) - offset) * power).sum()
        };
        kernel[row] = match feed {
            Some(Feed::Fresh) => parameters(&in_s),
            Some(Feed::Next) => kernel_before * in_s[columns] + parameters(&in_s),
            Some(Feed::Tap) => parameters(&in_alpha[..1]),
            Some(Feed::Taps) => parameters(&in_alpha),
            _ => Fr::zero(),
        };
        if flag(Flag::Carry, row) {
            kernel[row] += wire[row] * kernel_before;
        }
        total[row] = match feed {
            Some(Feed::Shift) => total_before * s,
            Some(Feed::Leave) => {
                wire[row] = total_before;
                Fr::zero()
            }
            _ => total_before,
        };
        if flag(Flag::Product, row) {
            total[row] += wire[row] * kernel_before;
        }
    }
    (kernel, total)
}
