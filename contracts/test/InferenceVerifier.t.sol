// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {InferenceVerifier} from "../src/InferenceVerifier.sol";
import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {IProofVerifier} from "../src/interfaces/IProofVerifier.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {Context} from "../src/libraries/Context.sol";
import {LinkFixture} from "./utils/LinkFixture.sol";
import {
    AcceptingStub,
    AnsweringStub,
    CalldataStub,
    HungryStub,
    RefusingStub,
    UndecidedStub
} from "./utils/ProofVerifierStubs.sol";
import {Test} from "./utils/Test.sol";

/// @dev The proof verifier is a stub; the link and everything else is real.
contract InferenceVerifierTest is Test {
    bytes32 private constant ARCH = keccak256("architecture");
    address private constant PROVIDER = address(0xA11CE);
    uint256 private constant COMMITMENTS = 3;
    uint256 private constant LENGTH = 64 * COMMITMENTS + 160;
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
        _proof = bytes.concat(_fixture.fresh(), new bytes(160));
        _instances = [Bn254.R - 1, 2, 9, type(uint248).max];
        _model = _verifier.modelId(PROVIDER, _points);
        _link = _prove(_proof, _instances);
    }

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
        new InferenceVerifier(config);
    }

    function test_constructor_reverts_without_code() external {
        // An account that exists but has no code: its code hash is that of the empty string.
        IInferenceVerifier.Config memory config = _config(address(1));
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoCode.selector, address(1)));
        new InferenceVerifier(config);
    }

    function test_constructor_reverts_without_weight_commitments() external {
        IInferenceVerifier.Config memory config = _config(address(new AcceptingStub()));
        config.weightCommitments = 0;
        vm.expectRevert(abi.encodeWithSelector(IInferenceVerifier.NoWeightCommitments.selector));
        new InferenceVerifier(config);
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
        vm.assertEq(verifier.proofVerifier(), config.proofVerifier);
        vm.assertEq(verifier.proofVerifierCodeHash(), config.proofVerifierCodeHash);
        vm.assertEq(verifier.archDigest(), ARCH);
        vm.assertEq(verifier.weightCommitments(), COMMITMENTS);
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
        InferenceVerifier verifier = _deploy(address(new CalldataStub(expected)));
        vm.assertTrue(verifier.verifyProof(proof, instances), "proof and instances");
        instances[0] ^= 1;
        vm.assertFalse(verifier.verifyProof(proof, instances), "anything else");
    }

    function test_verifyProof_refuses_what_the_proof_verifier_refuses() external {
        InferenceVerifier verifier = _deploy(address(new RefusingStub()));
        vm.assertFalse(verifier.verifyProof(_proof, _instances), "refused");
    }

    function test_verifyProof_reverts_without_a_verdict() external {
        InferenceVerifier verifier = _deploy(address(new UndecidedStub()));
        vm.expectRevert(abi.encodeWithSelector(UndecidedStub.Undecided.selector, 7));
        verifier.verifyProof(_proof, _instances);
    }

    function test_verifyProof_reverts_on_answers_that_are_no_verdict() external {
        bytes[4] memory answers = [bytes(""), hex"01", abi.encode(2), abi.encode(type(uint256).max)];
        for (uint256 i = 0; i < answers.length; ++i) {
            InferenceVerifier verifier = _deploy(address(new AnsweringStub(answers[i])));
            vm.expectRevert("");
            verifier.verifyProof(_proof, _instances);
        }
    }

    function test_verifyProof_reverts_on_replaced_code() external {
        address proofVerifier = address(new RefusingStub());
        InferenceVerifier verifier = _deploy(proofVerifier);
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
        InferenceVerifier verifier = _deploy(address(new CalldataStub(expected)));
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
        position = bound(position, 64 * COMMITMENTS, LENGTH - 1);
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

    /// @dev Also one that is too short for the weight commitments.
    function test_verify_refuses_proofs_of_other_lengths() external view {
        for (uint256 length = 0; length < 2 * LENGTH; ++length) {
            bytes memory proof = bytes.concat(_proof, new bytes(LENGTH));
            assembly ("memory-safe") {
                mstore(proof, length)
            }
            if (length == LENGTH) continue;
            vm.assertFalse(_verifier.verify(_model, PROVIDER, _points, proof, _link, _instances), "length");
        }
    }

    function testFuzz_verify_refuses_wrong_instance_count(uint256 count) external {
        count = bound(count, 0, 20);
        vm.assume(count != 4);
        uint256[] memory instances = new uint256[](count);
        bytes memory link = _prove(_proof, instances);
        vm.assertFalse(_verifier.verify(_model, PROVIDER, _points, _proof, link, instances), "instance count");
        vm.assertFalse(
            _verifier.verifyFor(_purpose(), _model, PROVIDER, _points, _proof, link, instances), "instance count"
        );
    }

    function testFuzz_verify_refuses_label_out_of_range(uint256 label) external {
        uint256[] memory instances = _instances;
        instances[2] = bound(label, CLASSES, type(uint256).max);
        bytes memory link = _prove(_proof, instances);
        vm.assertFalse(_verifier.verify(_model, PROVIDER, _points, _proof, link, instances), "label");
    }

    function test_verify_refuses_invalid_proof() external {
        InferenceVerifier verifier = _deploy(address(new RefusingStub()));
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
            mstore(add(proof, mload(proof)), word)
        }
        bytes memory link = _prove(proof, instances);
        vm.assertTrue(_verifier.verify(_model, PROVIDER, _points, proof, link, instances), "honest");
    }

    function testFuzz_verify_low_gas_is_no_verdict(uint256 allowance) external view {
        allowance = bound(allowance, 30_000, 400_000);
        try _verifier.verify{gas: allowance}(_model, PROVIDER, _points, _proof, _link, _instances) returns (
            bool accepted
        ) {
            vm.assertTrue(accepted, "verdict by lack of gas");
        } catch {}
    }

    // Proofs with links, for a purpose.

    function testFuzz_verifyFor_accepts_the_proof_for_its_purpose(
        address asker,
        IInferenceVerifier.Purpose memory purpose
    ) external {
        bytes memory link = _bind(asker, purpose);
        vm.prank(asker);
        vm.assertTrue(_verifier.verifyFor(purpose, _model, PROVIDER, _points, _proof, link, _instances), "honest");
    }

    function testFuzz_verifyFor_refuses_other_purposes(address asker, IInferenceVerifier.Purpose memory purpose)
        external
    {
        bytes memory link = _bind(asker, purpose);
        _refusedFor(address(uint160(asker) ^ 1), purpose, link, "asker");
        purpose.caseId ^= 1;
        _refusedFor(asker, purpose, link, "case");
        (purpose.caseId, purpose.index) = (purpose.caseId ^ 1, purpose.index ^ 1);
        _refusedFor(asker, purpose, link, "index");
        (purpose.index, purpose.payee) = (purpose.index ^ 1, address(uint160(purpose.payee) ^ 1));
        _refusedFor(asker, purpose, link, "payee");
        purpose.payee = address(uint160(purpose.payee) ^ 1);
        vm.chainId(block.chainid + 1);
        _refusedFor(asker, purpose, link, "chain");
    }

    function test_verifyFor_refuses_whatever_verify_refuses() external {
        IInferenceVerifier.Purpose memory purpose = _purpose();
        bytes memory link = _bind(address(this), purpose);
        vm.assertTrue(_verifier.verifyFor(purpose, _model, PROVIDER, _points, _proof, link, _instances), "honest");
        vm.assertFalse(_verifier.verifyFor(purpose, _model, PROVIDER, _points, _proof, _link, _instances), "link");
        vm.assertFalse(_verifier.verifyFor(purpose, _model, address(1), _points, _proof, link, _instances), "provider");
        vm.assertFalse(_verifier.verifyFor(purpose, 0, PROVIDER, _points, _proof, link, _instances), "model");
        vm.assertFalse(_verifier.verifyFor(purpose, _model, PROVIDER, _points, "", link, _instances), "proof");
        _instances[2] = CLASSES;
        link = _prove(_proof, _instances);
        vm.assertFalse(_verifier.verifyFor(purpose, _model, PROVIDER, _points, _proof, link, _instances), "label");
        _verifier = _deploy(address(new RefusingStub()));
        _instances[2] = 0;
        link = _prove(_proof, _instances);
        vm.assertFalse(_verifier.verifyFor(purpose, _model, PROVIDER, _points, _proof, link, _instances), "verdict");
    }

    function _purpose() private pure returns (IInferenceVerifier.Purpose memory) {
        return IInferenceVerifier.Purpose({caseId: 1, index: 2, payee: address(3)});
    }

    /// @dev Makes the proof one for this purpose.
    function _bind(address asker, IInferenceVerifier.Purpose memory purpose) private returns (bytes memory link) {
        _instances[3] = Context.bind(asker, purpose.caseId, purpose.index, purpose.payee);
        return _prove(_proof, _instances);
    }

    function _refusedFor(
        address asker,
        IInferenceVerifier.Purpose memory purpose,
        bytes memory link,
        string memory what
    ) private {
        vm.prank(asker);
        vm.assertFalse(_verifier.verifyFor(purpose, _model, PROVIDER, _points, _proof, link, _instances), what);
    }

    function _config(address proofVerifier) private view returns (IInferenceVerifier.Config memory) {
        return IInferenceVerifier.Config({
            proofVerifier: proofVerifier,
            proofVerifierCodeHash: proofVerifier.codehash,
            archDigest: ARCH,
            weightCommitments: COMMITMENTS,
            classes: CLASSES,
            blindingBases: _fixture.allBases()
        });
    }

    function _deploy(address proofVerifier) private returns (InferenceVerifier) {
        return new InferenceVerifier(_config(proofVerifier));
    }

    function _mayRevertButNotRefuse(uint256 allowance) private view {
        try _verifier.verifyProof{gas: allowance}(_proof, _instances) returns (bool accepted) {
            vm.assertTrue(accepted, "verdict by lack of gas");
        } catch {}
    }

    /// @dev A link for `proof`, whose commitments are the fixture's.
    function _prove(bytes memory proof, uint256[] memory instances) private returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked("zkescrow.link.xi", ARCH, _points, _fixture.fresh()));
        return _fixture.prove(uint256(digest) % Bn254.R, keccak256(abi.encodePacked(proof, instances)));
    }
}
