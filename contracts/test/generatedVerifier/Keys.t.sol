// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../../src/libraries/Bn254.sol";
import {ModelVerifier} from "../generated/ModelVerifier.sol";
import {Fixture, Narrow, Wide} from "../utils/Fixture.sol";

/// @dev Frozen Heart and its kin: nobody but the constructor chooses key and verifier, and no word of a key can be
/// another one.
abstract contract Keys is Fixture {
    address private constant CHANGED = address(0xCE4);

    /// @dev Every word decides: of a changed key, no proof of the true one is valid.
    function test_a_key_with_another_word_accepts_nothing() external {
        bytes memory input = callShared(CHANGED);
        bytes memory code = key.code;
        vm.etch(CHANGED, code);
        vm.assertTrue(ask(address(shared), input) == Verdict.Accepted, "the same key");
        for (uint256 i = 1; i < code.length; i += 32) {
            uint256 kept = get(code, i);
            uint256[4] memory changes = [kept ^ 1, kept ^ (1 << 255), kept ^ (2 ** (i % 253)), 0];
            for (uint256 j = 0; j < changes.length; ++j) {
                if (changes[j] == kept) continue;
                put(code, i, changes[j]);
                vm.etch(CHANGED, code);
                notAccepted(address(shared), input, "word", i / 32);
            }
            put(code, i, kept);
        }
    }

    /// @dev A commitment of the key cannot be another point, either.
    function test_a_key_with_another_point_accepts_nothing() external {
        bytes memory input = callShared(CHANGED);
        bytes memory code = key.code;
        uint256 found = 0;
        for (uint256 i = 1; i + 64 <= code.length; i += 32) {
            (uint256 x, uint256 y) = (get(code, i), get(code, i + 32));
            if (!Bn254.isOnCurve(x, y)) continue;
            ++found;
            put(code, i + 32, Bn254.P - y);
            vm.etch(CHANGED, code);
            notAccepted(address(shared), input, "opposite point", i / 32);
            put(code, i, 0);
            put(code, i + 32, 0);
            vm.etch(CHANGED, code);
            notAccepted(address(shared), input, "infinity", i / 32);
            put(code, i, x);
            put(code, i + 32, y);
        }
        vm.assertLt(5, found);
    }

    /// @dev The shared verifier trusts its key: one whose points are all infinity makes the pairing true. Nobody gets to
    /// ask it with such a key, because the wrapper knows its own.
    function test_a_shortened_key_judges_nothing() external {
        bytes memory input = callModel();
        bytes32 hash = key.codehash;
        bytes memory code = key.code;
        for (uint256 length = 0; length < code.length; length += 97) {
            bytes memory shorter = bytes.concat(code);
            assembly ("memory-safe") {
                mstore(shorter, length)
            }
            vm.etch(key, shorter);
            _reverts(input, _mismatch(key, keccak256(shorter), hash));
        }
    }

    function test_keys_are_never_run() external view {
        vm.assertEq(uint256(uint8(key.code[0])), 0);
        (bool success, bytes memory answer) = key.staticcall(hex"01020304");
        vm.assertTrue(success && answer.length == 0, "a key answered");
    }

    function test_the_wrapper_keeps_what_it_was_made_for() external view {
        vm.assertEq(model.verifier(), address(shared));
        vm.assertEq(model.verifierCodeHash(), address(shared).codehash);
        vm.assertEq(model.key(), key);
        vm.assertEq(model.keyCodeHash(), key.codehash);
    }

    function test_a_wrapper_is_only_made_for_the_named_code() external {
        bytes32 other = keccak256("other code");
        vm.expectRevert(_mismatch(address(shared), address(shared).codehash, other));
        new ModelVerifier(address(shared), other, key, key.codehash);
        vm.expectRevert(_mismatch(key, key.codehash, other));
        new ModelVerifier(address(shared), address(shared).codehash, key, other);
        vm.expectRevert(_mismatch(address(1), address(1).codehash, other));
        new ModelVerifier(address(1), other, key, key.codehash);
    }

    /// @dev What is emptied and filled anew cannot judge.
    function test_replaced_code_reverts() external {
        bytes memory input = callModel();
        bytes memory code = address(shared).code;
        bytes32 hash = address(shared).codehash;
        vm.etch(address(shared), hex"600160005260206000f3");
        _reverts(input, _mismatch(address(shared), address(shared).codehash, hash));
        vm.etch(address(shared), "");
        vm.assertTrue(ask(address(model), input) == Verdict.Reverted, "no verifier");
        vm.etch(address(shared), code);
        (code, hash) = (key.code, key.codehash);
        vm.etch(key, bytes.concat(code, hex"00"));
        _reverts(input, _mismatch(key, key.codehash, hash));
        vm.etch(key, "");
        vm.assertTrue(ask(address(model), input) == Verdict.Reverted, "no key");
        vm.etch(key, code);
        vm.assertTrue(ask(address(model), input) == Verdict.Accepted, "all as it was");
    }

    function _reverts(bytes memory input, bytes memory reason) private view {
        (bool success, bytes memory answer) = address(model).staticcall(input);
        vm.assertFalse(success, "replaced code judged");
        vm.assertEq(answer, reason);
    }

    function _mismatch(address target, bytes32 actual, bytes32 expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ModelVerifier.CodeHashMismatch.selector, target, actual, expected);
    }
}

contract NarrowKeysTest is Keys, Narrow {
    /// @dev A real key, of other columns.
    function test_the_key_of_another_circuit_accepts_nothing() external {
        string memory json = vm.readFile("contracts/test/fixtures/wide.json");
        address other = create(vm.parseJsonBytes(json, ".contracts.verifyingKey"));
        notAccepted(address(shared), callShared(other), "another key", 0);
        ModelVerifier wrapper = new ModelVerifier(address(shared), address(shared).codehash, other, other.codehash);
        notAccepted(address(wrapper), callModel(), "another key, wrapped", 0);
    }
}

contract WideKeysTest is Keys, Wide {}
