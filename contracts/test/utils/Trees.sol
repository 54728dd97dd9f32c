// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MerkleSumTree} from "../../src/libraries/MerkleSumTree.sol";

/// @notice Makes small trees, one level after the other, without the code that checks them.
library Trees {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory level = _padded(leaves);
        while (level.length > 1) {
            level = _up(level);
        }
        return level[0];
    }

    function path(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory siblings) {
        bytes32[] memory level = _padded(leaves);
        siblings = new bytes32[](_log(level.length));
        for (uint256 i = 0; i < siblings.length; ++i) {
            siblings[i] = level[(index >> i) ^ 1];
            level = _up(level);
        }
    }

    /// @notice Path of the node of `height` levels above the leaves that is over leaf `index`.
    function pathFrom(bytes32[] memory leaves, uint256 index, uint256 height)
        internal
        pure
        returns (bytes32[] memory siblings)
    {
        bytes32[] memory whole = path(leaves, index);
        if (whole.length <= height) return siblings;
        siblings = new bytes32[](whole.length - height);
        for (uint256 i = 0; i < siblings.length; ++i) {
            siblings[i] = whole[height + i];
        }
    }

    function sumRoot(bytes32[] memory leaves, uint256[] memory values)
        internal
        pure
        returns (bytes32 hash, uint256 total)
    {
        MerkleSumTree.Sibling[] memory level = _sums(leaves, values);
        while (level.length > 1) {
            level = _sumUp(level);
        }
        return (level[0].hash, level[0].sum);
    }

    function sumPath(bytes32[] memory leaves, uint256[] memory values, uint256 index)
        internal
        pure
        returns (MerkleSumTree.Sibling[] memory siblings)
    {
        MerkleSumTree.Sibling[] memory level = _sums(leaves, values);
        siblings = new MerkleSumTree.Sibling[](_log(level.length));
        for (uint256 i = 0; i < siblings.length; ++i) {
            siblings[i] = level[(index >> i) ^ 1];
            level = _sumUp(level);
        }
    }

    function _padded(bytes32[] memory leaves) private pure returns (bytes32[] memory level) {
        uint256 size = 1;
        while (size < leaves.length) {
            size *= 2;
        }
        level = new bytes32[](size);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i] = leaves[i];
        }
    }

    function _up(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[](level.length / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]));
        }
    }

    function _sums(bytes32[] memory leaves, uint256[] memory values)
        private
        pure
        returns (MerkleSumTree.Sibling[] memory level)
    {
        bytes32[] memory padded = _padded(leaves);
        level = new MerkleSumTree.Sibling[](padded.length);
        for (uint256 i = 0; i < padded.length; ++i) {
            level[i].hash = padded[i];
            if (i < values.length) level[i].sum = values[i];
        }
    }

    function _sumUp(MerkleSumTree.Sibling[] memory level) private pure returns (MerkleSumTree.Sibling[] memory next) {
        next = new MerkleSumTree.Sibling[](level.length / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            MerkleSumTree.Sibling memory left = level[2 * i];
            MerkleSumTree.Sibling memory right = level[2 * i + 1];
            next[i].hash = keccak256(abi.encodePacked(uint8(2), left.hash, left.sum, right.hash, right.sum));
            next[i].sum = left.sum + right.sum;
        }
    }

    function _log(uint256 size) private pure returns (uint256 levels) {
        while (size > 1) {
            size /= 2;
            ++levels;
        }
    }
}
