// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {MarketFixture} from "../utils/MarketFixture.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice A round of few predictions, step by step.
abstract contract RoundFixture is MarketFixture {
    uint32 internal constant COUNT = 5;
    uint16 internal constant BETA = 3;
    uint128 internal constant PROOF_COST = 1e12;
    uint128 internal constant PRICE = 1e10;
    uint128 internal constant DEMAND_BOND = 1e8;
    uint256 internal constant CONSUMER_LOCK = COUNT * (2 * uint256(PROOF_COST) + PRICE);
    uint256 internal constant PROVIDER_LOCK = uint256(BETA) * COUNT * PROOF_COST;

    /// @dev Commitments are slow to make.
    uint256[] private _commitments;

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i = 0; i < inputs(); ++i) {
            _commitments.push(commitment(item(i)));
        }
    }

    /// @notice How many inputs tests use.
    function inputs() internal pure virtual returns (uint256) {
        return 2 * COUNT;
    }

    /// @notice The commitment to input `i`.
    function inputCommitment(uint256 i) internal view returns (uint256) {
        return _commitments[i];
    }

    function terms() internal view virtual returns (IPredictionEscrow.Terms memory) {
        return IPredictionEscrow.Terms({
            consumer: consumer,
            provider: provider,
            model: model,
            currency: currency(),
            count: COUNT,
            beta: BETA,
            proofCost: PROOF_COST,
            price: PRICE,
            demandBond: DEMAND_BOND,
            windows: IPredictionEscrow.Windows({
                accept: 1 hours,
                inputs: 2 hours,
                predictions: 3 hours,
                contest: 4 hours,
                respond: 5 hours,
                respondEach: 600
            }),
            courier: courier(),
            salt: 1
        });
    }

    function inputLeaves(uint256 count) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = Leaves.input(i, inputCommitment(i));
        }
    }

    /// @notice What the model says of input `i`.
    function prediction(uint256 i) internal view returns (IPredictionEscrow.Prediction memory p) {
        p.inputCommitment = inputCommitment(i);
        (p.outputCommitment, p.label) = verifier.truth(p.inputCommitment);
    }

    /// @notice The provider's leaves; those below `lies` have a false label.
    function predictionLeaves(uint256 count, uint256 lies) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            IPredictionEscrow.Prediction memory p = prediction(i);
            if (i < lies) p.label = (p.label + 1) % 10;
            leaves[i] = Leaves.prediction(i, p.inputCommitment, p.outputCommitment, p.label);
        }
    }

    function open(IPredictionEscrow.Terms memory t) internal returns (uint256 caseId) {
        uint256 value = fund(t.consumer, address(predictions), uint256(t.count) * (2 * uint256(t.proofCost) + t.price));
        vm.prank(t.consumer);
        return predictions.open{value: value}(t);
    }

    function accept(IPredictionEscrow.Terms memory t) internal {
        uint256 value = fund(t.provider, address(predictions), uint256(t.beta) * t.count * t.proofCost);
        vm.prank(t.provider);
        predictions.accept{value: value}(t);
    }

    function commitInputs(IPredictionEscrow.Terms memory t) internal {
        bytes32 root = Trees.root(inputLeaves(t.count));
        vm.prank(t.consumer);
        predictions.commitInputs(t, root);
    }

    /// @notice The provider commits to predictions, of which the first `lies` are false.
    function commitPredictions(IPredictionEscrow.Terms memory t, uint256 lies) internal {
        bytes32 root = Trees.root(predictionLeaves(t.count, lies));
        vm.prank(t.provider);
        predictions.commitPredictions(t, root);
    }

    function contest(IPredictionEscrow.Terms memory t, uint256[] memory indices) internal {
        vm.prank(t.consumer);
        predictions.contest(t, indices);
    }

    /// @notice An honest answer to a contest of `index`, where the first `lies` predictions are false.
    function respond(IPredictionEscrow.Terms memory t, uint256 index, uint256 lies) internal {
        predictions.respond(
            t,
            index,
            prediction(index),
            Trees.path(inputLeaves(t.count), index),
            Trees.path(predictionLeaves(t.count, lies), index),
            evidence(t.provider)
        );
    }

    /// @notice A round whose predictions are committed to.
    function predicted(IPredictionEscrow.Terms memory t, uint256 lies) internal returns (uint256 caseId) {
        caseId = open(t);
        accept(t);
        commitInputs(t);
        commitPredictions(t, lies);
    }

    function state(IPredictionEscrow.Terms memory t) internal view returns (IPredictionEscrow.State) {
        return predictions.roundOf(predictions.idOf(t)).state;
    }

    /// @notice Who has what in the end: everything that the escrow holds, and not a wei less.
    function paid(IPredictionEscrow.Terms memory t, uint256 toConsumer, uint256 toProvider, uint256 burned)
        internal
        view
    {
        vm.assertEq(credit(predictions, t.consumer), toConsumer, "consumer");
        vm.assertEq(credit(predictions, t.provider), toProvider, "provider");
        vm.assertEq(credit(predictions, BURN), burned, "burned");
        vm.assertEq(held(address(predictions)), toConsumer + toProvider + burned, "held");
        vm.assertEq(registry.modelOf(t.model).openCases, 0, "open cases");
    }

    function one(uint256 index) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = index;
    }
}
