// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Settlement} from "../../src/libraries/Settlement.sol";
import {Test} from "../utils/Test.sol";

/// @notice The amounts of exams, by the paper's words: N = N1 + N2 examples, E > Z > P.
contract ExamsTest is Test {
    using Settlement for Settlement.Exam;

    /// @dev What an escrow lets through.
    modifier allowed(Settlement.Exam memory e) {
        e.examples = bound(e.examples, 2, 1 << 20);
        e.first = bound(e.first, 1, e.examples - 1);
        e.exampleCost = bound(e.exampleCost, 3, type(uint128).max);
        e.proofCost = bound(e.proofCost, 2, e.exampleCost - 1);
        e.inferenceCost = bound(e.inferenceCost, 1, e.proofCost - 1);
        _;
    }

    function testFuzz_locks(Settlement.Exam memory e) external pure allowed(e) {
        vm.assertEq(e.lock(), _lock(e));
        vm.assertEq(e.fee(), e.inferenceCost * e.first);
    }

    function testFuzz_nobody_accepted(Settlement.Exam memory e) external pure allowed(e) {
        Settlement.Shares memory s = e.cancelled();
        vm.assertEq(s.consumer, _lock(e) + e.inferenceCost * e.first);
        vm.assertEq(s.provider, 0);
        vm.assertEq(s.burned, 0);
    }

    /// @dev The consumer loses `N1·P`, the rest returns.
    function testFuzz_aborted(Settlement.Exam memory e) external pure allowed(e) {
        uint256 cost = e.inferenceCost * e.first;
        _is(e, e.aborted(), _lock(e) - cost, _lock(e) + cost, 0);
    }

    function testFuzz_consumer_failed(Settlement.Exam memory e) external pure allowed(e) {
        _is(e, e.consumerFailed(), 0, _lock(e) + _lock(e), 0);
    }

    function testFuzz_provider_failed(Settlement.Exam memory e, uint256 share) external pure allowed(e) {
        share = bound(share, 0, 10_000);
        uint256 burned = share * _lock(e) / 10_000;
        _is(e, e.providerFailed(share), _lock(e) + _lock(e) - burned, 0, burned);
    }

    function testFuzz_nothing_burned_is_the_paper(Settlement.Exam memory e) external pure allowed(e) {
        _is(e, e.providerFailed(0), _lock(e) + _lock(e), 0, 0);
        _is(e, e.providerFailed(10_000), _lock(e), 0, _lock(e));
    }

    /// @dev The consumer pays `2(N1·P + N2·Z)`.
    function testFuzz_passed(Settlement.Exam memory e) external pure allowed(e) {
        uint256 second = e.examples - e.first;
        uint256 paid = 2 * e.first * e.inferenceCost + 2 * second * e.proofCost;
        _is(e, e.passed(), _lock(e) - paid, _lock(e) + paid, 0);
    }

    /// @dev As `E > Z > P`: whoever passes leaves the consumer something, and earns more than by stopping.
    function testFuzz_endings_are_ordered(Settlement.Exam memory e) external pure allowed(e) {
        vm.assertLt(0, e.passed().consumer);
        vm.assertLt(e.aborted().provider, e.passed().provider);
        vm.assertLt(e.passed().provider, e.consumerFailed().provider);
        vm.assertLt(e.providerFailed(0).provider, e.aborted().provider);
    }

    function test_dearest_exam_fits() external pure {
        uint256 most = type(uint128).max;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 first = i == 0 ? 1 : (1 << 20) - 1;
            Settlement.Exam memory e = Settlement.Exam(1 << 20, first, most, most - 1, most - 2);
            uint256 paid = 2 * (first * (most - 2) + ((1 << 20) - first) * (most - 1));
            _is(e, e.passed(), _lock(e) - paid, _lock(e) + paid, 0);
        }
    }

    function test_an_example() external pure {
        Settlement.Exam memory e =
            Settlement.Exam({examples: 100, first: 10, exampleCost: 9, proofCost: 5, inferenceCost: 2});
        _is(e, e.aborted(), 1780, 1820, 0);
        _is(e, e.consumerFailed(), 0, 3600, 0);
        _is(e, e.providerFailed(3000), 3060, 0, 540);
        _is(e, e.passed(), 860, 2740, 0);
    }

    function _is(
        Settlement.Exam memory e,
        Settlement.Shares memory s,
        uint256 consumer,
        uint256 provider,
        uint256 burned
    ) private pure {
        vm.assertEq(s.consumer, consumer, "consumer");
        vm.assertEq(s.provider, provider, "provider");
        vm.assertEq(s.burned, burned, "burned");
        vm.assertEq(s.consumer + s.provider + s.burned, 2 * e.lock(), "all");
    }

    /// @dev `2NE`.
    function _lock(Settlement.Exam memory e) private pure returns (uint256) {
        return e.examples * e.exampleCost + e.exampleCost * e.examples;
    }
}
