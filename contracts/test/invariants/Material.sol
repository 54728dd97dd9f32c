// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Poseidon} from "../../src/libraries/Poseidon.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";

/// @notice What all cases are about: inputs and what the model says of them, which are test examples and documents too, and
/// trees over them. All hashing that costs much is done once, at construction.
contract Material {
    /// @notice Their words in a delivery fill more than one chunk.
    uint256 public constant ITEMS = 33;
    /// @notice How many of them are examples and documents.
    uint256 public constant FEW = 6;
    /// @notice What deliveries are encrypted with.
    uint256 public constant KEY = 0x5EA1ED;
    /// @notice The words of an item in a delivery, without its label's.
    uint256 public constant WORDS = 8;

    /// @notice What can be wrong with a delivery: nothing, or one fault of the judge's list.
    enum Flaw {
        None,
        NotReduced,
        NotBytes,
        Step,
        Commitment,
        Label
    }

    /// @notice The trees that do not depend on the case.
    enum Tree {
        Inputs,
        Honest,
        Lying,
        Examples,
        Documents
    }

    /// @notice An input, and what is said of it. `trueLabel` is the consumer's, where it has one.
    struct Item {
        uint256 commitment;
        uint256 output;
        uint256 label;
        uint256 trueLabel;
        uint256 labelSalt;
    }

    /// @notice A delivery of some items, of which item `flawed` has a flaw.
    struct Parcel {
        uint256[] items;
        bool labelled;
        Flaw flaw;
        uint256 flawed;
    }

    Item[] private _items;
    uint256[][] private _words;
    uint256[] private _stream;
    mapping(Tree => bytes32) public root;
    mapping(Tree => bytes32[][]) private _paths;

    constructor(TruthVerifier truth) {
        for (uint256 i = 0; i < ITEMS; ++i) {
            SealedItems.Item memory made = _make(i, truth.ELEMENTS());
            uint256[] memory words = SealedItems.words(truth.DOMAIN(), made, false);
            uint256 commitment = words[WORDS - 1];
            (uint256 output, uint256 label) = truth.truth(commitment);
            // The model is wrong about two of the examples.
            uint256 trueLabel = i == 4 || i == 5 ? (label + 1) % 10 : label;
            _items.push(Item(commitment, output, label, trueLabel, 2000 + i));
            _words.push(words);
        }
        for (uint256 t = 0; t < ITEMS * WORDS; ++t) {
            _stream.push(Poseidon.hash2(KEY, t));
        }
        _plant(Tree.Inputs, ITEMS);
        _plant(Tree.Honest, ITEMS);
        _plant(Tree.Lying, ITEMS);
        _plant(Tree.Examples, FEW);
        _plant(Tree.Documents, FEW);
    }

    /// @notice Whether the lying provider's label of input `i` is false.
    function isLie(uint256 i) public pure returns (bool) {
        return i % 3 == 0;
    }

    function item(uint256 i) external view returns (Item memory) {
        return _items[i];
    }

    function path(Tree tree, uint256 index) external view returns (bytes32[] memory) {
        return _paths[tree][index];
    }

    /// @notice The ciphertext of a parcel.
    function cipher(Parcel memory p) public view returns (uint256[] memory sealed_) {
        uint256 size = _size(p);
        sealed_ = new uint256[](p.items.length * size);
        for (uint256 k = 0; k < p.items.length; ++k) {
            Item storage it = _items[p.items[k]];
            uint256[] storage words = _words[p.items[k]];
            if (p.flaw == Flaw.Commitment && k == p.flawed) words = _words[p.items[k] == 0 ? 1 : 0];
            for (uint256 o = 0; o < size; ++o) {
                uint256 plain = o < WORDS ? words[o] : o == WORDS ? it.trueLabel : it.labelSalt;
                if (k == p.flawed) plain = _spoilt(p.flaw, o, plain);
                sealed_[k * size + o] = addmod(plain, _stream[k * size + o], Bn254.R);
            }
        }
        if (p.flaw == Flaw.NotReduced) sealed_[p.flawed * size] = Bn254.R + 5;
    }

    function cipherRoot(Parcel memory p) external view returns (bytes32) {
        return Trees.root(SealedItems.leaves(cipher(p)));
    }

    /// @notice Chunk `chunk` of a parcel's ciphertext, and its path.
    function chunk(Parcel memory p, uint256 which) external view returns (uint256[] memory words, bytes32[] memory up) {
        uint256[] memory all = cipher(p);
        uint256 first = 256 * which;
        words = new uint256[](all.length - first < 256 ? all.length - first : 256);
        for (uint256 t = 0; t < words.length; ++t) {
            words[t] = all[first + t];
        }
        up = Trees.pathFrom(SealedItems.leaves(all), first, 8);
    }

    /// @notice The complaint about the parcel's flaw; where it has none, the complaint that its first item has a false step.
    function complaint(Parcel memory p) external view returns (IDeliveryJudge.Complaint memory made) {
        uint256 offset = 1;
        uint256 count = 3;
        (made.item, made.fault, made.position) = (p.flawed, IDeliveryJudge.Fault.Step, 1);
        if (p.flaw == Flaw.NotReduced) {
            (made.fault, made.position, offset, count) = (IDeliveryJudge.Fault.NotReduced, 0, 0, 1);
        } else if (p.flaw == Flaw.NotBytes) {
            (made.fault, made.position, offset, count) = (IDeliveryJudge.Fault.NotBytes, 1, 2, 1);
        } else if (p.flaw == Flaw.Commitment) {
            (made.fault, made.position, offset, count) = (IDeliveryJudge.Fault.Commitment, 0, WORDS - 1, 1);
        } else if (p.flaw == Flaw.Label) {
            (made.fault, made.position, offset, count) = (IDeliveryJudge.Fault.Label, 0, WORDS, 2);
        }
        made.words = SealedItems.openRange(cipher(p), p.flawed * _size(p) + offset, count);
    }

    function labelCommitment(uint256 i) public view returns (bytes32) {
        return keccak256(abi.encode(_items[i].trueLabel, _items[i].labelSalt));
    }

    function _make(uint256 i, uint256 elements) private pure returns (SealedItems.Item memory made) {
        made.salt = 1000 + i;
        made.elements = new uint256[](elements);
        (made.elements[0], made.elements[1], made.elements[2]) = (i, 5 + i, type(uint248).max - i);
    }

    function _spoilt(Flaw flaw, uint256 offset, uint256 plain) private pure returns (uint256) {
        if (flaw == Flaw.NotBytes && offset == 2) return 70_000;
        if (flaw == Flaw.Step && offset == 3) return addmod(plain, 1, Bn254.R);
        if (flaw == Flaw.Label && offset == WORDS) return plain + 1;
        return plain;
    }

    function _size(Parcel memory p) private pure returns (uint256) {
        return p.labelled ? WORDS + 2 : WORDS;
    }

    function _plant(Tree tree, uint256 count) private {
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = _leaf(tree, i);
        }
        root[tree] = Trees.root(leaves);
        for (uint256 i = 0; i < count; ++i) {
            _paths[tree].push(Trees.path(leaves, i));
        }
    }

    function _leaf(Tree tree, uint256 i) private view returns (bytes32) {
        Item storage it = _items[i];
        if (tree == Tree.Inputs) return Leaves.input(i, it.commitment);
        if (tree == Tree.Documents) return Leaves.document(i, it.commitment);
        if (tree == Tree.Examples) return Leaves.example(i, it.commitment, labelCommitment(i));
        bool lie = tree == Tree.Lying && isLie(i);
        return Leaves.prediction(i, it.commitment, it.output, lie ? (it.label + 1) % 10 : it.label);
    }
}
