// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "../utils/Test.sol";
import {Material} from "./Material.sol";
import {World} from "./World.sol";

/// @notice Plays the cases of one escrow. It keeps its own record of every case: whose move it is and until when, what the case
/// holds, and how it has to end. After every move the contract has to say the same.
/// @dev No call of a handler reverts, unless an assertion fails.
abstract contract Handler is Test {
    enum Party {
        Nobody,
        Consumer,
        Provider
    }

    /// @notice A case. In retrieval, the requester is the consumer and the responder the provider.
    /// @param state As the contract has to say.
    /// @param turn Whose silence is a fault.
    /// @param until When the time for the next move ends; zero if there is no limit.
    /// @param relies Whether the model's stake answers for it.
    /// @param held What it holds.
    /// @param unanswered Contested, challenged, sampled or demanded things without an answer.
    /// @param ended Whether it came to an end; then `turn`, `unanswered` are those of the end.
    /// @param late Whether time was over when it ended.
    /// @param caught Who was shown to have delivered false data.
    /// @param loser Who lost its escrow.
    struct Track {
        uint256 id;
        address consumer;
        address provider;
        address currency;
        bytes32 model;
        uint8 state;
        Party turn;
        uint64 until;
        bool relies;
        uint256 held;
        uint256 unanswered;
        bool ended;
        bool late;
        Party caught;
        Party loser;
    }

    /// @dev Open cases at a time.
    uint256 internal constant MOST = 5;
    uint256 internal constant MOVES = 3;

    World internal immutable _WORLD;
    Material internal immutable _MATERIAL;
    /// @notice The escrow.
    address public immutable ESCROW;

    Track[] internal _tracks;
    uint256[] internal _live;

    constructor(World world, address escrow) {
        (_WORLD, _MATERIAL, ESCROW) = (world, world.material(), escrow);
    }

    /// @notice Begins a case, unless there are many.
    function open(uint256 seed) external {
        if (_live.length < MOST) _open(_mix(seed, 0));
        else this.move(seed);
    }

    /// @notice Some moves in some of the open cases; often nobody moves until the last second, or the one after.
    function move(uint256 seed) external {
        for (uint256 k = 1; k <= MOVES; ++k) {
            uint256 r = _mix(seed, k);
            if (_live.length == 0) {
                _open(r);
                continue;
            }
            uint256 i = _live[r % _live.length];
            uint64 until = _tracks[i].until;
            if ((r >> 200) % 28 == 0 && until >= block.timestamp) _jump(until + (r >> 210) % 2);
            _move(i, _mix(r, 99));
            _check(i);
        }
    }

    /// @notice Calls that must be refused.
    function wrong(uint256 seed) external {
        if (_tracks.length == 0) return;
        uint256 r = _mix(seed, 7);
        // The last cases, open or not.
        uint256 recent = _tracks.length < 6 ? _tracks.length : 6;
        uint256 i = _tracks.length - 1 - r % recent;
        _wrong(i, _mix(r, 98));
        _check(i);
    }

    /// @notice Ends every case, by strangers and time alone.
    function finish() public virtual {
        while (_live.length > 0) {
            uint256 i = _live[0];
            if (_tracks[i].until >= block.timestamp) _jump(uint256(_tracks[i].until) + 1);
            _expire(i);
            _check(i);
        }
    }

    function count() external view returns (uint256) {
        return _tracks.length;
    }

    function liveCount() external view returns (uint256) {
        return _live.length;
    }

    function track(uint256 i) external view returns (Track memory) {
        return _tracks[i];
    }

    /// @notice What the open cases hold of a currency.
    function heldIn(address currency) external view virtual returns (uint256 sum) {
        for (uint256 k = 0; k < _live.length; ++k) {
            Track storage c = _tracks[_live[k]];
            if (c.currency == currency) sum += c.held;
        }
    }

    /// @notice Open cases that rely on a model.
    function relying(bytes32 model) external view returns (uint256 cases) {
        for (uint256 k = 0; k < _live.length; ++k) {
            Track storage c = _tracks[_live[k]];
            if (c.relies && c.model == model) ++cases;
        }
    }

    /// @notice What the contract says of a case.
    function read(uint256 i) public view virtual returns (uint8 state, uint256 deadline);

    /// @notice How many things have no answer, as the contract says.
    function outstanding(uint256 i) external view virtual returns (uint256);

    function _open(uint256 r) internal virtual;

    function _move(uint256 i, uint256 r) internal virtual;

    function _wrong(uint256 i, uint256 r) internal virtual;

    /// @dev Ends a case by the silence of all parties, as far as it goes; a stranger calls.
    function _expire(uint256 i) internal virtual;

    function _name() internal pure virtual returns (string memory);

    function _begin(uint256 id, address consumer, address provider, address currency, bytes32 model)
        internal
        returns (uint256 i)
    {
        i = _tracks.length;
        Track storage c = _tracks.push();
        (c.id, c.consumer, c.provider, c.currency, c.model) = (id, consumer, provider, currency, model);
        _live.push(i);
    }

    /// @dev The case is in `state` now, a later one than before, and somebody has to move.
    function _enter(uint256 i, uint8 state, Party turn, uint256 duration) internal {
        Track storage c = _tracks[i];
        vm.assertTrue(state > c.state, "I5: forward");
        (c.state, c.turn, c.until) = (state, turn, uint64(block.timestamp + duration));
        _note("state ", state);
    }

    /// @dev Somebody else has to move, in the same state.
    function _pass(uint256 i, Party turn, uint256 duration) internal {
        (_tracks[i].turn, _tracks[i].until) = (turn, uint64(block.timestamp + duration));
    }

    /// @dev The case has ended in `state`. Everything that it held must be somebody's by now.
    function _end(uint256 i, uint8 state, Party loser) internal {
        Track storage c = _tracks[i];
        vm.assertTrue(!c.ended && state > c.state, "I2: once");
        vm.assertEq(c.held, 0, "I2: everything");
        c.late = block.timestamp > c.until;
        (c.state, c.until, c.ended, c.loser) = (state, 0, true, loser);
        if (c.relies) _WORLD.rely(c.model, false);
        for (uint256 k = 0; k < _live.length; ++k) {
            if (_live[k] != i) continue;
            _live[k] = _live[_live.length - 1];
            _live.pop();
            break;
        }
        _note("state ", state);
    }

    function _relyOn(uint256 i) internal {
        _tracks[i].relies = true;
        _WORLD.rely(_tracks[i].model, true);
    }

    /// @dev Money comes into a case.
    function _in(uint256 i, uint256 amount) internal {
        _tracks[i].held += amount;
        _WORLD.lock(ESCROW, _tracks[i].currency, amount);
    }

    /// @dev Money of a case becomes somebody's.
    function _out(uint256 i, address owner, uint256 amount) internal {
        _tracks[i].held -= amount;
        _WORLD.owe(ESCROW, _tracks[i].currency, owner, amount);
    }

    /// @dev The rest of a case's money becomes somebody's.
    function _rest(uint256 i, address owner) internal {
        _out(i, owner, _tracks[i].held);
    }

    /// @dev `amount` of an escrow goes to the other side, but for the burned share.
    function _forfeit(uint256 i, address winner, uint256 amount) internal {
        uint256 burned = amount * _WORLD.BURN_SHARE() / 10_000;
        _out(i, _WORLD.BURN(), burned);
        _out(i, winner, amount - burned);
    }

    function _fund(address who, address currency, uint256 amount) internal returns (uint256 value) {
        return _WORLD.fund(who, ESCROW, currency, amount);
    }

    function _check(uint256 i) internal view {
        (uint8 state, uint256 deadline) = read(i);
        vm.assertEq(state, _tracks[i].state, "I5: state");
        vm.assertEq(deadline, _tracks[i].until, "I5: deadline");
    }

    /// @dev The call must revert with this error, and leave the case as it is.
    function _refuse(address who, bytes memory data, bytes4 why) internal {
        _refuse(who, 0, data, why);
    }

    function _refuse(address who, uint256 value, bytes memory data, bytes4 why) internal {
        vm.deal(who, who.balance + value);
        vm.prank(who);
        (bool success, bytes memory answer) = ESCROW.call{value: value}(data);
        vm.assertFalse(success, string.concat("forbidden: ", _name()));
        vm.assertEq(uint256(bytes32(bytes4(answer))), uint256(bytes32(why)), "forbidden for another reason");
        _note("refused");
    }

    function _jump(uint256 time) internal {
        vm.roll(block.number + (time - block.timestamp) / 12);
        vm.warp(time);
    }

    function _note(string memory what) internal {
        _WORLD.note(string.concat(_name(), " ", what));
    }

    function _note(string memory what, uint256 number) internal {
        _note(string.concat(what, vm.toString(number)));
    }

    function _stranger() internal view returns (address) {
        return _WORLD.STRANGER();
    }

    function _mix(uint256 a, uint256 b) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(a, b)));
    }

    /// @dev `first`, `first + 1` and so on.
    function _range(uint256 first, uint256 length) internal pure returns (uint256[] memory list) {
        list = new uint256[](length);
        for (uint256 k = 0; k < length; ++k) {
            list[k] = first + k;
        }
    }
}
