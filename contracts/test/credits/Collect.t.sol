// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {Test} from "../utils/Test.sol";
import {Coin, FeeCoin, LyingCoin, RefusingCoin, SilentCoin} from "../utils/Tokens.sol";
import {CreditsHarness} from "./CreditsHarness.sol";

/// @notice What comes in is exactly what was asked for, or nothing is.
contract CollectTest is Test {
    address private constant ALICE = address(0xA11CE);
    address private constant ETH = address(0);
    bytes4 private constant TRANSFER_FAILED = bytes4(keccak256("TransferFailed()"));
    bytes4 private constant TRANSFER_FROM_FAILED = bytes4(keccak256("TransferFromFailed()"));

    CreditsHarness private bank = new CreditsHarness();

    function testFuzz_eth_is_exact(uint128 sent, uint128 due) external {
        vm.assume(sent != due);
        vm.deal(address(this), sent);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, sent, due));
        bank.pay{value: sent}(ETH, due, ALICE);
    }

    function testFuzz_tokens_come_without_eth(uint128 sent) external {
        vm.assume(sent > 0);
        Coin coin = new Coin();
        _fund(coin, 9);
        vm.deal(address(this), sent);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, sent, 0));
        bank.pay{value: sent}(address(coin), 9, ALICE);
    }

    function test_nothing_is_no_credit() external {
        vm.recordLogs();
        bank.pay(ETH, 0, ALICE);
        vm.assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_a_plain_token_counts() external {
        Coin coin = new Coin();
        _fund(coin, 9);
        bank.pay(address(coin), 9, ALICE);
        vm.assertEq(bank.credits(address(coin), ALICE), 9);
        vm.assertEq(coin.balanceOf(address(bank)), 9);
    }

    function test_a_silent_token_counts_and_leaves() external {
        SilentCoin coin = new SilentCoin();
        coin.mint(address(this), 9);
        coin.approve(address(bank), 9);
        bank.pay(address(coin), 9, ALICE);
        vm.prank(ALICE);
        bank.withdraw(address(coin), ALICE);
        vm.assertEq(coin.balanceOf(ALICE), 9);
    }

    function test_a_token_without_allowance_is_refused() external {
        Coin coin = new Coin();
        coin.mint(address(this), 9);
        vm.expectRevert(abi.encodeWithSelector(TRANSFER_FROM_FAILED));
        bank.pay(address(coin), 9, ALICE);
    }

    function test_a_fee_is_refused() external {
        FeeCoin coin = new FeeCoin();
        _fund(coin, 1000);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongAmountReceived.selector, address(coin), 990, 1000));
        bank.pay(address(coin), 1000, ALICE);
        bank.pay(address(coin), 99, ALICE);
        vm.assertEq(bank.credits(address(coin), ALICE), 99);
    }

    function test_a_lie_is_refused() external {
        LyingCoin coin = new LyingCoin();
        _fund(coin, 9);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongAmountReceived.selector, address(coin), 0, 9));
        bank.pay(address(coin), 9, ALICE);
    }

    function test_a_token_that_says_no_is_refused() external {
        RefusingCoin coin = new RefusingCoin();
        _fund(coin, 9);
        vm.expectRevert(abi.encodeWithSelector(TRANSFER_FROM_FAILED));
        bank.pay(address(coin), 9, ALICE);
    }

    function test_an_account_is_no_token() external {
        vm.expectRevert(abi.encodeWithSelector(TRANSFER_FROM_FAILED));
        bank.pay(address(0xC0DE1E55), 9, ALICE);
    }

    function test_a_token_that_turns_bad_keeps_its_credits_only() external {
        Coin coin = new Coin();
        _fund(coin, 9);
        bank.pay(address(coin), 9, ALICE);
        vm.deal(address(this), 4);
        bank.pay{value: 4}(ETH, 4, ALICE);
        vm.etch(address(coin), address(new RefusingCoin()).code);
        vm.expectRevert(abi.encodeWithSelector(TRANSFER_FAILED));
        vm.prank(ALICE);
        bank.withdraw(address(coin), ALICE);
        vm.assertEq(bank.credits(address(coin), ALICE), 9);
        vm.etch(address(coin), "");
        vm.expectRevert(abi.encodeWithSelector(TRANSFER_FAILED));
        vm.prank(ALICE);
        bank.withdraw(address(coin), ALICE);
        vm.prank(ALICE);
        vm.assertEq(bank.withdraw(ETH, ALICE), 4);
    }

    function _fund(Coin coin, uint256 amount) private {
        coin.mint(address(this), amount);
        coin.approve(address(bank), amount);
    }
}
