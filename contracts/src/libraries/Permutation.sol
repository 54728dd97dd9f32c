// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title Permutation
/// @notice A pseudo-random order of `count` things, place by place: it draws samples and subsets without replacement.
/// @dev A Feistel network permutes the `4^width` values of `2·width` bits, the fewest that hold `count`, and is applied
/// until it lands below `count`. Less than four times on average, because more than a quarter of the values are.
library Permutation {
    /// @notice There is no such position.
    error PositionOutOfRange(uint256 position, uint256 count);

    uint256 private constant ROUNDS = 8;

    /// @notice What is at `position` of the order of `[0, count)` that `seed` makes.
    function element(bytes32 seed, uint256 count, uint256 position) internal pure returns (uint256 value) {
        if (position >= count) revert PositionOutOfRange(position, count);
        uint256 width = FixedPointMathLib.max((FixedPointMathLib.log2Up(count) + 1) / 2, 1);
        value = position;
        do {
            value = _feistel(seed, width, value);
        } while (value >= count);
    }

    /// @dev `(left, right)` becomes `(right, left ^ mix)` in every round, where `mix` is what the width leaves of
    /// keccak256(abi.encode(seed, round, right)).
    function _feistel(bytes32 seed, uint256 width, uint256 value) private pure returns (uint256 permuted) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let mask := sub(shl(width, 1), 1)
            let left := shr(width, value)
            let right := and(value, mask)
            mstore(free, seed)
            for { let round := 0 } lt(round, ROUNDS) { round := add(round, 1) } {
                mstore(add(free, 0x20), round)
                mstore(add(free, 0x40), right)
                let next := xor(left, and(keccak256(free, 0x60), mask))
                left := right
                right := next
            }
            permuted := or(shl(width, left), right)
        }
    }
}
