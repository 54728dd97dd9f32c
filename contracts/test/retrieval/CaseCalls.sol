// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {CaseFixture} from "./CaseFixture.sol";

/// @notice Every call as bytes, so that a test can send it as anybody and compare the whole answer.
abstract contract CaseCalls is CaseFixture {
    uint256 internal constant KEY = 0x5EC2E7;

    /// @notice The call has to succeed.
    function by(address who, bytes memory input) internal returns (bytes memory) {
        return paying(who, 0, input);
    }

    /// @notice The same by somebody who has to pay `amount` in the cases' currency.
    function paying(address who, uint256 amount, bytes memory input) internal returns (bytes memory answer) {
        uint256 value = amount == 0 ? 0 : fund(who, address(retrieval), amount);
        bool success;
        vm.prank(who);
        (success, answer) = address(retrieval).call{value: value}(input);
        if (success) return answer;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    /// @notice The call has to revert with exactly `reason`.
    function refused(address who, bytes memory input, bytes memory reason) internal {
        refusedPaying(who, 0, input, reason);
    }

    function refusedPaying(address who, uint256 amount, bytes memory input, bytes memory reason) internal {
        uint256 value = amount == 0 ? 0 : fund(who, address(retrieval), amount);
        vm.prank(who);
        (bool success, bytes memory answer) = address(retrieval).call{value: value}(input);
        vm.assertFalse(success, "not refused");
        vm.assertEq(answer, reason);
    }

    function fileCall(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRetrievalEscrow.file, (d, r));
    }

    function approveCall(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRetrievalEscrow.approve, (d, r));
    }

    function postCall(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, bytes32 root, uint256 total)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRetrievalEscrow.postResults, (d, r, root, total));
    }

    function drawCall(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, bytes memory header)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRetrievalEscrow.draw, (d, r, header));
    }

    function rearmCall(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRetrievalEscrow.rearm, (d, r));
    }

    /// @notice Proves `sample` with an opening, and the truth about the document.
    function proveCall(
        IRetrievalEscrow.Dataset memory d,
        IRetrievalEscrow.Request memory r,
        uint256 sample,
        IRetrievalEscrow.Opening memory o
    ) internal view returns (bytes memory) {
        (uint256 output,) = verifier.truth(o.finding.commitment);
        return abi.encodeCall(IRetrievalEscrow.prove, (d, r, sample, o, output, evidence(provider)));
    }

    function demandCall(
        IRetrievalEscrow.Dataset memory d,
        IRetrievalEscrow.Request memory r,
        uint256 first,
        uint256 count
    ) internal pure returns (bytes memory) {
        return abi.encodeCall(IRetrievalEscrow.demandPositives, (d, r, first, count));
    }

    function identifyCall(
        IRetrievalEscrow.Dataset memory d,
        IRetrievalEscrow.Request memory r,
        IRetrievalEscrow.Opening memory o
    ) internal pure returns (bytes memory) {
        return abi.encodeCall(IRetrievalEscrow.identify, (d, r, o));
    }

    function announceCall(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, uint256[] memory cipher)
        internal
        pure
        returns (bytes memory)
    {
        bytes32 root = Trees.root(SealedItems.leaves(cipher));
        return abi.encodeCall(IRetrievalEscrow.announceDocuments, (d, r, root, keccak256(abi.encode(KEY))));
    }

    /// @notice A complaint about the document that the opening shows.
    function complainCall(
        IRetrievalEscrow.Dataset memory d,
        IRetrievalEscrow.Request memory r,
        IDeliveryJudge.Complaint memory complaint,
        IRetrievalEscrow.Opening memory o
    ) internal pure returns (bytes memory) {
        return abi.encodeCall(IRetrievalEscrow.complain, (d, r, KEY, complaint, o));
    }

    function settleCall(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRetrievalEscrow.settle, (d, r));
    }
}
