// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Fixture, Narrow, Wide} from "../utils/Fixture.sol";

/// @dev Whatever byte of an honest proof or of its instances is another one, the generated verifier refuses it: with a
/// verdict, not by reverting.
abstract contract Mutations is Fixture {
    function test_the_honest_proof_is_accepted() external view {
        vm.assertTrue(ask(address(model), callModel()) == Verdict.Accepted, "wrapper");
        vm.assertTrue(ask(address(shared), callShared(key)) == Verdict.Accepted, "shared verifier");
        vm.assertTrue(model.verifyProof(proof, instances), "typed");
    }

    function test_refuses_flipped_bytes_of_points_before_the_evaluations() external view {
        _flipProof(0, evaluationsStart);
    }

    function test_refuses_flipped_bytes_of_evaluations_first_half() external view {
        _flipProof(evaluationsStart, (evaluationsStart + evaluationsEnd) / 2);
    }

    function test_refuses_flipped_bytes_of_evaluations_second_half() external view {
        _flipProof((evaluationsStart + evaluationsEnd) / 2, evaluationsEnd);
    }

    function test_refuses_flipped_bytes_of_the_last_opening_points() external view {
        _flipProof(evaluationsEnd, proof.length);
    }

    function test_refuses_flipped_bytes_of_instances() external view {
        bytes memory input = callModel();
        for (uint256 i = input.length - 32 * instances.length; i < input.length; ++i) {
            bytes1 kept = input[i];
            flip(input, i);
            refused(address(model), input, "byte", i);
            input[i] = kept;
        }
    }

    function test_refuses_exchanged_instances() external view {
        bytes memory input = callModel();
        uint256 start = input.length - 32 * instances.length;
        for (uint256 i = start; i < input.length - 32; i += 32) {
            (uint256 one, uint256 other) = (get(input, i), get(input, i + 32));
            put(input, i, other);
            put(input, i + 32, one);
            refused(address(model), input, "instance", i);
            put(input, i, one);
            put(input, i + 32, other);
        }
    }

    function test_refuses_exchanged_words() external view {
        bytes memory input = callModel();
        for (uint256 i = PROOF_AT; i < PROOF_AT + proof.length - 32; i += 32) {
            (uint256 one, uint256 other) = (get(input, i), get(input, i + 32));
            if (one == other) continue;
            put(input, i, other);
            put(input, i + 32, one);
            refused(address(model), input, "words", i);
            put(input, i, one);
            put(input, i + 32, other);
        }
    }

    function test_refuses_words_that_are_zero() external view {
        bytes memory input = callModel();
        for (uint256 i = PROOF_AT; i < PROOF_AT + proof.length; i += 32) {
            uint256 kept = get(input, i);
            if (kept == 0) continue;
            put(input, i, 0);
            refused(address(model), input, "word", i);
            put(input, i, kept);
        }
    }

    function _flipProof(uint256 from, uint256 to) private view {
        bytes memory input = callModel();
        for (uint256 i = PROOF_AT + from; i < PROOF_AT + to; ++i) {
            bytes1 kept = input[i];
            flip(input, i);
            refused(address(model), input, "byte", i - PROOF_AT);
            input[i] = kept;
        }
        vm.assertTrue(ask(address(model), input) == Verdict.Accepted, "unchanged");
    }
}

contract NarrowMutationsTest is Mutations, Narrow {}

contract WideMutationsTest is Mutations, Wide {}
