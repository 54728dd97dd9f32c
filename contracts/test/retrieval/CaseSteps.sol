// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {Permutation} from "../../src/libraries/Permutation.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {CaseCalls} from "./CaseCalls.sol";
import {Headers} from "./Headers.sol";

/// @notice A case, step by step, and what brings one into any state.
abstract contract CaseSteps is CaseCalls {
    /// @dev What the block that draws is made to hold.
    uint256 internal constant RANDOM = uint256(keccak256("random"));
    uint256 internal constant STATES = 12;

    function commit(IRetrievalEscrow.Dataset memory d) internal returns (uint256 datasetId) {
        bytes memory answer = paying(d.responder, d.bond, abi.encodeCall(IRetrievalEscrow.commitDataset, (d)));
        return abi.decode(answer, (uint256));
    }

    function file(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) internal returns (uint256) {
        return abi.decode(paying(r.requester, r.reward, fileCall(d, r)), (uint256));
    }

    function approve(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) internal {
        by(d.approver, approveCall(d, r));
    }

    function post(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, Results memory x) internal {
        (bytes32 root, uint256 total) = resultsRoot(x);
        by(d.responder, postCall(d, r, root, total));
    }

    /// @notice Mines the block that draws, with `random` in its header.
    function mine(IRetrievalEscrow.Request memory r, uint256 random) internal returns (bytes memory header) {
        uint256 number = caseOf(r).drawBlock;
        header = Headers.make(number, random);
        vm.roll(number + 1);
        vm.setBlockhash(number, keccak256(header));
    }

    function draw(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) internal {
        by(stranger, drawCall(d, r, mine(r, RANDOM)));
    }

    /// @notice The document of a sample.
    function sampled(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, uint256 sample)
        internal
        view
        returns (uint256)
    {
        return Permutation.element(caseOf(r).seed, d.count, sample);
    }

    function prove(
        IRetrievalEscrow.Dataset memory d,
        IRetrievalEscrow.Request memory r,
        Results memory x,
        uint256 sample
    ) internal {
        by(d.responder, proveCall(d, r, sample, opening(x, sampled(d, r, sample))));
    }

    function proveAll(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) internal {
        uint256 samples = caseOf(r).samples;
        for (uint256 sample = 0; sample < samples; ++sample) {
            prove(d, r, truth(d, r), sample);
        }
    }

    function demand(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, uint256 first, uint256 count)
        internal
    {
        paying(r.requester, count * d.demandBond, demandCall(d, r, first, count));
    }

    function identifyAll(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) internal {
        uint256[] memory documents = demanded(d, r);
        for (uint256 i = 0; i < documents.length; ++i) {
            by(d.responder, identifyCall(d, r, opening(truth(d, r), documents[i])));
        }
    }

    /// @notice The documents that are demanded.
    function demanded(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        internal
        view
        returns (uint256[] memory documents)
    {
        uint256[] memory all = positives(truth(d, r));
        documents = new uint256[](caseOf(r).demanded);
        for (uint256 i = 0; i < documents.length; ++i) {
            documents[i] = all[caseOf(r).first + i];
        }
    }

    /// @notice A demanded document, as it was identified.
    function identified(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, uint256 index)
        internal
        view
        returns (IRetrievalEscrow.Opening memory)
    {
        return opening(truth(d, r), demanded(d, r)[index]);
    }

    function retire(IRetrievalEscrow.Dataset memory d) internal {
        by(d.responder, abi.encodeCall(IRetrievalEscrow.retire, (d)));
    }

    /// @notice The words of documents, as an honest responder seals them.
    function plaintext(uint256[] memory documents) internal view returns (uint256[] memory plain) {
        uint256 size = 2 * uint256(verifier.ELEMENTS()) + 2;
        plain = new uint256[](documents.length * size);
        for (uint256 i = 0; i < documents.length; ++i) {
            uint256[] memory words = SealedItems.words(verifier.DOMAIN(), item(documents[i]), false);
            for (uint256 k = 0; k < size; ++k) {
                plain[i * size + k] = words[k];
            }
        }
    }

    function ciphertext(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        internal
        view
        returns (uint256[] memory)
    {
        return SealedItems.encrypt(KEY, plaintext(demanded(d, r)));
    }

    function acknowledge(IRetrievalEscrow.Request memory r) internal {
        by(r.requester, abi.encodeCall(IDeliveries.acknowledge, (retrieval.idOf(r))));
    }

    function reveal(IRetrievalEscrow.Request memory r) internal {
        by(responder, abi.encodeCall(IDeliveries.reveal, (retrieval.idOf(r), KEY)));
    }

    function demandPublication(IRetrievalEscrow.Request memory r) internal {
        IDeliveries.Delivery memory delivery = deliveryOf(r);
        bytes memory input = abi.encodeCall(IDeliveries.demandPublication, (retrieval.idOf(r)));
        paying(r.requester, uint256(delivery.bond) * delivery.chunks, input);
    }

    /// @notice Settles after what is due is overdue.
    function settleLate(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r) internal {
        bool delivering = caseOf(r).state == IRetrievalEscrow.State.Delivering;
        vm.warp((delivering ? deliveryOf(r).deadline : caseOf(r).deadline) + 1);
        by(stranger, settleCall(d, r));
    }

    /// @notice Brings a case from nothing into a state, in a dataset that may exist, and demands all positives on the way.
    function reach(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, IRetrievalEscrow.State goal)
        internal
        returns (uint256 caseId)
    {
        caseId = retrieval.idOf(r);
        if (standingOf(d).state == IRetrievalEscrow.DatasetState.None) commit(d);
        if (goal == IRetrievalEscrow.State.None) return caseId;
        file(d, r);
        if (goal == IRetrievalEscrow.State.Withdrawn) by(r.requester, settleCall(d, r));
        if (state(r) == goal) return caseId;
        approve(d, r);
        if (goal == IRetrievalEscrow.State.FullDisclosure) settleLate(d, r);
        if (state(r) == goal) return caseId;
        post(d, r, truth(d, r));
        if (state(r) == goal) return caseId;
        draw(d, r);
        if (state(r) == goal) return caseId;
        proveAll(d, r);
        if (goal == IRetrievalEscrow.State.Fulfilled) by(r.requester, settleCall(d, r));
        if (state(r) == goal) return caseId;
        demand(d, r, 0, caseOf(r).positives);
        if (state(r) == goal) return caseId;
        identifyAll(d, r);
        if (state(r) == goal) return caseId;
        by(d.responder, announceCall(d, r, ciphertext(d, r)));
    }

    /// @notice Brings a case to a stage of its delivery.
    function reachStage(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r, IDeliveries.Stage goal)
        internal
        returns (uint256 caseId)
    {
        caseId = reach(d, r, IRetrievalEscrow.State.Delivering);
        if (goal == IDeliveries.Stage.Announced) return caseId;
        if (goal == IDeliveries.Stage.Demanded) {
            demandPublication(r);
            return caseId;
        }
        acknowledge(r);
        if (goal == IDeliveries.Stage.Acknowledged) return caseId;
        reveal(r);
    }

    function state(IRetrievalEscrow.Request memory r) internal view returns (IRetrievalEscrow.State) {
        return caseOf(r).state;
    }

    function caseOf(IRetrievalEscrow.Request memory r) internal view returns (IRetrievalEscrow.Case memory) {
        return retrieval.caseOf(retrieval.idOf(r));
    }

    function deliveryOf(IRetrievalEscrow.Request memory r) internal view returns (IDeliveries.Delivery memory) {
        return retrieval.deliveryOf(retrieval.idOf(r));
    }

    function standingOf(IRetrievalEscrow.Dataset memory d) internal view returns (IRetrievalEscrow.Standing memory) {
        return retrieval.standingOf(retrieval.datasetIdOf(d));
    }
}
