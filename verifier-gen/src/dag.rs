//! Expressions over a proof's evaluations, each kept once: equal ones are found while they are built, constants are
//! folded, signs move outwards, and factors that two terms share are taken out of sums.

use std::collections::HashMap;

use halo2curves::{bn256::Fr, ff::Field};

use crate::protocol::Query;

/// A node's number; a node's operands have smaller numbers.
pub(crate) type Id = usize;

/// What expressions are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Input {
    /// A column's evaluation.
    Query(Query),
    /// A challenge, by its place in the transcript.
    Challenge(usize),
    /// A Lagrange polynomial at the evaluation point, by its row.
    Lagrange(i32),
    /// The evaluation point.
    Identity,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Constant(Fr),
    Input(Input),
    Add(Id, Id),
    Sub(Id, Id),
    Neg(Id),
    Mul(Id, Id),
}

impl Node {
    /// Its operands.
    pub(crate) fn operands(self) -> impl Iterator<Item = Id> {
        let (a, b) = match self {
            Self::Constant(_) | Self::Input(_) => (None, None),
            Self::Neg(a) => (Some(a), None),
            Self::Add(a, b) | Self::Sub(a, b) | Self::Mul(a, b) => (Some(a), Some(b)),
        };
        a.into_iter().chain(b)
    }
}

/// All expressions of a verifier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dag {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
}

impl Dag {
    pub(crate) fn node(&self, id: Id) -> Node {
        self.nodes[id]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    fn intern(&mut self, node: Node) -> Id {
        *self.ids.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        })
    }

    pub(crate) fn constant(&mut self, value: Fr) -> Id {
        self.intern(Node::Constant(value))
    }

    pub(crate) fn input(&mut self, input: Input) -> Id {
        self.intern(Node::Input(input))
    }

    pub(crate) fn neg(&mut self, a: Id) -> Id {
        match self.node(a) {
            Node::Constant(c) => self.constant(-c),
            Node::Neg(a) => a,
            Node::Sub(a, b) => self.sub(b, a),
            _ => self.intern(Node::Neg(a)),
        }
    }

    pub(crate) fn add(&mut self, a: Id, b: Id) -> Id {
        match (self.node(a), self.node(b)) {
            (Node::Constant(x), Node::Constant(y)) => self.constant(x + y),
            (Node::Constant(x), _) if x == Fr::ZERO => b,
            (_, Node::Constant(y)) if y == Fr::ZERO => a,
            (Node::Neg(x), Node::Neg(y)) => {
                let sum = self.add(x, y);
                self.neg(sum)
            }
            (_, Node::Neg(y)) => self.sub(a, y),
            (Node::Neg(x), _) => self.sub(b, x),
            _ => match self.shared_factor(a, b) {
                Some((factor, a, b)) => {
                    let sum = self.add(a, b);
                    self.mul(factor, sum)
                }
                None => self.intern(Node::Add(a.min(b), a.max(b))),
            },
        }
    }

    pub(crate) fn sub(&mut self, a: Id, b: Id) -> Id {
        match (self.node(a), self.node(b)) {
            _ if a == b => self.constant(Fr::ZERO),
            (_, Node::Constant(y)) => {
                let negated = self.constant(-y);
                self.add(a, negated)
            }
            (Node::Constant(x), _) if x == Fr::ZERO => self.neg(b),
            (_, Node::Neg(y)) => self.add(a, y),
            (Node::Neg(x), _) => {
                let sum = self.add(x, b);
                self.neg(sum)
            }
            _ => match self.shared_factor(a, b) {
                Some((factor, a, b)) => {
                    let difference = self.sub(a, b);
                    self.mul(factor, difference)
                }
                None => self.intern(Node::Sub(a, b)),
            },
        }
    }

    pub(crate) fn mul(&mut self, a: Id, b: Id) -> Id {
        match (self.node(a), self.node(b)) {
            (Node::Constant(x), Node::Constant(y)) => self.constant(x * y),
            (Node::Constant(x), _) if x == Fr::ZERO => a,
            (Node::Constant(x), _) if x == Fr::ONE => b,
            (Node::Constant(x), _) if small(-x).is_some() => {
                let positive = self.constant(-x);
                let product = self.mul(positive, b);
                self.neg(product)
            }
            (_, Node::Constant(_)) => self.mul(b, a),
            (Node::Constant(x), Node::Mul(c, d)) if matches!(self.node(c), Node::Constant(_)) => {
                let Node::Constant(y) = self.node(c) else { return self.intern(Node::Mul(a, b)) };
                let merged = self.constant(x * y);
                self.mul(merged, d)
            }
            (Node::Neg(x), Node::Neg(y)) => self.mul(x, y),
            (Node::Neg(x), _) => {
                let product = self.mul(x, b);
                self.neg(product)
            }
            (_, Node::Neg(y)) => {
                let product = self.mul(a, y);
                self.neg(product)
            }
            // A constant factor stays in front, so that constants meet.
            (Node::Constant(_), _) => self.intern(Node::Mul(a, b)),
            _ => self.intern(Node::Mul(a.min(b), a.max(b))),
        }
    }

    /// `f·x` and `f·y` as `(f, x, y)`.
    fn shared_factor(&self, a: Id, b: Id) -> Option<(Id, Id, Id)> {
        let (Node::Mul(a1, a2), Node::Mul(b1, b2)) = (self.node(a), self.node(b)) else { return None };
        let shared = [(a1, a2, b1, b2), (a1, a2, b2, b1), (a2, a1, b1, b2), (a2, a1, b2, b1)];
        shared.into_iter().find(|(f, _, g, _)| f == g).map(|(f, x, _, y)| (f, x, y))
    }

    /// Nodes that divide a product, as it is written.
    pub(crate) fn factors(&self, id: Id) -> Vec<Id> {
        let mut found = vec![id];
        if let Node::Neg(a) = self.node(id) {
            found.extend(self.factors(a));
        }
        if let Node::Mul(a, b) = self.node(id) {
            found.extend(self.factors(a));
            found.extend(self.factors(b));
        }
        found
    }

    /// A product without one of its factors.
    pub(crate) fn divide(&mut self, id: Id, factor: Id) -> Id {
        if id == factor {
            return self.constant(Fr::ONE);
        }
        match self.node(id) {
            Node::Neg(a) => {
                let rest = self.divide(a, factor);
                self.neg(rest)
            }
            Node::Mul(a, b) if self.factors(a).contains(&factor) => {
                let rest = self.divide(a, factor);
                self.mul(rest, b)
            }
            Node::Mul(a, b) => {
                let rest = self.divide(b, factor);
                self.mul(a, rest)
            }
            _ => id,
        }
    }
}

/// A constant of at most 64 bits.
pub(crate) fn small(value: Fr) -> Option<u64> {
    let bytes = value.to_bytes();
    let (low, high) = bytes.split_first_chunk()?;
    high.iter().all(|&b| b == 0).then(|| u64::from_le_bytes(*low))
}
