// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {Test} from "../utils/Test.sol";
import {Coin} from "../utils/Tokens.sol";
import {CreditsHarness} from "./CreditsHarness.sol";
import {Agent, Babbler, GasEater, Refuser} from "./Parties.sol";

/// @notice Only its owner gets a credit, and one that cannot receive blocks itself alone.
contract WithdrawTest is Test {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    bytes4 private constant ETH_TRANSFER_FAILED = bytes4(keccak256("ETHTransferFailed()"));
    bytes4 private constant REENTRANCY = bytes4(keccak256("Reentrancy()"));

    CreditsHarness private bank = new CreditsHarness();
    Coin private coin = new Coin();

    function test_a_payment_is_the_named_owners() external {
        vm.deal(address(this), 5);
        vm.expectEmit(address(bank));
        emit ICredits.Credited(ALICE, address(0), 5);
        bank.pay{value: 5}(address(0), 5, ALICE);
        vm.assertEq(bank.credits(address(0), ALICE), 5);
        vm.assertEq(bank.credits(address(0), address(this)), 0);
    }

    function test_an_owner_withdraws_everything_to_itself() external {
        _give(ALICE, 5);
        _give(ALICE, 6);
        vm.expectEmit(address(bank));
        emit ICredits.Withdrawn(ALICE, address(0), ALICE, 11);
        vm.prank(ALICE);
        vm.assertEq(bank.withdraw(address(0), ALICE), 11);
        vm.assertEq(ALICE.balance, 11);
        vm.assertEq(bank.credits(address(0), ALICE), 0);
    }

    function testFuzz_an_owner_withdraws_to_whom_it_likes(address to, uint128 amount) external {
        vm.assume(amount > 0 && uint160(to) > 0xFFFF && to.code.length == 0 && to != address(bank));
        coin.mint(address(this), amount);
        coin.approve(address(bank), amount);
        bank.pay(address(coin), amount, ALICE);
        vm.expectEmit(address(bank));
        emit ICredits.Withdrawn(ALICE, address(coin), to, amount);
        vm.prank(ALICE);
        vm.assertEq(bank.withdraw(address(coin), to), amount);
        vm.assertEq(coin.balanceOf(to), amount);
        vm.assertEq(coin.balanceOf(address(bank)), 0);
    }

    function test_nobody_withdraws_for_another() external {
        _give(ALICE, 5);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NoCredit.selector, BOB, address(0)));
        vm.prank(BOB);
        bank.withdraw(address(0), BOB);
        vm.assertEq(bank.credits(address(0), ALICE), 5);
    }

    function test_a_credit_is_withdrawn_once() external {
        _give(ALICE, 5);
        _give(BOB, 5);
        vm.prank(ALICE);
        bank.withdraw(address(0), ALICE);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NoCredit.selector, ALICE, address(0)));
        vm.prank(ALICE);
        bank.withdraw(address(0), ALICE);
    }

    function test_currencies_are_apart() external {
        _give(ALICE, 5);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NoCredit.selector, ALICE, address(coin)));
        vm.prank(ALICE);
        bank.withdraw(address(coin), ALICE);
    }

    function test_nothing_goes_to_nobody_or_back() external {
        _give(ALICE, 5);
        address[2] memory bad = [address(0), address(bank)];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICredits.BadRecipient.selector, bad[i]));
            vm.prank(ALICE);
            bank.withdraw(address(0), bad[i]);
        }
        vm.assertEq(bank.credits(address(0), ALICE), 5);
    }

    function test_who_refuses_blocks_only_itself() external {
        _blocksOnlyItself(address(new Refuser()));
    }

    function test_who_eats_all_gas_blocks_only_itself() external {
        _blocksOnlyItself(address(new GasEater()));
    }

    function test_a_long_answer_is_not_read() external {
        address babbler = address(new Babbler());
        _give(babbler, 7);
        vm.prank(babbler);
        bank.withdraw{gas: 200_000}(address(0), babbler);
        vm.assertEq(babbler.balance, 7);
    }

    function test_who_is_paid_gets_no_second_payment() external {
        Agent agent = new Agent();
        _give(address(agent), 7);
        _give(ALICE, 7);
        bytes memory again = abi.encodeCall(ICredits.withdraw, (address(0), address(agent)));
        agent.arm(address(bank), again);
        agent.act(address(bank), again);
        vm.assertTrue(agent.called());
        vm.assertFalse(agent.succeeded());
        vm.assertEq(agent.answer(), abi.encodeWithSelector(REENTRANCY));
        vm.assertEq(address(agent).balance, 7);
        vm.assertEq(address(bank).balance, 7);
        vm.prank(ALICE);
        bank.withdraw(address(0), ALICE);
    }

    function test_who_is_paid_cannot_pay_in() external {
        Agent agent = new Agent();
        _give(address(agent), 7);
        agent.arm(address(bank), abi.encodeCall(CreditsHarness.pay, (address(0), 0, ALICE)));
        agent.act(address(bank), abi.encodeCall(ICredits.withdraw, (address(0), address(agent))));
        vm.assertFalse(agent.succeeded());
        vm.assertEq(agent.answer(), abi.encodeWithSelector(REENTRANCY));
    }

    function _blocksOnlyItself(address party) private {
        _give(ALICE, 5);
        _give(party, 7);
        vm.expectRevert(abi.encodeWithSelector(ETH_TRANSFER_FAILED));
        vm.prank(party);
        bank.withdraw{gas: 1_000_000}(address(0), party);
        vm.assertEq(bank.credits(address(0), party), 7);
        vm.prank(ALICE);
        bank.withdraw(address(0), ALICE);
        vm.assertEq(ALICE.balance, 5);
        vm.prank(party);
        bank.withdraw(address(0), BOB);
        vm.assertEq(BOB.balance, 7);
        vm.assertEq(address(bank).balance, 0);
    }

    function _give(address owner, uint256 amount) private {
        vm.deal(address(this), amount);
        bank.pay{value: amount}(address(0), amount, owner);
    }
}
