// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundFixture} from "../prediction/RoundFixture.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice Demanded inputs of a round, and their delivery.
abstract contract DeliveryFixture is RoundFixture {
    uint256 internal constant KEY = 0x5EC4E7;
    uint256 internal constant FOREVER = type(uint256).max;
    /// @dev Which indices are demanded.
    uint256 internal constant FIRST = 1;

    uint256[] private _cipher;

    function setUp() public virtual override {
        super.setUp();
        _cipher = SealedItems.encrypt(KEY, plain(FIRST, demanded()));
    }

    /// @notice How many indices are demanded.
    function demanded() internal pure virtual returns (uint256) {
        return 3;
    }

    /// @notice The words of inputs from `first` on.
    function plain(uint256 first, uint256 count) internal view returns (uint256[] memory words) {
        uint256 size = 2 * uint256(verifier.ELEMENTS()) + 2;
        words = new uint256[](count * size);
        for (uint256 i = 0; i < count; ++i) {
            uint256[] memory some = SealedItems.words(verifier.DOMAIN(), item(first + i), false);
            for (uint256 j = 0; j < size; ++j) {
                words[i * size + j] = some[j];
            }
        }
    }

    /// @notice The demanded inputs under `KEY`.
    function cipher() internal view returns (uint256[] memory) {
        return _cipher;
    }

    function keyHash(uint256 key) internal pure returns (bytes32) {
        return keccak256(abi.encode(key));
    }

    /// @notice Commitments of inputs from `first` on, and their paths.
    function opened(IPredictionEscrow.Terms memory t, uint256 first, uint256 count)
        internal
        view
        returns (uint256[] memory commitments, bytes32[][] memory paths)
    {
        bytes32[] memory leaves = inputLeaves(t.count);
        commitments = new uint256[](count);
        paths = new bytes32[][](count);
        for (uint256 i = 0; i < count; ++i) {
            commitments[i] = inputCommitment(first + i);
            paths[i] = Trees.path(leaves, first + i);
        }
    }

    /// @notice A round whose inputs are demanded.
    function inputsDemanded(IPredictionEscrow.Terms memory t) internal returns (uint256 caseId) {
        caseId = open(t);
        accept(t);
        commitInputs(t);
        demandInputs(t, FIRST, demanded());
    }

    function demandInputs(IPredictionEscrow.Terms memory t, uint256 first, uint256 count) internal {
        uint256 value = fund(t.provider, address(predictions), count * t.demandBond);
        vm.prank(t.provider);
        predictions.demandInputs{value: value}(t, first, count);
    }

    /// @notice Shows inputs from `first` on.
    function showInputs(IPredictionEscrow.Terms memory t, uint256 first, uint256 count) internal {
        (uint256[] memory commitments, bytes32[][] memory paths) = opened(t, first, count);
        vm.prank(t.consumer);
        predictions.showInputs(t, commitments, paths);
    }

    /// @notice A round whose demanded inputs are shown.
    function inputsShown(IPredictionEscrow.Terms memory t) internal returns (uint256 caseId) {
        caseId = inputsDemanded(t);
        showInputs(t, FIRST, demanded());
    }

    /// @notice Announces `words` under a key of this hash.
    function announce(IPredictionEscrow.Terms memory t, uint256[] memory words, bytes32 hash) internal {
        bytes32 root = Trees.root(SealedItems.leaves(words));
        vm.prank(t.consumer);
        predictions.announceInputs(t, root, hash);
    }

    /// @notice A round whose demanded inputs are announced.
    function announced(IPredictionEscrow.Terms memory t) internal returns (uint256 caseId) {
        caseId = inputsShown(t);
        announce(t, cipher(), keyHash(KEY));
    }

    function acknowledge(IPredictionEscrow.Terms memory t) internal {
        uint256 caseId = predictions.idOf(t);
        vm.prank(t.provider);
        predictions.acknowledge(caseId);
    }

    function demandPublication(IPredictionEscrow.Terms memory t) internal {
        uint256 caseId = predictions.idOf(t);
        uint256 bond = t.courier.bond * predictions.deliveryOf(caseId).chunks;
        uint256 value = fund(t.provider, address(predictions), bond);
        vm.prank(t.provider);
        predictions.demandPublication{value: value}(caseId);
    }

    /// @notice What the receiver signs.
    function acknowledgement(IPredictionEscrow.Terms memory t, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        uint256 caseId = predictions.idOf(t);
        return acknowledgementOf(caseId, predictions.deliveryOf(caseId).root, nonce, deadline);
    }

    function acknowledgementOf(uint256 caseId, bytes32 root, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 kind = keccak256("Acknowledgement(uint256 caseId,bytes32 root,uint256 nonce,uint256 deadline)");
        return keccak256(abi.encode(kind, caseId, root, nonce, deadline));
    }

    /// @notice A chunk of 256 words, or the rest.
    function chunk(uint256[] memory words, uint256 number)
        internal
        pure
        returns (uint256[] memory some, bytes32[] memory path)
    {
        uint256 first = number * 256;
        uint256 size = words.length - first < 256 ? words.length - first : 256;
        some = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            some[i] = words[first + i];
        }
        path = Trees.pathFrom(SealedItems.leaves(words), first, 8);
    }

    /// @notice Publishes a chunk.
    function publish(IPredictionEscrow.Terms memory t, uint256 number) internal {
        (uint256[] memory some, bytes32[] memory path) = chunk(cipher(), number);
        uint256 caseId = predictions.idOf(t);
        vm.prank(t.consumer);
        predictions.publish(caseId, some, path);
    }

    function reveal(IPredictionEscrow.Terms memory t, uint256 key) internal {
        uint256 caseId = predictions.idOf(t);
        vm.prank(t.consumer);
        predictions.reveal(caseId, key);
    }

    /// @notice A round whose delivery is at `stage`.
    function deliver(IPredictionEscrow.Terms memory t, IDeliveries.Stage stage) internal returns (uint256 caseId) {
        if (stage == IDeliveries.Stage.None) return inputsShown(t);
        caseId = announced(t);
        if (stage == IDeliveries.Stage.Announced) return caseId;
        if (stage == IDeliveries.Stage.Demanded) {
            demandPublication(t);
            return caseId;
        }
        acknowledge(t);
        if (stage == IDeliveries.Stage.Revealed) reveal(t, KEY);
    }

    function stageOf(IPredictionEscrow.Terms memory t) internal view returns (IDeliveries.Stage) {
        return predictions.deliveryOf(predictions.idOf(t)).stage;
    }
}
