// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {Endings} from "./Endings.sol";

/// @notice False data are shown to be false, true data are not.
abstract contract Complaints is Endings {
    /// @dev Words of an item, of three elements: salt, h0, e1, h1, e2, h2, e3, h3, label, label's salt.
    uint256 private constant SIZE = 10;

    /// @notice A delivery that is complained about.
    struct Sent {
        IAccuracyEscrow.Terms t;
        uint256 item;
        uint256[] words;
        uint256[] cipher;
    }

    /// @notice Whether it is the first delivery.
    function isFirst() internal pure virtual returns (bool);

    function test_a_word_that_is_not_reduced() external {
        Sent memory s = _sealed();
        _at(s, 4, s.words[s.item * SIZE + 4]);
        s.cipher[s.item * SIZE + 4] += Bn254.R;
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.NotReduced, 4, 4, 1);
    }

    function test_an_element_of_too_many_bytes() external {
        Sent memory s = _sealed();
        _at(s, 2, 1 << 16);
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.NotBytes, 1, 2, 1);
    }

    function test_an_element_that_is_no_bytes() external {
        Sent memory s = _sealed();
        _at(s, 6, 1 << 248);
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.NotBytes, 3, 6, 1);
    }

    function test_a_step_that_does_not_follow() external {
        Sent memory s = _sealed();
        _at(s, 5, s.words[s.item * SIZE + 5] + 1);
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.Step, 2, 3, 3);
    }

    function test_a_salt_that_does_not_begin_it() external {
        Sent memory s = _sealed();
        _at(s, 0, s.words[s.item * SIZE] + 1);
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.Step, 0, 0, 2);
    }

    function test_another_input_than_committed_to() external {
        Sent memory s = _sealed();
        uint256[] memory other = SealedItems.words(verifier.DOMAIN(), labelled(REAL - 1), true);
        for (uint256 w = 0; w < SIZE - 2; ++w) {
            _at(s, w, other[w]);
        }
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1);
    }

    function test_another_label_than_committed_to() external {
        Sent memory s = _sealed();
        _at(s, 8, s.words[s.item * SIZE + 8] ^ 1);
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.Label, 0, 8, 2);
    }

    function test_another_salt_of_the_label() external {
        Sent memory s = _sealed();
        _at(s, 9, s.words[s.item * SIZE + 9] + 1);
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.Label, 0, 8, 2);
    }

    function test_examples_in_another_order() external {
        Sent memory s = _sealed();
        for (uint256 w = 0; w < SIZE; ++w) {
            (s.words[w], s.words[s.item * SIZE + w]) = (s.words[s.item * SIZE + w], s.words[w]);
        }
        s.cipher = SealedItems.encrypt(KEY, s.words);
        _send(s);
        _upheld(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1);
    }

    function test_complaints_about_true_data() external {
        Sent memory s = _sealed();
        _send(s);
        bytes memory why = abi.encodeWithSelector(IDeliveries.ComplaintRefused.selector, id(s.t));
        for (s.item = 0; s.item < _items(s.t); ++s.item) {
            for (uint256 w = 0; w < SIZE; ++w) {
                fails(_complain(s, IDeliveryJudge.Fault.NotReduced, w, w, 1), why);
            }
            fails(_complain(s, IDeliveryJudge.Fault.Step, 0, 0, 2), why);
            for (uint256 e = 1; e <= 3; ++e) {
                fails(_complain(s, IDeliveryJudge.Fault.NotBytes, e, 2 * e, 1), why);
                fails(_complain(s, IDeliveryJudge.Fault.Step, e, 2 * e - 1, 3), why);
            }
            fails(_complain(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1), why);
            fails(_complain(s, IDeliveryJudge.Fault.Label, 0, 8, 2), why);
        }
    }

    function test_the_example_of_another_item() external {
        Sent memory s = _sealed();
        _send(s);
        uint256 other = s.item - 1;
        IDeliveryJudge.Complaint memory c = _complaint(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1);
        fails(_complainWith(s.t, KEY, c, exampleAt(s.t, _place(s.t, other))), _notInTestSet(s));
        // Nor one of the other delivery.
        fails(_complainWith(s.t, KEY, c, exampleAt(s.t, isFirst() ? s.t.first : 0)), _notInTestSet(s));
    }

    function test_an_example_that_was_not_committed_to() external {
        Sent memory s = _sealed();
        _send(s);
        IDeliveryJudge.Complaint memory c = _complaint(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1);
        IAccuracyEscrow.Example memory e = exampleAt(s.t, _place(s.t, s.item));
        e.inputCommitment += 1;
        fails(_complainWith(s.t, KEY, c, e), _notInTestSet(s));
        e = exampleAt(s.t, _place(s.t, s.item));
        e.labelCommitment = 0;
        fails(_complainWith(s.t, KEY, c, e), _notInTestSet(s));
        e = exampleAt(s.t, _place(s.t, s.item));
        e.path[1] = 0;
        fails(_complainWith(s.t, KEY, c, e), _notInTestSet(s));
    }

    function test_items_that_the_delivery_does_not_have() external {
        Sent memory s = _sealed();
        _send(s);
        IDeliveryJudge.Complaint memory c = _complaint(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1);
        IAccuracyEscrow.Example memory e = exampleAt(s.t, _place(s.t, s.item));
        c.item = _items(s.t);
        fails(_complainWith(s.t, KEY, c, e), abi.encodeWithSelector(IAccuracyEscrow.BadIndex.selector, c.item));
        c.item = type(uint256).max;
        fails(_complainWith(s.t, KEY, c, e), abi.encodeWithSelector(IAccuracyEscrow.BadIndex.selector, c.item));
    }

    function test_another_key() external {
        Sent memory s = _sealed();
        _send(s);
        IDeliveryJudge.Complaint memory c = _complaint(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1);
        fails(
            _complainWith(s.t, KEY + 1, c, exampleAt(s.t, _place(s.t, s.item))),
            abi.encodeWithSelector(IDeliveries.WrongKey.selector, id(s.t), KEY + 1)
        );
    }

    function test_words_that_were_not_delivered() external {
        Sent memory s = _sealed();
        _send(s);
        IDeliveryJudge.Complaint memory c = _complaint(s, IDeliveryJudge.Fault.Commitment, 0, 7, 1);
        c.words[0].value ^= 1;
        fails(
            _complainWith(s.t, KEY, c, exampleAt(s.t, _place(s.t, s.item))),
            abi.encodeWithSelector(IDeliveryJudge.NotDelivered.selector, s.item * SIZE + 7, c.words[0].value)
        );
    }

    /// @dev What will be said of the last item, after true data were sealed.
    function _sealed() private returns (Sent memory s) {
        s.t = terms();
        s.item = _items(s.t) - 1;
        s.words = plain(s.t, isFirst());
        s.cipher = SealedItems.encrypt(KEY, s.words);
        walk(s.t, isFirst() ? IAccuracyEscrow.State.Accepted : IAccuracyEscrow.State.Continued);
    }

    function _items(IAccuracyEscrow.Terms memory t) private pure returns (uint256) {
        return isFirst() ? t.first : answersOf(t);
    }

    function _place(IAccuracyEscrow.Terms memory t, uint256 index) private pure returns (uint256) {
        return isFirst() ? index : t.first + index;
    }

    /// @dev Changes a word.
    function _at(Sent memory s, uint256 offset, uint256 word) private pure {
        s.words[s.item * SIZE + offset] = word;
        s.cipher = SealedItems.encrypt(KEY, s.words);
    }

    function _send(Sent memory s) private {
        announceRoot(s.t, Trees.root(SealedItems.leaves(s.cipher)));
        acknowledge(s.t);
        reveal(s.t);
    }

    function _complaint(Sent memory s, IDeliveryJudge.Fault fault, uint256 position, uint256 offset, uint256 count)
        private
        pure
        returns (IDeliveryJudge.Complaint memory)
    {
        return IDeliveryJudge.Complaint({
            fault: fault,
            item: s.item,
            position: position,
            words: SealedItems.openRange(s.cipher, s.item * SIZE + offset, count)
        });
    }

    function _complainWith(
        IAccuracyEscrow.Terms memory t,
        uint256 key,
        IDeliveryJudge.Complaint memory c,
        IAccuracyEscrow.Example memory e
    ) private view returns (Call memory) {
        return Call(provider, 0, abi.encodeCall(exams.complain, (t, key, c, e)));
    }

    function _complain(Sent memory s, IDeliveryJudge.Fault fault, uint256 position, uint256 offset, uint256 count)
        private
        view
        returns (Call memory)
    {
        IDeliveryJudge.Complaint memory c = _complaint(s, fault, position, offset, count);
        return _complainWith(s.t, KEY, c, exampleAt(s.t, _place(s.t, s.item)));
    }

    function _upheld(Sent memory s, IDeliveryJudge.Fault fault, uint256 position, uint256 offset, uint256 count)
        private
    {
        Call memory c = _complain(s, fault, position, offset, count);
        vm.expectEmit();
        emit IDeliveries.ComplaintUpheld(id(s.t), fault, s.item, position);
        vm.expectEmit();
        emit IAccuracyEscrow.ExamEnded(id(s.t), IAccuracyEscrow.State.ConsumerFailed, 0, 2 * LOCK, 0);
        succeeds(c);
        vm.assertTrue(stateOf(s.t) == IAccuracyEscrow.State.ConsumerFailed);
        vm.assertEq(credit(exams, provider), 2 * LOCK);
        vm.assertEq(credit(exams, consumer), 0);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE);
    }

    function _notInTestSet(Sent memory s) private view returns (bytes memory) {
        uint256 example = order(s.t, _place(s.t, s.item));
        return abi.encodeWithSelector(IAccuracyEscrow.NotInTestSet.selector, id(s.t), example);
    }
}

contract FirstComplaintsTest is Complaints {
    function isFirst() internal pure override returns (bool) {
        return true;
    }
}

contract SecondComplaintsTest is Complaints {
    function isFirst() internal pure override returns (bool) {
        return false;
    }
}
