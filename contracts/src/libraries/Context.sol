// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Context
/// @notice What a proof's `context` instance binds it to, so that it can be neither replayed nor stolen.
library Context {
    /// @notice The context of answer `index` in case `caseId` of `contract_` on this chain, paying `payee`.
    /// @dev The shift by a byte makes every value a reduced scalar of BN254.
    function bind(address contract_, uint256 caseId, uint256 index, address payee) internal view returns (uint256) {
        return uint256(keccak256(abi.encode("zkescrow.context", block.chainid, contract_, caseId, index, payee))) >> 8;
    }
}
