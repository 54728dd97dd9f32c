// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @dev Gas of whole transactions, with call data: each call is one, because of the setting. Nobody has credits before.
/// forge-config: default.isolate = true
abstract contract Gas is RoundDriver {
    uint256 private constant LIMIT = 150_000;

    /// @dev What the snapshots' names end with.
    function suffix() internal pure virtual returns (string memory);

    function test_gas() external {
        IPredictionEscrow.Terms memory t = terms();
        vm.assertLt(_transact(Call.Open, t, "open"), LIMIT);
        vm.assertLt(_transact(Call.Accept, t, "accept"), LIMIT);
        vm.assertLt(_transact(Call.CommitInputs, t, "commitInputs"), LIMIT);
        vm.assertLt(_transact(Call.CommitPredictions, t, "commitPredictions"), LIMIT);
        uint256 before = vm.snapshotState();
        vm.assertLt(_transact(Call.Settle, t, "settle"), LIMIT);
        vm.revertToState(before);
        vm.assertLt(_transact(Call.Contest, t, "contest of one"), LIMIT);
        make(Call.Respond, t);
        vm.assertLt(_transact(Call.Settle, t, "settle with a proof"), LIMIT);
    }

    function _transact(Call call, IPredictionEscrow.Terms memory t, string memory what) private returns (uint256) {
        Move memory m = move(call, t);
        _refill(m.by);
        (bool success,) = send(m);
        vm.assertTrue(success, what);
        return vm.snapshotGasLastCall("prediction", string.concat(what, suffix()));
    }

    /// @dev No refund for an allowance or balance that is used up.
    function _refill(address who) private {
        coin.mint(who, 1);
        vm.prank(who);
        coin.approve(address(predictions), type(uint256).max);
    }
}

/// forge-config: default.isolate = true
contract GasInEth is Gas {
    function suffix() internal pure override returns (string memory) {
        return "";
    }
}

/// forge-config: default.isolate = true
contract GasInTokens is Gas {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function suffix() internal pure override returns (string memory) {
        return ", token";
    }
}
