// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

contract ArchitecturesTest is RegistryFixture {
    function test_anybody_registers_one_with_the_code_that_it_has() external {
        TruthVerifier other = new TruthVerifier();
        bytes32 hash = address(other).codehash;
        bytes32 digest = other.archDigest();
        vm.expectEmit(address(registry));
        emit IModelRegistry.ArchitectureRegistered(address(other), hash, digest);
        vm.prank(stranger);
        registry.registerArchitecture(address(other));
        vm.assertEq(registry.architectures(address(other)), hash);
    }

    function test_an_account_judges_nothing() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NoCode.selector, stranger));
        registry.registerArchitecture(stranger);
    }

    /// @dev An account with delegated code (EIP-7702) can take it back.
    function test_an_account_with_borrowed_code_judges_nothing() external {
        address account = address(0x7702);
        vm.etch(account, abi.encodePacked(hex"ef0100", address(verifier)));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.DelegatingAccount.selector, account));
        registry.registerArchitecture(account);
    }

    function test_a_contract_that_is_no_verifier_is_refused() external {
        vm.expectRevert();
        registry.registerArchitecture(address(coin));
        vm.assertEq(registry.architectures(address(coin)), bytes32(0));
    }

    function test_an_architecture_is_registered_once() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ArchitectureExists.selector, address(verifier)));
        registry.registerArchitecture(address(verifier));
    }

    function test_changed_code_is_not_registered_anew() external {
        vm.etch(address(verifier), hex"5f5ff3");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ArchitectureExists.selector, address(verifier)));
        registry.registerArchitecture(address(verifier));
    }

    function test_models_need_an_architecture() external {
        TruthVerifier other = new TruthVerifier();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownArchitecture.selector, address(other)));
        registry.register(address(other), points());
    }

    function test_changed_code_takes_no_models() external {
        _change();
        registry.register(address(verifier), points());
    }

    function test_changed_code_judges_no_models() external {
        _change();
        registry.judgeOf(model);
    }

    function test_deleted_code_judges_no_models() external {
        bytes32 expected = address(verifier).codehash;
        vm.etch(address(verifier), "");
        bytes32 empty = address(verifier).codehash;
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.CodeHashMismatch.selector, address(verifier), empty, expected)
        );
        registry.judgeOf(model);
    }

    /// @dev The next call has to fail for the verifier's code.
    function _change() private {
        bytes32 expected = address(verifier).codehash;
        vm.etch(address(verifier), hex"5f5ff3");
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.CodeHashMismatch.selector, address(verifier), keccak256(hex"5f5ff3"), expected
            )
        );
    }
}
