// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../../src/libraries/Bn254.sol";
import {Context} from "../../src/libraries/Context.sol";
import {Test} from "../utils/Test.sol";

/// @notice What holds for all arguments, by `make symbolic`; forge takes no function with this prefix for a test.
contract LibrariesSymbolicTest is Test {
    /// @dev The shift alone makes a context a reduced scalar, whatever the digest is.
    function check_bind_is_reduced(address contract_, uint256 caseId, uint256 index, address payee) external view {
        uint256 context = Context.bind(contract_, caseId, index, payee);
        assert(context < 1 << 248 && context < Bn254.R);
    }

    /// @dev Both coordinates, together and alone: aliases have no way past the curve equation.
    function check_isOnCurve_refuses_unreduced(uint256 x, uint256 y) external pure {
        vm.assume(x >= Bn254.P || y >= Bn254.P);
        assert(!Bn254.isOnCurve(x, y));
    }

    function check_isOnCurve_refuses_infinity() external pure {
        assert(!Bn254.isOnCurve(0, 0));
    }

    function check_negate_is_reduced_and_opposite(uint256 x, uint256 y) external pure {
        vm.assume(0 < y && y < Bn254.P);
        Bn254.Point memory negated = Bn254.negate(Bn254.Point(x, y));
        assert(negated.x == x && 0 < negated.y && negated.y < Bn254.P);
        assert(addmod(y, negated.y, Bn254.P) == 0);
    }
}
