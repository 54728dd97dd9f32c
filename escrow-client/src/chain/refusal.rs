//! What a contract says when it refuses a call.

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt},
    primitives::U256,
    sol_types::{Panic, Revert, SolError},
    transports::TransportError,
};

use crate::{bindings::Refusals, text};

/// Most characters of what a contract says.
const LONGEST: usize = 200;
/// Nodes call an execution that was undone so.
const REVERTED: i64 = 3;

/// The reason, if what a node answers is that a contract refuses.
pub(super) fn of(error: &TransportError) -> Option<String> {
    let answer = error.as_error_resp()?;
    match answer.as_revert_data() {
        Some(data) if !data.is_empty() => Some(format!("the contract says {}", said(&data))),
        Some(_) => Some("the contract refuses it without a reason".into()),
        None if answer.code == REVERTED => Some("the contract refuses it without a reason".into()),
        None => None,
    }
}

/// The words of a refusal: `WrongState(caseId 0x12345678…, actual 3)`.
fn said(data: &[u8]) -> String {
    known(data)
        .or_else(|| Some(format!("“{}”", text::single_line(&Revert::abi_decode(data).ok()?.reason, LONGEST))))
        .or_else(|| Some(Panic::abi_decode(data).ok()?.to_string()))
        .unwrap_or_else(|| format!("0x{}", text::single_line(&hex::encode(data), LONGEST)))
}

/// Names the error if it is one of our contracts'.
fn known(data: &[u8]) -> Option<String> {
    let (selector, arguments) = data.split_at_checked(4)?;
    let error = Refusals::abi::errors().into_values().flatten().find(|error| error.selector() == selector)?;
    let values = error.abi_decode_input(arguments).ok()?;
    let shown = error.inputs.iter().zip(&values).map(|(input, value)| format!("{} {}", input.name, word(value)));
    Some(format!("{}({})", error.name, shown.collect::<Vec<_>>().join(", ")))
}

/// A value; of long ones the beginning.
fn word(value: &DynSolValue) -> String {
    let long = |digits: String| format!("{}…", &digits[..10.min(digits.len())]);
    match value {
        DynSolValue::Uint(number, _) if *number <= U256::from(u128::MAX) => number.to_string(),
        DynSolValue::Uint(number, _) => long(format!("{number:#066x}")),
        DynSolValue::FixedBytes(bytes, _) => long(bytes.to_string()),
        DynSolValue::Address(address) => address.to_string(),
        other => text::single_line(&format!("{other:?}"), LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::B256;

    use super::*;

    #[test]
    fn refusals_are_words() {
        let id = U256::from(0x12).wrapping_shl(248);
        let cases = [
            (Refusals::WrongState { caseId: id, actual: 3 }.abi_encode(), "WrongState(caseId 0x12000000…, actual 3)"),
            (Refusals::UnknownModel { model: B256::repeat_byte(0xab) }.abi_encode(), "UnknownModel(model 0xabababab…)"),
            (Refusals::BadTerms {}.abi_encode(), "BadTerms()"),
            (Revert::from("no".to_owned()).abi_encode(), "“no”"),
            (vec![1, 2, 3, 4, 5], "0x0102030405"),
            (vec![9], "0x09"),
        ];
        for (data, expected) in cases {
            assert_eq!(said(&data), expected);
        }
        // Cut off, or followed by something: not what it says it is, but no panic.
        let data = Refusals::WrongState { caseId: id, actual: 3 }.abi_encode();
        for end in 0..data.len() {
            assert!(!said(&data[..end]).starts_with("WrongState"), "{end} bytes");
        }
    }
}
