// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice The calls that hand documents over: each at its stage, for its party, with the right words.
contract HandoverTest is CaseSteps {
    bytes32 private constant ACKNOWLEDGEMENT =
        keccak256("Acknowledgement(uint256 caseId,bytes32 root,uint256 nonce,uint256 deadline)");
    uint256 private constant LATER = 1 << 40;

    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;

    function test_calls_count_at_their_stage_only() external {
        for (uint256 s = uint256(IDeliveries.Stage.None); s <= uint256(IDeliveries.Stage.Revealed); ++s) {
            uint256 snapshot = vm.snapshotState();
            _reach(IDeliveries.Stage(s));
            IDeliveries.Stage actual = IDeliveries.Stage(s);
            _wrong(consumer, abi.encodeCall(IDeliveries.acknowledge, (_case)), actual, IDeliveries.Stage.Announced);
            _wrong(consumer, _acknowledgement(7), actual, IDeliveries.Stage.Announced);
            bytes memory input = abi.encodeCall(IDeliveries.demandPublication, (_case));
            _wrong(consumer, input, actual, IDeliveries.Stage.Announced);
            input = abi.encodeCall(IDeliveries.publish, (_case, new uint256[](0), new bytes32[](0)));
            _wrong(stranger, input, actual, IDeliveries.Stage.Demanded);
            input = abi.encodeCall(IDeliveries.reveal, (_case, KEY));
            _wrong(responder, input, actual, IDeliveries.Stage.Acknowledged);
            vm.revertToState(snapshot);
        }
    }

    function test_the_requester_acknowledges_and_demands() external {
        _reach(IDeliveries.Stage.Announced);
        address[3] memory others = [responder, approver, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IDeliveries.NotParty.selector, others[i], consumer);
            refused(others[i], abi.encodeCall(IDeliveries.acknowledge, (_case)), reason);
            refusedPaying(others[i], 1e9, abi.encodeCall(IDeliveries.demandPublication, (_case)), reason);
        }
        bytes memory unpaid = abi.encodeWithSelector(ICredits.WrongValue.selector, 1, 1e9);
        refusedPaying(consumer, 1, abi.encodeCall(IDeliveries.demandPublication, (_case)), unpaid);
    }

    function test_the_requester_acknowledges_by_signature() external {
        _reach(IDeliveries.Stage.Announced);
        bytes memory input = _acknowledgement(7);
        uint256 snapshot = vm.snapshotState();
        by(stranger, input);
        vm.assertTrue(deliveryOf(_r).stage == IDeliveries.Stage.Acknowledged);
        vm.assertEq(deliveryOf(_r).deadline, block.timestamp + 1 hours);
        vm.revertToState(snapshot);
        vm.prank(consumer);
        retrieval.cancelNonce(7);
        refused(stranger, input, abi.encodeWithSelector(ISignatures.NonceSpent.selector, consumer, 7));
        input = abi.encodeCall(IDeliveries.acknowledgeBySignature, (_case, 8, LATER, new bytes(65)));
        refused(stranger, input, abi.encodeWithSelector(ISignatures.BadSignature.selector, consumer));
    }

    function test_the_responder_reveals_the_key_of_its_announcement() external {
        _reach(IDeliveries.Stage.Acknowledged);
        bytes memory input = abi.encodeCall(IDeliveries.reveal, (_case, KEY));
        refused(consumer, input, abi.encodeWithSelector(IDeliveries.NotParty.selector, consumer, responder));
        uint256[3] memory keys = [KEY + 1, KEY + Bn254.R, type(uint256).max];
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IDeliveries.WrongKey.selector, _case, keys[i]);
            refused(responder, abi.encodeCall(IDeliveries.reveal, (_case, keys[i])), reason);
        }
    }

    /// @dev Its hash fits, but nobody could complain under it.
    function test_a_key_that_is_not_reduced_is_never_revealed() external {
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, IRetrievalEscrow.State.Identified);
        bytes32 keyHash = keccak256(abi.encode(Bn254.R));
        by(responder, abi.encodeCall(IRetrievalEscrow.announceDocuments, (_d, _r, 0, keyHash)));
        acknowledge(_r);
        bytes memory reason = abi.encodeWithSelector(IDeliveries.WrongKey.selector, _case, Bn254.R);
        refused(responder, abi.encodeCall(IDeliveries.reveal, (_case, Bn254.R)), reason);
    }

    function test_only_the_announced_words_are_published() external {
        _reach(IDeliveries.Stage.Demanded);
        uint256[] memory cipher = ciphertext(_d, _r);
        bytes memory reason = abi.encodeWithSelector(IDeliveries.WrongChunk.selector, _case, 0);
        cipher[23] ^= 1;
        refused(responder, abi.encodeCall(IDeliveries.publish, (_case, cipher, new bytes32[](0))), reason);
        cipher[23] ^= 1;
        refused(responder, abi.encodeCall(IDeliveries.publish, (_case, cipher, new bytes32[](1))), reason);
        refused(responder, abi.encodeCall(IDeliveries.publish, (_case, new uint256[](0), new bytes32[](0))), reason);
        by(responder, abi.encodeCall(IDeliveries.publish, (_case, cipher, new bytes32[](0))));
    }

    function _reach(IDeliveries.Stage goal) private {
        _d = dataset(1);
        _r = request(_d);
        if (goal == IDeliveries.Stage.None) _case = reach(_d, _r, IRetrievalEscrow.State.Identified);
        else _case = reachStage(_d, _r, goal);
        vm.assertTrue(deliveryOf(_r).stage == goal);
    }

    function _acknowledgement(uint256 nonce) private view returns (bytes memory) {
        bytes32 words = keccak256(abi.encode(ACKNOWLEDGEMENT, _case, deliveryOf(_r).root, nonce, LATER));
        bytes memory signed = signature(address(retrieval), CONSUMER_KEY, words);
        return abi.encodeCall(IDeliveries.acknowledgeBySignature, (_case, nonce, LATER, signed));
    }

    function _wrong(address who, bytes memory input, IDeliveries.Stage actual, IDeliveries.Stage expected) private {
        if (actual == expected) return;
        refused(who, input, abi.encodeWithSelector(IDeliveries.WrongStage.selector, _case, actual, expected));
    }
}
