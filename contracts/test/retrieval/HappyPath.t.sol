// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

abstract contract HappyPath is CaseSteps {
    function test_three_documents_of_six_are_positive() external view {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        uint256[] memory documents = positives(truth(d, request(d)));
        vm.assertEq(documents.length, 3);
        vm.assertEq(documents[0], 1);
        vm.assertEq(documents[1], 3);
        vm.assertEq(documents[2], 4);
    }

    function test_proven_results_pay_the_reward() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        reach(d, r, IRetrievalEscrow.State.Proven);
        settleLate(d, r);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Fulfilled);
        vm.assertEq(credit(retrieval, responder), REWARD);
        vm.assertEq(credit(retrieval, consumer), 0);
        vm.assertEq(held(address(retrieval)), BOND + REWARD);
        vm.assertEq(standingOf(d).active, 0);
    }

    function test_demanded_documents_are_handed_over() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        reachStage(d, r, IDeliveries.Stage.Revealed);
        settleLate(d, r);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Fulfilled);
        vm.assertEq(credit(retrieval, responder), REWARD + 3 * DEMAND_BOND);
        vm.assertEq(credit(retrieval, consumer), 0);
        vm.assertEq(held(address(retrieval)), BOND + REWARD + 3 * DEMAND_BOND);
    }

    function test_everything_can_be_fetched_in_the_end() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        reach(d, r, IRetrievalEscrow.State.Fulfilled);
        by(responder, abi.encodeCall(IRetrievalEscrow.retire, (d)));
        vm.warp(block.timestamp + 1 days + 1);
        by(stranger, abi.encodeCall(IRetrievalEscrow.close, (d)));
        vm.prank(responder);
        vm.assertEq(retrieval.withdraw(currency(), responder), BOND + REWARD);
        vm.assertEq(held(responder), BOND + REWARD);
        vm.assertEq(held(address(retrieval)), 0);
    }
}

contract HappyPathInEth is HappyPath {}

contract HappyPathInTokens is HappyPath {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
