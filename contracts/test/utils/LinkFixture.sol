// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../../src/libraries/Bn254.sol";
import {WeightLink} from "../../src/libraries/WeightLink.sol";

/// @notice An honest prover of weight links: commitments with known openings, and Schnorr proofs over them.
contract LinkFixture {
    using Bn254 for Bn254.Point;

    uint256 private immutable _seed;
    uint256 private _draws;

    /// @notice Coordinates of the blinding bases.
    uint256[] public bases;
    /// @notice Coordinates of the registered commitments.
    uint256[] public registered;
    /// @notice The re-blinded commitments, as bytes of a proof.
    bytes public fresh;
    /// @dev `C'_j = C_j + Σ_b _deltas[j][b] B_b`.
    uint256[][] private _deltas;

    constructor(uint256 seed, uint256 commitments, uint256 baseCount) {
        _seed = seed;
        for (uint256 b = 0; b < baseCount; ++b) {
            _push(bases, randomPoint());
        }
        for (uint256 j = 0; j < commitments; ++j) {
            Bn254.Point memory point = randomPoint();
            _push(registered, point);
            _deltas.push();
            for (uint256 b = 0; b < baseCount; ++b) {
                uint256 delta = randomScalar();
                _deltas[j].push(delta);
                point = point.add(_base(b).mul(delta));
            }
            fresh = bytes.concat(fresh, abi.encode(point));
        }
    }

    /// @notice A link proof of `fresh` to `registered`.
    function prove(uint256 xi, bytes32 statement) external returns (bytes memory linkProof) {
        uint256 baseCount = bases.length / 2;
        uint256[] memory masks = new uint256[](baseCount);
        Bn254.Point memory mask;
        for (uint256 b = 0; b < baseCount; ++b) {
            masks[b] = randomScalar();
            mask = mask.add(_base(b).mul(masks[b]));
        }
        uint256 e = uint256(keccak256(abi.encodePacked("zkescrow.link.e", xi, statement, mask.x, mask.y))) % Bn254.R;
        linkProof = abi.encode(mask);
        for (uint256 b = 0; b < baseCount; ++b) {
            uint256 z = addmod(masks[b], mulmod(e, _foldedDelta(b, xi), Bn254.R), Bn254.R);
            linkProof = bytes.concat(linkProof, bytes32(z));
        }
    }

    /// @notice Blinding bases as the contracts take them.
    function allBases() external view returns (uint256[] memory) {
        return bases;
    }

    /// @notice Registered commitments as the contracts take them.
    function allRegistered() external view returns (uint256[] memory) {
        return registered;
    }

    /// @notice A reduced scalar, a new one at each call.
    function randomScalar() public returns (uint256) {
        return uint256(keccak256(abi.encode(_seed, _draws++))) % Bn254.R;
    }

    /// @notice A point whose logarithm is forgotten.
    function randomPoint() public returns (Bn254.Point memory) {
        return Bn254.Point(1, 2).mul(randomScalar());
    }

    function _foldedDelta(uint256 b, uint256 xi) private view returns (uint256 sum) {
        for (uint256 count = _deltas.length; count > 0; --count) {
            sum = addmod(mulmod(sum, xi, Bn254.R), _deltas[count - 1][b], Bn254.R);
        }
    }

    function _base(uint256 b) private view returns (Bn254.Point memory) {
        return Bn254.Point(bases[2 * b], bases[2 * b + 1]);
    }

    function _push(uint256[] storage list, Bn254.Point memory point) private {
        list.push(point.x);
        list.push(point.y);
    }
}
