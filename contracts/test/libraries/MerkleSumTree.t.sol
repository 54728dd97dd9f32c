// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Leaves} from "../../src/libraries/Leaves.sol";
import {MerkleSumTree} from "../../src/libraries/MerkleSumTree.sol";
import {MerkleTree} from "../../src/libraries/MerkleTree.sol";
import {Test} from "../utils/Test.sol";

contract MerkleSumTreeTest is Test {
    /// @dev As in the vectors, whose keys are in this order.
    struct Opening {
        uint256 before;
        uint256 index;
        MerkleSumTree.Sibling[] path;
    }

    /// @dev The library takes paths from call data. Dirty memory is no reason to fail.
    function verify(
        MerkleSumTree.Tree calldata claim,
        uint256 index,
        bytes32 leaf,
        uint256 value,
        MerkleSumTree.Sibling[] calldata path
    ) external pure returns (bool valid, uint256 before) {
        _dirty();
        (valid, before) = MerkleSumTree.verify(claim, index, leaf, value, path);
        require(valid || before == 0, "a count without a proof");
    }

    function test_vectors() external view {
        string memory json = vm.readFile("contracts/test/fixtures/trees.json");
        for (uint256 v = 0; v < 10; ++v) {
            string memory tree = string.concat(".sumTrees[", vm.toString(v), "]");
            MerkleSumTree.Tree memory claim = MerkleSumTree.Tree({
                root: vm.parseJsonBytes32(json, string.concat(tree, ".root")),
                total: vm.parseJsonUint(json, string.concat(tree, ".total")),
                count: vm.parseJsonUint(json, string.concat(tree, ".count"))
            });
            Opening[] memory openings = abi.decode(vm.parseJson(json, string.concat(tree, ".openings")), (Opening[]));
            vm.assertLt(0, openings.length);
            for (uint256 k = 0; k < openings.length; ++k) {
                _isOpening(claim, openings[k]);
            }
        }
    }

    function _isOpening(MerkleSumTree.Tree memory claim, Opening memory opening) private view {
        uint256 i = opening.index;
        uint256 correct = i * i % 7 < 3 ? 1 : 0;
        (bool valid, uint256 before) = this.verify(claim, i, Leaves.score(i, i % 10, correct), correct, opening.path);
        vm.assertTrue(valid, "opening");
        vm.assertEq(before, opening.before);
        vm.assertFalse(_opens(claim, i, Leaves.score(i, i % 10, 1 - correct), 1 - correct, opening.path), "lie");
    }

    function testFuzz_leaves_open_with_what_is_before_them(uint256 count, uint256 values) external view {
        count = bound(count, 1, 40);
        (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree) = _tree(count, count, values);
        uint256 expected;
        for (uint256 index = 0; index < count; ++index) {
            MerkleSumTree.Sibling memory leaf = tree[0][index];
            (bool valid, uint256 before) = this.verify(claim, index, leaf.hash, leaf.sum, _path(tree, index));
            vm.assertTrue(valid, "honest");
            vm.assertEq(before, expected);
            expected += leaf.sum;
        }
        vm.assertEq(claim.total, expected);
    }

    function testFuzz_changes_are_refused(uint256 count, uint256 values, uint256 index, uint256 bit) external view {
        count = bound(count, 1, 40);
        index = bound(index, 0, count - 1);
        uint256 flip = 1 << (bit % 256);
        (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree) = _tree(count, count, values);
        (bytes32 leaf, uint256 value) = (tree[0][index].hash, tree[0][index].sum);
        MerkleSumTree.Sibling[] memory path = _path(tree, index);

        claim.root ^= bytes32(flip);
        vm.assertFalse(_opens(claim, index, leaf, value, path), "root");
        claim.root ^= bytes32(flip);
        claim.total ^= flip;
        vm.assertFalse(_opens(claim, index, leaf, value, path), "total");
        // A single leaf fixes its value itself.
        if (count > 1) vm.assertFalse(_opens(claim, index, leaf, 1 - value, path), "total and value");
        claim.total ^= flip;
        vm.assertFalse(_opens(claim, index, leaf ^ bytes32(flip), value, path), "leaf");
        vm.assertFalse(_opens(claim, index, leaf, value ^ flip, path), "value");
        for (uint256 other = 0; other < 64; ++other) {
            vm.assertTrue(_opens(claim, other, leaf, value, path) == (other == index), "index");
        }
        for (uint256 level = 0; level < path.length; ++level) {
            path[level].hash ^= bytes32(flip);
            vm.assertFalse(_opens(claim, index, leaf, value, path), "hash");
            path[level].hash ^= bytes32(flip);
            path[level].sum ^= flip;
            vm.assertFalse(_opens(claim, index, leaf, value, path), "sum");
            path[level].sum ^= flip;
        }
        vm.assertTrue(_opens(claim, index, leaf, value, path), "as it was");
    }

    function testFuzz_other_lengths_are_refused(uint256 count, uint256 index, uint256 length) external view {
        count = bound(count, 1, 40);
        index = bound(index, 0, count - 1);
        (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree) = _tree(count, count, length);
        MerkleSumTree.Sibling[] memory path = _path(tree, index);
        vm.assume((length %= 8) != path.length);
        MerkleSumTree.Sibling[] memory other = new MerkleSumTree.Sibling[](length);
        for (uint256 level = 0; level < length && level < path.length; ++level) {
            other[level] = path[level];
        }
        vm.assertFalse(_opens(claim, index, tree[0][index].hash, tree[0][index].sum, other), "length");
    }

    /// @dev A maker that puts a false sum anywhere, above hashes as they should be, cannot open all of the leaves: so
    /// each leaf that opens says the truth, or one that is asked for does not open.
    function testFuzz_false_sums_leave_a_leaf_closed(
        uint256 count,
        uint256 values,
        uint256 level,
        uint256 position,
        uint256 sum
    ) external view {
        count = bound(count, 2, 40);
        (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree) = _tree(count, count, values);
        level = bound(level, 0, tree.length - 1);
        position = bound(position, 0, tree[level].length - 1);
        // Small sums are the ones that could pass.
        if (values % 2 == 0) sum %= 1 << (level + 1);
        vm.assume(tree[level][position].sum != sum);
        tree[level][position].sum = sum;
        for (uint256 above = level + 1; above < tree.length; ++above) {
            _join(tree, above, position >>= 1);
        }
        claim.root = tree[tree.length - 1][0].hash;
        claim.total = tree[tree.length - 1][0].sum;
        bool all = true;
        for (uint256 index = 0; index < count; ++index) {
            // Leaves fix what they count for.
            uint256 value = (values >> index) & 1;
            all = all && _opens(claim, index, tree[0][index].hash, value, _path(tree, index));
        }
        vm.assertFalse(all, "all open");
    }

    /// @dev Five leaves that count for nothing, three in the padding that count: a total of 3 that nobody could open.
    function test_sums_in_the_padding_are_refused() external view {
        (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree) = _tree(8, 5, 0xe0);
        vm.assertEq(claim.total, 3);
        for (uint256 index = 0; index < 8; ++index) {
            MerkleSumTree.Sibling memory leaf = tree[0][index];
            vm.assertFalse(_opens(claim, index, leaf.hash, leaf.sum, _path(tree, index)), "over five");
            claim.count = 8;
            vm.assertTrue(_opens(claim, index, leaf.hash, leaf.sum, _path(tree, index)), "over eight");
            claim.count = 5;
        }
    }

    /// @dev A subtree that counts for 2^256 - 1 takes one away from the total, if sums overflow.
    function testFuzz_overflow_is_refused(uint256 level, uint256 sum) external view {
        (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree) = _tree(8, 8, 0xff);
        level = bound(level, 0, 2);
        uint256 position = 1;
        tree[level][position].sum = bound(sum, (1 << level) + 1, type(uint256).max);
        for (uint256 above = level + 1; above < 4; ++above) {
            _join(tree, above, position >>= 1);
        }
        claim.root = tree[3][0].hash;
        claim.total = tree[3][0].sum;
        vm.assertFalse(_opens(claim, 0, tree[0][0].hash, 1, _path(tree, 0)), "beside it");
        // The sum as a right leaf's false prefix.
        if (level == 0) vm.assertFalse(_opens(claim, 1, tree[0][1].hash, tree[0][1].sum, _path(tree, 1)), "itself");
    }

    function testFuzz_values_above_one_are_refused(uint256 value) external view {
        value = bound(value, 2, type(uint256).max);
        bytes32 leaf = keccak256("leaf");
        MerkleSumTree.Sibling[] memory path = new MerkleSumTree.Sibling[](0);
        vm.assertFalse(_opens(MerkleSumTree.Tree(leaf, value, 1), 0, leaf, value, path), "alone");
        path = new MerkleSumTree.Sibling[](1);
        bytes32 root = _node(leaf, value, 0, 0);
        vm.assertFalse(_opens(MerkleSumTree.Tree(root, value, 2), 0, leaf, value, path), "beside nothing");
    }

    function test_a_single_leaf_is_the_root() external view {
        MerkleSumTree.Sibling[] memory none = new MerkleSumTree.Sibling[](0);
        bytes32 leaf = Leaves.score(0, 3, 1);
        vm.assertTrue(_opens(MerkleSumTree.Tree(leaf, 1, 1), 0, leaf, 1, none), "honest");
        vm.assertFalse(_opens(MerkleSumTree.Tree(leaf, 1, 1), 0, leaf, 0, none), "value");
        vm.assertFalse(_opens(MerkleSumTree.Tree(leaf, 0, 1), 0, leaf, 1, none), "total");
        vm.assertFalse(_opens(MerkleSumTree.Tree(leaf, 1, 1), 1, leaf, 1, none), "index");
        vm.assertFalse(_opens(MerkleSumTree.Tree(leaf, 1, 0), 0, leaf, 1, none), "no leaves");
    }

    function test_nodes_are_not_leaves() external view {
        (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree) = _tree(4, 4, 2);
        MerkleSumTree.Sibling[] memory path = new MerkleSumTree.Sibling[](1);
        path[0] = tree[1][1];
        vm.assertFalse(_opens(claim, 0, tree[1][0].hash, tree[1][0].sum, path), "as a leaf of four");
        claim.count = 2;
        path[0].sum = tree[1][1].sum;
        vm.assertTrue(_opens(claim, 0, tree[1][0].hash, tree[1][0].sum, path), "the tree above is a tree of nodes");
        vm.assertTrue(
            MerkleTree.leaf(tree[0][0].hash, tree[0][0].sum, tree[0][1].hash) != tree[1][0].hash, "another length"
        );
        vm.assertTrue(keccak256(abi.encodePacked(uint8(1), tree[0][0].hash, tree[0][1].hash)) != tree[1][0].hash, "01");
    }

    function testFuzz_counts_beyond_the_most_are_refused(uint256 count) external view {
        MerkleSumTree.Sibling[] memory path = new MerkleSumTree.Sibling[](40);
        bytes32 root;
        for (uint256 level = 0; level < 40; ++level) {
            path[level].sum = 1 << level;
            root = _node(root, level == 0 ? 0 : (1 << level) - 1, 0, 1 << level);
        }
        MerkleSumTree.Tree memory claim = MerkleSumTree.Tree(root, (1 << 40) - 1, 1 << 40);
        vm.assertTrue(_opens(claim, 0, 0, 0, path), "the most");
        // One leaf more, and a path that leads to the root.
        MerkleSumTree.Sibling[] memory longer = new MerkleSumTree.Sibling[](41);
        for (uint256 level = 0; level < 40; ++level) {
            longer[level] = path[level];
        }
        MerkleSumTree.Tree memory more = MerkleSumTree.Tree(_node(root, claim.total, 0, 0), claim.total, (1 << 40) + 1);
        vm.assertFalse(_opens(more, 0, 0, 0, longer), "one more");
        claim.count = bound(count, (1 << 40) + 1, type(uint256).max);
        path = new MerkleSumTree.Sibling[](MerkleTree.depth(claim.count));
        vm.assertFalse(_opens(claim, 0, 0, 0, path), "more");
    }

    /// @dev Whatever is claimed, the answer is no, and no revert.
    function testFuzz_nonsense_is_refused(
        MerkleSumTree.Tree calldata claim,
        uint256 index,
        bytes32 leaf,
        uint256 value,
        MerkleSumTree.Sibling[] calldata path
    ) external view {
        vm.assertFalse(_opens(claim, index, leaf, value, path), "nonsense");
        MerkleSumTree.Tree memory fitting = MerkleSumTree.Tree(claim.root, claim.total, 1 << (path.length % 41));
        vm.assertFalse(_opens(fitting, index % fitting.count, leaf, value % 2, path), "nonsense that fits");
    }

    /// @dev Loosely, because coverage is measured without the optimizer.
    function test_gas() external view {
        MerkleSumTree.Sibling[] memory path = new MerkleSumTree.Sibling[](20);
        bytes32 node;
        for (uint256 level = 0; level < 20; ++level) {
            node = _node(node, 0, 0, 0);
        }
        vm.assertLt(this.gasOfVerify(MerkleSumTree.Tree(node, 0, 1 << 20), path), 25_000);
    }

    function gasOfVerify(MerkleSumTree.Tree calldata claim, MerkleSumTree.Sibling[] calldata path)
        external
        view
        returns (uint256 gas)
    {
        gas = gasleft();
        (bool valid,) = MerkleSumTree.verify(claim, 0, 0, 0, path);
        gas -= gasleft();
        require(valid, "invalid");
    }

    function _opens(
        MerkleSumTree.Tree memory claim,
        uint256 index,
        bytes32 leaf,
        uint256 value,
        MerkleSumTree.Sibling[] memory path
    ) private view returns (bool valid) {
        (valid,) = this.verify(claim, index, leaf, value, path);
    }

    /// @dev All levels of a tree over `present` leaves whose values are the bits of `values`, claimed to be over `count`.
    function _tree(uint256 present, uint256 count, uint256 values)
        private
        pure
        returns (MerkleSumTree.Tree memory claim, MerkleSumTree.Sibling[][] memory tree)
    {
        uint256 depth = MerkleTree.depth(present);
        tree = new MerkleSumTree.Sibling[][](depth + 1);
        tree[0] = new MerkleSumTree.Sibling[](1 << depth);
        for (uint256 i = 0; i < present; ++i) {
            uint256 value = (values >> i) & 1;
            tree[0][i] = MerkleSumTree.Sibling(Leaves.score(i, i, value), value);
        }
        for (uint256 level = 1; level <= depth; ++level) {
            tree[level] = new MerkleSumTree.Sibling[](1 << (depth - level));
            for (uint256 i = 0; i < tree[level].length; ++i) {
                _join(tree, level, i);
            }
        }
        claim = MerkleSumTree.Tree(tree[depth][0].hash, tree[depth][0].sum, count);
    }

    function _join(MerkleSumTree.Sibling[][] memory tree, uint256 level, uint256 i) private pure {
        MerkleSumTree.Sibling memory left = tree[level - 1][2 * i];
        MerkleSumTree.Sibling memory right = tree[level - 1][2 * i + 1];
        tree[level][i].hash = _node(left.hash, left.sum, right.hash, right.sum);
        unchecked {
            tree[level][i].sum = left.sum + right.sum;
        }
    }

    function _path(MerkleSumTree.Sibling[][] memory tree, uint256 index)
        private
        pure
        returns (MerkleSumTree.Sibling[] memory path)
    {
        path = new MerkleSumTree.Sibling[](tree.length - 1);
        for (uint256 level = 0; level < path.length; ++level) {
            MerkleSumTree.Sibling memory sibling = tree[level][(index >> level) ^ 1];
            path[level] = MerkleSumTree.Sibling(sibling.hash, sibling.sum);
        }
    }

    function _node(bytes32 leftHash, uint256 leftSum, bytes32 rightHash, uint256 rightSum)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(uint8(2), leftHash, leftSum, rightHash, rightSum));
    }

    function _dirty() private pure {
        assembly ("memory-safe") {
            let free := mload(0x40)
            for { let position := free } lt(position, add(free, 0x200)) { position := add(position, 0x20) } {
                mstore(position, not(0))
            }
        }
    }
}
