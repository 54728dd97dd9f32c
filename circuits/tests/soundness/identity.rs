//! The identity that the circuit checks, written out: every sum is followed symbolically through flags, masks and
//! copies, without the planner's arithmetic, and compared with the layers' definition, term by term.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use zkescrow_circuits::{
    model::Model,
    network::{Network, Op},
    plan::{ActivationRow, Cell, Choice, Flag, LOAD_ROW, Parameter, Plan, Recipe, Wire},
    sample,
    witness::{Salts, Values, Witness},
};

use crate::networks::arbitrary;

/// Exponents of α, s and 256, with coefficients.
type Poly = BTreeMap<[i64; 3], i64>;
/// Exponents of α and s.
type Place = (i64, i64);
/// A cell of a map.
type Position = (usize, usize);
/// A product on the parameters' side: the parameter, and the cell unless it is a bias.
type Term = ((usize, bool, usize), Option<Position>);

fn times(a: &Poly, b: &Poly) -> Poly {
    let mut product = Poly::new();
    for (x, m) in a {
        for (y, n) in b {
            *product.entry(std::array::from_fn(|i| x[i] + y[i])).or_default() += m * n;
        }
    }
    product
}

fn single(poly: &Poly) -> [i64; 3] {
    assert!(poly.len() == 1 && poly.values().all(|&c| c == 1), "not a monomial: {poly:?}");
    *poly.keys().next().expect("one term")
}

/// A plan's copies and values.
struct Symbols<'a> {
    plan: &'a Plan,
    values: HashMap<Cell, Poly>,
    sources: HashMap<Cell, Cell>,
    parameters: HashMap<(usize, usize), Parameter>,
}

