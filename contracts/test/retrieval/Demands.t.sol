// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Which positives can be demanded, and which documents they are.
contract DemandsTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        _r = request(_d);
        _case = reach(_d, _r, IRetrievalEscrow.State.Proven);
    }

    function test_nothing_and_too_much_are_not_demanded() external {
        _bad(0, 0);
        _bad(3, 0);
        _bad(0, 4);
        _bad(1, 3);
        _bad(3, 1);
        _bad(type(uint256).max, 1);
        _bad(type(uint256).max, 3);
        _bad(0, type(uint256).max);
        _bad(1, type(uint256).max);
        _bad(type(uint256).max, type(uint256).max);
        _bad(1 << 32, 1);
        _bad(0, 1 << 32);
    }

    function test_the_edges_of_what_can_be_demanded() external {
        uint256[2][4] memory ranges = [[uint256(0), 1], [uint256(0), 3], [uint256(2), 1], [uint256(1), 2]];
        for (uint256 i = 0; i < ranges.length; ++i) {
            IRetrievalEscrow.Dataset memory d = dataset(2 + i);
            IRetrievalEscrow.Request memory r = request(d);
            reach(d, r, IRetrievalEscrow.State.Proven);
            demand(d, r, ranges[i][0], ranges[i][1]);
            vm.assertEq(caseOf(r).first, ranges[i][0]);
            vm.assertEq(caseOf(r).demanded, ranges[i][1]);
            vm.assertEq(caseOf(r).outstanding, ranges[i][1]);
            vm.assertEq(caseOf(r).deadline, block.timestamp + 5 hours + 1200 * ranges[i][1]);
            identifyAll(d, r);
            vm.assertTrue(state(r) == IRetrievalEscrow.State.Identified);
        }
    }

    function test_nothing_is_demanded_where_nothing_is_positive() external {
        IRetrievalEscrow.Dataset memory d = dataset(2);
        IRetrievalEscrow.Request memory r = request(d);
        r.positives = new uint256[](1);
        reach(d, r, IRetrievalEscrow.State.Proven);
        vm.assertEq(caseOf(r).positives, 0);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.BadRange.selector, 0, 1);
        refusedPaying(consumer, DEMAND_BOND, demandCall(d, r, 0, 1), reason);
    }

    function test_positives_are_identified_in_order_and_each_bond_goes_to_the_responder() external {
        demand(_d, _r, 0, 3);
        vm.assertEq(held(address(retrieval)), BOND + REWARD + 3 * uint256(DEMAND_BOND));
        uint256[3] memory documents = [uint256(1), 3, 4];
        for (uint256 i = 0; i < 3; ++i) {
            vm.roll(block.number + 1);
            IRetrievalEscrow.Opening memory o = opening(truth(_d, _r), documents[i]);
            bytes memory input = identifyCall(_d, _r, o);
            vm.expectEmit();
            emit IRetrievalEscrow.PositiveIdentified(_case, i, o);
            by(stranger, input);
            vm.assertEq(caseOf(_r).outstanding, 2 - i);
            vm.assertEq(credit(retrieval, responder), (i + 1) * DEMAND_BOND);
        }
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Identified);
        vm.assertEq(caseOf(_r).deadline, block.timestamp + 1 hours);
    }

    function test_other_positives_are_not_the_next_one() external {
        demand(_d, _r, 1, 2);
        _wrong(1, 1);
        _wrong(4, 1);
        by(responder, identifyCall(_d, _r, opening(truth(_d, _r), 3)));
        _wrong(3, 2);
        _wrong(1, 2);
        by(responder, identifyCall(_d, _r, opening(truth(_d, _r), 4)));
    }

    /// @dev Document 2 is behind one positive and before the next, but none itself.
    function test_negative_documents_are_no_positives() external {
        demand(_d, _r, 1, 1);
        _wrong(2, 1);
        _wrong(0, 1);
        _wrong(5, 1);
        vm.assertEq(credit(retrieval, responder), 0);
    }

    function test_identified_documents_are_in_dataset_and_results() external {
        demand(_d, _r, 0, 1);
        IRetrievalEscrow.Opening memory o = opening(truth(_d, _r), 1);
        o.finding.commitment ^= 1;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotInDataset.selector, _case, 1);
        refused(responder, identifyCall(_d, _r, o), reason);
        o = opening(truth(_d, _r), 1);
        o.document = COUNT;
        reason = abi.encodeWithSelector(IRetrievalEscrow.NotInDataset.selector, _case, COUNT);
        refused(responder, identifyCall(_d, _r, o), reason);
        o = opening(truth(_d, _r), 1);
        o.finding.label = labels[3] == labels[1] ? labels[4] : labels[3];
        reason = abi.encodeWithSelector(IRetrievalEscrow.NotInResults.selector, _case, 1);
        refused(responder, identifyCall(_d, _r, o), reason);
        o = opening(truth(_d, _r), 1);
        o.resultPath[0].sum += 1;
        refused(responder, identifyCall(_d, _r, o), reason);
    }

    function test_positives_are_demanded_once() external {
        demand(_d, _r, 0, 1);
        IRetrievalEscrow.State actual = IRetrievalEscrow.State.Demanded;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, _case, actual);
        refusedPaying(consumer, DEMAND_BOND, demandCall(_d, _r, 1, 1), reason);
    }

    function test_the_delivery_is_of_the_demanded_documents() external {
        demand(_d, _r, 1, 2);
        identifyAll(_d, _r);
        by(responder, announceCall(_d, _r, ciphertext(_d, _r)));
        IDeliveries.Delivery memory delivery = deliveryOf(_r);
        vm.assertTrue(delivery.stage == IDeliveries.Stage.Announced);
        vm.assertEq(delivery.sender, responder);
        vm.assertEq(delivery.receiver, consumer);
        vm.assertEq(delivery.currency, currency());
        vm.assertEq(delivery.words, 16);
        vm.assertEq(delivery.chunks, 1);
        vm.assertEq(delivery.decide, 4 hours);
        vm.assertEq(delivery.step, 1 hours);
        vm.assertEq(delivery.deadline, block.timestamp + 1 hours);
        vm.assertEq(delivery.keyHash, keccak256(abi.encode(KEY)));
    }

    function _bad(uint256 first, uint256 count) private {
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.BadRange.selector, first, count);
        refusedPaying(consumer, DEMAND_BOND, demandCall(_d, _r, first, count), reason);
    }

    function _wrong(uint256 document, uint256 ordinal) private {
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.NotPositive.selector, _case, document, ordinal);
        refused(responder, identifyCall(_d, _r, opening(truth(_d, _r), document)), reason);
    }
}
