// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @notice An account that is a contract and signs by its owner's key (EIP-1271).
contract Wallet {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bool valid = SignatureCheckerLib.isValidSignatureNowCalldata(OWNER, digest, signature);
        return valid ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
