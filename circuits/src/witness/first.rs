//! First phase: activations, parameters, border terms, lookup counts and hash states.

use halo2curves::bn256::Fr;

use super::{Assigned, Salts, Values};
use crate::{
    circuit::First,
    network::{Network, Params},
    plan::{ActivationRow, Chain, Flag, Parameter, Plan},
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
}

/// One lane's cells of one row.
#[derive(Clone, Copy)]
struct LaneCell {
    d: i64,
    y: i64,
    rem: i64,
}

impl FirstWitness {
    /// Lays out an inference.
    pub fn new(plan: &Plan, params: &Params, trace: &Trace, salts: Salts) -> Self {
        let rows = plan.usable_rows();
        let mut lanes = Lanes::new(plan, params, trace);
        for (row, kind) in plan.activations.rows.iter().enumerate() {
            lanes.fill(row, *kind);
        }
        let [d, y, rem] = lanes.cells;
        let mut hash = vec![vec![Fr::zero(); rows]; WIDTH];
        let net = &plan.network;
        fill_chain(&mut hash, &plan.hashing.input, &Packed::input(net, &trace.maps[0].y), salts.input);
        fill_chain(&mut hash, &plan.hashing.output, &Packed::output(net, trace.logits()), salts.output);
        fill_arg_max(&mut hash, plan, trace);
        for row in plan.hashing.exports() {
            hash[0][row] = Fr::one();
        }
        let mut witness = Self {
            weights: weight_columns(plan, params).into_iter().map(Values::Small).collect(),
            d: d.into_iter().map(Values::Small).collect(),
            y: y.into_iter().map(Values::Small).collect(),
            rem: rem.into_iter().map(Values::Small).collect(),
            pair_count: Values::Small(vec![]),
            rem_count: Values::Small(vec![]),
            hash: hash.into_iter().map(Values::Field).collect(),
        };
        witness.count(plan);
        witness
    }

