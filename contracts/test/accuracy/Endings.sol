// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {ExamFixture} from "./ExamFixture.sol";

/// @notice Leads an exam to any place that it can be at, and to every end.
abstract contract Endings is ExamFixture {
    /// @notice How an exam can end.
    enum Way {
        Cancelled,
        NotAccepted,
        NothingAnnounced,
        NothingAnnouncedAgain,
        NotPublished,
        NotPublishedAgain,
        NotRevealed,
        NotRevealedAgain,
        FalseExample,
        FalseExampleAgain,
        Stopped,
        Undecided,
        NotAcknowledged,
        NotAcknowledgedAgain,
        NoResults,
        Unanswered,
        PartlyAnswered,
        Believed,
        BelievedEarly,
        Proven,
        Missed,
        MissedThoughProven
    }

    uint256 internal constant WAYS = uint256(type(Way).max) + 1;

    /// @notice An exam in a state that is no end.
    function walk(IAccuracyEscrow.Terms memory t, IAccuracyEscrow.State goal) internal {
        if (goal == IAccuracyEscrow.State.None) return;
        open(t);
        if (goal == IAccuracyEscrow.State.Open) return;
        accept(t);
        if (goal == IAccuracyEscrow.State.Accepted) return;
        announce(t, true);
        if (goal == IAccuracyEscrow.State.FirstDelivery) return;
        acknowledge(t);
        reveal(t);
        proceed(t);
        if (goal == IAccuracyEscrow.State.Continued) return;
        announce(t, false);
        if (goal == IAccuracyEscrow.State.SecondDelivery) return;
        acknowledge(t);
        reveal(t);
        post(t, answers(t));
        if (goal == IAccuracyEscrow.State.Answered) return;
        challenge(t, one(0));
    }

    /// @notice An exam in any state.
    function reach(IAccuracyEscrow.Terms memory t, IAccuracyEscrow.State goal) internal {
        if (goal <= IAccuracyEscrow.State.Challenged) walk(t, goal);
        else if (goal == IAccuracyEscrow.State.Refunded) end(t, Way.Cancelled);
        else if (goal == IAccuracyEscrow.State.Aborted) end(t, Way.Stopped);
        else if (goal == IAccuracyEscrow.State.Passed) end(t, Way.BelievedEarly);
        else if (goal == IAccuracyEscrow.State.Failed) end(t, Way.Missed);
        else if (goal == IAccuracyEscrow.State.ConsumerFailed) end(t, Way.NothingAnnounced);
        else end(t, Way.NotAcknowledged);
        vm.assertTrue(stateOf(t) == goal, "not reached");
    }

    /// @notice An exam at a stage of its first or second delivery.
    function walkTo(IAccuracyEscrow.Terms memory t, bool first, IDeliveries.Stage stage) internal {
        walk(t, first ? IAccuracyEscrow.State.FirstDelivery : IAccuracyEscrow.State.SecondDelivery);
        if (stage == IDeliveries.Stage.Announced) return;
        if (stage == IDeliveries.Stage.Demanded) return demand(t);
        acknowledge(t);
        if (stage == IDeliveries.Stage.Revealed) reveal(t);
    }

    /// @notice An exam whose delivery has a wrong label in its last item, and the complaint that shows it.
    function walkToFalse(IAccuracyEscrow.Terms memory t, bool first) internal returns (Call memory complaint) {
        if (first) walk(t, IAccuracyEscrow.State.Accepted);
        else walk(t, IAccuracyEscrow.State.Continued);
        uint256[] memory words = plain(t, first);
        words[words.length - 2] ^= 1;
        words = SealedItems.encrypt(KEY, words);
        announceRoot(t, Trees.root(SealedItems.leaves(words)));
        acknowledge(t);
        reveal(t);
        IDeliveryJudge.Complaint memory c = IDeliveryJudge.Complaint({
            fault: IDeliveryJudge.Fault.Label,
            item: (first ? t.first : answersOf(t)) - 1,
            position: 0,
            words: SealedItems.openRange(words, words.length - 2, 2)
        });
        uint256 place = (first ? t.first : t.examples) - 1;
        bytes memory data = abi.encodeCall(exams.complain, (t, KEY, c, exampleAt(t, place)));
        return Call(t.provider, 0, data);
    }

    /// @notice Ends an exam. The labels are such that the model just reaches its target, or just does not.
    function end(IAccuracyEscrow.Terms memory t, Way way) internal {
        if (way < Way.NothingAnnounced) return _endUnaccepted(t, way);
        if (way < Way.Stopped) return _endByConsumer(t, way);
        if (way < Way.Believed) return _endByProvider(t, way);
        _endGraded(t, way);
    }

    /// @notice The fewest correct answers that reach the target.
    function enough(IAccuracyEscrow.Terms memory t) internal pure returns (uint256) {
        return (uint256(t.target) * answersOf(t) + 999_999) / 1_000_000;
    }

    function _endUnaccepted(IAccuracyEscrow.Terms memory t, Way way) private {
        open(t);
        if (way == Way.NotAccepted) late(t);
        vm.prank(way == Way.NotAccepted ? stranger : t.consumer);
        exams.cancel(t);
    }

    function _endByConsumer(IAccuracyEscrow.Terms memory t, Way way) private {
        if (way == Way.FalseExample || way == Way.FalseExampleAgain) {
            return succeeds(walkToFalse(t, way == Way.FalseExample));
        }
        if (way == Way.NothingAnnounced) walk(t, IAccuracyEscrow.State.Accepted);
        if (way == Way.NothingAnnouncedAgain) walk(t, IAccuracyEscrow.State.Continued);
        if (way == Way.NotPublished) walkTo(t, true, IDeliveries.Stage.Demanded);
        if (way == Way.NotPublishedAgain) walkTo(t, false, IDeliveries.Stage.Demanded);
        if (way == Way.NotRevealed) walkTo(t, true, IDeliveries.Stage.Acknowledged);
        if (way == Way.NotRevealedAgain) walkTo(t, false, IDeliveries.Stage.Acknowledged);
        _settleLate(t);
    }

    function _endByProvider(IAccuracyEscrow.Terms memory t, Way way) private {
        if (way == Way.Stopped) {
            walkTo(t, true, IDeliveries.Stage.Revealed);
            vm.prank(t.provider);
            return exams.abort(t);
        }
        if (way == Way.Undecided) walkTo(t, true, IDeliveries.Stage.Revealed);
        if (way == Way.NotAcknowledged) walkTo(t, true, IDeliveries.Stage.Announced);
        if (way == Way.NotAcknowledgedAgain) walkTo(t, false, IDeliveries.Stage.Announced);
        if (way == Way.NoResults) walkTo(t, false, IDeliveries.Stage.Revealed);
        if (way == Way.Unanswered) walk(t, IAccuracyEscrow.State.Challenged);
        if (way == Way.PartlyAnswered) {
            walk(t, IAccuracyEscrow.State.Answered);
            challenge(t, two(0, answersOf(t) - 1));
            respond(t, answersOf(t) - 1);
        }
        _settleLate(t);
    }

    function _endGraded(IAccuracyEscrow.Terms memory t, Way way) private {
        bool missed = way == Way.Missed || way == Way.MissedThoughProven;
        labelFor(t, missed ? enough(t) - 1 : enough(t));
        walk(t, IAccuracyEscrow.State.Answered);
        if (way == Way.Proven || way == Way.MissedThoughProven) {
            challenge(t, two(0, answersOf(t) - 1));
            respond(t, answersOf(t) - 1);
            respond(t, 0);
            vm.prank(stranger);
            return exams.settle(t);
        }
        if (way == Way.BelievedEarly) {
            vm.prank(t.consumer);
            return exams.settle(t);
        }
        _settleLate(t);
    }

    function _settleLate(IAccuracyEscrow.Terms memory t) private {
        late(t);
        vm.prank(stranger);
        exams.settle(t);
    }
}
