// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
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

/// @dev What a provider may demand of a large round, the consumer can show, in transactions that a block takes.
/// forge-config: default.isolate = true
contract GasOfLargeDemands is RoundDriver {
    uint32 private constant K = 2048;
    uint256 private constant LEVELS = 11;
    uint256 private constant DEMANDED = 1500;
    uint256 private constant START = 548;
    uint256 private constant BATCH = 500;
    /// @dev Most gas of a transaction, since EIP-7825.
    uint256 private constant TRANSACTION = 16_777_216;

    function test_a_large_demand_is_answered_in_batches() external {
        IPredictionEscrow.Terms memory t = terms();
        t.count = K;
        bytes32[][] memory levels = _levels();
        uint256 caseId = open(t);
        accept(t);
        vm.prank(consumer);
        predictions.commitInputs(t, levels[LEVELS][0]);
        demandInputs(t, START, DEMANDED);
        uint256 deadline = block.timestamp + t.windows.respond + DEMANDED * t.windows.respondEach;
        vm.assertEq(predictions.roundOf(caseId).deadline, deadline);
        for (uint256 done = 0; done < DEMANDED; done += BATCH) {
            vm.assertTrue(state(t) == IPredictionEscrow.State.InputsDemanded);
            bytes memory data = _batch(t, levels, START + done);
            (bool success,) = send(Move(t.consumer, 0, data));
            vm.assertTrue(success, "shown");
            string memory which = done == 0 ? "first" : done + BATCH < DEMANDED ? "next" : "last";
            vm.assertLt(
                vm.snapshotGasLastCall("prediction", string.concat("showInputs of 500 in 2048, ", which)), TRANSACTION
            );
            vm.assertLt(_floor(data), TRANSACTION);
            vm.assertEq(credit(predictions, consumer), (done + BATCH) * DEMAND_BOND);
            vm.assertEq(predictions.roundOf(caseId).outstanding, DEMANDED - done - BATCH);
        }
        vm.assertTrue(state(t) == IPredictionEscrow.State.InputsShown);
        vm.prank(consumer);
        predictions.announceInputs(t, ROOT, ROOT);
        vm.assertLt(vm.snapshotGasLastCall("prediction", "announceInputs of 1500 in 2048"), 300_000);
        vm.assertEq(predictions.deliveryOf(caseId).words, DEMANDED * 8);
    }

    function _batch(IPredictionEscrow.Terms memory t, bytes32[][] memory levels, uint256 first)
        private
        view
        returns (bytes memory)
    {
        uint256[] memory commitments = new uint256[](BATCH);
        bytes32[][] memory paths = new bytes32[][](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            commitments[i] = _commitment(first + i);
            paths[i] = new bytes32[](LEVELS);
            for (uint256 h = 0; h < LEVELS; ++h) {
                paths[i][h] = levels[h][((first + i) >> h) ^ 1];
            }
        }
        return abi.encodeCall(predictions.showInputs, (t, commitments, paths));
    }

    /// @dev The least that a transaction with this call data costs, since EIP-7623.
    function _floor(bytes memory data) private pure returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i = 0; i < data.length; ++i) {
            gas += data[i] == 0 ? 10 : 40;
        }
    }

    function _commitment(uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(i)));
    }

    function _levels() private pure returns (bytes32[][] memory levels) {
        levels = new bytes32[][](LEVELS + 1);
        levels[0] = new bytes32[](K);
        for (uint256 i = 0; i < K; ++i) {
            levels[0][i] = Leaves.input(i, _commitment(i));
        }
        for (uint256 h = 0; h < LEVELS; ++h) {
            levels[h + 1] = new bytes32[](K >> (h + 1));
            for (uint256 i = 0; i < levels[h + 1].length; ++i) {
                levels[h + 1][i] = keccak256(abi.encodePacked(uint8(1), levels[h][2 * i], levels[h][2 * i + 1]));
            }
        }
    }
}
