// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IProofVerifier
/// @notice Checks proofs of one circuit. The generated `ModelVerifier` is one.
interface IProofVerifier {
    /// @notice Whether `proof` is valid for `instances`.
    /// @dev `false` is a verdict: proof or instances are bad, whoever asks and with whatever gas. It checks lengths, the
    /// number of instances, and that every word has one encoding only. Whatever else keeps it from a verdict reverts.
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);
}
