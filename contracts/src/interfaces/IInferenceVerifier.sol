// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IInferenceVerifier
/// @notice Verifies that the weights registered under a model id turn a committed input into a committed output, for
/// one architecture. Immutable: everything that decides a verdict is fixed at construction.
/// @dev A proof has exactly four instances, each a reduced scalar of BN254:
/// `[inputCommitment, outputCommitment, label, context]`. Callers compare commitments and label with what they expect;
/// the context is compared by `verifyFor` alone. `false` is a verdict on the arguments; lack of gas always reverts.
interface IInferenceVerifier {
    /// @notice What an input commitment commits to: `h_0 = P(domain, salt)`, `h_i = P(h_(i-1), e_i)` for `i` from 1 to
    /// `elements`, `P` being the library `Poseidon`'s hash and `h_elements` the commitment. The circuit makes sure that an
    /// element holds bytes of the picture and nothing else.
    /// @param domain What the commitments begin with; a reduced scalar.
    /// @param elements How many elements there are.
    /// @param shortElements How many of them, the first, are below `256^shortBytes`; the others are below `256^31`. This
    /// is one group, `width` elements, also where that is full or alone.
    /// @param shortBytes Bytes of a short element, 1 to 31.
    struct Packing {
        uint256 domain;
        uint32 elements;
        uint32 shortElements;
        uint8 shortBytes;
    }

    /// @notice What is fixed at construction.
    /// @param proofVerifier The verifier of the circuit's proofs, a generated `ModelVerifier`.
    /// @param proofVerifierCodeHash The hash of its runtime code.
    /// @param archDigest Digest of the architecture, part of every model id.
    /// @param weightCommitments Number of weight commitments. A proof begins with them, 64 bytes each.
    /// @param classes Number of labels.
    /// @param blindingBases Coordinates of the bases of the blinding rows, x then y, point by point.
    /// @param packing How inputs are packed.
    struct Config {
        address proofVerifier;
        bytes32 proofVerifierCodeHash;
        bytes32 archDigest;
        uint256 weightCommitments;
        uint256 classes;
        uint256[] blindingBases;
        Packing packing;
    }

    /// @notice What a proof is for, besides the contract that asks and its chain.
    /// @param caseId The case of the asking contract.
    /// @param index The answer within the case.
    /// @param payee Who is paid for the answer.
    struct Purpose {
        uint256 caseId;
        uint256 index;
        address payee;
    }

    /// @notice The proof verifier's code is not the expected one.
    error CodeHashMismatch(address proofVerifier, bytes32 actual, bytes32 expected);
    /// @notice The proof verifier has no code.
    error NoCode(address proofVerifier);
    /// @notice An architecture needs weights.
    error NoWeightCommitments();
    /// @notice An architecture needs labels.
    error NoClasses();
    /// @notice The blinding bases are not one or more pairs of coordinates.
    error BadBlindingBases(uint256 words);
    /// @notice A blinding base is not on the curve.
    error BlindingBaseOffCurve(uint256 x, uint256 y);
    /// @notice An input has elements.
    error NoElements();
    /// @notice No more elements can be short than there are.
    error TooManyShortElements(uint32 shortElements, uint32 elements);
    /// @notice A short element holds 1 to 31 bytes.
    error BadShortBytes(uint8 shortBytes);
    /// @notice The domain is not a reduced scalar.
    error DomainNotReduced(uint256 domain);
    /// @notice The number of coordinates is not twice the number of weight commitments.
    error WrongPointWords(uint256 actual, uint256 expected);

    /// @notice Whether `proof` is valid for `instances`, whatever the weights it commits to.
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);

    /// @notice Whether `proof` is valid for `instances` with the weights registered by `provider` as `model`.
    /// @dev The context is not looked at: whoever pays for a proof asks `verifyFor`.
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

    /// @notice The same, and whether the proof was made for this purpose of the caller on this chain. A proof for
    /// another caller, case, index or payee is refused, so none is worth anything twice.
    /// @param purpose What the proof has to be for.
    function verifyFor(
        Purpose calldata purpose,
        bytes32 model,
        address provider,
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata linkProof,
        uint256[] calldata instances
    ) external view returns (bool);

    /// @notice The id of the model with these weight commitments, `keccak256(archDigest ‖ provider ‖ points)`.
    function modelId(address provider, uint256[] calldata points) external view returns (bytes32);

    /// @notice The verifier of the circuit's proofs.
    function proofVerifier() external view returns (address);

    /// @notice The hash of the proof verifier's code, checked at every call.
    function proofVerifierCodeHash() external view returns (bytes32);

    /// @notice Digest of the architecture.
    function archDigest() external view returns (bytes32);

    /// @notice Number of weight commitments, with which every proof begins.
    function weightCommitments() external view returns (uint256);

    /// @notice Number of labels.
    function classes() external view returns (uint256);

    /// @notice Coordinates of the blinding bases, 64 bytes each.
    function blindingBases() external view returns (bytes memory);

    /// @notice How inputs are packed.
    function inputPacking() external view returns (Packing memory);
}
