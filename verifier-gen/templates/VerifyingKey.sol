// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title VerifyingKey
/// @notice A circuit's key, as the code of this contract: a zero byte, so that nobody runs it, then words. Generated: do
/// not edit.
/// @dev Points are coordinates x, y; those of G2 have their imaginary parts first. Infinity is (0, 0).
contract VerifyingKey {
    constructor() {
        assembly {
            mstore8(0x00, 0x00)
{%- for entry in entries %}
            // {{ entry.0 }}
{%- for line in entry.1 %}
            {{ line }}
{%- endfor %}
{%- endfor %}
            return(0x00, {{ size }})
        }
    }
}
