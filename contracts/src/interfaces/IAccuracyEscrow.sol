// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MerkleSumTree} from "../libraries/MerkleSumTree.sol";
import {IDeliveries} from "./IDeliveries.sol";
import {IDeliveryJudge} from "./IDeliveryJudge.sol";
import {IMarket} from "./IMarket.sol";

/// @title IAccuracyEscrow
/// @notice Measuring the accuracy of a hidden model on a hidden test set (section 5.2 and appendix B of the paper).
/// @dev An exam is named by the hash of its terms, which every call repeats.
///
/// The test set is committed to before the provider draws a seed, and the seed orders it: place `p` of the exam is example
/// `Permutation.element(seed, examples, p)`. The first `N1` places are what the provider sees before it decides, the others are the
/// exam. Nobody can choose which examples come where, as long as both are new: the consumer does not know the seed, the provider not
/// the examples. A test set that somebody has seen a part of, or a seed that was shown before, must not be used again.
///
/// By accepting, the provider says that it has all leaves of the test set (they hide inputs and labels) and that the root is
/// theirs. Without them it could not prove anything; it must not accept.
///
/// Deviation D3: results are believed until they are challenged, one leaf at a time; the chain sees a proof only then.
interface IAccuracyEscrow is IDeliveries, IMarket {
    /// @notice Where an exam stands; it only moves down this list.
    enum State {
        None,
        Open,
        Accepted,
        FirstDelivery,
        Continued,
        SecondDelivery,
        Answered,
        Challenged,
        Refunded,
        Aborted,
        Passed,
        Failed,
        ConsumerFailed,
        ProviderFailed
    }

    /// @notice Seconds for each step. Deliveries have their own, in `Courier`.
    /// @param accept From opening to acceptance.
    /// @param announce From acceptance, or from the decision to continue, to the announcement of the next delivery.
    /// @param decide From the key of the first delivery to the decision.
    /// @param results From the key of the second delivery to the results.
    /// @param challenge From the results to a challenge.
    /// @param respond From a challenge to its last answer,
    /// @param respondEach and more for each leaf.
    struct Windows {
        uint32 accept;
        uint32 announce;
        uint32 decide;
        uint32 results;
        uint32 challenge;
        uint32 respond;
        uint32 respondEach;
    }

    /// @notice What consumer and provider agree on.
    /// @param consumer Who wants to know.
    /// @param provider Whose model it is.
    /// @param model The model's id in the registry.
    /// @param currency A token, or `address(0)` for ETH.
    /// @param examples `N`, the size of the test set, at most 2^20.
    /// @param first `N1`, how many the provider sees before it decides; less than `N`.
    /// @param target The accuracy to reach, in millionths.
    /// @param exampleCost `E`, what a labelled example costs; more than a proof.
    /// @param proofCost `Z`, what a proof costs; more than an inference.
    /// @param inferenceCost `P`, what an inference costs.
    /// @param testSet Root over the leaves `Leaves.example`.
    /// @param windows Time for each step.
    /// @param courier How examples are handed over.
    /// @param salt Tells exams with the same terms apart.
    struct Terms {
        address consumer;
        address provider;
        bytes32 model;
        address currency;
        uint32 examples;
        uint32 first;
        uint32 target;
        uint128 exampleCost;
        uint128 proofCost;
        uint128 inferenceCost;
        bytes32 testSet;
        Windows windows;
        Courier courier;
        uint256 salt;
    }

    /// @notice An exam.
    /// @param state Where it stands.
    /// @param deadline Until when the next step counts; in deliveries, theirs counts.
    /// @param correct How many answers are correct, as the provider says.
    /// @param challenged Challenged leaves.
    /// @param outstanding Challenged leaves without an answer.
    /// @param seed What orders the test set.
    /// @param results Root of the sum tree over the leaves `Leaves.score`.
    struct Exam {
        State state;
        uint64 deadline;
        uint32 correct;
        uint32 challenged;
        uint32 outstanding;
        bytes32 seed;
        bytes32 results;
    }

    /// @notice A leaf of the test set.
    /// @param inputCommitment Commitment of the input.
    /// @param labelCommitment `Leaves.labelCommitment` of its true label.
    /// @param path Its path to the root.
    struct Example {
        uint256 inputCommitment;
        bytes32 labelCommitment;
        bytes32[] path;
    }

    /// @notice What the provider said of example `Permutation.element(seed, examples, first + place)`.
    /// @param example The example.
    /// @param outputCommitment Commitment of the model's output.
    /// @param label What the model says.
    /// @param trueLabel What the consumer says.
    /// @param labelSalt Opens the commitment of the true label.
    /// @param path Path of the leaf in the results.
    struct Score {
        Example example;
        uint256 outputCommitment;
        uint256 label;
        uint256 trueLabel;
        uint256 labelSalt;
        MerkleSumTree.Sibling[] path;
    }

