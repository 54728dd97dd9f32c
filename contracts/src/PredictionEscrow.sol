// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Deliveries} from "./base/Deliveries.sol";
import {Market} from "./base/Market.sol";
import {IDeliveryJudge} from "./interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPredictionEscrow} from "./interfaces/IPredictionEscrow.sol";
import {Leaves} from "./libraries/Leaves.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {LibBitmap} from "solady/utils/LibBitmap.sol";

/// @title PredictionEscrow
contract PredictionEscrow is IPredictionEscrow, Market, Deliveries {
    using LibBitmap for LibBitmap.Bitmap;
    using Settlement for Settlement.Round;

    uint256 private constant MAX_COUNT = 1 << 20;
    uint256 private constant MIN_BETA = 2;

    /// @inheritdoc IPredictionEscrow
    uint256 public immutable burnShare;

    mapping(uint256 caseId => Round) private _rounds;
    mapping(uint256 caseId => LibBitmap.Bitmap) private _contested;

    constructor(IModelRegistry registry_, IDeliveryJudge judge_, uint256 burnShare_)
        Market(registry_)
        Deliveries(judge_)
    {
        // Deployed elsewhere than the registry foresaw, it could never lock a stake.
        if (!registry_.isEscrow(address(this))) revert UnknownToRegistry(address(this));
        if (burnShare_ > Settlement.WHOLE) revert BadTerms();
        burnShare = burnShare_;
    }

    /// @inheritdoc IPredictionEscrow
    function open(Terms calldata terms) external payable nonReentrant returns (uint256 caseId) {
        _only(terms.consumer);
        _requireSound(terms);
        (address owner,) = registry.judgeOf(terms.model);
        if (terms.provider != owner) revert NotModelOwner(terms.provider, owner);
        _requireDeliverable(terms.count * _itemWords(_packing(terms.model), 0));
        caseId = idOf(terms);
        Round storage round = _in(caseId, State.None);
        _enter(round, State.Open, terms.windows.accept);
        emit RoundOpened(caseId, terms.consumer, terms.provider, terms, round.deadline);
        _collect(terms.currency, _amounts(terms).consumerLock());
    }

    /// @inheritdoc IPredictionEscrow
    function cancel(Terms calldata terms) external {
        uint256 caseId = idOf(terms);
        Round storage round = _in(caseId, State.Open);
        if (msg.sender != terms.consumer) _requirePassed(round.deadline);
        _end(terms, caseId, State.Refunded, _amounts(terms).cancelled());
    }

    /// @inheritdoc IPredictionEscrow
    function accept(Terms calldata terms) external payable nonReentrant {
        Round storage round = _inTime(idOf(terms), State.Open);
        _only(terms.provider);
        _enter(round, State.Accepted, terms.windows.inputs);
        emit RoundAccepted(idOf(terms), round.deadline);
        // INVARIANT I7: from here to the end, the model's stake stays.
        registry.lock(terms.model);
        _collect(terms.currency, _amounts(terms).providerLock());
    }

    /// @inheritdoc IPredictionEscrow
    function commitInputs(Terms calldata terms, bytes32 root) external {
        uint256 caseId = idOf(terms);
        Round storage round = _inTime(caseId, State.Accepted);
        _only(terms.consumer);
        round.inputs = root;
        _enter(round, State.Committed, terms.windows.predictions);
        emit InputsCommitted(caseId, root, round.deadline);
    }

    /// @inheritdoc IPredictionEscrow
    function demandInputs(Terms calldata terms, uint256 first, uint256 count) external payable nonReentrant {
        uint256 caseId = idOf(terms);
        Round storage round = _inTime(caseId, State.Committed);
        _only(terms.provider);
        _demand(terms, round, first, count);
        round.outstanding = uint32(count);
        _enter(round, State.InputsDemanded, _responseTime(terms, count));
        emit InputsDemanded(caseId, first, count, round.deadline);
        _collect(terms.currency, count * terms.demandBond);
    }

    /// @inheritdoc IPredictionEscrow
    function showInputs(Terms calldata terms, uint256[] calldata commitments, bytes32[][] calldata paths) external {
        uint256 caseId = idOf(terms);
        Round storage round = _inTime(caseId, State.InputsDemanded);
        _only(terms.consumer);
        uint256 next = _nextDemanded(round, commitments.length, paths.length);
        for (uint256 i = 0; i < commitments.length; ++i) {
            _requireInput(terms, round, next + i, commitments[i], paths[i]);
            emit InputShown(caseId, next + i, commitments[i], paths[i]);
        }
        if (round.outstanding == 0) {
            _enter(round, State.InputsShown, terms.courier.step);
            emit InputsShown(caseId, round.deadline);
        }
        _credit(terms.currency, terms.consumer, commitments.length * terms.demandBond);
    }

    /// @inheritdoc IPredictionEscrow
    function announceInputs(Terms calldata terms, bytes32 root, bytes32 keyHash) external {
        uint256 caseId = idOf(terms);
        Round storage round = _inTime(caseId, State.InputsShown);
        _only(terms.consumer);
        round.state = State.Delivering;
        Announcement memory announcement = Announcement({
            sender: terms.consumer,
            receiver: terms.provider,
            currency: terms.currency,
            decide: terms.windows.predictions,
            words: round.demanded * _itemWords(_packing(terms.model), 0),
            root: root,
            keyHash: keyHash
        });
        _announce(caseId, announcement, terms.courier);
    }

    /// @inheritdoc IPredictionEscrow
    function complain(
        Terms calldata terms,
        uint256 key,
        IDeliveryJudge.Complaint calldata complaint,
        uint256 inputCommitment,
        bytes32[] calldata path
    ) external {
        uint256 caseId = idOf(terms);
        Round storage round = _in(caseId, State.Delivering);
        if (complaint.item >= round.demanded) revert BadIndex(complaint.item);
        _requireInput(terms, round, round.first + complaint.item, inputCommitment, path);
        IDeliveryJudge.Sealed memory data = IDeliveryJudge.Sealed({
            root: 0, key: key, items: round.demanded, extras: 0, packing: _packing(terms.model)
        });
        _requireFalse(caseId, data, complaint, inputCommitment, 0);
        _close(caseId);
        _end(terms, caseId, State.ConsumerFailed, _amounts(terms).forfeited());
    }

    /// @inheritdoc IPredictionEscrow
    function decline(Terms calldata terms) external {
        uint256 caseId = _takeInputs(terms);
        _end(terms, caseId, State.Refunded, _amounts(terms).refunded());
    }

    /// @inheritdoc IPredictionEscrow
    function commitPredictions(Terms calldata terms, bytes32 root) external {
        uint256 caseId = _takeInputs(terms);
        Round storage round = _rounds[caseId];
        round.predictions = root;
        _enter(round, State.Predicted, terms.windows.contest);
        emit PredictionsCommitted(caseId, root, round.deadline);
    }

    /// @inheritdoc IPredictionEscrow
    function demandPredictions(Terms calldata terms, uint256 first, uint256 count) external payable nonReentrant {
        uint256 caseId = idOf(terms);
        Round storage round = _inTime(caseId, State.Predicted);
        _only(terms.consumer);
        _demand(terms, round, first, count);
        round.outstanding = uint32(count);
        _enter(round, State.PredictionsDemanded, _responseTime(terms, count));
        emit PredictionsDemanded(caseId, first, count, round.deadline);
        _collect(terms.currency, count * terms.demandBond);
    }

    /// @inheritdoc IPredictionEscrow
    function publishPredictions(Terms calldata terms, Prediction[] calldata predictions, bytes32[][] calldata paths)
        external
    {
        uint256 caseId = idOf(terms);
        Round storage round = _inTime(caseId, State.PredictionsDemanded);
        _only(terms.provider);
        uint256 next = _nextDemanded(round, predictions.length, paths.length);
        for (uint256 i = 0; i < predictions.length; ++i) {
            _requirePrediction(terms, round, next + i, predictions[i], paths[i]);
            emit PredictionPublished(caseId, next + i, predictions[i]);
        }
        if (round.outstanding == 0) {
            _enter(round, State.Published, terms.windows.contest);
            emit PredictionsPublished(caseId, round.deadline);
        }
        _credit(terms.currency, terms.provider, predictions.length * terms.demandBond);
    }

    /// @inheritdoc IPredictionEscrow
    function contest(Terms calldata terms, uint256[] calldata indices) external {
        uint256 caseId = idOf(terms);
        Round storage round = _rounds[caseId];
        // INVARIANT I6: no state leads back here, so there is one contest at most.
        if (round.state != State.Published) _in(caseId, State.Predicted);
        _requireInTime(round.deadline);
        _only(terms.consumer);
        if (indices.length == 0) revert BadRange(0, 0);
        LibBitmap.Bitmap storage contested = _contested[caseId];
        uint256 least = 0;
        for (uint256 i = 0; i < indices.length; ++i) {
            uint256 index = indices[i];
            if (index < least || index >= terms.count) revert BadIndex(index);
            contested.set(index);
            least = index + 1;
        }
        round.contested = uint32(indices.length);
        round.outstanding = uint32(indices.length);
        _enter(round, State.Contested, _responseTime(terms, indices.length));
        emit RoundContested(caseId, indices, round.deadline);
    }

    /// @inheritdoc IPredictionEscrow
    function respond(
        Terms calldata terms,
        uint256 index,
        Prediction calldata prediction,
        bytes32[] calldata inputPath,
        bytes32[] calldata predictionPath,
        Evidence calldata evidence
    ) external {
        uint256 caseId = idOf(terms);
        Round storage round = _inTime(caseId, State.Contested);
        // INVARIANT I8: an index is answered once.
        if (!isOutstanding(caseId, index)) revert NotContested(caseId, index);
        _requireInput(terms, round, index, prediction.inputCommitment, inputPath);
        _requirePrediction(terms, round, index, prediction, predictionPath);
        _requireProof(
            terms.model,
            IInferenceVerifier.Purpose({caseId: caseId, index: index, payee: terms.provider}),
            Claim(prediction.inputCommitment, prediction.outputCommitment, prediction.label),
            evidence
        );
        _contested[caseId].unset(index);
        round.outstanding -= 1;
        emit PredictionProven(caseId, index, prediction, round.outstanding);
    }

    /// @inheritdoc IPredictionEscrow
    function settle(Terms calldata terms) external {
        uint256 caseId = idOf(terms);
        Round storage round = _rounds[caseId];
        State state = round.state;
        Settlement.Round memory amounts = _amounts(terms);
        if (state == State.Contested && round.outstanding == 0) {
            return _end(terms, caseId, State.Served, amounts.served(round.contested));
        }
        if (state == State.Predicted || state == State.Published) {
            if (msg.sender != terms.consumer) _requirePassed(round.deadline);
            return _end(terms, caseId, State.Served, amounts.served(0));
        }
        if (state == State.Delivering) return _settleDelivery(terms, caseId, amounts);
        if (state < State.Accepted || state > State.Contested) revert WrongState(caseId, state);

        _requirePassed(round.deadline);
        if (state == State.Accepted) return _end(terms, caseId, State.Refunded, amounts.refunded());
        if (state == State.InputsDemanded || state == State.InputsShown) {
            _credit(terms.currency, terms.provider, uint256(round.outstanding) * terms.demandBond);
            return _end(terms, caseId, State.ConsumerFailed, amounts.forfeited());
        }
        if (state == State.PredictionsDemanded) {
            _credit(terms.currency, terms.consumer, uint256(round.outstanding) * terms.demandBond);
        }
        // INVARIANT I4: a contest without all answers is lost by the provider, as is any silence of it.
        _end(terms, caseId, State.ProviderFailed, amounts.slashed(burnShare));
    }

    /// @inheritdoc IPredictionEscrow
    function idOf(Terms calldata terms) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(terms)));
    }

    /// @inheritdoc IPredictionEscrow
    function roundOf(uint256 caseId) external view returns (Round memory) {
        return _rounds[caseId];
    }

    /// @inheritdoc IPredictionEscrow
    function isOutstanding(uint256 caseId, uint256 index) public view returns (bool) {
        return _contested[caseId].get(index);
    }

    /// @dev A delivery that stopped is lost by whoever had to move.
    function _settleDelivery(Terms calldata terms, uint256 caseId, Settlement.Round memory amounts) private {
        _requirePassed(_deadline(caseId));
        Stage stage = _close(caseId);
        if (stage == Stage.Demanded || stage == Stage.Acknowledged) {
            _end(terms, caseId, State.ConsumerFailed, amounts.forfeited());
        } else {
            _end(terms, caseId, State.ProviderFailed, amounts.slashed(burnShare));
        }
    }

    /// @dev INVARIANT I2: every way out of a round leads here, and none leads in again.
    function _end(Terms calldata terms, uint256 caseId, State outcome, Settlement.Shares memory shares) private {
        Round storage round = _rounds[caseId];
        bool accepted = round.state != State.Open;
        round.state = outcome;
        round.deadline = 0;
        emit RoundEnded(caseId, outcome, shares.consumer, shares.provider, shares.burned);
        _credit(terms.currency, terms.consumer, shares.consumer);
        _credit(terms.currency, terms.provider, shares.provider);
        _credit(terms.currency, BURN, shares.burned);
        if (outcome == State.ProviderFailed) registry.slash(terms.model);
        if (accepted) registry.unlock(terms.model);
    }

    function _requireSound(Terms calldata terms) private pure {
        Windows calldata w = terms.windows;
        bool counted = terms.count > 0 && terms.count <= MAX_COUNT;
        bool timed = w.inputs > 0 && w.predictions > 0 && w.contest > 0 && w.respond > 0 && w.respondEach > 0
            && terms.courier.step > 0 && terms.courier.perChunk > 0;
        if (!counted || !timed || terms.beta < MIN_BETA || terms.proofCost == 0) revert BadTerms();
    }

    function _demand(Terms calldata terms, Round storage round, uint256 first, uint256 count) private {
        if (count == 0 || count > terms.count || first > terms.count - count) revert BadRange(first, count);
        round.first = uint32(first);
        round.demanded = uint32(count);
    }

    /// @dev The provider has its inputs, by whatever way, and its time is not over.
    function _takeInputs(Terms calldata terms) private returns (uint256 caseId) {
        caseId = idOf(terms);
        _only(terms.provider);
        if (_rounds[caseId].state == State.Delivering) {
            _requireRevealed(caseId);
            _close(caseId);
        } else {
            _inTime(caseId, State.Committed);
        }
    }

    /// @dev Takes the next `count` demanded indices.
    /// @return next The first of them.
    function _nextDemanded(Round storage round, uint256 count, uint256 paths) private returns (uint256 next) {
        if (count > round.outstanding) revert WrongLength(count, round.outstanding);
        if (paths != count) revert WrongLength(paths, count);
        next = uint256(round.first) + round.demanded - round.outstanding;
        round.outstanding -= uint32(count);
    }

    function _requireInput(
        Terms calldata terms,
        Round storage round,
        uint256 index,
        uint256 commitment,
        bytes32[] calldata path
    ) private view {
        bytes32 leaf = Leaves.input(index, commitment);
        if (!MerkleTree.verify(round.inputs, terms.count, index, leaf, path)) revert NotCommitted(idOf(terms), index);
    }

    function _requirePrediction(
        Terms calldata terms,
        Round storage round,
        uint256 index,
        Prediction calldata p,
        bytes32[] calldata path
    ) private view {
        bytes32 leaf = Leaves.prediction(index, p.inputCommitment, p.outputCommitment, p.label);
        if (!MerkleTree.verify(round.predictions, terms.count, index, leaf, path)) {
            revert NotCommitted(idOf(terms), index);
        }
    }

    function _enter(Round storage round, State state, uint256 duration) private {
        // INVARIANT I5: states only move forward.
        round.state = state;
        round.deadline = _after(duration);
    }

    function _in(uint256 caseId, State expected) private view returns (Round storage round) {
        round = _rounds[caseId];
        if (round.state != expected) revert WrongState(caseId, round.state);
    }

    function _inTime(uint256 caseId, State expected) private view returns (Round storage round) {
        round = _in(caseId, expected);
        _requireInTime(round.deadline);
    }

    function _responseTime(Terms calldata terms, uint256 answers) private pure returns (uint256) {
        return terms.windows.respond + terms.windows.respondEach * answers;
    }

    function _amounts(Terms calldata terms) private pure returns (Settlement.Round memory) {
        return Settlement.Round({count: terms.count, proofCost: terms.proofCost, price: terms.price, beta: terms.beta});
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("zkescrow PredictionEscrow", "1");
    }
}
