//! Every constraint of the circuit. `docs/circuit.md` argues for each why it is needed and what it leaves open.
//!
//! All gates have degree 3 at most, so that the quotient lives on twice the domain. Each carries a flag that is zero
//! in the blinding rows.

use halo2_proofs::plonk::{ConstraintSystem, Expression};
use halo2curves::bn256::Fr;

use super::config::{Cells, Config, constant, power};
use crate::{
    plan::{Flag, Number},
    poseidon::{PARAMETERS, WIDTH},
};

type Poly = Expression<Fr>;

pub(super) fn constrain(meta: &mut ConstraintSystem<Fr>, config: &Config) {
    gate(meta, config, "lookups", lookups);
    gate(meta, config, "tables", tables);
    gate(meta, config, "balance", balance);
    gate(meta, config, "reading sum", reading);
    gate(meta, config, "produced sum", produced);
    gate(meta, config, "hand-over", hand_over);
    gate(meta, config, "kernel", kernel);
    gate(meta, config, "total", total);
    gate(meta, config, "derivation", derivation);
    gate(meta, config, "full round", full_round);
    gate(meta, config, "partial round", partial_round);
    gate(meta, config, "hash start", hash_start);
    gate(meta, config, "absorbed", absorbed);
    gate(meta, config, "arg-max", arg_max);
    gate(meta, config, "export", export);
}

