// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundFixture} from "./RoundFixture.sol";

abstract contract HappyPath is RoundFixture {
    function test_unchallenged_round_pays_the_price() external {
        IPredictionEscrow.Terms memory t = terms();
        predicted(t, 0);
        vm.warp(block.timestamp + 4 hours + 1);
        predictions.settle(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Served);
        vm.assertEq(credit(predictions, provider), PROVIDER_LOCK + COUNT * PRICE);
        vm.assertEq(credit(predictions, consumer), CONSUMER_LOCK - COUNT * PRICE);
    }

    function test_proven_contest_pays_twice_the_proof() external {
        IPredictionEscrow.Terms memory t = terms();
        predicted(t, 0);
        contest(t, one(3));
        respond(t, 3, 0);
        predictions.settle(t);
        vm.assertEq(credit(predictions, provider), PROVIDER_LOCK + COUNT * PRICE + 2 * PROOF_COST);
        vm.assertEq(credit(predictions, consumer), CONSUMER_LOCK - COUNT * PRICE - 2 * PROOF_COST);
    }

    function test_a_lie_costs_the_whole_escrow_and_stake() external {
        IPredictionEscrow.Terms memory t = terms();
        predicted(t, 1);
        contest(t, one(0));
        vm.expectPartialRevert(IPredictionEscrow.NotCommitted.selector);
        this.tryRespond(t, 0, 1);
        vm.warp(block.timestamp + 5 hours + 601);
        predictions.settle(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.ProviderFailed);
        vm.assertEq(credit(predictions, provider), 0);
        vm.assertEq(credit(predictions, consumer), CONSUMER_LOCK + PROVIDER_LOCK);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE - PENALTY);
    }

    function tryRespond(IPredictionEscrow.Terms memory t, uint256 index, uint256 lies) external {
        respond(t, index, lies);
    }
}

contract HappyPathInEth is HappyPath {}

contract HappyPathInTokens is HappyPath {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
