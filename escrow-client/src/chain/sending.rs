//! Sends a transaction until it is mined, deep enough, exactly once. What is sent is signed first and, with a journal, stored:
//! whatever stops the process, the same bytes are sent again. All transactions of a step have one nonce, and a step gets
//! another one only when its nonce was used by something else, so no chain executes two of them.

use std::time::Instant;

use alloy::{
    consensus::TxEip1559,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, TxKind, U256},
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use tokio::time::sleep;

use super::{
    Chain,
    fees::{self, Fees, GWEI, Price},
    lane::Reservation,
    node::Problem,
    signing,
};
use crate::{
    failure::Failure,
    store::{Attempt, Fate},
};

/// How often another transaction may take our nonce before somebody has to look.
const RIVALS: usize = 8;
/// Looks in a row that have to find a nonce used by something else: of several machines behind one address, some know of
/// blocks before others know of receipts.
const CERTAIN: u32 = 5;
/// Most gas of a transaction on chains since Osaka.
const GAS_CAP: u64 = 1 << 24;

/// A transaction to make.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub name: Option<String>,
    pub action: String,
    pub to: TxKind,
    pub value: U256,
    pub input: Bytes,
    /// Without one, it is estimated.
    pub gas: Option<u64>,
}

/// A transaction on its way.
struct Flight {
    /// With rising fees, all of one nonce; never empty.
    attempts: Vec<Attempt>,
    /// For as long as this process waits for it; none if it was begun elsewhere.
    reservation: Option<Reservation>,
    /// What the node said when it did not want it again.
    refused: Option<String>,
}

/// A transaction that was executed.
#[derive(Clone, Debug)]
pub(super) struct Landed {
    pub receipt: TransactionReceipt,
    pub block: u64,
    pub nonce: u64,
}

/// What there is to see of a flight.
enum Sight {
    /// It is mined and deep enough.
    Landed(Box<Landed>),
    /// It is mined.
    Shallow,
    /// It is not. `known`: the node has it. `next`: no other of the account has to come first.
    Waiting { known: bool, next: bool },
    /// Something else has its nonce, for good.
    Taken,
}

/// What a node says when it gets a transaction.
enum Sent {
    /// It has it, or may have it.
    Perhaps,
    /// It does not want it.
    Refused(Problem),
}

impl Chain {
    /// Makes a transaction; an order with a name, once.
    pub(super) async fn execute(&self, order: &Order) -> Result<Landed, Failure> {
        for _ in 0..RIVALS {
            let flight = match self.resumed(order).await? {
                Some(flight) => flight,
                None => self.launch(order).await?,
            };
            if let Some(landed) = self.land(order, flight).await? {
                return Ok(landed);
            }
        }
        Err(self.answered(&order.action, format!("something else keeps sending transactions of {}", self.sender)))
    }

    /// What was sent before for this order.
    async fn resumed(&self, order: &Order) -> Result<Option<Flight>, Failure> {
        let (Some(store), Some(name)) = (&self.journal, &order.name) else { return Ok(None) };
        let attempts = store.attempts(&self.payer(), name).await?;
        Ok((!attempts.is_empty()).then_some(Flight { attempts, reservation: None, refused: None }))
    }

    /// Signs, stores and sends for the first time.
    async fn launch(&self, order: &Order) -> Result<Flight, Failure> {
        let gas = match order.gas {
            Some(gas) => gas,
            None => self.gas(order).await?,
        };
        let price = self.price(&order.action).await?;
        let fees = price.fees(self.cap).ok_or_else(|| self.too_dear(&order.action, price))?;
        let turn = self.lane.turn.lock().await;
        let count = || async { self.provider.get_transaction_count(self.sender).pending().await };
        let from = self.node.read(&order.action, count).await?;
        let flight = self.book(order, gas, fees, from).await?;
        let Some(attempt) = flight.attempts.last() else { return Err(Failure::Internal("an empty flight".into())) };
        // What a killed process stored but did not send comes first.
        self.send_earlier(from, attempt.nonce).await?;
        let sent = self.broadcast(attempt).await;
        drop(turn);
        match sent {
            Sent::Refused(problem) if flight.reservation.is_some() => {
                if let Some(store) = &self.journal {
                    store.forget_attempt(attempt.hash).await?;
                }
                Err(self.node.problem(&order.action, problem))
            }
            // What another task or process sent is not ours to give up.
            Sent::Refused(_) | Sent::Perhaps => Ok(flight),
        }
    }

