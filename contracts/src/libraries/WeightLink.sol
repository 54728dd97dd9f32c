// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";

/// @title WeightLink
/// @notice Shows that the weight commitments `C'` inside a proof open to the same weights as the registered `C`.
/// @dev Every proof blinds its weight columns afresh, so `C'_j - C_j` lies in the span of the blinding bases `B`. The
/// link is a Schnorr proof that `D = Σ ξ^j (C'_j - C_j)` does: `T = Σ t_b B_b` and `z_b = t_b + e δ_b`, accepted iff
/// `Σ z_b B_b = T + e D`. The challenge `ξ` binds both lists of commitments, `e` also `T` and the whole statement.
library WeightLink {
    using Bn254 for Bn254.Point;

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
        if (!allOnCurve(registered) || !_allOnCurve(fresh) || !_allOnCurve(linkProof[:64])) return false;
        for (uint256 offset = 64; offset < linkProof.length; offset += 32) {
            if (_word(linkProof, offset) >= Bn254.R) return false;
        }

        return _schnorr(_fold(registered, fresh, xi), linkProof, bases, xi, statement);
    }

    /// @notice Whether every one of the points, given by coordinates, is on the curve.
    function allOnCurve(uint256[] calldata points) internal pure returns (bool) {
        for (uint256 i = 0; i < points.length; i += 2) {
            if (!Bn254.isOnCurve(points[i], points[i + 1])) return false;
        }
        return true;
    }

    /// @dev Whether `Σ z_b B_b = T + e D`, for `D` the folded difference.
    function _schnorr(
        Bn254.Point memory folded,
        bytes calldata linkProof,
        bytes memory bases,
        uint256 xi,
        bytes32 statement
    ) private view returns (bool) {
        Bn254.Point memory mask = _point(linkProof, 0);
        uint256 e = uint256(keccak256(abi.encodePacked("zkescrow.link.e", xi, statement, mask.x, mask.y))) % Bn254.R;
        Bn254.Point memory left = _combine(linkProof[64:], bases);
        Bn254.Point memory right = mask.add(folded.mul(e));
        return left.x == right.x && left.y == right.y;
    }

    function _allOnCurve(bytes calldata points) private pure returns (bool) {
        for (uint256 offset = 0; offset < points.length; offset += 64) {
            if (!Bn254.isOnCurve(_word(points, offset), _word(points, offset + 32))) return false;
        }
        return true;
    }

    /// @dev `Σ ξ^j (C'_j - C_j)`, by Horner's rule from the last difference to the first. There is at least one.
    function _fold(uint256[] calldata registered, bytes calldata fresh, uint256 xi)
        private
        view
        returns (Bn254.Point memory sum)
    {
        uint256 start = registered.length - 2;
        sum = _difference(registered, fresh, start);
        while (start != 0) {
            start -= 2;
            sum = sum.mul(xi).add(_difference(registered, fresh, start));
        }
    }

    /// @dev `C'_j - C_j`, for `start = 2j`.
    function _difference(uint256[] calldata registered, bytes calldata fresh, uint256 start)
        private
        view
        returns (Bn254.Point memory)
    {
        Bn254.Point memory old = Bn254.Point(registered[start], registered[start + 1]);
        return _point(fresh, 32 * start).add(old.negate());
    }

    /// @dev `Σ z_b B_b`.
    function _combine(bytes calldata z, bytes memory bases) private view returns (Bn254.Point memory sum) {
        sum = _base(bases, 0).mul(_word(z, 0));
        for (uint256 b = 1; b < z.length / 32; ++b) {
            sum = sum.add(_base(bases, b).mul(_word(z, 32 * b)));
        }
    }

    /// @dev `B_b`.
    function _base(bytes memory bases, uint256 b) private pure returns (Bn254.Point memory base) {
        assembly ("memory-safe") {
            mcopy(base, add(add(bases, 0x20), shl(6, b)), 0x40)
        }
    }

    function _point(bytes calldata data, uint256 offset) private pure returns (Bn254.Point memory) {
        return Bn254.Point(_word(data, offset), _word(data, offset + 32));
    }

    function _word(bytes calldata data, uint256 offset) private pure returns (uint256) {
        return uint256(bytes32(data[offset:offset + 32]));
    }
}
