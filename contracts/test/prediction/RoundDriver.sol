// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {DeliveryFixture} from "../deliveries/DeliveryFixture.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice Drives rounds into any state, and makes every call as its party would make it.
abstract contract RoundDriver is DeliveryFixture {
    /// @dev Which index is contested.
    uint256 internal constant CONTESTED = 3;
    bytes32 internal constant ROOT = keccak256("root");

    enum Call {
        Open,
        Cancel,
        Accept,
        CommitInputs,
        DemandInputs,
        ShowInputs,
        AnnounceInputs,
        Complain,
        Decline,
        CommitPredictions,
        DemandPredictions,
        PublishPredictions,
        Contest,
        Respond,
        Settle
    }

    /// @notice A call that somebody makes.
    struct Move {
        address by;
        uint256 value;
        bytes data;
    }

    /// @notice Brings a new round to `state`; ended rounds end in the shortest way.
    function drive(IPredictionEscrow.Terms memory t, IPredictionEscrow.State state_) internal returns (uint256 caseId) {
        caseId = predictions.idOf(t);
        if (state_ == IPredictionEscrow.State.None) return caseId;
        make(Call.Open, t);
        if (state_ == IPredictionEscrow.State.Open) return caseId;
        if (state_ == IPredictionEscrow.State.Refunded) return _then(Call.Cancel, t, caseId);
        make(Call.Accept, t);
        if (state_ == IPredictionEscrow.State.Accepted) return caseId;
        make(Call.CommitInputs, t);
        if (state_ == IPredictionEscrow.State.Committed) return caseId;
        if (state_ == IPredictionEscrow.State.ProviderFailed) return _late(t, caseId);
        if (
            state_ == IPredictionEscrow.State.InputsDemanded || state_ == IPredictionEscrow.State.InputsShown
                || state_ == IPredictionEscrow.State.Delivering || state_ == IPredictionEscrow.State.ConsumerFailed
        ) {
            make(Call.DemandInputs, t);
            if (state_ == IPredictionEscrow.State.ConsumerFailed) return _late(t, caseId);
            if (state_ == IPredictionEscrow.State.InputsDemanded) return caseId;
            make(Call.ShowInputs, t);
            if (state_ == IPredictionEscrow.State.Delivering) make(Call.AnnounceInputs, t);
            return caseId;
        }
        make(Call.CommitPredictions, t);
        if (state_ == IPredictionEscrow.State.Served) return _then(Call.Settle, t, caseId);
        if (state_ == IPredictionEscrow.State.Contested) return _then(Call.Contest, t, caseId);
        if (state_ == IPredictionEscrow.State.Predicted) return caseId;
        make(Call.DemandPredictions, t);
        if (state_ == IPredictionEscrow.State.Published) make(Call.PublishPredictions, t);
    }

    /// @notice Makes a call, which must succeed.
    function make(Call call, IPredictionEscrow.Terms memory t) internal {
        (bool success,) = send(move(call, t));
        vm.assertTrue(success, "move");
    }

    function send(Move memory m) internal returns (bool success, bytes memory answer) {
        vm.prank(m.by);
        return address(predictions).call{value: m.value}(m.data);
    }

    /// @notice Sends what must fail with just this error.
    function refuse(Move memory m, bytes memory expected) internal {
        (bool success, bytes memory answer) = send(m);
        vm.assertFalse(success, "not refused");
        vm.assertEq(answer, expected);
    }

    /// @notice The call as its party makes it when its turn comes. Only a complaint's words are missing.
    function move(Call call, IPredictionEscrow.Terms memory t) internal returns (Move memory m) {
        if (call == Call.Open) return openMove(t);
        if (call == Call.Accept) return acceptMove(t);
        if (call == Call.DemandInputs) return demandInputsMove(t, FIRST, demanded());
        if (call == Call.DemandPredictions) return demandPredictionsMove(t, FIRST, demanded());
        m.by = t.consumer;
        if (call == Call.Cancel) {
            m.data = abi.encodeCall(predictions.cancel, (t));
        } else if (call == Call.CommitInputs) {
            m.data = abi.encodeCall(predictions.commitInputs, (t, Trees.root(inputLeaves(t.count))));
        } else if (call == Call.ShowInputs) {
            m.data = showData(t, FIRST, demanded());
        } else if (call == Call.AnnounceInputs) {
            bytes32 root = Trees.root(SealedItems.leaves(cipher()));
            m.data = abi.encodeCall(predictions.announceInputs, (t, root, keyHash(KEY)));
        } else if (call == Call.Complain) {
            m.by = t.provider;
            m.data = complainData(t, KEY, complaintOf(IDeliveryJudge.Fault.Commitment, 0, 0, new uint256[](0)), 0);
        } else if (call == Call.Decline) {
            m.by = t.provider;
            m.data = abi.encodeCall(predictions.decline, (t));
        } else if (call == Call.CommitPredictions) {
            m.by = t.provider;
            m.data = abi.encodeCall(predictions.commitPredictions, (t, Trees.root(predictionLeaves(t.count, 0))));
        } else if (call == Call.PublishPredictions) {
            m.by = t.provider;
            m.data = publishData(t, FIRST, demanded());
        } else if (call == Call.Contest) {
            m.data = abi.encodeCall(predictions.contest, (t, one(CONTESTED)));
        } else if (call == Call.Respond) {
            m.by = stranger;
            m.data = respondData(t, CONTESTED, prediction(CONTESTED));
        } else {
            m.data = abi.encodeCall(predictions.settle, (t));
        }
    }

    function openMove(IPredictionEscrow.Terms memory t) internal returns (Move memory m) {
        m.by = t.consumer;
        m.value = fund(t.consumer, address(predictions), consumerLock(t));
        m.data = abi.encodeCall(predictions.open, (t));
    }

    function acceptMove(IPredictionEscrow.Terms memory t) internal returns (Move memory m) {
        m.by = t.provider;
        m.value = fund(t.provider, address(predictions), providerLock(t));
        m.data = abi.encodeCall(predictions.accept, (t));
    }

    function demandInputsMove(IPredictionEscrow.Terms memory t, uint256 first, uint256 count)
        internal
        returns (Move memory m)
    {
        m.by = t.provider;
        if (count <= t.count) m.value = fund(t.provider, address(predictions), count * t.demandBond);
        m.data = abi.encodeCall(predictions.demandInputs, (t, first, count));
    }

    function demandPredictionsMove(IPredictionEscrow.Terms memory t, uint256 first, uint256 count)
        internal
        returns (Move memory m)
    {
        m.by = t.consumer;
        if (count <= t.count) m.value = fund(t.consumer, address(predictions), count * t.demandBond);
        m.data = abi.encodeCall(predictions.demandPredictions, (t, first, count));
    }

    /// @notice The true inputs from `first` on, with their paths.
    function showData(IPredictionEscrow.Terms memory t, uint256 first, uint256 count)
        internal
        view
        returns (bytes memory)
    {
        (uint256[] memory commitments, bytes32[][] memory paths) = opened(t, first, count);
        return abi.encodeCall(predictions.showInputs, (t, commitments, paths));
    }

    /// @notice A complaint about the `item`-th demanded input, opened as input `FIRST + opening`.
    function complainData(
        IPredictionEscrow.Terms memory t,
        uint256 key,
        IDeliveryJudge.Complaint memory complaint,
        uint256 opening
    ) internal view returns (bytes memory) {
        uint256 index = FIRST + opening;
        bytes32[] memory path = Trees.path(inputLeaves(t.count), index);
        return abi.encodeCall(predictions.complain, (t, key, complaint, inputCommitment(index), path));
    }

    /// @notice A complaint with the words of `sealedWords` that it needs; without, when there are none.
    function complaintOf(IDeliveryJudge.Fault fault, uint256 item_, uint256 position, uint256[] memory sealedWords)
        internal
        view
        returns (IDeliveryJudge.Complaint memory complaint)
    {
        complaint.fault = fault;
        complaint.item = item_;
        complaint.position = position;
        if (sealedWords.length == 0) return complaint;
        uint256 n = verifier.ELEMENTS();
        uint256 offset = position;
        uint256 count = 1;
        if (fault == IDeliveryJudge.Fault.NotBytes) {
            offset = 2 * position;
        } else if (fault == IDeliveryJudge.Fault.Step) {
            count = position == 0 ? 2 : 3;
            if (position > 0) offset = 2 * position - 1;
        } else if (fault == IDeliveryJudge.Fault.Commitment) {
            offset = 2 * n + 1;
        } else if (fault == IDeliveryJudge.Fault.Label) {
            offset = 2 * n;
            count = 2;
        }
        complaint.words = SealedItems.openRange(sealedWords, item_ * (2 * n + 2) + offset, count);
    }

    /// @notice Publication of true predictions.
    function publishData(IPredictionEscrow.Terms memory t, uint256 first, uint256 count)
        internal
        view
        returns (bytes memory)
    {
        bytes32[] memory leaves = predictionLeaves(t.count, 0);
        IPredictionEscrow.Prediction[] memory list = new IPredictionEscrow.Prediction[](count);
        bytes32[][] memory paths = new bytes32[][](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = prediction(first + i);
            paths[i] = Trees.path(leaves, first + i);
        }
        return abi.encodeCall(predictions.publishPredictions, (t, list, paths));
    }

    /// @notice The answer `p` to a contest of `index`, with the paths of the true leaves.
    function respondData(IPredictionEscrow.Terms memory t, uint256 index, IPredictionEscrow.Prediction memory p)
        internal
        view
        returns (bytes memory)
    {
        bytes32[] memory inputPath = Trees.path(inputLeaves(t.count), index);
        bytes32[] memory predictionPath = Trees.path(predictionLeaves(t.count, 0), index);
        return abi.encodeCall(predictions.respond, (t, index, p, inputPath, predictionPath, evidence(t.provider)));
    }

    function consumerLock(IPredictionEscrow.Terms memory t) internal pure returns (uint256) {
        return uint256(t.count) * (2 * uint256(t.proofCost) + t.price);
    }

    function providerLock(IPredictionEscrow.Terms memory t) internal pure returns (uint256) {
        return uint256(t.beta) * t.count * t.proofCost;
    }

    function wrongState(uint256 caseId, IPredictionEscrow.State actual) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IPredictionEscrow.WrongState.selector, caseId, actual);
    }

    /// @dev Settles when everybody's time is over.
    function _late(IPredictionEscrow.Terms memory t, uint256 caseId) private returns (uint256) {
        uint256 time = block.timestamp;
        vm.warp(uint256(predictions.roundOf(caseId).deadline) + 1);
        make(Call.Settle, t);
        vm.warp(time);
        return caseId;
    }

    function _then(Call call, IPredictionEscrow.Terms memory t, uint256 caseId) private returns (uint256) {
        make(call, t);
        return caseId;
    }
}
