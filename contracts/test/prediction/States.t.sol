// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice Every call in every state: what counts where, and that nothing else does.
contract StatesTest is RoundDriver {
    uint256 private constant CALLS = uint256(type(Call).max) + 1;

    function test_none() external {
        _tryAll(IPredictionEscrow.State.None, _only1(Call.Open));
    }

    function test_open() external {
        _tryAll(IPredictionEscrow.State.Open, _only2(Call.Cancel, Call.Accept));
    }

    function test_accepted() external {
        _tryAll(IPredictionEscrow.State.Accepted, _only1(Call.CommitInputs));
    }

    function test_committed() external {
        bool[] memory counts = _only2(Call.DemandInputs, Call.CommitPredictions);
        counts[uint256(Call.Decline)] = true;
        _tryAll(IPredictionEscrow.State.Committed, counts);
    }

    function test_inputs_demanded() external {
        _tryAll(IPredictionEscrow.State.InputsDemanded, _only1(Call.ShowInputs));
    }

    function test_inputs_shown() external {
        _tryAll(IPredictionEscrow.State.InputsShown, _only1(Call.AnnounceInputs));
    }

    function test_delivering() external {
        _tryAll(IPredictionEscrow.State.Delivering, new bool[](CALLS));
    }

    function test_predicted() external {
        bool[] memory counts = _only2(Call.DemandPredictions, Call.Contest);
        counts[uint256(Call.Settle)] = true;
        _tryAll(IPredictionEscrow.State.Predicted, counts);
    }

    function test_predictions_demanded() external {
        _tryAll(IPredictionEscrow.State.PredictionsDemanded, _only1(Call.PublishPredictions));
    }

    function test_published() external {
        _tryAll(IPredictionEscrow.State.Published, _only2(Call.Contest, Call.Settle));
    }

    function test_contested() external {
        _tryAll(IPredictionEscrow.State.Contested, _only1(Call.Respond));
    }

    function test_refunded() external {
        _tryAll(IPredictionEscrow.State.Refunded, new bool[](CALLS));
    }

    function test_served() external {
        _tryAll(IPredictionEscrow.State.Served, new bool[](CALLS));
    }

    function test_consumer_failed() external {
        _tryAll(IPredictionEscrow.State.ConsumerFailed, new bool[](CALLS));
    }

    function test_provider_failed() external {
        _tryAll(IPredictionEscrow.State.ProviderFailed, new bool[](CALLS));
    }

    /// @dev I5: a call that counts moves the round forward.
    function _tryAll(IPredictionEscrow.State where, bool[] memory counts) private {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, where);
        vm.assertTrue(state(t) == where, "driven");
        for (uint256 i = 0; i < CALLS; ++i) {
            Move memory m = move(Call(i), t);
            uint256 before = vm.snapshotState();
            if (counts[i]) {
                (bool success,) = send(m);
                vm.assertTrue(success, vm.toString(i));
                vm.assertTrue(state(t) > where || Call(i) == Call.Respond, "forward");
            } else {
                refuse(m, _refusal(caseId, Call(i), where));
                vm.assertTrue(state(t) == where, "moved");
            }
            vm.revertToState(before);
        }
    }

    function _refusal(uint256 caseId, Call call, IPredictionEscrow.State where) private view returns (bytes memory) {
        bool delivering = where == IPredictionEscrow.State.Delivering;
        if (delivering && (call == Call.CommitPredictions || call == Call.Complain || call == Call.Decline)) {
            return abi.encodeWithSelector(
                IDeliveries.WrongStage.selector, caseId, IDeliveries.Stage.Announced, IDeliveries.Stage.Revealed
            );
        }
        if (
            call == Call.Settle && where >= IPredictionEscrow.State.Accepted
                && where <= IPredictionEscrow.State.Contested
        ) {
            uint256 deadline =
                delivering ? predictions.deliveryOf(caseId).deadline : predictions.roundOf(caseId).deadline;
            return abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline);
        }
        return wrongState(caseId, where);
    }

    function _only1(Call a) private pure returns (bool[] memory counts) {
        counts = new bool[](CALLS);
        counts[uint256(a)] = true;
    }

    function _only2(Call a, Call b) private pure returns (bool[] memory counts) {
        counts = _only1(a);
        counts[uint256(b)] = true;
    }
}
