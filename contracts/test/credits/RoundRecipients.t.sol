// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundFixture} from "../prediction/RoundFixture.sol";
import {Agent, GasEater, Refuser} from "./Parties.sol";

/// @notice Parties that cannot receive, or misuse that they are called, hurt nobody else.
contract RoundRecipientsTest is RoundFixture {
    function setUp() public override {
        consumer = address(new Refuser());
        super.setUp();
    }

    function test_a_refusing_consumer_holds_up_no_settlement() external {
        _consumerBlocksOnlyItself();
    }

    function test_a_gas_eating_consumer_holds_up_no_settlement() external {
        consumer = address(new GasEater());
        _consumerBlocksOnlyItself();
    }

    function test_a_paid_consumer_cannot_reenter() external {
        Agent agent = new Agent();
        consumer = address(agent);
        IPredictionEscrow.Terms memory t = terms();
        predicted(t, 0);
        vm.prank(consumer);
        predictions.settle(t);
        uint256 share = credit(predictions, consumer);
        bytes memory withdrawing = abi.encodeCall(ICredits.withdraw, (address(0), consumer));
        agent.arm(address(predictions), withdrawing);
        agent.act(address(predictions), withdrawing);
        vm.assertTrue(agent.called());
        vm.assertFalse(agent.succeeded());
        vm.assertEq(consumer.balance, share);
        vm.assertEq(held(address(predictions)), credit(predictions, provider));
    }

    function test_opening_costs_exactly_the_lock() external {
        IPredictionEscrow.Terms memory t = terms();
        vm.deal(consumer, 2 * CONSUMER_LOCK);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, CONSUMER_LOCK - 1, CONSUMER_LOCK));
        vm.prank(consumer);
        predictions.open{value: CONSUMER_LOCK - 1}(t);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, CONSUMER_LOCK + 1, CONSUMER_LOCK));
        vm.prank(consumer);
        predictions.open{value: CONSUMER_LOCK + 1}(t);
    }

    function test_accepting_costs_exactly_the_lock() external {
        IPredictionEscrow.Terms memory t = terms();
        open(t);
        vm.deal(provider, 2 * PROVIDER_LOCK);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, PROVIDER_LOCK - 1, PROVIDER_LOCK));
        vm.prank(provider);
        predictions.accept{value: PROVIDER_LOCK - 1}(t);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, PROVIDER_LOCK + 1, PROVIDER_LOCK));
        vm.prank(provider);
        predictions.accept{value: PROVIDER_LOCK + 1}(t);
    }

    function test_eth_does_not_come_with_a_round_in_tokens() external {
        IPredictionEscrow.Terms memory t = terms();
        t.currency = address(coin);
        coin.mint(consumer, CONSUMER_LOCK);
        vm.prank(consumer);
        coin.approve(address(predictions), CONSUMER_LOCK);
        vm.deal(consumer, CONSUMER_LOCK);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, CONSUMER_LOCK, 0));
        vm.prank(consumer);
        predictions.open{value: CONSUMER_LOCK}(t);
    }

    function test_a_share_goes_neither_to_nobody_nor_back() external {
        IPredictionEscrow.Terms memory t = terms();
        open(t);
        vm.prank(consumer);
        predictions.cancel(t);
        vm.expectRevert(abi.encodeWithSelector(ICredits.BadRecipient.selector, address(0)));
        vm.prank(consumer);
        predictions.withdraw(address(0), address(0));
        vm.expectRevert(abi.encodeWithSelector(ICredits.BadRecipient.selector, address(predictions)));
        vm.prank(consumer);
        predictions.withdraw(address(0), address(predictions));
    }

    function _consumerBlocksOnlyItself() private {
        IPredictionEscrow.Terms memory t = terms();
        predicted(t, 0);
        vm.warp(block.timestamp + 4 hours + 1);
        predictions.settle(t);
        uint256 share = credit(predictions, consumer);
        vm.expectRevert(abi.encodeWithSignature("ETHTransferFailed()"));
        vm.prank(consumer);
        predictions.withdraw{gas: 1_000_000}(address(0), consumer);
        vm.prank(provider);
        predictions.withdraw(address(0), provider);
        vm.prank(consumer);
        predictions.withdraw(address(0), stranger);
        vm.assertEq(stranger.balance, share);
        vm.assertEq(held(address(predictions)), 0);
    }
}
