// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Signatures} from "../../src/base/Signatures.sol";

/// @notice Counts what it gets consent to.
contract SignaturesHarness is Signatures {
    bytes32 private constant CONSENT = keccak256("Consent(bytes32 what,uint256 nonce,uint256 deadline)");

    /// @notice How often somebody consented.
    mapping(address signer => uint256) public consents;

    function consent(address signer, bytes32 what, uint256 nonce, uint256 deadline, bytes calldata signature) external {
        _consent(signer, words(what, nonce, deadline), nonce, deadline, signature);
        ++consents[signer];
    }

    function words(bytes32 what, uint256 nonce, uint256 deadline) public pure returns (bytes32) {
        return keccak256(abi.encode(CONSENT, what, nonce, deadline));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("harness", "7");
    }
}
