//! What exams cost: the twin of `Settlement.sol`, as far as somebody has to pay it.

use alloy::primitives::U256;

use super::case::Terms;

/// What each side locks, `2NE`.
pub fn lock(terms: &Terms) -> U256 {
    U256::from(2) * U256::from(terms.examples) * U256::from(terms.exampleCost)
}

/// What each side pays the marketplace, `N1·P`.
pub fn fee(terms: &Terms) -> U256 {
    U256::from(terms.first) * U256::from(terms.inferenceCost)
}

/// What opening or accepting takes.
pub fn stake(terms: &Terms) -> U256 {
    lock(terms) + fee(terms)
}

/// What challenging so many answers takes, `2Z` each.
pub fn deposit(terms: &Terms, places: usize) -> U256 {
    U256::from(2) * U256::from(terms.proofCost) * U256::from(places)
}

/// What a passed exam costs its consumer.
pub fn price(terms: &Terms) -> U256 {
    let answers = terms.examples.saturating_sub(terms.first);
    U256::from(2) * (fee(terms) + U256::from(answers) * U256::from(terms.proofCost))
}
