//! Whatever is changed about an honest proof, all judges refuse it, but for the listed cases in which ours is stricter.

use alloy::primitives::U256;

use super::{
    judges::{Bench, Claim, Verdicts, modulus_q, modulus_r},
    stage::CASE,
};

/// Where others accept what ours refuses. It is the whole list: anything else has to be refused by all.
const STRICTER: [(&str, Verdicts); 4] = [
    // snark-verifier's contract reduces what it reads.
    ("evaluation + r", Verdicts { oracle: true, ..Verdicts::REFUSED }),
    // Natively, an instance is a field element already.
    ("instance + r", Verdicts { halo2: true, native: true, oracle: true, ours: false }),
    // A transcript stops reading where the proof ends; our native verifier compares lengths.
    ("bytes after the proof", Verdicts { native: true, oracle: true, ..Verdicts::REFUSED }),
    ("a word after the proof", Verdicts { native: true, oracle: true, ..Verdicts::REFUSED }),
];

fn honest() -> Claim {
    Claim { proof: CASE.proof.bytes.clone(), instances: CASE.instances() }
}

fn word(proof: &[u8], index: usize) -> U256 {
    U256::from_be_slice(&proof[index * 32..][..32])
}

fn with_word(index: usize, change: impl Fn(U256) -> U256) -> Claim {
    let mut claim = honest();
    let changed = change(word(&claim.proof, index));
    claim.proof[index * 32..][..32].copy_from_slice(&changed.to_be_bytes::<32>());
    claim
}

/// Words of points, in pairs, and words of evaluations.
fn regions() -> (Vec<usize>, Vec<usize>) {
    let evaluations = CASE.keys.verifier.evaluations();
    let evaluations: Vec<usize> = (evaluations.start / 32..evaluations.end / 32).collect();
    let words = CASE.proof.bytes.len() / 32;
    let coordinates: Vec<usize> = (0..words).filter(|word| !evaluations.contains(word)).collect();
    (coordinates, evaluations)
}

async fn judged(bench: &Bench, name: &str, claim: &Claim) {
    let expected = STRICTER.iter().find(|(stricter, _)| *stricter == name).map_or(Verdicts::REFUSED, |(_, v)| *v);
    assert_eq!(bench.ask(claim).await, expected, "{name}");
}

#[tokio::test]
async fn all_judges_accept_the_honest_proof() {
    let bench = Bench::new().await;
    let all = Verdicts { halo2: true, native: true, oracle: true, ours: true };
    assert_eq!(bench.ask(&honest()).await, all);
}

#[tokio::test]
async fn a_flipped_bit_in_any_word_is_refused() {
    let bench = Bench::new().await;
    for index in 0..CASE.proof.bytes.len() / 32 {
        let bit = (index * 37 + 5) % 256;
        judged(&bench, &format!("word {index}"), &with_word(index, |w| w ^ (U256::from(1) << bit))).await;
    }
}

#[tokio::test]
async fn numbers_that_are_not_reduced_are_refused() {
    let bench = Bench::new().await;
    let (coordinates, evaluations) = regions();
    for &index in &evaluations {
        judged(&bench, "evaluation + r", &with_word(index, |w| w + modulus_r())).await;
    }
    for &index in &coordinates {
        judged(&bench, "coordinate + q", &with_word(index, |w| w + modulus_q())).await;
    }
    for index in 0..4 {
        let mut claim = honest();
        claim.instances[index] += modulus_r();
        judged(&bench, "instance + r", &claim).await;
        let mut claim = honest();
        claim.instances[index] += U256::from(1);
        judged(&bench, "another instance", &claim).await;
    }
}

/// Infinity, another valid point, the same point mirrored: for each point of the proof.
#[tokio::test]
async fn other_points_are_refused() {
    let bench = Bench::new().await;
    let (coordinates, _) = regions();
    for pair in coordinates.chunks(2) {
        let with = |x: U256, y: U256| {
            let mut claim = honest();
            claim.proof[pair[0] * 32..][..32].copy_from_slice(&x.to_be_bytes::<32>());
            claim.proof[pair[1] * 32..][..32].copy_from_slice(&y.to_be_bytes::<32>());
            claim
        };
        let (x, y) = (word(&CASE.proof.bytes, pair[0]), word(&CASE.proof.bytes, pair[1]));
        judged(&bench, "infinity", &with(U256::ZERO, U256::ZERO)).await;
        judged(&bench, "the generator", &with(U256::from(1), U256::from(2))).await;
        judged(&bench, "mirrored", &with(x, modulus_q() - y)).await;
        judged(&bench, "off the curve", &with(x, y ^ U256::from(1))).await;
        judged(&bench, "coordinates swapped", &with(y, x)).await;
    }
}

#[tokio::test]
async fn other_lengths_are_refused() {
    let bench = Bench::new().await;
    for (name, change) in [
        ("nothing", 0),
        ("one word", 32),
        ("a byte less", CASE.proof.bytes.len() - 1),
        ("a word less", CASE.proof.bytes.len() - 32),
        ("a point less", CASE.proof.bytes.len() - 64),
        ("bytes after the proof", CASE.proof.bytes.len() + 1),
        ("a word after the proof", CASE.proof.bytes.len() + 32),
    ] {
        let mut claim = honest();
        claim.proof.resize(change, 0);
        judged(&bench, name, &claim).await;
    }
}

/// Words and points exchanged with their neighbours.
#[tokio::test]
async fn exchanged_parts_are_refused() {
    let bench = Bench::new().await;
    let (coordinates, evaluations) = regions();
    let points: Vec<usize> = coordinates.chunks(2).map(|pair| pair[0]).collect();
    for (size, starts) in [(2, points), (1, evaluations)] {
        for pair in starts.windows(2) {
            let mut claim = honest();
            let [a, b] = [0, 1].map(|i| CASE.proof.bytes[pair[i] * 32..][..size * 32].to_vec());
            if a == b {
                continue;
            }
            claim.proof[pair[0] * 32..][..size * 32].copy_from_slice(&b);
            claim.proof[pair[1] * 32..][..size * 32].copy_from_slice(&a);
            judged(&bench, "exchanged", &claim).await;
        }
    }
}
