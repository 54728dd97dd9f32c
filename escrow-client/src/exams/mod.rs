//! Exams: the client's side of `AccuracyEscrow`.

pub mod amounts;
pub mod answers;
pub mod case;
pub mod consumer;
pub mod desk;
pub mod exchange;
pub mod next;
pub mod provider;
pub mod test_set;

pub use case::Case;
pub use consumer::Consumer;
pub use desk::Desk;
pub use provider::Provider;
