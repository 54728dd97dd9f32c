// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title MerkleTree
/// @notice Binary Merkle trees over a known number of leaves.
/// @dev Leaves that are missing up to the next power of two are the empty hash, `bytes32(0)`. A leaf hashes 96 bytes, a
/// node 65: neither passes for the other. An index is within the count and a path as long as the tree is deep, so
/// nothing but the `count` leaves can be opened. Bad proofs are answered by `false`.
library MerkleTree {
    using FixedPointMathLib for uint256;

    /// @notice Most leaves of a tree.
    uint256 internal constant MAX_COUNT = 1 << 40;
    /// @notice Leaves that `verifyChunk` opens together.
    uint256 internal constant CHUNK = 1 << CHUNK_HEIGHT;

    uint256 private constant CHUNK_HEIGHT = 8;

    /// @notice The leaf of a kind with some content at `index`.
    function leaf(bytes32 kind, uint256 index, bytes32 content) internal pure returns (bytes32) {
        return keccak256(abi.encode(kind, index, content));
    }

    /// @notice Levels above `count` leaves.
    function depth(uint256 count) internal pure returns (uint256) {
        return count.log2Up();
    }

    /// @notice Number of chunks that `count` leaves make.
    function chunks(uint256 count) internal pure returns (uint256) {
        return count.divUp(CHUNK);
    }

    /// @notice Whether `leaf_` is at `index` of the tree with `root` over `count` leaves.
    /// @param path The sibling on each level, from the leaf's to the root's child.
    function verify(bytes32 root, uint256 count, uint256 index, bytes32 leaf_, bytes32[] calldata path)
        internal
        pure
        returns (bool)
    {
        if (count > MAX_COUNT || index >= count || path.length != depth(count)) return false;
        return _climb(leaf_, index, path) == root;
    }

    /// @notice Whether `leaves` are all those of the chunk that begins at `first` of the tree with `root` over `count`
    /// leaves.
    /// @dev A chunk is an aligned subtree of `CHUNK` leaves, or the whole tree where that is less.
    /// @param path The sibling on each level, from the chunk's to the root's child.
    function verifyChunk(bytes32 root, uint256 count, uint256 first, bytes32[] memory leaves, bytes32[] calldata path)
        internal
        pure
        returns (bool)
    {
        if (count > MAX_COUNT || first >= count) return false;
        uint256 levels = depth(count);
        uint256 height = levels.min(CHUNK_HEIGHT);
        uint256 size = 1 << height;
        unchecked {
            if (first % size != 0 || leaves.length != size.min(count - first)) return false;
            if (path.length != levels - height) return false;
        }
        return _climb(_subtree(leaves, size), first >> height, path) == root;
    }

    /// @dev The root that a node and its path make.
    function _climb(bytes32 node, uint256 index, bytes32[] calldata path) private pure returns (bytes32 root) {
        root = node;
        assembly ("memory-safe") {
            // 0x01 ‖ left ‖ right, where nothing is allocated
            let free := mload(0x40)
            mstore8(free, 0x01)
            let left := add(free, 0x01)
            let end := add(path.offset, shl(5, path.length))
            for { let sibling := path.offset } lt(sibling, end) { sibling := add(sibling, 0x20) } {
                let side := shl(5, and(index, 1))
                mstore(add(left, side), root)
                mstore(add(left, xor(side, 0x20)), calldataload(sibling))
                root := keccak256(free, 0x41)
                index := shr(1, index)
            }
        }
    }

    /// @dev The root of `leaves`, padded to `size`, a power of two.
    function _subtree(bytes32[] memory leaves, uint256 size) private pure returns (bytes32 root) {
        assembly ("memory-safe") {
            // A level lies in memory behind a word for the first prefix; the next level overwrites it from the left.
            let level := add(mload(0x40), 0x20)
            let length := shl(5, mload(leaves))
            mcopy(level, add(leaves, 0x20), length)
            // Beyond the call data there are zeros.
            calldatacopy(add(level, length), calldatasize(), sub(shl(5, size), length))
            for {} gt(size, 1) {} {
                size := shr(1, size)
                let node := level
                let end := add(level, shl(5, size))
                for { let pair := level } lt(node, end) { node := add(node, 0x20) } {
                    // The prefix goes where the pair before was, which is hashed already, and right of what it became.
                    mstore8(sub(pair, 1), 0x01)
                    mstore(node, keccak256(sub(pair, 1), 0x41))
                    pair := add(pair, 0x40)
                }
            }
            root := mload(level)
        }
    }
}
