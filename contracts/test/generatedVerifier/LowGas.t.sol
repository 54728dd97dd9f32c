// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ModelVerifier} from "../generated/ModelVerifier.sol";
import {Fixture, Narrow, Wide} from "../utils/Fixture.sol";

/// @dev With whatever gas, the answer is the verdict or there is none.
abstract contract LowGas is Fixture {
    function test_low_gas_never_refuses_an_honest_proof() external view {
        _sweep(address(model), callModel(), Verdict.Accepted);
    }

    function test_low_gas_never_refuses_an_honest_proof_in_the_shared_verifier() external view {
        _sweep(address(shared), callShared(key), Verdict.Accepted);
    }

    function test_low_gas_never_refuses_an_honest_claim() external {
        bytes memory input = callVerify();
        _sweep(address(inference), input, Verdict.Accepted);
        uint256 needed = _needs(address(inference), input);
        input = callVerifyFor();
        for (uint256 allowance = 20_000; allowance < needed + 100_000; allowance += 9_973) {
            vm.prank(asker);
            vm.assertTrue(ask(address(inference), input, allowance) != Verdict.Refused, "refused for lack of gas");
        }
    }

    function test_low_gas_never_accepts_a_bad_proof() external view {
        bytes memory input = callModel();
        flip(input, PROOF_AT + evaluationsStart + 31);
        _sweep(address(model), input, Verdict.Refused);
    }

    function test_low_gas_is_called_by_its_name() external view {
        bytes memory input = callModel();
        bytes4 reason;
        (bool success, bytes memory answer) = address(model).staticcall{gas: _needs(address(model), input) / 2}(input);
        assembly ("memory-safe") {
            reason := mload(add(answer, 0x20))
        }
        vm.assertTrue(!success && reason == ModelVerifier.NoVerdict.selector, "no verdict");
    }

    /// @dev Whoever sends a bad proof makes others pay little more than for a good one.
    function test_bad_proofs_cost_at_most_half_more() external view {
        bytes memory input = callModel();
        uint256 good = _costs(address(model), input);
        for (uint256 i = PROOF_AT; i < input.length; i += 32) {
            bytes1 kept = input[i + 31];
            flip(input, i + 31);
            vm.assertLe(2 * _costs(address(model), input), 3 * good);
            input[i + 31] = kept;
        }
    }

    function test_bad_claims_cost_at_most_half_more() external view {
        bytes memory input = callVerify();
        uint256 good = _costs(address(inference), input);
        for (uint256 i = 4; i + 32 <= input.length; i += 32) {
            bytes1 kept = input[i + 31];
            flip(input, i + 31);
            vm.assertLe(2 * _costs(address(inference), input), 3 * good);
            input[i + 31] = kept;
        }
    }

    function _sweep(address target, bytes memory input, Verdict expected) private view {
        uint256 needed = _needs(target, input);
        for (uint256 allowance = 5_000; allowance < needed + 50_000; allowance += 4_999) {
            Verdict verdict = ask(target, input, allowance);
            vm.assertTrue(verdict == expected || verdict == Verdict.Reverted, "another verdict for lack of gas");
        }
        // Around what is just enough, more closely.
        for (uint256 allowance = needed - 15_000; allowance < needed + 5_000; allowance += 101) {
            Verdict verdict = ask(target, input, allowance);
            vm.assertTrue(verdict == expected || verdict == Verdict.Reverted, "another verdict at the threshold");
        }
        vm.assertTrue(ask(target, input, needed + 5_000) == expected, "enough gas");
    }

    /// @dev The least gas that brings a verdict, within a hundred.
    function _needs(address target, bytes memory input) private view returns (uint256 high) {
        uint256 low = 0;
        high = 5_000_000;
        while (high - low > 100) {
            uint256 middle = (low + high) / 2;
            (low, high) = ask(target, input, middle) == Verdict.Reverted ? (middle, high) : (low, middle);
        }
    }

    function _costs(address target, bytes memory input) private view returns (uint256) {
        uint256 before = gasleft();
        ask(target, input);
        return before - gasleft();
    }
}

contract NarrowLowGasTest is LowGas, Narrow {}

contract WideLowGasTest is LowGas, Wide {}