impl<'a> Symbols<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut all: Vec<Poly> = vec![];
        for recipe in plan.values.recipes() {
            all.push(match *recipe {
                Recipe::Alpha => [([1, 0, 0], 1)].into(),
                Recipe::S => [([0, 1, 0], 1)].into(),
                Recipe::One => [([0, 0, 0], 1)].into(),
                Recipe::Product { a: 2, b: 2, plus: 255 } => [([0, 0, 1], 1)].into(),
                Recipe::Product { a, b, plus } => {
                    let mut product = times(&all[a], &all[b]);
                    *product.entry([0, 0, 0]).or_default() += plus;
                    product.retain(|_, c| *c != 0);
                    product
                }
                Recipe::Inverse(of) => [(single(&all[of]).map(|e| -e), 1)].into(),
            });
        }
        // Where the gates put them: α, s and one by their own constraint, the others by a derivation's row.
        let home = |id: usize| match plan.values.recipes()[id] {
            Recipe::Alpha => LOAD_ROW,
            Recipe::S => LOAD_ROW + 1,
            Recipe::One => LOAD_ROW + 2,
            Recipe::Product { .. } => plan.homes[id] + 2,
            Recipe::Inverse(_) => plan.homes[id] + 1,
        };
        let values = all.into_iter().enumerate().map(|(id, v)| (Cell { column: Wire::Wire, row: home(id) }, v));
        let parameters = plan.kernels.cells.iter().map(|p| ((p.row, p.column), p.parameter)).collect();
        let mut sources = HashMap::new();
        for &(from, to) in &plan.copies {
            assert!(sources.insert(to, from).is_none_or(|old| old == from), "{to:?} is copied from two places");
        }
        Self { plan, values: values.collect(), sources, parameters }
    }

    fn flag(&self, flag: Flag, row: usize) -> bool {
        self.plan.flags[flag as usize][row] == 1
    }

    /// The value that a cell is a copy of.
    fn copied(&self, column: Wire, row: usize) -> &Poly {
        let cell = Cell { column, row };
        let source = self.sources.get(&cell).unwrap_or_else(|| panic!("{cell:?} is free"));
        self.values.get(source).unwrap_or_else(|| panic!("{source:?} is not derived"))
    }

    fn lanes(&self, row: usize) -> Vec<usize> {
        let masks = &self.plan.shape.lane_masks;
        let on = |&lane: &usize| masks[lane].is_none_or(|mask| self.plan.masks[mask][row] == 1);
        (0..self.plan.shape.lanes).filter(on).collect()
    }

    fn position(&self, row: usize, lane: usize) -> Position {
        match self.plan.activations.rows[row] {
            ActivationRow::Cells { map, first, step, count, .. } => {
                assert!(lane < count, "lane {lane} of row {row} is on but holds nothing");
                (map, first + lane * step)
            }
            _ => panic!("row {row} holds no cells"),
        }
    }

    /// The produced sum: kept cells and borders with their exponents, relative to what the final equation compares.
    fn produced(&self) -> (HashMap<Place, Position>, HashMap<Place, usize>) {
        let (a, m) = (&self.plan.activations, self.plan.shape.weight_columns as i64);
        let check = self.plan.checks[0];
        assert_eq!(
            self.sources[&Cell { column: Wire::Wire, row: check.row }],
            Cell { column: Wire::MadeStep, row: a.output_gap }
        );
        let (mut kept, mut border) = (HashMap::new(), HashMap::new());
        let mut factor = self.copied(Wire::Wire, check.row + 1).clone();
        for row in (a.input_gap + 1..a.output_gap).rev() {
            if self.flag(Flag::Compare, row) {
                continue;
            }
            let [x, y, z] = single(&factor);
            assert_eq!(z, 0);
            for lane in self.lanes(row) {
                let l = lane as i64;
                if self.flag(Flag::Border, row) {
                    let ActivationRow::Border { layer, .. } = a.rows[row] else { panic!("not a border") };
                    assert!(border.insert((x, y + m * l), layer).is_none(), "two border terms share a place");
                } else {
                    let hop = if self.flag(Flag::Hop, row) { 2 } else { 1 };
                    let place = (x + hop * l, y);
                    assert!(kept.insert(place, self.position(row, lane)).is_none(), "two cells share {place:?}");
                }
            }
            factor = times(&factor, self.copied(Wire::MadeStep, row));
        }
        assert!(factor.is_empty(), "the sum must start from nothing");
        assert!(kept.keys().all(|place| !border.contains_key(place)), "a border term covers a cell");
        (kept, border)
    }

    /// A channel as it is handed over: exponents of α and cells.
    fn channel(&self, handed: Cell) -> Vec<(i64, Position)> {
        assert_eq!(handed.column, Wire::ReadStep);
        let leaves = [Flag::Start, Flag::Border, Flag::Gap];
        assert!(leaves.iter().any(|&f| self.flag(f, handed.row)), "nothing is handed over in {handed:?}");
        let (mut cells, mut factor) = (vec![], Poly::from([([0; 3], 1)]));
        for row in (0..handed.row).rev() {
            let [x, y, z] = single(&factor);
            assert_eq!((y, z), (0, 0));
            cells.extend(self.lanes(row).into_iter().map(|lane| (x + lane as i64, self.position(row, lane))));
            if self.flag(Flag::Start, row) {
                return cells;
            }
            assert!(self.flag(Flag::Run, row));
            factor = times(&factor, self.copied(Wire::ReadStep, row));
        }
        panic!("a channel without a start");
    }

    /// A kernel: places and parameters, `None` for padding.
    fn kernel(&self, mut row: usize) -> Vec<(Place, Option<Parameter>)> {
        let (mut cells, mut factor) = (vec![], Poly::from([([0; 3], 1)]));
        loop {
            let [x, y, _] = single(&factor);
            if self.flag(Flag::Weight, row) {
                let columns = 0..self.plan.shape.weight_columns;
                cells.extend(columns.map(|i| ((x, y + i as i64), self.parameters.get(&(row, i)).copied())));
            }
            if self.flag(Flag::Tap, row) {
                cells.push(((x, y), self.parameters.get(&(row, 0)).copied()));
            }
            if !self.flag(Flag::Carry, row) {
                return cells;
            }
            factor = times(&factor, self.copied(Wire::Wire, row));
            row -= 1;
        }
    }

    /// Everything that the total holds.
    fn total(&self, mut visit: impl FnMut(Place, Option<Parameter>, Option<Position>)) {
        assert_eq!(
            self.sources[&Cell { column: Wire::Wire, row: self.plan.checks[0].row + 2 }].row,
            self.plan.end_row()
        );
        let mut above = 0;
        for row in (1..=self.plan.end_row()).rev() {
            if self.flag(Flag::Product, row) {
                let source = self.sources[&Cell { column: Wire::Wire, row }];
                let factors: Vec<(i64, Option<Position>)> = match self.values.get(&source) {
                    Some(sum) => {
                        assert!(sum.iter().all(|(e, &c)| e[1] == 0 && e[2] == 0 && c == 1), "not a grid");
                        sum.keys().map(|e| (e[0], None)).collect()
                    }
                    None => self.channel(source).into_iter().map(|(x, cell)| (x, Some(cell))).collect(),
                };
                for ((x, y), parameter) in self.kernel(row - 1) {
                    factors.iter().for_each(|&(dx, cell)| visit((x + dx, y + above), parameter, cell));
                }
            }
            if self.flag(Flag::Shift, row) {
                above += self.plan.shape.weight_columns as i64;
            }
        }
    }
}

