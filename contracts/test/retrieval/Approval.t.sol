// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice How a request is approved, and when it is not.
contract ApprovalTest is CaseSteps {
    address private _approver = approver;

    function dataset(uint256 salt) internal view override returns (IRetrievalEscrow.Dataset memory d) {
        d = super.dataset(salt);
        d.approver = _approver;
    }

    function test_the_approver_approves() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        vm.assertEq(standingOf(d).active, 0);
        approve(d, r);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Approved);
        vm.assertEq(caseOf(r).deadline, block.timestamp + 2 hours);
        vm.assertEq(standingOf(d).active, retrieval.idOf(r));
    }

    /// @dev Neither the responder, which would choose what it has to answer, nor the requester.
    function test_nobody_else_approves() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        address[5] memory others = [responder, consumer, source, provider, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IDeliveries.NotParty.selector, others[i], approver);
            refused(others[i], approveCall(d, r), reason);
        }
    }

    function test_a_contract_approves() external {
        _approver = address(judge);
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        bytes memory reason = abi.encodeWithSelector(IDeliveries.NotParty.selector, approver, _approver);
        refused(approver, approveCall(d, r), reason);
        by(_approver, approveCall(d, r));
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Approved);
    }

    function test_approval_waits_while_the_dataset_is_busy() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        IRetrievalEscrow.Request memory second = request(d);
        second.salt = 2;
        file(d, second);
        approve(d, r);
        bytes memory busy = abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, retrieval.idOf(r));
        refused(approver, approveCall(d, second), busy);
        post(d, r, truth(d, r));
        draw(d, r);
        proveAll(d, r);
        refused(approver, approveCall(d, second), busy);
        by(consumer, settleCall(d, r));
        approve(d, second);
        vm.assertEq(standingOf(d).active, retrieval.idOf(second));
    }

    function test_another_dataset_does_not_lend_its_approver() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        d.approver = source;
        uint256 id = retrieval.datasetIdOf(d);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDataset.selector, id, r.dataset);
        refused(source, approveCall(d, r), reason);
        commit(d);
        refused(source, approveCall(d, r), reason);
    }

    function test_nothing_is_approved_in_a_closed_dataset() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.windows.approve = 30 days;
        d.notice = 30 days;
        IRetrievalEscrow.Request memory r = request(d);
        IRetrievalEscrow.Request memory second = request(d);
        second.salt = 2;
        commit(d);
        file(d, second);
        reach(d, r, IRetrievalEscrow.State.FullDisclosure);
        IRetrievalEscrow.DatasetState closed = IRetrievalEscrow.DatasetState.Closed;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, r.dataset, closed);
        refused(approver, approveCall(d, second), reason);
    }

    function test_approval_counts_in_time_and_in_its_state() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        uint256 deadline = caseOf(r).deadline;
        vm.warp(deadline + 1);
        refused(approver, approveCall(d, r), abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline));
        by(stranger, settleCall(d, r));
        IRetrievalEscrow.State actual = IRetrievalEscrow.State.Withdrawn;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, retrieval.idOf(r), actual);
        refused(approver, approveCall(d, r), reason);
    }

    function _filed(uint256 salt)
        private
        returns (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
    {
        d = dataset(salt);
        r = request(d);
        reach(d, r, IRetrievalEscrow.State.Filed);
    }
}