    /// Chooses a nonce, signs, and stores what was signed: as a whole, so that no two processes choose the same.
    async fn book(&self, order: &Order, gas: u64, fees: Fees, from: u64) -> Result<Flight, Failure> {
        let transaction = |nonce| TxEip1559 {
            chain_id: self.id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: fees.most,
            max_priority_fee_per_gas: fees.tip,
            to: order.to,
            value: order.value,
            access_list: Default::default(),
            input: order.input.clone(),
        };
        let none = || self.answered(&order.action, "the account has no nonce left");
        let Some(store) = &self.journal else {
            let reservation = self.lane.reserve(from, &Default::default()).ok_or_else(none)?;
            let attempt = self.sign(&order.action, transaction(reservation.nonce)).await?;
            return Ok(Flight { attempts: vec![attempt], reservation: Some(reservation), refused: None });
        };
        let payer = self.payer();
        let mut whole = store.begin().await?;
        if let Some(name) = &order.name {
            // Another task or process may have been faster.
            let attempts = store.attempts_by(&mut *whole, &payer, name).await?;
            if !attempts.is_empty() {
                store.of(whole.rollback().await)?;
                return Ok(Flight { attempts, reservation: None, refused: None });
            }
        }
        let taken = store.taken_nonces(&mut whole, &payer, from).await?;
        let reservation = self.lane.reserve(from, &taken).ok_or_else(none)?;
        let attempt = self.sign(&order.action, transaction(reservation.nonce)).await?;
        store.put_attempt(&mut whole, &payer, order.name.as_deref(), &attempt).await?;
        store.of(whole.commit().await)?;
        Ok(Flight { attempts: vec![attempt], reservation: Some(reservation), refused: None })
    }

    /// Waits until a transaction is executed. Nothing if that cannot happen any more.
    async fn land(&self, order: &Order, mut flight: Flight) -> Result<Option<Landed>, Failure> {
        let patience = self.node.patience;
        let begin = Instant::now();
        let (mut heard, mut sent, mut taken) = (begin, begin, 0);
        let mut pause = patience.poll / 32;
        loop {
            match self.tend(order, &mut flight, &mut sent).await {
                Ok(Sight::Landed(landed)) => return self.landed(order, &flight, *landed).await.map(Some),
                Ok(Sight::Taken) if taken + 1 == CERTAIN => {
                    if flight.attempts.iter().any(|attempt| attempt.mined) {
                        // Some nodes forget receipts. It is better not to know than to take a step twice.
                        let reason = "it was done before, and the node has no receipt of it any more";
                        return Err(self.answered(&order.action, reason));
                    }
                    self.remember(&flight, Fate::Lost).await?;
                    return Ok(None);
                }
                Ok(sight) => {
                    heard = Instant::now();
                    taken = if matches!(sight, Sight::Taken) { taken + 1 } else { 0 };
                    if taken > 0 {
                        pause = patience.poll;
                    }
                }
                // A node may be away for a moment.
                Err(Failure::Chain { .. }) if heard.elapsed() < patience.silence => {}
                Err(failure) => return Err(failure),
            }
            if begin.elapsed() > patience.give_up {
                return Err(self.unmined(order, &flight));
            }
            sleep(pause).await;
            pause = (pause * 2).min(patience.poll);
        }
    }

    fn unmined(&self, order: &Order, flight: &Flight) -> Failure {
        Failure::Unmined {
            action: order.action.clone(),
            hash: flight.attempts.last().map(|attempt| attempt.hash).unwrap_or_default().to_string(),
            reason: flight.refused.clone().unwrap_or_else(|| "the node has it, but it is in no block".into()),
        }
    }

