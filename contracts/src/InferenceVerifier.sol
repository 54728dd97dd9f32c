// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {WeightLink} from "./libraries/WeightLink.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title InferenceVerifier
contract InferenceVerifier is IInferenceVerifier {
    /// @inheritdoc IInferenceVerifier
    uint256 public constant VERIFIER_GAS = 3_000_000;

    /// @dev What must be left for the call, so that EIP-150 (all but one 64th) still lets `VERIFIER_GAS` through.
    uint256 private constant REQUIRED_GAS = VERIFIER_GAS * 64 / 63 + 10_000;
    uint256 private constant INSTANCES = 4;
    uint256 private constant LABEL = 2;

    /// @inheritdoc IInferenceVerifier
    address public immutable generated;
    /// @inheritdoc IInferenceVerifier
    bytes32 public immutable generatedCodeHash;
    /// @inheritdoc IInferenceVerifier
    bytes32 public immutable archDigest;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable proofLength;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable weightsOffset;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable weightCommitments;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable evaluationsOffset;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable evaluations;
    /// @inheritdoc IInferenceVerifier
    uint256 public immutable classes;

    /// @dev A contract that holds the blinding bases as its code.
    address private immutable _bases;

    constructor(Config memory config) {
        if (config.generated.code.length == 0) revert NoCode(config.generated);
        _requireCode(config.generated, config.generatedCodeHash);
        if (!_fits(config.proofLength, config.weightsOffset, config.weightCommitments, 64)) {
            revert WeightsOutsideProof(config.weightsOffset, config.weightCommitments, config.proofLength);
        }
        if (!_fits(config.proofLength, config.evaluationsOffset, config.evaluations, 32)) {
            revert EvaluationsOutsideProof(config.evaluationsOffset, config.evaluations, config.proofLength);
        }
        if (config.classes == 0) revert NoClasses();

        uint256[] memory bases = config.blindingBases;
        if (bases.length == 0 || bases.length % 2 != 0) revert BadBlindingBases(bases.length);
        for (uint256 i = 0; i < bases.length; i += 2) {
            if (!Bn254.isOnCurve(bases[i], bases[i + 1])) revert BlindingBaseOffCurve(bases[i], bases[i + 1]);
        }

        generated = config.generated;
        generatedCodeHash = config.generatedCodeHash;
        archDigest = config.archDigest;
        proofLength = config.proofLength;
        weightsOffset = config.weightsOffset;
        weightCommitments = config.weightCommitments;
        evaluationsOffset = config.evaluationsOffset;
        evaluations = config.evaluations;
        classes = config.classes;
        _bases = SSTORE2.write(abi.encodePacked(bases));
    }

    /// @inheritdoc IInferenceVerifier
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        return _wellFormed(proof, instances) && _accepts(proof, instances);
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
        // The link refuses any number of points but that of the proof's commitments.
        return model == _modelId(provider, points) && _wellFormed(proof, instances)
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

    function _modelId(address provider, uint256[] calldata points) private view returns (bytes32) {
        return keccak256(abi.encodePacked(archDigest, provider, points));
    }

    /// @dev Whether one or more items of `size` bytes, starting at `offset`, lie within a proof.
    function _fits(uint256 length, uint256 offset, uint256 items, uint256 size) private pure returns (bool) {
        return items != 0 && offset <= length && items <= (length - offset) / size;
    }

    /// @dev Exact lengths, and one encoding for each instance and evaluation: the generated verifier takes `x + R` for
    /// `x`.
    function _wellFormed(bytes calldata proof, uint256[] calldata instances) private view returns (bool) {
        if (proof.length != proofLength || instances.length != INSTANCES) return false;
        for (uint256 i = 0; i < INSTANCES; ++i) {
            if (instances[i] >= Bn254.R) return false;
        }
        uint256 end = evaluationsOffset + 32 * evaluations;
        for (uint256 position = evaluationsOffset; position < end; position += 32) {
            uint256 evaluation;
            // Within the proof: its length was compared, and the constructor compared the end with that length.
            assembly ("memory-safe") {
                evaluation := calldataload(add(proof.offset, position))
            }
            if (evaluation >= Bn254.R) return false;
        }
        return instances[LABEL] < classes;
    }

    function _linked(
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata linkProof,
        uint256[] calldata instances
    ) private view returns (bool) {
        bytes calldata fresh = proof[weightsOffset:weightsOffset + 64 * weightCommitments];
        uint256 xi = WeightLink.foldingChallenge(archDigest, points, fresh);
        bytes32 statement = WeightLink.statementOf(proof, instances);
        return WeightLink.verify(points, fresh, linkProof, blindingBases(), xi, statement);
    }

    /// @dev The generated verifier burns what it is given on a bad proof, so it is given a bounded amount; a proof is
    /// never judged with less. What it returns is not looked at, and not copied.
    function _accepts(bytes calldata proof, uint256[] calldata instances) private view returns (bool success) {
        // INVARIANT: the code that judges is the code of construction, even after a redeployment at its address.
        _requireCode(generated, generatedCodeHash);

        address target = generated;
        bytes memory input = abi.encodePacked(instances, proof);
        uint256 available = gasleft();
        // INVARIANT: too little gas is never a verdict.
        if (available < REQUIRED_GAS) revert InsufficientGas(available, REQUIRED_GAS);
        assembly ("memory-safe") {
            success := staticcall(VERIFIER_GAS, target, add(input, 0x20), mload(input), 0, 0)
        }
    }

    function _requireCode(address target, bytes32 expected) private view {
        bytes32 actual = target.codehash;
        if (actual != expected) revert CodeHashMismatch(target, actual, expected);
    }
}
