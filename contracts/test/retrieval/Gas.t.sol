// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IRetrievalEscrow} from "../../src/interfaces/IRetrievalEscrow.sol";
import {CaseSteps} from "./CaseSteps.sol";

/// @dev Gas of whole transactions, with call data: each call is one, because of the setting.
/// forge-config: default.isolate = true
contract RetrievalGasTest is CaseSteps {
    function test_gas() external {
        IRetrievalEscrow.Dataset memory d = dataset(1);
        IRetrievalEscrow.Request memory r = request(d);
        _transact(responder, BOND, abi.encodeCall(IRetrievalEscrow.commitDataset, (d)), "commitDataset");
        _transact(consumer, REWARD, fileCall(d, r), "file");
        _transact(approver, 0, approveCall(d, r), "approve");
        (bytes32 root, uint256 total) = resultsRoot(truth(d, r));
        _transact(responder, 0, postCall(d, r, root, total), "postResults");
        _transact(stranger, 0, drawCall(d, r, mine(r, RANDOM)), "draw");
        proveAll(d, r);
        vm.warp(caseOf(r).deadline + 1);
        _transact(stranger, 0, settleCall(d, r), "settle");
    }

    function _transact(address who, uint256 amount, bytes memory input, string memory what) private {
        paying(who, amount, input);
        vm.snapshotGasLastCall("retrieval", what);
    }
}
