// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice A step counts until its deadline, and not a second longer; nothing ends before.
contract DeadlinesTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;
    /// @dev When the step began.
    uint256 private _begun;

    function test_filed() external {
        _reach(IRetrievalEscrow.State.Filed);
        uint256 deadline = _begun + 1 hours;
        vm.assertEq(caseOf(_r).deadline, deadline);
        uint256 snapshot = vm.snapshotState();
        vm.warp(deadline);
        refused(stranger, settleCall(_d, _r), abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline));
        by(approver, approveCall(_d, _r));
        vm.revertToState(snapshot);
        vm.warp(deadline + 1);
        refused(approver, approveCall(_d, _r), abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline));
        by(stranger, settleCall(_d, _r));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Withdrawn);
    }

    function test_the_requester_withdraws_at_any_time() external {
        _reach(IRetrievalEscrow.State.Filed);
        uint256 snapshot = vm.snapshotState();
        by(consumer, settleCall(_d, _r));
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + 365 days);
        by(consumer, settleCall(_d, _r));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Withdrawn);
    }

    function test_approved() external {
        _reach(IRetrievalEscrow.State.Approved);
        (bytes32 root, uint256 total) = resultsRoot(truth(_d, _r));
        vm.assertEq(caseOf(_r).deadline, _begun + 2 hours);
        _edges(responder, 0, postCall(_d, _r, root, total), IRetrievalEscrow.State.FullDisclosure);
    }

    /// @dev Whoever wants the sample can draw it, even late; whoever wants an end settles first.
    function test_posted() external {
        _reach(IRetrievalEscrow.State.Posted);
        uint256 deadline = _begun + 7 days;
        vm.assertEq(caseOf(_r).deadline, deadline);
        bytes memory early = abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline);
        bytes memory input = drawCall(_d, _r, mine(_r, RANDOM));
        address[4] memory parties = [consumer, responder, approver, stranger];
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < parties.length; ++i) {
            refused(parties[i], settleCall(_d, _r), early);
            vm.warp(deadline);
            refused(parties[i], settleCall(_d, _r), early);
            by(parties[i], input);
            vm.revertToState(snapshot);
            snapshot = vm.snapshotState();
            vm.warp(deadline + 1);
            by(parties[i], settleCall(_d, _r));
            vm.assertTrue(state(_r) == IRetrievalEscrow.State.Withdrawn);
            vm.assertEq(caseOf(_r).deadline, 0);
            vm.revertToState(snapshot);
            snapshot = vm.snapshotState();
        }
    }

    function test_drawn() external {
        _reach(IRetrievalEscrow.State.Drawn);
        bytes memory input = proveCall(_d, _r, 4, opening(truth(_d, _r), sampled(_d, _r, 4)));
        vm.assertEq(caseOf(_r).deadline, _begun + 3 hours + COUNT * 600);
        _edges(responder, 0, input, IRetrievalEscrow.State.FullDisclosure);
    }

    function test_drawn_and_all_but_one_proven() external {
        _reach(IRetrievalEscrow.State.Drawn);
        uint256 deadline = caseOf(_r).deadline;
        for (uint256 sample = 1; sample < COUNT; ++sample) {
            vm.warp(block.timestamp + 600);
            prove(_d, _r, truth(_d, _r), sample);
        }
        vm.assertEq(caseOf(_r).deadline, deadline);
        bytes memory input = proveCall(_d, _r, 0, opening(truth(_d, _r), sampled(_d, _r, 0)));
        _edges(responder, 0, input, IRetrievalEscrow.State.FullDisclosure);
    }

    function test_proven() external {
        _reach(IRetrievalEscrow.State.Proven);
        vm.assertEq(caseOf(_r).deadline, _begun + 4 hours);
        _edges(consumer, DEMAND_BOND, demandCall(_d, _r, 1, 1), IRetrievalEscrow.State.Fulfilled);
    }

    function test_demanded() external {
        _reach(IRetrievalEscrow.State.Demanded);
        bytes memory input = identifyCall(_d, _r, opening(truth(_d, _r), 1));
        vm.assertEq(caseOf(_r).deadline, _begun + 5 hours + 3 * 1200);
        _edges(responder, 0, input, IRetrievalEscrow.State.FullDisclosure);
    }

    function test_identified() external {
        _reach(IRetrievalEscrow.State.Identified);
        bytes memory input = announceCall(_d, _r, ciphertext(_d, _r));
        vm.assertEq(caseOf(_r).deadline, _begun + 1 hours);
        _edges(responder, 0, input, IRetrievalEscrow.State.FullDisclosure);
    }

    /// @dev The requester's word outweighs what it is still owed, as long as there is time for that.
    function test_the_requesters_word_counts_until_the_deadline() external {
        for (uint256 s = uint256(IDeliveries.Stage.Announced); s <= uint256(IDeliveries.Stage.Revealed); ++s) {
            uint256 snapshot = vm.snapshotState();
            _reachStage(IDeliveries.Stage(s));
            vm.warp(deliveryOf(_r).deadline);
            by(consumer, settleCall(_d, _r));
            vm.assertTrue(state(_r) == IRetrievalEscrow.State.Fulfilled);
            vm.revertToState(snapshot);
        }
    }

    function test_announced() external {
        _reachStage(IDeliveries.Stage.Announced);
        vm.assertEq(deliveryOf(_r).deadline, _begun + 1 hours);
        uint256 snapshot = vm.snapshotState();
        bytes memory input = abi.encodeCall(IDeliveries.acknowledge, (_case));
        _edges(consumer, 0, input, IRetrievalEscrow.State.Fulfilled);
        vm.revertToState(snapshot);
        input = abi.encodeCall(IDeliveries.demandPublication, (_case));
        _edges(consumer, 1e9, input, IRetrievalEscrow.State.Fulfilled);
    }

    function test_publication() external {
        _reachStage(IDeliveries.Stage.Demanded);
        vm.assertEq(deliveryOf(_r).deadline, _begun + 1 hours + 10 minutes);
        bytes memory input = abi.encodeCall(IDeliveries.publish, (_case, ciphertext(_d, _r), new bytes32[](0)));
        _edges(responder, 0, input, IRetrievalEscrow.State.FullDisclosure);
    }

    function test_acknowledged() external {
        _reachStage(IDeliveries.Stage.Acknowledged);
        vm.assertEq(deliveryOf(_r).deadline, _begun + 1 hours);
        bytes memory input = abi.encodeCall(IDeliveries.reveal, (_case, KEY));
        _edges(responder, 0, input, IRetrievalEscrow.State.FullDisclosure);
    }

    function test_published_counts_as_acknowledged() external {
        _reachStage(IDeliveries.Stage.Demanded);
        by(responder, abi.encodeCall(IDeliveries.publish, (_case, ciphertext(_d, _r), new bytes32[](0))));
        vm.assertTrue(deliveryOf(_r).stage == IDeliveries.Stage.Acknowledged);
        bytes memory input = abi.encodeCall(IDeliveries.reveal, (_case, KEY));
        _edges(responder, 0, input, IRetrievalEscrow.State.FullDisclosure);
    }

    function test_revealed() external {
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, IRetrievalEscrow.State.Identified);
        uint256[] memory cipher = ciphertext(_d, _r);
        cipher[7] ^= 1;
        by(responder, announceCall(_d, _r, cipher));
        acknowledge(_r);
        reveal(_r);
        vm.assertEq(deliveryOf(_r).deadline, block.timestamp + 4 hours);
        IDeliveryJudge.Complaint memory complaint = IDeliveryJudge.Complaint({
            fault: IDeliveryJudge.Fault.Commitment, item: 0, position: 0, words: SealedItems.openRange(cipher, 7, 1)
        });
        bytes memory input = complainCall(_d, _r, complaint, identified(_d, _r, 0));
        _edges(consumer, 0, input, IRetrievalEscrow.State.Fulfilled);
    }

    function _reach(IRetrievalEscrow.State goal) private {
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, goal);
        _begun = block.timestamp;
    }

    function _reachStage(IDeliveries.Stage goal) private {
        _d = dataset(1);
        _r = request(_d);
        _case = reachStage(_d, _r, goal);
        _begun = block.timestamp;
    }

    /// @dev At the deadline the step counts, and nobody settles; a second later it is the other way round.
    function _edges(address who, uint256 amount, bytes memory input, IRetrievalEscrow.State outcome) private {
        bool delivering = state(_r) == IRetrievalEscrow.State.Delivering;
        uint256 deadline = delivering ? deliveryOf(_r).deadline : caseOf(_r).deadline;
        bytes memory early = abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline);
        bytes memory late = abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline);
        refused(stranger, settleCall(_d, _r), early);
        uint256 snapshot = vm.snapshotState();
        vm.warp(deadline);
        refused(stranger, settleCall(_d, _r), early);
        refused(responder, settleCall(_d, _r), early);
        paying(who, amount, input);
        vm.revertToState(snapshot);
        address[3] memory parties = [stranger, consumer, responder];
        for (uint256 i = 0; i < parties.length; ++i) {
            snapshot = vm.snapshotState();
            vm.warp(deadline + 1);
            refusedPaying(who, amount, input, late);
            by(parties[i], settleCall(_d, _r));
            vm.assertTrue(state(_r) == outcome);
            vm.assertEq(caseOf(_r).deadline, 0);
            vm.revertToState(snapshot);
        }
    }
}
