// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {MerkleSumTree} from "../../src/libraries/MerkleSumTree.sol";
import {Trees} from "../utils/Trees.sol";
import {ExamFixture} from "./ExamFixture.sol";

/// @notice Results that say more or less than the model's answers. The model is right in places 0 and 1 only.
contract AccuracySumsTest is ExamFixture {
    uint256 private constant RIGHT = 1;
    uint256 private constant WRONG = 3;
    uint256 private constant LAST = ANSWERS - 1;

    function test_a_wrong_answer_that_counts() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        r.values[WRONG] = 1;
        r.leaves[WRONG] = Leaves.score(WRONG, _said(t, WRONG), 1);
        post(t, r);
        challenge(t, one(WRONG));
        _unproven(t, WRONG, score(t, WRONG, r));
    }

    function test_a_right_answer_that_does_not_count() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        r.values[RIGHT] = 0;
        r.leaves[RIGHT] = Leaves.score(RIGHT, _said(t, RIGHT), 0);
        post(t, r);
        challenge(t, one(RIGHT));
        _unproven(t, RIGHT, score(t, RIGHT, r));
    }

    function test_another_label_than_the_committed_one() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        post(t, r);
        challenge(t, two(RIGHT, WRONG));
        IAccuracyEscrow.Score memory s = score(t, WRONG, r);
        s.label = s.trueLabel;
        _unproven(t, WRONG, s);
        s.label = 77;
        _unproven(t, WRONG, s);
        s = score(t, RIGHT, r);
        s.label = 77;
        _unproven(t, RIGHT, s);
    }

    function test_an_answer_that_is_committed_to_for_another_place() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        (r.leaves[RIGHT], r.leaves[0]) = (r.leaves[0], r.leaves[RIGHT]);
        post(t, r);
        challenge(t, one(RIGHT));
        _unproven(t, RIGHT, score(t, RIGHT, r));
        IAccuracyEscrow.Score memory s = score(t, RIGHT, r);
        s.path = Trees.sumPath(r.leaves, r.values, 0);
        _unproven(t, RIGHT, s);
    }

    function test_a_leaf_that_counts_for_more_than_it_says() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        r.values[WRONG] = 1;
        post(t, r);
        vm.assertEq(exams.examOf(id(t)).correct, 3);
        challenge(t, two(RIGHT, WRONG));
        _unproven(t, WRONG, score(t, WRONG, r));
        // The lie is in one leaf; the others are as they should be.
        exams.respond(t, RIGHT, score(t, RIGHT, r), evidence(provider));
    }

    function test_leaves_that_count_for_more_than_one() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        r.values[WRONG] = 3;
        post(t, r);
        _noneProven(t, r);
    }

    function test_an_inflated_total() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        (bytes32 root, uint256 correct) = Trees.sumRoot(r.leaves, r.values);
        postRoot(t, root, correct + 1);
        _noneProven(t, r);
    }

    function test_a_deflated_total() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        (bytes32 root, uint256 correct) = Trees.sumRoot(r.leaves, r.values);
        postRoot(t, root, correct - 1);
        _noneProven(t, r);
    }

    function test_sums_that_do_not_add_up() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        (bytes32 left,) = Trees.sumRoot(_part(r.leaves, 0, 4), _part(r.values, 0, 4));
        bytes32 right = keccak256("any");
        // The root's hash says 2 + 1, its sum is said to be 4.
        postRoot(t, keccak256(abi.encodePacked(uint8(2), left, uint256(2), right, uint256(1))), 4);
        challenge(t, one(RIGHT));
        IAccuracyEscrow.Score memory s = score(t, RIGHT, r);
        s.path[2] = MerkleSumTree.Sibling(right, 1);
        _unproven(t, RIGHT, s);
        s.path[2] = MerkleSumTree.Sibling(right, 2);
        _unproven(t, RIGHT, s);
    }

    function test_padding_that_counts() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        // Leaf 4 does not count, leaf 5 is padding: the lie can be in that leaf's place only.
        Results memory longer = _longer(r);
        longer.values[5] = 1;
        post(t, longer);
        vm.assertEq(exams.examOf(id(t)).correct, 3);
        challenge(t, two(RIGHT, LAST));
        _unproven(t, LAST, score(t, LAST, longer));
        exams.respond(t, RIGHT, score(t, RIGHT, longer), evidence(provider));
    }

    function test_padding_that_counts_for_more_than_there_is() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        Results memory longer = _longer(r);
        (longer.values[5], longer.values[6]) = (1, 1);
        post(t, longer);
        _noneProven(t, longer);
    }

    function test_paths_of_another_length() external {
        (IAccuracyEscrow.Terms memory t, Results memory r) = _delivered();
        post(t, r);
        challenge(t, one(RIGHT));
        IAccuracyEscrow.Score memory s = score(t, RIGHT, r);
        MerkleSumTree.Sibling[] memory whole = s.path;
        s.path = new MerkleSumTree.Sibling[](2);
        (s.path[0], s.path[1]) = (whole[0], whole[1]);
        _unproven(t, RIGHT, s);
        s.path = new MerkleSumTree.Sibling[](4);
        (s.path[0], s.path[1], s.path[2]) = (whole[0], whole[1], whole[2]);
        _unproven(t, RIGHT, s);
        s.path = whole;
        exams.respond(t, RIGHT, s, evidence(provider));
    }

    function _delivered() private returns (IAccuracyEscrow.Terms memory t, Results memory r) {
        t = terms();
        labelFor(t, 2);
        delivered(t);
        r = answers(t);
    }

    function _said(IAccuracyEscrow.Terms memory t, uint256 place) private view returns (uint256) {
        return item(order(t, FIRST + place)).label;
    }

    function _unproven(IAccuracyEscrow.Terms memory t, uint256 place, IAccuracyEscrow.Score memory s) private {
        fails(
            Call(provider, 0, abi.encodeCall(exams.respond, (t, place, s, evidence(provider)))),
            abi.encodeWithSelector(IAccuracyEscrow.NotInResults.selector, id(t), place)
        );
    }

    function _noneProven(IAccuracyEscrow.Terms memory t, Results memory r) private {
        uint256[] memory all = new uint256[](ANSWERS);
        for (uint256 place = 0; place < ANSWERS; ++place) {
            all[place] = place;
        }
        challenge(t, all);
        for (uint256 place = 0; place < ANSWERS; ++place) {
            _unproven(t, place, score(t, place, r));
        }
    }

    /// @dev As many leaves as the tree has room for.
    function _longer(Results memory r) private pure returns (Results memory longer) {
        longer.leaves = new bytes32[](8);
        longer.values = new uint256[](8);
        for (uint256 i = 0; i < ANSWERS; ++i) {
            (longer.leaves[i], longer.values[i]) = (r.leaves[i], r.values[i]);
        }
    }

    function _part(bytes32[] memory all, uint256 start, uint256 count) private pure returns (bytes32[] memory some) {
        some = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            some[i] = all[start + i];
        }
    }

    function _part(uint256[] memory all, uint256 start, uint256 count) private pure returns (uint256[] memory some) {
        some = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            some[i] = all[start + i];
        }
    }
}
