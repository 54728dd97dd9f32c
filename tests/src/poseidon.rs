//! What the contract's Poseidon is made from and tested with: the circuit's constants, and hashes by the circuit's code.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use alloy::primitives::B256;
use halo2curves::bn256::Fr;
use serde_json::{Value, json};
use zkescrow_circuits::poseidon::{PARAMETERS, WIDTH, hash2};
use zkescrow_client::scalar::word;

use crate::fixtures::folder;

/// How many hashes the fixture holds.
const VECTORS: u64 = 64;

/// Where the generated constants are.
pub fn constants_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/src/libraries/PoseidonConstants.sol")
}

/// Where the hashes are.
pub fn vectors_path() -> PathBuf {
    folder().join("poseidon.json")
}

/// Writes both.
pub fn write() -> io::Result<()> {
    fs::write(constants_path(), constants())?;
    fs::write(vectors_path(), format!("{:#}\n", vectors()))
}

/// The generated source.
pub fn constants() -> String {
    let p = &*PARAMETERS;
    let mut text = String::from(
        "// SPDX-License-Identifier: MIT OR Apache-2.0\n\
         pragma solidity ^0.8.28;\n\n\
         // circomlib's parameters of Poseidon with two inputs. Generated from `circuits/src/poseidon.rs` by `make fixtures`.\n",
    );
    let mut line = |line: String| writeln!(text, "{line}").expect("strings take everything");
    line("\n// The mixing matrix, row by row.".into());
    for (i, row) in p.matrix.iter().enumerate() {
        for (j, x) in row.iter().enumerate() {
            line(format!("uint256 constant M{i}{j} = 0x{};", digits(x)));
        }
    }
    let word = WIDTH * 32;
    line("\n// Bytes of all rounds' constants; the partial rounds' start and end there.".into());
    line(format!("uint256 constant ROUNDS_SIZE = {:#x};", p.rounds() * word));
    line(format!("uint256 constant PARTIAL_START = {:#x};", p.full / 2 * word));
    line(format!("uint256 constant PARTIAL_END = {:#x};", (p.full / 2 + p.partial) * word));
    line("\n// Constants added before each round, a word for each element of the state.".into());
    let rounds = p.constants.iter().flatten().map(|x| format!("hex\"{}\"", digits(x)));
    line(format!("bytes constant ROUND_CONSTANTS = {};", rounds.collect::<Vec<_>>().join("\n    ")));
    text
}

/// Hashes of small, large and arbitrary inputs.
pub fn vectors() -> Value {
    let edges = [Fr::zero(), Fr::one(), -Fr::one()];
    let pairs = edges.iter().flat_map(|&a| edges.map(|b| [a, b])).chain([[Fr::from(1), Fr::from(2)]]);
    let (mut inputs, mut hashes) = (vec![], vec![]);
    let mut take = |pair: [Fr; 2]| {
        inputs.extend(pair.iter().map(|x| B256::from(word(x))));
        let hash = hash2(pair);
        hashes.push(B256::from(word(&hash)));
        hash
    };
    pairs.for_each(|pair| {
        take(pair);
    });
    (0..VECTORS).fold(Fr::zero(), |last, i| take([last, last.square() + Fr::from(i)]));
    json!({ "inputs": inputs, "hashes": hashes })
}

fn digits(x: &Fr) -> String {
    format!("{:064x}", word(x))
}
