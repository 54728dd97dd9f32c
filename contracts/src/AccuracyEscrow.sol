// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Deliveries} from "./base/Deliveries.sol";
import {Market} from "./base/Market.sol";
import {IAccuracyEscrow} from "./interfaces/IAccuracyEscrow.sol";
import {IDeliveryJudge} from "./interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Leaves} from "./libraries/Leaves.sol";
import {MerkleSumTree} from "./libraries/MerkleSumTree.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";
import {Permutation} from "./libraries/Permutation.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {LibBitmap} from "solady/utils/LibBitmap.sol";

/// @title AccuracyEscrow
contract AccuracyEscrow is IAccuracyEscrow, Market, Deliveries {
    using LibBitmap for LibBitmap.Bitmap;
    using Settlement for Settlement.Exam;

    uint256 private constant MAX_EXAMPLES = 1 << 20;
    uint256 private constant MILLION = 1_000_000;
    /// @dev Beside its input, an example has a label and the salt of the label's commitment.
    uint256 private constant EXTRAS = 2;

    /// @inheritdoc IAccuracyEscrow
    address public immutable feeRecipient;
    /// @inheritdoc IAccuracyEscrow
    uint256 public immutable burnShare;

    mapping(uint256 caseId => Exam) private _exams;
    mapping(uint256 caseId => LibBitmap.Bitmap) private _challenged;

    constructor(IModelRegistry registry_, IDeliveryJudge judge_, address feeRecipient_, uint256 burnShare_)
        Market(registry_)
        Deliveries(judge_)
    {
        // Deployed elsewhere than the registry foresaw, it could never lock a stake.
        if (!registry_.isEscrow(address(this))) revert UnknownToRegistry(address(this));
        if (burnShare_ > Settlement.WHOLE || feeRecipient_ == address(0)) revert BadTerms();
        feeRecipient = feeRecipient_;
        burnShare = burnShare_;
    }

    /// @inheritdoc IAccuracyEscrow
    function open(Terms calldata terms) external payable nonReentrant returns (uint256 caseId) {
        _only(terms.consumer);
        _requireSound(terms);
        (address owner,) = registry.judgeOf(terms.model);
        if (terms.provider != owner) revert NotModelOwner(terms.provider, owner);
        _requireDeliverable(terms.examples * _itemWords(_packing(terms.model), EXTRAS));
        caseId = idOf(terms);
        Exam storage exam = _in(caseId, State.None);
        _enter(exam, State.Open, terms.windows.accept);
        emit ExamOpened(caseId, terms.consumer, terms.provider, terms, exam.deadline);
        _collectLock(terms);
    }

    /// @inheritdoc IAccuracyEscrow
    function cancel(Terms calldata terms) external {
        uint256 caseId = idOf(terms);
        Exam storage exam = _in(caseId, State.Open);
        if (msg.sender != terms.consumer) _requirePassed(exam.deadline);
        _end(terms, caseId, State.Refunded, _amounts(terms).cancelled());
    }

    /// @inheritdoc IAccuracyEscrow
    function accept(Terms calldata terms, bytes32 seed) external payable nonReentrant {
        uint256 caseId = idOf(terms);
        Exam storage exam = _inTime(caseId, State.Open);
        _only(terms.provider);
        // Whoever sees the call before its block, and could still cancel, does not know what the block adds.
        exam.seed = keccak256(abi.encode(seed, block.prevrandao));
        _enter(exam, State.Accepted, terms.windows.announce);
        emit ExamAccepted(caseId, exam.seed, exam.deadline);
        _credit(terms.currency, feeRecipient, 2 * _amounts(terms).fee());
        // INVARIANT I7: from here to the end, the model's stake stays.
        registry.lock(terms.model);
        _collectLock(terms);
    }

    /// @inheritdoc IAccuracyEscrow
    function announceExamples(Terms calldata terms, bytes32 root, bytes32 keyHash) external {
        uint256 caseId = idOf(terms);
        Exam storage exam = _exams[caseId];
        bool first = exam.state == State.Accepted;
        if (!first) _in(caseId, State.Continued);
        _requireInTime(exam.deadline);
        _only(terms.consumer);
        exam.state = first ? State.FirstDelivery : State.SecondDelivery;
        Announcement memory announcement = Announcement({
            sender: terms.consumer,
            receiver: terms.provider,
            currency: terms.currency,
            decide: first ? terms.windows.decide : terms.windows.results,
            words: _items(terms, first) * _itemWords(_packing(terms.model), EXTRAS),
            root: root,
            keyHash: keyHash
        });
        _announce(caseId, announcement, terms.courier);
    }

    /// @inheritdoc IAccuracyEscrow
    function complain(
        Terms calldata terms,
        uint256 key,
        IDeliveryJudge.Complaint calldata complaint,
        Example calldata example
    ) external {
        uint256 caseId = idOf(terms);
        Exam storage exam = _exams[caseId];
        bool first = exam.state == State.FirstDelivery;
        if (!first) _in(caseId, State.SecondDelivery);
        uint256 items = _items(terms, first);
        if (complaint.item >= items) revert BadIndex(complaint.item);
        uint256 place = first ? complaint.item : terms.first + complaint.item;
        _requireExample(terms, exam.seed, place, example);
        IDeliveryJudge.Sealed memory data =
            IDeliveryJudge.Sealed({root: 0, key: key, items: items, extras: EXTRAS, packing: _packing(terms.model)});
        _requireFalse(caseId, data, complaint, example.inputCommitment, example.labelCommitment);
        _close(caseId);
        _end(terms, caseId, State.ConsumerFailed, _amounts(terms).consumerFailed());
    }

    /// @inheritdoc IAccuracyEscrow
    function proceed(Terms calldata terms) external {
        uint256 caseId = _decide(terms);
        Exam storage exam = _exams[caseId];
        _enter(exam, State.Continued, terms.windows.announce);
        emit ExamContinued(caseId, exam.deadline);
    }

    /// @inheritdoc IAccuracyEscrow
    function abort(Terms calldata terms) external {
        uint256 caseId = _decide(terms);
        _end(terms, caseId, State.Aborted, _amounts(terms).aborted());
    }

    /// @inheritdoc IAccuracyEscrow
    function postResults(Terms calldata terms, bytes32 root, uint256 correct) external {
        uint256 caseId = idOf(terms);
        Exam storage exam = _in(caseId, State.SecondDelivery);
        _requireRevealed(caseId);
        _only(terms.provider);
        if (correct > _answers(terms)) revert BadResults(correct, _answers(terms));
        _close(caseId);
        exam.results = root;
        exam.correct = uint32(correct);
        _enter(exam, State.Answered, terms.windows.challenge);
        emit ResultsPosted(caseId, root, correct, exam.deadline);
    }

    /// @inheritdoc IAccuracyEscrow
    function challenge(Terms calldata terms, uint256[] calldata places) external payable nonReentrant {
        uint256 caseId = idOf(terms);
        // INVARIANT I6: no state leads back here, so there is one challenge at most.
        Exam storage exam = _inTime(caseId, State.Answered);
        _only(terms.consumer);
        if (places.length == 0) revert NothingChallenged();
        LibBitmap.Bitmap storage challenged = _challenged[caseId];
        uint256 least = 0;
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 place = places[i];
            if (place < least || place >= _answers(terms)) revert BadIndex(place);
            challenged.set(place);
            least = place + 1;
        }
        exam.challenged = uint32(places.length);
        exam.outstanding = uint32(places.length);
        _enter(exam, State.Challenged, terms.windows.respond + terms.windows.respondEach * places.length);
        emit ResultsChallenged(caseId, places, exam.deadline);
        _collect(terms.currency, _deposit(terms, places.length));
    }

    /// @inheritdoc IAccuracyEscrow
    function respond(Terms calldata terms, uint256 place, Score calldata score, Evidence calldata evidence) external {
        uint256 caseId = idOf(terms);
        Exam storage exam = _inTime(caseId, State.Challenged);
        // INVARIANT I8: a leaf is answered once.
        if (!isOutstanding(caseId, place)) revert NotChallenged(caseId, place);
        if (Leaves.labelCommitment(score.trueLabel, score.labelSalt) != score.example.labelCommitment) {
            revert WrongTrueLabel(caseId, place);
        }
        _requireExample(terms, exam.seed, terms.first + place, score.example);
        bool correct = _requireResult(terms, exam, place, score);
        _requireProof(
            terms.model,
            IInferenceVerifier.Purpose({caseId: caseId, index: place, payee: terms.provider}),
            Claim(score.example.inputCommitment, score.outputCommitment, score.label),
            evidence
        );
        _challenged[caseId].unset(place);
        exam.outstanding -= 1;
        emit ScoreProven(caseId, place, score.label, correct, exam.outstanding);
    }

    /// @inheritdoc IAccuracyEscrow
    function settle(Terms calldata terms) external {
        uint256 caseId = idOf(terms);
        Exam storage exam = _exams[caseId];
        State state = exam.state;
        Settlement.Exam memory amounts = _amounts(terms);
        if (state == State.Answered) {
            if (msg.sender != terms.consumer) _requirePassed(exam.deadline);
            return _grade(terms, caseId, amounts);
        }
        if (state == State.Challenged) {
            uint256 deposit = _deposit(terms, exam.challenged);
            if (exam.outstanding == 0) {
                _credit(terms.currency, terms.provider, deposit);
                return _grade(terms, caseId, amounts);
            }
            // INVARIANT I4: a challenge without all answers is lost by the provider.
            _requirePassed(exam.deadline);
            _credit(terms.currency, terms.consumer, deposit);
            return _end(terms, caseId, State.ProviderFailed, amounts.providerFailed(burnShare));
        }
        if (state == State.FirstDelivery || state == State.SecondDelivery) {
            return _settleDelivery(terms, caseId, amounts);
        }
        if (state != State.Accepted && state != State.Continued) revert WrongState(caseId, state);
        _requirePassed(exam.deadline);
        _end(terms, caseId, State.ConsumerFailed, amounts.consumerFailed());
    }

    /// @inheritdoc IAccuracyEscrow
    function idOf(Terms calldata terms) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(terms)));
    }

    /// @inheritdoc IAccuracyEscrow
    function examOf(uint256 caseId) external view returns (Exam memory) {
        return _exams[caseId];
    }

    /// @inheritdoc IAccuracyEscrow
    function exampleAt(Terms calldata terms, uint256 place) external view returns (uint256) {
        return Permutation.element(_exams[idOf(terms)].seed, terms.examples, place);
    }

    /// @inheritdoc IAccuracyEscrow
    function isOutstanding(uint256 caseId, uint256 place) public view returns (bool) {
        return _challenged[caseId].get(place);
    }

    /// @dev The provider has the first examples, and says what it makes of them.
    function _decide(Terms calldata terms) private returns (uint256 caseId) {
        caseId = idOf(terms);
        _in(caseId, State.FirstDelivery);
        _requireRevealed(caseId);
        _only(terms.provider);
        _close(caseId);
    }

    /// @dev A delivery that stopped is lost by whoever had to move; but a provider that has seen the first examples may stop.
    function _settleDelivery(Terms calldata terms, uint256 caseId, Settlement.Exam memory amounts) private {
        _requirePassed(_deadline(caseId));
        Stage stage = _close(caseId);
        if (stage == Stage.Demanded || stage == Stage.Acknowledged) {
            _end(terms, caseId, State.ConsumerFailed, amounts.consumerFailed());
        } else if (stage == Stage.Revealed && _exams[caseId].state == State.FirstDelivery) {
            _end(terms, caseId, State.Aborted, amounts.aborted());
        } else {
            _end(terms, caseId, State.ProviderFailed, amounts.providerFailed(burnShare));
        }
    }

    function _grade(Terms calldata terms, uint256 caseId, Settlement.Exam memory amounts) private {
        bool reached = uint256(_exams[caseId].correct) * MILLION >= uint256(terms.target) * _answers(terms);
        if (reached) _end(terms, caseId, State.Passed, amounts.passed());
        else _end(terms, caseId, State.Failed, amounts.providerFailed(burnShare));
    }

    /// @dev INVARIANT I2: every way out of an exam leads here, and none leads in again.
    function _end(Terms calldata terms, uint256 caseId, State outcome, Settlement.Shares memory shares) private {
        Exam storage exam = _exams[caseId];
        exam.state = outcome;
        exam.deadline = 0;
        emit ExamEnded(caseId, outcome, shares.consumer, shares.provider, shares.burned);
        _credit(terms.currency, terms.consumer, shares.consumer);
        _credit(terms.currency, terms.provider, shares.provider);
        _credit(terms.currency, BURN, shares.burned);
        // Less accurate than hoped for is no fault: the escrow pays for it, not the stake.
        if (outcome == State.ProviderFailed) registry.slash(terms.model);
        if (outcome != State.Refunded) registry.unlock(terms.model);
    }

    function _collectLock(Terms calldata terms) private {
        Settlement.Exam memory amounts = _amounts(terms);
        _collect(terms.currency, amounts.lock() + amounts.fee());
    }

    function _requireSound(Terms calldata terms) private pure {
        Windows calldata w = terms.windows;
        bool counted = terms.first > 0 && terms.first < terms.examples && terms.examples <= MAX_EXAMPLES;
        bool ordered =
            terms.exampleCost > terms.proofCost && terms.proofCost > terms.inferenceCost && terms.inferenceCost > 0;
        bool timed = w.announce > 0 && w.decide > 0 && w.results > 0 && w.challenge > 0 && w.respond > 0
            && w.respondEach > 0 && terms.courier.step > 0 && terms.courier.perChunk > 0;
        if (!counted || !ordered || !timed || terms.target > MILLION) revert BadTerms();
    }

    function _requireExample(Terms calldata terms, bytes32 seed, uint256 place, Example calldata e) private pure {
        uint256 example = Permutation.element(seed, terms.examples, place);
        bytes32 leaf = Leaves.example(example, e.inputCommitment, e.labelCommitment);
        if (!MerkleTree.verify(terms.testSet, terms.examples, example, leaf, e.path)) {
            revert NotInTestSet(idOf(terms), example);
        }
    }

    /// @dev The leaf that the provider committed to says truly whether its label is the consumer's.
    function _requireResult(Terms calldata terms, Exam storage exam, uint256 place, Score calldata score)
        private
        view
        returns (bool correct)
    {
        correct = score.label == score.trueLabel;
        uint256 value = correct ? 1 : 0;
        bytes32 leaf = Leaves.score(place, score.label, value);
        MerkleSumTree.Tree memory tree = MerkleSumTree.Tree(exam.results, exam.correct, _answers(terms));
        (bool valid,) = MerkleSumTree.verify(tree, place, leaf, value, score.path);
        if (!valid) revert NotInResults(idOf(terms), place);
    }

    function _enter(Exam storage exam, State state, uint256 duration) private {
        // INVARIANT I5: states only move forward.
        exam.state = state;
        exam.deadline = _after(duration);
    }

    function _in(uint256 caseId, State expected) private view returns (Exam storage exam) {
        exam = _exams[caseId];
        if (exam.state != expected) revert WrongState(caseId, exam.state);
    }

    function _inTime(uint256 caseId, State expected) private view returns (Exam storage exam) {
        exam = _in(caseId, expected);
        _requireInTime(exam.deadline);
    }

    /// @dev Examples of a delivery.
    function _items(Terms calldata terms, bool first) private pure returns (uint256) {
        return first ? terms.first : _answers(terms);
    }

    /// @dev `N2`, what the exam is about.
    function _answers(Terms calldata terms) private pure returns (uint256) {
        return terms.examples - terms.first;
    }

    function _deposit(Terms calldata terms, uint256 places) private pure returns (uint256) {
        return 2 * uint256(terms.proofCost) * places;
    }

    function _amounts(Terms calldata terms) private pure returns (Settlement.Exam memory) {
        return Settlement.Exam({
            examples: terms.examples,
            first: terms.first,
            exampleCost: terms.exampleCost,
            proofCost: terms.proofCost,
            inferenceCost: terms.inferenceCost
        });
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("zkescrow AccuracyEscrow", "1");
    }
}
