//! A pseudo-random order of `count` things, place by place: the twin of `Permutation.sol`.
//!
//! A Feistel network permutes the smallest even-sized binary domain that holds `count`, and is applied until it lands
//! below `count`.

use alloy::primitives::{B256, U256, keccak256};

const ROUNDS: u8 = 8;

/// What is at `position` of the order of `[0, count)` that `seed` makes; nothing, beyond its end.
pub fn element(seed: B256, count: u64, position: u64) -> Option<u64> {
    let width = width(count);
    let permute = |&value: &u64| Some(feistel(seed, width, value));
    std::iter::successors(permute(&position).filter(|_| position < count), permute).find(|&value| value < count)
}

/// Bits of half a value: the least, but one, with 4^width >= count.
fn width(count: u64) -> u32 {
    let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
    bits.div_ceil(2).max(1)
}

fn feistel(seed: B256, width: u32, value: u64) -> u64 {
    let mask = (1 << width) - 1;
    let (mut left, mut right) = (value >> width, value & mask);
    for round in 0..ROUNDS {
        (left, right) = (right, left ^ (mix(seed, round, right) & mask));
    }
    left << width | right
}

/// The last bytes of keccak256(abi.encode(seed, round, half)).
fn mix(seed: B256, round: u8, half: u64) -> u64 {
    let mut data = [0; 96];
    data[..32].copy_from_slice(&seed[..]);
    data[63] = round;
    data[88..].copy_from_slice(&half.to_be_bytes());
    U256::from_be_bytes(keccak256(data).0).as_limbs()[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn widths() {
        let counts = [0, 1, 2, 4, 5, 16, 17, 64, 65, 1 << 40, (1 << 40) + 1, u64::MAX];
        assert_eq!(counts.map(width), [1, 1, 1, 1, 2, 2, 3, 3, 4, 20, 21, 32]);
    }

    #[test]
    fn large_counts_invert_nothing_twice() {
        let seed = keccak256("seed");
        for count in [1 << 40, u64::MAX] {
            let mut drawn: Vec<u64> = (0..5000).map(|i| element(seed, count, i).expect("within")).collect();
            drawn.sort_unstable();
            drawn.dedup();
            assert_eq!(drawn.len(), 5000);
            // Spread over the whole range.
            let step = count / 10;
            assert!(
                (0..10).all(|tenth| drawn.partition_point(|&d| d / step < tenth).abs_diff(500 * tenth as usize) < 150)
            );
        }
    }

    /// Every value is equally likely in every place, as far as 20,000 seeds can tell.
    #[test]
    fn draws_are_even() {
        const SEEDS: u64 = 20_000;
        for count in [2u64, 3, 4, 5, 7, 17, 100] {
            for position in [0, count / 2, count - 1] {
                let mut hits = vec![0u64; count as usize];
                for seed in 0..SEEDS {
                    let seed = keccak256(seed.to_be_bytes());
                    hits[element(seed, count, position).expect("within") as usize] += 1;
                }
                let mean = SEEDS as f64 / count as f64;
                let chi: f64 = hits.iter().map(|&hit| (hit as f64 - mean).powi(2) / mean).sum();
                // Six standard deviations.
                let free = (count - 1) as f64;
                assert!(chi < free + 6.0 * (2.0 * free).sqrt(), "{count} {position}: {chi}");
            }
        }
    }

    proptest! {
        #[test]
        fn each_thing_has_one_place(seed: [u8; 32], count in 1u64..700) {
            let mut drawn: Vec<u64> = (0..count).map(|i| element(seed.into(), count, i).expect("within")).collect();
            drawn.sort_unstable();
            prop_assert!(drawn.iter().copied().eq(0..count));
            prop_assert_eq!(element(seed.into(), count, count), None);
        }
    }
}
