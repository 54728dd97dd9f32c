// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Accepts one digest with one signature, as EIP-1271 says.
contract Wallet {
    bytes32 private immutable _digest;

    constructor(bytes32 digest) {
        _digest = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return digest == _digest && keccak256(signature) == keccak256("wallet") ? bytes4(0x1626ba7e) : bytes4(0);
    }
}

/// @notice Answers whatever it is told to, or reverts.
contract OddWallet {
    bytes private _answer;
    bool private _reverts;

    constructor(bytes memory answer, bool reverts) {
        _answer = answer;
        _reverts = reverts;
    }

    fallback() external {
        bytes memory answer = _answer;
        if (_reverts) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }
}

/// @notice Changes state when asked, which a check of a signature must not allow.
contract WritingWallet {
    uint256 public asked;

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        ++asked;
        return 0x1626ba7e;
    }
}
