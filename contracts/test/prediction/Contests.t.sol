// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Trees} from "../utils/Trees.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice What may be contested, and what counts as an answer.
contract ContestsTest is RoundDriver {
    function test_indices_ascend_within_the_round() external {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, IPredictionEscrow.State.Predicted);
        _refused(t, new uint256[](0), abi.encodeWithSelector(IPredictionEscrow.BadRange.selector, 0, 0));
        _refused(t, one(COUNT), _badIndex(COUNT));
        _refused(t, one(type(uint256).max), _badIndex(type(uint256).max));
        _refused(t, one(1 << 32), _badIndex(1 << 32));
        _refused(t, _two(2, 2), _badIndex(2));
        _refused(t, _two(2, 1), _badIndex(1));
        _refused(t, _two(COUNT - 1, COUNT), _badIndex(COUNT));
        contest(t, _two(0, COUNT - 1));
    }

    function test_contested_indices_are_outstanding_until_answered() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Predicted);
        contest(t, _two(1, 3));
        for (uint256 i = 0; i < COUNT; ++i) {
            vm.assertTrue(predictions.isOutstanding(caseId, i) == (i == 1 || i == 3));
        }
        vm.assertEq(predictions.roundOf(caseId).outstanding, 2);
        vm.assertEq(predictions.roundOf(caseId).contested, 2);
        respond(t, 3, 0);
        vm.assertFalse(predictions.isOutstanding(caseId, 3));
        vm.assertTrue(predictions.isOutstanding(caseId, 1));
        vm.assertEq(predictions.roundOf(caseId).outstanding, 1);
        vm.assertEq(predictions.roundOf(caseId).contested, 2);
    }

    /// @dev I8: an index is answered once.
    function test_only_outstanding_indices_are_answered() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Predicted);
        contest(t, _two(1, 3));
        _refusedAnswer(t, 2, prediction(2), _notContested(caseId, 2));
        respond(t, 3, 0);
        _refusedAnswer(t, 3, prediction(3), _notContested(caseId, 3));
        Move memory m = Move({
            by: stranger,
            value: 0,
            data: abi.encodeCall(
                predictions.respond, (t, COUNT, prediction(1), new bytes32[](0), new bytes32[](0), evidence(provider))
            )
        });
        refuse(m, _notContested(caseId, COUNT));
    }

    function test_answers_are_what_was_committed_to() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        bytes memory refusal = _notCommitted(caseId, CONTESTED);
        IPredictionEscrow.Prediction memory p = prediction(CONTESTED);
        p.inputCommitment += 1;
        _refusedAnswer(t, CONTESTED, p, refusal);
        p = prediction(CONTESTED);
        p.outputCommitment += 1;
        _refusedAnswer(t, CONTESTED, p, refusal);
        p = prediction(CONTESTED);
        p.label += 1;
        _refusedAnswer(t, CONTESTED, p, refusal);
        _refusedAnswer(t, CONTESTED, prediction(2), refusal);
    }

    function test_both_paths_lead_to_the_roots() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        bytes32[] memory ins = Trees.path(inputLeaves(COUNT), CONTESTED);
        bytes32[] memory outs = Trees.path(predictionLeaves(COUNT, 0), CONTESTED);
        bytes memory refusal = _notCommitted(caseId, CONTESTED);
        _refusedPaths(t, Trees.path(inputLeaves(COUNT), 2), outs, refusal);
        _refusedPaths(t, ins, Trees.path(predictionLeaves(COUNT, 0), 2), refusal);
        _refusedPaths(t, _cut(ins, 2), outs, refusal);
        _refusedPaths(t, _cut(ins, 4), outs, refusal);
        _refusedPaths(t, ins, _cut(outs, 2), refusal);
        _refusedPaths(t, ins, _cut(outs, 4), refusal);
        _refusedPaths(t, outs, ins, refusal);
        respond(t, CONTESTED, 0);
    }

    /// @dev The same leaves under the root of another round do not count here.
    function test_roots_are_of_one_round() external {
        IPredictionEscrow.Terms memory other = terms();
        other.salt += 1;
        drive(other, IPredictionEscrow.State.Contested);
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = open(t);
        accept(t);
        vm.prank(consumer);
        predictions.commitInputs(t, Trees.root(_otherInputs()));
        commitPredictions(t, 0);
        contest(t, one(CONTESTED));
        _refusedAnswer(t, CONTESTED, prediction(CONTESTED), _notCommitted(caseId, CONTESTED));
        respond(other, CONTESTED, 0);
    }

    /// @dev What the provider says of an input that is not in the consumer's root cannot be answered for.
    function test_the_prediction_is_of_the_consumers_input() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = open(t);
        accept(t);
        commitInputs(t);
        bytes32[] memory leaves = predictionLeaves(COUNT, 0);
        IPredictionEscrow.Prediction memory p = prediction(COUNT);
        leaves[CONTESTED] = Leaves.prediction(CONTESTED, p.inputCommitment, p.outputCommitment, p.label);
        vm.prank(provider);
        predictions.commitPredictions(t, Trees.root(leaves));
        contest(t, one(CONTESTED));
        _refusedAnswer(t, CONTESTED, p, _notCommitted(caseId, CONTESTED));
        _refusedAnswer(t, CONTESTED, prediction(CONTESTED), _notCommitted(caseId, CONTESTED));
    }

    function test_a_false_label_has_no_proof() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = predicted(t, CONTESTED + 1);
        contest(t, one(CONTESTED));
        IPredictionEscrow.Prediction memory p = prediction(CONTESTED);
        p.label = (p.label + 1) % 10;
        bytes32[] memory ins = Trees.path(inputLeaves(COUNT), CONTESTED);
        bytes32[] memory outs = Trees.path(predictionLeaves(COUNT, CONTESTED + 1), CONTESTED);
        IMarket.Evidence memory e = evidence(provider);
        vm.expectRevert(abi.encodeWithSelector(IMarket.InvalidProof.selector, caseId, CONTESTED));
        predictions.respond(t, CONTESTED, p, ins, outs, e);
        vm.assertTrue(predictions.isOutstanding(caseId, CONTESTED));
    }

    function test_evidence_is_of_the_model() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        IMarket.Evidence memory e = evidence(stranger);
        bytes32 named = registry.modelId(address(verifier), e.weights);
        _refusedEvidence(t, e, abi.encodeWithSelector(IMarket.WrongModel.selector, named, model));
        bytes memory invalid = abi.encodeWithSelector(IMarket.InvalidProof.selector, caseId, CONTESTED);
        e = evidence(provider);
        e.points[0] += 1;
        _refusedEvidence(t, e, invalid);
        e = evidence(provider);
        e.proof = "";
        _refusedEvidence(t, e, invalid);
        // A wrong answer takes nothing from a right one.
        respond(t, CONTESTED, 0);
    }

    /// @dev I6: after a contest there is no other, also when it is answered.
    function test_one_contest_in_a_round() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        _refused(t, one(0), wrongState(caseId, IPredictionEscrow.State.Contested));
        respond(t, CONTESTED, 0);
        _refused(t, one(0), wrongState(caseId, IPredictionEscrow.State.Contested));
    }

    function _refused(IPredictionEscrow.Terms memory t, uint256[] memory indices, bytes memory refusal) private {
        refuse(Move(consumer, 0, abi.encodeCall(predictions.contest, (t, indices))), refusal);
    }

    function _refusedAnswer(
        IPredictionEscrow.Terms memory t,
        uint256 index,
        IPredictionEscrow.Prediction memory p,
        bytes memory refusal
    ) private {
        refuse(Move(stranger, 0, respondData(t, index, p)), refusal);
    }

    function _refusedPaths(
        IPredictionEscrow.Terms memory t,
        bytes32[] memory ins,
        bytes32[] memory outs,
        bytes memory refusal
    ) private {
        IPredictionEscrow.Prediction memory p = prediction(CONTESTED);
        IMarket.Evidence memory e = evidence(provider);
        refuse(Move(stranger, 0, abi.encodeCall(predictions.respond, (t, CONTESTED, p, ins, outs, e))), refusal);
    }

    function _refusedEvidence(IPredictionEscrow.Terms memory t, IMarket.Evidence memory e, bytes memory refusal)
        private
    {
        bytes32[] memory ins = Trees.path(inputLeaves(COUNT), CONTESTED);
        bytes32[] memory outs = Trees.path(predictionLeaves(COUNT, 0), CONTESTED);
        IPredictionEscrow.Prediction memory p = prediction(CONTESTED);
        refuse(Move(stranger, 0, abi.encodeCall(predictions.respond, (t, CONTESTED, p, ins, outs, e))), refusal);
    }

    function _otherInputs() private view returns (bytes32[] memory leaves) {
        leaves = inputLeaves(COUNT);
        leaves[0] = Leaves.input(0, inputCommitment(COUNT));
    }

    /// @dev The path with another length.
    function _cut(bytes32[] memory path, uint256 length) private pure returns (bytes32[] memory other) {
        other = new bytes32[](length);
        for (uint256 i = 0; i < length && i < path.length; ++i) {
            other[i] = path[i];
        }
    }

    function _two(uint256 a, uint256 b) private pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }

    function _badIndex(uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPredictionEscrow.BadIndex.selector, index);
    }

    function _notContested(uint256 caseId, uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPredictionEscrow.NotContested.selector, caseId, index);
    }

    function _notCommitted(uint256 caseId, uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPredictionEscrow.NotCommitted.selector, caseId, index);
    }
}
