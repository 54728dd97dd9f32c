//! What the protocols share: where the contracts are, money, deliveries.

pub mod delivery;
pub mod handover;
pub mod money;
