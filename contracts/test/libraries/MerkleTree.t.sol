// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Leaves} from "../../src/libraries/Leaves.sol";
import {MerkleTree} from "../../src/libraries/MerkleTree.sol";
import {Test} from "../utils/Test.sol";

contract MerkleTreeTest is Test {
    /// @dev As in the vectors, whose keys are in this order.
    struct Chunk {
        uint256 first;
        bytes32[] path;
    }

    struct Opening {
        uint256 index;
        bytes32[] path;
    }

    struct Vector {
        Chunk[] chunks;
        uint256 count;
        Opening[] openings;
        bytes32 root;
    }

    uint256 private constant CHUNK = MerkleTree.CHUNK;
    uint256 private constant MAX_COUNT = MerkleTree.MAX_COUNT;

    /// @dev The library takes paths from call data.
    function verify(bytes32 root, uint256 count, uint256 index, bytes32 leaf, bytes32[] calldata path)
        external
        pure
        returns (bool)
    {
        return MerkleTree.verify(root, count, index, leaf, path);
    }

    /// @dev Memory is as it was, though what is free is dirty.
    function verifyChunk(bytes32 root, uint256 count, uint256 first, bytes32[] memory leaves, bytes32[] calldata path)
        external
        pure
        returns (bool valid)
    {
        bytes32 before = keccak256(abi.encode(leaves));
        uint256 free = _dirty();
        valid = MerkleTree.verifyChunk(root, count, first, leaves, path);
        require(_free() == free && keccak256(abi.encode(leaves)) == before, "memory");
    }

    function test_depth_and_chunks() external pure {
        uint256[2][10] memory depths = [
            [uint256(0), 0],
            [uint256(1), 0],
            [uint256(2), 1],
            [uint256(3), 2],
            [uint256(4), 2],
            [uint256(5), 3],
            [uint256(256), 8],
            [uint256(257), 9],
            [MAX_COUNT, 40],
            [type(uint256).max, 256]
        ];
        for (uint256 i = 0; i < depths.length; ++i) {
            vm.assertEq(MerkleTree.depth(depths[i][0]), depths[i][1]);
        }
        uint256[2][7] memory chunks = [
            [uint256(0), 0],
            [uint256(1), 1],
            [uint256(256), 1],
            [uint256(257), 2],
            [uint256(512), 2],
            [MAX_COUNT, 1 << 32],
            [type(uint256).max, 1 << 248]
        ];
        for (uint256 i = 0; i < chunks.length; ++i) {
            vm.assertEq(MerkleTree.chunks(chunks[i][0]), chunks[i][1]);
        }
    }

    function testFuzz_leaf_is_of_96_bytes(bytes32 kind, uint256 index, bytes32 content) external pure {
        vm.assertEq(MerkleTree.leaf(kind, index, content), keccak256(abi.encodePacked(kind, index, content)));
    }

    function test_vectors() external view {
        Vector[] memory vectors = _vectors();
        vm.assertEq(vectors.length, 10);
        for (uint256 v = 0; v < vectors.length; ++v) {
            (uint256 count, bytes32 root) = (vectors[v].count, vectors[v].root);
            for (uint256 i = 0; i < vectors[v].openings.length; ++i) {
                (uint256 index, bytes32[] memory path) = (vectors[v].openings[i].index, vectors[v].openings[i].path);
                vm.assertTrue(this.verify(root, count, index, Leaves.document(index, index), path), "opening");
                vm.assertFalse(this.verify(root, count, index, Leaves.document(index, index + 1), path), "content");
                vm.assertFalse(this.verify(root, count, index, Leaves.document(index + 1, index), path), "index");
            }
            for (uint256 i = 0; i < vectors[v].chunks.length; ++i) {
                (uint256 first, bytes32[] memory path) = (vectors[v].chunks[i].first, vectors[v].chunks[i].path);
                bytes32[] memory leaves = new bytes32[](_min(CHUNK, count - first));
                for (uint256 k = 0; k < leaves.length; ++k) {
                    leaves[k] = Leaves.document(first + k, first + k);
                }
                vm.assertTrue(this.verifyChunk(root, count, first, leaves, path), "chunk");
                leaves[leaves.length / 2] ^= bytes32(uint256(1));
                vm.assertFalse(this.verifyChunk(root, count, first, leaves, path), "changed chunk");
            }
        }
    }

    /// @dev Small trees completely: each path opens its leaf at its index, and nothing else opens anything.
    function test_paths_open_one_index_only() external view {
        for (uint256 count = 1; count <= 17; ++count) {
            bytes32[] memory leaves = _leaves(count);
            bytes32 root = _root(leaves);
            for (uint256 i = 0; i < count; ++i) {
                bytes32[] memory path = _path(leaves, i, 0);
                for (uint256 other = 0; other < 33; ++other) {
                    vm.assertTrue(this.verify(root, count, other, leaves[i], path) == (other == i), "another index");
                }
                for (uint256 other = 0; other < count; ++other) {
                    vm.assertTrue(this.verify(root, count, i, leaves[other], path) == (other == i), "another leaf");
                }
            }
        }
    }

    function testFuzz_verify_refuses_changes(uint256 count, uint256 index, uint256 bit) external view {
        count = bound(count, 1, 300);
        index = bound(index, 0, count - 1);
        bytes32 flip = bytes32(1 << (bit % 256));
        bytes32[] memory leaves = _leaves(count);
        (bytes32 root, bytes32[] memory path) = (_root(leaves), _path(leaves, index, 0));
        vm.assertTrue(this.verify(root, count, index, leaves[index], path), "honest");
        vm.assertFalse(this.verify(root ^ flip, count, index, leaves[index], path), "root");
        vm.assertFalse(this.verify(root, count, index, leaves[index] ^ flip, path), "leaf");
        for (uint256 level = 0; level < path.length; ++level) {
            path[level] ^= flip;
            vm.assertFalse(this.verify(root, count, index, leaves[index], path), "path");
            path[level] ^= flip;
            vm.assertFalse(this.verify(root, count, index ^ (1 << level), leaves[index], path), "index");
        }
    }

    function testFuzz_verify_refuses_other_lengths(uint256 count, uint256 index, uint256 length, bytes32 word)
        external
        view
    {
        count = bound(count, 1, 300);
        index = bound(index, 0, count - 1);
        bytes32[] memory leaves = _leaves(count);
        (bytes32 root, bytes32[] memory path) = (_root(leaves), _path(leaves, index, 0));
        vm.assume((length %= 12) != path.length);
        bytes32[] memory other = new bytes32[](length);
        for (uint256 level = 0; level < length; ++level) {
            other[level] = level < path.length ? path[level] : word;
        }
        vm.assertFalse(this.verify(root, count, index, leaves[index], other), "length");
    }

    /// @dev The count fixes the depth: another depth is refused, whatever the path.
    function test_verify_refuses_nodes_as_leaves_and_leaves_as_nodes() external view {
        bytes32[] memory leaves = _leaves(8);
        bytes32 root = _root(leaves);
        // An inner node, opened as a leaf of the smaller tree that lies above it.
        bytes32 node = _node(leaves[2], leaves[3]);
        bytes32[] memory path = _path(leaves, 2, 1);
        vm.assertTrue(this.verify(root, 4, 1, node, path), "the tree above is a tree of nodes");
        vm.assertFalse(this.verify(root, 8, 1, node, path), "but not over eight leaves");
        // Both children of a leaf, if its hash could be that of a node.
        bytes32[] memory longer = new bytes32[](4);
        longer[0] = leaves[3];
        for (uint256 level = 0; level < 3; ++level) {
            longer[level + 1] = _path(leaves, 2, 0)[level];
        }
        vm.assertFalse(this.verify(root, 8, 4, leaves[2], longer), "below a leaf");
        vm.assertFalse(this.verify(root, 16, 4, leaves[2], longer), "below a leaf");
    }

    /// @dev Nodes hash 65 bytes, leaves 96: a content that holds two nodes does not hash to their parent.
    function testFuzz_leaves_are_not_nodes(bytes32 left, bytes32 right, uint256 index) external pure {
        bytes32 parent = _node(left, right);
        vm.assertTrue(MerkleTree.leaf(left, uint256(right), bytes32(index)) != parent, "first words");
        vm.assertTrue(MerkleTree.leaf(bytes32(uint256(1)), uint256(left), right) != parent, "with the prefix");
    }

    function test_verify_refuses_padding() external view {
        for (uint256 count = 1; count <= 16; ++count) {
            bytes32[] memory leaves = _leaves(count);
            bytes32 root = _root(leaves);
            for (uint256 index = count; index < 1 << MerkleTree.depth(count); ++index) {
                bytes32[] memory path = _path(leaves, index, 0);
                vm.assertFalse(this.verify(root, count, index, 0, path), "padding");
                vm.assertTrue(this.verify(root, index + 1, index, 0, path), "which is there");
            }
        }
    }

    function test_nothing_is_in_an_empty_tree() external view {
        bytes32[] memory none = new bytes32[](0);
        vm.assertFalse(this.verify(0, 0, 0, 0, none), "leaf");
        vm.assertFalse(this.verifyChunk(0, 0, 0, none, none), "chunk");
        vm.assertFalse(this.verifyChunk(0, 0, 0, new bytes32[](1), none), "chunk of one");
    }

    function testFuzz_counts_beyond_the_most_are_refused(uint256 count, uint256 index) external view {
        bytes32[] memory path = new bytes32[](40);
        bytes32 root;
        for (uint256 level = 0; level < 40; ++level) {
            root = _node(root, 0);
        }
        vm.assertTrue(this.verify(root, MAX_COUNT, 0, 0, path), "the most");
        bytes32[] memory upper = new bytes32[](32);
        root = 0;
        for (uint256 level = 0; level < 40; ++level) {
            root = _node(root, level < 8 ? root : bytes32(0));
        }
        vm.assertTrue(this.verifyChunk(root, MAX_COUNT, 0, new bytes32[](CHUNK), upper), "the most, by chunk");
        // One leaf more, and paths that lead to the root.
        root = _node(root, 0);
        vm.assertFalse(this.verifyChunk(root, MAX_COUNT + 1, 0, new bytes32[](CHUNK), new bytes32[](33)), "one more");
        root = 0;
        for (uint256 level = 0; level < 41; ++level) {
            root = _node(root, 0);
        }
        vm.assertFalse(this.verify(root, MAX_COUNT + 1, 0, 0, new bytes32[](41)), "one more");
        count = bound(count, MAX_COUNT + 1, type(uint256).max);
        index = bound(index, 0, count - 1);
        vm.assertFalse(this.verify(root, count, index, 0, new bytes32[](MerkleTree.depth(count))), "more");
        upper = new bytes32[](MerkleTree.depth(count) - 8);
        vm.assertFalse(this.verifyChunk(root, count, 0, new bytes32[](CHUNK), upper), "more, by chunk");
    }

    function testFuzz_verifyChunk(uint256 count, uint256 chunk, uint256 seed) external view {
        count = bound(count, 1, 1000);
        uint256 size = 1 << _min(MerkleTree.depth(count), 8);
        uint256 first = bound(chunk, 0, MerkleTree.chunks(count) - 1) * size;
        bytes32[] memory all = _leaves(count);
        (bytes32 root, bytes32[] memory path) = (_root(all), _path(all, first, _min(MerkleTree.depth(count), 8)));
        bytes32[] memory leaves = _slice(all, first, _min(size, count - first));
        vm.assertTrue(this.verifyChunk(root, count, first, leaves, path), "honest");
        vm.assertFalse(this.verifyChunk(root, count, first + bound(seed, 1, size), leaves, path), "first");
        vm.assertFalse(this.verifyChunk(root, count, first + (bound(seed, 1, 9) << 40), leaves, path), "far first");
        vm.assertFalse(this.verifyChunk(root, count, first, new bytes32[](0), path), "none");

        bytes32 flip = bytes32(1 << (seed % 256));
        leaves[seed % leaves.length] ^= flip;
        vm.assertFalse(this.verifyChunk(root, count, first, leaves, path), "leaf");
        leaves[seed % leaves.length] ^= flip;
        if (path.length != 0) {
            path[seed % path.length] ^= flip;
            vm.assertFalse(this.verifyChunk(root, count, first, leaves, path), "path");
            path[seed % path.length] ^= flip;
            vm.assertFalse(this.verifyChunk(root, count, first, leaves, _slice(path, 0, path.length - 1)), "shorter");
        }
        bytes32[] memory longer = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
        }
        vm.assertFalse(this.verifyChunk(root, count, first, leaves, longer), "longer");
        // One leaf less, and the padding as a leaf.
        vm.assertFalse(this.verifyChunk(root, count, first, _slice(leaves, 0, leaves.length - 1), path), "less");
        longer = new bytes32[](leaves.length + 1);
        for (uint256 i = 0; i < leaves.length; ++i) {
            longer[i] = leaves[i];
        }
        vm.assertFalse(this.verifyChunk(root, count, first, longer, path), "more");
    }

    /// @dev Loosely, because coverage is measured without the optimizer.
    function test_gas() external view {
        Vector[] memory vectors = _vectors();
        Vector memory largest = vectors[vectors.length - 1];
        bytes32[] memory leaves = new bytes32[](CHUNK);
        for (uint256 k = 0; k < CHUNK; ++k) {
            leaves[k] = Leaves.document(k, k);
        }
        vm.assertLt(this.gasOfVerify(largest.root, largest.count, 0, leaves[0], largest.openings[0].path), 10_000);
        vm.assertLt(this.gasOfChunk(largest.root, largest.count, 0, leaves, largest.chunks[0].path), 100_000);
    }

    function gasOfVerify(bytes32 root, uint256 count, uint256 index, bytes32 leaf, bytes32[] calldata path)
        external
        view
        returns (uint256 gas)
    {
        gas = gasleft();
        bool valid = MerkleTree.verify(root, count, index, leaf, path);
        gas -= gasleft();
        require(valid, "invalid");
    }

    function gasOfChunk(bytes32 root, uint256 count, uint256 first, bytes32[] memory leaves, bytes32[] calldata path)
        external
        view
        returns (uint256 gas)
    {
        gas = gasleft();
        bool valid = MerkleTree.verifyChunk(root, count, first, leaves, path);
        gas -= gasleft();
        require(valid, "invalid");
    }

    function _vectors() private view returns (Vector[] memory) {
        return abi.decode(vm.parseJson(vm.readFile("contracts/test/fixtures/trees.json"), ".trees"), (Vector[]));
    }

    function _leaves(uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = MerkleTree.leaf("test", i, bytes32(i * i));
        }
    }

    function _root(bytes32[] memory leaves) private pure returns (bytes32) {
        uint256 depth = MerkleTree.depth(leaves.length);
        return _level(leaves, depth)[0];
    }

    /// @dev By the definition: pad, then hash level by level.
    function _level(bytes32[] memory leaves, uint256 level) private pure returns (bytes32[] memory nodes) {
        nodes = new bytes32[](1 << MerkleTree.depth(leaves.length));
        for (uint256 i = 0; i < leaves.length; ++i) {
            nodes[i] = leaves[i];
        }
        for (; level != 0; --level) {
            bytes32[] memory above = new bytes32[](nodes.length / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                above[i] = _node(nodes[2 * i], nodes[2 * i + 1]);
            }
            nodes = above;
        }
    }

    /// @dev From the node above `index` on `level` to the root.
    function _path(bytes32[] memory leaves, uint256 index, uint256 level) private pure returns (bytes32[] memory path) {
        bytes32[] memory nodes = _level(leaves, level);
        path = new bytes32[](MerkleTree.depth(leaves.length) - level);
        index >>= level;
        for (uint256 i = 0; i < path.length; ++i) {
            path[i] = nodes[index ^ 1];
            for (uint256 k = 0; k < nodes.length / 2; ++k) {
                nodes[k] = _node(nodes[2 * k], nodes[2 * k + 1]);
            }
            index >>= 1;
        }
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), left, right));
    }

    function _slice(bytes32[] memory words, uint256 first, uint256 length)
        private
        pure
        returns (bytes32[] memory slice)
    {
        slice = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            slice[i] = words[first + i];
        }
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _dirty() private pure returns (uint256 free) {
        assembly ("memory-safe") {
            free := mload(0x40)
            for { let position := free } lt(position, add(free, 0x3000)) { position := add(position, 0x20) } {
                mstore(position, not(0))
            }
        }
    }

    function _free() private pure returns (uint256 free) {
        assembly ("memory-safe") {
            free := mload(0x40)
        }
    }
}
