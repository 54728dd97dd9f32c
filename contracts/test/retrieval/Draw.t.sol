// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {BlockHeader} from "../../src/libraries/BlockHeader.sol";
import {CaseSteps} from "./CaseSteps.sol";
import {Headers} from "./Headers.sol";

/// @notice When the sample is drawn, and by what.
contract DrawTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _posted;
    uint256 private _block;

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        _r = request(_d);
        reach(_d, _r, IRetrievalEscrow.State.Posted);
        _posted = block.number;
        _block = _posted + DRAW_DELAY;
    }

    function test_the_block_is_named_with_the_results() external view {
        vm.assertEq(caseOf(_r).drawBlock, _block);
        vm.assertEq(caseOf(_r).deadline, block.timestamp + 7 days);
    }

    function test_nobody_draws_before_or_in_the_block() external {
        bytes memory header = Headers.make(_block, RANDOM);
        bytes memory pending = abi.encodeWithSelector(IRetrievalEscrow.DrawPending.selector, _block);
        uint256[4] memory heights = [_posted, _posted + 1, _block - 1, _block];
        address[4] memory parties = [consumer, responder, approver, stranger];
        for (uint256 i = 0; i < heights.length; ++i) {
            vm.roll(heights[i]);
            for (uint256 k = 0; k < parties.length; ++k) {
                refused(parties[k], drawCall(_d, _r, header), pending);
                refused(parties[k], rearmCall(_d, _r), pending);
            }
        }
        mine(_r, RANDOM);
        by(stranger, drawCall(_d, _r, header));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Drawn);
    }

    function test_everybody_draws_the_same() external {
        // Alike but for its salt: the same block, another sample.
        bytes memory header = mine(_r, RANDOM);
        by(consumer, drawCall(_d, _r, header));
        bytes32 seed = keccak256(abi.encode(RANDOM, retrieval.idOf(_r)));
        vm.assertEq(caseOf(_r).seed, seed);
        vm.assertEq(caseOf(_r).outstanding, COUNT);
        vm.assertEq(caseOf(_r).deadline, block.timestamp + 3 hours + COUNT * 600);
    }

    /// @dev As long as nobody has settled: the time for proofs begins with the draw.
    function test_the_deadline_does_not_keep_anybody_from_drawing() external {
        bytes memory header = mine(_r, RANDOM);
        vm.warp(caseOf(_r).deadline + 100 days);
        by(stranger, drawCall(_d, _r, header));
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Drawn);
        uint256 deadline = block.timestamp + 3 hours + COUNT * 600;
        vm.assertEq(caseOf(_r).deadline, deadline);
        bytes memory early = abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline);
        refused(responder, settleCall(_d, _r), early);
    }

    function test_another_block_does_not_put_off_the_deadline() external {
        uint256 deadline = caseOf(_r).deadline;
        vm.warp(deadline);
        vm.roll(_block + 257);
        by(stranger, rearmCall(_d, _r));
        vm.assertEq(caseOf(_r).deadline, deadline);
        bytes memory header = mine(_r, RANDOM);
        vm.warp(deadline + 1);
        by(responder, settleCall(_d, _r));
        IRetrievalEscrow.State actual = IRetrievalEscrow.State.Withdrawn;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, retrieval.idOf(_r), actual);
        refused(consumer, drawCall(_d, _r, header), reason);
        refused(consumer, rearmCall(_d, _r), reason);
    }

    /// @dev Whoever calls, and however late in the window.
    function testFuzz_the_caller_and_the_time_do_not_matter(address caller, uint256 later) external {
        vm.assume(caller != address(vm));
        bytes memory header = Headers.make(_block, RANDOM);
        vm.roll(_block + bound(later, 1, 256));
        vm.setBlockhash(_block, keccak256(header));
        by(caller, drawCall(_d, _r, header));
        vm.assertEq(caseOf(_r).seed, keccak256(abi.encode(RANDOM, retrieval.idOf(_r))));
    }

    function test_the_seed_depends_on_the_case() external {
        IRetrievalEscrow.Dataset memory d = dataset(2);
        IRetrievalEscrow.Request memory r = request(d);
        reach(d, r, IRetrievalEscrow.State.Posted);
        vm.assertEq(caseOf(r).drawBlock, _block);
        bytes memory header = mine(r, RANDOM);
        by(stranger, drawCall(_d, _r, header));
        by(stranger, drawCall(d, r, header));
        vm.assertTrue(caseOf(r).seed != caseOf(_r).seed);
    }

    function test_the_header_of_another_block_is_refused() external {
        mine(_r, RANDOM);
        vm.roll(block.number + 10);
        uint256[3] memory others = [_block - 1, _block + 1, _block];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory header = Headers.make(others[i], uint256(keccak256("other")));
            if (others[i] != _block) vm.setBlockhash(others[i], keccak256(header));
            bytes32 hash = keccak256(header);
            refused(
                responder,
                drawCall(_d, _r, header),
                abi.encodeWithSelector(BlockHeader.WrongHeader.selector, _block, hash)
            );
        }
    }

    function testFuzz_a_changed_header_is_refused(uint256 position, uint8 change) external {
        vm.assume(change != 0);
        bytes memory header = mine(_r, RANDOM);
        position = bound(position, 0, header.length - 1);
        header[position] ^= bytes1(change);
        bytes memory reason = abi.encodeWithSelector(BlockHeader.WrongHeader.selector, _block, keccak256(header));
        refused(responder, drawCall(_d, _r, header), reason);
    }

    function test_what_is_no_header_is_refused() external {
        vm.roll(_block + 1);
        bytes memory header = hex"c0";
        vm.setBlockhash(_block, keccak256(header));
        bytes memory reason = abi.encodeWithSelector(BlockHeader.MalformedHeader.selector, _block);
        refused(responder, drawCall(_d, _r, header), reason);
    }

    function test_a_sample_is_drawn_once() external {
        bytes memory header = mine(_r, RANDOM);
        by(stranger, drawCall(_d, _r, header));
        IRetrievalEscrow.State actual = IRetrievalEscrow.State.Drawn;
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongState.selector, retrieval.idOf(_r), actual);
        refused(stranger, drawCall(_d, _r, header), reason);
        refused(stranger, rearmCall(_d, _r), reason);
    }

    function test_no_other_block_while_this_one_can_be_used() external {
        bytes memory header = mine(_r, RANDOM);
        bytes memory pending = abi.encodeWithSelector(IRetrievalEscrow.DrawPending.selector, _block);
        refused(responder, rearmCall(_d, _r), pending);
        vm.roll(_block + 256);
        vm.setBlockhash(_block, keccak256(header));
        refused(responder, rearmCall(_d, _r), pending);
        by(consumer, drawCall(_d, _r, header));
    }

    function test_after_the_window_another_block_draws() external {
        bytes memory header = mine(_r, RANDOM);
        vm.roll(_block + 257);
        bytes memory unknown = abi.encodeWithSelector(BlockHeader.UnknownBlock.selector, _block);
        refused(stranger, drawCall(_d, _r, header), unknown);
        vm.expectEmit();
        emit IRetrievalEscrow.DrawRearmed(retrieval.idOf(_r), block.number + DRAW_DELAY);
        by(stranger, rearmCall(_d, _r));
        uint256 next = _block + 257 + DRAW_DELAY;
        vm.assertEq(caseOf(_r).drawBlock, next);
        vm.assertTrue(state(_r) == IRetrievalEscrow.State.Posted);
        refused(stranger, drawCall(_d, _r, header), abi.encodeWithSelector(IRetrievalEscrow.DrawPending.selector, next));
        refused(stranger, rearmCall(_d, _r), abi.encodeWithSelector(IRetrievalEscrow.DrawPending.selector, next));
        bytes memory second = mine(_r, 77);
        bytes memory wrong = abi.encodeWithSelector(BlockHeader.WrongHeader.selector, next, keccak256(header));
        refused(stranger, drawCall(_d, _r, header), wrong);
        by(stranger, drawCall(_d, _r, second));
        vm.assertEq(caseOf(_r).seed, keccak256(abi.encode(uint256(77), retrieval.idOf(_r))));
    }

    function test_it_can_be_rearmed_again_and_again() external {
        for (uint256 i = 0; i < 3; ++i) {
            vm.roll(caseOf(_r).drawBlock + 257);
            by(stranger, rearmCall(_d, _r));
            vm.assertEq(caseOf(_r).drawBlock, block.number + DRAW_DELAY);
        }
        draw(_d, _r);
    }

    /// @dev A value that was shown once is not drawn from again, whatever the time.
    function testFuzz_values_come_from_future_blocks(uint256 later) external {
        vm.roll(_block + bound(later, 257, 1 << 40));
        by(stranger, rearmCall(_d, _r));
        vm.assertEq(caseOf(_r).drawBlock, block.number + DRAW_DELAY);
    }

    function testFuzz_sampled_documents_are_distinct_documents(uint256 random) external {
        by(stranger, drawCall(_d, _r, mine(_r, random)));
        uint256 seen;
        for (uint256 sample = 0; sample < COUNT; ++sample) {
            uint256 document = sampled(_d, _r, sample);
            vm.assertLt(document, COUNT);
            vm.assertEq((seen >> document) & 1, 0);
            seen |= 1 << document;
        }
        vm.assertEq(seen, (1 << COUNT) - 1);
    }
}
