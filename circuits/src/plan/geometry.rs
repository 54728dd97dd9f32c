//! Where cells live in exponent space.
//!
//! A feature map is read as a polynomial in α: the cell in row `i`, column `j` of a sub-map has exponent
//! `pitch·i + j`. A map whose consumers have stride 2 is split into four sub-maps by the parity of row and column, so
//! that every consumer's window is a product of polynomials.

use std::collections::BTreeMap;

use crate::network::{Layer, MapId, Network, Window};

/// How consumers read a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The consumers' stride: 1 keeps the map whole, 2 splits it into four sub-maps.
    pub step: usize,
    /// Exponent distance between rows; wide enough that no kept position of a product shares its exponent.
    pub pitch: usize,
}

/// One axis of a window over a map.
struct Axis {
    /// The highest sub-map offset that a kernel position reads.
    top: i64,
    /// Positions that products reach along the axis.
    reach: usize,
}

impl Axis {
    fn new(kernel: usize, pad: usize, stride: usize, size: usize, out: usize) -> Self {
        let top = split(kernel - 1, pad, stride).1;
        let reached = (0..kernel).map(|a| {
            let (phase, offset) = split(a, pad, stride);
            sub_size(size, stride, phase) as i64 + top - offset
        });
        let reach = reached.max().unwrap_or(0).max(out as i64 + top) as usize;
        Self { top, reach }
    }
}

/// Kernel position `a` reads phase `.0` of the map, at offset `.1` from the output position.
fn split(a: usize, pad: usize, stride: usize) -> (usize, i64) {
    let position = a as i64 - pad as i64;
    (position.rem_euclid(stride as i64) as usize, position.div_euclid(stride as i64))
}

/// Size of a phase of an axis.
pub fn sub_size(size: usize, step: usize, phase: usize) -> usize {
    size.saturating_sub(phase).div_ceil(step)
}

/// A kernel position: which sub-map it reads and by which power of α it shifts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Position in the kernel, row-major.
    pub index: usize,
    /// Row parity and column parity of the sub-map.
    pub phase: (usize, usize),
    /// Exponent of α.
    pub shift: usize,
}

/// A term of a layer's border.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Exponent of α.
    pub exponent: usize,
    /// Positions that have this exponent, relative to the output's origin.
    pub positions: Vec<(i64, i64)>,
}

/// A window in exponent space.
#[derive(Clone, Debug)]
pub struct Geometry {
    /// Kernel positions that touch a non-empty sub-map.
    pub taps: Vec<Tap>,
    pitch: usize,
    top: (usize, usize),
    reach: (usize, usize),
    kept: (usize, usize),
}

impl Geometry {
    /// Geometry of a layer whose inputs are read as `reading`.
    pub fn new(net: &Network, layer: &Layer, reading: Reading) -> Self {
        let (w, map, out) = (&layer.window, &net.maps[layer.inputs[0]], &net.maps[layer.output]);
        let (rows, cols) = axes(w, (map.height, map.width), (out.height, out.width));
        let mut taps = vec![];
        for a in 0..w.rows {
            for b in 0..w.cols {
                let ((p, u), (q, v)) = (split(a, w.pad_top, w.stride), split(b, w.pad_left, w.stride));
                if sub_size(map.height, w.stride, p) > 0 && sub_size(map.width, w.stride, q) > 0 {
                    let shift = reading.pitch as i64 * (rows.top - u) + cols.top - v;
                    taps.push(Tap { index: a * w.cols + b, phase: (p, q), shift: shift as usize });
                }
            }
        }
        Self {
            taps,
            pitch: reading.pitch,
            top: (rows.top as usize, cols.top as usize),
            reach: (rows.reach, cols.reach),
            kept: (out.height, out.width),
        }
    }

    /// Exponent of the product's term that is output position `(i, j)`.
    pub fn made(&self, i: usize, j: usize) -> usize {
        self.pitch * (i + self.top.0) + j + self.top.1
    }

    /// Terms that products have but the output does not keep: the border, by falling exponent. What hangs over the right
    /// edge of a row may share an exponent with what hangs over the left edge of the next; none shares one with a kept
    /// position.
    pub fn border(&self) -> Vec<Edge> {
        let mut terms: BTreeMap<usize, Vec<(i64, i64)>> = BTreeMap::new();
        for row in 0..self.reach.0 {
            for col in 0..self.reach.1 {
                let (i, j) = (row as i64 - self.top.0 as i64, col as i64 - self.top.1 as i64);
                let inside = |x: i64, size: usize| (0..size as i64).contains(&x);
                if !(inside(i, self.kept.0) && inside(j, self.kept.1)) {
                    terms.entry(self.pitch * row + col).or_default().push((i, j));
                }
            }
        }
        terms.into_iter().rev().map(|(exponent, positions)| Edge { exponent, positions }).collect()
    }

    /// First exponent, rows and columns of the kept positions.
    pub fn kept(&self) -> (usize, usize, usize) {
        (self.made(0, 0), self.kept.0, self.kept.1)
    }

    /// Exponent distance between rows.
    pub fn pitch(&self) -> usize {
        self.pitch
    }
}

fn axes(w: &Window, size: (usize, usize), out: (usize, usize)) -> (Axis, Axis) {
    (Axis::new(w.rows, w.pad_top, w.stride, size.0, out.0), Axis::new(w.cols, w.pad_left, w.stride, size.1, out.1))
}

/// Columns that a row of cells takes up when `lanes` of them share a row of the circuit.
pub fn padded(width: usize, lanes: usize) -> usize {
    width.div_ceil(lanes) * lanes
}

/// How every map of a network is read, or the first map whose consumers disagree.
///
/// All maps leave the same gap between the last column of a row and the first of the next, so that the step from one to
/// the other is the same power of α everywhere.
pub fn readings(net: &Network, lanes: usize) -> Result<Vec<Reading>, MapId> {
    let mut readings = Vec::with_capacity(net.maps.len());
    let mut gap = 0;
    for (id, map) in net.maps.iter().enumerate() {
        let step = net.consumers(id).map(|l| l.window.stride).max().unwrap_or(1);
        if net.consumers(id).any(|l| l.window.stride != step) {
            return Err(id);
        }
        let pitch = padded(map.width.div_ceil(step), lanes);
        for layer in net.consumers(id) {
            let out = &net.maps[layer.output];
            let axis = axes(&layer.window, (map.height, map.width), (out.height, out.width)).1;
            let (left, right) = (axis.top as usize, axis.reach - axis.top as usize - out.width);
            gap = gap.max((out.width + left.max(right)).saturating_sub(pitch));
        }
        readings.push(Reading { step, pitch });
    }
    readings.iter_mut().for_each(|r| r.pitch += gap);
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn border_and_kept_exponents_are_disjoint_and_distinct() {
        for seed in 0..300 {
            let net = sample::random(seed).network;
            let readings = readings(&net, 1 + seed as usize % 5).expect("plannable");
            for layer in &net.layers {
                let g = Geometry::new(&net, layer, readings[layer.inputs[0]]);
                let out = &net.maps[layer.output];
                let kept = (0..out.height).flat_map(|i| (0..out.width).map(move |j| (i, j)));
                let mut all: Vec<usize> = kept.map(|(i, j)| g.made(i, j)).collect();
                all.extend(g.border().iter().map(|edge| edge.exponent));
                let count = all.len();
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len(), count, "seed {seed}, {}: two positions share an exponent", layer.name);
            }
        }
    }
}
