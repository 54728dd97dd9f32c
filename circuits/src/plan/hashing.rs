//! Rows of the hashes: three for a full round, two for a partial one.

use halo2curves::bn256::Fr;

use super::{Flag, Number, Plan};
use crate::{
    network::Network,
    poseidon::{self, PACK, PARAMETERS},
};

/// One commitment's chain of hashes.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// First row.
    pub start: usize,
    /// Hashes after the salted one: one for each element.
    pub elements: usize,
    /// Domain.
    pub domain: Fr,
}

impl Chain {
    /// Row where hash `i` starts.
    pub fn hash_row(&self, i: usize) -> usize {
        self.start + i * rows_per_hash()
    }

    /// Row that holds the digest: the last state's.
    pub fn digest_row(&self) -> usize {
        self.hash_row(self.elements + 1) - 1
    }
}

/// Rows of one hash: its rounds, and the last state.
pub fn rows_per_hash() -> usize {
    (0..PARAMETERS.rounds()).map(round_rows).sum::<usize>() + 1
}

/// Rows of one round.
pub fn round_rows(round: usize) -> usize {
    if PARAMETERS.is_full(round) { 3 } else { 2 }
}

/// Both commitments, and the arg-max, which uses the same columns beside the logits.
#[derive(Clone, Copy, Debug)]
pub struct Hashing {
    /// Commitment to the input.
    pub input: Chain,
    /// Commitment to the logits.
    pub output: Chain,
    /// Row of the first comparison.
    pub compare: usize,
    /// Number of comparisons, two rows apart.
    pub classes: usize,
    /// First row after all of this.
    pub end: usize,
}

impl Hashing {
    /// Places the hashes below the logits.
    pub fn new(net: &Network, compare: usize, start: usize) -> Self {
        let classes = net.classes();
        let chain = |start, elements, domain| Chain { start, elements, domain };
        let input = chain(start, poseidon::input_elements(net), poseidon::input_domain(net));
        let output = chain(input.digest_row() + 1, classes.div_ceil(PACK), poseidon::output_domain(net));
        Self { input, output, compare, classes, end: output.digest_row() + 2 }
    }

    /// Rows where a digest or the label leaves to the wire: there and, for what was absorbed, in the next row.
    pub fn exports(&self) -> [usize; 3] {
        [self.input.digest_row(), self.output.digest_row(), self.compare + 2 * (self.classes - 1)]
    }

    pub(super) fn fill(&self, plan: &mut Plan) {
        for chain in [&self.input, &self.output] {
            for hash in 0..=chain.elements {
                let start = chain.hash_row(hash);
                plan.flags[Flag::Seed as usize][start] = if hash == 0 { 1 } else { 2 };
                fill_hash(plan, start, if hash == 0 { chain.domain } else { Fr::zero() });
            }
        }
        for row in self.exports() {
            plan.set(Flag::Seed, row);
        }
        for logit in 0..self.classes {
            plan.set(Flag::Compare, self.compare + 2 * logit);
        }
    }
}

/// Rows of one hash. The domain of a chain is part of the constant that is added to its first state.
fn fill_hash(plan: &mut Plan, start: usize, domain: Fr) {
    let mut row = start;
    for round in 0..PARAMETERS.rounds() {
        plan.set(if PARAMETERS.is_full(round) { Flag::Full } else { Flag::Partial }, row);
        for (i, &constant) in PARAMETERS.constants[round].iter().enumerate() {
            let domain = if (round, i) == (0, 1) { domain } else { Fr::zero() };
            plan.numbers[Number::Round0 as usize + i].push((row, constant + domain));
        }
        row += round_rows(round);
    }
}
