// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {Permutation} from "../../src/libraries/Permutation.sol";
import {ExamFixture} from "./ExamFixture.sol";

/// @notice The seed orders the test set.
contract AccuracyOrderTest is ExamFixture {
    function testFuzz_a_place_is_an_element_of_the_permutation(bytes32 seed, uint256 examples, uint256 place) external {
        IAccuracyEscrow.Terms memory t = _accepted(seed, bound(examples, 2, 1 << 20));
        place = bound(place, 0, t.examples - 1);
        vm.assertEq(exams.exampleAt(t, place), Permutation.element(drawn(seed), t.examples, place));
    }

    function testFuzz_every_example_is_seen_before_or_after_the_decision(bytes32 seed, uint256 examples, uint256 first)
        external
    {
        IAccuracyEscrow.Terms memory t = _accepted(seed, bound(examples, 2, 64));
        first = bound(first, 1, t.examples - 1);
        uint256 before = _seen(t, 0, first);
        uint256 later = _seen(t, first, t.examples);
        vm.assertEq(before & later, 0);
        vm.assertEq(before | later, (uint256(1) << t.examples) - 1);
    }

    function test_places_that_are_not() external {
        IAccuracyEscrow.Terms memory t = _accepted(SEED, EXAMPLES);
        fails(
            Call(stranger, 0, abi.encodeCall(exams.exampleAt, (t, EXAMPLES))),
            abi.encodeWithSelector(Permutation.PositionOutOfRange.selector, EXAMPLES, EXAMPLES)
        );
    }

    function test_exams_are_ordered_by_their_own_seeds() external {
        IAccuracyEscrow.Terms memory t = _accepted("one", 64);
        IAccuracyEscrow.Terms memory other = _accepted("other", 63);
        vm.assertEq(exams.examOf(id(t)).seed, drawn("one"));
        vm.assertEq(exams.examOf(id(other)).seed, drawn("other"));
    }

    function test_the_seed_is_also_the_blocks() external {
        IAccuracyEscrow.Terms memory t = _accepted("one", 64);
        vm.prevrandao(bytes32(uint256(1)));
        IAccuracyEscrow.Terms memory other = _accepted("one", 63);
        vm.assertNotEq(uint256(exams.examOf(id(t)).seed), uint256(exams.examOf(id(other)).seed));
    }

    /// @dev The examples at these places, as bits.
    function _seen(IAccuracyEscrow.Terms memory t, uint256 start, uint256 end) private view returns (uint256 seen) {
        for (uint256 place = start; place < end; ++place) {
            uint256 bit = uint256(1) << exams.exampleAt(t, place);
            vm.assertEq(seen & bit, 0, "twice");
            seen |= bit;
        }
    }

    function _accepted(bytes32 seed, uint256 examples) private returns (IAccuracyEscrow.Terms memory t) {
        t = terms();
        (t.examples, t.first) = (uint32(examples), 1);
        open(t);
        uint256 value = fund(provider, address(exams), lockOf(t) + feeOf(t));
        succeeds(Call(provider, value, abi.encodeCall(exams.accept, (t, seed))));
    }
}
