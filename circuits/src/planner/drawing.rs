//! Draws a layout: columns from left to right, rows from top to bottom, a colour for each tensor.

use std::fmt::Write;

use crate::plan::{Block, Plan, Recipe, RowKind};

/// Height of the drawing of the rows.
const HEIGHT: f64 = 1000.0;
/// Width of one column.
const COLUMN: f64 = 14.0;
/// Space between groups of columns, and around everything.
const GAP: f64 = 26.0;
const TOP: f64 = 150.0;
/// Rows of the picture that the use of the wire is counted in.
const STRIPES: usize = 250;

/// A picture of the layout as an SVG document.
pub fn draw(plan: &Plan, title: &str) -> String {
    Drawing::new(plan).finish(title)
}

struct Drawing<'a> {
    plan: &'a Plan,
    body: String,
    x: f64,
}

/// A rectangle over some rows of a group of columns.
struct Area {
    rows: (usize, usize),
    colour: String,
    text: String,
}

impl<'a> Drawing<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut drawing = Self { plan, body: String::new(), x: 70.0 };
        drawing.rows();
        let shape = &plan.shape;
        let count = |what: &str, columns: usize| format!("{what} × {columns}");
        drawing.group(&count("weights", shape.weight_columns), shape.weight_columns, drawing.kernels());
        let first_lane = drawing.activations().into_iter().chain(drawing.hashes()).collect();
        drawing.group("first lane × 3", 3, first_lane);
        if shape.lanes > 1 {
            let others = 3 * (shape.lanes - 1);
            drawing.group(&count("other lanes", others), others, drawing.activations());
        }
        drawing.group("count × 1", 1, drawing.counts());
        drawing.group(&count("lookups", 1 + shape.lanes), 1 + shape.lanes, drawing.lookups());
        drawing.group("sums and border × 4", 4, drawing.sums());
        drawing.wire();
        drawing
    }

    fn y(&self, row: usize) -> f64 {
        TOP + HEIGHT * row as f64 / (1u64 << self.plan.shape.k) as f64
    }

    fn rows(&mut self) {
        let n = 1usize << self.plan.shape.k;
        for row in (0..=8).map(|i| n / 8 * i) {
            let y = self.y(row);
            let _ =
                write!(self.body, r##"<text x="58" y="{:.1}" text-anchor="end" fill="#667">{row}</text>"##, y + 4.0);
        }
    }

    fn group(&mut self, name: &str, columns: usize, areas: Vec<Area>) {
        let width = COLUMN * columns as f64;
        let x = self.x;
        let _ = write!(
            self.body,
            r##"<rect x="{x:.1}" y="{TOP}" width="{width:.1}" height="{HEIGHT}" fill="#f4f4f8" stroke="#99a"/>"##
        );
        for area in areas {
            let (top, bottom) = (self.y(area.rows.0), self.y(area.rows.1));
            let _ = write!(
                self.body,
                r#"<rect x="{x:.1}" y="{top:.2}" width="{width:.1}" height="{:.2}" fill="{}"><title>{}: rows {} to {}</title></rect>"#,
                (bottom - top).max(0.3),
                area.colour,
                escape(&area.text),
                area.rows.0,
                area.rows.1 - 1
            );
        }
        for column in 1..columns {
            let at = x + COLUMN * column as f64;
            let bottom = TOP + HEIGHT;
            let _ = write!(
                self.body,
                r##"<line x1="{at:.1}" y1="{TOP}" x2="{at:.1}" y2="{bottom}" stroke="#fff" stroke-opacity="0.5"/>"##
            );
        }
        let _ = write!(
            self.body,
            r##"<text transform="translate({:.1},{:.1}) rotate(-35)" fill="#223">{}</text>"##,
            x + 8.0,
            TOP - 8.0,
            escape(name)
        );
        self.x += width + GAP;
    }

    fn layer(&self, layer: usize) -> &str {
        &self.plan.network.layers[layer].name
    }

    fn kernels(&self) -> Vec<Area> {
        let mut start = self.plan.kernels.start;
        let ends = self.plan.kernels.totals.iter().enumerate();
        ends.map(|(layer, &end)| {
            let rows = (std::mem::replace(&mut start, end + 1), end + 1);
            Area { rows, colour: hue(layer, 62), text: format!("parameters of {}", self.layer(layer)) }
        })
        .collect()
    }

    fn activations(&self) -> Vec<Area> {
        let mut start = crate::plan::FIRST_FREE_ROW;
        let blocks = self.plan.activations.blocks.iter();
        blocks
            .map(|block| {
                let rows = (std::mem::replace(&mut start, block.row), block.row);
                let (colour, text) = match block.block {
                    Block::Input => ("#5b6ee1".into(), "input".into()),
                    Block::Made(layer) => (hue(layer, 62), format!("output of {}", self.layer(layer))),
                    Block::Border(layer) => ("#333".into(), format!("border of {}", self.layer(layer))),
                };
                Area { rows, colour, text }
            })
            .collect()
    }

    fn hashes(&self) -> Vec<Area> {
        let [input, output] = self.plan.hashing.chains().map(|chain| (chain.seam, chain.digest_row() + 1));
        vec![area(input, "#8aa9e8", "commitment to the input"), area(output, "#e8a98a", "commitment to the logits")]
    }

    fn counts(&self) -> Vec<Area> {
        let logits = (self.plan.activations.first_compare - 1, self.plan.activations.label_row + 1);
        let middle = self.plan.remainder_row(0);
        let end = middle + self.plan.network.precision.table_len();
        vec![
            area(logits, "#c0504d", "arg-max"),
            area((self.plan.table, middle), "#b8b8c8", "table of activations"),
            area((middle, end), "#d4d4de", "table of remainders"),
        ]
    }

    fn lookups(&self) -> Vec<Area> {
        let rows = (crate::plan::FIRST_FREE_ROW, self.plan.activations.rows.len());
        vec![area(rows, "#cfd8c8", "reciprocals and their balance")]
    }

    fn sums(&self) -> Vec<Area> {
        let plan = self.plan;
        vec![
            area((crate::plan::FIRST_FREE_ROW, plan.kernels.start), "#cfd8c8", "sums of activations"),
            area((plan.kernels.start, plan.kernels.end()), "#dfe8c8", "sums of parameters"),
            area((plan.hashing.input.seam, plan.hashing.end), "#c8d8e8", "powers and sums of the hashes"),
        ]
    }

    /// The one copied column: how densely it is used, and what for.
    fn wire(&mut self) {
        let n = 1usize << self.plan.shape.k;
        let plan = self.plan;
        let mut uses = [[0usize; 4]; STRIPES];
        let mut count = |row: usize, what: usize| uses[row * STRIPES / n][what] += 1;
        for (row, kind) in plan.activations.kinds.iter().enumerate() {
            match kind {
                Some(kind) if kind.rides() => count(row, 1),
                Some(kind) if kind.exports() || *kind == RowKind::Open => count(row, 0),
                _ => {}
            }
        }
        plan.kernels.products.keys().chain(plan.kernels.carries.keys()).for_each(|&row| count(row, 2));
        plan.kernels.totals.iter().for_each(|&row| count(row, 0));
        for (id, recipe) in plan.values.recipes().iter().enumerate() {
            if recipe.cells().is_some() {
                (0..4).for_each(|cell| count(plan.homes[id] + cell, 3));
            } else if !matches!(recipe, Recipe::Wire(_)) {
                count(plan.homes[id], 3);
            }
        }
        let x = self.x;
        self.group("wire, drawn wide", 6, vec![]);
        let colours = ["#2f7d5b", "#d9a441", "#5b6ee1", "#a05bb8"];
        let height = HEIGHT / STRIPES as f64;
        for (stripe, uses) in uses.iter().enumerate() {
            let mut left = x;
            for (&used, colour) in uses.iter().zip(colours) {
                let width = 6.0 * COLUMN * used as f64 / (n as f64 / STRIPES as f64);
                if used > 0 {
                    let y = TOP + height * stripe as f64;
                    let _ = write!(
                        self.body,
                        r#"<rect x="{left:.1}" y="{y:.1}" width="{width:.2}" height="{height:.1}" fill="{colour}"/>"#
                    );
                }
                left += width;
            }
        }
        let legend = ["values that leave sums", "steps of sums", "factors of kernels", "derivations"];
        for (i, (text, colour)) in legend.into_iter().zip(colours).enumerate() {
            let y = TOP + 14.0 + 18.0 * i as f64;
            let _ = write!(
                self.body,
                r#"<rect x="{:.1}" y="{:.1}" width="11" height="11" fill="{colour}"/><text x="{:.1}" y="{y:.1}">{text}</text>"#,
                self.x,
                y - 10.0,
                self.x + 17.0
            );
        }
    }

    fn finish(self, title: &str) -> String {
        let shape = &self.plan.shape;
        let (width, height) = (self.x + 190.0, TOP + HEIGHT + 30.0);
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/><text x="20" y="24" font-size="17">{}</text><text x="20" y="44" fill="#556">k = {}: {} of {} rows, {} lanes, {} weight columns, {} fixed columns. Each layer has its colour; point at an area for its name.</text>{}</svg>
"##,
            escape(title),
            shape.k,
            self.plan.rows_used,
            1u64 << shape.k,
            shape.lanes,
            shape.weight_columns,
            self.plan.fixed_columns(),
            self.body
        )
    }
}

fn area(rows: (usize, usize), colour: &str, text: &str) -> Area {
    Area { rows, colour: colour.into(), text: text.into() }
}

/// Colours of neighbouring layers differ: each is a golden angle further.
fn hue(layer: usize, light: usize) -> String {
    format!("hsl({:.0},55%,{light}%)", (layer as f64 * 137.508) % 360.0)
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no place for them, not even escaped.
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_document() {
        assert_eq!(escape("<a href=\"x\">&\u{1}\u{fffe}"), "&lt;a href=&quot;x&quot;&gt;&amp;  ");
    }
}
