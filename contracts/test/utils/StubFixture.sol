// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Deploy} from "./Deploy.sol";
import {LinkFixture} from "./LinkFixture.sol";
import {AcceptingStub} from "./ProofVerifierStubs.sol";
import {Test} from "./Test.sol";

/// @notice An inference verifier whose proof verifier is a stub; the link and everything else is real.
abstract contract StubFixture is Test {
    bytes32 internal constant ARCH = keccak256("architecture");
    address internal constant PROVIDER = address(0xA11CE);
    uint256 internal constant COMMITMENTS = 3;
    uint256 internal constant LENGTH = 64 * COMMITMENTS + 160;
    uint256 internal constant CLASSES = 10;

    LinkFixture internal _fixture;
    IInferenceVerifier internal _verifier;
    uint256[] internal _points;
    bytes internal _proof;
    uint256[] internal _instances;
    bytes internal _link;
    bytes32 internal _model;

    function setUp() public {
        _fixture = new LinkFixture(1, COMMITMENTS, 5);
        _verifier = _deploy(address(new AcceptingStub()));
        _points = _fixture.allRegistered();
        _proof = bytes.concat(_fixture.fresh(), new bytes(160));
        _instances = [Bn254.R - 1, 2, 9, type(uint248).max];
        _model = _verifier.modelId(PROVIDER, _points);
        _link = _prove(_proof, _instances);
    }

    function _config(address proofVerifier) internal view returns (IInferenceVerifier.Config memory) {
        return IInferenceVerifier.Config({
            proofVerifier: proofVerifier,
            proofVerifierCodeHash: proofVerifier.codehash,
            archDigest: ARCH,
            weightCommitments: COMMITMENTS,
            classes: CLASSES,
            blindingBases: _fixture.allBases(),
            packing: IInferenceVerifier.Packing({domain: Bn254.R - 1, elements: 960, shortElements: 96, shortBytes: 9})
        });
    }

    function _deploy(address proofVerifier) internal returns (IInferenceVerifier) {
        return Deploy.inferenceVerifier(_config(proofVerifier));
    }

    /// @dev A link for `proof`, whose commitments are the fixture's.
    function _prove(bytes memory proof, uint256[] memory instances) internal returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked("zkescrow.link.xi", ARCH, _points, _fixture.fresh()));
        return _fixture.prove(uint256(digest) % Bn254.R, keccak256(abi.encodePacked(proof, instances)));
    }
}
