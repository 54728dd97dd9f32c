// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice Whose call each call is.
contract PartiesTest is RoundDriver {
    function test_consumers_calls() external {
        _onlyConsumer(Call.Open, IPredictionEscrow.State.None);
        _onlyConsumer(Call.CommitInputs, IPredictionEscrow.State.Accepted);
        // A batch that somebody else shows in part would make the consumer's own fail.
        _onlyConsumer(Call.ShowInputs, IPredictionEscrow.State.InputsDemanded);
        _onlyConsumer(Call.AnnounceInputs, IPredictionEscrow.State.InputsShown);
        _onlyConsumer(Call.DemandPredictions, IPredictionEscrow.State.Predicted);
        _onlyConsumer(Call.Contest, IPredictionEscrow.State.Predicted);
        _onlyConsumer(Call.Contest, IPredictionEscrow.State.Published);
    }

    function test_providers_calls() external {
        _onlyProvider(Call.Accept, IPredictionEscrow.State.Open);
        _onlyProvider(Call.DemandInputs, IPredictionEscrow.State.Committed);
        _onlyProvider(Call.CommitPredictions, IPredictionEscrow.State.Committed);
        _onlyProvider(Call.CommitPredictions, IPredictionEscrow.State.Delivering);
        _onlyProvider(Call.PublishPredictions, IPredictionEscrow.State.PredictionsDemanded);
        _onlyProvider(Call.Decline, IPredictionEscrow.State.Committed);
        _onlyProvider(Call.Decline, IPredictionEscrow.State.Delivering);
    }

    function test_complaints_are_the_receivers() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Revealed);
        _others(move(Call.Complain, t), consumer);
    }

    /// @dev What needs no permission cannot be refused by it.
    function test_anybody_may_respond_and_settle() external {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, IPredictionEscrow.State.Published);
        make(Call.Contest, t);
        make(Call.Respond, t);
        vm.prank(stranger);
        predictions.settle(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Served);
    }

    function _onlyConsumer(Call call, IPredictionEscrow.State where) private {
        uint256 before = vm.snapshotState();
        IPredictionEscrow.Terms memory t = terms();
        drive(t, where);
        _others(move(call, t), provider);
        make(call, t);
        vm.revertToState(before);
    }

    function _onlyProvider(Call call, IPredictionEscrow.State where) private {
        uint256 before = vm.snapshotState();
        IPredictionEscrow.Terms memory t = terms();
        drive(t, where);
        _others(move(call, t), consumer);
        if (where != IPredictionEscrow.State.Delivering) make(call, t);
        vm.revertToState(before);
    }

    function _others(Move memory m, address counterparty) private {
        address party = m.by;
        address[2] memory callers = [counterparty, stranger];
        for (uint256 i = 0; i < 2; ++i) {
            m.by = callers[i];
            vm.deal(m.by, m.value);
            refuse(m, abi.encodeWithSelector(IDeliveries.NotParty.selector, m.by, party));
        }
    }
}
