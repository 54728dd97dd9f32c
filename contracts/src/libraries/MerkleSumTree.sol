// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MerkleTree} from "./MerkleTree.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title MerkleSumTree
/// @notice Merkle trees that also count: a leaf counts for 0 or 1, a node for what is beneath it.
/// @dev As `MerkleTree`, but a node hashes both children with their sums (129 bytes), and an empty leaf counts for 0.
///
/// The maker of a tree can hash any sums. They help only if they pass here, and no subtree may count for more than the
/// leaves below `count` that it has. So sums cannot overflow, and a subtree of padding counts for nothing: when every
/// leaf can be opened, `total` is what the opened leaves count for, and the `before` of each is what the leaves left of
/// it count for. Without that bound a false total could hide in the padding, where nobody can ask for an opening.
library MerkleSumTree {
    using FixedPointMathLib for uint256;

    /// @notice A node beside a path.
    struct Sibling {
        bytes32 hash;
        uint256 sum;
    }

    /// @notice A tree: its root, over `count` leaves that count for `total`.
    struct Tree {
        bytes32 root;
        uint256 total;
        uint256 count;
    }

    /// @notice Whether `leaf_` is at `index` of the tree and counts for `value`; and what the leaves left of it count for.
    /// @dev A bad proof is answered by `(false, 0)`. The root of a single leaf is the leaf, which then has to fix its
    /// value itself, as the leaves of `Leaves` do.
    /// @param path The sibling on each level, from the leaf's to the root's child.
    function verify(Tree memory tree, uint256 index, bytes32 leaf_, uint256 value, Sibling[] calldata path)
        internal
        pure
        returns (bool valid, uint256 before)
    {
        uint256 count = tree.count;
        if (count > MerkleTree.MAX_COUNT || index >= count || path.length != MerkleTree.depth(count)) {
            return (false, 0);
        }
        if (value > 1 || !_bounded(count, index, path)) return (false, 0);
        (bytes32 node, uint256 sum, uint256 left) = _climb(index, leaf_, value, path);
        return node == tree.root && sum == tree.total ? (true, left) : (false, 0);
    }

    /// @dev Whether no sibling counts for more than the leaves below `count` that are beneath it.
    function _bounded(uint256 count, uint256 index, Sibling[] calldata path) private pure returns (bool) {
        unchecked {
            for (uint256 level = 0; level < path.length; ++level) {
                uint256 first = ((index >> level) ^ 1) << level;
                (, uint256 beside) = _at(path, level);
                if (beside > count.saturatingSub(first).min(1 << level)) return false;
            }
        }
        return true;
    }

    /// @dev The root that a leaf and its path make, whose sums are bounded: none exceeds `count`.
    function _climb(uint256 index, bytes32 leaf_, uint256 value, Sibling[] calldata path)
        private
        pure
        returns (bytes32 node, uint256 sum, uint256 before)
    {
        (node, sum) = (leaf_, value);
        unchecked {
            for (uint256 level = 0; level < path.length; ++level) {
                (bytes32 hash, uint256 beside) = _at(path, level);
                if ((index >> level) & 1 == 0) {
                    node = _node(node, sum, hash, beside);
                } else {
                    node = _node(hash, beside, node, sum);
                    before += beside;
                }
                sum += beside;
            }
        }
    }

    /// @dev keccak256(0x02 ‖ left ‖ right), where nothing is allocated.
    function _node(bytes32 leftHash, uint256 leftSum, bytes32 rightHash, uint256 rightSum)
        private
        pure
        returns (bytes32 node)
    {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 0x02)
            mstore(add(free, 0x01), leftHash)
            mstore(add(free, 0x21), leftSum)
            mstore(add(free, 0x41), rightHash)
            mstore(add(free, 0x61), rightSum)
            node := keccak256(free, 0x81)
        }
    }

    /// @dev A sibling of a level that the path has.
    function _at(Sibling[] calldata path, uint256 level) private pure returns (bytes32 hash, uint256 sum) {
        assembly ("memory-safe") {
            let sibling := add(path.offset, shl(6, level))
            hash := calldataload(sibling)
            sum := calldataload(add(sibling, 0x20))
        }
    }
}
