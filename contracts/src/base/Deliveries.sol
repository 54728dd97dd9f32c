// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "../interfaces/IInferenceVerifier.sol";
import {Bn254} from "../libraries/Bn254.sol";
import {Leaves} from "../libraries/Leaves.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {Credits} from "./Credits.sol";
import {Signatures} from "./Signatures.sol";

/// @title Deliveries
abstract contract Deliveries is IDeliveries, Credits, Signatures {
    bytes32 private constant ACKNOWLEDGEMENT =
        keccak256("Acknowledgement(uint256 caseId,bytes32 root,uint256 nonce,uint256 deadline)");

    /// @inheritdoc IDeliveries
    IDeliveryJudge public immutable judge;

    mapping(uint256 caseId => Delivery) private _deliveries;

    constructor(IDeliveryJudge judge_) {
        judge = judge_;
    }

    /// @inheritdoc IDeliveries
    function acknowledge(uint256 caseId) external {
        Delivery storage d = _at(caseId, Stage.Announced);
        _only(d.receiver);
        _acknowledged(caseId, d);
    }

    /// @inheritdoc IDeliveries
    function acknowledgeBySignature(uint256 caseId, uint256 nonce, uint256 deadline, bytes calldata signature)
        external
    {
        Delivery storage d = _at(caseId, Stage.Announced);
        bytes32 words = keccak256(abi.encode(ACKNOWLEDGEMENT, caseId, d.root, nonce, deadline));
        _consent(d.receiver, words, nonce, deadline, signature);
        _acknowledged(caseId, d);
    }

    /// @inheritdoc IDeliveries
    function demandPublication(uint256 caseId) external payable nonReentrant {
        Delivery storage d = _at(caseId, Stage.Announced);
        _only(d.receiver);
        uint256 bond = uint256(d.bond) * d.chunks;
        d.stage = Stage.Demanded;
        d.deadline = _after(uint256(d.step) + uint256(d.perChunk) * d.chunks);
        emit PublicationDemanded(caseId, bond, d.deadline);
        _collect(d.currency, bond);
    }

    /// @inheritdoc IDeliveries
    function publish(uint256 caseId, uint256[] calldata words, bytes32[] calldata path) external {
        Delivery storage d = _at(caseId, Stage.Demanded);
        // Nobody else: what somebody publishes first would make the sender's own call fail.
        _only(d.sender);
        uint256 chunk = d.published;
        uint256 first = chunk * MerkleTree.CHUNK;
        bytes32[] memory leaves = new bytes32[](words.length);
        for (uint256 i = 0; i < words.length; ++i) {
            leaves[i] = Leaves.sealedWord(first + i, words[i]);
        }
        if (!MerkleTree.verifyChunk(d.root, d.words, first, leaves, path)) revert WrongChunk(caseId, chunk);
        d.published = uint32(chunk + 1);
        emit ChunkPublished(caseId, chunk, words);
        _credit(d.currency, d.sender, d.bond);
        if (chunk + 1 == d.chunks) _acknowledged(caseId, d);
    }

    /// @inheritdoc IDeliveries
    function reveal(uint256 caseId, uint256 key) external {
        Delivery storage d = _at(caseId, Stage.Acknowledged);
        _only(d.sender);
        if (key >= Bn254.R || keccak256(abi.encode(key)) != d.keyHash) revert WrongKey(caseId, key);
        d.stage = Stage.Revealed;
        d.deadline = _after(d.decide);
        emit KeyRevealed(caseId, key, d.deadline);
    }

    /// @inheritdoc IDeliveries
    function deliveryOf(uint256 caseId) external view returns (Delivery memory) {
        return _deliveries[caseId];
    }

    /// @dev What a case announces.
    struct Announcement {
        address sender;
        address receiver;
        address currency;
        uint32 decide;
        uint256 words;
        bytes32 root;
        bytes32 keyHash;
    }

    /// @dev More chunks than can be counted could not be published.
    function _requireDeliverable(uint256 words) internal pure {
        if (words > uint256(type(uint32).max) * MerkleTree.CHUNK) revert TooManyWords(words);
    }

    /// @dev Words of a sealed item: salt, elements, the state after each, and what else goes with it.
    function _itemWords(IInferenceVerifier.Packing memory packing, uint256 extras) internal pure returns (uint256) {
        return 2 * uint256(packing.elements) + 2 + extras;
    }

    /// @dev Begins a delivery; a former one of the case is over.
    function _announce(uint256 caseId, Announcement memory a, Courier calldata courier) internal {
        _requireDeliverable(a.words);
        uint64 deadline = _after(courier.step);
        _deliveries[caseId] = Delivery({
            sender: a.sender,
            stage: Stage.Announced,
            deadline: deadline,
            receiver: a.receiver,
            step: courier.step,
            decide: a.decide,
            currency: a.currency,
            chunks: uint32(MerkleTree.chunks(a.words)),
            published: 0,
            bond: courier.bond,
            perChunk: courier.perChunk,
            words: uint64(a.words),
            root: a.root,
            keyHash: a.keyHash
        });
        emit DeliveryAnnounced(caseId, a.sender, a.receiver, a.root, a.keyHash, a.words, deadline);
    }

    /// @dev The data were revealed, and the receiver's time is not over.
    function _requireRevealed(uint256 caseId) internal view {
        _at(caseId, Stage.Revealed);
    }

    /// @dev Reverts unless the complaint shows that revealed data are not what they should be.
    function _requireFalse(
        uint256 caseId,
        IDeliveryJudge.Sealed memory data,
        IDeliveryJudge.Complaint calldata complaint,
        uint256 commitment,
        bytes32 labelCommitment
    ) internal {
        Delivery storage d = _at(caseId, Stage.Revealed);
        _only(d.receiver);
        if (keccak256(abi.encode(data.key)) != d.keyHash) revert WrongKey(caseId, data.key);
        data.root = d.root;
        if (!judge.upheld(data, complaint, commitment, labelCommitment)) revert ComplaintRefused(caseId);
        emit ComplaintUpheld(caseId, complaint.fault, complaint.item, complaint.position);
    }

    /// @dev Ends a delivery whose time is over, or which the case goes on from, and gives back what bonds are left.
    /// @return stage Where it stood.
    function _close(uint256 caseId) internal returns (Stage stage) {
        Delivery storage d = _deliveries[caseId];
        stage = d.stage;
        d.stage = Stage.None;
        if (stage == Stage.Demanded) _credit(d.currency, d.receiver, uint256(d.bond) * (d.chunks - d.published));
    }

    /// @dev Until when the next move counts.
    function _deadline(uint256 caseId) internal view returns (uint256) {
        return _deliveries[caseId].deadline;
    }

    /// @dev A deadline `t` has passed when the time is greater than `t`.
    function _requireInTime(uint256 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
    }

    function _requirePassed(uint256 deadline) internal view {
        if (block.timestamp <= deadline) revert DeadlineNotPassed(deadline);
    }

    function _only(address expected) internal view {
        if (msg.sender != expected) revert NotParty(msg.sender, expected);
    }

    function _after(uint256 duration) internal view returns (uint64) {
        return uint64(block.timestamp + duration);
    }

    function _at(uint256 caseId, Stage expected) private view returns (Delivery storage d) {
        d = _deliveries[caseId];
        if (d.stage != expected) revert WrongStage(caseId, d.stage, expected);
        _requireInTime(d.deadline);
    }

    function _acknowledged(uint256 caseId, Delivery storage d) private {
        d.stage = Stage.Acknowledged;
        d.deadline = _after(d.step);
        emit DeliveryAcknowledged(caseId, d.deadline);
    }
}
