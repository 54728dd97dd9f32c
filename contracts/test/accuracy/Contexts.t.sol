// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {Context} from "../../src/libraries/Context.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";
import {ExamFixture} from "./ExamFixture.sol";

/// @notice As `TruthVerifier`, but a proof says what it proves: it is good for no other instances.
contract BoundVerifier {
    TruthVerifier private immutable _truth;
    bytes32 public constant archDigest = keccak256("truth");

    constructor(TruthVerifier truth) {
        _truth = truth;
    }

    function inputPacking() external view returns (IInferenceVerifier.Packing memory) {
        return _truth.inputPacking();
    }

    function modelId(address provider, uint256[] calldata points) public view returns (bytes32) {
        return _truth.modelId(provider, points);
    }

    function verifyFor(
        IInferenceVerifier.Purpose calldata purpose,
        bytes32 weights,
        address provider,
        uint256[] calldata points,
        bytes calldata proof,
        bytes calldata,
        uint256[] calldata instances
    ) external view returns (bool) {
        if (weights != modelId(provider, points)) return false;
        return _here(purpose) == instances[3] && keccak256(proof) == keccak256(abi.encode(instances));
    }

    function _here(IInferenceVerifier.Purpose calldata purpose) private view returns (uint256) {
        return Context.bind(msg.sender, purpose.caseId, purpose.index, purpose.payee);
    }
}

/// @notice A proof counts for one place of one exam, and for nobody else.
contract AccuracyContextsTest is ExamFixture {
    uint256 private constant PLACE = 2;

    /// @notice What a proof is made for.
    struct Purpose {
        address escrow;
        uint256 caseId;
        uint256 index;
        address payee;
    }

    function setUp() public override {
        super.setUp();
        BoundVerifier bound_ = new BoundVerifier(verifier);
        registry.registerArchitecture(address(bound_));
        vm.prank(provider);
        model = registry.register(address(bound_), points);
        vm.deal(provider, MINIMUM_STAKE);
        vm.prank(provider);
        registry.addStake{value: MINIMUM_STAKE}(model, MINIMUM_STAKE);
    }

    function test_a_proof_for_its_place() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        succeeds(_respond(t, _purpose(t)));
        vm.assertFalse(exams.isOutstanding(id(t), PLACE));
    }

    function test_a_proof_for_another_place() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        Purpose memory p = _purpose(t);
        // Not for what the test set's places or examples are called, either.
        for (p.index = 0; p.index < EXAMPLES; ++p.index) {
            if (p.index != PLACE) _refused(t, p);
        }
    }

    function test_a_proof_for_another_exam() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        Purpose memory p = _purpose(t);
        p.caseId += 1;
        _refused(t, p);
    }

    function test_a_proof_for_another_contract() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        Purpose memory p = _purpose(t);
        p.escrow = address(predictions);
        _refused(t, p);
    }

    function test_a_proof_for_another_payee() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        Purpose memory p = _purpose(t);
        p.payee = stranger;
        _refused(t, p);
    }

    function test_a_proof_for_another_chain() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        Call memory c = _respond(t, _purpose(t));
        vm.chainId(block.chainid + 1);
        fails(c, abi.encodeWithSelector(IMarket.InvalidProof.selector, id(t), PLACE));
    }

    function _challenged() private returns (IAccuracyEscrow.Terms memory t) {
        t = terms();
        challenged(t, PLACE);
    }

    function _purpose(IAccuracyEscrow.Terms memory t) private view returns (Purpose memory) {
        return Purpose(address(exams), id(t), PLACE, provider);
    }

    function _refused(IAccuracyEscrow.Terms memory t, Purpose memory p) private {
        fails(_respond(t, p), abi.encodeWithSelector(IMarket.InvalidProof.selector, id(t), PLACE));
    }

    function _respond(IAccuracyEscrow.Terms memory t, Purpose memory p) private view returns (Call memory) {
        IAccuracyEscrow.Score memory s = score(t, PLACE, answers(t));
        uint256[] memory instances = new uint256[](4);
        instances[0] = s.example.inputCommitment;
        instances[1] = s.outputCommitment;
        instances[2] = s.label;
        instances[3] = Context.bind(p.escrow, p.caseId, p.index, p.payee);
        IMarket.Evidence memory e = evidence(provider);
        e.proof = abi.encode(instances);
        return Call(stranger, 0, abi.encodeCall(exams.respond, (t, PLACE, s, e)));
    }
}
