// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {Retrieval} from "../utils/Deploy.sol";
import {DeliveryHandler} from "./DeliveryHandler.sol";
import {Material} from "./Material.sol";

/// @notice Plays the datasets that requests are about.
abstract contract DatasetHandler is DeliveryHandler {
    bytes32 private constant ATTESTATION =
        keccak256("Attestation(uint256 dataset,bytes32 root,uint256 count,uint256 nonce,uint256 deadline)");
    uint256 internal constant DEMAND_BOND = 1e8 + 1;
    uint128 private constant BAIL = 5e12 + 3;
    uint32 private constant NOTICE = 55 hours;
    uint32 internal constant APPROVE = 50 hours;
    uint32 internal constant RESULTS = 30 hours;
    uint32 internal constant PROVE = 25 hours;
    uint32 internal constant PROVE_EACH = 300;
    uint32 internal constant DEMAND = 40 hours;
    uint32 internal constant IDENTIFY = 20 hours;
    uint32 internal constant IDENTIFY_EACH = 200;

    /// @notice A dataset, as it should stand.
    struct Data {
        uint256 id;
        IRetrievalEscrow.Dataset terms;
        bool open;
        bool busy;
        bool attested;
        uint256 closableAt;
    }

    Data[] internal _datasets;
    mapping(uint256 i => uint256) internal _datasetOf;
    uint256 private _attestations;

    /// @notice The bonds of datasets are held too.
    function heldIn(address currency) external view override returns (uint256 sum) {
        for (uint256 k = 0; k < _live.length; ++k) {
            if (_tracks[_live[k]].currency == currency) sum += _tracks[_live[k]].held;
        }
        for (uint256 d = 0; d < _datasets.length; ++d) {
            if (_datasets[d].open && _datasets[d].terms.currency == currency) sum += BAIL;
        }
    }

    /// @notice What happens to datasets beside requests: they are attested, retired and closed.
    function tend(uint256 seed) external {
        if (_datasets.length == 0) return;
        uint256 r = _mix(seed, 5);
        uint256 recent = _datasets.length < 4 ? _datasets.length : 4;
        uint256 which = _datasets.length - 1 - r % recent;
        Data storage d = _datasets[which];
        if (!d.open) return;
        if (!d.attested && d.closableAt == 0 && (r >> 8) % 2 == 0) return _attest(d);
        if (d.closableAt == 0 && (r >> 16) % 2 == 0) return _retire(d);
        if (d.closableAt != 0 && block.timestamp > d.closableAt && !d.busy) _close(d);
    }

    /// @dev Every case ends, and then every dataset can be closed.
    function finish() public override {
        super.finish();
        for (uint256 k = 0; k < _datasets.length; ++k) {
            if (!_datasets[k].open) continue;
            if (_datasets[k].closableAt == 0) _retire(_datasets[k]);
            if (block.timestamp <= _datasets[k].closableAt) _jump(_datasets[k].closableAt + 1);
            _close(_datasets[k]);
        }
    }

    /// @dev A dataset that a request can be about: the last that takes requests, or, more often, one that answers none; else, or
    /// now and then, a new one.
    function _datasetFor(uint256 r) internal returns (uint256) {
        if (r % 3 != 0) {
            for (uint256 k = _datasets.length; k > 0; --k) {
                Data storage d = _datasets[k - 1];
                if (d.open && d.closableAt == 0 && (!d.busy || (r >> 64) % 4 == 0)) return k - 1;
            }
        }
        IRetrievalEscrow.Dataset memory t;
        (t.responder, t.approver, t.source) =
        (_WORLD.models((r >> 48) % 3).owner, _WORLD.approver(), _WORLD.people((r >> 56) % 2));
        t.verifier = _WORLD.models((r >> 8) % 2).verifier;
        (t.currency, t.root, t.count) =
        (_WORLD.currencies(r >> 24), _MATERIAL.root(Material.Tree.Documents), uint32(_MATERIAL.FEW()));
        (t.bond, t.demandBond, t.notice) = (BAIL, uint128(DEMAND_BOND), NOTICE);
        t.windows = IRetrievalEscrow.Windows(APPROVE, RESULTS, PROVE, PROVE_EACH, DEMAND, IDENTIFY, IDENTIFY_EACH);
        (t.courier, t.salt) = (_courier(), _datasets.length);
        uint256 value = _fund(t.responder, t.currency, BAIL);
        vm.prank(t.responder);
        uint256 id = Retrieval(ESCROW).commitDataset{value: value}(t);
        _WORLD.lock(ESCROW, t.currency, BAIL);
        _datasets.push(Data(id, t, true, false, false, 0));
        return _datasets.length - 1;
    }

    function _attest(Data storage d) private {
        uint256 nonce = 1e6 + ++_attestations;
        bytes32 words =
            keccak256(abi.encode(ATTESTATION, d.id, d.terms.root, uint256(d.terms.count), nonce, block.timestamp));
        bytes memory signature = _WORLD.signature(ESCROW, _domainName(), d.terms.source, words);
        bytes memory data = abi.encodeCall(Retrieval(ESCROW).attest, (d.terms, nonce, block.timestamp, signature));
        // INVARIANT I8: a signature is about one dataset.
        for (uint256 k = 0; k < _datasets.length; ++k) {
            Data storage o = _datasets[k];
            if (o.id == d.id || o.attested || !o.open || o.closableAt != 0) continue;
            bytes memory other = abi.encodeCall(Retrieval(ESCROW).attest, (o.terms, nonce, block.timestamp, signature));
            _refuse(_stranger(), other, ISignatures.BadSignature.selector);
        }
        vm.prank(_stranger());
        (bool success,) = ESCROW.call(data);
        vm.assertTrue(success, "an attestation");
        _refuse(_stranger(), data, IRetrievalEscrow.AlreadyAttested.selector);
        d.attested = true;
        _note("attested");
    }

    function _retire(Data storage d) private {
        vm.prank(d.terms.responder);
        Retrieval(ESCROW).retire(d.terms);
        d.closableAt = block.timestamp + NOTICE;
        _note("retired");
    }

    function _close(Data storage d) private {
        vm.prank(_stranger());
        Retrieval(ESCROW).close(d.terms);
        _WORLD.owe(ESCROW, d.terms.currency, d.terms.responder, BAIL);
        d.open = false;
        _note("closed");
    }

    /// @dev Calls that a dataset does not allow.
    function _wrongDataset(uint256 which, IRetrievalEscrow.Request memory q) internal {
        Data storage d = _datasets[which];
        bytes4 wrongState = IRetrievalEscrow.WrongDatasetState.selector;
        bytes memory call_ = abi.encodeCall(IRetrievalEscrow.close, (d.terms));
        if (!d.open || d.closableAt == 0) _refuse(d.terms.responder, call_, wrongState);
        else if (d.busy) _refuse(d.terms.responder, call_, IRetrievalEscrow.DatasetBusy.selector);
        else if (block.timestamp <= d.closableAt) _refuse(_stranger(), call_, IDeliveries.DeadlineNotPassed.selector);
        _refuse(d.terms.responder, abi.encodeCall(IRetrievalEscrow.commitDataset, (d.terms)), wrongState);
        call_ = abi.encodeCall(IRetrievalEscrow.retire, (d.terms));
        if (d.open && d.closableAt == 0) {
            _refuse(_stranger(), call_, IDeliveries.NotParty.selector);
            return _wrongRequest(d.terms, q);
        }
        _refuse(d.terms.responder, call_, wrongState);
        _refuse(_stranger(), abi.encodeCall(IRetrievalEscrow.attest, (d.terms, 0, 0, "")), wrongState);
        _refuse(q.requester, abi.encodeCall(IRetrievalEscrow.file, (d.terms, q)), wrongState);
    }

    /// @dev The same request again, and models that it cannot be about.
    function _wrongRequest(IRetrievalEscrow.Dataset memory terms, IRetrievalEscrow.Request memory q) private {
        bytes4 why = IRetrievalEscrow.WrongState.selector;
        _refuse(q.requester, abi.encodeCall(IRetrievalEscrow.file, (terms, q)), why);
        bool hungry = terms.verifier == _WORLD.hungry();
        q.model = _WORLD.models(2).id;
        why = hungry ? IRetrievalEscrow.WrongVerifier.selector : IRetrievalEscrow.ModelNotPublic.selector;
        _refuse(q.requester, abi.encodeCall(IRetrievalEscrow.file, (terms, q)), why);
        q.model = _WORLD.models(hungry ? 0 : 1).id;
        why = IRetrievalEscrow.WrongVerifier.selector;
        _refuse(q.requester, abi.encodeCall(IRetrievalEscrow.file, (terms, q)), why);
    }

    function _sender() internal pure override returns (Party) {
        return Party.Provider;
    }

    function _name() internal pure override returns (string memory) {
        return "retrieval";
    }

    function _domainName() internal pure override returns (string memory) {
        return "zkescrow RetrievalEscrow";
    }
}
