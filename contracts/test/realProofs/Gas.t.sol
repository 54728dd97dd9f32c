// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RealRound} from "./RealRound.sol";

/// @notice What a transaction takes that answers a contest with a real proof.
abstract contract ContestGasTest is RealRound {
    uint256 private constant TRANSACTION_GAS = 16_777_216;

    function test_a_contest_is_answered_in_one_transaction() external {
        contested();
        bytes memory data = answer();
        (bool success,) = address(escrow).call(data);
        uint256 gas = vm.snapshotGasLastCall("contest", name());
        vm.assertTrue(success, "not answered");
        vm.assertLt(gas, TRANSACTION_GAS);
    }
}

/// forge-config: default.isolate = true
contract TinyContestGasTest is ContestGasTest {
    function name() internal pure override returns (string memory) {
        return "round-tiny";
    }
}

/// @notice The paper's smallest MobileNet v2.
/// forge-config: default.isolate = true
contract MobileNetContestGasTest is ContestGasTest {
    function name() internal pure override returns (string memory) {
        return "round-mobilenet";
    }
}
