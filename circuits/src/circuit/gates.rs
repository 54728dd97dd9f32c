//! Every constraint of the circuit. `docs/circuit.md` argues for each why it is needed and what it leaves open.
//!
//! A selector has the order of the lattice (two, or three at degree five), or degree one if it is a flag with a column
//! of its own. So constraints linear in the witness may take kinds, quadratic ones take flags. All but the lookups'
//! carry a selector that is zero in the blinding rows; the lookups hold there too, for whatever randomness stands there.

use halo2_proofs::plonk::{ConstraintSystem, Expression};
use halo2curves::{bn256::Fr, ff::Field};

use super::config::{Cells, Config, constant, power};
use crate::{
    plan::{Feed, Flag, Number, RowKind, Step, Stir},
    poseidon::{PACK, WIDTH},
};

type Poly = Expression<Fr>;

pub(super) fn constrain(meta: &mut ConstraintSystem<Fr>, config: &Config) {
    gate(meta, config, "lookups", lookups);
    gate(meta, config, "balance", balance);
    gate(meta, config, "reading sum", reading);
    gate(meta, config, "produced sum and kernel", produced);
    gate(meta, config, "layer sum", layer);
    gate(meta, config, "total", total);
    gate(meta, config, "derivation", derivation);
    gate(meta, config, "S-box", boxed);
    gate(meta, config, "hash", hash);
    gate(meta, config, "absorbed", absorbed);
    gate(meta, config, "arg-max", arg_max);
}

