//! What the client and the contracts compute alike, for forge's tests: `make fixtures` writes it, a test looks whether it
//! is what the client computes now.

use std::{fs, io, path::PathBuf};

use alloy::{
    consensus::Header,
    primitives::{Address, B256, Bloom, Bytes, U256, keccak256},
    rlp,
};
use serde_json::{Value, json};
use zkescrow_client::{
    protocol::{
        leaves,
        merkle::{self, MerkleTree},
        permutation,
        sum_tree::{Sum, SumTree},
    },
    samples::Protocol,
};

const COUNTS: [u64; 10] = [1, 2, 3, 5, 8, 255, 256, 257, 1000, 1 << 20];

/// Where the vectors are.
pub fn path() -> PathBuf {
    crate::fixtures::folder().join("trees.json")
}

/// What belongs there. Nothing here is random.
pub fn text() -> String {
    let all = json!({
        "headers": headers(),
        "leaves": kinds(),
        "permutations": permutations(),
        "sampleSizes": sample_sizes(),
        "sumTrees": COUNTS.map(sum_tree),
        "trees": COUNTS.map(tree),
    });
    format!("{all:#}\n")
}

/// Writes them.
pub fn write() -> io::Result<()> {
    fs::write(path(), text())
}

/// Some indices below a count: its ends, its middle, and others.
fn some(count: u64) -> Vec<u64> {
    let mut indices = vec![0, 1, count / 3, count / 2, count - 1];
    indices.retain(|&index| index < count);
    indices.sort_unstable();
    indices.dedup();
    indices
}

/// A tree whose leaf `i` is a document with commitment `i`.
fn tree(count: u64) -> Value {
    let tree = MerkleTree::new((0..count).map(|i| leaves::document(i, U256::from(i))).collect());
    let opening = |index| json!({ "index": index, "path": tree.path(index).expect("within the count") });
    let chunk = |index| {
        let first = index / merkle::CHUNK * merkle::CHUNK;
        json!({ "first": first, "path": tree.chunk(first).expect("within the count").1 })
    };
    let mut chunks: Vec<Value> = some(count).into_iter().map(chunk).collect();
    chunks.dedup();
    json!({
        "chunks": chunks,
        "count": count,
        "openings": some(count).into_iter().map(opening).collect::<Vec<_>>(),
        "root": tree.root(),
    })
}

/// A tree whose leaf `i` is a score for label `i mod 10`, correct where `i² mod 7 < 3`.
fn sum_tree(count: u64) -> Value {
    let score = |i: u64| {
        let correct = i * i % 7 < 3;
        Sum { hash: leaves::score(i, U256::from(i % 10), correct), sum: correct.into() }
    };
    let tree = SumTree::new((0..count).map(score).collect());
    let opening = |index| {
        let sibling = |sibling: Sum| json!({ "hash": sibling.hash, "sum": sibling.sum });
        json!({
            "before": tree.before(index).expect("within the count"),
            "index": index,
            "path": tree.path(index).expect("within the count").into_iter().map(sibling).collect::<Vec<_>>(),
        })
    };
    json!({
        "count": count,
        "openings": some(count).into_iter().map(opening).collect::<Vec<_>>(),
        "root": tree.root().hash,
        "total": tree.root().sum,
    })
}

/// One leaf of each kind: at index 5, with 11, 12 and 13 for what it holds, and 1 for what is true.
fn kinds() -> Value {
    let [a, b, c] = [11, 12, 13].map(U256::from);
    json!({
        "document": leaves::document(5, a),
        "example": leaves::example(5, a, leaves::label_commitment(b, c)),
        "finding": leaves::finding(5, a, b, true),
        "input": leaves::input(5, a),
        "prediction": leaves::prediction(5, a, b, c),
        "score": leaves::score(5, a, true),
        "sealed": leaves::sealed_word(5, a),
    })
}

fn permutations() -> Vec<Value> {
    let order = |count: u64| {
        let seed = keccak256(count.to_be_bytes());
        let at = |position| permutation::element(seed, count, position).expect("within the count");
        json!({
            "count": count,
            "positions": some(count),
            "seed": seed,
            "values": some(count).into_iter().map(at).collect::<Vec<_>>(),
        })
    };
    [1, 2, 3, 4, 5, 16, 17, 64, 65, 1000, 1 << 20, (1 << 32) + 1, 1 << 40].map(order).into()
}

/// Shares and probabilities are in units of 1e-18.
fn sample_sizes() -> Value {
    const WAD: u64 = 1_000_000_000_000_000_000;
    let bounds = [2, 3, 10, 20, 40, 50, 100, 333, 1000, 12_345, 1_000_000, 1_000_000_000].map(|part| WAD / part);
    let deltas = [2, 5, 10, 20, 50, 100, 1000, 1_000_000, 1_000_000_000].map(|part| WAD / part);
    let share = |wad: u64| wad as f64 / WAD as f64;
    let count = |p: u64, delta: u64| Protocol::Retrieval.samples(share(p), share(delta)).expect("a size").count;
    json!({
        "bounds": bounds,
        "counts": bounds.map(|p| deltas.map(|delta| count(p, delta))),
        "deltas": deltas,
    })
}

/// Headers with as few fields as there ever were, and with as many as there are; with numbers of all lengths.
fn headers() -> Vec<Value> {
    let hash = |name: &str| keccak256(name);
    let oldest = Header {
        parent_hash: hash("parent"),
        beneficiary: Address::repeat_byte(0x5a),
        state_root: hash("state"),
        difficulty: U256::from(17_179_869_184u64),
        number: 70,
        gas_limit: 5_000,
        timestamp: 1_438_269_988,
        mix_hash: hash("work"),
        nonce: [0x53; 8].into(),
        ..Header::default()
    };
    let latest = Header {
        transactions_root: hash("transactions"),
        receipts_root: hash("receipts"),
        logs_bloom: Bloom::repeat_byte(0xf9),
        difficulty: U256::ZERO,
        number: 23_456_789,
        gas_limit: 36_000_000,
        gas_used: 17_654_321,
        timestamp: 1_758_000_011,
        extra_data: Bytes::from_static(b"a builder of blocks"),
        mix_hash: hash("randao"),
        nonce: [0; 8].into(),
        base_fee_per_gas: Some(1_234_567_890),
        withdrawals_root: Some(hash("withdrawals")),
        blob_gas_used: Some(786_432),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(hash("beacon")),
        requests_hash: Some(hash("requests")),
        ..oldest.clone()
    };
    // The longest extra data, numbers below and above a byte's own encoding, randomness that begins with zeros.
    let odd = Header {
        number: 0x80,
        gas_limit: u64::MAX,
        gas_used: 0x7f,
        timestamp: 1,
        extra_data: Bytes::from_static(&[0xa0; 32]),
        mix_hash: B256::with_last_byte(7),
        ..latest.clone()
    };
    let entry = |header: Header| {
        json!({
            "encoded": Bytes::from(rlp::encode(&header)),
            "hash": header.hash_slow(),
            "number": header.number,
            "prevRandao": header.mix_hash,
        })
    };
    [oldest, latest, odd].map(entry).into()
}
