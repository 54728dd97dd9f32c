// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Permutation} from "../../src/libraries/Permutation.sol";
import {Test} from "../utils/Test.sol";

contract PermutationTest is Test {
    /// @dev As in the vectors, whose keys are in this order.
    struct Vector {
        uint256 count;
        uint256[] positions;
        bytes32 seed;
        uint256[] values;
    }

    function draw(bytes32 seed, uint256 count, uint256 position) external pure returns (uint256) {
        return Permutation.element(seed, count, position);
    }

    function testFuzz_at_reverts_beyond_the_count(bytes32 seed, uint256 count, uint256 position) external {
        position = bound(position, count, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Permutation.PositionOutOfRange.selector, position, count));
        this.draw(seed, count, position);
    }

    function test_vectors() external view {
        Vector[] memory vectors =
            abi.decode(vm.parseJson(vm.readFile("contracts/test/fixtures/trees.json"), ".permutations"), (Vector[]));
        vm.assertEq(vectors.length, 13);
        for (uint256 v = 0; v < vectors.length; ++v) {
            for (uint256 i = 0; i < vectors[v].positions.length; ++i) {
                uint256 value = Permutation.element(vectors[v].seed, vectors[v].count, vectors[v].positions[i]);
                vm.assertEq(value, vectors[v].values[i]);
            }
        }
    }

    /// @dev Every small count, and so every share of the domain.
    function test_each_thing_has_one_place() external pure {
        for (uint256 count = 1; count <= 70; ++count) {
            _isPermutation(keccak256(abi.encode(count)), count);
        }
    }

    function testFuzz_each_thing_has_one_place(bytes32 seed, uint256 count) external pure {
        _isPermutation(seed, bound(count, 1, 300));
    }

    /// @dev Where trying all is too much: no two of some places hold the same.
    function testFuzz_places_of_large_counts_differ(bytes32 seed, uint256 count, uint256 a, uint256 b) external pure {
        count = bound(count, 2, type(uint256).max);
        a = bound(a, 0, count - 1);
        b = bound(b, 0, count - 1);
        uint256 value = Permutation.element(seed, count, a);
        vm.assertLt(value, count);
        vm.assertTrue((value == Permutation.element(seed, count, b)) == (a == b), "the same thing");
    }

    function testFuzz_seeds_make_different_orders(bytes32 seed, uint256 bit) external pure {
        bytes32 other = seed ^ bytes32(1 << (bit % 256));
        uint256 same;
        for (uint256 i = 0; i < 32; ++i) {
            if (Permutation.element(seed, 1 << 40, i) == Permutation.element(other, 1 << 40, i)) ++same;
        }
        vm.assertLt(same, 2);
    }

    /// @dev A count just above a power of four walks the longest; almost no walk takes long.
    function testFuzz_gas(bytes32 seed, uint256 position) external view {
        uint256 count = (1 << 38) + 1;
        uint256 gas = gasleft();
        Permutation.element(seed, count, position % count);
        vm.assertLt(gas - gasleft(), 100_000);
        gas = gasleft();
        Permutation.element(seed, 1 << 40, position % (1 << 40));
        vm.assertLt(gas - gasleft(), 5_000);
    }

    function _isPermutation(bytes32 seed, uint256 count) private pure {
        bool[] memory seen = new bool[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 value = Permutation.element(seed, count, i);
            vm.assertFalse(seen[value], "twice");
            seen[value] = true;
        }
    }
}
