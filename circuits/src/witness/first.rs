//! First phase: activations, parameters, lookup counts and hash states.

use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::{Assigned, Salts, Values};
use crate::{
    circuit::First,
    network::Params,
    plan::{ActivationRow, Chain, FIRST_FREE_ROW, Feed, Geometry, Parameter, Plan, round_rows},
    poseidon::{PARAMETERS, Packed, WIDTH},
    semantics::{Trace, WindowSums},
};

/// First-phase columns.
#[derive(Clone, Debug)]
pub struct FirstWitness {
    /// Parameters.
    pub weights: Vec<Values>,
    /// High parts, by lane.
    pub d: Vec<Values>,
    /// Activations, by lane.
    pub y: Vec<Values>,
    /// Remainders, by lane.
    pub rem: Vec<Values>,
    /// Uses of table rows as pairs.
    pub pair_count: Values,
    /// Uses of table rows as remainders.
    pub rem_count: Values,
    /// Hash state.
    pub hash: Vec<Values>,
    /// What every layer's products have outside of its output, by layer, border term and channel. Summed
    /// with powers of s, it is committed to before α is drawn: see `docs/circuit.md`.
    pub borders: Vec<Vec<Vec<i64>>>,
}

impl FirstWitness {
    /// Lays out an inference.
    pub fn new(plan: &Plan, params: &Params, trace: &Trace, salts: Salts) -> Self {
        let rows = plan.usable_rows();
        let mut hash = vec![vec![Fr::zero(); rows]; WIDTH];
        let net = &plan.network;
        let ((), borders) = rayon::join(
            || {
                fill_chain(&mut hash, &plan.hashing.input, &Packed::input(net, &trace.maps[0].y), salts.input);
                fill_chain(&mut hash, &plan.hashing.output, &Packed::output(net, trace.logits()), salts.output);
                fill_arg_max(&mut hash, plan, trace);
            },
            || borders(plan, params, trace),
        );
        let lane = |pick: &(dyn Fn(&Cell) -> i64 + Sync)| -> Vec<Values> {
            (0..plan.shape.lanes)
                .into_par_iter()
                .map(|lane| Values::Small(lane_column(plan, trace, lane, pick)))
                .collect()
        };
        let mut witness = Self {
            weights: weight_columns(plan, params).into_iter().map(Values::Small).collect(),
            d: lane(&|cell| cell.d),
            y: lane(&|cell| cell.y),
            rem: lane(&|cell| cell.rem),
            pair_count: Values::Small(vec![]),
            rem_count: Values::Small(vec![]),
            hash: hash.into_iter().map(Values::Field).collect(),
            borders,
        };
        witness.count(plan);
        witness
    }

    /// Counts lookups. Values outside the table are not counted: they have no row, and the balance will not be zero.
    pub fn count(&mut self, plan: &Plan) {
        let len = plan.network.precision.table_len();
        let looked_up: Vec<usize> = (plan.activations.kinds.iter().enumerate())
            .filter(|(_, kind)| kind.is_some_and(|k| k.is_looked_up()))
            .map(|(row, _)| row)
            .collect();
        let count = |columns: &[Values]| {
            let mut counts = vec![0; plan.usable_rows()];
            for values in columns {
                for &row in &looked_up {
                    let value = match values {
                        Values::Small(v) => v[row],
                        Values::Field(v) => i64::try_from(v[row].to_u64().unwrap_or(u64::MAX)).unwrap_or(-1),
                    };
                    if let Some(index) = usize::try_from(value).ok().filter(|&v| v < len) {
                        counts[FIRST_FREE_ROW + index] += 1;
                    }
                }
            }
            Values::Small(counts)
        };
        let (pairs, rems) = rayon::join(|| count(&self.d), || count(&self.rem));
        (self.pair_count, self.rem_count) = (pairs, rems);
    }

    /// Columns with their values.
    pub fn columns(&self, config: &First) -> Assigned<'_> {
        let mut all: Assigned<'_> = config.weights.iter().copied().zip(&self.weights).collect();
        all.extend(config.d.iter().copied().zip(&self.d));
        all.extend(config.y.iter().copied().zip(&self.y));
        all.extend(config.rem.iter().copied().zip(&self.rem));
        all.push((config.pair_count, &self.pair_count));
        all.push((config.rem_count, &self.rem_count));
        all.extend(config.hash.iter().copied().zip(&self.hash));
        all
    }
}

/// A field element as an integer, if it is small.
trait ToSmall {
    fn to_u64(&self) -> Option<u64>;
}

impl ToSmall for Fr {
    fn to_u64(&self) -> Option<u64> {
        let bytes = self.to_bytes();
        bytes[8..].iter().all(|&b| b == 0).then(|| u64::from_le_bytes(std::array::from_fn(|i| bytes[i])))
    }
}

