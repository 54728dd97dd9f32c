//! Poseidon over BN254 with circomlib's parameters, and the commitments made with it.
//!
//! A commitment is a chain of two-input hashes: `h_0 = P(domain, salt)`, `h_i = P(h_(i-1), e_i)`. So every
//! implementation of circomlib's `poseidon([a, b])` can check an opening.

use std::sync::LazyLock;

use ark_ff::{BigInteger, PrimeField as _};
use halo2_proofs::arithmetic::Field;
use halo2curves::{bn256::Fr, ff::PrimeField as _};
use light_poseidon::parameters::bn254_x5::get_poseidon_parameters;
use sha3::{Digest, Keccak256};

use crate::network::Network;

/// Elements of the state: one for capacity, two inputs.
pub const WIDTH: usize = 3;

/// Bytes packed into one field element.
pub const PACK: usize = 31;

/// Round constants and matrix of the permutation.
pub struct Parameters {
    /// Constants added before each round.
    pub constants: Vec<[Fr; WIDTH]>,
    /// The mixing matrix, row by row.
    pub matrix: [[Fr; WIDTH]; WIDTH],
    /// Full rounds; half before and half after the partial ones.
    pub full: usize,
    /// Partial rounds.
    pub partial: usize,
}

/// circomlib's parameters for two inputs.
pub static PARAMETERS: LazyLock<Parameters> = LazyLock::new(|| {
    let p =
        get_poseidon_parameters::<ark_bn254::Fr>(WIDTH as u8).expect("the library has parameters for widths 2 to 13");
    let row = |values: &[ark_bn254::Fr]| std::array::from_fn(|i| convert(&values[i]));
    Parameters {
        constants: p.ark.chunks(WIDTH).map(row).collect(),
        matrix: std::array::from_fn(|i| row(&p.mds[i])),
        full: p.full_rounds,
        partial: p.partial_rounds,
    }
});

fn convert(x: &ark_bn254::Fr) -> Fr {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&x.into_bigint().to_bytes_le());
    Option::from(Fr::from_repr(bytes)).expect("both libraries use the same field")
}

impl Parameters {
    /// Whether round `round` applies its S-box to the whole state.
    pub fn is_full(&self, round: usize) -> bool {
        round < self.full / 2 || round >= self.full / 2 + self.partial
    }

    /// Number of rounds.
    pub fn rounds(&self) -> usize {
        self.full + self.partial
    }

    /// One round.
    pub fn round(&self, round: usize, state: [Fr; WIDTH]) -> [Fr; WIDTH] {
        let mut state: [Fr; WIDTH] = std::array::from_fn(|i| state[i] + self.constants[round][i]);
        let boxes = if self.is_full(round) { WIDTH } else { 1 };
        for x in &mut state[..boxes] {
            *x *= x.square().square();
        }
        std::array::from_fn(|i| (0..WIDTH).map(|j| self.matrix[i][j] * state[j]).sum())
    }
}

/// circomlib's hash of two inputs.
pub fn hash2(inputs: [Fr; 2]) -> Fr {
    let start = [Fr::zero(), inputs[0], inputs[1]];
    (0..PARAMETERS.rounds()).fold(start, |state, round| PARAMETERS.round(round, state))[0]
}

/// Bytes packed for a commitment: what is hashed, and the tag that separates it from everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Names what is committed to, and its shape.
    pub domain: Fr,
    /// The elements, in the order in which the chain absorbs them.
    pub elements: Vec<Fr>,
}

impl Packed {
    /// Packs an input image. Planar, it is `channels·height` rows of `width` bytes; an element holds column `j` of rows
    /// `31·g ..`, least significant first. (Packing down columns lets the circuit weigh neighbouring pixels by
    /// neighbouring powers of a challenge.) Elements go from the last group to the first, in each from right to left.
    pub fn input(net: &Network, pixels: &[u8]) -> Self {
        let map = net.input();
        let groups = (map.channels * map.height).div_ceil(PACK);
        let mut elements = vec![Fr::zero(); groups * map.width];
        for (row, values) in pixels.chunks(map.width).enumerate() {
            let weight = Fr::from(256).pow([(row % PACK) as u64]);
            for (j, &value) in values.iter().enumerate() {
                elements[row / PACK * map.width + j] += weight * Fr::from(u64::from(value));
            }
        }
        elements.reverse();
        Self { domain: input_domain(net), elements }
    }

    /// The input image that was packed; of elements that hold too much, what fits.
    pub fn unpack(&self, net: &Network) -> Vec<u8> {
        let map = net.input();
        let reprs: Vec<_> = self.elements.iter().rev().map(Fr::to_repr).collect();
        let value = |row: usize, j: usize| reprs[row / PACK * map.width + j][row % PACK];
        (0..map.channels * map.height).flat_map(|row| (0..map.width).map(move |j| value(row, j))).collect()
    }

    /// Packs logits: element `k` holds logits `31·k ..`, least significant first.
    pub fn output(net: &Network, logits: &[u8]) -> Self {
        let pack =
            |chunk: &[u8]| chunk.iter().rev().fold(Fr::zero(), |sum, &y| sum * Fr::from(256) + Fr::from(u64::from(y)));
        Self { domain: output_domain(net), elements: logits.chunks(PACK).map(pack).collect() }
    }

