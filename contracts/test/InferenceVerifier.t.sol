// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {IProofVerifier} from "../src/interfaces/IProofVerifier.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {Deploy} from "./utils/Deploy.sol";
import {
    AcceptingStub,
    AnsweringStub,
    CalldataStub,
    HungryStub,
    RefusingStub,
    UndecidedStub
} from "./utils/ProofVerifierStubs.sol";
import {StubFixture} from "./utils/StubFixture.sol";

/// @dev Construction, model ids, proofs by themselves, call data.
contract InferenceVerifierTest is StubFixture {
    // Construction.

    function test_constructor_reverts_on_code_hash_mismatch() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        bytes32 actual = config.proofVerifierCodeHash;
        config.proofVerifierCodeHash = bytes32(uint256(actual) ^ 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceVerifier.CodeHashMismatch.selector, config.proofVerifier, actual, config.proofVerifierCodeHash
            )
        );
        Deploy.inferenceVerifier(config);
    }

    function test_constructor_reverts_without_code() external {
        // An account that exists but has no code: its code hash is that of the empty string.
        IInferenceVerifier.Config memory config = _config(address(1));
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoCode.selector, address(1)));
        Deploy.inferenceVerifier(config);
    }

    function test_constructor_reverts_without_weight_commitments() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.weightCommitments = 0;
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoWeightCommitments.selector));
        Deploy.inferenceVerifier(config);
    }

    function test_constructor_reverts_without_classes() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.classes = 0;
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoClasses.selector));
        Deploy.inferenceVerifier(config);
    }

    function test_constructor_reverts_on_bad_bases() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.blindingBases = new uint256[](0);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.BadBlindingBases.selector, 0));
        Deploy.inferenceVerifier(config);
        config.blindingBases = new uint256[](3);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.BadBlindingBases.selector, 3));
        Deploy.inferenceVerifier(config);
    }

    function testFuzz_constructor_reverts_on_base_off_curve(uint256 x, uint256 y) external {
        vm.assume(!Bn254.isOnCurve(x, y));
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        (config.blindingBases[2], config.blindingBases[3]) = (x, y);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.BlindingBaseOffCurve.selector, x, y));
        Deploy.inferenceVerifier(config);
    }

    function testFuzz_constructor_reverts_on_domain_not_reduced(uint256 domain) external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.packing.domain = bound(domain, Bn254.R, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.DomainNotReduced.selector, config.packing.domain));
        Deploy.inferenceVerifier(config);
    }

    function test_constructor_reverts_without_elements() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        (config.packing.elements, config.packing.shortElements) = (0, 0);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoElements.selector));
        Deploy.inferenceVerifier(config);
    }

    function testFuzz_constructor_reverts_on_too_many_short_elements(uint32 elements, uint256 short) external {
        elements = uint32(bound(elements, 1, type(uint32).max - 1));
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.packing.elements = elements;
        config.packing.shortElements = uint32(bound(short, elements + 1, type(uint32).max));
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceVerifier.TooManyShortElements.selector, config.packing.shortElements, elements
            )
        );
        Deploy.inferenceVerifier(config);
    }

    function testFuzz_constructor_reverts_on_bad_short_bytes(uint256 bytes_) external {
        uint8 short = uint8(bound(bytes_, 31, type(uint8).max));
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.packing.shortBytes = short == 31 ? 0 : short;
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.BadShortBytes.selector, config.packing.shortBytes));
        Deploy.inferenceVerifier(config);
    }

    /// @dev The largest values that are allowed, and the smallest.
    function test_constructor_accepts_every_packing() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        IInferenceVerifier.Packing[3] memory packings = [
            IInferenceVerifier.Packing(Bn254.R - 1, type(uint32).max, type(uint32).max, 31),
            IInferenceVerifier.Packing(0, 1, 0, 1),
            IInferenceVerifier.Packing(1, 5, 5, 2)
        ];
        for (uint256 i = 0; i < packings.length; ++i) {
            config.packing = packings[i];
            vm.assertEq(abi.encode(Deploy.inferenceVerifier(config).inputPacking()), abi.encode(packings[i]));
        }
    }

    function test_constructor_keeps_its_parameters() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        IInferenceVerifier verifier = Deploy.inferenceVerifier(config);
        vm.assertEq(verifier.proofVerifier(), config.proofVerifier);
        vm.assertEq(verifier.proofVerifierCodeHash(), config.proofVerifierCodeHash);
        vm.assertEq(verifier.archDigest(), ARCH);
        vm.assertEq(verifier.weightCommitments(), COMMITMENTS);
        vm.assertEq(verifier.classes(), CLASSES);
        vm.assertEq(verifier.blindingBases(), abi.encodePacked(config.blindingBases));
        vm.assertEq(abi.encode(verifier.inputPacking()), abi.encode(config.packing));
    }

    // Model ids.

    function testFuzz_modelId_reverts_on_wrong_point_words(uint256 words) external {
        words = bound(words, 0, 100);
        vm.assume(words != 2 * COMMITMENTS);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.WrongPointWords.selector, words, 2 * COMMITMENTS));
        _verifier.modelId(PROVIDER, new uint256[](words));
    }

    function testFuzz_modelId_binds_architecture_provider_and_points(address provider, uint256 word) external view {
        uint256[] memory points = _points;
        bytes32 id = _verifier.modelId(provider, points);
        vm.assertEq(id, keccak256(abi.encodePacked(ARCH, provider, points)));
        vm.assertTrue(id != _verifier.modelId(address(uint160(provider) ^ 1), points), "other provider");
        points[word % points.length] ^= 1;
        vm.assertTrue(id != _verifier.modelId(provider, points), "other points");
    }

    // Proofs.

    function testFuzz_verifyProof_refuses_wrong_instance_count(uint256 count) external view {
        count = bound(count, 0, 20);
        vm.assume(count != 4);
        vm.assertFalse(_verifier.verifyProof(_proof, new uint256[](count)), "instance count");
    }

    function testFuzz_verifyProof_refuses_label_out_of_range(uint256 label) external view {
        uint256[] memory instances = _instances;
        instances[2] = bound(label, CLASSES, Bn254.R - 1);
        vm.assertFalse(_verifier.verifyProof(_proof, instances), "label");
    }

    function testFuzz_verifyProof_asks_about_these_very_arguments(bytes memory proof, uint256 input) external {
        uint256[] memory instances = _instances;
        instances[0] = input;
        bytes32 expected = keccak256(abi.encodeCall(IProofVerifier.verifyProof, (proof, instances)));
        IInferenceVerifier verifier = _deploy(address(new CalldataStub(expected)));
        vm.assertTrue(verifier.verifyProof(proof, instances), "proof and instances");
        instances[0] ^= 1;
        vm.assertFalse(verifier.verifyProof(proof, instances), "anything else");
    }

    function test_verifyProof_refuses_what_the_proof_verifier_refuses() external {
        IInferenceVerifier verifier = _deploy(address(new RefusingStub()));
        vm.assertFalse(verifier.verifyProof(_proof, _instances), "refused");
    }

    function test_verifyProof_reverts_without_a_verdict() external {
        IInferenceVerifier verifier = _deploy(address(new UndecidedStub()));
        vm.expectRevert(abi.encodeWithSelector(UndecidedStub.Undecided.selector, 7));
        verifier.verifyProof(_proof, _instances);
    }

    function test_verifyProof_reverts_on_answers_that_are_no_verdict() external {
        bytes[4] memory answers = [bytes(""), hex"01", abi.encode(2), abi.encode(type(uint256).max)];
        for (uint256 i = 0; i < answers.length; ++i) {
            IInferenceVerifier verifier = _deploy(address(new AnsweringStub(answers[i])));
            vm.expectRevert("");
            verifier.verifyProof(_proof, _instances);
        }
    }

    function test_verifyProof_reverts_on_replaced_code() external {
        address proofVerifier = address(new RefusingStub());
        IInferenceVerifier verifier = _deploy(proofVerifier);
        bytes32 expected = proofVerifier.codehash;
        vm.etch(proofVerifier, address(new AcceptingStub()).code);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceVerifier.CodeHashMismatch.selector, proofVerifier, proofVerifier.codehash, expected
            )
        );
        verifier.verifyProof(_proof, _instances);
    }

    function testFuzz_verifyProof_low_gas_is_no_verdict(uint256 allowance) external {
        _verifier = _deploy(address(new HungryStub()));
        _mayRevertButNotRefuse(bound(allowance, 500_000, 800_000));
    }

    function test_verifyProof_low_gas_is_no_verdict_at_the_threshold() external {
        _verifier = _deploy(address(new HungryStub()));
        for (uint256 allowance = 595_000; allowance < 660_000; allowance += 250) {
            _mayRevertButNotRefuse(allowance);
        }
        vm.assertTrue(_verifier.verifyProof{gas: 660_000}(_proof, _instances), "enough gas");
    }

    // Calldata.

    function test_reverts_on_truncated_calldata() external view {
        bytes memory input =
            abi.encodeCall(IInferenceVerifier.verify, (_model, PROVIDER, _points, _proof, _link, _instances));
        for (uint256 length = 4; length < input.length; length += 31) {
            bytes memory truncated = bytes.concat(input);
            assembly ("memory-safe") {
                mstore(truncated, length)
            }
            (bool success,) = address(_verifier).staticcall(truncated);
            vm.assertFalse(success, "truncated");
        }
    }

    function test_reverts_on_offsets_outside_calldata() external view {
        bytes memory input = abi.encodeCall(IInferenceVerifier.verifyProof, (_proof, _instances));
        uint256[4] memory offsets = [input.length, type(uint64).max, 1 << 64, type(uint256).max];
        for (uint256 argument = 0; argument < 2; ++argument) {
            for (uint256 i = 0; i < offsets.length; ++i) {
                bytes memory moved = bytes.concat(input);
                (uint256 position, uint256 offset) = (0x24 + 32 * argument, offsets[i]);
                assembly ("memory-safe") {
                    mstore(add(moved, position), offset)
                }
                (bool success,) = address(_verifier).staticcall(moved);
                vm.assertFalse(success, "offset outside");
            }
        }
    }

    /// @dev Unusual but valid encodings say the same: the proof verifier sees one canonical calldata.
    function test_unusual_offsets_reach_the_proof_verifier_in_order() external {
        bytes32 expected = keccak256(abi.encodeCall(IProofVerifier.verifyProof, (_proof, _instances)));
        IInferenceVerifier verifier = _deploy(address(new CalldataStub(expected)));
        bytes memory proof = _proof;
        uint256[] memory instances = _instances;
        uint256 gap = 0x1234;
        bytes memory tail = abi.encodePacked(instances.length, instances, gap, proof.length, proof);
        bytes memory input =
            abi.encodePacked(IInferenceVerifier.verifyProof.selector, uint256(0x40 + 6 * 32), uint256(0x40), tail);
        (bool success, bytes memory answer) = address(verifier).staticcall(input);
        vm.assertTrue(success && abi.decode(answer, (bool)), "instances before proof, with a gap");
    }

    function _mayRevertButNotRefuse(uint256 allowance) private view {
        try _verifier.verifyProof{gas: allowance}(_proof, _instances) returns (bool accepted) {
            vm.assertTrue(accepted, "verdict by lack of gas");
        } catch {}
    }
}
