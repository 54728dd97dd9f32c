// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice How large a ciphertext may be, with an architecture whose inputs have 2^33 words.
contract SizesTest is RoundDriver {
    uint32 private constant MANY = 200;
    uint256 private constant ITEM_WORDS = 1 << 33;

    function setUp() public override {
        super.setUp();
        HugeVerifier huge = new HugeVerifier();
        registry.registerArchitecture(address(huge));
        vm.prank(provider);
        model = registry.register(address(huge), points);
        vm.deal(provider, MINIMUM_STAKE);
        vm.prank(provider);
        registry.addStake{value: MINIMUM_STAKE}(model, MINIMUM_STAKE);
    }

    function terms() internal view override returns (IPredictionEscrow.Terms memory t) {
        t = super.terms();
        t.count = MANY;
    }

    /// @dev 127 inputs, just below 2^40 words.
    function test_words_of_a_large_delivery() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = _shown(t, 127);
        vm.prank(consumer);
        predictions.announceInputs(t, ROOT, ROOT);
        IDeliveries.Delivery memory d = predictions.deliveryOf(caseId);
        vm.assertEq(d.words, 127 * ITEM_WORDS);
        vm.assertEq(d.chunks, 127 * ITEM_WORDS / 256);
        demandPublication(t);
        uint256 time = uint256(t.courier.step) + t.courier.perChunk * (127 * ITEM_WORDS / 256);
        vm.assertEq(predictions.deliveryOf(caseId).deadline, block.timestamp + time);
    }

    /// @dev More words than a tree has leaves.
    function test_too_many_words() external {
        _tooMany(129);
        _tooMany(MANY);
    }

    function _tooMany(uint256 count) private {
        uint256 before = vm.snapshotState();
        IPredictionEscrow.Terms memory t = terms();
        _shown(t, count);
        bytes memory refusal = abi.encodeWithSelector(IDeliveries.TooManyWords.selector, count * ITEM_WORDS);
        refuse(Move(consumer, 0, abi.encodeCall(predictions.announceInputs, (t, ROOT, ROOT))), refusal);
        vm.assertTrue(state(t) == IPredictionEscrow.State.InputsShown, "moved");
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.None, "announced");
        vm.revertToState(before);
    }

    /// @dev A round whose first inputs are demanded and shown.
    function _shown(IPredictionEscrow.Terms memory t, uint256 count) private returns (uint256 caseId) {
        bytes32[] memory leaves = new bytes32[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            leaves[i] = Leaves.input(i, i);
        }
        caseId = open(t);
        accept(t);
        bytes32 root = Trees.root(leaves);
        vm.prank(consumer);
        predictions.commitInputs(t, root);
        demandInputs(t, 0, count);
        uint256[] memory commitments = new uint256[](count);
        bytes32[][] memory paths = new bytes32[][](count);
        for (uint256 i = 0; i < count; ++i) {
            commitments[i] = i;
            paths[i] = Trees.path(leaves, i);
        }
        predictions.showInputs(t, commitments, paths);
    }
}

/// @notice An architecture with the largest inputs that a packing can name. It proves nothing.
contract HugeVerifier {
    bytes32 public constant archDigest = keccak256("huge");

    function inputPacking() external pure returns (IInferenceVerifier.Packing memory) {
        return IInferenceVerifier.Packing({domain: 1, elements: type(uint32).max, shortElements: 0, shortBytes: 0});
    }

    function modelId(address provider, uint256[] calldata points) external pure returns (bytes32) {
        return keccak256(abi.encodePacked(archDigest, provider, points));
    }
}
