// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ExamFixture} from "./ExamFixture.sol";

/// @notice How many correct answers there can be, and how many are enough.
contract AccuracyResultsTest is ExamFixture {
    bytes32 private constant ROOT = keccak256("results");

    function test_more_correct_answers_than_answers() external {
        IAccuracyEscrow.Terms memory t = terms();
        delivered(t);
        fails(_post(t, ANSWERS + 1), _badResults(ANSWERS + 1));
        fails(_post(t, (1 << 32) + 1), _badResults((1 << 32) + 1));
        fails(_post(t, type(uint256).max), _badResults(type(uint256).max));
        succeeds(_post(t, ANSWERS));
        IAccuracyEscrow.Exam memory exam = exams.examOf(id(t));
        vm.assertEq(exam.correct, ANSWERS);
        vm.assertEq(exam.results, ROOT);
    }

    function test_exactly_the_target() external {
        _graded(600_000, 3, IAccuracyEscrow.State.Passed);
        _graded(600_000, 2, IAccuracyEscrow.State.Failed);
    }

    function test_a_millionth_above_what_was_reached() external {
        _graded(600_001, 3, IAccuracyEscrow.State.Failed);
        _graded(599_999, 3, IAccuracyEscrow.State.Passed);
    }

    function test_all_or_nothing() external {
        _graded(1_000_000, ANSWERS, IAccuracyEscrow.State.Passed);
        _graded(1_000_000, ANSWERS - 1, IAccuracyEscrow.State.Failed);
        _graded(0, 0, IAccuracyEscrow.State.Passed);
        _graded(1, 0, IAccuracyEscrow.State.Failed);
        _graded(1, 1, IAccuracyEscrow.State.Passed);
    }

    function _graded(uint32 target, uint256 correct, IAccuracyEscrow.State expected) private {
        IAccuracyEscrow.Terms memory t = terms();
        t.target = target;
        t.salt = 100 + correct;
        delivered(t);
        succeeds(_post(t, correct));
        vm.prank(consumer);
        exams.settle(t);
        vm.assertTrue(stateOf(t) == expected);
    }

    function _post(IAccuracyEscrow.Terms memory t, uint256 correct) private view returns (Call memory) {
        return Call(provider, 0, abi.encodeCall(exams.postResults, (t, ROOT, correct)));
    }

    function _badResults(uint256 correct) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccuracyEscrow.BadResults.selector, correct, ANSWERS);
    }
}
