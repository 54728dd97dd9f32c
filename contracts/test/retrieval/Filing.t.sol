// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {SampleSize} from "../../src/libraries/SampleSize.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Which requests there can be.
contract FilingTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        commit(_d);
    }

    function test_only_the_requester_files() external {
        IRetrievalEscrow.Request memory r = request(_d);
        address[3] memory others = [responder, approver, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IDeliveries.NotParty.selector, others[i], consumer);
            refusedPaying(others[i], REWARD, fileCall(_d, r), reason);
        }
    }

    function test_the_model_exists() external {
        IRetrievalEscrow.Request memory r = request(_d);
        r.model = keccak256("nothing");
        _refused(r, abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, r.model));
    }

    function test_the_model_is_public() external {
        IRetrievalEscrow.Request memory r = request(_d);
        r.model = _register(stranger);
        _refused(r, abi.encodeWithSelector(IRetrievalEscrow.ModelNotPublic.selector, r.model));
        vm.prank(stranger);
        registry.publishOpening(r.model, keccak256("weights"), "");
        file(_d, r);
    }

    function test_the_model_is_of_the_architecture_of_the_dataset() external {
        TruthVerifier other = new TruthVerifier();
        registry.registerArchitecture(address(other));
        vm.prank(provider);
        bytes32 alike = registry.register(address(other), points);
        vm.prank(provider);
        registry.publishOpening(alike, keccak256("weights"), "");
        IRetrievalEscrow.Request memory r = request(_d);
        r.model = alike;
        _refused(r, _wrongVerifier(address(other), address(verifier)));
        _d.salt = 2;
        _d.verifier = address(other);
        commit(_d);
        r = request(_d);
        _refused(r, _wrongVerifier(address(verifier), address(other)));
        r.model = alike;
        file(_d, r);
    }

    /// @dev Where nobody can ask for anything.
    function test_the_architecture_of_a_dataset_may_be_none() external {
        address[3] memory none = [address(0), stranger, address(registry)];
        for (uint256 i = 0; i < none.length; ++i) {
            _d.verifier = none[i];
            commit(_d);
            _refused(request(_d), _wrongVerifier(address(verifier), none[i]));
        }
    }

    function _wrongVerifier(address actual, address expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRetrievalEscrow.WrongVerifier.selector, actual, expected);
    }

    function test_bound_and_delta_are_between_zero_and_one() external {
        IRetrievalEscrow.Request memory r = request(_d);
        uint64[3] memory values = [uint64(0), 1e18, type(uint64).max];
        for (uint256 i = 0; i < values.length; ++i) {
            r = request(_d);
            r.bound = values[i];
            _refused(r, abi.encodeWithSelector(SampleSize.BoundOutOfRange.selector, uint256(values[i])));
            r = request(_d);
            r.delta = values[i];
            _refused(r, abi.encodeWithSelector(SampleSize.DeltaOutOfRange.selector, uint256(values[i])));
        }
    }

    function test_samples_are_as_many_as_the_bound_takes() external {
        IRetrievalEscrow.Request memory r = request(_d);
        (r.bound, r.delta) = (0.5e18, 0.5e18);
        file(_d, r);
        vm.assertEq(caseOf(r).samples, 2);
        (r.bound, r.delta) = (0.5e18, 0.05e18);
        file(_d, r);
        vm.assertEq(caseOf(r).samples, 6);
    }

    function test_samples_are_no_more_than_documents() external {
        IRetrievalEscrow.Request memory r = request(_d);
        (r.bound, r.delta) = (0.5e18, 0.01e18);
        file(_d, r);
        vm.assertEq(caseOf(r).samples, COUNT);
        (r.bound, r.delta) = (1, 1);
        file(_d, r);
        vm.assertEq(caseOf(r).samples, COUNT);
    }

    function test_as_many_samples_as_the_paper_takes() external {
        IRetrievalEscrow.Dataset memory d = dataset(2);
        d.count = 1 << 20;
        commit(d);
        IRetrievalEscrow.Request memory r = request(d);
        uint64[4] memory bounds = [uint64(0.05e18), 0.025e18, 0.02e18, 0.01e18];
        uint32[4] memory samples = [uint32(72), 146, 183, 368];
        for (uint256 i = 0; i < bounds.length; ++i) {
            r.bound = bounds[i];
            file(d, r);
            vm.assertEq(caseOf(r).samples, samples[i]);
        }
    }

    function test_the_id_is_the_hash_of_the_request() external {
        IRetrievalEscrow.Request memory r = request(_d);
        uint256 caseId = file(_d, r);
        vm.assertEq(caseId, uint256(keccak256(abi.encode(r))));
        vm.assertEq(retrieval.idOf(r), caseId);
        r.salt = 2;
        vm.assertNotEq(file(_d, r), caseId);
    }

    function test_a_withdrawn_request_is_not_filed_again() external {
        IRetrievalEscrow.Request memory r = request(_d);
        uint256 caseId = reach(_d, r, IRetrievalEscrow.State.Withdrawn);
        IRetrievalEscrow.State actual = IRetrievalEscrow.State.Withdrawn;
        _refused(r, abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, caseId, actual));
    }

    function _refused(IRetrievalEscrow.Request memory r, bytes memory reason) private {
        refusedPaying(consumer, REWARD, fileCall(_d, r), reason);
    }
}
