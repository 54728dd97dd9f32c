//! Rounds of predictions: the client's side of `PredictionEscrow`.

pub mod case;
pub mod consumer;
pub mod desk;
pub mod next;
pub mod offer;
pub mod provider;

pub use case::Case;
pub use consumer::Consumer;
pub use desk::Desk;
pub use offer::Offer;
pub use provider::Provider;
