// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MerkleSumTree} from "../libraries/MerkleSumTree.sol";
import {IDeliveries} from "./IDeliveries.sol";
import {IDeliveryJudge} from "./IDeliveryJudge.sol";
import {IMarket} from "./IMarket.sol";
import {IRandomness} from "./IRandomness.sol";

/// @title IRetrievalEscrow
/// @notice Handing over all documents that a model finds positive, and no others (section 5.4 of the paper).
/// @dev A responder commits to a dataset with a bond, and names the approver whose decisions it submits to. A requester files a
/// request; once approved, the responder has to label every document, prove a random sample, and hand over positives on
/// demand. If it fails, the bond is lost and the case ends in `FullDisclosure`.
///
/// Deviation D5: the sample is drawn from the RANDAO value of a block that was in the future when the labels were committed to.
/// A value that nobody used in time is replaced by that of another future block. Whoever likes a value can use it as long as
/// it can be used at all, so nobody gets another one by waiting, unless both sides sleep.
///
/// The labels are a sum tree over positives, so the `n`-th positive is well defined and the requester needs no list to demand it.
///
/// Nothing is said about documents that the responder invented, or left out of its dataset. A source that the requester trusts
/// can sign the dataset (`attest`).
interface IRetrievalEscrow is IDeliveries, IMarket {
    /// @notice Where a dataset stands.
    enum DatasetState {
        None,
        Committed,
        Retiring,
        Closed
    }

    /// @notice Where a request stands; it only moves down this list.
    enum State {
        None,
        Filed,
        Approved,
        Posted,
        Drawn,
        Proven,
        Demanded,
        Identified,
        Delivering,
        Withdrawn,
        Fulfilled,
        FullDisclosure
    }

    /// @notice Seconds for each step.
    /// @param approve From filing to approval.
    /// @param results From approval to the labels of all documents.
    /// @param prove From the drawing of the sample to its last proof,
    /// @param proveEach and more for each sample.
    /// @param demand From there to a demand for positives.
    /// @param identify From a demand to the last identified document,
    /// @param identifyEach and more for each.
    struct Windows {
        uint32 approve;
        uint32 results;
        uint32 prove;
        uint32 proveEach;
        uint32 demand;
        uint32 identify;
        uint32 identifyEach;
    }

    /// @notice A dataset and what its responder submits to.
    /// @param responder Who has the documents.
    /// @param approver Who decides which requests are to be answered, a judge for instance.
    /// @param source Who may attest that the documents are real; nobody, if zero.
    /// @param currency A token, or `address(0)` for ETH.
    /// @param root Root over the leaves `Leaves.document`.
    /// @param count Documents, at most 2^20.
    /// @param bond What the responder loses when it fails.
    /// @param demandBond What a requester pays for each positive that it demands.
    /// @param notice Seconds from the wish to close the dataset to its closing, at least the time for approvals.
    /// @param windows Time for each step.
    /// @param courier How documents are handed over.
    /// @param verifier The architecture that requests have to use: it says how documents are packed into commitments.
    /// @param salt Tells datasets with the same terms apart.
    struct Dataset {
        address responder;
        address approver;
        address source;
        address verifier;
        address currency;
        bytes32 root;
        uint32 count;
        uint128 bond;
        uint128 demandBond;
        uint32 notice;
        Windows windows;
        Courier courier;
        uint256 salt;
    }

    /// @notice A request.
    /// @param requester Who asks.
    /// @param dataset The dataset's id.
    /// @param model A model whose weights are said to be public, by its id in the registry.
    /// @param positives Which labels are wanted: bit `label % 256` of word `label / 256`.
    /// @param bound What share of wrong labels the sample has to rule out, in 1e-18.
    /// @param delta The probability of error that is accepted, in 1e-18.
    /// @param reward What the responder gets for its work.
    /// @param salt Tells requests with the same terms apart.
    struct Request {
        address requester;
        uint256 dataset;
        bytes32 model;
        uint256[] positives;
        uint64 bound;
        uint64 delta;
        uint128 reward;
        uint256 salt;
    }

    /// @notice A dataset's standing.
    /// @param state Where it stands.
    /// @param attested Whether its source signed it.
    /// @param closableAt After when it can be closed, once that was asked for.
    /// @param active The request that its bond answers for, if any.
    struct Standing {
        DatasetState state;
        bool attested;
        uint64 closableAt;
        uint256 active;
    }

