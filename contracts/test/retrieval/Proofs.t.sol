// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {Context} from "../../src/libraries/Context.sol";
import {MerkleSumTree} from "../../src/libraries/MerkleSumTree.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice What counts as a proof of a sample.
contract ProofsTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, IRetrievalEscrow.State.Drawn);
    }

    function test_samples_are_proven_in_any_order_by_anybody() external {
        uint256[COUNT] memory order = [uint256(3), 0, 5, 1, 4, 2];
        for (uint256 i = 0; i < COUNT; ++i) {
            vm.assertFalse(retrieval.isProven(_case, order[i]));
            by(stranger, proveCall(_d, _r, order[i], _opening(order[i])));
            vm.assertTrue(retrieval.isProven(_case, order[i]));
            vm.assertEq(caseOf(_r).outstanding, COUNT - 1 - i);
        }
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Proven);
        vm.assertEq(caseOf(_r).deadline, block.timestamp + 4 hours);
    }

    function test_there_are_no_other_samples() external {
        uint256[3] memory samples = [uint256(COUNT), COUNT + 1, type(uint256).max];
        for (uint256 i = 0; i < samples.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotOutstanding.selector, _case, samples[i]);
            refused(responder, proveCall(_d, _r, samples[i], _opening(0)), reason);
        }
    }

    function test_a_sample_is_proven_once() external {
        prove(_d, _r, truth(_d, _r), 2);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotOutstanding.selector, _case, 2);
        refused(responder, proveCall(_d, _r, 2, _opening(2)), reason);
        vm.assertEq(caseOf(_r).outstanding, COUNT - 1);
    }

    function test_the_sample_is_not_for_the_responder_to_choose() external {
        uint256 expected = sampled(_d, _r, 0);
        for (uint256 document = 0; document < COUNT; ++document) {
            if (document == expected) continue;
            bytes memory reason =
                abi.encodeWithSelector(IRetrievalEscrow.NotSampled.selector, _case, document, expected);
            refused(responder, proveCall(_d, _r, 0, opening(truth(_d, _r), document)), reason);
        }
        IRetrievalEscrow.Opening memory o = _opening(0);
        o.document = type(uint256).max;
        bytes memory far =
            abi.encodeWithSelector(IRetrievalEscrow.NotSampled.selector, _case, type(uint256).max, expected);
        refused(responder, proveCall(_d, _r, 0, o), far);
    }

    function test_the_document_is_in_the_dataset() external {
        IRetrievalEscrow.Opening memory o = _opening(0);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotInDataset.selector, _case, o.document);
        o.finding.commitment ^= 1;
        refused(responder, proveCall(_d, _r, 0, o), reason);
        o = _opening(0);
        o.documentPath[1] ^= bytes32(uint256(1));
        refused(responder, proveCall(_d, _r, 0, o), reason);
        o = _opening(0);
        o.documentPath = new bytes32[](0);
        refused(responder, proveCall(_d, _r, 0, o), reason);
        o = _opening(0);
        o.documentPath = _opening(1).documentPath;
        refused(responder, proveCall(_d, _r, 0, o), reason);
    }

    function test_the_label_is_in_the_results() external {
        IRetrievalEscrow.Opening memory o = _opening(0);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, o.document);
        for (uint256 label = 0; label < 10; ++label) {
            if (label == labels[o.document]) continue;
            o.finding.label = label;
            refused(responder, proveCall(_d, _r, 0, o), reason);
        }
        o.finding.label = labels[o.document] + 256;
        refused(responder, proveCall(_d, _r, 0, o), reason);
        o.finding.label = type(uint256).max;
        refused(responder, proveCall(_d, _r, 0, o), reason);
    }

    function test_sums_are_those_of_the_results() external {
        IRetrievalEscrow.Opening memory o = _opening(0);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, o.document);
        for (uint256 level = 0; level < o.resultPath.length; ++level) {
            uint256 sum = o.resultPath[level].sum;
            o.resultPath[level].sum = sum + 1;
            refused(responder, proveCall(_d, _r, 0, o), reason);
            o.resultPath[level].sum = sum == 0 ? type(uint256).max : sum - 1;
            refused(responder, proveCall(_d, _r, 0, o), reason);
            o.resultPath[level].sum = sum;
            o.resultPath[level].hash ^= bytes32(uint256(1));
            refused(responder, proveCall(_d, _r, 0, o), reason);
            o.resultPath[level].hash ^= bytes32(uint256(1));
        }
        o.resultPath = new MerkleSumTree.Sibling[](0);
        refused(responder, proveCall(_d, _r, 0, o), reason);
    }

    function test_the_proof_is_valid() external {
        IRetrievalEscrow.Opening memory o = _opening(0);
        (uint256 output,) = verifier.truth(o.finding.commitment);
        IMarket.Evidence memory e = evidence(provider);
        e.proof = "poof";
        bytes memory reason = abi.encodeWithSelector(IMarket.InvalidProof.selector, _case, o.document);
        refused(responder, abi.encodeCall(IRetrievalEscrow.prove, (_d, _r, 0, o, output, e)), reason);
        e = evidence(provider);
        refused(responder, abi.encodeCall(IRetrievalEscrow.prove, (_d, _r, 0, o, output + 1, e)), reason);
        e.points[0] = 5;
        refused(responder, abi.encodeCall(IRetrievalEscrow.prove, (_d, _r, 0, o, output, e)), reason);
        by(responder, proveCall(_d, _r, 0, o));
    }

    function test_the_proof_is_about_the_model_of_the_request() external {
        _register(stranger);
        IRetrievalEscrow.Opening memory o = _opening(0);
        (uint256 output,) = verifier.truth(o.finding.commitment);
        IMarket.Evidence memory e = evidence(stranger);
        bytes32 named = registry.modelId(address(verifier), e.weights);
        bytes memory reason = abi.encodeWithSelector(IMarket.WrongModel.selector, named, model);
        refused(responder, abi.encodeCall(IRetrievalEscrow.prove, (_d, _r, 0, o, output, e)), reason);
    }

    /// @dev Whoever brings it: so it is worth nothing for another document, case, or responder.
    function test_the_proof_is_for_this_document_and_responder() external {
        IRetrievalEscrow.Opening memory o = _opening(2);
        bytes memory input = proveCall(_d, _r, 2, o);
        vm.expectCall(address(verifier), _question(o));
        by(stranger, input);
    }

    function test_only_as_many_as_the_request_takes_are_sampled() external {
        IRetrievalEscrow.Request memory r = request(_d);
        IRetrievalEscrow.Dataset memory d = dataset(2);
        r.dataset = retrieval.datasetIdOf(d);
        (r.bound, r.delta) = (0.5e18, 0.5e18);
        uint256 caseId = reach(d, r, IRetrievalEscrow.State.Drawn);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotOutstanding.selector, caseId, 2);
        refused(responder, proveCall(d, r, 2, opening(truth(d, r), sampled(d, r, 2))), reason);
        prove(d, r, truth(d, r), 1);
        prove(d, r, truth(d, r), 0);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Proven);
    }

    function test_a_dataset_of_one_document() external {
        IRetrievalEscrow.Dataset memory d = dataset(2);
        d.count = 1;
        d.root = documentLeaves(1)[0];
        IRetrievalEscrow.Request memory r = request(d);
        r.positives[0] = 1 << labels[0];
        reach(d, r, IRetrievalEscrow.State.Delivering);
        vm.assertEq(caseOf(r).samples, 1);
        vm.assertEq(caseOf(r).demanded, 1);
    }

    /// @dev What the verifier is asked about a document.
    function _question(IRetrievalEscrow.Opening memory o) private view returns (bytes memory) {
        IMarket.Evidence memory e = evidence(provider);
        uint256[] memory instances = new uint256[](4);
        instances[0] = o.finding.commitment;
        (instances[1], instances[2]) = verifier.truth(o.finding.commitment);
        instances[3] = Context.bind(address(retrieval), _case, o.document, responder);
        IInferenceVerifier.Purpose memory purpose = IInferenceVerifier.Purpose(_case, o.document, responder);
        return abi.encodeCall(
            IInferenceVerifier.verifyFor, (purpose, e.weights, provider, e.points, e.proof, e.link, instances)
        );
    }

    function _opening(uint256 sample) private view returns (IRetrievalEscrow.Opening memory) {
        return opening(truth(_d, _r), sampled(_d, _r, sample));
    }
}