    /// The commitment under a salt.
    pub fn commit(&self, salt: Fr) -> Fr {
        self.elements.iter().fold(hash2([self.domain, salt]), |h, &e| hash2([h, e]))
    }
}

/// How inputs are packed: what a contract has to know to check a commitment's opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Domain of the commitments.
    pub domain: Fr,
    /// Number of elements.
    pub elements: usize,
    /// How many of them, the first in the chain, hold fewer bytes: always one group, also where that is full or alone.
    pub short_elements: usize,
    /// Bytes of each of these, 1 to 31. The others hold 31.
    pub short_bytes: usize,
}

impl Packing {
    /// Bytes that element `i` of the chain holds, counted from 0.
    pub fn bytes(&self, i: usize) -> usize {
        if i < self.short_elements { self.short_bytes } else { PACK }
    }
}

/// How the inputs of an architecture are packed. The chain starts with the last group of rows, which is the short one.
pub fn input_packing(net: &Network) -> Packing {
    let map = net.input();
    let rows = map.channels * map.height;
    Packing {
        domain: input_domain(net),
        elements: input_elements(net),
        short_elements: map.width,
        short_bytes: (rows - 1) % PACK + 1,
    }
}

/// Elements of the packed input.
pub fn input_elements(net: &Network) -> usize {
    let map = net.input();
    (map.channels * map.height).div_ceil(PACK) * map.width
}

/// Domain of input commitments: the shape of the input.
pub fn input_domain(net: &Network) -> Fr {
    let map = net.input();
    domain("zkescrow.input", &[map.channels, map.height, map.width])
}

/// Domain of output commitments: the number of classes.
pub fn output_domain(net: &Network) -> Fr {
    domain("zkescrow.output", &[net.classes()])
}

/// `keccak256(name ‖ numbers as 32-bit big-endian) >> 8`
fn domain(name: &str, numbers: &[usize]) -> Fr {
    let mut hasher = Keccak256::new();
    hasher.update(name);
    for &n in numbers {
        hasher.update((n as u32).to_be_bytes());
    }
    let mut bytes = [0; 32];
    bytes[1..].copy_from_slice(&hasher.finalize()[..31]);
    bytes.reverse();
    Option::from(Fr::from_repr(bytes)).expect("248 bits are below the modulus")
}

#[cfg(test)]
mod tests {
    use light_poseidon::{Poseidon, PoseidonHasher};

    use super::*;

    #[test]
    fn hash_is_circomlibs() {
        let mut other = Poseidon::<ark_bn254::Fr>::new_circom(2).expect("two inputs");
        let mut last = ark_bn254::Fr::from(0u64);
        for i in 0..16u64 {
            let inputs = [last, -ark_bn254::Fr::from(i)];
            last = other.hash(&inputs).expect("hashed");
            assert_eq!(hash2(inputs.map(|x| convert(&x))), convert(&last));
        }
        // circomlibjs: poseidon([1, 2])
        let ours = hash2([1, 2].map(Fr::from));
        let known = "115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a";
        assert_eq!(format!("{ours:?}").trim_start_matches("0x"), known);
    }

    #[test]
    fn inputs_are_unpacked_as_they_were() {
        for seed in 1..20 {
            let net = crate::sample::random(seed).network;
            let input = crate::sample::input(&net, seed);
            assert_eq!(Packed::input(&net, &input).unpack(&net), input, "seed {seed}");
        }
    }

    /// A picture of the largest pixels fills every element to the last of its bytes, and no further.
    #[test]
    fn elements_hold_as_many_bytes_as_they_say() {
        let mut net = crate::sample::tiny(1).network;
        for (channels, height, width, elements, short_bytes) in
            [(3, 96, 96, 960, 9), (3, 32, 8, 32, 3), (1, 31, 2, 2, 31), (2, 31, 2, 4, 31), (1, 1, 5, 5, 1)]
        {
            (net.maps[0].channels, net.maps[0].height, net.maps[0].width) = (channels, height, width);
            let packing = input_packing(&net);
            assert_eq!((packing.elements, packing.short_elements, packing.short_bytes), (elements, width, short_bytes));
            let packed = Packed::input(&net, &vec![255; channels * height * width]);
            let full = |i| Fr::from(256).pow([packing.bytes(i) as u64]) - Fr::one();
            assert_eq!(packed.elements, (0..elements).map(full).collect::<Vec<_>>());
            assert_eq!(packed.domain, packing.domain);
        }
    }

    #[test]
    fn packing_is_injective_and_domain_separated() {
        let net = crate::sample::tiny(1).network;
        let image = crate::sample::input(&net, 3);
        let packed = Packed::input(&net, &image);
        let base = packed.commit(Fr::zero());
        assert_ne!(base, packed.commit(Fr::one()), "the salt matters");
        for i in 0..image.len() {
            let mut other = image.clone();
            other[i] ^= 1;
            assert_ne!(Packed::input(&net, &other).elements, packed.elements, "pixel {i}");
        }
        assert_ne!(Packed::output(&net, &image).domain, packed.domain);
    }
}
