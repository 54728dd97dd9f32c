//! A plan's fixed columns and copies, read as the gates read them: what every sum that leaves is made of, symbolically.

use std::collections::{BTreeMap, HashMap};

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, Feed, Flag, LOAD_ROW, Parameter, Plan, Point, RowKind, Step, columns_for, point},
    poseidon::PACK,
};

/// Exponents of α and s.
pub type Place = (i64, i64);
/// Monomials with their coefficients.
pub type Poly = BTreeMap<Place, Fr>;
/// A cell of a map.
pub type Position = (usize, usize);

/// A cell of the wire: what is known of it, and multiples of what left a sum in some row.
#[derive(Clone, Default)]
pub struct Value {
    pub known: Poly,
    pub left: BTreeMap<usize, Poly>,
}

/// What a produced sum takes in.
pub enum Made {
    Accumulator(Position),
    Pixel(Position),
    Edge,
}

pub fn times(a: &Poly, b: &Poly) -> Poly {
    let mut product = Poly::new();
    for ((x, y), m) in a {
        for ((dx, dy), n) in b {
            *product.entry((x + dx, y + dy)).or_default() += m * n;
        }
    }
    product
}

fn add(sum: &mut Poly, other: &Poly, sign: Fr) {
    other.iter().for_each(|(&place, c)| *sum.entry(place).or_default() += *c * sign);
    sum.retain(|_, c| *c != Fr::zero());
}

/// The only term of a polynomial.
pub fn single(poly: &Poly) -> (Place, Fr) {
    assert_eq!(poly.len(), 1, "not a monomial: {poly:?}");
    poly.iter().map(|(&place, &c)| (place, c)).next().expect("one term")
}

impl Value {
    fn monomial(x: i64, y: i64) -> Self {
        Self { known: [((x, y), Fr::one())].into(), left: BTreeMap::new() }
    }

    fn times(&self, other: &Self) -> Self {
        assert!(self.left.is_empty() || other.left.is_empty(), "a product of two sums");
        let mut product = Self { known: times(&self.known, &other.known), left: BTreeMap::new() };
        for (of, by) in [(self, other), (other, self)] {
            product.left.extend(of.left.iter().map(|(&row, c)| (row, times(c, &by.known))));
        }
        product
    }

    fn plus(mut self, other: &Self, sign: Fr) -> Self {
        add(&mut self.known, &other.known, sign);
        other.left.iter().for_each(|(&row, c)| add(self.left.entry(row).or_default(), c, sign));
        self.left.retain(|_, c| !c.is_empty());
        self
    }

    fn inverse(&self) -> Self {
        let ((x, y), c) = single(&self.known);
        assert!(self.left.is_empty(), "the inverse of a sum");
        Self { known: [((-x, -y), c.invert().expect("not zero"))].into(), left: BTreeMap::new() }
    }
}

/// A plan, followed.
pub struct Symbols<'a> {
    pub plan: &'a Plan,
    /// Where a cell of the wire is copied from.
    pub sources: HashMap<usize, usize>,
    kinds: Vec<Option<RowKind>>,
    feeds: Vec<Option<Feed>>,
    derivations: HashMap<usize, usize>,
    values: HashMap<usize, Value>,
    parameters: HashMap<(usize, usize), Parameter>,
}

/// Which of these kinds a row's columns select: twice what the selectors are, to stay with whole numbers.
fn selected<T: Copy>(columns: &[Vec<u8>], row: usize, kinds: &[T]) -> Option<T> {
    let at = |column: usize| i64::from(columns[column][row]);
    let sum: i64 = (0..columns.len()).map(at).sum();
    let selector = |index: usize| match point(index, columns.len()) {
        Point::One(i) => 2 * at(i) * (2 - sum),
        Point::Two(i) => at(i) * (at(i) - 1),
        Point::Both(i, j) => 2 * at(i) * at(j),
    };
    let on: Vec<usize> = (0..kinds.len()).filter(|&index| selector(index) != 0).collect();
    assert!(on.len() <= 1 && on.iter().all(|&index| selector(index) == 2), "row {row} is of several kinds");
    on.first().map(|&index| kinds[index])
}

