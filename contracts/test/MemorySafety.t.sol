// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {InferenceVerifier} from "../src/InferenceVerifier.sol";
import {IInferenceVerifier} from "../src/interfaces/IInferenceVerifier.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {Context} from "../src/libraries/Context.sol";
import {WeightLink} from "../src/libraries/WeightLink.sol";
import {Narrow} from "./utils/Fixture.sol";

/// @notice What is called when memory is full of others' leavings: scratch space and everything that is free hold ones,
/// and the free pointer is no multiple of a word. Afterwards memory has to be in order.
abstract contract Dirty {
    uint256 private constant SIZE = 0x4000;

    modifier dirty() {
        uint256 free;
        assembly ("memory-safe") {
            free := add(mload(0x40), 0x07)
            mstore(0x40, free)
            mstore(0x00, not(0))
            mstore(0x20, not(0))
            for { let position := free } lt(position, add(free, SIZE)) { position := add(position, 0x20) } {
                mstore(position, not(0))
            }
        }
        _;
        uint256 zero;
        uint256 then;
        assembly ("memory-safe") {
            zero := mload(0x60)
            then := mload(0x40)
        }
        require(zero == 0, "the zero slot is used");
        require(then >= free, "memory is freed");
    }
}

contract DirtyLibraries is Dirty {
    function add(Bn254.Point memory a, Bn254.Point memory b) external view dirty returns (Bn254.Point memory) {
        return Bn254.add(a, b);
    }

    function mul(Bn254.Point memory a, uint256 scalar) external view dirty returns (Bn254.Point memory) {
        return Bn254.mul(a, scalar);
    }

    function negate(Bn254.Point memory a) external pure dirty returns (Bn254.Point memory) {
        return Bn254.negate(a);
    }

    /// @dev Twice: the first must leave the second what it needs.
    function sum(uint256 scalar) external view dirty returns (uint256, uint256) {
        Bn254.Sum memory empty;
        Bn254.Sum memory some;
        (some.termX, some.termY, some.factor) = (1, 2, scalar);
        Bn254.scaleTerm(some);
        Bn254.addTerm(some);
        require((empty.x | empty.y | empty.termX | empty.termY | empty.factor) == 0, "another sum is changed");
        return (some.x, some.y);
    }

    function bind(uint256 caseId) external view dirty returns (uint256) {
        return Context.bind(address(this), caseId, 1, address(2));
    }

    function challenge(bytes32 arch, uint256[] calldata registered, bytes calldata fresh)
        external
        pure
        dirty
        returns (uint256)
    {
        return WeightLink.foldingChallenge(arch, registered, fresh);
    }

    function statement(bytes calldata proof, uint256[] calldata instances) external pure dirty returns (bytes32) {
        return WeightLink.statementOf(proof, instances);
    }

    function link(
        uint256[] calldata registered,
        bytes calldata fresh,
        bytes calldata linkProof,
        bytes memory bases,
        uint256 xi,
        bytes32 about
    ) external view dirty returns (bool linked) {
        bytes32 before = keccak256(bases);
        linked = WeightLink.verify(registered, fresh, linkProof, bases, xi, about);
        require(keccak256(bases) == before, "bases are changed");
    }
}

contract DirtyInferenceVerifier is InferenceVerifier, Dirty {
    constructor(Config memory config) InferenceVerifier(_dirty(config)) {}

    function dirtyBases() external view dirty returns (bytes memory) {
        return blindingBases();
    }

    function _dirty(Config memory config) private pure dirty returns (Config memory) {
        return config;
    }
}

contract MemorySafetyTest is Narrow {
    DirtyLibraries private _dirty;

    function setUp() public override {
        super.setUp();
        _dirty = new DirtyLibraries();
    }

    function testFuzz_points_do_not_mind_dirty_memory(uint256 a, uint256 b) external view {
        (a, b) = (bound(a, 1, Bn254.R - 1), bound(b, 1, Bn254.R - 1));
        Bn254.Point memory one = Bn254.mul(Bn254.Point(1, 2), a);
        Bn254.Point memory other = Bn254.mul(Bn254.Point(1, 2), b);
        vm.assertEq(abi.encode(_dirty.mul(Bn254.Point(1, 2), a)), abi.encode(one));
        vm.assertEq(abi.encode(_dirty.add(one, other)), abi.encode(Bn254.add(one, other)));
        vm.assertEq(abi.encode(_dirty.negate(one)), abi.encode(Bn254.negate(one)));
        (uint256 x, uint256 y) = _dirty.sum(a);
        vm.assertEq(abi.encode(x, y), abi.encode(one));
    }

    function testFuzz_contexts_do_not_mind_dirty_memory(uint256 caseId) external view {
        vm.assertEq(_dirty.bind(caseId), Context.bind(address(_dirty), caseId, 1, address(2)));
    }

    function test_links_do_not_mind_dirty_memory() external view {
        vm.assertTrue(_link(link), "honest");
        bytes memory changed = link;
        for (uint256 i = 31; i < changed.length; i += 32) {
            flip(changed, i);
            vm.assertFalse(_link(changed), "changed");
            changed[i] = link[i];
        }
    }

    /// @dev The constructor and the bases' data contract.
    function test_inference_verifiers_do_not_mind_dirty_memory() external {
        DirtyInferenceVerifier other = new DirtyInferenceVerifier(_config());
        vm.assertEq(other.dirtyBases(), inference.blindingBases());
        vm.assertEq(other.blindingBases(), inference.blindingBases());
        vm.assertEq(abi.encode(other.inputPacking()), abi.encode(inference.inputPacking()));
        vm.assertTrue(other.verify(modelId, provider, points, proof, link, instances), "honest");
        instances[2] ^= 1;
        vm.assertFalse(other.verify(modelId, provider, points, proof, link, instances), "label");
    }

    function _link(bytes memory linkProof) private view returns (bool) {
        bytes memory fresh = proof;
        uint256 size = 64 * inference.weightCommitments();
        assembly ("memory-safe") {
            mstore(fresh, size)
        }
        uint256 xi = _dirty.challenge(inference.archDigest(), points, fresh);
        bytes32 about = _dirty.statement(proof, instances);
        vm.assertEq(about, keccak256(abi.encodePacked(proof, instances)));
        return _dirty.link(points, fresh, linkProof, inference.blindingBases(), xi, about);
    }

    function _config() private view returns (IInferenceVerifier.Config memory config) {
        bytes memory bases = inference.blindingBases();
        config.proofVerifier = address(model);
        config.proofVerifierCodeHash = address(model).codehash;
        config.archDigest = inference.archDigest();
        config.weightCommitments = inference.weightCommitments();
        config.classes = inference.classes();
        config.packing = inference.inputPacking();
        config.blindingBases = new uint256[](bases.length / 32);
        for (uint256 i = 0; i < config.blindingBases.length; ++i) {
            config.blindingBases[i] = get(bases, 32 * i);
        }
    }
}
