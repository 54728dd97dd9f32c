// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {Steps} from "./Steps.sol";

/// @notice Both edges of every deadline: steps count until it, silence counts after it.
contract AccuracyDeadlinesTest is Steps {
    function test_accept() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Open);
        Call memory c = acceptCall(t);
        c.value = fund(provider, address(exams), LOCK + FEE);
        _until(c, _deadline(t, t.windows.accept));
    }

    function test_cancel_by_a_stranger() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Open);
        Call memory c = cancelCall(t);
        c.from = stranger;
        _from(c, _deadline(t, t.windows.accept));
    }

    function test_cancel_by_the_consumer_at_any_time() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Open);
        late(t);
        succeeds(cancelCall(t));
        t.salt = 2;
        walk(t, IAccuracyEscrow.State.Open);
        succeeds(cancelCall(t));
    }

    function test_announce() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Accepted);
        _until(announceCall(t), _deadline(t, t.windows.announce));
        t.salt = 2;
        walk(t, IAccuracyEscrow.State.Continued);
        _until(announceCall(t), _deadline(t, t.windows.announce));
    }

    function test_silence_instead_of_an_announcement() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Accepted);
        _from(settleCall(t), _deadline(t, t.windows.announce));
        t.salt = 2;
        walk(t, IAccuracyEscrow.State.Continued);
        _from(settleCall(t), _deadline(t, t.windows.announce));
    }

    function test_acknowledge() external {
        for (uint256 first = 0; first < 2; ++first) {
            IAccuracyEscrow.Terms memory t = _at(first, IDeliveries.Stage.Announced);
            _until(Call(provider, 0, abi.encodeCall(exams.acknowledge, (id(t)))), _deadline(t, t.courier.step));
        }
    }

    function test_acknowledge_by_signature() external {
        for (uint256 first = 0; first < 2; ++first) {
            IAccuracyEscrow.Terms memory t = _at(first, IDeliveries.Stage.Announced);
            bytes32 words = keccak256(
                abi.encode(
                    keccak256("Acknowledgement(uint256 caseId,bytes32 root,uint256 nonce,uint256 deadline)"),
                    id(t),
                    exams.deliveryOf(id(t)).root,
                    first,
                    type(uint256).max
                )
            );
            bytes memory signed = signature(address(exams), PROVIDER_KEY, words);
            bytes memory data = abi.encodeCall(exams.acknowledgeBySignature, (id(t), first, type(uint256).max, signed));
            _until(Call(stranger, 0, data), _deadline(t, t.courier.step));
        }
    }

    function test_demand() external {
        for (uint256 first = 0; first < 2; ++first) {
            IAccuracyEscrow.Terms memory t = _at(first, IDeliveries.Stage.Announced);
            Call memory c = Call(provider, 0, abi.encodeCall(exams.demandPublication, (id(t))));
            c.value = fund(provider, address(exams), bondOf(t));
            _until(c, _deadline(t, t.courier.step));
        }
    }

    function test_publish() external {
        for (uint256 first = 0; first < 2; ++first) {
            IAccuracyEscrow.Terms memory t = _at(first, IDeliveries.Stage.Demanded);
            bytes memory data = abi.encodeCall(exams.publish, (id(t), cipher(t, first == 1), new bytes32[](0)));
            _until(Call(consumer, 0, data), _deadline(t, t.courier.step + t.courier.perChunk));
        }
    }

    function test_reveal() external {
        for (uint256 first = 0; first < 2; ++first) {
            IAccuracyEscrow.Terms memory t = _at(first, IDeliveries.Stage.Acknowledged);
            _until(Call(consumer, 0, abi.encodeCall(exams.reveal, (id(t), KEY))), _deadline(t, t.courier.step));
        }
    }

    function test_silence_in_deliveries() external {
        for (uint256 first = 0; first < 2; ++first) {
            IAccuracyEscrow.Terms memory t = _at(first, IDeliveries.Stage.Announced);
            _from(settleCall(t), _deadline(t, t.courier.step));
            t = _at(first, IDeliveries.Stage.Demanded);
            _from(settleCall(t), _deadline(t, t.courier.step + t.courier.perChunk));
            t = _at(first, IDeliveries.Stage.Acknowledged);
            _from(settleCall(t), _deadline(t, t.courier.step));
            t = _at(first, IDeliveries.Stage.Revealed);
            _from(settleCall(t), _deadline(t, first == 1 ? t.windows.decide : t.windows.results));
        }
    }

    function test_decide() external {
        IAccuracyEscrow.Terms memory t = _at(1, IDeliveries.Stage.Revealed);
        _until(proceedCall(t), _deadline(t, t.windows.decide));
        t = _at(1, IDeliveries.Stage.Revealed);
        _until(abortCall(t), _deadline(t, t.windows.decide));
    }

    function test_complain() external {
        IAccuracyEscrow.Terms memory t = terms();
        _until(walkToFalse(t, true), _deadline(t, t.windows.decide));
        t.salt = 2;
        _until(walkToFalse(t, false), _deadline(t, t.windows.results));
    }

    function test_results() external {
        IAccuracyEscrow.Terms memory t = _at(0, IDeliveries.Stage.Revealed);
        _until(postCall(t), _deadline(t, t.windows.results));
    }

    function test_challenge() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Answered);
        Call memory c = challengeCall(t);
        c.value = fund(consumer, address(exams), DEPOSIT);
        _until(c, _deadline(t, t.windows.challenge));
    }

    function test_no_challenge() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Answered);
        _from(settleCall(t), _deadline(t, t.windows.challenge));
    }

    function test_respond() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Challenged);
        _until(respondCall(t), _deadline(t, t.windows.respond + t.windows.respondEach));
    }

    function test_no_response() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Challenged);
        _from(settleCall(t), _deadline(t, t.windows.respond + t.windows.respondEach));
    }

    function test_more_challenges_have_more_time() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Answered);
        challenge(t, two(1, 3));
        _from(settleCall(t), _deadline(t, t.windows.respond + 2 * t.windows.respondEach));
    }

    function test_timely_answers_win_however_late_it_is_settled() external {
        IAccuracyEscrow.Terms memory t = terms();
        walk(t, IAccuracyEscrow.State.Challenged);
        respond(t, 0);
        late(t);
        succeeds(settleCall(t));
        vm.assertTrue(stateOf(t) == IAccuracyEscrow.State.Passed);
    }

    /// @dev An exam at a stage of a delivery, another one each time.
    function _at(uint256 first, IDeliveries.Stage stage) private returns (IAccuracyEscrow.Terms memory t) {
        t = terms();
        addStake();
        t.salt = uint256(keccak256(abi.encode(first, stage, block.timestamp)));
        walkTo(t, first == 1, stage);
    }

    /// @dev The deadline, which has to be this far from now.
    function _deadline(IAccuracyEscrow.Terms memory t, uint256 time) private view returns (uint256 deadline) {
        deadline = deadlineOf(t);
        vm.assertEq(deadline, block.timestamp + time);
    }

    function _until(Call memory c, uint256 deadline) private {
        vm.warp(deadline + 1);
        fails(c, tooLate(deadline));
        vm.warp(deadline);
        succeeds(c);
        vm.warp(deadline + 2);
    }

    function _from(Call memory c, uint256 deadline) private {
        vm.warp(deadline);
        fails(c, tooEarly(deadline));
        vm.warp(deadline + 1);
        succeeds(c);
    }
}
