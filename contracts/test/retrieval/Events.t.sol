// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @notice What the log says about every step.
contract EventsTest is CaseSteps {
    IRetrievalEscrow.Dataset private _d;
    IRetrievalEscrow.Request private _r;
    uint256 private _case;

    function burnShare() internal pure override returns (uint256) {
        return 500;
    }

    function setUp() public override {
        super.setUp();
        _d = dataset(1);
        _r = request(_d);
        _case = retrieval.idOf(_r);
    }

    function test_dataset_committed() external {
        bytes memory input = abi.encodeCall(IRetrievalEscrow.commitDataset, (_d));
        vm.expectEmit();
        emit IRetrievalEscrow.DatasetCommitted(_r.dataset, responder, approver, _d);
        paying(responder, BOND, input);
        IRetrievalEscrow.Standing memory standing = standingOf(_d);
        vm.assertTrue(standing.state == IRetrievalEscrow.DatasetState.Committed);
        vm.assertFalse(standing.attested);
        vm.assertEq(standing.closableAt, 0);
        vm.assertEq(standing.active, 0);
    }

    function test_request_filed() external {
        commit(_d);
        bytes memory input = fileCall(_d, _r);
        vm.expectEmit();
        emit IRetrievalEscrow.RequestFiled(_case, _r.dataset, consumer, _r, COUNT, block.timestamp + 1 hours);
        paying(consumer, REWARD, input);
    }

    function test_request_approved() external {
        reach(_d, _r, IRetrievalEscrow.State.Filed);
        bytes memory input = approveCall(_d, _r);
        vm.expectEmit();
        emit IRetrievalEscrow.RequestApproved(_case, _r.dataset, block.timestamp + 2 hours);
        by(approver, input);
    }

    function test_results_posted() external {
        reach(_d, _r, IRetrievalEscrow.State.Approved);
        (bytes32 root, uint256 total) = resultsRoot(truth(_d, _r));
        bytes memory input = postCall(_d, _r, root, total);
        vm.expectEmit();
        emit IRetrievalEscrow.ResultsPosted(_case, root, 3, block.number + DRAW_DELAY, block.timestamp + 7 days);
        by(responder, input);
        vm.assertEq(caseOf(_r).results, root);
    }

    function test_sample_drawn() external {
        reach(_d, _r, IRetrievalEscrow.State.Posted);
        bytes memory input = drawCall(_d, _r, mine(_r, RANDOM));
        bytes32 seed = keccak256(abi.encode(RANDOM, _case));
        vm.expectEmit();
        emit IRetrievalEscrow.SampleDrawn(_case, seed, block.timestamp + 3 hours + COUNT * 600);
        by(stranger, input);
    }

    function test_samples_proven() external {
        reach(_d, _r, IRetrievalEscrow.State.Drawn);
        for (uint256 sample = 0; sample < COUNT; ++sample) {
            uint256 document = sampled(_d, _r, sample);
            IRetrievalEscrow.Opening memory o = opening(truth(_d, _r), document);
            bytes memory input = proveCall(_d, _r, sample, o);
            vm.expectEmit();
            emit IRetrievalEscrow.SampleProven(_case, sample, document, o.finding, COUNT - 1 - sample);
            if (sample == COUNT - 1) {
                vm.expectEmit();
                emit IRetrievalEscrow.ResultsProven(_case, block.timestamp + 4 hours);
            }
            by(stranger, input);
        }
    }

    function test_positives_demanded() external {
        reach(_d, _r, IRetrievalEscrow.State.Proven);
        bytes memory input = demandCall(_d, _r, 1, 2);
        vm.expectEmit();
        emit IRetrievalEscrow.PositivesDemanded(_case, 1, 2, block.timestamp + 5 hours + 2 * 1200);
        paying(consumer, 2 * DEMAND_BOND, input);
    }

    function test_positive_identified() external {
        reach(_d, _r, IRetrievalEscrow.State.Proven);
        demand(_d, _r, 2, 1);
        IRetrievalEscrow.Opening memory o = opening(truth(_d, _r), 4);
        bytes memory input = identifyCall(_d, _r, o);
        vm.expectEmit();
        emit IRetrievalEscrow.PositiveIdentified(_case, 2, o);
        vm.expectEmit();
        emit ICredits.Credited(responder, currency(), DEMAND_BOND);
        by(stranger, input);
    }

    function test_delivery() external {
        reach(_d, _r, IRetrievalEscrow.State.Identified);
        uint256[] memory cipher = ciphertext(_d, _r);
        bytes memory input = announceCall(_d, _r, cipher);
        bytes32 root = Trees.root(SealedItems.leaves(cipher));
        bytes32 keyHash = keccak256(abi.encode(KEY));
        vm.expectEmit();
        emit IDeliveries.DeliveryAnnounced(_case, responder, consumer, root, keyHash, 24, block.timestamp + 1 hours);
        by(responder, input);
        input = abi.encodeCall(IDeliveries.demandPublication, (_case));
        vm.expectEmit();
        emit IDeliveries.PublicationDemanded(_case, 1e9, block.timestamp + 1 hours + 10 minutes);
        paying(consumer, 1e9, input);
        input = abi.encodeCall(IDeliveries.publish, (_case, cipher, new bytes32[](0)));
        vm.expectEmit();
        emit IDeliveries.ChunkPublished(_case, 0, cipher);
        vm.expectEmit();
        emit ICredits.Credited(responder, currency(), 1e9);
        vm.expectEmit();
        emit IDeliveries.DeliveryAcknowledged(_case, block.timestamp + 1 hours);
        by(responder, input);
        input = abi.encodeCall(IDeliveries.reveal, (_case, KEY));
        vm.expectEmit();
        emit IDeliveries.KeyRevealed(_case, KEY, block.timestamp + 4 hours);
        by(responder, input);
    }

    function test_fulfilled() external {
        reach(_d, _r, IRetrievalEscrow.State.Proven);
        bytes memory input = settleCall(_d, _r);
        vm.expectEmit();
        emit IRetrievalEscrow.CaseEnded(_case, IRetrievalEscrow.State.Fulfilled, 0, REWARD, 0);
        vm.expectEmit();
        emit ICredits.Credited(responder, currency(), REWARD);
        by(consumer, input);
    }

    function test_full_disclosure() external {
        reach(_d, _r, IRetrievalEscrow.State.Demanded);
        bytes memory input = settleCall(_d, _r);
        uint256 burned = uint256(BOND) * 500 / 10_000;
        vm.warp(caseOf(_r).deadline + 1);
        IRetrievalEscrow.State outcome = IRetrievalEscrow.State.FullDisclosure;
        vm.expectEmit();
        emit ICredits.Credited(consumer, currency(), 3 * uint256(DEMAND_BOND));
        vm.expectEmit();
        emit IRetrievalEscrow.CaseEnded(_case, outcome, REWARD + BOND - burned, 0, burned);
        vm.expectEmit();
        emit ICredits.Credited(consumer, currency(), REWARD + BOND - burned);
        vm.expectEmit();
        emit ICredits.Credited(BURN, currency(), burned);
        by(stranger, input);
    }
}
