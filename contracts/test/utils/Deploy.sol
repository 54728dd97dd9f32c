// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {IRandomness} from "../../src/interfaces/IRandomness.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {Vm} from "./Test.sol";

/// @notice All that `PredictionEscrow` can do.
interface Predictions is IPredictionEscrow, ICredits, ISignatures {}

/// @notice All that `AccuracyEscrow` can do.
interface Exams is IAccuracyEscrow, ICredits, ISignatures {}

/// @notice All that `RetrievalEscrow` can do.
interface Retrieval is IRetrievalEscrow, ICredits, ISignatures {}

/// @notice Creates the contracts from forge's artifacts. Tests that say `new` would embed their code, and be compiled anew
/// whenever one of them changes: minutes instead of seconds.
/// @dev The caller is the creator. Constructors' errors are passed on.
library Deploy {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function predictionEscrow(IModelRegistry registry, IDeliveryJudge judge, uint256 burnShare)
        internal
        returns (Predictions)
    {
        return Predictions(_create("PredictionEscrow.sol", abi.encode(registry, judge, burnShare)));
    }

    function accuracyEscrow(IModelRegistry registry, IDeliveryJudge judge, address feeRecipient, uint256 burnShare)
        internal
        returns (Exams)
    {
        return Exams(_create("AccuracyEscrow.sol", abi.encode(registry, judge, feeRecipient, burnShare)));
    }

    function retrievalEscrow(
        IModelRegistry registry,
        IDeliveryJudge judge,
        IRandomness randomness,
        uint256 drawDelay,
        uint256 burnShare
    ) internal returns (Retrieval) {
        bytes memory arguments = abi.encode(registry, judge, randomness, drawDelay, burnShare);
        return Retrieval(_create("RetrievalEscrow.sol", arguments));
    }

    function modelRegistry(IModelRegistry.Config memory config) internal returns (IModelRegistry) {
        return IModelRegistry(_create("ModelRegistry.sol", abi.encode(config)));
    }

    function inferenceVerifier(IInferenceVerifier.Config memory config) internal returns (IInferenceVerifier) {
        return IInferenceVerifier(_create("InferenceVerifier.sol", abi.encode(config)));
    }

    function deliveryJudge() internal returns (IDeliveryJudge) {
        return IDeliveryJudge(_create("DeliveryJudge.sol", ""));
    }

    function blockRandomness() internal returns (IRandomness) {
        return IRandomness(_create("BlockRandomness.sol", ""));
    }

    /// @dev `scripts/mutants.mjs` finds the names of these files here.
    function _create(string memory file, bytes memory arguments) private returns (address made) {
        bytes memory code = bytes.concat(vm.getCode(file), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
            if iszero(made) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }
}
