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
    /// Hashes after the salted one.
    pub pairs: usize,
    /// Domain.
    pub domain: Fr,
}

impl Chain {
    /// Row where hash `i` starts; the digest is there for the index after the last.
    pub fn hash_row(&self, i: usize) -> usize {
        self.start + i * rows_per_hash()
    }

    /// Row that holds the digest.
    pub fn digest_row(&self) -> usize {
        self.hash_row(self.pairs + 1)
    }
}

/// Rows of one hash.
fn rows_per_hash() -> usize {
    (0..PARAMETERS.rounds()).map(round_rows).sum()
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
    /// Places the hashes before the comparisons if they fit there, and after them otherwise.
    pub fn new(net: &Network, compare: usize, after: usize) -> Self {
        let classes = net.classes();
        let chain = |start, elements: usize, domain| Chain { start, pairs: elements.div_ceil(2), domain };
        let place = |start| {
            let input = chain(start, poseidon::input_elements(net), poseidon::input_domain(net));
            let output = chain(input.digest_row() + 2, classes.div_ceil(PACK), poseidon::output_domain(net));
            (input, output, output.digest_row() + 2)
        };
        // Two rows before the first comparison hold the start of the arg-max.
        let (input, output, end) = match place(1) {
            early if early.2 + 2 < compare => early,
            _ => place(after + 1),
        };
        Self { input, output, compare, classes, end: end.max(after) }
    }

    /// Rows where a digest or the label leaves to the wire column, which must be free there and in the next row.
    pub fn exports(&self) -> [usize; 3] {
        [self.input.digest_row(), self.output.digest_row(), self.compare + 2 * (self.classes - 1)]
    }

    /// The row where the arg-max starts.
    pub fn compare_seed(&self) -> usize {
        self.compare - 2
    }

    /// Rows where derivations and kernels may not use the wire column or its constants.
    pub fn reserved(&self) -> Vec<usize> {
        let exports = self.exports().into_iter().flat_map(|row| [row, row + 1]);
        exports.chain([self.input.start, self.output.start, self.compare_seed()]).collect()
    }

    pub(super) fn fill(&self, plan: &mut Plan) {
        for chain in [&self.input, &self.output] {
            plan.numbers[Number::Constant as usize].push((chain.start, chain.domain));
            for hash in 0..=chain.pairs {
                let start = chain.hash_row(hash);
                plan.set(Flag::Seed, start);
                if hash > 0 {
                    plan.set(Flag::Absorb, start);
                }
                self.fill_hash(plan, start);
            }
        }
        plan.set(Flag::Seed, self.compare_seed());
        for row in self.exports() {
            plan.set(Flag::Export, row);
        }
    }

    fn fill_hash(&self, plan: &mut Plan, start: usize) {
        let mut row = start;
        for round in 0..PARAMETERS.rounds() {
            plan.set(if PARAMETERS.is_full(round) { Flag::Full } else { Flag::Partial }, row);
            for (i, &constant) in PARAMETERS.constants[round].iter().enumerate() {
                plan.numbers[Number::Round0 as usize + i].push((row, constant));
            }
            if round + 1 == PARAMETERS.rounds() {
                plan.set(Flag::Last, row);
            }
            row += round_rows(round);
        }
    }
}
