// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Responders that lie about their documents. Where all are sampled, none gets away with it.
contract LiarsTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, IRetrievalEscrow.State.Approved);
    }

    function test_no_more_positives_than_documents() external {
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.BadResults.selector, COUNT + 1, COUNT);
        refused(responder, postCall(_d, _r, keccak256("root"), COUNT + 1), reason);
        reason = abi.encodeWithSelector(IRetrievalEscrow.BadResults.selector, type(uint256).max, COUNT);
        refused(responder, postCall(_d, _r, keccak256("root"), type(uint256).max), reason);
        by(responder, postCall(_d, _r, keccak256("root"), COUNT));
        vm.assertEq(caseOf(_r).positives, COUNT);
    }

    /// @dev Document 3 is positive; its label is said to be another one, which is not asked for.
    function test_a_false_label_cannot_be_proven() external {
        Results memory x = truth(_d, _r);
        while ((_r.positives[0] >> x.labels[3]) & 1 == 1) {
            x.labels[3] = (x.labels[3] + 1) % 10;
        }
        (x.flags[3], x.values[3]) = (0, 0);
        _post(x);
        for (uint256 sample = 0; sample < COUNT; ++sample) {
            if (sampled(_d, _r, sample) == 3) {
                bytes memory reason = abi.encodeWithSelector(IMarket.InvalidProof.selector, _case, 3);
                refused(responder, proveCall(_d, _r, sample, opening(x, 3)), reason);
                // Nor can the true label, which is not what it committed to.
                reason = abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, 3);
                refused(responder, proveCall(_d, _r, sample, opening(truth(_d, _r), 3)), reason);
            } else {
                prove(_d, _r, x, sample);
            }
        }
        vm.assertEq(caseOf(_r).outstanding, 1);
        _loses();
    }

    /// @dev A false label that is asked for, where there is none.
    function test_a_false_positive_cannot_be_proven() external {
        Results memory x = truth(_d, _r);
        (x.labels[0], x.flags[0], x.values[0]) = (labels[1], 1, 1);
        _post(x);
        _fails(x, 0, abi.encodeWithSelector(IMarket.InvalidProof.selector, _case, 0));
        _loses();
    }

    /// @dev The label is true, but the leaf says that it was not asked for.
    function test_a_hidden_positive_is_no_leaf() external {
        Results memory x = truth(_d, _r);
        (x.flags[3], x.values[3]) = (0, 0);
        _post(x);
        vm.assertEq(caseOf(_r).positives, 2);
        _fails(x, 3, abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, 3));
        _loses();
    }

    /// @dev The leaf says so, too, but it does not count in the sums.
    function test_an_uncounted_positive_is_no_leaf() external {
        Results memory x = truth(_d, _r);
        x.values[3] = 0;
        _post(x);
        _fails(x, 3, abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, 3));
        _loses();
    }

    function test_a_false_total_shows_in_every_opening() external {
        (bytes32 root, uint256 total) = resultsRoot(truth(_d, _r));
        uint256[3] memory totals = [total - 1, total + 1, COUNT];
        for (uint256 i = 0; i < totals.length; ++i) {
            IRetrievalEscrow.Dataset memory d = dataset(2 + i);
            IRetrievalEscrow.Request memory r = request(d);
            uint256 caseId = reach(d, r, IRetrievalEscrow.State.Approved);
            by(responder, postCall(d, r, root, totals[i]));
            draw(d, r);
            for (uint256 sample = 0; sample < COUNT; ++sample) {
                uint256 document = sampled(d, r, sample);
                bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, caseId, document);
                refused(responder, proveCall(d, r, sample, opening(truth(d, r), document)), reason);
            }
        }
    }

    /// @dev Documents 6 and 7 do not exist; what they count for is refused wherever it is beside a path.
    function test_no_positives_hide_behind_the_last_document() external {
        Results memory x = truth(_d, _r);
        uint256[] memory values = new uint256[](8);
        for (uint256 i = 0; i < COUNT; ++i) {
            values[i] = x.values[i];
        }
        values[7] = 1;
        x.values = values;
        _post(x);
        vm.assertEq(caseOf(_r).positives, 4);
        // The padding is beside documents 4 and 5 alone.
        _fails(x, 4, abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, 4));
        _fails(x, 5, abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, 5));
        _loses();
    }

    /// @dev Where nobody looked: the hidden document cannot be shown under the number it has.
    function test_a_hidden_positive_that_was_not_sampled_cannot_be_identified() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _lenient();
        uint256 caseId = reach(d, r, IRetrievalEscrow.State.Approved);
        Results memory x = truth(d, r);
        // Counted, so that the total is true, but with a leaf that says that it was not asked for.
        x.flags[3] = 0;
        post(d, r, x);
        _luckyDraw(d, r, 3);
        prove(d, r, x, 0);
        prove(d, r, x, 1);
        demand(d, r, 1, 1);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, caseId, 3);
        refused(responder, identifyCall(d, r, opening(x, 3)), reason);
        // Others have other numbers.
        reason = abi.encodeWithSelector(IRetrievalEscrow.NotPositive.selector, caseId, 1, 1);
        refused(responder, identifyCall(d, r, opening(x, 1)), reason);
        reason = abi.encodeWithSelector(IRetrievalEscrow.NotPositive.selector, caseId, 4, 1);
        refused(responder, identifyCall(d, r, opening(x, 4)), reason);
        settleLate(d, r);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.FullDisclosure);
    }

    /// @dev What a sample does not find is not found: a false label that was not drawn goes through.
    function test_a_false_label_that_was_not_sampled_goes_unseen() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _lenient();
        reach(d, r, IRetrievalEscrow.State.Approved);
        Results memory x = truth(d, r);
        (x.labels[3], x.flags[3], x.values[3]) = (labels[0], 0, 0);
        post(d, r, x);
        _luckyDraw(d, r, 3);
        prove(d, r, x, 0);
        prove(d, r, x, 1);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Proven);
    }

    /// @dev Two samples are enough for this request.
    function _lenient() private view returns (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) {
        d = dataset(9);
        r = request(d);
        (r.bound, r.delta) = (0.5e18, 0.5e18);
    }

    /// @dev A value that does not sample `spared`.
    function _luckyDraw(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, uint256 spared) private {
        uint256 block_ = block.number;
        for (uint256 random = 0;; ++random) {
            bytes memory header = mine(r, random);
            uint256 snapshot = vm.snapshotState();
            by(stranger, drawCall(d, r, header));
            if (sampled(d, r, 0) != spared && sampled(d, r, 1) != spared) return;
            vm.revertToState(snapshot);
            vm.roll(block_);
        }
    }

    function _post(Results memory x) private {
        post(_d, _r, x);
        draw(_d, _r);
    }

    function _fails(Results memory x, uint256 document, bytes memory reason) private {
        for (uint256 sample = 0; sample < COUNT; ++sample) {
            if (sampled(_d, _r, sample) != document) continue;
            refused(responder, proveCall(_d, _r, sample, opening(x, document)), reason);
        }
    }

    function _loses() private {
        settleLate(_d, _r);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
        vm.assertEq(credit(retrieval, consumer), BOND + REWARD);
        vm.assertEq(credit(retrieval, responder), 0);
    }
}
