// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Fixture, Narrow, Wide} from "../utils/Fixture.sol";

/// @dev Real proofs before the whole chain of contracts: model, link, proof, purpose.
abstract contract Claims is Fixture {
    function test_the_honest_claim_is_accepted() external {
        vm.assertTrue(inference.verifyProof(proof, instances), "proof");
        vm.assertTrue(inference.verify(modelId, provider, points, proof, link, instances), "verify");
        vm.assertEq(inference.modelId(provider, points), modelId);
        vm.prank(asker);
        vm.assertTrue(
            inference.verifyFor(purpose, modelId, provider, points, proof, link, instances), "static call of verifyFor"
        );
    }

    /// @dev No answer of another contract, case, index, payee or chain is paid with this proof.
    function test_a_proof_is_for_one_purpose() external {
        IInferenceVerifier.Purpose memory other = purpose;
        _refusesFor(address(this), other, "another contract");
        other.caseId += 1;
        _refusesFor(asker, other, "another case");
        (other.caseId, other.index) = (other.index, purpose.caseId);
        _refusesFor(asker, other, "case and index exchanged");
        other = purpose;
        other.index += 1;
        _refusesFor(asker, other, "another index");
        other = purpose;
        other.payee = address(this);
        _refusesFor(asker, other, "another payee");
        vm.chainId(1);
        _refusesFor(asker, purpose, "another chain");
    }

    /// @dev Who changes the context for a purpose of his own has no proof any more.
    function test_the_context_cannot_be_changed() external {
        instances[3] ^= 1;
        vm.assertFalse(inference.verifyProof(proof, instances), "context");
    }

    function test_refuses_flipped_bytes_of_the_claim() external view {
        bytes memory input = callVerify();
        // Model and provider; then the points of the model, then the link: 31 of 32 offsets and lengths revert.
        for (uint256 i = 4; i < input.length; i += i < 68 ? 1 : 7) {
            bytes1 kept = input[i];
            flip(input, i);
            notAccepted(address(inference), input, "byte", i);
            input[i] = kept;
        }
    }

    function test_refuses_flipped_bytes_of_the_link() external view {
        bytes memory changed = link;
        for (uint256 i = 0; i < changed.length; ++i) {
            bytes1 kept = changed[i];
            flip(changed, i);
            bytes memory input =
                abi.encodeCall(IInferenceVerifier.verify, (modelId, provider, points, proof, changed, instances));
            refused(address(inference), input, "byte", i);
            changed[i] = kept;
        }
    }

    function test_refuses_proofs_that_are_shorter_than_the_weights() external view {
        for (uint256 length = 0; length < 64 * inference.weightCommitments() + 64; length += 16) {
            bytes memory shorter = proof;
            assembly ("memory-safe") {
                mstore(shorter, length)
            }
            vm.assertFalse(inference.verify(modelId, provider, points, shorter, link, instances), "length");
        }
    }

    /// @dev Another model's points with an id made for them: the id is right, the link is not.
    function test_refuses_the_weights_of_another_model() external view {
        uint256[] memory others = points;
        (others[0], others[1]) = (1, 2);
        bytes32 id = inference.modelId(provider, others);
        vm.assertFalse(inference.verify(id, provider, others, proof, link, instances), "weights");
    }

    /// @dev The proof's own commitments registered as a model: the link of another model does not serve it.
    function test_refuses_the_fresh_commitments_as_a_model() external view {
        uint256[] memory fresh = new uint256[](points.length);
        for (uint256 i = 0; i < fresh.length; ++i) {
            fresh[i] = get(proof, 32 * i);
        }
        bytes32 id = inference.modelId(provider, fresh);
        vm.assertFalse(inference.verify(id, provider, fresh, proof, link, instances), "fresh");
    }

    function test_refuses_aliased_instances() external view {
        for (uint256 i = 0; i < 4; ++i) {
            uint256[] memory aliased = instances;
            aliased[i] += Bn254.R;
            vm.assertFalse(inference.verifyProof(proof, aliased), "proof");
            vm.assertFalse(inference.verify(modelId, provider, points, proof, link, aliased), "claim");
        }
    }

    function test_refuses_every_other_label() external view {
        uint256[] memory other = instances;
        for (uint256 label = 0; label <= inference.classes(); ++label) {
            if (label == instances[2]) continue;
            other[2] = label;
            vm.assertFalse(inference.verifyProof(proof, other), "label");
        }
    }

    function _refusesFor(address sender, IInferenceVerifier.Purpose memory other, string memory what) private {
        vm.prank(sender);
        vm.assertFalse(inference.verifyFor(other, modelId, provider, points, proof, link, instances), what);
    }
}

contract NarrowClaimsTest is Claims, Narrow {}

contract WideClaimsTest is Claims, Wide {}
