// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";

/// @notice Where a delivery may stop, and what becomes of the round's money and of all bonds, for any amounts.
abstract contract DeliveryEndings is RoundDriver {
    struct Amounts {
        uint16 beta;
        uint128 proofCost;
        uint128 price;
        uint128 demandBond;
        uint128 bond;
    }

    function testFuzz_receiver_is_silent(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _with(amounts);
        deliver(t, IDeliveries.Stage.Announced);
        _settleLate(t);
        _providerFailed(t);
    }

    function testFuzz_sender_does_not_publish(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _with(amounts);
        deliver(t, IDeliveries.Stage.Demanded);
        vm.assertEq(
            held(address(predictions)), consumerLock(t) + providerLock(t) + demanded() * t.demandBond + t.courier.bond
        );
        _settleLate(t);
        _consumerFailed(t, 0, t.courier.bond);
    }

    function testFuzz_sender_does_not_reveal(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _with(amounts);
        deliver(t, IDeliveries.Stage.Acknowledged);
        _settleLate(t);
        _consumerFailed(t, 0, 0);
    }

    function testFuzz_sender_does_not_reveal_what_it_published(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _with(amounts);
        deliver(t, IDeliveries.Stage.Demanded);
        publish(t, 0);
        _settleLate(t);
        _consumerFailed(t, t.courier.bond, 0);
    }

    function testFuzz_receiver_does_not_go_on(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _with(amounts);
        deliver(t, IDeliveries.Stage.Revealed);
        _settleLate(t);
        _providerFailed(t);
    }

    function testFuzz_receiver_goes_on(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _with(amounts);
        deliver(t, IDeliveries.Stage.Demanded);
        publish(t, 0);
        reveal(t, KEY);
        make(Call.CommitPredictions, t);
        make(Call.Contest, t);
        make(Call.Respond, t);
        make(Call.Settle, t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Served);
        uint256 pay = uint256(t.count) * t.price + 2 * uint256(t.proofCost);
        uint256 bonds = demanded() * t.demandBond + t.courier.bond;
        paid(t, consumerLock(t) - pay + bonds, providerLock(t) + pay, 0);
    }

    function _consumerFailed(IPredictionEscrow.Terms memory t, uint256 toConsumer, uint256 toProvider) private view {
        vm.assertTrue(state(t) == IPredictionEscrow.State.ConsumerFailed, "end");
        toConsumer += uint256(t.count) * t.price + demanded() * t.demandBond;
        toProvider += providerLock(t) + 2 * uint256(t.count) * t.proofCost;
        paid(t, toConsumer, toProvider, 0);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE);
    }

    function _providerFailed(IPredictionEscrow.Terms memory t) private view {
        vm.assertTrue(state(t) == IPredictionEscrow.State.ProviderFailed, "end");
        uint256 burned = providerLock(t) * burnShare() / 10_000;
        paid(t, consumerLock(t) + providerLock(t) - burned + demanded() * t.demandBond, 0, burned);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE - PENALTY);
    }

    function _settleLate(IPredictionEscrow.Terms memory t) private {
        vm.warp(uint256(predictions.deliveryOf(predictions.idOf(t)).deadline) + 1);
        vm.prank(stranger);
        predictions.settle(t);
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None, "closed");
    }

    function _with(Amounts calldata amounts) private view returns (IPredictionEscrow.Terms memory t) {
        t = terms();
        t.beta = uint16(bound(amounts.beta, 2, type(uint16).max));
        t.proofCost = uint128(bound(amounts.proofCost, 1, type(uint128).max));
        t.price = amounts.price;
        t.demandBond = amounts.demandBond;
        t.courier.bond = amounts.bond;
    }
}

contract DeliveryEndingsInEth is DeliveryEndings {}

contract DeliveryEndingsInTokensThatBurn is DeliveryEndings {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function burnShare() internal pure override returns (uint256) {
        return 500;
    }
}
