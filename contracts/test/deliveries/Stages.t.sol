// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";

/// @notice Every call of a delivery at every stage, whose it is, and until when.
contract StagesTest is RoundDriver {
    enum Handing {
        Acknowledge,
        AcknowledgeBySignature,
        DemandPublication,
        Publish,
        Reveal,
        Complain,
        CommitPredictions,
        Decline
    }

    uint256 private constant HANDINGS = uint256(type(Handing).max) + 1;

    function test_none() external {
        _tryAll(IDeliveries.Stage.None);
    }

    /// @dev A delivery that is not announced has no stage, also before all demanded inputs are shown.
    function test_none_before_inputs_are_shown() external {
        IPredictionEscrow.Terms memory t = terms();
        inputsDemanded(t);
        _refuseAll(t);
        showInputs(t, FIRST, 1);
        _refuseAll(t);
    }

    function test_announced() external {
        _tryAll(IDeliveries.Stage.Announced);
    }

    function test_demanded() external {
        _tryAll(IDeliveries.Stage.Demanded);
    }

    function test_acknowledged() external {
        _tryAll(IDeliveries.Stage.Acknowledged);
    }

    function test_revealed() external {
        _tryAll(IDeliveries.Stage.Revealed);
    }

    function test_over() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Revealed);
        make(Call.CommitPredictions, t);
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None);
        for (uint256 i = 0; i <= uint256(Handing.Reveal); ++i) {
            _refuseStage(Handing(i), t);
        }
    }

    /// @dev A chunk that somebody else publishes first would make the sender's own call fail.
    function test_publication_is_the_senders() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Demanded);
        _others(_handing(Handing.Publish, t), provider);
    }

    function test_receivers_calls() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Announced);
        _others(_handing(Handing.Acknowledge, t), consumer);
        _others(_handing(Handing.DemandPublication, t), consumer);
    }

    function test_senders_calls() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Acknowledged);
        _others(_handing(Handing.Reveal, t), provider);
    }

    function testFuzz_receivers_time(uint32 step) external {
        IPredictionEscrow.Terms memory t = terms();
        t.courier.step = step == 0 ? 1 : step;
        IPredictionEscrow.State end = IPredictionEscrow.State.ProviderFailed;
        _edges(t, IDeliveries.Stage.Announced, Handing.Acknowledge, t.courier.step, end);
        _edges(t, IDeliveries.Stage.Announced, Handing.AcknowledgeBySignature, t.courier.step, end);
        _edges(t, IDeliveries.Stage.Announced, Handing.DemandPublication, t.courier.step, end);
    }

    function testFuzz_senders_time(uint32 step, uint32 perChunk) external {
        IPredictionEscrow.Terms memory t = terms();
        t.courier.step = step == 0 ? 1 : step;
        t.courier.perChunk = perChunk == 0 ? 1 : perChunk;
        IPredictionEscrow.State end = IPredictionEscrow.State.ConsumerFailed;
        _edges(t, IDeliveries.Stage.Demanded, Handing.Publish, uint256(t.courier.step) + t.courier.perChunk, end);
        _edges(t, IDeliveries.Stage.Acknowledged, Handing.Reveal, t.courier.step, end);
    }

    function testFuzz_time_to_decide(uint32 window) external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.predictions = window == 0 ? 1 : window;
        IPredictionEscrow.State end = IPredictionEscrow.State.ProviderFailed;
        _edges(t, IDeliveries.Stage.Revealed, Handing.CommitPredictions, t.windows.predictions, end);
        _edges(t, IDeliveries.Stage.Revealed, Handing.Decline, t.windows.predictions, end);
    }

    /// @dev Each step has its own time, also when an earlier one was quick or slow.
    function testFuzz_steps_begin_when_the_last_ended(uint32 seed) external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = inputsDemanded(t);
        uint256 time = t.windows.respond + demanded() * t.windows.respondEach;
        vm.assertEq(predictions.roundOf(caseId).deadline, block.timestamp + time);
        _wait(seed >> 2, time);
        showInputs(t, FIRST, demanded());
        vm.assertEq(predictions.roundOf(caseId).deadline, block.timestamp + t.courier.step);
        _wait(seed, t.courier.step);
        announce(t, cipher(), keyHash(KEY));
        vm.assertEq(predictions.deliveryOf(caseId).deadline, block.timestamp + t.courier.step);
        _wait(seed >> 6, t.courier.step);
        demandPublication(t);
        time = uint256(t.courier.step) + t.courier.perChunk;
        vm.assertEq(predictions.deliveryOf(caseId).deadline, block.timestamp + time);
        _wait(seed >> 12, time);
        publish(t, 0);
        vm.assertEq(predictions.deliveryOf(caseId).deadline, block.timestamp + t.courier.step);
        _wait(seed >> 18, t.courier.step);
        reveal(t, KEY);
        vm.assertEq(predictions.deliveryOf(caseId).deadline, block.timestamp + t.windows.predictions);
        _wait(seed >> 24, t.windows.predictions);
        make(Call.CommitPredictions, t);
        vm.assertEq(predictions.roundOf(caseId).deadline, block.timestamp + t.windows.contest);
    }

    function _wait(uint256 seed, uint256 most) private {
        vm.warp(block.timestamp + uint256(keccak256(abi.encode(seed))) % (most + 1));
    }

    function _tryAll(IDeliveries.Stage where) private {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, where);
        vm.assertTrue(stageOf(t) == where, "driven");
        for (uint256 i = 0; i < HANDINGS; ++i) {
            uint256 before = vm.snapshotState();
            if (_stage(Handing(i)) != where) {
                _refuseStage(Handing(i), t);
                vm.assertTrue(stageOf(t) == where, "moved");
            } else if (Handing(i) != Handing.Complain) {
                (bool success,) = send(_handing(Handing(i), t));
                vm.assertTrue(success, vm.toString(i));
                vm.assertTrue(stageOf(t) != where, "not moved");
            }
            vm.revertToState(before);
        }
    }

    function _refuseAll(IPredictionEscrow.Terms memory t) private {
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None, "none");
        for (uint256 i = 0; i < HANDINGS; ++i) {
            _refuseStage(Handing(i), t);
        }
    }

    function _refuseStage(Handing handing, IPredictionEscrow.Terms memory t) private {
        uint256 caseId = predictions.idOf(t);
        Move memory m = _handing(handing, t);
        IPredictionEscrow.State now_ = state(t);
        if (handing >= Handing.Complain && now_ != IPredictionEscrow.State.Delivering) {
            return refuse(m, wrongState(caseId, now_));
        }
        IDeliveries.Stage actual = stageOf(t);
        refuse(m, abi.encodeWithSelector(IDeliveries.WrongStage.selector, caseId, actual, _stage(handing)));
    }

    function _others(Move memory m, address counterparty) private {
        address party = m.by;
        address[2] memory callers = [counterparty, stranger];
        for (uint256 i = 0; i < 2; ++i) {
            m.by = callers[i];
            vm.deal(m.by, m.value);
            refuse(m, abi.encodeWithSelector(IDeliveries.NotParty.selector, m.by, party));
        }
    }

    function _edges(
        IPredictionEscrow.Terms memory t,
        IDeliveries.Stage from,
        Handing handing,
        uint256 window,
        IPredictionEscrow.State end
    ) private {
        uint256 start = vm.snapshotState();
        uint256 caseId = deliver(t, from);
        uint256 deadline = block.timestamp + window;
        vm.assertEq(predictions.deliveryOf(caseId).deadline, deadline, "deadline");
        Move memory timeout = move(Call.Settle, t);
        timeout.by = stranger;
        Move memory m = _handing(handing, t);

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
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None, "closed");
        vm.revertToState(start);
    }

    /// @dev The stage that a call needs.
    function _stage(Handing handing) private pure returns (IDeliveries.Stage) {
        if (handing <= Handing.DemandPublication) return IDeliveries.Stage.Announced;
        if (handing == Handing.Publish) return IDeliveries.Stage.Demanded;
        if (handing == Handing.Reveal) return IDeliveries.Stage.Acknowledged;
        return IDeliveries.Stage.Revealed;
    }

    function _handing(Handing handing, IPredictionEscrow.Terms memory t) private returns (Move memory m) {
        uint256 caseId = predictions.idOf(t);
        m.by = t.provider;
        if (handing == Handing.Acknowledge) {
            m.data = abi.encodeCall(predictions.acknowledge, (caseId));
        } else if (handing == Handing.AcknowledgeBySignature) {
            m.by = stranger;
            bytes memory signed = signature(address(predictions), PROVIDER_KEY, acknowledgement(t, 7, FOREVER));
            m.data = abi.encodeCall(predictions.acknowledgeBySignature, (caseId, 7, FOREVER, signed));
        } else if (handing == Handing.DemandPublication) {
            m.value = fund(t.provider, address(predictions), t.courier.bond);
            m.data = abi.encodeCall(predictions.demandPublication, (caseId));
        } else if (handing == Handing.Publish) {
            m.by = t.consumer;
            (uint256[] memory some, bytes32[] memory path) = chunk(cipher(), 0);
            m.data = abi.encodeCall(predictions.publish, (caseId, some, path));
        } else if (handing == Handing.Reveal) {
            m.by = t.consumer;
            m.data = abi.encodeCall(predictions.reveal, (caseId, KEY));
        } else {
            if (handing == Handing.Complain) return move(Call.Complain, t);
            return move(handing == Handing.Decline ? Call.Decline : Call.CommitPredictions, t);
        }
    }
}
