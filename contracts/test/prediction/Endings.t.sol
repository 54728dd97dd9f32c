// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice Who gets what in each ending, for any amounts. `paid` compares with all that the escrow holds: I1 and I2.
abstract contract Endings is RoundDriver {
    uint32 private constant MOST = 1 << 20;

    /// @notice The amounts of a round. `count` is large where nothing has to be opened.
    struct Amounts {
        uint32 count;
        uint16 beta;
        uint128 proofCost;
        uint128 price;
        uint128 demandBond;
    }

    function testFuzz_cancelled_by_the_consumer(Amounts calldata amounts, uint256 time) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        open(t);
        vm.warp(block.timestamp + bound(time, 0, 1 days));
        vm.prank(consumer);
        predictions.cancel(t);
        _ended(t, IPredictionEscrow.State.Refunded, consumerLock(t), 0, 0);
    }

    function testFuzz_cancelled_by_anybody_when_late(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        open(t);
        vm.warp(block.timestamp + t.windows.accept + 1);
        vm.prank(stranger);
        predictions.cancel(t);
        _ended(t, IPredictionEscrow.State.Refunded, consumerLock(t), 0, 0);
    }

    function testFuzz_no_inputs(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        open(t);
        accept(t);
        _settleLate(t);
        _ended(t, IPredictionEscrow.State.Refunded, consumerLock(t), providerLock(t), 0);
    }

    function testFuzz_demanded_inputs_stay_away(Amounts calldata amounts, uint256 first, uint256 count) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        _committed(t);
        count = bound(count, 1, t.count);
        demandInputs(t, bound(first, 0, t.count - count), count);
        _settleLate(t);
        uint256 price = uint256(t.count) * t.price;
        uint256 back = count * t.demandBond;
        uint256 gained = 2 * uint256(t.count) * t.proofCost;
        _ended(t, IPredictionEscrow.State.ConsumerFailed, price, providerLock(t) + gained + back, 0);
    }

    function testFuzz_demanded_inputs_shown_in_part(Amounts calldata amounts, uint256 count, uint256 shown) external {
        IPredictionEscrow.Terms memory t = _small(amounts);
        open(t);
        accept(t);
        commitInputs(t);
        count = bound(count, 1, t.count);
        shown = bound(shown, 0, count);
        uint256 first = t.count - count;
        demandInputs(t, first, count);
        for (uint256 i = 0; i < shown; ++i) {
            showInputs(t, first + i, 1);
        }
        vm.assertTrue((state(t) == IPredictionEscrow.State.InputsShown) == (shown == count));
        vm.assertEq(held(address(predictions)), consumerLock(t) + providerLock(t) + count * t.demandBond);
        _settleLate(t);
        uint256 price = uint256(t.count) * t.price;
        uint256 gained = 2 * uint256(t.count) * t.proofCost;
        uint256 toProvider = providerLock(t) + gained + (count - shown) * t.demandBond;
        _ended(t, IPredictionEscrow.State.ConsumerFailed, price + shown * t.demandBond, toProvider, 0);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE);
    }

    function testFuzz_declined(Amounts calldata amounts, uint256 time) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        _committed(t);
        vm.assertEq(registry.modelOf(model).openCases, 1);
        vm.warp(bound(time, block.timestamp, predictions.roundOf(predictions.idOf(t)).deadline));
        make(Call.Decline, t);
        _declined(t, 0);
    }

    function testFuzz_declined_after_delivery(Amounts calldata amounts, bool published, uint256 time) external {
        IPredictionEscrow.Terms memory t = _with(amounts);
        uint256 caseId = announced(t);
        if (published) {
            demandPublication(t);
            publish(t, 0);
        } else {
            acknowledge(t);
        }
        reveal(t, KEY);
        vm.warp(bound(time, block.timestamp, predictions.deliveryOf(caseId).deadline));
        make(Call.Decline, t);
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None, "closed");
        _declined(t, demanded() * t.demandBond + (published ? t.courier.bond : 0));
    }

    function testFuzz_no_predictions(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        _committed(t);
        _settleLate(t);
        _lost(t, 0, 0);
    }

    function testFuzz_no_contest(Amounts calldata amounts) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        _predicted(t);
        _settleLate(t);
        _served(t, 0, 0);
    }

    function testFuzz_early_word_of_the_consumer(Amounts calldata amounts, uint256 time) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        _predicted(t);
        uint256 deadline = predictions.roundOf(predictions.idOf(t)).deadline;
        vm.warp(bound(time, block.timestamp, deadline));
        bytes memory early = abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline);
        refuse(Move(stranger, 0, abi.encodeCall(predictions.settle, (t))), early);
        refuse(Move(provider, 0, abi.encodeCall(predictions.settle, (t))), early);
        vm.prank(consumer);
        predictions.settle(t);
        _served(t, 0, 0);
    }

    function testFuzz_contested_and_answered(Amounts calldata amounts, uint256 chosen) external {
        IPredictionEscrow.Terms memory t = _small(amounts);
        predicted(t, 0);
        uint256[] memory indices = _chosen(t.count, chosen);
        contest(t, indices);
        for (uint256 i = indices.length; i > 0; --i) {
            refuse(
                Move(consumer, 0, abi.encodeCall(predictions.settle, (t))),
                abi.encodeWithSelector(
                    IDeliveries.DeadlineNotPassed.selector, predictions.roundOf(predictions.idOf(t)).deadline
                )
            );
            respond(t, indices[i - 1], 0);
        }
        vm.prank(stranger);
        predictions.settle(t);
        _served(t, indices.length, 0);
    }

    function testFuzz_contested_and_answered_in_part(Amounts calldata amounts, uint256 chosen, uint256 answers)
        external
    {
        IPredictionEscrow.Terms memory t = _small(amounts);
        predicted(t, 0);
        uint256[] memory indices = _chosen(t.count, chosen);
        contest(t, indices);
        answers = bound(answers, 0, indices.length - 1);
        for (uint256 i = 0; i < answers; ++i) {
            respond(t, indices[i], 0);
        }
        _settleLate(t);
        _lost(t, 0, 0);
    }

    function testFuzz_predictions_published(Amounts calldata amounts, uint256 count, uint256 batch) external {
        IPredictionEscrow.Terms memory t = _small(amounts);
        predicted(t, 0);
        count = bound(count, 1, t.count);
        send(demandPredictionsMove(t, t.count - count, count));
        _publish(t, t.count - count, count, bound(batch, 1, count));
        vm.assertTrue(state(t) == IPredictionEscrow.State.Published);
        _settleLate(t);
        _served(t, 0, count);
    }

    function testFuzz_predictions_published_and_contested(Amounts calldata amounts, uint256 chosen) external {
        IPredictionEscrow.Terms memory t = _small(amounts);
        predicted(t, 0);
        send(demandPredictionsMove(t, 0, t.count));
        _publish(t, 0, t.count, 1);
        uint256[] memory indices = _chosen(t.count, chosen);
        contest(t, indices);
        for (uint256 i = 0; i < indices.length; ++i) {
            respond(t, indices[i], 0);
        }
        predictions.settle(t);
        _served(t, indices.length, t.count);
    }

    function testFuzz_predictions_published_in_part(Amounts calldata amounts, uint256 count, uint256 published)
        external
    {
        IPredictionEscrow.Terms memory t = _small(amounts);
        predicted(t, 0);
        count = bound(count, 1, t.count);
        published = bound(published, 0, count - 1);
        send(demandPredictionsMove(t, 0, count));
        if (published > 0) _publish(t, 0, published, published);
        _settleLate(t);
        _lost(t, (count - published) * t.demandBond, published * t.demandBond);
    }

    function test_burn_shares_of_known_amounts() external {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, IPredictionEscrow.State.ProviderFailed);
        uint256 burned = PROVIDER_LOCK / 10_000 * burnShare();
        paid(t, CONSUMER_LOCK + PROVIDER_LOCK - burned, 0, burned);
    }

    /// @dev Rounds of one escrow share its money, and take nothing from one another.
    function testFuzz_two_rounds(Amounts calldata amounts, Amounts calldata others) external {
        IPredictionEscrow.Terms memory t = _large(amounts);
        IPredictionEscrow.Terms memory other = _large(others);
        other.salt += 1;
        _predicted(t);
        open(other);
        vm.prank(consumer);
        predictions.settle(t);
        vm.assertEq(held(address(predictions)), consumerLock(t) + providerLock(t) + consumerLock(other));
        vm.prank(consumer);
        predictions.cancel(other);
        uint256 price = uint256(t.count) * t.price;
        _withdraws(consumer, consumerLock(t) - price + consumerLock(other));
        _withdraws(provider, providerLock(t) + price);
        vm.assertEq(held(address(predictions)), 0);
    }

    function _withdraws(address who, uint256 amount) private {
        address to = address(uint160(uint256(keccak256(abi.encode(who)))));
        vm.prank(who);
        vm.assertEq(predictions.withdraw(currency(), to), amount);
        vm.assertEq(held(to), amount);
    }

    function _served(IPredictionEscrow.Terms memory t, uint256 contested, uint256 bonds) private {
        uint256 pay = uint256(t.count) * t.price + contested * 2 * t.proofCost;
        uint256 toProvider = providerLock(t) + pay + bonds * t.demandBond;
        _ended(t, IPredictionEscrow.State.Served, consumerLock(t) - pay, toProvider, 0);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE);
    }

    /// @dev Everybody has back what it locked; bonds that paid for an answer stay paid.
    function _declined(IPredictionEscrow.Terms memory t, uint256 bonds) private {
        _ended(t, IPredictionEscrow.State.Refunded, consumerLock(t) + bonds, providerLock(t), 0);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE);
        refuse(move(Call.Decline, t), wrongState(predictions.idOf(t), IPredictionEscrow.State.Refunded));
    }

    function _lost(IPredictionEscrow.Terms memory t, uint256 back, uint256 kept) private {
        uint256 burned = providerLock(t) * burnShare() / 10_000;
        uint256 toConsumer = consumerLock(t) + providerLock(t) - burned + back;
        _ended(t, IPredictionEscrow.State.ProviderFailed, toConsumer, kept, burned);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE - PENALTY);
    }

    function _ended(
        IPredictionEscrow.Terms memory t,
        IPredictionEscrow.State end,
        uint256 toConsumer,
        uint256 toProvider,
        uint256 burned
    ) private {
        vm.assertTrue(state(t) == end, "end");
        paid(t, toConsumer, toProvider, burned);
        refuse(Move(consumer, 0, abi.encodeCall(predictions.settle, (t))), wrongState(predictions.idOf(t), end));
    }

    function _settleLate(IPredictionEscrow.Terms memory t) private {
        vm.warp(uint256(predictions.roundOf(predictions.idOf(t)).deadline) + 1);
        vm.prank(stranger);
        predictions.settle(t);
    }

    function _committed(IPredictionEscrow.Terms memory t) private {
        open(t);
        accept(t);
        vm.prank(consumer);
        predictions.commitInputs(t, ROOT);
    }

    function _predicted(IPredictionEscrow.Terms memory t) private {
        _committed(t);
        vm.prank(provider);
        predictions.commitPredictions(t, ROOT);
    }

    function _publish(IPredictionEscrow.Terms memory t, uint256 first, uint256 count, uint256 batch) private {
        for (uint256 done = 0; done < count; done += batch) {
            uint256 size = count - done < batch ? count - done : batch;
            (bool success,) = send(Move(provider, 0, publishData(t, first + done, size)));
            vm.assertTrue(success, "publish");
        }
    }

    /// @dev Indices whose bit in `seed` is set, at least one.
    function _chosen(uint256 count, uint256 seed) private pure returns (uint256[] memory indices) {
        seed %= 1 << count;
        if (seed == 0) seed = (1 << count) - 1;
        uint256 length = 0;
        for (uint256 i = 0; i < count; ++i) {
            length += (seed >> i) & 1;
        }
        indices = new uint256[](length);
        for (uint256 i = count; i > 0; --i) {
            if ((seed >> (i - 1)) & 1 == 1) indices[--length] = i - 1;
        }
    }

    function _large(Amounts calldata amounts) private view returns (IPredictionEscrow.Terms memory t) {
        t = _with(amounts);
        t.count = uint32(bound(amounts.count, 1, MOST));
    }

    function _small(Amounts calldata amounts) private view returns (IPredictionEscrow.Terms memory t) {
        t = _with(amounts);
        t.count = uint32(bound(amounts.count, 1, inputs()));
    }

    function _with(Amounts calldata amounts) private view returns (IPredictionEscrow.Terms memory t) {
        t = terms();
        t.beta = uint16(bound(amounts.beta, 2, type(uint16).max));
        t.proofCost = uint128(bound(amounts.proofCost, 1, type(uint128).max));
        t.price = amounts.price;
        t.demandBond = amounts.demandBond;
    }
}

contract EndingsInEth is Endings {}

contract EndingsInTokens is Endings {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}

contract EndingsThatBurnATwentieth is Endings {
    function burnShare() internal pure override returns (uint256) {
        return 500;
    }
}

contract EndingsThatBurnAll is Endings {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function burnShare() internal pure override returns (uint256) {
        return 10_000;
    }
}
