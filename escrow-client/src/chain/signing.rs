//! Transactions with a signature.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{Decodable2718, Encodable2718},
    network::TransactionBuilder,
    primitives::Bytes,
    providers::Provider,
    rpc::types::TransactionRequest,
    signers::SignerSync,
};
use serde_json::Value;

use super::{Chain, account::Account};
use crate::{failure::Failure, store::Attempt};

impl Chain {
    /// Signs. Nothing is sent, also by a node that has the key: what will be sent is known, and stored, before it is.
    pub(super) async fn sign(&self, action: &str, transaction: TxEip1559) -> Result<Attempt, Failure> {
        let envelope = match &self.account {
            Account::Ours(signer) => {
                let signature = signer.sign_hash_sync(&transaction.signature_hash());
                let signature = signature.map_err(|e| Failure::Internal(format!("cannot sign: {e}")))?;
                TxEnvelope::Eip1559(transaction.clone().into_signed(signature))
            }
            Account::Nodes(_) => self.signed_by_node(action, &transaction).await?,
        };
        Ok(Attempt { nonce: transaction.nonce, hash: *envelope.tx_hash(), raw: envelope.encoded_2718(), mined: false })
    }

    async fn signed_by_node(&self, action: &str, transaction: &TxEip1559) -> Result<TxEnvelope, Failure> {
        let request: TransactionRequest = transaction.clone().into();
        let request = request.with_from(self.sender);
        let sign = || self.provider.raw_request::<_, Value>("eth_signTransaction".into(), (&request,));
        let answer = self.node.read(action, sign).await?;
        // Some give the bytes, some the transaction beside them.
        let raw = answer.as_str().or_else(|| answer["raw"].as_str()).and_then(|raw| raw.parse::<Bytes>().ok());
        let envelope = raw.and_then(|raw| decoded(&raw));
        let as_asked = |envelope: &TxEnvelope| match envelope {
            TxEnvelope::Eip1559(signed) => {
                let signer = signed.signature().recover_address_from_prehash(&signed.signature_hash());
                signed.tx() == transaction && signer.is_ok_and(|signer| signer == self.sender)
            }
            _ => false,
        };
        let wrong = || self.answered(action, "it does not sign what it is asked to: give a --keystore");
        envelope.filter(as_asked).ok_or_else(wrong)
    }
}

/// What a stored transaction says.
pub(super) fn unsigned(attempt: &Attempt) -> Result<TxEip1559, Failure> {
    match decoded(&attempt.raw) {
        Some(TxEnvelope::Eip1559(signed)) => Ok(signed.tx().clone()),
        _ => Err(Failure::Request(format!("the store is damaged: transaction {} in it is none", attempt.hash))),
    }
}

fn decoded(mut raw: &[u8]) -> Option<TxEnvelope> {
    TxEnvelope::decode_2718(&mut raw).ok().filter(|_| raw.is_empty())
}
