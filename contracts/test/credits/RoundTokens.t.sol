// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundFixture} from "../prediction/RoundFixture.sol";
import {Coin, FeeCoin, LyingCoin, RefusingCoin, SilentCoin} from "../utils/Tokens.sol";

/// @notice Rounds paid in one token.
abstract contract RoundInToken is RoundFixture {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}

/// @notice Rounds in tokens that cannot be counted on never begin.
abstract contract RefusedToken is RoundInToken {
    /// @dev What opening says when `due` had to come in.
    function _reason(uint256 due) internal view virtual returns (bytes memory);

    function test_a_round_is_not_opened() external {
        IPredictionEscrow.Terms memory t = terms();
        fund(consumer, address(predictions), CONSUMER_LOCK);
        vm.expectRevert(_reason(CONSUMER_LOCK));
        vm.prank(consumer);
        predictions.open(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.None);
        vm.assertEq(credit(predictions, consumer), 0);
    }
}

contract FeeCoinTest is RefusedToken {
    function _coin() internal override returns (Coin) {
        return new FeeCoin();
    }

    function _reason(uint256 due) internal view override returns (bytes memory) {
        return abi.encodeWithSelector(ICredits.WrongAmountReceived.selector, coin, due - due / 100, due);
    }
}

contract LyingCoinTest is RefusedToken {
    function _coin() internal override returns (Coin) {
        return new LyingCoin();
    }

    function _reason(uint256 due) internal view override returns (bytes memory) {
        return abi.encodeWithSelector(ICredits.WrongAmountReceived.selector, coin, 0, due);
    }
}

contract RefusingCoinTest is RefusedToken {
    function _coin() internal override returns (Coin) {
        return new RefusingCoin();
    }

    function _reason(uint256) internal pure override returns (bytes memory) {
        return abi.encodeWithSignature("TransferFromFailed()");
    }
}

contract CodelessCoinTest is RoundInToken {
    function test_a_round_is_not_opened_in_an_account() external {
        IPredictionEscrow.Terms memory t = terms();
        t.currency = stranger;
        vm.expectRevert(abi.encodeWithSignature("TransferFromFailed()"));
        vm.prank(consumer);
        predictions.open(t);
    }
}

/// @notice Tokens that return nothing are as good as others.
contract SilentCoinTest is RoundInToken {
    function _coin() internal override returns (Coin) {
        return Coin(address(new SilentCoin()));
    }

    function test_a_served_round_pays_out_everything() external {
        IPredictionEscrow.Terms memory t = terms();
        _begin(t, 0);
        contest(t, one(2));
        respond(t, 2, 0);
        predictions.settle(t);
        uint256 earned = PROVIDER_LOCK + COUNT * uint256(PRICE) + 2 * uint256(PROOF_COST);
        _paysOut(CONSUMER_LOCK + PROVIDER_LOCK - earned, earned);
    }

    function test_a_lost_round_pays_out_everything() external {
        IPredictionEscrow.Terms memory t = terms();
        _begin(t, 1);
        contest(t, one(0));
        vm.warp(block.timestamp + 5 hours + 601);
        predictions.settle(t);
        vm.assertEq(credit(predictions, provider), 0);
        vm.prank(consumer);
        predictions.withdraw(address(coin), consumer);
        vm.assertEq(coin.balanceOf(consumer), CONSUMER_LOCK + PROVIDER_LOCK);
        vm.assertEq(held(address(predictions)), 0);
    }

    /// @dev The fixture's `fund` expects an answer from the token.
    function _begin(IPredictionEscrow.Terms memory t, uint256 lies) private {
        _fund(consumer, CONSUMER_LOCK);
        vm.prank(consumer);
        predictions.open(t);
        _fund(provider, PROVIDER_LOCK);
        vm.prank(provider);
        predictions.accept(t);
        commitInputs(t);
        commitPredictions(t, lies);
    }

    function _fund(address who, uint256 amount) private {
        coin.mint(who, amount);
        vm.prank(who);
        SilentCoin(address(coin)).approve(address(predictions), amount);
    }

    function _paysOut(uint256 toConsumer, uint256 toProvider) private {
        vm.prank(consumer);
        vm.assertEq(predictions.withdraw(address(coin), consumer), toConsumer);
        vm.prank(provider);
        vm.assertEq(predictions.withdraw(address(coin), stranger), toProvider);
        vm.assertEq(coin.balanceOf(consumer), toConsumer);
        vm.assertEq(coin.balanceOf(stranger), toProvider);
        vm.assertEq(held(address(predictions)), 0);
    }
}
