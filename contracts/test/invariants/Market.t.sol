// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICredits} from "../../src/interfaces/ICredits.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Test} from "../utils/Test.sol";
import {AccuracyHandler} from "./AccuracyHandler.sol";
import {Handler} from "./Handler.sol";
import {MoneyHandler} from "./MoneyHandler.sol";
import {PredictionHandler} from "./PredictionHandler.sol";
import {RegistryHandler} from "./RegistryHandler.sol";
import {RetrievalHandler} from "./RetrievalHandler.sol";
import {World} from "./World.sol";

/// @notice Which functions of a target forge may call.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @notice A marketplace in which everybody does what it can, and what plays it.
abstract contract Playground is Test {
    World internal world;
    PredictionHandler internal rounds;
    AccuracyHandler internal exams;
    RetrievalHandler internal requests;
    RegistryHandler internal stakes;
    MoneyHandler internal money;
    Handler[3] internal handlers;

    function setUp() public {
        world = new World();
        rounds = new PredictionHandler(world);
        exams = new AccuracyHandler(world);
        requests = new RetrievalHandler(world);
        stakes = new RegistryHandler(world);
        money = new MoneyHandler(world);
        handlers = [Handler(rounds), exams, requests];
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](5);
        targets[0] = FuzzSelector(address(rounds), _of(Handler.open.selector, Handler.move.selector));
        targets[1] = FuzzSelector(address(exams), _of(Handler.open.selector, Handler.move.selector));
        bytes4[] memory selectors = new bytes4[](5);
        (selectors[0], selectors[1], selectors[2]) =
        (Handler.open.selector, Handler.move.selector, Handler.move.selector);
        (selectors[3], selectors[4]) = (Handler.wrong.selector, requests.tend.selector);
        targets[2] = FuzzSelector(address(requests), selectors);
        targets[3] = FuzzSelector(address(stakes), new bytes4[](1));
        targets[3].selectors[0] = stakes.stake.selector;
        targets[4] = FuzzSelector(address(money), new bytes4[](2));
        (targets[4].selectors[0], targets[4].selectors[1]) = (money.withdraw.selector, money.donate.selector);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](5);
        (targets[0], targets[1], targets[2]) = (address(rounds), address(exams), address(requests));
        (targets[3], targets[4]) = (address(stakes), address(money));
    }

    function _of(bytes4 first, bytes4 second) private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](4);
        (selectors[0], selectors[1], selectors[2], selectors[3]) = (first, second, Handler.wrong.selector, second);
    }
}

