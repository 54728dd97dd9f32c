// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";

/// @notice A ciphertext of three chunks on chain: 65 items of 8 words, so the last chunk has 8.
abstract contract Publication is RoundDriver {
    uint32 private constant MANY = 70;
    uint256 private constant CHUNKS = 3;
    uint256 private constant LOCKED = MANY * (2 * uint256(PROOF_COST) + PRICE);

    function inputs() internal pure override returns (uint256) {
        return MANY;
    }

    function demanded() internal pure override returns (uint256) {
        return 65;
    }

    function terms() internal view override returns (IPredictionEscrow.Terms memory t) {
        t = super.terms();
        t.count = MANY;
    }

    function test_chunk_after_chunk() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = deliver(t, IDeliveries.Stage.Demanded);
        vm.assertEq(predictions.deliveryOf(caseId).words, 520);
        vm.assertEq(predictions.deliveryOf(caseId).chunks, CHUNKS);
        uint256 deadline = block.timestamp + t.courier.step + CHUNKS * t.courier.perChunk;
        uint256 before = credit(predictions, consumer);
        vm.assertEq(before, demanded() * DEMAND_BOND);
        for (uint256 i = 0; i < CHUNKS; ++i) {
            vm.assertTrue(stageOf(t) == IDeliveries.Stage.Demanded);
            vm.assertEq(predictions.deliveryOf(caseId).deadline, deadline);
            publish(t, i);
            vm.assertEq(predictions.deliveryOf(caseId).published, i + 1);
            vm.assertEq(credit(predictions, consumer), before + (i + 1) * t.courier.bond);
        }
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.Acknowledged);
        reveal(t, KEY);
        make(Call.CommitPredictions, t);
        vm.prank(consumer);
        predictions.settle(t);
        uint256 bonds = demanded() * DEMAND_BOND + CHUNKS * t.courier.bond;
        uint256 price = uint256(MANY) * PRICE;
        paid(t, LOCKED - price + bonds, uint256(BETA) * MANY * PROOF_COST + price, 0);
    }

    function test_only_the_next_chunk() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Demanded);
        _refused(t, 1, 0);
        _refused(t, 2, 0);
        publish(t, 0);
        _refused(t, 0, 1);
        _refused(t, 2, 1);
        publish(t, 1);
        _refused(t, 1, 2);
        publish(t, 2);
    }

    function test_only_the_announced_words() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Demanded);
        (uint256[] memory words, bytes32[] memory path) = chunk(cipher(), 0);
        words[255] += 1;
        _refusedWords(t, words, path, 0);
        words[255] -= 1;
        (words[0], words[1]) = (words[1], words[0]);
        _refusedWords(t, words, path, 0);
        (words[0], words[1]) = (words[1], words[0]);
        _refusedWords(t, words, new bytes32[](0), 0);
        _refusedWords(t, words, new bytes32[](3), 0);
        _refusedWords(t, _resized(words, 255), path, 0);
        _refusedWords(t, _resized(words, 257), path, 0);
        _refusedWords(t, new uint256[](0), path, 0);
        path[1] = ~path[1];
        _refusedWords(t, words, path, 0);
    }

    /// @dev The last chunk has the words that are left, and no empty ones after them.
    function test_the_last_chunk_is_what_is_left() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Demanded);
        publish(t, 0);
        publish(t, 1);
        (uint256[] memory words, bytes32[] memory path) = chunk(cipher(), 2);
        vm.assertEq(words.length, 8);
        _refusedWords(t, _resized(words, 7), path, 2);
        _refusedWords(t, _resized(words, 9), path, 2);
        _refusedWords(t, _resized(words, 256), path, 2);
        publish(t, 2);
    }

    /// @dev Who stops publishing keeps the bonds of what is published, and loses the round.
    function test_silence_after_some_chunks() external {
        IPredictionEscrow.Terms memory t = terms();
        deliver(t, IDeliveries.Stage.Demanded);
        for (uint256 published = 0; published < CHUNKS; ++published) {
            uint256 before = vm.snapshotState();
            _silence(t, published);
            vm.revertToState(before);
            if (published + 1 < CHUNKS) publish(t, published);
        }
    }

    function _silence(IPredictionEscrow.Terms memory t, uint256 published) private {
        uint256 caseId = predictions.idOf(t);
        vm.assertEq(predictions.deliveryOf(caseId).published, published);
        vm.warp(uint256(predictions.deliveryOf(caseId).deadline) + 1);
        vm.prank(stranger);
        predictions.settle(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.ConsumerFailed);
        uint256 toConsumer = uint256(MANY) * PRICE + demanded() * DEMAND_BOND + published * t.courier.bond;
        uint256 toProvider = (uint256(BETA) + 2) * MANY * PROOF_COST + (CHUNKS - published) * t.courier.bond;
        paid(t, toConsumer, toProvider, 0);
    }

    function test_exact_bond() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        uint256 due = CHUNKS * t.courier.bond;
        vm.deal(provider, due + 1);
        bool eth = currency() == address(0);
        Move memory m = Move(provider, eth ? due + 1 : 1, abi.encodeCall(predictions.demandPublication, (caseId)));
        refuse(m, abi.encodeWithSelector(ICredits.WrongValue.selector, m.value, eth ? due : 0));
        if (!eth) return;
        m.value = due - 1;
        refuse(m, abi.encodeWithSelector(ICredits.WrongValue.selector, due - 1, due));
    }

    function _refused(IPredictionEscrow.Terms memory t, uint256 number, uint256 next) private {
        (uint256[] memory words, bytes32[] memory path) = chunk(cipher(), number);
        _refusedWords(t, words, path, next);
    }

    function _refusedWords(
        IPredictionEscrow.Terms memory t,
        uint256[] memory words,
        bytes32[] memory path,
        uint256 next
    ) private {
        uint256 caseId = predictions.idOf(t);
        refuse(
            Move(consumer, 0, abi.encodeCall(predictions.publish, (caseId, words, path))),
            abi.encodeWithSelector(IDeliveries.WrongChunk.selector, caseId, next)
        );
    }

    function _resized(uint256[] memory words, uint256 length) private pure returns (uint256[] memory other) {
        other = new uint256[](length);
        for (uint256 i = 0; i < length && i < words.length; ++i) {
            other[i] = words[i];
        }
    }
}

contract PublicationInEth is Publication {}

contract PublicationInTokens is Publication {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
