//! The quotient's numerator as straight-line code.
//!
//! Numbers are kept as any representative below 2^256: sums are plain additions as long as they cannot overflow
//! (5·r < 2^256), and products reduce anyway. What is used again is kept in memory if that is cheaper than computing it
//! again. Neighbouring constraints with a common factor, a selector as a rule, are summed before they are multiplied
//! with it.

use std::collections::HashMap;

use halo2curves::bn256::Fr;

use crate::{
    dag::{Dag, Id, Input, Node, small},
    key::scalar,
    memory::{Memory, WORD},
    protocol::Protocol,
    yul::{Lines, STACK, Yul, add, addmod, mload, mulmod, negated, word},
};

/// The largest multiple of r below 2^256.
const MOST: u64 = 5;
/// Indentation of a function's body in the template.
const INDENT: usize = 16;

/// Constraints that share a factor.
struct Group {
    factor: Option<Id>,
    members: Vec<(String, Id)>,
}

/// The code, with its price.
pub(crate) struct Numerator {
    pub(crate) code: Lines,
}

/// Code that leaves the numerator in `sum`, up to a multiple of r.
pub(crate) fn numerator(protocol: &Protocol, memory: &Memory) -> Numerator {
    let mut dag = protocol.dag.clone();
    let power = protocol.challenges() - 1;
    let mut names: Vec<&str> = protocol.constraints.iter().map(|c| c.name.as_str()).collect();
    names.reverse();
    let values: Vec<Id> = protocol.constraints.iter().map(|c| c.value).collect();
    let groups = group(&mut dag, &values, &mut names);
    let y = dag.input(Input::Challenge(power));
    let powers: Vec<Id> = groups.iter().map(|group| (1..group.members.len()).fold(y, |p, _| dag.mul(p, y))).collect();

    let roots = groups.iter().zip(&powers).flat_map(|(group, &power)| {
        group.members.iter().map(|&(_, id)| id).chain(group.factor).chain((power != y).then_some(power))
    });
    let mut emitter = Emitter::new(&dag, protocol, memory, y, roots.collect());
    for (i, (group, &power)) in groups.iter().zip(&powers).enumerate() {
        let first = i == 0;
        let Some(factor) = group.factor else {
            for (name, id) in &group.members {
                emitter.code.comment(name);
                let (value, bound) = emitter.value(*id);
                emitter.add_to("sum", word("y"), value, bound, first);
            }
            continue;
        };
        let mut part_bound = 0;
        for (j, (name, id)) in group.members.iter().enumerate() {
            emitter.code.comment(name);
            let (value, bound) = emitter.value(*id);
            part_bound = emitter.add_to("part", word("y"), value, bound, j == 0);
        }
        debug_assert!(part_bound <= MOST);
        // Both before either is read: what is read last may give its place to what is computed next.
        if !first {
            emitter.prepare(power);
        }
        emitter.prepare(factor);
        let (power, _) = if first { (word("y"), 1) } else { emitter.read(power) };
        let (factor, _) = emitter.read(factor);
        emitter.add_to("sum", power, mulmod(word("part"), factor), 1, first);
    }
    Numerator { code: emitter.code }
}

/// Finds runs of constraints with a common factor, the longest first choice at each place.
fn group(dag: &mut Dag, values: &[Id], names: &mut Vec<&str>) -> Vec<Group> {
    let factors: Vec<Vec<Id>> = values.iter().map(|&id| dag.factors(id)).collect();
    let mut groups = vec![];
    let mut at = 0;
    while at < values.len() {
        let run = |f: Id| (at..values.len()).take_while(|&i| factors[i].contains(&f)).count();
        let candidates = factors[at].iter().map(|&f| (run(f), dag.factors(f).len(), f));
        let best = candidates.filter(|&(run, _, f)| run > 1 && !matches!(dag.node(f), Node::Constant(_))).max();
        let (length, factor) = best.map_or((1, None), |(run, _, f)| (run, Some(f)));
        let members = (at..at + length).map(|i| {
            let id = factor.map_or(values[i], |f| dag.divide(values[i], f));
            (names.pop().unwrap_or_default().to_owned(), id)
        });
        let members = members.collect();
        groups.push(Group { factor, members });
        at += length;
    }
    groups
}

