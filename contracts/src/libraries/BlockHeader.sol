// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BlockHashLib} from "solady/utils/BlockHashLib.sol";

/// @title BlockHeader
/// @notice The randomness of past blocks, from their headers.
library BlockHeader {
    /// @notice The chain does not know the block's hash: it is to come, or too long ago.
    error UnknownBlock(uint256 blockNumber);
    /// @notice This is the header of another block, or of none.
    error WrongHeader(uint256 blockNumber, bytes32 headerHash);
    /// @notice The block has such a header, but it is not encoded as headers are.
    error MalformedHeader(uint256 blockNumber);

    /// @dev Place of the randomness among the header's fields, and its length.
    uint256 private constant MIX_HASH = 13;
    uint256 private constant MIX_HASH_LENGTH = 32;

    /// @notice Whether the hash of a block is known: after it, for 8191 blocks (EIP-2935), or else for 256.
    function available(uint256 blockNumber) internal view returns (bool) {
        return BlockHashLib.blockHash(blockNumber) != 0;
    }

    /// @notice What PREVRANDAO was in a past block, given its header's RLP encoding.
    function prevRandao(bytes calldata header, uint256 blockNumber) internal view returns (uint256) {
        bytes32 expected = BlockHashLib.blockHash(blockNumber);
        if (expected == 0) revert UnknownBlock(blockNumber);
        bytes32 actual = keccak256(header);
        if (actual != expected) revert WrongHeader(blockNumber, actual);
        (bool valid, uint256 mixHash) = _mixHash(header);
        if (!valid) revert MalformedHeader(blockNumber);
        return mixHash;
    }

    /// @dev The header is a list of strings of 256 bytes or more (its bloom filter alone is that long), which the list's
    /// length has to span exactly.
    function _mixHash(bytes calldata header) private pure returns (bool, uint256) {
        if (header.length < 3 || header[0] != 0xf9) return (false, 0);
        unchecked {
            if (3 + _uint16(header, 1) != header.length) return (false, 0);
            uint256 offset = 3;
            for (uint256 field = 0; field < MIX_HASH; ++field) {
                offset = _skip(header, offset);
            }
            uint256 start = offset + 1;
            uint256 end = start + MIX_HASH_LENGTH;
            if (end > header.length || uint8(header[offset]) != 0x80 + MIX_HASH_LENGTH) return (false, 0);
            return (true, uint256(bytes32(header[start:end])));
        }
    }

    /// @dev Where the string at `offset` ends. Where there is no string, or not all of it, no other can follow: the
    /// answer is the header's end, or beyond.
    function _skip(bytes calldata header, uint256 offset) private pure returns (uint256) {
        if (offset >= header.length) return header.length;
        uint256 first = uint8(header[offset]);
        unchecked {
            // A byte that is its own encoding.
            if (first < 0x80) return offset + 1;
            // Up to 55 bytes.
            if (first <= 0xb7) return offset + 1 + first - 0x80;
            // 256 to 65535 bytes: the bloom filter. No field has 56 to 255.
            if (first == 0xb9 && offset + 2 < header.length) return offset + 3 + _uint16(header, offset + 1);
        }
        return header.length;
    }

    function _uint16(bytes calldata header, uint256 offset) private pure returns (uint256) {
        return uint16(bytes2(header[offset:offset + 2]));
    }
}
