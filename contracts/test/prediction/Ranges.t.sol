// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice Which indices can be demanded, and with what they are answered.
contract RangesTest is RoundDriver {
    uint256 private constant MAX = type(uint256).max;

    function test_demanded_inputs_are_within_the_round() external {
        _ranges(IPredictionEscrow.State.Committed, true);
    }

    function test_demanded_predictions_are_within_the_round() external {
        _ranges(IPredictionEscrow.State.Predicted, false);
    }

    function test_one_opening_for_each_demanded_input() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.InputsDemanded);
        (uint256[] memory commitments, bytes32[][] memory paths) = opened(t, FIRST, demanded());
        (uint256[] memory fewer, bytes32[][] memory fewerPaths) = opened(t, FIRST, demanded() - 1);
        (uint256[] memory more, bytes32[][] memory morePaths) = opened(t, FIRST, demanded() + 1);
        _refusedOpening(t, fewer, paths, _wrongLength(demanded(), demanded() - 1));
        _refusedOpening(t, more, paths, _wrongLength(demanded() + 1, demanded()));
        _refusedOpening(t, more, morePaths, _wrongLength(demanded() + 1, demanded()));
        _refusedOpening(t, commitments, fewerPaths, _wrongLength(demanded() - 1, demanded()));
        _refusedOpening(t, commitments, morePaths, _wrongLength(demanded() + 1, demanded()));
        commitments[1] += 1;
        _refusedOpening(t, commitments, paths, _notCommitted(caseId, FIRST + 1));
        commitments[1] -= 1;
        paths[2][0] = ~paths[2][0];
        _refusedOpening(t, commitments, paths, _notCommitted(caseId, FIRST + 2));
        paths[2] = new bytes32[](2);
        _refusedOpening(t, commitments, paths, _notCommitted(caseId, FIRST + 2));
        (paths[0], paths[1]) = (paths[1], paths[0]);
        (commitments[0], commitments[1]) = (commitments[1], commitments[0]);
        _refusedOpening(t, commitments, paths, _notCommitted(caseId, FIRST));
        vm.assertEq(credit(predictions, consumer), 0);
        make(Call.ShowInputs, t);
        make(Call.AnnounceInputs, t);
    }

    function test_shown_inputs_follow_one_another() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.InputsDemanded);
        _refusedShow(t, FIRST, demanded() + 1, _wrongLength(demanded() + 1, demanded()));
        _refusedShow(t, FIRST + 1, 1, _notCommitted(caseId, FIRST));
        _refusedShow(t, FIRST + 1, demanded() - 1, _notCommitted(caseId, FIRST));
        _refusedShow(t, 0, 1, _notCommitted(caseId, FIRST));
        for (uint256 i = 0; i < demanded(); ++i) {
            vm.assertTrue(state(t) == IPredictionEscrow.State.InputsDemanded);
            vm.assertEq(predictions.roundOf(caseId).outstanding, demanded() - i);
            vm.assertEq(credit(predictions, consumer), i * DEMAND_BOND);
            refuse(move(Call.AnnounceInputs, t), wrongState(caseId, IPredictionEscrow.State.InputsDemanded));
            // Nothing is no answer, and does no harm.
            showInputs(t, FIRST + i, 0);
            vm.assertTrue(state(t) == IPredictionEscrow.State.InputsDemanded);
            showInputs(t, FIRST + i, 1);
            if (i + 1 == demanded()) break;
            _refusedShow(t, FIRST + i, 1, _notCommitted(caseId, FIRST + i + 1));
            _refusedShow(t, FIRST + i + 1, demanded() - i, _wrongLength(demanded() - i, demanded() - i - 1));
        }
        vm.assertTrue(state(t) == IPredictionEscrow.State.InputsShown);
        vm.assertEq(predictions.roundOf(caseId).outstanding, 0);
        vm.assertEq(predictions.roundOf(caseId).demanded, demanded());
        vm.assertEq(predictions.roundOf(caseId).deadline, block.timestamp + t.courier.step);
        vm.assertEq(credit(predictions, consumer), demanded() * DEMAND_BOND);
        // All bonds are paid out, and none a second time.
        _refusedShow(t, FIRST, 1, wrongState(caseId, IPredictionEscrow.State.InputsShown));
        _refusedShow(t, FIRST, 0, wrongState(caseId, IPredictionEscrow.State.InputsShown));
        make(Call.AnnounceInputs, t);
        vm.assertEq(credit(predictions, consumer), demanded() * DEMAND_BOND);
        vm.assertEq(predictions.deliveryOf(caseId).words, demanded() * 8);
    }

    /// @dev A batch that is false at its end shows nothing of its beginning.
    function test_shown_inputs_count_together() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.InputsDemanded);
        (uint256[] memory commitments, bytes32[][] memory paths) = opened(t, FIRST, 2);
        commitments[1] ^= 1;
        _refusedOpening(t, commitments, paths, _notCommitted(caseId, FIRST + 1));
        vm.assertEq(predictions.roundOf(caseId).outstanding, demanded());
        vm.assertEq(credit(predictions, consumer), 0);
        showInputs(t, FIRST, 2);
    }

    /// @dev A consumer that committed to nothing cannot show anything.
    function test_inputs_of_another_root_are_not_shown() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Accepted);
        vm.prank(consumer);
        predictions.commitInputs(t, ROOT);
        make(Call.DemandInputs, t);
        refuse(move(Call.ShowInputs, t), _notCommitted(caseId, FIRST));
    }

    function test_published_predictions_follow_one_another() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.PredictionsDemanded);
        _refusedPublication(t, FIRST, demanded() + 1, _wrongLength(demanded() + 1, demanded()));
        _refusedPublication(t, FIRST + 1, 1, _notCommitted(caseId, FIRST));
        _refusedPublication(t, 0, 1, _notCommitted(caseId, FIRST));
        _publish(t, FIRST, 1);
        _refusedPublication(t, FIRST, 1, _notCommitted(caseId, FIRST + 1));
        _refusedPublication(t, FIRST + 1, demanded(), _wrongLength(demanded(), demanded() - 1));
        // Nothing is no answer, and does no harm.
        _publish(t, FIRST + 1, 0);
        vm.assertTrue(state(t) == IPredictionEscrow.State.PredictionsDemanded);
        vm.assertEq(credit(predictions, provider), DEMAND_BOND);
        _publish(t, FIRST + 1, demanded() - 1);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Published);
        vm.assertEq(credit(predictions, provider), demanded() * DEMAND_BOND);
    }

    function test_published_predictions_are_the_committed_ones() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.PredictionsDemanded);
        IPredictionEscrow.Prediction[] memory list = new IPredictionEscrow.Prediction[](1);
        list[0] = prediction(FIRST);
        bytes32[][] memory none = new bytes32[][](0);
        refuse(_publication(t, list, none), _wrongLength(0, 1));
        refuse(_publication(t, list, new bytes32[][](2)), _wrongLength(2, 1));
        refuse(_publication(t, list, new bytes32[][](1)), _notCommitted(caseId, FIRST));
        list[0].label += 1;
        refuse(_publication(t, list, new bytes32[][](1)), _notCommitted(caseId, FIRST));
    }

    function _ranges(IPredictionEscrow.State where, bool ofInputs) private {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, where);
        uint256 before = vm.snapshotState();
        uint256[2][10] memory bad = [
            [uint256(0), 0],
            [uint256(COUNT), 0],
            [uint256(COUNT), 1],
            [uint256(0), COUNT + 1],
            [uint256(1), COUNT],
            [MAX, 1],
            [MAX, 2],
            [uint256(1), MAX],
            [uint256(1 << 32), 1],
            [uint256(0), (1 << 32) + 1]
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            refuse(
                _demand(t, ofInputs, bad[i][0], bad[i][1]),
                abi.encodeWithSelector(IPredictionEscrow.BadRange.selector, bad[i][0], bad[i][1])
            );
        }
        uint256[2][3] memory good = [[uint256(0), COUNT], [uint256(COUNT - 1), 1], [uint256(0), 1]];
        for (uint256 i = 0; i < good.length; ++i) {
            (bool success,) = send(_demand(t, ofInputs, good[i][0], good[i][1]));
            vm.assertTrue(success);
            IPredictionEscrow.Round memory round = predictions.roundOf(predictions.idOf(t));
            vm.assertEq(round.first, good[i][0]);
            vm.assertEq(round.demanded, good[i][1]);
            vm.assertEq(round.outstanding, good[i][1]);
            vm.revertToState(before);
        }
    }

    function _demand(IPredictionEscrow.Terms memory t, bool ofInputs, uint256 first, uint256 count)
        private
        returns (Move memory)
    {
        return ofInputs ? demandInputsMove(t, first, count) : demandPredictionsMove(t, first, count);
    }

    function _refusedOpening(
        IPredictionEscrow.Terms memory t,
        uint256[] memory commitments,
        bytes32[][] memory paths,
        bytes memory refusal
    ) private {
        refuse(Move(consumer, 0, abi.encodeCall(predictions.showInputs, (t, commitments, paths))), refusal);
    }

    function _refusedShow(IPredictionEscrow.Terms memory t, uint256 first, uint256 count, bytes memory refusal)
        private
    {
        refuse(Move(consumer, 0, showData(t, first, count)), refusal);
    }

    function _publish(IPredictionEscrow.Terms memory t, uint256 first, uint256 count) private {
        (bool success,) = send(Move(provider, 0, publishData(t, first, count)));
        vm.assertTrue(success);
    }

    function _refusedPublication(IPredictionEscrow.Terms memory t, uint256 first, uint256 count, bytes memory refusal)
        private
    {
        refuse(Move(provider, 0, publishData(t, first, count)), refusal);
    }

    function _publication(
        IPredictionEscrow.Terms memory t,
        IPredictionEscrow.Prediction[] memory list,
        bytes32[][] memory paths
    ) private view returns (Move memory) {
        return Move(provider, 0, abi.encodeCall(predictions.publishPredictions, (t, list, paths)));
    }

    function _wrongLength(uint256 actual, uint256 expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPredictionEscrow.WrongLength.selector, actual, expected);
    }

    function _notCommitted(uint256 caseId, uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPredictionEscrow.NotCommitted.selector, caseId, index);
    }
}