    /// @notice A case.
    /// @param state Where it stands.
    /// @param deadline Until when the next step counts; while `Delivering`, the delivery's deadline counts.
    /// @param drawBlock The block whose RANDAO value draws the sample.
    /// @param samples Documents in the sample.
    /// @param outstanding Samples without a proof; later, demanded positives that are not identified.
    /// @param positives Positives in the dataset, as the responder says.
    /// @param first First demanded positive.
    /// @param demanded Demanded positives.
    /// @param results Root of the sum tree over the leaves `Leaves.finding`.
    /// @param seed What orders the documents for the sample.
    struct Case {
        State state;
        uint64 deadline;
        uint64 drawBlock;
        uint32 samples;
        uint32 outstanding;
        uint32 positives;
        uint32 first;
        uint32 demanded;
        bytes32 results;
        bytes32 seed;
    }

    /// @notice A label of a document.
    struct Finding {
        uint256 commitment;
        uint256 label;
    }

    /// @notice A label, shown to be the one that the responder committed to, of a document of the dataset.
    /// @param document Which document.
    /// @param finding Its commitment and label.
    /// @param documentPath Path of the commitment in the dataset.
    /// @param resultPath Path of the label in the results.
    struct Opening {
        uint256 document;
        Finding finding;
        bytes32[] documentPath;
        MerkleSumTree.Sibling[] resultPath;
    }

    /// @notice A dataset exists, and its bond is locked.
    event DatasetCommitted(uint256 indexed dataset, address indexed responder, address indexed approver, Dataset terms);
    /// @notice The dataset's source signed it.
    event DatasetAttested(uint256 indexed dataset, address indexed source);
    /// @notice The responder wants to close the dataset.
    event DatasetRetired(uint256 indexed dataset, uint256 closableAt);
    /// @notice The dataset is closed, and the bond is the responder's again.
    event DatasetClosed(uint256 indexed dataset, uint256 bond);
    /// @notice Somebody asks for documents.
    event RequestFiled(
        uint256 indexed caseId,
        uint256 indexed dataset,
        address indexed requester,
        Request request,
        uint256 samples,
        uint256 deadline
    );
    /// @notice The approver decided that the request is to be answered.
    event RequestApproved(uint256 indexed caseId, uint256 indexed dataset, uint256 deadline);
    /// @notice The responder committed to the labels of all documents.
    event ResultsPosted(uint256 indexed caseId, bytes32 root, uint256 positives, uint256 drawBlock, uint256 deadline);
    /// @notice The block came and went without a drawing; another one draws the sample.
    event DrawRearmed(uint256 indexed caseId, uint256 drawBlock);
    /// @notice The sample is drawn.
    event SampleDrawn(uint256 indexed caseId, bytes32 seed, uint256 deadline);
    /// @notice A sampled label was proven.
    event SampleProven(uint256 indexed caseId, uint256 sample, uint256 document, Finding finding, uint256 outstanding);
    /// @notice The whole sample was proven. Positives can be demanded.
    event ResultsProven(uint256 indexed caseId, uint256 deadline);
    /// @notice The requester says that positives from `first` on did not come.
    event PositivesDemanded(uint256 indexed caseId, uint256 first, uint256 count, uint256 deadline);
    /// @notice Which document a demanded positive is.
    event PositiveIdentified(uint256 indexed caseId, uint256 positive, Opening opening);
    /// @notice The case ended, and these amounts were credited.
    event CaseEnded(uint256 indexed caseId, State state, uint256 toRequester, uint256 toResponder, uint256 burned);

    /// @notice The case is not in a state for this call.
    error WrongState(uint256 caseId, State actual);
    /// @notice The dataset is not in a state for this call.
    error WrongDatasetState(uint256 dataset, DatasetState actual);
    /// @notice The terms cannot be: no documents or too many, no bond, no time, no time for approvals before closing; at construction, a draw
    /// too early or a burnt share above all.
    error BadTerms();
    /// @notice The request is about another dataset.
    error WrongDataset(uint256 actual, uint256 expected);
    /// @notice The model is of another architecture than the dataset.
    error WrongVerifier(address actual, address expected);
    /// @notice The weights of the model are not public.
    error ModelNotPublic(bytes32 model);
    /// @notice The dataset answers another request.
    error DatasetBusy(uint256 dataset, uint256 active);
    /// @notice The source attested the dataset before.
    error AlreadyAttested(uint256 dataset);
    /// @notice More positives than documents.
    error BadResults(uint256 positives, uint256 documents);
    /// @notice The block that draws the sample is still to come, or can still be used.
    error DrawPending(uint256 drawBlock);
    /// @notice The sample is another document.
    error NotSampled(uint256 caseId, uint256 document, uint256 expected);
    /// @notice There is no such sample, or it was proven.
    error NotOutstanding(uint256 caseId, uint256 sample);
    /// @notice The document is not a leaf of the dataset.
    error NotInDataset(uint256 caseId, uint256 document);
    /// @notice The label is not a leaf of the results.
    error NotInResults(uint256 caseId, uint256 document);
    /// @notice The document is not the positive with this number.
    error NotPositive(uint256 caseId, uint256 document, uint256 ordinal);
    /// @notice Nothing is demanded, or more than there is.
    error BadRange(uint256 first, uint256 count);
    /// @notice There is no such document among the demanded ones.
    error BadIndex(uint256 index);

