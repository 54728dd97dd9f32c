// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

contract OpeningsTest is RegistryFixture {
    bytes32 private constant OPENING = keccak256("weights");

    function test_the_provider_publishes_its_weights() external {
        vm.assertEq(registry.openingOf(model), bytes32(0));
        vm.expectEmit(address(registry));
        emit IModelRegistry.OpeningPublished(model, OPENING, "ipfs://weights");
        vm.prank(provider);
        registry.publishOpening(model, OPENING, "ipfs://weights");
        vm.assertEq(registry.openingOf(model), OPENING);
        vm.assertEq(registry.modelOf(model).opening, OPENING);
    }

    function test_nobody_else_does() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, stranger, provider));
        vm.prank(stranger);
        registry.publishOpening(model, OPENING, "");
    }

    function test_zero_opens_nothing() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.BadOpening.selector, bytes32(0), bytes32(0)));
        vm.prank(provider);
        registry.publishOpening(model, 0, "");
    }

    function test_an_opening_is_final() external {
        vm.prank(provider);
        registry.publishOpening(model, OPENING, "");
        bytes32 other = keccak256("other weights");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.BadOpening.selector, other, OPENING));
        vm.prank(provider);
        registry.publishOpening(model, other, "");
        vm.assertEq(registry.openingOf(model), OPENING);
    }
}
