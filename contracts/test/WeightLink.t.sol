// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../src/libraries/Bn254.sol";
import {WeightLink} from "../src/libraries/WeightLink.sol";
import {LinkFixture} from "./utils/LinkFixture.sol";
import {Test} from "./utils/Test.sol";

contract WeightLinkTest is Test {
    using Bn254 for Bn254.Point;

    bytes32 private constant ARCH = keccak256("architecture");
    bytes32 private constant STATEMENT = keccak256("proof and instances");
    uint256 private constant COMMITMENTS = 3;
    uint256 private constant BASES = 5;

    LinkFixture private _fixture;
    uint256[] private _registered;
    bytes private _fresh;
    bytes private _bases;

    function setUp() external {
        _use(1, COMMITMENTS, BASES);
    }

    // Refused: the proof itself.

    function testFuzz_refuses_changed_response(uint256 which, uint256 change) external {
        bytes memory link = _honest(STATEMENT);
        uint256 position = 64 + 32 * (which % BASES);
        uint256 z = addmod(_get(link, position), bound(change, 1, Bn254.R - 1), Bn254.R);
        _refused(ARCH, _registered, _fresh, _put(link, position, z), STATEMENT);
    }

    function test_refuses_aliased_responses() external {
        bytes memory link = _honest(STATEMENT);
        for (uint256 b = 0; b < BASES; ++b) {
            uint256 position = 64 + 32 * b;
            _refused(ARCH, _registered, _fresh, _put(link, position, _get(link, position) + Bn254.R), STATEMENT);
        }
    }

    function test_refuses_swapped_responses() external {
        bytes memory link = _honest(STATEMENT);
        bytes memory swapped = _put(_put(link, 64, _get(link, 96)), 96, _get(link, 64));
        _refused(ARCH, _registered, _fresh, swapped, STATEMENT);
    }

    function test_refuses_negated_responses() external {
        // The two sides would differ in y only.
        bytes memory link = _honest(STATEMENT);
        for (uint256 b = 0; b < BASES; ++b) {
            link = _put(link, 64 + 32 * b, Bn254.R - _get(link, 64 + 32 * b));
        }
        _refused(ARCH, _registered, _fresh, link, STATEMENT);
    }

    function testFuzz_refuses_mask_off_curve(uint256 x, uint256 y) external {
        vm.assume(!Bn254.isOnCurve(x, y));
        _refused(ARCH, _registered, _fresh, _put(_put(_honest(STATEMENT), 0, x), 32, y), STATEMENT);
    }

    function test_refuses_mask_at_infinity() external view {
        // With C' = C and z = 0 the equation holds; infinity is refused all the same.
        bytes memory unchanged = abi.encodePacked(_registered);
        _refused(ARCH, _registered, unchanged, new bytes(64 + 32 * BASES), STATEMENT);
    }

    function test_refuses_aliased_mask() external {
        bytes memory link = _honest(STATEMENT);
        _refused(ARCH, _registered, _fresh, _put(link, 0, _get(link, 0) + Bn254.P), STATEMENT);
        _refused(ARCH, _registered, _fresh, _put(link, 32, _get(link, 32) + Bn254.P), STATEMENT);
    }

    function testFuzz_refuses_another_mask(uint256 scalar) external {
        Bn254.Point memory mask = Bn254.Point(1, 2).mul(bound(scalar, 1, Bn254.R - 1));
        _refused(ARCH, _registered, _fresh, _put(_put(_honest(STATEMENT), 0, mask.x), 32, mask.y), STATEMENT);
    }

    function test_refuses_wrong_length() external {
        bytes memory link = _honest(STATEMENT);
        _refused(ARCH, _registered, _fresh, "", STATEMENT);
        _refused(ARCH, _registered, _fresh, bytes.concat(link, hex"00"), STATEMENT);
        _refused(ARCH, _registered, _fresh, bytes.concat(link, bytes32(0)), STATEMENT);
        assembly ("memory-safe") {
            mstore(link, sub(mload(link), 1))
        }
        _refused(ARCH, _registered, _fresh, link, STATEMENT);
        assembly ("memory-safe") {
            mstore(link, sub(mload(link), 31))
        }
        _refused(ARCH, _registered, _fresh, link, STATEMENT);
    }

    // Refused: what the proof is about.

    function testFuzz_refuses_fresh_outside_span(uint256 which, uint256 scalar) external {
        uint256 position = 64 * (which % COMMITMENTS);
        Bn254.Point memory point = Bn254.Point(_get(_fresh, position), _get(_fresh, position + 32));
        point = point.add(Bn254.Point(1, 2).mul(bound(scalar, 1, Bn254.R - 1)));
        vm.assume(point.x != 0);
        bytes memory forged = _put(_put(_fresh, position, point.x), position + 32, point.y);
        // The cheating prover answers the challenges of the forged commitments as an honest one would.
        bytes memory link = _fixture.prove(this.foldingChallenge(ARCH, _registered, forged), STATEMENT);
        _refused(ARCH, _registered, forged, link, STATEMENT);
    }

    function test_refuses_opposite_changes_that_cancel() external {
        // Without powers of ξ, C'_0 + G and C'_1 - G would pass.
        Bn254.Point memory g = Bn254.Point(1, 2);
        Bn254.Point memory first = Bn254.Point(_get(_fresh, 0), _get(_fresh, 32)).add(g);
        Bn254.Point memory second = Bn254.Point(_get(_fresh, 64), _get(_fresh, 96)).add(g.negate());
        bytes memory forged = _put(_put(_fresh, 0, first.x), 32, first.y);
        forged = _put(_put(forged, 64, second.x), 96, second.y);
        bytes memory link = _fixture.prove(this.foldingChallenge(ARCH, _registered, forged), STATEMENT);
        _refused(ARCH, _registered, forged, link, STATEMENT);
    }

    function test_refuses_points_off_curve() external {
        bytes memory link = _honest(STATEMENT);
        for (uint256 j = 0; j < COMMITMENTS; ++j) {
            for (uint256 half = 0; half < 2; ++half) {
                uint256 i = 2 * j + half;
                _refused(ARCH, _registered, _put(_fresh, 32 * i, _get(_fresh, 32 * i) + 1), link, STATEMENT);
                _refused(ARCH, _registered, _put(_fresh, 32 * i, _get(_fresh, 32 * i) + Bn254.P), link, STATEMENT);
                uint256[] memory changed = _registered;
                changed[i] += 1;
                _refused(ARCH, changed, _fresh, link, STATEMENT);
                changed[i] += Bn254.P - 1;
                _refused(ARCH, changed, _fresh, link, STATEMENT);
            }
        }
    }

    function test_refuses_fresh_at_infinity() external {
        // C = B and C' = infinity: the difference is in the span, and z = t - e solves the equation.
        _use(1, 1, 1);
        uint256[] memory base = _fixture.allBases();
        bytes memory infinity = new bytes(64);
        uint256 xi = this.foldingChallenge(ARCH, base, infinity);
        uint256 t = 7;
        Bn254.Point memory mask = Bn254.Point(base[0], base[1]).mul(t);
        uint256 e = uint256(keccak256(abi.encodePacked("zkescrow.link.e", xi, STATEMENT, mask.x, mask.y))) % Bn254.R;
        bytes memory link = bytes.concat(abi.encode(mask), bytes32(addmod(t, Bn254.R - e, Bn254.R)));
        _refused(ARCH, base, infinity, link, STATEMENT);
    }

    function test_refuses_registered_at_infinity() external {
        _use(1, 1, 1);
        uint256[] memory base = _fixture.allBases();
        bytes memory link = bytes.concat(abi.encode(Bn254.Point(base[0], base[1])), bytes32(uint256(1)));
        _refused(ARCH, new uint256[](2), new bytes(64), link, STATEMENT);
    }

    function test_refuses_other_weights() external {
        uint256[] memory others = new LinkFixture(2, COMMITMENTS, BASES).allRegistered();
        bytes memory link = _fixture.prove(this.foldingChallenge(ARCH, others, _fresh), STATEMENT);
        _refused(ARCH, others, _fresh, link, STATEMENT);
    }

    function test_refuses_permuted_commitments() external {
        uint256[] memory permuted = _registered;
        (permuted[0], permuted[1], permuted[2], permuted[3]) =
        (_registered[2], _registered[3], _registered[0], _registered[1]);
        bytes memory link = _fixture.prove(this.foldingChallenge(ARCH, permuted, _fresh), STATEMENT);
        _refused(ARCH, permuted, _fresh, link, STATEMENT);
    }

    function test_refuses_unequal_lists() external {
        bytes memory link = _honest(STATEMENT);
        _refused(ARCH, _registered, bytes.concat(_fresh, abi.encode(Bn254.Point(1, 2))), link, STATEMENT);
        uint256[] memory odd = new uint256[](1);
        odd[0] = 1;
        _refused(ARCH, odd, abi.encode(1), link, STATEMENT);
    }

    function test_refuses_other_bases() external {
        bytes memory link = _honest(STATEMENT);
        _bases = abi.encodePacked(new LinkFixture(2, 1, BASES).allBases());
        _refused(ARCH, _registered, _fresh, link, STATEMENT);
    }

    // Refused: used elsewhere.

    function testFuzz_refuses_other_architecture(bytes32 arch) external {
        vm.assume(arch != ARCH);
        _refused(arch, _registered, _fresh, _honest(STATEMENT), STATEMENT);
    }

    function testFuzz_refuses_other_statement(bytes32 statement) external {
        vm.assume(statement != STATEMENT);
        _refused(ARCH, _registered, _fresh, _honest(STATEMENT), statement);
    }

    function test_refuses_link_of_another_proof() external {
        bytes memory link = _honest(STATEMENT);
        bytes memory other = abi.encodePacked(_registered);
        _refused(ARCH, _registered, other, link, STATEMENT);
    }

    function testFuzz_statement_depends_on_proof_and_instances(bytes memory proof, uint256[] memory instances)
        external
        view
    {
        bytes32 statement = this.statementOf(proof, instances);
        vm.assertEq(statement, keccak256(abi.encodePacked(proof, instances)));
        vm.assertTrue(statement != this.statementOf(bytes.concat(proof, hex"00"), instances), "other proof");
        if (instances.length == 0) return;
        instances[0] ^= 1;
        vm.assertTrue(statement != this.statementOf(proof, instances), "other instances");
    }

    // Accepted.

    function testFuzz_accepts_honest(uint256 seed, uint256 commitments, uint256 bases, bytes32 statement) external {
        _use(seed, bound(commitments, 1, 8), bound(bases, 1, 8));
        vm.assertTrue(this.verify(ARCH, _registered, _fresh, _honest(statement), statement), "honest link");
    }

    function test_accepts_unchanged_blinding() external {
        // C' = C: the difference is infinity, and any mask answers for it. Nothing is wrong with such weights.
        uint256 z = 7;
        _use(1, COMMITMENTS, 1);
        Bn254.Point memory base = Bn254.Point(_get(_bases, 0), _get(_bases, 32));
        bytes memory link = bytes.concat(abi.encode(base.mul(z)), bytes32(z));
        vm.assertTrue(this.verify(ARCH, _registered, abi.encodePacked(_registered), link, STATEMENT), "C' = C");
    }

    function test_gas_of_thirteen_commitments() external {
        _use(1, 13, 6);
        bytes memory link = _honest(STATEMENT);
        (uint256[] memory registered, bytes memory fresh) = (_registered, _fresh);
        uint256 before = gasleft();
        this.verify(ARCH, registered, fresh, link, STATEMENT);
        vm.assertLt(before - gasleft(), 250_000);
    }

    /// @dev Lack of gas may revert, but never refuse.
    function testFuzz_low_gas_is_no_verdict(uint256 allowance) external {
        bytes memory link = _honest(STATEMENT);
        try this.verify{gas: bound(allowance, 20_000, 200_000)}(ARCH, _registered, _fresh, link, STATEMENT) returns (
            bool accepted
        ) {
            vm.assertTrue(accepted, "verdict by lack of gas");
        } catch {}
    }

    // The library as external calls, for its arguments live in calldata.

    function verify(
        bytes32 arch,
        uint256[] calldata registered,
        bytes calldata fresh,
        bytes calldata linkProof,
        bytes32 statement
    ) external view returns (bool) {
        uint256 xi = WeightLink.foldingChallenge(arch, registered, fresh);
        return WeightLink.verify(registered, fresh, linkProof, _bases, xi, statement);
    }

    function foldingChallenge(bytes32 arch, uint256[] calldata registered, bytes calldata fresh)
        external
        pure
        returns (uint256)
    {
        return WeightLink.foldingChallenge(arch, registered, fresh);
    }

    function statementOf(bytes calldata proof, uint256[] calldata instances) external pure returns (bytes32) {
        return WeightLink.statementOf(proof, instances);
    }

    function _use(uint256 seed, uint256 commitments, uint256 bases) private {
        _fixture = new LinkFixture(seed, commitments, bases);
        _registered = _fixture.allRegistered();
        _fresh = _fixture.fresh();
        _bases = abi.encodePacked(_fixture.allBases());
    }

    function _honest(bytes32 statement) private returns (bytes memory) {
        return _fixture.prove(this.foldingChallenge(ARCH, _registered, _fresh), statement);
    }

    function _refused(
        bytes32 arch,
        uint256[] memory registered,
        bytes memory fresh,
        bytes memory linkProof,
        bytes32 statement
    ) private view {
        vm.assertFalse(this.verify(arch, registered, fresh, linkProof, statement), "must be refused");
    }

    function _get(bytes memory data, uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), position))
        }
    }

    /// @dev A copy of `data` with one word changed.
    function _put(bytes memory data, uint256 position, uint256 word) private pure returns (bytes memory copy) {
        copy = bytes.concat(data);
        assembly ("memory-safe") {
            mstore(add(add(copy, 0x20), position), word)
        }
    }
}
