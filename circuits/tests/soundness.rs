//! A cheating prover against the circuit. Every test cheats in one place and names the constraint that catches it.

#[path = "soundness/cheat.rs"]
mod cheat;
#[path = "soundness/choices.rs"]
mod choices;
#[path = "soundness/commitments.rs"]
mod commitments;
#[path = "soundness/counts.rs"]
mod counts;
#[path = "soundness/foresight.rs"]
mod foresight;
#[path = "soundness/identity.rs"]
mod identity;
#[path = "soundness/label.rs"]
mod label;
#[path = "soundness/layout.rs"]
mod layout;
#[path = "soundness/lookups.rs"]
mod lookups;
#[path = "soundness/mock.rs"]
mod mock;
#[path = "soundness/mutation.rs"]
mod mutation;
#[path = "soundness/names.rs"]
mod names;
#[path = "soundness/networks.rs"]
mod networks;
#[path = "soundness/proofs.rs"]
mod proofs;
#[path = "soundness/regions.rs"]
mod regions;
#[path = "soundness/rows.rs"]
mod rows;
#[path = "soundness/selectors.rs"]
mod selectors;
#[path = "soundness/sums.rs"]
mod sums;
#[path = "soundness/symbols.rs"]
mod symbols;