/// Parameters as they are stored: with an offset, so that the usual ones are small and not negative.
pub fn weight_columns(plan: &Plan, params: &Params) -> Vec<Vec<i64>> {
    let offset = plan.network.precision.param_offset();
    let mut padding = vec![0; plan.usable_rows()];
    for (&row, feed) in &plan.kernels.feeds {
        if matches!(feed, Feed::Fresh | Feed::Next) {
            padding[row] = offset;
        }
    }
    let mut columns = vec![padding; plan.shape.weight_columns];
    for cell in &plan.kernels.cells {
        let value = match cell.parameter {
            Parameter::Weight(layer, index) => params[layer].weights[index],
            Parameter::Bias(layer, index) => params[layer].bias[index],
        };
        columns[cell.column][cell.row] = value + offset;
    }
    columns
}

/// One lane's cells of one row.
struct Cell {
    d: i64,
    y: i64,
    rem: i64,
}

fn lane_column(plan: &Plan, trace: &Trace, lane: usize, pick: &(dyn Fn(&Cell) -> i64 + Sync)) -> Vec<i64> {
    // What idle lanes hold: it is in the table, too.
    let spare = Cell { d: 0, y: i64::from(plan.network.precision.clamp(0)), rem: 0 };
    let mut column = vec![0; plan.usable_rows()];
    for (row, kind) in plan.activations.rows.iter().enumerate() {
        column[row] = match *kind {
            ActivationRow::Idle | ActivationRow::Open | ActivationRow::Close | ActivationRow::Edge { .. } => continue,
            ActivationRow::Cells { map, first, step, count } if lane < count => {
                let (cells, at) = (&trace.maps[map], first + lane * step);
                pick(&Cell { d: cells.d[at].into(), y: cells.y[at].into(), rem: cells.rem[at].into() })
            }
            ActivationRow::Compare { logit } if lane == 0 => {
                let logits = trace.logits();
                let before = i64::from(logit < trace.label);
                let margin = i64::from(logits[trace.label]) - i64::from(logits[logit]) - before;
                pick(&Cell { rem: margin, ..spare })
            }
            ActivationRow::Cells { .. } | ActivationRow::Compare { .. } | ActivationRow::Hold => pick(&spare),
        };
    }
    column
}

/// What every layer's products have outside of its output.
fn borders(plan: &Plan, params: &Params, trace: &Trace) -> Vec<Vec<Vec<i64>>> {
    let net = &plan.network;
    let of_layer = |(index, layer): (usize, &crate::network::Layer)| {
        let edges = Geometry::new(net, layer, plan.readings[layer.inputs[0]]).border();
        if edges.is_empty() {
            return vec![];
        }
        let sums = WindowSums::new(net, layer, &params[index].weights, &trace.maps);
        let channels = 0..net.maps[layer.output].channels;
        let term = |edge: crate::plan::Edge| {
            let at = |channel| edge.positions.iter().map(|&(i, j)| sums.at(channel, i, j)).sum();
            channels.clone().into_par_iter().map(at).collect()
        };
        edges.into_iter().map(term).collect()
    };
    net.layers.iter().enumerate().map(of_layer).collect()
}

fn fill_chain(hash: &mut [Vec<Fr>], chain: &Chain, packed: &Packed, salt: Fr) {
    // The domain is part of the first round's constants.
    let mut digest = fill_hash(hash, chain.hash_row(0), Fr::zero(), salt, packed.domain);
    for (i, &element) in packed.elements.iter().enumerate() {
        digest = fill_hash(hash, chain.hash_row(i + 1), digest, element, Fr::zero());
    }
}

/// Rows of one hash; returns the digest. `keyed` is added to the first input when the first constants are.
fn fill_hash(hash: &mut [Vec<Fr>], start: usize, chained: Fr, absorbed: Fr, keyed: Fr) -> Fr {
    let mut row = start;
    let mut state = [Fr::zero(), chained, absorbed];
    for round in 0..PARAMETERS.rounds() {
        let full = PARAMETERS.is_full(round);
        (0..WIDTH).for_each(|i| hash[i][row] = state[i]);
        if round == 0 {
            state[1] += keyed;
        }
        for i in 0..WIDTH {
            let square = (state[i] + PARAMETERS.constants[round][i]).square();
            if full {
                hash[i][row + 1] = square;
                hash[i][row + 2] = square.square();
            } else if i == 0 {
                hash[0][row + 1] = square;
                hash[1][row + 1] = square.square();
            }
        }
        state = PARAMETERS.round(round, state);
        row += round_rows(round);
    }
    (0..WIDTH).for_each(|i| hash[i][row] = state[i]);
    state[0]
}

/// The arg-max beside the logits, from the first of them on: count, reached, largest logit.
fn fill_arg_max(hash: &mut [Vec<Fr>], plan: &Plan, trace: &Trace) {
    let best = Fr::from(u64::from(trace.logits()[trace.label]));
    for logit in 0..plan.hashing.classes {
        let row = plan.hashing.compare + 2 * logit;
        // Beside the logit stands what held before it.
        for (row, after) in [(row - 1, logit), (row, logit + 1)] {
            hash[0][row] = Fr::from(trace.label.min(after) as u64);
            hash[1][row] = Fr::from(u64::from(after > trace.label));
            hash[2][row] = best;
        }
    }
}
