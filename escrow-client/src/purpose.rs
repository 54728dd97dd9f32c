//! What a proof is for: the context instance that binds it to one answer.

use alloy::{
    primitives::{Address, U256, keccak256},
    sol_types::SolValue,
};
use halo2curves::bn256::Fr;
use zkescrow_circuits::commitment;

/// One answer that somebody is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The chain.
    pub chain_id: u64,
    /// The contract that asks the verifier.
    pub contract: Address,
    /// The case of that contract.
    pub case_id: U256,
    /// The answer within the case.
    pub index: U256,
    /// Who is paid.
    pub payee: Address,
}

impl Purpose {
    /// The context instance; contracts compute the same (`Context.bind`).
    pub fn context(&self) -> Fr {
        let Self { chain_id, contract, case_id, index, payee } = *self;
        let words = ("zkescrow.context".to_owned(), U256::from(chain_id), contract, case_id, index, payee);
        let digest = U256::from_be_bytes(keccak256(words.abi_encode_params()).0);
        let context: U256 = digest >> 8;
        commitment::scalar(&context.to_be_bytes::<32>()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkescrow_circuits::commitment::scalar_word;

    /// The same vector as in the contract's tests.
    #[test]
    fn client_and_contract_agree_about_contexts() {
        let word = |n: u64| U256::from(n).to_be_bytes::<32>();
        let mut bytes = [0xc0, 31337, 0x11, 2, 3, 0x44, 16].map(word).concat();
        bytes.extend(b"zkescrow.context");
        bytes.extend([0; 16]);
        let digest = keccak256(bytes);
        let address = |n: u64| Address::from_word(word(n).into());
        let purpose = Purpose {
            chain_id: 31337,
            contract: address(0x11),
            case_id: U256::from(2),
            index: U256::from(3),
            payee: address(0x44),
        };
        let context = scalar_word(&purpose.context());
        assert_eq!(context[0], 0);
        assert_eq!(context[1..], digest[..31]);
    }
}
