// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDomain, MarketFixture} from "../utils/MarketFixture.sol";

/// @notice Under which names wallets show what they sign.
contract DomainsTest is MarketFixture {
    function test_escrows_have_names_of_their_own() external view {
        _named(address(predictions), "zkescrow PredictionEscrow");
        _named(address(exams), "zkescrow AccuracyEscrow");
        _named(address(retrieval), "zkescrow RetrievalEscrow");
    }

    function _named(address escrow, string memory expected) private view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address verifying,,) =
            IDomain(escrow).eip712Domain();
        vm.assertTrue(fields == 0x0f);
        vm.assertEq(bytes(name), bytes(expected));
        vm.assertEq(bytes(version), "1");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifying, escrow);
    }
}
