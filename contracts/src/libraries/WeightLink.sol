// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";

/// @title WeightLink
/// @notice Shows that the weight commitments `C'` inside a proof open to the same weights as the registered `C`.
/// @dev Every proof blinds its weight columns afresh, so `C'_j - C_j` lies in the span of the blinding bases `B`. The
/// link is a Schnorr proof that `D = Σ ξ^j (C'_j - C_j)` does: `T = Σ t_b B_b` and `z_b = t_b + e δ_b`, accepted iff
/// `Σ z_b B_b = T + e D`. The challenge `ξ` binds both lists of commitments, `e` also `T` and the whole statement.
library WeightLink {
    using Bn254 for Bn254.Sum;

    /// @notice The challenge `ξ` that folds the `m` differences into one.
    /// @param archDigest Digest of the architecture.
    /// @param registered Coordinates of `C`, x then y, point by point.
    /// @param fresh The bytes of `C'` as they stand in the proof.
    function foldingChallenge(bytes32 archDigest, uint256[] calldata registered, bytes calldata fresh)
        internal
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encodePacked("zkescrow.link.xi", archDigest, registered, fresh))) % Bn254.R;
    }

    /// @notice What the link is bound to: this very proof, with these instances.
    function statementOf(bytes calldata proof, uint256[] calldata instances) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(proof, instances));
    }

    /// @notice Whether `linkProof`, `T ‖ z_0 ‖ z_1 ‖ …`, links `fresh` to `registered`.
    /// @dev Reverts only for lack of gas (or of precompiles): bad input is answered by `false`.
    /// @param bases Coordinates of `B`, 64 bytes each, one or more; on the curve.
    /// @param xi The folding challenge of the two lists.
    function verify(
        uint256[] calldata registered,
        bytes calldata fresh,
        bytes calldata linkProof,
        bytes memory bases,
        uint256 xi,
        bytes32 statement
    ) internal view returns (bool) {
        if (registered.length * 32 != fresh.length || fresh.length % 64 != 0 || fresh.length == 0) {
            return false;
        }
        if (linkProof.length != 64 + bases.length / 2) return false;
        bytes calldata old = _bytes(registered);
        if (!_allOnCurve(old) || !_allOnCurve(fresh) || !_allOnCurve(linkProof[:64])) return false;
        for (uint256 offset = 64; offset < linkProof.length; offset += 32) {
            if (_word(linkProof, offset) >= Bn254.R) return false;
        }

        Bn254.Sum memory sum = _combine(linkProof, bases);
        (uint256 x, uint256 y) = (sum.x, sum.y);
        (sum.termX, sum.termY) = _fold(old, fresh, xi);
        // T + e D
        (sum.x, sum.y) = _point(linkProof, 0);
        sum.factor = uint256(keccak256(abi.encodePacked("zkescrow.link.e", xi, statement, sum.x, sum.y))) % Bn254.R;
        sum.scaleTerm();
        sum.addTerm();
        return sum.x == x && sum.y == y;
    }

    /// @dev `Σ ξ^j (C'_j - C_j)`, by Horner's rule from the last difference to the first.
    function _fold(bytes calldata old, bytes calldata fresh, uint256 xi) private view returns (uint256, uint256) {
        Bn254.Sum memory sum;
        sum.factor = xi;
        // Offsets are multiples of 64, down to 0; coordinates are below P.
        unchecked {
            for (uint256 offset = fresh.length; offset != 0;) {
                // What there is so far is the term, and infinity at first.
                if (offset != fresh.length) sum.scaleTerm();
                offset -= 64;
                (sum.x, sum.y) = _point(fresh, offset);
                sum.addTerm();
                (uint256 x, uint256 y) = _point(old, offset);
                // On the curve, y is never 0.
                (sum.termX, sum.termY) = (x, Bn254.P - y);
                sum.addTerm();
                (sum.termX, sum.termY) = (sum.x, sum.y);
            }
        }
        return (sum.x, sum.y);
    }

    /// @dev `Σ z_b B_b`.
    function _combine(bytes calldata linkProof, bytes memory bases) private view returns (Bn254.Sum memory sum) {
        // Offsets are within the bases.
        unchecked {
            for (uint256 offset = 0; offset < bases.length; offset += 64) {
                assembly ("memory-safe") {
                    mcopy(add(sum, 0x40), add(add(bases, 0x20), offset), 0x40)
                }
                sum.factor = _word(linkProof, 64 + offset / 2);
                sum.scaleTerm();
                sum.addTerm();
            }
        }
    }

    function _allOnCurve(bytes calldata points) private pure returns (bool) {
        // Offsets are within the call data.
        unchecked {
            for (uint256 offset = 0; offset < points.length; offset += 64) {
                (uint256 x, uint256 y) = _point(points, offset);
                if (!Bn254.isOnCurve(x, y)) return false;
            }
        }
        return true;
    }

    function _bytes(uint256[] calldata words) private pure returns (bytes calldata data) {
        assembly ("memory-safe") {
            data.offset := words.offset
            data.length := shl(5, words.length)
        }
    }

    /// @dev A point that is known to lie within `data`.
    function _point(bytes calldata data, uint256 offset) private pure returns (uint256 x, uint256 y) {
        assembly ("memory-safe") {
            let place := add(data.offset, offset)
            x := calldataload(place)
            y := calldataload(add(place, 0x20))
        }
    }

    /// @dev A word that is known to lie within `data`: lengths were compared before.
    function _word(bytes calldata data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
    }
}