/// What a cell of a layer's output is the sum of, by the layer's definition.
fn definition(net: &Network, (map, index): Position) -> BTreeSet<Term> {
    let (layer, out) = (&net.layers[map - 1], net.maps[map]);
    let (o, i, j) = (index / (out.height * out.width), index / out.width % out.height, index % out.width);
    let w = layer.window;
    let mut terms = BTreeSet::from([((map - 1, true, o), None)]);
    for (slot, &id) in layer.inputs.iter().enumerate() {
        let from = net.maps[id];
        for c in (0..from.channels).filter(|&c| layer.op == Op::Dense || c == o) {
            for a in 0..w.rows {
                for b in 0..w.cols {
                    let (row, col) =
                        ((i * w.stride + a) as i64 - w.pad_top as i64, (j * w.stride + b) as i64 - w.pad_left as i64);
                    if !(0..from.height as i64).contains(&row) || !(0..from.width as i64).contains(&col) {
                        continue;
                    }
                    let kernel = if layer.op == Op::Dense { o * from.channels + c } else { slot * from.channels + c };
                    let cell = (c * from.height + row as usize) * from.width + col as usize;
                    terms.insert(((map - 1, false, kernel * w.rows * w.cols + a * w.cols + b), Some((id, cell))));
                }
            }
        }
    }
    terms
}

fn check(model: &Model, choice: Choice) {
    let net = &model.network;
    let plan = Plan::new(net, choice).expect("plannable");
    let symbols = Symbols::new(&plan);
    let (kept, border) = symbols.produced();
    let cells: HashSet<Position> = kept.values().copied().collect();
    let all: usize = net.maps[1..].iter().map(|m| m.channels * m.height * m.width).sum();
    assert_eq!((cells.len(), kept.len()), (all, all), "every cell of every layer is produced once");

    let mut found: HashMap<Position, BTreeSet<Term>> = HashMap::new();
    symbols.total(|place, parameter, cell| {
        let Some(parameter) = parameter else {
            assert!(!kept.contains_key(&place), "padding reaches {:?}", kept[&place]);
            return;
        };
        let name = match parameter {
            Parameter::Weight(layer, index) => (layer, false, index),
            Parameter::Bias(layer, index) => (layer, true, index),
        };
        match kept.get(&place) {
            Some(&position) => {
                assert!(found.entry(position).or_default().insert((name, cell)), "{name:?} reaches {position:?} twice");
            }
            None => assert_eq!(border.get(&place), Some(&name.0), "{name:?} reaches a place that nothing produces"),
        }
    });
    for &position in kept.values() {
        assert_eq!(found[&position], definition(net, position), "{position:?}");
    }
}

#[test]
fn the_identity_says_what_the_layers_say() {
    let choice =
        |seed: u64| Choice { lanes: 1 + (seed % 6) as usize, weight_columns: 1 + (seed / 6 % 5) as usize, k: None };
    check(&sample::tiny(1), Choice { lanes: 3, weight_columns: 4, k: None });
    check(&sample::tiny(2), Choice { lanes: 16, weight_columns: 32, k: None });
    check(&sample::tiny(3), Choice { lanes: 7, weight_columns: 13, k: Some(14) });
    for seed in 0..60 {
        check(&arbitrary(seed), choice(seed));
    }
    for seed in 0..20 {
        check(&sample::random(seed), choice(7 * seed));
    }
}

#[test]
fn parameters_lie_in_one_cell_each_and_nothing_else_does() {
    for seed in 0..40u64 {
        let model = arbitrary(seed);
        let choice = Choice { lanes: 2, weight_columns: 1 + (seed % 5) as usize, k: None };
        let plan = std::sync::Arc::new(Plan::new(&model.network, choice).expect("plannable"));
        let mut names = HashSet::new();
        let mut places = HashSet::new();
        for cell in &plan.kernels.cells {
            assert!(names.insert(format!("{:?}", cell.parameter)), "{:?} has two cells", cell.parameter);
            assert!(places.insert((cell.row, cell.column)), "two parameters in one cell");
            let (weight, tap) = (plan.flags[Flag::Weight as usize][cell.row], plan.flags[Flag::Tap as usize][cell.row]);
            assert!(weight + tap == 1 && (weight == 1 || cell.column == 0), "{cell:?} is in no kernel");
        }
        // Every parameter that some cell of an output depends on has a cell.
        for (id, map) in model.network.maps.iter().enumerate().skip(1) {
            for index in 0..map.channels * map.height * map.width {
                for ((layer, bias, n), _) in definition(&model.network, (id, index)) {
                    let name = if bias { Parameter::Bias(layer, n) } else { Parameter::Weight(layer, n) };
                    assert!(names.contains(&format!("{name:?}")), "{name:?} has no cell");
                }
            }
        }
        // What is in no parameter's cell is the same for every model and every image.
        let salts = Salts { input: halo2curves::bn256::Fr::one(), output: halo2curves::bn256::Fr::one() };
        let image = sample::input(&model.network, seed);
        let witness = Witness::new(&plan, &model, &image, salts, salts.input).expect("in range");
        for (column, values) in witness.first.weights.iter().enumerate() {
            let Values::Small(values) = values else { panic!("parameters are small integers") };
            for (row, &value) in values.iter().enumerate().filter(|&(row, _)| !places.contains(&(row, column))) {
                let zero = i64::from(plan.flags[Flag::Weight as usize][row]) * model.network.precision.param_offset();
                assert_eq!(value, zero, "row {row}, column {column}");
            }
        }
    }
}