/// @notice The invariants of PROTOCOLS.md. Handlers assert what concerns one call when they make it; here is what has to be so
/// between any two calls.
contract MarketInvariants is Playground {
    /// @dev I2: strangers and time end every case; nothing is left in any contract that is nobody's.
    function afterInvariant() external {
        for (uint256 h = 0; h < 3; ++h) {
            handlers[h].finish();
            vm.assertEq(handlers[h].liveCount(), 0, "I2: ended");
        }
        invariant_I1_to_I10();
        for (uint256 c = 0; c < 2; ++c) {
            for (uint256 t = 0; t < 3; ++t) {
                vm.assertEq(world.locked(money.targets(t), world.currencies(c)), 0, "I2: nothing is left");
            }
        }
    }

    /// @notice All of them in one game: each invariant of its own would have forge play it anew.
    function invariant_I1_to_I10() public view {
        I1_balances_are_what_is_locked_and_credited();
        I2_cases_that_ended_credited_everything_once();
        I3_only_silence_and_lies_lose();
        I4_silence_loses();
        I5_states_only_move_forward();
        I6_one_contest();
        I7_stake_stays_while_cases_rely_on_it();
        I8_nothing_counts_twice();
        I9_credits_are_their_owners();
        I10_lack_of_gas_decides_nothing();
    }

    /// @notice I1: the balance of each contract, in each currency, is what its open cases, datasets and stakes hold, and the
    /// credits that nobody fetched, and what somebody sent unasked.
    function I1_balances_are_what_is_locked_and_credited() public view {
        for (uint256 c = 0; c < 2; ++c) {
            address currency = world.currencies(c);
            for (uint256 t = 0; t < 4; ++t) {
                address target = money.targets(t);
                uint256 held = t < 3 ? handlers[t].heldIn(currency) : c == 0 ? _staked() : 0;
                vm.assertEq(held, world.locked(target, currency), "I1: the ledger");
                uint256 balance = c == 0 ? target.balance : world.coin().balanceOf(target);
                uint256 sum = held + _credits(target, currency) + world.donated(target, currency);
                vm.assertEq(balance, sum, "I1: balance");
            }
        }
    }

    /// @notice I2: a case that ended holds nothing, and stays as it ended; and everybody was credited what the paper says, of
    /// all cases together.
    function I2_cases_that_ended_credited_everything_once() public view {
        for (uint256 h = 0; h < 3; ++h) {
            for (uint256 i = 0; i < handlers[h].count(); ++i) {
                Handler.Track memory c = handlers[h].track(i);
                if (!c.ended) continue;
                (uint8 state,) = handlers[h].read(i);
                vm.assertEq(state, c.state, "I2: an end is for good");
                vm.assertEq(c.held, 0, "I2: everything");
            }
        }
        _creditsAreOwed("I2: credit");
    }

    /// @notice I3: whoever did all that it had to do in time, and told no lies, keeps its escrow and its stake.
    function I3_only_silence_and_lies_lose() public view {
        for (uint256 h = 0; h < 3; ++h) {
            for (uint256 i = 0; i < handlers[h].count(); ++i) {
                Handler.Track memory c = handlers[h].track(i);
                if (c.loser == Handler.Party.Nobody) continue;
                bool silent = c.late && c.turn == c.loser;
                vm.assertTrue(silent || c.caught == c.loser, "I3: lost without fault");
            }
        }
        for (uint256 k = 0; k < 3; ++k) {
            World.Stake memory s = world.models(k);
            uint256 faults;
            for (uint256 h = 0; h < 2; ++h) {
                for (uint256 i = 0; i < handlers[h].count(); ++i) {
                    Handler.Track memory c = handlers[h].track(i);
                    if (c.model == s.id && c.loser == Handler.Party.Provider) ++faults;
                }
            }
            vm.assertEq(s.slashes, faults, "I3: slashed without fault");
        }
    }

    /// @notice I4: what was contested, challenged, sampled or demanded and not shown when the case ended was lost by the
    /// side that had to answer.
    function I4_silence_loses() public view {
        for (uint256 h = 0; h < 3; ++h) {
            for (uint256 i = 0; i < handlers[h].count(); ++i) {
                Handler.Track memory c = handlers[h].track(i);
                if (!c.ended || c.unanswered == 0) continue;
                bool lost = c.loser != Handler.Party.Nobody && c.loser == c.turn;
                vm.assertTrue(lost, "I4: silence did not lose");
            }
        }
    }

    /// @notice I5: every case is where its last move took it. Handlers assert that each move went forward.
    function I5_states_only_move_forward() public view {
        for (uint256 h = 0; h < 3; ++h) {
            for (uint256 i = 0; i < handlers[h].count(); ++i) {
                (uint8 state,) = handlers[h].read(i);
                vm.assertEq(state, handlers[h].track(i).state, "I5: state");
            }
        }
    }

    /// @notice I6: what was contested or challenged is what the first contest or challenge named, for good.
    function I6_one_contest() public view {
        for (uint256 i = 0; i < rounds.count(); ++i) {
            (uint256 stated, uint256 made) = rounds.contests(i);
            vm.assertEq(stated, made, "I6: contest");
        }
        for (uint256 i = 0; i < exams.count(); ++i) {
            (uint256 stated, uint256 made) = exams.challenges(i);
            vm.assertEq(stated, made, "I6: challenge");
        }
    }

    /// @notice I7: a model has as many open cases as rely on it, and its stake is what was staked, less what was withdrawn while
    /// no case was open and what faults cost.
    function I7_stake_stays_while_cases_rely_on_it() public view {
        IModelRegistry registry = world.registry();
        for (uint256 k = 0; k < 3; ++k) {
            World.Stake memory s = world.models(k);
            IModelRegistry.Model memory m = registry.modelOf(s.id);
            vm.assertEq(m.openCases, s.relying, "I7: open cases");
            vm.assertEq(s.relying, rounds.relying(s.id) + exams.relying(s.id), "I7: relying cases");
            vm.assertEq(m.stake, s.stake, "I7: stake");
            vm.assertEq(m.unbonding, s.unbonding, "I7: unbonding");
        }
    }

    /// @notice I8: an answer counts once: exactly the things without one are marked so. Handlers replay proofs, signatures and
    /// ciphertexts elsewhere, and assert that each is refused.
    function I8_nothing_counts_twice() public view {
        for (uint256 i = 0; i < rounds.count(); ++i) {
            vm.assertEq(rounds.marked(i), rounds.waiting(i), "I8: contested");
        }
        for (uint256 i = 0; i < exams.count(); ++i) {
            vm.assertEq(exams.marked(i), exams.waiting(i), "I8: challenged");
        }
        for (uint256 i = 0; i < requests.count(); ++i) {
            vm.assertEq(requests.marked(i), requests.waiting(i), "I8: sampled");
        }
    }

    /// @notice I9: credits are those of their owners, who received what they fetched; what is burned stays.
    function I9_credits_are_their_owners() public view {
        _creditsAreOwed("I9: credit");
        for (uint256 p = 0; p < 9; ++p) {
            address person = world.people(p);
            address wallet = money.wallet(person);
            vm.assertEq(wallet.balance, money.fetched(person, address(0)), "I9: ETH");
            address coin = address(world.coin());
            vm.assertEq(world.coin().balanceOf(wallet), money.fetched(person, coin), "I9: coins");
        }
    }

    /// @notice I10: whatever was tried without enough gas is as it was: what has no answer waits for one.
    function I10_lack_of_gas_decides_nothing() public view {
        for (uint256 h = 0; h < 3; ++h) {
            for (uint256 i = 0; i < handlers[h].count(); ++i) {
                Handler.Track memory c = handlers[h].track(i);
                if (c.ended) continue;
                vm.assertEq(handlers[h].outstanding(i), c.unanswered, "I10: outstanding");
            }
        }
    }

    function _staked() private view returns (uint256 sum) {
        for (uint256 k = 0; k < 3; ++k) {
            sum += world.registry().modelOf(world.models(k).id).stake;
        }
    }

    function _credits(address target, address currency) private view returns (uint256 sum) {
        for (uint256 p = 0; p < 9; ++p) {
            sum += ICredits(target).credits(currency, world.people(p));
        }
    }

    function _creditsAreOwed(string memory what) private view {
        for (uint256 c = 0; c < 2; ++c) {
            address currency = world.currencies(c);
            for (uint256 t = 0; t < 4; ++t) {
                address target = money.targets(t);
                for (uint256 p = 0; p < 9; ++p) {
                    address person = world.people(p);
                    uint256 credit = ICredits(target).credits(currency, person);
                    vm.assertEq(credit, world.owed(target, currency, person), what);
                }
            }
        }
    }
}
