// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {Steps} from "./Steps.sol";

/// @notice Every call by those whose call it is not.
contract AccuracyPartiesTest is Steps {
    function test_party_of_open() external {
        _consumers(openCall(terms()));
    }

    function test_party_of_accept() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Open);
        _providers(acceptCall(t));
    }

    function test_party_of_announceExamples() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Accepted);
        _consumers(announceCall(t));
        t.salt = 2;
        walk(t, IAccuracyEscrow.State.Continued);
        _consumers(announceCall(t));
    }

    function test_party_of_deliveries() external {
        for (uint256 first = 0; first < 2; ++first) {
            IAccuracyEscrow.Terms memory t = terms();
            t.salt = first;
            walkTo(t, first == 1, IDeliveries.Stage.Announced);
            _providers(Call(provider, 0, abi.encodeCall(exams.acknowledge, (id(t)))));
            _providers(Call(provider, 0, abi.encodeCall(exams.demandPublication, (id(t)))));
            acknowledge(t);
            _consumers(Call(consumer, 0, abi.encodeCall(exams.reveal, (id(t), KEY))));
        }
    }

    function test_party_of_complain() external {
        IAccuracyEscrow.Terms memory t = terms();
        _providers(walkToFalse(t, true));
        t.salt = 2;
        _providers(walkToFalse(t, false));
    }

    function test_party_of_proceed_and_abort() external {
        IAccuracyEscrow.Terms memory t = terms();
        walkTo(t, true, IDeliveries.Stage.Revealed);
        _providers(proceedCall(t));
        _providers(abortCall(t));
    }

    function test_party_of_postResults() external {
        IAccuracyEscrow.Terms memory t = terms();
        walkTo(t, false, IDeliveries.Stage.Revealed);
        _providers(postCall(t));
    }

    function test_party_of_challenge() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Answered);
        _consumers(challengeCall(t));
    }

    function test_anybody_may_bring_a_proof() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Challenged);
        succeeds(respondCall(t));
    }

    function test_only_the_consumer_gives_up_its_time() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Open);
        Call memory c = cancelCall(t);
        _early(c, deadlineOf(t), provider);
        _early(c, deadlineOf(t), stranger);
        t.salt = 2;
        walk(t, IAccuracyEscrow.State.Answered);
        c = settleCall(t);
        _early(c, deadlineOf(t), provider);
        _early(c, deadlineOf(t), stranger);
        c.from = consumer;
        succeeds(c);
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.Passed);
    }

    function _early(Call memory c, uint256 deadline, address caller) private {
        c.from = caller;
        fails(c, tooEarly(deadline));
    }

    function _consumers(Call memory c) private {
        c.from = provider;
        fails(c, notParty(provider, consumer));
        c.from = stranger;
        fails(c, notParty(stranger, consumer));
    }

    function _providers(Call memory c) private {
        c.from = consumer;
        fails(c, notParty(consumer, provider));
        c.from = stranger;
        fails(c, notParty(stranger, provider));
    }
}
