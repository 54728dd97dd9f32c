// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Credits} from "./base/Credits.sol";
import {IInferenceVerifier} from "./interfaces/IInferenceVerifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title ModelRegistry
contract ModelRegistry is IModelRegistry, Credits {
    uint256 private constant FAULTS_COVERED = 1000;

    /// @inheritdoc IModelRegistry
    address public immutable currency;
    /// @inheritdoc IModelRegistry
    uint256 public immutable minimumStake;
    /// @inheritdoc IModelRegistry
    uint256 public immutable penalty;
    /// @inheritdoc IModelRegistry
    uint256 public immutable unbondingDelay;

    /// @inheritdoc IModelRegistry
    mapping(address escrow => bool) public isEscrow;
    /// @inheritdoc IModelRegistry
    mapping(address verifier => bytes32 codeHash) public architectures;
    mapping(bytes32 model => Model) private _models;

    constructor(Config memory config) {
        if (config.examples == 0 || config.exampleCost == 0 || config.unbondingDelay == 0) revert BadConfig();
        currency = config.currency;
        penalty = uint256(config.examples) * config.exampleCost;
        minimumStake = FAULTS_COVERED * penalty;
        if (minimumStake > type(uint128).max) revert BadConfig();
        unbondingDelay = config.unbondingDelay;
        for (uint256 i = 0; i < config.escrows.length; ++i) {
            isEscrow[config.escrows[i]] = true;
        }
    }

    modifier onlyEscrow() {
        if (!isEscrow[msg.sender]) revert NotEscrow(msg.sender);
        _;
    }

    /// @inheritdoc IModelRegistry
    function registerArchitecture(address verifier) external {
        if (verifier.code.length == 0) revert NoCode(verifier);
        if (_delegates(verifier)) revert DelegatingAccount(verifier);
        if (architectures[verifier] != 0) revert ArchitectureExists(verifier);
        architectures[verifier] = verifier.codehash;
        emit ArchitectureRegistered(verifier, verifier.codehash, IInferenceVerifier(verifier).archDigest());
    }

    /// @inheritdoc IModelRegistry
    function register(address verifier, uint256[] calldata points) external returns (bytes32 model) {
        _requireCode(verifier);
        bytes32 weights = IInferenceVerifier(verifier).modelId(msg.sender, points);
        model = modelId(verifier, weights);
        if (_models[model].provider != address(0)) revert ModelExists(model);
        _models[model].provider = msg.sender;
        _models[model].verifier = verifier;
        emit ModelRegistered(model, msg.sender, verifier, weights, points);
    }

    /// @inheritdoc IModelRegistry
    function publishOpening(bytes32 model, bytes32 opening, string calldata uri) external {
        Model storage m = _ownModel(model);
        if (opening == 0 || m.opening != 0) revert BadOpening(opening, m.opening);
        m.opening = opening;
        emit OpeningPublished(model, opening, uri);
    }

    /// @inheritdoc IModelRegistry
    function addStake(bytes32 model, uint256 amount) external payable nonReentrant {
        if (amount == 0) revert ZeroAmount();
        Model storage m = _model(model);
        uint256 room = type(uint128).max - m.stake;
        if (amount > room) revert StakeExceeded(amount, room);
        m.stake += uint128(amount);
        emit StakeAdded(model, amount, m.stake);
        _collect(currency, amount);
    }

    /// @inheritdoc IModelRegistry
    function startUnbonding(bytes32 model, uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        Model storage m = _ownModel(model);
        uint256 bonded = m.stake - m.unbonding;
        if (amount > bonded) revert StakeExceeded(amount, bonded);
        m.unbonding += uint128(amount);
        m.withdrawableAt = uint64(block.timestamp + unbondingDelay);
        emit UnbondingStarted(model, amount, m.unbonding, m.withdrawableAt);
    }

    /// @inheritdoc IModelRegistry
    function withdrawStake(bytes32 model) external returns (uint256 amount) {
        Model storage m = _ownModel(model);
        amount = m.unbonding;
        if (amount == 0) revert NothingUnbonding(model);
        // INVARIANT I7: stake never leaves while a case is open.
        if (m.openCases != 0) revert CasesOpen(m.openCases);
        if (block.timestamp <= m.withdrawableAt) revert StillUnbonding(m.withdrawableAt);
        m.unbonding = 0;
        m.stake -= uint128(amount);
        emit StakeWithdrawn(model, amount, m.stake);
        _credit(currency, m.provider, amount);
    }

    /// @inheritdoc IModelRegistry
    function lock(bytes32 model) external onlyEscrow {
        Model storage m = _model(model);
        uint256 bonded = m.stake - m.unbonding;
        // Each open case may cost a penalty.
        uint256 needed = (uint256(m.openCases) + 1) * penalty;
        if (needed < minimumStake) needed = minimumStake;
        if (bonded < needed) revert StakeTooLow(bonded, needed);
        emit CaseLocked(model, msg.sender, ++m.openCases);
    }

    /// @inheritdoc IModelRegistry
    function unlock(bytes32 model) external onlyEscrow {
        emit CaseUnlocked(model, msg.sender, --_model(model).openCases);
    }

    /// @inheritdoc IModelRegistry
    function slash(bytes32 model) external onlyEscrow returns (uint256 amount) {
        Model storage m = _model(model);
        amount = m.stake < penalty ? m.stake : penalty;
        uint128 stake = m.stake - uint128(amount);
        m.stake = stake;
        if (m.unbonding > stake) m.unbonding = stake;
        emit Slashed(model, msg.sender, amount, stake);
        // Burned, not paid to the consumer: a provider who disputes with itself must not get its stake out that way.
        _credit(currency, BURN, amount);
    }

    /// @inheritdoc IModelRegistry
    function modelOf(bytes32 model) external view returns (Model memory) {
        return _models[model];
    }

    /// @inheritdoc IModelRegistry
    function judgeOf(bytes32 model) external view returns (address provider, address verifier) {
        Model storage m = _model(model);
        verifier = m.verifier;
        _requireCode(verifier);
        return (m.provider, verifier);
    }

    /// @inheritdoc IModelRegistry
    function openingOf(bytes32 model) external view returns (bytes32) {
        return _model(model).opening;
    }

    /// @inheritdoc IModelRegistry
    function modelId(address verifier, bytes32 weights) public pure returns (bytes32) {
        return keccak256(abi.encode(verifier, weights));
    }

    /// @dev Whether this is an account that lends itself other code (EIP-7702), and can take it back.
    function _delegates(address account) private view returns (bool) {
        bytes1 first;
        assembly ("memory-safe") {
            extcodecopy(account, 0x00, 0x00, 0x20)
            first := mload(0x00)
        }
        return first == 0xef;
    }

    function _model(bytes32 model) private view returns (Model storage m) {
        m = _models[model];
        if (m.provider == address(0)) revert UnknownModel(model);
    }

    function _ownModel(bytes32 model) private view returns (Model storage m) {
        m = _model(model);
        if (msg.sender != m.provider) revert NotProvider(msg.sender, m.provider);
    }

    function _requireCode(address verifier) private view {
        bytes32 expected = architectures[verifier];
        if (expected == 0) revert UnknownArchitecture(verifier);
        if (verifier.codehash != expected) revert CodeHashMismatch(verifier, verifier.codehash, expected);
    }
}
