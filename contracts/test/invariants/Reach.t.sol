// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Playground} from "./Market.t.sol";

/// @notice One long game with fixed seeds. Handlers that reach nothing find nothing: here they have to reach every state of every
/// protocol, every end, and every way to it.
contract ReachTest is Playground {
    event log_named_uint(string what, uint256 count);

    uint256 private constant CALLS = 12_000;

    function test_handlers_reach_everything() external {
        for (uint256 k = 0; k < CALLS; ++k) {
            _call(uint256(keccak256(abi.encode("reach", k))));
        }
        for (uint256 h = 0; h < 3; ++h) {
            handlers[h].finish();
        }
        _states("prediction", 14);
        _states("accuracy", 13);
        _states("retrieval", 11);
        _numbered("prediction complaint ", 1, 4);
        _numbered("accuracy complaint ", 1, 5);
        // Committed, Delivering, PredictionsDemanded, Contested; and InputsDemanded, InputsShown, Delivering.
        _each("prediction silent provider in ", [uint256(3), 6, 8, 10]);
        _numbered("prediction failed consumer in ", 4, 6);
        // Committed, Delivering.
        _each("prediction declined in ", [uint256(3), 3, 6, 6]);
        _reached("prediction shown in part");
        // FirstDelivery, SecondDelivery, Challenged; and Accepted to SecondDelivery.
        _each("accuracy silent provider in ", [uint256(3), 5, 7, 7]);
        _numbered("accuracy failed consumer in ", 2, 5);
        // Approved, Drawn, Demanded, Identified, Delivering.
        _each("retrieval silent responder in ", [uint256(2), 4, 6, 7]);
        _numbered("retrieval silent responder in ", 8, 8);
        string[3] memory names = ["prediction", "accuracy", "retrieval"];
        for (uint256 h = 0; h < 3; ++h) {
            _common(names[h]);
        }
        _reached("prediction published in part");
        _reached("prediction too little stake");
        _reached("accuracy too little stake");
        _reached("accuracy undecided");
        _reached("retrieval not approvable");
        _reached("retrieval complained");
        _reached("retrieval approved while retiring");
        // Filed, Posted.
        _each("retrieval withdrawn in ", [uint256(1), 1, 3, 3]);
        // Announced to Revealed.
        _numbered("retrieval word at ", 1, 4);
        _numbered("retrieval late word at ", 1, 4);
        _reached("retrieval attested");
        _reached("retrieval retired");
        _reached("retrieval closed");
        _reached("retrieval rearmed");
        _reached("stake added");
        _reached("stake topped up");
        _reached("stake unbonding");
        _reached("stake withdrawn");
        _reached("stake kept");
        _reached("stake kept when due");
        _reached("stake refused");
        _reached("money withdrawn");
        _reached("money refused");
        _reached("money donated");
    }

    /// @dev As forge calls, but always the same.
    function _call(uint256 r) private {
        uint256 h = r % 3;
        uint256 what = (r >> 8) % 12;
        r >>= 16;
        if (what == 0) handlers[h].open(r);
        else if (what < 7) handlers[h].move(r);
        else if (what == 7) handlers[h].wrong(r);
        else if (what == 8) requests.tend(r);
        else if (what == 9) stakes.stake(r);
        else if (what == 10) money.withdraw(r);
        else money.donate(r);
    }

    /// @dev What can happen in every protocol.
    function _common(string memory name) private {
        _reached(string.concat(name, " publication demanded"));
        _reached(string.concat(name, " published"));
        _reached(string.concat(name, " acknowledged by signature"));
        _reached(string.concat(name, " signature replayed"));
        _reached(string.concat(name, " revealed"));
        _reached(string.concat(name, " false complaint"));
        _reached(string.concat(name, " proven"));
        _reached(string.concat(name, " proof replayed"));
        _reached(string.concat(name, " starved"));
        _reached(string.concat(name, " refused"));
    }

    function _states(string memory name, uint256 last) private {
        _numbered(string.concat(name, " state "), 1, last);
    }

    function _each(string memory what, uint256[4] memory numbers) private {
        for (uint256 k = 0; k < 4; ++k) {
            _numbered(what, numbers[k], numbers[k]);
        }
    }

    function _numbered(string memory what, uint256 first, uint256 last) private {
        for (uint256 k = first; k <= last; ++k) {
            _reached(string.concat(what, vm.toString(k)));
        }
    }

    function _reached(string memory what) private {
        uint256 count = world.reached(what);
        emit log_named_uint(what, count);
        vm.assertTrue(count > 0, string.concat("never reached: ", what));
    }
}
