//! What every verb of a party takes: a node, an account, the contracts, the store.

use std::path::PathBuf;

use alloy::primitives::{
    U256,
    utils::{ParseUnits, Unit},
};
use serde_json::{Value, json};

use crate::{
    chain::{Chain, NodeArgs, Receipt},
    failure::Failure,
    market::deployment::Deployment,
    rounds::{Case, Desk},
    scalar,
    store::Store,
};

/// Flags.
#[derive(Clone, Debug, clap::Args)]
pub struct PartyArgs {
    /// The deployment file: where the contracts are.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_DEPLOYMENT", default_value = "deployment.json")]
    pub deployment: PathBuf,
    /// The file with what the chain does not know; each party has its own.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_STORE", default_value = "zkescrow.db")]
    pub store: PathBuf,
    /// The node, and the account that pays.
    #[command(flatten)]
    pub node: NodeArgs,
}

/// A party, ready to act.
#[derive(Debug)]
pub struct Party {
    /// The contracts.
    pub deployment: Deployment,
    /// Rounds of predictions.
    pub desk: Desk,
}

impl PartyArgs {
    /// Connects, and opens what the flags name.
    pub async fn open(&self) -> Result<Party, Failure> {
        let chain = Chain::connect(&self.node).await?;
        let deployment = Deployment::open(&self.deployment, &chain).await?;
        let store = Store::open(&self.store).await?;
        let chain = chain.with_journal(store.clone());
        let market = deployment.market;
        let desk = Desk { chain, escrow: market.prediction_escrow.address, since: market.since, store };
        Ok(Party { deployment, desk })
    }
}

/// Which case.
#[derive(Clone, Debug, clap::Args)]
pub struct CaseArg {
    /// The case's id.
    #[arg(long, value_name = "ID", value_parser = case_id)]
    pub case: U256,
}

/// A case's id, from hexadecimal digits.
pub fn case_id(text: &str) -> Result<U256, String> {
    scalar::identity(text).map(U256::from_be_bytes)
}

/// An amount of money: `0.5eth`, `20gwei`, or a number of wei (or of a token's smallest unit).
pub fn amount(text: &str) -> Result<U256, String> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => (&text[..at], &text[at..]),
        None => (text, "wei"),
    };
    let refused = || "expected an amount such as 0.5eth, 20gwei or 1000 (the smallest unit)".to_owned();
    let (number, unit) = (number.trim(), unit.parse::<Unit>().map_err(|_| refused())?);
    // What is below the smallest unit would be dropped without a word.
    let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if number.is_empty() || decimals > usize::from(unit.get()) {
        return Err(refused());
    }
    let amount = ParseUnits::parse_units(number, unit).ok().filter(|amount| !amount.is_negative());
    Ok(amount.ok_or_else(refused)?.get_absolute())
}

/// The same, as contracts count it in terms.
pub fn amount_u128(text: &str) -> Result<u128, String> {
    amount(text)?.try_into().map_err(|_| "this is more than there is".into())
}

/// What a transition came to, for programs.
pub fn moved(case: &Case, receipt: &Receipt) -> Value {
    json!({
        "case": format!("{:#066x}", case.id),
        "state": format!("{:?}", case.state),
        "tx": receipt.hash,
        "gasUsed": receipt.gas,
    })
}

/// An amount of ETH, or of a token's smallest unit, for people.
pub fn money(amount: U256, currency: alloy::primitives::Address) -> String {
    if !currency.is_zero() {
        return format!("{amount} of token {currency}");
    }
    let text = alloy::primitives::utils::format_ether(amount);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} ETH", if text.is_empty() { "0" } else { text })
}

/// How long until a time, for people.
pub fn until(deadline: u64, now: u64) -> String {
    let (seconds, past) = (deadline.abs_diff(now), deadline < now);
    let text = match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    };
    if past { format!("{text} ago") } else { format!("in {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units() {
        assert_eq!(amount("0.5eth"), Ok(U256::from(5 * 10u64.pow(17))));
        assert_eq!(amount("20 gwei"), Ok(U256::from(20_000_000_000u64)));
        assert_eq!(amount("1000"), Ok(U256::from(1000)));
        for wrong in ["", "-1", "1.5", "eth", "5 moons", "0.0000000000000000001eth"] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
        assert!(amount_u128(&U256::from(1).wrapping_shl(128).to_string()).is_err());
    }

    #[test]
    fn money_and_times_are_read_easily() {
        let eth = alloy::primitives::Address::ZERO;
        assert_eq!(money(U256::from(5 * 10u64.pow(17)), eth), "0.5 ETH");
        assert_eq!(money(U256::ZERO, eth), "0 ETH");
        assert_eq!(until(100, 40), "in 60 s");
        assert_eq!(until(0, 7_200), "2 h ago");
    }
}
