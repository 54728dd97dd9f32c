// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Halo2Verifier} from "../generated/Halo2Verifier.sol";
import {ModelVerifier} from "../generated/ModelVerifier.sol";
import {Narrow} from "../utils/Fixture.sol";

/// @dev Lengths and encodings. A wrong length or number is a verdict; the same arguments encoded differently revert.
contract EncodingTest is Narrow {
    function test_refuses_other_lengths_of_the_proof() external view {
        bytes memory longer = bytes.concat(proof, proof);
        uint256 honest = proof.length;
        for (
            uint256 length = 0; length < 2 * honest; length += length + 130 < honest || length > honest + 130 ? 61 : 1) {
            assembly ("memory-safe") {
                mstore(longer, length)
            }
            if (length == honest) continue;
            bytes memory input = abi.encodeCall(ModelVerifier.verifyProof, (longer, instances));
            refused(address(model), input, "length", length);
            input = abi.encodeCall(Halo2Verifier.verifyProof, (key, longer, instances));
            refused(address(shared), input, "length, shared", length);
        }
    }

    function test_refuses_other_numbers_of_instances() external view {
        for (uint256 count = 0; count < 20; ++count) {
            if (count == instances.length) continue;
            uint256[] memory some = new uint256[](count);
            for (uint256 i = 0; i < count; ++i) {
                some[i] = instances[i % instances.length];
            }
            refused(address(model), abi.encodeCall(ModelVerifier.verifyProof, (proof, some)), "instances", count);
        }
    }

    /// @dev A word moved from the proof to the instances, or the other way: the same bytes in the same places.
    function test_refuses_a_moved_border() external view {
        uint256[] memory more = new uint256[](instances.length + 1);
        bytes memory less = proof;
        more[0] = get(less, less.length - 32);
        for (uint256 i = 0; i < instances.length; ++i) {
            more[i + 1] = instances[i];
        }
        assembly ("memory-safe") {
            mstore(less, sub(mload(less), 0x20))
        }
        vm.assertFalse(model.verifyProof(less, more), "moved");
    }

    function test_reverts_on_unusual_offsets() external view {
        bytes memory tail = abi.encodePacked(proof.length, proof, instances.length, instances);
        bytes memory swapped = abi.encodePacked(instances.length, instances, proof.length, proof);
        uint256 one = 32 + proof.length;
        uint256 other = 32 + 32 * instances.length;
        _nonCanonical(0x60, 0x60 + one, bytes.concat(bytes32(0), tail), "a gap before both");
        _nonCanonical(0x40, 0x60 + one, _gap(), "a gap between");
        _nonCanonical(0x40 + other, 0x40, swapped, "instances first");
        _nonCanonical(0x40, 0x40 + one, bytes.concat(tail, hex"00"), "a byte after");
        _nonCanonical(0x40, 0x40 + one, bytes.concat(tail, bytes32(0)), "a word after");
        _nonCanonical(0x40, 0x40, tail, "one place for both");
        _nonCanonical(0x20, 0x40 + one, tail, "the proof begins in the offsets");
        _nonCanonical(0, 0x40 + one, tail, "the proof begins at the start");
    }

    /// @dev The instances' length and words are read from within the proof.
    function test_reverts_on_overlap() external view {
        bytes memory tail = abi.encodePacked(proof.length, proof, instances.length, instances);
        for (uint256 offset = 0x40; offset < 0x40 + 32 + proof.length; offset += 32) {
            bytes memory input = abi.encodePacked(ModelVerifier.verifyProof.selector, uint256(0x40), offset, tail);
            vm.assertTrue(ask(address(model), input) == Verdict.Reverted, "overlap");
        }
    }

    function test_reverts_on_offsets_outside() external view {
        bytes memory input = callModel();
        uint256[5] memory offsets = [input.length, type(uint64).max, 1 << 64, type(uint256).max, type(uint256).max - 31];
        for (uint256 argument = 0; argument < 2; ++argument) {
            uint256 kept = get(input, 4 + 32 * argument);
            for (uint256 i = 0; i < offsets.length; ++i) {
                put(input, 4 + 32 * argument, offsets[i]);
                vm.assertTrue(ask(address(model), input) == Verdict.Reverted, "outside");
            }
            put(input, 4 + 32 * argument, kept);
        }
    }

    function test_reverts_on_huge_lengths() external view {
        bytes memory input = callModel();
        uint256[2] memory positions = [PROOF_AT - 32, PROOF_AT + proof.length];
        uint256[4] memory lengths = [uint256(type(uint64).max), 1 << 64, type(uint256).max, type(uint256).max - 31];
        for (uint256 which = 0; which < positions.length; ++which) {
            uint256 kept = get(input, positions[which]);
            for (uint256 i = 0; i < lengths.length; ++i) {
                put(input, positions[which], lengths[i]);
                vm.assertTrue(ask(address(model), input) == Verdict.Reverted, "length");
            }
            put(input, positions[which], kept);
        }
    }

    function test_reverts_on_truncated_calldata() external view {
        bytes memory input = callModel();
        for (uint256 length = input.length; length > 0; length -= length > 100 ? 37 : 1) {
            assembly ("memory-safe") {
                mstore(input, sub(length, 1))
            }
            vm.assertTrue(ask(address(model), input) == Verdict.Reverted, "truncated");
        }
    }

    /// @dev An address of more than 160 bits is no address.
    function test_reverts_on_dirty_key_address() external view {
        bytes memory input = callShared(key);
        put(input, 4, uint256(uint160(key)) | 1 << 160);
        vm.assertTrue(ask(address(shared), input) == Verdict.Reverted, "dirty address");
    }

    /// @dev The key cannot be chosen through the wrapper: it has one function that judges, without an address.
    function test_reverts_on_other_functions() external view {
        vm.assertTrue(ask(address(model), callShared(key)) == Verdict.Reverted, "the shared verifier's function");
        vm.assertTrue(ask(address(shared), callModel()) == Verdict.Reverted, "the wrapper's function");
    }

    function test_takes_no_money() external {
        (bool taken,) = address(model).call{value: 1}(callModel());
        vm.assertFalse(taken, "money");
    }

    function _gap() private view returns (bytes memory) {
        return abi.encodePacked(proof.length, proof, bytes32(0), instances.length, instances);
    }

    function _nonCanonical(uint256 proofOffset, uint256 instancesOffset, bytes memory tail, string memory what)
        private
        view
    {
        bytes4 selector = ModelVerifier.verifyProof.selector;
        bytes memory input = abi.encodePacked(selector, proofOffset, instancesOffset, tail);
        _nonCanonical(address(model), input, what);
        selector = Halo2Verifier.verifyProof.selector;
        input = abi.encodePacked(selector, abi.encode(key, proofOffset + 32, instancesOffset + 32), tail);
        _nonCanonical(address(shared), input, what);
    }

    /// @dev By name; or with nothing, where the decoder refuses it first.
    function _nonCanonical(address target, bytes memory input, string memory what) private view {
        (bool success, bytes memory answer) = target.staticcall(input);
        vm.assertFalse(success, what);
        vm.assertTrue(
            answer.length == 0
                || keccak256(answer) == keccak256(abi.encodePacked(ModelVerifier.NonCanonicalCalldata.selector)),
            what
        );
    }
}
