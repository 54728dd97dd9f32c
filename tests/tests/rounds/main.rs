//! Rounds of predictions, played by the client's consumers and providers on a real chain: every ending, honest or not.

mod crashes;
mod endings;
mod handovers;
mod service;
mod stage;
