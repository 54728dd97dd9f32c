// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundFixture} from "../prediction/RoundFixture.sol";
import {CallbackCoin, Coin} from "../utils/Tokens.sol";
import {Agent} from "./Parties.sol";

/// @notice Consumer, provider and token are in league: whatever the token calls while it moves, another consumer's money stays
/// where it is, and the league ends with what it began with.
contract ReentrancyTest is RoundFixture {
    uint256 private constant PURSE = 1e20;
    bytes private constant REENTRANCY = abi.encodeWithSignature("Reentrancy()");

    Agent private agent;
    address private victim = address(0x71C);

    function currency() internal view override returns (address) {
        return address(coin);
    }

    function _coin() internal override returns (Coin) {
        return new CallbackCoin();
    }

    function setUp() public override {
        agent = new Agent();
        provider = address(agent);
        consumer = provider;
        super.setUp();
        IPredictionEscrow.Terms memory t = terms();
        t.consumer = victim;
        open(t);
        coin.mint(provider, PURSE);
        _act(address(coin), abi.encodeCall(Coin.approve, (address(predictions), PURSE)));
        _act(address(coin), abi.encodeCall(Coin.approve, (address(exams), PURSE)));
    }

    function test_opening_reenters_no_opening() external {
        _refused(_opening(1), address(predictions), _opening(2));
        _cancel(1);
        _allBack();
    }

    function test_opening_reenters_no_acceptance() external {
        _refused(_opening(1), address(predictions), abi.encodeCall(IPredictionEscrow.accept, (_terms(1))));
        _cancel(1);
        _allBack();
    }

    function test_opening_reenters_no_withdrawal() external {
        _give();
        _refused(_opening(1), address(predictions), _withdrawing());
        _cancel(1);
        _allBack();
    }

    function test_opening_may_reenter_its_own_cancellation() external {
        _allowed(_opening(1), address(predictions), abi.encodeCall(IPredictionEscrow.cancel, (_terms(1))));
        _allBack();
    }

    function test_accepting_reenters_no_acceptance() external {
        _act(address(predictions), _opening(1));
        bytes memory accepting = abi.encodeCall(IPredictionEscrow.accept, (_terms(1)));
        bytes memory wrongState = abi.encodeWithSelector(
            IPredictionEscrow.WrongState.selector, predictions.idOf(_terms(1)), IPredictionEscrow.State.Accepted
        );
        _refused(accepting, address(predictions), accepting);
        vm.expectRevert(wrongState);
        _act(address(predictions), accepting);
        _refund(1);
        _allBack();
    }

    function test_accepting_reenters_no_withdrawal() external {
        _give();
        _act(address(predictions), _opening(1));
        _refused(abi.encodeCall(IPredictionEscrow.accept, (_terms(1))), address(predictions), _withdrawing());
        _refund(1);
        _allBack();
    }

    function test_accepting_settles_nothing_early() external {
        _act(address(predictions), _opening(1));
        bytes memory answer = _reenter(
            address(predictions),
            abi.encodeCall(IPredictionEscrow.accept, (_terms(1))),
            address(predictions),
            abi.encodeCall(IPredictionEscrow.settle, (_terms(1)))
        );
        vm.assertFalse(_callback().succeeded());
        vm.assertTrue(answer.length > 4);
        _refund(1);
        _allBack();
    }

    function test_accepting_may_reenter_the_whole_round() external {
        _act(address(predictions), _opening(1));
        bytes memory committing = abi.encodeCall(IPredictionEscrow.commitInputs, (_terms(1), bytes32(uint256(1))));
        _allowed(abi.encodeCall(IPredictionEscrow.accept, (_terms(1))), address(predictions), committing);
        _act(
            address(predictions), abi.encodeCall(IPredictionEscrow.commitPredictions, (_terms(1), bytes32(uint256(2))))
        );
        _act(address(predictions), abi.encodeCall(IPredictionEscrow.settle, (_terms(1))));
        _allBack();
    }

    function test_withdrawing_reenters_no_withdrawal() external {
        _give();
        _refused(_withdrawing(), address(predictions), _withdrawing());
        _allBack();
    }

    function test_withdrawing_reenters_no_opening() external {
        _give();
        _refused(_withdrawing(), address(predictions), _opening(1));
        _allBack();
    }

    function test_withdrawing_reenters_no_acceptance() external {
        _give();
        _act(address(predictions), _opening(1));
        _refused(_withdrawing(), address(predictions), abi.encodeCall(IPredictionEscrow.accept, (_terms(1))));
        _cancel(1);
        _allBack();
    }

    function test_withdrawing_may_reenter_a_settlement() external {
        _give();
        _act(address(predictions), _opening(1));
        _act(address(predictions), abi.encodeCall(IPredictionEscrow.accept, (_terms(1))));
        vm.warp(block.timestamp + 2 hours + 1);
        _allowed(_withdrawing(), address(predictions), abi.encodeCall(IPredictionEscrow.settle, (_terms(1))));
        vm.assertEq(credit(predictions, provider), CONSUMER_LOCK + PROVIDER_LOCK);
        _allBack();
    }

    function test_opening_may_reenter_another_escrow() external {
        IAccuracyEscrow.Terms memory exam = _exam();
        _allowed(_opening(1), address(exams), abi.encodeCall(IAccuracyEscrow.open, (exam)));
        _cancel(1);
        _act(address(exams), abi.encodeCall(IAccuracyEscrow.cancel, (exam)));
        _act(address(exams), _withdrawing());
        vm.assertEq(coin.balanceOf(address(exams)), 0);
        _allBack();
    }

    function test_a_withdrawal_from_another_escrow_is_only_that() external {
        IAccuracyEscrow.Terms memory exam = _exam();
        _act(address(exams), abi.encodeCall(IAccuracyEscrow.open, (exam)));
        _act(address(exams), abi.encodeCall(IAccuracyEscrow.cancel, (exam)));
        _give();
        _allowed(_withdrawing(), address(exams), _withdrawing());
        vm.assertEq(coin.balanceOf(address(exams)), 0);
        _allBack();
    }

    /// @dev Money that arrives twice is no money: the token must move exactly what was asked for.
    function test_a_payment_within_a_payment_spoils_it() external {
        _callback()
            .arm(
                address(agent),
                abi.encodeCall(Agent.act, (address(coin), abi.encodeCall(Coin.transfer, (address(predictions), 1))))
            );
        vm.expectRevert(
            abi.encodeWithSelector(ICredits.WrongAmountReceived.selector, coin, CONSUMER_LOCK + 1, CONSUMER_LOCK)
        );
        _act(address(predictions), _opening(1));
        _allBack();
    }

    function _refused(bytes memory outer, address target, bytes memory inner) private {
        bytes memory answer = _reenter(address(predictions), outer, target, inner);
        vm.assertFalse(_callback().succeeded());
        vm.assertEq(answer, REENTRANCY);
    }

    function _allowed(bytes memory outer, address target, bytes memory inner) private {
        _reenter(address(predictions), outer, target, inner);
        vm.assertTrue(_callback().succeeded());
    }

    /// @dev The agent calls `escrow`, and while the token moves it calls `target`.
    function _reenter(address escrow, bytes memory outer, address target, bytes memory inner)
        private
        returns (bytes memory)
    {
        _callback().arm(address(agent), abi.encodeCall(Agent.act, (target, inner)));
        _act(escrow, outer);
        vm.assertTrue(_callback().called());
        return _callback().answer();
    }

    /// @dev All of the league's cases are over: it gets what it has, and nothing of the victim's.
    function _allBack() private {
        if (credit(predictions, provider) > 0) _act(address(predictions), _withdrawing());
        vm.assertEq(coin.balanceOf(provider), PURSE, "purse");
        vm.assertEq(held(address(predictions)), CONSUMER_LOCK, "victim");
        IPredictionEscrow.Terms memory t = terms();
        t.consumer = victim;
        vm.prank(victim);
        predictions.cancel(t);
        vm.prank(victim);
        predictions.withdraw(address(coin), victim);
        vm.assertEq(coin.balanceOf(victim), CONSUMER_LOCK);
    }

    /// @dev Something to withdraw.
    function _give() private {
        _act(address(predictions), _opening(99));
        _cancel(99);
    }

    function _cancel(uint256 salt) private {
        _act(address(predictions), abi.encodeCall(IPredictionEscrow.cancel, (_terms(salt))));
    }

    function _refund(uint256 salt) private {
        vm.warp(block.timestamp + 2 hours + 1);
        predictions.settle(_terms(salt));
    }

    function _act(address target, bytes memory data) private {
        agent.act(target, data);
    }

    function _callback() private view returns (CallbackCoin) {
        return CallbackCoin(address(coin));
    }

    function _terms(uint256 salt) private view returns (IPredictionEscrow.Terms memory t) {
        t = terms();
        t.salt = salt;
    }

    function _opening(uint256 salt) private view returns (bytes memory) {
        return abi.encodeCall(IPredictionEscrow.open, (_terms(salt)));
    }

    function _withdrawing() private view returns (bytes memory) {
        return abi.encodeCall(ICredits.withdraw, (address(coin), provider));
    }

    function _exam() private view returns (IAccuracyEscrow.Terms memory t) {
        t.consumer = consumer;
        t.provider = provider;
        t.model = model;
        t.currency = address(coin);
        (t.examples, t.first) = (5, 2);
        (t.exampleCost, t.proofCost, t.inferenceCost) = (1e12, 1e11, 1e9);
        t.windows = IAccuracyEscrow.Windows({
            accept: 1 hours,
            announce: 1 hours,
            decide: 1 hours,
            results: 1 hours,
            challenge: 1 hours,
            respond: 1 hours,
            respondEach: 600
        });
        t.courier = courier();
    }
}
