// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "./IInferenceVerifier.sol";

/// @title IDeliveryJudge
/// @notice Says whether a complaint about data that was delivered under encryption is right, from a few of its words.
/// @dev A delivery has items, one after the other; an item has the words of its commitment's whole computation,
///
///     w_0 = salt, w_1 = h_0,    w_(2i) = e_i, w_(2i+1) = h_i  for i from 1 to n,    then label and label's salt, if any.
///
/// The word at position `t = item · size + offset` is encrypted to `c_t = w_t + P(key, t) mod r`, `P` being the library
/// `Poseidon`'s hash, and `Leaves.sealedWord(t, c_t)` is leaf `t` of the delivery's Merkle tree.
///
/// The five faults are complete: whoever has words with this root and the key, and no complaint that is upheld, has an
/// opening. All `c_t` are reduced (`NotReduced`), so decryption gives one `w_t` each. Then every `e_i` is a row of bytes
/// (`NotBytes`), `h_0 = P(domain, salt)` and `h_i = P(h_(i-1), e_i)` (`Step`), `h_n` is the commitment (`Commitment`), and
/// label and salt open the label's commitment (`Label`). They are sound: of words that open both, none is at fault, and
/// nobody can open other words, or these in another place. The receiver must have compared the words with the root
/// before it said that it got them: a root of unknown words cannot be complained about.
///
/// The caller vouches for `Sealed` and both commitments; `packing` is what the verifier's `inputPacking` says.
interface IDeliveryJudge {
    /// @notice What was delivered.
    /// @param root Root of the ciphertext's Merkle tree.
    /// @param key What it is encrypted with, a reduced scalar: whoever takes a key refuses others, for nothing is decided
    /// under them.
    /// @param items How many items there are.
    /// @param extras How many words an item has after the commitment's: 0, or 2 for a label and its salt.
    /// @param packing How inputs are packed.
    struct Sealed {
        bytes32 root;
        uint256 key;
        uint256 items;
        uint256 extras;
        IInferenceVerifier.Packing packing;
    }

    /// @notice An opened word of the ciphertext.
    /// @param value The word.
    /// @param path Its path in the Merkle tree.
    struct Word {
        uint256 value;
        bytes32[] path;
    }

    /// @notice What is wrong. The words to open are decrypted, except for the first.
    /// NotReduced: `[c]` at offset `position` of the item is not below r.
    /// NotBytes: `[e_position]` is not of as many bytes as it should be; `position` from 1 to n.
    /// Step: `[h_(position-1), e_position, h_position]` are no step of the chain; `[salt, h_0]` for position 0.
    /// Commitment: `[h_n]` is not the commitment; `position` 0.
    /// Label: `[label, salt]` do not open the label's commitment; `position` 0.
    enum Fault {
        NotReduced,
        NotBytes,
        Step,
        Commitment,
        Label
    }

    /// @notice A complaint.
    /// @param fault What is wrong.
    /// @param item In which item.
    /// @param position Where in it.
    /// @param words The words that show it, in the order of the ciphertext.
    struct Complaint {
        Fault fault;
        uint256 item;
        uint256 position;
        Word[] words;
    }

    /// @notice The key is not a reduced scalar.
    error KeyNotReduced(uint256 key);
    /// @notice An item has 0 or 2 words after those of its commitment.
    error WrongExtras(uint256 extras);
    /// @notice The delivery does not have this item.
    error NoSuchItem(uint256 item, uint256 items);
    /// @notice The fault cannot be there.
    error NoSuchPosition(Fault fault, uint256 position);
    /// @notice The fault is shown by another number of words.
    error WrongWordCount(uint256 actual, uint256 expected);
    /// @notice The word is not the delivered one at position `t`.
    error NotDelivered(uint256 t, uint256 word);
    /// @notice The word has no decryption: that is the fault to complain about.
    error WordNotReduced(uint256 t, uint256 word);

    /// @notice Whether the complaint is right: `false` means that the words are well at what they are said to be at
    /// fault. A complaint that cannot be judged reverts.
    /// @param commitment The commitment to the item's input.
    /// @param labelCommitment The commitment to the item's label; not looked at unless the complaint is about it.
    function upheld(Sealed calldata data, Complaint calldata complaint, uint256 commitment, bytes32 labelCommitment)
        external
        pure
        returns (bool);
}
