// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {Steps} from "./Steps.sol";

/// @dev Gas of whole transactions, with call data: each call is one, because of the setting.
/// forge-config: default.isolate = true
contract AccuracyGasTest is Steps {
    /// @dev What the steps of every exam may cost.
    uint256 private constant STEP_GAS = 150_000;

    function test_gas() external {
        IAccuracyEscrow.Terms memory t = terms();
        vm.assertLt(_transact(openCall(t), LOCK + FEE, "open"), STEP_GAS);
        vm.assertLt(_transact(acceptCall(t), LOCK + FEE, "accept"), STEP_GAS);
        _transact(announceCall(t), 0, "announceExamples");
        acknowledge(t);
        reveal(t);
        _transact(proceedCall(t), 0, "proceed");
        deliver(t, false);
        _transact(postCall(t), 0, "postResults");
        _transact(challengeCall(t), DEPOSIT, "challenge of one");
        respond(t, 0);
        vm.assertLt(_transact(settleCall(t), 0, "settle"), STEP_GAS);
    }

    function _transact(Call memory c, uint256 value, string memory what) private returns (uint256) {
        c.value = fund(c.from, address(exams), value);
        succeeds(c);
        return vm.snapshotGasLastCall("accuracy", what);
    }
}
