// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {ExamFixture} from "./ExamFixture.sol";

abstract contract HappyPath is ExamFixture {
    function test_an_accurate_model_is_paid_for() external {
        IAccuracyEscrow.Terms memory t = terms();
        answered(t);
        late(t);
        vm.prank(stranger);
        exams.settle(t);
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.Passed);
        _credited(LOCK - PAID, LOCK + PAID);
    }

    function test_a_proven_challenge_costs_its_deposit() external {
        IAccuracyEscrow.Terms memory t = terms();
        labelFor(t, 3);
        answered(t);
        challenge(t, two(0, 4));
        respond(t, 0);
        respond(t, 4);
        exams.settle(t);
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.Passed);
        _credited(LOCK - PAID, LOCK + PAID + 2 * DEPOSIT);
    }

    function test_less_than_the_target_costs_the_escrow() external {
        IAccuracyEscrow.Terms memory t = terms();
        labelFor(t, 2);
        answered(t);
        late(t);
        exams.settle(t);
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.Failed);
        _credited(2 * LOCK, 0);
    }

    function test_everybody_can_withdraw_what_it_is_owed() external {
        IAccuracyEscrow.Terms memory t = terms();
        answered(t);
        late(t);
        exams.settle(t);
        vm.prank(consumer);
        vm.assertEq(exams.withdraw(t.currency, stranger), LOCK - PAID);
        vm.prank(provider);
        vm.assertEq(exams.withdraw(t.currency, stranger), LOCK + PAID);
        vm.prank(feeRecipient);
        vm.assertEq(exams.withdraw(t.currency, stranger), 2 * FEE);
        vm.assertEq(held(address(exams)), 0);
        vm.assertEq(held(stranger), 2 * LOCK + 2 * FEE);
    }

    function test_a_lie_cannot_be_proven() external {
        IAccuracyEscrow.Terms memory t = terms();
        labelFor(t, 2);
        delivered(t);
        // The model is wrong in place 2; the provider says what the label is instead.
        Results memory r = answers(t);
        uint256 label = labelled(order(t, t.first + 2)).label;
        (r.leaves[2], r.values[2]) = (Leaves.score(2, label, 1), 1);
        post(t, r);
        challenge(t, one(2));
        IAccuracyEscrow.Score memory s = score(t, 2, r);
        fails(
            Call(stranger, 0, abi.encodeCall(exams.respond, (t, 2, s, evidence(provider)))),
            abi.encodeWithSelector(IAccuracyEscrow.NotInResults.selector, id(t), 2)
        );
        late(t);
        exams.settle(t);
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.ProviderFailed);
        _credited(2 * LOCK + DEPOSIT, 0);
        vm.assertEq(registry.modelOf(model).stake, MINIMUM_STAKE - PENALTY);
    }

    function _credited(uint256 toConsumer, uint256 toProvider) private view {
        vm.assertEq(credit(exams, consumer), toConsumer);
        vm.assertEq(credit(exams, provider), toProvider);
        vm.assertEq(credit(exams, feeRecipient), 2 * FEE);
        vm.assertEq(held(address(exams)), toConsumer + toProvider + 2 * FEE);
    }
}

contract AccuracyInEthTest is HappyPath {}

contract AccuracyInTokensTest is HappyPath {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
