// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @notice Escrows rely on stake, and burn it.
abstract contract CasesTest is RegistryFixture {
    function test_nobody_but_an_escrow_touches_stake() external {
        stake(provider, MINIMUM);
        lock();
        address[3] memory callers = [stranger, provider, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IModelRegistry.NotEscrow.selector, callers[i]);
            vm.startPrank(callers[i]);
            vm.expectRevert(reason);
            registry.lock(model);
            vm.expectRevert(reason);
            registry.unlock(model);
            vm.expectRevert(reason);
            registry.slash(model);
            vm.stopPrank();
        }
    }

    function test_cases_are_counted() external {
        stake(provider, MINIMUM);
        for (uint256 i = 1; i <= 3; ++i) {
            vm.expectEmit(address(registry));
            emit IModelRegistry.CaseLocked(model, escrow, i);
            lock();
            vm.assertEq(registry.modelOf(model).openCases, i);
        }
        for (uint256 i = 3; i > 0; --i) {
            vm.expectEmit(address(registry));
            emit IModelRegistry.CaseUnlocked(model, escrow, i - 1);
            unlock();
        }
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        unlock();
    }

    function test_a_case_needs_exactly_the_minimum() external {
        stake(provider, MINIMUM - 1);
        _tooLow(MINIMUM - 1);
        stake(stranger, 1);
        lock();
    }

    function test_a_case_needs_stake_that_is_not_leaving() external {
        stake(provider, MINIMUM + 5);
        unbond(5);
        lock();
        unbond(1);
        _tooLow(MINIMUM - 1);
        vm.warp(block.timestamp + DELAY + 1);
        _tooLow(MINIMUM - 1);
    }

    function test_a_fault_costs_the_penalty() external {
        stake(provider, MINIMUM);
        vm.expectEmit(address(registry));
        emit IModelRegistry.Slashed(model, escrow, PENALTY, MINIMUM - PENALTY);
        vm.expectEmit(address(registry));
        emit ICredits.Credited(BURN, currency(), PENALTY);
        vm.assertEq(slash(), PENALTY);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM - PENALTY);
    }

    function test_what_is_slashed_is_nobodys() external {
        stake(provider, MINIMUM);
        lock();
        slash();
        slash();
        unlock();
        vm.assertEq(credit(BURN), 2 * PENALTY);
        vm.assertEq(credit(provider) + credit(escrow) + credit(stranger) + credit(address(this)), 0);
        vm.assertEq(held(), MINIMUM);
        vm.assertEq(registry.modelOf(model).stake + credit(BURN), MINIMUM);
    }

    function test_slashed_below_the_minimum_takes_no_case_until_topped_up() external {
        stake(provider, MINIMUM);
        lock();
        slash();
        unlock();
        _tooLow(MINIMUM - PENALTY);
        stake(stranger, PENALTY - 1);
        _tooLow(MINIMUM - 1);
        stake(stranger, 1);
        lock();
    }

    function test_unbonding_stake_answers_for_faults() external {
        stake(provider, MINIMUM);
        lock();
        unbond(MINIMUM);
        vm.warp(block.timestamp + DELAY + 1);
        vm.assertEq(slash(), PENALTY);
        unlock();
        IModelRegistry.Model memory m = registry.modelOf(model);
        vm.assertEq(m.stake, MINIMUM - PENALTY);
        vm.assertEq(m.unbonding, MINIMUM - PENALTY);
        vm.prank(provider);
        vm.assertEq(registry.withdrawStake(model), MINIMUM - PENALTY);
        vm.assertEq(registry.modelOf(model).stake, 0);
    }

    function test_bonded_stake_goes_first() external {
        stake(provider, 3 * PENALTY);
        unbond(2 * PENALTY);
        slash();
        vm.assertEq(registry.modelOf(model).stake, 2 * PENALTY);
        vm.assertEq(registry.modelOf(model).unbonding, 2 * PENALTY);
        slash();
        vm.assertEq(registry.modelOf(model).stake, PENALTY);
        vm.assertEq(registry.modelOf(model).unbonding, PENALTY);
    }

    function test_no_more_is_burned_than_there_is() external {
        stake(provider, PENALTY - 1);
        unbond(1);
        vm.expectEmit(address(registry));
        emit IModelRegistry.Slashed(model, escrow, PENALTY - 1, 0);
        vm.assertEq(slash(), PENALTY - 1);
        IModelRegistry.Model memory m = registry.modelOf(model);
        vm.assertEq(m.stake, 0);
        vm.assertEq(m.unbonding, 0);
        vm.assertEq(credit(BURN), PENALTY - 1);
        vm.assertEq(slash(), 0);
        vm.assertEq(credit(BURN), PENALTY - 1);
    }

    function test_each_open_case_is_covered_by_a_penalty() external {
        stake(provider, MINIMUM);
        for (uint256 i = 0; i < 1000; ++i) {
            lock();
        }
        bytes memory reason = abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, MINIMUM, MINIMUM + PENALTY);
        vm.expectRevert(reason);
        lock();
        stake(stranger, PENALTY - 1);
        vm.expectPartialRevert(IModelRegistry.StakeTooLow.selector);
        lock();
        stake(stranger, 1);
        lock();
    }

    function test_a_fault_costs_one_model_only() external {
        stake(provider, MINIMUM);
        bytes32 first = model;
        vm.prank(stranger);
        model = registry.register(address(verifier), points());
        stake(stranger, MINIMUM);
        slash();
        vm.assertEq(registry.modelOf(first).stake, MINIMUM);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM - PENALTY);
    }

    function _tooLow(uint256 bonded) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, bonded, MINIMUM));
        lock();
    }
}

contract CasesInEthTest is CasesTest {}

contract CasesInTokensTest is CasesTest {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
