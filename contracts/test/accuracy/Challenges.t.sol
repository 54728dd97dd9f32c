// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ICredits} from "../../src/interfaces/ICredits.sol";
import {Steps} from "./Steps.sol";

/// @notice What can be challenged, and for how much.
contract AccuracyChallengesTest is Steps {
    function setUp() public override {
        super.setUp();
        walk(terms(), IAccuracyEscrow.State.Answered);
    }

    function test_a_challenge_of_nothing() external {
        IAccuracyEscrow.Terms memory t = terms();
        fails(_challenge(t, new uint256[](0), 0), abi.encodeWithSelector(IAccuracyEscrow.NothingChallenged.selector));
    }

    function test_places_that_are_not() external {
        IAccuracyEscrow.Terms memory t = terms();
        fails(_challenge(t, one(ANSWERS), 0), _badIndex(ANSWERS));
        fails(_challenge(t, two(0, ANSWERS), 0), _badIndex(ANSWERS));
        fails(_challenge(t, one(type(uint256).max), 0), _badIndex(type(uint256).max));
        fails(_challenge(t, one(1 << 32), 0), _badIndex(1 << 32));
    }

    function test_places_ascend() external {
        IAccuracyEscrow.Terms memory t = terms();
        fails(_challenge(t, two(0, 0), 0), _badIndex(0));
        fails(_challenge(t, two(4, 4), 0), _badIndex(4));
        fails(_challenge(t, two(3, 2), 0), _badIndex(2));
        succeeds(_challenge(t, two(3, 4), 2 * DEPOSIT));
    }

    function testFuzz_exactly_these_are_outstanding(uint256 chosen) external {
        IAccuracyEscrow.Terms memory t = terms();
        chosen = bound(chosen, 1, (1 << ANSWERS) - 1);
        uint256[] memory places = _places(chosen);
        succeeds(_challenge(t, places, places.length * DEPOSIT));
        for (uint256 place = 0; place < 2 * ANSWERS; ++place) {
            vm.assertTrue(exams.isOutstanding(id(t), place) == (chosen >> place & 1 == 1));
        }
        IAccuracyEscrow.Exam memory exam = exams.examOf(id(t));
        vm.assertEq(exam.challenged, places.length);
        vm.assertEq(exam.outstanding, places.length);
    }

    function testFuzz_every_answer_counts_once(uint256 chosen) external {
        IAccuracyEscrow.Terms memory t = terms();
        uint256[] memory places = _places(bound(chosen, 1, (1 << ANSWERS) - 1));
        succeeds(_challenge(t, places, places.length * DEPOSIT));
        for (uint256 i = places.length; i > 0; --i) {
            fails(settleCall(t), tooEarly(deadlineOf(t)));
            respond(t, places[i - 1]);
            vm.assertFalse(exams.isOutstanding(id(t), places[i - 1]));
            vm.assertEq(exams.examOf(id(t)).outstanding, i - 1);
            vm.assertEq(exams.examOf(id(t)).challenged, places.length);
        }
        succeeds(settleCall(t));
        vm.assertEq(credit(exams, provider), LOCK + PAID + places.length * DEPOSIT);
    }

    function test_the_challenger_pays_exactly() external {
        IAccuracyEscrow.Terms memory t = terms();
        uint256 due = 2 * DEPOSIT;
        fails(_challenge(t, two(0, 1), due - 1), abi.encodeWithSelector(ICredits.WrongValue.selector, due - 1, due));
        fails(_challenge(t, two(0, 1), due + 1), abi.encodeWithSelector(ICredits.WrongValue.selector, due + 1, due));
        uint256 before = address(exams).balance;
        succeeds(_challenge(t, two(0, 1), due));
        vm.assertEq(address(exams).balance, before + due);
    }

    function test_there_is_one_challenge() external {
        IAccuracyEscrow.Terms memory t = terms();
        succeeds(_challenge(t, one(0), DEPOSIT));
        fails(_challenge(t, one(1), DEPOSIT), wrongState(t, IAccuracyEscrow.State.Challenged));
        respond(t, 0);
        fails(_challenge(t, one(1), DEPOSIT), wrongState(t, IAccuracyEscrow.State.Challenged));
    }

    function test_exams_are_challenged_apart() external {
        IAccuracyEscrow.Terms memory t = terms();
        succeeds(_challenge(t, one(0), DEPOSIT));
        IAccuracyEscrow.Terms memory other = terms();
        other.salt = 2;
        answered(other);
        vm.assertTrue(exams.isOutstanding(id(t), 0));
        vm.assertFalse(exams.isOutstanding(id(other), 0));
    }

    /// @dev The places of the bits that are set.
    function _places(uint256 chosen) private pure returns (uint256[] memory places) {
        uint256 count;
        for (uint256 place = 0; place < ANSWERS; ++place) {
            count += chosen >> place & 1;
        }
        places = new uint256[](count);
        for (uint256 place = ANSWERS; place > 0; --place) {
            if (chosen >> (place - 1) & 1 == 1) places[--count] = place - 1;
        }
    }

    function _challenge(IAccuracyEscrow.Terms memory t, uint256[] memory places, uint256 value)
        private
        returns (Call memory)
    {
        vm.deal(t.consumer, value);
        return Call(t.consumer, value, abi.encodeCall(exams.challenge, (t, places)));
    }

    function _badIndex(uint256 place) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccuracyEscrow.BadIndex.selector, place);
    }
}
