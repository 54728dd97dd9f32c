//! A cheating prover against the circuit. Every test cheats in one place and names the constraint that catches it.

#[path = "soundness/cheat.rs"]
mod cheat;
#[path = "soundness/networks.rs"]
mod networks;
#[path = "soundness/smoke.rs"]
mod smoke;
