//! The generated code, run here: it computes what snark-verifier says, for random inputs and for the largest ones, and
//! no sum or difference leaves the 256 bits of a word.

use std::collections::HashMap;

use alloy::primitives::U256;
use halo2curves::ff::Field;
use snark_verifier::system::halo2::{Config, compile};
use zkescrow_circuits::{
    keys::ProverKeys,
    plan::{Choice, Degree, INSTANCES, Plan},
    sample,
    srs::Srs,
};

use super::*;
use crate::{
    key::KeyMap,
    protocol::{Query, Raw, constraints},
};

/// A machine that runs straight-line code.
struct Machine {
    memory: HashMap<usize, U256>,
    /// Addresses by name.
    constants: HashMap<String, usize>,
    variables: HashMap<String, U256>,
    /// The words that are still to be read.
    tokens: Vec<String>,
}

impl Machine {
    fn next(&mut self) -> String {
        self.tokens.pop().expect("more code")
    }

    fn run(&mut self, text: &str) {
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let spaced = code.join(" ").replace('(', " ( ").replace(')', " ) ").replace(',', " ");
        self.tokens = spaced.split_whitespace().rev().map(str::to_owned).collect();
        while let Some(name) = self.tokens.pop() {
            if name == "mstore" {
                let arguments = self.arguments();
                self.memory.insert(arguments[0].to(), arguments[1]);
            } else {
                assert_eq!(self.next(), ":=");
                let value = self.value();
                self.variables.insert(name, value);
            }
        }
    }

    fn arguments(&mut self) -> Vec<U256> {
        assert_eq!(self.next(), "(");
        let mut values = vec![];
        while self.tokens.last().is_some_and(|token| token != ")") {
            values.push(self.value());
        }
        self.next();
        values
    }

    fn value(&mut self) -> U256 {
        let token = self.next();
        if self.tokens.last().is_some_and(|next| next == "(") {
            let a = self.arguments();
            return match token.as_str() {
                "add" => a[0].checked_add(a[1]).expect("a sum of 256 bits"),
                "sub" => a[0].checked_sub(a[1]).expect("a positive difference"),
                "mul" => a[0].checked_mul(a[1]).expect("a product of 256 bits"),
                "mod" => a[0] % a[1],
                "addmod" => a[0].add_mod(a[1], a[2]),
                "mulmod" => a[0].mul_mod(a[1], a[2]),
                "mload" => *self.memory.get(&a[0].to()).expect("a word that was stored"),
                other => panic!("{other} is no operation of numerators"),
            };
        }
        if let Some(value) = self.variables.get(&token) {
            return *value;
        }
        match self.constants.get(&token) {
            Some(address) => U256::from(*address),
            None => token.parse().expect("a number"),
        }
    }
}

fn word_of(value: Fr) -> U256 {
    U256::from_be_bytes(scalar(value))
}

fn evaluate(raw: &Raw, input: &impl Fn(Input) -> Fr) -> Fr {
    match raw {
        Raw::Constant(value) => *value,
        Raw::Input(i) => input(*i),
        Raw::Neg(a) => -evaluate(a, input),
        Raw::Add(a, b) => evaluate(a, input) + evaluate(b, input),
        Raw::Mul(a, b) => evaluate(a, input) * evaluate(b, input),
    }
}

/// A value for each input: pseudo-random, or always the largest.
fn choose(input: Input, round: u64) -> Fr {
    let seed = match input {
        _ if round == 0 => return -Fr::ONE,
        _ if round == 1 => return Fr::ZERO,
        Input::Query(Query { poly, rotation }) => 1 + 100 * poly as u64 + (rotation + 50) as u64,
        Input::Challenge(index) => 1_000_001 + index as u64,
        Input::Lagrange(row) => 2_000_001 + (row + 1000) as u64,
        Input::Identity => 3_000_001,
    };
    Fr::from(seed).pow_vartime([round * 65_537 + 3])
}

#[test]
fn the_code_computes_what_snark_verifier_says() {
    for (seed, lanes, weight_columns) in [(1, 1, 1), (2, 3, 2), (3, 4, 7), (5, 8, 12)] {
        let model = if seed == 1 { sample::tiny(1) } else { sample::random(seed) };
        let choice = Choice { lanes, weight_columns, degree: Degree::ALL[lanes % 2], k: None };
        let plan = Plan::new(&model.network, choice).expect("plannable");
        let keys = ProverKeys::generate(&model.network, choice, Srs::development(plan.shape.k)).expect("keys").verifier;
        let protocol = Protocol::new(&keys);
        let memory = Memory::new(&protocol, KeyMap::new(&protocol).words);
        let text = numerator(&protocol, &memory).code.text();
        let source = compile(&keys.params, &keys.vk, Config::kzg().with_num_instance(vec![INSTANCES]));
        let power = Input::Challenge(protocol.challenges() - 1);
        let constraints = constraints(&source, protocol.challenges() - 1);
        assert_eq!(constraints.len(), protocol.constraints.len());
        let queries: Vec<Query> = protocol.evaluations.iter().chain(&protocol.instance_queries).copied().collect();
        for round in 0..10 {
            let y = choose(power, round);
            let expected = constraints
                .iter()
                .fold(Fr::ZERO, |sum, constraint| sum * y + evaluate(constraint, &|input| choose(input, round)));
            let inputs = (queries.iter().map(|&query| Input::Query(query)))
                .chain((0..protocol.challenges()).map(Input::Challenge))
                .chain(protocol.lagrange.iter().map(|&row| Input::Lagrange(row)))
                .chain([Input::Identity]);
            let order = word_of(-Fr::ONE) + U256::from(1);
            let mut machine = Machine {
                memory: inputs.map(|i| (memory.input(&protocol, i), word_of(choose(i, round)))).collect(),
                constants: queries.iter().map(|&query| (protocol.name(query), memory.evaluation(query))).collect(),
                variables: [("r".into(), order), ("y".into(), word_of(y))].into(),
                tokens: vec![],
            };
            machine.constants.insert("X".into(), memory.x);
            machine.run(&text);
            assert_eq!(machine.variables["sum"] % order, word_of(expected), "seed {seed}, round {round}");
        }
    }
}
