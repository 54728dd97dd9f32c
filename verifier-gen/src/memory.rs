//! Where things are in the verifier's memory: constants of the generated code.

use std::collections::HashMap;

use crate::{
    dag::Input,
    protocol::{Protocol, Query},
};

/// Bytes of a word, of a point.
pub(crate) const WORD: usize = 0x20;
pub(crate) const POINT: usize = 0x40;

/// Solidity's zero slot: what is read for a missing summand.
pub(crate) const ZERO: usize = 0x60;
/// Arguments of the modular exponentiation.
pub(crate) const POWER: usize = 0x80;
/// Arguments of the pairing; before, the running sum of points, and a point with its factor.
pub(crate) const PAIRING: usize = 0x140;

/// A part of the transcript that is hashed at once: the previous hash, then what the prover sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// Where the previous hash is.
    pub(crate) start: usize,
    /// Where the prover's words begin.
    pub(crate) body: usize,
    /// Bytes of them.
    pub(crate) bytes: usize,
    /// Challenges that follow.
    pub(crate) challenges: usize,
}

/// All addresses.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// The challenges in order; the evaluation point, SHPLONK's three.
    pub(crate) challenges: usize,
    /// The point that evaluations are of.
    pub(crate) x: usize,
    /// SHPLONK: powers of it combine polynomials.
    pub(crate) mu: usize,
    /// SHPLONK: powers of it combine rotation sets.
    pub(crate) gamma: usize,
    /// SHPLONK: the point that the combination is opened at.
    pub(crate) u: usize,
    /// `x^n`, the value of all openings, and what everything is multiplied with.
    pub(crate) common: usize,
    /// Numbers to invert, then their inverses.
    pub(crate) inverses: usize,
    /// Products of the numbers before each.
    pub(crate) products: usize,
    /// How many.
    pub(crate) inversions: usize,
    /// Evaluations of the instances.
    pub(crate) instance_evaluations: usize,
    /// Evaluation of the quotient.
    pub(crate) quotient_evaluation: usize,
    /// The quotient's commitment.
    pub(crate) quotient: usize,
    /// Factors of the rotation sets.
    pub(crate) factors: usize,
    /// The key contract's words.
    pub(crate) key: usize,
    /// Its last word, where the transcript begins.
    pub(crate) transcript: usize,
    /// Hashed parts.
    pub(crate) segments: Vec<Segment>,
    /// Numbers of the numerator that are used again.
    pub(crate) temporaries: usize,
    points: Vec<usize>,
    evaluations: HashMap<Query, usize>,
}

impl Memory {
    /// Lays out the memory for a protocol, given the words of its key.
    pub(crate) fn new(protocol: &Protocol, key_words: usize) -> Self {
        let mut next = PAIRING + 12 * WORD;
        let mut take = |bytes: usize| {
            let start = next;
            next += bytes;
            start
        };
        let before = protocol.challenges();
        let challenges = take((before + 4) * WORD);
        let common = take(3 * WORD);
        let inversions = protocol.lagrange.len() + 2 + protocol.rotations().len();
        let inverses = take(inversions * WORD);
        let products = take(inversions * WORD);
        let instance_evaluations = take(protocol.instance_queries.len() * WORD);
        let quotient_evaluation = take(WORD);
        let quotient = take(POINT);
        let factors = take(protocol.sets.len() * WORD);
        let key = take(key_words * WORD);
        let transcript = key + (key_words - 1) * WORD;
        let instances = take(protocol.instances * WORD);

        // Points of a phase follow each other; phases without points only squeeze again.
        let mut phases: Vec<(usize, usize, usize)> =
            protocol.phases.iter().map(|phase| (phase.points, 0, phase.challenges)).collect();
        phases.push((protocol.quotients, 0, 1));
        phases.push((0, protocol.evaluations.len(), 2));
        phases.push((1, 0, 1));
        phases.push((1, 0, 0));
        let mut segments = vec![Segment { start: transcript, body: instances, bytes: 0, challenges: 0 }];
        let mut points = vec![];
        let mut evaluations = HashMap::new();
        for (i, (count, scalars, squeezes)) in phases.into_iter().enumerate() {
            let bytes = count * POINT + scalars * WORD;
            if bytes > 0 && i > 0 {
                let start = take(WORD);
                segments.push(Segment { start, body: start + WORD, bytes: 0, challenges: 0 });
            }
            let body = take(bytes);
            points.extend((0..count).map(|i| body + i * POINT));
            if scalars > 0 {
                evaluations.extend((protocol.evaluations.iter().enumerate()).map(|(i, &q)| (q, body + i * WORD)));
            }
            if let Some(segment) = segments.last_mut() {
                if i == 0 {
                    segment.body = body;
                }
                segment.bytes += bytes;
                segment.challenges += squeezes;
            }
        }
        evaluations
            .extend((protocol.instance_queries.iter().enumerate()).map(|(i, &q)| (q, instance_evaluations + i * WORD)));
        evaluations.insert(Query { poly: protocol.quotient(), rotation: 0 }, quotient_evaluation);
        let x = challenges + before * WORD;
        Self {
            challenges,
            x,
            mu: x + WORD,
            gamma: x + 2 * WORD,
            u: x + 3 * WORD,
            common,
            inverses,
            products,
            inversions,
            instance_evaluations,
            quotient_evaluation,
            quotient,
            factors,
            key,
            transcript,
            segments,
            temporaries: take(0),
            points,
            evaluations,
        }
    }

    /// Whether tables, which have 16 bits for an address, reach everything that they list.
    pub(crate) fn is_addressable(&self) -> bool {
        self.temporaries <= 1 << 16
    }

    /// A point of the proof, by its place there.
    pub(crate) fn point(&self, index: usize) -> usize {
        self.points[index]
    }

    /// A column's evaluation.
    pub(crate) fn evaluation(&self, query: Query) -> usize {
        self.evaluations.get(&query).copied().unwrap_or(ZERO)
    }

    /// A Lagrange polynomial's evaluation: it replaces an inverse.
    pub(crate) fn lagrange(&self, protocol: &Protocol, row: i32) -> usize {
        self.inverses + protocol.lagrange.iter().position(|&r| r == row).unwrap_or(0) * WORD
    }

    /// The inverse of `x^n - 1`.
    pub(crate) fn vanishing_inverse(&self, protocol: &Protocol) -> usize {
        self.inverses + protocol.lagrange.len() * WORD
    }

    /// The inverse of `x`.
    pub(crate) fn x_inverse(&self, protocol: &Protocol) -> usize {
        self.vanishing_inverse(protocol) + WORD
    }

    /// The inverse of `u - ω^rotation·x`.
    pub(crate) fn distance_inverse(&self, protocol: &Protocol, rotation: i32) -> usize {
        let index = protocol.rotations().iter().position(|&r| r == rotation).unwrap_or(0);
        self.x_inverse(protocol) + WORD * (1 + index)
    }

    /// The address of an expression's input.
    pub(crate) fn input(&self, protocol: &Protocol, input: Input) -> usize {
        match input {
            Input::Query(query) => self.evaluation(query),
            Input::Challenge(index) => self.challenges + index * WORD,
            Input::Lagrange(row) => self.lagrange(protocol, row),
            Input::Identity => self.x,
        }
    }
}
