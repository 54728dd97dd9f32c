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
        by(responder, _retire(d));
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
        uint256 id = commit(d);
        vm.warp(block.timestamp + 365 days);
        refused(responder, _close(d), abi.encodeWithSelector(IRetrievalEscrow.NotRetired.selector, id));
    }

    function test_calls_about_a_dataset_that_is_none_or_closed() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        _absent(d, IRetrievalEscrow.DatasetState.None);
        reach(d, request(d), IRetrievalEscrow.State.FullDisclosure);
        _absent(d, IRetrievalEscrow.DatasetState.Closed);
        d.salt = 2;
        commit(d);
        by(responder, _retire(d));
        vm.warp(block.timestamp + 1 days + 1);
        by(stranger, _close(d));
        _absent(d, IRetrievalEscrow.DatasetState.Closed);
        vm.assertEq(credit(retrieval, responder), BOND);
    }

    function test_a_second_retirement_begins_anew() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        by(responder, _retire(d));
        vm.warp(block.timestamp + 1 days + 1);
        by(responder, _retire(d));
        uint256 closableAt = block.timestamp + 1 days;
        refused(stranger, _close(d), abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, closableAt));
    }

    function test_a_busy_dataset_is_not_closed() external {
        for (uint256 s = uint256(IRetrievalEscrow.State.Approved); s < uint256(IRetrievalEscrow.State.Withdrawn); ++s) {
            uint256 snapshot = vm.snapshotState();
            IRetrievalEscrow.Dataset memory d = dataset(1);
            IRetrievalEscrow.Request memory r = request(d);
            uint256 caseId = reach(d, r, IRetrievalEscrow.State(s));
            by(responder, _retire(d));
            vm.warp(block.timestamp + 1 days + 1);
            refused(
                responder, _close(d), abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, caseId)
            );
            vm.revertToState(snapshot);
        }
    }

    function test_requests_are_approved_until_the_dataset_is_closed() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        commit(d);
        by(responder, _retire(d));
        vm.warp(block.timestamp + 1 days + 1);
        reach(d, r, IRetrievalEscrow.State.Approved);
        refused(
            responder,
            _close(d),
            abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, retrieval.idOf(r))
        );
        post(d, r, truth(d, r));
        draw(d, r);
        proveAll(d, r);
        by(consumer, settleCall(d, r));
        IRetrievalEscrow.Request memory second = _another(r, 2);
        file(d, second);
        by(stranger, _close(d));
        vm.assertEq(credit(retrieval, responder), BOND + REWARD);
        IRetrievalEscrow.DatasetState closed = IRetrievalEscrow.DatasetState.Closed;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, r.dataset, closed);
        refused(approver, approveCall(d, second), reason);
        by(consumer, withdrawCall(d, second));
        vm.assertEq(credit(retrieval, consumer), REWARD);
        vm.assertEq(held(address(retrieval)), BOND + 2 * REWARD);
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
                by(consumer, withdrawCall(d, next));
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
        IRetrievalEscrow.Request memory r = request(d);
        commit(d);
        IRetrievalEscrow.Request memory second = _another(r, 2);
        second.requester = stranger;
        file(d, second);
        reach(d, r, IRetrievalEscrow.State.FullDisclosure);
        vm.assertEq(credit(retrieval, consumer), BOND + REWARD);
        by(stranger, withdrawCall(d, second));
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
        uint256 id = retrieval.datasetIdOf(d);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, id, actual);
        refused(responder, _retire(d), reason);
        refused(responder, _close(d), reason);
        IRetrievalEscrow.Request memory r = request(d);
        r.salt = 7;
        refusedPaying(consumer, REWARD, fileCall(d, r), reason);
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
