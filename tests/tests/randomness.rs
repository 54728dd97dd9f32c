//! Random values of a real chain, shown by the headers that a real node gives.

use alloy::{
    primitives::{B256, Bytes, U256},
    providers::{Provider, ProviderBuilder},
    rlp, sol,
};
use zkescrow_client::{chain::local::LocalChain, checkout};

sol! {
    #[sol(rpc)]
    contract BlockRandomness {
        function valueOf(uint256 blockNumber, bytes calldata proof) external view returns (uint256);
        function available(uint256 blockNumber) external view returns (bool);
    }
}

#[tokio::test]
async fn headers_of_a_node_show_the_random_values_of_its_blocks() {
    let local = LocalChain::start(0).unwrap_or_else(|e| panic!("{e}"));
    let node = ProviderBuilder::new().connect_http(local.rpc.parse().expect("an address"));
    let accounts: Vec<_> = node.get_accounts().await.expect("accounts");
    let code = Bytes::from(checkout::creation_code("BlockRandomness").unwrap_or_else(|e| panic!("{e}")));
    let request = alloy::rpc::types::TransactionRequest::default().from(accounts[0]).input(code.into());
    let request = alloy::rpc::types::TransactionRequest { to: Some(alloy::primitives::TxKind::Create), ..request };
    let receipt = node.send_transaction(request).await.expect("sent").get_receipt().await.expect("mined");
    let contract = BlockRandomness::new(receipt.contract_address.expect("a contract"), &node);

    let drawn = receipt.block_number.expect("a block") + 1;
    assert!(!contract.available(U256::from(drawn)).call().await.expect("an answer"), "a block to come");
    let _: serde_json::Value = node.raw_request("anvil_mine".into(), (U256::from(3),)).await.expect("mined");
    let block = node.get_block_by_number(drawn.into()).await.expect("an answer").expect("the block");
    let header = rlp::encode(&block.header.inner);
    let value = contract.valueOf(U256::from(drawn), header.clone().into()).call().await.expect("a value");
    assert_eq!(B256::from(value), block.header.mix_hash);
    assert_ne!(value, U256::ZERO);

    for other in [drawn - 1, drawn + 1] {
        let answer = contract.valueOf(U256::from(other), header.clone().into()).call().await;
        assert!(answer.is_err(), "the header of another block shows the value of {other}");
    }
}