    /// @notice The consumer committed to a test set and locked its money.
    event ExamOpened(
        uint256 indexed caseId, address indexed consumer, address indexed provider, Terms terms, uint256 deadline
    );
    /// @notice The provider locked its own, and drew the seed. Both fees are the marketplace's.
    event ExamAccepted(uint256 indexed caseId, bytes32 seed, uint256 deadline);
    /// @notice The provider has seen the first examples and goes on.
    event ExamContinued(uint256 indexed caseId, uint256 deadline);
    /// @notice The provider committed to its results.
    event ResultsPosted(uint256 indexed caseId, bytes32 root, uint256 correct, uint256 deadline);
    /// @notice The consumer doubts these leaves.
    event ResultsChallenged(uint256 indexed caseId, uint256[] places, uint256 deadline);
    /// @notice A challenged leaf was proven.
    event ScoreProven(uint256 indexed caseId, uint256 place, uint256 label, bool correct, uint256 outstanding);
    /// @notice The exam ended, and these amounts were credited.
    event ExamEnded(uint256 indexed caseId, State state, uint256 toConsumer, uint256 toProvider, uint256 burned);

    /// @notice The exam is not in a state for this call.
    error WrongState(uint256 caseId, State actual);
    /// @notice The terms cannot be: no examples or too many, costs not in the order `E > Z > P > 0`, no time.
    error BadTerms();
    /// @notice The provider of the terms does not own the model.
    error NotModelOwner(address provider, address owner);
    /// @notice There is no such place, or it does not follow the one before.
    error BadIndex(uint256 index);
    /// @notice A challenge of nothing.
    error NothingChallenged();
    /// @notice More correct answers than answers.
    error BadResults(uint256 correct, uint256 answers);
    /// @notice The place was not challenged, or was proven.
    error NotChallenged(uint256 caseId, uint256 place);
    /// @notice The label does not open the example's commitment.
    error WrongTrueLabel(uint256 caseId, uint256 place);
    /// @notice The example is not a leaf of the test set.
    error NotInTestSet(uint256 caseId, uint256 example);
    /// @notice The score is not the leaf that the provider committed to.
    error NotInResults(uint256 caseId, uint256 place);

    /// @notice Opens an exam; the caller is its consumer and locks `2NE` and the fee `N1·P`.
    function open(Terms calldata terms) external payable returns (uint256 caseId);

    /// @notice Takes back an exam that nobody accepted. The consumer may at any time, anybody when it is too late to accept.
    function cancel(Terms calldata terms) external;

    /// @notice Accepts an exam; the caller is its provider and locks as much. The seed is made from its number, which
    /// should be random for the provider's own sake, and the block's.
    function accept(Terms calldata terms, bytes32 seed) external payable;

    /// @notice The consumer commits to the ciphertext of the first examples, later of the others.
    function announceExamples(Terms calldata terms, bytes32 root, bytes32 keyHash) external;

    /// @notice The provider shows that an example, as handed over, is not what the consumer committed to.
    /// @param key The key that the consumer revealed.
    /// @param complaint What is wrong; its item counts from the delivery's first.
    /// @param example The example as the consumer committed to it.
    function complain(
        Terms calldata terms,
        uint256 key,
        IDeliveryJudge.Complaint calldata complaint,
        Example calldata example
    ) external;

    /// @notice The provider has seen the first examples and goes on: from here it loses `2NE` unless the model is as accurate
    /// as the target.
    function proceed(Terms calldata terms) external;

    /// @notice The provider has seen the first examples and stops: the consumer pays `N1·P`. Silence means the same.
    function abort(Terms calldata terms) external;

    /// @notice Commits to the model's answers, as the sum tree over `Leaves.score`, and to how many are correct.
    function postResults(Terms calldata terms, bytes32 root, uint256 correct) external;

    /// @notice Challenges these leaves, which ascend: because they look wrong, or because their proofs did not come. The challenger pays `2Z` for each; they are the provider's when it proves
    /// them, and come back when it does not. Once in an exam.
    function challenge(Terms calldata terms, uint256[] calldata places) external payable;

    /// @notice Proves a challenged leaf: the model says the label, and the leaf says truly whether it is the consumer's. Anybody may
    /// bring the proof.
    /// @param place The leaf; context index of the proof.
    /// @param score What it opens to.
    /// @param evidence The proof.
    function respond(Terms calldata terms, uint256 place, Score calldata score, Evidence calldata evidence) external;

    /// @notice Ends an exam that has come to its end, by answers or by silence. Anybody may; the consumer may before the time
    /// for challenges is over.
    function settle(Terms calldata terms) external;

    /// @notice The id of an exam.
    function idOf(Terms calldata terms) external pure returns (uint256);

    /// @notice An exam.
    function examOf(uint256 caseId) external view returns (Exam memory);

    /// @notice Which example is at a place.
    function exampleAt(Terms calldata terms, uint256 place) external view returns (uint256);

    /// @notice Whether a leaf is challenged and has no answer yet.
    function isOutstanding(uint256 caseId, uint256 place) external view returns (bool);

    /// @notice Whose the fees are.
    function feeRecipient() external view returns (address);

    /// @notice The share of a lost escrow that is burned, in ten-thousandths.
    function burnShare() external view returns (uint256);
}