impl<'a> Symbols<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let (of_rows, of_feeds) = plan.kinds.split_at(columns_for(plan.shape.kinds.len()));
        let rows = 0..plan.usable_rows();
        let mut sources = HashMap::new();
        for &(from, to) in &plan.copies {
            assert!(sources.insert(to, from).is_none_or(|old| old == from), "{to} is copied from two places");
        }
        let mut derivations = HashMap::new();
        for home in rows.clone().filter(|&row| plan.flags[Flag::Derive as usize][row] == 1) {
            (home..home + 4).for_each(|row| assert!(derivations.insert(row, home).is_none(), "{row} is derived twice"));
        }
        let mut symbols = Self {
            plan,
            sources,
            kinds: rows.clone().map(|row| selected(of_rows, row, &plan.shape.kinds)).collect(),
            feeds: rows.map(|row| selected(of_feeds, row, &Feed::ALL)).collect(),
            derivations,
            values: HashMap::new(),
            parameters: plan.kernels.cells.iter().map(|p| ((p.row, p.column), p.parameter)).collect(),
        };
        for &(from, to) in &plan.copies {
            symbols.evaluate(from);
            symbols.evaluate(to);
        }
        symbols
    }

    fn evaluate(&mut self, row: usize) -> Value {
        if let Some(value) = self.values.get(&row) {
            return value.clone();
        }
        let value = match (row, self.sources.get(&row).copied(), self.derivations.get(&row).copied()) {
            (LOAD_ROW, ..) => Value::monomial(1, 0),
            (row, ..) if row == LOAD_ROW + 1 => Value::monomial(0, 1),
            (row, ..) if row == LOAD_ROW + 2 => Value::monomial(0, 0),
            (_, Some(source), _) => self.evaluate(source),
            (_, None, Some(home)) => self.derive(home, row - home),
            (_, None, None) => Value { known: Poly::new(), left: [(row, Value::monomial(0, 0).known)].into() },
        };
        self.values.insert(row, value.clone());
        value
    }

    /// The cell of a derivation that the other three decide.
    fn derive(&mut self, home: usize, made: usize) -> Value {
        let [a, b, c, d] = std::array::from_fn(|i| {
            let is_given = self.sources.contains_key(&(home + i));
            assert_eq!(is_given, i != made, "one cell of the derivation in row {home} must be free");
            if is_given { self.evaluate(home + i) } else { Value::default() }
        });
        match made {
            3 => a.times(&b).plus(&c, Fr::one()),
            2 => d.plus(&a.times(&b), -Fr::one()),
            1 => d.plus(&c, -Fr::one()).times(&a.inverse()),
            _ => panic!("a first factor is not derived"),
        }
    }

    /// The value of a cell that is a copy.
    pub fn copied(&self, row: usize) -> &Value {
        assert!(self.sources.contains_key(&row), "row {row} of the wire is free");
        &self.values[&row]
    }

    pub fn flag(&self, flag: Flag, row: usize) -> u8 {
        self.plan.flags[flag as usize][row]
    }

    pub fn feed(&self, row: usize) -> Option<Feed> {
        self.feeds[row]
    }

    fn kind(&self, row: usize) -> RowKind {
        self.kinds[row].unwrap_or_else(|| panic!("row {row} is of no kind"))
    }

    fn position(&self, row: usize, lane: usize) -> Position {
        match self.plan.activations.rows[row] {
            ActivationRow::Cells { map, first, step, count } => {
                assert!(lane < count, "lane {lane} of row {row} is on but holds nothing");
                (map, first + lane * step)
            }
            _ => panic!("row {row} holds no cells"),
        }
    }

    /// What the factor from the row above makes of one from below; `None` where a sum starts.
    fn step(&self, row: usize, step: Step, ((x, y), c): (Place, Fr)) -> Option<(Place, Fr)> {
        let byte = Fr::from(256);
        match step {
            Step::Start => None,
            Step::Power(exponent) => Some(((x + exponent as i64, y), c)),
            Step::Ride => {
                assert!(self.copied(row).left.is_empty());
                let ((dx, dy), by) = single(&self.copied(row).known);
                Some(((x + dx, y + dy), c * by))
            }
            Step::Byte => Some(((x, y), c * byte.invert().expect("not zero"))),
            Step::Wrap => Some(((x + 1, y), c * (1..PACK).fold(Fr::one(), |power, _| power * byte))),
        }
    }

    /// The layer's sum that leaves in a row.
    pub fn block(&self, row: usize) -> Vec<(Place, Fr, Made)> {
        assert_eq!(self.kind(row), RowKind::Open, "no sum leaves in row {row}");
        let (mut terms, mut above) = (vec![], 0);
        for row in (0..row).rev() {
            let kind = self.kind(row);
            if kind == RowKind::Open {
                return terms;
            }
            if kind.takes() {
                self.made(row - 1, (0, above), &mut terms);
                above += 1;
            }
        }
        panic!("a block without a start");
    }

    fn made(&self, last: usize, place: Place, terms: &mut Vec<(Place, Fr, Made)>) {
        let mut factor = (place, Fr::one());
        for row in (0..=last).rev() {
            let kind = self.kind(row);
            assert_eq!(self.flag(Flag::Ride, row) == 1, kind.rides(), "row {row} steps by the wire and another way");
            let ((x, y), c) = factor;
            let step = match kind {
                RowKind::Cells { count, hop, made, pixels, .. } => {
                    terms.extend((0..count).map(|lane| {
                        let cell = self.position(row, lane);
                        let made = if pixels { Made::Pixel(cell) } else { Made::Accumulator(cell) };
                        ((x + (hop * lane) as i64, y), c, made)
                    }));
                    made
                }
                RowKind::Edge(step) => {
                    terms.push(((x, y), c, Made::Edge));
                    step
                }
                RowKind::Hold | RowKind::Wait => continue,
                RowKind::Open => return,
                RowKind::Close => panic!("the sum may be anything in row {row}"),
            };
            let Some(next) = self.step(row, step, factor) else { return };
            factor = next;
        }
    }

    /// The reading sum that leaves in a row.
    pub fn channel(&self, row: usize) -> Vec<(Place, Fr, Position)> {
        assert!(self.kind(row).exports(), "nothing leaves in row {row}");
        let (mut cells, mut factor) = (vec![], ((0, 0), Fr::one()));
        for row in (0..row).rev() {
            let ((x, y), c) = factor;
            match self.kind(row) {
                RowKind::Cells { count, read, .. } => {
                    cells.extend((0..count).map(|lane| ((x + lane as i64, y), c, self.position(row, lane))));
                    let Some(next) = self.step(row, read, factor) else { return cells };
                    factor = next;
                }
                RowKind::Hold | RowKind::Wait => {}
                kind => panic!("the sum may be anything in row {row}: {kind:?}"),
            }
        }
        panic!("a channel without a start");
    }

    /// A kernel: places and parameters, `None` for padding.
    fn kernel(&self, last: usize) -> Vec<(Place, Option<Parameter>)> {
        let columns = self.plan.shape.weight_columns;
        let (mut cells, mut factor) = (vec![], ((0, 0), Fr::one()));
        for row in (0..=last).rev() {
            let ((x, y), c) = factor;
            assert_eq!((c, self.flag(Flag::Usable, row)), (Fr::one(), 1));
            let feed = self.feed(row);
            let mut taken = |count: usize, (dx, dy): Place| {
                let place = |i: usize| (x + dx * i as i64, y + dy * i as i64);
                cells.extend((0..count).map(|i| (place(i), self.parameters.get(&(row, i)).copied())));
            };
            match feed {
                Some(Feed::Fresh | Feed::Next) => taken(columns, (0, 1)),
                Some(Feed::Tap) => taken(1, (1, 0)),
                Some(Feed::Taps) => taken(self.plan.shape.taps(), (1, 0)),
                _ => {}
            }
            factor = match (feed, self.flag(Flag::Carry, row)) {
                (Some(Feed::Next), 0) => ((x, y + columns as i64), c),
                (Some(Feed::Next), _) => panic!("row {row} goes on in two ways"),
                (_, 0) => return cells,
                _ => self.step(row, Step::Ride, factor).expect("goes on"),
            };
        }
        panic!("a kernel without a start");
    }

    /// Everything that the total that leaves in a row holds: parameters times cells or numbers.
    pub fn total(&self, row: usize, mut visit: impl FnMut(Place, Fr, Option<Parameter>, Option<Position>)) {
        assert_eq!(self.feed(row), Some(Feed::Leave));
        let mut above = 0;
        for row in (0..row).rev() {
            let ends = matches!(self.feed(row), Some(Feed::Leave | Feed::Load));
            assert!(!ends || self.flag(Flag::Product, row) == 0, "row {row} takes in what belongs to two layers");
            if ends {
                return;
            }
            if self.flag(Flag::Product, row) == 1 {
                let source = self.copied(row);
                let mut factors: Vec<(Place, Fr, Option<Position>)> =
                    source.known.iter().map(|(&place, &c)| (place, c, None)).collect();
                for (&from, by) in &source.left {
                    let ((x, y), c) = single(by);
                    let cells = self.channel(from).into_iter();
                    factors.extend(cells.map(|((dx, dy), by, cell)| ((x + dx, y + dy), c * by, Some(cell))));
                }
                for ((x, y), parameter) in self.kernel(row - 1) {
                    factors.iter().for_each(|&((dx, dy), c, cell)| visit((x + dx, y + dy + above), c, parameter, cell));
                }
            }
            above += i64::from(self.feed(row) == Some(Feed::Shift));
        }
    }

    /// The sum of absorbed elements that leaves in a row: exponents, and the rows where hashes start.
    pub fn absorbed(&self, row: usize) -> Vec<(i64, usize)> {
        let seed = |row| (self.flag(Flag::Seed, row), self.flag(Flag::Full, row));
        assert_eq!(seed(row), (1, 0), "no sum leaves in row {row}");
        let mut elements: Vec<(i64, usize)> = vec![];
        for row in (0..=row).rev() {
            match seed(row) {
                (1, 1) => return elements,
                (2, _) => elements.push((elements.len() as i64, row)),
                _ => {}
            }
        }
        panic!("a chain without a start");
    }
}
