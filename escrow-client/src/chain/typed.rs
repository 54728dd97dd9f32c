//! Signatures of typed data (EIP-712).

use alloy::{
    dyn_abi::{Eip712Domain, TypedData},
    primitives::Bytes,
    providers::Provider,
    signers::SignerSync,
    sol_types::SolStruct,
};
use serde::Serialize;

use super::{Chain, account::Account};
use crate::failure::Failure;

impl Chain {
    /// Signs typed data as the account.
    pub async fn sign_typed<T: SolStruct + Serialize>(
        &self,
        domain: &Eip712Domain,
        data: &T,
    ) -> Result<Bytes, Failure> {
        if let Account::Ours(signer) = &self.account {
            let signature = signer.sign_hash_sync(&data.eip712_signing_hash(domain));
            let signature = signature.map_err(|e| Failure::Internal(format!("cannot sign: {e}")))?;
            return Ok(signature.as_bytes().into());
        }
        let typed = TypedData::from_struct(data, Some(domain.clone()));
        let sign = || self.provider.raw_request("eth_signTypedData_v4".into(), (self.sender, &typed));
        self.node.read("sign", sign).await
    }
}
