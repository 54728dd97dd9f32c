// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Bn254
/// @notice The group G1 of BN254, through the precompiles of EIP-196.
/// @dev G1 has prime order, so a point on the curve is in the group. The point at infinity is `(0, 0)` for the
/// precompiles; `isOnCurve` refuses it, because no honest commitment is infinity.
library Bn254 {
    struct Point {
        uint256 x;
        uint256 y;
    }

    /// @notice A sum in the making, laid out as the precompiles take their arguments: `(x, y)` is the sum, the rest is
    /// a term with its factor. It spares a copy and an allocation for every addition and multiplication.
    struct Sum {
        uint256 x;
        uint256 y;
        uint256 termX;
        uint256 termY;
        uint256 factor;
    }

    /// @notice A precompile was given a bad point or too little gas, or does not exist on this chain.
    /// @dev Callers check their points first; what is left is never the fault of a proof, so it is not a verdict.
    error PrecompileFailed(uint256 precompile);
    /// @notice ecMul would accept any 256-bit scalar, hence several encodings of one; this library takes one.
    error ScalarOutOfRange(uint256 scalar);

    /// @notice Modulus of the coordinates.
    uint256 internal constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    /// @notice Order of the group, modulus of the scalars.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    uint256 private constant EC_ADD = 0x06;
    uint256 private constant EC_MUL = 0x07;
    /// @dev A failing precompile takes all the gas it is given: give little more than the 150 and 6,000 they cost.
    uint256 private constant EC_ADD_GAS = 1_000;
    uint256 private constant EC_MUL_GAS = 10_000;

    /// @notice Whether `(x, y)` is a point of G1 other than infinity, with reduced coordinates.
    function isOnCurve(uint256 x, uint256 y) internal pure returns (bool) {
        if (x >= P || y >= P) return false;
        // (0, 0) fails here: 0 is not 3.
        return mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @notice `a + b`.
    function add(Point memory a, Point memory b) internal view returns (Point memory sum) {
        bool success;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mcopy(free, a, 0x40)
            mcopy(add(free, 0x40), b, 0x40)
            success := staticcall(EC_ADD_GAS, EC_ADD, free, 0x80, sum, 0x40)
            success := and(success, eq(returndatasize(), 0x40))
        }
        if (!success) revert PrecompileFailed(EC_ADD);
    }

    /// @notice `scalar · a`, for `scalar < R`.
    function mul(Point memory a, uint256 scalar) internal view returns (Point memory product) {
        if (scalar >= R) revert ScalarOutOfRange(scalar);
        bool success;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mcopy(free, a, 0x40)
            mstore(add(free, 0x40), scalar)
            success := staticcall(EC_MUL_GAS, EC_MUL, free, 0x60, product, 0x40)
            success := and(success, eq(returndatasize(), 0x40))
        }
        if (!success) revert PrecompileFailed(EC_MUL);
    }

    /// @notice Adds the term to the sum.
    function addTerm(Sum memory sum) internal view {
        bool success;
        assembly ("memory-safe") {
            success := staticcall(EC_ADD_GAS, EC_ADD, sum, 0x80, sum, 0x40)
            success := and(success, eq(returndatasize(), 0x40))
        }
        if (!success) revert PrecompileFailed(EC_ADD);
    }

    /// @notice Multiplies the term by its factor, which is below `R`.
    function scaleTerm(Sum memory sum) internal view {
        if (sum.factor >= R) revert ScalarOutOfRange(sum.factor);
        bool success;
        assembly ("memory-safe") {
            let term := add(sum, 0x40)
            success := staticcall(EC_MUL_GAS, EC_MUL, term, 0x60, term, 0x40)
            success := and(success, eq(returndatasize(), 0x40))
        }
        if (!success) revert PrecompileFailed(EC_MUL);
    }

    /// @notice `-a`, for `a` on the curve (where `y` is never 0).
    function negate(Point memory a) internal pure returns (Point memory) {
        return Point(a.x, P - a.y);
    }
}
