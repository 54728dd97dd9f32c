// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../src/libraries/Bn254.sol";
import {Context} from "../src/libraries/Context.sol";
import {Test} from "./utils/Test.sol";

contract ContextTest is Test {
    function testFuzz_bind_is_reduced(address contract_, uint256 caseId, uint256 index, address payee) external view {
        vm.assertLt(Context.bind(contract_, caseId, index, payee), Bn254.R);
    }

    function testFuzz_bind_depends_on_everything(address contract_, uint256 caseId, uint256 index, address payee)
        external
    {
        uint256 context = Context.bind(contract_, caseId, index, payee);
        vm.assertEq(context, Context.bind(contract_, caseId, index, payee));
        vm.assertNotEq(context, Context.bind(address(uint160(contract_) ^ 1), caseId, index, payee));
        vm.assertNotEq(context, Context.bind(contract_, caseId ^ 1, index, payee));
        vm.assertNotEq(context, Context.bind(contract_, caseId, index ^ 1, payee));
        vm.assertNotEq(context, Context.bind(contract_, caseId, index, address(uint160(payee) ^ 1)));
        vm.chainId(block.chainid + 1);
        vm.assertNotEq(context, Context.bind(contract_, caseId, index, payee));
    }

    /// @dev The client computes the same value; this vector pins both.
    function test_bind_vector() external {
        vm.chainId(31337);
        uint256 context = Context.bind(address(0x11), 2, 3, address(0x44));
        bytes32 digest = keccak256(
            abi.encodePacked(
                uint256(0xc0), // where the string starts: after six words
                uint256(31337),
                uint256(0x11),
                uint256(2),
                uint256(3),
                uint256(0x44),
                uint256(16),
                "zkescrow.context",
                bytes16(0)
            )
        );
        vm.assertEq(context, uint256(digest) >> 8);
    }
}