struct Emitter<'a> {
    dag: &'a Dag,
    protocol: &'a Protocol,
    memory: &'a Memory,
    /// The challenge that is kept on the stack.
    y: Id,
    /// Nodes kept in memory, with their uses to come.
    uses: HashMap<Id, usize>,
    /// Where they are, once computed, and how large they may be.
    kept: HashMap<Id, (usize, u64)>,
    free: Vec<usize>,
    highest: usize,
    code: Lines,
}

impl<'a> Emitter<'a> {
    fn new(dag: &'a Dag, protocol: &'a Protocol, memory: &'a Memory, y: Id, roots: Vec<Id>) -> Self {
        let uses = kept(dag, &roots);
        let code = Lines::new(INDENT);
        Self { dag, protocol, memory, y, uses, kept: HashMap::new(), free: vec![], highest: 0, code }
    }

    /// `name := name * by + value`, or just `value` at first; says how large the result may be.
    fn add_to(&mut self, name: &str, by: Yul, value: Yul, bound: u64, first: bool) -> u64 {
        if first {
            self.code.assign(name, &value);
            return bound;
        }
        let product = mulmod(word(name), by);
        let (sum, bound) = sum(product, 1, value, bound);
        self.code.assign(name, &sum);
        bound
    }

    /// An expression for a node, after code for what it needs from memory.
    fn value(&mut self, id: Id) -> (Yul, u64) {
        self.prepare(id);
        self.read(id)
    }

    /// Computes what is kept in memory, operands first.
    fn prepare(&mut self, id: Id) {
        if self.kept.contains_key(&id) {
            return;
        }
        for operand in self.dag.node(id).operands() {
            self.prepare(operand);
        }
        if self.uses.contains_key(&id) {
            let (value, bound) = self.operation(id);
            self.keep(id, value, bound);
        }
    }

    fn keep(&mut self, id: Id, value: Yul, bound: u64) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.highest += 1;
            self.highest - 1
        });
        self.code.store(self.address(slot), value);
        self.kept.insert(id, (slot, bound));
    }

    fn address(&self, slot: usize) -> String {
        format!("{:#06x}", self.memory.temporaries + slot * WORD)
    }

    fn read(&mut self, id: Id) -> (Yul, u64) {
        let Some(&(slot, bound)) = self.kept.get(&id) else { return self.operation(id) };
        // The slot is free again after the last use.
        if let Some(uses) = self.uses.get_mut(&id) {
            *uses -= 1;
            if *uses == 0 {
                self.free.push(slot);
            }
        }
        (mload(self.address(slot)), bound)
    }

    fn pair(&mut self, a: Id, b: Id) -> (Yul, u64, Yul, u64) {
        let (first, first_bound) = self.read(a);
        let (second, second_bound) = self.read(b);
        (first, first_bound, second, second_bound)
    }

    fn operation(&mut self, id: Id) -> (Yul, u64) {
        if id == self.y {
            return (word("y"), 1);
        }
        match self.dag.node(id) {
            Node::Constant(value) => (constant(value), 1),
            Node::Input(input) => (self.input(input), 1),
            Node::Neg(a) => {
                let (value, bound) = self.read(a);
                (negated(reduced(value, bound)), 1)
            }
            Node::Add(a, b) => {
                let (a, a_bound, b, b_bound) = self.pair(a, b);
                sum(a, a_bound, b, b_bound)
            }
            Node::Sub(a, b) => {
                let (a, a_bound, b, b_bound) = self.pair(a, b);
                sum(a, a_bound, negated(reduced(b, b_bound)), 1)
            }
            Node::Mul(a, b) => {
                let few = match self.dag.node(a) {
                    Node::Constant(c) => small(c),
                    _ => None,
                };
                let (a, _, b, bound) = self.pair(a, b);
                match few {
                    Some(times) if times * bound < MOST => (Yul::Call("mul", vec![word(times), b]), times * bound),
                    _ => (mulmod(a, b), 1),
                }
            }
        }
    }

    fn input(&self, input: Input) -> Yul {
        mload(match input {
            Input::Query(query) => self.protocol.name(query),
            Input::Identity => "X".into(),
            Input::Challenge(_) | Input::Lagrange(_) => format!("{:#06x}", self.memory.input(self.protocol, input)),
        })
    }
}