type Constraints = Vec<(&'static str, Poly)>;

fn gate(
    meta: &mut ConstraintSystem<Fr>,
    config: &Config,
    name: &'static str,
    build: impl Fn(&mut Cells<'_, '_>) -> Constraints,
) {
    let lattice = config.shape.lattice();
    let points = lattice.points();
    meta.create_gate(name, |meta| build(&mut Cells { config, lattice, points: &points, meta }));
}

/// `2^t·d + rem` of a lane.
fn accumulator(c: &mut Cells<'_, '_>, lane: usize) -> Poly {
    let (d, rem) = (c.config.first.d[lane], c.config.first.rem[lane]);
    c.at(d, 0) * constant(1 << c.config.shape.precision.bits) + c.at(rem, 0)
}

/// What is looked up: a number, another, and which of the table's parts they are to be found in.
fn entry(c: &mut Cells<'_, '_>, left: Poly, right: Option<Poly>, tag: Poly) -> Poly {
    let delta = c.delta();
    let right = right.map_or(constant(0), |right| delta.clone() * right);
    c.gamma() + left + right + delta.clone() * delta * tag
}

/// `h = 1/(γ + (d, y)) + 1/(γ + rem)` in every lane and every row: which of them matter, the balance decides. Without a
/// selector, two reciprocals share a cell at degree 3.
fn lookups(c: &mut Cells<'_, '_>) -> Constraints {
    let mut constraints = vec![];
    for lane in 0..c.config.shape.lanes {
        let first = &c.config.first;
        let (d, y, rem) = (c.at(first.d[lane], 0), c.at(first.y[lane], 0), c.at(first.rem[lane], 0));
        let pair = entry(c, d, Some(y), constant(Number::PAIR as i64));
        let rem = entry(c, rem, None, constant(Number::REMAINDER as i64));
        let helper = c.at(c.config.second.helpers[lane], 0);
        constraints.push(("activation is looked up", helper * pair.clone() * rem.clone() - pair - rem));
    }
    constraints
}

/// Helpers come in, counts over the table's entries go out: `balance' = balance + helpers - count/entry`, times entry.
/// Where something is looked up, the table's columns are zero and the entry is γ.
fn balance(c: &mut Cells<'_, '_>) -> Constraints {
    let usable = c.flag(Flag::Usable);
    let [left, right, tag] = [Number::Left, Number::Right, Number::Tag].map(|number| c.number(number));
    let entry = entry(c, left, Some(right), tag.clone());
    let second = &c.config.second;
    let mut helpers = constant(0);
    for &helper in &second.helpers {
        helpers = helpers + c.at(helper, 0);
    }
    let (now, before, count) = (c.at(second.balance, 0), c.at(second.balance, -1), c.at(c.config.first.count, 0));
    let looked_up = c.kinds(RowKind::is_looked_up);
    // One for both tags: counts stay whole numbers.
    let half = Fr::from(2).invert().unwrap_or(Fr::zero());
    let in_table = tag.clone() * (constant(3) - tag) * half;
    let change = usable * (now.clone() - before) * entry + in_table * count;
    vec![
        ("balance changes by helpers and counts", change - looked_up * helpers * c.gamma()),
        // All lookups and the table are between the challenge and the first seam.
        ("balance starts and ends at zero", c.kinds(|k| matches!(k, RowKind::Load | RowKind::Hash(Stir::Seam))) * now),
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

/// The kinds of rows of activations.
fn activations(c: &Cells<'_, '_>) -> Vec<RowKind> {
    let kinds = c.config.shape.codes.iter().filter_map(|code| code.kind).filter(RowKind::is_activation);
    kinds.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

fn reading(c: &mut Cells<'_, '_>) -> Constraints {
    let column = c.config.third.read;
    let (now, before) = (c.at(column, 0), c.at(column, -1));
    let mut sum = c.kinds(RowKind::waits) * (now.clone() - before.clone());
    for kind in activations(c) {
        let RowKind::Cells { count, read, .. } = kind else { continue };
        let mut seen = factor(c, read) * before.clone();
        for lane in 0..count {
            seen = seen + c.at(c.config.first.y[lane], 0) * power(&c.alpha(), lane);
        }
        sum = sum + c.kind(kind) * (now.clone() - seen);
    }
    let exports = c.kinds(RowKind::exports);
    vec![("reading sum takes in its cells", sum), ("channel value leaves", exports * (c.wire(0) - before))]
}

fn produced(c: &mut Cells<'_, '_>) -> Constraints {
    let column = c.config.third.made;
    let (now, before) = (c.at(column, 0), c.at(column, -1));
    let mut sum = c.kinds(RowKind::waits) * (now.clone() - before.clone()) + c.kind(RowKind::Open) * now.clone();
    for kind in activations(c) {
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
            _ => continue,
        };
        sum = sum + c.kind(kind) * (now.clone() - taken);
    }
    let ride = c.flag(Flag::Ride) * c.wire(0) * before.clone();
    let kernel = kernel(c, now, before);
    vec![("produced sum takes in its cells, a kernel its parameters", sum + kernel - ride)]
}

/// What rows of parameters make of the same column; all but the step by the wire.
fn kernel(c: &mut Cells<'_, '_>, now: Poly, before: Poly) -> Poly {
    let [fresh, next, tap, taps] =
        [Feed::Fresh, Feed::Next, Feed::Tap, Feed::Taps].map(|feed| c.kind(RowKind::Feed(feed)));
    let feeds = c.kinds(|kind| matches!(kind, RowKind::Feed(_)));
    let (s, alpha, offset) = (c.s(), c.alpha(), constant(c.config.shape.precision.param_offset()));
    let parameters: Vec<Poly> = c.config.first.weights.iter().map(|&column| c.at(column, 0) - offset.clone()).collect();
    let in_powers_of = |base: &Poly, count: usize| {
        let terms = parameters[..count].iter().enumerate().map(|(i, w)| w.clone() * power(base, i));
        terms.reduce(|sum, term| sum + term).unwrap_or(constant(0))
    };
    let (row, side_by_side) = (in_powers_of(&s, parameters.len()), in_powers_of(&alpha, c.config.shape.taps()));
    let above = next.clone() * before * power(&s, parameters.len());
    feeds * now - above - (fresh + next) * row - tap * parameters[0].clone() - taps * side_by_side
}

fn layer(c: &mut Cells<'_, '_>) -> Constraints {
    let (sum, made) = (c.config.third.layer, c.config.third.made);
    let (now, before, channel, s) = (c.at(sum, 0), c.at(sum, -1), c.at(made, -1), c.s());
    let (opens, takes) = (c.kind(RowKind::Open), c.kinds(RowKind::takes));
    let waits = c.kinds(|k| k.is_activation() && *k != RowKind::Open && !k.takes());
    vec![
        (
            "layer sum takes in its channels",
            takes * (now.clone() - before.clone() * s - channel)
                + waits * (now.clone() - before.clone())
                + opens.clone() * now,
        ),
        ("layer sum leaves", opens * (c.wire(0) - before)),
    ]
}

fn total(c: &mut Cells<'_, '_>) -> Constraints {
    let product = c.flag(Flag::Product);
    let feeds = c.kinds(|kind| matches!(kind, RowKind::Feed(_)));
    let [shift, leave] = [Feed::Shift, Feed::Leave].map(|feed| c.kind(RowKind::Feed(feed)));
    let (now, before) = (c.at(c.config.third.layer, 0), c.at(c.config.third.layer, -1));
    let kernel = c.at(c.config.third.made, -1);
    let room = shift * before.clone() * (c.s() - constant(1));
    let change = feeds * (now - before.clone()) - room + leave.clone() * before.clone();
    vec![
        ("total takes in kernel × channel", change - product * c.wire(0) * kernel),
        ("total leaves", leave * (c.wire(0) - before)),
    ]
}

fn derivation(c: &mut Cells<'_, '_>) -> Constraints {
    let [a, b, plus, out] = [0, 1, 2, 3].map(|offset| c.wire(offset));
    let (load, instance) = (c.kind(RowKind::Load), c.kind(RowKind::Instance));
    let alpha = c.alpha();
    vec![
        ("value is derived", c.flag(Flag::Derive) * (out - a.clone() * b.clone() - plus)),
        ("α is loaded", load.clone() * (a.clone() - alpha)),
        ("one is loaded", load * (b - constant(1))),
        ("instance is loaded", instance * (a - c.instance())),
    ]
}

/// Square, fourth and fifth power of the first element with its constant.
fn boxed(c: &mut Cells<'_, '_>) -> Constraints {
    let boxed = c.flag(Flag::Box);
    let element = c.at(c.config.first.d[0], 0) + c.number(Number::Left);
    let (square, fourth) = (c.at(c.config.third.made, 0), c.at(c.config.third.layer, 0));
    let fifth = c.at(c.config.second.edge, 0);
    vec![
        ("square", boxed.clone() * (square.clone() - element.clone() * element.clone())),
        ("fourth power", boxed.clone() * (fourth.clone() - square.clone() * square)),
        ("fifth power", boxed * (fifth - fourth * element)),
    ]
}

/// The state of the next row.
fn hash(c: &mut Cells<'_, '_>) -> Constraints {
    let state = c.config.first.state().map(|column| c.at(column, 0));
    let next = c.config.first.state().map(|column| c.at(column, 1));
    let fifth = c.at(c.config.second.edge, 0);
    let [turn, full, partial, absorb, seam] =
        [Stir::Turn, Stir::MixFull, Stir::MixPartial, Stir::Absorb, Stir::Seam].map(|stir| c.kind(RowKind::Hash(stir)));
    let [_, second, third] = state.clone();
    let turned = [second.clone(), third.clone(), fifth.clone()];
    let mix = |i: usize, state: &[Poly; WIDTH]| {
        let row = crate::poseidon::PARAMETERS.matrix[i];
        let terms = state.iter().zip(row).map(|(x, factor)| x.clone() * factor);
        terms.reduce(|sum, term| sum + term).unwrap_or(constant(0))
    };
    let stirred: [Poly; WIDTH] = std::array::from_fn(|i| {
        turn.clone() * (next[i].clone() - turned[i].clone())
            + full.clone() * (next[i].clone() - mix(i, &turned))
            + partial.clone() * (next[i].clone() - mix(i, &[fifth.clone(), second.clone(), third.clone()]))
    });
    let [first, second, third] = stirred;
    vec![
        ("next capacity", first + (absorb.clone() + seam.clone()) * next[0].clone()),
        (
            "next chained element",
            second + absorb * (next[1].clone() - state[0].clone()) + seam.clone() * next[1].clone(),
        ),
        ("next absorbed element", third),
        ("digest leaves", seam * (c.wire(0) - state[0].clone())),
    ]
}

fn absorbed(c: &mut Cells<'_, '_>) -> Constraints {
    let [absorb, seam] = [Stir::Absorb, Stir::Seam].map(|stir| c.kind(RowKind::Hash(stir)));
    let boxes = c.kinds(|kind| matches!(kind, RowKind::Hash(Stir::Turn | Stir::MixFull | Stir::MixPartial)));
    let column = c.config.third.read;
    let (now, before) = (c.at(column, 0), c.at(column, -1));
    let (element, alpha) = (c.at(c.config.first.rem[0], 1), c.alpha());
    let taken = before.clone() * alpha + element;
    let sum = boxes * (now.clone() - before.clone()) + absorb * (now.clone() - taken) + seam.clone() * now;
    vec![("absorbed elements are summed", sum), ("absorbed elements leave", seam * (c.wire(1) - before))]
}

/// Beside the logits: how many of them came before the label, whether it is reached; on the wire, the largest.
fn arg_max(c: &mut Cells<'_, '_>) -> Constraints {
    let compare = c.flag(Flag::Compare);
    let (count, reached) = (c.config.first.count, c.config.second.edge);
    let (logit, margin) = (c.at(c.config.first.y[0], -1), accumulator(c, 0));
    let (label, label_before) = (c.at(count, 0), c.at(count, -1));
    let (now, before) = (c.at(reached, 0), c.at(reached, -1));
    let below = c.wire(0) - logit;
    let left = constant(1) - now.clone();
    let is_logit = |kind: &RowKind, first: bool| matches!(kind, RowKind::Cells { logit: true, read, .. } if (*read == Step::Start) == first);
    let (starts, goes_on) = (c.kinds(|k| is_logit(k, true)), c.kinds(|k| is_logit(k, false)));
    let leaves = c.kind(RowKind::Label);
    vec![
        (
            "no logit is larger, none before the label as large",
            compare.clone() * (below.clone() - left.clone() - margin),
        ),
        ("reached is a bit", compare.clone() * now.clone() * left.clone()),
        ("label's logit is the largest", compare.clone() * (now.clone() - before.clone()) * below),
        (
            "label counts",
            compare * (label.clone() - label_before.clone() - left)
                + starts.clone() * label.clone()
                + goes_on.clone() * (label - label_before.clone()),
        ),
        ("reached is kept beside a logit", starts * now.clone() + goes_on * (now - before.clone())),
        ("label was reached", leaves.clone() * (before - constant(1))),
        ("label leaves", leaves * (c.wire(0) - label_before)),
    ]
}
