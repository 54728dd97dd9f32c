// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RetrievalEscrow} from "../../src/RetrievalEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {CaseSteps} from "./CaseSteps.sol";
import {Wallet} from "./Wallet.sol";

/// @notice How a request is approved, and when it is not.
contract ApprovalTest is CaseSteps {
    bytes32 private constant APPROVAL = keccak256("Approval(uint256 caseId,uint256 nonce,uint256 deadline)");
    uint256 private constant LATER = 1_000_600;
    address private _approver = approver;

    function dataset(uint256 salt) internal view override returns (IRetrievalEscrow.Dataset memory d) {
        d = super.dataset(salt);
        d.approver = _approver;
    }

    function test_the_approver_signs() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        bytes memory input = _call(d, r, 7, LATER, _signed(address(retrieval), r, APPROVER_KEY, 7));
        vm.expectEmit();
        emit ISignatures.NonceUsed(approver, 7);
        vm.expectEmit();
        emit IRetrievalEscrow.RequestApproved(retrieval.idOf(r), r.dataset, block.timestamp + 2 hours);
        by(stranger, input);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Approved);
        vm.assertEq(standingOf(d).active, retrieval.idOf(r));
    }

    function test_a_contract_approves() external {
        _approver = address(new Wallet(approver));
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        bytes memory wrong = _signed(address(retrieval), r, SOURCE_KEY, 7);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, _approver);
        refused(stranger, _call(d, r, 7, LATER, wrong), reason);
        by(stranger, _call(d, r, 7, LATER, _signed(address(retrieval), r, APPROVER_KEY, 7)));
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Approved);
    }

    function test_a_signature_of_somebody_else_is_refused() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, approver);
        refused(stranger, _call(d, r, 7, LATER, _signed(address(retrieval), r, SOURCE_KEY, 7)), reason);
        refused(stranger, _call(d, r, 7, LATER, ""), reason);
        vm.assertFalse(retrieval.nonceUsed(approver, 7));
    }

    function test_a_signature_under_other_words_is_refused() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        bytes memory good = _signed(address(retrieval), r, APPROVER_KEY, 7);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, approver);
        refused(stranger, _call(d, r, 8, LATER, good), reason);
        refused(stranger, _call(d, r, 7, LATER + 1, good), reason);
        IRetrievalEscrow.Request memory other = r;
        other.salt = 2;
        file(d, other);
        refused(stranger, _call(d, other, 7, LATER, good), reason);
    }

    function test_a_signature_for_another_contract_or_chain_is_refused() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, approver);
        RetrievalEscrow other = new RetrievalEscrow(registry, judge, randomness, DRAW_DELAY, 0);
        refused(stranger, _call(d, r, 7, LATER, _signed(address(other), r, APPROVER_KEY, 7)), reason);
        bytes memory good = _signed(address(retrieval), r, APPROVER_KEY, 7);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        refused(stranger, _call(d, r, 7, LATER, good), reason);
        vm.chainId(chain);
        by(stranger, _call(d, r, 7, LATER, good));
    }

    function test_a_signature_counts_until_its_deadline() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        bytes memory input = _call(d, r, 7, LATER, _signed(address(retrieval), r, APPROVER_KEY, 7));
        vm.warp(LATER + 1);
        refused(stranger, input, abi.encodeWithSelector(ISignatures.SignatureExpired.selector, LATER));
        vm.warp(LATER);
        by(stranger, input);
    }

    function test_a_nonce_counts_once() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        by(stranger, _call(d, r, 7, LATER, _signed(address(retrieval), r, APPROVER_KEY, 7)));
        bytes memory spent = abi.encodeWithSelector(ISignatures.NonceSpent.selector, approver, 7);
        refused(stranger, _call(d, r, 7, LATER, _signed(address(retrieval), r, APPROVER_KEY, 7)), spent);
        (IRetrievalEscrow.Dataset memory other, IRetrievalEscrow.Request memory later) = _filed(2);
        refused(stranger, _call(other, later, 7, LATER, _signed(address(retrieval), later, APPROVER_KEY, 7)), spent);
    }

    function test_a_cancelled_nonce_counts_no_more() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        vm.prank(approver);
        retrieval.cancelNonce(7);
        bytes memory spent = abi.encodeWithSelector(ISignatures.NonceSpent.selector, approver, 7);
        refused(stranger, _call(d, r, 7, LATER, _signed(address(retrieval), r, APPROVER_KEY, 7)), spent);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Filed);
    }

    /// @dev What fails otherwise leaves the nonce as it was.
    function test_a_signature_waits_while_the_dataset_is_busy() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        IRetrievalEscrow.Request memory second = request(d);
        second.salt = 2;
        file(d, second);
        by(r.requester, abi.encodeCall(ISignatures.cancelNonce, (7)));
        approve(d, r);
        uint256 active = retrieval.idOf(r);
        bytes memory busy = abi.encodeWithSelector(IRetrievalEscrow.DatasetBusy.selector, r.dataset, active);
        bytes memory input = _call(d, second, 7, LATER, _signed(address(retrieval), second, APPROVER_KEY, 7));
        refused(stranger, input, busy);
        refused(approver, approveCall(d, second), busy);
        vm.assertFalse(retrieval.nonceUsed(approver, 7));
    }

    function test_another_dataset_does_not_lend_its_approver() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        d.approver = source;
        uint256 id = retrieval.datasetIdOf(d);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDataset.selector, id, r.dataset);
        refused(stranger, _call(d, r, 7, LATER, _signed(address(retrieval), r, SOURCE_KEY, 7)), reason);
    }

    function test_nothing_is_approved_in_a_closed_dataset() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        d.windows.approve = 30 days;
        r = request(d);
        IRetrievalEscrow.Request memory second = request(d);
        second.salt = 2;
        commit(d);
        file(d, second);
        reach(d, r, IRetrievalEscrow.State.FullDisclosure);
        IRetrievalEscrow.DatasetState closed = IRetrievalEscrow.DatasetState.Closed;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, r.dataset, closed);
        refused(approver, approveCall(d, second), reason);
    }

    function test_approval_by_signature_counts_in_time_and_in_its_state() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _filed(1);
        uint256 deadline = caseOf(r).deadline;
        bytes32 words = keccak256(abi.encode(APPROVAL, retrieval.idOf(r), uint256(7), uint256(1 << 40)));
        bytes memory input = _call(d, r, 7, 1 << 40, signature(address(retrieval), APPROVER_KEY, words));
        vm.warp(deadline + 1);
        refused(stranger, input, abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline));
        by(stranger, withdrawCall(d, r));
        IRetrievalEscrow.State actual = IRetrievalEscrow.State.Withdrawn;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, retrieval.idOf(r), actual);
        refused(stranger, input, reason);
    }

    function _filed(uint256 salt)
        private
        returns (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
    {
        d = dataset(salt);
        r = request(d);
        reach(d, r, IRetrievalEscrow.State.Filed);
    }

    function _call(
        IRetrievalEscrow.Dataset memory d,
        IRetrievalEscrow.Request memory r,
        uint256 nonce,
        uint256 deadline,
        bytes memory signed
    ) private pure returns (bytes memory) {
        return abi.encodeCall(IRetrievalEscrow.approveBySignature, (d, r, nonce, deadline, signed));
    }

    function _signed(address escrow, IRetrievalEscrow.Request memory r, uint256 key, uint256 nonce)
        private
        view
        returns (bytes memory)
    {
        return signature(escrow, key, keccak256(abi.encode(APPROVAL, retrieval.idOf(r), nonce, LATER)));
    }
}
