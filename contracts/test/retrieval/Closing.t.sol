// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice A dataset from one request to the next, and to its end.
abstract contract Closing is CaseSteps {
    function test_the_dataset_is_closed_after_its_notice() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        uint256 id = commit(d);
        uint256 closableAt = block.timestamp + 1 days;
        vm.expectEmit();
        emit IRetrievalEscrow.DatasetRetired(id, closableAt);
        retire(d);
        vm.assertTrue(standingOf(d).state == IRetrievalEscrow.DatasetState.Retiring);
        vm.assertEq(standingOf(d).closableAt, closableAt);
        bytes memory early = abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, closableAt);
        refused(responder, _close(d), early);
        vm.warp(closableAt);
        refused(responder, _close(d), early);
        vm.warp(closableAt + 1);
        vm.expectEmit();
        emit IRetrievalEscrow.DatasetClosed(id, BOND);
        by(stranger, _close(d));
        vm.assertTrue(standingOf(d).state == IRetrievalEscrow.DatasetState.Closed);
        vm.assertEq(credit(retrieval, responder), BOND);
    }

    function test_nobody_else_retires_a_dataset() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        address[3] memory others = [consumer, approver, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            refused(others[i], _retire(d), abi.encodeWithSelector(IDeliveries.NotParty.selector, others[i], responder));
        }
    }

    function test_a_dataset_that_was_not_retired_is_not_closed() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        vm.warp(block.timestamp + 365 days);
        refused(responder, _close(d), _wrong(d, IRetrievalEscrow.DatasetState.Committed));
    }

    function test_calls_about_a_dataset_that_is_none_or_closed() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        _absent(d, IRetrievalEscrow.DatasetState.None);
        reach(d, request(d), IRetrievalEscrow.State.FullDisclosure);
        _absent(d, IRetrievalEscrow.DatasetState.Closed);
        d.salt = 2;
        commit(d);
        retire(d);
        vm.warp(block.timestamp + 1 days + 1);
        by(stranger, _close(d));
        _absent(d, IRetrievalEscrow.DatasetState.Closed);
        vm.assertEq(credit(retrieval, responder), BOND);
    }

    function test_a_dataset_is_retired_once() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        retire(d);
        uint256 closableAt = block.timestamp + 1 days;
        bytes memory reason = _wrong(d, IRetrievalEscrow.DatasetState.Retiring);
        refused(responder, _retire(d), reason);
        vm.warp(closableAt + 1);
        refused(responder, _retire(d), reason);
        vm.assertEq(standingOf(d).closableAt, closableAt);
        by(stranger, _close(d));
        reason = _wrong(d, IRetrievalEscrow.DatasetState.Closed);
        refused(responder, _retire(d), reason);
        refused(responder, _close(d), reason);
    }

    function test_nothing_is_filed_in_a_dataset_that_retires() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        commit(d);
        retire(d);
        bytes memory reason = _wrong(d, IRetrievalEscrow.DatasetState.Retiring);
        refusedPaying(consumer, REWARD, fileCall(d, r), reason);
        vm.warp(block.timestamp + 365 days);
        refusedPaying(consumer, REWARD, fileCall(d, r), reason);
    }

    function test_a_busy_dataset_is_not_closed() external {
        for (uint256 s = uint256(IRetrievalEscrow.State.Approved); s < uint256(IRetrievalEscrow.State.Withdrawn); ++s) {
            uint256 snapshot = vm.snapshotState();
            IRetrievalEscrow.Dataset memory d = dataset(1);
            IRetrievalEscrow.Request memory r = request(d);
            uint256 caseId = reach(d, r, IRetrievalEscrow.State(s));
            retire(d);
            vm.warp(block.timestamp + 1 days + 1);
            refused(
                responder, _close(d), abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, caseId)
            );
            vm.revertToState(snapshot);
        }
    }

    /// @dev The dataset answers what was filed before, and its bond with it.
    function test_what_was_filed_is_approved_and_answered_in_a_dataset_that_retires() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        IRetrievalEscrow.Request memory second = _another(r, 2);
        commit(d);
        file(d, r);
        file(d, second);
        retire(d);
        approve(d, r);
        vm.assertTrue(standingOf(d).state == IRetrievalEscrow.DatasetState.Retiring);
        vm.assertEq(standingOf(d).active, retrieval.idOf(r));
        post(d, r, truth(d, r));
        draw(d, r);
        proveAll(d, r);
        by(consumer, settleCall(d, r));
        vm.assertTrue(standingOf(d).state == IRetrievalEscrow.DatasetState.Retiring);
        approve(d, second);
        settleLate(d, second);
        vm.assertTrue(standingOf(d).state == IRetrievalEscrow.DatasetState.Closed);
        vm.warp(block.timestamp + 1 days + 1);
        refused(responder, _close(d), _wrong(d, IRetrievalEscrow.DatasetState.Closed));
        vm.assertEq(credit(retrieval, responder), REWARD);
        vm.assertEq(credit(retrieval, consumer), BOND + REWARD);
        vm.assertEq(held(address(retrieval)), BOND + 2 * REWARD);
    }

    /// @dev Notice and time for approvals are equal here: approval is in time until the last second of the notice, and closing from the
    /// next one on, so that whoever comes first does not matter.
    function test_nobody_closes_a_dataset_in_front_of_an_approval() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.notice = d.windows.approve;
        IRetrievalEscrow.Request memory r = request(d);
        commit(d);
        file(d, r);
        retire(d);
        uint256 closableAt = block.timestamp + 1 hours;
        vm.assertEq(caseOf(r).deadline, closableAt);
        vm.warp(closableAt);
        refused(responder, _close(d), abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, closableAt));
        uint256 snapshot = vm.snapshotState();
        approve(d, r);
        vm.warp(closableAt + 1);
        bytes memory busy = abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, retrieval.idOf(r));
        refused(responder, _close(d), busy);
        post(d, r, truth(d, r));
        draw(d, r);
        proveAll(d, r);
        refused(responder, _close(d), busy);
        by(consumer, settleCall(d, r));
        by(stranger, _close(d));
        vm.assertEq(credit(retrieval, responder), BOND + REWARD);
        vm.revertToState(snapshot);
        vm.warp(closableAt + 1);
        refused(approver, approveCall(d, r), abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, closableAt));
        by(stranger, _close(d));
        vm.assertEq(credit(retrieval, responder), BOND);
        by(consumer, settleCall(d, r));
        vm.assertEq(credit(retrieval, consumer), REWARD);
        vm.assertEq(held(address(retrieval)), BOND + REWARD);
    }

    function test_a_dataset_that_retires_is_free_after_a_case_without_a_draw() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        reach(d, r, IRetrievalEscrow.State.Posted);
        retire(d);
        vm.warp(standingOf(d).closableAt + 1);
        bytes memory busy = abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, retrieval.idOf(r));
        refused(responder, _close(d), busy);
        vm.warp(caseOf(r).deadline + 1);
        by(stranger, settleCall(d, r));
        vm.assertTrue(standingOf(d).state == IRetrievalEscrow.DatasetState.Retiring);
        by(stranger, _close(d));
        vm.assertEq(credit(retrieval, responder), BOND);
        vm.assertEq(credit(retrieval, consumer), REWARD);
    }

    function test_requests_are_answered_one_after_the_other() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        bytes32 seed;
        for (uint256 i = 1; i <= 3; ++i) {
            r = _another(r, i);
            uint256 caseId = reach(d, r, IRetrievalEscrow.State.Proven);
            vm.assertEq(standingOf(d).active, caseId);
            IRetrievalEscrow.Request memory next = _another(r, i + 1);
            if (i < 3) {
                paying(consumer, REWARD, fileCall(d, next));
                refused(
                    approver,
                    approveCall(d, next),
                    abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, caseId)
                );
                by(consumer, settleCall(d, next));
                vm.assertEq(standingOf(d).active, caseId);
            }
            vm.assertTrue(caseOf(r).seed != seed);
            seed = caseOf(r).seed;
            by(consumer, settleCall(d, r));
            vm.assertEq(standingOf(d).active, 0);
            vm.assertEq(credit(retrieval, responder), i * REWARD);
            r.salt += 10;
        }
    }

    /// @dev The bond is lost once, and nobody else's reward with it.
    function test_others_withdraw_after_full_disclosure() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.windows.approve = 30 days;
        d.notice = 30 days;
        IRetrievalEscrow.Request memory r = request(d);
        commit(d);
        IRetrievalEscrow.Request memory second = _another(r, 2);
        second.requester = stranger;
        file(d, second);
        reach(d, r, IRetrievalEscrow.State.FullDisclosure);
        vm.assertEq(credit(retrieval, consumer), BOND + REWARD);
        by(stranger, settleCall(d, second));
        vm.assertEq(credit(retrieval, stranger), REWARD);
        vm.assertEq(held(address(retrieval)), BOND + 2 * REWARD);
        IRetrievalEscrow.DatasetState closed = IRetrievalEscrow.DatasetState.Closed;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, r.dataset, closed);
        refused(responder, _close(d), reason);
        refusedPaying(consumer, REWARD, fileCall(d, _another(r, 3)), reason);
    }

    function _another(IRetrievalEscrow.Request memory r, uint256 salt)
        private
        pure
        returns (IRetrievalEscrow.Request memory other)
    {
        other = abi.decode(abi.encode(r), (IRetrievalEscrow.Request));
        other.salt = r.salt >= 10 ? r.salt + salt : salt;
    }

    function _absent(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.DatasetState actual) private {
        bytes memory reason = _wrong(d, actual);
        refused(responder, _retire(d), reason);
        refused(responder, _close(d), reason);
        IRetrievalEscrow.Request memory r = request(d);
        r.salt = 7;
        refusedPaying(consumer, REWARD, fileCall(d, r), reason);
    }

    function _wrong(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.DatasetState actual)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, retrieval.datasetIdOf(d), actual);
    }

    function _retire(IRetrievalEscrow.Dataset memory d) private pure returns (bytes memory) {
        return abi.encodeCall(IRetrievalEscrow.retire, (d));
    }

    function _close(IRetrievalEscrow.Dataset memory d) private pure returns (bytes memory) {
        return abi.encodeCall(IRetrievalEscrow.close, (d));
    }
}

contract ClosingInEthTest is Closing {}

contract ClosingInTokensTest is Closing {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
