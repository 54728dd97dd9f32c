// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice A contract that takes part in cases, and does what anybody tells it to.
contract Agent {
    bytes private _whenPaid;
    address private _target;
    /// @notice What came of the call that it makes when ETH arrives.
    bool public called;
    bool public succeeded;
    bytes public answer;

    function act(address target, bytes calldata data) external payable returns (bytes memory result) {
        bool done;
        (done, result) = target.call{value: msg.value}(data);
        if (done) return result;
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }

    /// @notice Makes a call once, when ETH arrives.
    function arm(address target, bytes calldata data) external {
        _target = target;
        _whenPaid = data;
    }

    receive() external payable {
        if (_target == address(0)) return;
        address target = _target;
        _target = address(0);
        called = true;
        (succeeded, answer) = target.call(_whenPaid);
    }
}

/// @notice Takes no ETH.
contract Refuser {
    error NotToday();

    receive() external payable {
        revert NotToday();
    }
}

/// @notice Burns all gas that it gets.
contract GasEater {
    receive() external payable {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice Answers with more data than a caller can pay for copying.
contract Babbler {
    receive() external payable {
        assembly ("memory-safe") {
            return(0, 100000)
        }
    }
}