type Constraints = Vec<(&'static str, Poly)>;

fn gate(
    meta: &mut ConstraintSystem<Fr>,
    config: &Config,
    name: &'static str,
    build: impl Fn(&mut Cells<'_, '_>) -> Constraints,
) {
    meta.create_gate(name, |meta| build(&mut Cells { config, meta }));
}

/// Rows whose pairs and remainders are looked up.
fn looked_up(c: &mut Cells<'_, '_>) -> Poly {
    c.flag(Flag::Start) + c.flag(Flag::Run) + c.flag(Flag::Compare)
}

/// `(d, y)` in the table's tagged form. The tag δ² keeps a pair from ever equalling a remainder.
fn pair(c: &mut Cells<'_, '_>, d: Poly, y: Poly) -> Poly {
    let delta = c.delta();
    c.gamma() + d + delta.clone() * y + delta.clone() * delta
}

/// `2^t·d + rem` of a lane.
fn accumulator(c: &mut Cells<'_, '_>, lane: usize) -> Poly {
    let (d, rem) = (c.config.first.d[lane], c.config.first.rem[lane]);
    c.at(d, 0) * constant(1 << c.config.shape.precision.bits) + c.at(rem, 0)
}

fn lookups(c: &mut Cells<'_, '_>) -> Constraints {
    let (usable, active) = (c.flag(Flag::Usable), looked_up(c));
    let mut constraints = vec![];
    for lane in 0..c.config.shape.lanes {
        let first = &c.config.first;
        let (d, y, rem) = (c.at(first.d[lane], 0), c.at(first.y[lane], 0), c.at(first.rem[lane], 0));
        let pair = pair(c, d, y);
        let helper = c.at(c.config.second.pair_helpers[lane], 0);
        constraints.push(("pair is looked up", usable.clone() * helper * pair - active.clone()));
        let helper = c.at(c.config.second.rem_helpers[lane], 0);
        let rem = c.gamma() + rem;
        constraints.push(("remainder is looked up", usable.clone() * helper * rem - active.clone()));
    }
    constraints
}

fn tables(c: &mut Cells<'_, '_>) -> Constraints {
    let usable = c.flag(Flag::Usable);
    let (d, y) = (c.number(Number::TableD), c.number(Number::TableY));
    let (pairs, rems) = (c.at(c.config.second.pair_table, 0), c.at(c.config.second.rem_table, 0));
    let (pair_count, rem_count) = (c.at(c.config.first.pair_count, 0), c.at(c.config.first.rem_count, 0));
    let (pair, rem) = (pair(c, d.clone(), y), c.gamma() + d);
    vec![
        ("pair table", usable.clone() * (pairs * pair - pair_count)),
        ("remainder table", usable * (rems * rem - rem_count)),
    ]
}

fn balance(c: &mut Cells<'_, '_>) -> Constraints {
    let second = &c.config.second;
    let mut change = constant(0);
    for &helper in second.pair_helpers.iter().chain(&second.rem_helpers) {
        change = change + c.at(helper, 0);
    }
    change = change - c.at(second.pair_table, 0) - c.at(second.rem_table, 0);
    let (now, before) = (c.at(second.balance, 0), c.at(second.balance, -1));
    vec![
        ("balance changes by helpers", c.flag(Flag::Usable) * (now.clone() - before - change)),
        ("balance starts at zero", c.flag(Flag::First) * now.clone()),
        ("balance ends at zero", c.flag(Flag::End) * now),
    ]
}

fn reading(c: &mut Cells<'_, '_>) -> Constraints {
    let (start, run) = (c.flag(Flag::Start), c.flag(Flag::Run));
    let live = start + run.clone();
    let (alpha, pad) = (c.alpha(), c.number(Number::Pad));
    let mut cells = constant(0);
    for lane in 0..c.config.shape.lanes {
        let y = c.at(c.config.first.y[lane], 0);
        cells = cells + c.mask(lane) * (y - pad.clone()) * power(&alpha, lane);
    }
    let second = &c.config.second;
    let (now, before, step) = (c.at(second.read, 0), c.at(second.read, -1), c.at(second.wires[0], 0));
    let hold = c.flag(Flag::Compare) * (now.clone() - before.clone());
    vec![("reading sum takes in its cells", live * (now - cells) - run * step * before), ("reading sum waits", hold)]
}

fn produced(c: &mut Cells<'_, '_>) -> Constraints {
    let (live, hop) = (c.flag(Flag::Start) + c.flag(Flag::Run), c.flag(Flag::Hop));
    let (input, border) = (c.flag(Flag::Input), c.flag(Flag::Border));
    let (alpha, s, shape) = (c.alpha(), c.s(), &c.config.shape);
    let across = power(&s, shape.weight_columns);
    let offset = constant(shape.precision.border_offset() << shape.precision.bits);
    let plain = live.clone() - hop.clone() - input.clone();
    let mut taken = constant(0);
    for lane in 0..shape.lanes {
        let (mask, value, y) = (c.mask(lane), accumulator(c, lane), c.at(c.config.first.y[lane], 0));
        taken = taken
            + (plain.clone() * power(&alpha, lane) + hop.clone() * power(&alpha, 2 * lane))
                * mask.clone()
                * value.clone()
            + input.clone() * power(&alpha, shape.input_step * lane) * mask.clone() * y
            + border.clone() * power(&across, lane) * mask * (value - offset.clone());
    }
    let second = &c.config.second;
    let (now, before, step) = (c.at(second.made, 0), c.at(second.made, -1), c.at(second.wires[1], 0));
    let hold = c.flag(Flag::Compare) * (now.clone() - before.clone());
    vec![
        ("produced sum takes in its cells", (live + border) * (now - step * before) - taken),
        ("produced sum waits", hold),
    ]
}

fn hand_over(c: &mut Cells<'_, '_>) -> Constraints {
    let second = &c.config.second;
    let (gap, leaves) = (c.flag(Flag::Gap), c.flag(Flag::Start) + c.flag(Flag::Border));
    let (read, made) = (c.at(second.read, -1), c.at(second.made, -1));
    let (to_read, to_made) = (c.at(second.wires[0], 0), c.at(second.wires[1], 0));
    vec![
        ("channel value leaves", (leaves + gap.clone()) * (to_read - read)),
        ("produced sum leaves", gap * (to_made - made)),
    ]
}

fn kernel(c: &mut Cells<'_, '_>) -> Constraints {
    let (usable, carry) = (c.flag(Flag::Usable), c.flag(Flag::Carry));
    let (weight, tap) = (c.flag(Flag::Weight), c.flag(Flag::Tap));
    let (s, offset) = (c.s(), constant(c.config.shape.precision.param_offset()));
    let mut row = constant(0);
    for (i, &column) in c.config.first.weights.iter().enumerate() {
        row = row + (c.at(column, 0) - offset.clone()) * power(&s, i);
    }
    let single = c.at(c.config.first.weights[0], 0) - offset;
    let second = &c.config.second;
    let (now, before, step) = (c.at(second.kernel, 0), c.at(second.kernel, -1), c.at(second.wires[2], 0));
    vec![("kernel takes in its parameters", usable * now - carry * step * before - weight * row - tap * single)]
}

fn total(c: &mut Cells<'_, '_>) -> Constraints {
    let (usable, shift, product) = (c.flag(Flag::Usable), c.flag(Flag::Shift), c.flag(Flag::Product));
    let room = power(&c.s(), c.config.shape.weight_columns) - constant(1);
    let second = &c.config.second;
    let (now, before) = (c.at(second.total, 0), c.at(second.total, -1));
    let (kernel, wire) = (c.at(second.kernel, -1), c.at(second.wires[2], 0));
    let change = usable * (now.clone() - before.clone()) - shift * before * room - product * wire.clone() * kernel;
    vec![
        ("total takes in kernel × channel", change),
        ("total starts at zero", c.flag(Flag::First) * now.clone()),
        ("total leaves", c.flag(Flag::End) * (wire - now)),
    ]
}

fn derivation(c: &mut Cells<'_, '_>) -> Constraints {
    let wire = c.config.second.wires[2];
    let (a, b, out) = (c.at(wire, 0), c.at(wire, 1), c.at(wire, 2));
    let (load, plus) = (c.flag(Flag::Load), c.number(Number::Constant));
    let (alpha, s) = (c.alpha(), c.s());
    vec![
        ("value is derived", c.flag(Flag::Derive) * (out.clone() - a.clone() * b.clone() - plus)),
        ("α is loaded", load.clone() * (a.clone() - alpha)),
        ("s is loaded", load.clone() * (b - s)),
        ("one is loaded", load * (out - constant(1))),
        ("instance is loaded", c.flag(Flag::Instance) * (a - c.instance())),
    ]
}

/// What the matrix makes of the state: entry `i` of the product.
fn mix(i: usize, state: &[Poly; WIDTH]) -> Poly {
    (0..WIDTH).fold(constant(0), |sum, j| sum + state[j].clone() * PARAMETERS.matrix[i][j])
}

/// The state with the round's constants.
fn keyed(c: &mut Cells<'_, '_>) -> [Poly; WIDTH] {
    std::array::from_fn(|i| c.at(c.config.first.hash[i], 0) + c.round_constant(i))
}

/// Rows: state, squares, fourth powers, next state.
fn full_round(c: &mut Cells<'_, '_>) -> Constraints {
    let (full, last) = (c.flag(Flag::Full), c.flag(Flag::Last));
    let hash = c.config.first.hash;
    let state = keyed(c);
    let mut constraints = vec![];
    for i in 0..WIDTH {
        let (square, fourth) = (c.at(hash[i], 1), c.at(hash[i], 2));
        constraints.push(("square", full.clone() * (square.clone() - state[i].clone() * state[i].clone())));
        constraints.push(("fourth power", full.clone() * (fourth - square.clone() * square)));
    }
    let boxed: [Poly; WIDTH] = std::array::from_fn(|i| c.at(hash[i], 2) * state[i].clone());
    for (i, &column) in hash.iter().enumerate() {
        let next = c.at(column, 3);
        constraints.push(("next state", (full.clone() - last.clone()) * (next - mix(i, &boxed))));
    }
    let digest = c.at(hash[1], 3);
    constraints.push(("digest goes on", last * (digest - mix(0, &boxed))));
    constraints
}

/// Rows: state, square and fourth power of the first element, next state two rows on.
fn partial_round(c: &mut Cells<'_, '_>) -> Constraints {
    let partial = c.flag(Flag::Partial);
    let hash = c.config.first.hash;
    let mut state = keyed(c);
    let (square, fourth) = (c.at(hash[0], 1), c.at(hash[1], 1));
    let mut constraints = vec![
        ("square of one", partial.clone() * (square.clone() - state[0].clone() * state[0].clone())),
        ("fourth power of one", partial.clone() * (fourth.clone() - square.clone() * square)),
    ];
    state[0] = fourth * state[0].clone();
    for (i, &column) in hash.iter().enumerate() {
        let next = c.at(column, 2);
        constraints.push(("next state of one", partial.clone() * (next - mix(i, &state))));
    }
    constraints
}

fn hash_start(c: &mut Cells<'_, '_>) -> Constraints {
    let (seed, absorb) = (c.flag(Flag::Seed), c.flag(Flag::Absorb));
    let [capacity, chained, _, last] = c.config.first.hash.map(|column| c.at(column, 0));
    let domain = c.number(Number::Constant);
    vec![
        ("capacity is zero", seed.clone() * capacity),
        ("chain starts at its domain", (seed.clone() - absorb.clone()) * (chained - domain)),
        ("salted hash has no third input", (seed - absorb) * last),
    ]
}

fn absorbed(c: &mut Cells<'_, '_>) -> Constraints {
    let (usable, seed, absorb) = (c.flag(Flag::Usable), c.flag(Flag::Seed), c.flag(Flag::Absorb));
    let (now, before) = (c.at(c.config.second.absorbed, 0), c.at(c.config.second.absorbed, -1));
    let (high, low, alpha) = (c.at(c.config.first.hash[2], 0), c.at(c.config.first.hash[3], 0), c.alpha());
    let taken = before.clone() * power(&alpha, 2) + high * alpha + low;
    vec![("absorbed elements are summed", usable.clone() * now - (usable - seed) * before - absorb * taken)]
}

/// The hash columns beside the logits: whether the label is reached, how many logits came before it, its logit.
fn arg_max(c: &mut Cells<'_, '_>) -> Constraints {
    let compare = c.flag(Flag::Compare);
    let [reached, count, best, _] = c.config.first.hash;
    let (logit, margin) = (c.at(c.config.first.y[0], -1), accumulator(c, 0));
    let (now, before) = (c.at(reached, 0), c.at(reached, -2));
    let (label, label_before) = (c.at(count, 0), c.at(count, -2));
    let (top, top_before) = (c.at(best, 0), c.at(best, -2));
    let below = top.clone() - logit;
    let left = constant(1) - now.clone();
    vec![
        (
            "no logit is larger, none before the label as large",
            compare.clone() * (below.clone() - left.clone() - margin),
        ),
        ("reached is a bit", compare.clone() * now.clone() * left.clone()),
        ("reached stays", compare.clone() * before.clone() * left.clone()),
        ("label's logit is the largest", compare.clone() * (now - before) * below),
        ("largest logit stays", compare.clone() * (top - top_before)),
        ("label counts", compare * (label - label_before - left)),
    ]
}

fn export(c: &mut Cells<'_, '_>) -> Constraints {
    let export = c.flag(Flag::Export);
    let wire = c.config.second.wires[2];
    let (reached, digest) = (c.at(c.config.first.hash[0], 0), c.at(c.config.first.hash[1], 0));
    let (first, second) = (c.at(wire, 0), c.at(wire, 1));
    let sum = c.at(c.config.second.absorbed, 0);
    vec![
        ("digest or label leaves", export.clone() * (first - digest)),
        ("absorbed elements leave", export.clone() * (second - sum)),
        ("label was reached", export * (reached - constant(1))),
    ]
}
