// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {InferenceVerifier} from "../src/InferenceVerifier.sol";
import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {AcceptingStub, BurningStub, CalldataStub, HungryStub, RevertingStub} from "./utils/GeneratedStubs.sol";
import {LinkFixture} from "./utils/LinkFixture.sol";
import {Test} from "./utils/Test.sol";

/// @dev The generated verifier is a stub; the link and everything else is real.
contract InferenceVerifierTest is Test {
    bytes32 private constant ARCH = keccak256("architecture");
    address private constant PROVIDER = address(0xA11CE);
    uint256 private constant COMMITMENTS = 3;
    uint256 private constant OFFSET = 96;
    uint256 private constant EVALUATIONS = 5;
    uint256 private constant EVALUATIONS_OFFSET = OFFSET + 64 * COMMITMENTS;
    uint256 private constant LENGTH = EVALUATIONS_OFFSET + 32 * EVALUATIONS;
    uint256 private constant CLASSES = 10;

    LinkFixture private _fixture;
    InferenceVerifier private _verifier;
    uint256[] private _points;
    bytes private _proof;
    uint256[] private _instances;
    bytes private _link;
    bytes32 private _model;

    function setUp() external {
        _fixture = new LinkFixture(1, COMMITMENTS, 5);
        _verifier = _deploy(address(new AcceptingStub()));
        _points = _fixture.allRegistered();
        _proof = bytes.concat(new bytes(OFFSET), _fixture.fresh(), new bytes(160));
        _instances = [Bn254.R - 1, 2, 9, type(uint248).max];
        _model = _verifier.modelId(PROVIDER, _points);
        _link = _prove(_proof, _instances);
    }

    // Construction.

    function test_constructor_reverts_on_code_hash_mismatch() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        bytes32 actual = config.generatedCodeHash;
        config.generatedCodeHash = bytes32(uint256(actual) ^ 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceVerifier.CodeHashMismatch.selector, config.generated, actual, config.generatedCodeHash
            )
        );
        new InferenceVerifier(config);
    }

    function test_constructor_reverts_without_code() external {
        // An account that exists but has no code: its code hash is that of the empty string.
        IInferenceVerifier.Config memory config = _config(address(1));
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoCode.selector, address(1)));
        new InferenceVerifier(config);
    }

    function testFuzz_constructor_reverts_on_weights_outside_proof(uint256 offset, uint256 commitments) external {
        commitments = bound(commitments, 1, type(uint256).max);
        uint256 fits = commitments > LENGTH / 64 ? 0 : LENGTH - 64 * commitments + 1;
        _rejectsWeights(bound(offset, fits, type(uint256).max), commitments);
        _rejectsWeights(OFFSET, 0);
    }

    function testFuzz_constructor_reverts_on_evaluations_outside_proof(uint256 offset, uint256 count) external {
        count = bound(count, 1, type(uint256).max);
        uint256 fits = count > LENGTH / 32 ? 0 : LENGTH - 32 * count + 1;
        _rejectsEvaluations(bound(offset, fits, type(uint256).max), count);
        _rejectsEvaluations(EVALUATIONS_OFFSET, 0);
    }

    function test_constructor_reverts_without_classes() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.classes = 0;
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoClasses.selector));
        new InferenceVerifier(config);
    }

    function test_constructor_reverts_on_bad_bases() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.blindingBases = new uint256[](0);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.BadBlindingBases.selector, 0));
        new InferenceVerifier(config);
        config.blindingBases = new uint256[](3);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.BadBlindingBases.selector, 3));
        new InferenceVerifier(config);
    }

    function testFuzz_constructor_reverts_on_base_off_curve(uint256 x, uint256 y) external {
        vm.assume(!Bn254.isOnCurve(x, y));
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        (config.blindingBases[2], config.blindingBases[3]) = (x, y);
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.BlindingBaseOffCurve.selector, x, y));
        new InferenceVerifier(config);
    }

    function test_constructor_keeps_its_parameters() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        InferenceVerifier verifier = new InferenceVerifier(config);
        vm.assertEq(verifier.generated(), config.generated);
        vm.assertEq(verifier.generatedCodeHash(), config.generatedCodeHash);
        vm.assertEq(verifier.archDigest(), ARCH);
        vm.assertEq(verifier.proofLength(), LENGTH);
        vm.assertEq(verifier.weightsOffset(), OFFSET);
        vm.assertEq(verifier.weightCommitments(), COMMITMENTS);
        vm.assertEq(verifier.evaluationsOffset(), EVALUATIONS_OFFSET);
        vm.assertEq(verifier.evaluations(), EVALUATIONS);
        vm.assertEq(verifier.classes(), CLASSES);
        vm.assertEq(verifier.blindingBases(), abi.encodePacked(config.blindingBases));
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

    function testFuzz_verifyProof_refuses_wrong_proof_length(uint256 length) external view {
        length = bound(length, 0, 2 * LENGTH);
        vm.assume(length != LENGTH);
        vm.assertFalse(_verifier.verifyProof(new bytes(length), _instances), "proof length");
    }

    /// @dev The generated verifier reduces evaluations, so an evaluation plus the modulus would be a second encoding.
    function testFuzz_verifyProof_refuses_evaluations_that_are_not_reduced(uint256 index, uint256 word) external view {
        index = bound(index, 0, EVALUATIONS - 1);
        vm.assertTrue(_verifier.verifyProof(_withEvaluation(index, bound(word, 0, Bn254.R - 1)), _instances), "reduced");
        vm.assertFalse(
            _verifier.verifyProof(_withEvaluation(index, bound(word, Bn254.R, type(uint256).max)), _instances), "alias"
        );
    }

    function testFuzz_verifyProof_refuses_wrong_instance_count(uint256 count) external view {
        count = bound(count, 0, 20);
        vm.assume(count != 4);
        vm.assertFalse(_verifier.verifyProof(_proof, new uint256[](count)), "instance count");
    }

    function testFuzz_verifyProof_refuses_aliased_instance(uint256 which, uint256 value) external view {
        uint256[] memory instances = _instances;
        instances[which % 4] = bound(value, Bn254.R, type(uint256).max);
        vm.assertFalse(_verifier.verifyProof(_proof, instances), "unreduced instance");
        instances[which % 4] = (which % 4 == 2 ? value % CLASSES : value % Bn254.R) + Bn254.R;
        vm.assertFalse(_verifier.verifyProof(_proof, instances), "instance + R");
    }

    function testFuzz_verifyProof_refuses_label_out_of_range(uint256 label) external view {
        uint256[] memory instances = _instances;
        instances[2] = bound(label, CLASSES, Bn254.R - 1);
        vm.assertFalse(_verifier.verifyProof(_proof, instances), "label");
    }

    function testFuzz_verifyProof_accepts_what_the_generated_verifier_accepts(bytes32 a, uint256 b) external {
        bytes memory proof = _proof;
        assembly ("memory-safe") {
            mstore(add(proof, 0x20), a)
        }
        uint256[] memory instances = _instances;
        instances[0] = b % Bn254.R;
        bytes32 expected = keccak256(abi.encodePacked(instances, proof));
        InferenceVerifier verifier = _deploy(address(new CalldataStub(expected)));
        vm.assertTrue(verifier.verifyProof(proof, instances), "instances, then proof");
        instances[0] = addmod(b, 1, Bn254.R);
        vm.assertFalse(verifier.verifyProof(proof, instances), "anything else");
    }

    function test_verifyProof_refuses_when_the_generated_verifier_reverts() external {
        InferenceVerifier verifier = _deploy(address(new RevertingStub()));
        uint256 before = gasleft();
        vm.assertFalse(verifier.verifyProof(_proof, _instances), "revert");
        vm.assertLt(before - gasleft(), 100_000);
    }

    function test_verifyProof_bounds_the_gas_of_a_bad_proof() external {
        InferenceVerifier verifier = _deploy(address(new BurningStub()));
        uint256 before = gasleft();
        vm.assertFalse(verifier.verifyProof(_proof, _instances), "all gas burned");
        vm.assertLt(before - gasleft(), 3_100_000);
    }

    function test_verifyProof_reverts_on_replaced_code() external {
        address generated = address(new BurningStub());
        InferenceVerifier verifier = _deploy(generated);
        bytes32 expected = generated.codehash;
        vm.etch(generated, address(new AcceptingStub()).code);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceVerifier.CodeHashMismatch.selector, generated, generated.codehash, expected
            )
        );
        verifier.verifyProof(_proof, _instances);
    }

    function test_verifyProof_reverts_on_low_gas() external {
        vm.expectPartialRevert(IInferenceVerifier.InsufficientGas.selector);
        _verifier.verifyProof{gas: 1_000_000}(_proof, _instances);
    }

    /// @dev The generated verifier needs nearly all that it is promised: with any gas it is given that, or not called.
    function testFuzz_verifyProof_low_gas_is_no_verdict(uint256 allowance) external {
        _deployHungry();
        _mayRevertButNotRefuse(bound(allowance, 2_900_000, 3_200_000));
    }

    function test_verifyProof_low_gas_is_no_verdict_at_the_threshold() external {
        _deployHungry();
        for (uint256 allowance = 3_040_000; allowance < 3_120_000; allowance += 250) {
            _mayRevertButNotRefuse(allowance);
        }
        vm.assertTrue(_verifier.verifyProof{gas: 3_120_000}(_proof, _instances), "enough gas");
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

    /// @dev Unusual but valid encodings say the same: the generated verifier sees one canonical calldata.
    function test_unusual_offsets_reach_the_generated_verifier_in_order() external {
        InferenceVerifier verifier = _deploy(address(new CalldataStub(keccak256(abi.encodePacked(_instances, _proof)))));
        bytes memory proof = _proof;
        uint256[] memory instances = _instances;
        uint256 gap = 0x1234;
        bytes memory tail = abi.encodePacked(instances.length, instances, gap, proof.length, proof);
        bytes memory input =
            abi.encodePacked(IInferenceVerifier.verifyProof.selector, uint256(0x40 + 6 * 32), uint256(0x40), tail);
        (bool success, bytes memory answer) = address(verifier).staticcall(input);
        vm.assertTrue(success && abi.decode(answer, (bool)), "instances before proof, with a gap");
    }

    // Models.

    function testFuzz_verify_refuses_other_model(bytes32 model) external view {
        vm.assume(model != _model);
        vm.assertFalse(_verifier.verify(model, PROVIDER, _points, _proof, _link, _instances), "model");
    }

    function testFuzz_verify_refuses_other_provider(address provider) external view {
        vm.assume(provider != PROVIDER);
        vm.assertFalse(_verifier.verify(_model, provider, _points, _proof, _link, _instances), "provider");
    }

    function test_verify_refuses_model_of_other_architecture() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.archDigest = keccak256("another");
        InferenceVerifier other = new InferenceVerifier(config);
        vm.assertFalse(other.verify(_model, PROVIDER, _points, _proof, _link, _instances), "architecture");
        // Nor does the link travel, even when the other model has the same weights.
        bytes32 model = other.modelId(PROVIDER, _points);
        vm.assertFalse(other.verify(model, PROVIDER, _points, _proof, _link, _instances), "link");
    }

    function testFuzz_verify_refuses_points_off_curve(uint256 which) external view {
        uint256[] memory points = _points;
        points[which % points.length] += 1;
        bytes32 model = _verifier.modelId(PROVIDER, points);
        vm.assertFalse(_verifier.verify(model, PROVIDER, points, _proof, _link, _instances), "off the curve");
    }

    function testFuzz_verify_refuses_wrong_point_words(uint256 words) external view {
        words = bound(words, 0, 100);
        vm.assume(words != 2 * COMMITMENTS);
        uint256[] memory points = new uint256[](words);
        bytes32 model = keccak256(abi.encodePacked(ARCH, PROVIDER, points));
        vm.assertFalse(_verifier.verify(model, PROVIDER, points, _proof, _link, _instances), "points");
    }

    function test_verify_refuses_other_weights() external {
        uint256[] memory points = new LinkFixture(2, COMMITMENTS, 5).allRegistered();
        bytes32 model = _verifier.modelId(PROVIDER, points);
        vm.assertFalse(_verifier.verify(model, PROVIDER, points, _proof, _link, _instances), "weights");
    }

    // Proofs with links.

    function testFuzz_verify_refuses_link_of_other_proof(uint256 position) external view {
        bytes memory proof = _proof;
        // Outside of the commitments, where any byte is as good as another for the stub.
        position = bound(position, OFFSET + 64 * COMMITMENTS, LENGTH - 1);
        proof[position] ^= 0x01;
        vm.assertFalse(_verifier.verify(_model, PROVIDER, _points, proof, _link, _instances), "other proof");
    }

    function testFuzz_verify_refuses_link_of_other_instances(uint256 which) external view {
        uint256[] memory instances = _instances;
        instances[which % 4] -= 1;
        vm.assertFalse(_verifier.verify(_model, PROVIDER, _points, _proof, _link, instances), "other instances");
    }

    function testFuzz_verify_refuses_changed_link(uint256 position, uint8 flip) external view {
        vm.assume(flip != 0);
        bytes memory link = _link;
        link[position % link.length] ^= bytes1(flip);
        vm.assertFalse(_verifier.verify(_model, PROVIDER, _points, _proof, link, _instances), "link");
    }

    function testFuzz_verify_refuses_malformed_proof(uint256 length) external view {
        length = bound(length, 0, 2 * LENGTH);
        vm.assume(length != LENGTH);
        vm.assertFalse(_verifier.verify(_model, PROVIDER, _points, new bytes(length), _link, _instances), "length");
    }

    function test_verify_refuses_invalid_proof() external {
        InferenceVerifier verifier = _deploy(address(new RevertingStub()));
        vm.assertFalse(verifier.verify(_model, PROVIDER, _points, _proof, _link, _instances), "invalid proof");
    }

    function test_verify_accepts_honest() external view {
        vm.assertTrue(_verifier.verify(_model, PROVIDER, _points, _proof, _link, _instances), "honest");
    }

    function testFuzz_verify_accepts_any_proof_of_the_model(uint256[4] memory values, bytes32 word) external {
        uint256[] memory instances = _instances;
        for (uint256 i = 0; i < 4; ++i) {
            instances[i] = values[i] % (i == 2 ? CLASSES : Bn254.R);
        }
        bytes memory proof = _proof;
        assembly ("memory-safe") {
            mstore(add(proof, 0x20), word)
        }
        bytes memory link = _prove(proof, instances);
        vm.assertTrue(_verifier.verify(_model, PROVIDER, _points, proof, link, instances), "honest");
    }

    function testFuzz_verify_low_gas_is_no_verdict(uint256 allowance) external view {
        allowance = bound(allowance, 30_000, 3_400_000);
        try _verifier.verify{gas: allowance}(_model, PROVIDER, _points, _proof, _link, _instances) returns (
            bool accepted
        ) {
            vm.assertTrue(accepted, "verdict by lack of gas");
        } catch {}
    }

    function _config(address generated) private view returns (IInferenceVerifier.Config memory) {
        return IInferenceVerifier.Config({
            generated: generated,
            generatedCodeHash: generated.codehash,
            archDigest: ARCH,
            proofLength: LENGTH,
            weightsOffset: OFFSET,
            weightCommitments: COMMITMENTS,
            evaluationsOffset: EVALUATIONS_OFFSET,
            evaluations: EVALUATIONS,
            classes: CLASSES,
            blindingBases: _fixture.allBases()
        });
    }

    function _deploy(address generated) private returns (InferenceVerifier) {
        return new InferenceVerifier(_config(generated));
    }

    function _deployHungry() private {
        _verifier = _deploy(address(new HungryStub()));
    }

    function _mayRevertButNotRefuse(uint256 allowance) private view {
        try _verifier.verifyProof{gas: allowance}(_proof, _instances) returns (bool accepted) {
            vm.assertTrue(accepted, "verdict by lack of gas");
        } catch {}
    }

    function _rejectsWeights(uint256 offset, uint256 commitments) private {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        (config.weightsOffset, config.weightCommitments) = (offset, commitments);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceVerifier.WeightsOutsideProof.selector, offset, commitments, LENGTH)
        );
        new InferenceVerifier(config);
    }

    function _rejectsEvaluations(uint256 offset, uint256 count) private {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        (config.evaluationsOffset, config.evaluations) = (offset, count);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceVerifier.EvaluationsOutsideProof.selector, offset, count, LENGTH)
        );
        new InferenceVerifier(config);
    }

    function _withEvaluation(uint256 index, uint256 word) private view returns (bytes memory proof) {
        proof = _proof;
        uint256 position = EVALUATIONS_OFFSET + 32 * index;
        assembly ("memory-safe") {
            mstore(add(add(proof, 0x20), position), word)
        }
    }

    /// @dev A link for `proof`, whose commitments are the fixture's.
    function _prove(bytes memory proof, uint256[] memory instances) private returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked("zkescrow.link.xi", ARCH, _points, _fixture.fresh()));
        return _fixture.prove(uint256(digest) % Bn254.R, keccak256(abi.encodePacked(proof, instances)));
    }
}
