//! What contracts say when they refuse is said to people.

use alloy::{primitives::U256, sol_types::SolError};
use zkescrow_client::{bindings::Refusals, failure::Failure};

use super::stage::{Stage, somebody, step};

/// Code that reverts with `data`.
fn refusing(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("short");
    let code = [0x60, length, 0x60, 10, 0x5f, 0x39, 0x60, length, 0x5f, 0xfd];
    [&code, data].concat()
}

#[tokio::test]
async fn refusals_are_said() {
    let stage = Stage::new();
    let (chain, contract) = (stage.chain().await, somebody());
    let id = U256::from(0x12).wrapping_shl(248);
    let cases = [
        (
            Refusals::WrongState { caseId: id, actual: 3 }.abi_encode(),
            "the contract says WrongState(caseId 0x12000000…, actual 3)",
        ),
        (
            Refusals::WrongValue { sent: U256::from(1), due: U256::from(2) }.abi_encode(),
            "the contract says WrongValue(sent 1, due 2)",
        ),
        (vec![1, 2, 3, 4], "the contract says 0x01020304"),
        (vec![], "the contract refuses it without a reason"),
    ];
    for (data, expected) in cases {
        stage.set_code(contract, &refusing(&data)).await;
        let asked = chain.call("send a wei", contract, vec![]).await.expect_err("refused");
        let sent = chain.submit(step(None, contract)).await.expect_err("refused");
        for refused in [asked, sent] {
            assert!(matches!(refused, Failure::Refused { .. }), "{refused:?}");
            assert_eq!((refused.to_string(), refused.exit_code()), (format!("cannot send a wei: {expected}"), 1));
        }
    }
    assert_eq!(stage.nonce(chain.sender).await, 0, "nothing was sent");
}

/// What runs out of gas is undone, and costs what was allowed.
#[tokio::test]
async fn what_is_undone_says_which_transaction_it_was() {
    let stage = Stage::new();
    let (chain, contract) = (stage.chain().await, somebody());
    stage.set_code(contract, &refusing(&Refusals::BadTerms {}.abi_encode())).await;
    let undone = chain.transact("try it", contract, vec![], 50_000).await.expect_err("undone");
    let Failure::Reverted { reason, .. } = &undone else { panic!("{undone}") };
    assert_eq!((reason.as_str(), undone.exit_code()), ("the contract says BadTerms()", 1));
}
