// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {BlockHeader} from "../../src/libraries/BlockHeader.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Permutation} from "../../src/libraries/Permutation.sol";
import {Retrieval} from "../utils/Deploy.sol";
import {Trees} from "../utils/Trees.sol";
import {DatasetHandler} from "./DatasetHandler.sol";
import {Handler} from "./Handler.sol";
import {Material} from "./Material.sol";
import {World} from "./World.sol";

/// @notice Plays requests for documents.
contract RetrievalHandler is DatasetHandler {
    uint256 private constant REWARD = 1e11 + 7;

    IRetrievalEscrow.Request[] private _requests;
    mapping(uint256 i => bool) private _lying;
    mapping(uint256 i => uint256) private _drawBlock;
    mapping(uint256 i => bytes32) private _seed;
    mapping(uint256 i => uint256) private _samples;
    mapping(uint256 i => uint256) private _proven;
    /// @dev Demanded positives: the documents, in order.
    mapping(uint256 i => uint256[]) private _wanted;
    IMarket.Evidence private _used;

    constructor(World world) Handler(world, address(world.retrieval())) {}

    function read(uint256 i) public view override returns (uint8 state, uint256 deadline) {
        IRetrievalEscrow.Case memory c = _escrow().caseOf(_tracks[i].id);
        (state, deadline) = (uint8(c.state), c.deadline);
        if (c.state == IRetrievalEscrow.State.Delivering) deadline = _escrow().deliveryOf(_tracks[i].id).deadline;
    }

    function outstanding(uint256 i) external view override returns (uint256) {
        return _escrow().caseOf(_tracks[i].id).outstanding;
    }

    /// @notice How many samples the contract has marked as proven.
    function marked(uint256 i) external view returns (uint256 marks) {
        for (uint256 sample = 0; sample < _samples[i]; ++sample) {
            if (_escrow().isProven(_tracks[i].id, sample)) ++marks;
        }
    }

    /// @notice How many have to be.
    function waiting(uint256 i) external view returns (uint256) {
        return _proven[i];
    }

    function _open(uint256 r) internal override {
        uint256 d = _datasetFor(r);
        IRetrievalEscrow.Dataset memory dataset = _datasets[d].terms;
        IRetrievalEscrow.Request memory q;
        (q.requester, q.dataset) = (_WORLD.consumers(r >> 16), _datasets[d].id);
        q.model = _WORLD.models(dataset.verifier == _WORLD.hungry() ? 1 : 0).id;
        q.positives = new uint256[](1);
        // Even labels, all, or none.
        q.positives[0] = (r >> 32) % 4 == 0 ? 0 : (r >> 32) % 4 == 1 ? 0x155 : 0x3ff;
        // Where half of the labels may be wrong, two samples make it as likely as a quarter; 0.7^4 is less than that.
        (q.bound, q.delta) = ((r >> 40) % 2 == 0 ? 0.5e18 : 0.3e18, 0.5e18);
        (q.reward, q.salt) = (uint128(REWARD), _tracks.length);
        uint256 value = _fund(q.requester, dataset.currency, REWARD);
        vm.prank(q.requester);
        uint256 id = _escrow().file{value: value}(dataset, q);
        uint256 i = _begin(id, q.requester, dataset.responder, dataset.currency, q.model);
        (_samples[i], _datasetOf[i]) = ((r >> 40) % 2 == 0 ? 2 : 4, d);
        _requests.push(q);
        _in(i, REWARD);
        _enter(i, uint8(IRetrievalEscrow.State.Filed), Party.Nobody, APPROVE);
    }

    function _move(uint256 i, uint256 r) internal override {
        IRetrievalEscrow.State state = _state(i);
        bool late = block.timestamp > _tracks[i].until;
        // A sample can be drawn as long as nobody settles.
        if (state == IRetrievalEscrow.State.Posted && (!late || r % 4 == 0)) return _draw(i, r >> 8);
        if (late) return _settle(i, r % 2 == 0 ? _tracks[i].consumer : _stranger());
        if (state == IRetrievalEscrow.State.Filed) return _approve(i, r);
        if (state == IRetrievalEscrow.State.Approved) return _postResults(i, r);
        if (state == IRetrievalEscrow.State.Drawn) return _prove(i, r);
        if (state == IRetrievalEscrow.State.Proven) return _demand(i, r);
        if (state == IRetrievalEscrow.State.Demanded) return _identify(i);
        if (state == IRetrievalEscrow.State.Identified) return _announce(i, r);
        bool rare = _stages[i] == IDeliveries.Stage.Demanded;
        if ((r >> 32) % (rare ? 4 : 16) == 0) return _word(i, r >> 40);
        if (!_isRevealed(i)) return _deliver(i, r);
        if (_isFlawed(i) && r % 4 != 0) return _complain(i);
        if (!_isFlawed(i)) _complainFalsely(_tracks[i].consumer, _complaint(i));
        _settle(i, _tracks[i].consumer);
    }

    function _expire(uint256 i) internal override {
        _settle(i, _stranger());
    }

    function _approve(uint256 i, uint256 r) private {
        if (r % 9 == 0) return _settle(i, _tracks[i].consumer);
        Data storage d = _datasets[_datasetOf[i]];
        address approver = _WORLD.approver();
        if (d.busy || !d.open) {
            bytes4 why = d.open ? IRetrievalEscrow.DatasetBusy.selector : IRetrievalEscrow.WrongDatasetState.selector;
            _refuse(approver, abi.encodeCall(_escrow().approve, (d.terms, _requests[i])), why);
            return _note("not approvable");
        }
        if (d.closableAt != 0) _note("approved while retiring");
        vm.prank(approver);
        _escrow().approve(d.terms, _requests[i]);
        d.busy = true;
        _enter(i, uint8(IRetrievalEscrow.State.Approved), Party.Provider, RESULTS);
    }

    /// @dev What the responder says of the documents, and which are positive.
    function _findings(uint256 i) private view returns (bytes32[] memory leaves, uint256[] memory values) {
        uint256 few = _MATERIAL.FEW();
        (leaves, values) = (new bytes32[](few), new uint256[](few));
        for (uint256 d = 0; d < few; ++d) {
            IRetrievalEscrow.Finding memory f = _finding(i, d);
            values[d] = (_requests[i].positives[0] >> f.label) & 1;
            leaves[d] = Leaves.finding(d, f.commitment, f.label, values[d]);
        }
    }

    function _finding(uint256 i, uint256 document) private view returns (IRetrievalEscrow.Finding memory) {
        Material.Item memory it = _MATERIAL.item(document);
        return IRetrievalEscrow.Finding(it.commitment, _isLie(i, document) ? (it.label + 1) % 10 : it.label);
    }

    function _isLie(uint256 i, uint256 document) private view returns (bool) {
        return _lying[i] && _MATERIAL.isLie(document);
    }

    function _opening(uint256 i, uint256 document) private view returns (IRetrievalEscrow.Opening memory) {
        (bytes32[] memory leaves, uint256[] memory values) = _findings(i);
        return IRetrievalEscrow.Opening({
            document: document,
            finding: _finding(i, document),
            documentPath: _MATERIAL.path(Material.Tree.Documents, document),
            resultPath: Trees.sumPath(leaves, values, document)
        });
    }

    function _postResults(uint256 i, uint256 r) private {
        _lying[i] = r % 3 == 0;
        (bytes32[] memory leaves, uint256[] memory values) = _findings(i);
        (bytes32 root, uint256 positives) = Trees.sumRoot(leaves, values);
        vm.prank(_tracks[i].provider);
        _escrow().postResults(_dataset(i), _requests[i], root, positives);
        _enter(i, uint8(IRetrievalEscrow.State.Posted), Party.Nobody, 7 days);
        _drawBlock[i] = block.number + _WORLD.DRAW_DELAY();
    }

    /// @dev A stranger draws the sample, or has another block do it when it is too late for this one.
    function _draw(uint256 i, uint256 r) private {
        IRetrievalEscrow.Dataset memory dataset = _dataset(i);
        uint256 number = _drawBlock[i];
        bytes memory header = bytes.concat(hex"f9002e00010203040506070809800b7fa0", bytes32(r));
        bytes memory draw = abi.encodeCall(_escrow().draw, (dataset, _requests[i], header));
        bytes memory rearm = abi.encodeCall(_escrow().rearm, (dataset, _requests[i]));
        if (block.number <= number) {
            _refuse(_stranger(), draw, IRetrievalEscrow.DrawPending.selector);
            _refuse(_stranger(), rearm, IRetrievalEscrow.DrawPending.selector);
            // From the first block that knows the value to some that do not any more.
            uint256 blocks = number - block.number + 1 + (r % 3 == 0 ? (r >> 8) % 300 : 0);
            _jump(block.timestamp + 12 * blocks);
        }
        if (block.number > number + 256) {
            _refuse(_stranger(), draw, BlockHeader.UnknownBlock.selector);
            vm.prank(_stranger());
            _escrow().rearm(dataset, _requests[i]);
            _drawBlock[i] = block.number + _WORLD.DRAW_DELAY();
            return _note("rearmed");
        }
        _refuse(_stranger(), rearm, IRetrievalEscrow.DrawPending.selector);
        _refuse(_stranger(), draw, BlockHeader.WrongHeader.selector);
        vm.setBlockhash(number, keccak256(header));
        vm.prank(_stranger());
        _escrow().draw(dataset, _requests[i], header);
        _seed[i] = keccak256(abi.encode(r, _tracks[i].id));
        vm.assertEq(uint256(_seed[i]), uint256(_escrow().caseOf(_tracks[i].id).seed), "the seed of the case");
        _tracks[i].unanswered = _samples[i];
        _enter(i, uint8(IRetrievalEscrow.State.Drawn), Party.Provider, PROVE + PROVE_EACH * _samples[i]);
    }

    function _proof(uint256 i, uint256 sample, IMarket.Evidence memory evidence) private view returns (bytes memory) {
        uint256 document = _document(i, sample);
        uint256 output = _MATERIAL.item(document).output;
        return
            abi.encodeCall(
                _escrow().prove, (_dataset(i), _requests[i], sample, _opening(i, document), output, evidence)
            );
    }

    function _document(uint256 i, uint256 sample) private view returns (uint256) {
        return Permutation.element(_seed[i], _MATERIAL.FEW(), sample);
    }

    function _evidence(uint256 i, uint256 sample) private view returns (IMarket.Evidence memory) {
        Track storage c = _tracks[i];
        uint256 document = _document(i, sample);
        return _WORLD.evidence(c.model, ESCROW, c.id, document, c.provider, document);
    }

    /// @dev INVARIANT I3: what is true can be proven, by anybody, until the last second. A liar stops at its lie.
    function _prove(uint256 i, uint256 r) private {
        uint256 sample = _samples[i] - _tracks[i].unanswered;
        IMarket.Evidence memory evidence = _evidence(i, sample);
        bytes memory data = _proof(i, sample, evidence);
        if (_isLie(i, _document(i, sample))) {
            return _refuse(_tracks[i].provider, data, IMarket.InvalidProof.selector);
        }
        if (_used.proof.length != 0) {
            IMarket.Evidence memory old = _used;
            (old.weights, old.points) = (evidence.weights, evidence.points);
            // INVARIANT I8: a proof is for one answer.
            _refuse(_stranger(), _proof(i, sample, old), IMarket.InvalidProof.selector);
            _note("proof replayed");
        }
        _starve(i, sample, data, r);
        vm.prank(_stranger());
        (bool success,) = ESCROW.call(data);
        vm.assertTrue(success, "I3: a true answer in time");
        _used = evidence;
        _note("proven");
        ++_proven[i];
        bool last = --_tracks[i].unanswered == 0;
        if (last) _enter(i, uint8(IRetrievalEscrow.State.Proven), Party.Nobody, DEMAND);
        // INVARIANT I8: a sample is proven once.
        _refuse(
            _stranger(), data, last ? IRetrievalEscrow.WrongState.selector : IRetrievalEscrow.NotOutstanding.selector
        );
    }

    /// @dev INVARIANT I10: who calls with too little gas learns nothing and changes nothing.
    function _starve(uint256 i, uint256 sample, bytes memory data, uint256 r) private {
        World.Stake memory s = _WORLD.models(_WORLD.indexOf(_tracks[i].model));
        // The others need little more than the calls themselves.
        if (s.verifier != _WORLD.hungry()) return;
        bytes32 before = keccak256(abi.encode(_escrow().caseOf(_tracks[i].id)));
        (bool success,) = ESCROW.call{gas: 30_000 + r % (_WORLD.APPETITE() - 30_000)}(data);
        vm.assertFalse(success, "I10: success without a verdict");
        vm.assertEq(
            uint256(before),
            uint256(keccak256(abi.encode(_escrow().caseOf(_tracks[i].id)))),
            "I10: a change without a verdict"
        );
        vm.assertFalse(_escrow().isProven(_tracks[i].id, sample), "I10: a verdict without gas");
        _note("starved");
    }

    function _demand(uint256 i, uint256 r) private {
        (, uint256[] memory values) = _findings(i);
        uint256 positives = _sum(values);
        if (positives == 0 || r % 6 == 0) return _settle(i, _tracks[i].consumer);
        uint256 count = 1 + (r >> 8) % (positives < 3 ? positives : 3);
        uint256 first = (r >> 16) % (positives - count + 1);
        IRetrievalEscrow.Dataset memory dataset = _dataset(i);
        uint256 value = _fund(_tracks[i].consumer, dataset.currency, count * DEMAND_BOND);
        vm.prank(_tracks[i].consumer);
        _escrow().demandPositives{value: value}(dataset, _requests[i], first, count);
        _in(i, count * DEMAND_BOND);
        uint256 ordinal;
        for (uint256 d = 0; d < values.length; ++d) {
            if (values[d] == 0) continue;
            if (ordinal >= first && ordinal < first + count) _wanted[i].push(d);
            ++ordinal;
        }
        _tracks[i].unanswered = count;
        _enter(i, uint8(IRetrievalEscrow.State.Demanded), Party.Provider, IDENTIFY + IDENTIFY_EACH * count);
    }

    function _sum(uint256[] memory values) private pure returns (uint256 sum) {
        for (uint256 k = 0; k < values.length; ++k) {
            sum += values[k];
        }
    }

    function _identify(uint256 i) private {
        uint256[] storage wanted = _wanted[i];
        uint256 next = wanted.length - _tracks[i].unanswered;
        bytes memory data = abi.encodeCall(_escrow().identify, (_dataset(i), _requests[i], _opening(i, wanted[next])));
        vm.prank(_stranger());
        (bool success,) = ESCROW.call(data);
        vm.assertTrue(success, "I3: a true answer in time");
        _out(i, _tracks[i].provider, DEMAND_BOND);
        bool last = --_tracks[i].unanswered == 0;
        if (last) _enter(i, uint8(IRetrievalEscrow.State.Identified), Party.Provider, STEP);
        // INVARIANT I8: a positive is identified once.
        bytes4 why = last ? IRetrievalEscrow.WrongState.selector : IRetrievalEscrow.NotPositive.selector;
        _refuse(_stranger(), data, why);
    }

    function _announce(uint256 i, uint256 r) private {
        bytes32 root = _pack(i, _wanted[i], false, r);
        bytes32 keyHash = _keyHash();
        vm.prank(_tracks[i].provider);
        _escrow().announceDocuments(_dataset(i), _requests[i], root, keyHash);
        _enter(i, uint8(IRetrievalEscrow.State.Delivering), Party.Nobody, 0);
        _announced(i, DEMAND);
    }

    function _complaint(uint256 i) private view returns (bytes memory) {
        IDeliveryJudge.Complaint memory complaint = _MATERIAL.complaint(_parcels[i]);
        IRetrievalEscrow.Opening memory opening = _opening(i, _wanted[i][complaint.item]);
        uint256 key = _MATERIAL.KEY();
        return abi.encodeCall(_escrow().complain, (_dataset(i), _requests[i], key, complaint, opening));
    }

    function _complain(uint256 i) private {
        bytes memory data = _complaint(i);
        vm.prank(_tracks[i].consumer);
        (bool success,) = ESCROW.call(data);
        vm.assertTrue(success, "I3: a true complaint");
        _note("complained");
        _closeDelivery(i);
        _tracks[i].caught = Party.Provider;
        _disclose(i);
    }

    /// @dev The responder failed: its bond is the requester's, but for the burned share, and the dataset is closed.
    function _disclose(uint256 i) private {
        Track storage c = _tracks[i];
        _note("silent responder in ", c.state);
        Data storage d = _datasets[_datasetOf[i]];
        (d.open, d.busy) = (false, false);
        c.held += d.terms.bond;
        _forfeit(i, c.consumer, d.terms.bond);
        _rest(i, c.consumer);
        _end(i, uint8(IRetrievalEscrow.State.FullDisclosure), Party.Provider);
    }

    /// @dev The paper's section 5.4.
    function _settle(uint256 i, address who) private {
        vm.prank(who);
        _escrow().settle(_dataset(i), _requests[i]);
        Track storage c = _tracks[i];
        IRetrievalEscrow.State state = _state(i);
        bool late = block.timestamp > c.until;
        if (state == IRetrievalEscrow.State.Delivering && who == c.consumer) {
            _note(late ? "late word at " : "word at ", uint256(_stages[i]));
        }
        _closeDelivery(i);
        if (late && c.turn == Party.Provider) {
            if (state == IRetrievalEscrow.State.Demanded) _out(i, c.consumer, c.unanswered * DEMAND_BOND);
            return _disclose(i);
        }
        // Of other requests, one may be answered.
        if (state != IRetrievalEscrow.State.Filed) _datasets[_datasetOf[i]].busy = false;
        if (state == IRetrievalEscrow.State.Filed || state == IRetrievalEscrow.State.Posted) {
            _note("withdrawn in ", uint256(state));
            _rest(i, c.consumer);
            return _end(i, uint8(IRetrievalEscrow.State.Withdrawn), Party.Nobody);
        }
        _out(i, c.provider, REWARD);
        _rest(i, c.consumer);
        _end(i, uint8(IRetrievalEscrow.State.Fulfilled), Party.Nobody);
    }

    /// @dev The requester says that it has everything: in time, or when it is too late for that.
    function _word(uint256 i, uint256 r) private {
        if (r % 2 == 0) _jump(uint256(_tracks[i].until) + (r >> 8) % 4);
        _settle(i, _tracks[i].consumer);
    }

    function _wrong(uint256 i, uint256 r) internal override {
        IRetrievalEscrow.Dataset memory dataset = _dataset(i);
        IRetrievalEscrow.Request memory q = _requests[i];
        IRetrievalEscrow.State state = _state(i);
        bytes4 wrongState = IRetrievalEscrow.WrongState.selector;
        bool late = block.timestamp > _tracks[i].until;
        bytes memory settle = abi.encodeCall(_escrow().settle, (dataset, q));
        bool spoken = state == IRetrievalEscrow.State.Filed || state == IRetrievalEscrow.State.Proven
            || state == IRetrievalEscrow.State.Delivering;
        if (_tracks[i].ended) {
            _refuse(q.requester, settle, wrongState);
        } else if (!late) {
            _refuse(_stranger(), settle, IDeliveries.DeadlineNotPassed.selector);
            _refuse(_tracks[i].provider, settle, IDeliveries.DeadlineNotPassed.selector);
            // The requester's word ends nothing while the responder has something to show.
            if (!spoken) _refuse(q.requester, settle, IDeliveries.DeadlineNotPassed.selector);
        }
        bytes memory demand = abi.encodeCall(_escrow().demandPositives, (dataset, q, 0, 1));
        if (state != IRetrievalEscrow.State.Proven) _refuse(q.requester, DEMAND_BOND, demand, wrongState);
        bytes memory approve = abi.encodeCall(_escrow().approve, (dataset, q));
        if (state != IRetrievalEscrow.State.Filed) _refuse(dataset.approver, approve, wrongState);
        else if (late) _refuse(dataset.approver, approve, IDeliveries.DeadlinePassed.selector);
        else _refuse(_stranger(), approve, IDeliveries.NotParty.selector);
        _wrongDelivery(i, r);
        _wrongDataset(_datasetOf[i], q);
    }

    function _state(uint256 i) private view returns (IRetrievalEscrow.State) {
        return IRetrievalEscrow.State(_tracks[i].state);
    }

    function _dataset(uint256 i) private view returns (IRetrievalEscrow.Dataset memory) {
        return _datasets[_datasetOf[i]].terms;
    }

    function _escrow() private view returns (Retrieval) {
        return Retrieval(ESCROW);
    }
}
