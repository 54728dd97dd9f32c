// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice A provider that cannot or will not predict says so, once it could have seen the inputs and before it answers.
abstract contract Declining is RoundDriver {
    function test_when_the_inputs_are_committed() external {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, IPredictionEscrow.State.Committed);
        vm.assertEq(registry.modelOf(model).openCases, 1);
        make(Call.Decline, t);
        _refunded(t, 0);
    }

    /// @dev Bonds paid for answers that came.
    function test_when_the_key_is_revealed() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Revealed);
        vm.assertEq(registry.modelOf(model).openCases, 1);
        make(Call.Decline, t);
        _refunded(t, demanded() * DEMAND_BOND);
    }

    function test_when_the_inputs_are_published() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Demanded);
        publish(t, 0);
        reveal(t, KEY);
        make(Call.Decline, t);
        _refunded(t, demanded() * DEMAND_BOND + t.courier.bond);
    }

    /// @dev Who demanded its inputs waits for them, and for the key.
    function test_not_before_the_key_is_revealed() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = inputsDemanded(t);
        _refused(t, wrongState(caseId, IPredictionEscrow.State.InputsDemanded));
        showInputs(t, FIRST, demanded());
        _refused(t, wrongState(caseId, IPredictionEscrow.State.InputsShown));
        announce(t, cipher(), keyHash(KEY));
        _refused(t, _wrongStage(caseId, IDeliveries.Stage.Announced));
        uint256 before = vm.snapshotState();
        demandPublication(t);
        _refused(t, _wrongStage(caseId, IDeliveries.Stage.Demanded));
        vm.revertToState(before);
        acknowledge(t);
        _refused(t, _wrongStage(caseId, IDeliveries.Stage.Acknowledged));
        reveal(t, KEY);
        make(Call.Decline, t);
        _refunded(t, demanded() * DEMAND_BOND);
    }

    function test_until_the_deadline() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Committed);
        _edges(t, predictions.roundOf(caseId).deadline, 0);
    }

    /// @dev The delivery's deadline counts, not the round's, which passed.
    function test_until_the_deadline_of_the_delivery() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.InputsShown);
        uint256 past = predictions.roundOf(caseId).deadline;
        vm.warp(past);
        announce(t, cipher(), keyHash(KEY));
        vm.warp(past + 1);
        acknowledge(t);
        reveal(t, KEY);
        vm.assertEq(predictions.deliveryOf(caseId).deadline, block.timestamp + t.windows.predictions);
        _edges(t, predictions.deliveryOf(caseId).deadline, demanded() * DEMAND_BOND);
    }

    /// @dev Who answered has nothing to decline, with or without demanded inputs.
    function test_not_after_an_answer() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Predicted);
        _refused(t, wrongState(caseId, IPredictionEscrow.State.Predicted));
        t.salt += 1;
        caseId = deliver(t, IDeliveries.Stage.Revealed);
        make(Call.CommitPredictions, t);
        _refused(t, wrongState(caseId, IPredictionEscrow.State.Predicted));
        make(Call.Contest, t);
        _refused(t, wrongState(caseId, IPredictionEscrow.State.Contested));
    }

    /// @dev Whose call it is comes first, whatever the round's state.
    function test_not_by_others() external {
        IPredictionEscrow.Terms memory t = terms();
        _others(t);
        drive(t, IPredictionEscrow.State.Committed);
        _others(t);
        vm.warp(block.timestamp + t.windows.predictions + 1);
        _others(t);
        t.salt += 1;
        deliver(t, IDeliveries.Stage.Announced);
        _others(t);
        acknowledge(t);
        reveal(t, KEY);
        _others(t);
        make(Call.CommitPredictions, t);
        _others(t);
    }

    function test_nothing_follows() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = deliver(t, IDeliveries.Stage.Revealed);
        Move memory complaint = move(Call.Complain, t);
        make(Call.Decline, t);
        bytes memory refusal = wrongState(caseId, IPredictionEscrow.State.Refunded);
        refuse(complaint, refusal);
        refuse(move(Call.CommitPredictions, t), refusal);
        refuse(move(Call.Settle, t), refusal);
        _refused(t, refusal);
        vm.warp(block.timestamp + 365 days);
        refuse(move(Call.Settle, t), refusal);
        refuse(move(Call.Open, t), refusal);
    }

    /// @dev Another round of the model keeps its stake where it is.
    function test_other_rounds_stay_open() external {
        IPredictionEscrow.Terms memory t = terms();
        IPredictionEscrow.Terms memory other = terms();
        other.salt += 1;
        drive(t, IPredictionEscrow.State.Committed);
        drive(other, IPredictionEscrow.State.Committed);
        vm.assertEq(registry.modelOf(model).openCases, 2);
        make(Call.Decline, t);
        vm.assertEq(registry.modelOf(model).openCases, 1);
        vm.assertEq(credit(predictions, consumer), CONSUMER_LOCK);
        vm.assertEq(credit(predictions, provider), PROVIDER_LOCK);
        vm.assertEq(held(address(predictions)), 2 * (CONSUMER_LOCK + PROVIDER_LOCK));
        make(Call.CommitPredictions, other);
        make(Call.Settle, other);
        uint256 price = uint256(COUNT) * PRICE;
        paid(other, 2 * CONSUMER_LOCK - price, 2 * PROVIDER_LOCK + price, 0);
    }

    /// @dev At `deadline` it counts; a second later the provider has lost.
    function _edges(IPredictionEscrow.Terms memory t, uint256 deadline, uint256 bonds) private {
        vm.warp(deadline);
        uint256 before = vm.snapshotState();
        make(Call.Decline, t);
        _refunded(t, bonds);
        vm.revertToState(before);
        vm.warp(deadline + 1);
        _refused(t, abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline));
        make(Call.Settle, t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.ProviderFailed);
        _refused(t, wrongState(predictions.idOf(t), IPredictionEscrow.State.ProviderFailed));
    }

    function _refunded(IPredictionEscrow.Terms memory t, uint256 bonds) private view {
        vm.assertTrue(state(t) == IPredictionEscrow.State.Refunded, "end");
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None, "closed");
        vm.assertEq(predictions.roundOf(predictions.idOf(t)).deadline, 0);
        paid(t, CONSUMER_LOCK + bonds, PROVIDER_LOCK, 0);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE);
    }

    function _refused(IPredictionEscrow.Terms memory t, bytes memory refusal) private {
        refuse(move(Call.Decline, t), refusal);
    }

    function _others(IPredictionEscrow.Terms memory t) private {
        Move memory m = move(Call.Decline, t);
        address[2] memory callers = [consumer, stranger];
        for (uint256 i = 0; i < 2; ++i) {
            m.by = callers[i];
            refuse(m, abi.encodeWithSelector(IDeliveries.NotParty.selector, m.by, provider));
        }
    }

    function _wrongStage(uint256 caseId, IDeliveries.Stage actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveries.WrongStage.selector, caseId, actual, IDeliveries.Stage.Revealed);
    }
}

contract DecliningInEth is Declining {}

contract DecliningInTokensThatBurn is Declining {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function burnShare() internal pure override returns (uint256) {
        return 500;
    }
}
