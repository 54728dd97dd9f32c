// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {Test} from "../utils/Test.sol";
import {Coin} from "../utils/Tokens.sol";
import {World} from "./World.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @notice Withdraws credits, tries to withdraw what is somebody else's, and gives money away. No call reverts, unless an
/// assertion fails.
contract MoneyHandler is Test {
    World private immutable _WORLD;
    Coin private immutable _COIN;

    /// @notice What was paid to a person's wallet.
    mapping(address person => mapping(address currency => uint256)) public fetched;

    constructor(World world) {
        (_WORLD, _COIN) = (world, world.coin());
    }

    /// @notice Where somebody has its credits sent.
    function wallet(address person) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("wallet", person)))));
    }

    /// @notice One of the four contracts that hold money.
    function targets(uint256 r) public view returns (address) {
        if (r % 4 == 0) return address(_WORLD.predictions());
        if (r % 4 == 1) return address(_WORLD.exams());
        return r % 4 == 2 ? address(_WORLD.retrieval()) : address(_WORLD.registry());
    }

    /// @notice INVARIANT I9: everybody fetches what is its own, nobody anything else.
    function withdraw(uint256 seed) external {
        uint256 r = uint256(keccak256(abi.encode(seed, "withdraw")));
        address target = targets(r);
        address currency = _WORLD.currencies(r >> 8);
        // Nobody is the burner.
        for (uint256 k = 0; k < 8; ++k) {
            _withdraw(target, currency, _WORLD.people((k + (r >> 16)) % 8), r);
        }
    }

    /// @notice Money that nobody asked for.
    function donate(uint256 seed) external {
        uint256 r = uint256(keccak256(abi.encode(seed, "donate")));
        _WORLD.donate(targets(r), _WORLD.currencies(r >> 8), 1 + (r >> 16) % 1e15);
        _WORLD.note("money donated");
    }

    function _withdraw(address target, address currency, address who, uint256 r) private {
        uint256 amount = _WORLD.owed(target, currency, who);
        address to = wallet(who);
        if (amount == 0) return _refuse(target, who, currency, to, ICredits.NoCredit.selector);
        // Some leave it where it is.
        if ((r >> 32) % 3 == 0) return;
        _refuse(target, who, currency, target, ICredits.BadRecipient.selector);
        _refuse(target, who, currency, address(0), ICredits.BadRecipient.selector);
        if (currency == address(0) && who.code.length != 0) {
            // It blocks itself alone, until it names another recipient.
            _refuse(target, who, currency, who, SafeTransferLib.ETHTransferFailed.selector);
            _WORLD.note("money refused");
        }
        uint256 before = _balance(currency, to);
        vm.prank(who);
        uint256 paid = ICredits(target).withdraw(currency, to);
        vm.assertEq(paid, amount, "I9: what is owed");
        vm.assertEq(_balance(currency, to), before + amount, "I9: what was paid");
        _WORLD.pay(target, currency, who);
        fetched[who][currency] += amount;
        _refuse(target, who, currency, to, ICredits.NoCredit.selector);
        _WORLD.note("money withdrawn");
    }

    function _refuse(address target, address who, address currency, address to, bytes4 why) private {
        vm.prank(who);
        (bool success, bytes memory answer) = target.call(abi.encodeCall(ICredits.withdraw, (currency, to)));
        vm.assertFalse(success, "I9: a credit of nobody");
        vm.assertEq(uint256(bytes32(bytes4(answer))), uint256(bytes32(why)), "I9: another reason");
    }

    function _balance(address currency, address who) private view returns (uint256) {
        return currency == address(0) ? who.balance : _COIN.balanceOf(who);
    }
}