    /// Looks, and does what helps.
    async fn tend(&self, order: &Order, flight: &mut Flight, sent: &mut Instant) -> Result<Sight, Failure> {
        let sight = self.look(&order.action, flight).await?;
        match sight {
            Sight::Waiting { next: true, .. } if sent.elapsed() > self.node.patience.replace => {
                self.raise(order, flight).await?;
                *sent = Instant::now();
            }
            // Dropped, or undone by a reorganisation: the same again.
            Sight::Waiting { known: false, .. } => self.send_again(order, flight).await?,
            _ => {}
        }
        Ok(sight)
    }

    async fn look(&self, action: &str, flight: &Flight) -> Result<Sight, Failure> {
        let head = self.node.read(action, || async { self.provider.get_block_number().await }).await?;
        for attempt in flight.attempts.iter().rev() {
            let ask = || async { self.provider.get_transaction_receipt(attempt.hash).await };
            if let Some(receipt) = self.node.read(action, ask).await? {
                return self.depth(action, attempt, receipt, head).await;
            }
        }
        let Some(attempt) = flight.attempts.last() else { return Ok(Sight::Taken) };
        let deep = head.saturating_add(1).saturating_sub(self.confirmations);
        let count = || async { self.provider.get_transaction_count(self.sender).number(deep).await };
        if self.node.read(action, count).await? > attempt.nonce {
            return Ok(Sight::Taken);
        }
        let count = || async { self.provider.get_transaction_count(self.sender).latest().await };
        let next = self.node.read(action, count).await? == attempt.nonce;
        let ask = || async { self.provider.get_transaction_by_hash(attempt.hash).await };
        Ok(Sight::Waiting { known: self.node.read(action, ask).await?.is_some(), next })
    }

    async fn depth(
        &self,
        action: &str,
        attempt: &Attempt,
        receipt: TransactionReceipt,
        head: u64,
    ) -> Result<Sight, Failure> {
        let (Some(block), Some(hash)) = (receipt.block_number, receipt.block_hash) else { return Ok(Sight::Shallow) };
        if receipt.transaction_hash != attempt.hash || receipt.from != self.sender {
            return Err(self.answered(action, "it gave the receipt of another transaction"));
        }
        if block > head || head - block < self.confirmations - 1 {
            return Ok(Sight::Shallow);
        }
        let ask = || async { self.provider.get_block_by_number(block.into()).await };
        match self.node.read(action, ask).await? {
            Some(there) if there.header.hash == hash => {
                Ok(Sight::Landed(Box::new(Landed { receipt, block, nonce: attempt.nonce })))
            }
            _ => Ok(Sight::Shallow),
        }
    }

    /// Remembers what came of it.
    async fn landed(&self, order: &Order, flight: &Flight, landed: Landed) -> Result<Landed, Failure> {
        if landed.receipt.status() {
            self.remember(flight, Fate::Mined).await?;
            return Ok(landed);
        }
        self.remember(flight, Fate::Reverted).await?;
        let reason = match self.estimate(order).await {
            Err(Failure::Refused { reason, .. }) => reason,
            _ => "the reason is not known, perhaps it ran out of gas".into(),
        };
        let hash = landed.receipt.transaction_hash.to_string();
        Err(Failure::Reverted { action: order.action.clone(), hash, reason })
    }

    async fn remember(&self, flight: &Flight, fate: Fate) -> Result<(), Failure> {
        match &self.journal {
            Some(store) => store.put_fate(&flight.attempts, fate).await,
            None => Ok(()),
        }
    }

    /// Sends the same for more, unless that would be more than is allowed.
    async fn raise(&self, order: &Order, flight: &mut Flight) -> Result<(), Failure> {
        let Some(last) = flight.attempts.last() else { return Ok(()) };
        let old = signing::unsigned(last)?;
        let paid = Fees { most: old.max_fee_per_gas, tip: old.max_priority_fee_per_gas };
        let Some(fees) = paid.raised(self.price(&order.action).await?, self.cap) else {
            return self.send_again(order, flight).await;
        };
        let raised = TxEip1559 { max_fee_per_gas: fees.most, max_priority_fee_per_gas: fees.tip, ..old };
        let attempt = self.sign(&order.action, raised).await?;
        if let Some(store) = &self.journal {
            let mut whole = store.begin().await?;
            store.put_attempt(&mut whole, &self.payer(), order.name.as_deref(), &attempt).await?;
            store.of(whole.commit().await)?;
        }
        flight.attempts.push(attempt);
        self.send_again(order, flight).await
    }

