// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {Deploy, Retrieval} from "../utils/Deploy.sol";
import {Coin} from "../utils/Tokens.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice Which datasets there can be.
contract TermsTest is CaseSteps {
    function test_draws_lie_in_the_future_and_no_more_than_everything_burns() external {
        uint256[3] memory delays = [uint256(0), 1, 63];
        for (uint256 i = 0; i < delays.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRetrievalEscrow.BadTerms.selector));
            Deploy.retrievalEscrow(registry, judge, randomness, delays[i], 0);
        }
        vm.expectRevert(abi.encodeWithSelector(IRetrievalEscrow.BadTerms.selector));
        Deploy.retrievalEscrow(registry, judge, randomness, 64, 10_001);
        Retrieval escrow = Deploy.retrievalEscrow(registry, judge, randomness, 64, 10_000);
        vm.assertEq(escrow.drawDelay(), 64);
        vm.assertEq(escrow.burnShare(), 10_000);
        vm.assertEq(address(escrow.randomness()), address(randomness));
        vm.assertEq(address(escrow.registry()), address(registry));
        vm.assertEq(address(escrow.judge()), address(judge));
    }

    function test_a_dataset_has_between_one_and_a_million_documents() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.count = 0;
        _bad(d);
        d.count = (1 << 20) + 1;
        _bad(d);
        d.count = type(uint32).max;
        _bad(d);
        d.count = 1 << 20;
        commit(d);
        d.count = 1;
        commit(d);
    }

    function test_a_dataset_has_a_bond_and_an_approver() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.bond = 0;
        _bad(d);
        d = dataset(1);
        d.approver = address(0);
        _bad(d);
    }

    function test_every_step_takes_time() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.windows.approve = 0;
        _bad(d);
        d = dataset(1);
        d.windows.results = 0;
        _bad(d);
        d = dataset(1);
        d.windows.prove = 0;
        _bad(d);
        d = dataset(1);
        d.windows.proveEach = 0;
        _bad(d);
        d = dataset(1);
        d.windows.demand = 0;
        _bad(d);
        d = dataset(1);
        d.windows.identify = 0;
        _bad(d);
        d = dataset(1);
        d.windows.identifyEach = 0;
        _bad(d);
        d = dataset(1);
        d.notice = 0;
        _bad(d);
        d = dataset(1);
        d.courier.step = 0;
        _bad(d);
        d = dataset(1);
        d.courier.perChunk = 0;
        _bad(d);
    }

    function test_what_was_filed_can_be_approved_before_the_dataset_is_closed() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.notice = d.windows.approve - 1;
        _bad(d);
        d.windows.approve = type(uint32).max;
        d.notice = type(uint32).max - 1;
        _bad(d);
        d.notice = type(uint32).max;
        commit(d);
        d = dataset(1);
        d.notice = d.windows.approve;
        commit(d);
    }

    function test_only_the_responder_commits() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        bytes memory input = abi.encodeCall(IRetrievalEscrow.commitDataset, (d));
        address[3] memory others = [consumer, approver, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IDeliveries.NotParty.selector, others[i], responder);
            refusedPaying(others[i], BOND, input, reason);
        }
    }

    function test_the_bond_is_paid_exactly() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        bytes memory input = abi.encodeCall(IRetrievalEscrow.commitDataset, (d));
        uint256[3] memory amounts = [uint256(0), BOND - 1, BOND + 1];
        for (uint256 i = 0; i < amounts.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(ICredits.WrongValue.selector, amounts[i], BOND);
            refusedPaying(responder, amounts[i], input, reason);
        }
    }

    function test_the_reward_and_the_bonds_are_paid_exactly() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        commit(d);
        bytes memory reason = abi.encodeWithSelector(ICredits.WrongValue.selector, REWARD - 1, REWARD);
        refusedPaying(consumer, REWARD - 1, fileCall(d, r), reason);
        reach(d, r, IRetrievalEscrow.State.Proven);
        reason = abi.encodeWithSelector(ICredits.WrongValue.selector, DEMAND_BOND, 2 * DEMAND_BOND);
        refusedPaying(consumer, DEMAND_BOND, demandCall(d, r, 0, 2), reason);
    }

    function test_no_eth_goes_along_with_tokens() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        d.currency = address(coin);
        bytes memory input = abi.encodeCall(IRetrievalEscrow.commitDataset, (d));
        refusedPaying(responder, 1, input, abi.encodeWithSelector(ICredits.WrongValue.selector, 1, 0));
    }

    function test_a_dataset_is_committed_to_once() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        vm.assertEq(commit(d), uint256(keccak256(abi.encode(d))));
        _again(d, IRetrievalEscrow.DatasetState.Committed);
        retire(d);
        _again(d, IRetrievalEscrow.DatasetState.Retiring);
        vm.warp(block.timestamp + 1 days + 1);
        by(stranger, abi.encodeCall(IRetrievalEscrow.close, (d)));
        _again(d, IRetrievalEscrow.DatasetState.Closed);
    }

    function _again(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.DatasetState actual) private {
        uint256 id = retrieval.datasetIdOf(d);
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.WrongDatasetState.selector, id, actual);
        refusedPaying(responder, BOND, abi.encodeCall(IRetrievalEscrow.commitDataset, (d)), reason);
    }

    function _bad(IRetrievalEscrow.Dataset memory d) private {
        bytes memory reason = abi.encodeWithSelector(IRetrievalEscrow.BadTerms.selector);
        refusedPaying(responder, d.bond, abi.encodeCall(IRetrievalEscrow.commitDataset, (d)), reason);
    }
}

/// @notice What costs nothing works like what costs something.
abstract contract Zeros is CaseSteps {
    function test_what_may_be_zero() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _free();
        reachStage(d, r, IDeliveries.Stage.Revealed);
        _fulfilled(d, r);
    }

    function test_publication_may_be_free() external {
        (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) = _free();
        uint256 caseId = reachStage(d, r, IDeliveries.Stage.Demanded);
        by(responder, abi.encodeCall(IDeliveries.publish, (caseId, ciphertext(d, r), new bytes32[](0))));
        reveal(r);
        _fulfilled(d, r);
    }

    function _free() private view returns (IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) {
        d = dataset(1);
        d.source = address(0);
        d.demandBond = 0;
        d.courier.bond = 0;
        r = request(d);
        r.reward = 0;
    }

    function _fulfilled(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) private {
        settleLate(d, r);
        vm.assertTrue(state(r) == IRetrievalEscrow.State.Fulfilled);
        vm.assertEq(credit(retrieval, responder), 0);
        vm.assertEq(held(address(retrieval)), BOND);
    }
}

contract ZerosInEthTest is Zeros {}

/// @notice Refuses to move nothing.
contract PickyCoin is Coin {
    error Nothing();

    function _move(address from, address to, uint256 amount) internal override {
        if (amount == 0) revert Nothing();
        super._move(from, to, amount);
    }
}

contract ZerosInTokensTest is Zeros {
    function _coin() internal override returns (Coin) {
        return new PickyCoin();
    }

    function currency() internal view override returns (address) {
        return address(coin);
    }
}
