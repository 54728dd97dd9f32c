//! Requests for documents on a real chain, with real proofs: answered, lied about, demanded, handed over falsely, missed, given up.

mod command_line;
mod endings;
mod handovers;
mod proofs;
mod stage;
