// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../../src/libraries/Bn254.sol";
import {Poseidon} from "../../src/libraries/Poseidon.sol";
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
    ROUNDS_SIZE
} from "../../src/libraries/PoseidonConstants.sol";
import {Test} from "../utils/Test.sol";

contract PoseidonTest is Test {
    /// @dev What a hash may cost when the constants are loaded.
    uint256 private constant HASH_GAS = 35_000;

    bytes private _constants = Poseidon.load();

    function test_hash2_is_circomlibs() external pure {
        // circomlibjs: poseidon([1, 2])
        uint256 known = 0x115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a;
        vm.assertEq(Poseidon.hash2(1, 2), known);
    }

    /// @dev Hashes that the circuit's code made, of edges and of arbitrary inputs.
    function test_hash2_is_the_circuits() external view {
        string memory json = vm.readFile("contracts/test/fixtures/poseidon.json");
        uint256[] memory inputs = vm.parseJsonUintArray(json, ".inputs");
        uint256[] memory hashes = vm.parseJsonUintArray(json, ".hashes");
        bytes memory constants = Poseidon.load();
        vm.assertTrue(hashes.length > 60 && inputs.length == 2 * hashes.length, "vectors");
        for (uint256 i = 0; i < hashes.length; ++i) {
            vm.assertEq(Poseidon.hash2(constants, inputs[2 * i], inputs[2 * i + 1]), hashes[i]);
            vm.assertEq(Poseidon.hash2(inputs[2 * i], inputs[2 * i + 1]), hashes[i]);
        }
        vm.assertEq(keccak256(constants), keccak256(_constants));
    }

    /// @dev The library adds without reducing; the textbook does not.
    function testFuzz_hash2_is_the_textbooks(uint256 a, uint256 b) external view {
        (a, b) = (a % Bn254.R, b % Bn254.R);
        uint256 hash = Poseidon.hash2(a, b);
        vm.assertEq(hash, _textbook(a, b));
        vm.assertLt(hash, Bn254.R);
    }

    function test_hash2_is_cheap() external view {
        bytes memory constants = Poseidon.load();
        uint256 before = gasleft();
        uint256 hash = Poseidon.hash2(constants, 1, 2);
        vm.assertLt(before - gasleft(), HASH_GAS);
        vm.assertTrue(hash != 0, "hashed");
    }

    /// @dev Memory in front of the constants and behind them is left alone, and so are they.
    function testFuzz_hash2_changes_no_memory(uint256 a, uint256 b) external view {
        bytes memory before = new bytes(96);
        bytes memory constants = Poseidon.load();
        bytes memory behind = new bytes(96);
        Poseidon.hash2(constants, a % Bn254.R, b % Bn254.R);
        vm.assertEq(before, new bytes(96));
        vm.assertEq(behind, new bytes(96));
        vm.assertEq(keccak256(constants), keccak256(_constants));
    }

    function _textbook(uint256 a, uint256 b) private view returns (uint256) {
        uint256[3][3] memory matrix = [[M00, M01, M02], [M10, M11, M12], [M20, M21, M22]];
        uint256[3] memory state = [0, a, b];
        bytes memory constants = _constants;
        for (uint256 offset = 0; offset < ROUNDS_SIZE; offset += 96) {
            bool full = offset < PARTIAL_START || offset >= PARTIAL_END;
            for (uint256 i = 0; i < 3; ++i) {
                uint256 constant_;
                assembly ("memory-safe") {
                    constant_ := mload(add(add(constants, 0x20), add(offset, mul(i, 0x20))))
                }
                uint256 x = addmod(state[i], constant_, Bn254.R);
                state[i] = full || i == 0 ? _fifth(x) : x;
            }
            uint256[3] memory next;
            for (uint256 i = 0; i < 3; ++i) {
                for (uint256 j = 0; j < 3; ++j) {
                    next[i] = addmod(next[i], mulmod(matrix[i][j], state[j], Bn254.R), Bn254.R);
                }
            }
            state = next;
        }
        return state[0];
    }

    function _fifth(uint256 x) private pure returns (uint256) {
        uint256 square = mulmod(x, x, Bn254.R);
        return mulmod(mulmod(square, square, Bn254.R), x, Bn254.R);
    }
}
