// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Documents of two chunks, of which only one is published.
contract PublicationTest is CaseSteps {
    uint256 private constant DOCUMENTS = 33;

    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;
    uint256[] private _cipher;

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        _d.count = uint32(MOST);
        _d.root = Trees.root(documentLeaves(MOST));
        _r = request(_d);
        _r.positives[0] = type(uint256).max;
        (_r.bound, _r.delta) = (0.5e18, 0.5e18);
        _case = reach(_d, _r, IRetrievalEscrow.State.Proven);
        demand(_d, _r, 5, DOCUMENTS);
        identifyAll(_d, _r);
        _cipher = ciphertext(_d, _r);
        by(responder, announceCall(_d, _r, _cipher));
        demandPublication(_r);
        vm.assertEq(deliveryOf(_r).chunks, 2);
        vm.assertEq(deliveryOf(_r).deadline, block.timestamp + 1 hours + 20 minutes);
        _publish(0, 256);
    }

    function test_the_rest_is_owed() external {
        settleLate(_d, _r);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
        vm.assertEq(credit(retrieval, responder), DOCUMENTS * DEMAND_BOND + 1e9);
        vm.assertEq(credit(retrieval, consumer), uint256(BOND) + REWARD + 1e9);
    }

    /// @dev Its word counts no more: it would pay whoever owes it the rest.
    function test_the_rest_is_owed_whoever_settles() external {
        vm.warp(deliveryOf(_r).deadline + 1);
        by(consumer, settleCall(_d, _r));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.FullDisclosure);
        vm.assertEq(credit(retrieval, responder), DOCUMENTS * DEMAND_BOND + 1e9);
        vm.assertEq(credit(retrieval, consumer), uint256(BOND) + REWARD + 1e9);
    }

    function test_the_requester_is_content_with_a_part() external {
        by(consumer, settleCall(_d, _r));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Fulfilled);
        vm.assertEq(credit(retrieval, responder), DOCUMENTS * DEMAND_BOND + 1e9 + REWARD);
        vm.assertEq(credit(retrieval, consumer), 1e9);
    }

    function test_the_rest_is_published() external {
        _publish(1, 8);
        reveal(_r);
        settleLate(_d, _r);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Fulfilled);
        vm.assertEq(credit(retrieval, responder), DOCUMENTS * DEMAND_BOND + 2e9 + REWARD);
        vm.assertEq(credit(retrieval, consumer), 0);
    }

    function _publish(uint256 chunk, uint256 count) private {
        uint256[] memory words = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            words[i] = _cipher[chunk * 256 + i];
        }
        bytes32[] memory path = Trees.pathFrom(SealedItems.leaves(_cipher), chunk * 256, 8);
        by(responder, abi.encodeCall(IDeliveries.publish, (_case, words, path)));
    }
}
