//! The zkescrow client: files, contracts, chain, and one module per verb of the command line.
//!
//! Verbs never print: each returns an [`Outcome`](output::Outcome), and [`output`] shows it to people or to programs.

pub mod bindings;
pub mod chain;
pub mod cheats;
pub mod checkout;
pub mod cli;
pub mod commands;
pub mod config;
pub mod contracts;
pub mod exams;
pub mod failure;
pub mod folder;
pub mod input;
pub mod layout;
pub mod market;
pub mod memory;
pub mod output;
pub mod panics;
pub mod paths;
pub mod protocol;
pub mod purpose;
pub mod queue;
pub mod reference;
pub mod requests;
pub mod rounds;
pub mod samples;
pub mod scalar;
pub mod scratch;
pub mod service;
pub mod store;
pub mod text;
