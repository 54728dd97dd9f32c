//! What a node knows about accounts and blocks.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    providers::Provider,
    rlp,
    rpc::types::Header,
};

use serde_json::Value;

use super::Chain;
use crate::failure::Failure;

impl Chain {
    /// How many transactions the account has sent.
    pub async fn nonce(&self) -> Result<u64, Failure> {
        let ask = || async { self.provider.get_transaction_count(self.sender).await };
        self.node.read("count transactions", ask).await
    }

    /// Accounts that the node signs for.
    pub async fn accounts(&self) -> Result<Vec<Address>, Failure> {
        self.node.read("list accounts", || async { self.provider.get_accounts().await }).await
    }

    /// Lets time pass on a local chain.
    pub async fn sleep(&self, seconds: u32) -> Result<(), Failure> {
        let later = || self.provider.raw_request::<_, Value>("evm_increaseTime".into(), (seconds,));
        self.node.read("let time pass", later).await?;
        let mine = || self.provider.raw_request::<_, Value>("evm_mine".into(), ());
        self.node.read("let time pass", mine).await.map(drop)
    }

    /// The number of the latest block.
    pub async fn height(&self) -> Result<u64, Failure> {
        self.node.read("read the latest block", || async { self.provider.get_block_number().await }).await
    }

    /// The time of a block.
    pub async fn time_of(&self, number: u64) -> Result<u64, Failure> {
        Ok(self.block(number).await?.timestamp)
    }

    /// The header of a block as its hash is made of it; checked, because contracts take no other.
    pub async fn header(&self, number: u64) -> Result<Vec<u8>, Failure> {
        let header = self.block(number).await?;
        let encoded = rlp::encode(&header.inner);
        if header.inner.number != number || keccak256(&encoded) != header.hash {
            return Err(self.answered("read a block", format!("the header of block {number} does not have its hash")));
        }
        Ok(encoded)
    }

    async fn block(&self, number: u64) -> Result<Header, Failure> {
        let action = "read a block";
        let ask = || async { self.provider.get_block_by_number(number.into()).await };
        let block = self.node.read(action, ask).await?;
        Ok(block.ok_or_else(|| self.answered(action, format!("it has no block {number}")))?.header)
    }

    /// Hash of the code at an address.
    pub async fn code_hash(&self, address: Address) -> Result<B256, Failure> {
        let code = self.node.read("read code", || async { self.provider.get_code_at(address).await }).await?;
        Ok(keccak256(&code))
    }

    /// ETH of an account.
    pub async fn balance(&self, account: Address) -> Result<U256, Failure> {
        self.node.read("read a balance", || async { self.provider.get_balance(account).await }).await
    }
}
