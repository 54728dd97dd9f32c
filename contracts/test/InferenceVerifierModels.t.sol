// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {Context} from "../src/libraries/Context.sol";
import {Deploy} from "./utils/Deploy.sol";
import {LinkFixture} from "./utils/LinkFixture.sol";
import {AcceptingStub, RefusingStub} from "./utils/ProofVerifierStubs.sol";
import {StubFixture} from "./utils/StubFixture.sol";

/// @dev Proofs of models, with links, for purposes.
contract InferenceVerifierModelsTest is StubFixture {
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
        IInferenceVerifier other = Deploy.inferenceVerifier(config);
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
        IInferenceVerifier verifier = _deploy(address(new RefusingStub()));
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
}
