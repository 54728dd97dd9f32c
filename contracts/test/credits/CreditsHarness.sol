// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Credits} from "../../src/base/Credits.sol";

/// @notice Nothing but credits: who pays in names the owner.
contract CreditsHarness is Credits {
    function pay(address currency, uint256 amount, address owner) external payable nonReentrant {
        _collect(currency, amount);
        _credit(currency, owner, amount);
    }
}
