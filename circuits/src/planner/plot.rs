//! Draws what layouts cost: seconds to prove against gas to verify, one point for each layout.

use std::fmt::Write;

use super::{Candidate, drawing::escape};
use crate::plan::Degree;

/// The inner rectangle.
const LEFT: f64 = 80.0;
const TOP: f64 = 60.0;
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 380.0;
/// Colours of sizes, from the smallest on.
const COLOURS: [&str; 6] = ["#5b6ee1", "#2f7d5b", "#d9a441", "#c0504d", "#a05bb8", "#446"];

/// A scatter plot as an SVG document. Both axes are logarithmic; the best layouts for any patience are joined by a line.
pub fn plot(candidates: &[Candidate], title: &str) -> String {
    let seconds = Axis::over(candidates.iter().map(|c| c.prediction.prove_seconds));
    let gas = Axis::over(candidates.iter().map(|c| c.prediction.gas as f64));
    let at = |candidate: &Candidate| {
        let (x, y) = (seconds.at(candidate.prediction.prove_seconds), gas.at(candidate.prediction.gas as f64));
        (LEFT + WIDTH * x, TOP + HEIGHT * (1.0 - y))
    };
    let mut body = String::new();
    for mark in seconds.marks() {
        let x = LEFT + WIDTH * seconds.at(mark);
        let (bottom, below) = (TOP + HEIGHT, TOP + HEIGHT + 18.0);
        let _ = write!(
            body,
            r##"<line x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{bottom}" stroke="#dde"/><text x="{x:.1}" y="{below}" text-anchor="middle">{mark} s</text>"##
        );
    }
    for mark in gas.marks() {
        let y = TOP + HEIGHT * (1.0 - gas.at(mark));
        let (right, name) = (LEFT + WIDTH, mark / 1e3);
        let _ = write!(
            body,
            r##"<line x1="{LEFT}" y1="{y:.1}" x2="{right}" y2="{y:.1}" stroke="#dde"/><text x="74" y="{:.1}" text-anchor="end">{name} k</text>"##,
            y + 4.0
        );
    }
    let line: Vec<String> = frontier(candidates).into_iter().map(at).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = write!(body, r##"<polyline points="{}" fill="none" stroke="#99a" stroke-width="1.5"/>"##, line.join(" "));
    let mut sizes: Vec<u32> = candidates.iter().filter_map(|c| c.choice.k).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for candidate in candidates {
        let ((x, y), choice) = (at(candidate), candidate.choice);
        let k = choice.k.unwrap_or_default();
        let colour = colour(&sizes, k);
        let fill = if choice.degree == Degree::Five { colour } else { "#fff" };
        let _ = write!(
            body,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"><title>k = {k}, {} lanes, {} weight columns, degree {}: {:.1} s, {} gas</title></circle>"#,
            choice.lanes,
            choice.weight_columns,
            choice.degree.number(),
            candidate.prediction.prove_seconds,
            candidate.prediction.gas
        );
    }
    for (i, &k) in sizes.iter().enumerate() {
        let (x, y) = (LEFT + WIDTH + 20.0, TOP + 12.0 + 20.0 * i as f64);
        let (colour, label) = (colour(&sizes, k), x + 12.0);
        let _ = write!(
            body,
            r#"<circle cx="{x}" cy="{:.1}" r="5" fill="{colour}"/><text x="{label}" y="{y:.1}">k = {k}</text>"#,
            y - 4.0
        );
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 500" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/><text x="20" y="24" font-size="17">{}</text><text x="20" y="44" fill="#556">Gas of a verification against seconds of a proof, predicted, one point for each layout. Hollow: degree 3; filled: degree 5.</text>{body}</svg>
"##,
        escape(title)
    )
}

fn colour(sizes: &[u32], k: u32) -> &'static str {
    let index = sizes.iter().position(|&size| size == k).unwrap_or(0);
    COLOURS[index % COLOURS.len()]
}

/// The layouts that none is better than in both, fastest first.
pub fn frontier(candidates: &[Candidate]) -> Vec<&Candidate> {
    let mut all: Vec<&Candidate> = candidates.iter().collect();
    all.sort_by(|a, b| {
        let (a, b) = (a.prediction, b.prediction);
        a.prove_seconds.total_cmp(&b.prove_seconds).then(a.gas.cmp(&b.gas))
    });
    let mut least = u64::MAX;
    all.retain(|candidate| {
        let better = candidate.prediction.gas < least;
        least = least.min(candidate.prediction.gas);
        better
    });
    all
}

/// A logarithmic axis over some values, with a little room at both ends.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, 0f64), |(low, high), x| (low.min(x), high.max(x)));
        Self { low: low / 1.1, high: high * 1.1 }
    }

    /// Between zero and one.
    fn at(&self, value: f64) -> f64 {
        (value / self.low).ln() / (self.high / self.low).ln()
    }

    /// Round numbers within.
    fn marks(&self) -> Vec<f64> {
        let decades = (self.low.log10().floor() as i32)..=(self.high.log10().ceil() as i32);
        let all =
            decades.flat_map(|decade| [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0].map(|x| x * 10f64.powi(decade)));
        all.filter(|&x| x >= self.low && x <= self.high).collect()
    }
}
