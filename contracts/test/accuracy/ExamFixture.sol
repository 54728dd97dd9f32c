// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {MerkleTree} from "../../src/libraries/MerkleTree.sol";
import {Permutation} from "../../src/libraries/Permutation.sol";
import {MarketFixture} from "../utils/MarketFixture.sol";
import {SealedItems} from "../utils/SealedItems.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice An exam of few examples, step by step. Examples are sealed and answers are committed to as they really would be, unless
/// there are more than `REAL` of them.
abstract contract ExamFixture is MarketFixture {
    uint32 internal constant EXAMPLES = 7;
    uint32 internal constant FIRST = 2;
    uint256 internal constant ANSWERS = EXAMPLES - FIRST;
    /// @dev Three of five.
    uint32 internal constant TARGET = 600_000;
    uint128 internal constant EXAMPLE_COST = 5e12;
    uint128 internal constant PROOF_COST = 2e12;
    uint128 internal constant INFERENCE_COST = 1e11;
    uint256 internal constant LOCK = 2 * uint256(EXAMPLES) * EXAMPLE_COST;
    uint256 internal constant FEE = FIRST * uint256(INFERENCE_COST);
    uint256 internal constant PAID = 2 * (FEE + ANSWERS * PROOF_COST);
    uint256 internal constant DEPOSIT = 2 * uint256(PROOF_COST);

    uint256 internal constant REAL = 9;
    bytes32 internal constant SEED = keccak256("seed");
    uint256 internal constant KEY = 4711;

    /// @notice Bit `i`: the label of example `i` is not what the model says.
    uint256 internal surprises;

    /// @dev Made once: hashing is slow.
    SealedItems.Item[] private _items;
    uint256[] private _commitments;

    /// @notice What a provider commits to.
    struct Results {
        bytes32[] leaves;
        uint256[] values;
    }

    /// @notice A call of the escrow.
    struct Call {
        address from;
        uint256 value;
        bytes data;
    }

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i = 0; i < REAL; ++i) {
            _items.push(item(i));
            _commitments.push(commitment(item(i)));
        }
    }

    function terms() internal view returns (IAccuracyEscrow.Terms memory) {
        return IAccuracyEscrow.Terms({
            consumer: consumer,
            provider: provider,
            model: model,
            currency: currency(),
            examples: EXAMPLES,
            first: FIRST,
            target: TARGET,
            exampleCost: EXAMPLE_COST,
            proofCost: PROOF_COST,
            inferenceCost: INFERENCE_COST,
            testSet: Trees.root(exampleLeaves(EXAMPLES)),
            windows: IAccuracyEscrow.Windows({
                accept: 1 hours,
                announce: 2 hours,
                decide: 3 hours,
                results: 4 hours,
                challenge: 5 hours,
                respond: 6 hours,
                respondEach: 600
            }),
            courier: courier(),
            salt: 1
        });
    }

    /// @notice The exam's name, without a call.
    function id(IAccuracyEscrow.Terms memory t) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(t)));
    }

    function lockOf(IAccuracyEscrow.Terms memory t) internal pure returns (uint256) {
        return 2 * uint256(t.examples) * t.exampleCost;
    }

    function feeOf(IAccuracyEscrow.Terms memory t) internal pure returns (uint256) {
        return uint256(t.first) * t.inferenceCost;
    }

    function answersOf(IAccuracyEscrow.Terms memory t) internal pure returns (uint256) {
        return t.examples - t.first;
    }

    function depositOf(IAccuracyEscrow.Terms memory t, uint256 places) internal pure returns (uint256) {
        return 2 * uint256(t.proofCost) * places;
    }

    /// @notice What the exam makes of the provider's seed, in a block of now.
    function drawn(bytes32 seed) internal view returns (bytes32) {
        return keccak256(abi.encode(seed, block.prevrandao));
    }

    /// @notice Which example is where.
    function order(IAccuracyEscrow.Terms memory t, uint256 place) internal view returns (uint256) {
        return Permutation.element(drawn(SEED), t.examples, place);
    }

    /// @notice Labels such that the model is right in the first `correct` places of the exam only. The test set has to be made anew.
    function labelFor(IAccuracyEscrow.Terms memory t, uint256 correct) internal {
        surprises = 0;
        for (uint256 place = t.first + correct; place < t.examples; ++place) {
            surprises |= 1 << order(t, place);
        }
        t.testSet = Trees.root(exampleLeaves(t.examples));
    }

    /// @notice An example with its true label.
    function labelled(uint256 i) internal view returns (SealedItems.Item memory made) {
        made = _items[i];
        if (surprises >> i & 1 == 1) made.label = (made.label + 1) % 10;
    }

    function exampleLeaves(uint256 count) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            SealedItems.Item memory made = labelled(i);
            leaves[i] = Leaves.example(i, _commitments[i], Leaves.labelCommitment(made.label, made.labelSalt));
        }
    }

    /// @notice The example at a place, opened.
    function exampleAt(IAccuracyEscrow.Terms memory t, uint256 place)
        internal
        view
        returns (IAccuracyEscrow.Example memory)
    {
        uint256 i = order(t, place);
        SealedItems.Item memory made = labelled(i);
        return IAccuracyEscrow.Example({
            inputCommitment: _commitments[i],
            labelCommitment: Leaves.labelCommitment(made.label, made.labelSalt),
            path: Trees.path(exampleLeaves(t.examples), i)
        });
    }

    /// @notice Words of an item.
    function itemWords() internal view returns (uint256) {
        return 2 * uint256(verifier.ELEMENTS()) + 4;
    }

    /// @notice The words of the first examples, or of the others.
    function plain(IAccuracyEscrow.Terms memory t, bool first) internal view returns (uint256[] memory words) {
        uint256 size = itemWords();
        uint256 start = first ? 0 : t.first;
        uint256 count = first ? t.first : answersOf(t);
        words = new uint256[](count * size);
        for (uint256 i = 0; i < count; ++i) {
            uint256[] memory some = SealedItems.words(verifier.DOMAIN(), labelled(order(t, start + i)), true);
            for (uint256 w = 0; w < size; ++w) {
                words[i * size + w] = some[w];
            }
        }
    }

    function cipher(IAccuracyEscrow.Terms memory t, bool first) internal view returns (uint256[] memory) {
        return SealedItems.encrypt(KEY, plain(t, first));
    }

    /// @notice What the model says, leaf by leaf.
    function answers(IAccuracyEscrow.Terms memory t) internal view returns (Results memory r) {
        uint256 count = answersOf(t);
        r.leaves = new bytes32[](count);
        r.values = new uint256[](count);
        for (uint256 place = 0; place < count; ++place) {
            uint256 i = order(t, t.first + place);
            r.values[place] = surprises >> i & 1 == 1 ? 0 : 1;
            r.leaves[place] = Leaves.score(place, _items[i].label, r.values[place]);
        }
    }

    /// @notice The opening of an honest answer.
    function score(IAccuracyEscrow.Terms memory t, uint256 place, Results memory r)
        internal
        view
        returns (IAccuracyEscrow.Score memory s)
    {
        SealedItems.Item memory made = labelled(order(t, t.first + place));
        s.example = exampleAt(t, t.first + place);
        (s.outputCommitment, s.label) = verifier.truth(s.example.inputCommitment);
        s.trueLabel = made.label;
        s.labelSalt = made.labelSalt;
        s.path = Trees.sumPath(r.leaves, r.values, place);
    }

    function open(IAccuracyEscrow.Terms memory t) internal returns (uint256 caseId) {
        uint256 value = fund(t.consumer, address(exams), lockOf(t) + feeOf(t));
        vm.prank(t.consumer);
        return exams.open{value: value}(t);
    }

    function accept(IAccuracyEscrow.Terms memory t) internal {
        uint256 value = fund(t.provider, address(exams), lockOf(t) + feeOf(t));
        vm.prank(t.provider);
        exams.accept{value: value}(t, SEED);
    }

    /// @notice Stake for one more fault.
    function addStake() internal {
        vm.deal(address(this), PENALTY);
        registry.addStake{value: PENALTY}(model, PENALTY);
    }

    function keyHash() internal pure returns (bytes32) {
        return keccak256(abi.encode(KEY));
    }

    function announceRoot(IAccuracyEscrow.Terms memory t, bytes32 root) internal {
        vm.prank(t.consumer);
        exams.announceExamples(t, root, keyHash());
    }

    function announce(IAccuracyEscrow.Terms memory t, bool first) internal {
        if (t.examples > REAL) announceRoot(t, keccak256("many"));
        else announceRoot(t, Trees.root(SealedItems.leaves(cipher(t, first))));
    }

    function acknowledge(IAccuracyEscrow.Terms memory t) internal {
        vm.prank(t.provider);
        exams.acknowledge(id(t));
    }

    function bondOf(IAccuracyEscrow.Terms memory t) internal view returns (uint256) {
        return uint256(t.courier.bond) * exams.deliveryOf(id(t)).chunks;
    }

    function demand(IAccuracyEscrow.Terms memory t) internal {
        uint256 value = fund(t.provider, address(exams), bondOf(t));
        vm.prank(t.provider);
        exams.demandPublication{value: value}(id(t));
    }

    function reveal(IAccuracyEscrow.Terms memory t) internal {
        vm.prank(t.consumer);
        exams.reveal(id(t), KEY);
    }

    function deliver(IAccuracyEscrow.Terms memory t, bool first) internal {
        announce(t, first);
        acknowledge(t);
        reveal(t);
    }

    function proceed(IAccuracyEscrow.Terms memory t) internal {
        vm.prank(t.provider);
        exams.proceed(t);
    }

    function postRoot(IAccuracyEscrow.Terms memory t, bytes32 root, uint256 correct) internal {
        vm.prank(t.provider);
        exams.postResults(t, root, correct);
    }

    function post(IAccuracyEscrow.Terms memory t, Results memory r) internal {
        (bytes32 root, uint256 correct) = Trees.sumRoot(r.leaves, r.values);
        postRoot(t, root, correct);
    }

    function challenge(IAccuracyEscrow.Terms memory t, uint256[] memory places) internal {
        uint256 value = fund(t.consumer, address(exams), depositOf(t, places.length));
        vm.prank(t.consumer);
        exams.challenge{value: value}(t, places);
    }

    function respond(IAccuracyEscrow.Terms memory t, uint256 place) internal {
        exams.respond(t, place, score(t, place, answers(t)), evidence(t.provider));
    }

    /// @notice An exam whose second examples are delivered.
    function delivered(IAccuracyEscrow.Terms memory t) internal {
        open(t);
        accept(t);
        deliver(t, true);
        proceed(t);
        deliver(t, false);
    }

    /// @notice An exam with honest answers.
    function answered(IAccuracyEscrow.Terms memory t) internal {
        delivered(t);
        post(t, answers(t));
    }

    /// @notice An exam with an honest answer that is challenged.
    function challenged(IAccuracyEscrow.Terms memory t, uint256 place) internal {
        answered(t);
        challenge(t, one(place));
    }

    function stateOf(IAccuracyEscrow.Terms memory t) internal view returns (IAccuracyEscrow.State) {
        return exams.examOf(id(t)).state;
    }

    /// @notice Until when the next step counts, in deliveries and beside them.
    function deadlineOf(IAccuracyEscrow.Terms memory t) internal view returns (uint256) {
        IDeliveries.Delivery memory d = exams.deliveryOf(id(t));
        return d.stage == IDeliveries.Stage.None ? exams.examOf(id(t)).deadline : d.deadline;
    }

    /// @notice When nobody has time left.
    function late(IAccuracyEscrow.Terms memory t) internal {
        vm.warp(deadlineOf(t) + 1);
    }

    function one(uint256 place) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = place;
    }

    function two(uint256 place, uint256 other) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (place, other);
    }

    /// @notice Makes a call that has to succeed.
    function succeeds(Call memory c) internal {
        vm.prank(c.from);
        (bool success, bytes memory why) = address(exams).call{value: c.value}(c.data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(why, 0x20), mload(why))
        }
    }

    /// @notice Makes a call that has to fail, for exactly this reason.
    function fails(Call memory c, bytes memory reason) internal {
        vm.prank(c.from);
        (bool success, bytes memory why) = address(exams).call{value: c.value}(c.data);
        vm.assertFalse(success, "the call went through");
        vm.assertEq(why, reason);
    }

    function wrongState(IAccuracyEscrow.Terms memory t, IAccuracyEscrow.State actual)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IAccuracyEscrow.WrongState.selector, id(t), actual);
    }

    function notParty(address caller, address expected) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveries.NotParty.selector, caller, expected);
    }

    function tooLate(uint256 deadline) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveries.DeadlinePassed.selector, deadline);
    }

    function tooEarly(uint256 deadline) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveries.DeadlineNotPassed.selector, deadline);
    }

    function wordsOf(uint256 items) internal view returns (uint256) {
        return items * itemWords();
    }

    function chunksOf(uint256 items) internal view returns (uint256) {
        return MerkleTree.chunks(wordsOf(items));
    }
}
