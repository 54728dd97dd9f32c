// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IInferenceVerifier
/// @notice Verifies that the weights registered under a model id turn a committed input into a committed output, for
/// one architecture. Immutable: everything that decides a verdict is fixed at construction.
/// @dev A proof has exactly four instances, each a reduced scalar of BN254:
/// `[inputCommitment, outputCommitment, label, context]`. Callers compare them, the context above all (see the library
/// `Context`), with what they expect. `false` is a verdict on the arguments; lack of gas always reverts.
interface IInferenceVerifier {
    /// @notice What is fixed at construction.
    /// @param generated The generated verifier of the circuit. Its calldata is the instances as words, then the proof;
    /// it returns iff the proof is valid.
    /// @param generatedCodeHash The hash of its runtime code.
    /// @param archDigest Digest of the architecture, part of every model id.
    /// @param proofLength Exact length of a proof in bytes.
    /// @param weightsOffset Where the weight commitments start in a proof; they follow each other, 64 bytes each.
    /// @param weightCommitments Number of weight commitments.
    /// @param evaluationsOffset Where the evaluations start in a proof; they follow each other, 32 bytes each.
    /// @param evaluations Number of evaluations.
    /// @param classes Number of labels.
    /// @param blindingBases Coordinates of the bases of the blinding rows, x then y, point by point.
    struct Config {
        address generated;
        bytes32 generatedCodeHash;
        bytes32 archDigest;
        uint256 proofLength;
        uint256 weightsOffset;
        uint256 weightCommitments;
        uint256 evaluationsOffset;
        uint256 evaluations;
        uint256 classes;
        uint256[] blindingBases;
    }

    /// @notice The generated verifier's code is not the expected one.
    error CodeHashMismatch(address generated, bytes32 actual, bytes32 expected);
    /// @notice The generated verifier has no code.
    error NoCode(address generated);
    /// @notice There is no weight commitment, or the commitments do not fit into the proof.
    error WeightsOutsideProof(uint256 weightsOffset, uint256 weightCommitments, uint256 proofLength);
    /// @notice There is no evaluation, or the evaluations do not fit into the proof.
    error EvaluationsOutsideProof(uint256 evaluationsOffset, uint256 evaluations, uint256 proofLength);
    /// @notice An architecture needs labels.
    error NoClasses();
    /// @notice The blinding bases are not one or more pairs of coordinates.
    error BadBlindingBases(uint256 words);
    /// @notice A blinding base is not on the curve.
    error BlindingBaseOffCurve(uint256 x, uint256 y);
    /// @notice The number of coordinates is not twice the number of weight commitments.
    error WrongPointWords(uint256 actual, uint256 expected);
    /// @notice The generated verifier cannot be given its gas; asked again with more, this contract will answer.
    error InsufficientGas(uint256 available, uint256 required);

    /// @notice Whether `proof` is valid for `instances`, whatever the weights it commits to.
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);

    /// @notice Whether `proof` is valid for `instances` with the weights registered by `provider` as `model`.
    /// @param model The model id.
    /// @param provider The owner that the model id names.
    /// @param points Coordinates of the registered weight commitments, x then y, point by point.
    /// @param proof The circuit's proof, with weight commitments of its own.
    /// @param linkProof Proof that both lists of commitments open to the same weights (see the library `WeightLink`).
    /// @param instances The proof's instances.
    function verify(
        bytes32 model,
        address provider,
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata linkProof,
        uint256[] calldata instances
    ) external view returns (bool);

    /// @notice The id of the model with these weight commitments, `keccak256(archDigest ‖ provider ‖ points)`.
    function modelId(address provider, uint256[] calldata points) external view returns (bytes32);

    /// @notice Gas that the generated verifier is called with, never more and never less.
    function VERIFIER_GAS() external view returns (uint256);

    /// @notice The generated verifier.
    function generated() external view returns (address);

    /// @notice The hash of the generated verifier's code, checked at every call.
    function generatedCodeHash() external view returns (bytes32);

    /// @notice Digest of the architecture.
    function archDigest() external view returns (bytes32);

    /// @notice Exact length of a proof in bytes.
    function proofLength() external view returns (uint256);

    /// @notice Where the weight commitments start in a proof.
    function weightsOffset() external view returns (uint256);

    /// @notice Number of weight commitments.
    function weightCommitments() external view returns (uint256);

    /// @notice Where the evaluations start in a proof.
    function evaluationsOffset() external view returns (uint256);

    /// @notice Number of evaluations.
    function evaluations() external view returns (uint256);

    /// @notice Number of labels.
    function classes() external view returns (uint256);

    /// @notice Coordinates of the blinding bases, 64 bytes each.
    function blindingBases() external view returns (bytes memory);
}
