//! The words of deliveries, for both sides of any case.

use alloy::primitives::{B256, U256};
use halo2curves::{bn256::Fr, ff::Field};
use rand::rngs::OsRng;
use zkescrow_circuits::commitment::scalar;

use super::delivery::Delivery;
use crate::{
    bindings::{self, Deliveries, Word},
    failure::Failure,
    protocol::sealed::{Complaint, Expected, Fault, Format, Item, Sealed},
    store::Store,
};

/// Encrypts items. The key of a case's delivery is drawn once and kept: announced twice, it is the same delivery.
pub async fn seal(store: &Store, case: U256, format: Format, items: &[Item]) -> Result<(Fr, Sealed), Failure> {
    let foreign = || Failure::Internal("an item is not in the format of its delivery".into());
    for (root, key) in store.deliveries(case).await? {
        let sealed = format.seal(items, key).ok_or_else(foreign)?;
        if sealed.tree().root() == root {
            return Ok((key, sealed));
        }
    }
    let key = Fr::random(OsRng);
    let sealed = format.seal(items, key).ok_or_else(foreign)?;
    store.put_delivery(case, sealed.tree().root(), key).await?;
    Ok((key, sealed))
}

/// The key of a delivery that this party announced.
pub async fn key(store: &Store, case: U256, root: B256) -> Result<Fr, Failure> {
    let keys = store.deliveries(case).await?;
    let lost = || Failure::Request(format!("the store has no key for the delivery {root} of case {case:#x}"));
    keys.into_iter().find(|(known, _)| *known == root).map(|(_, key)| key).ok_or_else(lost)
}

/// Publishes a chunk of a ciphertext.
pub fn chunk(case: U256, sealed: &Sealed, chunk: usize) -> Result<Deliveries::publishCall, Failure> {
    let first = chunk as u64 * crate::protocol::merkle::CHUNK;
    let (words, tree) = (sealed.words(), sealed.tree());
    let Some((leaves, path)) = tree.chunk(first) else {
        return Err(Failure::Request(format!("the delivery of case {case:#x} has no chunk {chunk}")));
    };
    let words = words[first as usize..first as usize + leaves.len()].to_vec();
    Ok(Deliveries::publishCall { caseId: case, words, path })
}

/// What a revealed delivery says, or the first fault in it.
pub async fn open(
    store: &Store,
    case: U256,
    delivery: &Delivery,
    format: Format,
    expected: &[Expected],
) -> Result<Result<Vec<Item>, Complaint>, Failure> {
    let (key, sealed) = received(store, case, delivery, format).await?;
    let other =
        || Failure::Request(format!("the delivery of case {case:#x} has another number of items than it should"));
    sealed.open(key, expected).ok_or_else(other)
}

/// The words that show a fault, and the key.
pub async fn complaint(
    store: &Store,
    case: U256,
    delivery: &Delivery,
    format: Format,
    complaint: Complaint,
) -> Result<(U256, bindings::Complaint), Failure> {
    let (_, sealed) = received(store, case, delivery, format).await?;
    let tree = sealed.tree();
    let words = complaint.words(&format).map(|t| Word {
        value: sealed.words().get(t).copied().unwrap_or_default(),
        path: tree.path(t as u64).unwrap_or_default(),
    });
    let shown = bindings::Complaint {
        fault: match complaint.fault {
            Fault::NotReduced => bindings::Fault::NotReduced,
            Fault::NotBytes => bindings::Fault::NotBytes,
            Fault::Step => bindings::Fault::Step,
            Fault::Commitment => bindings::Fault::Commitment,
            Fault::Label => bindings::Fault::Label,
        },
        item: U256::from(complaint.item),
        position: U256::from(complaint.position),
        words: words.collect(),
    };
    Ok((delivery.key.unwrap_or_default(), shown))
}

/// Takes a ciphertext that came, if it is the one that was announced.
pub async fn receive(store: &Store, case: U256, delivery: &Delivery, words: &[U256]) -> Result<bool, Failure> {
    let leaves = words.iter().zip(0..).map(|(&word, t)| crate::protocol::leaves::sealed_word(t, word)).collect();
    let ours = words.len() as u64 == delivery.words
        && crate::protocol::merkle::MerkleTree::new(leaves).root() == delivery.root;
    if ours {
        store.put_ciphertext(case, delivery.root, words).await?;
    }
    Ok(ours)
}

async fn received(store: &Store, case: U256, delivery: &Delivery, format: Format) -> Result<(Fr, Sealed), Failure> {
    let early = || Failure::Request(format!("the key of the delivery of case {case:#x} is not public yet"));
    // The contract takes no key that is not reduced.
    let key = delivery.key.and_then(|key| scalar(&key.to_be_bytes::<32>())).ok_or_else(early)?;
    let words = match delivery.words_on_chain() {
        Some(words) => Some(words),
        None => store.ciphertext(case, delivery.root).await?,
    };
    let missing = || Failure::Request(format!("the ciphertext of case {case:#x} is not here"));
    let odd = || Failure::Request(format!("the ciphertext of case {case:#x} is not of whole items"));
    Ok((key, Sealed::new(format, words.ok_or_else(missing)?).ok_or_else(odd)?))
}
