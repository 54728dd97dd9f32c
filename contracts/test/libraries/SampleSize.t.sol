// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SampleSize} from "../../src/libraries/SampleSize.sol";
import {Test} from "../utils/Test.sol";

contract SampleSizeTest is Test {
    uint256 private constant WAD = 1e18;

    function clopperPearson(uint256 p, uint256 delta) external pure returns (uint256) {
        return SampleSize.clopperPearson(p, delta);
    }

    function testFuzz_reverts_on_bounds_out_of_range(uint256 p, uint256 delta) external {
        p = bound(p, WAD, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(SampleSize.BoundOutOfRange.selector, p));
        this.clopperPearson(p, delta);
        vm.expectRevert(abi.encodeWithSelector(SampleSize.BoundOutOfRange.selector, 0));
        this.clopperPearson(0, delta);
    }

    function testFuzz_reverts_on_deltas_out_of_range(uint256 p, uint256 delta) external {
        p = bound(p, 1, WAD - 1);
        delta = bound(delta, WAD, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(SampleSize.DeltaOutOfRange.selector, delta));
        this.clopperPearson(p, delta);
        vm.expectRevert(abi.encodeWithSelector(SampleSize.DeltaOutOfRange.selector, 0));
        this.clopperPearson(p, 0);
    }

    function test_figures_are_those_of_the_protocols() external pure {
        vm.assertEq(SampleSize.clopperPearson(0.05e18, 0.05e18), 72);
        vm.assertEq(SampleSize.clopperPearson(0.025e18, 0.05e18), 146);
        vm.assertEq(SampleSize.clopperPearson(0.02e18, 0.05e18), 183);
        vm.assertEq(SampleSize.clopperPearson(0.01e18, 0.05e18), 368);
    }

    /// @dev What the client computes.
    function test_vectors() external view {
        string memory json = vm.readFile("contracts/test/fixtures/trees.json");
        uint256[] memory bounds = vm.parseJsonUintArray(json, ".sampleSizes.bounds");
        uint256[] memory deltas = vm.parseJsonUintArray(json, ".sampleSizes.deltas");
        uint256[][] memory counts = abi.decode(vm.parseJson(json, ".sampleSizes.counts"), (uint256[][]));
        vm.assertEq(bounds.length * deltas.length, 108);
        for (uint256 i = 0; i < bounds.length; ++i) {
            for (uint256 j = 0; j < deltas.length; ++j) {
                vm.assertEq(SampleSize.clopperPearson(bounds[i], deltas[j]), counts[i][j]);
            }
        }
    }

    /// @dev Where `(1-p)^n` is `delta/2` exactly, `n` are enough; with a little less to reach, they are not.
    function test_equality_is_enough() external pure {
        uint256[4] memory bounds = [uint256(0.9e18), 0.8e18, 0.5e18, 0.2e18];
        for (uint256 i = 0; i < bounds.length; ++i) {
            (uint256 rest, uint256 scale) = ((WAD - bounds[i]) / 0.1e18, 10);
            (uint256 power, uint256 divisor) = (rest, scale);
            // delta = 2·(rest/10)^n, as long as that is a number of units
            for (uint256 n = 1; n <= 18; ++n) {
                uint256 delta = 2 * power * (WAD / divisor);
                if (delta < WAD) {
                    vm.assertEq(SampleSize.clopperPearson(bounds[i], delta), n);
                    vm.assertEq(SampleSize.clopperPearson(bounds[i], delta - 1), n + 1);
                }
                (power, divisor) = (power * rest, divisor * scale);
            }
        }
        // delta/2 may end half a unit below: 0.5e-18 = (1 - p)^1 has no such p, so the next is one sample more.
        vm.assertEq(SampleSize.clopperPearson(WAD - 1, 2), 1);
        vm.assertEq(SampleSize.clopperPearson(WAD - 1, 1), 2);
    }

    function test_extremes() external view {
        vm.assertEq(SampleSize.clopperPearson(WAD - 1, WAD - 1), 1);
        // ln(2 / (1 - 1e-18)) · 1e18, and ln(2e18) · 1e18.
        uint256 n = SampleSize.clopperPearson(1, WAD - 1);
        vm.assertTrue(n >= 693147180559945309 && n <= 693147180559945313, "most doubt");
        uint256 gas = gasleft();
        n = SampleSize.clopperPearson(1, 1);
        vm.assertLt(gas - gasleft(), 50_000);
        vm.assertTrue(n > 42.139e18 && n < 42.14e18, "most samples");
    }

    /// @dev Small `n` by the definition, without rounding: with fewer samples the bound is not met, with `n` it is.
    function testFuzz_is_the_least_that_suffices(uint256 percent, uint256 delta) external pure {
        percent = bound(percent, 1, 99);
        delta = bound(delta, 1, WAD - 1);
        uint256 n = SampleSize.clopperPearson(percent * 0.01e18, delta);
        if (n <= 20) vm.assertTrue(_suffices(percent, n, delta), "too few");
        if (n <= 21) vm.assertFalse(_suffices(percent, n - 1, delta), "too many");
    }

    function testFuzz_is_monotone(uint256 p, uint256 delta, uint256 more) external pure {
        p = bound(p, 1, WAD - 2);
        delta = bound(delta, 1, WAD - 2);
        uint256 n = SampleSize.clopperPearson(p, delta);
        vm.assertLt(n, 43e18);
        vm.assertLe(SampleSize.clopperPearson(bound(more, p + 1, WAD - 1), delta), n);
        vm.assertLe(SampleSize.clopperPearson(p, bound(more, delta + 1, WAD - 1)), n);
    }

    /// @dev (100 - percent)^n · 2e18 <= delta · 100^n, for n up to 20.
    function _suffices(uint256 percent, uint256 n, uint256 delta) private pure returns (bool) {
        return (100 - percent) ** n * 2 * WAD <= delta * 100 ** n;
    }
}
