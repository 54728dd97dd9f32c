// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Settlement
/// @notice Who gets what when a case ends. Each function gives out exactly what the case holds.
library Settlement {
    uint256 internal constant WHOLE = 10_000;

    /// @notice Shares of what a case holds.
    struct Shares {
        uint256 consumer;
        uint256 provider;
        uint256 burned;
    }

    /// @notice The amounts of a round of predictions.
    /// @param count `K`, predictions.
    /// @param proofCost `Z`, cost of a proof.
    /// @param price Price of a prediction.
    /// @param beta `β`, the provider's escrow in costs of proofs for each prediction.
    struct Round {
        uint256 count;
        uint256 proofCost;
        uint256 price;
        uint256 beta;
    }

    /// @notice The amounts of a measurement of accuracy.
    /// @param examples `N`, the size of the test set.
    /// @param first `N1`, what the provider sees before it decides.
    /// @param exampleCost `E`, cost of a labelled example.
    /// @param proofCost `Z`, cost of a proof.
    /// @param inferenceCost `P`, cost of a prediction.
    struct Exam {
        uint256 examples;
        uint256 first;
        uint256 exampleCost;
        uint256 proofCost;
        uint256 inferenceCost;
    }

    /// @notice What the consumer of a round locks: `2KZ`, and the price.
    function consumerLock(Round memory r) internal pure returns (uint256) {
        return r.count * (2 * r.proofCost + r.price);
    }

    /// @notice What the provider of a round locks: `βKZ`.
    function providerLock(Round memory r) internal pure returns (uint256) {
        return r.beta * r.count * r.proofCost;
    }

    /// @notice Nobody accepted the round: the consumer gets back what it locked, and nobody else did.
    function cancelled(Round memory r) internal pure returns (Shares memory) {
        return Shares({consumer: consumerLock(r), provider: 0, burned: 0});
    }

    /// @notice Nobody is to blame: everybody gets back what it locked.
    function refunded(Round memory r) internal pure returns (Shares memory) {
        return Shares({consumer: consumerLock(r), provider: providerLock(r), burned: 0});
    }

    /// @notice The round was served, and all contested predictions were proven: the provider gets the price and twice the
    /// cost of each proof.
    function served(Round memory r, uint256 contested) internal pure returns (Shares memory) {
        uint256 earned = r.count * r.price + 2 * contested * r.proofCost;
        return Shares({consumer: consumerLock(r) - earned, provider: providerLock(r) + earned, burned: 0});
    }

    /// @notice The consumer failed: its escrow `2KZ` is the provider's. Nothing was served, so nothing is paid for.
    function forfeited(Round memory r) internal pure returns (Shares memory) {
        return Shares({consumer: r.count * r.price, provider: providerLock(r) + 2 * r.count * r.proofCost, burned: 0});
    }

    /// @notice The provider failed: its whole escrow is the consumer's, but for the share that is burned.
    function slashed(Round memory r, uint256 burnShare) internal pure returns (Shares memory) {
        uint256 burned = providerLock(r) * burnShare / WHOLE;
        return Shares({consumer: consumerLock(r) + providerLock(r) - burned, provider: 0, burned: burned});
    }

    /// @notice What each side of an exam locks, besides the fee: `2NE`.
    function lock(Exam memory e) internal pure returns (uint256) {
        return 2 * e.examples * e.exampleCost;
    }

    /// @notice The marketplace's fee of each side: `N1·P`.
    function fee(Exam memory e) internal pure returns (uint256) {
        return e.first * e.inferenceCost;
    }

    /// @notice Nobody accepted the exam: the consumer gets back what it locked, the fee included.
    function cancelled(Exam memory e) internal pure returns (Shares memory) {
        return Shares({consumer: lock(e) + fee(e), provider: 0, burned: 0});
    }

    /// @notice The provider stopped after the first examples: the consumer pays for these inferences.
    function aborted(Exam memory e) internal pure returns (Shares memory) {
        return Shares({consumer: lock(e) - fee(e), provider: lock(e) + fee(e), burned: 0});
    }

    /// @notice The consumer failed.
    function consumerFailed(Exam memory e) internal pure returns (Shares memory) {
        return Shares({consumer: 0, provider: 2 * lock(e), burned: 0});
    }

    /// @notice The provider failed, or its model did.
    function providerFailed(Exam memory e, uint256 burnShare) internal pure returns (Shares memory) {
        uint256 burned = lock(e) * burnShare / WHOLE;
        return Shares({consumer: 2 * lock(e) - burned, provider: 0, burned: burned});
    }

    /// @notice The model is as accurate as it had to be: the consumer pays `2(N1·P + N2·Z)`.
    function passed(Exam memory e) internal pure returns (Shares memory) {
        uint256 paid = 2 * (fee(e) + (e.examples - e.first) * e.proofCost);
        return Shares({consumer: lock(e) - paid, provider: lock(e) + paid, burned: 0});
    }
}
