// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @notice Any order of calls, next to a book that says what they must do.
abstract contract StakeSequencesTest is RegistryFixture {
    struct Book {
        uint256 stake;
        uint256 unbonding;
        uint256 ready;
        uint256 cases;
        uint256 credited;
        uint256 burned;
        uint256 paid;
        uint256 gone;
    }

    Book private _book;

    function testFuzz_registry_keeps_the_book(uint256[24] calldata seeds) external {
        for (uint256 i = 0; i < seeds.length; ++i) {
            uint256 amount = bound(seeds[i] >> 8, 0, 2 * MINIMUM);
            uint256 step = seeds[i] % 8;
            if (step == 0) _add(amount);
            else if (step == 1) _unbond(amount % (_book.stake + 2));
            else if (step == 2) _withdrawStake();
            else if (step == 3) _lock();
            else if (step == 4) _unlock();
            else if (step == 5) _slash();
            else if (step == 6) vm.warp(block.timestamp + amount % (2 * DELAY));
            else _withdraw();
            _compare();
        }
    }

    function _add(uint256 amount) private {
        uint256 value = fund(stranger, amount);
        vm.prank(stranger);
        (bool done,) = address(registry).call{value: value}(abi.encodeCall(IModelRegistry.addStake, (model, amount)));
        vm.assertTrue(done == (amount > 0));
        _book.stake += amount;
        _book.paid += amount;
    }

    function _unbond(uint256 amount) private {
        bool allowed = amount > 0 && amount + _book.unbonding <= _book.stake;
        vm.assertTrue(_call(provider, abi.encodeCall(IModelRegistry.startUnbonding, (model, amount))) == allowed);
        if (!allowed) return;
        _book.unbonding += amount;
        _book.ready = block.timestamp + DELAY;
    }

    function _withdrawStake() private {
        bool allowed = _book.unbonding > 0 && _book.cases == 0 && block.timestamp > _book.ready;
        vm.assertTrue(_call(provider, abi.encodeCall(IModelRegistry.withdrawStake, (model))) == allowed);
        if (!allowed) return;
        _book.stake -= _book.unbonding;
        _book.credited += _book.unbonding;
        _book.unbonding = 0;
    }

    function _lock() private {
        bool allowed = _book.stake >= MINIMUM + _book.unbonding;
        vm.assertTrue(_call(escrow, abi.encodeCall(IModelRegistry.lock, (model))) == allowed);
        if (allowed) ++_book.cases;
    }

    function _unlock() private {
        bool allowed = _book.cases > 0;
        vm.assertTrue(_call(escrow, abi.encodeCall(IModelRegistry.unlock, (model))) == allowed);
        if (allowed) --_book.cases;
    }

    function _slash() private {
        vm.assertTrue(_call(escrow, abi.encodeCall(IModelRegistry.slash, (model))));
        uint256 rest = _book.stake > PENALTY ? _book.stake - PENALTY : 0;
        _book.burned += _book.stake - rest;
        _book.stake = rest;
        if (_book.unbonding > rest) _book.unbonding = rest;
    }

    function _withdraw() private {
        if (_book.credited == 0) return;
        vm.prank(provider);
        registry.withdraw(currency(), address(0xBEEF));
        _book.gone += _book.credited;
        _book.credited = 0;
    }

    function _call(address who, bytes memory data) private returns (bool done) {
        vm.prank(who);
        (done,) = address(registry).call(data);
    }

    function _compare() private view {
        IModelRegistry.Model memory m = registry.modelOf(model);
        vm.assertEq(m.stake, _book.stake, "stake");
        vm.assertEq(m.unbonding, _book.unbonding, "unbonding");
        vm.assertEq(m.openCases, _book.cases, "cases");
        vm.assertEq(credit(provider), _book.credited, "credit");
        vm.assertEq(credit(BURN), _book.burned, "burned");
        vm.assertEq(held(), _book.stake + _book.credited + _book.burned, "held");
        vm.assertEq(held() + _book.gone, _book.paid, "paid");
    }
}

contract StakeSequencesInEthTest is StakeSequencesTest {}

contract StakeSequencesInTokensTest is StakeSequencesTest {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
