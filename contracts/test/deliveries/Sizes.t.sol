// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";

/// @notice How large a ciphertext may be, with an architecture whose inputs have 2^33 words.
contract SizesTest is RoundDriver {
    uint32 private constant MANY = 200;
    /// @dev So many inputs have more chunks than can be counted.
    uint32 private constant TOO_MANY = 128;
    uint256 private constant ITEM_WORDS = 1 << 33;
    HugeVerifier private _huge;

    function setUp() public override {
        super.setUp();
        _huge = new HugeVerifier();
        registry.registerArchitecture(address(_huge));
        vm.prank(provider);
        model = registry.register(address(_huge), points);
        vm.deal(provider, MINIMUM_STAKE);
        vm.prank(provider);
        registry.addStake{value: MINIMUM_STAKE}(model, MINIMUM_STAKE);
    }

    function inputs() internal pure override returns (uint256) {
        return TOO_MANY;
    }

    function terms() internal view override returns (IPredictionEscrow.Terms memory t) {
        t = super.terms();
        t.count = MANY;
    }

    /// @dev Below 2^40 words.
    function test_a_round_that_can_be_delivered() external {
        IPredictionEscrow.Terms memory t = terms();
        t.count = TOO_MANY - 1;
        open(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Open);
    }

    /// @dev One pair of words less in each input, and the last chunk is just the last that can be counted.
    function test_the_largest_round_that_can_be_delivered() external {
        IPredictionEscrow.Terms memory t = terms();
        t.count = TOO_MANY;
        _huge.resize(type(uint32).max - 1);
        open(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Open);
    }

    /// @dev More chunks than can be counted: nobody gets into such a round.
    function test_a_round_that_cannot_be_delivered() external {
        for (uint32 count = TOO_MANY; count <= MANY; count += MANY - TOO_MANY) {
            IPredictionEscrow.Terms memory t = terms();
            t.count = count;
            bytes memory refusal = abi.encodeWithSelector(IDeliveries.TooManyWords.selector, count * ITEM_WORDS);
            refuse(openMove(t), refusal);
        }
    }

    /// @dev An architecture says how it packs inputs whenever it is asked.
    function test_inputs_that_have_grown_since() external {
        IPredictionEscrow.Terms memory t = terms();
        t.count = TOO_MANY;
        _huge.resize(1);
        make(Call.Open, t);
        make(Call.Accept, t);
        make(Call.CommitInputs, t);
        demandInputs(t, 0, TOO_MANY);
        showInputs(t, 0, TOO_MANY);
        _huge.resize(type(uint32).max);
        Move memory announcing = Move(consumer, 0, abi.encodeCall(predictions.announceInputs, (t, ROOT, keyHash(KEY))));
        refuse(announcing, abi.encodeWithSelector(IDeliveries.TooManyWords.selector, TOO_MANY * ITEM_WORDS));
        _huge.resize(1);
        (bool announced_,) = send(announcing);
        vm.assertTrue(announced_, "announced");
    }
}

/// @notice An architecture with the largest inputs that a packing can name. It proves nothing.
contract HugeVerifier {
    bytes32 public constant archDigest = keccak256("huge");
    uint32 private _elements = type(uint32).max;

    function resize(uint32 elements) external {
        _elements = elements;
    }

    function inputPacking() external view returns (IInferenceVerifier.Packing memory) {
        return IInferenceVerifier.Packing({domain: 1, elements: _elements, shortElements: 0, shortBytes: 0});
    }

    function modelId(address provider, uint256[] calldata points) external pure returns (bytes32) {
        return keccak256(abi.encodePacked(archDigest, provider, points));
    }
}
