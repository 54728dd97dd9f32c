// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Halo2Verifier
/// @notice Checks halo2 proofs (KZG over BN254, SHPLONK, keccak transcript) of all circuits with one set of columns and
/// gates. What differs between them is in a key contract. Generated: do not edit.
/// @dev It trusts the key that it is given: ask a `ModelVerifier`, which knows its key.
/// Fixed columns are F, permutation columns S, instances I, advice columns A, other polynomials P; `_NEXT` and `_PREV`
/// are neighbouring rows. All evaluations are below r, sums and differences are any representatives below 2^256.
contract Halo2Verifier {
    /// @notice A precompile failed: all points were checked before, so it can only have lacked gas.
    error PrecompileFailed(uint256 precompile);
    /// @notice The arguments are not encoded in the one canonical way.
    error NonCanonicalCalldata();

    /// @dev Order of the scalar field.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// @dev Modulus of the coordinates.
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    /// @dev Gas given to the precompiles: well above what they cost today, and never all there is.
    uint256 private constant POWER_GAS = 20_000;
    uint256 private constant ADD_GAS = 2_000;
    uint256 private constant MUL_GAS = 20_000;
    uint256 private constant PAIRING_GAS = 300_000;

    /// @dev Exact size of the arguments, and where they are.
    uint256 private constant INSTANCE_COUNT = 4;
    uint256 private constant PROOF_BYTES = 0x0c00;
    uint256 private constant PROOF = 0x84;
    uint256 private constant EVALUATIONS = 0x05c4;
    uint256 private constant EVALUATIONS_END = 0x0c04;
    uint256 private constant INSTANCES = 0x0ca4;

    /// @dev The key: words after the first byte of its code.
    uint256 private constant KEY_BYTES = 0x0940;
    uint256 private constant KEY = 0x0a40;
    uint256 private constant KEY_ROWS = 0x0a40;
    uint256 private constant POWER = 0x0080;
    uint256 private constant POWER_LENGTHS = 0x00a0;
    uint256 private constant POWER_LENGTHS_2 = 0x00c0;
    uint256 private constant POWER_BASE = 0x00e0;
    uint256 private constant POWER_EXPONENT = 0x0100;
    uint256 private constant POWER_MODULUS = 0x0120;
    uint256 private constant SUM = 0x0140;
    uint256 private constant TERM = 0x0180;
    uint256 private constant TERM_FACTOR = 0x01c0;
    uint256 private constant Y = 0x03a0;
    uint256 private constant X = 0x03c0;
    uint256 private constant MU = 0x03e0;
    uint256 private constant GAMMA = 0x0400;
    uint256 private constant U = 0x0420;
    uint256 private constant X_N = 0x0440;
    uint256 private constant VALUE = 0x0460;
    uint256 private constant COMMON = 0x0480;

    /// @dev Evaluations in memory.
    uint256 private constant A16 = 0x19e0;
    uint256 private constant A2 = 0x1a00;
    uint256 private constant A4 = 0x1a20;
    uint256 private constant A6 = 0x1a40;
    uint256 private constant A10 = 0x1a60;
    uint256 private constant A3 = 0x1a80;
    uint256 private constant A5 = 0x1aa0;
    uint256 private constant A7 = 0x1ac0;
    uint256 private constant A11 = 0x1ae0;
    uint256 private constant A12 = 0x1b00;
    uint256 private constant A12_PREV = 0x1b20;
    uint256 private constant A8 = 0x1b40;
    uint256 private constant A13 = 0x1b60;
    uint256 private constant A13_PREV = 0x1b80;
    uint256 private constant A14 = 0x1ba0;
    uint256 private constant A14_PREV = 0x1bc0;
    uint256 private constant A9 = 0x1be0;
    uint256 private constant A0 = 0x1c00;
    uint256 private constant A1 = 0x1c20;
    uint256 private constant A15 = 0x1c40;
    uint256 private constant A15_PREV = 0x1c60;
    uint256 private constant A16_NEXT = 0x1c80;
    uint256 private constant A16_NEXT2 = 0x1ca0;
    uint256 private constant A16_NEXT3 = 0x1cc0;
    uint256 private constant A2_NEXT = 0x1ce0;
    uint256 private constant A4_NEXT = 0x1d00;
    uint256 private constant A6_NEXT = 0x1d20;
    uint256 private constant A4_PREV = 0x1d40;
    uint256 private constant A8_PREV = 0x1d60;
    uint256 private constant A9_PREV = 0x1d80;
    uint256 private constant F0 = 0x1da0;
    uint256 private constant F13 = 0x1dc0;
    uint256 private constant F14 = 0x1de0;
    uint256 private constant F15 = 0x1e00;
    uint256 private constant F6 = 0x1e20;
    uint256 private constant F7 = 0x1e40;
    uint256 private constant F8 = 0x1e60;
    uint256 private constant F9 = 0x1e80;
    uint256 private constant F10 = 0x1ea0;
    uint256 private constant F11 = 0x1ec0;
    uint256 private constant F12 = 0x1ee0;
    uint256 private constant F1 = 0x1f00;
    uint256 private constant F2 = 0x1f20;
    uint256 private constant F3 = 0x1f40;
    uint256 private constant F4 = 0x1f60;
    uint256 private constant F5 = 0x1f80;
    uint256 private constant P1 = 0x1fa0;
    uint256 private constant S0 = 0x1fc0;
    uint256 private constant P0 = 0x1fe0;
    uint256 private constant P0_NEXT = 0x2000;
    uint256 private constant I0 = 0x0920;

    /// @notice Whether a proof is valid for the circuit of a key.
    /// @param key A key contract for this verifier.
    /// @param proof The proof: points as coordinates, evaluations, all big-endian words.
    /// @param instances The public inputs.
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        assembly {
            function refuse() {
                mstore(0x00, 0)
                return(0x00, 0x20)
            }

            function fail(precompile) {
                mstore(0x00, 0x00a48593)
                mstore(0x20, precompile)
                revert(0x1c, 0x24)
            }

            /// Whether pairs of points in the call data are on the curve, with reduced coordinates. Infinity is not.
            function onCurve(position, end) -> good {
                let q := Q
                good := 1
                for {} lt(position, end) { position := add(position, 0x80) } {
                    {
                        let x := calldataload(position)
                        let y := calldataload(add(position, 0x20))
                        good := and(
                            and(good, and(lt(x, q), lt(y, q))),
                            eq(mulmod(y, y, q), addmod(mulmod(x, mulmod(x, x, q), q), 3, q))
                        )
                    }
                    {
                        let x := calldataload(add(position, 0x40))
                        let y := calldataload(add(position, 0x60))
                        good := and(
                            and(good, and(lt(x, q), lt(y, q))),
                            eq(mulmod(y, y, q), addmod(mulmod(x, mulmod(x, x, q), q), 3, q))
                        )
                    }
                }
            }

            /// A power modulo r.
            function power(base, exponent) -> result {
                mstore(POWER_BASE, base)
                mstore(POWER_EXPONENT, exponent)
                if iszero(staticcall(POWER_GAS, 0x05, POWER, 0xc0, 0x00, 0x20)) { fail(0x05) }
                result := mload(0x00)
            }

            /// Adds to the sum the points whose addresses a table lists, 16 bits each, times `factor`, `factor * by` and so
            /// on; returns the next factor.
            function fold(table, factor, by, r) -> next {
                let good := 1
                mstore(TERM_FACTOR, factor)
                for {} table { table := shr(16, table) } {
                    mcopy(TERM, and(table, 0xffff), 0x40)
                    // The last argument is computed first: the product, then the sum.
                    good := and(
                        good,
                        and(
                            staticcall(ADD_GAS, 0x06, SUM, 0x80, SUM, 0x40),
                            staticcall(MUL_GAS, 0x07, TERM, 0x60, TERM, 0x40)
                        )
                    )
                    mstore(TERM_FACTOR, mulmod(mload(TERM_FACTOR), by, r))
                }
                if iszero(good) { fail(0x07) }
                next := mload(TERM_FACTOR)
            }

            /// The same, four points at a time.
            function fold4(table, factor, by, r) -> next {
                let good := 1
                mstore(TERM_FACTOR, factor)
                for {} table { table := shr(64, table) } {
                    mcopy(TERM, and(table, 0xffff), 0x40)
                    good := and(
                        good,
                        and(
                            staticcall(ADD_GAS, 0x06, SUM, 0x80, SUM, 0x40),
                            staticcall(MUL_GAS, 0x07, TERM, 0x60, TERM, 0x40)
                        )
                    )
                    mstore(TERM_FACTOR, mulmod(mload(TERM_FACTOR), by, r))
                    mcopy(TERM, and(shr(16, table), 0xffff), 0x40)
                    good := and(
                        good,
                        and(
                            staticcall(ADD_GAS, 0x06, SUM, 0x80, SUM, 0x40),
                            staticcall(MUL_GAS, 0x07, TERM, 0x60, TERM, 0x40)
                        )
                    )
                    mstore(TERM_FACTOR, mulmod(mload(TERM_FACTOR), by, r))
                    mcopy(TERM, and(shr(32, table), 0xffff), 0x40)
                    good := and(
                        good,
                        and(
                            staticcall(ADD_GAS, 0x06, SUM, 0x80, SUM, 0x40),
                            staticcall(MUL_GAS, 0x07, TERM, 0x60, TERM, 0x40)
                        )
                    )
                    mstore(TERM_FACTOR, mulmod(mload(TERM_FACTOR), by, r))
                    mcopy(TERM, and(shr(48, table), 0xffff), 0x40)
                    good := and(
                        good,
                        and(
                            staticcall(ADD_GAS, 0x06, SUM, 0x80, SUM, 0x40),
                            staticcall(MUL_GAS, 0x07, TERM, 0x60, TERM, 0x40)
                        )
                    )
                    mstore(TERM_FACTOR, mulmod(mload(TERM_FACTOR), by, r))
                }
                if iszero(good) { fail(0x07) }
                next := mload(TERM_FACTOR)
            }

            /// All constraints, with falling powers of the last challenge of the circuit.
            function numerator(r) -> sum {
                let y := mload(Y)
                let part := 0
                // lookups: activation is looked up
                mstore(0x20e0, mulmod(mload(0x0300), mload(0x0300), r))
                mstore(0x2100, mul(2, mload(0x20e0)))
                mstore(
                    0x2120,
                    add(mload(0x2100), add(add(mload(0x02e0), mload(A2)), mulmod(mload(0x0300), mload(A4), r)))
                )
                mstore(0x2140, add(mload(0x20e0), add(mload(0x02e0), mload(A6))))
                sum := add(
                    sub(r, mod(mload(0x2140), r)),
                    add(sub(r, mod(mload(0x2120), r)), mulmod(mload(0x2140), mulmod(mload(A10), mload(0x2120), r), r))
                )
                // lookups: activation is looked up
                mstore(
                    0x2100,
                    add(mload(0x2100), add(add(mload(0x02e0), mload(A3)), mulmod(mload(0x0300), mload(A5), r)))
                )
                mstore(0x2140, add(mload(0x20e0), add(mload(0x02e0), mload(A7))))
                sum := add(
                    mulmod(sum, y, r),
                    add(
                        sub(r, mod(mload(0x2140), r)),
                        add(
                            sub(r, mod(mload(0x2100), r)),
                            mulmod(mload(0x2140), mulmod(mload(A11), mload(0x2100), r), r)
                        )
                    )
                )
                // balance: balance changes by helpers and counts
                mstore(0x2140, mulmod(mload(F10), add(mload(F10), sub(r, 1)), r))
                mstore(0x2100, mulmod(mload(F9), add(mload(F9), sub(r, 1)), r))
                mstore(0x2120, mulmod(mload(F8), mload(F12), r))
                mstore(0x2160, mulmod(mload(F8), mload(F11), r))
                mstore(0x2180, mulmod(mload(F10), mload(F8), r))
                mstore(0x21a0, mulmod(mload(F9), mload(F8), r))
                mstore(
                    0x21c0,
                    mulmod(
                        0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                        mulmod(mload(F8), add(mload(F8), sub(r, 1)), r),
                        r
                    )
                )
                mstore(0x21e0, mulmod(mload(F12), mload(F7), r))
                mstore(0x2200, mulmod(mload(F11), mload(F7), r))
                mstore(
                    0x2220,
                    add(
                        mload(0x2200),
                        add(
                            mload(0x21e0),
                            addmod(
                                mload(0x21c0),
                                add(
                                    mload(0x21a0),
                                    add(
                                        mload(0x2180),
                                        add(
                                            mload(0x2160),
                                            add(
                                                mload(0x2120),
                                                mulmod(
                                                    0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                                                    add(mload(0x2140), mload(0x2100)),
                                                    r
                                                )
                                            )
                                        )
                                    )
                                ),
                                r
                            )
                        )
                    )
                )
                mstore(0x2240, mulmod(mload(F10), mload(F7), r))
                sum := add(
                    mulmod(sum, y, r),
                    add(
                        sub(
                            r,
                            mulmod(
                                mload(0x02e0),
                                mulmod(add(mload(0x2220), mload(0x2240)), add(mload(A10), mload(A11)), r),
                                r
                            )
                        ),
                        add(
                            mulmod(
                                mulmod(mload(F0), add(mload(A12), sub(r, mload(A12_PREV))), r),
                                add(
                                    add(add(mload(0x02e0), mload(F13)), mulmod(mload(0x0300), mload(F14), r)),
                                    mulmod(mload(0x20e0), mload(F15), r)
                                ),
                                r
                            ),
                            mulmod(
                                mload(A8),
                                mulmod(
                                    0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                                    mulmod(mload(F15), add(3, sub(r, mload(F15))), r),
                                    r
                                ),
                                r
                            )
                        )
                    )
                )
                // balance: balance starts and ends at zero
                mstore(
                    0x2220,
                    add(
                        2,
                        sub(
                            r,
                            addmod(
                                mload(F12),
                                addmod(
                                    mload(F11),
                                    add(mload(F10), add(mload(F9), add(mload(F8), add(mload(F7), mload(F6))))),
                                    r
                                ),
                                r
                            )
                        )
                    )
                )
                sum := add(
                    mulmod(sum, y, r),
                    mulmod(mload(A12), mulmod(mload(F11), add(mload(F12), mload(0x2220)), r), r)
                )
                // reading sum: reading sum takes in its cells
                mstore(0x20e0, mulmod(mload(F9), mload(F12), r))
                mstore(
                    0x2140,
                    add(
                        mload(0x20e0),
                        add(
                            mulmod(
                                0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                                mload(0x2140),
                                r
                            ),
                            mulmod(mload(F10), mload(F11), r)
                        )
                    )
                )
                mstore(0x2260, add(mload(A13), sub(r, mload(A13_PREV))))
                mstore(
                    0x2100,
                    mulmod(0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001, mload(0x2100), r)
                )
                mstore(0x2280, add(mload(A13), sub(r, mload(A4))))
                mstore(0x22a0, mulmod(mload(A5), mload(0x0320), r))
                mstore(0x22c0, add(mload(A13), sub(r, addmod(mload(A4), mload(0x22a0), r))))
                mstore(0x22e0, mulmod(mload(0x0320), mload(0x0320), r))
                mstore(
                    0x2300,
                    add(
                        mload(A13),
                        sub(r, addmod(mload(0x22a0), add(mload(A4), mulmod(mload(A13_PREV), mload(0x22e0), r)), r))
                    )
                )
                mstore(
                    0x22c0,
                    add(
                        mulmod(mload(0x21c0), mload(0x2300), r),
                        addmod(
                            mulmod(mload(0x21a0), mload(0x22c0), r),
                            add(
                                mulmod(mload(0x2180), mload(0x22c0), r),
                                add(
                                    add(
                                        mulmod(mload(0x2120), mload(0x2280), r),
                                        add(
                                            mulmod(mload(0x2140), mload(0x2260), r),
                                            mulmod(mload(0x2100), mload(0x2280), r)
                                        )
                                    ),
                                    mulmod(
                                        mload(0x2160),
                                        add(
                                            mload(A13),
                                            sub(
                                                r,
                                                addmod(
                                                    mload(A4),
                                                    mulmod(
                                                        0x3033ea246e506e898e97f570caffd704cb0bb460313fb720b29e139e5c100001,
                                                        mload(A13_PREV),
                                                        r
                                                    ),
                                                    r
                                                )
                                            )
                                        ),
                                        r
                                    )
                                )
                            ),
                            r
                        )
                    )
                )
                mstore(0x2280, mulmod(mload(0x0320), mload(0x22e0), r))
                mstore(
                    0x22a0,
                    add(
                        mload(A13),
                        sub(r, addmod(mload(0x22a0), add(mload(A4), mulmod(mload(A13_PREV), mload(0x2280), r)), r))
                    )
                )
                sum := addmod(
                    mulmod(sum, y, r),
                    add(
                        mulmod(mload(0x2240), mload(0x22a0), r),
                        add(
                            add(mload(0x22c0), mulmod(mload(0x21e0), mload(0x2300), r)),
                            mulmod(mload(0x2200), mload(0x22a0), r)
                        )
                    ),
                    r
                )
                // reading sum: channel value leaves
                sum := add(
                    mulmod(sum, y, r),
                    mulmod(
                        add(mload(A16), sub(r, mload(A13_PREV))),
                        add(
                            mload(0x2180),
                            add(mload(0x2120), add(mload(0x2100), mulmod(mload(F10), add(mload(F12), mload(F11)), r)))
                        ),
                        r
                    )
                )
                // produced sum and kernel: produced sum takes in its cells, a kernel its parameters
                mstore(
                    0x22a0,
                    mulmod(
                        0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                        mulmod(mload(F11), add(mload(F11), sub(r, 1)), r),
                        r
                    )
                )
                mstore(0x2300, mulmod(mload(F9), mload(F11), r))
                mstore(0x22c0, mulmod(mload(F10), mload(F9), r))
                mstore(0x2320, add(mload(A6), mulmod(2048, mload(A2), r)))
                mstore(0x2340, add(mload(A14), sub(r, mod(mload(0x2320), r))))
                mstore(
                    0x2340,
                    add(
                        mulmod(mload(0x2160), mload(0x2340), r),
                        addmod(
                            mulmod(mload(0x2120), mload(0x2340), r),
                            add(
                                mulmod(mload(0x2100), mload(0x2340), r),
                                add(
                                    mulmod(mload(0x22c0), add(mload(A14), sub(r, mload(A9))), r),
                                    add(
                                        add(
                                            mulmod(mload(0x2140), add(mload(A14), sub(r, mload(A14_PREV))), r),
                                            mulmod(mload(A14), mload(0x22a0), r)
                                        ),
                                        mulmod(
                                            mload(0x2300),
                                            add(
                                                mload(A14),
                                                sub(r, addmod(mload(A9), mulmod(mload(0x0320), mload(A14_PREV), r), r))
                                            ),
                                            r
                                        )
                                    )
                                )
                            ),
                            r
                        )
                    )
                )
                mstore(0x2360, mulmod(mload(0x0320), add(mload(A7), mulmod(2048, mload(A3), r)), r))
                mstore(0x2380, mulmod(mload(A5), mload(0x22e0), r))
                mstore(0x23a0, add(mload(A14), sub(r, addmod(mload(A4), mload(0x2380), r))))
                mstore(
                    0x2280,
                    add(
                        mulmod(
                            mload(0x2200),
                            add(
                                mload(A14),
                                sub(
                                    r,
                                    addmod(
                                        mload(0x2360),
                                        add(mload(0x2320), mulmod(mload(0x2280), mload(A14_PREV), r)),
                                        r
                                    )
                                )
                            ),
                            r
                        ),
                        addmod(
                            add(
                                add(
                                    mulmod(mload(0x21a0), mload(0x23a0), r),
                                    add(
                                        mload(0x2340),
                                        mulmod(
                                            mload(0x2180),
                                            add(mload(A14), sub(r, addmod(mload(0x2320), mload(0x2360), r))),
                                            r
                                        )
                                    )
                                ),
                                mulmod(
                                    mload(0x21c0),
                                    add(
                                        mload(A14),
                                        sub(
                                            r,
                                            addmod(
                                                mload(0x2360),
                                                add(mload(0x2320), mulmod(mload(0x22e0), mload(A14_PREV), r)),
                                                r
                                            )
                                        )
                                    ),
                                    r
                                )
                            ),
                            mulmod(
                                mload(0x21e0),
                                add(
                                    mload(A14),
                                    sub(
                                        r,
                                        addmod(
                                            mload(0x2380),
                                            add(
                                                mload(A4),
                                                mulmod(mload(A14_PREV), mulmod(mload(0x22e0), mload(0x22e0), r), r)
                                            ),
                                            r
                                        )
                                    )
                                ),
                                r
                            ),
                            r
                        )
                    )
                )
                mstore(0x2360, mulmod(mload(F7), add(mload(F9), mload(F8)), r))
                mstore(
                    0x22e0,
                    mulmod(
                        0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                        mulmod(mload(F7), add(mload(F7), sub(r, 1)), r),
                        r
                    )
                )
                mstore(0x2380, mulmod(mload(F12), mload(F6), r))
                mstore(0x2340, mulmod(mload(F10), mload(F6), r))
                mstore(0x23c0, mulmod(mload(F9), mload(F6), r))
                mstore(
                    0x23e0,
                    addmod(
                        mload(0x23c0),
                        add(
                            mload(0x2340),
                            add(add(mload(0x2380), add(mload(0x2360), mload(0x22e0))), mulmod(mload(F11), mload(F6), r))
                        ),
                        r
                    )
                )
                mstore(
                    0x2380,
                    addmod(
                        add(mload(0x2280), mulmod(mload(0x2240), mload(0x23a0), r)),
                        add(
                            sub(
                                r,
                                mulmod(
                                    mload(0x2380),
                                    add(
                                        add(mload(A0), sub(r, 131072)),
                                        mulmod(mload(0x0320), add(mload(A1), sub(r, 131072)), r)
                                    ),
                                    r
                                )
                            ),
                            add(
                                sub(r, mulmod(mload(0x22e0), add(mload(A0), sub(r, 131072)), r)),
                                add(
                                    sub(
                                        r,
                                        mulmod(
                                            mload(0x2360),
                                            add(
                                                add(mload(A0), sub(r, 131072)),
                                                mulmod(mload(0x02c0), add(mload(A1), sub(r, 131072)), r)
                                            ),
                                            r
                                        )
                                    ),
                                    add(
                                        mulmod(mload(A14), mload(0x23e0), r),
                                        sub(
                                            r,
                                            mulmod(
                                                mulmod(mload(0x02c0), mload(0x02c0), r),
                                                mulmod(mload(A14_PREV), mulmod(mload(F8), mload(F7), r), r),
                                                r
                                            )
                                        )
                                    )
                                )
                            )
                        ),
                        r
                    )
                )
                sum := add(
                    mulmod(sum, y, r),
                    add(mload(0x2380), sub(r, mulmod(mload(A14_PREV), mulmod(mload(A16), mload(F1), r), r)))
                )
                // layer sum: layer sum takes in its channels
                mstore(0x2380, add(mload(A15), sub(r, mload(A15_PREV))))
                mstore(
                    0x2300,
                    add(
                        mulmod(
                            mload(0x2380),
                            add(
                                mload(0x2240),
                                add(
                                    mload(0x2200),
                                    add(
                                        mload(0x21e0),
                                        add(
                                            mload(0x21c0),
                                            addmod(
                                                mload(0x21a0),
                                                add(mload(0x22c0), add(mload(0x2140), mload(0x2300))),
                                                r
                                            )
                                        )
                                    )
                                )
                            ),
                            r
                        ),
                        mulmod(
                            add(
                                mload(0x2180),
                                add(
                                    mload(0x2160),
                                    add(mload(0x2120), add(mload(0x2100), mulmod(mload(F10), mload(F12), r)))
                                )
                            ),
                            add(
                                sub(r, mload(A14_PREV)),
                                add(mload(A15), sub(r, mulmod(mload(0x02c0), mload(A15_PREV), r)))
                            ),
                            r
                        )
                    )
                )
                sum := add(mulmod(sum, y, r), add(mload(0x2300), mulmod(mload(0x22a0), mload(A15), r)))
                // layer sum: layer sum leaves
                mstore(0x2300, add(mload(A16), sub(r, mload(A15_PREV))))
                sum := add(mulmod(sum, y, r), mulmod(mload(0x22a0), mload(0x2300), r))
                // total: total takes in kernel × channel
                sum := add(
                    mulmod(sum, y, r),
                    add(
                        add(
                            mulmod(mload(0x23c0), mload(A15_PREV), r),
                            add(
                                mulmod(mload(0x23e0), mload(0x2380), r),
                                sub(
                                    r,
                                    mulmod(add(mload(0x02c0), sub(r, 1)), mulmod(mload(0x2340), mload(A15_PREV), r), r)
                                )
                            )
                        ),
                        sub(r, mulmod(mload(A14_PREV), mulmod(mload(A16), mload(F2), r), r))
                    )
                )
                // total: total leaves
                sum := add(mulmod(sum, y, r), mulmod(mload(0x23c0), mload(0x2300), r))
                // derivation: value is derived
                sum := add(
                    mulmod(sum, y, r),
                    mulmod(
                        mload(F3),
                        add(
                            sub(r, mload(A16_NEXT2)),
                            add(mload(A16_NEXT3), sub(r, mulmod(mload(A16), mload(A16_NEXT), r)))
                        ),
                        r
                    )
                )
                // derivation: α is loaded
                part := mulmod(mload(F11), add(mload(A16), sub(r, mload(0x0320))), r)
                // derivation: one is loaded
                part := add(mulmod(part, y, r), mulmod(mload(F11), add(mload(A16_NEXT), sub(r, 1)), r))
                // derivation: instance is loaded
                part := add(
                    mulmod(part, y, r),
                    mulmod(
                        add(mload(A16), sub(r, mload(I0))),
                        mulmod(
                            0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                            add(mload(F12), sub(r, 1)),
                            r
                        ),
                        r
                    )
                )
                mstore(0x2300, mulmod(y, y, r))
                mstore(0x23c0, mulmod(y, mload(0x2300), r))
                sum := add(mulmod(sum, mload(0x23c0), r), mulmod(part, mload(F12), r))
                // S-box: square
                mstore(0x2340, add(mload(A2), mload(F13)))
                part := add(mload(A14), sub(r, mulmod(mload(0x2340), mload(0x2340), r)))
                // S-box: fourth power
                part := add(mulmod(part, y, r), add(mload(A15), sub(r, mulmod(mload(A14), mload(A14), r))))
                // S-box: fifth power
                part := add(mulmod(part, y, r), add(mload(A9), sub(r, mulmod(mload(A15), mload(0x2340), r))))
                sum := add(mulmod(sum, mload(0x23c0), r), mulmod(part, mload(F4), r))
                // hash: next capacity
                mstore(0x2340, mulmod(mload(F8), mload(F6), r))
                mstore(0x2380, mulmod(mload(F7), mload(F6), r))
                mstore(
                    0x23e0,
                    mulmod(
                        0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                        mulmod(mload(F6), add(mload(F6), sub(r, 1)), r),
                        r
                    )
                )
                mstore(
                    0x22a0,
                    add(
                        mulmod(mload(A2_NEXT), mulmod(mload(0x2220), add(mload(F12), mload(F11)), r), r),
                        add(
                            add(
                                mulmod(mload(0x2340), add(mload(A2_NEXT), sub(r, mload(A4))), r),
                                mulmod(
                                    mload(0x2380),
                                    add(
                                        mload(A2_NEXT),
                                        sub(
                                            r,
                                            addmod(
                                                mulmod(
                                                    0x2b90bba00fca0589f617e7dcbfe82e0df706ab640ceb247b791a93b74e36736d,
                                                    mload(A9),
                                                    r
                                                ),
                                                add(
                                                    mulmod(
                                                        0x109b7f411ba0e4c9b2b70caf5c36a7b194be7c11ad24378bfedb68592ba8118b,
                                                        mload(A4),
                                                        r
                                                    ),
                                                    mulmod(
                                                        0x16ed41e13bb9c0c66ae119424fddbcbc9314dc9fdbdeea55d6c64543dc4903e0,
                                                        mload(A6),
                                                        r
                                                    )
                                                ),
                                                r
                                            )
                                        )
                                    ),
                                    r
                                )
                            ),
                            mulmod(
                                mload(0x23e0),
                                add(
                                    mload(A2_NEXT),
                                    sub(
                                        r,
                                        addmod(
                                            mulmod(
                                                0x2b90bba00fca0589f617e7dcbfe82e0df706ab640ceb247b791a93b74e36736d,
                                                mload(A6),
                                                r
                                            ),
                                            add(
                                                mulmod(
                                                    0x109b7f411ba0e4c9b2b70caf5c36a7b194be7c11ad24378bfedb68592ba8118b,
                                                    mload(A9),
                                                    r
                                                ),
                                                mulmod(
                                                    0x16ed41e13bb9c0c66ae119424fddbcbc9314dc9fdbdeea55d6c64543dc4903e0,
                                                    mload(A4),
                                                    r
                                                )
                                            ),
                                            r
                                        )
                                    )
                                ),
                                r
                            )
                        )
                    )
                )
                sum := add(mload(0x22a0), mulmod(sum, y, r))
                // hash: next chained element
                mstore(0x22a0, mulmod(mload(F12), mload(0x2220), r))
                mstore(
                    0x2140,
                    add(
                        mulmod(mload(0x22a0), add(mload(A4_NEXT), sub(r, mload(A2))), r),
                        add(
                            add(
                                mulmod(mload(0x2340), add(mload(A4_NEXT), sub(r, mload(A6))), r),
                                mulmod(
                                    mload(0x2380),
                                    add(
                                        mload(A4_NEXT),
                                        sub(
                                            r,
                                            addmod(
                                                mulmod(
                                                    0x101071f0032379b697315876690f053d148d4e109f5fb065c8aacc55a0f89bfa,
                                                    mload(A9),
                                                    r
                                                ),
                                                add(
                                                    mulmod(
                                                        0x2969f27eed31a480b9c36c764379dbca2cc8fdd1415c3dded62940bcde0bd771,
                                                        mload(A4),
                                                        r
                                                    ),
                                                    mulmod(
                                                        0x2e2419f9ec02ec394c9871c832963dc1b89d743c8c7b964029b2311687b1fe23,
                                                        mload(A6),
                                                        r
                                                    )
                                                ),
                                                r
                                            )
                                        )
                                    ),
                                    r
                                )
                            ),
                            mulmod(
                                mload(0x23e0),
                                add(
                                    mload(A4_NEXT),
                                    sub(
                                        r,
                                        addmod(
                                            mulmod(
                                                0x101071f0032379b697315876690f053d148d4e109f5fb065c8aacc55a0f89bfa,
                                                mload(A6),
                                                r
                                            ),
                                            add(
                                                mulmod(
                                                    0x2969f27eed31a480b9c36c764379dbca2cc8fdd1415c3dded62940bcde0bd771,
                                                    mload(A9),
                                                    r
                                                ),
                                                mulmod(
                                                    0x2e2419f9ec02ec394c9871c832963dc1b89d743c8c7b964029b2311687b1fe23,
                                                    mload(A4),
                                                    r
                                                )
                                            ),
                                            r
                                        )
                                    )
                                ),
                                r
                            )
                        )
                    )
                )
                mstore(0x2220, mulmod(mload(F11), mload(0x2220), r))
                sum := addmod(mulmod(sum, y, r), add(mload(0x2140), mulmod(mload(0x2220), mload(A4_NEXT), r)), r)
                // hash: next absorbed element
                sum := add(
                    mulmod(sum, y, r),
                    add(
                        add(
                            mulmod(mload(0x2340), add(mload(A6_NEXT), sub(r, mload(A9))), r),
                            mulmod(
                                mload(0x2380),
                                add(
                                    mload(A6_NEXT),
                                    sub(
                                        r,
                                        addmod(
                                            mulmod(
                                                0x19a3fc0a56702bf417ba7fee3802593fa644470307043f7773279cd71d25d5e0,
                                                mload(A9),
                                                r
                                            ),
                                            add(
                                                mulmod(
                                                    0x143021ec686a3f330d5f9e654638065ce6cd79e28c5b3753326244ee65a1b1a7,
                                                    mload(A4),
                                                    r
                                                ),
                                                mulmod(
                                                    0x176cc029695ad02582a70eff08a6fd99d057e12e58e7d7b6b16cdfabc8ee2911,
                                                    mload(A6),
                                                    r
                                                )
                                            ),
                                            r
                                        )
                                    )
                                ),
                                r
                            )
                        ),
                        mulmod(
                            mload(0x23e0),
                            add(
                                mload(A6_NEXT),
                                sub(
                                    r,
                                    addmod(
                                        mulmod(
                                            0x19a3fc0a56702bf417ba7fee3802593fa644470307043f7773279cd71d25d5e0,
                                            mload(A6),
                                            r
                                        ),
                                        add(
                                            mulmod(
                                                0x143021ec686a3f330d5f9e654638065ce6cd79e28c5b3753326244ee65a1b1a7,
                                                mload(A9),
                                                r
                                            ),
                                            mulmod(
                                                0x176cc029695ad02582a70eff08a6fd99d057e12e58e7d7b6b16cdfabc8ee2911,
                                                mload(A4),
                                                r
                                            )
                                        ),
                                        r
                                    )
                                )
                            ),
                            r
                        )
                    )
                )
                // hash: digest leaves
                sum := add(mulmod(sum, y, r), mulmod(mload(0x2220), add(mload(A16), sub(r, mload(A2))), r))
                // absorbed: absorbed elements are summed
                sum := add(
                    mulmod(sum, y, r),
                    add(
                        mulmod(mload(0x2220), mload(A13), r),
                        add(
                            mulmod(
                                mload(0x2260),
                                add(mload(0x23e0), mulmod(mload(F6), add(mload(F8), mload(F7)), r)),
                                r
                            ),
                            mulmod(
                                mload(0x22a0),
                                add(
                                    mload(A13),
                                    sub(r, addmod(mload(A6_NEXT), mulmod(mload(A13_PREV), mload(0x0320), r), r))
                                ),
                                r
                            )
                        )
                    )
                )
                // absorbed: absorbed elements leave
                sum := add(mulmod(sum, y, r), mulmod(mload(0x2220), add(mload(A16_NEXT), sub(r, mload(A13_PREV))), r))
                // arg-max: no logit is larger, none before the label as large
                mstore(0x2220, add(mload(A16), sub(r, mload(A4_PREV))))
                part := add(add(mload(0x2220), add(mload(A9), sub(r, 1))), sub(r, mod(mload(0x2320), r)))
                // arg-max: reached is a bit
                part := add(mulmod(part, y, r), mulmod(mload(A9), add(1, sub(r, mload(A9))), r))
                // arg-max: label's logit is the largest
                mstore(0x2320, add(mload(A9), sub(r, mload(A9_PREV))))
                part := add(mulmod(part, y, r), mulmod(mload(0x2220), mload(0x2320), r))
                sum := add(mulmod(sum, mload(0x23c0), r), mulmod(part, mload(F5), r))
                // arg-max: label counts
                mstore(0x23c0, add(mload(A8), sub(r, mload(A8_PREV))))
                sum := add(
                    mulmod(sum, y, r),
                    add(
                        mulmod(mload(0x2160), mload(0x23c0), r),
                        add(
                            mulmod(mload(F5), add(mload(0x23c0), add(mload(A9), sub(r, 1))), r),
                            mulmod(mload(A8), mload(0x2120), r)
                        )
                    )
                )
                // arg-max: reached is kept beside a logit
                sum := add(
                    mulmod(sum, y, r),
                    add(mulmod(mload(0x2120), mload(A9), r), mulmod(mload(0x2160), mload(0x2320), r))
                )
                // arg-max: label was reached
                part := add(mload(A9_PREV), sub(r, 1))
                // arg-max: label leaves
                part := add(add(mload(A16), sub(r, mload(A8_PREV))), mulmod(part, y, r))
                sum := add(mulmod(sum, mload(0x2300), r), mulmod(part, mload(0x20e0), r))
                // argument: copies and lookups
                sum := add(mulmod(sum, y, r), mulmod(mload(0x0580), add(1, sub(r, mload(P0))), r))
                // argument: copies and lookups
                sum := add(
                    mulmod(sum, y, r),
                    mulmod(mload(0x04a0), add(sub(r, mload(P0)), mulmod(mload(P0), mload(P0), r)), r)
                )
                // argument: copies and lookups
                sum := add(
                    mulmod(sum, y, r),
                    mulmod(
                        add(
                            add(1, sub(r, mload(0x04a0))),
                            sub(
                                r,
                                addmod(
                                    mload(0x0560),
                                    add(
                                        mload(0x0540),
                                        add(mload(0x0520), add(mload(0x0500), add(mload(0x04c0), mload(0x04e0))))
                                    ),
                                    r
                                )
                            )
                        ),
                        add(
                            mulmod(
                                mload(P0_NEXT),
                                add(mload(0x0380), add(mload(A16), mulmod(mload(0x0360), mload(S0), r))),
                                r
                            ),
                            sub(
                                r,
                                mulmod(
                                    mload(P0),
                                    add(mload(0x0380), add(mload(A16), mulmod(mload(0x0360), mload(X), r))),
                                    r
                                )
                            )
                        ),
                        r
                    )
                )
            }

            let r := R

            // The arguments: one encoding, exact lengths, reduced scalars, points on the curve.
            {
                let end := add(proof.offset, and(add(proof.length, 0x1f), not(0x1f)))
                if iszero(
                    and(
                        and(eq(proof.offset, PROOF), eq(instances.offset, add(end, 0x20))),
                        eq(calldatasize(), add(instances.offset, shl(5, instances.length)))
                    )
                ) {
                    mstore(0x00, 0xf26c0d4b)
                    revert(0x1c, 0x04)
                }
                if iszero(and(eq(proof.length, PROOF_BYTES), eq(instances.length, INSTANCE_COUNT))) {
                    refuse()
                }
                // What a short key lacks would read as infinity, and a pairing of infinities is one.
                if iszero(eq(extcodesize(key), add(KEY_BYTES, 1))) { refuse() }
            }
            {
                let good := onCurve(EVALUATIONS_END, add(PROOF, PROOF_BYTES))
                good := and(good, onCurve(PROOF, add(PROOF, 0x0080)))
                good := and(good, onCurve(add(PROOF, 0x0040), EVALUATIONS))
                let position := EVALUATIONS
                for { let end := add(position, 0x0600) } lt(position, end) {
                    position := add(position, 0x0100)
                } {
                    good := and(
                        lt(calldataload(add(position, 0x00e0)), r),
                        and(
                            lt(calldataload(add(position, 0x00c0)), r),
                            and(
                                lt(calldataload(add(position, 0x00a0)), r),
                                and(
                                    lt(calldataload(add(position, 0x0080)), r),
                                    and(
                                        lt(calldataload(add(position, 0x0060)), r),
                                        and(
                                            lt(calldataload(add(position, 0x0040)), r),
                                            and(
                                                lt(calldataload(add(position, 0x0020)), r),
                                                and(lt(calldataload(position), r), good)
                                            )
                                        )
                                    )
                                )
                            )
                        )
                    )
                }
                good := and(
                    lt(calldataload(add(INSTANCES, 0x0060)), r),
                    and(
                        lt(calldataload(add(INSTANCES, 0x0040)), r),
                        and(
                            lt(calldataload(add(INSTANCES, 0x0020)), r),
                            and(
                                lt(calldataload(INSTANCES), r),
                                and(
                                    lt(calldataload(add(position, 0x0020)), r),
                                    and(lt(calldataload(position), r), good)
                                )
                            )
                        )
                    )
                )
                if iszero(good) { refuse() }
            }

            // The transcript: each part is hashed where it is, after the hash of the part before.
            extcodecopy(key, KEY, 1, KEY_BYTES)
            mstore8(0x20, 1)
            {
                calldatacopy(0x1380, INSTANCES, 0x0080)
                calldatacopy(0x1400, PROOF, 0x0240)
                calldatacopy(0x1660, add(PROOF, 0x0240), 0x0100)
                calldatacopy(0x1780, add(PROOF, 0x0340), 0x0100)
                calldatacopy(0x18a0, add(PROOF, 0x0440), 0x0080)
                calldatacopy(0x1940, add(PROOF, 0x04c0), 0x0080)
                calldatacopy(0x19e0, add(PROOF, 0x0540), 0x0640)
                calldatacopy(0x2040, add(PROOF, 0x0b80), 0x0040)
                calldatacopy(0x20a0, add(PROOF, 0x0bc0), 0x0040)
                let hash := keccak256(0x1360, 0x02e0)
                mstore(0x0000, hash)
                mstore(0x02c0, mod(hash, r))
                hash := keccak256(0x0000, 0x0021)
                mstore(0x0000, hash)
                mstore(0x02e0, mod(hash, r))
                hash := keccak256(0x0000, 0x0021)
                mstore(0x1640, hash)
                mstore(0x0300, mod(hash, r))
                hash := keccak256(0x1640, 0x0120)
                mstore(0x1760, hash)
                mstore(0x0320, mod(hash, r))
                hash := keccak256(0x1760, 0x0120)
                mstore(0x0000, hash)
                mstore(0x0340, mod(hash, r))
                hash := keccak256(0x0000, 0x0021)
                mstore(0x0000, hash)
                mstore(0x0360, mod(hash, r))
                hash := keccak256(0x0000, 0x0021)
                mstore(0x1880, hash)
                mstore(0x0380, mod(hash, r))
                hash := keccak256(0x1880, 0x00a0)
                mstore(0x1920, hash)
                mstore(0x03a0, mod(hash, r))
                hash := keccak256(0x1920, 0x00a0)
                mstore(0x19c0, hash)
                mstore(0x03c0, mod(hash, r))
                hash := keccak256(0x19c0, 0x0660)
                mstore(0x0000, hash)
                mstore(0x03e0, mod(hash, r))
                hash := keccak256(0x0000, 0x0021)
                mstore(0x2020, hash)
                mstore(0x0400, mod(hash, r))
                hash := keccak256(0x2020, 0x0060)
                mstore(0x2080, hash)
                mstore(0x0420, mod(hash, r))
            }

            // All inversions at once: of numbers that are zero for no challenge but a few in 2^254, for which this refuses.
            mstore(POWER, 0x20)
            mstore(POWER_LENGTHS, 0x20)
            mstore(POWER_LENGTHS_2, 0x20)
            mstore(POWER_MODULUS, r)
            mstore(X_N, power(mload(X), mload(KEY_ROWS)))
            {
                let product := 1
                {
                    // Lagrange polynomials: x·ω^-row - 1.
                    let x := mload(X)
                    let minusOne := sub(r, 1)
                    mstore(0x06e0, product)
                    mstore(0x04a0, add(minusOne, mulmod(x, mload(0x0a80), r)))
                    product := mulmod(product, mload(0x04a0), r)
                    mstore(0x0700, product)
                    mstore(0x04c0, add(minusOne, mulmod(x, mload(0x0aa0), r)))
                    product := mulmod(product, mload(0x04c0), r)
                    mstore(0x0720, product)
                    mstore(0x04e0, add(minusOne, mulmod(x, mload(0x0ac0), r)))
                    product := mulmod(product, mload(0x04e0), r)
                    mstore(0x0740, product)
                    mstore(0x0500, add(minusOne, mulmod(x, mload(0x0ae0), r)))
                    product := mulmod(product, mload(0x0500), r)
                    mstore(0x0760, product)
                    mstore(0x0520, add(minusOne, mulmod(x, mload(0x0b00), r)))
                    product := mulmod(product, mload(0x0520), r)
                    mstore(0x0780, product)
                    mstore(0x0540, add(minusOne, mulmod(x, mload(0x0b20), r)))
                    product := mulmod(product, mload(0x0540), r)
                    mstore(0x07a0, product)
                    mstore(0x0560, add(minusOne, mulmod(x, mload(0x0b40), r)))
                    product := mulmod(product, mload(0x0560), r)
                    mstore(0x07c0, product)
                    mstore(0x0580, add(minusOne, mulmod(x, mload(0x0b60), r)))
                    product := mulmod(product, mload(0x0580), r)
                    mstore(0x07e0, product)
                    mstore(0x05a0, add(minusOne, mulmod(x, mload(0x0b80), r)))
                    product := mulmod(product, mload(0x05a0), r)
                    mstore(0x0800, product)
                    mstore(0x05c0, add(minusOne, mulmod(x, mload(0x0ba0), r)))
                    product := mulmod(product, mload(0x05c0), r)
                    mstore(0x0820, product)
                    mstore(0x05e0, add(minusOne, mulmod(x, mload(0x0bc0), r)))
                    product := mulmod(product, mload(0x05e0), r)
                    // x^n - 1, x, and u - x·ω^rotation.
                    mstore(0x0840, product)
                    mstore(0x0600, add(mload(X_N), minusOne))
                    product := mulmod(product, mload(0x0600), r)
                    mstore(0x0860, product)
                    mstore(0x0620, x)
                    product := mulmod(product, mload(0x0620), r)
                    mstore(0x0880, product)
                    mstore(0x0640, add(mload(U), sub(r, mulmod(x, mload(0x0be0), r))))
                    product := mulmod(product, mload(0x0640), r)
                    mstore(0x08a0, product)
                    mstore(0x0660, add(mload(U), sub(r, mulmod(x, mload(0x0c00), r))))
                    product := mulmod(product, mload(0x0660), r)
                    mstore(0x08c0, product)
                    mstore(0x0680, add(mload(U), sub(r, mulmod(x, mload(0x0c20), r))))
                    product := mulmod(product, mload(0x0680), r)
                    mstore(0x08e0, product)
                    mstore(0x06a0, add(mload(U), sub(r, mulmod(x, mload(0x0c40), r))))
                    product := mulmod(product, mload(0x06a0), r)
                    mstore(0x0900, product)
                    mstore(0x06c0, add(mload(U), sub(r, mulmod(x, mload(0x0c60), r))))
                    product := mulmod(product, mload(0x06c0), r)
                }
                if iszero(product) { refuse() }
                let inverse := power(product, sub(r, 2))
                {
                    let value := mload(0x06c0)
                    mstore(0x06c0, mulmod(inverse, mload(0x0900), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x06a0)
                    mstore(0x06a0, mulmod(inverse, mload(0x08e0), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0680)
                    mstore(0x0680, mulmod(inverse, mload(0x08c0), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0660)
                    mstore(0x0660, mulmod(inverse, mload(0x08a0), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0640)
                    mstore(0x0640, mulmod(inverse, mload(0x0880), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0620)
                    mstore(0x0620, mulmod(inverse, mload(0x0860), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0600)
                    mstore(0x0600, mulmod(inverse, mload(0x0840), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x05e0)
                    mstore(0x05e0, mulmod(inverse, mload(0x0820), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x05c0)
                    mstore(0x05c0, mulmod(inverse, mload(0x0800), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x05a0)
                    mstore(0x05a0, mulmod(inverse, mload(0x07e0), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0580)
                    mstore(0x0580, mulmod(inverse, mload(0x07c0), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0560)
                    mstore(0x0560, mulmod(inverse, mload(0x07a0), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0540)
                    mstore(0x0540, mulmod(inverse, mload(0x0780), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0520)
                    mstore(0x0520, mulmod(inverse, mload(0x0760), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x0500)
                    mstore(0x0500, mulmod(inverse, mload(0x0740), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x04e0)
                    mstore(0x04e0, mulmod(inverse, mload(0x0720), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x04c0)
                    mstore(0x04c0, mulmod(inverse, mload(0x0700), r))
                    inverse := mulmod(inverse, value, r)
                }
                {
                    let value := mload(0x04a0)
                    mstore(0x04a0, mulmod(inverse, mload(0x06e0), r))
                    inverse := mulmod(inverse, value, r)
                }
            }

            // Evaluations of instances and of the quotient.
            {
                let scale := mulmod(mload(0x0a60), add(mload(X_N), sub(r, 1)), r)
                mstore(0x04a0, mulmod(scale, mload(0x04a0), r))
                mstore(0x04c0, mulmod(scale, mload(0x04c0), r))
                mstore(0x04e0, mulmod(scale, mload(0x04e0), r))
                mstore(0x0500, mulmod(scale, mload(0x0500), r))
                mstore(0x0520, mulmod(scale, mload(0x0520), r))
                mstore(0x0540, mulmod(scale, mload(0x0540), r))
                mstore(0x0560, mulmod(scale, mload(0x0560), r))
                mstore(0x0580, mulmod(scale, mload(0x0580), r))
                mstore(0x05a0, mulmod(scale, mload(0x05a0), r))
                mstore(0x05c0, mulmod(scale, mload(0x05c0), r))
                mstore(0x05e0, mulmod(scale, mload(0x05e0), r))
                mstore(
                    0x0920,
                    mod(
                        add(
                            mulmod(mload(0x13e0), mload(0x05e0), r),
                            add(
                                mulmod(mload(0x13c0), mload(0x05c0), r),
                                add(mulmod(mload(0x13a0), mload(0x05a0), r), mulmod(mload(0x1380), mload(0x0580), r))
                            )
                        ),
                        r
                    )
                )
                mstore(0x0940, mulmod(numerator(r), mload(0x0600), r))
            }

            // SHPLONK: what the combination of all commitments should evaluate to, and the factor of each rotation set.
            {
                let total := 0
                let mu := mload(MU)
                let gamma := mload(GAMMA)
                let setPower := 1
                let value := 0
                let sum := 0
                // Rotations [0, 1, 2, 3], 1 polynomials.
                sum := mload(0x19e0)
                value := mulmod(mload(0x0c80), mulmod(sum, mload(0x0660), r), r)
                sum := mload(0x1c80)
                value := addmod(mulmod(mload(0x0ca0), mulmod(sum, mload(0x0680), r), r), value, r)
                sum := mload(0x1ca0)
                value := addmod(mulmod(mload(0x0cc0), mulmod(sum, mload(0x06a0), r), r), value, r)
                sum := mload(0x1cc0)
                value := addmod(mulmod(mload(0x0ce0), mulmod(sum, mload(0x06c0), r), r), value, r)
                value := mulmod(value, mload(0x0620), r)
                value := mulmod(value, mload(0x0620), r)
                value := mulmod(value, mload(0x0620), r)
                total := value
                setPower := gamma
                // Rotations [0, 1], 3 polynomials.
                sum := mload(0x1fe0)
                sum := add(mload(0x1a00), mulmod(mu, add(mload(0x1a40), mulmod(mu, sum, r)), r))
                value := mulmod(mload(0x0d00), mulmod(sum, mload(0x0660), r), r)
                sum := mload(0x2000)
                sum := add(mload(0x1ce0), mulmod(mu, add(mload(0x1d20), mulmod(mu, sum, r)), r))
                value := addmod(mulmod(mload(0x0d20), mulmod(sum, mload(0x0680), r), r), value, r)
                value := mulmod(value, mload(0x0620), r)
                total := addmod(mulmod(setPower, value, r), total, r)
                mstore(0x09c0, mulmod(mload(0x0680), mulmod(mload(0x0660), setPower, r), r))
                setPower := mulmod(setPower, gamma, r)
                // Rotations [0, 1, -1], 1 polynomials.
                sum := mload(0x1a20)
                value := mulmod(mload(0x0d40), mulmod(sum, mload(0x0660), r), r)
                sum := mload(0x1d00)
                value := addmod(mulmod(mload(0x0d60), mulmod(sum, mload(0x0680), r), r), value, r)
                sum := mload(0x1d40)
                value := addmod(mulmod(mload(0x0d80), mulmod(sum, mload(0x0640), r), r), value, r)
                value := mulmod(value, mload(0x0620), r)
                value := mulmod(value, mload(0x0620), r)
                total := addmod(mulmod(setPower, value, r), total, r)
                mstore(0x09e0, mulmod(mload(0x0640), mulmod(mload(0x0680), mulmod(mload(0x0660), setPower, r), r), r))
                setPower := mulmod(setPower, gamma, r)
                // Rotations [0], 26 polynomials.
                sum := mload(0x1fa0)
                sum := add(
                    mload(0x1f20),
                    mulmod(
                        mu,
                        add(
                            mload(0x1f40),
                            mulmod(
                                mu,
                                add(
                                    mload(0x1f60),
                                    mulmod(
                                        mu,
                                        add(
                                            mload(0x1f80),
                                            mulmod(
                                                mu,
                                                add(
                                                    mload(0x1fc0),
                                                    mulmod(mu, add(mload(0x0940), mulmod(mu, sum, r)), r)
                                                ),
                                                r
                                            )
                                        ),
                                        r
                                    )
                                ),
                                r
                            )
                        ),
                        r
                    )
                )
                sum := add(
                    mload(0x1e60),
                    mulmod(
                        mu,
                        add(
                            mload(0x1e80),
                            mulmod(
                                mu,
                                add(
                                    mload(0x1ea0),
                                    mulmod(
                                        mu,
                                        add(
                                            mload(0x1ec0),
                                            mulmod(
                                                mu,
                                                add(
                                                    mload(0x1ee0),
                                                    mulmod(mu, add(mload(0x1f00), mulmod(mu, sum, r)), r)
                                                ),
                                                r
                                            )
                                        ),
                                        r
                                    )
                                ),
                                r
                            )
                        ),
                        r
                    )
                )
                sum := add(
                    mload(0x1da0),
                    mulmod(
                        mu,
                        add(
                            mload(0x1dc0),
                            mulmod(
                                mu,
                                add(
                                    mload(0x1de0),
                                    mulmod(
                                        mu,
                                        add(
                                            mload(0x1e00),
                                            mulmod(
                                                mu,
                                                add(
                                                    mload(0x1e20),
                                                    mulmod(mu, add(mload(0x1e40), mulmod(mu, sum, r)), r)
                                                ),
                                                r
                                            )
                                        ),
                                        r
                                    )
                                ),
                                r
                            )
                        ),
                        r
                    )
                )
                sum := add(
                    mload(0x1a80),
                    mulmod(
                        mu,
                        add(
                            mload(0x1aa0),
                            mulmod(
                                mu,
                                add(
                                    mload(0x1ac0),
                                    mulmod(
                                        mu,
                                        add(
                                            mload(0x1ae0),
                                            mulmod(
                                                mu,
                                                add(
                                                    mload(0x1c00),
                                                    mulmod(mu, add(mload(0x1c20), mulmod(mu, sum, r)), r)
                                                ),
                                                r
                                            )
                                        ),
                                        r
                                    )
                                ),
                                r
                            )
                        ),
                        r
                    )
                )
                sum := add(mload(0x1a60), mulmod(mu, sum, r))
                value := mulmod(sum, mload(0x0660), r)
                total := addmod(mulmod(setPower, value, r), total, r)
                mstore(0x0a00, mulmod(mload(0x0660), setPower, r))
                setPower := mulmod(setPower, gamma, r)
                // Rotations [0, -1], 6 polynomials.
                sum := mload(0x1c40)
                sum := add(
                    mload(0x1b00),
                    mulmod(
                        mu,
                        add(
                            mload(0x1b40),
                            mulmod(
                                mu,
                                add(
                                    mload(0x1b60),
                                    mulmod(
                                        mu,
                                        add(mload(0x1ba0), mulmod(mu, add(mload(0x1be0), mulmod(mu, sum, r)), r)),
                                        r
                                    )
                                ),
                                r
                            )
                        ),
                        r
                    )
                )
                value := mulmod(mload(0x0da0), mulmod(sum, mload(0x0660), r), r)
                sum := mload(0x1c60)
                sum := add(
                    mload(0x1b20),
                    mulmod(
                        mu,
                        add(
                            mload(0x1d60),
                            mulmod(
                                mu,
                                add(
                                    mload(0x1b80),
                                    mulmod(
                                        mu,
                                        add(mload(0x1bc0), mulmod(mu, add(mload(0x1d80), mulmod(mu, sum, r)), r)),
                                        r
                                    )
                                ),
                                r
                            )
                        ),
                        r
                    )
                )
                value := addmod(mulmod(mload(0x0dc0), mulmod(sum, mload(0x0640), r), r), value, r)
                value := mulmod(value, mload(0x0620), r)
                total := addmod(mulmod(setPower, value, r), total, r)
                mstore(0x0a20, mulmod(mload(0x0640), mulmod(mload(0x0660), setPower, r), r))
                mstore(VALUE, total)
                // Everything is times what vanishes on the first set, so that its first commitment has factor one.
                mstore(
                    COMMON,
                    mod(
                        mulmod(
                            add(mload(U), sub(r, mulmod(mload(X), mload(0x0c60), r))),
                            mulmod(
                                add(mload(U), sub(r, mulmod(mload(X), mload(0x0c40), r))),
                                mulmod(
                                    add(mload(U), sub(r, mulmod(mload(X), mload(0x0c00), r))),
                                    add(mload(U), sub(r, mulmod(mload(X), mload(0x0c20), r))),
                                    r
                                ),
                                r
                            ),
                            r
                        ),
                        r
                    )
                )
            }

            // The combination: quotient pieces, then everything.
            {
                mcopy(SUM, 0x1940, 0x0040)
                let rows := mload(X_N)
                pop(fold(0x1980, rows, rows, r))
                mcopy(0x0960, SUM, 0x0040)
                let mu := mload(MU)
                // Rotations [0, 1, 2, 3].
                mcopy(SUM, 0x1840, 0x0040)
                // Rotations [0, 1].
                pop(fold(0x18a015801480, mulmod(mload(0x09c0), mload(COMMON), r), mu, r))
                // Rotations [0, 1, -1].
                pop(fold(0x1500, mulmod(mload(0x09e0), mload(COMMON), r), mu, r))
                // Rotations [0].
                let setNext :=
                    fold4(
                        0x11a01160112010e010a012e012a012600f201440140016e015c0154014c016a0,
                        mulmod(mload(0x0a00), mload(COMMON), r),
                        mu,
                        r
                    )
                setNext := fold4(0x1320106010200fe00fa00f60122011e0, setNext, mu, r)
                pop(fold(0x18e00960, setNext, mu, r))
                // Rotations [0, -1].
                setNext := fold4(0x17c0178016001720, mulmod(mload(0x0a20), mload(COMMON), r), mu, r)
                pop(fold(0x18001660, setNext, mu, r))
                // The value of the combination, W, W'.
                pop(fold(0x0de0, sub(r, mulmod(mload(VALUE), mload(COMMON), r)), 0, r))
                pop(fold(0x2040, sub(r, mload(COMMON)), 0, r))
                pop(fold(0x20a0, mload(U), 0, r))
            }

            // e(sum, [1]) · e(W', -[tau]) = 1
            {
                mcopy(0x0180, 0x0e20, 0x0080)
                mcopy(0x0200, 0x20a0, 0x0040)
                mcopy(0x0240, 0x0ea0, 0x0080)
            }
            if iszero(staticcall(PAIRING_GAS, 0x08, SUM, 0x180, 0x00, 0x20)) { fail(0x08) }
            return(0x00, 0x20)
        }
    }
}
