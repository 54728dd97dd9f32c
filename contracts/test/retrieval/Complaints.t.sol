// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Documents that are handed over, but are not what they should be.
contract ComplaintsTest is CaseSteps {
    uint256 private constant SIZE = 8;

    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;
    uint256[] private _cipher;

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, IRetrievalEscrow.State.Identified);
        _cipher = ciphertext(_d, _r);
    }

    function test_words_that_are_not_reduced() external {
        for (uint256 position = 0; position < SIZE; ++position) {
            uint256 snapshot = vm.snapshotState();
            _cipher[SIZE + position] += Bn254.R;
            _upheld(IDeliveryJudge.Fault.NotReduced, 1, position, position, 1);
            vm.revertToState(snapshot);
        }
    }

    /// @dev The chain of states fits, and only the element is too large.
    function test_elements_of_too_many_bytes() external {
        uint256[3] memory least = [uint256(1 << 16), 1 << 248, 1 << 248];
        for (uint256 i = 0; i < least.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            SealedItems.Item memory made = item(3);
            made.elements[i] = least[i];
            _replace(1, SealedItems.words(verifier.DOMAIN(), made, false));
            _upheld(IDeliveryJudge.Fault.NotBytes, 1, i + 1, 2 * (i + 1), 1);
            vm.revertToState(snapshot);
        }
    }

    function test_steps_that_do_not_follow() external {
        for (uint256 position = 0; position <= 3; ++position) {
            uint256 snapshot = vm.snapshotState();
            _cipher[2 * SIZE + 2 * position + 1] = addmod(_cipher[2 * SIZE + 2 * position + 1], 1, Bn254.R);
            uint256 offset = position == 0 ? 0 : 2 * position - 1;
            _upheld(IDeliveryJudge.Fault.Step, 2, position, offset, position == 0 ? 2 : 3);
            vm.revertToState(snapshot);
        }
    }

    /// @dev A document, but not the one that was identified: another one, or the same with another salt.
    function test_other_documents() external {
        uint256 snapshot = vm.snapshotState();
        _replace(0, SealedItems.words(verifier.DOMAIN(), item(3), false));
        _upheld(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
        vm.revertToState(snapshot);
        SealedItems.Item memory made = item(1);
        made.salt += 1;
        _replace(0, SealedItems.words(verifier.DOMAIN(), made, false));
        _upheld(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
    }

    function test_documents_in_another_order() external {
        uint256[] memory documents = demanded(_d, _r);
        (documents[0], documents[1]) = (documents[1], documents[0]);
        _cipher = SealedItems.encrypt(KEY, plaintext(documents));
        _upheld(IDeliveryJudge.Fault.Commitment, 1, 0, SIZE - 1, 1);
    }

    function test_no_complaint_about_true_documents_is_upheld() external {
        _reveal();
        bytes memory reason = abi.encodeWithSelector(IDeliveries.ComplaintRefused.selector, _case);
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 position = 0; position < SIZE; ++position) {
                _refused(IDeliveryJudge.Fault.NotReduced, i, position, position, 1, reason);
            }
            _refused(IDeliveryJudge.Fault.Commitment, i, 0, SIZE - 1, 1, reason);
            _refused(IDeliveryJudge.Fault.Step, i, 0, 0, 2, reason);
            for (uint256 position = 1; position <= 3; ++position) {
                _refused(IDeliveryJudge.Fault.NotBytes, i, position, 2 * position, 1, reason);
                _refused(IDeliveryJudge.Fault.Step, i, position, 2 * position - 1, 3, reason);
            }
        }
        settleLate(_d, _r);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Fulfilled);
        vm.assertEq(credit(retrieval, responder), REWARD + 3 * DEMAND_BOND);
    }

    function test_documents_have_no_labels_to_complain_about() external {
        _reveal();
        IDeliveryJudge.Fault fault = IDeliveryJudge.Fault.Label;
        bytes memory reason = abi.encodeWithSelector(IDeliveryJudge.NoSuchPosition.selector, fault, 0);
        _refused(fault, 0, 0, 0, 2, reason);
    }

    function test_words_of_another_place_show_nothing() external {
        _reveal();
        IDeliveryJudge.Complaint memory complaint = _complaint(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
        complaint.words[0] = SealedItems.open(_cipher, 2 * SIZE - 1);
        bytes memory reason =
            abi.encodeWithSelector(IDeliveryJudge.NotDelivered.selector, SIZE - 1, complaint.words[0].value);
        refused(consumer, complainCall(_d, _r, complaint, identified(_d, _r, complaint.item)), reason);
    }

    /// @dev A complaint that would be upheld, but for its opening.
    function test_the_document_is_the_one_that_was_identified() external {
        _replace(1, SealedItems.words(verifier.DOMAIN(), item(0), false));
        _reveal();
        IDeliveryJudge.Complaint memory complaint = _complaint(IDeliveryJudge.Fault.Commitment, 1, 0, SIZE - 1, 1);
        // Positives with other numbers, and documents that are none.
        for (uint256 document = 0; document < COUNT; ++document) {
            if (document == 3) continue;
            _notPositive(complaint, document, 1);
        }
        IRetrievalEscrow.Opening memory o = identified(_d, _r, 1);
        o.finding.commitment = commitments[0];
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotInDataset.selector, _case, 3);
        refused(consumer, complainCall(_d, _r, complaint, o), reason);
        o = identified(_d, _r, 1);
        o.document = 1;
        reason = abi.encodeWithSelector(IRetrievalEscrow.NotInDataset.selector, _case, 1);
        refused(consumer, complainCall(_d, _r, complaint, o), reason);
        o = identified(_d, _r, 1);
        o.finding.label += 1;
        reason = abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, 3);
        refused(consumer, complainCall(_d, _r, complaint, o), reason);
        o = identified(_d, _r, 1);
        o.resultPath[0].sum += 1;
        refused(consumer, complainCall(_d, _r, complaint, o), reason);
        by(consumer, complainCall(_d, _r, complaint, identified(_d, _r, 1)));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
    }

    /// @dev Of three positives, only the one in the middle was demanded and handed over.
    function test_nobody_complains_about_what_was_not_demanded() external {
        _demandOnly(1, 1);
        _replace(0, SealedItems.words(verifier.DOMAIN(), item(0), false));
        _reveal();
        IDeliveryJudge.Complaint memory complaint = _complaint(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
        for (uint256 document = 0; document < COUNT; ++document) {
            if (document == 3) continue;
            _notPositive(complaint, document, 1);
        }
        complaint.item = 1;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.BadIndex.selector, 1);
        refused(consumer, complainCall(_d, _r, complaint, opening(truth(_d, _r), 4)), reason);
        complaint.item = 0;
        by(consumer, complainCall(_d, _r, complaint, opening(truth(_d, _r), 3)));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
    }

    /// @dev Seventeen and thirty-two documents have ciphertexts of as many levels; one has fewer, and saves what five levels cost.
    function test_a_complaint_costs_the_same_however_much_is_demanded() external {
        _d = dataset(2);
        _d.count = uint32(MOST);
        _d.root = Trees.root(documentLeaves(MOST));
        _r = request(_d);
        _r.positives[0] = type(uint256).max;
        (_r.bound, _r.delta) = (0.5e18, 0.5e18);
        _case = reach(_d, _r, IRetrievalEscrow.State.Proven);
        // Whatever is touched by a complaint was touched before.
        vm.assertEq(credit(retrieval, consumer), 0);
        uint256 one = _cost(1);
        uint256 some = _cost(17);
        uint256 many = _cost(32);
        vm.assertEq(some, many);
        vm.assertLt(one, some);
        vm.assertLt(some - one, 5 * 200);
    }

    function _cost(uint256 count) private returns (uint256 spent) {
        uint256 snapshot = vm.snapshotState();
        demand(_d, _r, 5, count);
        identifyAll(_d, _r);
        _cipher = ciphertext(_d, _r);
        _replace(0, SealedItems.words(verifier.DOMAIN(), item(0), false));
        _reveal();
        IDeliveryJudge.Complaint memory complaint = _complaint(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
        bytes memory input = complainCall(_d, _r, complaint, identified(_d, _r, 0));
        address target = address(retrieval);
        vm.prank(consumer);
        bool success;
        // In assembly, which does not copy the call to the end of a large memory first.
        assembly ("memory-safe") {
            spent := gas()
            success := call(gas(), target, 0, add(input, 0x20), mload(input), 0x00, 0x00)
            spent := sub(spent, gas())
        }
        vm.assertTrue(success);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
        vm.revertToState(snapshot);
    }

    function test_the_item_is_one_of_them() external {
        _reveal();
        IDeliveryJudge.Complaint memory complaint = _complaint(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
        uint256[2] memory items = [uint256(3), type(uint256).max];
        for (uint256 i = 0; i < items.length; ++i) {
            complaint.item = items[i];
            bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.BadIndex.selector, items[i]);
            refused(consumer, complainCall(_d, _r, complaint, identified(_d, _r, 0)), reason);
        }
    }

    function test_nothing_is_decided_under_another_key() external {
        _reveal();
        IDeliveryJudge.Complaint memory complaint = _complaint(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
        uint256[2] memory keys = [KEY + 1, KEY + Bn254.R];
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes memory input =
                abi.encodeCall(IRetrievalEscrow.complain, (_d, _r, keys[i], complaint, identified(_d, _r, 0)));
            refused(consumer, input, abi.encodeWithSelector(IDeliveries.WrongKey.selector, _case, keys[i]));
        }
    }

    function test_complaints_wait_for_the_key() external {
        _replace(0, SealedItems.words(verifier.DOMAIN(), item(3), false));
        by(responder, announceCall(_d, _r, _cipher));
        IDeliveryJudge.Complaint memory complaint = _complaint(IDeliveryJudge.Fault.Commitment, 0, 0, SIZE - 1, 1);
        bytes memory input = complainCall(_d, _r, complaint, identified(_d, _r, complaint.item));
        _early(input, IDeliveries.Stage.Announced);
        uint256 snapshot = vm.snapshotState();
        demandPublication(_r);
        _early(input, IDeliveries.Stage.Demanded);
        vm.revertToState(snapshot);
        acknowledge(_r);
        _early(input, IDeliveries.Stage.Acknowledged);
        reveal(_r);
        by(consumer, input);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
    }

    function _early(bytes memory input, IDeliveries.Stage stage) private {
        IDeliveries.Stage expected = IDeliveries.Stage.Revealed;
        refused(consumer, input, abi.encodeWithSelector(IDeliveries.WrongStage.selector, _case, stage, expected));
    }

    function _notPositive(IDeliveryJudge.Complaint memory complaint, uint256 document, uint256 ordinal) private {
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotPositive.selector, _case, document, ordinal);
        refused(consumer, complainCall(_d, _r, complaint, opening(truth(_d, _r), document)), reason);
    }

    /// @dev Another case, in which only some positives were demanded.
    function _demandOnly(uint256 first, uint256 count) private {
        _d = dataset(2);
        _r = request(_d);
        _case = reach(_d, _r, IRetrievalEscrow.State.Proven);
        demand(_d, _r, first, count);
        identifyAll(_d, _r);
        _cipher = ciphertext(_d, _r);
    }

    /// @dev Puts other words in the place of a document.
    function _replace(uint256 position, uint256[] memory words) private {
        uint256[] memory plain = plaintext(demanded(_d, _r));
        for (uint256 k = 0; k < SIZE; ++k) {
            plain[position * SIZE + k] = words[k];
        }
        _cipher = SealedItems.encrypt(KEY, plain);
    }

    function _reveal() private {
        by(responder, announceCall(_d, _r, _cipher));
        acknowledge(_r);
        reveal(_r);
    }

    function _complaint(IDeliveryJudge.Fault fault, uint256 index, uint256 position, uint256 offset, uint256 count)
        private
        view
        returns (IDeliveryJudge.Complaint memory)
    {
        IDeliveryJudge.Word[] memory words = SealedItems.openRange(_cipher, index * SIZE + offset, count);
        return IDeliveryJudge.Complaint({fault: fault, item: index, position: position, words: words});
    }

    function _upheld(IDeliveryJudge.Fault fault, uint256 index, uint256 position, uint256 offset, uint256 count)
        private
    {
        _reveal();
        IDeliveryJudge.Complaint memory complaint = _complaint(fault, index, position, offset, count);
        bytes memory input = complainCall(_d, _r, complaint, identified(_d, _r, complaint.item));
        vm.expectEmit();
        emit IDeliveries.ComplaintUpheld(_case, fault, index, position);
        vm.expectEmit();
        emit IRetrievalEscrow.CaseEnded(_case, IRetrievalEscrow.State.FullDisclosure, BOND + REWARD, 0, 0);
        by(consumer, input);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
        vm.assertTrue(deliveryOf(_r).stage == IDeliveries.Stage.None);
        vm.assertEq(credit(retrieval, consumer), BOND + REWARD);
        vm.assertEq(credit(retrieval, responder), 3 * DEMAND_BOND);
    }

    function _refused(
        IDeliveryJudge.Fault fault,
        uint256 index,
        uint256 position,
        uint256 offset,
        uint256 count,
        bytes memory reason
    ) private {
        IDeliveryJudge.Complaint memory complaint = _complaint(fault, index, position, offset, count);
        refused(consumer, complainCall(_d, _r, complaint, identified(_d, _r, complaint.item)), reason);
    }
}
