// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "./ICredits.sol";

/// @title IModelRegistry
/// @notice Which models there are, whose they are, who judges their proofs, and what their providers have staked.
/// @dev An architecture is the `InferenceVerifier` that judges its proofs, with the code that it had when it was
/// registered. A model is named by `keccak256(abi.encode(verifier, weights))`, where `weights` is the verifier's own id of
/// architecture, provider and weight commitments. Nobody owns this contract; its parameters are those of construction.
///
/// Anybody may register anything. A verifier decides what is proven and how inputs are packed, so a false one takes the money of
/// whoever relies on it; and a contract's code may ask other contracts. Before it pays, a consumer makes sure that the verifier is an
/// `InferenceVerifier` that it would have deployed itself.
interface IModelRegistry is ICredits {
    /// @notice What is fixed at construction.
    /// @param currency What is staked, a token or `address(0)` for ETH.
    /// @param examples The marketplace's `N1`: test examples that a provider may see before it has to decide.
    /// @param exampleCost The marketplace's `E`: what a labelled example costs.
    /// @param unbondingDelay Seconds from asking for stake back to getting it.
    /// @param escrows The contracts that may lock and slash. They may be deployed later, at these addresses.
    struct Config {
        address currency;
        uint32 examples;
        uint128 exampleCost;
        uint32 unbondingDelay;
        address[] escrows;
    }

    /// @notice A model.
    /// @param provider Who registered it, and sells its predictions.
    /// @param openCases Cases that its stake answers for.
    /// @param verifier Its architecture.
    /// @param stake What is staked, with what is unbonding.
    /// @param unbonding The part of the stake that was asked back. It answers for faults until it is gone.
    /// @param withdrawableAt After when the unbonding part can go.
    /// @param opening Hash of the published weights, zero when the weights are not public.
    struct Model {
        address provider;
        uint64 openCases;
        address verifier;
        uint64 withdrawableAt;
        uint128 stake;
        uint128 unbonding;
        bytes32 opening;
    }

    /// @notice Proofs of an architecture are judged by `verifier` while it has this code.
    event ArchitectureRegistered(address indexed verifier, bytes32 codeHash, bytes32 archDigest);
    /// @notice A model exists. `points` are the coordinates of its weight commitments.
    event ModelRegistered(
        bytes32 indexed model, address indexed provider, address indexed verifier, bytes32 weights, uint256[] points
    );
    /// @notice A model's weights are public: a file at `uri` with the hash `opening`.
    event OpeningPublished(bytes32 indexed model, bytes32 opening, string uri);
    /// @notice The model's stake grew.
    event StakeAdded(bytes32 indexed model, uint256 amount, uint256 stake);
    /// @notice The provider asked for `amount` back; `unbonding` is the whole part asked back so far.
    event UnbondingStarted(bytes32 indexed model, uint256 amount, uint256 unbonding, uint256 withdrawableAt);
    /// @notice The unbonding part was credited to the provider.
    event StakeWithdrawn(bytes32 indexed model, uint256 amount, uint256 stake);
    /// @notice A case relies on the model's stake.
    event CaseLocked(bytes32 indexed model, address indexed escrow, uint256 openCases);
    /// @notice A case ended.
    event CaseUnlocked(bytes32 indexed model, address indexed escrow, uint256 openCases);
    /// @notice The provider was at fault; `amount` of its stake is gone for good.
    event Slashed(bytes32 indexed model, address indexed escrow, uint256 amount, uint256 stake);

    /// @notice There is no code at the address.
    error NoCode(address verifier);
    /// @notice The address is an account that only borrows code.
    error DelegatingAccount(address account);
    /// @notice This architecture is registered.
    error ArchitectureExists(address verifier);
    /// @notice This architecture is not registered.
    error UnknownArchitecture(address verifier);
    /// @notice The verifier's code is not that of its registration.
    error CodeHashMismatch(address verifier, bytes32 actual, bytes32 expected);
    /// @notice This model is registered.
    error ModelExists(bytes32 model);
    /// @notice This model is not registered.
    error UnknownModel(bytes32 model);
    /// @notice Only the model's provider may do this.
    error NotProvider(address caller, address provider);
    /// @notice Only the escrows of construction may do this.
    error NotEscrow(address caller);
    /// @notice An opening is not zero, and is published once.
    error BadOpening(bytes32 opening, bytes32 published);
    /// @notice An amount of nothing.
    error ZeroAmount();
    /// @notice More than the stake that is not unbonding yet, or than can be staked.
    error StakeExceeded(uint256 amount, uint256 bonded);
    /// @notice Nothing was asked back.
    error NothingUnbonding(bytes32 model);
    /// @notice The delay is not over.
    error StillUnbonding(uint256 withdrawableAt);
    /// @notice A case relies on the stake.
    error CasesOpen(uint256 openCases);
    /// @notice The bonded stake is too small to take one more case: below `minimumStake`, or below a penalty for each open one.
    error StakeTooLow(uint256 bonded, uint256 minimum);
    /// @notice The constants of the marketplace must not be zero, nor the minimum more than can be staked.
    error BadConfig();

    /// @notice Makes `verifier` an architecture, with the code that it has now.
    function registerArchitecture(address verifier) external;

    /// @notice Registers a model of the caller.
    /// @param verifier Its architecture.
    /// @param points Coordinates of its weight commitments, x then y.
    function register(address verifier, uint256[] calldata points) external returns (bytes32 model);

    /// @notice Says where the weights and the randomness of their commitment can be found. Who relies on it compares the
    /// file with the hash, and the commitment made from it with the registered one.
    function publishOpening(bytes32 model, bytes32 opening, string calldata uri) external;

    /// @notice Adds to a model's stake. Anybody may; it is the provider's from then on.
    function addStake(bytes32 model, uint256 amount) external payable;

    /// @notice Asks for a part of the stake back. The delay begins anew for everything asked back before.
    function startUnbonding(bytes32 model, uint256 amount) external;

    /// @notice Credits what was asked back to the provider, when the delay is over and no case is open.
    function withdrawStake(bytes32 model) external returns (uint256 amount);

    /// @notice A case begins to rely on the stake. Escrows only.
    function lock(bytes32 model) external;

    /// @notice A case ended. Escrows only.
    function unlock(bytes32 model) external;

    /// @notice Burns the penalty, or what is left of the stake. Escrows only, when the provider is at fault.
    function slash(bytes32 model) external returns (uint256 amount);

    /// @notice A model; all zero when there is none.
    function modelOf(bytes32 model) external view returns (Model memory);

    /// @notice Who owns the model and who judges its proofs. Reverts when there is none, or when the verifier's code is no
    /// longer that of its registration.
    function judgeOf(bytes32 model) external view returns (address provider, address verifier);

    /// @notice Hash of a model's published weights, zero when they are not public. Reverts when there is no such model.
    function openingOf(bytes32 model) external view returns (bytes32);

    /// @notice The id of a model.
    function modelId(address verifier, bytes32 weights) external pure returns (bytes32);

    /// @notice The code hash of an architecture, zero when it is not registered.
    function architectures(address verifier) external view returns (bytes32);

    /// @notice Whether a contract may lock and slash.
    function isEscrow(address escrow) external view returns (bool);

    /// @notice What is staked.
    function currency() external view returns (address);

    /// @notice Bonded stake that a model needs for new cases, `1000·N1·E`.
    function minimumStake() external view returns (uint256);

    /// @notice What a fault costs, `N1·E`: the thousandth part of the minimum.
    function penalty() external view returns (uint256);

    /// @notice Seconds from asking for stake back to getting it.
    function unbondingDelay() external view returns (uint256);
}
