// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title ISignatures
/// @notice Consent by EIP-712 signature, of accounts and of EIP-1271 contracts. Each signature names this contract and
/// chain, what it consents to, a nonce of the signer, and until when.
/// @dev Nonces have no order: any number that the signer did not use before.
interface ISignatures {
    /// @notice The signer's nonce counts no more.
    event NonceUsed(address indexed signer, uint256 nonce);

    /// @notice The signature was good until `deadline`.
    error SignatureExpired(uint256 deadline);
    /// @notice The signer used or cancelled this nonce.
    error NonceSpent(address signer, uint256 nonce);
    /// @notice This is not a signature of the signer under these words.
    error BadSignature(address signer);

    /// @notice Whether a signature with this nonce can no longer count.
    function nonceUsed(address signer, uint256 nonce) external view returns (bool);

    /// @notice Takes back what the caller signed under a nonce.
    function cancelNonce(uint256 nonce) external;
}
