// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Exams} from "../utils/Deploy.sol";
import {Trees} from "../utils/Trees.sol";
import {DeliveryHandler} from "./DeliveryHandler.sol";
import {Handler} from "./Handler.sol";
import {Material} from "./Material.sol";
import {World} from "./World.sol";

/// @notice Plays measurements of accuracy: both sides lock `2NE` and the fee `N1·P`.
contract AccuracyHandler is DeliveryHandler {
    uint256 private constant N = 6;
    uint256 private constant N1 = 2;
    uint256 private constant N2 = N - N1;
    uint256 private constant E = 3e12 + 1;
    uint256 private constant Z = 1e12 + 7;
    uint256 private constant P = 1e10 + 3;
    uint256 private constant LOCK = 2 * N * E;
    uint256 private constant FEE = N1 * P;
    uint32 private constant ANNOUNCE = 35 hours;
    uint32 private constant DECIDE = 30 hours;
    uint32 private constant CHALLENGE = 40 hours;
    uint32 private constant RESPOND = 25 hours;
    uint32 private constant RESPOND_EACH = 300;

    IAccuracyEscrow.Terms[] private _terms;
    /// @dev Which example is at a place, and whether the provider claims that all its answers are correct.
    mapping(uint256 i => uint256[N]) private _order;
    mapping(uint256 i => bool) private _lying;
    mapping(uint256 i => uint256) private _correct;
    mapping(uint256 i => uint256[]) private _challenged;
    mapping(uint256 i => uint256) private _deposits;
    IMarket.Evidence private _used;

    constructor(World world) Handler(world, address(world.exams())) {}

    function read(uint256 i) public view override returns (uint8 state, uint256 deadline) {
        IAccuracyEscrow.Exam memory exam = _escrow().examOf(_tracks[i].id);
        (state, deadline) = (uint8(exam.state), exam.deadline);
        if (_delivering(exam.state)) deadline = _escrow().deliveryOf(_tracks[i].id).deadline;
    }

    function outstanding(uint256 i) external view override returns (uint256) {
        return _escrow().examOf(_tracks[i].id).outstanding;
    }

    /// @notice How many leaves are challenged, as the contract says and as the consumer did.
    function challenges(uint256 i) external view returns (uint256 stated, uint256 made) {
        return (_escrow().examOf(_tracks[i].id).challenged, _deposits[i] / (2 * Z));
    }

    /// @notice How many leaves the contract has marked as challenged and not answered.
    function marked(uint256 i) external view returns (uint256 marks) {
        for (uint256 place = 0; place < N2; ++place) {
            if (_escrow().isOutstanding(_tracks[i].id, place)) ++marks;
        }
    }

    /// @notice How many have to be.
    function waiting(uint256 i) external view returns (uint256) {
        return _tracks[i].unanswered;
    }

    function _open(uint256 r) internal override {
        IAccuracyEscrow.Terms memory t;
        World.Stake memory s = _WORLD.models((r >> 8) % 3);
        (t.consumer, t.provider, t.model, t.currency) =
        (_WORLD.consumers(r >> 16), s.owner, s.id, _WORLD.currencies(r >> 24));
        (t.examples, t.first, t.target) = (uint32(N), uint32(N1), (r >> 32) % 2 == 0 ? 1_000_000 : 500_000);
        (t.exampleCost, t.proofCost, t.inferenceCost) = (uint128(E), uint128(Z), uint128(P));
        t.testSet = _MATERIAL.root(Material.Tree.Examples);
        t.windows =
            IAccuracyEscrow.Windows(50 hours, ANNOUNCE, DECIDE, DECIDE + 1 hours, CHALLENGE, RESPOND, RESPOND_EACH);
        (t.courier, t.salt) = (_courier(), _tracks.length);
        uint256 value = _fund(t.consumer, t.currency, LOCK + FEE);
        vm.prank(t.consumer);
        uint256 i = _begin(_escrow().open{value: value}(t), t.consumer, t.provider, t.currency, t.model);
        _terms.push(t);
        _in(i, LOCK + FEE);
        _enter(i, uint8(IAccuracyEscrow.State.Open), Party.Nobody, 50 hours);
    }

    function _move(uint256 i, uint256 r) internal override {
        IAccuracyEscrow.State state = _state(i);
        if (state == IAccuracyEscrow.State.Challenged && _challenged[i].length == 0) return _settle(i, _stranger());
        if (block.timestamp > _tracks[i].until) return _expire(i);
        if (state == IAccuracyEscrow.State.Open) return _accept(i, r);
        if (state == IAccuracyEscrow.State.Accepted || state == IAccuracyEscrow.State.Continued) {
            return _announce(i, r);
        }
        if (state == IAccuracyEscrow.State.Challenged) {
            _wrongAnswer(i, r);
            return _respond(i);
        }
        if (state == IAccuracyEscrow.State.Answered) {
            if (r % 3 == 0) return _settle(i, _tracks[i].consumer);
            return _challenge(i, r >> 8);
        }
        if (!_isRevealed(i)) return _deliver(i, r);
        if (_isFlawed(i) && r % 4 != 0) return _complain(i);
        if (!_isFlawed(i)) _complainFalsely(_tracks[i].provider, _complaint(i));
        if (state == IAccuracyEscrow.State.FirstDelivery) return _decide(i, r >> 8);
        _postResults(i, r >> 8);
    }

    function _expire(uint256 i) internal override {
        if (_state(i) != IAccuracyEscrow.State.Open) return _settle(i, _stranger());
        _cancel(i, _stranger());
    }

    function _cancel(uint256 i, address who) private {
        vm.prank(who);
        _escrow().cancel(_terms[i]);
        _rest(i, _tracks[i].consumer);
        _end(i, uint8(IAccuracyEscrow.State.Refunded), Party.Nobody);
    }

    function _accept(uint256 i, uint256 r) private {
        IAccuracyEscrow.Terms memory t = _terms[i];
        if (r % 12 == 0) return _cancel(i, t.consumer);
        bytes32 seed = bytes32(r);
        uint256 value = _fund(t.provider, t.currency, LOCK + FEE);
        World.Stake memory s = _WORLD.models(_WORLD.indexOf(t.model));
        if (s.stake - s.unbonding < _WORLD.MINIMUM_STAKE()) {
            bytes memory data = abi.encodeCall(_escrow().accept, (t, seed));
            _refuse(t.provider, value, data, IModelRegistry.StakeTooLow.selector);
            _note("too little stake");
            return _WORLD.topUp(t.model, r >> 8);
        }
        bytes32 chance = bytes32(_mix(r, 11));
        vm.prevrandao(chance);
        vm.prank(t.provider);
        _escrow().accept{value: value}(t, seed);
        // Neither side knows the order before the block.
        bytes32 stated = _escrow().examOf(_tracks[i].id).seed;
        vm.assertEq(uint256(stated), uint256(keccak256(abi.encode(seed, chance))), "the block's share of the seed");
        _in(i, LOCK + FEE);
        _out(i, _WORLD.FEE_RECIPIENT(), 2 * FEE);
        _relyOn(i);
        _enter(i, uint8(IAccuracyEscrow.State.Accepted), Party.Consumer, ANNOUNCE);
        uint256 seen;
        for (uint256 p = 0; p < N; ++p) {
            _order[i][p] = _escrow().exampleAt(t, p);
            seen |= 1 << _order[i][p];
        }
        vm.assertEq(seen, (1 << N) - 1, "every example has one place");
    }

    function _announce(uint256 i, uint256 r) private {
        bool first = _state(i) == IAccuracyEscrow.State.Accepted;
        uint256[] memory items = new uint256[](first ? N1 : N2);
        for (uint256 k = 0; k < items.length; ++k) {
            items[k] = _order[i][first ? k : N1 + k];
        }
        bytes32 root = _pack(i, items, true, r);
        bytes32 keyHash = _keyHash();
        vm.prank(_tracks[i].consumer);
        _escrow().announceExamples(_terms[i], root, keyHash);
        IAccuracyEscrow.State next = first ? IAccuracyEscrow.State.FirstDelivery : IAccuracyEscrow.State.SecondDelivery;
        _enter(i, uint8(next), Party.Nobody, 0);
        _announced(i, first ? DECIDE : DECIDE + 1 hours);
    }

    function _example(uint256 item) private view returns (IAccuracyEscrow.Example memory) {
        return IAccuracyEscrow.Example({
            inputCommitment: _MATERIAL.item(item).commitment,
            labelCommitment: _MATERIAL.labelCommitment(item),
            path: _MATERIAL.path(Material.Tree.Examples, item)
        });
    }

    function _complaint(uint256 i) private view returns (bytes memory) {
        IDeliveryJudge.Complaint memory complaint = _MATERIAL.complaint(_parcels[i]);
        IAccuracyEscrow.Example memory example = _example(_parcels[i].items[complaint.item]);
        return abi.encodeCall(_escrow().complain, (_terms[i], _MATERIAL.KEY(), complaint, example));
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

    function _decide(uint256 i, uint256 r) private {
        vm.prank(_tracks[i].provider);
        if (r % 5 == 0) {
            _escrow().abort(_terms[i]);
            return _aborted(i);
        }
        _escrow().proceed(_terms[i]);
        _closeDelivery(i);
        _enter(i, uint8(IAccuracyEscrow.State.Continued), Party.Consumer, ANNOUNCE);
    }

    /// @dev The consumer pays for the first inferences.
    function _aborted(uint256 i) private {
        _closeDelivery(i);
        _out(i, _tracks[i].provider, LOCK + FEE);
        _rest(i, _tracks[i].consumer);
        _end(i, uint8(IAccuracyEscrow.State.Aborted), Party.Nobody);
    }

    /// @dev What the provider says of a place, as the leaves of its tree.
    function _answers(uint256 i) private view returns (bytes32[] memory leaves, uint256[] memory values) {
        (leaves, values) = (new bytes32[](N2), new uint256[](N2));
        for (uint256 p = 0; p < N2; ++p) {
            uint256 label;
            (label, values[p]) = _answer(i, p);
            leaves[p] = Leaves.score(p, label, values[p]);
        }
    }

    function _answer(uint256 i, uint256 place) private view returns (uint256 label, uint256 value) {
        Material.Item memory it = _MATERIAL.item(_order[i][N1 + place]);
        label = _lying[i] ? it.trueLabel : it.label;
        value = label == it.trueLabel ? 1 : 0;
    }

    function _postResults(uint256 i, uint256 r) private {
        _lying[i] = r % 3 == 0;
        (bytes32[] memory leaves, uint256[] memory values) = _answers(i);
        (bytes32 root, uint256 correct) = Trees.sumRoot(leaves, values);
        _correct[i] = correct;
        vm.prank(_tracks[i].provider);
        _escrow().postResults(_terms[i], root, correct);
        _closeDelivery(i);
        _enter(i, uint8(IAccuracyEscrow.State.Answered), Party.Nobody, CHALLENGE);
    }

    function _challenge(uint256 i, uint256 r) private {
        uint256[] memory places = _range((r >> 8) % 2, 1 + r % (N2 - 1));
        uint256 value = _fund(_tracks[i].consumer, _tracks[i].currency, 2 * Z * places.length);
        vm.prank(_tracks[i].consumer);
        _escrow().challenge{value: value}(_terms[i], places);
        _in(i, 2 * Z * places.length);
        (_challenged[i], _deposits[i], _tracks[i].unanswered) = (places, 2 * Z * places.length, places.length);
        uint256 time = RESPOND + RESPOND_EACH * places.length;
        _enter(i, uint8(IAccuracyEscrow.State.Challenged), Party.Provider, time);
    }

    function _response(uint256 i, uint256 place, IMarket.Evidence memory evidence) private view returns (bytes memory) {
        uint256 item = _order[i][N1 + place];
        Material.Item memory it = _MATERIAL.item(item);
        IAccuracyEscrow.Score memory score;
        score.example = _example(item);
        (score.outputCommitment, score.trueLabel, score.labelSalt) = (it.output, it.trueLabel, it.labelSalt);
        (score.label,) = _answer(i, place);
        (bytes32[] memory leaves, uint256[] memory values) = _answers(i);
        score.path = Trees.sumPath(leaves, values, place);
        return abi.encodeCall(_escrow().respond, (_terms[i], place, score, evidence));
    }

    function _evidence(uint256 i, uint256 place) private view returns (IMarket.Evidence memory) {
        Track storage c = _tracks[i];
        return _WORLD.evidence(c.model, ESCROW, c.id, place, c.provider, _order[i][N1 + place]);
    }

    function _isLie(uint256 i, uint256 place) private view returns (bool) {
        (uint256 label,) = _answer(i, place);
        return label != _MATERIAL.item(_order[i][N1 + place]).label;
    }

    /// @dev INVARIANT I3: what is true can be proven, by anybody, until the last second.
    function _respond(uint256 i) private {
        uint256[] storage asked = _challenged[i];
        uint256 place = asked[asked.length - 1];
        IMarket.Evidence memory evidence = _evidence(i, place);
        bytes memory data = _response(i, place, evidence);
        if (_isLie(i, place)) {
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
        _refuse(_stranger(), data, IAccuracyEscrow.NotChallenged.selector);
    }

    /// @dev The table of the paper's appendix B, and D3.
    function _settle(uint256 i, address who) private {
        vm.prank(who);
        _escrow().settle(_terms[i]);
        Track storage c = _tracks[i];
        IAccuracyEscrow.State state = _state(i);
        if (state == IAccuracyEscrow.State.Answered) return _grade(i);
        if (state == IAccuracyEscrow.State.Challenged) {
            _out(i, c.unanswered == 0 ? c.provider : c.consumer, _deposits[i]);
            if (c.unanswered == 0) return _grade(i);
        }
        bool undecided = state == IAccuracyEscrow.State.FirstDelivery && _isRevealed(i);
        if (undecided) {
            _note("undecided");
            return _aborted(i);
        }
        _closeDelivery(i);
        if (c.turn == Party.Consumer) return _consumerFailed(i);
        _note("silent provider in ", uint256(state));
        _forfeit(i, c.consumer, LOCK);
        _rest(i, c.consumer);
        _WORLD.slash(c.model);
        _end(i, uint8(IAccuracyEscrow.State.ProviderFailed), Party.Provider);
    }

    /// @dev Accurate enough, the provider is paid; otherwise it loses its escrow, but no stake.
    function _grade(uint256 i) private {
        Track storage c = _tracks[i];
        if (_correct[i] * 1_000_000 >= _terms[i].target * N2) {
            _out(i, c.provider, LOCK + 2 * (N1 * P + N2 * Z));
            _rest(i, c.consumer);
            return _end(i, uint8(IAccuracyEscrow.State.Passed), Party.Nobody);
        }
        _forfeit(i, c.consumer, LOCK);
        _rest(i, c.consumer);
        _end(i, uint8(IAccuracyEscrow.State.Failed), Party.Nobody);
    }

    function _consumerFailed(uint256 i) private {
        _note("failed consumer in ", uint256(_state(i)));
        _rest(i, _tracks[i].provider);
        _end(i, uint8(IAccuracyEscrow.State.ConsumerFailed), Party.Consumer);
    }

    function _wrong(uint256 i, uint256 r) internal override {
        IAccuracyEscrow.Terms memory t = _terms[i];
        IAccuracyEscrow.State state = _state(i);
        bytes4 wrongState = IAccuracyEscrow.WrongState.selector;
        bytes memory settle = abi.encodeCall(_escrow().settle, (t));
        bool late = block.timestamp > _tracks[i].until;
        if (_tracks[i].ended || state == IAccuracyEscrow.State.Open) {
            _refuse(t.consumer, settle, wrongState);
        } else if (!late && !(state == IAccuracyEscrow.State.Challenged && _challenged[i].length == 0)) {
            _refuse(_stranger(), settle, IDeliveries.DeadlineNotPassed.selector);
        }
        if (state != IAccuracyEscrow.State.Answered) {
            // INVARIANT I6: one challenge, and it stays as it is.
            bytes memory challenge = abi.encodeCall(_escrow().challenge, (t, _range(0, 1)));
            _refuse(t.consumer, 2 * Z, challenge, wrongState);
        }
        if (state != IAccuracyEscrow.State.Open) {
            _refuse(t.provider, abi.encodeCall(_escrow().accept, (t, bytes32(r))), wrongState);
            _refuse(t.consumer, abi.encodeCall(_escrow().cancel, (t)), wrongState);
        } else if (!late) {
            _refuse(_stranger(), abi.encodeCall(_escrow().cancel, (t)), IDeliveries.DeadlineNotPassed.selector);
        }
        if (state != IAccuracyEscrow.State.FirstDelivery) {
            _refuse(t.provider, abi.encodeCall(_escrow().proceed, (t)), wrongState);
        }
        _refuse(t.consumer, abi.encodeCall(_escrow().open, (t)), wrongState);
        _wrongDelivery(i, r);
    }

    /// @dev Old evidence, and too little gas.
    function _wrongAnswer(uint256 i, uint256 r) private {
        uint256 place = _challenged[i][0];
        if (_isLie(i, place)) return;
        IMarket.Evidence memory own = _evidence(i, place);
        bytes memory data = _response(i, place, own);
        if (_used.proof.length != 0) {
            IMarket.Evidence memory old = _used;
            // INVARIANT I8: a proof is for one answer.
            (old.weights, old.points) = (own.weights, own.points);
            _refuse(_stranger(), _response(i, place, old), IMarket.InvalidProof.selector);
            _note("proof replayed");
        }
        World.Stake memory s = _WORLD.models(_WORLD.indexOf(_tracks[i].model));
        // The others need little more than the calls themselves.
        if (s.verifier != _WORLD.hungry()) return;
        bytes32 before = keccak256(abi.encode(_escrow().examOf(_tracks[i].id)));
        // INVARIANT I10: who calls with too little gas learns nothing and changes nothing.
        (bool success,) = ESCROW.call{gas: 30_000 + r % (_WORLD.APPETITE() - 30_000)}(data);
        vm.assertFalse(success, "I10: success without a verdict");
        vm.assertEq(
            uint256(before),
            uint256(keccak256(abi.encode(_escrow().examOf(_tracks[i].id)))),
            "I10: a change without a verdict"
        );
        vm.assertTrue(_escrow().isOutstanding(_tracks[i].id, place), "I10: guilt or innocence without a verdict");
        _note("starved");
    }

    function _delivering(IAccuracyEscrow.State state) private pure returns (bool) {
        return state == IAccuracyEscrow.State.FirstDelivery || state == IAccuracyEscrow.State.SecondDelivery;
    }

    function _state(uint256 i) private view returns (IAccuracyEscrow.State) {
        return IAccuracyEscrow.State(_tracks[i].state);
    }

    function _escrow() private view returns (Exams) {
        return Exams(ESCROW);
    }

    function _name() internal pure override returns (string memory) {
        return "accuracy";
    }

    function _domainName() internal pure override returns (string memory) {
        return "zkescrow AccuracyEscrow";
    }
}
