// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Leaves} from "../../src/libraries/Leaves.sol";
import {Test} from "../utils/Test.sol";

contract LeavesTest is Test {
    /// @dev What the client computes.
    function test_vectors() external view {
        string memory json = vm.readFile("contracts/test/fixtures/trees.json");
        bytes32 labelCommitment = Leaves.labelCommitment(12, 13);
        vm.assertEq(Leaves.document(5, 11), vm.parseJsonBytes32(json, ".leaves.document"));
        vm.assertEq(Leaves.example(5, 11, labelCommitment), vm.parseJsonBytes32(json, ".leaves.example"));
        vm.assertEq(Leaves.finding(5, 11, 12, 1), vm.parseJsonBytes32(json, ".leaves.finding"));
        vm.assertEq(Leaves.input(5, 11), vm.parseJsonBytes32(json, ".leaves.input"));
        vm.assertEq(Leaves.prediction(5, 11, 12, 13), vm.parseJsonBytes32(json, ".leaves.prediction"));
        vm.assertEq(Leaves.score(5, 11, 1), vm.parseJsonBytes32(json, ".leaves.score"));
        vm.assertEq(Leaves.sealedWord(5, 11), vm.parseJsonBytes32(json, ".leaves.sealed"));
    }

    /// @dev What they are, word by word.
    function testFuzz_contents(uint256 i, uint256 a, uint256 b, uint256 c) external pure {
        bytes32 three = keccak256(abi.encodePacked(a, b, c));
        bytes32 two = keccak256(abi.encodePacked(a, b));
        vm.assertEq(Leaves.labelCommitment(a, b), two);
        vm.assertEq(Leaves.input(i, a), _leaf("zkescrow.input", i, bytes32(a)));
        vm.assertEq(Leaves.prediction(i, a, b, c), _leaf("zkescrow.prediction", i, three));
        vm.assertEq(Leaves.example(i, a, bytes32(b)), _leaf("zkescrow.example", i, two));
        vm.assertEq(Leaves.score(i, a, b), _leaf("zkescrow.score", i, two));
        vm.assertEq(Leaves.document(i, a), _leaf("zkescrow.document", i, bytes32(a)));
        vm.assertEq(Leaves.finding(i, a, b, c), _leaf("zkescrow.finding", i, three));
        vm.assertEq(Leaves.sealedWord(i, a), _leaf("zkescrow.sealed", i, bytes32(a)));
    }

    /// @dev No two kinds share a leaf, even with the same content at the same index.
    function testFuzz_kinds_differ(uint256 i, uint256 a, uint256 b, uint256 c) external pure {
        bytes32[7] memory leaves = [
            Leaves.input(i, a),
            Leaves.document(i, a),
            Leaves.sealedWord(i, a),
            Leaves.example(i, a, bytes32(b)),
            Leaves.score(i, a, b),
            Leaves.prediction(i, a, b, c),
            Leaves.finding(i, a, b, c)
        ];
        for (uint256 k = 0; k < leaves.length; ++k) {
            for (uint256 l = 0; l < k; ++l) {
                vm.assertTrue(leaves[k] != leaves[l], "the same leaf");
            }
        }
    }

    function _leaf(string memory kind, uint256 i, bytes32 content) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256(bytes(kind)), i, content));
    }
}
