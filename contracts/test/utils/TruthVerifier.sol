// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {Context} from "../../src/libraries/Context.sol";

/// @notice Stands for an inference verifier where proofs are not what a test is about. The model is a function that everybody
/// knows, `truth`; a proof is valid iff it says `PROOF`, is for the caller's purpose, and its instances are true. So whoever is right can
/// prove it, and nobody can prove what is false.
contract TruthVerifier is IInferenceVerifier {
    bytes public constant PROOF = "proof";
    uint256 public constant classes = 10;
    uint256 public constant weightCommitments = 1;
    bytes32 public constant archDigest = keccak256("truth");
    address public constant proofVerifier = address(0);
    bytes32 public constant proofVerifierCodeHash = 0;

    uint32 public constant ELEMENTS = 3;
    uint256 public constant DOMAIN = 77;

    /// @notice What the model says of an input.
    function truth(uint256 inputCommitment) public pure returns (uint256 outputCommitment, uint256 label) {
        uint256 hash = uint256(keccak256(abi.encode("truth", inputCommitment)));
        return (hash >> 8, hash % classes);
    }

    function inputPacking() external pure returns (Packing memory) {
        return Packing({domain: DOMAIN, elements: ELEMENTS, shortElements: 1, shortBytes: 2});
    }

    function verifyFor(
        Purpose calldata purpose,
        bytes32 model,
        address provider,
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata,
        uint256[] calldata instances
    ) external view returns (bool) {
        if (model != modelId(provider, points) || keccak256(proof) != keccak256(PROOF)) {
            return false;
        }
        return instances[3] == _context(purpose) && _true(instances);
    }

    function _context(Purpose calldata purpose) private view returns (uint256) {
        return Context.bind(msg.sender, purpose.caseId, purpose.index, purpose.payee);
    }

    function _true(uint256[] calldata instances) private pure returns (bool) {
        (uint256 outputCommitment, uint256 label) = truth(instances[0]);
        return instances.length == 4 && instances[1] == outputCommitment && instances[2] == label;
    }

    function modelId(address provider, uint256[] calldata points) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(archDigest, provider, points));
    }

    function verifyProof(bytes calldata, uint256[] calldata) external pure returns (bool) {
        return false;
    }

    function verify(bytes32, address, uint256[] calldata, bytes calldata, bytes calldata, uint256[] calldata)
        external
        pure
        returns (bool)
    {
        return false;
    }

    function blindingBases() external pure returns (bytes memory) {
        return "";
    }
}
