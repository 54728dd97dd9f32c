// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Trees} from "../utils/Trees.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice Proofs that were made for another purpose. I8: none counts.
contract PurposeTest is RoundDriver {
    BoundVerifier private _bound;

    function setUp() public override {
        super.setUp();
        _bound = new BoundVerifier();
        registry.registerArchitecture(address(_bound));
        vm.prank(provider);
        model = registry.register(address(_bound), points);
        vm.deal(provider, MINIMUM_STAKE);
        vm.prank(provider);
        registry.addStake{value: MINIMUM_STAKE}(model, MINIMUM_STAKE);
    }

    function test_its_own_purpose() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        _respond(t, _proof(address(predictions), block.chainid, caseId, CONTESTED, provider));
        vm.assertEq(predictions.roundOf(caseId).outstanding, 0);
    }

    function test_another_case() external {
        IPredictionEscrow.Terms memory t = terms();
        t.salt += 1;
        uint256 other = drive(t, IPredictionEscrow.State.Contested);
        t.salt -= 1;
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        _refused(t, caseId, _proof(address(predictions), block.chainid, other, CONTESTED, provider));
    }

    function test_another_index() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        _refused(t, caseId, _proof(address(predictions), block.chainid, caseId, CONTESTED - 1, provider));
    }

    /// @dev Who copies a proof from the pool cannot be paid for it: the context names the round's provider.
    function test_another_payee() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        _refused(t, caseId, _proof(address(predictions), block.chainid, caseId, CONTESTED, stranger));
        _refused(t, caseId, _proof(address(predictions), block.chainid, caseId, CONTESTED, consumer));
    }

    function test_another_contract_or_chain() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        _refused(t, caseId, _proof(address(exams), block.chainid, caseId, CONTESTED, provider));
        bytes memory proof = _proof(address(predictions), block.chainid, caseId, CONTESTED, provider);
        vm.chainId(block.chainid + 1);
        _refused(t, caseId, proof);
    }

    /// @dev I10: a verifier without a verdict reverts, and the answer can be tried again.
    function test_no_verdict_is_no_guilt() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        bytes memory input = _input(t, hex"");
        vm.expectRevert(abi.encodeWithSelector(BoundVerifier.NoVerdict.selector));
        this.callPredictions(input);
        _respond(t, _proof(address(predictions), block.chainid, caseId, CONTESTED, provider));
    }

    function callPredictions(bytes calldata input) external {
        (bool success, bytes memory answer) = address(predictions).call(input);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function _refused(IPredictionEscrow.Terms memory t, uint256 caseId, bytes memory proof) private {
        bytes memory refusal = abi.encodeWithSelector(IMarket.InvalidProof.selector, caseId, CONTESTED);
        refuse(Move(stranger, 0, _input(t, proof)), refusal);
    }

    function _respond(IPredictionEscrow.Terms memory t, bytes memory proof) private {
        (bool success,) = send(Move(stranger, 0, _input(t, proof)));
        vm.assertTrue(success);
    }

    function _input(IPredictionEscrow.Terms memory t, bytes memory proof) private view returns (bytes memory) {
        IMarket.Evidence memory e;
        e.weights = _bound.modelId(provider, points);
        e.points = points;
        e.proof = proof;
        bytes32[] memory ins = Trees.path(inputLeaves(COUNT), CONTESTED);
        bytes32[] memory outs = Trees.path(predictionLeaves(COUNT, 0), CONTESTED);
        return abi.encodeCall(predictions.respond, (t, CONTESTED, prediction(CONTESTED), ins, outs, e));
    }

    /// @dev A proof of what is true of the contested index, for some purpose.
    function _proof(address where, uint256 chain, uint256 caseId, uint256 index, address payee)
        private
        view
        returns (bytes memory)
    {
        IPredictionEscrow.Prediction memory p = prediction(CONTESTED);
        uint256[] memory instances = new uint256[](4);
        (instances[0], instances[1], instances[2]) = (p.inputCommitment, p.outputCommitment, p.label);
        instances[3] = uint256(keccak256(abi.encode("zkescrow.context", chain, where, caseId, index, payee))) >> 8;
        return abi.encode(instances);
    }
}

/// @notice Takes a proof for its list of instances.
contract BoundVerifier {
    bytes32 public constant archDigest = keccak256("bound");

    error NoVerdict();

    function inputPacking() external pure returns (IInferenceVerifier.Packing memory) {
        return IInferenceVerifier.Packing({domain: 1, elements: 1, shortElements: 1, shortBytes: 1});
    }

    function verifyFor(
        IInferenceVerifier.Purpose calldata,
        bytes32,
        address,
        uint256[] calldata,
        bytes calldata proof,
        bytes calldata,
        uint256[] calldata instances
    ) external pure returns (bool) {
        if (proof.length == 0) revert NoVerdict();
        return keccak256(proof) == keccak256(abi.encode(instances));
    }

    function modelId(address provider, uint256[] calldata points) external pure returns (bytes32) {
        return keccak256(abi.encodePacked(archDigest, provider, points));
    }
}
