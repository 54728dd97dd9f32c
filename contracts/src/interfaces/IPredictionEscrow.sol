// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "./IDeliveries.sol";
import {IDeliveryJudge} from "./IDeliveryJudge.sol";
import {IMarket} from "./IMarket.sol";

/// @title IPredictionEscrow
/// @notice Rounds of predictions (section 5.3 of the paper): paid for in advance, contested at will, proven when contested.
/// @dev A round is named by the hash of its terms, which every call repeats. Of all deadlines: a call counts until the
/// deadline's second, and what follows from silence counts from the next second on.
///
/// Deviation D1: the provider commits to its own predictions, so a consumer cannot frame it. By committing, it accepts the
/// inputs. Deviation D2: whoever says that it got nothing, the provider its inputs or the consumer its predictions, has them
/// handed over provably, at a bond; whoever then stays silent loses. A provider that does not want to predict says so (`decline`); if it
/// neither predicts nor demands its inputs nor declines, it has nothing to say for itself.
interface IPredictionEscrow is IDeliveries, IMarket {
    /// @notice Where a round stands; it only moves down this list.
    enum State {
        None,
        Open,
        Accepted,
        Committed,
        InputsDemanded,
        InputsShown,
        Delivering,
        Predicted,
        PredictionsDemanded,
        Published,
        Contested,
        Refunded,
        Served,
        ConsumerFailed,
        ProviderFailed
    }

    /// @notice Seconds for each step.
    /// @param accept From opening to acceptance.
    /// @param inputs From acceptance to the root of the inputs.
    /// @param predictions From there, or from the key of demanded inputs, to the root of the predictions.
    /// @param contest From there, or from the last demanded prediction, to a contest.
    /// @param respond From a contest or demand to its last answer,
    /// @param respondEach and more for each index.
    struct Windows {
        uint32 accept;
        uint32 inputs;
        uint32 predictions;
        uint32 contest;
        uint32 respond;
        uint32 respondEach;
    }

    /// @notice What consumer and provider agree on.
    /// @param consumer Who buys.
    /// @param provider Who sells: the owner of the model.
    /// @param model The model's id in the registry.
    /// @param currency A token, or `address(0)` for ETH.
    /// @param count `K`, the number of predictions, at most 2^20.
    /// @param beta `β`, at least 2.
    /// @param proofCost `Z`, what a proof costs. The consumer locks `2KZ`, the provider `βKZ`.
    /// @param price What one prediction costs; the consumer locks it for all.
    /// @param demandBond What whoever demands data pays for each index.
    /// @param windows Time for each step.
    /// @param courier How demanded inputs are handed over.
    /// @param salt Tells rounds with the same terms apart.
    struct Terms {
        address consumer;
        address provider;
        bytes32 model;
        address currency;
        uint32 count;
        uint16 beta;
        uint128 proofCost;
        uint128 price;
        uint128 demandBond;
        Windows windows;
        Courier courier;
        uint256 salt;
    }

    /// @notice A round.
    /// @param state Where it stands.
    /// @param deadline Until when the next step counts; while `Delivering`, the delivery's deadline counts.
    /// @param contested Contested indices.
    /// @param outstanding Contested or demanded indices without an answer.
    /// @param first First demanded index.
    /// @param demanded Demanded indices.
    /// @param inputs Root over the input commitments.
    /// @param predictions Root over the predictions.
    struct Round {
        State state;
        uint64 deadline;
        uint32 contested;
        uint32 outstanding;
        uint32 first;
        uint32 demanded;
        bytes32 inputs;
        bytes32 predictions;
    }

    /// @notice A leaf of the predictions.
    struct Prediction {
        uint256 inputCommitment;
        uint256 outputCommitment;
        uint256 label;
    }

    /// @notice The consumer locked its money.
    event RoundOpened(
        uint256 indexed caseId, address indexed consumer, address indexed provider, Terms terms, uint256 deadline
    );
    /// @notice The provider locked its own.
    event RoundAccepted(uint256 indexed caseId, uint256 deadline);
    /// @notice The consumer committed to its inputs.
    event InputsCommitted(uint256 indexed caseId, bytes32 root, uint256 deadline);
    /// @notice The provider says that inputs from `first` on did not come.
    event InputsDemanded(uint256 indexed caseId, uint256 first, uint256 count, uint256 deadline);
    /// @notice A demanded input is a leaf of the root that the consumer committed to.
    event InputShown(uint256 indexed caseId, uint256 index, uint256 commitment, bytes32[] path);
    /// @notice All demanded inputs were shown; the consumer has to hand them over.
    event InputsShown(uint256 indexed caseId, uint256 deadline);
    /// @notice The provider committed to its predictions.
    event PredictionsCommitted(uint256 indexed caseId, bytes32 root, uint256 deadline);
    /// @notice The consumer says that predictions from `first` on did not come.
    event PredictionsDemanded(uint256 indexed caseId, uint256 first, uint256 count, uint256 deadline);
    /// @notice A demanded prediction.
    event PredictionPublished(uint256 indexed caseId, uint256 index, Prediction prediction);
    /// @notice All demanded predictions are on chain.
    event PredictionsPublished(uint256 indexed caseId, uint256 deadline);
    /// @notice The consumer doubts the predictions of these indices.
    event RoundContested(uint256 indexed caseId, uint256[] indices, uint256 deadline);
    /// @notice A contested prediction was proven.
    event PredictionProven(uint256 indexed caseId, uint256 index, Prediction prediction, uint256 outstanding);
    /// @notice The round ended, and these amounts were credited.
    event RoundEnded(uint256 indexed caseId, State state, uint256 toConsumer, uint256 toProvider, uint256 burned);

