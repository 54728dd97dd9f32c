// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title SampleSize
/// @notice How many samples a statement takes. Shares and probabilities are in units of 1e-18.
library SampleSize {
    /// @notice The bound is not between 0 and 1.
    error BoundOutOfRange(uint256 p);
    /// @notice The probability of error is not between 0 and 1.
    error DeltaOutOfRange(uint256 delta);

    uint256 private constant WAD = 1e18;
    /// @dev Unit of the powers. Products fit into a word; every power of a share that can equal `delta/2`, which has at
    /// most 19 decimal places, is exact.
    uint256 private constant ONE = 1e38;

    /// @notice The least `n` with `(1-p)^n <= delta/2`: after `n` samples without a failure, the share of failures is
    /// below `p` with confidence `1 - delta` (two-sided Clopper-Pearson).
    /// @dev Powers are rounded up, so never too few. One sample too many is possible where `(1-p)^n` misses `delta/2`
    /// by less than `n·1e-38`. The result is below `43e18`, its largest at `p = delta = 1`.
    function clopperPearson(uint256 p, uint256 delta) internal pure returns (uint256 n) {
        if (p == 0 || p >= WAD) revert BoundOutOfRange(p);
        if (delta == 0 || delta >= WAD) revert DeltaOutOfRange(delta);
        unchecked {
            (n,) = _most((WAD - p) * (ONE / WAD), delta * (ONE / WAD / 2));
            ++n;
        }
    }

    /// @dev The largest `n` with `power^n > target`, and `power^n`: from the square's, so at most 67 calls deep.
    function _most(uint256 power, uint256 target) private pure returns (uint256 n, uint256 value) {
        if (power <= target) return (0, ONE);
        (n, value) = _most(FixedPointMathLib.mulDivUp(power, power, ONE), target);
        uint256 next = FixedPointMathLib.mulDivUp(value, power, ONE);
        unchecked {
            n *= 2;
            if (next > target) (n, value) = (n + 1, next);
        }
    }
}
