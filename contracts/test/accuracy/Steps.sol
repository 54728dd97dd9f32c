// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {Endings} from "./Endings.sol";

/// @notice Every call of an exam by the right party, in order that tests make it at the wrong time or by somebody else.
abstract contract Steps is Endings {
    function openCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(t.consumer, 0, abi.encodeCall(exams.open, (t)));
    }

    function cancelCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(t.consumer, 0, abi.encodeCall(exams.cancel, (t)));
    }

    function acceptCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(t.provider, 0, abi.encodeCall(exams.accept, (t, SEED)));
    }

    function announceCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(t.consumer, 0, abi.encodeCall(exams.announceExamples, (t, keccak256("root"), keyHash())));
    }

    function proceedCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(t.provider, 0, abi.encodeCall(exams.proceed, (t)));
    }

    function abortCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(t.provider, 0, abi.encodeCall(exams.abort, (t)));
    }

    function postCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        Results memory r = answers(t);
        (bytes32 root, uint256 correct) = Trees.sumRoot(r.leaves, r.values);
        return Call(t.provider, 0, abi.encodeCall(exams.postResults, (t, root, correct)));
    }

    function challengeCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(t.consumer, 0, abi.encodeCall(exams.challenge, (t, one(0))));
    }

    /// @notice The true answer to a challenge of place 0.
    function respondCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        bytes memory data = abi.encodeCall(exams.respond, (t, 0, score(t, 0, answers(t)), evidence(t.provider)));
        return Call(stranger, 0, data);
    }

    function settleCall(IAccuracyEscrow.Terms memory t) internal view returns (Call memory) {
        return Call(stranger, 0, abi.encodeCall(exams.settle, (t)));
    }

    /// @notice A complaint about the label of a delivery's first item, which is right.
    function complainCall(IAccuracyEscrow.Terms memory t, bool first) internal view returns (Call memory) {
        uint256 size = itemWords();
        IDeliveryJudge.Complaint memory c = IDeliveryJudge.Complaint({
            fault: IDeliveryJudge.Fault.Label,
            item: 0,
            position: 0,
            words: SealedItems.openRange(cipher(t, first), size - 2, 2)
        });
        IAccuracyEscrow.Example memory e = exampleAt(t, first ? 0 : t.first);
        return Call(t.provider, 0, abi.encodeCall(exams.complain, (t, KEY, c, e)));
    }
}
