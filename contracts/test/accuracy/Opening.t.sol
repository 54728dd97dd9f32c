// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Deploy} from "../utils/Deploy.sol";
import {ExamFixture} from "./ExamFixture.sol";

/// @notice What can be opened and accepted, and at what price.
contract AccuracyOpeningTest is ExamFixture {
    function test_a_case_is_named_by_its_terms() external {
        IAccuracyEscrow.Terms memory t = terms();
        vm.assertEq(exams.idOf(t), id(t));
        vm.assertEq(open(t), id(t));
        t.salt = 2;
        vm.assertEq(open(t), id(t));
        vm.assertEq(exams.idOf(t), id(t));
    }

    function test_edges_of_good_terms() external {
        IAccuracyEscrow.Terms memory t = terms();
        (t.examples, t.first, t.target) = (2, 1, 0);
        (t.exampleCost, t.proofCost, t.inferenceCost) = (3, 2, 1);
        open(t);
        (t.examples, t.first, t.target) = (1 << 20, (1 << 20) - 1, 1_000_000);
        open(t);
        t.windows = IAccuracyEscrow.Windows(0, 1, 1, 1, 1, 1, 1);
        (t.courier.step, t.courier.perChunk) = (1, 1);
        open(t);
    }

    function test_numbers_of_examples_that_cannot_be() external {
        IAccuracyEscrow.Terms memory t = terms();
        t.first = 0;
        _bad(t);
        t.first = EXAMPLES;
        _bad(t);
        t.first = EXAMPLES + 1;
        _bad(t);
        (t.examples, t.first) = (0, 0);
        _bad(t);
        (t.examples, t.first) = (1, 1);
        _bad(t);
        (t.examples, t.first) = ((1 << 20) + 1, 1);
        _bad(t);
    }

    function test_a_target_above_all() external {
        IAccuracyEscrow.Terms memory t = terms();
        t.target = 1_000_001;
        _bad(t);
    }

    function test_costs_out_of_order() external {
        IAccuracyEscrow.Terms memory t = terms();
        t.exampleCost = t.proofCost;
        _bad(t);
        t = terms();
        t.exampleCost = t.proofCost - 1;
        _bad(t);
        t = terms();
        t.inferenceCost = t.proofCost;
        _bad(t);
        t = terms();
        t.inferenceCost = t.proofCost + 1;
        _bad(t);
        t = terms();
        t.inferenceCost = 0;
        _bad(t);
    }

    function test_steps_without_time() external {
        IAccuracyEscrow.Terms memory t = terms();
        t.windows.announce = 0;
        _bad(t);
        t = terms();
        t.windows.decide = 0;
        _bad(t);
        t = terms();
        t.windows.results = 0;
        _bad(t);
        t = terms();
        t.windows.challenge = 0;
        _bad(t);
        t = terms();
        t.windows.respond = 0;
        _bad(t);
        t = terms();
        t.windows.respondEach = 0;
        _bad(t);
        t = terms();
        t.courier.perChunk = 0;
        _bad(t);
        t = terms();
        t.courier.step = 0;
        _bad(t);
    }

    function test_only_the_owner_of_a_model_can_be_its_provider() external {
        IAccuracyEscrow.Terms memory t = terms();
        t.provider = stranger;
        fails(_open(t, 0), abi.encodeWithSelector(IAccuracyEscrow.NotModelOwner.selector, stranger, provider));
        t = terms();
        t.model = _register(stranger);
        fails(_open(t, 0), abi.encodeWithSelector(IAccuracyEscrow.NotModelOwner.selector, provider, stranger));
        t.model = bytes32(uint256(1));
        fails(_open(t, 0), abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, t.model));
    }

    function test_the_consumer_locks_exactly_its_share() external {
        IAccuracyEscrow.Terms memory t = terms();
        uint256 due = LOCK + FEE;
        vm.deal(consumer, due + 1);
        fails(_open(t, due - 1), abi.encodeWithSelector(ICredits.WrongValue.selector, due - 1, due));
        fails(_open(t, due + 1), abi.encodeWithSelector(ICredits.WrongValue.selector, due + 1, due));
        succeeds(_open(t, due));
        vm.assertEq(consumer.balance, 1);
        vm.assertEq(address(exams).balance, due);
    }

    function test_the_provider_locks_exactly_as_much() external {
        IAccuracyEscrow.Terms memory t = terms();
        open(t);
        uint256 due = LOCK + FEE;
        vm.deal(provider, due + 1);
        fails(_accept(t, due - 1), abi.encodeWithSelector(ICredits.WrongValue.selector, due - 1, due));
        fails(_accept(t, due + 1), abi.encodeWithSelector(ICredits.WrongValue.selector, due + 1, due));
        succeeds(_accept(t, due));
        vm.assertEq(provider.balance, 1);
        vm.assertEq(address(exams).balance, 2 * due);
        vm.assertEq(credit(exams, feeRecipient), 2 * FEE);
        vm.assertEq(exams.examOf(id(t)).seed, drawn(SEED));
    }

    function test_tokens_are_not_paid_with_ether() external {
        IAccuracyEscrow.Terms memory t = terms();
        t.currency = address(coin);
        vm.deal(consumer, 1);
        fails(_open(t, 1), abi.encodeWithSelector(ICredits.WrongValue.selector, 1, 0));
    }

    function test_an_escrow_that_the_registry_does_not_know() external {
        address here = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownToRegistry.selector, here));
        Deploy.accuracyEscrow(registry, judge, feeRecipient, 0);
    }

    function test_constants_of_a_marketplace() external {
        IModelRegistry foreseeing = _foreseeing();
        vm.expectRevert(abi.encodeWithSelector(IAccuracyEscrow.BadTerms.selector));
        Deploy.accuracyEscrow(foreseeing, judge, feeRecipient, 10_001);
        foreseeing = _foreseeing();
        vm.expectRevert(abi.encodeWithSelector(IAccuracyEscrow.BadTerms.selector));
        Deploy.accuracyEscrow(foreseeing, judge, address(0), 10_000);
        foreseeing = _foreseeing();
        vm.assertEq(Deploy.accuracyEscrow(foreseeing, judge, feeRecipient, 10_000).burnShare(), 10_000);
    }

    function test_the_domain_of_signatures() external view {
        bytes32 domainType =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("zkescrow AccuracyEscrow");
        vm.assertEq(
            domain(address(exams)),
            keccak256(abi.encode(domainType, name, keccak256("1"), block.chainid, address(exams)))
        );
    }

    /// @dev A registry that knows the contract that is made here after it.
    function _foreseeing() private returns (IModelRegistry) {
        address[] memory escrows = new address[](1);
        escrows[0] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        return Deploy.modelRegistry(
            IModelRegistry.Config(address(0), MARKET_EXAMPLES, MARKET_EXAMPLE_COST, UNBONDING, escrows)
        );
    }

    function _open(IAccuracyEscrow.Terms memory t, uint256 value) private view returns (Call memory) {
        return Call(t.consumer, value, abi.encodeCall(exams.open, (t)));
    }

    function _accept(IAccuracyEscrow.Terms memory t, uint256 value) private view returns (Call memory) {
        return Call(t.provider, value, abi.encodeCall(exams.accept, (t, SEED)));
    }

    function _bad(IAccuracyEscrow.Terms memory t) private {
        fails(_open(t, 0), abi.encodeWithSelector(IAccuracyEscrow.BadTerms.selector));
    }
}
