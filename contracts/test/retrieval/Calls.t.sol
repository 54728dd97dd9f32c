// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Every call about a case: in which state it counts, for whom, and for which dataset.
contract CallsTest is CaseSteps {
    /// @dev A call that only its state, its party or its dataset can be wrong with.
    struct Call {
        address who;
        uint256 amount;
        IRetrievalEscrow.State state;
        bytes input;
    }

    /// @dev All calls but `settle`, which counts in several states.
    function _calls(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        private
        view
        returns (Call[] memory calls)
    {
        IRetrievalEscrow.Opening memory o = opening(truth(d, r), 1);
        IDeliveryJudge.Complaint memory none;
        bytes memory announcement = announceCall(d, r, new uint256[](1));
        calls = new Call[](9);
        calls[0] = Call(consumer, REWARD, IRetrievalEscrow.State.None, fileCall(d, r));
        calls[1] = Call(approver, 0, IRetrievalEscrow.State.Filed, approveCall(d, r));
        calls[2] = Call(responder, 0, IRetrievalEscrow.State.Approved, postCall(d, r, 0, 0));
        calls[3] = Call(stranger, 0, IRetrievalEscrow.State.Posted, drawCall(d, r, ""));
        calls[4] = Call(stranger, 0, IRetrievalEscrow.State.Posted, rearmCall(d, r));
        calls[5] = Call(stranger, 0, IRetrievalEscrow.State.Drawn, proveCall(d, r, 0, o));
        calls[6] = Call(consumer, DEMAND_BOND, IRetrievalEscrow.State.Proven, demandCall(d, r, 0, 1));
        calls[7] = Call(stranger, 0, IRetrievalEscrow.State.Demanded, identifyCall(d, r, o));
        calls[8] = Call(responder, 0, IRetrievalEscrow.State.Identified, announcement);
        bytes memory complaint = complainCall(d, r, none, o);
        return _with(calls, Call(consumer, 0, IRetrievalEscrow.State.Delivering, complaint));
    }

    function _with(Call[] memory calls, Call memory last) private pure returns (Call[] memory all) {
        all = new Call[](calls.length + 1);
        for (uint256 i = 0; i < calls.length; ++i) {
            all[i] = calls[i];
        }
        all[calls.length] = last;
    }

    function test_calls_count_in_their_state_only() external {
        for (uint256 s = 0; s < STATES; ++s) {
            IRetrievalEscrow.State actual = IRetrievalEscrow.State(s);
            IRetrievalEscrow.Dataset memory d = dataset(s);
            IRetrievalEscrow.Request memory r = request(d);
            uint256 caseId = reach(d, r, actual);
            vm.assertTrue(state(r) == actual);
            Call[] memory calls = _calls(d, r);
            for (uint256 i = 0; i < calls.length; ++i) {
                if (calls[i].state == actual) continue;
                bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, caseId, actual);
                if (i == 0 && standingOf(d).state == IRetrievalEscrow.DatasetState.Closed) {
                    reason = abi.encodeWithSelector(
                        IRetrievalEscrow.WrongDatasetState.selector, r.dataset, IRetrievalEscrow.DatasetState.Closed
                    );
                }
                refusedPaying(calls[i].who, calls[i].amount, calls[i].input, reason);
            }
        }
    }

    function test_what_cannot_end_is_not_settled() external {
        for (uint256 s = 0; s < STATES; ++s) {
            IRetrievalEscrow.State actual = IRetrievalEscrow.State(s);
            if (s >= uint256(IRetrievalEscrow.State.Filed) && s <= uint256(IRetrievalEscrow.State.Delivering)) {
                continue;
            }
            IRetrievalEscrow.Dataset memory d = dataset(s);
            IRetrievalEscrow.Request memory r = request(d);
            uint256 caseId = reach(d, r, actual);
            vm.warp(block.timestamp + 365 days);
            bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, caseId, actual);
            refused(consumer, settleCall(d, r), reason);
            refused(stranger, settleCall(d, r), reason);
        }
    }

    /// @dev The requester's word counts before approval, and where the responder did its part; nobody else's ever does.
    function test_who_settles_before_the_deadline() external {
        for (uint256 s = uint256(IRetrievalEscrow.State.Filed); s <= uint256(IRetrievalEscrow.State.Delivering); ++s) {
            IRetrievalEscrow.State actual = IRetrievalEscrow.State(s);
            IRetrievalEscrow.Dataset memory d = dataset(s);
            IRetrievalEscrow.Request memory r = request(d);
            reach(d, r, actual);
            bool delivering = actual == IRetrievalEscrow.State.Delivering;
            uint256 deadline = delivering ? deliveryOf(r).deadline : caseOf(r).deadline;
            bytes memory early = abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline);
            address[4] memory others = [responder, approver, provider, stranger];
            for (uint256 i = 0; i < others.length; ++i) {
                refused(others[i], settleCall(d, r), early);
            }
            if (actual == IRetrievalEscrow.State.Filed) {
                by(consumer, settleCall(d, r));
                vm.assertTrue(state(r) == IRetrievalEscrow.State.Withdrawn);
            } else if (actual == IRetrievalEscrow.State.Proven || delivering) {
                by(consumer, settleCall(d, r));
                vm.assertTrue(state(r) == IRetrievalEscrow.State.Fulfilled);
            } else {
                refused(consumer, settleCall(d, r), early);
            }
        }
    }

    function test_calls_are_about_the_dataset_of_the_request() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Dataset memory other = dataset(2);
        IRetrievalEscrow.Request memory r = request(d);
        commit(d);
        commit(other);
        Call[] memory calls = _with(_calls(other, r), Call(stranger, 0, state(r), settleCall(other, r)));
        uint256 actual = retrieval.datasetIdOf(other);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDataset.selector, actual, r.dataset);
        for (uint256 i = 0; i < calls.length; ++i) {
            refusedPaying(calls[i].who, calls[i].amount, calls[i].input, reason);
        }
    }

    /// @dev A dataset whose terms differ in one place, say the approver, is another one.
    function test_nobody_is_made_a_party_by_other_terms() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        reach(d, r, IRetrievalEscrow.State.Filed);
        d.approver = stranger;
        uint256 actual = retrieval.datasetIdOf(d);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDataset.selector, actual, r.dataset);
        refused(stranger, approveCall(d, r), reason);
    }

    function test_calls_of_one_party_are_refused_from_all_others() external {
        for (uint256 i = 0; i < 10; ++i) {
            IRetrievalEscrow.Dataset memory d = dataset(i);
            IRetrievalEscrow.Request memory r = request(d);
            Call memory call = _calls(d, r)[i];
            // These anybody may send.
            if (call.who == stranger) continue;
            reach(d, r, call.state);
            if (i == 9) (d, call.input) = _revealed(d);
            address[5] memory parties = [consumer, responder, approver, provider, stranger];
            for (uint256 k = 0; k < parties.length; ++k) {
                if (parties[k] == call.who) continue;
                bytes memory reason = abi.encodeWithSelector(IDeliveries.NotParty.selector, parties[k], call.who);
                refusedPaying(parties[k], call.amount, call.input, reason);
            }
        }
    }

    /// @dev A case where a complaint would be heard.
    function _revealed(IRetrievalEscrow.Dataset memory d)
        private
        returns (IRetrievalEscrow.Dataset memory other, bytes memory input)
    {
        other = d;
        other.salt = 99;
        IRetrievalEscrow.Request memory r = request(other);
        reachStage(other, r, IDeliveries.Stage.Revealed);
        IDeliveryJudge.Complaint memory none;
        input = complainCall(other, r, none, identified(other, r, 0));
    }
}
