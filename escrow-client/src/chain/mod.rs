//! A chain, seen from one account.

pub mod local;

use std::path::Path;

use alloy::{
    dyn_abi::{Eip712Domain, TypedData},
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Filter, Log, TransactionRequest},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolCall, SolStruct},
    transports::{TransportError, http::reqwest::Url},
};

use serde::Serialize;

use crate::{failure::Failure, paths, text};

/// Most bytes of a key file.
const KEY_FILE_LIMIT: u64 = 1 << 10;
/// Most characters of what a node answers.
const REASON: usize = 300;

/// A node, and the account that pays.
#[derive(Clone, Debug)]
pub struct Chain {
    provider: DynProvider,
    signer: Option<PrivateKeySigner>,
    node: Node,
    /// The account.
    pub sender: Address,
    /// The chain's id.
    pub id: u64,
}

/// A contract that was just created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Where it is.
    pub address: Address,
    /// Hash of its code, read back from the chain.
    pub code_hash: B256,
    /// What creating it cost.
    pub gas: u64,
}

/// A transaction that moves something forward, once.
#[derive(Clone, Debug)]
pub struct Step {
    /// Names it: a step with a name is sent once, also by a client that was killed in between.
    pub name: Option<String>,
    /// What it does, for people: "accept round 0x12…".
    pub action: String,
    /// The contract.
    pub to: Address,
    /// ETH that goes with it.
    pub value: U256,
    /// The call.
    pub input: Vec<u8>,
}

impl Step {
    /// A call.
    pub fn of(name: Option<String>, action: String, to: Address, value: U256, call: &impl SolCall) -> Self {
        Self { name, action, to, value, input: call.abi_encode() }
    }
}

/// A transaction that was mined and not undone.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its hash.
    pub hash: B256,
    /// What it cost.
    pub gas: u64,
    /// The block that it is in.
    pub block: u64,
    /// What the contracts said.
    pub logs: Vec<Log>,
}