    /// @notice Commits to a dataset; the caller is its responder and locks the bond.
    function commitDataset(Dataset calldata dataset) external payable returns (uint256 datasetId);

    /// @notice Says by signature of `Attestation(uint256 dataset,bytes32 root,uint256 count,uint256 nonce,uint256 deadline)`
    /// that the documents are the source's.
    function attest(Dataset calldata dataset, uint256 nonce, uint256 deadline, bytes calldata signature) external;

    /// @notice The responder wants its bond back. Nothing new can be filed, but what was filed can be approved, within its time.
    function retire(Dataset calldata dataset) external;

    /// @notice Closes a dataset after its notice, when no request is open. Anybody may.
    function close(Dataset calldata dataset) external;

    /// @notice Files a request; the caller is its requester and locks the reward.
    function file(Dataset calldata dataset, Request calldata request) external payable returns (uint256 caseId);

    /// @notice Approves a request; the caller is the dataset's approver. The contract knows only that the weights are said to be public:
    /// the approver makes sure that they are, and that the registered commitments are theirs, or nobody could prove anything.
    function approve(Dataset calldata dataset, Request calldata request) external;

    /// @notice Commits to the labels of all documents, and to how many are positive.
    function postResults(Dataset calldata dataset, Request calldata request, bytes32 root, uint256 positives) external;

    /// @notice Draws the sample by the random value of its block, which `proof` shows: for `BlockRandomness`, the block's header.
    /// Anybody may.
    function draw(Dataset calldata dataset, Request calldata request, bytes calldata proof) external;

    /// @notice Names another future block when the hash of the former one is out of reach. Anybody may.
    function rearm(Dataset calldata dataset, Request calldata request) external;

    /// @notice Proves the label of a sampled document. Anybody may bring the proof.
    /// @param sample Which one; its document is `Permutation.element(seed, count, sample)`, the context index of the proof.
    /// @param opening The document and its label.
    /// @param outputCommitment Commitment of the model's output.
    /// @param evidence The proof.
    function prove(
        Dataset calldata dataset,
        Request calldata request,
        uint256 sample,
        Opening calldata opening,
        uint256 outputCommitment,
        Evidence calldata evidence
    ) external;

    /// @notice The requester did not get positives: it pays the bond of each, and the responder has to hand them over. Once.
    function demandPositives(Dataset calldata dataset, Request calldata request, uint256 first, uint256 count)
        external
        payable;

    /// @notice Says which document is the next demanded positive; its bond is the responder's. Anybody may help.
    function identify(Dataset calldata dataset, Request calldata request, Opening calldata opening) external;

    /// @notice The responder commits to the ciphertext of the identified documents.
    function announceDocuments(Dataset calldata dataset, Request calldata request, bytes32 root, bytes32 keyHash)
        external;

    /// @notice The requester shows that a document, as handed over, is not the one that was identified.
    /// @param key The key that the responder revealed.
    /// @param complaint What is wrong.
    /// @param opening The document as it was identified.
    function complain(
        Dataset calldata dataset,
        Request calldata request,
        uint256 key,
        IDeliveryJudge.Complaint calldata complaint,
        Opening calldata opening
    ) external;

    /// @notice Ends a case that has come to its end, by silence (anybody may), or by the requester's word: it takes back a request that
    /// was not approved, or says, before the time is over, that it has everything. A case whose sample nobody drew within a week ends
    /// as if it had been taken back.
    function settle(Dataset calldata dataset, Request calldata request) external;

    /// @notice The id of a dataset.
    function datasetIdOf(Dataset calldata dataset) external pure returns (uint256);

    /// @notice The id of a case.
    function idOf(Request calldata request) external pure returns (uint256);

    /// @notice A dataset's standing.
    function standingOf(uint256 datasetId) external view returns (Standing memory);

    /// @notice A case.
    function caseOf(uint256 caseId) external view returns (Case memory);

    /// @notice Whether a sample was proven.
    function isProven(uint256 caseId, uint256 sample) external view returns (bool);

    /// @notice Where random values come from.
    function randomness() external view returns (IRandomness);

    /// @notice Blocks from the results to the block that draws the sample.
    function drawDelay() external view returns (uint256);

    /// @notice The share of a lost bond that is burned, in ten-thousandths.
    function burnShare() external view returns (uint256);
}
