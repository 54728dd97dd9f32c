// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {Halo2Verifier} from "../generated/Halo2Verifier.sol";
import {ModelVerifier} from "../generated/ModelVerifier.sol";
import {Calls} from "./Calls.sol";
import {Deploy} from "./Deploy.sol";

/// @notice A generated verifier with an honest proof, as `make fixtures` wrote them. What is deployed is the code that
/// the generator compiled; the sources beside it say what that is.
abstract contract Fixture is Calls {
    /// @dev Where the proof's bytes are in call data of the wrapper, and of the shared verifier.
    uint256 internal constant PROOF_AT = 4 + 3 * 32;
    uint256 internal constant SHARED_PROOF_AT = 4 + 4 * 32;

    Halo2Verifier internal shared;
    address internal key;
    ModelVerifier internal model;
    IInferenceVerifier internal inference;

    bytes32 internal modelId;
    address internal provider;
    address internal asker;
    IInferenceVerifier.Purpose internal purpose;
    uint256[] internal points;
    uint256[] internal instances;
    bytes internal proof;
    bytes internal link;
    uint256 internal evaluationsStart;
    uint256 internal evaluationsEnd;

    /// @notice Name of the fixture.
    function name() internal pure virtual returns (string memory);

    function setUp() public virtual {
        string memory json = vm.readFile(string.concat("contracts/test/fixtures/", name(), ".json"));
        shared = Halo2Verifier(create(vm.parseJsonBytes(json, ".contracts.halo2Verifier")));
        key = create(vm.parseJsonBytes(json, ".contracts.verifyingKey"));
        vm.assertEq(address(shared).codehash, vm.parseJsonBytes32(json, ".contracts.halo2VerifierCodeHash"));
        vm.assertEq(key.codehash, vm.parseJsonBytes32(json, ".contracts.verifyingKeyCodeHash"));
        bytes memory code = vm.parseJsonBytes(json, ".contracts.modelVerifier");
        bytes memory arguments = abi.encode(shared, address(shared).codehash, key, key.codehash);
        model = ModelVerifier(create(bytes.concat(code, arguments)));
        inference = Deploy.inferenceVerifier(
            IInferenceVerifier.Config({
                proofVerifier: address(model),
                proofVerifierCodeHash: address(model).codehash,
                archDigest: vm.parseJsonBytes32(json, ".archDigest"),
                weightCommitments: vm.parseJsonUint(json, ".weightCommitments"),
                classes: vm.parseJsonUint(json, ".classes"),
                blindingBases: vm.parseJsonUintArray(json, ".blindingBases"),
                packing: IInferenceVerifier.Packing({
                    domain: vm.parseJsonUint(json, ".packing.domain"),
                    elements: uint32(vm.parseJsonUint(json, ".packing.elements")),
                    shortElements: uint32(vm.parseJsonUint(json, ".packing.shortElements")),
                    shortBytes: uint8(vm.parseJsonUint(json, ".packing.shortBytes"))
                })
            })
        );

        modelId = vm.parseJsonBytes32(json, ".model");
        provider = vm.parseJsonAddress(json, ".provider");
        asker = vm.parseJsonAddress(json, ".asker");
        purpose = IInferenceVerifier.Purpose({
            caseId: vm.parseJsonUint(json, ".caseId"),
            index: vm.parseJsonUint(json, ".index"),
            payee: vm.parseJsonAddress(json, ".payee")
        });
        points = vm.parseJsonUintArray(json, ".points");
        instances = vm.parseJsonUintArray(json, ".instances");
        proof = vm.parseJsonBytes(json, ".proof");
        link = vm.parseJsonBytes(json, ".link");
        evaluationsStart = vm.parseJsonUint(json, ".evaluationsStart");
        evaluationsEnd = vm.parseJsonUint(json, ".evaluationsEnd");
    }

    /// @notice Deploys code.
    function create(bytes memory code) internal returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        require(made != address(0), "not created");
    }

    /// @notice The honest call of the wrapper.
    function callModel() internal view returns (bytes memory) {
        return abi.encodeCall(ModelVerifier.verifyProof, (proof, instances));
    }

    /// @notice The honest call of the shared verifier with a key.
    function callShared(address key_) internal view returns (bytes memory) {
        return abi.encodeCall(Halo2Verifier.verifyProof, (key_, proof, instances));
    }

    /// @notice The honest call of `verify`.
    function callVerify() internal view returns (bytes memory) {
        return abi.encodeCall(IInferenceVerifier.verify, (modelId, provider, points, proof, link, instances));
    }

    /// @notice The honest call of `verifyFor`.
    function callVerifyFor() internal view returns (bytes memory) {
        return
            abi.encodeCall(IInferenceVerifier.verifyFor, (purpose, modelId, provider, points, proof, link, instances));
    }
}

/// @notice Constraints of degree three, two weight commitments.
abstract contract Narrow is Fixture {
    function name() internal pure override returns (string memory) {
        return "narrow";
    }
}

/// @notice Constraints of degree five, eight weight commitments.
abstract contract Wide is Fixture {
    function name() internal pure override returns (string memory) {
        return "wide";
    }
}
