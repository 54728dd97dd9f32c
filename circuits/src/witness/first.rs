//! First phase: activations, parameters, hash states and lookup counts.

use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::{Assigned, Salts, Values};
use crate::{
    circuit::First,
    network::Params,
    plan::{ActivationRow, BOXES, Chain, Feed, Geometry, Parameter, Plan},
    poseidon::{Packed, WIDTH},
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
    /// Uses of table rows; beside the logits, the count of those before the label.
    pub count: Values,
    /// What every layer's products have outside of its output, by layer, border term and channel. Summed
    /// with powers of s, it is committed to before α is drawn: see `docs/circuit.md`.
    pub borders: Vec<Vec<Vec<i64>>>,
}

impl FirstWitness {
    /// Lays out an inference.
    pub fn new(plan: &Plan, params: &Params, trace: &Trace, salts: Salts) -> Self {
        let net = &plan.network;
        let (hashes, borders) = rayon::join(
            || {
                let mut hashes = [(); WIDTH].map(|()| vec![Fr::zero(); plan.hashing.end - plan.hashing.input.seam]);
                let start = plan.hashing.input.seam;
                let (input, output) = (Packed::input(net, &trace.maps[0].y), Packed::output(net, trace.logits()));
                fill_chain(&mut hashes, start, &plan.hashing.input, &input, salts.input);
                fill_chain(&mut hashes, start, &plan.hashing.output, &output, salts.output);
                hashes
            },
            || borders(plan, params, trace),
        );
        let lanes = |pick: &(dyn Fn(&Cell) -> i64 + Sync), below: Vec<Fr>| -> Vec<Values> {
            let lanes = (0..plan.shape.lanes).into_par_iter();
            let mut columns: Vec<Vec<i64>> = lanes.map(|lane| lane_column(plan, trace, lane, pick)).collect();
            // The hashes lie below the first lane.
            let mut first = columns.remove(0);
            first.resize(plan.hashing.input.seam, 0);
            [Values::Split(first, below)].into_iter().chain(columns.into_iter().map(Values::Small)).collect()
        };
        let [below_d, below_y, below_rem] = hashes;
        let mut witness = Self {
            weights: weight_columns(plan, params).into_iter().map(Values::Small).collect(),
            d: lanes(&|cell| cell.d, below_d),
            y: lanes(&|cell| cell.y, below_y),
            rem: lanes(&|cell| cell.rem, below_rem),
            count: Values::Small(label_counts(plan, trace.label)),
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
            let mut counts = vec![0; len];
            for values in columns {
                for &row in &looked_up {
                    let value = integer(values, row);
                    if let Some(index) = value.and_then(|v| usize::try_from(v).ok()).filter(|&v| v < len) {
                        counts[index] += 1;
                    }
                }
            }
            counts
        };
        let (pairs, rems) = rayon::join(|| count(&self.d), || count(&self.rem));
        let mut all: Vec<i64> = (0..plan.table).map(|row| integer(&self.count, row).unwrap_or(0)).collect();
        all.extend(pairs.into_iter().chain(rems));
        self.count = Values::Small(all);
    }

    /// The state of the hash in a row.
    pub fn state(&self, row: usize) -> [Fr; WIDTH] {
        [&self.d, &self.y, &self.rem].map(|lanes| lanes[0].get(row))
    }

    /// The elements that go into S-boxes, with their rows.
    pub fn boxed<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (usize, Fr)> + 'a {
        let boxes = plan.hashing.chains().into_iter().flat_map(Chain::boxes);
        boxes.map(|(row, hashed)| (row, self.d[0].get(row) + hashed.constant))
    }

    /// Columns with their values.
    pub fn columns(&self, config: &First) -> Assigned<'_> {
        let mut all: Assigned<'_> = config.weights.iter().copied().zip(&self.weights).collect();
        all.extend(config.d.iter().copied().zip(&self.d));
        all.extend(config.y.iter().copied().zip(&self.y));
        all.extend(config.rem.iter().copied().zip(&self.rem));
        all.push((config.count, &self.count));
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

/// The value of a row, if it is a small number.
fn integer(values: &Values, row: usize) -> Option<i64> {
    values.small(row).or_else(|| i64::try_from(values.get(row).to_u64()?).ok())
}

/// Parameters as they are stored: with an offset, so that the usual ones are small and not negative.
pub fn weight_columns(plan: &Plan, params: &Params) -> Vec<Vec<i64>> {
    let offset = plan.network.precision.param_offset();
    let mut padding = vec![0; plan.kernels.end()];
    for (row, feed) in (plan.kernels.start..).zip(&plan.kernels.feeds) {
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
    let mut column = vec![0; plan.activations.rows.len()];
    for (row, kind) in plan.activations.rows.iter().enumerate() {
        column[row] = match *kind {
            ActivationRow::Idle
            | ActivationRow::Open
            | ActivationRow::Close
            | ActivationRow::Hold
            | ActivationRow::Label
            | ActivationRow::Edge { .. } => continue,
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
            ActivationRow::Cells { .. } | ActivationRow::Compare { .. } => pick(&spare),
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

/// Fills a chain's rows into columns that start at row `start`.
fn fill_chain(columns: &mut [Vec<Fr>], start: usize, chain: &Chain, packed: &Packed, salt: Fr) {
    let mut digest = Fr::zero();
    for (hash, &element) in [salt].iter().chain(&packed.elements).enumerate() {
        let mut state = [Fr::zero(), digest, element];
        let row = chain.hash_row(hash) - start;
        for (i, hashed) in BOXES.iter().enumerate() {
            columns.iter_mut().zip(state).for_each(|(column, x)| column[row + i] = x);
            // The domain is part of the second constant.
            let domain = if (hash, i) == (0, 1) { packed.domain } else { Fr::zero() };
            let x = state[0] + hashed.constant + domain;
            state = hashed.stir.apply(state, x.square().square() * x).unwrap_or(state);
        }
        columns.iter_mut().zip(state).for_each(|(column, x)| column[row + BOXES.len()] = x);
        digest = state[0];
    }
}

/// Beside each logit and its comparison, how many logits came before the label.
fn label_counts(plan: &Plan, label: usize) -> Vec<i64> {
    let mut column = vec![0; plan.table];
    for (logit, row) in plan.comparisons().enumerate() {
        // Beside the logit stands what held before it.
        (column[row - 1], column[row]) = (label.min(logit) as i64, label.min(logit + 1) as i64);
    }
    column
}
