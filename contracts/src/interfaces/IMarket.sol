// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title IMarket
/// @notice What all escrows share: where models are registered, and how a proof is shown.
interface IMarket {
    /// @notice Evidence that a model says what somebody claims it says. The contract makes the proof's instances from the
    /// claim, and the context from itself, case, index and payee; the evidence cannot choose them.
    /// @param weights The verifier's id of the model, from which the registry's follows.
    /// @param points Coordinates of the registered weight commitments.
    /// @param proof The circuit's proof.
    /// @param link Proof that both lists of weight commitments open to the same weights.
    struct Evidence {
        bytes32 weights;
        uint256[] points;
        bytes proof;
        bytes link;
    }

    /// @notice The evidence does not show the claim. It can be tried again until the deadline.
    error InvalidProof(uint256 caseId, uint256 index);
    /// @notice The evidence is about another model.
    error WrongModel(bytes32 actual, bytes32 expected);
    /// @notice The registry does not know this contract: it was deployed elsewhere than foreseen.
    error UnknownToRegistry(address escrow);

    /// @notice Where models are registered and staked.
    function registry() external view returns (IModelRegistry);
}
