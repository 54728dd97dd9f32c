// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {Endings} from "./Endings.sol";

/// @notice Examples that the provider has published. Both deliveries have two chunks.
contract AccuracyPublicationTest is Endings {
    uint256 private constant CHUNK = 256;
    uint256 private constant BOND = 1e9;

    function test_published_examples_count_as_acknowledged() external {
        (IAccuracyEscrow.Terms memory t, uint256[] memory words) = _demanded(true);
        _publish(t, words, 0);
        vm.assertTrue(_stage(t) == IDeliveries.Stage.Demanded);
        _publish(t, words, 1);
        vm.assertTrue(_stage(t) == IDeliveries.Stage.Acknowledged);
        vm.assertEq(credit(exams, consumer), 2 * BOND);
        reveal(t);
        proceed(t);
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.Continued);
    }

    function test_the_bonds_of_chunks_that_were_not_published_come_back() external {
        (IAccuracyEscrow.Terms memory t, uint256[] memory words) = _demanded(true);
        _publish(t, words, 0);
        late(t);
        exams.settle(t);
        _forfeited(t);
    }

    function test_the_same_in_the_second_delivery() external {
        (IAccuracyEscrow.Terms memory t, uint256[] memory words) = _demanded(false);
        _publish(t, words, 0);
        late(t);
        exams.settle(t);
        _forfeited(t);
    }

    function test_a_demand_costs_its_bonds() external {
        (IAccuracyEscrow.Terms memory t,) = _announced(true);
        vm.deal(provider, 2 * BOND + 1);
        Call memory c = Call(provider, 2 * BOND + 1, abi.encodeCall(exams.demandPublication, (id(t))));
        fails(c, abi.encodeWithSelector(ICredits.WrongValue.selector, 2 * BOND + 1, 2 * BOND));
        c.value = 0;
        fails(c, abi.encodeWithSelector(ICredits.WrongValue.selector, 0, 2 * BOND));
        c.value = 2 * BOND;
        succeeds(c);
    }

    function test_only_the_announced_key_opens() external {
        (IAccuracyEscrow.Terms memory t,) = _announced(true);
        acknowledge(t);
        fails(
            Call(consumer, 0, abi.encodeCall(exams.reveal, (id(t), KEY + 1))),
            abi.encodeWithSelector(IDeliveries.WrongKey.selector, id(t), KEY + 1)
        );
    }

    function _announced(bool first) private returns (IAccuracyEscrow.Terms memory t, uint256[] memory words) {
        t = terms();
        (t.examples, t.first) = (60, 30);
        walk(t, first ? IAccuracyEscrow.State.Accepted : IAccuracyEscrow.State.Continued);
        words = new uint256[](wordsOf(30));
        for (uint256 w = 0; w < words.length; ++w) {
            words[w] = 7 * w;
        }
        announceRoot(t, Trees.root(SealedItems.leaves(words)));
        vm.assertEq(exams.deliveryOf(id(t)).chunks, 2);
    }

    function _demanded(bool first) private returns (IAccuracyEscrow.Terms memory t, uint256[] memory words) {
        (t, words) = _announced(first);
        demand(t);
    }

    function _publish(IAccuracyEscrow.Terms memory t, uint256[] memory words, uint256 chunk) private {
        uint256 start = chunk * CHUNK;
        uint256 count = words.length - start < CHUNK ? words.length - start : CHUNK;
        uint256[] memory some = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            some[i] = words[start + i];
        }
        bytes32[] memory path = Trees.pathFrom(SealedItems.leaves(words), start, 8);
        uint256 caseId = id(t);
        vm.prank(t.consumer);
        exams.publish(caseId, some, path);
    }

    /// @dev One chunk was published, one was not.
    function _forfeited(IAccuracyEscrow.Terms memory t) private view {
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.ConsumerFailed);
        vm.assertEq(credit(exams, consumer), BOND);
        vm.assertEq(credit(exams, provider), 2 * lockOf(t) + BOND);
        vm.assertEq(held(address(exams)), 2 * lockOf(t) + 2 * BOND + 2 * feeOf(t));
    }

    function _stage(IAccuracyEscrow.Terms memory t) private view returns (IDeliveries.Stage) {
        return exams.deliveryOf(id(t)).stage;
    }
}
