// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Predictions} from "../utils/Deploy.sol";
import {DeliveryHandler} from "./DeliveryHandler.sol";
import {Handler} from "./Handler.sol";
import {Material} from "./Material.sol";
import {World} from "./World.sol";

/// @notice Plays rounds of predictions: of each, the consumer locks `2KZ` and `K` prices, the provider `βKZ`.
contract PredictionHandler is DeliveryHandler {
    uint256 private constant K = 33;
    uint256 private constant Z = 1e12 + 7;
    uint256 private constant PRICE = 1e10 + 3;
    uint256 private constant DEMAND_BOND = 1e8 + 1;
    uint32 private constant RESPOND = 25 hours;
    uint32 private constant RESPOND_EACH = 300;
    uint32 private constant CONTEST = 40 hours;
    uint32 private constant PREDICT = 30 hours;

    IPredictionEscrow.Terms[] private _terms;
    mapping(uint256 i => bool) private _lying;
    /// @dev Demanded or contested indices without an answer; the next one is the last.
    mapping(uint256 i => uint256[]) private _asked;
    mapping(uint256 i => uint256) private _contested;
    /// @dev The last evidence that counted.
    IMarket.Evidence private _used;

    constructor(World world) Handler(world, address(world.predictions())) {}

    function read(uint256 i) public view override returns (uint8 state, uint256 deadline) {
        IPredictionEscrow.Round memory round = _escrow().roundOf(_tracks[i].id);
        (state, deadline) = (uint8(round.state), round.deadline);
        if (round.state == IPredictionEscrow.State.Delivering) {
            deadline = _escrow().deliveryOf(_tracks[i].id).deadline;
        }
    }

    function outstanding(uint256 i) external view override returns (uint256) {
        return _escrow().roundOf(_tracks[i].id).outstanding;
    }

    /// @notice How many predictions are contested, as the contract says and as the consumer did.
    function contests(uint256 i) external view returns (uint256 stated, uint256 made) {
        return (_escrow().roundOf(_tracks[i].id).contested, _contested[i]);
    }

    /// @notice How many indices the contract has marked as contested and not answered.
    function marked(uint256 i) external view returns (uint256 marks) {
        for (uint256 index = 0; index < K; ++index) {
            if (_escrow().isOutstanding(_tracks[i].id, index)) ++marks;
        }
    }

    /// @notice How many have to be.
    function waiting(uint256 i) external view returns (uint256) {
        return _contested[i] == 0 ? 0 : _tracks[i].unanswered;
    }

    function _open(uint256 r) internal override {
        IPredictionEscrow.Terms memory t;
        World.Stake memory s = _WORLD.models((r >> 8) % 3);
        (t.consumer, t.provider, t.model, t.currency) =
        (_WORLD.consumers(r >> 16), s.owner, s.id, _WORLD.currencies(r >> 24));
        (t.count, t.beta, t.proofCost, t.price) = (uint32(K), uint16(2 + (r >> 32) % 2), uint128(Z), uint128(PRICE));
        t.demandBond = uint128(DEMAND_BOND);
        t.windows = IPredictionEscrow.Windows(50 hours, 45 hours, PREDICT, CONTEST, RESPOND, RESPOND_EACH);
        (t.courier, t.salt) = (_courier(), _tracks.length);
        uint256 lock = K * (2 * Z + PRICE);
        uint256 value = _fund(t.consumer, t.currency, lock);
        vm.prank(t.consumer);
        uint256 i = _begin(_escrow().open{value: value}(t), t.consumer, t.provider, t.currency, t.model);
        _terms.push(t);
        _in(i, lock);
        _enter(i, uint8(IPredictionEscrow.State.Open), Party.Nobody, 50 hours);
    }

    function _move(uint256 i, uint256 r) internal override {
        IPredictionEscrow.State state = _state(i);
        if (state == IPredictionEscrow.State.Contested && _asked[i].length == 0) return _settle(i, _stranger());
        if (block.timestamp > _tracks[i].until) return _expire(i);
        if (state == IPredictionEscrow.State.Open) return _accept(i, r);
        if (state == IPredictionEscrow.State.Accepted) return _commitInputs(i);
        if (state == IPredictionEscrow.State.Committed) {
            if (r % 12 == 0) return _decline(i);
            if (r % 2 == 0) return _predict(i, r >> 8);
            return _demandInputs(i, r >> 8);
        }
        if (state == IPredictionEscrow.State.InputsDemanded) return _showInputs(i, r);
        if (state == IPredictionEscrow.State.InputsShown) return _announce(i, r);
        if (state == IPredictionEscrow.State.Delivering) {
            if (!_isRevealed(i)) return _deliver(i, r);
            if (_isFlawed(i) && r % 4 != 0) return _complain(i);
            if (!_isFlawed(i)) _complainFalsely(_tracks[i].provider, _complaint(i));
            if ((r >> 4) % 6 == 0) return _decline(i);
            return _predict(i, r >> 8);
        }
        if (state == IPredictionEscrow.State.PredictionsDemanded) return _publishPrediction(i);
        if (state == IPredictionEscrow.State.Contested) {
            _wrongAnswer(i, r);
            return _respond(i);
        }
        // Predicted or Published.
        if (r % 6 == 0) return _settle(i, _tracks[i].consumer);
        if (state == IPredictionEscrow.State.Predicted && r % 6 < 3) return _demandPredictions(i, r >> 8);
        _contest(i, r >> 8);
    }

    function _expire(uint256 i) internal override {
        if (_state(i) != IPredictionEscrow.State.Open) return _settle(i, _stranger());
        _cancel(i, _stranger());
    }

    function _cancel(uint256 i, address who) private {
        vm.prank(who);
        _escrow().cancel(_terms[i]);
        _rest(i, _tracks[i].consumer);
        _end(i, uint8(IPredictionEscrow.State.Refunded), Party.Nobody);
    }

    function _accept(uint256 i, uint256 r) private {
        IPredictionEscrow.Terms memory t = _terms[i];
        if (r % 12 == 0) return _cancel(i, t.consumer);
        uint256 lock = t.beta * K * Z;
        uint256 value = _fund(t.provider, t.currency, lock);
        World.Stake memory s = _WORLD.models(_WORLD.indexOf(t.model));
        if (s.stake - s.unbonding < _WORLD.MINIMUM_STAKE()) {
            _refuse(t.provider, value, abi.encodeCall(_escrow().accept, (t)), IModelRegistry.StakeTooLow.selector);
            _note("too little stake");
            return _WORLD.topUp(t.model, r >> 8);
        }
        vm.prank(t.provider);
        _escrow().accept{value: value}(t);
        _in(i, lock);
        _relyOn(i);
        _enter(i, uint8(IPredictionEscrow.State.Accepted), Party.Consumer, 45 hours);
    }

    function _commitInputs(uint256 i) private {
        bytes32 root = _MATERIAL.root(Material.Tree.Inputs);
        vm.prank(_tracks[i].consumer);
        _escrow().commitInputs(_terms[i], root);
        _enter(i, uint8(IPredictionEscrow.State.Committed), Party.Provider, PREDICT);
    }

    function _demandInputs(uint256 i, uint256 r) private {
        // All of them are more than a chunk.
        uint256 count = r % 4 == 0 ? K : 1 + (r >> 8) % 2;
        uint256[] memory items = _range((r >> 16) % (K - count + 1), count);
        uint256 value = _fund(_tracks[i].provider, _tracks[i].currency, count * DEMAND_BOND);
        vm.prank(_tracks[i].provider);
        _escrow().demandInputs{value: value}(_terms[i], items[0], count);
        (_asked[i], _tracks[i].unanswered) = (items, count);
        _in(i, count * DEMAND_BOND);
        uint256 time = RESPOND + RESPOND_EACH * count;
        _enter(i, uint8(IPredictionEscrow.State.InputsDemanded), Party.Consumer, time);
    }

    /// @dev The consumer shows some of the inputs. Nobody else can: its batch would fail.
    function _showInputs(uint256 i, uint256 r) private {
        uint256 left = _tracks[i].unanswered;
        uint256 count = r % 3 == 0 ? left : 1 + (r >> 8) % left;
        // INVARIANT I8: of what is demanded, and no more.
        address consumer = _tracks[i].consumer;
        _refuse(consumer, _shown(i, left + 1, 0), IPredictionEscrow.WrongLength.selector);
        bytes memory data = _shown(i, count, 0);
        _refuse(_stranger(), data, IDeliveries.NotParty.selector);
        vm.prank(consumer);
        (bool success,) = ESCROW.call(data);
        vm.assertTrue(success, "I3: a true answer in time");
        _out(i, consumer, count * DEMAND_BOND);
        _tracks[i].unanswered = left - count;
        bytes4 why = IPredictionEscrow.WrongState.selector;
        if (count == left) {
            _enter(i, uint8(IPredictionEscrow.State.InputsShown), Party.Consumer, STEP);
        } else {
            bool more = count > left - count;
            why = more ? IPredictionEscrow.WrongLength.selector : IPredictionEscrow.NotCommitted.selector;
            _note("shown in part");
        }
        // INVARIANT I8: an input is shown once.
        _refuse(consumer, data, why);
    }

    /// @dev The call that shows the next `count` inputs, or those that many places further.
    function _shown(uint256 i, uint256 count, uint256 further) private view returns (bytes memory) {
        uint256[] memory items = _asked[i];
        uint256[] memory commitments = new uint256[](count);
        bytes32[][] memory paths = new bytes32[][](count);
        uint256 next = items[0] + items.length - _tracks[i].unanswered + further;
        for (uint256 k = 0; k < count; ++k) {
            uint256 item = (next + k) % K;
            commitments[k] = _MATERIAL.item(item).commitment;
            paths[k] = _MATERIAL.path(Material.Tree.Inputs, item);
        }
        return abi.encodeCall(_escrow().showInputs, (_terms[i], commitments, paths));
    }

    /// @dev Nobody is to blame.
    function _decline(uint256 i) private {
        Track storage c = _tracks[i];
        vm.prank(c.provider);
        _escrow().decline(_terms[i]);
        _note("declined in ", c.state);
        _closeDelivery(i);
        _out(i, c.consumer, K * (2 * Z + PRICE));
        _out(i, c.provider, _terms[i].beta * K * Z);
        _end(i, uint8(IPredictionEscrow.State.Refunded), Party.Nobody);
    }

    function _announce(uint256 i, uint256 r) private {
        uint256[] memory items = _asked[i];
        bytes32 root = _pack(i, items, false, r);
        bytes32 keyHash = _keyHash();
        vm.prank(_tracks[i].consumer);
        _escrow().announceInputs(_terms[i], root, keyHash);
        delete _asked[i];
        _enter(i, uint8(IPredictionEscrow.State.Delivering), Party.Nobody, 0);
        _announced(i, PREDICT);
    }

    function _complaint(uint256 i) private view returns (bytes memory) {
        IDeliveryJudge.Complaint memory complaint = _MATERIAL.complaint(_parcels[i]);
        uint256 wrong = _parcels[i].items[complaint.item];
        return abi.encodeCall(
            _escrow().complain,
            (
                _terms[i],
                _MATERIAL.KEY(),
                complaint,
                _MATERIAL.item(wrong).commitment,
                _MATERIAL.path(Material.Tree.Inputs, wrong)
            )
        );
    }

    function _complain(uint256 i) private {
        bytes memory data = _complaint(i);
        vm.prank(_tracks[i].provider);
        (bool success,) = ESCROW.call(data);
        vm.assertTrue(success, "I3: a true complaint");
        _note("complaint ", uint256(_parcels[i].flaw));
        _closeDelivery(i);
        _tracks[i].caught = Party.Consumer;
        _consumerFailed(i);
    }

    function _predict(uint256 i, uint256 r) private {
        _lying[i] = r % 3 == 0;
        bytes32 root = _MATERIAL.root(_lying[i] ? Material.Tree.Lying : Material.Tree.Honest);
        vm.prank(_tracks[i].provider);
        _escrow().commitPredictions(_terms[i], root);
        _closeDelivery(i);
        _enter(i, uint8(IPredictionEscrow.State.Predicted), Party.Nobody, CONTEST);
    }

    function _demandPredictions(uint256 i, uint256 r) private {
        uint256 count = 1 + r % 3;
        uint256 first = (r >> 8) % (K - count + 1);
        uint256 value = _fund(_tracks[i].consumer, _tracks[i].currency, count * DEMAND_BOND);
        vm.prank(_tracks[i].consumer);
        _escrow().demandPredictions{value: value}(_terms[i], first, count);
        _in(i, count * DEMAND_BOND);
        for (uint256 k = count; k > 0; --k) {
            _asked[i].push(first + k - 1);
        }
        _tracks[i].unanswered = count;
        _enter(i, uint8(IPredictionEscrow.State.PredictionsDemanded), Party.Provider, RESPOND + RESPOND_EACH * count);
    }

    function _publishPrediction(uint256 i) private {
        uint256[] storage asked = _asked[i];
        IPredictionEscrow.Prediction[] memory list = new IPredictionEscrow.Prediction[](1);
        bytes32[][] memory paths = new bytes32[][](1);
        (list[0], paths[0]) = _committed(i, asked[asked.length - 1]);
        vm.prank(_tracks[i].provider);
        _escrow().publishPredictions(_terms[i], list, paths);
        asked.pop();
        --_tracks[i].unanswered;
        _out(i, _tracks[i].provider, DEMAND_BOND);
        if (asked.length == 0) _enter(i, uint8(IPredictionEscrow.State.Published), Party.Nobody, CONTEST);
    }

    /// @dev What the provider committed to, true or not.
    function _committed(uint256 i, uint256 index)
        private
        view
        returns (IPredictionEscrow.Prediction memory p, bytes32[] memory path)
    {
        Material.Item memory it = _MATERIAL.item(index);
        bool lie = _lying[i] && _MATERIAL.isLie(index);
        p = IPredictionEscrow.Prediction(it.commitment, it.output, lie ? (it.label + 1) % 10 : it.label);
        path = _MATERIAL.path(_lying[i] ? Material.Tree.Lying : Material.Tree.Honest, index);
    }

    function _contest(uint256 i, uint256 r) private {
        uint256[] memory indices = new uint256[](1 + r % 3);
        for (uint256 k = 0; k < indices.length; ++k) {
            indices[k] = 11 * k + (r >> (8 * k + 8)) % 11;
        }
        vm.prank(_tracks[i].consumer);
        _escrow().contest(_terms[i], indices);
        (_asked[i], _contested[i], _tracks[i].unanswered) = (indices, indices.length, indices.length);
        uint256 time = RESPOND + RESPOND_EACH * indices.length;
        _enter(i, uint8(IPredictionEscrow.State.Contested), Party.Provider, time);
    }

    function _response(uint256 i, uint256 index, IMarket.Evidence memory evidence) private view returns (bytes memory) {
        (IPredictionEscrow.Prediction memory p, bytes32[] memory path) = _committed(i, index);
        bytes32[] memory inputPath = _MATERIAL.path(Material.Tree.Inputs, index);
        return abi.encodeCall(_escrow().respond, (_terms[i], index, p, inputPath, path, evidence));
    }

    function _evidence(uint256 i, uint256 index) private view returns (IMarket.Evidence memory) {
        Track storage c = _tracks[i];
        return _WORLD.evidence(c.model, ESCROW, c.id, index, c.provider, index);
    }

    /// @dev INVARIANT I3: what is true can be proven, by anybody, until the last second.
    function _respond(uint256 i) private {
        uint256[] storage asked = _asked[i];
        uint256 index = asked[asked.length - 1];
        IMarket.Evidence memory evidence = _evidence(i, index);
        bytes memory data = _response(i, index, evidence);
        if (_lying[i] && _MATERIAL.isLie(index)) {
            // It proves what it can, and goes silent.
            _refuse(_tracks[i].provider, data, IMarket.InvalidProof.selector);
            if (asked.length > 1) (asked[0], asked[asked.length - 1]) = (asked[asked.length - 1], asked[0]);
            return;
        }
        vm.prank(_stranger());
        (bool success,) = ESCROW.call(data);
        vm.assertTrue(success, "I3: a true answer in time");
        asked.pop();
        --_tracks[i].unanswered;
        _used = evidence;
        _note("proven");
        // INVARIANT I8: an answer counts once.
        _refuse(_stranger(), data, IPredictionEscrow.NotContested.selector);
    }

    /// @dev The paper's section 5.3, and D2.
    function _settle(uint256 i, address who) private {
        vm.prank(who);
        _escrow().settle(_terms[i]);
        Track storage c = _tracks[i];
        IPredictionEscrow.State state = _state(i);
        if (state == IPredictionEscrow.State.Accepted) {
            _out(i, c.consumer, K * (2 * Z + PRICE));
            _rest(i, c.provider);
            return _end(i, uint8(IPredictionEscrow.State.Refunded), Party.Nobody);
        }
        bool served = state == IPredictionEscrow.State.Predicted || state == IPredictionEscrow.State.Published;
        if (served || (state == IPredictionEscrow.State.Contested && c.unanswered == 0)) {
            _out(i, c.provider, K * PRICE + _terms[i].beta * K * Z + 2 * Z * _contested[i]);
            _rest(i, c.consumer);
            return _end(i, uint8(IPredictionEscrow.State.Served), Party.Nobody);
        }
        Party silent = c.turn;
        _closeDelivery(i);
        if (silent == Party.Consumer) {
            if (state == IPredictionEscrow.State.InputsDemanded) _out(i, c.provider, c.unanswered * DEMAND_BOND);
            return _consumerFailed(i);
        }
        uint256 lock = _terms[i].beta * K * Z;
        if (state == IPredictionEscrow.State.PredictionsDemanded) _out(i, c.consumer, c.unanswered * DEMAND_BOND);
        _forfeit(i, c.consumer, lock);
        _rest(i, c.consumer);
        _WORLD.slash(c.model);
        _note("silent provider in ", uint256(state));
        _end(i, uint8(IPredictionEscrow.State.ProviderFailed), Party.Provider);
    }

    /// @dev The price returns, everything else is the provider's.
    function _consumerFailed(uint256 i) private {
        _note("failed consumer in ", uint256(_state(i)));
        _out(i, _tracks[i].consumer, K * PRICE);
        _out(i, _tracks[i].provider, _terms[i].beta * K * Z + 2 * K * Z);
        _end(i, uint8(IPredictionEscrow.State.ConsumerFailed), Party.Consumer);
    }

    function _wrong(uint256 i, uint256 r) internal override {
        IPredictionEscrow.Terms memory t = _terms[i];
        IPredictionEscrow.State state = _state(i);
        bytes memory settle = abi.encodeCall(_escrow().settle, (t));
        bytes memory contest = abi.encodeCall(_escrow().contest, (t, _range(0, 1)));
        bool late = block.timestamp > _tracks[i].until;
        bytes4 wrongState = IPredictionEscrow.WrongState.selector;
        if (_tracks[i].ended || state == IPredictionEscrow.State.Open) {
            _refuse(t.consumer, settle, wrongState);
        } else if (!late && !(state == IPredictionEscrow.State.Contested && _asked[i].length == 0)) {
            _refuse(_stranger(), settle, IDeliveries.DeadlineNotPassed.selector);
        }
        if (state != IPredictionEscrow.State.Predicted && state != IPredictionEscrow.State.Published) {
            // INVARIANT I6: one contest, and it stays as it is.
            _refuse(t.consumer, contest, wrongState);
        } else if (!late) {
            _refuse(_stranger(), contest, IDeliveries.NotParty.selector);
        }
        if (state != IPredictionEscrow.State.Open) {
            _refuse(t.provider, abi.encodeCall(_escrow().accept, (t)), wrongState);
            _refuse(t.consumer, abi.encodeCall(_escrow().cancel, (t)), wrongState);
        } else if (!late) {
            _refuse(_stranger(), abi.encodeCall(_escrow().cancel, (t)), IDeliveries.DeadlineNotPassed.selector);
        }
        _refuse(t.consumer, abi.encodeCall(_escrow().open, (t)), wrongState);
        _wrongInputs(i, late);
        _wrongDelivery(i, r);
    }

    /// @dev Inputs of another place, or handed over before they were shown; and a provider that declines too late.
    function _wrongInputs(uint256 i, bool late) private {
        IPredictionEscrow.Terms memory t = _terms[i];
        IPredictionEscrow.State state = _state(i);
        bytes4 wrongState = IPredictionEscrow.WrongState.selector;
        bytes memory announce = abi.encodeCall(_escrow().announceInputs, (t, 0, 0));
        if (state != IPredictionEscrow.State.InputsShown) _refuse(t.consumer, announce, wrongState);
        if (state == IPredictionEscrow.State.InputsDemanded) {
            bytes4 why = late ? IDeliveries.DeadlinePassed.selector : IPredictionEscrow.NotCommitted.selector;
            _refuse(t.consumer, _shown(i, 1, 1), why);
        }
        bytes memory decline = abi.encodeCall(_escrow().decline, (t));
        _refuse(t.consumer, decline, IDeliveries.NotParty.selector);
        if (state == IPredictionEscrow.State.Delivering) {
            if (!_isRevealed(i)) _refuse(t.provider, decline, IDeliveries.WrongStage.selector);
            else if (late) _refuse(t.provider, decline, IDeliveries.DeadlinePassed.selector);
        } else if (state != IPredictionEscrow.State.Committed) {
            _refuse(t.provider, decline, wrongState);
        } else if (late) {
            _refuse(t.provider, decline, IDeliveries.DeadlinePassed.selector);
        }
    }

    /// @dev Old evidence, and too little gas.
    function _wrongAnswer(uint256 i, uint256 r) private {
        uint256 index = _asked[i][0];
        if (_lying[i] && _MATERIAL.isLie(index)) return;
        if (_used.proof.length != 0) {
            IMarket.Evidence memory old = _used;
            IMarket.Evidence memory own = _evidence(i, index);
            // INVARIANT I8: a proof is for one answer.
            (old.weights, old.points) = (own.weights, own.points);
            _refuse(_stranger(), _response(i, index, old), IMarket.InvalidProof.selector);
            _note("proof replayed");
        }
        World.Stake memory s = _WORLD.models(_WORLD.indexOf(_tracks[i].model));
        bytes memory data = _response(i, index, _evidence(i, index));
        // The others need little more than the calls themselves.
        if (s.verifier != _WORLD.hungry()) return;
        bytes32 before = keccak256(abi.encode(_escrow().roundOf(_tracks[i].id)));
        // INVARIANT I10: who calls with too little gas learns nothing and changes nothing.
        (bool success,) = ESCROW.call{gas: 30_000 + r % (_WORLD.APPETITE() - 30_000)}(data);
        vm.assertFalse(success, "I10: success without a verdict");
        vm.assertEq(
            uint256(before),
            uint256(keccak256(abi.encode(_escrow().roundOf(_tracks[i].id)))),
            "I10: a change without a verdict"
        );
        vm.assertTrue(_escrow().isOutstanding(_tracks[i].id, index), "I10: guilt or innocence without a verdict");
        _note("starved");
    }

    function _state(uint256 i) private view returns (IPredictionEscrow.State) {
        return IPredictionEscrow.State(_tracks[i].state);
    }

    function _escrow() private view returns (Predictions) {
        return Predictions(ESCROW);
    }

    function _name() internal pure override returns (string memory) {
        return "prediction";
    }

    function _domainName() internal pure override returns (string memory) {
        return "zkescrow PredictionEscrow";
    }
}
