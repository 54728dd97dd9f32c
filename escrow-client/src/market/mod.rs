//! What the protocols share: where the contracts are, money, deliveries.

pub mod delivery;
pub mod deployment;
pub mod handover;
pub mod models;
pub mod money;
