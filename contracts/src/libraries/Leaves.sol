// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MerkleTree} from "./MerkleTree.sol";

/// @title Leaves
/// @notice What the leaves of every tree hold.
/// @dev A leaf names its kind and its index, so it stands for one thing in one place.
library Leaves {
    bytes32 internal constant INPUT = keccak256("zkescrow.input");
    bytes32 internal constant PREDICTION = keccak256("zkescrow.prediction");
    bytes32 internal constant EXAMPLE = keccak256("zkescrow.example");
    bytes32 internal constant SCORE = keccak256("zkescrow.score");
    bytes32 internal constant DOCUMENT = keccak256("zkescrow.document");
    bytes32 internal constant FINDING = keccak256("zkescrow.finding");
    bytes32 internal constant SEALED = keccak256("zkescrow.sealed");

    /// @notice An input that the consumer commits to.
    function input(uint256 i, uint256 inputCommitment) internal pure returns (bytes32) {
        return MerkleTree.leaf(INPUT, i, bytes32(inputCommitment));
    }

    /// @notice What the provider says about an input.
    function prediction(uint256 i, uint256 inputCommitment, uint256 outputCommitment, uint256 label)
        internal
        pure
        returns (bytes32)
    {
        return MerkleTree.leaf(PREDICTION, i, keccak256(abi.encode(inputCommitment, outputCommitment, label)));
    }

    /// @notice A test example, whose label is hidden in `labelCommitment_`.
    function example(uint256 i, uint256 inputCommitment, bytes32 labelCommitment_) internal pure returns (bytes32) {
        return MerkleTree.leaf(EXAMPLE, i, keccak256(abi.encode(inputCommitment, labelCommitment_)));
    }

    /// @notice What hides a test example's label.
    function labelCommitment(uint256 label, uint256 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(label, salt));
    }

    /// @notice What the model says about a test example, and whether (1 or 0) that is its label.
    function score(uint256 i, uint256 label, uint256 correct) internal pure returns (bytes32) {
        return MerkleTree.leaf(SCORE, i, keccak256(abi.encode(label, correct)));
    }

    /// @notice A document of a data set.
    function document(uint256 i, uint256 commitment) internal pure returns (bytes32) {
        return MerkleTree.leaf(DOCUMENT, i, bytes32(commitment));
    }

    /// @notice What the model says about a document, and whether (1 or 0) that is a label that was asked for.
    function finding(uint256 i, uint256 commitment, uint256 label, uint256 positive) internal pure returns (bytes32) {
        return MerkleTree.leaf(FINDING, i, keccak256(abi.encode(commitment, label, positive)));
    }

    /// @notice A word of a ciphertext.
    function sealedWord(uint256 t, uint256 word) internal pure returns (bytes32) {
        return MerkleTree.leaf(SEALED, t, bytes32(word));
    }
}
