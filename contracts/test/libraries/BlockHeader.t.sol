// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BlockHeader} from "../../src/libraries/BlockHeader.sol";
import {Test} from "../utils/Test.sol";
import {BlockHashLib} from "solady/utils/BlockHashLib.sol";

/// @notice Answers as the history contract of EIP-2935 does, for one block whose hash it knows.
contract HistoryStub {
    uint256 private immutable NUMBER;
    bytes32 private immutable HASH;

    constructor(uint256 number, bytes32 hash) {
        (NUMBER, HASH) = (number, hash);
    }

    fallback(bytes calldata data) external returns (bytes memory) {
        uint256 number = abi.decode(data, (uint256));
        require(data.length == 32 && number < block.number && number + 8191 >= block.number);
        return abi.encode(number == NUMBER ? HASH : bytes32(0));
    }
}

contract BlockHeaderTest is Test {
    /// @dev As in the vectors, whose keys are in this order.
    struct Vector {
        bytes encoded;
        bytes32 hash;
        uint256 number;
        uint256 prevRandao;
    }

    Vector[] private _vectors;

    function setUp() external {
        string memory json = vm.readFile("contracts/test/fixtures/trees.json");
        Vector[] memory vectors = abi.decode(vm.parseJson(json, ".headers"), (Vector[]));
        for (uint256 v = 0; v < vectors.length; ++v) {
            _vectors.push(vectors[v]);
        }
        vm.assertEq(_vectors.length, 3);
    }

    /// @dev The library takes headers from call data.
    function prevRandao(bytes calldata header, uint256 blockNumber) external view returns (uint256) {
        return BlockHeader.prevRandao(header, blockNumber);
    }

    function available(uint256 blockNumber) external view returns (bool) {
        return BlockHeader.available(blockNumber);
    }

    function testFuzz_prevRandao_reverts_on_unknown_blocks(uint256 number, uint256 blockNumber) external {
        vm.roll(bound(number, 0, 1 << 64));
        _unknown(bound(blockNumber, block.number, type(uint256).max));
        if (block.number > 256) _unknown(bound(blockNumber, 0, block.number - 257));
    }

    /// @dev Where the sum of number and window overflows, and at its edges.
    function test_prevRandao_reverts_at_the_edges_of_the_window() external {
        uint256[3] memory heights = [uint256(10), 256, 30_000];
        for (uint256 i = 0; i < heights.length; ++i) {
            vm.roll(heights[i]);
            uint256[6] memory unknown = [
                block.number,
                block.number + 1,
                type(uint256).max,
                type(uint256).max - 255,
                type(uint256).max - 256,
                1 << 255
            ];
            for (uint256 k = 0; k < unknown.length; ++k) {
                _unknown(unknown[k]);
            }
            vm.assertTrue(this.available(block.number - 1), "the last");
        }
        vm.assertTrue(this.available(30_000 - 256), "within the window");
        _unknown(30_000 - 257);
        _unknown(0);
    }

    function test_prevRandao_reverts_on_any_flipped_byte() external {
        for (uint256 v = 0; v < _vectors.length; ++v) {
            Vector memory vector = _vectors[v];
            _known(vector.number, vector.hash);
            for (uint256 i = 0; i < vector.encoded.length; ++i) {
                bytes1 kept = vector.encoded[i];
                vector.encoded[i] = kept ^ 0x01;
                _wrong(vector.encoded, vector.number);
                vector.encoded[i] = kept;
            }
        }
    }

    function testFuzz_prevRandao_reverts_on_other_headers(bytes calldata header) external {
        _known(_vectors[1].number, _vectors[1].hash);
        _wrong(header, _vectors[1].number);
        _wrong(_vectors[0].encoded, _vectors[1].number);
        _wrong(bytes.concat(_vectors[1].encoded, hex"00"), _vectors[1].number);
    }

    /// @dev If such bytes had the hash of a block: the walk stays within them and refuses what is no header.
    function testFuzz_prevRandao_reverts_on_malformed_headers(bytes calldata header) external {
        _malformed(header);
        _malformed(_list(header));
    }

    function test_prevRandao_reverts_on_other_lists() external {
        bytes memory header = _vectors[1].encoded;
        _malformed("");
        _malformed(hex"f9");
        _malformed(hex"f900");
        _malformed(hex"f90000");
        _malformed(hex"f90001");
        bytes1[4] memory prefixes = [bytes1(0xf8), 0xfa, 0xb9, 0x00];
        for (uint256 i = 0; i < prefixes.length; ++i) {
            header[0] = prefixes[i];
            _malformed(header);
        }
        header[0] = 0xf9;
        _malformed(bytes.concat(header, hex"00"));
        header[2] ^= 0x01;
        _malformed(header);
    }

    /// @dev Cut anywhere, with a list length that fits: what comes before the end of the randomness is needed.
    function test_prevRandao_reverts_on_lists_that_are_too_short() external {
        for (uint256 v = 0; v < _vectors.length; ++v) {
            Vector memory vector = _vectors[v];
            uint256 end = _find(vector.encoded, bytes32(vector.prevRandao)) + 32;
            bytes memory fields = _slice(vector.encoded, 3, vector.encoded.length);
            for (uint256 length = 0; length <= fields.length; length += length < 440 ? 7 : 1) {
                bytes memory header = _list(_slice(fields, 0, length));
                if (length + 3 < end) {
                    _malformed(header);
                } else {
                    _known(vector.number, keccak256(header));
                    vm.assertEq(this.prevRandao(header, vector.number), vector.prevRandao);
                }
            }
        }
    }

    function test_prevRandao_reverts_on_fields_that_are_no_strings() external {
        // Fourteen fields of a byte each: the last is not 32 bytes long. Then one after the other of another kind.
        bytes memory fields = hex"00010203040506070809800b7f0d";
        _malformed(_list(fields));
        bytes memory last = bytes.concat(hex"a0", bytes32(uint256(77)));
        bytes memory header = _list(bytes.concat(_slice(fields, 0, 13), last));
        _known(7, keccak256(header));
        vm.assertEq(this.prevRandao(header, 7), 77);
        bytes1[6] memory kinds = [bytes1(0xb8), 0xba, 0xbf, 0xc0, 0xf9, 0xff];
        for (uint256 field = 0; field < 13; ++field) {
            for (uint256 kind = 0; kind < kinds.length; ++kind) {
                bytes1 kept = fields[field];
                fields[field] = kinds[kind];
                _malformed(_list(bytes.concat(_slice(fields, 0, 13), last)));
                fields[field] = kept;
            }
        }
        // A long string whose length is cut off, and one that is longer than the rest.
        _malformed(_list(hex"b9"));
        _malformed(_list(hex"b901"));
        _malformed(_list(hex"b90100"));
        _malformed(_list(hex"b9ffff000102030405060708090a0b0c0d"));
        // Of 31 and of 33 bytes.
        _malformed(_list(bytes.concat(_slice(fields, 0, 13), hex"9f", bytes31(0))));
        _malformed(_list(bytes.concat(_slice(fields, 0, 13), hex"a1", bytes32(0), hex"00")));
    }

    function test_vectors() external {
        for (uint256 v = 0; v < _vectors.length; ++v) {
            Vector memory vector = _vectors[v];
            vm.assertEq(keccak256(vector.encoded), vector.hash);
            _known(vector.number, vector.hash);
            vm.assertTrue(this.available(vector.number), "available");
            vm.assertEq(this.prevRandao(vector.encoded, vector.number), vector.prevRandao);
        }
    }

    /// @dev Beyond 256 blocks the history contract knows, up to 8191.
    function test_older_blocks_are_known_from_history() external {
        Vector memory vector = _vectors[1];
        HistoryStub stub = new HistoryStub(vector.number, vector.hash);
        vm.etch(BlockHashLib.HISTORY_STORAGE_ADDRESS, address(stub).code);
        uint256[3] memory ages = [uint256(257), 4000, 8191];
        for (uint256 i = 0; i < ages.length; ++i) {
            vm.roll(vector.number + ages[i]);
            vm.assertTrue(this.available(vector.number), "available");
            vm.assertEq(this.prevRandao(vector.encoded, vector.number), vector.prevRandao);
            vector.encoded[20] ^= 0x01;
            _wrong(vector.encoded, vector.number);
            vector.encoded[20] ^= 0x01;
            _unknown(vector.number - 8191);
            _unknown(type(uint256).max);
            _unknown(type(uint256).max - 255);
        }
        vm.roll(vector.number + 8192);
        _unknown(vector.number);
    }

    /// @dev Makes the hash of a block known.
    function _known(uint256 number, bytes32 hash) private {
        vm.roll(number + 1);
        vm.setBlockhash(number, hash);
    }

    function _unknown(uint256 number) private {
        vm.assertFalse(this.available(number), "available");
        bytes memory header = _vectors[0].encoded;
        vm.expectRevert(abi.encodeWithSelector(BlockHeader.UnknownBlock.selector, number));
        this.prevRandao(header, number);
    }

    function _wrong(bytes memory header, uint256 number) private {
        vm.expectRevert(abi.encodeWithSelector(BlockHeader.WrongHeader.selector, number, keccak256(header)));
        this.prevRandao(header, number);
    }

    function _malformed(bytes memory header) private {
        _known(7, keccak256(header));
        vm.expectRevert(abi.encodeWithSelector(BlockHeader.MalformedHeader.selector, 7));
        this.prevRandao(header, 7);
    }

    /// @dev With the length of a list of 256 bytes or more, even where there are fewer.
    function _list(bytes memory fields) private pure returns (bytes memory) {
        return bytes.concat(hex"f9", bytes2(uint16(fields.length)), fields);
    }

    function _find(bytes memory data, bytes32 word) private pure returns (uint256 offset) {
        while (true) {
            bytes32 found;
            assembly ("memory-safe") {
                found := mload(add(add(data, 0x20), offset))
            }
            if (found == word) return offset;
            require(++offset + 32 <= data.length, "not there");
        }
    }

    function _slice(bytes memory data, uint256 start, uint256 end) private pure returns (bytes memory slice) {
        slice = new bytes(end - start);
        for (uint256 i = 0; i < slice.length; ++i) {
            slice[i] = data[start + i];
        }
    }
}
