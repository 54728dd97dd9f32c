//! Scalars, addresses and words as people write them.

use alloy::primitives::{B256, U256};
use halo2curves::bn256::Fr;
use zkescrow_circuits::commitment::{Address, scalar, scalar_word};

/// Digits of a 32-byte word.
const DIGITS: usize = 64;

/// A field element from up to 64 hexadecimal digits, never reduced.
pub fn parse(text: &str) -> Result<Fr, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.is_empty() || digits.len() > DIGITS {
        return Err(format!("expected 1 to {DIGITS} hexadecimal digits"));
    }
    let word = hex::decode(format!("{digits:0>DIGITS$}")).map_err(|_| "expected hexadecimal digits".to_owned())?;
    scalar(&word).ok_or_else(|| "the number is not below BN254's scalar modulus".to_owned())
}

/// An address from 40 hexadecimal digits.
pub fn address(text: &str) -> Result<Address, String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok();
    bytes.and_then(|b| b.try_into().ok()).ok_or_else(|| "expected 0x and 40 hexadecimal digits".to_owned())
}

/// A 32-byte identity from 64 hexadecimal digits.
pub fn identity(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok();
    bytes.and_then(|b| b.try_into().ok()).ok_or_else(|| "expected 0x and 64 hexadecimal digits".to_owned())
}

/// `0x` and hexadecimal digits.
pub fn prefixed(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A field element as a word of the EVM.
pub fn word(x: &Fr) -> U256 {
    B256::from(scalar_word(x)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_read_as_numbers_and_never_reduced() {
        assert_eq!(parse("0x1f"), Ok(Fr::from(31)));
        assert_eq!(parse("1F"), Ok(Fr::from(31)));
        let modulus = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        assert!(parse(modulus).is_err());
        assert!(parse("").is_err() && parse("0x").is_err() && parse("xy").is_err());
        assert!(parse(&format!("0{modulus}")).is_err(), "65 digits");
    }
}
