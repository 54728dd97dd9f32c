// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IRandomness
/// @notice Random values that nobody knows before their block, and that are the same for everybody after it.
interface IRandomness {
    /// @notice The value of a past block. Reverts when it cannot be known, or `proof` does not show it.
    function valueOf(uint256 blockNumber, bytes calldata proof) external view returns (uint256);

    /// @notice Whether somebody with the right proof could have the value of this block now.
    function available(uint256 blockNumber) external view returns (bool);
}
