// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Deploy} from "../utils/Deploy.sol";
import {Test} from "../utils/Test.sol";
import {Coin} from "../utils/Tokens.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";

/// @notice A registry with one model without stake, and an account in the place of an escrow.
abstract contract RegistryFixture is Test {
    uint32 internal constant EXAMPLES = 7;
    uint128 internal constant EXAMPLE_COST = 1e9;
    uint32 internal constant DELAY = 3 days;
    uint128 internal constant PENALTY = 7e9;
    uint128 internal constant MINIMUM = 7e12;
    address internal constant BURN = address(0xdEaD);

    address internal provider = address(0xB0);
    address internal stranger = address(0x5712A);
    address internal escrow = address(0xE5C);
    Coin internal coin;
    IModelRegistry internal registry;
    TruthVerifier internal verifier;
    bytes32 internal model;
    bytes32 internal constant UNKNOWN = keccak256("no model");

    /// @notice What is staked.
    function currency() internal view virtual returns (address) {
        return address(0);
    }

    function setUp() public virtual {
        vm.warp(1_000_000);
        coin = new Coin();
        verifier = new TruthVerifier();
        registry = Deploy.modelRegistry(config());
        registry.registerArchitecture(address(verifier));
        vm.prank(provider);
        model = registry.register(address(verifier), points());
    }

    function config() internal view returns (IModelRegistry.Config memory) {
        address[] memory escrows = new address[](1);
        escrows[0] = escrow;
        return IModelRegistry.Config({
            currency: currency(), examples: EXAMPLES, exampleCost: EXAMPLE_COST, unbondingDelay: DELAY, escrows: escrows
        });
    }

    function points() internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        list[0] = 1;
        list[1] = 2;
    }

    /// @notice Gives `who` an amount to stake.
    /// @return value The ETH to send along.
    function fund(address who, uint256 amount) internal returns (uint256 value) {
        if (currency() == address(0)) {
            vm.deal(who, who.balance + amount);
            return amount;
        }
        coin.mint(who, amount);
        vm.prank(who);
        coin.approve(address(registry), amount);
    }

    function stake(address who, uint256 amount) internal {
        uint256 value = fund(who, amount);
        vm.prank(who);
        registry.addStake{value: value}(model, amount);
    }

    function unbond(uint256 amount) internal {
        vm.prank(provider);
        registry.startUnbonding(model, amount);
    }

    function lock() internal {
        vm.prank(escrow);
        registry.lock(model);
    }

    function unlock() internal {
        vm.prank(escrow);
        registry.unlock(model);
    }

    function slash() internal returns (uint256) {
        vm.prank(escrow);
        return registry.slash(model);
    }

    /// @notice What the registry has of the currency.
    function held() internal view returns (uint256) {
        return currency() == address(0) ? address(registry).balance : coin.balanceOf(address(registry));
    }

    function credit(address who) internal view returns (uint256) {
        return registry.credits(currency(), who);
    }

    function expectUnknown() internal {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, UNKNOWN));
    }
}
