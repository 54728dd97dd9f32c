// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice What each step says, word for word, and that it says no more.
contract EventsTest is RoundDriver {
    function test_until_the_inputs() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = predictions.idOf(t);
        _expect();
        emit IPredictionEscrow.RoundOpened(caseId, consumer, provider, t, block.timestamp + 1 hours);
        _says(move(Call.Open, t), 1);
        _expect();
        emit IPredictionEscrow.RoundAccepted(caseId, block.timestamp + 2 hours);
        vm.expectEmit(address(registry));
        emit IModelRegistry.CaseLocked(model, address(predictions), 1);
        _says(move(Call.Accept, t), 2);
        _expect();
        emit IPredictionEscrow.InputsCommitted(caseId, Trees.root(inputLeaves(COUNT)), block.timestamp + 3 hours);
        _says(move(Call.CommitInputs, t), 1);
    }

    function test_predictions_and_contest() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Committed);
        bytes32 root = Trees.root(predictionLeaves(COUNT, 0));
        _expect();
        emit IPredictionEscrow.PredictionsCommitted(caseId, root, block.timestamp + 4 hours);
        _says(move(Call.CommitPredictions, t), 1);
        _expect();
        emit IPredictionEscrow.RoundContested(caseId, one(CONTESTED), block.timestamp + 5 hours + 600);
        _says(move(Call.Contest, t), 1);
        _expect();
        emit IPredictionEscrow.PredictionProven(caseId, CONTESTED, prediction(CONTESTED), 0);
        _says(move(Call.Respond, t), 1);
        uint256 pay = COUNT * uint256(PRICE) + 2 * uint256(PROOF_COST);
        _expectEnd(caseId, IPredictionEscrow.State.Served, CONSUMER_LOCK - pay, PROVIDER_LOCK + pay);
        _says(move(Call.Settle, t), 4);
    }

    function test_demanded_predictions() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Predicted);
        _expect();
        emit IPredictionEscrow.PredictionsDemanded(
            caseId, FIRST, demanded(), block.timestamp + 5 hours + demanded() * 600
        );
        _says(move(Call.DemandPredictions, t), 1);
        _expect();
        emit IPredictionEscrow.PredictionPublished(caseId, FIRST, prediction(FIRST));
        _expectCredit(provider, DEMAND_BOND);
        _says(Move(provider, 0, publishData(t, FIRST, 1)), 2);
        for (uint256 i = FIRST + 1; i < FIRST + demanded(); ++i) {
            _expect();
            emit IPredictionEscrow.PredictionPublished(caseId, i, prediction(i));
        }
        _expect();
        emit IPredictionEscrow.PredictionsPublished(caseId, block.timestamp + 4 hours);
        _expectCredit(provider, (demanded() - 1) * DEMAND_BOND);
        _says(Move(provider, 0, publishData(t, FIRST + 1, demanded() - 1)), demanded() + 1);
    }

    function test_demanded_inputs() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Committed);
        uint256 step = block.timestamp + 1 hours;
        _expect();
        emit IPredictionEscrow.InputsDemanded(caseId, FIRST, demanded(), block.timestamp + 5 hours + demanded() * 600);
        _says(move(Call.DemandInputs, t), 1);
        _saysInputs(t, caseId, FIRST, 1);
        _expectCredit(consumer, DEMAND_BOND);
        _says(Move(consumer, 0, showData(t, FIRST, 1)), 2);
        _saysInputs(t, caseId, FIRST + 1, demanded() - 1);
        _expect();
        emit IPredictionEscrow.InputsShown(caseId, step);
        _expectCredit(consumer, (demanded() - 1) * DEMAND_BOND);
        _says(Move(consumer, 0, showData(t, FIRST + 1, demanded() - 1)), demanded() + 1);
        bytes32 root = Trees.root(SealedItems.leaves(cipher()));
        _expect();
        emit IDeliveries.DeliveryAnnounced(
            caseId, consumer, provider, root, keccak256(abi.encode(KEY)), demanded() * 8, step
        );
        _says(move(Call.AnnounceInputs, t), 1);
        uint256 value = fund(provider, address(predictions), 1e9);
        _expect();
        emit IDeliveries.PublicationDemanded(caseId, 1e9, step + 10 minutes);
        _says(Move(provider, value, abi.encodeCall(predictions.demandPublication, (caseId))), 1);
        (uint256[] memory words, bytes32[] memory path) = chunk(cipher(), 0);
        _expect();
        emit IDeliveries.ChunkPublished(caseId, 0, words);
        _expectCredit(consumer, 1e9);
        _expect();
        emit IDeliveries.DeliveryAcknowledged(caseId, step);
        _says(Move(consumer, 0, abi.encodeCall(predictions.publish, (caseId, words, path))), 3);
        _expect();
        emit IDeliveries.KeyRevealed(caseId, KEY, block.timestamp + 3 hours);
        _says(Move(consumer, 0, abi.encodeCall(predictions.reveal, (caseId, KEY))), 1);
    }

    function test_acknowledgements() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        _expect();
        emit IDeliveries.DeliveryAcknowledged(caseId, block.timestamp + 1 hours);
        _says(Move(provider, 0, abi.encodeCall(predictions.acknowledge, (caseId))), 1);
        t.salt += 1;
        caseId = announced(t);
        bytes memory signed = signature(address(predictions), PROVIDER_KEY, acknowledgement(t, 9, FOREVER));
        _expect();
        emit ISignatures.NonceUsed(provider, 9);
        _expect();
        emit IDeliveries.DeliveryAcknowledged(caseId, block.timestamp + 1 hours);
        bytes memory data = abi.encodeCall(predictions.acknowledgeBySignature, (caseId, 9, FOREVER, signed));
        _says(Move(stranger, 0, data), 2);
    }

    function test_upheld_complaint() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256[] memory words = cipher();
        words[9] = Bn254.R;
        uint256 caseId = inputsShown(t);
        announce(t, words, keyHash(KEY));
        acknowledge(t);
        reveal(t, KEY);
        IDeliveryJudge.Complaint memory complaint = complaintOf(IDeliveryJudge.Fault.NotReduced, 1, 1, words);
        Move memory m = Move(provider, 0, complainData(t, KEY, complaint, 1));
        _expect();
        emit IDeliveries.ComplaintUpheld(caseId, IDeliveryJudge.Fault.NotReduced, 1, 1);
        uint256 escrow = 2 * COUNT * uint256(PROOF_COST);
        _expectEnd(caseId, IPredictionEscrow.State.ConsumerFailed, COUNT * uint256(PRICE), PROVIDER_LOCK + escrow);
        _says(m, 5);
    }

    /// @dev What nobody gets is not credited, and a round that nobody accepted unlocks nothing.
    function test_cancelled() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Open);
        _expect();
        emit IPredictionEscrow.RoundEnded(caseId, IPredictionEscrow.State.Refunded, CONSUMER_LOCK, 0, 0);
        _expectCredit(consumer, CONSUMER_LOCK);
        _says(move(Call.Cancel, t), 2);
    }

    function test_refunded() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Accepted);
        vm.warp(block.timestamp + 1 days);
        _expectEnd(caseId, IPredictionEscrow.State.Refunded, CONSUMER_LOCK, PROVIDER_LOCK);
        _says(move(Call.Settle, t), 4);
    }

    function test_declined() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Committed);
        _expectEnd(caseId, IPredictionEscrow.State.Refunded, CONSUMER_LOCK, PROVIDER_LOCK);
        _says(move(Call.Decline, t), 4);
        t.salt += 1;
        caseId = deliver(t, IDeliveries.Stage.Revealed);
        _expectEnd(caseId, IPredictionEscrow.State.Refunded, CONSUMER_LOCK, PROVIDER_LOCK);
        _says(move(Call.Decline, t), 4);
    }

    function test_provider_failed() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = drive(t, IPredictionEscrow.State.Contested);
        vm.warp(block.timestamp + 1 days);
        uint256 burned = PROVIDER_LOCK / 20;
        uint256 rest = CONSUMER_LOCK + PROVIDER_LOCK - burned;
        _expect();
        emit IPredictionEscrow.RoundEnded(caseId, IPredictionEscrow.State.ProviderFailed, rest, 0, burned);
        _expectCredit(consumer, rest);
        _expectCredit(BURN, burned);
        vm.expectEmit(address(registry));
        emit IModelRegistry.Slashed(model, address(predictions), PENALTY, MINIMUM_STAKE - PENALTY);
        vm.expectEmit(address(registry));
        emit ICredits.Credited(BURN, address(0), PENALTY);
        vm.expectEmit(address(registry));
        emit IModelRegistry.CaseUnlocked(model, address(predictions), 0);
        _says(move(Call.Settle, t), 6);
    }

    function burnShare() internal pure override returns (uint256) {
        return 500;
    }

    function _expect() private {
        vm.expectEmit(address(predictions));
    }

    function _expectCredit(address owner, uint256 amount) private {
        _expect();
        emit ICredits.Credited(owner, currency(), amount);
    }

    /// @dev The end of an accepted round that pays both.
    function _expectEnd(uint256 caseId, IPredictionEscrow.State end, uint256 toConsumer, uint256 toProvider) private {
        _expect();
        emit IPredictionEscrow.RoundEnded(caseId, end, toConsumer, toProvider, 0);
        _expectCredit(consumer, toConsumer);
        _expectCredit(provider, toProvider);
        vm.expectEmit(address(registry));
        emit IModelRegistry.CaseUnlocked(model, address(predictions), 0);
    }

    /// @dev Inputs that are shown with their paths.
    function _saysInputs(IPredictionEscrow.Terms memory t, uint256 caseId, uint256 first, uint256 count) private {
        (uint256[] memory commitments, bytes32[][] memory paths) = opened(t, first, count);
        for (uint256 i = 0; i < count; ++i) {
            _expect();
            emit IPredictionEscrow.InputShown(caseId, first + i, commitments[i], paths[i]);
        }
    }

    function _says(Move memory m, uint256 events) private {
        vm.recordLogs();
        (bool success,) = send(m);
        vm.assertTrue(success, "said");
        vm.assertEq(vm.getRecordedLogs().length, events, "events");
    }
}
