//! Every constraint of the circuit. `docs/circuit.md` argues for each why it is needed and what it leaves open.
//!
//! All gates have degree 3 at most, so that the quotient lives on twice the domain. All but the lookups' carry a flag or
//! kind that is zero in the blinding rows; the lookups hold there too, for whatever randomness stands in their cells.

use halo2_proofs::plonk::{ConstraintSystem, Expression};
use halo2curves::{bn256::Fr, ff::Field};

use super::config::{Cells, Config, constant, power};
use crate::{
    plan::{Feed, Flag, Number, RowKind, Step},
    poseidon::{PACK, PARAMETERS, WIDTH},
};

type Poly = Expression<Fr>;

pub(super) fn constrain(meta: &mut ConstraintSystem<Fr>, config: &Config) {
    gate(meta, config, "lookups", lookups);
    gate(meta, config, "balance", balance);
    gate(meta, config, "reading sum", reading);
    gate(meta, config, "produced sum", produced);
    gate(meta, config, "layer sum", layer);
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

/// `2^t·d + rem` of a lane.
fn accumulator(c: &mut Cells<'_, '_>, lane: usize) -> Poly {
    let (d, rem) = (c.config.first.d[lane], c.config.first.rem[lane]);
    c.at(d, 0) * constant(1 << c.config.shape.precision.bits) + c.at(rem, 0)
}

/// `(d, y)` in the table's tagged form. The tag δ² keeps a pair from ever equalling a remainder.
fn pair(c: &mut Cells<'_, '_>, d: Poly, y: Poly) -> Poly {
    let delta = c.delta();
    c.gamma() + d + delta.clone() * y + delta.clone() * delta
}

/// `h = 1/(γ + (d, y)) + 1/(γ + rem)` in every lane, and the same with counts for the table, in every row: which of them
/// matter, the balance decides. Without a flag, two reciprocals share a cell at degree 3.
fn lookups(c: &mut Cells<'_, '_>) -> Constraints {
    let mut constraints = vec![];
    for lane in 0..c.config.shape.lanes {
        let first = &c.config.first;
        let (d, y, rem) = (c.at(first.d[lane], 0), c.at(first.y[lane], 0), c.at(first.rem[lane], 0));
        let (pair, rem) = (pair(c, d, y), c.gamma() + rem);
        let helper = c.at(c.config.second.helpers[lane], 0);
        constraints.push(("activation is looked up", helper * pair.clone() * rem.clone() - pair - rem));
    }
    let (d, y) = (c.number(Number::TableD), c.number(Number::TableY));
    let (pair, rem) = (pair(c, d.clone(), y), c.gamma() + d);
    let (pairs, rems) = (c.at(c.config.first.pair_count, 0), c.at(c.config.first.rem_count, 0));
    let table = c.at(c.config.second.table, 0);
    constraints.push(("table", table * pair.clone() * rem.clone() - pairs * rem - rems * pair));
    constraints
}

fn balance(c: &mut Cells<'_, '_>) -> Constraints {
    let usable = c.flag(Flag::Usable);
    let second = &c.config.second;
    let mut helpers = constant(0);
    for &helper in &second.helpers {
        helpers = helpers + c.at(helper, 0);
    }
    let (now, before, table) = (c.at(second.balance, 0), c.at(second.balance, -1), c.at(second.table, 0));
    let looked_up = c.kinds(RowKind::is_looked_up);
    vec![
        ("balance changes by helpers", usable * (now.clone() - before + table) - looked_up * helpers),
        ("balance starts at zero", c.feed(Feed::Load) * now.clone()),
        ("balance ends at zero", c.feed(Feed::End) * now),
    ]
}

/// What a running sum is multiplied with from the row above, where the kind of row decides.
fn factor(c: &mut Cells<'_, '_>, step: Step) -> Poly {
    match step {
        Step::Start | Step::Ride => constant(0),
        Step::Power(exponent) => power(&c.alpha(), exponent),
        Step::Byte => Poly::Constant(Fr::from(256).invert().unwrap_or(Fr::zero())),
        Step::Wrap => c.alpha() * Poly::Constant(Fr::from(256).pow([PACK as u64 - 1])),
    }
}

fn reading(c: &mut Cells<'_, '_>) -> Constraints {
    let column = c.config.third.read;
    let (now, before) = (c.at(column, 0), c.at(column, -1));
    let mut sum = constant(0);
    for (index, kind) in c.config.shape.kinds.clone().into_iter().enumerate() {
        let seen = match kind {
            RowKind::Cells { count, read, .. } => {
                let mut seen = factor(c, read) * before.clone();
                for lane in 0..count {
                    seen = seen + c.at(c.config.first.y[lane], 0) * power(&c.alpha(), lane);
                }
                seen
            }
            RowKind::Hold | RowKind::Wait => before.clone(),
            RowKind::Open | RowKind::Close | RowKind::Edge(_) => continue,
        };
        sum = sum + c.kind(index) * (now.clone() - seen);
    }
    let exports = c.kinds(RowKind::exports);
    vec![("reading sum takes in its cells", sum), ("channel value leaves", exports * (c.wire(0) - before))]
}

fn produced(c: &mut Cells<'_, '_>) -> Constraints {
    let column = c.config.third.made;
    let (now, before) = (c.at(column, 0), c.at(column, -1));
    let mut sum = constant(0);
    for (index, kind) in c.config.shape.kinds.clone().into_iter().enumerate() {
        let taken = match kind {
            RowKind::Cells { count, hop, made, pixels, .. } => {
                let mut taken = factor(c, made) * before.clone();
                for lane in 0..count {
                    let cell = if pixels { c.at(c.config.first.y[lane], 0) } else { accumulator(c, lane) };
                    taken = taken + cell * power(&c.alpha(), hop * lane);
                }
                taken
            }
            RowKind::Edge(step) => factor(c, step) * before.clone() + c.at(c.config.second.edge, 0),
            RowKind::Hold | RowKind::Wait => before.clone(),
            RowKind::Open => constant(0),
            RowKind::Close => continue,
        };
        sum = sum + c.kind(index) * (now.clone() - taken);
    }
    let ride = c.flag(Flag::Ride) * c.wire(0) * before;
    vec![("produced sum takes in its cells", sum - ride)]
}

fn layer(c: &mut Cells<'_, '_>) -> Constraints {
    let (sum, made) = (c.config.third.layer, c.config.third.made);
    let (now, before, channel, s) = (c.at(sum, 0), c.at(sum, -1), c.at(made, -1), c.s());
    let (opens, takes) = (c.kinds(|k| *k == RowKind::Open), c.kinds(RowKind::takes));
    let waits = c.kinds(|k| *k != RowKind::Open && !k.takes());
    vec![
        (
            "layer sum takes in its channels",
            takes * (now.clone() - before.clone() * s - channel) + waits * (now.clone() - before.clone()),
        ),
        ("layer sum starts at zero", opens.clone() * now),
        ("layer sum leaves", opens * (c.wire(0) - before)),
    ]
}

fn kernel(c: &mut Cells<'_, '_>) -> Constraints {
    let (usable, carry) = (c.flag(Flag::Usable), c.flag(Flag::Carry));
    let (fresh, next) = (c.feed(Feed::Fresh), c.feed(Feed::Next));
    let (tap, taps) = (c.feed(Feed::Tap), c.feed(Feed::Taps));
    let (s, alpha, offset) = (c.s(), c.alpha(), constant(c.config.shape.precision.param_offset()));
    let parameters: Vec<Poly> = c.config.first.weights.iter().map(|&column| c.at(column, 0) - offset.clone()).collect();
    let in_powers_of = |base: &Poly, count: usize| {
        parameters[..count].iter().enumerate().fold(constant(0), |sum, (i, w)| sum + w.clone() * power(base, i))
    };
    let (row, side_by_side) = (in_powers_of(&s, parameters.len()), in_powers_of(&alpha, c.config.shape.taps()));
    let column = c.config.third.kernel;
    let (now, before) = (c.at(column, 0), c.at(column, -1));
    let above = next.clone() * before.clone() * power(&s, parameters.len()) + carry * c.wire(0) * before;
    let taken = (fresh + next) * row + tap * parameters[0].clone() + taps * side_by_side;
    vec![("kernel takes in its parameters", usable * now - above - taken)]
}

fn total(c: &mut Cells<'_, '_>) -> Constraints {
    let (usable, product) = (c.flag(Flag::Usable), c.flag(Flag::Product));
    let (shift, leave, load) = (c.feed(Feed::Shift), c.feed(Feed::Leave), c.feed(Feed::Load));
    let (now, before) = (c.at(c.config.third.total, 0), c.at(c.config.third.total, -1));
    let kernel = c.at(c.config.third.kernel, -1);
    let room = shift * before.clone() * (c.s() - constant(1));
    let change = usable * (now.clone() - before.clone()) - room + leave.clone() * before.clone();
    vec![
        ("total takes in kernel × channel", change - product * c.wire(0) * kernel),
        ("total starts at zero", load * now),
        ("total leaves", leave * (c.wire(0) - before)),
    ]
}

fn derivation(c: &mut Cells<'_, '_>) -> Constraints {
    let [a, b, plus, out] = [0, 1, 2, 3].map(|offset| c.wire(offset));
    let (load, instance) = (c.feed(Feed::Load), c.feed(Feed::Instance));
    let (alpha, s) = (c.alpha(), c.s());
    vec![
        ("value is derived", c.flag(Flag::Derive) * (out - a.clone() * b.clone() - plus.clone())),
        ("α is loaded", load.clone() * (a.clone() - alpha)),
        ("s is loaded", load.clone() * (b - s)),
        ("one is loaded", load * (plus - constant(1))),
        ("instance is loaded", instance * (a - c.instance())),
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
    let full = c.flag(Flag::Full);
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
        constraints.push(("next state", full.clone() * (next - mix(i, &boxed))));
    }
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

/// From the seed's values 0, 1 and 2, with the flag of full rounds: a chain starts, a chain absorbs, something leaves.
struct Seed {
    starts: Poly,
    absorbs: Poly,
    leaves: Poly,
}

impl Seed {
    fn new(c: &mut Cells<'_, '_>) -> Self {
        let (full, seed) = (c.flag(Flag::Full), c.flag(Flag::Seed));
        let twice = seed.clone() * (seed.clone() - constant(1));
        let half = Fr::from(2).invert().unwrap_or(Fr::zero());
        Self {
            starts: full.clone() * seed.clone() - twice.clone(),
            absorbs: twice * half,
            leaves: seed.clone() - full * seed,
        }
    }
}

fn hash_start(c: &mut Cells<'_, '_>) -> Constraints {
    let (seed, hash) = (Seed::new(c), c.config.first.hash);
    let (capacity, chained, digest) = (c.at(hash[0], 0), c.at(hash[1], 0), c.at(hash[0], -1));
    vec![
        ("capacity is zero", (seed.starts.clone() + seed.absorbs.clone()) * capacity),
        ("chain starts at its domain", seed.starts * chained.clone()),
        ("digest goes on", seed.absorbs * (chained - digest)),
    ]
}

fn absorbed(c: &mut Cells<'_, '_>) -> Constraints {
    let (usable, seed) = (c.flag(Flag::Usable), Seed::new(c));
    let column = c.config.third.absorbed;
    let (now, before) = (c.at(column, 0), c.at(column, -1));
    let (element, alpha) = (c.at(c.config.first.hash[2], 0), c.alpha());
    let taken = before.clone() * (alpha - constant(1)) + element;
    let change = usable * (now - before.clone()) + seed.starts * before - seed.absorbs * taken;
    vec![("absorbed elements are summed", change)]
}

/// The hash columns beside the logits: how many logits came before the label, whether it is reached, its logit.
fn arg_max(c: &mut Cells<'_, '_>) -> Constraints {
    let compare = c.flag(Flag::Compare);
    let [count, reached, best] = c.config.first.hash;
    let (logit, margin) = (c.at(c.config.first.y[0], -1), accumulator(c, 0));
    let (now, before) = (c.at(reached, 0), c.at(reached, -1));
    let (label, label_before) = (c.at(count, 0), c.at(count, -1));
    let (top, top_before) = (c.at(best, 0), c.at(best, -1));
    let below = top.clone() - logit;
    let left = constant(1) - now.clone();
    let is_logit = |kind: &RowKind, first: bool| matches!(kind, RowKind::Cells { logit: true, read, .. } if (*read == Step::Start) == first);
    let (starts, goes_on) = (c.kinds(|k| is_logit(k, true)), c.kinds(|k| is_logit(k, false)));
    let last = compare.clone() * c.flag(Flag::Seed);
    vec![
        (
            "no logit is larger, none before the label as large",
            compare.clone() * (below.clone() - left.clone() - margin),
        ),
        ("reached is a bit", compare.clone() * now.clone() * left.clone()),
        ("reached stays", compare.clone() * before.clone() * left.clone()),
        ("label's logit is the largest", compare.clone() * (now.clone() - before.clone()) * below),
        ("largest logit stays", compare.clone() * (top.clone() - top_before.clone())),
        ("label counts", compare * (label.clone() - label_before.clone() - left)),
        ("count starts at zero", starts.clone() * label.clone()),
        ("nothing is reached before the first logit", starts * now.clone()),
        ("count is kept beside a logit", goes_on.clone() * (label - label_before)),
        ("reached is kept beside a logit", goes_on.clone() * (now.clone() - before)),
        ("largest logit is kept beside a logit", goes_on * (top - top_before)),
        ("label was reached", last * (now - constant(1))),
    ]
}

fn export(c: &mut Cells<'_, '_>) -> Constraints {
    let leaves = Seed::new(c).leaves;
    let (digest, sum) = (c.at(c.config.first.hash[0], 0), c.at(c.config.third.absorbed, 0));
    vec![
        ("digest or label leaves", leaves.clone() * (c.wire(0) - digest)),
        ("absorbed elements leave", leaves * (c.wire(1) - sum)),
    ]
}
