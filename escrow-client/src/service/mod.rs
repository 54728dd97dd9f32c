//! The provider's HTTP service, and the client that consumers talk to it with.
//!
//! Inputs and predictions travel here; the chain sees their commitments. Neither side trusts the other: what comes is compared
//! with what was committed to, and what does not come is demanded on chain.

pub mod access;
pub mod client;
pub mod http;
pub mod wire;

pub use client::Client;
