//! Sections of the verifier that depend on the protocol: transcript, inversions, SHPLONK, pairing.

use crate::{
    key::KeyMap,
    memory::{Memory, PAIRING, POINT, WORD},
    protocol::{Protocol, Query, RotationSet},
    yul::{Lines, Yul, add, mload, mulmod, negated, word},
};

/// Indentation in the template.
const INDENT: usize = 16;
/// Evaluations that are summed by one statement: what the stack has room for.
const TURN: usize = 6;
/// Evaluations that a turn of a loop checks.
const CHECKS: usize = 8;
/// Addresses of a table's word.
const PER_WORD: usize = 16;

/// What the sections are made from.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) protocol: &'a Protocol,
    pub(crate) memory: &'a Memory,
    pub(crate) key: &'a KeyMap,
}

/// An address as text.
pub(crate) fn hex(address: usize) -> String {
    format!("{address:#06x}")
}

impl Parts<'_> {
    fn key_word(&self, index: usize) -> usize {
        self.memory.key + index * WORD
    }

    /// Copies the proof to where it is hashed, and draws the challenges.
    pub(crate) fn transcript(&self) -> Lines {
        let mut code = Lines::new(INDENT);
        let first = self.memory.transcript + WORD;
        let instances = self.protocol.instances * WORD;
        code.run(&call("calldatacopy", [word(hex(first)), word("INSTANCES"), word(hex(instances))]));
        let mut position = 0;
        for segment in &self.memory.segments {
            let from = if position == 0 { word("PROOF") } else { call("add", [word("PROOF"), word(hex(position))]) };
            if segment.bytes > 0 {
                code.run(&call("calldatacopy", [word(hex(segment.body)), from, word(hex(segment.bytes))]));
            }
            position += segment.bytes;
        }
        let mut slot = self.memory.challenges;
        for (i, segment) in self.memory.segments.iter().enumerate() {
            let size = segment.body + segment.bytes - segment.start;
            for squeeze in 0..segment.challenges {
                // A hash that is squeezed again at once is hashed with a byte 1 after it.
                let (from, bytes) = if squeeze == 0 { (segment.start, size) } else { (0, WORD + 1) };
                let last = squeeze + 1 == segment.challenges;
                let next = self.memory.segments.get(i + 1).filter(|_| last).map_or(0, |next| next.start);
                let hash = call("keccak256", [word(hex(from)), word(hex(bytes))]);
                code.assign_or_define("hash", &hash, slot == self.memory.challenges);
                code.store(hex(next), word("hash"));
                code.store(hex(slot), call("mod", [word("hash"), word("r")]));
                slot += WORD;
            }
        }
        code
    }

    /// Checks of the points before the evaluations, in pairs: a second point is checked twice if their number is odd.
    pub(crate) fn point_checks(&self) -> Lines {
        let mut code = Lines::new(INDENT);
        let points = self.protocol.witnesses() + self.protocol.quotients;
        let mut check = |from: usize, to: Yul| {
            let from = if from == 0 { word("PROOF") } else { call("add", [word("PROOF"), word(hex(from))]) };
            code.assign("good", &call("and", [word("good"), call("onCurve", [from, to])]));
        };
        if points % 2 == 1 {
            check(0, call("add", [word("PROOF"), word(hex(2 * POINT))]));
        }
        check(points % 2 * POINT, word("EVALUATIONS"));
        code
    }

    /// Checks of evaluations and instances: some at a time, then the rest.
    pub(crate) fn scalar_checks(&self) -> Lines {
        let mut code = Lines::new(INDENT);
        let check = |position: Yul| call("lt", [call("calldataload", [position]), word("r")]);
        let at =
            |name: &str, i: usize| if i == 0 { word(name) } else { call("add", [word(name), word(hex(i * WORD))]) };
        let all = |checks: Vec<Yul>| checks.into_iter().fold(word("good"), |all, check| call("and", [check, all]));
        let (turns, rest) = (self.protocol.evaluations.len() / CHECKS, self.protocol.evaluations.len() % CHECKS);
        code.raw("let position := EVALUATIONS");
        code.raw(&format!("for {{ let end := add(position, {}) }} lt(position, end) {{", hex(turns * CHECKS * WORD)));
        code.raw(&format!("    position := add(position, {})", hex(CHECKS * WORD)));
        code.raw("} {");
        let mut inner = Lines::new(INDENT + 4);
        inner.assign("good", &all((0..CHECKS).map(|i| check(at("position", i))).collect()));
        code.lines.append(&mut inner.lines);
        code.raw("}");
        let rest = (0..rest).map(|i| check(at("position", i)));
        let instances = (0..self.protocol.instances).map(|i| check(at("INSTANCES", i)));
        code.assign("good", &all(rest.chain(instances).collect()));
        code
    }

    /// Inverts all denominators with one power.
    pub(crate) fn inversion(&self) -> Lines {
        let (protocol, memory) = (self.protocol, self.memory);
        let mut code = Lines::new(INDENT);
        let rows = protocol.lagrange.len();
        code.raw("let product := 1");
        code.raw("{");
        let mut inner = Lines::new(INDENT + 4);
        let mut slot = 0;
        let mut push = |inner: &mut Lines, value: &Yul| {
            let address = memory.inverses + slot * WORD;
            inner.store(hex(memory.products + slot * WORD), word("product"));
            inner.store(hex(address), value.clone());
            inner.assign("product", &mulmod(word("product"), mload(hex(address))));
            slot += 1;
        };
        inner.comment("Lagrange polynomials: x·ω^-row - 1.");
        inner.define("x", &mload("X"));
        inner.define("minusOne", &negated(word(1)));
        for i in 0..rows {
            let root = mload(hex(self.key_word(self.key.lagrange + i)));
            push(&mut inner, &add(mulmod(word("x"), root), word("minusOne")));
        }
        inner.comment("x^n - 1, x, and u - x·ω^rotation.");
        push(&mut inner, &add(mload("X_N"), word("minusOne")));
        push(&mut inner, &word("x"));
        for i in 0..protocol.rotations().len() {
            let root = mload(hex(self.key_word(self.key.rotations + i)));
            push(&mut inner, &add(mload("U"), negated(mulmod(word("x"), root))));
        }
        code.absorb(inner);
        code.raw("}");
        code.raw("if iszero(product) { refuse() }");
        code.define("inverse", &call("power", [word("product"), call("sub", [word("r"), word(2)])]));
        for i in (0..memory.inversions).rev() {
            let (address, before) = (memory.inverses + i * WORD, memory.products + i * WORD);
            // One number is not needed again once it is inverted; its place takes the inverse.
            code.raw("{");
            let mut inner = Lines::new(INDENT + 4);
            inner.define("value", &mload(hex(address)));
            inner.store(hex(address), mulmod(word("inverse"), mload(hex(before))));
            inner.assign("inverse", &mulmod(word("inverse"), word("value")));
            code.absorb(inner);
            code.raw("}");
        }
        code
    }

    /// Lagrange polynomials, instances, the quotient.
    pub(crate) fn evaluation(&self) -> Lines {
        let (protocol, memory) = (self.protocol, self.memory);
        let mut code = Lines::new(INDENT);
        let mut inner = Lines::new(INDENT);
        let vanishing = add(mload("X_N"), negated(word(1)));
        inner.define("scale", &mulmod(vanishing, mload(hex(self.key_word(self.key.rows_inverse)))));
        for i in 0..protocol.lagrange.len() {
            let address = hex(memory.inverses + i * WORD);
            inner.store(&address, mulmod(word("scale"), mload(&address)));
        }
        for (i, query) in protocol.instance_queries.iter().enumerate() {
            let term = |row: usize| {
                let instance = memory.transcript + WORD * (1 + row);
                let lagrange = memory.lagrange(protocol, row as i32 - query.rotation);
                mulmod(mload(hex(instance)), mload(hex(lagrange)))
            };
            let sum = (1..protocol.instances).fold(term(0), |sum, row| match row % 4 {
                // Sums stay below 2^256.
                0 => Yul::Call("addmod", vec![term(row), sum, word("r")]),
                _ => add(term(row), sum),
            });
            inner.store(hex(memory.instance_evaluations + i * WORD), call("mod", [sum, word("r")]));
        }
        code.absorb(inner);
        let vanishing = mload(hex(memory.vanishing_inverse(protocol)));
        code.store(hex(memory.quotient_evaluation), mulmod(call("numerator", [word("r")]), vanishing));
        code
    }

    /// For each rotation set, what its polynomials evaluate to and the factor of its commitments.
    pub(crate) fn opening(&self) -> Lines {
        let (protocol, memory) = (self.protocol, self.memory);
        let mut code = Lines::new(INDENT);
        let distance = |r: i32| mload(hex(memory.distance_inverse(protocol, r)));
        let mut inner = Lines::new(INDENT);
        inner.raw("let total := 0");
        inner.define("mu", &mload("MU"));
        inner.define("gamma", &mload("GAMMA"));
        inner.raw("let setPower := 1");
        inner.raw("let value := 0");
        inner.raw("let sum := 0");
        let mut weight = self.key.weights;
        for (i, set) in protocol.sets.iter().enumerate() {
            inner.comment(&format!("Rotations {:?}, {} polynomials.", set.rotations, set.polys.len()));
            let size = set.rotations.len();
            for (j, &rotation) in set.rotations.iter().enumerate() {
                self.horner(set, rotation, &mut inner);
                let mut term = mulmod(word("sum"), distance(rotation));
                if size > 1 {
                    term = mulmod(term, mload(hex(self.key_word(weight))));
                    weight += 1;
                }
                inner.assign(
                    "value",
                    &if j == 0 { term } else { Yul::Call("addmod", vec![term, word("value"), word("r")]) },
                );
            }
            let x_inverse = mload(hex(memory.x_inverse(protocol)));
            for _ in 1..size {
                inner.assign("value", &mulmod(word("value"), x_inverse.clone()));
            }
            if i == 0 {
                inner.assign("total", &word("value"));
                inner.assign("setPower", &word("gamma"));
                continue;
            }
            let scaled = mulmod(word("setPower"), word("value"));
            inner.assign("total", &Yul::Call("addmod", vec![scaled, word("total"), word("r")]));
            let factor = set.rotations.iter().fold(word("setPower"), |product, &r| mulmod(distance(r), product));
            inner.store(hex(memory.factors + i * WORD), factor);
            if i + 1 < protocol.sets.len() {
                inner.assign("setPower", &mulmod(word("setPower"), word("gamma")));
            }
        }
        inner.store("VALUE", word("total"));
        code.absorb(inner);
        code.comment(
            "Everything is times what vanishes on the first set, so that its first commitment has factor one.",
        );
        let distance = |r: &i32| {
            let index = protocol.rotations().iter().position(|other| other == r).unwrap_or(0);
            let root = mload(hex(self.key_word(self.key.rotations + index)));
            add(mload("U"), negated(mulmod(mload("X"), root)))
        };
        let first = protocol.sets.first().map_or(&[][..], |set| &set.rotations);
        let product = first.iter().map(distance).reduce(mulmod).unwrap_or_else(|| word(1));
        code.store("COMMON", call("mod", [product, word("r")]));
        code
    }

    /// One multi-scalar multiplication over all commitments.
    pub(crate) fn combination(&self) -> Lines {
        let (protocol, memory) = (self.protocol, self.memory);
        let mut code = Lines::new(INDENT);
        let copy = |to: Yul, from: usize| call("mcopy", [to, word(hex(from)), word(hex(POINT))]);
        let pieces: Vec<usize> = (0..protocol.quotients).map(|i| memory.point(protocol.witnesses() + i)).collect();
        if let Some((&first, others)) = pieces.split_first() {
            code.run(&copy(word("SUM"), first));
            code.define("rows", &mload("X_N"));
            self.fold(&mut code, others, word("rows"), &word("rows"), "next");
            code.run(&call("mcopy", [word(hex(memory.quotient)), word("SUM"), word(hex(POINT))]));
        }
        let mut inner = Lines::new(INDENT);
        inner.define("mu", &mload("MU"));
        for (i, set) in protocol.sets.iter().enumerate() {
            let mut commitments: Vec<usize> = set.polys.iter().map(|&poly| self.commitment(poly)).collect();
            inner.comment(&format!("Rotations {:?}.", set.rotations));
            if i == 0 {
                inner.run(&copy(word("SUM"), commitments.remove(0)));
                self.fold(&mut inner, &commitments, word("mu"), &word("mu"), "setNext");
                continue;
            }
            let factor = mulmod(mload(hex(memory.factors + i * WORD)), mload("COMMON"));
            self.fold(&mut inner, &commitments, factor, &word("mu"), "setNext");
        }
        code.absorb(inner);
        let quotients = protocol.witnesses() + protocol.quotients;
        let (w, w_prime) = (memory.point(quotients), memory.point(quotients + 1));
        code.comment("The value of the combination, W, W'.");
        let one = |point: usize, factor: Yul, code: &mut Lines| {
            code.run(&call("pop", [call("fold", [word(hex(point)), factor, word(0), word("r")])]));
        };
        let value = negated(mulmod(mload("VALUE"), mload("COMMON")));
        one(self.key_word(self.key.g1), value, &mut code);
        one(w, negated(mload("COMMON")), &mut code);
        one(w_prime, mload("U"), &mut code);
        code
    }

    /// The pairing's arguments after the sum.
    pub(crate) fn pairing(&self) -> Lines {
        let memory = self.memory;
        let mut code = Lines::new(INDENT);
        let mut copy = |to: usize, from: usize, words: usize| {
            code.run(&call("mcopy", [word(hex(to)), word(hex(from)), word(hex(words * WORD))]));
        };
        let w_prime = memory.point(self.protocol.witnesses() + self.protocol.quotients + 1);
        copy(PAIRING + 2 * WORD, self.key_word(self.key.g2), 4);
        copy(PAIRING + 6 * WORD, w_prime, 2);
        copy(PAIRING + 8 * WORD, self.key_word(self.key.s_g2), 4);
        code
    }

    /// Where a polynomial's commitment is.
    fn commitment(&self, poly: usize) -> usize {
        let protocol = self.protocol;
        if poly < protocol.preprocessed.len() {
            self.key_word(self.key.preprocessed + 2 * poly)
        } else if poly == protocol.quotient() {
            self.memory.quotient
        } else {
            self.memory.point(poly - protocol.first_witness())
        }
    }

    /// A set's evaluations at a rotation with rising powers of `mu`, in a variable.
    fn horner(&self, set: &RotationSet, rotation: i32, code: &mut Lines) {
        let mut values =
            set.polys.iter().rev().map(|&poly| mload(hex(self.memory.evaluation(Query { poly, rotation }))));
        code.assign("sum", &values.next().unwrap_or_else(|| word(0)));
        let values: Vec<Yul> = values.collect();
        for some in values.chunks(TURN) {
            let step =
                |sum: Yul, value: &Yul| call("add", [value.clone(), call("mulmod", [word("mu"), sum, word("r")])]);
            code.assign("sum", &some.iter().fold(word("sum"), step));
        }
    }

    /// Code that adds points to the sum: most of them four at a time.
    fn fold(&self, code: &mut Lines, points: &[usize], factor: Yul, by: &Yul, name: &str) {
        let (fours, rest) = points.split_at(points.len() / 4 * 4);
        let calls: Vec<(&'static str, &[usize])> = (fours.chunks(PER_WORD).map(|chunk| ("fold4", chunk)))
            .chain((!rest.is_empty()).then_some(("fold", rest)))
            .collect();
        let mut factor = factor;
        for (i, (function, chunk)) in calls.iter().enumerate() {
            let value = call(function, [word(table(chunk)), factor, by.clone(), word("r")]);
            if i + 1 == calls.len() {
                code.run(&call("pop", [value]));
                break;
            }
            code.assign_or_define(name, &value, i == 0 && !code.defines(name));
            factor = word(name);
        }
    }
}

fn call<const N: usize>(name: &'static str, arguments: [Yul; N]) -> Yul {
    Yul::Call(name, arguments.into())
}

/// Addresses in the order in which they are read, the first in the lowest bits.
fn table(addresses: &[usize]) -> String {
    let digits: String = addresses.iter().rev().map(|address| format!("{address:04x}")).collect();
    format!("0x{digits}")
}