impl Chain {
    /// Connects to a node. Without a key file, the node's first unlocked account pays, as on a local chain.
    pub async fn connect(rpc: &str, key_file: Option<&Path>) -> Result<Self, Failure> {
        // Nothing of it is repeated: it may hold a password or the key of an account.
        let url: Url = rpc.parse().map_err(|e| Failure::Request(format!("--rpc is not a URL ({e})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Request("--rpc has to be an http or https address".into()));
        }
        let node = Node::new(&url);
        let signer = key_file.map(signer).transpose()?;
        let (provider, sender) = match &signer {
            Some(signer) => {
                let wallet = EthereumWallet::from(signer.clone());
                (ProviderBuilder::new().wallet(wallet).connect_http(url).erased(), Some(signer.address()))
            }
            None => (ProviderBuilder::new().connect_http(url).erased(), None),
        };
        let failed = |e| node.failure("reach a chain", &e);
        let id = provider.get_chain_id().await.map_err(failed)?;
        let sender = match sender {
            Some(sender) => sender,
            None => *provider.get_accounts().await.map_err(failed)?.first().ok_or_else(|| {
                Failure::Request(format!("{} has no unlocked account: give one with --key-file", node.shown))
            })?,
        };
        Ok(Self { provider, signer, node, sender, id })
    }

    /// Creates a contract.
    pub async fn deploy(&self, what: &str, code: Vec<u8>) -> Result<Deployed, Failure> {
        let action = format!("deploy the {what}");
        let transaction = TransactionRequest::default().with_deploy_code(code);
        let (gas, address) = self.mine(&action, transaction).await?;
        let address = address.ok_or_else(|| self.answered(&action, "the receipt names no contract"))?;
        let code = self.provider.get_code_at(address).await.map_err(|e| self.node.failure(&action, &e))?;
        if code.is_empty() {
            return Err(self.answered(&action, "there is no code at the new address"));
        }
        Ok(Deployed { address, code_hash: keccak256(&code), gas })
    }

    /// Calls without a transaction.
    pub async fn call(&self, action: &str, to: Address, input: Vec<u8>) -> Result<Bytes, Failure> {
        let transaction = TransactionRequest::default().with_from(self.sender).with_to(to).with_input(input);
        self.provider.call(transaction).await.map_err(|e| self.node.failure(action, &e))
    }

    /// Asks a contract.
    pub async fn ask<C: SolCall>(&self, action: &str, to: Address, call: &C) -> Result<C::Return, Failure> {
        let answer = self.call(action, to, call.abi_encode()).await?;
        C::abi_decode_returns(&answer).map_err(|e| self.answered(action, e))
    }

    /// What contracts said, oldest first.
    pub async fn logs(&self, action: &str, filter: &Filter) -> Result<Vec<Log>, Failure> {
        self.provider.get_logs(filter).await.map_err(|e| self.node.failure(action, &e))
    }

    /// The time of the latest block.
    pub async fn now(&self) -> Result<u64, Failure> {
        let action = "read the latest block";
        let block = self.provider.get_block_by_number(Default::default()).await;
        let block = block.map_err(|e| self.node.failure(action, &e))?;
        Ok(block.ok_or_else(|| self.answered(action, "there is none"))?.header.timestamp)
    }

    /// How many transactions the account has sent.
    pub async fn nonce(&self) -> Result<u64, Failure> {
        let count = self.provider.get_transaction_count(self.sender).await;
        count.map_err(|e| self.node.failure("count transactions", &e))
    }

    /// The number of the latest block.
    pub async fn height(&self) -> Result<u64, Failure> {
        self.provider.get_block_number().await.map_err(|e| self.node.failure("read the latest block", &e))
    }

    /// Hash of the code at an address.
    pub async fn code_hash(&self, address: Address) -> Result<B256, Failure> {
        let code = self.provider.get_code_at(address).await.map_err(|e| self.node.failure("read code", &e))?;
        Ok(keccak256(&code))
    }

    /// ETH of an account.
    pub async fn balance(&self, account: Address) -> Result<U256, Failure> {
        self.provider.get_balance(account).await.map_err(|e| self.node.failure("read a balance", &e))
    }

    /// Signs typed data as the account.
    pub async fn sign<T: SolStruct + Serialize>(&self, domain: &Eip712Domain, data: &T) -> Result<Bytes, Failure> {
        let action = "sign";
        if let Some(signer) = &self.signer {
            let signature = signer.sign_hash_sync(&data.eip712_signing_hash(domain));
            return Ok(signature.map_err(|e| self.answered(action, e))?.as_bytes().into());
        }
        let typed = TypedData::from_struct(data, Some(domain.clone()));
        let signed = self.provider.raw_request("eth_signTypedData_v4".into(), (self.sender, typed)).await;
        signed.map_err(|e| self.node.failure(action, &e))
    }

    /// Takes a step.
    pub async fn submit(&self, step: Step) -> Result<Receipt, Failure> {
        let request = TransactionRequest::default().with_to(step.to).with_input(step.input).with_value(step.value);
        let pending = self.provider.send_transaction(request.with_from(self.sender)).await;
        let pending = pending.map_err(|e| self.node.failure(&step.action, &e))?;
        let receipt = pending.get_receipt().await.map_err(|e| self.answered(&step.action, e))?;
        let hash = receipt.transaction_hash;
        if !receipt.status() {
            return Err(Failure::Reverted { action: step.action, hash: hash.to_string() });
        }
        let block = receipt.block_number.unwrap_or_default();
        Ok(Receipt { hash, gas: receipt.gas_used, block, logs: receipt.inner.logs().to_vec() })
    }

    /// Calls in a transaction and says what it cost.
    pub async fn transact(&self, action: &str, to: Address, input: Vec<u8>, limit: u64) -> Result<u64, Failure> {
        let transaction = TransactionRequest::default().with_to(to).with_input(input).with_gas_limit(limit);
        Ok(self.mine(action, transaction).await?.0)
    }

    async fn mine(&self, action: &str, transaction: TransactionRequest) -> Result<(u64, Option<Address>), Failure> {
        let pending = self.provider.send_transaction(transaction.with_from(self.sender)).await;
        let pending = pending.map_err(|e| self.node.failure(action, &e))?;
        let receipt = pending.get_receipt().await.map_err(|e| self.answered(action, e))?;
        if !receipt.status() {
            let hash = receipt.transaction_hash.to_string();
            return Err(Failure::Reverted { action: action.into(), hash });
        }
        Ok((receipt.gas_used, receipt.contract_address))
    }

    /// A node answered with something unusable.
    pub fn answered(&self, action: &str, reason: impl ToString) -> Failure {
        self.node.answered(action, &reason.to_string())
    }
}

/// A node as it is named in messages: without what lets others use it.
#[derive(Clone)]
struct Node {
    /// Scheme, host and port.
    shown: String,
    /// Parts of the address that are nobody's business.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Node {
    fn new(url: &Url) -> Self {
        let parts = [Some(url.username()), url.password(), url.query(), url.fragment(), Some(url.path())];
        let parts = parts.into_iter().flatten().chain(url.path_segments().into_iter().flatten());
        let mut secrets: Vec<String> = parts.filter(|part| part.len() > 1).map(str::to_owned).collect();
        // The longest first: what contains another secret goes as a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { shown: url.origin().ascii_serialization(), secrets }
    }

    fn failure(&self, action: &str, error: &TransportError) -> Failure {
        match error.as_error_resp() {
            Some(answer) => self.answered(action, &answer.message),
            None => self.answered(action, &format!("{}; is a node running there?", innermost(error))),
        }
    }

    fn answered(&self, action: &str, reason: &str) -> Failure {
        let reason = self.secrets.iter().fold(reason.to_owned(), |text, secret| text.replace(secret, "…"));
        let reason = text::single_line(&reason, REASON);
        Failure::Chain { action: action.into(), rpc: self.shown.clone(), reason }
    }
}

/// What an error comes down to.
fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// Reads a key file: 64 hexadecimal digits.
fn signer(path: &Path) -> Result<PrivateKeySigner, Failure> {
    let request = |reason: &str| Failure::Request(format!("cannot use key file {}: {reason}", path.display()));
    let text = paths::read_bounded(path, KEY_FILE_LIMIT).map_err(|e| request(&e.to_string()))?;
    let key = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    key.ok_or_else(|| request("expected 64 hexadecimal digits, a private key"))
}
