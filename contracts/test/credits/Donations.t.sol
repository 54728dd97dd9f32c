// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundFixture} from "../prediction/RoundFixture.sol";

/// @notice Money that nobody asked for changes nothing and belongs to nobody.
abstract contract DonationsTest is RoundFixture {
    function _donate(uint256 amount) internal virtual;

    function test_donations_between_all_steps_stay() external {
        IPredictionEscrow.Terms memory t = terms();
        _donate(1);
        open(t);
        _donate(10);
        accept(t);
        _donate(100);
        commitInputs(t);
        commitPredictions(t, 0);
        contest(t, one(1));
        respond(t, 1, 0);
        _donate(1000);
        predictions.settle(t);
        uint256 earned = PROVIDER_LOCK + COUNT * uint256(PRICE) + 2 * uint256(PROOF_COST);
        vm.assertEq(credit(predictions, provider), earned);
        vm.assertEq(credit(predictions, consumer), CONSUMER_LOCK + PROVIDER_LOCK - earned);
        _withdraw(provider);
        _withdraw(consumer);
        vm.assertEq(held(address(predictions)), 1111);
        _nothing(consumer);
        _nothing(provider);
        _nothing(stranger);
        _nothing(address(this));
    }

    function test_a_donation_pays_for_nothing() external {
        IPredictionEscrow.Terms memory t = terms();
        _donate(CONSUMER_LOCK);
        vm.expectRevert();
        vm.prank(consumer);
        predictions.open(t);
    }

    function _withdraw(address who) private {
        address to = currency();
        vm.prank(who);
        predictions.withdraw(to, who);
    }

    function _nothing(address who) private {
        vm.expectRevert(abi.encodeWithSelector(ICredits.NoCredit.selector, who, currency()));
        _withdraw(who);
    }
}

contract DonationsInEthTest is DonationsTest {
    function test_nobody_just_sends_eth() external {
        vm.deal(address(this), 2);
        (bool done,) = address(predictions).call{value: 1}("");
        vm.assertFalse(done);
        (done,) = address(registry).call{value: 1}("");
        vm.assertFalse(done);
    }

    function _donate(uint256 amount) internal override {
        // As a block's reward or a contract's end brings it: nobody is called.
        vm.deal(address(predictions), address(predictions).balance + amount);
    }
}

contract DonationsInTokensTest is DonationsTest {
    function currency() internal view override returns (address) {
        return address(coin);
    }

    function _donate(uint256 amount) internal override {
        coin.mint(address(predictions), amount);
    }
}
