// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IRandomness} from "../../src/interfaces/IRandomness.sol";
import {Deploy, Exams, Predictions, Retrieval} from "./Deploy.sol";
import {SealedItems} from "./SealedItems.sol";
import {Test} from "./Test.sol";
import {Coin} from "./Tokens.sol";
import {TruthVerifier} from "./TruthVerifier.sol";

/// @notice A marketplace with one staked model, everything real but the verifier. Tests choose the cases' currency.
abstract contract MarketFixture is Test {
    uint32 internal constant MARKET_EXAMPLES = 10;
    uint128 internal constant MARKET_EXAMPLE_COST = 1e12;
    uint32 internal constant UNBONDING = 7 days;
    uint256 internal constant DRAW_DELAY = 64;
    uint256 internal constant MINIMUM_STAKE = 1000 * uint256(MARKET_EXAMPLES) * MARKET_EXAMPLE_COST;
    uint256 internal constant PENALTY = uint256(MARKET_EXAMPLES) * MARKET_EXAMPLE_COST;
    address internal constant BURN = address(0xdEaD);

    uint256 internal constant CONSUMER_KEY = 0xC0;
    uint256 internal constant PROVIDER_KEY = 0xB0;
    address internal consumer = vm.addr(CONSUMER_KEY);
    address internal provider = vm.addr(PROVIDER_KEY);
    address internal stranger = address(0x5712A);
    address internal feeRecipient = address(0xFEE);

    IModelRegistry internal registry;
    Predictions internal predictions;
    Exams internal exams;
    Retrieval internal retrieval;
    IDeliveryJudge internal judge;
    IRandomness internal randomness;
    TruthVerifier internal verifier;
    Coin internal coin;

    bytes32 internal model;
    uint256[] internal points = [uint256(1), 2];

    /// @notice What cases are paid in.
    function currency() internal view virtual returns (address) {
        return address(0);
    }

    /// @notice The share of lost escrows that is burned.
    function burnShare() internal pure virtual returns (uint256) {
        return 0;
    }

    function setUp() public virtual {
        vm.warp(1_000_000);
        vm.roll(10_000);
        coin = _coin();
        judge = Deploy.deliveryJudge();
        randomness = Deploy.blockRandomness();
        verifier = new TruthVerifier();
        uint256 nonce = vm.getNonce(address(this));
        address[] memory escrows = new address[](2);
        escrows[0] = vm.computeCreateAddress(address(this), nonce + 1);
        escrows[1] = vm.computeCreateAddress(address(this), nonce + 2);
        registry = Deploy.modelRegistry(
            IModelRegistry.Config({
                currency: address(0),
                examples: MARKET_EXAMPLES,
                exampleCost: MARKET_EXAMPLE_COST,
                unbondingDelay: UNBONDING,
                escrows: escrows
            })
        );
        predictions = Deploy.predictionEscrow(registry, judge, burnShare());
        exams = Deploy.accuracyEscrow(registry, judge, feeRecipient, burnShare());
        retrieval = Deploy.retrievalEscrow(registry, judge, randomness, DRAW_DELAY, burnShare());
        registry.registerArchitecture(address(verifier));
        model = _register(provider);
    }

    /// @dev The token that `currency` may name.
    function _coin() internal virtual returns (Coin) {
        return new Coin();
    }

    /// @dev A staked model of `owner`.
    function _register(address owner) internal returns (bytes32 id) {
        vm.prank(owner);
        id = registry.register(address(verifier), points);
        vm.deal(owner, MINIMUM_STAKE);
        vm.prank(owner);
        registry.addStake{value: MINIMUM_STAKE}(id, MINIMUM_STAKE);
    }

    /// @notice Gives `who` the money for its next call of `target`.
    /// @return value The ETH to send with the call.
    function fund(address who, address target, uint256 amount) internal returns (uint256 value) {
        if (currency() == address(0)) {
            vm.deal(who, who.balance + amount);
            return amount;
        }
        Coin(currency()).mint(who, amount);
        vm.prank(who);
        Coin(currency()).approve(target, amount);
    }

    /// @notice What `escrow` has of the cases' currency.
    function held(address escrow) internal view returns (uint256) {
        return currency() == address(0) ? escrow.balance : Coin(currency()).balanceOf(escrow);
    }

    /// @notice What `who` may withdraw from `escrow`, in the cases' currency.
    function credit(ICredits escrow, address who) internal view returns (uint256) {
        return escrow.credits(currency(), who);
    }

    function courier() internal pure returns (IDeliveries.Courier memory) {
        return IDeliveries.Courier({step: 1 hours, perChunk: 10 minutes, bond: 1e9});
    }

    /// @notice Evidence that proves what is true, and nothing else.
    function evidence(address owner) internal view returns (IMarket.Evidence memory) {
        return
            IMarket.Evidence({
                weights: verifier.modelId(owner, points), points: points, proof: verifier.PROOF(), link: ""
            });
    }

    /// @notice An input, another one for every `i`.
    function item(uint256 i) internal view returns (SealedItems.Item memory made) {
        made.salt = 1000 + i;
        made.elements = new uint256[](verifier.ELEMENTS());
        made.elements[0] = i % 65_536;
        made.elements[1] = 5 + i;
        made.elements[2] = type(uint248).max - i;
        (, made.label) = verifier.truth(commitment(made));
        made.labelSalt = 2000 + i;
    }

    /// @notice The commitment to an input.
    function commitment(SealedItems.Item memory input) internal view returns (uint256) {
        return SealedItems.commitment(verifier.DOMAIN(), input);
    }

    /// @notice An EIP-712 signature under the domain of one of the escrows.
    function signature(address escrow, uint256 key, bytes32 words) internal view returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain(escrow), words));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice The domain separator, from what the contract says about itself.
    function domain(address escrow) internal view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifying,,) =
            IDomain(escrow).eip712Domain();
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifying
            )
        );
    }
}

interface IDomain {
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}
