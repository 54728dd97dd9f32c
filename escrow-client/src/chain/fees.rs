//! What a unit of gas may cost.

use alloy::rpc::types::FeeHistory;

/// Blocks to look at.
pub(super) const BLOCKS: u64 = 10;
/// Which of the tips that others pay is paid: one that a fifth of them stays below.
pub(super) const PERCENTILE: f64 = 20.0;
/// One gwei, in wei.
pub(super) const GWEI: u128 = 1_000_000_000;

/// What a unit of gas costs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Price {
    /// The next block's base fee.
    pub base: u128,
    /// A tip that makes miners take a transaction.
    pub tip: u128,
}

/// What a transaction pays for a unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fees {
    /// At most, all in all.
    pub most: u128,
    /// To the miner, within that.
    pub tip: u128,
}

impl Price {
    /// Reads it from the last blocks; nothing if they say nothing.
    pub fn of(history: &FeeHistory) -> Option<Self> {
        let base = *history.base_fee_per_gas.last()?;
        let rewards = history.reward.iter().flatten();
        let mut tips: Vec<u128> = rewards.filter_map(|tips| tips.first().copied()).filter(|&tip| tip > 0).collect();
        tips.sort_unstable();
        Some(Self { base, tip: tips.get(tips.len() / 2).copied().unwrap_or(1) })
    }

    /// Fees that still suffice when the base fee has doubled, if no unit may cost more than `cap`.
    pub fn fees(self, cap: u128) -> Option<Fees> {
        if self.base >= cap {
            return None;
        }
        let most = self.base.saturating_mul(2).saturating_add(self.tip).min(cap);
        Some(Fees { most, tip: self.tip.min(most) })
    }
}

impl Fees {
    /// Fees that replace these: nodes want an eighth more, of both. Nothing if that is above `cap`.
    pub fn raised(self, price: Price, cap: u128) -> Option<Self> {
        let more = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let fresh = price.base.saturating_mul(2).saturating_add(price.tip).min(cap);
        let most = more(self.most).max(fresh);
        let tip = more(self.tip).max(price.tip.min(cap));
        (most <= cap).then(|| Self { most: most.max(tip.min(cap)), tip: tip.min(most) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_survive_a_doubled_base_fee_and_stay_below_the_cap() {
        let price = Price { base: 100, tip: 7 };
        assert_eq!(price.fees(1000), Some(Fees { most: 207, tip: 7 }));
        assert_eq!(price.fees(150), Some(Fees { most: 150, tip: 7 }));
        assert_eq!(price.fees(100), None);
        let absurd = Price { base: u128::MAX - 1, tip: u128::MAX };
        assert_eq!(absurd.fees(500), None);
        assert_eq!(absurd.fees(u128::MAX), Some(Fees { most: u128::MAX, tip: u128::MAX }));
    }

    #[test]
    fn raised_fees_replace_the_old_ones() {
        let (old, price) = (Fees { most: 800, tip: 8 }, Price { base: 10, tip: 1 });
        let new = old.raised(price, 1000).expect("below the cap");
        assert_eq!(new, Fees { most: 901, tip: 10 });
        assert_eq!(old.raised(price, 900), None);
        // After a jump of the base fee, at once as much as is needed.
        let jump = Price { base: 5000, tip: 20 };
        assert_eq!(old.raised(jump, 20_000), Some(Fees { most: 10_020, tip: 20 }));
        assert_eq!(old.raised(Price { base: u128::MAX, tip: u128::MAX }, 2000), Some(Fees { most: 2000, tip: 2000 }));
    }

    #[test]
    fn a_history_without_blocks_says_nothing() {
        assert_eq!(Price::of(&FeeHistory::default()), None);
        let history = FeeHistory {
            base_fee_per_gas: vec![5, 6],
            reward: Some(vec![vec![3], vec![], vec![9], vec![4]]),
            ..Default::default()
        };
        assert_eq!(Price::of(&history), Some(Price { base: 6, tip: 4 }));
    }
}
