//! The checked-in constants and hashes of the contract's Poseidon are the circuit's.

use std::fs;

use zkescrow_tests::poseidon::{constants, constants_path, vectors, vectors_path};

#[test]
fn constants_are_not_stale() {
    let kept = fs::read_to_string(constants_path()).unwrap_or_default();
    assert!(kept == constants(), "other constants: run `make fixtures`");
}

#[test]
fn hashes_are_not_stale() {
    let kept = fs::read_to_string(vectors_path()).unwrap_or_default();
    assert!(kept == format!("{:#}\n", vectors()), "other hashes: run `make fixtures`");
}
