//! Whatever the bytes are, the importer refuses them or makes a network that the rest of the project accepts.
//!
//! `cargo +nightly fuzz run import -- -rss_limit_mb=2048`, with `models/operators` as the first corpus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use zkescrow_circuits::import::import;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = import("fuzz", bytes) {
        model.check().expect("valid");
    }
});
