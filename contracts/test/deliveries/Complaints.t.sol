// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice Complaints about demanded inputs: what is false is shown to be so, and what is true is not.
contract ComplaintsTest is RoundDriver {
    uint256 private constant SIZE = 8;
    uint256 private constant ELEMENTS = 3;

    function test_every_word_that_is_not_reduced() external {
        for (uint256 t = 0; t < demanded() * SIZE; ++t) {
            uint256[] memory words = cipher();
            words[t] = t % 2 == 0 ? Bn254.R : type(uint256).max;
            _upheld(words, IDeliveryJudge.Fault.NotReduced, t / SIZE, t % SIZE);
        }
    }

    function test_every_element_with_too_many_bytes() external {
        for (uint256 position = 1; position <= ELEMENTS; ++position) {
            uint256[] memory words = plain(FIRST, demanded());
            // The first element has two bytes, the others have 31.
            words[SIZE + 2 * position] = position == 1 ? 1 << 16 : 1 << 248;
            _upheld(SealedItems.encrypt(KEY, words), IDeliveryJudge.Fault.NotBytes, 1, position);
        }
    }

    function test_every_step_that_does_not_follow() external {
        for (uint256 position = 0; position <= ELEMENTS; ++position) {
            for (uint256 offset = 0; offset < 2; ++offset) {
                uint256[] memory words = plain(FIRST, demanded());
                // Either the element, or salt, is another one, or the state after it.
                words[2 * SIZE + 2 * position + offset] ^= 1;
                _upheld(SealedItems.encrypt(KEY, words), IDeliveryJudge.Fault.Step, 2, position);
            }
        }
    }

    /// @dev Everything follows, but from another input than was committed to.
    function test_another_input() external {
        for (uint256 i = 0; i < demanded(); ++i) {
            uint256[] memory words = plain(FIRST, demanded());
            uint256[] memory other = plain(FIRST + demanded(), 1);
            for (uint256 j = 0; j < SIZE; ++j) {
                words[i * SIZE + j] = other[j];
            }
            _upheld(SealedItems.encrypt(KEY, words), IDeliveryJudge.Fault.Commitment, i, 0);
        }
    }

    /// @dev Encryption under another key than the revealed one makes everything false.
    function test_another_key() external {
        uint256[] memory words = SealedItems.encrypt(KEY + 1, plain(FIRST, demanded()));
        _upheld(words, IDeliveryJudge.Fault.NotBytes, 0, 2);
        _upheld(words, IDeliveryJudge.Fault.Step, 1, 3);
        _upheld(words, IDeliveryJudge.Fault.Commitment, 2, 0);
    }

    /// @dev I3: who delivered what it committed to is not at fault, whatever the receiver says.
    function test_true_data_have_no_fault() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = deliver(t, IDeliveries.Stage.Revealed);
        bytes memory refusal = abi.encodeWithSelector(IDeliveries.ComplaintRefused.selector, caseId);
        for (uint256 i = 0; i < demanded(); ++i) {
            for (uint256 position = 0; position < SIZE; ++position) {
                _refused(t, IDeliveryJudge.Fault.NotReduced, i, position, refusal);
            }
            for (uint256 position = 0; position <= ELEMENTS; ++position) {
                if (position > 0) _refused(t, IDeliveryJudge.Fault.NotBytes, i, position, refusal);
                _refused(t, IDeliveryJudge.Fault.Step, i, position, refusal);
            }
            _refused(t, IDeliveryJudge.Fault.Commitment, i, 0, refusal);
        }
        make(Call.CommitPredictions, t);
    }

    function test_inputs_have_no_labels() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Revealed);
        IDeliveryJudge.Fault label = IDeliveryJudge.Fault.Label;
        _refused(t, label, 0, 0, abi.encodeWithSelector(IDeliveryJudge.NoSuchPosition.selector, label, 0));
    }

    function test_no_complaint_about_what_was_not_demanded() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Revealed);
        IDeliveryJudge.Complaint memory complaint = complaintOf(IDeliveryJudge.Fault.Commitment, 0, 0, cipher());
        uint256[2] memory items = [demanded(), type(uint256).max];
        for (uint256 i = 0; i < 2; ++i) {
            complaint.item = items[i];
            bytes memory refusal = abi.encodeWithSelector(IPredictionEscrow.BadIndex.selector, items[i]);
            refuse(Move(provider, 0, complainData(t, KEY, complaint, 0)), refusal);
        }
    }

    /// @dev The complaint's commitment is the one at its index in the consumer's root, or it is judged by nothing.
    function test_no_complaint_by_another_commitment() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = deliver(t, IDeliveries.Stage.Revealed);
        IDeliveryJudge.Complaint memory complaint = complaintOf(IDeliveryJudge.Fault.Commitment, 0, 0, cipher());
        bytes memory refusal = abi.encodeWithSelector(IPredictionEscrow.NotCommitted.selector, caseId, FIRST);
        refuse(Move(provider, 0, complainData(t, KEY, complaint, 1)), refusal);
        bytes32[] memory path = Trees.path(inputLeaves(COUNT), FIRST);
        uint256 other = inputCommitment(FIRST) + 1;
        refuse(Move(provider, 0, abi.encodeCall(predictions.complain, (t, KEY, complaint, other, path))), refusal);
        other -= 1;
        bytes32[] memory short = new bytes32[](path.length - 1);
        refuse(Move(provider, 0, abi.encodeCall(predictions.complain, (t, KEY, complaint, other, short))), refusal);
    }

    function test_no_complaint_under_another_key() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = deliver(t, IDeliveries.Stage.Revealed);
        IDeliveryJudge.Complaint memory complaint = complaintOf(IDeliveryJudge.Fault.Commitment, 0, 0, cipher());
        uint256[2] memory keys = [KEY + 1, KEY + Bn254.R];
        for (uint256 i = 0; i < 2; ++i) {
            refuse(
                Move(provider, 0, complainData(t, keys[i], complaint, 0)),
                abi.encodeWithSelector(IDeliveries.WrongKey.selector, caseId, keys[i])
            );
        }
    }

    function test_no_complaint_about_other_words() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Revealed);
        uint256[] memory words = cipher();
        IDeliveryJudge.Complaint memory complaint = complaintOf(IDeliveryJudge.Fault.Commitment, 0, 0, words);
        complaint.words[0].value += 1;
        bytes memory refusal =
            abi.encodeWithSelector(IDeliveryJudge.NotDelivered.selector, SIZE - 1, words[SIZE - 1] + 1);
        refuse(Move(provider, 0, complainData(t, KEY, complaint, 0)), refusal);
    }

    function test_no_complaint_when_it_is_late() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256[] memory words = cipher();
        words[0] = Bn254.R;
        uint256 caseId = _revealed(t, words);
        uint256 deadline = predictions.deliveryOf(caseId).deadline;
        IDeliveryJudge.Complaint memory complaint = complaintOf(IDeliveryJudge.Fault.NotReduced, 0, 0, words);
        Move memory m = Move(provider, 0, complainData(t, KEY, complaint, 0));
        vm.warp(deadline + 1);
        refuse(m, abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline));
        vm.warp(deadline);
        (bool success,) = send(m);
        vm.assertTrue(success);
    }

    /// @dev Who goes on accepts the data, and cannot complain afterwards.
    function test_no_complaint_after_going_on() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256[] memory words = cipher();
        words[0] = Bn254.R;
        uint256 caseId = _revealed(t, words);
        make(Call.CommitPredictions, t);
        IDeliveryJudge.Complaint memory complaint = complaintOf(IDeliveryJudge.Fault.NotReduced, 0, 0, words);
        refuse(
            Move(provider, 0, complainData(t, KEY, complaint, 0)), wrongState(caseId, IPredictionEscrow.State.Predicted)
        );
    }

    function test_only_the_announced_key() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = deliver(t, IDeliveries.Stage.Acknowledged);
        uint256[3] memory keys = [KEY + 1, 0, KEY + Bn254.R];
        for (uint256 i = 0; i < 3; ++i) {
            _refusedKey(caseId, keys[i]);
        }
        reveal(t, KEY);
    }

    /// @dev A sender that announced a key without a meaning cannot reveal it, and loses.
    function test_no_key_that_is_not_reduced() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = inputsShown(t);
        announce(t, cipher(), keyHash(Bn254.R));
        acknowledge(t);
        _refusedKey(caseId, Bn254.R);
        _refusedKey(caseId, 0);
        t.salt += 1;
        caseId = inputsShown(t);
        announce(t, cipher(), keyHash(Bn254.R - 1));
        acknowledge(t);
        reveal(t, Bn254.R - 1);
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.Revealed);
    }

    function _refusedKey(uint256 caseId, uint256 key) private {
        refuse(
            Move(consumer, 0, abi.encodeCall(predictions.reveal, (caseId, key))),
            abi.encodeWithSelector(IDeliveries.WrongKey.selector, caseId, key)
        );
    }

    /// @dev A delivery of `words`, with its key.
    function _revealed(IPredictionEscrow.Terms memory t, uint256[] memory words) private returns (uint256 caseId) {
        caseId = inputsShown(t);
        announce(t, words, keyHash(KEY));
        acknowledge(t);
        reveal(t, KEY);
    }

    function _upheld(uint256[] memory words, IDeliveryJudge.Fault fault, uint256 item_, uint256 position) private {
        uint256 before = vm.snapshotState();
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = _revealed(t, words);
        IDeliveryJudge.Complaint memory complaint = complaintOf(fault, item_, position, words);
        Move memory m = Move(provider, 0, complainData(t, KEY, complaint, item_));
        vm.expectEmit(address(predictions));
        emit IDeliveries.ComplaintUpheld(caseId, fault, item_, position);
        (bool success,) = send(m);
        vm.assertTrue(success, "upheld");
        vm.assertTrue(state(t) == IPredictionEscrow.State.ConsumerFailed, "end");
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None, "closed");
        uint256 bonds = demanded() * DEMAND_BOND;
        paid(t, uint256(COUNT) * PRICE + bonds, PROVIDER_LOCK + 2 * COUNT * uint256(PROOF_COST), 0);
        vm.revertToState(before);
    }

    function _refused(
        IPredictionEscrow.Terms memory t,
        IDeliveryJudge.Fault fault,
        uint256 item_,
        uint256 position,
        bytes memory refusal
    ) private {
        IDeliveryJudge.Complaint memory complaint = complaintOf(fault, item_, position, cipher());
        refuse(Move(provider, 0, complainData(t, KEY, complaint, item_)), refusal);
    }
}
