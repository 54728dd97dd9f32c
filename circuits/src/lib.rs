//! Quantised CNN inference as a halo2 circuit.

pub mod srs;
