// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Endings} from "./Endings.sol";

/// @notice What an exam does to the stake behind the model.
contract AccuracyStakeTest is Endings {
    function test_only_a_provider_at_fault_is_slashed() external {
        uint256 stake = MINIMUM_STAKE;
        for (uint256 way = 0; way < WAYS; ++way) {
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = way;
            addStake();
            end(t, Way(way));
            bool guilty = stateOf(t) == IAccuracyEscrow.State.ProviderFailed;
            stake += guilty ? 0 : PENALTY;
            vm.assertEq(registry.modelOf(model).stake, stake, vm.toString(way));
            vm.assertEq(registry.modelOf(model).openCases, 0, vm.toString(way));
        }
        // Not acknowledged twice, no results, unanswered, partly answered.
        vm.assertEq(stake, MINIMUM_STAKE + (WAYS - 5) * PENALTY);
        vm.assertEq(registry.credits(address(0), BURN), 5 * PENALTY);
    }

    function test_an_exam_holds_the_stake_from_acceptance_on() external {
        for (uint256 state = 0; state <= uint256(IAccuracyEscrow.State.ProviderFailed); ++state) {
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = state;
            addStake();
            uint256 before = registry.modelOf(model).openCases;
            reach(t, IAccuracyEscrow.State(state));
            bool live =
                state >= uint256(IAccuracyEscrow.State.Accepted) && state <= uint256(IAccuracyEscrow.State.Challenged);
            vm.assertEq(registry.modelOf(model).openCases, before + (live ? 1 : 0), vm.toString(state));
        }
    }

    function test_stake_cannot_leave_while_an_exam_is_open() external {
        IAccuracyEscrow.Terms memory t = terms();
        delivered(t);
        vm.prank(provider);
        registry.startUnbonding(model, MINIMUM_STAKE);
        vm.warp(block.timestamp + UNBONDING + 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CasesOpen.selector, 1));
        vm.prank(provider);
        registry.withdrawStake(model);
        exams.settle(t);
        vm.prank(provider);
        vm.assertEq(registry.withdrawStake(model), MINIMUM_STAKE - PENALTY);
    }

    function test_a_model_without_stake_cannot_be_examined() external {
        IAccuracyEscrow.Terms memory t = terms();
        open(t);
        vm.prank(provider);
        registry.startUnbonding(model, 1);
        uint256 value = fund(provider, address(exams), LOCK + FEE);
        fails(
            Call(provider, value, abi.encodeCall(exams.accept, (t, SEED))),
            abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, MINIMUM_STAKE - 1, MINIMUM_STAKE)
        );
    }
}
