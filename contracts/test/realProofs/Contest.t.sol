// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RealRound} from "./RealRound.sol";

/// @notice Contests that are settled by the generated verifier, and proofs that are good elsewhere.
abstract contract ContestTest is RealRound {
    function test_a_real_proof_answers_a_contest() external {
        contested();
        respond();
        escrow.settle(terms);
        vm.assertTrue(escrow.roundOf(escrow.idOf(terms)).state == IPredictionEscrow.State.Served);
        uint256 earned = uint256(terms.count) * terms.price + 2 * uint256(terms.proofCost);
        uint256 lock = uint256(terms.beta) * terms.count * terms.proofCost;
        vm.assertEq(escrow.credits(address(0), terms.provider), lock + earned);
    }

    /// @dev The provider committed to another label, and has only the proof of the true one.
    function test_a_false_label_has_no_proof() external {
        labels[index] = (labels[index] + 1) % 10;
        contested();
        _refused();
    }

    function test_a_false_output_has_no_proof() external {
        outputs[index] ^= 1;
        contested();
        _refused();
    }

    function test_another_input_has_no_proof() external {
        inputs[index] ^= 1;
        contested();
        _refused();
    }

    function test_a_proof_does_not_count_in_another_round() external {
        terms.salt += 1;
        contested();
        _refused();
    }

    function test_a_proof_does_not_count_for_another_index() external {
        (inputs[index], inputs[index + 1]) = (inputs[index + 1], inputs[index]);
        (outputs[index], outputs[index + 1]) = (outputs[index + 1], outputs[index]);
        (labels[index], labels[index + 1]) = (labels[index + 1], labels[index]);
        index += 1;
        contested();
        _refused();
    }

    function test_a_proof_does_not_count_in_another_contract() external {
        _deploy(address(0));
        registry.registerArchitecture(verifier);
        vm.prank(terms.provider);
        registry.register(verifier, evidence.points);
        vm.deal(address(this), STAKE);
        registry.addStake{value: STAKE}(terms.model, STAKE);
        contested();
        _refused();
    }

    function test_a_proof_does_not_count_on_another_chain() external {
        contested();
        vm.chainId(1);
        _refused();
    }

    function test_a_damaged_proof_or_link_does_not_count() external {
        contested();
        evidence.proof[evidence.proof.length - 1] ^= 0x01;
        _refused();
        evidence.proof[evidence.proof.length - 1] ^= 0x01;
        evidence.link[evidence.link.length - 1] ^= 0x01;
        _refused();
        evidence.link[evidence.link.length - 1] ^= 0x01;
        respond();
    }

    /// @dev INVARIANT I10: whatever gas the answer gets, the round is as before, or the answer counts.
    function test_lack_of_gas_decides_nothing() external {
        contested();
        bytes memory data = answer();
        uint256 caseId = escrow.idOf(terms);
        for (uint256 gas = 20_000; gas < 700_000; gas += 20_000) {
            (bool success,) = address(escrow).call{gas: gas}(data);
            vm.assertEq(escrow.roundOf(caseId).outstanding, success ? 0 : 1, "a verdict for lack of gas");
            if (success) return;
        }
        respond();
    }

    function _refused() private {
        vm.expectRevert(abi.encodeWithSelector(IMarket.InvalidProof.selector, escrow.idOf(terms), index));
        this.respond();
    }
}

contract TinyContestTest is ContestTest {
    function name() internal pure override returns (string memory) {
        return "round-tiny";
    }
}

/// @notice The paper's smallest MobileNet v2.
contract MobileNetContestTest is ContestTest {
    function name() internal pure override returns (string memory) {
        return "round-mobilenet";
    }
}
