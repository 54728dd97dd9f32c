// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Vm} from "../utils/Test.sol";
import {Trees} from "../utils/Trees.sol";
import {Steps} from "./Steps.sol";

/// @notice What every step says.
contract AccuracyEventsTest is Steps {
    function test_opened() external {
        IAccuracyEscrow.Terms memory t = terms();
        Call memory c = _paid(openCall(t), LOCK + FEE);
        vm.expectEmit();
        emit IAccuracyEscrow.ExamOpened(id(t), consumer, provider, t, block.timestamp + t.windows.accept);
        succeeds(c);
        _at(t, IAccuracyEscrow.State.Open, t.windows.accept);
    }

    function test_accepted() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Open);
        Call memory c = _paid(acceptCall(t), LOCK + FEE);
        vm.expectEmit();
        emit IAccuracyEscrow.ExamAccepted(id(t), drawn(SEED), block.timestamp + t.windows.announce);
        vm.expectEmit();
        emit ICredits.Credited(feeRecipient, address(0), 2 * FEE);
        vm.expectEmit();
        emit IModelRegistry.CaseLocked(model, address(exams), 1);
        succeeds(c);
        _at(t, IAccuracyEscrow.State.Accepted, t.windows.announce);
    }

    function test_announced() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Accepted);
        _announced(t, IAccuracyEscrow.State.FirstDelivery, t.first, t.windows.decide);
    }

    function test_announced_again() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Continued);
        _announced(t, IAccuracyEscrow.State.SecondDelivery, ANSWERS, t.windows.results);
    }

    function test_continued() external {
        IAccuracyEscrow.Terms memory t = terms();
        walkTo(t, true, IDeliveries.Stage.Revealed);
        vm.expectEmit();
        emit IAccuracyEscrow.ExamContinued(id(t), block.timestamp + t.windows.announce);
        succeeds(proceedCall(t));
        _at(t, IAccuracyEscrow.State.Continued, t.windows.announce);
    }

    function test_results() external {
        IAccuracyEscrow.Terms memory t = terms();
        labelFor(t, 4);
        walkTo(t, false, IDeliveries.Stage.Revealed);
        Results memory r = answers(t);
        (bytes32 root,) = Trees.sumRoot(r.leaves, r.values);
        Call memory c = postCall(t);
        vm.expectEmit();
        emit IAccuracyEscrow.ResultsPosted(id(t), root, 4, block.timestamp + t.windows.challenge);
        succeeds(c);
        _at(t, IAccuracyEscrow.State.Answered, t.windows.challenge);
    }

    function test_challenged() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Answered);
        uint256 time = t.windows.respond + 2 * t.windows.respondEach;
        uint256 value = fund(consumer, address(exams), 2 * DEPOSIT);
        vm.expectEmit();
        emit IAccuracyEscrow.ResultsChallenged(id(t), two(1, 4), block.timestamp + time);
        succeeds(Call(consumer, value, abi.encodeCall(exams.challenge, (t, two(1, 4)))));
        _at(t, IAccuracyEscrow.State.Challenged, time);
    }

    function test_proven() external {
        IAccuracyEscrow.Terms memory t = terms();
        labelFor(t, 4);
        walk(t, IAccuracyEscrow.State.Answered);
        challenge(t, two(0, 4));
        _proven(t, 4, false, 1);
        _proven(t, 0, true, 0);
    }

    function test_ended() external {
        _ended(Way.Cancelled, Way.NotAccepted, LOCK + FEE, 0);
        _ended(Way.NothingAnnounced, Way.FalseExampleAgain, 0, 2 * LOCK);
        _ended(Way.Stopped, Way.Undecided, LOCK - FEE, LOCK + FEE);
        _ended(Way.NotAcknowledged, Way.PartlyAnswered, 2 * LOCK, 0);
        _ended(Way.Believed, Way.Proven, LOCK - PAID, LOCK + PAID);
        _ended(Way.Missed, Way.MissedThoughProven, 2 * LOCK, 0);
    }

    /// @dev An exam ends once.
    function _ended(Way from, Way to, uint256 toConsumer, uint256 toProvider) private {
        for (uint256 way = uint256(from); way <= uint256(to); ++way) {
            surprises = 0;
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = way;
            addStake();
            vm.recordLogs();
            end(t, Way(way));
            // Labels may have changed the terms.
            bytes memory said = _only(IAccuracyEscrow.ExamEnded.selector, id(t));
            vm.assertEq(said, abi.encode(stateOf(t), toConsumer, toProvider, 0));
        }
    }

    /// @dev The data of the one event of a kind about a case.
    function _only(bytes32 selector, uint256 caseId) private returns (bytes memory data) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 count;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != selector) continue;
            vm.assertEq(uint256(logs[i].topics[1]), caseId);
            data = logs[i].data;
            ++count;
        }
        vm.assertEq(count, 1);
    }

    function _announced(IAccuracyEscrow.Terms memory t, IAccuracyEscrow.State state, uint256 items, uint256 decide)
        private
    {
        bytes32 root = keccak256("root");
        Call memory c = announceCall(t);
        uint256 deadline = block.timestamp + t.courier.step;
        vm.expectEmit();
        emit IDeliveries.DeliveryAnnounced(id(t), consumer, provider, root, keyHash(), wordsOf(items), deadline);
        succeeds(c);
        vm.assertTrue(stateOf(t) == state);
        IDeliveries.Delivery memory d = exams.deliveryOf(id(t));
        vm.assertEq(d.decide, decide);
        vm.assertEq(d.words, wordsOf(items));
        vm.assertEq(d.bond, t.courier.bond);
        vm.assertEq(d.currency, t.currency);
    }

    function _proven(IAccuracyEscrow.Terms memory t, uint256 place, bool correct, uint256 outstanding) private {
        IAccuracyEscrow.Score memory s = score(t, place, answers(t));
        bytes memory data = abi.encodeCall(exams.respond, (t, place, s, evidence(provider)));
        vm.expectEmit();
        emit IAccuracyEscrow.ScoreProven(id(t), place, s.label, correct, outstanding);
        succeeds(Call(stranger, 0, data));
    }

    function _paid(Call memory c, uint256 value) private returns (Call memory) {
        c.value = fund(c.from, address(exams), value);
        return c;
    }

    function _at(IAccuracyEscrow.Terms memory t, IAccuracyEscrow.State state, uint256 time) private view {
        vm.assertTrue(stateOf(t) == state);
        vm.assertEq(deadlineOf(t), block.timestamp + time);
    }
}
