// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Stands for a generated verifier that finds every proof valid.
contract AcceptingStub {
    fallback() external {}
}

/// @notice Stands for a generated verifier that reverts, with a large answer.
contract RevertingStub {
    fallback() external {
        assembly ("memory-safe") {
            revert(0, 0x10000)
        }
    }
}

/// @notice Stands for a generated verifier that burns all its gas on a bad proof.
contract BurningStub {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice Stands for a generated verifier that needs nearly all of its gas to find a proof valid.
contract HungryStub {
    uint256 public constant APPETITE = 2_990_000;

    fallback() external {
        uint256 start = gasleft();
        while (start - gasleft() < APPETITE) {}
    }
}

/// @notice Accepts exactly the calldata with the hash given at construction.
contract CalldataStub {
    bytes32 private immutable _expected;

    constructor(bytes32 expected) {
        _expected = expected;
    }

    fallback() external {
        assert(keccak256(msg.data) == _expected);
    }
}
