// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../src/interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {Leaves} from "../src/libraries/Leaves.sol";
import {SealedFixture} from "./utils/SealedFixture.sol";

contract DeliveryJudgeTest is SealedFixture {
    uint256 private constant STEP_GAS = 1_000_000;

    string private _json;
    Delivery private _tiny;

    function setUp() public override {
        super.setUp();
        string memory json = vm.readFile("contracts/test/fixtures/sealed.json");
        Delivery memory delivery = described(json, ".small");
        delivery.plain = vm.parseJsonUintArray(json, ".small.plain");
        delivery.cipher = vm.parseJsonUintArray(json, ".small.sealed");
        (_json, _tiny) = (json, delivery);
    }

    // What cannot be judged.

    function testFuzz_upheld_reverts_on_key_not_reduced(uint256 key) external {
        Delivery memory delivery = _small();
        delivery.data.key = bound(key, Bn254.R, type(uint256).max);
        _reverts(
            delivery,
            _complaint(delivery, IDeliveryJudge.Fault.Step, 0, 0),
            abi.encodeWithSelector(IDeliveryJudge.KeyNotReduced.selector, delivery.data.key)
        );
    }

    function testFuzz_upheld_reverts_on_wrong_extras(uint256 extras) external {
        vm.assume(extras != 0 && extras != 2);
        Delivery memory delivery = _small();
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, IDeliveryJudge.Fault.Step, 0, 0);
        delivery.data.extras = extras;
        _reverts(delivery, complaint, abi.encodeWithSelector(IDeliveryJudge.WrongExtras.selector, extras));
    }

    function testFuzz_upheld_reverts_on_no_such_item(uint256 item) external {
        Delivery memory delivery = _small();
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, IDeliveryJudge.Fault.Step, 1, 0);
        complaint.item = bound(item, 2, type(uint256).max);
        _reverts(delivery, complaint, abi.encodeWithSelector(IDeliveryJudge.NoSuchItem.selector, complaint.item, 2));
    }

    function testFuzz_upheld_reverts_on_no_such_position(uint256 position, uint8 which) external {
        Delivery memory delivery = _small();
        IDeliveryJudge.Fault fault = IDeliveryJudge.Fault(which % 5);
        (uint256 first, uint256 count) = positions(delivery, fault);
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, fault, 0, first);
        complaint.position = bound(position, first + count, type(uint256).max);
        _reverts(delivery, complaint, _noSuchPosition(complaint));
        complaint.position = first + count;
        _reverts(delivery, complaint, _noSuchPosition(complaint));
    }

    function test_upheld_reverts_on_element_zero() external {
        Delivery memory delivery = _small();
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, IDeliveryJudge.Fault.NotBytes, 0, 1);
        complaint.position = 0;
        _reverts(delivery, complaint, _noSuchPosition(complaint));
    }

    function test_upheld_reverts_on_labels_that_are_not_delivered() external {
        Delivery memory delivery = made(1, 2, 0, IInferenceVerifier.Packing(5, 3, 1, 2));
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, IDeliveryJudge.Fault.Label, 0, 0);
        _reverts(delivery, complaint, _noSuchPosition(complaint));
    }

    /// @dev No fault has one.
    function test_upheld_reverts_on_other_faults() external view {
        Delivery memory delivery = _small();
        bytes memory input = callUpheld(delivery, _complaint(delivery, IDeliveryJudge.Fault.Label, 0, 0));
        // Behind 8 words of `Sealed`: where the complaint is, both commitments; the complaint begins with its fault.
        uint256 position = 4 + 11 * 32;
        vm.assertEq(get(input, position), uint256(IDeliveryJudge.Fault.Label));
        put(input, position, uint256(IDeliveryJudge.Fault.Label) + 1);
        vm.assertTrue(ask(address(judge), input) == Verdict.Reverted, "a sixth fault");
    }

    function testFuzz_upheld_reverts_on_wrong_word_count(uint8 which, uint256 count) external {
        Delivery memory delivery = _small();
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, IDeliveryJudge.Fault(which % 5), 1, 1);
        if (which % 5 > 2) complaint.position = 0;
        IDeliveryJudge.Word[] memory words = complaint.words;
        count = bound(count, 0, 6);
        vm.assume(count != words.length);
        complaint.words = new IDeliveryJudge.Word[](count);
        for (uint256 i = 0; i < count; ++i) {
            complaint.words[i] = words[i % words.length];
        }
        _reverts(
            delivery, complaint, abi.encodeWithSelector(IDeliveryJudge.WrongWordCount.selector, count, words.length)
        );
    }

    /// @dev Every word of every complaint: another value, an alias, another node or length of its path.
    function test_upheld_reverts_on_words_that_are_not_delivered() external view {
        Delivery memory delivery = _small();
        bytes32[][] memory tree = treeOf(delivery);
        for (uint256 f = 0; f < 5; ++f) {
            (uint256 first, uint256 count) = positions(delivery, IDeliveryJudge.Fault(f));
            for (uint256 position = first; position < first + count; ++position) {
                _notDelivered(delivery, complaintOf(delivery, tree, IDeliveryJudge.Fault(f), 1, position));
            }
        }
    }

    function _notDelivered(Delivery memory delivery, IDeliveryJudge.Complaint memory complaint) private view {
        for (uint256 i = 0; i < complaint.words.length; ++i) {
            IDeliveryJudge.Word memory word = complaint.words[i];
            word.value ^= 1;
            _reverted(delivery, complaint, "value");
            word.value = (word.value ^ 1) + Bn254.R;
            _reverted(delivery, complaint, "alias");
            word.value -= Bn254.R;
            bytes32[] memory path = word.path;
            for (uint256 level = 0; level < path.length; ++level) {
                path[level] ^= bytes32(uint256(1) << (37 * level));
                _reverted(delivery, complaint, "node");
                path[level] ^= bytes32(uint256(1) << (37 * level));
            }
            word.path = new bytes32[](path.length - 1);
            _reverted(delivery, complaint, "shorter");
            word.path = new bytes32[](path.length + 1);
            for (uint256 level = 0; level < path.length; ++level) {
                word.path[level] = path[level];
            }
            _reverted(delivery, complaint, "longer");
            word.path = path;
        }
        vm.assertTrue(judged(delivery, complaint) == Verdict.Refused, "as it was");
    }

    function test_upheld_says_which_word_is_not_delivered() external {
        Delivery memory delivery = _small();
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, IDeliveryJudge.Fault.Step, 1, 4);
        complaint.words[2].value ^= 1;
        uint256 t = sizeOf(delivery) + 9;
        _reverts(
            delivery,
            complaint,
            abi.encodeWithSelector(IDeliveryJudge.NotDelivered.selector, t, complaint.words[2].value)
        );
    }

    /// @dev Words stand for one place: those of any other item, fault or position are refused, whatever they say.
    function test_upheld_reverts_on_words_from_elsewhere() external view {
        Delivery memory delivery = _small();
        bytes32[][] memory tree = treeOf(delivery);
        for (uint256 f = 0; f < 5; ++f) {
            IDeliveryJudge.Fault fault = IDeliveryJudge.Fault(f);
            (uint256 first, uint256 count) = positions(delivery, fault);
            for (uint256 position = first; position < first + count; ++position) {
                IDeliveryJudge.Complaint memory complaint = complaintOf(delivery, tree, fault, 1, position);
                (uint256 offset,) = spanOf(delivery, fault, position);
                for (uint256 t = 0; t < delivery.cipher.length; ++t) {
                    if (t == sizeOf(delivery) + offset) continue;
                    complaint.words[0] = opening(delivery, tree, t);
                    _reverted(delivery, complaint, "elsewhere");
                }
            }
        }
    }

    /// @dev Only `NotReduced` may open a word that has no decryption.
    function test_upheld_reverts_on_words_not_reduced() external {
        Delivery memory delivery = _small();
        for (uint256 t = 0; t < delivery.cipher.length; ++t) {
            delivery.cipher[t] += Bn254.R;
        }
        commit(delivery);
        bytes32[][] memory tree = treeOf(delivery);
        for (uint256 f = 1; f < 5; ++f) {
            IDeliveryJudge.Fault fault = IDeliveryJudge.Fault(f);
            (uint256 first, uint256 count) = positions(delivery, fault);
            for (uint256 position = first; position < first + count; ++position) {
                (uint256 offset,) = spanOf(delivery, fault, position);
                IDeliveryJudge.Complaint memory complaint = complaintOf(delivery, tree, fault, 0, position);
                _reverts(
                    delivery,
                    complaint,
                    abi.encodeWithSelector(IDeliveryJudge.WordNotReduced.selector, offset, complaint.words[0].value)
                );
            }
        }
    }

    /// @dev Sizes that no delivery has.
    function test_upheld_reverts_on_too_many_items() external view {
        Delivery memory delivery = _small();
        IDeliveryJudge.Complaint memory complaint = _complaint(delivery, IDeliveryJudge.Fault.Step, 0, 0);
        delivery.data.items = type(uint256).max;
        _reverted(delivery, complaint, "overflow");
        delivery.data.items = 1 << 60;
        _reverted(delivery, complaint, "tree");
    }

    // What is judged.

    /// @dev The client encrypts in the same way.
    function test_deliveries_are_the_clients() external view {
        Delivery memory delivery = _small();
        uint256[] memory cipher = delivery.cipher;
        bytes32 root = delivery.data.root;
        encrypt(delivery);
        vm.assertEq(keccak256(abi.encode(cipher)), keccak256(abi.encode(delivery.cipher)));
        vm.assertEq(root, delivery.data.root);
        vm.assertEq(vm.parseJsonBytes32(_json, ".small.keyHash"), keccak256(abi.encode(delivery.data.key)));
    }

    /// @dev Complaints that the client makes about pictures of 96 by 96 pixels: upheld if a word is false, else refused.
    function test_upheld_judges_the_clients_complaints() external view {
        string memory json = _json;
        Delivery memory delivery = described(json, ".large");
        uint256[5] memory seen;
        for (uint256 i = 0; i < 26; ++i) {
            string memory which = string.concat(".large.complaints[", vm.toString(i), "]");
            IDeliveryJudge.Complaint memory complaint = _parsed(json, which);
            delivery.data.root = vm.parseJsonBytes32(json, string.concat(which, ".root"));
            bool upheld = vm.parseJsonUint(json, string.concat(which, ".upheld")) == 1;
            vm.assertTrue(judged(delivery, complaint) == (upheld ? Verdict.Accepted : Verdict.Refused), which);
            ++seen[uint256(complaint.fault)];
        }
        for (uint256 f = 0; f < 5; ++f) {
            vm.assertTrue(seen[f] > 1, "every fault");
        }
    }

    function test_upheld_refuses_whatever_is_said_about_true_data() external view {
        Delivery memory delivery = _small();
        bytes32[][] memory tree = treeOf(delivery);
        for (uint256 item = 0; item < 2; ++item) {
            for (uint256 f = 0; f < 5; ++f) {
                IDeliveryJudge.Fault fault = IDeliveryJudge.Fault(f);
                (uint256 first, uint256 count) = positions(delivery, fault);
                for (uint256 position = first; position < first + count; ++position) {
                    Verdict verdict = judged(delivery, complaintOf(delivery, tree, fault, item, position));
                    vm.assertTrue(verdict == Verdict.Refused, "true data");
                }
            }
        }
    }

    /// @dev Every word in turn is false: something is upheld about its item and nothing about the other.
    function test_upheld_finds_every_false_word() external view {
        for (uint256 t = 0; t < 40; ++t) {
            Delivery memory delivery = _small();
            delivery.plain[t] = addmod(delivery.plain[t], 1 + t * t, Bn254.R);
            encrypt(delivery);
            _oneItemIsFalse(delivery, t / 20);
            delivery = _small();
            delivery.cipher[t] += Bn254.R;
            commit(delivery);
            _oneItemIsFalse(delivery, t / 20);
        }
    }

    /// @dev A delivery that is all right for other commitments.
    function test_upheld_finds_other_data() external view {
        Delivery memory delivery = _small();
        delivery.commitments[0] ^= 1;
        vm.assertEq(upheldIn(delivery, 0), 1);
        delivery.commitments[0] ^= 1;
        delivery.labelCommitments[0] ^= bytes32(uint256(1));
        vm.assertEq(upheldIn(delivery, 0), 1);
    }

    /// @dev A true delivery, then one false word. Each run asks about everything that could be complained of.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_upheld_in_any_format(uint256 seed, uint256 items, bool labels, uint256 shape, uint256 lie)
        external
        view
    {
        IInferenceVerifier.Packing memory packing = _packing(shape);
        items = bound(items, 1, 3);
        Delivery memory delivery = made(seed, items, labels ? 2 : 0, packing);
        for (uint256 item = 0; item < items; ++item) {
            vm.assertEq(upheldIn(delivery, item), 0);
        }
        uint256 t = lie % delivery.plain.length;
        uint256 honest = delivery.plain[t];
        delivery.plain[t] = draw(seed, lie);
        vm.assume(delivery.plain[t] != honest);
        encrypt(delivery);
        _oneItemIsFalse(delivery, t / sizeOf(delivery));
    }

    /// @dev The whole chain fits, but an element is one bit too long: the circuit would never take it.
    function testFuzz_upheld_finds_elements_that_are_too_long(uint256 seed, uint256 shape, uint256 element)
        external
        view
    {
        Delivery memory delivery = made(seed, 1, 2, _packing(shape));
        element = bound(element, 1, delivery.data.packing.elements);
        uint256 most = 1 << bits(delivery, element);
        for (uint256 long = 0; long < 2; ++long) {
            delivery.plain[2 * element] = most - 1 + long;
            encrypt(delivery);
            Verdict verdict = judged(delivery, _complaint(delivery, IDeliveryJudge.Fault.NotBytes, 0, element));
            vm.assertTrue(verdict == (long == 1 ? Verdict.Accepted : Verdict.Refused), "length");
        }
    }

    function testFuzz_upheld_is_about_the_words_that_are_opened(uint256 seed, uint256 other) external view {
        Delivery memory delivery = made(seed, 1, 2, _packing(seed));
        bytes32 label = delivery.labelCommitments[0];
        uint256 commitment = delivery.commitments[0];
        vm.assume(other != commitment && bytes32(other) != label);
        IDeliveryJudge.Complaint memory about = _complaint(delivery, IDeliveryJudge.Fault.Commitment, 0, 0);
        delivery.labelCommitments[0] = bytes32(other);
        vm.assertTrue(judged(delivery, about) == Verdict.Refused, "the label does not matter");
        delivery.commitments[0] = other;
        vm.assertTrue(judged(delivery, about) == Verdict.Accepted, "commitment");
        about = _complaint(delivery, IDeliveryJudge.Fault.Label, 0, 0);
        vm.assertTrue(judged(delivery, about) == Verdict.Accepted, "label");
        delivery.labelCommitments[0] = label;
        vm.assertTrue(judged(delivery, about) == Verdict.Refused, "the commitment does not matter");
    }

    // Gas.

    /// @dev A step at the end of 14,979 labelled pictures of 96 by 96 pixels, as a whole transaction with its call data.
    function test_step_costs_less_than_a_million() external view {
        Delivery memory delivery = described(_json, ".large");
        delivery.data.items = 14_979;
        IDeliveryJudge.Complaint memory complaint =
            IDeliveryJudge.Complaint(IDeliveryJudge.Fault.Step, 14_978, 960, new IDeliveryJudge.Word[](3));
        uint256 start = 14_978 * sizeOf(delivery) + 1919;
        for (uint256 i = 0; i < 3; ++i) {
            complaint.words[i].value = draw(i, 0);
            complaint.words[i].path = new bytes32[](25);
            for (uint256 level = 0; level < 25; ++level) {
                complaint.words[i].path[level] = _thin(start, level, ((start + i) >> level) ^ 1);
            }
        }
        delivery.data.root = _thin(start, 25, 0);
        delivery.commitments = new uint256[](1);
        bytes memory input = callUpheld(delivery, complaint);
        uint256 gas = 21_000;
        for (uint256 i = 0; i < input.length; ++i) {
            gas += input[i] == 0 ? 4 : 16;
        }
        uint256 before = gasleft();
        Verdict verdict = ask(address(judge), input);
        gas += before - gasleft();
        vm.assertTrue(verdict == Verdict.Accepted, "upheld");
        vm.assertLt(gas, STEP_GAS);
    }

    /// @dev A node of a tree of which only three leaves are known, those from `start` on.
    function _thin(uint256 start, uint256 level, uint256 index) private pure returns (bytes32) {
        if (index < start >> level || index > (start + 2) >> level) return keccak256(abi.encode(level, index));
        if (level == 0) return Leaves.sealedWord(index, draw(index - start, 0));
        return node(_thin(start, level - 1, 2 * index), _thin(start, level - 1, 2 * index + 1));
    }

    function _small() private view returns (Delivery memory) {
        return _tiny;
    }

    function _parsed(string memory json, string memory which)
        private
        pure
        returns (IDeliveryJudge.Complaint memory complaint)
    {
        uint256[] memory words = vm.parseJsonUintArray(json, string.concat(which, ".words"));
        uint256[] memory paths = vm.parseJsonUintArray(json, string.concat(which, ".paths"));
        complaint.fault = IDeliveryJudge.Fault(vm.parseJsonUint(json, string.concat(which, ".fault")));
        complaint.item = vm.parseJsonUint(json, string.concat(which, ".item"));
        complaint.position = vm.parseJsonUint(json, string.concat(which, ".position"));
        complaint.words = new IDeliveryJudge.Word[](words.length);
        uint256 depth = paths.length / words.length;
        for (uint256 i = 0; i < words.length; ++i) {
            complaint.words[i].value = words[i];
            complaint.words[i].path = new bytes32[](depth);
            for (uint256 level = 0; level < depth; ++level) {
                complaint.words[i].path[level] = bytes32(paths[i * depth + level]);
            }
        }
    }

    function _packing(uint256 shape) private pure returns (IInferenceVerifier.Packing memory) {
        uint32 elements = uint32(1 + shape % 5);
        uint256 domain = draw(shape, 0);
        return IInferenceVerifier.Packing(domain, elements, uint32(domain % (elements + 1)), uint8(1 + shape % 31));
    }

    function _complaint(Delivery memory delivery, IDeliveryJudge.Fault fault, uint256 item, uint256 position)
        private
        pure
        returns (IDeliveryJudge.Complaint memory)
    {
        return complaintOf(delivery, treeOf(delivery), fault, item, position);
    }

    function _oneItemIsFalse(Delivery memory delivery, uint256 which) private view {
        for (uint256 item = 0; item < delivery.data.items; ++item) {
            vm.assertTrue((upheldIn(delivery, item) != 0) == (item == which), "which item");
        }
    }

    function _noSuchPosition(IDeliveryJudge.Complaint memory complaint) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryJudge.NoSuchPosition.selector, complaint.fault, complaint.position);
    }

    function _reverted(Delivery memory delivery, IDeliveryJudge.Complaint memory complaint, string memory what)
        private
        view
    {
        vm.assertTrue(judged(delivery, complaint) == Verdict.Reverted, what);
    }

    function _reverts(Delivery memory delivery, IDeliveryJudge.Complaint memory complaint, bytes memory reason)
        private
    {
        vm.expectRevert(reason);
        judge.upheld(delivery.data, complaint, delivery.commitments[0], delivery.labelCommitments[0]);
    }
}
