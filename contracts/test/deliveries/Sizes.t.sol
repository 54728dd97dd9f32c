// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IInferenceVerifier} from "../../src/interfaces/IInferenceVerifier.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";

/// @notice How large a ciphertext may be, with an architecture whose inputs have 2^33 words.
contract SizesTest is RoundDriver {
    uint32 private constant MANY = 200;
    uint256 private constant ITEM_WORDS = 1 << 33;

    function setUp() public override {
        super.setUp();
        HugeVerifier huge = new HugeVerifier();
        registry.registerArchitecture(address(huge));
        vm.prank(provider);
        model = registry.register(address(huge), points);
        vm.deal(provider, MINIMUM_STAKE);
        vm.prank(provider);
        registry.addStake{value: MINIMUM_STAKE}(model, MINIMUM_STAKE);
    }

    function terms() internal view override returns (IPredictionEscrow.Terms memory t) {
        t = super.terms();
        t.count = MANY;
    }

    /// @dev 127 inputs, below 2^40 words.
    function test_a_round_that_can_be_delivered() external {
        IPredictionEscrow.Terms memory t = terms();
        t.count = 127;
        open(t);
        vm.assertTrue(state(t) == IPredictionEscrow.State.Open);
    }

    /// @dev More chunks than can be counted: nobody gets into such a round.
    function test_a_round_that_cannot_be_delivered() external {
        for (uint32 count = 128; count <= MANY; count += MANY - 128) {
            IPredictionEscrow.Terms memory t = terms();
            t.count = count;
            bytes memory refusal = abi.encodeWithSelector(IDeliveries.TooManyWords.selector, count * ITEM_WORDS);
            refuse(openMove(t), refusal);
        }
    }
}

/// @notice An architecture with the largest inputs that a packing can name. It proves nothing.
contract HugeVerifier {
    bytes32 public constant archDigest = keccak256("huge");

    function inputPacking() external pure returns (IInferenceVerifier.Packing memory) {
        return IInferenceVerifier.Packing({domain: 1, elements: type(uint32).max, shortElements: 0, shortBytes: 0});
    }

    function modelId(address provider, uint256[] calldata points) external pure returns (bytes32) {
        return keccak256(abi.encodePacked(archDigest, provider, points));
    }
}
