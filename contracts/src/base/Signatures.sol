// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISignatures} from "../interfaces/ISignatures.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {LibBitmap} from "solady/utils/LibBitmap.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title Signatures
abstract contract Signatures is ISignatures, EIP712 {
    using LibBitmap for LibBitmap.Bitmap;

    mapping(address signer => LibBitmap.Bitmap) private _nonces;

    /// @inheritdoc ISignatures
    function nonceUsed(address signer, uint256 nonce) public view returns (bool) {
        return _nonces[signer].get(nonce);
    }

    /// @inheritdoc ISignatures
    function cancelNonce(uint256 nonce) external {
        _spend(msg.sender, nonce);
    }

    /// @dev `words` is the hash of the signed struct, which contains `nonce` and `deadline`.
    /// INVARIANT I8: a signature counts once, here, on this chain.
    function _consent(address signer, bytes32 words, uint256 nonce, uint256 deadline, bytes calldata signature)
        internal
    {
        if (block.timestamp > deadline) revert SignatureExpired(deadline);
        _spend(signer, nonce);
        bytes32 digest = _hashTypedData(words);
        if (!SignatureCheckerLib.isValidSignatureNowCalldata(signer, digest, signature)) revert BadSignature(signer);
    }

    function _spend(address signer, uint256 nonce) private {
        if (nonceUsed(signer, nonce)) revert NonceSpent(signer, nonce);
        _nonces[signer].set(nonce);
        emit NonceUsed(signer, nonce);
    }
}
