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
    uint256 private constant INSTANCE_COUNT = {{ instance_count }};
    uint256 private constant PROOF_BYTES = {{ proof_bytes }};
    uint256 private constant PROOF = 0x84;
    uint256 private constant EVALUATIONS = {{ evaluations }};
    uint256 private constant EVALUATIONS_END = {{ evaluations_end }};
    uint256 private constant INSTANCES = {{ instances }};

    /// @dev The key: words after the first byte of its code.
    uint256 private constant KEY_BYTES = {{ key_bytes }};
{%- for (name, address) in memory %}
    uint256 private constant {{ name }} = {{ address }};
{%- endfor %}

    /// @dev Evaluations in memory.
{%- for (name, address) in evaluation_names %}
    uint256 private constant {{ name }} = {{ address }};
{%- endfor %}

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
                mstore(0x00, {{ precompile_failed }})
                mstore(0x20, precompile)
                revert(0x1c, 0x24)
            }

            /// Whether pairs of points in the call data are on the curve, with reduced coordinates. Infinity is not.
            function onCurve(position, end) -> good {
                let q := Q
                good := 1
                for {} lt(position, end) { position := add(position, 0x80) } {
{%- for offset in ["0x00", "0x40"] %}
                    {
{%- if *offset == "0x00" %}
                        let x := calldataload(position)
                        let y := calldataload(add(position, 0x20))
{%- else %}
                        let x := calldataload(add(position, 0x40))
                        let y := calldataload(add(position, 0x60))
{%- endif %}
                        good := and(
                            and(good, and(lt(x, q), lt(y, q))),
                            eq(mulmod(y, y, q), addmod(mulmod(x, mulmod(x, x, q), q), 3, q))
                        )
                    }
{%- endfor %}
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
{%- for shift in [0, 16, 32, 48] %}
{%- if *shift == 0 %}
                    mcopy(TERM, and(table, 0xffff), 0x40)
{%- else %}
                    mcopy(TERM, and(shr({{ shift }}, table), 0xffff), 0x40)
{%- endif %}
                    good := and(
                        good,
                        and(
                            staticcall(ADD_GAS, 0x06, SUM, 0x80, SUM, 0x40),
                            staticcall(MUL_GAS, 0x07, TERM, 0x60, TERM, 0x40)
                        )
                    )
                    mstore(TERM_FACTOR, mulmod(mload(TERM_FACTOR), by, r))
{%- endfor %}
                }
                if iszero(good) { fail(0x07) }
                next := mload(TERM_FACTOR)
            }

            /// All constraints, with falling powers of the last challenge of the circuit.
            function numerator(r) -> sum {
                let y := mload(Y)
                let part := 0
{{ numerator }}
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
                    mstore(0x00, {{ non_canonical }})
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
{{ point_checks }}
{{ scalar_checks }}
                if iszero(good) { refuse() }
            }

            // The transcript: each part is hashed where it is, after the hash of the part before.
            extcodecopy(key, KEY, 1, KEY_BYTES)
            mstore8(0x20, 1)
            {
{{ transcript }}
            }

            // All inversions at once: of numbers that are zero for no challenge but a few in 2^254, for which this refuses.
            mstore(POWER, 0x20)
            mstore(POWER_LENGTHS, 0x20)
            mstore(POWER_LENGTHS_2, 0x20)
            mstore(POWER_MODULUS, r)
            mstore(X_N, power(mload(X), mload(KEY_ROWS)))
            {
{{ inversion }}
            }

            // Evaluations of instances and of the quotient.
            {
{{ evaluation }}
            }

            // SHPLONK: what the combination of all commitments should evaluate to, and the factor of each rotation set.
            {
{{ opening }}
            }

            // The combination: quotient pieces, then everything.
            {
{{ combination }}
            }

            // e(sum, [1]) · e(W', -[tau]) = 1
            {
{{ pairing }}
            }
            if iszero(staticcall(PAIRING_GAS, 0x08, SUM, 0x180, 0x00, 0x20)) { fail(0x08) }
            return(0x00, 0x20)
        }
    }
}
