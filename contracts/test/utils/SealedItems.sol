// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Poseidon} from "../../src/libraries/Poseidon.sol";
import {Trees} from "./Trees.sol";

/// @notice Commits to small inputs and seals them for a delivery.
library SealedItems {
    /// @notice What a sender knows of an item. `label` and `labelSalt` are sent along where the case has labels.
    struct Item {
        uint256 salt;
        uint256[] elements;
        uint256 label;
        uint256 labelSalt;
    }

    /// @notice The words of an item: salt, the state after it, each element and the state after it, and the label's.
    function words(uint256 domain, Item memory item, bool labelled) internal pure returns (uint256[] memory plain) {
        uint256 n = item.elements.length;
        plain = new uint256[](2 * n + 2 + (labelled ? 2 : 0));
        plain[0] = item.salt;
        plain[1] = Poseidon.hash2(domain, item.salt);
        for (uint256 i = 0; i < n; ++i) {
            plain[2 * i + 2] = item.elements[i];
            plain[2 * i + 3] = Poseidon.hash2(plain[2 * i + 1], item.elements[i]);
        }
        if (labelled) (plain[2 * n + 2], plain[2 * n + 3]) = (item.label, item.labelSalt);
    }

    function commitment(uint256 domain, Item memory item) internal pure returns (uint256 state) {
        state = Poseidon.hash2(domain, item.salt);
        for (uint256 i = 0; i < item.elements.length; ++i) {
            state = Poseidon.hash2(state, item.elements[i]);
        }
    }

    /// @notice Encrypts the words of all items, one after the other.
    function encrypt(uint256 key, uint256[] memory plain) internal pure returns (uint256[] memory cipher) {
        cipher = new uint256[](plain.length);
        for (uint256 t = 0; t < plain.length; ++t) {
            cipher[t] = addmod(plain[t], Poseidon.hash2(key, t), Bn254.R);
        }
    }

    function leaves(uint256[] memory cipher) internal pure returns (bytes32[] memory all) {
        all = new bytes32[](cipher.length);
        for (uint256 t = 0; t < cipher.length; ++t) {
            all[t] = Leaves.sealedWord(t, cipher[t]);
        }
    }

    /// @notice Opens a word of the ciphertext.
    function open(uint256[] memory cipher, uint256 t) internal pure returns (IDeliveryJudge.Word memory) {
        return IDeliveryJudge.Word({value: cipher[t], path: Trees.path(leaves(cipher), t)});
    }

    /// @notice Opens `count` words from `start` on.
    function openRange(uint256[] memory cipher, uint256 start, uint256 count)
        internal
        pure
        returns (IDeliveryJudge.Word[] memory opened)
    {
        opened = new IDeliveryJudge.Word[](count);
        for (uint256 i = 0; i < count; ++i) {
            opened[i] = open(cipher, start + i);
        }
    }
}
