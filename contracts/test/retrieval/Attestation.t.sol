// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {Deploy, Retrieval} from "../utils/Deploy.sol";
import {CaseSteps} from "./CaseSteps.sol";
import {Wallet} from "./Wallet.sol";

/// @notice What a source says about a dataset.
contract AttestationTest is CaseSteps {
    bytes32 private constant ATTESTATION =
        keccak256("Attestation(uint256 dataset,bytes32 root,uint256 count,uint256 nonce,uint256 deadline)");
    uint256 private constant LATER = 1_000_600;
    address private _source = source;

    function dataset(uint256 salt) internal view override returns (IRetrievalEscrow.Dataset memory d) {
        d = super.dataset(salt);
        d.source = _source;
    }

    function test_the_source_attests() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        vm.assertFalse(standingOf(d).attested);
        bytes memory input = _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7));
        vm.expectEmit();
        emit ISignatures.NonceUsed(source, 7);
        vm.expectEmit();
        emit IRetrievalEscrow.DatasetAttested(retrieval.datasetIdOf(d), source);
        by(stranger, input);
        vm.assertTrue(standingOf(d).attested);
        vm.assertTrue(retrieval.nonceUsed(source, 7));
    }

    function test_a_contract_attests() external {
        _source = address(new Wallet(source));
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        bytes memory wrong = _signed(address(retrieval), d, APPROVER_KEY, 7);
        refused(stranger, _call(d, 7, LATER, wrong), abi.encodeWithSelector(ISignatures.BadSignature.selector, _source));
        by(stranger, _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7)));
        vm.assertTrue(standingOf(d).attested);
        vm.assertTrue(retrieval.nonceUsed(_source, 7));
        vm.assertFalse(retrieval.nonceUsed(source, 7));
    }

    function test_nobody_attests_for_no_source() external {
        _source = address(0);
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, address(0));
        refused(stranger, _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7)), reason);
        refused(stranger, _call(d, 7, LATER, new bytes(65)), reason);
        refused(stranger, _call(d, 7, LATER, ""), reason);
    }

    function test_a_dataset_is_attested_once() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        uint256 id = commit(d);
        by(stranger, _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7)));
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.AlreadyAttested.selector, id);
        refused(stranger, _call(d, 8, LATER, _signed(address(retrieval), d, SOURCE_KEY, 8)), reason);
    }

    function test_only_a_committed_dataset_is_attested() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        bytes memory input = _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7));
        refused(stranger, input, _wrong(d, IRetrievalEscrow.DatasetState.None));
        commit(d);
        uint256 snapshot = vm.snapshotState();
        retire(d);
        refused(stranger, input, _wrong(d, IRetrievalEscrow.DatasetState.Retiring));
        vm.revertToState(snapshot);
        reach(d, request(d), IRetrievalEscrow.State.FullDisclosure);
        refused(stranger, input, _wrong(d, IRetrievalEscrow.DatasetState.Closed));
    }

    function test_a_signature_of_somebody_else_is_refused() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, source);
        refused(stranger, _call(d, 7, LATER, _signed(address(retrieval), d, APPROVER_KEY, 7)), reason);
        refused(stranger, _call(d, 7, LATER, ""), reason);
        refused(stranger, _call(d, 7, LATER, new bytes(65)), reason);
        vm.assertFalse(retrieval.nonceUsed(source, 7));
    }

    function test_a_signature_under_other_words_is_refused() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Dataset memory other = dataset(2);
        commit(d);
        commit(other);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, source);
        bytes memory good = _signed(address(retrieval), d, SOURCE_KEY, 7);
        refused(stranger, _call(other, 7, LATER, good), reason);
        refused(stranger, _call(d, 8, LATER, good), reason);
        refused(stranger, _call(d, 7, LATER + 1, good), reason);
        by(stranger, _call(d, 7, LATER, good));
    }

    function test_a_signature_for_another_contract_or_chain_is_refused() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        bytes memory reason = abi.encodeWithSelector(ISignatures.BadSignature.selector, source);
        Retrieval other = Deploy.retrievalEscrow(registry, judge, randomness, DRAW_DELAY, 0);
        refused(stranger, _call(d, 7, LATER, _signed(address(other), d, SOURCE_KEY, 7)), reason);
        bytes memory good = _signed(address(retrieval), d, SOURCE_KEY, 7);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        refused(stranger, _call(d, 7, LATER, good), reason);
        vm.chainId(chain);
        by(stranger, _call(d, 7, LATER, good));
    }

    function test_a_signature_counts_until_its_deadline() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        bytes memory input = _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7));
        vm.warp(LATER + 1);
        refused(stranger, input, abi.encodeWithSelector(ISignatures.SignatureExpired.selector, LATER));
        vm.warp(LATER);
        by(stranger, input);
    }

    function test_a_nonce_counts_once_for_all_datasets() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Dataset memory other = dataset(2);
        commit(d);
        commit(other);
        by(stranger, _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7)));
        bytes memory reason = abi.encodeWithSelector(ISignatures.NonceSpent.selector, source, 7);
        refused(stranger, _call(other, 7, LATER, _signed(address(retrieval), other, SOURCE_KEY, 7)), reason);
    }

    function test_a_cancelled_nonce_counts_no_more() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        commit(d);
        // Somebody else's nonce is another one.
        vm.prank(stranger);
        retrieval.cancelNonce(8);
        vm.expectEmit();
        emit ISignatures.NonceUsed(source, 7);
        vm.prank(source);
        retrieval.cancelNonce(7);
        bytes memory spent = abi.encodeWithSelector(ISignatures.NonceSpent.selector, source, 7);
        refused(source, abi.encodeCall(ISignatures.cancelNonce, (7)), spent);
        refused(stranger, _call(d, 7, LATER, _signed(address(retrieval), d, SOURCE_KEY, 7)), spent);
        by(stranger, _call(d, 8, LATER, _signed(address(retrieval), d, SOURCE_KEY, 8)));
    }

    function _wrong(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.DatasetState actual)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, retrieval.datasetIdOf(d), actual);
    }

    function _call(IRetrievalEscrow.Dataset memory d, uint256 nonce, uint256 deadline, bytes memory signed)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRetrievalEscrow.attest, (d, nonce, deadline, signed));
    }

    function _signed(address escrow, IRetrievalEscrow.Dataset memory d, uint256 key, uint256 nonce)
        private
        view
        returns (bytes memory)
    {
        uint256 id = retrieval.datasetIdOf(d);
        bytes32 words = keccak256(abi.encode(ATTESTATION, id, d.root, d.count, nonce, LATER));
        return signature(escrow, key, words);
    }
}
