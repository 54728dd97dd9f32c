// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {Handler} from "./Handler.sol";
import {Material} from "./Material.sol";

/// @notice Plays deliveries.
abstract contract DeliveryHandler is Handler {
    bytes32 private constant ACKNOWLEDGEMENT =
        keccak256("Acknowledgement(uint256 caseId,bytes32 root,uint256 nonce,uint256 deadline)");
    uint256 private constant _FOREVER = type(uint256).max;
    uint32 internal constant STEP = 20 hours;
    uint32 internal constant PER_CHUNK = 10 minutes;
    uint128 internal constant BOND = 1e9 + 7;

    mapping(uint256 i => Material.Parcel) internal _parcels;
    /// @dev Where the delivery stands, how many chunks it has, how many were published, and time to decide.
    mapping(uint256 i => IDeliveries.Stage) internal _stages;
    mapping(uint256 i => uint256) private _published;
    mapping(uint256 i => uint256) private _decide;
    uint256 private _nonce;
    /// @dev The last signature.
    bytes private _signed;

    /// @dev Retrieval delivers the other way round.
    function _sender() internal pure virtual returns (Party) {
        return Party.Consumer;
    }

    function _receiver() internal pure returns (Party) {
        return _sender() == Party.Consumer ? Party.Provider : Party.Consumer;
    }

    function _who(uint256 i, Party party) internal view returns (address) {
        return party == Party.Consumer ? _tracks[i].consumer : _tracks[i].provider;
    }

    function _courier() internal pure returns (IDeliveries.Courier memory) {
        return IDeliveries.Courier({step: STEP, perChunk: PER_CHUNK, bond: BOND});
    }

    /// @dev What will be delivered; now and then it has a flaw.
    function _pack(uint256 i, uint256[] memory items, bool labelled, uint256 r) internal returns (bytes32 root) {
        Material.Parcel memory p;
        (p.items, p.labelled, p.flawed) = (items, labelled, (r >> 8) % items.length);
        // Some kinds of flaw are of labels only.
        if (r % 2 == 0) p.flaw = Material.Flaw(1 + (r >> 16) % (labelled ? 5 : 4));
        _parcels[i] = p;
        return _MATERIAL.cipherRoot(p);
    }

    function _keyHash() internal view returns (bytes32) {
        return keccak256(abi.encode(_MATERIAL.KEY()));
    }

    /// @dev After the announcement, in its state.
    function _announced(uint256 i, uint256 decide) internal {
        (_stages[i], _published[i], _decide[i]) = (IDeliveries.Stage.Announced, 0, decide);
        _pass(i, _receiver(), STEP);
    }

    function _chunks(uint256 i) private view returns (uint256) {
        Material.Parcel storage p = _parcels[i];
        return (p.items.length * (p.labelled ? 10 : 8) + 255) / 256;
    }

    /// @dev A move in a delivery, unless its data were revealed.
    function _deliver(uint256 i, uint256 r) internal {
        IDeliveries.Stage stage = _stages[i];
        IDeliveries escrow = IDeliveries(ESCROW);
        uint256 id = _tracks[i].id;
        address receiver = _who(i, _receiver());
        if (stage == IDeliveries.Stage.Announced) {
            if (r % 5 < 2) return _demandPublication(i, receiver);
            if (r % 5 < 4 && _WORLD.keys(receiver) != 0) {
                _sign(i, receiver);
            } else {
                vm.prank(receiver);
                escrow.acknowledge(id);
            }
            _acknowledged(i);
        } else if (stage == IDeliveries.Stage.Demanded) {
            _publish(i);
        } else {
            uint256 key = _MATERIAL.KEY();
            vm.prank(_who(i, _sender()));
            escrow.reveal(id, key);
            _stages[i] = IDeliveries.Stage.Revealed;
            _pass(i, _receiver(), _decide[i]);
            _note("revealed");
        }
    }

    function _demandPublication(uint256 i, address receiver) private {
        uint256 bond = BOND * _chunks(i);
        uint256 value = _fund(receiver, _tracks[i].currency, bond);
        vm.prank(receiver);
        IDeliveries(ESCROW).demandPublication{value: value}(_tracks[i].id);
        _in(i, bond);
        _stages[i] = IDeliveries.Stage.Demanded;
        _pass(i, _sender(), STEP + PER_CHUNK * _chunks(i));
        _note("publication demanded");
    }

    function _publish(uint256 i) private {
        uint256 id = _tracks[i].id;
        (uint256[] memory words, bytes32[] memory path) = _MATERIAL.chunk(_parcels[i], _published[i]);
        _refuse(_stranger(), abi.encodeCall(IDeliveries.publish, (id, words, path)), IDeliveries.NotParty.selector);
        vm.prank(_who(i, _sender()));
        IDeliveries(ESCROW).publish(id, words, path);
        _out(i, _who(i, _sender()), BOND);
        bool last = ++_published[i] == _chunks(i);
        _note(last ? "published" : "published in part");
        if (last) _acknowledged(i);
        // INVARIANT I8: a chunk counts once.
        bytes4 why = last ? IDeliveries.WrongStage.selector : IDeliveries.WrongChunk.selector;
        _refuse(_who(i, _sender()), abi.encodeCall(IDeliveries.publish, (id, words, path)), why);
    }

    function _acknowledged(uint256 i) private {
        _stages[i] = IDeliveries.Stage.Acknowledged;
        _pass(i, _sender(), STEP);
    }

    /// @dev INVARIANT I8: a signature is good in its contract, for its case, once.
    function _sign(uint256 i, address receiver) private {
        IDeliveries escrow = IDeliveries(ESCROW);
        uint256 id = _tracks[i].id;
        bytes32 root = escrow.deliveryOf(id).root;
        bytes32 words = keccak256(abi.encode(ACKNOWLEDGEMENT, id, root, ++_nonce, _FOREVER));
        _signed = _WORLD.signature(ESCROW, _domainName(), receiver, words);
        bytes memory foreign = _WORLD.signature(address(_WORLD.registry()), _domainName(), receiver, words);
        for (uint256 k = 0; k < _live.length; ++k) {
            if (_live[k] != i) _replay(_tracks[_live[k]].id);
        }
        bytes memory data = abi.encodeCall(escrow.acknowledgeBySignature, (id, _nonce, _FOREVER, foreign));
        _refuse(_stranger(), data, ISignatures.BadSignature.selector);
        vm.prank(_stranger());
        escrow.acknowledgeBySignature(id, _nonce, _FOREVER, _signed);
        _note("acknowledged by signature");
    }

    function _domainName() internal pure virtual returns (string memory);

    /// @dev The delivery is over; bonds that were not earned return to the receiver.
    function _closeDelivery(uint256 i) internal {
        if (_stages[i] == IDeliveries.Stage.Demanded) {
            _out(i, _who(i, _receiver()), BOND * (_chunks(i) - _published[i]));
        }
        _stages[i] = IDeliveries.Stage.None;
    }

    function _isRevealed(uint256 i) internal view returns (bool) {
        return _stages[i] == IDeliveries.Stage.Revealed;
    }

    function _isFlawed(uint256 i) internal view returns (bool) {
        return _parcels[i].flaw != Material.Flaw.None;
    }

    /// @dev The receiver complains about what is well.
    function _complainFalsely(address receiver, bytes memory complaint) internal {
        _refuse(receiver, complaint, IDeliveries.ComplaintRefused.selector);
        _note("false complaint");
    }

    /// @dev Calls to a delivery at the wrong time, or by the wrong party.
    function _wrongDelivery(uint256 i, uint256 r) internal {
        uint256 id = _tracks[i].id;
        IDeliveries.Stage stage = _stages[i];
        address receiver = _who(i, _receiver());
        address sender = _who(i, _sender());
        bytes memory data = abi.encodeCall(IDeliveries.reveal, (id, _MATERIAL.KEY()));
        if (stage != IDeliveries.Stage.Acknowledged) {
            _refuse(sender, data, IDeliveries.WrongStage.selector);
        } else {
            bool late = block.timestamp > _tracks[i].until;
            bytes memory false_ = abi.encodeCall(IDeliveries.reveal, (id, 1 + r % 1000));
            _refuse(receiver, data, late ? IDeliveries.DeadlinePassed.selector : IDeliveries.NotParty.selector);
            _refuse(sender, false_, late ? IDeliveries.DeadlinePassed.selector : IDeliveries.WrongKey.selector);
        }
        if (stage != IDeliveries.Stage.Announced) {
            _refuse(receiver, abi.encodeCall(IDeliveries.acknowledge, (id)), IDeliveries.WrongStage.selector);
            data = abi.encodeCall(IDeliveries.demandPublication, (id));
            _refuse(receiver, BOND, data, IDeliveries.WrongStage.selector);
        }
        _replaySignature();
    }

    /// @dev INVARIANT I8: the last signature opens nothing again: not where it was used, and not in another case.
    function _replaySignature() private {
        if (_signed.length == 0) return;
        for (uint256 k = 0; k < _live.length; ++k) {
            _replay(_tracks[_live[k]].id);
        }
        _note("signature replayed");
    }

    function _replay(uint256 id) private {
        (bool success,) =
            ESCROW.call(abi.encodeCall(IDeliveries.acknowledgeBySignature, (id, _nonce, _FOREVER, _signed)));
        vm.assertFalse(success, "I8: signature");
    }
}
