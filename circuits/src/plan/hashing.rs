//! Rows of the hashes: one for each S-box, in the first lane's columns below everything else.
//!
//! A chain starts below a [`Stir::Seam`]; its hashes follow each other, each with its digest in a row of its own
//! ([`Stir::Absorb`]), the last of which is the next seam.

use std::sync::LazyLock;

use halo2curves::bn256::Fr;

use super::Stir;
use crate::{
    network::Network,
    poseidon::{self, PACK, PARAMETERS, WIDTH},
};

/// One S-box: what follows it, and what is added before it.
#[derive(Clone, Copy, Debug)]
pub struct Box {
    /// What makes the next state.
    pub stir: Stir,
    /// Added to the first element.
    pub constant: Fr,
}

/// The S-boxes of one hash, in order. In a full round every element comes first in turn.
///
/// A partial round adds constants to elements that have no S-box there. What they come to after the matrix is added to
/// the next round's constants instead, so that every S-box has one constant.
pub static BOXES: LazyLock<Vec<Box>> = LazyLock::new(|| {
    let mut boxes = vec![];
    let mut late = [Fr::zero(); WIDTH];
    for (round, constants) in PARAMETERS.constants.iter().enumerate() {
        let constants: [Fr; WIDTH] = std::array::from_fn(|i| constants[i] + late[i]);
        if PARAMETERS.is_full(round) {
            late = [Fr::zero(); WIDTH];
            for (i, constant) in constants.into_iter().enumerate() {
                boxes.push(Box { stir: if i + 1 < WIDTH { Stir::Turn } else { Stir::MixFull }, constant });
            }
        } else {
            let [constant, rest @ ..] = constants;
            late = std::array::from_fn(|i| rest.iter().zip(&PARAMETERS.matrix[i][1..]).map(|(x, m)| x * m).sum());
            boxes.push(Box { stir: Stir::MixPartial, constant });
        }
    }
    boxes
});

impl Stir {
    /// What becomes of a state whose first element's fifth power is given. Nothing for the rows without an S-box.
    pub fn apply(self, [_, second, third]: [Fr; WIDTH], fifth: Fr) -> Option<[Fr; WIDTH]> {
        let mix =
            |state: [Fr; WIDTH]| std::array::from_fn(|i| (0..WIDTH).map(|j| PARAMETERS.matrix[i][j] * state[j]).sum());
        match self {
            Self::Turn => Some([second, third, fifth]),
            Self::MixFull => Some(mix([second, third, fifth])),
            Self::MixPartial => Some(mix([fifth, second, third])),
            Self::Absorb | Self::Seam => None,
        }
    }
}

/// Rows of one hash: its S-boxes, and the digest.
pub fn rows_per_hash() -> usize {
    BOXES.len() + 1
}

/// One commitment's chain of hashes.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// The seam above its first row.
    pub seam: usize,
    /// Hashes after the salted one: one for each element.
    pub elements: usize,
    /// Domain, part of the constant that is added to the second element of the first state.
    pub domain: Fr,
}

impl Chain {
    /// Row where hash `i` starts.
    pub fn hash_row(&self, i: usize) -> usize {
        self.seam + 1 + i * rows_per_hash()
    }

    /// Row that holds the digest: the next seam.
    pub fn digest_row(&self) -> usize {
        self.hash_row(self.elements + 1) - 1
    }

    /// Every S-box with its row; the constant of one of them has the domain in it.
    pub fn boxes(&self) -> impl Iterator<Item = (usize, Box)> {
        let Self { elements, domain, .. } = *self;
        let starts = (0..=elements).map(|hash| (hash, self.hash_row(hash)));
        starts.flat_map(move |(hash, start)| {
            BOXES.iter().enumerate().map(move |(i, &Box { stir, constant })| {
                let domain = if (hash, i) == (0, 1) { domain } else { Fr::zero() };
                (start + i, Box { stir, constant: constant + domain })
            })
        })
    }

    /// Rows where a digest is taken in by the next hash.
    pub fn absorbs(&self) -> impl Iterator<Item = usize> {
        let chain = *self;
        (1..=chain.elements).map(move |hash| chain.hash_row(hash) - 1)
    }
}

/// Both commitments.
#[derive(Clone, Copy, Debug)]
pub struct Hashing {
    /// Commitment to the input.
    pub input: Chain,
    /// Commitment to the logits.
    pub output: Chain,
    /// First row after all of this, and after the one that the last seam reaches into.
    pub end: usize,
}

impl Hashing {
    /// Places the hashes from a row on.
    pub fn new(net: &Network, start: usize) -> Self {
        let chain = |seam, elements, domain| Chain { seam, elements, domain };
        let input = chain(start, poseidon::input_elements(net), poseidon::input_domain(net));
        let output = chain(input.digest_row(), net.classes().div_ceil(PACK), poseidon::output_domain(net));
        Self { input, output, end: output.digest_row() + 2 }
    }

    /// Rows of both.
    pub fn rows(net: &Network) -> usize {
        Self::new(net, 0).end
    }

    /// Both chains.
    pub fn chains(&self) -> [&Chain; 2] {
        [&self.input, &self.output]
    }

    /// Rows of seams.
    pub fn seams(&self) -> [usize; 3] {
        [self.input.seam, self.output.seam, self.output.digest_row()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boxes_make_the_hash() {
        let inputs = [Fr::from(5), Fr::from(7)];
        let start = [Fr::zero(), inputs[0], inputs[1]];
        let end = BOXES.iter().fold(start, |state, b| {
            let x = state[0] + b.constant;
            b.stir.apply(state, x.square().square() * x).expect("an S-box")
        });
        assert_eq!(end[0], poseidon::hash2(inputs));
    }
}
