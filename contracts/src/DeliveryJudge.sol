// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "./interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Leaves} from "./libraries/Leaves.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";
import {Poseidon} from "./libraries/Poseidon.sol";

/// @title DeliveryJudge
contract DeliveryJudge is IDeliveryJudge {
    uint256 private constant PACK = 31;
    /// @dev Words of a label and its salt.
    uint256 private constant LABEL_WORDS = 2;

    /// @inheritdoc IDeliveryJudge
    function upheld(Sealed calldata data, Complaint calldata complaint, uint256 commitment, bytes32 labelCommitment)
        external
        pure
        returns (bool)
    {
        // INVARIANT: decryption is a bijection of reduced words, for one reduced key.
        if (data.key >= Bn254.R) revert KeyNotReduced(data.key);
        if (data.extras != 0 && data.extras != LABEL_WORDS) revert WrongExtras(data.extras);
        if (complaint.item >= data.items) revert NoSuchItem(complaint.item, data.items);

        (uint256 offset, uint256 count) = _span(data, complaint.fault, complaint.position);
        if (complaint.words.length != count) revert WrongWordCount(complaint.words.length, count);
        uint256 start = complaint.item * _size(data) + offset;

        if (complaint.fault == Fault.NotReduced) return _opened(data, start, complaint.words[0]) >= Bn254.R;
        bytes memory constants = Poseidon.load();
        uint256[] memory words = _decrypted(constants, data, start, complaint.words);
        if (complaint.fault == Fault.NotBytes) return words[0] >> (8 * _bytes(data.packing, complaint.position)) != 0;
        if (complaint.fault == Fault.Step) return !_follows(constants, data.packing.domain, words);
        if (complaint.fault == Fault.Commitment) return words[0] != commitment;
        return Leaves.labelCommitment(words[0], words[1]) != labelCommitment;
    }

    /// @dev Words of an item.
    function _size(Sealed calldata data) private pure returns (uint256) {
        return 2 * uint256(data.packing.elements) + 2 + data.extras;
    }

    /// @dev Which words of an item show a fault: there is one way only to complain of it.
    function _span(Sealed calldata data, Fault fault, uint256 position)
        private
        pure
        returns (uint256 offset, uint256 count)
    {
        uint256 elements = data.packing.elements;
        if (fault == Fault.NotReduced && position < _size(data)) return (position, 1);
        if (fault == Fault.NotBytes && position != 0 && position <= elements) return (2 * position, 1);
        if (fault == Fault.Step && position == 0) return (0, 2);
        if (fault == Fault.Step && position <= elements) return (2 * position - 1, 3);
        if (fault == Fault.Commitment && position == 0) return (2 * elements + 1, 1);
        if (fault == Fault.Label && position == 0 && data.extras == LABEL_WORDS) return (2 * elements + 2, 2);
        revert NoSuchPosition(fault, position);
    }

    /// @dev Bytes of element `position`, counted from 1.
    function _bytes(IInferenceVerifier.Packing calldata packing, uint256 position) private pure returns (uint256) {
        return position <= packing.shortElements ? packing.shortBytes : PACK;
    }

    /// @dev Whether the last word is the hash of those before it.
    function _follows(bytes memory constants, uint256 domain, uint256[] memory words) private pure returns (bool) {
        if (words.length == 2) return Poseidon.hash2(constants, domain, words[0]) == words[1];
        return Poseidon.hash2(constants, words[0], words[1]) == words[2];
    }

    /// @dev Opened words from position `start` on, decrypted.
    function _decrypted(bytes memory constants, Sealed calldata data, uint256 start, Word[] calldata words)
        private
        pure
        returns (uint256[] memory plain)
    {
        plain = new uint256[](words.length);
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word = _opened(data, start + i, words[i]);
            // INVARIANT: a word has one decryption.
            if (word >= Bn254.R) revert WordNotReduced(start + i, word);
            plain[i] = addmod(word, Bn254.R - Poseidon.hash2(constants, data.key, start + i), Bn254.R);
        }
    }

    /// @dev INVARIANT: the word is the delivered one at position `t`, and no other.
    function _opened(Sealed calldata data, uint256 t, Word calldata word) private pure returns (uint256) {
        bytes32 leaf = Leaves.sealedWord(t, word.value);
        if (!MerkleTree.verify(data.root, data.items * _size(data), t, leaf, word.path)) {
            revert NotDelivered(t, word.value);
        }
        return word.value;
    }
}
