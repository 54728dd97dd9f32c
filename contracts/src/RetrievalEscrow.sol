// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Deliveries} from "./base/Deliveries.sol";
import {Market} from "./base/Market.sol";
import {IDeliveryJudge} from "./interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRandomness} from "./interfaces/IRandomness.sol";
import {IRetrievalEscrow} from "./interfaces/IRetrievalEscrow.sol";
import {Leaves} from "./libraries/Leaves.sol";
import {MerkleSumTree} from "./libraries/MerkleSumTree.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";
import {Permutation} from "./libraries/Permutation.sol";
import {SampleSize} from "./libraries/SampleSize.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {LibBitmap} from "solady/utils/LibBitmap.sol";

/// @title RetrievalEscrow
contract RetrievalEscrow is IRetrievalEscrow, Market, Deliveries {
    using LibBitmap for LibBitmap.Bitmap;

    uint256 private constant MAX_COUNT = 1 << 20;
    /// @dev Two epochs: proposers of the next blocks know their own values.
    uint256 private constant MIN_DRAW_DELAY = 64;
    /// @dev Many times what any delay takes: who wants a draw has time for it, whatever the terms say.
    uint256 private constant DRAW_TIME = 7 days;
    bytes32 private constant ATTESTATION =
        keccak256("Attestation(uint256 dataset,bytes32 root,uint256 count,uint256 nonce,uint256 deadline)");

    /// @inheritdoc IRetrievalEscrow
    IRandomness public immutable randomness;
    /// @inheritdoc IRetrievalEscrow
    uint256 public immutable drawDelay;
    /// @inheritdoc IRetrievalEscrow
    uint256 public immutable burnShare;

    mapping(uint256 datasetId => Standing) private _datasets;
    mapping(uint256 caseId => Case) private _cases;
    mapping(uint256 caseId => LibBitmap.Bitmap) private _proven;

    constructor(
        IModelRegistry registry_,
        IDeliveryJudge judge_,
        IRandomness randomness_,
        uint256 drawDelay_,
        uint256 burnShare_
    ) Market(registry_) Deliveries(judge_) {
        if (drawDelay_ < MIN_DRAW_DELAY || burnShare_ > Settlement.WHOLE) revert BadTerms();
        randomness = randomness_;
        drawDelay = drawDelay_;
        burnShare = burnShare_;
    }

    /// @inheritdoc IRetrievalEscrow
    function commitDataset(Dataset calldata dataset) external payable nonReentrant returns (uint256 datasetId) {
        _only(dataset.responder);
        _requireSound(dataset);
        datasetId = datasetIdOf(dataset);
        _dataset(datasetId, DatasetState.None).state = DatasetState.Committed;
        emit DatasetCommitted(datasetId, dataset.responder, dataset.approver, dataset);
        _collect(dataset.currency, dataset.bond);
    }

    /// @inheritdoc IRetrievalEscrow
    function attest(Dataset calldata dataset, uint256 nonce, uint256 deadline, bytes calldata signature) external {
        uint256 datasetId = datasetIdOf(dataset);
        Standing storage standing = _dataset(datasetId, DatasetState.Committed);
        if (standing.attested) revert AlreadyAttested(datasetId);
        if (dataset.source == address(0)) revert BadSignature(address(0));
        bytes32 words = keccak256(abi.encode(ATTESTATION, datasetId, dataset.root, dataset.count, nonce, deadline));
        _consent(dataset.source, words, nonce, deadline, signature);
        standing.attested = true;
        emit DatasetAttested(datasetId, dataset.source);
    }

    /// @inheritdoc IRetrievalEscrow
    function retire(Dataset calldata dataset) external {
        uint256 datasetId = datasetIdOf(dataset);
        Standing storage standing = _dataset(datasetId, DatasetState.Committed);
        _only(dataset.responder);
        standing.state = DatasetState.Retiring;
        standing.closableAt = _after(dataset.notice);
        emit DatasetRetired(datasetId, standing.closableAt);
    }

    /// @inheritdoc IRetrievalEscrow
    function close(Dataset calldata dataset) external {
        uint256 datasetId = datasetIdOf(dataset);
        Standing storage standing = _dataset(datasetId, DatasetState.Retiring);
        if (standing.active != 0) revert DatasetBusy(datasetId, standing.active);
        _requirePassed(standing.closableAt);
        standing.state = DatasetState.Closed;
        emit DatasetClosed(datasetId, dataset.bond);
        _credit(dataset.currency, dataset.responder, dataset.bond);
    }

    /// @inheritdoc IRetrievalEscrow
    function file(Dataset calldata dataset, Request calldata request)
        external
        payable
        nonReentrant
        returns (uint256 caseId)
    {
        _only(request.requester);
        _dataset(_datasetOf(dataset, request), DatasetState.Committed);
        (, address verifier) = registry.judgeOf(request.model);
        if (verifier != dataset.verifier) revert WrongVerifier(verifier, dataset.verifier);
        if (registry.openingOf(request.model) == 0) revert ModelNotPublic(request.model);
        uint256 samples = SampleSize.clopperPearson(request.bound, request.delta);
        if (samples > dataset.count) samples = dataset.count;
        caseId = idOf(request);
        Case storage c = _in(caseId, State.None);
        c.samples = uint32(samples);
        _enter(c, State.Filed, dataset.windows.approve);
        emit RequestFiled(caseId, request.dataset, request.requester, request, samples, c.deadline);
        _collect(dataset.currency, request.reward);
    }

    /// @inheritdoc IRetrievalEscrow
    function approve(Dataset calldata dataset, Request calldata request) external {
        (Case storage c, uint256 caseId) = _findInTime(dataset, request, State.Filed);
        _only(dataset.approver);
        Standing storage standing = _datasets[request.dataset];
        // It was committed when the request was filed.
        if (standing.state == DatasetState.Closed) revert WrongDatasetState(request.dataset, DatasetState.Closed);
        if (standing.active != 0) revert DatasetBusy(request.dataset, standing.active);
        standing.active = caseId;
        _enter(c, State.Approved, dataset.windows.results);
        emit RequestApproved(caseId, request.dataset, c.deadline);
    }

    /// @inheritdoc IRetrievalEscrow
    function postResults(Dataset calldata dataset, Request calldata request, bytes32 root, uint256 positives) external {
        (Case storage c, uint256 caseId) = _findInTime(dataset, request, State.Approved);
        _only(dataset.responder);
        if (positives > dataset.count) revert BadResults(positives, dataset.count);
        c.results = root;
        c.positives = uint32(positives);
        c.drawBlock = uint64(block.number + drawDelay);
        _enter(c, State.Posted, DRAW_TIME);
        emit ResultsPosted(caseId, root, positives, c.drawBlock, c.deadline);
    }

    /// @inheritdoc IRetrievalEscrow
    function draw(Dataset calldata dataset, Request calldata request, bytes calldata proof) external {
        (Case storage c, uint256 caseId) = _find(dataset, request, State.Posted);
        if (block.number <= c.drawBlock) revert DrawPending(c.drawBlock);
        c.seed = keccak256(abi.encode(randomness.valueOf(c.drawBlock, proof), caseId));
        c.outstanding = c.samples;
        _enter(c, State.Drawn, dataset.windows.prove + dataset.windows.proveEach * uint256(c.samples));
        emit SampleDrawn(caseId, c.seed, c.deadline);
    }

    /// @inheritdoc IRetrievalEscrow
    function rearm(Dataset calldata dataset, Request calldata request) external {
        (Case storage c, uint256 caseId) = _find(dataset, request, State.Posted);
        if (block.number <= c.drawBlock || randomness.available(c.drawBlock)) revert DrawPending(c.drawBlock);
        c.drawBlock = uint64(block.number + drawDelay);
        emit DrawRearmed(caseId, c.drawBlock);
    }

    /// @inheritdoc IRetrievalEscrow
    function prove(
        Dataset calldata dataset,
        Request calldata request,
        uint256 sample,
        Opening calldata opening,
        uint256 outputCommitment,
        Evidence calldata evidence
    ) external {
        (Case storage c, uint256 caseId) = _findInTime(dataset, request, State.Drawn);
        // INVARIANT I8: a sample is proven once.
        if (sample >= c.samples || isProven(caseId, sample)) revert NotOutstanding(caseId, sample);
        uint256 document = Permutation.element(c.seed, dataset.count, sample);
        if (opening.document != document) revert NotSampled(caseId, opening.document, document);
        _requireOpening(dataset, request, c, opening);
        _requireProof(
            request.model,
            IInferenceVerifier.Purpose({caseId: caseId, index: document, payee: dataset.responder}),
            Claim(opening.finding.commitment, outputCommitment, opening.finding.label),
            evidence
        );
        _proven[caseId].set(sample);
        c.outstanding -= 1;
        emit SampleProven(caseId, sample, document, opening.finding, c.outstanding);
        if (c.outstanding == 0) {
            _enter(c, State.Proven, dataset.windows.demand);
            emit ResultsProven(caseId, c.deadline);
        }
    }

    /// @inheritdoc IRetrievalEscrow
    function demandPositives(Dataset calldata dataset, Request calldata request, uint256 first, uint256 count)
        external
        payable
        nonReentrant
    {
        (Case storage c, uint256 caseId) = _findInTime(dataset, request, State.Proven);
        _only(request.requester);
        if (count == 0 || count > c.positives || first > c.positives - count) revert BadRange(first, count);
        c.first = uint32(first);
        c.demanded = uint32(count);
        c.outstanding = uint32(count);
        _enter(c, State.Demanded, dataset.windows.identify + dataset.windows.identifyEach * count);
        emit PositivesDemanded(caseId, first, count, c.deadline);
        _collect(dataset.currency, count * dataset.demandBond);
    }

    /// @inheritdoc IRetrievalEscrow
    function identify(Dataset calldata dataset, Request calldata request, Opening calldata opening) external {
        (Case storage c, uint256 caseId) = _findInTime(dataset, request, State.Demanded);
        uint256 ordinal = uint256(c.first) + c.demanded - c.outstanding;
        _requirePositive(dataset, request, c, ordinal, opening);
        c.outstanding -= 1;
        emit PositiveIdentified(caseId, ordinal, opening);
        if (c.outstanding == 0) _enter(c, State.Identified, dataset.courier.step);
        _credit(dataset.currency, dataset.responder, dataset.demandBond);
    }

    /// @inheritdoc IRetrievalEscrow
    function announceDocuments(Dataset calldata dataset, Request calldata request, bytes32 root, bytes32 keyHash)
        external
    {
        (Case storage c, uint256 caseId) = _findInTime(dataset, request, State.Identified);
        _only(dataset.responder);
        c.state = State.Delivering;
        Announcement memory announcement = Announcement({
            sender: dataset.responder,
            receiver: request.requester,
            currency: dataset.currency,
            decide: dataset.windows.demand,
            words: c.demanded * _itemWords(_packing(request.model), 0),
            root: root,
            keyHash: keyHash
        });
        _announce(caseId, announcement, dataset.courier);
    }

    /// @inheritdoc IRetrievalEscrow
    function complain(
        Dataset calldata dataset,
        Request calldata request,
        uint256 key,
        IDeliveryJudge.Complaint calldata complaint,
        Opening calldata opening
    ) external {
        (Case storage c, uint256 caseId) = _find(dataset, request, State.Delivering);
        if (complaint.item >= c.demanded) revert BadIndex(complaint.item);
        _requirePositive(dataset, request, c, c.first + complaint.item, opening);
        IDeliveryJudge.Sealed memory data =
            IDeliveryJudge.Sealed({root: 0, key: key, items: c.demanded, extras: 0, packing: _packing(request.model)});
        _requireFalse(caseId, data, complaint, opening.finding.commitment, 0);
        _close(caseId);
        _end(dataset, request, caseId, State.FullDisclosure);
    }

    /// @inheritdoc IRetrievalEscrow
    function settle(Dataset calldata dataset, Request calldata request) external {
        _datasetOf(dataset, request);
        uint256 caseId = idOf(request);
        Case storage c = _cases[caseId];
        State state = c.state;
        if (state < State.Filed || state > State.Delivering) revert WrongState(caseId, state);
        uint256 deadline = state == State.Delivering ? _deadline(caseId) : c.deadline;
        bool overdue = block.timestamp > deadline;
        // The requester's word counts as long as the responder has not failed.
        bool spoken = msg.sender == request.requester
            && (state == State.Filed || state == State.Proven || state == State.Delivering);
        if (!overdue && !spoken) revert DeadlineNotPassed(deadline);

        // INVARIANT I4: whatever is sampled or demanded and not shown is lost by the responder.
        State outcome = State.FullDisclosure;
        if (state == State.Filed || state == State.Posted) outcome = State.Withdrawn;
        if (state == State.Proven) outcome = State.Fulfilled;
        if (state == State.Demanded) {
            _credit(dataset.currency, request.requester, uint256(c.outstanding) * dataset.demandBond);
        }
        if (state == State.Delivering) {
            Stage stage = _close(caseId);
            bool owed = overdue && (stage == Stage.Demanded || stage == Stage.Acknowledged);
            if (!owed) outcome = State.Fulfilled;
        }
        _end(dataset, request, caseId, outcome);
    }

    /// @inheritdoc IRetrievalEscrow
    function datasetIdOf(Dataset calldata dataset) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(dataset)));
    }

    /// @inheritdoc IRetrievalEscrow
    function idOf(Request calldata request) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(request)));
    }

    /// @inheritdoc IRetrievalEscrow
    function standingOf(uint256 datasetId) external view returns (Standing memory) {
        return _datasets[datasetId];
    }

    /// @inheritdoc IRetrievalEscrow
    function caseOf(uint256 caseId) external view returns (Case memory) {
        return _cases[caseId];
    }

    /// @inheritdoc IRetrievalEscrow
    function isProven(uint256 caseId, uint256 sample) public view returns (bool) {
        return _proven[caseId].get(sample);
    }

    /// @dev INVARIANT I2: every way out of a case leads here, and none leads in again.
    function _end(Dataset calldata dataset, Request calldata request, uint256 caseId, State outcome) private {
        _cases[caseId].state = outcome;
        _cases[caseId].deadline = 0;
        Standing storage standing = _datasets[request.dataset];
        if (standing.active == caseId) standing.active = 0;
        Settlement.Shares memory shares;
        if (outcome == State.Fulfilled) {
            shares.provider = request.reward;
        } else {
            shares.consumer = request.reward;
        }
        if (outcome == State.FullDisclosure) {
            standing.state = DatasetState.Closed;
            shares.burned = uint256(dataset.bond) * burnShare / Settlement.WHOLE;
            shares.consumer += dataset.bond - shares.burned;
        }
        emit CaseEnded(caseId, outcome, shares.consumer, shares.provider, shares.burned);
        _credit(dataset.currency, request.requester, shares.consumer);
        _credit(dataset.currency, dataset.responder, shares.provider);
        _credit(dataset.currency, BURN, shares.burned);
    }

    function _requireSound(Dataset calldata dataset) private pure {
        Windows calldata w = dataset.windows;
        bool counted = dataset.count > 0 && dataset.count <= MAX_COUNT && dataset.bond > 0;
        bool timed = w.approve > 0 && w.results > 0 && w.prove > 0 && w.proveEach > 0 && w.demand > 0 && w.identify > 0
            && w.identifyEach > 0 && dataset.notice >= w.approve && dataset.courier.step > 0
            && dataset.courier.perChunk > 0;
        if (!counted || !timed || dataset.approver == address(0)) revert BadTerms();
    }

    /// @dev The document is in the dataset, and its label is the one that the responder committed to, and counts as positive
    /// iff it is.
    /// @return before Positives among the documents before.
    /// @return positive 1 if the label is positive.
    function _requireOpening(Dataset calldata dataset, Request calldata request, Case storage c, Opening calldata o)
        private
        view
        returns (uint256 before, uint256 positive)
    {
        bytes32 leaf = Leaves.document(o.document, o.finding.commitment);
        if (!MerkleTree.verify(dataset.root, dataset.count, o.document, leaf, o.documentPath)) {
            revert NotInDataset(idOf(request), o.document);
        }
        positive = _positive(request, o.finding.label);
        leaf = Leaves.finding(o.document, o.finding.commitment, o.finding.label, positive);
        bool valid;
        MerkleSumTree.Tree memory tree = MerkleSumTree.Tree(c.results, c.positives, dataset.count);
        (valid, before) = MerkleSumTree.verify(tree, o.document, leaf, positive, o.resultPath);
        if (!valid) revert NotInResults(idOf(request), o.document);
    }

    /// @dev The document is the positive with this number.
    function _requirePositive(
        Dataset calldata dataset,
        Request calldata request,
        Case storage c,
        uint256 ordinal,
        Opening calldata opening
    ) private view {
        (uint256 before, uint256 positive) = _requireOpening(dataset, request, c, opening);
        if (before != ordinal || positive == 0) revert NotPositive(idOf(request), opening.document, ordinal);
    }

    function _positive(Request calldata request, uint256 label) private pure returns (uint256) {
        uint256 word = label / 256;
        return word < request.positives.length ? (request.positives[word] >> (label % 256)) & 1 : 0;
    }

    function _dataset(uint256 datasetId, DatasetState expected) private view returns (Standing storage standing) {
        standing = _datasets[datasetId];
        if (standing.state != expected) revert WrongDatasetState(datasetId, standing.state);
    }

    function _datasetOf(Dataset calldata dataset, Request calldata request) private pure returns (uint256 datasetId) {
        datasetId = datasetIdOf(dataset);
        if (request.dataset != datasetId) revert WrongDataset(datasetId, request.dataset);
    }

    function _enter(Case storage c, State state, uint256 duration) private {
        // INVARIANT I5: states only move forward.
        c.state = state;
        c.deadline = _after(duration);
    }

    function _in(uint256 caseId, State expected) private view returns (Case storage c) {
        c = _cases[caseId];
        if (c.state != expected) revert WrongState(caseId, c.state);
    }

    function _find(Dataset calldata dataset, Request calldata request, State expected)
        private
        view
        returns (Case storage c, uint256 caseId)
    {
        _datasetOf(dataset, request);
        caseId = idOf(request);
        c = _in(caseId, expected);
    }

    function _findInTime(Dataset calldata dataset, Request calldata request, State expected)
        private
        view
        returns (Case storage c, uint256 caseId)
    {
        (c, caseId) = _find(dataset, request, expected);
        _requireInTime(c.deadline);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("zkescrow RetrievalEscrow", "1");
    }
}