/// Which nodes to keep in memory, and how often they are used.
fn kept(dag: &Dag, roots: &[Id]) -> HashMap<Id, usize> {
    // Each node counts once, as if it were computed once.
    let mut reached = vec![0_usize; dag.len()];
    roots.iter().for_each(|&id| reached[id] += 1);
    for id in (0..dag.len()).rev() {
        if reached[id] > 0 {
            dag.node(id).operands().for_each(|operand| reached[operand] += 1);
        }
    }
    // Prices as operands, from the leaves up: a load costs 6, a store 6.
    let mut price = vec![0_usize; dag.len()];
    let mut keep = vec![false; dag.len()];
    // Words on the stack, rather too many than too few.
    let mut depth = vec![1_usize; dag.len()];
    for id in 0..dag.len() {
        let operands: usize = dag.node(id).operands().map(|operand| price[operand]).sum();
        let own = match dag.node(id) {
            Node::Constant(_) => 3,
            Node::Input(_) => 6,
            Node::Add(..) => 3,
            Node::Neg(_) => 6,
            Node::Sub(..) => 9,
            Node::Mul(..) => 11,
        };
        let n = reached[id];
        let leaf = matches!(dag.node(id), Node::Constant(_) | Node::Input(_));
        keep[id] = !leaf && n > 1 && (own + operands) * (n - 1) > 6 * (n + 1);
        let mut depths: Vec<usize> = dag.node(id).operands().map(|operand| depth[operand]).collect();
        depths.sort_unstable();
        depth[id] = match depths[..] {
            [] => 1,
            [only] => only + 1,
            [low, high, ..] => (high + 1).max(low + 2),
        };
        keep[id] |= depth[id] > STACK;
        if keep[id] {
            depth[id] = 1;
        }
        price[id] = if keep[id] { 6 } else { own + operands };
    }
    // How often each is really read: what is not kept is computed at every use.
    let mut times = vec![0_usize; dag.len()];
    roots.iter().for_each(|&id| times[id] += 1);
    for id in (0..dag.len()).rev() {
        let computed = if keep[id] { usize::from(times[id] > 0) } else { times[id] };
        dag.node(id).operands().for_each(|operand| times[operand] += computed);
    }
    (0..dag.len()).filter(|&id| keep[id] && times[id] > 0).map(|id| (id, times[id])).collect()
}

fn sum(a: Yul, a_bound: u64, b: Yul, b_bound: u64) -> (Yul, u64) {
    if a_bound + b_bound <= MOST { (add(a, b), a_bound + b_bound) } else { (addmod(a, b), 1) }
}

/// A value of at most r.
fn reduced(value: Yul, bound: u64) -> Yul {
    match value {
        _ if bound <= 1 => value,
        Yul::Call("add", mut arguments) => {
            arguments.push(word("r"));
            Yul::Call("addmod", arguments)
        }
        value => Yul::Call("mod", vec![value, word("r")]),
    }
}

/// A number, as a difference if that is shorter.
fn constant(value: Fr) -> Yul {
    match (small(value), small(-value)) {
        (Some(value), _) => word(value),
        (None, Some(value)) => negated(word(value)),
        (None, None) => word(format!("0x{}", hex::encode(scalar(value)))),
    }
}

#[cfg(test)]
mod tests;
