// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Settlement} from "../../src/libraries/Settlement.sol";
import {Test} from "../utils/Test.sol";

/// @notice The amounts of rounds, by the paper's words: K predictions, Z a proof, K1 contested.
contract RoundsTest is Test {
    using Settlement for Settlement.Round;

    /// @dev What an escrow lets through.
    modifier allowed(Settlement.Round memory r) {
        r.count = bound(r.count, 1, 1 << 20);
        r.proofCost = bound(r.proofCost, 1, type(uint128).max);
        r.price = bound(r.price, 0, type(uint128).max);
        r.beta = bound(r.beta, 2, type(uint16).max);
        _;
    }

    function testFuzz_locks(Settlement.Round memory r) external pure allowed(r) {
        vm.assertEq(r.consumerLock(), _escrow(r) + _fee(r));
        vm.assertEq(r.providerLock(), r.proofCost * r.count * r.beta);
    }

    function testFuzz_nobody_to_blame(Settlement.Round memory r) external pure allowed(r) {
        _is(r, r.refunded(), _escrow(r) + _fee(r), _stake(r), 0);
    }

    function testFuzz_nobody_accepted(Settlement.Round memory r) external pure allowed(r) {
        Settlement.Shares memory s = r.cancelled();
        vm.assertEq(s.consumer, _escrow(r) + _fee(r));
        vm.assertEq(s.provider, 0);
        vm.assertEq(s.burned, 0);
    }

    /// @dev The provider gets `2·K1·Z`, its escrow and the price.
    function testFuzz_served(Settlement.Round memory r, uint256 contested) external pure allowed(r) {
        contested = bound(contested, 0, r.count);
        uint256 proofs = contested * r.proofCost + contested * r.proofCost;
        _is(r, r.served(contested), _escrow(r) - proofs, _stake(r) + _fee(r) + proofs, 0);
    }

    function testFuzz_all_contested_leave_the_consumer_nothing(Settlement.Round memory r) external pure allowed(r) {
        vm.assertEq(r.served(r.count).consumer, 0);
        vm.assertEq(r.served(0).consumer, _escrow(r));
    }

    function testFuzz_silent_consumer(Settlement.Round memory r) external pure allowed(r) {
        _is(r, r.forfeited(), _fee(r), _stake(r) + _escrow(r), 0);
    }

    function testFuzz_silent_provider(Settlement.Round memory r, uint256 share) external pure allowed(r) {
        share = bound(share, 0, 10_000);
        uint256 burned = share * _stake(r) / 10_000;
        _is(r, r.slashed(share), _escrow(r) + _fee(r) + _stake(r) - burned, 0, burned);
    }

    function testFuzz_nothing_burned_is_the_paper(Settlement.Round memory r) external pure allowed(r) {
        _is(r, r.slashed(0), _escrow(r) + _fee(r) + _stake(r), 0, 0);
        _is(r, r.slashed(10_000), _escrow(r) + _fee(r), 0, _stake(r));
    }

    /// @dev A lie found out pays the consumer at least what the dispute could have cost it.
    function testFuzz_a_right_consumer_never_loses(Settlement.Round memory r, uint256 share) external pure allowed(r) {
        vm.assertLe(r.consumerLock(), r.slashed(bound(share, 0, 10_000)).consumer);
    }

    function test_an_example() external pure {
        Settlement.Round memory r = Settlement.Round({count: 100, proofCost: 7, price: 3, beta: 4});
        _is(r, r.refunded(), 1700, 2800, 0);
        _is(r, r.served(10), 1260, 3240, 0);
        _is(r, r.forfeited(), 300, 4200, 0);
        _is(r, r.slashed(2500), 3800, 0, 700);
    }

    function _is(
        Settlement.Round memory r,
        Settlement.Shares memory s,
        uint256 consumer,
        uint256 provider,
        uint256 burned
    ) private pure {
        vm.assertEq(s.consumer, consumer, "consumer");
        vm.assertEq(s.provider, provider, "provider");
        vm.assertEq(s.burned, burned, "burned");
        vm.assertEq(s.consumer + s.provider + s.burned, r.consumerLock() + r.providerLock(), "all");
    }

    /// @dev `2KZ`.
    function _escrow(Settlement.Round memory r) private pure returns (uint256) {
        return r.count * r.proofCost + r.proofCost * r.count;
    }

    function _fee(Settlement.Round memory r) private pure returns (uint256) {
        return r.price * r.count;
    }

    /// @dev `βKZ`.
    function _stake(Settlement.Round memory r) private pure returns (uint256) {
        return r.beta * (r.count * r.proofCost);
    }
}
