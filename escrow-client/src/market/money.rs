//! Paying what a call costs, in ETH or in a token.

use alloy::{
    primitives::{Address, U256},
    sol,
};

use crate::{
    bindings::Credits,
    chain::{Chain, Receipt, Step},
    failure::Failure,
};

sol! {
    /// What is needed of ERC-20.
    interface Token {
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address owner) external view returns (uint256);
    }
}

/// Makes sure that `spender` can take `amount`, and says how much ETH has to go with the call.
pub async fn provide(chain: &Chain, currency: Address, spender: Address, amount: U256) -> Result<U256, Failure> {
    if currency.is_zero() {
        return Ok(amount);
    }
    let owner = chain.sender;
    let allowed = chain.ask("read an allowance", currency, &Token::allowanceCall { owner, spender }).await?;
    if allowed < amount {
        let step = Step::of(
            // Allowances are not steps of a case: a new one replaces the old.
            None,
            format!("approve {amount} of token {currency}"),
            currency,
            U256::ZERO,
            &Token::approveCall { spender, amount },
        );
        chain.submit(step).await?;
    }
    Ok(U256::ZERO)
}

/// What `owner` may withdraw from a contract.
pub async fn credit(chain: &Chain, contract: Address, currency: Address, owner: Address) -> Result<U256, Failure> {
    chain.ask("read a credit", contract, &Credits::creditsCall { currency, owner }).await
}

/// Withdraws everything that the account may.
pub async fn withdraw(chain: &Chain, contract: Address, currency: Address, to: Address) -> Result<Receipt, Failure> {
    let call = Credits::withdrawCall { currency, to };
    chain.submit(Step::of(None, "withdraw credits".into(), contract, U256::ZERO, &call)).await
}