    /// Counts lookups. Values outside the table are not counted: they have no row, and the balance will not be zero.
    pub fn count(&mut self, plan: &Plan) {
        let len = plan.network.precision.table_len();
        let mut counts = [vec![0; plan.usable_rows()], vec![0; plan.usable_rows()]];
        for (row, kind) in plan.activations.rows.iter().enumerate() {
            if !matches!(kind, ActivationRow::Cells { .. } | ActivationRow::Compare { .. }) {
                continue;
            }
            for (columns, count) in [&self.d, &self.rem].into_iter().zip(&mut counts) {
                for values in columns {
                    let value = match values {
                        Values::Small(v) => v[row],
                        Values::Field(v) => i64::try_from(v[row].to_u64().unwrap_or(u64::MAX)).unwrap_or(-1),
                    };
                    if let Some(index) = usize::try_from(value).ok().filter(|&v| v < len) {
                        count[index + 1] += 1;
                    }
                }
            }
        }
        let [pairs, rems] = counts;
        self.pair_count = Values::Small(pairs);
        self.rem_count = Values::Small(rems);
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
    let flags = &plan.flags[Flag::Weight as usize];
    let padding: Vec<i64> =
        flags[..plan.usable_rows()].iter().map(|&flag| if flag == 1 { offset } else { 0 }).collect();
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

struct Lanes<'a> {
    net: &'a Network,
    params: &'a Params,
    trace: &'a Trace,
    /// `d`, `y`, `rem`: by lane, by row.
    cells: [Vec<Vec<i64>>; 3],
    /// Sums of the layer whose border was filled last.
    sums: Option<(usize, WindowSums<'a>)>,
}

impl<'a> Lanes<'a> {
    fn new(plan: &'a Plan, params: &'a Params, trace: &'a Trace) -> Self {
        let empty = vec![vec![0; plan.usable_rows()]; plan.shape.lanes];
        Self { net: &plan.network, params, trace, cells: [empty.clone(), empty.clone(), empty], sums: None }
    }

    fn set(&mut self, row: usize, lane: usize, cell: LaneCell) {
        let [d, y, rem] = &mut self.cells;
        d[lane][row] = cell.d;
        y[lane][row] = cell.y;
        rem[lane][row] = cell.rem;
    }

    /// What a layer's channel has outside of its output.
    fn border(&mut self, layer: usize, channel: usize, i: i64, j: i64) -> i64 {
        let (net, weights, maps) = (self.net, &self.params[layer].weights, &self.trace.maps);
        let (_, sums) = match self.sums.take() {
            Some(sums) if sums.0 == layer => self.sums.insert(sums),
            _ => self.sums.insert((layer, WindowSums::new(net, &net.layers[layer], weights, maps))),
        };
        sums.at(channel, i, j)
    }

    fn fill(&mut self, row: usize, kind: ActivationRow) {
        let spare = LaneCell { d: 0, y: i64::from(self.net.precision.clamp(0)), rem: 0 };
        let lanes = self.cells[0].len();
        match kind {
            ActivationRow::Idle | ActivationRow::Gap => {}
            ActivationRow::Cells { map, first, step, count, .. } => {
                let cells = &self.trace.maps[map];
                for lane in 0..lanes {
                    let at = first + lane * step;
                    let cell = if lane < count {
                        LaneCell { d: cells.d[at].into(), y: cells.y[at].into(), rem: cells.rem[at].into() }
                    } else {
                        spare
                    };
                    self.set(row, lane, cell);
                }
            }
            ActivationRow::Border { layer, i, j, first, step, count } => {
                let precision = self.net.precision;
                let values: Vec<i64> = (0..count).map(|lane| self.border(layer, first - lane * step, i, j)).collect();
                for (lane, sum) in values.into_iter().enumerate() {
                    let d = (sum >> precision.bits) + precision.border_offset();
                    let rem = sum & ((1 << precision.bits) - 1);
                    self.set(row, lane, LaneCell { d, y: 0, rem });
                }
            }
            ActivationRow::Compare { logit } => {
                for lane in 0..lanes {
                    self.set(row, lane, spare);
                }
                let logits = self.trace.logits();
                let before = i64::from(logit < self.trace.label);
                let margin = i64::from(logits[self.trace.label]) - i64::from(logits[logit]) - before;
                self.set(row, 0, LaneCell { rem: margin, ..spare });
            }
        }
    }
}

fn fill_chain(hash: &mut [Vec<Fr>], chain: &Chain, packed: &Packed, salt: Fr) {
    let mut state = [Fr::zero(), packed.domain, salt, Fr::zero()];
    let pairs = packed.pairs();
    for i in 0..=pairs.len() {
        let digest = fill_hash(hash, chain.hash_row(i), state);
        if let Some(&[high, low]) = pairs.get(i) {
            state = [Fr::zero(), digest, high, low];
        } else {
            hash[1][chain.digest_row()] = digest;
        }
    }
}

/// Rows of one hash; returns the digest.
fn fill_hash(hash: &mut [Vec<Fr>], start: usize, mut state: [Fr; WIDTH]) -> Fr {
    let mut row = start;
    for round in 0..PARAMETERS.rounds() {
        let full = PARAMETERS.is_full(round);
        for i in 0..WIDTH {
            hash[i][row] = state[i];
            let keyed = state[i] + PARAMETERS.constants[round][i];
            let square = keyed.square();
            if full {
                hash[i][row + 1] = square;
                hash[i][row + 2] = square.square();
            } else if i == 0 {
                hash[0][row + 1] = square;
                hash[1][row + 1] = square.square();
            }
        }
        state = PARAMETERS.round(round, state);
        row += if full { 3 } else { 2 };
    }
    state[0]
}

/// The arg-max beside the logits: reached, count, largest logit.
fn fill_arg_max(hash: &mut [Vec<Fr>], plan: &Plan, trace: &Trace) {
    let best = Fr::from(u64::from(trace.logits()[trace.label]));
    hash[2][plan.hashing.compare_seed()] = best;
    for logit in 0..plan.hashing.classes {
        let row = plan.hashing.compare + 2 * logit;
        hash[0][row] = Fr::from(u64::from(logit >= trace.label));
        hash[1][row] = Fr::from(trace.label.min(logit + 1) as u64);
        hash[2][row] = best;
    }
}
