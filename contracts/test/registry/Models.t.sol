// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

contract ModelsTest is RegistryFixture {
    function test_registering_names_owner_and_judge() external {
        bytes32 weights = verifier.modelId(stranger, points());
        bytes32 id = keccak256(abi.encode(address(verifier), weights));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelRegistered(id, stranger, address(verifier), weights, points());
        vm.prank(stranger);
        vm.assertEq(registry.register(address(verifier), points()), id);
        vm.assertEq(registry.modelId(address(verifier), weights), id);
        (address owner, address judge) = registry.judgeOf(id);
        vm.assertEq(owner, stranger);
        vm.assertEq(judge, address(verifier));
    }

    function test_a_new_model_has_nothing() external view {
        IModelRegistry.Model memory m = registry.modelOf(model);
        vm.assertEq(m.provider, provider);
        vm.assertEq(m.verifier, address(verifier));
        vm.assertEq(m.openCases, 0);
        vm.assertEq(m.stake, 0);
        vm.assertEq(m.unbonding, 0);
        vm.assertEq(m.withdrawableAt, 0);
        vm.assertEq(m.opening, bytes32(0));
    }

    function test_a_model_is_registered_once() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelExists.selector, model));
        vm.prank(provider);
        registry.register(address(verifier), points());
    }

    function test_ids_differ_by_provider_verifier_and_points() external {
        TruthVerifier other = new TruthVerifier();
        registry.registerArchitecture(address(other));
        uint256[] memory changed = points();
        changed[1] = 3;
        vm.prank(stranger);
        bytes32 byProvider = registry.register(address(verifier), points());
        vm.prank(provider);
        bytes32 byVerifier = registry.register(address(other), points());
        vm.prank(provider);
        bytes32 byPoints = registry.register(address(verifier), changed);
        vm.assertTrue(model != byProvider && model != byVerifier && model != byPoints);
        vm.assertTrue(byProvider != byVerifier && byProvider != byPoints && byVerifier != byPoints);
    }

    function test_an_unknown_model_is_all_zero() external view {
        IModelRegistry.Model memory none;
        vm.assertEq(keccak256(abi.encode(registry.modelOf(UNKNOWN))), keccak256(abi.encode(none)));
    }

    function test_nobody_judges_an_unknown_model() external {
        expectUnknown();
        registry.judgeOf(UNKNOWN);
    }

    function test_an_unknown_model_has_no_opening() external {
        expectUnknown();
        registry.openingOf(UNKNOWN);
        expectUnknown();
        registry.publishOpening(UNKNOWN, bytes32(uint256(1)), "");
    }

    function test_an_unknown_model_takes_no_stake() external {
        expectUnknown();
        registry.addStake(UNKNOWN, 1);
        expectUnknown();
        registry.startUnbonding(UNKNOWN, 1);
        expectUnknown();
        registry.withdrawStake(UNKNOWN);
    }

    function test_an_unknown_model_takes_no_case() external {
        expectUnknown();
        vm.prank(escrow);
        registry.lock(UNKNOWN);
        expectUnknown();
        vm.prank(escrow);
        registry.unlock(UNKNOWN);
    }

    function test_of_an_unknown_model_nothing_is_burned() external {
        expectUnknown();
        vm.prank(escrow);
        registry.slash(UNKNOWN);
    }
}
