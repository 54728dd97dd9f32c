// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Fixture, Narrow, Wide} from "../utils/Fixture.sol";

/// @dev Gas of whole transactions, with call data: each call is one, because of the setting.
/// forge-config: default.isolate = true
abstract contract Gas is Fixture {
    /// @dev What the link may cost, its call data included.
    uint256 private constant LINK_GAS = 150_000;

    function test_gas() external {
        uint256 alone = _transact(address(model), callModel(), "verifyProof");
        uint256 linked = _transact(address(inference), callVerify(), "verify");
        vm.prank(asker);
        _transact(address(inference), callVerifyFor(), "verifyFor");
        vm.assertLe(linked, alone + LINK_GAS);
    }

    function _transact(address target, bytes memory input, string memory what) private returns (uint256) {
        (bool success, bytes memory answer) = target.call(input);
        vm.assertTrue(success && abi.decode(answer, (bool)), what);
        return vm.snapshotGasLastCall(name(), what);
    }
}

/// forge-config: default.isolate = true
contract NarrowGasTest is Gas, Narrow {}

/// forge-config: default.isolate = true
contract WideGasTest is Gas, Wide {}
