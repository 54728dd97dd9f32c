// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccuracyEscrow} from "../../src/interfaces/IAccuracyEscrow.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Deploy} from "../utils/Deploy.sol";
import {Trees} from "../utils/Trees.sol";
import {Endings} from "./Endings.sol";

/// @notice Who gets what at every end, whatever the amounts.
abstract contract Money is Endings {
    /// @notice What is credited in the end.
    struct Owed {
        IAccuracyEscrow.State state;
        uint256 consumer;
        uint256 provider;
        uint256 fees;
        uint256 burned;
    }

    uint256 private _share;

    function testFuzz_money(uint256 way, uint256 share, uint256 seed) external {
        _marketplace(bound(share, 0, 10_000));
        _ends(_terms(seed), Way(way % WAYS));
    }

    /// @dev Without data, so of any size.
    function testFuzz_money_of_large_exams(uint256 way, uint256 share, uint256 seed) external {
        _marketplace(bound(share, 0, 10_000));
        IAccuracyEscrow.Terms memory t = _terms(seed);
        t.examples = uint32(bound(_draw(seed, "size"), REAL + 1, 1 << 20));
        t.first = uint32(bound(_draw(seed, "part"), 1, t.examples - 1));
        t.testSet = bytes32(seed);
        Way[10] memory ways = [
            Way.NothingAnnounced,
            Way.NothingAnnouncedAgain,
            Way.NotPublished,
            Way.NotPublishedAgain,
            Way.NotRevealed,
            Way.Undecided,
            Way.Stopped,
            Way.NotAcknowledgedAgain,
            Way.NoResults,
            Way.Cancelled
        ];
        _ends(t, ways[way % 10]);
    }

    function testFuzz_grade(uint256 share, uint256 seed, uint256 correct) external {
        _marketplace(bound(share, 0, 10_000));
        IAccuracyEscrow.Terms memory t = _terms(seed);
        t.examples = uint32(bound(_draw(seed, "size"), REAL + 1, 1 << 20));
        t.first = uint32(bound(_draw(seed, "part"), 1, t.examples - 1));
        correct = bound(correct, 0, answersOf(t));
        // At what was reached, rounded down, or a little above.
        uint256 target = correct * 1_000_000 / answersOf(t) + _draw(seed, "target") % 3;
        t.target = uint32(target < 1_000_000 ? target : 1_000_000);
        delivered(t);
        postRoot(t, bytes32(seed), correct);
        vm.prank(t.consumer);
        exams.settle(t);
        bool reached = correct * 1_000_000 >= t.target * answersOf(t);
        _check(t, reached ? _passed(t) : _lost(t, IAccuracyEscrow.State.Failed));
    }

    /// @dev A market of its own, whose burn share is not fixed.
    function _marketplace(uint256 share) private {
        _share = share;
        address[] memory escrows = new address[](1);
        escrows[0] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        registry = Deploy.modelRegistry(
            IModelRegistry.Config(address(0), MARKET_EXAMPLES, MARKET_EXAMPLE_COST, UNBONDING, escrows)
        );
        exams = Deploy.accuracyEscrow(registry, judge, feeRecipient, share);
        registry.registerArchitecture(address(verifier));
        _register(provider);
        vm.assertEq(exams.burnShare(), share);
        vm.assertEq(exams.feeRecipient(), feeRecipient);
    }

    function _draw(uint256 seed, string memory what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }

    function _terms(uint256 seed) private view returns (IAccuracyEscrow.Terms memory t) {
        t = terms();
        t.inferenceCost = uint128(bound(_draw(seed, "P"), 1, 1e24));
        t.proofCost = uint128(bound(_draw(seed, "Z"), t.inferenceCost + 1, 2e24));
        t.exampleCost = uint128(bound(_draw(seed, "E"), t.proofCost + 1, 4e24));
        t.examples = uint32(bound(_draw(seed, "N"), 3, REAL));
        t.first = uint32(bound(_draw(seed, "N1"), 1, t.examples - 2));
        t.target = uint32(bound(_draw(seed, "a"), 1, 1_000_000));
        t.courier.bond = uint128(bound(_draw(seed, "bond"), 0, 1e18));
        t.salt = seed;
        t.testSet = Trees.root(exampleLeaves(t.examples));
    }

    function _ends(IAccuracyEscrow.Terms memory t, Way way) private {
        end(t, way);
        if (way < Way.NothingAnnounced) return _check(t, _refunded(t));
        if (way < Way.Stopped) return _check(t, _forfeited(t, way));
        if (way <= Way.Undecided) return _check(t, _aborted(t));
        if (way < Way.Unanswered) return _check(t, _lost(t, IAccuracyEscrow.State.ProviderFailed));
        if (way < Way.Believed) {
            Owed memory back = _lost(t, IAccuracyEscrow.State.ProviderFailed);
            // The deposits come back.
            back.consumer += depositOf(t, way == Way.Unanswered ? 1 : 2);
            return _check(t, back);
        }
        Owed memory o = way < Way.Missed ? _passed(t) : _lost(t, IAccuracyEscrow.State.Failed);
        // Deposits for what was proven are the provider's.
        if (way == Way.Proven || way == Way.MissedThoughProven) o.provider += depositOf(t, 2);
        _check(t, o);
    }

    function _refunded(IAccuracyEscrow.Terms memory t) private pure returns (Owed memory) {
        return Owed(IAccuracyEscrow.State.Refunded, lockOf(t) + feeOf(t), 0, 0, 0);
    }

    function _forfeited(IAccuracyEscrow.Terms memory t, Way way) private view returns (Owed memory o) {
        o = Owed(IAccuracyEscrow.State.ConsumerFailed, 0, 2 * lockOf(t), 2 * feeOf(t), 0);
        // Nothing was published: the bond comes back.
        if (way == Way.NotPublished) o.provider += t.courier.bond * chunksOf(t.first);
        if (way == Way.NotPublishedAgain) o.provider += t.courier.bond * chunksOf(answersOf(t));
    }

    function _aborted(IAccuracyEscrow.Terms memory t) private pure returns (Owed memory) {
        return Owed(IAccuracyEscrow.State.Aborted, lockOf(t) - feeOf(t), lockOf(t) + feeOf(t), 2 * feeOf(t), 0);
    }

    function _lost(IAccuracyEscrow.Terms memory t, IAccuracyEscrow.State state) private view returns (Owed memory) {
        uint256 burned = lockOf(t) * _share / 10_000;
        return Owed(state, 2 * lockOf(t) - burned, 0, 2 * feeOf(t), burned);
    }

    function _passed(IAccuracyEscrow.Terms memory t) private pure returns (Owed memory) {
        uint256 paid = 2 * (feeOf(t) + answersOf(t) * t.proofCost);
        return Owed(IAccuracyEscrow.State.Passed, lockOf(t) - paid, lockOf(t) + paid, 2 * feeOf(t), 0);
    }

    /// @dev INVARIANTS I1 and I2.
    function _check(IAccuracyEscrow.Terms memory t, Owed memory o) private view {
        vm.assertEq(uint256(stateOf(t)), uint256(o.state), "state");
        vm.assertEq(credit(exams, consumer), o.consumer, "consumer");
        vm.assertEq(credit(exams, provider), o.provider, "provider");
        vm.assertEq(credit(exams, feeRecipient), o.fees, "fees");
        vm.assertEq(credit(exams, BURN), o.burned, "burned");
        vm.assertEq(held(address(exams)), o.consumer + o.provider + o.fees + o.burned, "held");
        vm.assertEq(exams.examOf(id(t)).deadline, 0, "deadline");
        vm.assertEq(registry.modelOf(t.model).openCases, 0, "open cases");
    }
}

contract MoneyInEthTest is Money {}

contract MoneyInTokensTest is Money {
    function currency() internal view override returns (address) {
        return address(coin);
    }
}
