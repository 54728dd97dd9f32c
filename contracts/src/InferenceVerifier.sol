// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {IProofVerifier} from "./interfaces/IProofVerifier.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Context} from "./libraries/Context.sol";
import {WeightLink} from "./libraries/WeightLink.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title InferenceVerifier
contract InferenceVerifier is IInferenceVerifier {
    uint256 private constant INSTANCES = 4;
    uint256 private constant LABEL = 2;
    uint256 private constant CONTEXT = 3;
    uint256 private constant POINT_BYTES = 64;
    uint8 private constant PACK = 31;

    /// @inheritdoc IInferenceVerifier
    address public immutable proofVerifier;
    /// @inheritdoc IInferenceVerifier
    bytes32 public immutable proofVerifierCodeHash;
    /// @inheritdoc IInferenceVerifier
    bytes32 public immutable archDigest;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable weightCommitments;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable classes;

    /// @dev A contract that holds the blinding bases as its code.
    address private immutable _bases;

    uint256 private immutable _domain;
    uint32 private immutable _elements;
    uint32 private immutable _shortElements;
    uint8 private immutable _shortBytes;

    constructor(Config memory config) {
        if (config.proofVerifier.code.length == 0) revert NoCode(config.proofVerifier);
        _requireCode(config.proofVerifier, config.proofVerifierCodeHash);
        if (config.weightCommitments == 0) revert NoWeightCommitments();
        if (config.classes == 0) revert NoClasses();

        uint256[] memory bases = config.blindingBases;
        if (bases.length == 0 || bases.length % 2 != 0) revert BadBlindingBases(bases.length);
        for (uint256 i = 0; i < bases.length; i += 2) {
            if (!Bn254.isOnCurve(bases[i], bases[i + 1])) revert BlindingBaseOffCurve(bases[i], bases[i + 1]);
        }

        Packing memory packing = config.packing;
        if (packing.domain >= Bn254.R) revert DomainNotReduced(packing.domain);
        if (packing.elements == 0) revert NoElements();
        if (packing.shortElements > packing.elements) {
            revert TooManyShortElements(packing.shortElements, packing.elements);
        }
        if (packing.shortBytes == 0 || packing.shortBytes > PACK) revert BadShortBytes(packing.shortBytes);

        proofVerifier = config.proofVerifier;
        proofVerifierCodeHash = config.proofVerifierCodeHash;
        archDigest = config.archDigest;
        weightCommitments = config.weightCommitments;
        classes = config.classes;
        _bases = SSTORE2.write(abi.encodePacked(bases));
        _domain = packing.domain;
        _elements = packing.elements;
        _shortElements = packing.shortElements;
        _shortBytes = packing.shortBytes;
    }

    /// @inheritdoc IInferenceVerifier
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        return _wellFormed(instances) && _accepts(proof, instances);
    }

    /// @inheritdoc IInferenceVerifier
    function verify(
        bytes32 model,
        address provider,
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata linkProof,
        uint256[] calldata instances
    ) external view returns (bool) {
        return _wellFormed(instances) && model == _modelId(provider, points)
            && _linked(points, proof, linkProof, instances) && _accepts(proof, instances);
    }

    /// @inheritdoc IInferenceVerifier
    function verifyFor(
        Purpose calldata purpose,
        bytes32 model,
        address provider,
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata linkProof,
        uint256[] calldata instances
    ) external view returns (bool) {
        return _wellFormed(instances) && _isFor(purpose, instances) && model == _modelId(provider, points)
            && _linked(points, proof, linkProof, instances) && _accepts(proof, instances);
    }

    /// @inheritdoc IInferenceVerifier
    function modelId(address provider, uint256[] calldata points) external view returns (bytes32) {
        if (points.length != 2 * weightCommitments) revert WrongPointWords(points.length, 2 * weightCommitments);
        return _modelId(provider, points);
    }

    /// @inheritdoc IInferenceVerifier
    function blindingBases() public view returns (bytes memory) {
        return SSTORE2.read(_bases);
    }

    /// @inheritdoc IInferenceVerifier
    function inputPacking() external view returns (Packing memory) {
        return Packing({domain: _domain, elements: _elements, shortElements: _shortElements, shortBytes: _shortBytes});
    }

    function _modelId(address provider, uint256[] calldata points) private view returns (bytes32) {
        return keccak256(abi.encodePacked(archDigest, provider, points));
    }

    /// @dev The label exists. That instances are reduced is for the proof verifier to check.
    function _wellFormed(uint256[] calldata instances) private view returns (bool) {
        return instances.length == INSTANCES && instances[LABEL] < classes;
    }

    /// @dev INVARIANT: a proof counts for one caller, case, index, payee and chain.
    function _isFor(Purpose calldata purpose, uint256[] calldata instances) private view returns (bool) {
        return instances[CONTEXT] == Context.bind(msg.sender, purpose.caseId, purpose.index, purpose.payee);
    }

    /// @dev The link refuses any number of points but that of the proof's commitments.
    function _linked(
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata linkProof,
        uint256[] calldata instances
    ) private view returns (bool) {
        uint256 size = POINT_BYTES * weightCommitments;
        if (proof.length < size) return false;
        bytes calldata fresh = proof[:size];
        uint256 xi = WeightLink.foldingChallenge(archDigest, points, fresh);
        bytes32 statement = WeightLink.statementOf(proof, instances);
        return WeightLink.verify(points, fresh, linkProof, blindingBases(), xi, statement);
    }

    /// @dev A verifier that comes to no verdict reverts, and so does this call.
    function _accepts(bytes calldata proof, uint256[] calldata instances) private view returns (bool) {
        // INVARIANT: the code that judges is the code of construction, even after a redeployment at its address.
        _requireCode(proofVerifier, proofVerifierCodeHash);
        return IProofVerifier(proofVerifier).verifyProof(proof, instances);
    }

    function _requireCode(address target, bytes32 expected) private view {
        bytes32 actual = target.codehash;
        if (actual != expected) revert CodeHashMismatch(target, actual, expected);
    }
}
