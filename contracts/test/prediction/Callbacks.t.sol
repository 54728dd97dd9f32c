// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {CallbackCoin, Coin} from "../utils/Tokens.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice A token that calls the escrow while it moves. The token itself is the consumer, so its calls are a party's.
contract CallbacksTest is RoundDriver {
    bytes4 private constant REENTRANCY = bytes4(keccak256("Reentrancy()"));

    function currency() internal view override returns (address) {
        return address(coin);
    }

    function _coin() internal override returns (Coin) {
        return new CallbackCoin();
    }

    function terms() internal view override returns (IPredictionEscrow.Terms memory t) {
        t = super.terms();
        t.consumer = address(coin);
    }

    /// @dev What moves money cannot begin while other money moves.
    function test_no_payment_within_a_payment() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = predictions.idOf(t);
        bytes[7] memory inner = [
            abi.encodeCall(predictions.open, (t)),
            abi.encodeCall(predictions.accept, (t)),
            abi.encodeCall(predictions.demandInputs, (t, 0, 1)),
            abi.encodeCall(predictions.demandPredictions, (t, 0, 1)),
            abi.encodeCall(predictions.demandPublication, (caseId)),
            abi.encodeCall(predictions.withdraw, (address(coin), stranger)),
            abi.encodeCall(predictions.withdraw, (address(0), stranger))
        ];
        for (uint256 i = 0; i < inner.length; ++i) {
            uint256 before = vm.snapshotState();
            CallbackCoin(address(coin)).arm(address(predictions), inner[i]);
            open(t);
            vm.assertTrue(CallbackCoin(address(coin)).called());
            vm.assertFalse(CallbackCoin(address(coin)).succeeded());
            vm.assertEq(CallbackCoin(address(coin)).answer(), abi.encodeWithSelector(REENTRANCY));
            vm.assertEq(held(address(predictions)), CONSUMER_LOCK);
            vm.revertToState(before);
        }
    }

    /// @dev A round that is cancelled while it is being paid for is refunded once, with what was paid.
    function test_cancelled_while_paid() external {
        IPredictionEscrow.Terms memory t = terms();
        CallbackCoin(address(coin)).arm(address(predictions), abi.encodeCall(predictions.cancel, (t)));
        open(t);
        vm.assertTrue(CallbackCoin(address(coin)).succeeded());
        vm.assertTrue(state(t) == IPredictionEscrow.State.Refunded);
        paid(t, CONSUMER_LOCK, 0, 0);
        vm.prank(t.consumer);
        predictions.withdraw(address(coin), stranger);
        vm.assertEq(held(address(predictions)), 0);
        vm.assertEq(Coin(currency()).balanceOf(stranger), CONSUMER_LOCK);
    }

    /// @dev The consumer moves on while the provider still pays: nothing is lost, whoever is first.
    function test_inputs_while_accepted() external {
        IPredictionEscrow.Terms memory t = terms();
        open(t);
        CallbackCoin(address(coin)).arm(address(predictions), abi.encodeCall(predictions.commitInputs, (t, ROOT)));
        accept(t);
        vm.assertTrue(CallbackCoin(address(coin)).succeeded());
        vm.assertTrue(state(t) == IPredictionEscrow.State.Committed);
        vm.assertEq(held(address(predictions)), CONSUMER_LOCK + PROVIDER_LOCK);
    }

    /// @dev The consumer settles while its demand is still being paid for: refused, there is time left.
    function test_settlement_while_demanded() external {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, IPredictionEscrow.State.Predicted);
        Move memory m = move(Call.DemandPredictions, t);
        CallbackCoin(address(coin)).arm(address(predictions), abi.encodeCall(predictions.settle, (t)));
        (bool success,) = send(m);
        vm.assertTrue(success);
        vm.assertTrue(CallbackCoin(address(coin)).called());
        vm.assertFalse(CallbackCoin(address(coin)).succeeded());
        vm.assertTrue(state(t) == IPredictionEscrow.State.PredictionsDemanded);
        vm.assertEq(held(address(predictions)), CONSUMER_LOCK + PROVIDER_LOCK + demanded() * DEMAND_BOND);
    }
}
