// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {IDomain} from "../utils/MarketFixture.sol";
import {Test} from "../utils/Test.sol";
import {SignaturesHarness} from "./SignaturesHarness.sol";
import {OddWallet, Wallet, WritingWallet} from "./Wallets.sol";

/// @notice A signature counts once, for what was signed, here, in time.
contract SignaturesTest is Test {
    uint256 private constant KEY = 0xA11CE;
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    bytes32 private constant WHAT = keccak256("what");
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    SignaturesHarness private notary = new SignaturesHarness();
    address private signer = vm.addr(KEY);
    uint256 private deadline = 1_000_100;

    function setUp() external {
        vm.warp(1_000_000);
    }

    function test_the_domain_names_contract_and_chain() external view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifying,
            bytes32 salt,
            uint256[] memory extensions
        ) = IDomain(address(notary)).eip712Domain();
        vm.assertTrue(fields == 0x0f);
        vm.assertEq(bytes(name), "harness");
        vm.assertEq(bytes(version), "7");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifying, address(notary));
        vm.assertEq(salt, bytes32(0));
        vm.assertEq(extensions.length, 0);
    }

    function test_consent_spends_its_nonce() external {
        vm.assertFalse(notary.nonceUsed(signer, 3));
        bytes memory signature = _sign(KEY, 3);
        vm.expectEmit(address(notary));
        emit ISignatures.NonceUsed(signer, 3);
        notary.consent(signer, WHAT, 3, deadline, signature);
        vm.assertTrue(notary.nonceUsed(signer, 3));
        vm.assertFalse(notary.nonceUsed(signer, 2));
        vm.assertFalse(notary.nonceUsed(address(this), 3));
        vm.assertEq(notary.consents(signer), 1);
    }

    function testFuzz_nonces_have_no_order(uint256 a, uint256 b) external {
        vm.assume(a != b);
        notary.consent(signer, WHAT, a, deadline, _sign(KEY, a));
        vm.assertFalse(notary.nonceUsed(signer, b));
        notary.consent(signer, WHAT, b, deadline, _sign(KEY, b));
        _spent(a, _sign(KEY, a));
        _spent(b, _sign(KEY, b));
    }

    function test_who_signs_can_take_it_back() external {
        vm.expectEmit(address(notary));
        emit ISignatures.NonceUsed(signer, 4);
        vm.prank(signer);
        notary.cancelNonce(4);
        _spent(4, _sign(KEY, 4));
        vm.expectRevert(abi.encodeWithSelector(ISignatures.NonceSpent.selector, signer, 4));
        vm.prank(signer);
        notary.cancelNonce(4);
    }

    function test_nobody_takes_back_what_another_signed() external {
        notary.cancelNonce(4);
        notary.consent(signer, WHAT, 4, deadline, _sign(KEY, 4));
        vm.assertEq(notary.consents(signer), 1);
    }

    function test_a_signature_is_good_until_its_deadline() external {
        bytes memory signature = _sign(KEY, 1);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignatures.SignatureExpired.selector, deadline));
        notary.consent(signer, WHAT, 1, deadline, signature);
        vm.warp(deadline);
        notary.consent(signer, WHAT, 1, deadline, signature);
    }

    function test_all_signed_words_count() external {
        bytes memory signature = _sign(KEY, 1);
        _bad(signer, keccak256("else"), 1, deadline, signature);
        _bad(signer, WHAT, 2, deadline, signature);
        _bad(signer, WHAT, 1, deadline + 1, signature);
        _bad(address(0xB0B), WHAT, 1, deadline, signature);
        _bad(signer, WHAT, 1, deadline, _sign(0xB0B, 1));
        // What failed spent nothing.
        notary.consent(signer, WHAT, 1, deadline, signature);
    }

    function test_a_signature_is_good_in_one_contract() external {
        bytes memory signature = _sign(KEY, 1);
        notary = new SignaturesHarness();
        _bad(signer, WHAT, 1, deadline, signature);
    }

    function test_a_signature_is_good_on_one_chain() external {
        bytes memory signature = _sign(KEY, 1);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        _bad(signer, WHAT, 1, deadline, signature);
        vm.chainId(chain);
        notary.consent(signer, WHAT, 1, deadline, signature);
    }

    /// @dev `(r, n - s)` with the other `v` is a signature of the same words.
    function test_the_twin_of_a_signature_counts_instead_of_it_not_beside_it() external {
        bytes memory twin = _twin(_sign(KEY, 1));
        notary.consent(signer, WHAT, 1, deadline, _sign(KEY, 1));
        _spent(1, twin);
        twin = _twin(_sign(KEY, 2));
        notary.consent(signer, WHAT, 2, deadline, twin);
        _spent(2, _sign(KEY, 2));
        vm.assertEq(notary.consents(signer), 2);
    }

    function test_the_short_form_counts_instead_of_the_long_one() external {
        bytes memory short = _short(_sign(KEY, 1));
        vm.assertEq(short.length, 64);
        notary.consent(signer, WHAT, 1, deadline, short);
        _spent(1, _sign(KEY, 1));
        notary.consent(signer, WHAT, 2, deadline, _sign(KEY, 2));
        _spent(2, _short(_sign(KEY, 2)));
    }

    function testFuzz_other_lengths_are_no_signatures(bytes calldata more) external {
        vm.assume(more.length > 0);
        _bad(signer, WHAT, 1, deadline, "");
        _bad(signer, WHAT, 1, deadline, bytes.concat(_sign(KEY, 1), more));
    }

    function test_nobody_signs_for_the_zero_address() external {
        // What recovers to nothing.
        _bad(address(0), WHAT, 1, deadline, new bytes(65));
    }

    function test_a_contract_consents_as_it_says() external {
        bytes32 digest = _digest(1);
        address wallet = address(new Wallet(digest));
        _bad(wallet, WHAT, 1, deadline, "stranger");
        _bad(wallet, WHAT, 2, deadline, "wallet");
        notary.consent(wallet, WHAT, 1, deadline, "wallet");
        vm.expectRevert(abi.encodeWithSelector(ISignatures.NonceSpent.selector, wallet, 1));
        notary.consent(wallet, WHAT, 1, deadline, "wallet");
    }

    function test_a_contract_that_reverts_does_not_consent() external {
        _badWallet(abi.encode(bytes4(0x1626ba7e)), true);
        _badWallet("", true);
    }

    function test_a_contract_that_answers_something_else_does_not_consent() external {
        _badWallet("", false);
        _badWallet(hex"1626ba7e", false);
        _badWallet(abi.encode(bytes4(0xffffffff)), false);
        _badWallet(abi.encode(true), false);
        _badWallet(abi.encode(uint256(0x1626ba7e)), false);
        _badWallet(abi.encodePacked(bytes4(0x1626ba7e), bytes28(uint224(1))), false);
        _badWallet(abi.encode(0, bytes4(0x1626ba7e)), false);
    }

    function test_a_contract_that_writes_does_not_consent() external {
        WritingWallet wallet = new WritingWallet();
        vm.expectRevert(abi.encodeWithSelector(ISignatures.BadSignature.selector, wallet));
        notary.consent{gas: 1_000_000}(address(wallet), WHAT, 1, deadline, "");
        vm.assertEq(wallet.asked(), 0);
    }

    function test_the_key_of_an_account_with_code_does_not_consent() external {
        bytes memory signature = _sign(KEY, 1);
        vm.etch(signer, address(new OddWallet("", false)).code);
        _bad(signer, WHAT, 1, deadline, signature);
    }

    function _badWallet(bytes memory answer, bool reverts) private {
        _bad(address(new OddWallet(answer, reverts)), WHAT, 1, deadline, "wallet");
    }

    function _bad(address who, bytes32 what, uint256 nonce, uint256 until, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(ISignatures.BadSignature.selector, who));
        notary.consent(who, what, nonce, until, signature);
        vm.assertFalse(notary.nonceUsed(who, nonce));
    }

    function _spent(uint256 nonce, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(ISignatures.NonceSpent.selector, signer, nonce));
        notary.consent(signer, WHAT, nonce, deadline, signature);
    }

    function _digest(uint256 nonce) private view returns (bytes32) {
        bytes32 separator =
            keccak256(abi.encode(DOMAIN, keccak256("harness"), keccak256("7"), block.chainid, address(notary)));
        return keccak256(abi.encodePacked(hex"1901", separator, notary.words(WHAT, nonce, deadline)));
    }

    function _sign(uint256 key, uint256 nonce) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(nonce));
        return abi.encodePacked(r, s, v);
    }

    function _twin(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, uint256 s, uint8 v) = _parts(signature);
        return abi.encodePacked(r, ORDER - s, v == 27 ? uint8(28) : uint8(27));
    }

    function _short(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, uint256 s, uint8 v) = _parts(signature);
        return abi.encodePacked(r, s | (uint256(v - 27) << 255));
    }

    function _parts(bytes memory signature) private pure returns (bytes32 r, uint256 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}
