// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../../src/libraries/Bn254.sol";
import {Fixture, Narrow, Wide} from "../utils/Fixture.sol";

/// @dev Numbers with two encodings, points that are none, and other points: false, each of them.
abstract contract Points is Fixture {
    using Bn254 for Bn254.Point;

    /// @dev Input aliasing: snark-verifier's contracts reduce instances, so `x + r` passes for `x`.
    function test_refuses_aliased_instances() external view {
        bytes memory input = callModel();
        for (uint256 i = input.length - 32 * instances.length; i < input.length; i += 32) {
            _refusesAliases(input, i, Bn254.R);
            _refusesAliases(input, i, Bn254.P);
        }
    }

    function test_refuses_aliased_evaluations() external view {
        bytes memory input = callModel();
        for (uint256 i = evaluationsStart; i < evaluationsEnd; i += 32) {
            _refusesAliases(input, PROOF_AT + i, Bn254.R);
        }
    }

    function test_refuses_aliased_coordinates() external view {
        bytes memory input = callModel();
        uint256[] memory starts = _points();
        for (uint256 i = 0; i < starts.length; ++i) {
            _refusesAliases(input, starts[i], Bn254.P);
            _refusesAliases(input, starts[i] + 32, Bn254.P);
        }
    }

    function test_refuses_points_off_the_curve() external view {
        _replaceEach(Bn254.Point(1, 1), true);
        _replaceEach(Bn254.Point(1, 3), true);
        _replaceEach(Bn254.Point(type(uint256).max, type(uint256).max), true);
        _replaceEach(Bn254.Point(Bn254.P, Bn254.P), true);
    }

    function test_refuses_infinity() external view {
        _replaceEach(Bn254.Point(0, 0), true);
    }

    function test_refuses_another_point() external view {
        _replaceEach(Bn254.Point(1, 2), false);
        _replaceEach(Bn254.Point(1, 2).mul(12_345), false);
    }

    function test_refuses_opposite_points() external view {
        bytes memory input = callModel();
        uint256[] memory starts = _points();
        for (uint256 i = 0; i < starts.length; ++i) {
            uint256 y = get(input, starts[i] + 32);
            put(input, starts[i] + 32, Bn254.P - y);
            refused(address(model), input, "point", i);
            put(input, starts[i] + 32, y);
        }
    }

    function test_refuses_exchanged_points() external view {
        bytes memory input = callModel();
        uint256[] memory starts = _points();
        for (uint256 i = 1; i < starts.length; ++i) {
            Bn254.Point memory one = _point(input, starts[i - 1]);
            Bn254.Point memory other = _point(input, starts[i]);
            if (one.x == other.x) continue;
            _putPoint(input, starts[i - 1], other);
            _putPoint(input, starts[i], one);
            refused(address(model), input, "point", i);
            _putPoint(input, starts[i - 1], one);
            _putPoint(input, starts[i], other);
        }
    }

    /// @dev The last challenge is drawn between the two opening points: shifting both by points with a known relation
    /// must not satisfy the pairing.
    function test_refuses_other_opening_points() external view {
        bytes memory input = callModel();
        uint256 first = PROOF_AT + evaluationsEnd;
        Bn254.Point memory w = _point(input, first);
        Bn254.Point memory last = _point(input, first + 64);
        Bn254.Point memory g = Bn254.Point(1, 2);
        _opens(input, w.add(g), last);
        _opens(input, w, last.add(g));
        _opens(input, w.add(g), last.add(g));
        _opens(input, w.add(g), last.add(g.negate()));
        _opens(input, w.mul(2), last.mul(2));
        _opens(input, w.negate(), last.negate());
        _opens(input, w, w);
        _opens(input, last, last);
        _opens(input, last, w);
        // Both sides of the pairing vanish: infinity is refused before.
        _opens(input, Bn254.Point(0, 0), Bn254.Point(0, 0));
        _opens(input, w, Bn254.Point(0, 0));
    }

    /// @dev The precompile finds an empty pairing true.
    function test_refuses_a_proof_of_nothing() external view {
        vm.assertFalse(model.verifyProof("", instances), "empty");
        vm.assertFalse(model.verifyProof("", new uint256[](0)), "all empty");
        vm.assertFalse(model.verifyProof(new bytes(proof.length), instances), "zeros");
        vm.assertFalse(model.verifyProof(new bytes(proof.length), new uint256[](instances.length)), "all zeros");
    }

    function _refusesAliases(bytes memory input, uint256 position, uint256 modulus) private view {
        uint256 word = get(input, position);
        uint256 alias_ = word;
        while (alias_ <= type(uint256).max - modulus) {
            alias_ += modulus;
            put(input, position, alias_);
            refusedAtOnce(address(model), input, "alias", position);
        }
        put(input, position, word);
    }

    function _replaceEach(Bn254.Point memory by, bool atOnce) private view {
        bytes memory input = callModel();
        uint256[] memory starts = _points();
        for (uint256 i = 0; i < starts.length; ++i) {
            Bn254.Point memory kept = _point(input, starts[i]);
            _putPoint(input, starts[i], by);
            refused(address(model), input, "point", i);
            if (atOnce) refusedAtOnce(address(model), input, "point", i);
            _putPoint(input, starts[i], kept);
        }
    }

    function _opens(bytes memory input, Bn254.Point memory w, Bn254.Point memory last) private view {
        uint256 first = PROOF_AT + evaluationsEnd;
        _putPoint(input, first, w);
        _putPoint(input, first + 64, last);
        refused(address(model), input, "opening", w.x);
    }

    /// @dev Where the points are in the call data.
    function _points() private view returns (uint256[] memory starts) {
        uint256 before = evaluationsStart / 64;
        starts = new uint256[](before + 2);
        for (uint256 i = 0; i < starts.length; ++i) {
            starts[i] = PROOF_AT + (i < before ? 64 * i : evaluationsEnd + 64 * (i - before));
        }
    }

    function _point(bytes memory input, uint256 position) private pure returns (Bn254.Point memory) {
        return Bn254.Point(get(input, position), get(input, position + 32));
    }

    function _putPoint(bytes memory input, uint256 position, Bn254.Point memory point) private pure {
        put(input, position, point.x);
        put(input, position + 32, point.y);
    }
}

contract NarrowPointsTest is Points, Narrow {}

contract WidePointsTest is Points, Wide {}
