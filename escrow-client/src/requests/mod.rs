//! Requests for documents: the client's side of `RetrievalEscrow`.

pub mod case;
pub mod dataset;
pub mod desk;
pub mod draw;
pub mod next;
pub mod openings;
pub mod positives;
pub mod requester;
pub mod responder;
pub mod terms;

pub use case::Case;
pub use dataset::Dataset;
pub use desk::Desk;
pub use requester::Requester;
pub use responder::Responder;
