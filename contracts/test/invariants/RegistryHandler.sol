// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Test} from "../utils/Test.sol";
import {World} from "./World.sol";

/// @notice Stakes, unbonds and withdraws. No call reverts, unless an assertion fails.
contract RegistryHandler is Test {
    World private immutable _WORLD;
    IModelRegistry private immutable _REGISTRY;

    constructor(World world) {
        (_WORLD, _REGISTRY) = (world, world.registry());
    }

    /// @notice Something about the stake of a model.
    function stake(uint256 seed) external {
        uint256 r = uint256(keccak256(abi.encode(seed, "stake")));
        uint256 k = r % 3;
        World.Stake memory s = _WORLD.models(k);
        if (s.stake - s.unbonding < _WORLD.MINIMUM_STAKE() && (r >> 8) % 4 != 0) {
            return _WORLD.topUp(s.id, 1 + 2 * (r >> 128));
        }
        uint256 what = (r >> 16) % 6;
        if (what == 0) _add(k, s, r);
        else if (what < 3) _unbond(k, s, r);
        else if (what < 5) _withdraw(k, s, r);
        else _wrong(s, r);
    }

    /// @dev Anybody adds.
    function _add(uint256 k, World.Stake memory s, uint256 r) private {
        uint256 amount = 1 + (r >> 32) % _WORLD.MINIMUM_STAKE();
        address who = _WORLD.people((r >> 24) % 7);
        vm.deal(who, who.balance + amount);
        vm.prank(who);
        _REGISTRY.addStake{value: amount}(s.id, amount);
        _WORLD.lock(address(_REGISTRY), address(0), amount);
        s.stake += amount;
        _WORLD.setModel(k, s);
        _note("added");
    }

    function _unbond(uint256 k, World.Stake memory s, uint256 r) private {
        uint256 bonded = s.stake - s.unbonding;
        bytes memory more = abi.encodeCall(_REGISTRY.startUnbonding, (s.id, bonded + 1));
        _refuse(s.owner, more, IModelRegistry.StakeExceeded.selector);
        if (bonded == 0) return;
        // All of it, sometimes.
        uint256 amount = (r >> 24) % 8 == 0 ? bonded : 1 + (r >> 32) % (1 + bonded / 3);
        vm.prank(s.owner);
        _REGISTRY.startUnbonding(s.id, amount);
        s.unbonding += amount;
        s.withdrawableAt = block.timestamp + _WORLD.UNBONDING();
        _WORLD.setModel(k, s);
        _note("unbonding");
    }

    /// @dev INVARIANT I7: not while a case is open, and not before the delay is over.
    function _withdraw(uint256 k, World.Stake memory s, uint256 r) private {
        bytes memory data = abi.encodeCall(_REGISTRY.withdrawStake, (s.id));
        if (s.unbonding == 0) return _refuse(s.owner, data, IModelRegistry.NothingUnbonding.selector);
        if (s.relying == 0 && (r >> 24) % 6 == 0 && block.timestamp <= s.withdrawableAt) {
            vm.warp(s.withdrawableAt + (r >> 32) % 2);
        }
        if (s.relying != 0) {
            _refuse(s.owner, data, IModelRegistry.CasesOpen.selector);
            return _note(block.timestamp > s.withdrawableAt ? "kept when due" : "kept");
        }
        if (block.timestamp <= s.withdrawableAt) {
            return _refuse(s.owner, data, IModelRegistry.StillUnbonding.selector);
        }
        vm.prank(s.owner);
        vm.assertEq(_REGISTRY.withdrawStake(s.id), s.unbonding, "I7: withdrawn stake");
        s.stake -= s.unbonding;
        _WORLD.owe(address(_REGISTRY), address(0), s.owner, s.unbonding);
        s.unbonding = 0;
        _WORLD.setModel(k, s);
        _note("withdrawn");
    }

    function _wrong(World.Stake memory s, uint256 r) private {
        // The other provider is as much a stranger as anybody.
        address who = _WORLD.people((r >> 24) % 8);
        bytes4 why = IModelRegistry.NotEscrow.selector;
        _refuse(s.owner, abi.encodeCall(_REGISTRY.lock, (s.id)), why);
        _refuse(s.owner, abi.encodeCall(_REGISTRY.unlock, (s.id)), why);
        _refuse(who, abi.encodeCall(_REGISTRY.slash, (s.id)), why);
        // It holds no model's stake.
        _refuse(address(_WORLD.retrieval()), abi.encodeCall(_REGISTRY.slash, (s.id)), why);
        why = IModelRegistry.UnknownModel.selector;
        bytes32 unknown = bytes32(r);
        _refuse(address(_WORLD.predictions()), abi.encodeCall(_REGISTRY.lock, (unknown)), why);
        _refuse(address(_WORLD.predictions()), abi.encodeCall(_REGISTRY.unlock, (unknown)), why);
        _refuse(address(_WORLD.exams()), abi.encodeCall(_REGISTRY.slash, (unknown)), why);
        bytes memory more = abi.encodeCall(_REGISTRY.addStake, (s.id, type(uint128).max - s.stake + 1));
        _refuse(who, more, IModelRegistry.StakeExceeded.selector);
        if (who == s.owner) return;
        why = IModelRegistry.NotProvider.selector;
        _refuse(who, abi.encodeCall(_REGISTRY.withdrawStake, (s.id)), why);
        _refuse(who, abi.encodeCall(_REGISTRY.startUnbonding, (s.id, 1)), why);
        _note("refused");
    }

    function _refuse(address who, bytes memory data, bytes4 why) private {
        vm.prank(who);
        (bool success, bytes memory answer) = address(_REGISTRY).call(data);
        vm.assertFalse(success, "forbidden: registry");
        vm.assertEq(uint256(bytes32(bytes4(answer))), uint256(bytes32(why)), "forbidden for another reason");
    }

    function _note(string memory what) private {
        _WORLD.note(string.concat("stake ", what));
    }
}