    /// Sends once more. Whatever a node says to that, only the chain says what came of it.
    async fn send_again(&self, order: &Order, flight: &mut Flight) -> Result<(), Failure> {
        let Some(attempt) = flight.attempts.last() else { return Ok(()) };
        let count = || async { self.provider.get_transaction_count(self.sender).latest().await };
        if let Ok(from) = self.node.ask_once(count).await {
            self.send_earlier(from, attempt.nonce).await?;
        }
        flight.refused = match self.broadcast(attempt).await {
            Sent::Perhaps => None,
            Sent::Refused(problem) => Some(self.node.problem(&order.action, problem).to_string()),
        };
        Ok(())
    }

    /// Sends what others stored and perhaps did not send: what comes later would wait for it.
    async fn send_earlier(&self, from: u64, to: u64) -> Result<(), Failure> {
        let Some(store) = self.journal.as_ref().filter(|_| from < to) else { return Ok(()) };
        for attempt in store.attempts_between(&self.payer(), from, to).await? {
            self.broadcast(&attempt).await;
        }
        Ok(())
    }

    async fn broadcast(&self, attempt: &Attempt) -> Sent {
        let raw = Bytes::from(attempt.raw.clone());
        let send = || self.provider.raw_request::<_, B256>("eth_sendRawTransaction".into(), (&raw,));
        let mut pause = self.node.patience.pause;
        // Once it is not known whether the node has it, a refusal says nothing any more.
        let mut unknown = false;
        for _ in 0..3 {
            match self.node.ask_once(send).await {
                Ok(_) => return Sent::Perhaps,
                Err(problem) if problem.may_pass() => unknown |= problem.message().is_none(),
                Err(problem) if unknown || is_perhaps_here(&problem) => return Sent::Perhaps,
                Err(problem) => return Sent::Refused(problem),
            }
            sleep(pause).await;
            pause *= 2;
        }
        Sent::Perhaps
    }

    /// Gas for an order, and some more: what others do in between may make it dearer, and of what is left a call passes on
    /// 63 of 64 parts only.
    async fn gas(&self, order: &Order) -> Result<u64, Failure> {
        let exact = self.estimate(order).await?;
        let ask = || async { self.provider.get_block_by_number(Default::default()).await };
        let block = self.node.read(&order.action, ask).await?;
        let most = block.map_or(u64::MAX, |block| block.header.gas_limit);
        let cap = if exact <= GAS_CAP { GAS_CAP } else { u64::MAX };
        Ok(exact.saturating_add(exact / 4).min(most).min(cap).max(exact))
    }

    async fn estimate(&self, order: &Order) -> Result<u64, Failure> {
        let mut request = TransactionRequest::default().with_from(self.sender).with_value(order.value);
        request.to = Some(order.to);
        let request = request.with_input(order.input.clone());
        let ask = || async { self.provider.estimate_gas(request.clone()).await };
        self.node.read(&order.action, ask).await
    }

    async fn price(&self, action: &str) -> Result<Price, Failure> {
        let ask = || self.provider.get_fee_history(fees::BLOCKS, Default::default(), &[fees::PERCENTILE]);
        let history = self.node.read(action, ask).await?;
        Price::of(&history).ok_or_else(|| self.answered(action, "it does not say what gas costs"))
    }

    fn too_dear(&self, action: &str, price: Price) -> Failure {
        let (costs, allowed) = (price.base / GWEI, self.cap / GWEI);
        let reason = format!("gas costs {costs} gwei, --max-fee-gwei allows {allowed}: wait, or allow more");
        self.answered(action, reason)
    }

    /// Where a creation put its contract: the node is not asked.
    pub(super) fn contract_of(&self, landed: &Landed) -> Address {
        self.sender.create(landed.nonce)
    }
}

/// Whether a node refuses a transaction because it has it, or had it, or has another one of this nonce.
fn is_perhaps_here(problem: &Problem) -> bool {
    let parts = [
        "already known",
        "already imported",
        "already exists",
        "known transaction",
        "nonce too low",
        "replacement transaction",
    ];
    problem.message().is_some_and(|message| parts.iter().any(|part| message.contains(part)))
}
