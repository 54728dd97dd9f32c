// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Who gets what in every ending, to the last wei.
abstract contract Endings is CaseSteps {
    uint256 private constant BONDS = 3 * uint256(DEMAND_BOND);
    uint256 private constant PUBLICATION = 1e9;

    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;

    function test_withdrawn_by_the_requester() external {
        _reach(IRetrievalEscrow.State.Filed);
        _expect(IRetrievalEscrow.State.Withdrawn);
        by(consumer, settleCall(_d, _r));
        _ended(REWARD, 0);
    }

    function test_withdrawn_late_by_anybody() external {
        _reach(IRetrievalEscrow.State.Filed);
        vm.warp(caseOf(_r).deadline + 1);
        _expect(IRetrievalEscrow.State.Withdrawn);
        by(stranger, settleCall(_d, _r));
        _ended(REWARD, 0);
    }

    function test_fulfilled_by_time() external {
        _reach(IRetrievalEscrow.State.Proven);
        _settle(stranger, IRetrievalEscrow.State.Fulfilled);
        _ended(0, REWARD);
    }

    function test_fulfilled_by_the_requesters_early_word() external {
        _reach(IRetrievalEscrow.State.Proven);
        _expect(IRetrievalEscrow.State.Fulfilled);
        by(consumer, settleCall(_d, _r));
        _ended(0, REWARD);
    }

    function test_fulfilled_by_the_requesters_word_at_any_stage() external {
        for (uint256 s = uint256(IDeliveries.Stage.Announced); s <= uint256(IDeliveries.Stage.Revealed); ++s) {
            uint256 snapshot = vm.snapshotState();
            _reachStage(IDeliveries.Stage(s));
            _expect(IRetrievalEscrow.State.Fulfilled);
            by(consumer, settleCall(_d, _r));
            // Nothing was published, so what it paid for that comes back.
            _ended(s == uint256(IDeliveries.Stage.Demanded) ? PUBLICATION : 0, REWARD + BONDS);
            vm.revertToState(snapshot);
        }
    }

    function test_fulfilled_where_the_receiver_was_silent() external {
        _reachStage(IDeliveries.Stage.Announced);
        _settle(stranger, IRetrievalEscrow.State.Fulfilled);
        _ended(0, REWARD + BONDS);
    }

    function test_fulfilled_where_nobody_complained() external {
        _reachStage(IDeliveries.Stage.Revealed);
        _settle(responder, IRetrievalEscrow.State.Fulfilled);
        _ended(0, REWARD + BONDS);
    }

    function test_fulfilled_after_publication() external {
        _reachStage(IDeliveries.Stage.Demanded);
        by(responder, abi.encodeCall(IDeliveries.publish, (_case, ciphertext(_d, _r), new bytes32[](0))));
        reveal(_r);
        _settle(stranger, IRetrievalEscrow.State.Fulfilled);
        _ended(0, REWARD + BONDS + PUBLICATION);
    }

    /// @dev Neither side drew: both go as they came, and the dataset answers others.
    function test_no_draw() external {
        address[4] memory parties = [consumer, responder, approver, stranger];
        for (uint256 i = 0; i < parties.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _reach(IRetrievalEscrow.State.Posted);
            vm.assertEq(standingOf(_d).active, _case);
            _settle(parties[i], IRetrievalEscrow.State.Withdrawn);
            _ended(REWARD, 0);
            vm.revertToState(snapshot);
        }
    }

    function test_after_a_case_without_a_draw_the_dataset_answers_another() external {
        _reach(IRetrievalEscrow.State.Posted);
        IRetrievalEscrow.Request memory second = request(_d);
        second.salt = 2;
        vm.warp(caseOf(_r).deadline);
        file(_d, second);
        bytes memory busy = abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, second.dataset, _case);
        refused(approver, approveCall(_d, second), busy);
        _settle(stranger, IRetrievalEscrow.State.Withdrawn);
        vm.assertEq(held(address(retrieval)), BOND + 2 * REWARD);
        approve(_d, second);
        vm.assertEq(standingOf(_d).active, retrieval.idOf(second));
        post(_d, second, truth(_d, second));
        draw(_d, second);
        proveAll(_d, second);
        by(consumer, settleCall(_d, second));
        _ended(REWARD, REWARD);
    }

    function test_no_results() external {
        _reach(IRetrievalEscrow.State.Approved);
        _settle(stranger, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(0, 0);
    }

    function test_a_sample_without_a_proof() external {
        _reach(IRetrievalEscrow.State.Drawn);
        prove(_d, _r, truth(_d, _r), 0);
        _settle(consumer, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(0, 0);
    }

    function test_no_positive_identified() external {
        _reach(IRetrievalEscrow.State.Demanded);
        _settle(consumer, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(BONDS, 0);
    }

    function test_not_all_positives_identified() external {
        _reach(IRetrievalEscrow.State.Demanded);
        by(responder, identifyCall(_d, _r, opening(truth(_d, _r), 1)));
        by(responder, identifyCall(_d, _r, opening(truth(_d, _r), 3)));
        _settle(stranger, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(DEMAND_BOND, 2 * DEMAND_BOND);
    }

    function test_nothing_announced() external {
        _reach(IRetrievalEscrow.State.Identified);
        _settle(stranger, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(0, BONDS);
    }

    function test_nothing_published() external {
        _reachStage(IDeliveries.Stage.Demanded);
        _settle(stranger, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(PUBLICATION, BONDS);
    }

    function test_no_key() external {
        _reachStage(IDeliveries.Stage.Acknowledged);
        _settle(stranger, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(0, BONDS);
    }

    /// @dev What it is owed does not get lost when the requester is the one who settles.
    function test_nothing_published_and_the_requester_settles() external {
        _reachStage(IDeliveries.Stage.Demanded);
        _settle(consumer, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(PUBLICATION, BONDS);
    }

    function test_no_key_and_the_requester_settles() external {
        _reachStage(IDeliveries.Stage.Acknowledged);
        _settle(consumer, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(0, BONDS);
    }

    function test_published_but_no_key_and_the_requester_settles() external {
        _reachStage(IDeliveries.Stage.Demanded);
        by(responder, abi.encodeCall(IDeliveries.publish, (_case, ciphertext(_d, _r), new bytes32[](0))));
        _settle(consumer, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(0, BONDS + PUBLICATION);
    }

    function test_fulfilled_late_by_the_requester_that_was_silent() external {
        IDeliveries.Stage[2] memory stages = [IDeliveries.Stage.Announced, IDeliveries.Stage.Revealed];
        for (uint256 i = 0; i < stages.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _reachStage(stages[i]);
            _settle(consumer, IRetrievalEscrow.State.Fulfilled);
            _ended(0, REWARD + BONDS);
            vm.revertToState(snapshot);
        }
    }

    function test_published_but_no_key() external {
        _reachStage(IDeliveries.Stage.Demanded);
        by(responder, abi.encodeCall(IDeliveries.publish, (_case, ciphertext(_d, _r), new bytes32[](0))));
        _settle(stranger, IRetrievalEscrow.State.FullDisclosure);
        _disclosed(0, BONDS + PUBLICATION);
    }

    function _reach(IRetrievalEscrow.State goal) private {
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, goal);
    }

    function _reachStage(IDeliveries.Stage goal) private {
        _d = dataset(1);
        _r = request(_d);
        _case = reachStage(_d, _r, goal);
    }

    /// @dev Settles a second after what is due.
    function _settle(address who, IRetrievalEscrow.State outcome) private {
        bool delivering = state(_r) == IRetrievalEscrow.State.Delivering;
        vm.warp((delivering ? deliveryOf(_r).deadline : caseOf(_r).deadline) + 1);
        // What comes back of publication bonds is credited first.
        bool refund = deliveryOf(_r).stage == IDeliveries.Stage.Demanded;
        if (!refund && state(_r) != IRetrievalEscrow.State.Demanded) _expect(outcome);
        by(who, settleCall(_d, _r));
        vm.assertTrue(state(_r) == outcome);
    }

    function _expect(IRetrievalEscrow.State outcome) private {
        if (deliveryOf(_r).stage == IDeliveries.Stage.Demanded) return;
        bool lost = outcome == IRetrievalEscrow.State.FullDisclosure;
        bool fulfilled = outcome == IRetrievalEscrow.State.Fulfilled;
        uint256 toRequester = (fulfilled ? 0 : REWARD) + (lost ? BOND - _burned() : 0);
        vm.expectEmit();
        emit IRetrievalEscrow.CaseEnded(_case, outcome, toRequester, fulfilled ? REWARD : 0, lost ? _burned() : 0);
    }

    function _burned() private pure returns (uint256) {
        return uint256(BOND) * burnShare() / 10_000;
    }

    /// @dev The responder failed, and both got these bonds besides.
    function _disclosed(uint256 toRequester, uint256 toResponder) private view {
        vm.assertEq(credit(retrieval, consumer), REWARD + BOND - _burned() + toRequester);
        vm.assertEq(credit(retrieval, responder), toResponder);
        vm.assertEq(credit(retrieval, BURN), _burned());
        vm.assertEq(held(address(retrieval)), REWARD + BOND + toRequester + toResponder);
        vm.assertTrue(standingOf(_d).state == IRetrievalEscrow.DatasetState.Closed);
        vm.assertEq(standingOf(_d).active, 0);
    }

    /// @dev The dataset goes on, and its bond is held.
    function _ended(uint256 toRequester, uint256 toResponder) private view {
        vm.assertEq(credit(retrieval, consumer), toRequester);
        vm.assertEq(credit(retrieval, responder), toResponder);
        vm.assertEq(credit(retrieval, BURN), 0);
        vm.assertEq(held(address(retrieval)), BOND + toRequester + toResponder);
        vm.assertTrue(standingOf(_d).state == IRetrievalEscrow.DatasetState.Committed);
        vm.assertEq(standingOf(_d).active, 0);
    }
}

contract EndingsInEthTest is Endings {}

contract EndingsWithBurningTest is Endings {
    function burnShare() internal pure override returns (uint256) {
        return 500;
    }
}

contract EndingsInTokensTest is Endings {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function burnShare() internal pure override returns (uint256) {
        return 500;
    }
}

contract EndingsInTokensThatBurnTest is Endings {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function burnShare() internal pure override returns (uint256) {
        return 10_000;
    }
}
