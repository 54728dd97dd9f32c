// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @notice Stake comes in, is asked back, and goes out.
abstract contract StakeTest is RegistryFixture {
    function test_anybody_adds_stake_and_it_is_the_providers() external {
        uint256 value = fund(stranger, MINIMUM);
        vm.expectEmit(address(registry));
        emit IModelRegistry.StakeAdded(model, MINIMUM, MINIMUM);
        vm.prank(stranger);
        registry.addStake{value: value}(model, MINIMUM);
        stake(provider, 5);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM + 5);
        vm.assertEq(held(), MINIMUM + 5);
        unbond(MINIMUM + 5);
        vm.warp(block.timestamp + DELAY + 1);
        vm.prank(provider);
        registry.withdrawStake(model);
        vm.assertEq(credit(provider), MINIMUM + 5);
        vm.assertEq(credit(stranger), 0);
    }

    function test_nothing_is_no_stake() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ZeroAmount.selector));
        registry.addStake(model, 0);
    }

    function test_stake_has_128_bits() external {
        stake(stranger, type(uint128).max - 2);
        uint256 value = fund(stranger, 4);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeExceeded.selector, 3, 2));
        vm.prank(stranger);
        registry.addStake{value: value == 0 ? 0 : 3}(model, 3);
        vm.prank(stranger);
        registry.addStake{value: value == 0 ? 0 : 2}(model, 2);
        vm.assertEq(registry.modelOf(model).stake, type(uint128).max);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeExceeded.selector, 1, 0));
        vm.prank(stranger);
        registry.addStake{value: value == 0 ? 0 : 1}(model, 1);
    }

    function test_no_amount_wraps_around() external {
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.StakeExceeded.selector, type(uint256).max, type(uint128).max)
        );
        registry.addStake(model, type(uint256).max);
        stake(provider, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.StakeExceeded.selector, type(uint256).max, type(uint128).max - 1)
        );
        registry.addStake(model, type(uint256).max);
    }

    function test_unbonding_says_when_it_ends() external {
        stake(provider, MINIMUM);
        uint256 end = block.timestamp + DELAY;
        vm.expectEmit(address(registry));
        emit IModelRegistry.UnbondingStarted(model, 4, 4, end);
        unbond(4);
        IModelRegistry.Model memory m = registry.modelOf(model);
        vm.assertEq(m.stake, MINIMUM);
        vm.assertEq(m.unbonding, 4);
        vm.assertEq(m.withdrawableAt, end);
    }

    function test_asking_again_restarts_the_delay_for_all() external {
        stake(provider, MINIMUM);
        unbond(4);
        vm.warp(block.timestamp + DELAY);
        uint256 end = block.timestamp + DELAY;
        vm.expectEmit(address(registry));
        emit IModelRegistry.UnbondingStarted(model, 6, 10, end);
        unbond(6);
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StillUnbonding.selector, end));
        vm.prank(provider);
        registry.withdrawStake(model);
    }

    function test_only_the_provider_asks_back() external {
        stake(stranger, MINIMUM);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, stranger, provider));
        vm.prank(stranger);
        registry.startUnbonding(model, 1);
        unbond(1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, stranger, provider));
        vm.prank(stranger);
        registry.withdrawStake(model);
    }

    function test_nothing_is_not_asked_back() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ZeroAmount.selector));
        unbond(0);
    }

    function test_no_more_than_the_bonded_stake_is_asked_back() external {
        stake(provider, 10);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeExceeded.selector, 11, 10));
        unbond(11);
        unbond(7);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeExceeded.selector, 4, 3));
        unbond(4);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeExceeded.selector, type(uint256).max, 3));
        unbond(type(uint256).max);
        unbond(3);
    }

    function test_what_was_not_asked_back_stays() external {
        stake(provider, 10);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NothingUnbonding.selector, model));
        vm.prank(provider);
        registry.withdrawStake(model);
    }

    function test_the_delay_is_over_a_second_after_its_end() external {
        stake(provider, 10);
        unbond(4);
        uint256 end = block.timestamp + DELAY;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StillUnbonding.selector, end));
        vm.prank(provider);
        registry.withdrawStake(model);
        vm.warp(end + 1);
        vm.expectEmit(address(registry));
        emit IModelRegistry.StakeWithdrawn(model, 4, 6);
        vm.expectEmit(address(registry));
        emit ICredits.Credited(provider, currency(), 4);
        vm.prank(provider);
        vm.assertEq(registry.withdrawStake(model), 4);
        vm.assertEq(credit(provider), 4);
        vm.assertEq(registry.modelOf(model).unbonding, 0);
    }

    function test_stake_is_withdrawn_once() external {
        stake(provider, 10);
        unbond(4);
        vm.warp(block.timestamp + DELAY + 1);
        vm.prank(provider);
        registry.withdrawStake(model);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NothingUnbonding.selector, model));
        vm.prank(provider);
        registry.withdrawStake(model);
        vm.prank(provider);
        vm.assertEq(registry.withdraw(currency(), stranger), 4);
        vm.assertEq(held(), 6);
    }

    function test_stake_does_not_leave_while_a_case_is_open() external {
        stake(provider, MINIMUM);
        lock();
        lock();
        unbond(MINIMUM);
        vm.warp(block.timestamp + DELAY + 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CasesOpen.selector, 2));
        vm.prank(provider);
        registry.withdrawStake(model);
        unlock();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CasesOpen.selector, 1));
        vm.prank(provider);
        registry.withdrawStake(model);
        unlock();
        vm.prank(provider);
        vm.assertEq(registry.withdrawStake(model), MINIMUM);
    }
}

contract StakeInEthTest is StakeTest {
    function test_the_stake_is_what_was_sent() external {
        fund(stranger, 10);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, 4, 5));
        vm.prank(stranger);
        registry.addStake{value: 4}(model, 5);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, 6, 5));
        vm.prank(stranger);
        registry.addStake{value: 6}(model, 5);
    }
}

contract StakeInTokensTest is StakeTest {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function test_eth_is_no_stake() external {
        fund(stranger, 5);
        vm.deal(stranger, 5);
        vm.expectRevert(abi.encodeWithSelector(ICredits.WrongValue.selector, 5, 0));
        vm.prank(stranger);
        registry.addStake{value: 5}(model, 5);
    }
}
