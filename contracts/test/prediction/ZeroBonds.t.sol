// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Coin} from "../utils/Tokens.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice Rounds without bonds, in a token that refuses to move nothing: whoever may demand for nothing can.
contract ZeroBondsTest is RoundDriver {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function _coin() internal override returns (Coin) {
        return new ProudCoin();
    }

    function terms() internal view override returns (IPredictionEscrow.Terms memory t) {
        t = super.terms();
        t.price = 0;
        t.demandBond = 0;
        t.courier.bond = 0;
    }

    function test_the_token_refuses_to_move_nothing() external {
        vm.expectRevert(abi.encodeWithSelector(ProudCoin.Nothing.selector));
        coin.transferFrom(stranger, stranger, 0);
    }

    function test_everything_is_demanded() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Demanded);
        publish(t, 0);
        vm.assertEq(credit(predictions, consumer), 0);
        reveal(t, KEY);
        make(Call.CommitPredictions, t);
        make(Call.DemandPredictions, t);
        make(Call.PublishPredictions, t);
        vm.assertEq(credit(predictions, provider), 0);
        make(Call.Contest, t);
        make(Call.Respond, t);
        make(Call.Settle, t);
        uint256 pay = 2 * uint256(PROOF_COST);
        paid(t, consumerLock(t) - pay, providerLock(t) + pay, 0);
        vm.prank(consumer);
        vm.assertEq(predictions.withdraw(currency(), stranger), consumerLock(t) - pay);
        vm.prank(provider);
        vm.assertEq(predictions.withdraw(currency(), stranger), providerLock(t) + pay);
        vm.assertEq(held(address(predictions)), 0);
    }

    function test_demanded_inputs_stay_away() external {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, IPredictionEscrow.State.ConsumerFailed);
        paid(t, 0, consumerLock(t) + providerLock(t), 0);
    }

    function test_demanded_publication_stays_away() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = deliver(t, IDeliveries.Stage.Demanded);
        vm.warp(uint256(predictions.deliveryOf(caseId).deadline) + 1);
        make(Call.Settle, t);
        paid(t, 0, consumerLock(t) + providerLock(t), 0);
    }
}

/// @notice Reverts when it is asked to move nothing.
contract ProudCoin is Coin {
    error Nothing();

    function _move(address from, address to, uint256 amount) internal override {
        if (amount == 0) revert Nothing();
        super._move(from, to, amount);
    }
}
