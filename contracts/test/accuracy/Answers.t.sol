// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Trees} from "../utils/Trees.sol";
import {ExamFixture} from "./ExamFixture.sol";

/// @notice Answers to a challenge that are none.
contract AccuracyAnswersTest is ExamFixture {
    uint256 private constant PLACE = 2;

    function test_a_place_that_was_not_challenged() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        fails(_respond(t, 1, _score(t, 1)), _notChallenged(t, 1));
        fails(_respond(t, ANSWERS, _score(t, PLACE)), _notChallenged(t, ANSWERS));
        fails(_respond(t, type(uint256).max, _score(t, PLACE)), _notChallenged(t, type(uint256).max));
    }

    function test_a_place_that_was_answered() external {
        IAccuracyEscrow.Terms memory t = terms();
        answered(t);
        challenge(t, two(1, PLACE));
        succeeds(_respond(t, PLACE, _score(t, PLACE)));
        fails(_respond(t, PLACE, _score(t, PLACE)), _notChallenged(t, PLACE));
    }

    function test_another_label_than_the_consumers() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        bytes memory why = abi.encodeWithSelector(IAccuracyEscrow.WrongTrueLabel.selector, id(t), PLACE);
        IAccuracyEscrow.Score memory s = _score(t, PLACE);
        s.trueLabel ^= 1;
        fails(_respond(t, PLACE, s), why);
        s = _score(t, PLACE);
        s.labelSalt += 1;
        fails(_respond(t, PLACE, s), why);
        s = _score(t, PLACE);
        s.example.labelCommitment = 0;
        fails(_respond(t, PLACE, s), why);
    }

    function test_an_example_that_is_not_in_the_test_set() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        IAccuracyEscrow.Score memory s = _score(t, PLACE);
        s.example.inputCommitment += 1;
        fails(_respond(t, PLACE, s), _notInTestSet(t));
        s = _score(t, PLACE);
        s.trueLabel ^= 1;
        s.example.labelCommitment = Leaves.labelCommitment(s.trueLabel, s.labelSalt);
        fails(_respond(t, PLACE, s), _notInTestSet(t));
    }

    function test_the_example_of_another_place() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        fails(_respond(t, PLACE, _score(t, PLACE + 1)), _notInTestSet(t));
        // One that the provider saw before it decided.
        IAccuracyEscrow.Score memory s = _score(t, PLACE);
        s.example = exampleAt(t, PLACE);
        s.trueLabel = labelled(order(t, PLACE)).label;
        s.labelSalt = labelled(order(t, PLACE)).labelSalt;
        fails(_respond(t, PLACE, s), _notInTestSet(t));
    }

    function test_a_path_that_leads_elsewhere() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        IAccuracyEscrow.Score memory s = _score(t, PLACE);
        s.example.path[0] ^= bytes32(uint256(1));
        fails(_respond(t, PLACE, s), _notInTestSet(t));
        s = _score(t, PLACE);
        s.example.path = new bytes32[](0);
        fails(_respond(t, PLACE, s), _notInTestSet(t));
        s = _score(t, PLACE);
        s.example.path = Trees.path(exampleLeaves(EXAMPLES + 2), order(t, FIRST + PLACE));
        fails(_respond(t, PLACE, s), _notInTestSet(t));
    }

    function test_the_test_set_of_another_exam() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        IAccuracyEscrow.Terms memory other = terms();
        labelFor(other, 0);
        IAccuracyEscrow.Score memory s = _score(other, PLACE);
        fails(_respond(t, PLACE, s), _notInTestSet(t));
    }

    function test_another_model() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        IMarket.Evidence memory e = evidence(stranger);
        bytes32 named = keccak256(abi.encode(verifier, e.weights));
        fails(_respondWith(t, _score(t, PLACE), e), abi.encodeWithSelector(IMarket.WrongModel.selector, named, model));
    }

    function test_proofs_that_show_nothing() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        IMarket.Evidence memory e = evidence(provider);
        e.proof = "";
        fails(_respondWith(t, _score(t, PLACE), e), _invalidProof(t));
        e = evidence(provider);
        e.points[0] += 1;
        fails(_respondWith(t, _score(t, PLACE), e), _invalidProof(t));
        IAccuracyEscrow.Score memory s = _score(t, PLACE);
        s.outputCommitment += 1;
        fails(_respond(t, PLACE, s), _invalidProof(t));
        vm.assertTrue(exams.isOutstanding(id(t), PLACE));
        succeeds(_respond(t, PLACE, _score(t, PLACE)));
    }

    function test_a_label_that_the_model_does_not_say() external {
        IAccuracyEscrow.Terms memory t = terms();
        labelFor(t, PLACE);
        delivered(t);
        // The model is wrong; the provider claims that it says what the consumer does.
        uint256 label = labelled(order(t, FIRST + PLACE)).label;
        Results memory r = answers(t);
        (r.leaves[PLACE], r.values[PLACE]) = (Leaves.score(PLACE, label, 1), 1);
        post(t, r);
        challenge(t, one(PLACE));
        IAccuracyEscrow.Score memory s = score(t, PLACE, r);
        s.label = label;
        fails(_respond(t, PLACE, s), _invalidProof(t));
    }

    function test_a_verifier_that_changed() external {
        IAccuracyEscrow.Terms memory t = _challenged();
        Call memory c = _respond(t, PLACE, _score(t, PLACE));
        bytes32 expected = address(verifier).codehash;
        vm.etch(address(verifier), hex"00");
        fails(
            c,
            abi.encodeWithSelector(
                IModelRegistry.CodeHashMismatch.selector, verifier, address(verifier).codehash, expected
            )
        );
    }

    function _challenged() private returns (IAccuracyEscrow.Terms memory t) {
        t = terms();
        challenged(t, PLACE);
    }

    function _score(IAccuracyEscrow.Terms memory t, uint256 place) private view returns (IAccuracyEscrow.Score memory) {
        return score(t, place, answers(t));
    }

    function _respond(IAccuracyEscrow.Terms memory t, uint256 place, IAccuracyEscrow.Score memory s)
        private
        view
        returns (Call memory)
    {
        return Call(stranger, 0, abi.encodeCall(exams.respond, (t, place, s, evidence(provider))));
    }

    function _respondWith(IAccuracyEscrow.Terms memory t, IAccuracyEscrow.Score memory s, IMarket.Evidence memory e)
        private
        view
        returns (Call memory)
    {
        return Call(stranger, 0, abi.encodeCall(exams.respond, (t, PLACE, s, e)));
    }

    function _notChallenged(IAccuracyEscrow.Terms memory t, uint256 place) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccuracyEscrow.NotChallenged.selector, id(t), place);
    }

    function _notInTestSet(IAccuracyEscrow.Terms memory t) private view returns (bytes memory) {
        return abi.encodeWithSelector(IAccuracyEscrow.NotInTestSet.selector, id(t), order(t, FIRST + PLACE));
    }

    function _invalidProof(IAccuracyEscrow.Terms memory t) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMarket.InvalidProof.selector, id(t), PLACE);
    }
}