    /// @notice The round is not in a state for this call.
    error WrongState(uint256 caseId, State actual);
    /// @notice The terms cannot be: no predictions or too many, `β` below 2, proofs for nothing, no time.
    error BadTerms();
    /// @notice The provider of the terms does not own the model.
    error NotModelOwner(address provider, address owner);
    /// @notice There is no such index, or it does not follow the one before.
    error BadIndex(uint256 index);
    /// @notice Nothing is contested or demanded, or more than there is.
    error BadRange(uint256 first, uint256 count);
    /// @notice The index was not contested, or was proven.
    error NotContested(uint256 caseId, uint256 index);
    /// @notice The prediction is not the leaf that the provider committed to.
    error NotCommitted(uint256 caseId, uint256 index);
    /// @notice A list is not as long as another one.
    error WrongLength(uint256 actual, uint256 expected);

    /// @notice Opens a round; the caller is its consumer and locks `2KZ` and the price.
    function open(Terms calldata terms) external payable returns (uint256 caseId);

    /// @notice Takes back a round that nobody accepted. The consumer may at any time, anybody when it is too late to accept.
    function cancel(Terms calldata terms) external;

    /// @notice Accepts a round; the caller is its provider and locks `βKZ`. The model's stake answers for it.
    function accept(Terms calldata terms) external payable;

    /// @notice Commits to the inputs, as the root over the leaves `Leaves.input`.
    function commitInputs(Terms calldata terms, bytes32 root) external;

    /// @notice The provider did not get inputs: it pays the bond of each, and the consumer has to hand them over.
    function demandInputs(Terms calldata terms, uint256 first, uint256 count) external payable;

    /// @notice Shows that the next demanded inputs are in the root that the consumer committed to: without their paths, the
    /// provider could not prove any prediction. Their bonds are the consumer's. Nobody else may: whoever shows a part of a batch first makes the
    /// batch fail.
    function showInputs(Terms calldata terms, uint256[] calldata commitments, bytes32[][] calldata paths) external;

    /// @notice The consumer commits to the ciphertext of the demanded inputs, when all were shown.
    function announceInputs(Terms calldata terms, bytes32 root, bytes32 keyHash) external;

    /// @notice The provider shows that a demanded input, as handed over, is not what the consumer committed to.
    /// @param key The key that the consumer revealed.
    /// @param complaint What is wrong.
    /// @param inputCommitment The commitment of the input complained about.
    /// @param path Its path to the root of the inputs.
    function complain(
        Terms calldata terms,
        uint256 key,
        IDeliveryJudge.Complaint calldata complaint,
        uint256 inputCommitment,
        bytes32[] calldata path
    ) external;

    /// @notice The provider has seen the inputs and cannot or will not predict: everybody gets back what it locked. An input may
    /// lie outside of what the model can prove, and nobody is to blame for that.
    function decline(Terms calldata terms) external;

    /// @notice Commits to the predictions, as the root over the leaves `Leaves.prediction`, and so accepts the inputs.
    function commitPredictions(Terms calldata terms, bytes32 root) external;

    /// @notice The consumer did not get predictions: it pays the bond of each, and the provider has to publish them. Once.
    function demandPredictions(Terms calldata terms, uint256 first, uint256 count) external payable;

    /// @notice Publishes the next demanded predictions, with their paths; their bonds are the provider's. Nobody else may.
    function publishPredictions(Terms calldata terms, Prediction[] calldata predictions, bytes32[][] calldata paths)
        external;

    /// @notice Contests the predictions of these indices, which ascend. Once in a round.
    function contest(Terms calldata terms, uint256[] calldata indices) external;

    /// @notice Proves a contested prediction: it is the leaf of both roots, and the model says so. Anybody may bring the proof;
    /// it is good for this round, this index and this provider only.
    function respond(
        Terms calldata terms,
        uint256 index,
        Prediction calldata prediction,
        bytes32[] calldata inputPath,
        bytes32[] calldata predictionPath,
        Evidence calldata evidence
    ) external;

    /// @notice Ends a round that has come to its end: by answers, by silence, or by the consumer's word that it does not
    /// contest. Anybody may.
    function settle(Terms calldata terms) external;

    /// @notice The id of a round.
    function idOf(Terms calldata terms) external pure returns (uint256);

    /// @notice A round.
    function roundOf(uint256 caseId) external view returns (Round memory);

    /// @notice Whether an index is contested and has no answer yet.
    function isOutstanding(uint256 caseId, uint256 index) external view returns (bool);

    /// @notice The share of a slashed escrow that is burned, in ten-thousandths. It makes disputes with oneself cost something.
    function burnShare() external view returns (uint256);
}
