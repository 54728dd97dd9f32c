// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../src/libraries/Bn254.sol";
import {Test} from "./utils/Test.sol";

contract Bn254Test is Test {
    using Bn254 for Bn254.Point;

    /// @dev Calls of the library that a test expects to revert need a frame of their own.
    function add(Bn254.Point memory a, Bn254.Point memory b) external view returns (Bn254.Point memory) {
        return a.add(b);
    }

    function mul(Bn254.Point memory a, uint256 scalar) external view returns (Bn254.Point memory) {
        return a.mul(scalar);
    }

    function testFuzz_mul_reverts_on_unreduced_scalar(uint256 scalar) external {
        scalar = bound(scalar, Bn254.R, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Bn254.ScalarOutOfRange.selector, scalar));
        this.mul(_generator(), scalar);
    }

    function testFuzz_mul_reverts_off_curve(uint256 x, uint256 y, uint256 scalar) external {
        vm.assume(!Bn254.isOnCurve(x, y) && (x | y) != 0);
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 7));
        this.mul(Bn254.Point(x, y), scalar % Bn254.R);
    }

    function testFuzz_add_reverts_off_curve(uint256 x, uint256 y) external {
        vm.assume(!Bn254.isOnCurve(x, y) && (x | y) != 0);
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 6));
        this.add(Bn254.Point(x, y), _generator());
    }

    function test_failing_precompile_burns_little() external view {
        uint256 before = gasleft();
        try this.mul(Bn254.Point(1, 1), 1) {} catch {}
        vm.assertLt(before - gasleft(), 20_000);
    }

    function testFuzz_isOnCurve_multiples_of_generator(uint256 scalar) external view {
        Bn254.Point memory point = _generator().mul(bound(scalar, 1, Bn254.R - 1));
        vm.assertTrue(Bn254.isOnCurve(point.x, point.y), "on the curve");
        vm.assertFalse(Bn254.isOnCurve(point.x, addmod(point.y, 1, Bn254.P)), "y + 1");
    }

    function test_isOnCurve_refuses_infinity_and_aliases() external pure {
        vm.assertFalse(Bn254.isOnCurve(0, 0), "infinity");
        vm.assertTrue(Bn254.isOnCurve(1, 2), "generator");
        vm.assertFalse(Bn254.isOnCurve(1 + Bn254.P, 2), "x + P");
        vm.assertFalse(Bn254.isOnCurve(1, 2 + Bn254.P), "y + P");
        vm.assertFalse(Bn254.isOnCurve(Bn254.P, Bn254.P), "infinity + P");
    }

    function testFuzz_negate(uint256 scalar) external view {
        Bn254.Point memory point = _generator().mul(bound(scalar, 1, Bn254.R - 1));
        Bn254.Point memory sum = point.add(point.negate());
        vm.assertEq(sum.x | sum.y, 0);
    }

    function testFuzz_mul_distributes(uint256 a, uint256 b) external view {
        a %= Bn254.R;
        b %= Bn254.R;
        Bn254.Point memory sum = _generator().mul(a).add(_generator().mul(b));
        Bn254.Point memory product = _generator().mul(addmod(a, b, Bn254.R));
        vm.assertEq(abi.encode(sum), abi.encode(product));
    }

    function test_mul_group_order() external view {
        vm.assertEq(abi.encode(_generator().mul(Bn254.R - 1)), abi.encode(_generator().negate()));
    }

    function test_sums_refuse_factors_and_points_that_are_none() external {
        Bn254.Sum memory sum;
        (sum.termX, sum.termY, sum.factor) = (1, 2, Bn254.R);
        vm.expectRevert(abi.encodeWithSelector(Bn254.ScalarOutOfRange.selector, Bn254.R));
        this.scaleTerm(sum);
        (sum.termY, sum.factor) = (3, 1);
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 7));
        this.scaleTerm(sum);
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 6));
        this.addTerm(sum);
    }

    function scaleTerm(Bn254.Sum memory sum) external view {
        Bn254.scaleTerm(sum);
    }

    function addTerm(Bn254.Sum memory sum) external view {
        Bn254.addTerm(sum);
    }

    function _generator() private pure returns (Bn254.Point memory) {
        return Bn254.Point(1, 2);
    }
}
