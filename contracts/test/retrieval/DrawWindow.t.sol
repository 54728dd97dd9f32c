// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {BlockHeader} from "../../src/libraries/BlockHeader.sol";
import {CaseSteps} from "./CaseSteps.sol";
import {BlockHashLib} from "solady/utils/BlockHashLib.sol";

/// @notice Keeps the hashes of 8191 blocks, as the history contract of EIP-2935 does.
contract History {
    mapping(uint256 number => bytes32) private _hashes;

    function remember(uint256 number, bytes32 hash) external {
        _hashes[number] = hash;
    }

    fallback(bytes calldata data) external returns (bytes memory) {
        uint256 number = abi.decode(data, (uint256));
        require(data.length == 32 && number < block.number && number + 8191 >= block.number);
        return abi.encode(_hashes[number]);
    }
}

/// @notice How long a block draws on a chain with EIP-2935.
contract DrawWindowTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _block;
    bytes private _header;

    function setUp() public override {
        super.setUp();
        vm.etch(BlockHashLib.HISTORY_STORAGE_ADDRESS, address(new History()).code);
        _d = dataset(1);
        _r = request(_d);
        reach(_d, _r, IRetrievalEscrow.State.Posted);
        _block = caseOf(_r).drawBlock;
        _header = mine(_r, RANDOM);
        History(BlockHashLib.HISTORY_STORAGE_ADDRESS).remember(_block, keccak256(_header));
    }

    function test_the_block_draws_for_8191_blocks() external {
        bytes memory pending = abi.encodeWithSelector(IRetrievalEscrow.DrawPending.selector, _block);
        vm.roll(_block + 257);
        refused(responder, rearmCall(_d, _r), pending);
        vm.roll(_block + 8191);
        refused(responder, rearmCall(_d, _r), pending);
        by(consumer, drawCall(_d, _r, _header));
        vm.assertEq(caseOf(_r).seed, keccak256(abi.encode(RANDOM, retrieval.idOf(_r))));
    }

    function test_and_no_longer() external {
        vm.roll(_block + 8192);
        bytes memory unknown = abi.encodeWithSelector(BlockHeader.UnknownBlock.selector, _block);
        refused(stranger, drawCall(_d, _r, _header), unknown);
        by(responder, rearmCall(_d, _r));
        vm.assertEq(caseOf(_r).drawBlock, block.number + DRAW_DELAY);
    }

    /// @dev Too little gas to ask the history is not enough to name another block, either.
    function testFuzz_no_amount_of_gas_hides_the_hash(uint256 allowance) external {
        vm.roll(_block + 4000);
        bytes memory input = rearmCall(_d, _r);
        (bool success,) = address(retrieval).call{gas: bound(allowance, 1000, 80_000)}(input);
        vm.assertFalse(success);
        vm.assertEq(caseOf(_r).drawBlock, _block);
    }
}
