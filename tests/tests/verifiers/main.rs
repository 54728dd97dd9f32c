//! The generated verifiers on a real chain: beside halo2's verifier, and snark-verifier's two.

mod costs;
mod judges;
mod mutations;
mod stage;
mod strictness;
