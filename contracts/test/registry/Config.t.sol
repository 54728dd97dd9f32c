// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Deploy} from "../utils/Deploy.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

contract ConfigTest is RegistryFixture {
    function test_no_examples_is_no_market() external {
        IModelRegistry.Config memory c = config();
        c.examples = 0;
        _refused(c);
    }

    function test_free_examples_are_no_market() external {
        IModelRegistry.Config memory c = config();
        c.exampleCost = 0;
        _refused(c);
    }

    function test_stake_does_not_leave_at_once() external {
        IModelRegistry.Config memory c = config();
        c.unbondingDelay = 0;
        _refused(c);
    }

    function test_minimum_is_a_thousand_penalties_of_all_examples() external view {
        vm.assertEq(registry.penalty(), PENALTY);
        vm.assertEq(registry.minimumStake(), MINIMUM);
        vm.assertEq(registry.unbondingDelay(), DELAY);
        vm.assertEq(registry.currency(), currency());
    }

    function test_only_the_escrows_of_construction_are_escrows() external {
        vm.assertTrue(registry.isEscrow(escrow));
        vm.assertFalse(registry.isEscrow(address(this)));
        IModelRegistry.Config memory c = config();
        c.escrows = new address[](0);
        vm.assertFalse(Deploy.modelRegistry(c).isEscrow(escrow));
    }

    function testFuzz_largest_constants_do_not_overflow(uint32 examples, uint128 cost) external {
        vm.assume(examples > 0 && cost > 0);
        IModelRegistry.Config memory c = config();
        c.examples = examples;
        c.exampleCost = cost;
        // More than can be staked.
        if (1000 * uint256(examples) * cost > type(uint128).max) return _refused(c);
        IModelRegistry made = Deploy.modelRegistry(c);
        vm.assertEq(made.penalty(), uint256(examples) * cost);
        vm.assertEq(made.minimumStake(), 1000 * uint256(examples) * cost);
    }

    function _refused(IModelRegistry.Config memory c) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.BadConfig.selector));
        Deploy.modelRegistry(c);
    }
}
