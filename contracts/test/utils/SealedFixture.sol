// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Poseidon} from "../../src/libraries/Poseidon.sol";
import {Calls} from "./Calls.sol";
import {Deploy} from "./Deploy.sol";

/// @notice Deliveries, true and false, and whoever complains about them.
abstract contract SealedFixture is Calls {
    /// @notice A delivery with what it should open.
    struct Delivery {
        IDeliveryJudge.Sealed data;
        uint256[] commitments;
        bytes32[] labelCommitments;
        uint256[] plain;
        uint256[] cipher;
    }

    IDeliveryJudge internal judge;

    function setUp() public virtual {
        judge = Deploy.deliveryJudge();
    }

    // Deliveries.

    /// @notice What `make fixtures` wrote under a name about a delivery, but for its words.
    function described(string memory json, string memory which) internal pure returns (Delivery memory delivery) {
        delivery.data = IDeliveryJudge.Sealed({
            root: vm.parseJsonBytes32(json, string.concat(which, ".root")),
            key: vm.parseJsonUint(json, string.concat(which, ".key")),
            items: vm.parseJsonUint(json, string.concat(which, ".items")),
            extras: vm.parseJsonUint(json, string.concat(which, ".extras")),
            packing: IInferenceVerifier.Packing({
                domain: vm.parseJsonUint(json, string.concat(which, ".packing.domain")),
                elements: uint32(vm.parseJsonUint(json, string.concat(which, ".packing.elements"))),
                shortElements: uint32(vm.parseJsonUint(json, string.concat(which, ".packing.shortElements"))),
                shortBytes: uint8(vm.parseJsonUint(json, string.concat(which, ".packing.shortBytes")))
            })
        });
        delivery.commitments = vm.parseJsonUintArray(json, string.concat(which, ".commitments"));
        uint256[] memory labels = vm.parseJsonUintArray(json, string.concat(which, ".labelCommitments"));
        delivery.labelCommitments = new bytes32[](labels.length);
        for (uint256 i = 0; i < labels.length; ++i) {
            delivery.labelCommitments[i] = bytes32(labels[i]);
        }
    }

    /// @notice A true delivery in any format, of arbitrary bytes.
    function made(uint256 seed, uint256 items, uint256 extras, IInferenceVerifier.Packing memory packing)
        internal
        pure
        returns (Delivery memory delivery)
    {
        delivery.data = IDeliveryJudge.Sealed(0, draw(seed, 0), items, extras, packing);
        delivery.commitments = new uint256[](items);
        delivery.labelCommitments = new bytes32[](items);
        delivery.plain = new uint256[](items * sizeOf(delivery));
        bytes memory constants = Poseidon.load();
        for (uint256 item = 0; item < items; ++item) {
            _fill(constants, delivery, item, draw(seed, item + 1));
        }
        encrypt(delivery);
    }

    function _fill(bytes memory constants, Delivery memory delivery, uint256 item, uint256 seed) private pure {
        IInferenceVerifier.Packing memory packing = delivery.data.packing;
        uint256 t = item * sizeOf(delivery);
        delivery.plain[t++] = draw(seed, 0);
        uint256 state = Poseidon.hash2(constants, packing.domain, draw(seed, 0));
        delivery.plain[t++] = state;
        for (uint256 i = 1; i <= packing.elements; ++i) {
            uint256 element = draw(seed, i) % (1 << bits(delivery, i));
            state = Poseidon.hash2(constants, state, element);
            delivery.plain[t++] = element;
            delivery.plain[t++] = state;
        }
        delivery.commitments[item] = state;
        if (delivery.data.extras == 0) return;
        (delivery.plain[t], delivery.plain[t + 1]) = (seed % 10, draw(seed, packing.elements + 1));
        delivery.labelCommitments[item] = Leaves.labelCommitment(seed % 10, delivery.plain[t + 1]);
    }

    /// @notice Encrypts the plain words, and computes the root.
    function encrypt(Delivery memory delivery) internal pure {
        bytes memory constants = Poseidon.load();
        delivery.cipher = new uint256[](delivery.plain.length);
        for (uint256 t = 0; t < delivery.plain.length; ++t) {
            uint256 mask = Poseidon.hash2(constants, delivery.data.key, t);
            delivery.cipher[t] = addmod(delivery.plain[t], mask, Bn254.R);
        }
        commit(delivery);
    }

    /// @notice Computes the root of the words as they are.
    function commit(Delivery memory delivery) internal pure {
        bytes32[][] memory tree = treeOf(delivery);
        delivery.data.root = tree[tree.length - 1][0];
    }

    /// @notice Words of an item.
    function sizeOf(Delivery memory delivery) internal pure returns (uint256) {
        return 2 + 2 * uint256(delivery.data.packing.elements) + delivery.data.extras;
    }

    /// @notice How long an element may be.
    function bits(Delivery memory delivery, uint256 element) internal pure returns (uint256) {
        return 8 * (element <= delivery.data.packing.shortElements ? delivery.data.packing.shortBytes : 31);
    }

    /// @notice An arbitrary scalar.
    function draw(uint256 seed, uint256 which) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, which))) % Bn254.R;
    }

    // Trees, by the definition.

    function treeOf(Delivery memory delivery) internal pure returns (bytes32[][] memory levels) {
        uint256 depth = 0;
        while (1 << depth < delivery.cipher.length) ++depth;
        levels = new bytes32[][](depth + 1);
        levels[0] = new bytes32[](1 << depth);
        for (uint256 t = 0; t < delivery.cipher.length; ++t) {
            levels[0][t] = Leaves.sealedWord(t, delivery.cipher[t]);
        }
        for (uint256 level = 1; level <= depth; ++level) {
            levels[level] = new bytes32[](1 << (depth - level));
            for (uint256 i = 0; i < levels[level].length; ++i) {
                levels[level][i] = node(levels[level - 1][2 * i], levels[level - 1][2 * i + 1]);
            }
        }
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    function opening(Delivery memory delivery, bytes32[][] memory tree, uint256 t)
        internal
        pure
        returns (IDeliveryJudge.Word memory word)
    {
        word.value = delivery.cipher[t];
        word.path = new bytes32[](tree.length - 1);
        for (uint256 level = 0; level < word.path.length; ++level) {
            word.path[level] = tree[level][(t >> level) ^ 1];
        }
    }

    // Complaints.

    /// @notice Where in an item the words are that show a fault, and how many.
    function spanOf(Delivery memory delivery, IDeliveryJudge.Fault fault, uint256 position)
        internal
        pure
        returns (uint256 offset, uint256 count)
    {
        uint256 n = delivery.data.packing.elements;
        if (fault == IDeliveryJudge.Fault.NotReduced) return (position, 1);
        if (fault == IDeliveryJudge.Fault.NotBytes) return (2 * position, 1);
        if (fault == IDeliveryJudge.Fault.Step) return position == 0 ? (0, 2) : (2 * position - 1, 3);
        if (fault == IDeliveryJudge.Fault.Commitment) return (2 * n + 1, 1);
        return (2 * n + 2, 2);
    }

    /// @notice How many positions a fault can have from `first` on.
    function positions(Delivery memory delivery, IDeliveryJudge.Fault fault)
        internal
        pure
        returns (uint256 first, uint256 count)
    {
        uint256 n = delivery.data.packing.elements;
        if (fault == IDeliveryJudge.Fault.NotReduced) return (0, sizeOf(delivery));
        if (fault == IDeliveryJudge.Fault.NotBytes) return (1, n);
        if (fault == IDeliveryJudge.Fault.Step) return (0, n + 1);
        if (fault == IDeliveryJudge.Fault.Commitment) return (0, 1);
        return (0, delivery.data.extras / 2);
    }

    /// @notice The complaint that something is wrong there.
    function complaintOf(
        Delivery memory delivery,
        bytes32[][] memory tree,
        IDeliveryJudge.Fault fault,
        uint256 item,
        uint256 position
    ) internal pure returns (IDeliveryJudge.Complaint memory complaint) {
        (uint256 offset, uint256 count) = spanOf(delivery, fault, position);
        complaint = IDeliveryJudge.Complaint(fault, item, position, new IDeliveryJudge.Word[](count));
        for (uint256 i = 0; i < count; ++i) {
            complaint.words[i] = opening(delivery, tree, item * sizeOf(delivery) + offset + i);
        }
    }

    /// @notice The call of the judge.
    function callUpheld(Delivery memory delivery, IDeliveryJudge.Complaint memory complaint)
        internal
        pure
        returns (bytes memory)
    {
        uint256 item = complaint.item < delivery.commitments.length ? complaint.item : 0;
        return abi.encodeCall(
            IDeliveryJudge.upheld,
            (delivery.data, complaint, delivery.commitments[item], delivery.labelCommitments[item])
        );
    }

    /// @notice What the judge says.
    function judged(Delivery memory delivery, IDeliveryJudge.Complaint memory complaint)
        internal
        view
        returns (Verdict)
    {
        return ask(address(judge), callUpheld(delivery, complaint));
    }

    /// @notice How many complaints about an item are upheld, of all that there are.
    function upheldIn(Delivery memory delivery, uint256 item) internal view returns (uint256 upheld) {
        bytes32[][] memory tree = treeOf(delivery);
        for (uint256 f = 0; f < 5; ++f) {
            IDeliveryJudge.Fault fault = IDeliveryJudge.Fault(f);
            (uint256 first, uint256 count) = positions(delivery, fault);
            for (uint256 position = first; position < first + count; ++position) {
                Verdict verdict = judged(delivery, complaintOf(delivery, tree, fault, item, position));
                if (verdict == Verdict.Accepted) ++upheld;
            }
        }
    }
}
