// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveryJudge} from "../../src/interfaces/IDeliveryJudge.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IRandomness} from "../../src/interfaces/IRandomness.sol";
import {Deploy, Exams, Predictions, Retrieval} from "../utils/Deploy.sol";
import {Test} from "../utils/Test.sol";
import {Coin} from "../utils/Tokens.sol";
import {TruthVerifier} from "../utils/TruthVerifier.sol";
import {BoundVerifier, Refuser} from "./BoundVerifier.sol";
import {Material} from "./Material.sol";

/// @notice A marketplace, the people in it, and a ledger of what each of them should have. Handlers write the ledger from the
/// amounts of the paper; it knows nothing of what the contracts say.
contract World is Test {
    uint256 public constant PENALTY = 10e12;
    uint256 public constant MINIMUM_STAKE = 1000 * PENALTY;
    uint256 public constant UNBONDING = 3 days;
    uint256 public constant DRAW_DELAY = 64;
    /// @notice An odd share, so that amounts are rounded.
    uint256 public constant BURN_SHARE = 1234;
    /// @notice What the hungry architecture needs.
    uint256 public constant APPETITE = 2_000_000;
    address public constant BURN = address(0xdEaD);
    address public constant FEE_RECIPIENT = address(0xFEE);
    address public constant STRANGER = address(0x5712A);

    /// @notice A model, with what it should have staked.
    struct Stake {
        bytes32 id;
        address owner;
        address verifier;
        uint256 stake;
        uint256 unbonding;
        uint256 withdrawableAt;
        uint256 relying;
        uint256 slashes;
    }

    IModelRegistry public immutable registry;
    Predictions public immutable predictions;
    Exams public immutable exams;
    Retrieval public immutable retrieval;
    Material public immutable material;
    Coin public immutable coin;
    address public immutable hungry;

    /// @notice Everybody who can own a credit: consumers, providers, who approves, and who only receives.
    address[] public people;
    /// @notice Keys of those who can sign.
    mapping(address person => uint256) public keys;
    Stake[3] private _models;
    uint256[] private _points = [uint256(1), 2];

    mapping(address target => mapping(address currency => uint256)) public locked;
    mapping(address target => mapping(address currency => uint256)) public donated;
    mapping(address target => mapping(address currency => mapping(address owner => uint256))) public owed;
    mapping(string what => uint256) public reached;

    constructor() {
        vm.warp(1_000_000);
        vm.roll(10_000);
        coin = new Coin();
        TruthVerifier truth = new TruthVerifier();
        material = new Material(truth);
        IDeliveryJudge judge = Deploy.deliveryJudge();
        IRandomness randomness = Deploy.blockRandomness();
        address plain = address(new BoundVerifier(truth, 0));
        hungry = address(new BoundVerifier(truth, APPETITE));
        address[] memory escrows = new address[](2);
        uint256 nonce = vm.getNonce(address(this));
        escrows[0] = vm.computeCreateAddress(address(this), nonce + 1);
        escrows[1] = vm.computeCreateAddress(address(this), nonce + 2);
        registry = Deploy.modelRegistry(IModelRegistry.Config(address(0), 10, 1e12, uint32(UNBONDING), escrows));
        predictions = Deploy.predictionEscrow(registry, judge, BURN_SHARE);
        exams = Deploy.accuracyEscrow(registry, judge, FEE_RECIPIENT, BURN_SHARE);
        retrieval = Deploy.retrievalEscrow(registry, judge, randomness, DRAW_DELAY, BURN_SHARE);
        _populate();
        registry.registerArchitecture(plain);
        registry.registerArchitecture(hungry);
        _register(0, people[3], plain);
        _register(1, people[4], hungry);
        // This one keeps its weights for itself, so it is not for retrieval.
        _register(2, people[4], plain);
    }

    /// @notice Three consumers, of whom the last is a contract that takes no ETH; two providers, of whom the last is one too.
    function _populate() private {
        for (uint256 i = 0; i < 6; ++i) {
            uint256 key = 0xC0 + i;
            people.push(vm.addr(key));
            if (i == 2 || i == 4) vm.etch(people[i], type(Refuser).runtimeCode);
            else keys[people[i]] = key;
        }
        people.push(FEE_RECIPIENT);
        people.push(STRANGER);
        people.push(BURN);
    }

    function _register(uint256 k, address owner, address verifier) private {
        vm.prank(owner);
        bytes32 id = registry.register(verifier, _points);
        _models[k] = Stake(id, owner, verifier, 2 * MINIMUM_STAKE, 0, 0, 0, 0);
        if (k < 2) {
            vm.prank(owner);
            registry.publishOpening(id, keccak256("weights"), "weights");
        }
        vm.deal(owner, 2 * MINIMUM_STAKE);
        vm.prank(owner);
        registry.addStake{value: 2 * MINIMUM_STAKE}(id, 2 * MINIMUM_STAKE);
        locked[address(registry)][address(0)] += 2 * MINIMUM_STAKE;
    }

    function models(uint256 k) external view returns (Stake memory) {
        return _models[k];
    }

    function consumers(uint256 r) external view returns (address) {
        return people[r % 3];
    }

    function approver() external view returns (address) {
        return people[5];
    }

    function currencies(uint256 r) external view returns (address) {
        return r % 2 == 0 ? address(0) : address(coin);
    }

    function setModel(uint256 k, Stake calldata stake) external {
        _models[k] = stake;
    }

    /// @notice Which model it is, by its id.
    function indexOf(bytes32 model) public view returns (uint256 k) {
        while (_models[k].id != model) {
            ++k;
        }
    }

    /// @notice A case begins or ends to rely on a model.
    function rely(bytes32 model, bool begins) external {
        Stake storage s = _models[indexOf(model)];
        if (begins) ++s.relying;
        else --s.relying;
    }

    /// @notice The model's provider was at fault: `N1·E` is burned, or what there is.
    function slash(bytes32 model) external {
        Stake storage s = _models[indexOf(model)];
        uint256 amount = s.stake < PENALTY ? s.stake : PENALTY;
        s.stake -= amount;
        if (s.unbonding > s.stake) s.unbonding = s.stake;
        ++s.slashes;
        owe(address(registry), address(0), BURN, amount);
    }

    /// @notice Half of the time, somebody adds what a model's stake lacks, and some more.
    function topUp(bytes32 model, uint256 r) external {
        if (r % 2 == 0) return;
        Stake storage s = _models[indexOf(model)];
        uint256 amount = MINIMUM_STAKE - (s.stake - s.unbonding) + (r >> 8) % MINIMUM_STAKE;
        vm.deal(STRANGER, STRANGER.balance + amount);
        vm.prank(STRANGER);
        registry.addStake{value: amount}(model, amount);
        locked[address(registry)][address(0)] += amount;
        s.stake += amount;
        ++reached["stake topped up"];
    }

    /// @notice `amount` comes into a case.
    function lock(address target, address currency, uint256 amount) external {
        locked[target][currency] += amount;
    }

    /// @notice `amount` of a case becomes somebody's.
    function owe(address target, address currency, address owner, uint256 amount) public {
        locked[target][currency] -= amount;
        owed[target][currency][owner] += amount;
    }

    /// @notice Somebody fetched everything.
    function pay(address target, address currency, address owner) external {
        owed[target][currency][owner] = 0;
    }

    /// @notice Sends money that nobody asked for.
    function donate(address target, address currency, uint256 amount) external {
        donated[target][currency] += amount;
        if (currency == address(0)) vm.deal(target, target.balance + amount);
        else coin.mint(target, amount);
    }

    /// @notice Gives somebody what the next call of `target` costs.
    /// @return value The ETH to send along.
    function fund(address who, address target, address currency, uint256 amount) external returns (uint256 value) {
        if (currency == address(0)) {
            vm.deal(who, who.balance + amount);
            return amount;
        }
        coin.mint(who, amount);
        vm.prank(who);
        coin.approve(target, amount);
    }

    /// @notice Something happened.
    function note(string calldata what) external {
        ++reached[what];
    }

    /// @notice The proof of a model that input `i` has its output and label, for an answer to `escrow`.
    function evidence(bytes32 model, address escrow, uint256 caseId, uint256 index, address payee, uint256 i)
        external
        view
        returns (IMarket.Evidence memory made)
    {
        Material.Item memory it = material.item(i);
        uint256[] memory instances = new uint256[](4);
        (instances[0], instances[1], instances[2]) = (it.commitment, it.output, it.label);
        // As `Context.bind` in the escrow's place.
        instances[3] =
            uint256(keccak256(abi.encode("zkescrow.context", block.chainid, escrow, caseId, index, payee))) >> 8;
        made.weights = keccak256(abi.encodePacked(keccak256("truth"), _models[indexOf(model)].owner, _points));
        made.points = _points;
        made.proof = abi.encode(keccak256(abi.encode(instances)));
    }

    /// @notice The EIP-712 signature of somebody who can sign.
    function signature(address escrow, string calldata name, address signer, bytes32 words)
        external
        view
        returns (bytes memory)
    {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain =
            keccak256(abi.encode(kind, keccak256(bytes(name)), keccak256(bytes("1")), block.chainid, escrow));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[signer], keccak256(abi.encodePacked(hex"1901", domain, words)));
        return abi.encodePacked(r, s, v);
    }
}
