// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title ICredits
/// @notice Money comes in with the call that locks it, and goes out when its owner fetches it. Whatever a case pays is a
/// credit: nothing that settles a case calls anybody, so nobody can keep it from settling.
/// @dev Currencies are ERC-20 tokens, or `address(0)` for ETH. A token may return nothing. Tokens that take a fee are
/// refused when they do. Tokens whose balances change by themselves are not supported: a loss hurts all creditors in that token. A token that
/// can be paused or can refuse somebody can cost a party its case: both sides choose the currency with the terms.
interface ICredits {
    /// @notice `owner` was given `amount`.
    event Credited(address indexed owner, address indexed currency, uint256 amount);

    /// @notice `owner` fetched everything it had, to `to`.
    event Withdrawn(address indexed owner, address indexed currency, address to, uint256 amount);

    /// @notice The ETH sent is not what the call costs.
    error WrongValue(uint256 sent, uint256 due);
    /// @notice The token moved another amount than it was asked to.
    error WrongAmountReceived(address token, uint256 received, uint256 due);
    /// @notice There is no credit.
    error NoCredit(address owner, address currency);
    /// @notice Money sent there would be lost.
    error BadRecipient(address to);

    /// @notice What `owner` may withdraw.
    function credits(address currency, address owner) external view returns (uint256);

    /// @notice Sends the whole credit of the caller to `to`. A caller that cannot receive names somebody who can.
    function withdraw(address currency, address to) external returns (uint256 amount);
}
