// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";
import {
    M00,
    M01,
    M02,
    M10,
    M11,
    M12,
    M20,
    M21,
    M22,
    PARTIAL_END,
    PARTIAL_START,
    ROUNDS_SIZE,
    ROUND_CONSTANTS
} from "./PoseidonConstants.sol";

/// @title Poseidon
/// @notice circomlib's Poseidon hash of two inputs over BN254's scalar field, the hash of all commitments.
/// @dev Whoever hashes more than once loads the round constants once. Inputs must be below `Bn254.R`: callers see to it.
library Poseidon {
    /// @notice The round constants, for `hash2`.
    function load() internal pure returns (bytes memory) {
        return ROUND_CONSTANTS;
    }

    /// @notice `poseidon([a, b])`.
    function hash2(uint256 a, uint256 b) internal pure returns (uint256) {
        return hash2(load(), a, b);
    }

    /// @notice `poseidon([a, b])`.
    /// @param constants What `load` gave.
    /// @dev Sums need no reduction: `5 · R < 2^256`, a product is below `R`, and an element of the state before its S-box
    /// is at most three products and a constant.
    function hash2(bytes memory constants, uint256 a, uint256 b) internal pure returns (uint256 hash) {
        uint256 r = Bn254.R;
        assembly ("memory-safe") {
            let start := add(constants, 0x20)
            let c := start
            // The state is (hash, a, b).
            for { let end := add(c, ROUNDS_SIZE) } lt(c, end) { c := add(c, 0x60) } {
                hash := add(hash, mload(c))
                a := add(a, mload(add(c, 0x20)))
                b := add(b, mload(add(c, 0x40)))

                let fourth := mulmod(hash, hash, r)
                fourth := mulmod(fourth, fourth, r)
                hash := mulmod(fourth, hash, r)
                if iszero(lt(sub(sub(c, start), PARTIAL_START), sub(PARTIAL_END, PARTIAL_START))) {
                    fourth := mulmod(a, a, r)
                    fourth := mulmod(fourth, fourth, r)
                    a := mulmod(fourth, a, r)
                    fourth := mulmod(b, b, r)
                    fourth := mulmod(fourth, fourth, r)
                    b := mulmod(fourth, b, r)
                }

                let first := add(add(mulmod(hash, M00, r), mulmod(a, M01, r)), mulmod(b, M02, r))
                let second := add(add(mulmod(hash, M10, r), mulmod(a, M11, r)), mulmod(b, M12, r))
                b := add(add(mulmod(hash, M20, r), mulmod(a, M21, r)), mulmod(b, M22, r))
                hash := first
                a := second
            }
            hash := mod(hash, r)
        }
    }
}
