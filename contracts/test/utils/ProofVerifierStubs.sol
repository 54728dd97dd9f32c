// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IProofVerifier} from "../../src/interfaces/IProofVerifier.sol";

/// @notice Finds every proof valid.
contract AcceptingStub is IProofVerifier {
    function verifyProof(bytes calldata, uint256[] calldata) external pure returns (bool) {
        return true;
    }
}

/// @notice Finds no proof valid.
contract RefusingStub is IProofVerifier {
    function verifyProof(bytes calldata, uint256[] calldata) external pure returns (bool) {
        return false;
    }
}

/// @notice Comes to no verdict.
contract UndecidedStub is IProofVerifier {
    error Undecided(uint256 why);

    function verifyProof(bytes calldata, uint256[] calldata) external pure returns (bool) {
        revert Undecided(7);
    }
}

/// @notice Needs much gas to find a proof valid.
contract HungryStub is IProofVerifier {
    uint256 private constant APPETITE = 600_000;

    function verifyProof(bytes calldata, uint256[] calldata) external view returns (bool) {
        uint256 start = gasleft();
        while (start - gasleft() < APPETITE) {}
        return true;
    }
}

/// @notice Answers with whatever it was given at construction.
contract AnsweringStub {
    bytes private _answer;

    constructor(bytes memory answer) {
        _answer = answer;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return _answer;
    }
}

/// @notice Accepts exactly the call data with the hash given at construction.
contract CalldataStub is IProofVerifier {
    bytes32 private immutable _expected;

    constructor(bytes32 expected) {
        _expected = expected;
    }

    function verifyProof(bytes calldata, uint256[] calldata) external view returns (bool) {
        return keccak256(msg.data) == _expected;
    }
}
