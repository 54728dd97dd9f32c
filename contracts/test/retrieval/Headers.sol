// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Writes block headers, without the code that reads them.
library Headers {
    /// @notice A header as it is since the chain has a beacon, where `random` is the value that draws.
    function make(uint256 number, uint256 random) internal pure returns (bytes memory) {
        bytes memory fields = bytes.concat(_roots(), _numbers(number), hex"a0", bytes32(random), _rest());
        return bytes.concat(hex"f9", bytes2(uint16(fields.length)), fields);
    }

    /// @dev Parent, ommers, beneficiary, state, transactions, receipts.
    function _roots() private pure returns (bytes memory) {
        return bytes.concat(
            _word("parent"),
            _word("ommers"),
            hex"94",
            bytes20(address(0xFEE)),
            _word("state"),
            _word("transactions"),
            _word("receipts")
        );
    }

    /// @dev Bloom filter, difficulty, number, gas limit, gas used, time, extra data.
    function _numbers(uint256 number) private pure returns (bytes memory) {
        return bytes.concat(
            hex"b90100",
            new bytes(256),
            _integer(0),
            _integer(number),
            _integer(30_000_000),
            _integer(21_000),
            _integer(12 * number),
            hex"83616263"
        );
    }

    /// @dev Nonce, base fee, withdrawals.
    function _rest() private pure returns (bytes memory) {
        return bytes.concat(hex"88", bytes8(0), _integer(7), _word("withdrawals"));
    }

    function _word(string memory what) private pure returns (bytes memory) {
        return bytes.concat(hex"a0", keccak256(bytes(what)));
    }

    function _integer(uint256 value) private pure returns (bytes memory digits) {
        if (value > 0 && value < 0x80) return bytes.concat(bytes1(uint8(value)));
        for (uint256 rest = value; rest > 0; rest >>= 8) {
            digits = bytes.concat(bytes1(uint8(rest)), digits);
        }
        return bytes.concat(bytes1(uint8(0x80 + digits.length)), digits);
    }
}
