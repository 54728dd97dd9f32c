// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";

/// @notice Call data that is changed in place, and calls that cannot be misread: thousands of changed proofs cost no
/// memory, and nothing but a word 0 or 1 is a verdict.
abstract contract Calls is Test {
    enum Verdict {
        Refused,
        Accepted,
        Reverted
    }

    /// @dev Enough gas to check arguments, far too little to check a proof.
    uint256 private constant AT_ONCE = 80_000;

    /// @notice What `target` says to `input`, in a static call with all gas.
    function ask(address target, bytes memory input) internal view returns (Verdict) {
        return ask(target, input, gasleft());
    }

    /// @notice The same with limited gas.
    function ask(address target, bytes memory input, uint256 allowance) internal view returns (Verdict) {
        bool success;
        uint256 size;
        uint256 answer;
        assembly ("memory-safe") {
            success := staticcall(allowance, target, add(input, 0x20), mload(input), 0x00, 0x20)
            size := returndatasize()
            answer := mload(0x00)
        }
        if (!success) return Verdict.Reverted;
        vm.assertTrue(size == 32 && answer < 2, "an answer that is no verdict");
        return answer == 1 ? Verdict.Accepted : Verdict.Refused;
    }

    function refused(address target, bytes memory input, string memory what, uint256 which) internal view {
        if (ask(target, input) != Verdict.Refused) _fail(what, which);
    }

    /// @notice Refused for what it is, before anything is computed with it: the transcript alone would refuse most changes
    /// of an honest proof, but not what somebody proves on purpose.
    function refusedAtOnce(address target, bytes memory input, string memory what, uint256 which) internal view {
        if (ask(target, input, AT_ONCE) != Verdict.Refused) _fail(what, which);
    }

    function notAccepted(address target, bytes memory input, string memory what, uint256 which) internal view {
        if (ask(target, input) == Verdict.Accepted) _fail(what, which);
    }

    function get(bytes memory data, uint256 position) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), position))
        }
    }

    function put(bytes memory data, uint256 position, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 0x20), position), word)
        }
    }

    /// @notice Flips bits of one byte, other bits at every position.
    function flip(bytes memory data, uint256 position) internal pure {
        data[position] ^= bytes1(uint8(1 + (position * 151) % 255));
    }

    function _fail(string memory what, uint256 which) private pure {
        vm.assertTrue(false, string.concat(what, ", ", vm.toString(which)));
    }
}
