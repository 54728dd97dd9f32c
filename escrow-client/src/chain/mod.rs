//! A chain, seen from one account.

mod account;
mod args;
mod fees;
mod lane;
pub mod local;
mod logs;
mod node;
mod reading;
mod refusal;
mod sending;
mod signing;
mod typed;

use std::sync::Arc;

use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Log, TransactionRequest},
    sol_types::SolCall,
    transports::http::reqwest::Url,
};

use self::{
    account::Account,
    lane::Lane,
    node::Node,
    sending::{Landed, Order},
};
use crate::{
    failure::Failure,
    store::{Payer, Store},
};

pub use self::{args::NodeArgs, node::Patience};

/// Ids of chains on the machine of whoever develops: nothing there is undone by itself.
const LOCAL_IDS: [u64; 2] = [31_337, 1_337];

/// A node, and the account that pays.
#[derive(Clone, Debug)]
pub struct Chain {
    provider: DynProvider,
    node: Node,
    account: Account,
    /// The account's address.
    pub sender: Address,
    /// The chain's id.
    pub id: u64,
    genesis: B256,
    confirmations: u64,
    /// Most wei for a unit of gas.
    cap: u128,
    lane: Arc<Lane>,
    journal: Option<Store>,
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
    /// Connects to a node.
    pub async fn connect(args: &NodeArgs) -> Result<Self, Failure> {
        // Nothing of it is repeated: it may hold a password or the key of an account.
        let url: Url = args.rpc.parse().map_err(|e| Failure::Request(format!("--rpc is not a URL ({e})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Request("--rpc has to be an http or https address".into()));
        }
        let mut node = Node::new(&url);
        let signer = account::signer(args)?;
        // Whoever reaches such a node can spend what is on its accounts.
        if signer.is_none() && !node.is_local {
            let remedy = "give the account that pays with --keystore or --key-file";
            return Err(Failure::Request(format!("{} is not on this machine: {remedy}", node.shown)));
        }
        let provider = ProviderBuilder::default().connect_http(url).erased();
        let action = "reach a chain";
        let id = node.read(action, || async { provider.get_chain_id().await }).await?;
        let is_local = LOCAL_IDS.contains(&id);
        if !is_local {
            node.patience = Patience::REMOTE;
        }
        let first = node.read(action, || async { provider.get_block_by_number(0.into()).await }).await?;
        let account = match signer {
            Some(signer) => Account::Ours(signer),
            None => Account::Nodes(unlocked(&node, &provider, args.account).await?),
        };
        let sender = account.address();
        let lane = Lane::of(&node.shown, id, sender);
        Ok(Self {
            confirmations: args.confirmations.unwrap_or(if is_local { 1 } else { 2 }).max(1),
            cap: u128::from(args.max_fee_gwei) * fees::GWEI,
            genesis: first.map(|block| block.header.hash).unwrap_or_default(),
            journal: None,
            provider,
            node,
            account,
            sender,
            id,
            lane,
        })
    }

    /// The same, with a journal: transactions are in the store before they are sent, and steps with a name are taken once,
    /// whatever becomes of this process.
    pub fn with_journal(self, store: Store) -> Self {
        Self { journal: Some(store), ..self }
    }

    /// The same with other waiting times.
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.node.patience = patience;
        self
    }

    fn payer(&self) -> Payer {
        Payer { account: self.sender, chain_id: self.id, genesis: self.genesis }
    }

    /// Creates a contract.
    pub async fn deploy(&self, what: &str, code: Vec<u8>) -> Result<Deployed, Failure> {
        let action = format!("deploy the {what}");
        let order = Order {
            name: None,
            action: action.clone(),
            to: TxKind::Create,
            value: U256::ZERO,
            input: code.into(),
            gas: None,
        };
        let landed = self.execute(&order).await?;
        let address = self.contract_of(&landed);
        let at = || async { self.provider.get_code_at(address).number(landed.block).await };
        let code = self.node.read(&action, at).await?;
        if code.is_empty() {
            return Err(self.answered(&action, "there is no code at the new address"));
        }
        Ok(Deployed { address, code_hash: keccak256(&code), gas: landed.receipt.gas_used })
    }

    /// Calls without a transaction.
    pub async fn call(&self, action: &str, to: Address, input: Vec<u8>) -> Result<Bytes, Failure> {
        let transaction = TransactionRequest::default().with_from(self.sender).with_to(to).with_input(input);
        self.node.read(action, || async { self.provider.call(transaction.clone()).await }).await
    }

    /// Asks a contract.
    pub async fn ask<C: SolCall>(&self, action: &str, to: Address, call: &C) -> Result<C::Return, Failure> {
        let answer = self.call(action, to, call.abi_encode()).await?;
        C::abi_decode_returns(&answer).map_err(|e| self.answered(action, e))
    }

    /// The time of the latest block.
    pub async fn now(&self) -> Result<u64, Failure> {
        let action = "read the latest block";
        let ask = || async { self.provider.get_block_by_number(Default::default()).await };
        let block = self.node.read(action, ask).await?;
        Ok(block.ok_or_else(|| self.answered(action, "there is none"))?.header.timestamp)
    }

    /// Takes a step. If it has a name and there is a journal, it is taken once: again, it waits for what was sent before.
    pub async fn submit(&self, step: Step) -> Result<Receipt, Failure> {
        let Step { name, action, to, value, input } = step;
        let order = Order { name, action, to: to.into(), value, input: input.into(), gas: None };
        let Landed { receipt, block, .. } = self.execute(&order).await?;
        let (hash, gas) = (receipt.transaction_hash, receipt.gas_used);
        Ok(Receipt { hash, gas, block, logs: receipt.inner.logs().to_vec() })
    }

    /// Calls in a transaction and says what it cost.
    pub async fn transact(&self, action: &str, to: Address, input: Vec<u8>, limit: u64) -> Result<u64, Failure> {
        let (action, to, input) = (action.into(), to.into(), input.into());
        let order = Order { name: None, action, to, value: U256::ZERO, input, gas: Some(limit) };
        Ok(self.execute(&order).await?.receipt.gas_used)
    }

    /// A node answered with something unusable.
    pub fn answered(&self, action: &str, reason: impl ToString) -> Failure {
        self.node.answered(action, &reason.to_string())
    }
}

/// An account that the node signs for.
async fn unlocked(node: &Node, provider: &DynProvider, wanted: Option<Address>) -> Result<Address, Failure> {
    let shown = &node.shown;
    let accounts = node.read("list accounts", || async { provider.get_accounts().await }).await?;
    let missing = match wanted {
        Some(account) if accounts.contains(&account) => return Ok(account),
        Some(account) => format!("{shown} does not sign for {account}: give its key with --keystore or --key-file"),
        None => format!("{shown} has no unlocked account: give one with --keystore or --key-file"),
    };
    accounts.first().copied().filter(|_| wanted.is_none()).ok_or(Failure::Request(missing))
}
