//! What only our contracts are asked: encodings, counts, gas, keys of others.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};
use zkescrow_circuits::{plan::Choice, sample};

use super::stage::{CASE, Case, Halo2Verifier, PLENTY, Stage, ask};

const NON_CANONICAL: &str = "NonCanonicalCalldata()";

fn selector(signature: &str) -> String {
    alloy::hex::encode(&alloy::primitives::keccak256(signature)[..4])
}

#[tokio::test]
async fn other_numbers_of_instances_are_refused() {
    let stage = Stage::new().await;
    let ours = stage.deploy(&CASE.contracts).await;
    for count in [0, 1, 3, 5, 8] {
        let mut instances = CASE.instances();
        instances.resize(count, U256::ZERO);
        let verdict = stage.verdict(&ours.wrapper, &CASE.proof.bytes, &instances).await;
        assert_eq!(verdict, Ok(false), "{count} instances");
    }
}

/// Every way to write the same arguments differently reverts, in the wrapper and in the shared verifier.
#[tokio::test]
async fn there_is_one_encoding() {
    let stage = Stage::new().await;
    let ours = stage.deploy(&CASE.contracts).await;
    let wrapped = ask(&CASE.proof.bytes, &CASE.instances());
    let shared = Halo2Verifier::verifyProofCall {
        key: ours.key.address,
        proof: CASE.proof.bytes.clone().into(),
        instances: CASE.instances(),
    }
    .abi_encode();
    for (to, input, first) in [(ours.wrapper.address, wrapped, 4), (ours.shared.address, shared, 36)] {
        assert_eq!(stage.call(to, input.clone(), PLENTY).await.map(|answer| answer[31]), Ok(1));
        let offset = |word: usize| U256::from_be_slice(&input[first + 32 * word..][..32]);
        let moved = |proof: usize, instances: usize, tail: Vec<u8>| {
            let head = [offset(0) + U256::from(proof), offset(1) + U256::from(instances)];
            let head = head.iter().flat_map(|word| word.to_be_bytes::<32>());
            input[..first].iter().copied().chain(head).chain(tail).collect::<Vec<u8>>()
        };
        let tail = input[first + 64..].to_vec();
        let gap = vec![0; 32];
        let proof_part = CASE.proof.bytes.len() + 32;
        let (proof, instances) = tail.split_at(proof_part);
        let exchanged = U256::from(instances.len());
        let cases = [
            ("a word at the end", [input.clone(), gap.clone()].concat()),
            ("a byte at the end", [input.clone(), vec![0]].concat()),
            ("a gap before both", moved(32, 32, [gap.clone(), tail.clone()].concat())),
            ("a gap between", moved(0, 32, [proof, &gap[..], instances].concat())),
            ("instances first", {
                let head =
                    [offset(0) + exchanged, offset(0)].iter().flat_map(|w| w.to_be_bytes::<32>()).collect::<Vec<_>>();
                [&input[..first], &head[..], instances, proof].concat()
            }),
            ("a byte less", input[..input.len() - 1].to_vec()),
        ];
        for (name, input) in cases {
            let answer = stage.call(to, input, PLENTY).await;
            let reason = answer.expect_err(name);
            // The decoder refuses what is too short by itself.
            let ours = reason.contains(&selector(NON_CANONICAL)) || name == "a byte less";
            assert!(ours, "{name}: {reason}");
        }
    }
}

/// With any amount of gas, the honest proof is accepted or the call reverts.
#[tokio::test]
async fn too_little_gas_is_no_verdict() {
    let stage = Stage::new().await;
    let ours = stage.deploy(&CASE.contracts).await;
    let input = ask(&CASE.proof.bytes, &CASE.instances());
    let needed = stage.gas(&ours.wrapper, &CASE.proof.bytes, &CASE.instances()).await;
    let mut accepted = 0;
    for gas in (60_000..needed + 300_000).step_by(7_919) {
        if let Ok(answer) = stage.call(ours.wrapper.address, input.clone(), gas).await {
            assert_eq!(U256::from_be_slice(&answer), U256::from(1), "with {gas} gas");
            accepted += 1;
        }
    }
    assert!(accepted > 0);
}

#[tokio::test]
async fn models_of_one_shape_share_the_verifier_and_no_proofs() {
    let stage = Stage::new().await;
    let first = &*CASE;
    // Another input size, the same layers: other rows, the same columns and gates, as long as the layout is the same.
    let other = sample::build(
        "other",
        first.keys.verifier.description.network.precision,
        [3, 8, 8],
        &[
            sample::Step::Conv { channels: 6, kernel: 3, stride: 2 },
            sample::Step::Depthwise { kernel: 3, stride: 1 },
            sample::Step::Pointwise { channels: 6, linear: false },
            sample::Step::Add { from: 1 },
            sample::Step::Pool,
            sample::Step::Logits { classes: 9 },
        ],
        7,
    );
    let second = Case::new(&other, Choice::default());
    assert_eq!(first.contracts.shared.runtime, second.contracts.shared.runtime);
    assert_eq!(first.contracts.wrapper.creation, second.contracts.wrapper.creation);
    assert_ne!(first.contracts.key.runtime, second.contracts.key.runtime);
    let ours = stage.deploy(&first.contracts).await;
    let key = stage.code("another key", second.contracts.key.creation.clone()).await;
    let theirs = stage.wrapper(&second.contracts, ours.shared, key).await;
    for (wrapper, case, expected) in
        [(ours.wrapper, first, true), (theirs, &second, true), (ours.wrapper, &second, false), (theirs, first, false)]
    {
        assert_eq!(stage.verdict(&wrapper, &case.proof.bytes, &case.instances()).await, Ok(expected));
    }
}

/// A wrapper is only made for code that is there, and the keys' code is never run.
#[tokio::test]
async fn wrappers_are_for_the_code_they_name() {
    let stage = Stage::new().await;
    let ours = stage.deploy(&CASE.contracts).await;
    let swapped = zkescrow_client::chain::Deployed { code_hash: ours.shared.code_hash, ..ours.key };
    let arguments = super::stage::ModelVerifier::constructorCall {
        verifier: ours.shared.address,
        verifierCodeHash: ours.shared.code_hash,
        key: swapped.address,
        keyCodeHash: swapped.code_hash,
    };
    let code =
        [CASE.contracts.wrapper.creation.clone(), alloy::sol_types::SolConstructor::abi_encode(&arguments)].concat();
    assert!(stage.chain.deploy("a wrapper", code).await.is_err());
    assert_eq!(stage.call(ours.key.address, vec![1, 2, 3, 4], PLENTY).await, Ok(vec![]));
    // A key without code opens nothing.
    let input = Halo2Verifier::verifyProofCall {
        key: Address::repeat_byte(9),
        proof: CASE.proof.bytes.clone().into(),
        instances: CASE.instances(),
    };
    let answer = stage.call(ours.shared.address, input.abi_encode(), PLENTY).await.expect("a verdict");
    assert_eq!(U256::from_be_slice(&answer), U256::ZERO);
}
