// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title ModelVerifier
/// @notice Checks proofs of one circuit: a shared verifier with this circuit's key. Generated: do not edit.
contract ModelVerifier {
    /// @notice The code at an address is not the code that was agreed on.
    error CodeHashMismatch(address target, bytes32 actual, bytes32 expected);
    /// @notice The arguments are not encoded in the one canonical way.
    error NonCanonicalCalldata();
    /// @notice The verifier came to no verdict, for want of gas.
    error NoVerdict(bytes reason);

    /// @notice The shared verifier.
    address public immutable verifier;
    /// @notice Hash of its code.
    bytes32 public immutable verifierCodeHash;
    /// @notice The circuit's key.
    address public immutable key;
    /// @notice Hash of its code.
    bytes32 public immutable keyCodeHash;

    constructor(address verifier_, bytes32 verifierCodeHash_, address key_, bytes32 keyCodeHash_) {
        _requireCode(verifier_, verifierCodeHash_);
        _requireCode(key_, keyCodeHash_);
        verifier = verifier_;
        verifierCodeHash = verifierCodeHash_;
        key = key_;
        keyCodeHash = keyCodeHash_;
    }

    /// @notice Whether a proof is valid. A `false` always means that proof or instances are bad: too little gas reverts.
    /// @param proof The proof.
    /// @param instances The public inputs.
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool valid) {
        // INVARIANT: the code that judges is the code of construction.
        _requireCode(verifier, verifierCodeHash);
        _requireCode(key, keyCodeHash);

        address target = verifier;
        address circuit = key;
        bool answered;
        assembly ("memory-safe") {
            let end := add(proof.offset, and(add(proof.length, 0x1f), not(0x1f)))
            if iszero(
                and(
                    and(eq(proof.offset, 0x64), eq(instances.offset, add(end, 0x20))),
                    eq(calldatasize(), add(instances.offset, shl(5, instances.length)))
                )
            ) {
                mstore(0x00, 0xf26c0d4b)
                revert(0x1c, 0x04)
            }
            // The same call with the key in front: offsets grow by a word, the rest is as it came.
            let input := mload(0x40)
            mstore(input, 0xaf83a18d)
            mstore(add(input, 0x20), circuit)
            mstore(add(input, 0x40), 0x60)
            mstore(add(input, 0x60), add(calldataload(0x24), 0x20))
            let size := sub(calldatasize(), 0x44)
            calldatacopy(add(input, 0x80), 0x44, size)
            answered := staticcall(gas(), target, add(input, 0x1c), add(size, 0x64), 0x00, 0x20)
            answered := and(answered, eq(returndatasize(), 0x20))
            valid := mload(0x00)
        }
        if (!answered) {
            bytes memory reason;
            assembly ("memory-safe") {
                reason := mload(0x40)
                mstore(reason, returndatasize())
                returndatacopy(add(reason, 0x20), 0, returndatasize())
                mstore(0x40, add(reason, and(add(returndatasize(), 0x3f), not(0x1f))))
            }
            revert NoVerdict(reason);
        }
    }

    function _requireCode(address target, bytes32 expected) private view {
        bytes32 actual = target.codehash;
        if (actual != expected) revert CodeHashMismatch(target, actual, expected);
    }
}
