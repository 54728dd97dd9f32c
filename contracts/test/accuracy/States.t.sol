// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {Steps} from "./Steps.sol";

/// @notice Every call in every state that it does not belong to.
contract AccuracyStatesTest is Steps {
    function test_wrong_state_of_open() external {
        _refused(openCall, _bit(IAccuracyEscrow.State.None));
    }

    function test_wrong_state_of_cancel() external {
        _refused(cancelCall, _bit(IAccuracyEscrow.State.Open));
    }

    function test_wrong_state_of_accept() external {
        _refused(acceptCall, _bit(IAccuracyEscrow.State.Open));
    }

    function test_wrong_state_of_announceExamples() external {
        _refused(announceCall, _bit(IAccuracyEscrow.State.Accepted) | _bit(IAccuracyEscrow.State.Continued));
    }

    function test_wrong_state_of_complain() external {
        _refused(_complainCall, _bit(IAccuracyEscrow.State.FirstDelivery) | _bit(IAccuracyEscrow.State.SecondDelivery));
    }

    function test_wrong_state_of_proceed() external {
        _refused(proceedCall, _bit(IAccuracyEscrow.State.FirstDelivery));
    }

    function test_wrong_state_of_abort() external {
        _refused(abortCall, _bit(IAccuracyEscrow.State.FirstDelivery));
    }

    function test_wrong_state_of_postResults() external {
        _refused(postCall, _bit(IAccuracyEscrow.State.SecondDelivery));
    }

    function test_wrong_state_of_challenge() external {
        _refused(challengeCall, _bit(IAccuracyEscrow.State.Answered));
    }

    function test_wrong_state_of_respond() external {
        _refused(respondCall, _bit(IAccuracyEscrow.State.Challenged));
    }

    function test_wrong_state_of_settle() external {
        _refused(
            settleCall,
            _bit(IAccuracyEscrow.State.Accepted) | _bit(IAccuracyEscrow.State.FirstDelivery)
                | _bit(IAccuracyEscrow.State.Continued) | _bit(IAccuracyEscrow.State.SecondDelivery)
                | _bit(IAccuracyEscrow.State.Answered) | _bit(IAccuracyEscrow.State.Challenged)
        );
    }

    function test_the_first_examples_must_be_revealed() external {
        for (uint256 stage = 1; stage <= uint256(IDeliveries.Stage.Acknowledged); ++stage) {
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = stage;
            walkTo(t, true, IDeliveries.Stage(stage));
            bytes memory why = _wrongStage(t, stage);
            fails(proceedCall(t), why);
            fails(abortCall(t), why);
            fails(complainCall(t, true), why);
        }
    }

    function test_the_second_examples_must_be_revealed() external {
        for (uint256 stage = 1; stage <= uint256(IDeliveries.Stage.Acknowledged); ++stage) {
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = stage;
            walkTo(t, false, IDeliveries.Stage(stage));
            bytes memory why = _wrongStage(t, stage);
            fails(postCall(t), why);
            fails(complainCall(t, false), why);
        }
    }

    function test_a_delivery_is_over_when_the_exam_goes_on_or_ends() external {
        for (uint256 way = uint256(Way.NotPublished); way < WAYS; ++way) {
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = way;
            addStake();
            end(t, Way(way));
            vm.assertTrue(exams.deliveryOf(id(t)).stage == IDeliveries.Stage.None);
            _closed(t);
        }
        IAccuracyEscrow.Terms memory continued = terms();
        continued.salt = WAYS;
        walk(continued, IAccuracyEscrow.State.Continued);
        _closed(continued);
    }

    function _closed(IAccuracyEscrow.Terms memory t) private {
        bytes memory why = abi.encodeWithSelector(
            IDeliveries.WrongStage.selector, id(t), IDeliveries.Stage.None, IDeliveries.Stage.Announced
        );
        fails(Call(provider, 0, abi.encodeCall(exams.acknowledge, (id(t)))), why);
        fails(Call(provider, 0, abi.encodeCall(exams.demandPublication, (id(t)))), why);
    }

    function _refused(function(IAccuracyEscrow.Terms memory) internal view returns (Call memory) make, uint256 allowed)
        private
    {
        for (uint256 s = 0; s <= uint256(type(IAccuracyEscrow.State).max); ++s) {
            if (allowed >> s & 1 == 1) continue;
            surprises = 0;
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = s;
            IAccuracyEscrow.State state = IAccuracyEscrow.State(s);
            reach(t, state);
            fails(make(t), wrongState(t, state));
        }
    }

    function _complainCall(IAccuracyEscrow.Terms memory t) private view returns (Call memory) {
        return complainCall(t, true);
    }

    function _bit(IAccuracyEscrow.State state) private pure returns (uint256) {
        return 1 << uint256(state);
    }

    function _wrongStage(IAccuracyEscrow.Terms memory t, uint256 stage) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IDeliveries.WrongStage.selector, id(t), IDeliveries.Stage(stage), IDeliveries.Stage.Revealed
        );
    }
}
