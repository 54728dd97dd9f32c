// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDeliveries} from "../../src/interfaces/IDeliveries.sol";
import {IPredictionEscrow} from "../../src/interfaces/IPredictionEscrow.sol";
import {ISignatures} from "../../src/interfaces/ISignatures.sol";
import {RoundDriver} from "../prediction/RoundDriver.sol";

/// @notice Receipts by signature. I8: none counts twice, or in another case, contract or chain.
contract AcknowledgementsTest is RoundDriver {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    uint256 private constant NONCE = 1 << 200;

    function test_receivers_signature() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        bytes memory signed = _sign(PROVIDER_KEY, _domain(), acknowledgement(t, NONCE, block.timestamp));
        vm.prank(stranger);
        predictions.acknowledgeBySignature(caseId, NONCE, block.timestamp, signed);
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.Acknowledged);
        vm.assertTrue(predictions.nonceUsed(provider, NONCE));
        vm.assertFalse(predictions.nonceUsed(provider, NONCE + 1));
        vm.assertFalse(predictions.nonceUsed(stranger, NONCE));
    }

    function test_wallet_as_receiver() external {
        Wallet wallet = new Wallet();
        IPredictionEscrow.Terms memory t = terms();
        t.model = _register(address(wallet));
        t.provider = address(wallet);
        uint256 caseId = announced(t);
        bytes32 words = acknowledgement(t, NONCE, FOREVER);
        bytes memory refusal = abi.encodeWithSelector(ISignatures.BadSignature.selector, wallet);
        _refused(caseId, NONCE, FOREVER, "consent", refusal);
        wallet.approve(keccak256(abi.encodePacked(hex"1901", _domain(), words)), "consent");
        _refused(caseId, NONCE, FOREVER, "other", refusal);
        _refused(caseId, NONCE + 1, FOREVER, "consent", refusal);
        predictions.acknowledgeBySignature(caseId, NONCE, FOREVER, "consent");
        vm.assertTrue(stageOf(t) == IDeliveries.Stage.Acknowledged);
    }

    function test_other_signers() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        bytes32 words = acknowledgement(t, NONCE, FOREVER);
        _bad(caseId, _sign(CONSUMER_KEY, _domain(), words));
        _bad(caseId, _sign(PROVIDER_KEY + 1, _domain(), words));
        _bad(caseId, "");
    }

    function test_expired() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        uint256 past = block.timestamp - 1;
        bytes memory signed = _sign(PROVIDER_KEY, _domain(), acknowledgement(t, NONCE, past));
        _refused(caseId, NONCE, past, signed, abi.encodeWithSelector(ISignatures.SignatureExpired.selector, past));
        // Nobody makes it good for longer than it says.
        _bad(caseId, signed);
    }

    function test_spent_nonce() external {
        IPredictionEscrow.Terms memory t = terms();
        bytes memory signed = _sign(PROVIDER_KEY, _domain(), acknowledgementOf(announced(t), _root(t), NONCE, FOREVER));
        predictions.acknowledgeBySignature(predictions.idOf(t), NONCE, FOREVER, signed);
        t.salt += 1;
        uint256 caseId = announced(t);
        signed = _sign(PROVIDER_KEY, _domain(), acknowledgement(t, NONCE, FOREVER));
        bytes memory spent = abi.encodeWithSelector(ISignatures.NonceSpent.selector, provider, NONCE);
        _refused(caseId, NONCE, FOREVER, signed, spent);
        vm.prank(provider);
        vm.expectRevert(spent);
        predictions.cancelNonce(NONCE);
    }

    function test_cancelled_nonce() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        bytes memory signed = _sign(PROVIDER_KEY, _domain(), acknowledgement(t, NONCE, FOREVER));
        // Others cancel their own nonces only.
        vm.prank(stranger);
        predictions.cancelNonce(NONCE);
        vm.assertFalse(predictions.nonceUsed(provider, NONCE));
        vm.expectEmit(address(predictions));
        emit ISignatures.NonceUsed(provider, NONCE);
        vm.prank(provider);
        predictions.cancelNonce(NONCE);
        vm.assertTrue(predictions.nonceUsed(provider, NONCE));
        _refused(
            caseId, NONCE, FOREVER, signed, abi.encodeWithSelector(ISignatures.NonceSpent.selector, provider, NONCE)
        );
    }

    /// @dev A bad signature spends nobody's nonce.
    function test_bad_signatures_spend_nothing() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        bytes32 words = acknowledgement(t, NONCE, FOREVER);
        _bad(caseId, _sign(CONSUMER_KEY, _domain(), words));
        vm.assertFalse(predictions.nonceUsed(provider, NONCE));
        predictions.acknowledgeBySignature(caseId, NONCE, FOREVER, _sign(PROVIDER_KEY, _domain(), words));
    }

    function test_of_something_else() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        bytes32 root = _root(t);
        _bad(caseId, _sign(PROVIDER_KEY, _domain(), acknowledgementOf(caseId + 1, root, NONCE, FOREVER)));
        _bad(caseId, _sign(PROVIDER_KEY, _domain(), acknowledgementOf(caseId, ~root, NONCE, FOREVER)));
        _bad(caseId, _sign(PROVIDER_KEY, _domain(), acknowledgementOf(caseId, root, NONCE + 1, FOREVER)));
        _bad(caseId, _sign(PROVIDER_KEY, _domain(), acknowledgementOf(caseId, root, NONCE, FOREVER - 1)));
        _bad(caseId, _sign(PROVIDER_KEY, _domain(), keccak256(abi.encode(caseId, root, NONCE, FOREVER))));
    }

    /// @dev Two rounds with the very same ciphertext.
    function test_of_another_case() external {
        IPredictionEscrow.Terms memory t = terms();
        announced(t);
        bytes memory signed = _sign(PROVIDER_KEY, _domain(), acknowledgement(t, NONCE, FOREVER));
        t.salt += 1;
        _bad(announced(t), signed);
    }

    function test_of_another_contract_or_chain() external {
        IPredictionEscrow.Terms memory t = terms();
        uint256 caseId = announced(t);
        bytes32 words = acknowledgement(t, NONCE, FOREVER);
        _bad(caseId, _sign(PROVIDER_KEY, domain(address(exams)), words));
        uint256 chain = block.chainid;
        _bad(caseId, _sign(PROVIDER_KEY, _domainOf("zkescrow PredictionEscrow", chain, address(exams)), words));
        _bad(
            caseId, _sign(PROVIDER_KEY, _domainOf("zkescrow PredictionEscrow", chain + 1, address(predictions)), words)
        );
        bytes memory signed = _sign(PROVIDER_KEY, _domain(), words);
        vm.chainId(chain + 1);
        _bad(caseId, signed);
        vm.chainId(chain);
        predictions.acknowledgeBySignature(caseId, NONCE, FOREVER, signed);
    }

    function _bad(uint256 caseId, bytes memory signed) private {
        _refused(caseId, NONCE, FOREVER, signed, abi.encodeWithSelector(ISignatures.BadSignature.selector, provider));
    }

    function _refused(uint256 caseId, uint256 nonce, uint256 deadline, bytes memory signed, bytes memory refusal)
        private
    {
        bytes memory data = abi.encodeCall(predictions.acknowledgeBySignature, (caseId, nonce, deadline, signed));
        refuse(Move(stranger, 0, data), refusal);
    }

    function _root(IPredictionEscrow.Terms memory t) private view returns (bytes32) {
        return predictions.deliveryOf(predictions.idOf(t)).root;
    }

    function _sign(uint256 key, bytes32 domain_, bytes32 words) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain_, words)));
        return abi.encodePacked(r, s, v);
    }

    function _domain() private view returns (bytes32) {
        return _domainOf("zkescrow PredictionEscrow", block.chainid, address(predictions));
    }

    function _domainOf(string memory name, uint256 chain, address where) private pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, keccak256(bytes(name)), keccak256("1"), chain, where));
    }
}

/// @notice Consents to one digest under one word.
contract Wallet {
    bytes32 private _digest;
    bytes32 private _word;

    function approve(bytes32 digest, bytes calldata word) external {
        (_digest, _word) = (digest, keccak256(word));
    }

    function isValidSignature(bytes32 digest, bytes calldata word) external view returns (bytes4) {
        bool consents = _digest != 0 && digest == _digest && keccak256(word) == _word;
        return consents ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
