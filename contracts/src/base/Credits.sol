// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../interfaces/ICredits.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title Credits
/// @dev INVARIANT I1: per currency, balance = what open cases hold + credits (+ what somebody sent unasked, which belongs to
/// nobody). Every function that takes or sends money is `nonReentrant`: a token may call back while it moves.
abstract contract Credits is ICredits, ReentrancyGuardTransient {
    address internal constant ETH = address(0);
    /// @dev Nobody's: what is credited here stays for good.
    address internal constant BURN = address(0xdEaD);

    /// @inheritdoc ICredits
    mapping(address currency => mapping(address owner => uint256)) public credits;

    /// @inheritdoc ICredits
    function withdraw(address currency, address to) external nonReentrant returns (uint256 amount) {
        amount = credits[currency][msg.sender];
        if (amount == 0) revert NoCredit(msg.sender, currency);
        if (to == address(0) || to == address(this)) revert BadRecipient(to);
        // INVARIANT I9: only its owner empties a credit, before anything is sent.
        delete credits[currency][msg.sender];
        emit Withdrawn(msg.sender, currency, to, amount);
        if (currency == ETH) SafeTransferLib.safeTransferETH(to, amount);
        else SafeTransferLib.safeTransfer(currency, to, amount);
    }

    /// @dev Takes exactly `amount` from the caller. Only from `nonReentrant` functions.
    function _collect(address currency, uint256 amount) internal {
        if (currency == ETH) {
            if (msg.value != amount) revert WrongValue(msg.value, amount);
            return;
        }
        if (msg.value != 0) revert WrongValue(msg.value, 0);
        // Some tokens refuse to move nothing.
        if (amount == 0) return;
        uint256 before = SafeTransferLib.balanceOf(currency, address(this));
        SafeTransferLib.safeTransferFrom(currency, msg.sender, address(this), amount);
        uint256 received = SafeTransferLib.balanceOf(currency, address(this)) - before;
        if (received != amount) revert WrongAmountReceived(currency, received, amount);
    }

    /// @dev What the caller gave up before: a case's share, or an amount collected in the same call.
    function _credit(address currency, address owner, uint256 amount) internal {
        if (amount == 0) return;
        credits[currency][owner] += amount;
        emit Credited(owner, currency, amount);
    }

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
