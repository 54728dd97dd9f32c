// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Settlement} from "../../src/libraries/Settlement.sol";
import {Test} from "../utils/Test.sol";

/// @notice Whatever the amounts are, of 256 bits and without any relation: an ending that does not revert gives out exactly what
/// the case holds. Products are unknowns to the solver, so overflow is not judged here, but below and by fuzzing.
contract SettlementConservesSymbolicTest {
    using Settlement for Settlement.Exam;
    using Settlement for Settlement.Round;

    function check_refunded(Settlement.Round memory r) external view {
        _conserves(abi.encodeCall(this.refunded, (r)));
    }

    function refunded(Settlement.Round memory r) external pure returns (bool) {
        return _all(r, r.refunded());
    }

    function check_served(Settlement.Round memory r, uint256 contested) external view {
        _conserves(abi.encodeCall(this.served, (r, contested)));
    }

    function served(Settlement.Round memory r, uint256 contested) external pure returns (bool) {
        return _all(r, r.served(contested));
    }

    function check_slashed(Settlement.Round memory r, uint256 burnShare) external view {
        _conserves(abi.encodeCall(this.slashed, (r, burnShare)));
    }

    function slashed(Settlement.Round memory r, uint256 burnShare) external pure returns (bool) {
        return _all(r, r.slashed(burnShare));
    }

    function check_aborted(Settlement.Exam memory e) external view {
        _conserves(abi.encodeCall(this.aborted, (e)));
    }

    function aborted(Settlement.Exam memory e) external pure returns (bool) {
        return _all(e, e.aborted());
    }

    function check_consumerFailed(Settlement.Exam memory e) external view {
        _conserves(abi.encodeCall(this.consumerFailed, (e)));
    }

    function consumerFailed(Settlement.Exam memory e) external pure returns (bool) {
        return _all(e, e.consumerFailed());
    }

    function check_providerFailed(Settlement.Exam memory e, uint256 burnShare) external view {
        _conserves(abi.encodeCall(this.providerFailed, (e, burnShare)));
    }

    function providerFailed(Settlement.Exam memory e, uint256 burnShare) external pure returns (bool) {
        return _all(e, e.providerFailed(burnShare));
    }

    function check_passed(Settlement.Exam memory e) external view {
        _conserves(abi.encodeCall(this.passed, (e)));
    }

    function passed(Settlement.Exam memory e) external pure returns (bool) {
        return _all(e, e.passed());
    }

    /// @dev `call` reverts, or answers that all is given out.
    function _conserves(bytes memory call) private view {
        (bool done, bytes memory answer) = address(this).staticcall(call);
        assert(!done || abi.decode(answer, (bool)));
    }

    function _all(Settlement.Round memory r, Settlement.Shares memory s) private pure returns (bool) {
        return s.consumer + s.provider + s.burned == r.consumerLock() + r.providerLock();
    }

    function _all(Settlement.Exam memory e, Settlement.Shares memory s) private pure returns (bool) {
        return s.consumer + s.provider + s.burned == 2 * e.lock();
    }
}

/// @notice For all costs that an escrow lets through, in the largest cases, nothing overflows and no share is negative. Counts are
/// powers of two, by which the solver can divide. Other shares than none that are burned are left to fuzzing.
contract SettlementFitsSymbolicTest is Test {
    using Settlement for Settlement.Exam;
    using Settlement for Settlement.Round;

    uint256 private constant MOST = 1 << 20;
    /// @dev Above the largest that has 16 bits.
    uint256 private constant BETA = 1 << 16;

    function check_largest_round(uint128 proofCost, uint128 price) external pure {
        Settlement.Round memory r = Settlement.Round(MOST, proofCost, price, BETA);
        _all(r, r.refunded());
        _all(r, r.forfeited());
        _all(r, r.slashed(0));
    }

    function check_largest_contests(uint128 proofCost, uint128 price) external pure {
        Settlement.Round memory r = Settlement.Round(MOST, proofCost, price, BETA);
        _all(r, r.served(0));
        _all(r, r.served(1));
        _all(r, r.served(MOST / 2));
        _all(r, r.served(MOST));
        assert(r.served(MOST).consumer == 0);
    }

    function check_largest_exam(uint128 exampleCost, uint128 proofCost, uint128 inferenceCost) external pure {
        _exam(MOST, exampleCost, proofCost, inferenceCost);
    }

    function check_smallest_exam(uint128 exampleCost, uint128 proofCost, uint128 inferenceCost) external pure {
        _exam(2, exampleCost, proofCost, inferenceCost);
    }

    function _exam(uint256 examples, uint256 exampleCost, uint256 proofCost, uint256 inferenceCost) private pure {
        vm.assume(exampleCost > proofCost && proofCost > inferenceCost && inferenceCost > 0);
        Settlement.Exam memory e = Settlement.Exam(examples, examples / 2, exampleCost, proofCost, inferenceCost);
        _all(e, e.passed());
        _all(e, e.aborted());
        _all(e, e.consumerFailed());
        _all(e, e.providerFailed(0));
        assert(e.passed().consumer > 0 && e.passed().provider > e.aborted().provider);
    }

    function _all(Settlement.Round memory r, Settlement.Shares memory s) private pure {
        assert(s.consumer + s.provider + s.burned == r.consumerLock() + r.providerLock());
    }

    function _all(Settlement.Exam memory e, Settlement.Shares memory s) private pure {
        assert(s.consumer + s.provider + s.burned == 2 * e.lock());
    }
}
