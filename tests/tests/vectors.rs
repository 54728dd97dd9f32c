//! The checked-in vectors of forge's tests are what the client computes now.

use std::fs;

use zkescrow_tests::vectors::{path, text};

#[test]
fn vectors_are_not_stale() {
    let kept = fs::read_to_string(path()).unwrap_or_default();
    assert!(kept == text(), "trees.json is not what is computed now: run `make fixtures`");
}
