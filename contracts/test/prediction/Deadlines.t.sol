// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice Both edges of every deadline: at its second the call counts and silence does not; a second later it is the
/// other way round.
contract DeadlinesTest is RoundDriver {
    function testFuzz_accept(uint32 window) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.accept = window;
        _edges(t, IPredictionEscrow.State.Open, Call.Accept, window, IPredictionEscrow.State.Refunded);
    }

    function testFuzz_inputs(uint32 window) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.inputs = _some(window);
        _edges(
            t, IPredictionEscrow.State.Accepted, Call.CommitInputs, t.windows.inputs, IPredictionEscrow.State.Refunded
        );
    }

    function testFuzz_predictions(uint32 window) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.predictions = _some(window);
        IPredictionEscrow.State from = IPredictionEscrow.State.Committed;
        IPredictionEscrow.State end = IPredictionEscrow.State.ProviderFailed;
        _edges(t, from, Call.CommitPredictions, t.windows.predictions, end);
        _edges(t, from, Call.DemandInputs, t.windows.predictions, end);
        _edges(t, from, Call.Decline, t.windows.predictions, end);
    }

    function testFuzz_demanded_inputs(uint32 window, uint32 each, uint32 step) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.respond = _some(window);
        t.windows.respondEach = _some(each);
        t.courier.step = _some(step);
        IPredictionEscrow.State end = IPredictionEscrow.State.ConsumerFailed;
        uint256 time = uint256(t.windows.respond) + demanded() * t.windows.respondEach;
        _edges(t, IPredictionEscrow.State.InputsDemanded, Call.ShowInputs, time, end);
        _edges(t, IPredictionEscrow.State.InputsShown, Call.AnnounceInputs, t.courier.step, end);
    }

    function testFuzz_contest(uint32 window) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.contest = _some(window);
        IPredictionEscrow.State end = IPredictionEscrow.State.Served;
        _edges(t, IPredictionEscrow.State.Predicted, Call.Contest, t.windows.contest, end);
        _edges(t, IPredictionEscrow.State.Predicted, Call.DemandPredictions, t.windows.contest, end);
        _edges(t, IPredictionEscrow.State.Published, Call.Contest, t.windows.contest, end);
    }

    function testFuzz_respond(uint32 window, uint32 each) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.respond = _some(window);
        t.windows.respondEach = each = _some(each);
        IPredictionEscrow.State end = IPredictionEscrow.State.ProviderFailed;
        uint256 time = uint256(t.windows.respond) + each;
        _edges(t, IPredictionEscrow.State.Contested, Call.Respond, time, end);
        time = uint256(t.windows.respond) + demanded() * each;
        _edges(t, IPredictionEscrow.State.PredictionsDemanded, Call.PublishPredictions, time, end);
    }

    /// @dev More contested indices give more time.
    function testFuzz_contest_of_many(uint32 window, uint32 each, uint256 count) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.respond = _some(window);
        t.windows.respondEach = each = _some(each);
        drive(t, IPredictionEscrow.State.Predicted);
        uint256[] memory indices = new uint256[](bound(count, 1, COUNT));
        for (uint256 i = 0; i < indices.length; ++i) {
            indices[i] = i;
        }
        contest(t, indices);
        uint256 time = uint256(t.windows.respond) + indices.length * each;
        vm.assertEq(predictions.roundOf(predictions.idOf(t)).deadline, block.timestamp + time);
    }

    /// @dev A batch of inputs gives no more time for the rest.
    function testFuzz_some_inputs_shown(uint256 time, uint256 count) external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.InputsDemanded);
        uint256 deadline = predictions.roundOf(caseId).deadline;
        vm.warp(bound(time, block.timestamp, deadline));
        showInputs(t, FIRST, bound(count, 0, demanded() - 1));
        vm.assertTrue(state(t) == IPredictionEscrow.State.InputsDemanded);
        vm.assertEq(predictions.roundOf(caseId).deadline, deadline);
    }

    /// @dev An answer after the last deadline is no answer, but answers that are complete settle any time.
    function test_complete_answers_settle_at_any_time() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        make(Call.Respond, t);
        vm.warp(uint256(predictions.roundOf(caseId).deadline) + 365 days);
        predictions.settle(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Served);
    }

    function _some(uint32 window) private pure returns (uint32) {
        return window == 0 ? 1 : window;
    }

    /// @dev In state `from`, `call` counts for `window` seconds; then `end` is what follows, and anybody may say so.
    function _edges(
        IPredictionEscrow.Terms memory t,
        IPredictionEscrow.State from,
        Call call,
        uint256 window,
        IPredictionEscrow.State end
    ) private {
        uint256 start = vm.snapshotState();
        uint256 caseId = drive(t, from);
        uint256 deadline = block.timestamp + window;
        vm.assertEq(predictions.roundOf(caseId).deadline, deadline, "deadline");
        Move memory timeout = move(from == IPredictionEscrow.State.Open ? Call.Cancel : Call.Settle, t);
        timeout.by = stranger;
        Move memory m = move(call, t);

        vm.warp(deadline);
        uint256 before = vm.snapshotState();
        refuse(timeout, abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline));
        (bool success,) = send(m);
        vm.assertTrue(success, "in time");
        vm.revertToState(before);

        vm.warp(deadline + 1);
        refuse(m, abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline));
        (success,) = send(timeout);
        vm.assertTrue(success, "timeout");
        vm.assertTrue(state(t) == end, "end");
        vm.assertEq(predictions.roundOf(caseId).deadline, 0);
        vm.revertToState(start);
    }
}
