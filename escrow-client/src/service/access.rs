//! What consumer and provider sign to each other, off chain (EIP-712, in the domain of the escrow's chain and address, but under a
//! name of its own: nothing signed here means anything to a contract).

use std::time::{SystemTime, UNIX_EPOCH};

use alloy::{
    dyn_abi::Eip712Domain,
    primitives::{Address, B256, Bytes, Signature, U256, keccak256},
    sol,
    sol_types::{SolStruct, SolValue, eip712_domain},
};

use super::wire::Answer;
use crate::{chain::Chain, failure::Failure};

sol! {
    /// A consumer's permission to ask about a round.
    #[derive(Debug, serde::Serialize)]
    struct Access {
        uint256 caseId;
        uint64 expires;
    }

    /// A provider's word: it gave these answers.
    #[derive(Debug, serde::Serialize)]
    struct Receipt {
        uint256 caseId;
        bytes32 answers;
    }
}

/// How long a permission lasts.
const VALIDITY: u64 = 3_600;

/// Domain of what is signed.
pub fn domain(chain_id: u64, escrow: Address) -> Eip712Domain {
    eip712_domain! { name: "zkescrow service", version: "1", chain_id: chain_id, verifying_contract: escrow, }
}

/// A permission, as it goes into the `Authorization` header.
pub async fn permit(chain: &Chain, escrow: Address, case: U256) -> Result<String, Failure> {
    let expires = now() + VALIDITY;
    let signature = chain.sign_typed(&domain(chain.id, escrow), &Access { caseId: case, expires }).await?;
    Ok(format!("zkescrow {expires}.{signature}"))
}

/// Who gave this permission, if it is one and has not expired.
pub fn permitted(header: &str, chain_id: u64, escrow: Address, case: U256) -> Option<Address> {
    let (expires, signature) = header.strip_prefix("zkescrow ")?.split_once('.')?;
    let expires: u64 = expires.parse().ok()?;
    // A permission for ever would be as good as a password.
    if expires < now() || expires > now() + 2 * VALIDITY {
        return None;
    }
    let access = Access { caseId: case, expires };
    recover(&access, &domain(chain_id, escrow), signature.parse::<Bytes>().ok()?.as_ref())
}

/// The provider's word for answers.
pub async fn receipt(chain: &Chain, escrow: Address, case: U256, answers: &[Answer]) -> Result<Bytes, Failure> {
    chain.sign_typed(&domain(chain.id, escrow), &Receipt { caseId: case, answers: digest(answers) }).await
}

/// Who gave his word for answers.
pub fn receipted(signature: &[u8], chain_id: u64, escrow: Address, case: U256, answers: &[Answer]) -> Option<Address> {
    let receipt = Receipt { caseId: case, answers: digest(answers) };
    recover(&receipt, &domain(chain_id, escrow), signature)
}

fn recover(signed: &impl SolStruct, domain: &Eip712Domain, signature: &[u8]) -> Option<Address> {
    let hash = signed.eip712_signing_hash(domain);
    Signature::from_raw(signature).ok()?.recover_address_from_prehash(&hash).ok()
}

/// Hash of index, label, commitment of all.
fn digest(answers: &[Answer]) -> B256 {
    let words: Vec<(U256, U256, B256)> =
        answers.iter().map(|a| (U256::from(a.index), U256::from(a.label), a.commitment)).collect();
    keccak256(words.abi_encode())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
