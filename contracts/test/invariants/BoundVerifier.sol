// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";

/// @notice Says of truth what `TruthVerifier` says, but a proof is the hash of its instances: one that was made for another
/// purpose is refused, as the circuit's proofs are. It may need much gas, and then has no verdict without it.
contract BoundVerifier {
    TruthVerifier private immutable _TRUTH;
    uint256 private immutable _APPETITE;

    constructor(TruthVerifier truth, uint256 appetite) {
        (_TRUTH, _APPETITE) = (truth, appetite);
    }

    fallback(bytes calldata data) external returns (bytes memory) {
        if (bytes4(data) == IInferenceVerifier.verifyFor.selector) return abi.encode(_verify(data[4:]));
        (bool success, bytes memory answer) = address(_TRUTH).staticcall(data);
        require(success, "no such question");
        return answer;
    }

    function _verify(bytes calldata data) private view returns (bool) {
        if (gasleft() < _APPETITE) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        (, bytes32 model, address provider, uint256[] memory points, bytes memory proof,, uint256[] memory instances) =
            abi.decode(data, (IInferenceVerifier.Purpose, bytes32, address, uint256[], bytes, bytes, uint256[]));
        if (model != _TRUTH.modelId(provider, points) || instances.length != 4) return false;
        (uint256 output, uint256 label) = _TRUTH.truth(instances[0]);
        return instances[1] == output && instances[2] == label
            && keccak256(proof) == keccak256(abi.encode(keccak256(abi.encode(instances))));
    }
}

/// @notice The code of an account that takes no ETH.
contract Refuser {
    error Refused();

    receive() external payable {
        revert Refused();
    }
}
