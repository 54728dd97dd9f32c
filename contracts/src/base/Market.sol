// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../interfaces/IInferenceVerifier.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Context} from "../libraries/Context.sol";

/// @title Market
abstract contract Market is IMarket {
    /// @inheritdoc IMarket
    IModelRegistry public immutable registry;

    constructor(IModelRegistry registry_) {
        registry = registry_;
    }

    /// @dev What a model is claimed to say.
    struct Claim {
        uint256 inputCommitment;
        uint256 outputCommitment;
        uint256 label;
    }

    /// @dev Reverts unless `evidence` shows that `model` says `claim`, for the answer that `purpose` names.
    /// INVARIANT I3: nothing but the claim, the evidence and the architecture's verifier decides. I10: without a verdict it reverts.
    function _requireProof(
        bytes32 model,
        IInferenceVerifier.Purpose memory purpose,
        Claim memory claim,
        Evidence calldata evidence
    ) internal view {
        (address provider, address verifier) = registry.judgeOf(model);
        bytes32 named = keccak256(abi.encode(verifier, evidence.weights));
        if (named != model) revert WrongModel(named, model);
        uint256[] memory instances = new uint256[](4);
        instances[0] = claim.inputCommitment;
        instances[1] = claim.outputCommitment;
        instances[2] = claim.label;
        instances[3] = Context.bind(address(this), purpose.caseId, purpose.index, purpose.payee);
        bool valid = IInferenceVerifier(verifier)
            .verifyFor(purpose, evidence.weights, provider, evidence.points, evidence.proof, evidence.link, instances);
        if (!valid) revert InvalidProof(purpose.caseId, purpose.index);
    }

    /// @dev How the architecture of a model packs its inputs.
    function _packing(bytes32 model) internal view returns (IInferenceVerifier.Packing memory) {
        (, address verifier) = registry.judgeOf(model);
        return IInferenceVerifier(verifier).inputPacking();
    }
}
