// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "./IDeliveryJudge.sol";

/// @title IDeliveries
/// @notice Handing over data so that nobody can deny it (the paper's appendix B). The sender commits to a ciphertext
/// and sends it off chain; the receiver acknowledges; the sender publishes the key; the receiver shows that the data are
/// false, or goes on with the case.
///
/// | stage | who moves next | silence means |
/// |---|---|---|
/// | `Announced` | receiver: `acknowledge`, or `demandPublication` when nothing came | the receiver failed |
/// | `Demanded` | sender: `publish`, chunk by chunk | the sender failed |
/// | `Acknowledged` | sender: `reveal` the key | the sender failed |
/// | `Revealed` | receiver: the case's next step, or a complaint | the case says |
///
/// @dev The chain cannot tell what was never sent from what was never received (deviation D2). So a receiver without data has
/// the ciphertext published, at a bond that should pay for it: both sides agree on its height with the terms. What fails is settled by the case, not here.
interface IDeliveries {
    /// @notice Who moves next.
    enum Stage {
        None,
        Announced,
        Demanded,
        Acknowledged,
        Revealed
    }

    /// @notice How a case hands data over; part of its terms.
    /// @param step Seconds for each step.
    /// @param perChunk More seconds for each chunk that has to be published.
    /// @param bond What the receiver pays for each published chunk of 256 words.
    struct Courier {
        uint32 step;
        uint32 perChunk;
        uint128 bond;
    }

    /// @notice A delivery of a case; a case has one at a time.
    /// @param sender Who has to deliver.
    /// @param stage Where it is.
    /// @param deadline Until when the next move counts.
    /// @param receiver Who gets the data.
    /// @param step Seconds for each step.
    /// @param decide Seconds for the receiver's decision, once the key is public.
    /// @param currency Of bonds.
    /// @param chunks Chunks of the ciphertext.
    /// @param published Chunks published so far.
    /// @param bond Bond for each chunk.
    /// @param perChunk Seconds for each chunk.
    /// @param words Words of the ciphertext.
    /// @param root Root of the Merkle tree over them.
    /// @param keyHash `keccak256(abi.encode(key))`.
    struct Delivery {
        address sender;
        Stage stage;
        uint64 deadline;
        address receiver;
        uint32 step;
        uint32 decide;
        address currency;
        uint32 chunks;
        uint32 published;
        uint128 bond;
        uint32 perChunk;
        uint64 words;
        bytes32 root;
        bytes32 keyHash;
    }

    /// @notice The sender committed to a ciphertext of `words` words.
    event DeliveryAnnounced(
        uint256 indexed caseId,
        address indexed sender,
        address indexed receiver,
        bytes32 root,
        bytes32 keyHash,
        uint256 words,
        uint256 deadline
    );
    /// @notice The receiver wants the ciphertext on chain.
    event PublicationDemanded(uint256 indexed caseId, uint256 bond, uint256 deadline);
    /// @notice A chunk of the ciphertext is on chain: here, because call data of inner calls are hard to find.
    event ChunkPublished(uint256 indexed caseId, uint256 chunk, uint256[] words);
    /// @notice The receiver has the ciphertext, as it says, or as anybody can see.
    event DeliveryAcknowledged(uint256 indexed caseId, uint256 deadline);
    /// @notice The key is public. The receiver has until `deadline` to complain or to go on.
    event KeyRevealed(uint256 indexed caseId, uint256 key, uint256 deadline);
    /// @notice The data were shown to be false.
    event ComplaintUpheld(uint256 indexed caseId, IDeliveryJudge.Fault fault, uint256 item, uint256 position);

    /// @notice The delivery is not at the stage that the call needs.
    error WrongStage(uint256 caseId, Stage actual, Stage expected);
    /// @notice It is not this party's call.
    error NotParty(address caller, address expected);
    /// @notice It is too late.
    error DeadlinePassed(uint256 deadline);
    /// @notice It is too early: the other side has time until then.
    error DeadlineNotPassed(uint256 deadline);
    /// @notice The ciphertext would have more chunks than anybody can publish.
    error TooManyWords(uint256 words);
    /// @notice The words are not the next chunk of the ciphertext.
    error WrongChunk(uint256 caseId, uint256 chunk);
    /// @notice This is not the key of the announcement, or not a reduced scalar.
    error WrongKey(uint256 caseId, uint256 key);
    /// @notice The data are what they should be, as far as this complaint goes.
    error ComplaintRefused(uint256 caseId);

    /// @notice The receiver has the ciphertext.
    function acknowledge(uint256 caseId) external;

    /// @notice The same by the receiver's signature of
    /// `Acknowledgement(uint256 caseId,bytes32 root,uint256 nonce,uint256 deadline)`. A signature that nobody submits is no
    /// acknowledgement: the receiver looks whether it was, and else calls `acknowledge` in time.
    function acknowledgeBySignature(uint256 caseId, uint256 nonce, uint256 deadline, bytes calldata signature) external;

    /// @notice The receiver has nothing, and pays for publication.
    function demandPublication(uint256 caseId) external payable;

    /// @notice Publishes the next chunk of a demanded ciphertext; its bond is the sender's. After the last one, the
    /// ciphertext counts as acknowledged.
    function publish(uint256 caseId, uint256[] calldata words, bytes32[] calldata path) external;

    /// @notice Publishes the key of an acknowledged ciphertext.
    function reveal(uint256 caseId, uint256 key) external;

    /// @notice The delivery of a case.
    function deliveryOf(uint256 caseId) external view returns (Delivery memory);

    /// @notice Who judges complaints.
    function judge() external view returns (IDeliveryJudge);
}
