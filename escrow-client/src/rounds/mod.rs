//! Rounds of predictions: the client's side of `PredictionEscrow`.

pub mod case;
pub mod desk;

pub use case::Case;
pub use desk::Desk;
