// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IRandomness} from "./interfaces/IRandomness.sol";
import {BlockHeader} from "./libraries/BlockHeader.sol";

/// @title BlockRandomness
/// @notice The RANDAO values of the chain, shown by block headers. A proposer can bias one by a bit, by giving up its block. On
/// chains without a beacon, whose headers hold a constant or the sequencer's choice, this is no source of randomness.
contract BlockRandomness is IRandomness {
    /// @inheritdoc IRandomness
    function valueOf(uint256 blockNumber, bytes calldata proof) external view returns (uint256) {
        return BlockHeader.prevRandao(proof, blockNumber);
    }

    /// @inheritdoc IRandomness
    function available(uint256 blockNumber) external view returns (bool) {
        return BlockHeader.available(blockNumber);
    }
}
