// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {MarketFixture} from "../utils/MarketFixture.sol";
import {Trees} from "../utils/Trees.sol";

/// @notice A small dataset, a request about it, and what a responder may say.
abstract contract CaseFixture is MarketFixture {
    uint32 internal constant COUNT = 6;
    /// @dev What the larger datasets of some tests need.
    uint256 internal constant MOST = 40;
    /// @dev Leaves a rest when the share of five percent is taken.
    uint128 internal constant BOND = 1e15 + 19;
    uint128 internal constant DEMAND_BOND = 1e10;
    uint128 internal constant REWARD = 3e12;

    uint256 internal constant APPROVER_KEY = 0xA0;
    uint256 internal constant SOURCE_KEY = 0x50;
    address internal responder = vm.addr(0xE0);
    address internal approver = vm.addr(APPROVER_KEY);
    address internal source = vm.addr(SOURCE_KEY);

    uint256[] internal commitments;
    uint256[] internal labels;

    /// @notice What a responder says about its documents.
    /// @param labels Labels.
    /// @param flags Which it calls positive in the leaves,
    /// @param values and which it counts in the sums.
    struct Results {
        uint256[] labels;
        uint256[] flags;
        uint256[] values;
    }

    function setUp() public virtual override {
        super.setUp();
        vm.prank(provider);
        registry.publishOpening(model, keccak256("weights"), "ipfs://weights");
        for (uint256 i = 0; i < MOST; ++i) {
            commitments.push(commitment(item(i)));
            labels.push(item(i).label);
        }
    }

    function dataset(uint256 salt) internal view virtual returns (IRetrievalEscrow.Dataset memory d) {
        d.responder = responder;
        d.approver = approver;
        d.source = source;
        d.verifier = address(verifier);
        d.currency = currency();
        d.count = COUNT;
        d.root = Trees.root(documentLeaves(COUNT));
        d.bond = BOND;
        d.demandBond = DEMAND_BOND;
        d.notice = 1 days;
        d.windows = IRetrievalEscrow.Windows({
            approve: 1 hours,
            results: 2 hours,
            prove: 3 hours,
            proveEach: 600,
            demand: 4 hours,
            identify: 5 hours,
            identifyEach: 1200
        });
        d.courier = courier();
        d.salt = salt;
    }

    /// @notice A request for documents like 1, 3 and 4, which wants all documents sampled.
    function request(IRetrievalEscrow.Dataset memory d) internal view returns (IRetrievalEscrow.Request memory r) {
        r.requester = consumer;
        r.dataset = retrieval.datasetIdOf(d);
        r.model = model;
        r.positives = new uint256[](1);
        r.positives[0] = (1 << labels[1]) | (1 << labels[3]) | (1 << labels[4]);
        r.bound = 0.01e18;
        r.delta = 0.05e18;
        r.reward = REWARD;
        r.salt = 1;
    }

    function documentLeaves(uint256 count) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = Leaves.document(i, commitments[i]);
        }
    }

    /// @notice What an honest responder says.
    function truth(IRetrievalEscrow.Dataset memory d, IRetrievalEscrow.Request memory r)
        internal
        view
        returns (Results memory x)
    {
        x.labels = new uint256[](d.count);
        x.flags = new uint256[](d.count);
        x.values = new uint256[](d.count);
        for (uint256 i = 0; i < d.count; ++i) {
            x.labels[i] = labels[i];
            x.flags[i] = (r.positives[0] >> labels[i]) & 1;
            x.values[i] = x.flags[i];
        }
    }

    function findingLeaves(Results memory x) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](x.labels.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = Leaves.finding(i, commitments[i], x.labels[i], x.flags[i]);
        }
    }

    function resultsRoot(Results memory x) internal view returns (bytes32 root, uint256 total) {
        return Trees.sumRoot(findingLeaves(x), x.values);
    }

    /// @notice Opens a document in the dataset and in the results.
    function opening(Results memory x, uint256 document) internal view returns (IRetrievalEscrow.Opening memory o) {
        o.document = document;
        o.finding = IRetrievalEscrow.Finding(commitments[document], x.labels[document]);
        o.documentPath = Trees.path(documentLeaves(x.labels.length), document);
        o.resultPath = Trees.sumPath(findingLeaves(x), x.values, document);
    }

    /// @notice The documents that count as positive, in order.
    function positives(Results memory x) internal pure returns (uint256[] memory documents) {
        uint256 found;
        documents = new uint256[](x.values.length);
        for (uint256 i = 0; i < x.values.length; ++i) {
            if (x.values[i] == 1) documents[found++] = i;
        }
        assembly ("memory-safe") {
            mstore(documents, found)
        }
    }
}
