// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Deploy} from "../utils/Deploy.sol";
import {RoundDriver} from "./RoundDriver.sol";

/// @notice What terms, models and money a round begins with.
abstract contract Opening is RoundDriver {
    uint32 private constant MOST = 1 << 20;

    function test_deployed_elsewhere_than_foreseen() external {
        address there = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownToRegistry.selector, there));
        Deploy.predictionEscrow(registry, judge, 0);
    }

    function test_burns_no_more_than_all() external {
        address[] memory escrows = new address[](1);
        escrows[0] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        IModelRegistry foreseeing = Deploy.modelRegistry(IModelRegistry.Config(address(0), 1, 1, 1, escrows));
        vm.expectRevert(abi.encodeWithSelector(IPredictionEscrow.BadTerms.selector));
        Deploy.predictionEscrow(foreseeing, judge, 10_001);
    }

    function test_count_is_between_one_and_two_to_the_twenty() external {
        IPredictionEscrow.Terms memory t = terms();
        t.count = 0;
        _bad(t);
        t.count = MOST + 1;
        _bad(t);
        t.count = type(uint32).max;
        _bad(t);
        t.count = MOST;
        _good(t);
        t.count = 1;
        _good(t);
    }

    function test_beta_is_at_least_two() external {
        IPredictionEscrow.Terms memory t = terms();
        t.beta = 0;
        _bad(t);
        t.beta = 1;
        _bad(t);
        t.beta = 2;
        _good(t);
        t.beta = type(uint16).max;
        _good(t);
    }

    function test_proofs_cost_something() external {
        IPredictionEscrow.Terms memory t = terms();
        t.proofCost = 0;
        _bad(t);
        t.proofCost = 1;
        t.price = 0;
        t.demandBond = 0;
        t.courier.bond = 0;
        _good(t);
    }

    function test_every_step_has_time() external {
        IPredictionEscrow.Terms memory t = terms();
        t.windows.inputs = 0;
        _bad(t);
        t.windows.inputs = 1;
        t.windows.predictions = 0;
        _bad(t);
        t.windows.predictions = 1;
        t.windows.contest = 0;
        _bad(t);
        t.windows.contest = 1;
        t.windows.respond = 0;
        _bad(t);
        t.windows.respond = 1;
        t.courier.step = 0;
        _bad(t);
        t.courier.step = 1;
        t.windows.respondEach = 0;
        _bad(t);
        t.windows.respondEach = 1;
        t.courier.perChunk = 0;
        _bad(t);
        t.courier.perChunk = 1;
        // This may be nothing: acceptance in the same block.
        t.windows.accept = 0;
        _good(t);
    }

    function test_the_provider_owns_the_model() external {
        IPredictionEscrow.Terms memory t = terms();
        t.provider = stranger;
        refuse(openMove(t), abi.encodeWithSelector(IPredictionEscrow.NotModelOwner.selector, stranger, provider));
        t.model = keccak256("none");
        refuse(openMove(t), abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, t.model));
    }

    function test_the_verifier_has_the_registered_code() external {
        IPredictionEscrow.Terms memory t = terms();
        bytes32 registered = address(verifier).codehash;
        vm.etch(address(verifier), hex"00");
        refuse(
            openMove(t),
            abi.encodeWithSelector(
                IModelRegistry.CodeHashMismatch.selector, address(verifier), keccak256(hex"00"), registered
            )
        );
    }

    function test_acceptance_needs_stake() external {
        IPredictionEscrow.Terms memory t = terms();
        make(Call.Open, t);
        vm.prank(provider);
        registry.startUnbonding(model, 1);
        refuse(
            acceptMove(t), abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, MINIMUM_STAKE - 1, MINIMUM_STAKE)
        );
        vm.deal(stranger, 1);
        vm.prank(stranger);
        registry.addStake{value: 1}(model, 1);
        make(Call.Accept, t);
        vm.assertEq(registry.modelOf(model).openCases, 1);
    }

    /// @dev Each open round may cost a penalty, and the stake has to cover all of them.
    function test_acceptance_needs_stake_for_every_open_round() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 covered = MINIMUM_STAKE / PENALTY;
        for (uint256 i = 1; i < covered; ++i) {
            vm.prank(address(predictions));
            registry.lock(model);
        }
        drive(t, IPredictionEscrow.State.Accepted);
        vm.assertEq(registry.modelOf(model).openCases, covered);
        t.salt += 1;
        make(Call.Open, t);
        uint256 needed = MINIMUM_STAKE + PENALTY;
        refuse(acceptMove(t), abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, MINIMUM_STAKE, needed));
        vm.deal(stranger, PENALTY);
        vm.prank(stranger);
        registry.addStake{value: PENALTY - 1}(model, PENALTY - 1);
        refuse(acceptMove(t), abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, needed - 1, needed));
        vm.prank(stranger);
        registry.addStake{value: 1}(model, 1);
        make(Call.Accept, t);
    }

    /// @dev I7: stake does not leave while a round is open, however long ago it was asked back.
    function test_stake_waits_for_the_end() external {
        IPredictionEscrow.Terms memory t = terms();
        drive(t, IPredictionEscrow.State.Accepted);
        vm.prank(provider);
        registry.startUnbonding(model, MINIMUM_STAKE);
        vm.warp(block.timestamp + UNBONDING + 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CasesOpen.selector, 1));
        vm.prank(provider);
        registry.withdrawStake(model);
        predictions.settle(t);
        vm.prank(provider);
        vm.assertEq(registry.withdrawStake(model), MINIMUM_STAKE);
    }

    function test_other_terms_are_another_round() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 first = open(t);
        t.salt += 1;
        uint256 second = open(t);
        vm.assertNotEq(first, second);
        vm.assertEq(first, uint256(keccak256(abi.encode(terms()))));
        t.price += 1;
        refuse(move(Call.Cancel, t), wrongState(predictions.idOf(t), IPredictionEscrow.State.None));
    }

    function test_exact_money() external {
        IPredictionEscrow.Terms memory t = terms();
        _exact(openMove(t), consumerLock(t));
        make(Call.Open, t);
        _exact(acceptMove(t), providerLock(t));
        make(Call.Accept, t);
        make(Call.CommitInputs, t);
        _exact(move(Call.DemandInputs, t), demanded() * t.demandBond);
        make(Call.CommitPredictions, t);
        _exact(move(Call.DemandPredictions, t), demanded() * t.demandBond);
    }

    /// @dev A call with too much money; in ETH, also with too little or none.
    function _exact(Move memory m, uint256 due) private {
        vm.deal(m.by, due + 1);
        if (currency() == address(0)) {
            m.value = due + 1;
            refuse(m, abi.encodeWithSelector(ICredits.WrongValue.selector, due + 1, due));
            m.value = due - 1;
            refuse(m, abi.encodeWithSelector(ICredits.WrongValue.selector, due - 1, due));
            m.value = 0;
            refuse(m, abi.encodeWithSelector(ICredits.WrongValue.selector, 0, due));
        } else {
            m.value = 1;
            refuse(m, abi.encodeWithSelector(ICredits.WrongValue.selector, 1, 0));
        }
    }

    function _bad(IPredictionEscrow.Terms memory t) private {
        refuse(openMove(t), abi.encodeWithSelector(IPredictionEscrow.BadTerms.selector));
    }

    function _good(IPredictionEscrow.Terms memory t) private {
        make(Call.Open, t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Open);
    }
}

contract OpeningInEth is Opening {}

contract OpeningInTokens is Opening {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
