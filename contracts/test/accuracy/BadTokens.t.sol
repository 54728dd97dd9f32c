// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ICredits} from "../../src/interfaces/ICredits.sol";
import {CallbackCoin, FeeCoin, LyingCoin, RefusingCoin} from "../utils/Tokens.sol";
import {Steps} from "./Steps.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @notice Tokens that do not move what they are asked to, or call back while they move.
contract AccuracyBadTokensTest is Steps {
    bytes4 private constant REENTRANCY = ReentrancyGuardTransient.Reentrancy.selector;

    function currency() internal view override returns (address) {
        return address(coin);
    }

    function test_a_token_that_keeps_a_part() external {
        coin = new FeeCoin();
        _unpaid(_shortBy((LOCK + FEE) / 100, LOCK + FEE));
    }

    function test_a_token_that_does_not_move() external {
        coin = new LyingCoin();
        _unpaid(_shortBy(LOCK + FEE, LOCK + FEE));
    }

    function test_a_token_that_says_no() external {
        coin = new RefusingCoin();
        _unpaid(abi.encodeWithSelector(SafeTransferLib.TransferFromFailed.selector));
    }

    function test_nothing_that_moves_money_can_be_called_back() external {
        CallbackCoin callback = new CallbackCoin();
        coin = callback;
        IAccuracyEscrow.Terms memory t = terms();
        _guarded(callback, _funded(openCall(t), LOCK + FEE), openCall(t).data);
        _guarded(callback, _funded(acceptCall(t), LOCK + FEE), acceptCall(t).data);
        announce(t, true);
        uint256 bonds = bondOf(t);
        Call memory demanded = Call(provider, 0, abi.encodeCall(exams.demandPublication, (id(t))));
        _guarded(callback, _funded(demanded, bonds), demanded.data);
        succeeds(Call(consumer, 0, abi.encodeCall(exams.publish, (id(t), cipher(t, true), new bytes32[](0)))));
        reveal(t);
        proceed(t);
        deliver(t, false);
        post(t, answers(t));
        _guarded(callback, _funded(challengeCall(t), DEPOSIT), challengeCall(t).data);
        respond(t, 0);
        exams.settle(t);
        bytes memory withdrawal = abi.encodeCall(exams.withdraw, (address(coin), consumer));
        _guarded(callback, Call(consumer, 0, withdrawal), withdrawal);
        vm.assertEq(coin.balanceOf(consumer), LOCK - PAID + bonds);
    }

    /// @dev A call that goes through, while what the token calls meanwhile does not.
    function _guarded(CallbackCoin callback, Call memory c, bytes memory meanwhile) private {
        callback.arm(address(exams), meanwhile);
        succeeds(c);
        vm.assertTrue(callback.called());
        vm.assertFalse(callback.succeeded());
        vm.assertEq(callback.answer(), abi.encodeWithSelector(REENTRANCY));
    }

    function _funded(Call memory c, uint256 amount) private returns (Call memory) {
        fund(c.from, address(exams), amount);
        return c;
    }

    function _unpaid(bytes memory why) private {
        IAccuracyEscrow.Terms memory t = terms();
        fails(_funded(openCall(t), LOCK + FEE), why);
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.None);
    }

    function _shortBy(uint256 missing, uint256 due) private view returns (bytes memory) {
        return abi.encodeWithSelector(ICredits.WrongAmountReceived.selector, address(coin), due - missing, due);
    }
}
