// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {ModelVerifier} from "../generated/ModelVerifier.sol";
import {Deploy, Predictions} from "../utils/Deploy.sol";
import {Test} from "../utils/Test.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice A round with a real verifier and one real proof, as `make fixtures` wrote them. Nothing here is a stub.
abstract contract RealRound is Test {
    uint256 internal constant STAKE = 1e18;

    IModelRegistry internal registry;
    Predictions internal escrow;
    IDeliveryJudge internal judge;
    address internal verifier;

    IPredictionEscrow.Terms internal terms;
    IMarket.Evidence internal evidence;
    uint256[] internal inputs;
    uint256[] internal outputs;
    uint256[] internal labels;
    uint256 internal index;

    /// @notice Name of the fixture.
    function name() internal pure virtual returns (string memory);

    function setUp() public virtual {
        string memory json = vm.readFile(string.concat("contracts/test/fixtures/", name(), ".json"));
        terms = abi.decode(vm.parseJsonBytes(json, ".terms"), (IPredictionEscrow.Terms));
        inputs = vm.parseJsonUintArray(json, ".inputs");
        outputs = vm.parseJsonUintArray(json, ".outputs");
        labels = vm.parseJsonUintArray(json, ".labels");
        index = vm.parseJsonUint(json, ".index");
        evidence.weights = vm.parseJsonBytes32(json, ".weights");
        evidence.points = vm.parseJsonUintArray(json, ".points");
        evidence.proof = vm.parseJsonBytes(json, ".proof");
        evidence.link = vm.parseJsonBytes(json, ".link");

        // The proof names the escrow, the model the verifier: both have to be where the fixture put them.
        verifier = vm.parseJsonAddress(json, ".verifier");
        vm.etch(verifier, _inference(json).code);
        address place = vm.parseJsonAddress(json, ".escrow");
        judge = Deploy.deliveryJudge();
        _deploy(place);
        vm.etch(place, address(escrow).code);
        escrow = Predictions(place);
        vm.assertEq(escrow.idOf(terms), vm.parseJsonUint(json, ".caseId"), "the fixture's terms are others");

        registry.registerArchitecture(verifier);
        vm.prank(terms.provider);
        vm.assertEq(registry.register(verifier, evidence.points), terms.model);
        vm.deal(address(this), STAKE);
        registry.addStake{value: STAKE}(terms.model, STAKE);
    }

    /// @dev A registry, and an escrow that it knows, here and at `also`.
    function _deploy(address also) internal {
        address[] memory escrows = new address[](2);
        escrows[0] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        escrows[1] = also;
        registry = Deploy.modelRegistry(
            IModelRegistry.Config({
                currency: address(0), examples: 10, exampleCost: 1e13, unbondingDelay: 7 days, escrows: escrows
            })
        );
        escrow = Deploy.predictionEscrow(registry, judge, 0);
    }

    function _inference(string memory json) private returns (address) {
        address shared = _create(vm.parseJsonBytes(json, ".contracts.halo2Verifier"));
        address key = _create(vm.parseJsonBytes(json, ".contracts.verifyingKey"));
        bytes memory code = vm.parseJsonBytes(json, ".contracts.modelVerifier");
        address model = _create(bytes.concat(code, abi.encode(shared, shared.codehash, key, key.codehash)));
        return address(
            Deploy.inferenceVerifier(
                IInferenceVerifier.Config({
                    proofVerifier: model,
                    proofVerifierCodeHash: model.codehash,
                    archDigest: vm.parseJsonBytes32(json, ".archDigest"),
                    weightCommitments: vm.parseJsonUint(json, ".weightCommitments"),
                    classes: vm.parseJsonUint(json, ".classes"),
                    blindingBases: vm.parseJsonUintArray(json, ".blindingBases"),
                    packing: _packing(json)
                })
            )
        );
    }

    function _packing(string memory json) private pure returns (IInferenceVerifier.Packing memory) {
        return IInferenceVerifier.Packing({
            domain: vm.parseJsonUint(json, ".packing.domain"),
            elements: uint32(vm.parseJsonUint(json, ".packing.elements")),
            shortElements: uint32(vm.parseJsonUint(json, ".packing.shortElements")),
            shortBytes: uint8(vm.parseJsonUint(json, ".packing.shortBytes"))
        });
    }

    function _create(bytes memory code) private returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        require(made != address(0), "not created");
    }

    function prediction(uint256 i) internal view returns (IPredictionEscrow.Prediction memory) {
        return IPredictionEscrow.Prediction(inputs[i], outputs[i], labels[i]);
    }

    function inputLeaves() internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](inputs.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = Leaves.input(i, inputs[i]);
        }
    }

    function predictionLeaves() internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](inputs.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = Leaves.prediction(i, inputs[i], outputs[i], labels[i]);
        }
    }

    /// @notice A round of these terms, up to its contest of two indices, one of them the proven one.
    function contested() internal {
        uint256 lock = uint256(terms.count) * (2 * uint256(terms.proofCost) + terms.price);
        vm.deal(terms.consumer, lock);
        vm.prank(terms.consumer);
        escrow.open{value: lock}(terms);
        lock = uint256(terms.beta) * terms.count * terms.proofCost;
        vm.deal(terms.provider, lock);
        vm.prank(terms.provider);
        escrow.accept{value: lock}(terms);
        vm.prank(terms.consumer);
        escrow.commitInputs(terms, Trees.root(inputLeaves()));
        vm.prank(terms.provider);
        escrow.commitPredictions(terms, Trees.root(predictionLeaves()));
        uint256[] memory indices = new uint256[](1);
        indices[0] = index;
        vm.prank(terms.consumer);
        escrow.contest(terms, indices);
    }

    /// @notice The call that answers.
    function answer() internal view returns (bytes memory) {
        bytes32[] memory inputPath = Trees.path(inputLeaves(), index);
        bytes32[] memory predictionPath = Trees.path(predictionLeaves(), index);
        return abi.encodeCall(
            IPredictionEscrow.respond, (terms, index, prediction(index), inputPath, predictionPath, evidence)
        );
    }

    /// @notice Answers with the fixture's proof, about whatever prediction there is now.
    function respond() public {
        escrow.respond(
            terms,
            index,
            prediction(index),
            Trees.path(inputLeaves(), index),
            Trees.path(predictionLeaves(), index),
            evidence
        );
    }
}
