//! Nonces of an account within this process: who takes one waits for who took the one before to have sent it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use alloy::primitives::Address;

/// Account and chain, as one node shows it.
type Key = (String, u64, Address);

/// All lanes, so that two connections of one account share theirs.
static LANES: LazyLock<Mutex<HashMap<Key, Arc<Lane>>>> = LazyLock::new(Mutex::default);

/// An account's way to its chain.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Held from choosing a nonce until its transaction was sent.
    pub turn: tokio::sync::Mutex<()>,
    /// Nonces of transactions that are being waited for.
    taken: Mutex<BTreeSet<u64>>,
}

/// A nonce that nobody else in this process takes.
#[derive(Debug)]
pub(super) struct Reservation {
    lane: Arc<Lane>,
    pub nonce: u64,
}

impl Lane {
    pub fn of(node: &str, chain: u64, account: Address) -> Arc<Self> {
        let mut lanes = LANES.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.entry((node.to_owned(), chain, account)).or_default().clone()
    }

    /// Takes the first free nonce. Nodes count only what they hold, so others may be taken as well.
    pub fn reserve(self: &Arc<Self>, from: u64, also_taken: &BTreeSet<u64>) -> Option<Reservation> {
        let mut taken = self.taken();
        let nonce = (from..u64::MAX).find(|nonce| !taken.contains(nonce) && !also_taken.contains(nonce))?;
        taken.insert(nonce);
        Some(Reservation { lane: self.clone(), nonce })
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.lane.taken().remove(&self.nonce);
    }
}
