//! A plan's fixed columns and copies, read as the gates read them: what every sum that leaves is made of, symbolically.

use std::collections::{BTreeMap, HashMap};

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    plan::{ActivationRow, Code, Degree, Feed, Flag, LOAD_ROW, Parameter, Plan, RowKind, Step, Stir},
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
    codes: Vec<Code>,
    derivations: HashMap<usize, usize>,
    values: HashMap<usize, Value>,
    parameters: HashMap<(usize, usize), Parameter>,
}

/// What the fixed columns of a plan say of each row.
pub fn decoded(plan: &Plan) -> Vec<Code> {
    let (fixed, flags, lattice) = (plan.fixed(), plan.shape.flag_columns(), plan.shape.lattice());
    let of_point: HashMap<Vec<u8>, Code> = lattice.points().into_iter().zip(plan.shape.codes.iter().copied()).collect();
    let decode = |row: usize| {
        let at = |column: usize| fixed[column].small(row).expect("flags and codes are small") as u8;
        let point: Vec<u8> = (0..lattice.columns).map(|i| at(flags.len() + i)).collect();
        let nothing = point.iter().all(|&x| x == 0);
        let mut code = if nothing { Code::default() } else { of_point[&point] };
        assert!(code.flags == 0 || plan.shape.degree == Degree::Five, "flags have columns");
        for (i, flag) in flags.iter().enumerate() {
            code.flags |= at(i) * flag.bit();
        }
        code
    };
    (0..plan.usable_rows()).map(decode).collect()
}

impl<'a> Symbols<'a> {
    pub fn new(plan: &'a Plan, codes: Vec<Code>) -> Self {
        let mut sources = HashMap::new();
        for &(from, to) in &plan.copies {
            assert!(sources.insert(to, from).is_none_or(|old| old == from), "{to} is copied from two places");
        }
        let mut derivations = HashMap::new();
        for home in (0..codes.len()).filter(|&row| codes[row].has(Flag::Derive)) {
            for (row, code) in codes.iter().enumerate().skip(home).take(4) {
                assert!(derivations.insert(row, home).is_none(), "{row} is derived twice");
                assert_eq!(code.kind, None, "something else looks at row {row} of the wire");
            }
        }
        let mut symbols = Self {
            plan,
            sources,
            codes,
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
            (row, ..) if row == LOAD_ROW + 1 => Value::monomial(0, 0),
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

    pub fn has(&self, flag: Flag, row: usize) -> bool {
        self.codes[row].has(flag)
    }

    pub fn feed(&self, row: usize) -> Option<Feed> {
        match self.codes[row].kind {
            Some(RowKind::Feed(feed)) => Some(feed),
            _ => None,
        }
    }

    fn kind(&self, row: usize) -> RowKind {
        self.codes[row].kind.unwrap_or_else(|| panic!("row {row} is of no kind"))
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
            assert_eq!(self.has(Flag::Ride, row), kind.rides(), "row {row} steps by the wire and another way");
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
                RowKind::Hold | RowKind::Compare | RowKind::Label => continue,
                RowKind::Open => return,
                kind => panic!("the sum may be anything in row {row}: {kind:?}"),
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
                RowKind::Hold | RowKind::Compare | RowKind::Label => {}
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
            assert_eq!(c, Fr::one());
            let feed = self.feed(row);
            let mut taken = |count: usize, (dx, dy): Place| {
                let place = |i: usize| (x + dx * i as i64, y + dy * i as i64);
                cells.extend((0..count).map(|i| (place(i), self.parameters.get(&(row, i)).copied())));
            };
            match feed {
                Some(Feed::Fresh | Feed::Next) => taken(columns, (0, 1)),
                Some(Feed::Tap) => taken(1, (1, 0)),
                Some(Feed::Taps) => taken(self.plan.shape.taps(), (1, 0)),
                Some(Feed::Keep | Feed::Shift | Feed::Leave) => {}
                None => panic!("the kernel may be anything in row {row}"),
            }
            factor = match (feed, self.has(Flag::Ride, row)) {
                (Some(Feed::Next), false) => ((x, y + columns as i64), c),
                (Some(Feed::Next), true) => panic!("row {row} goes on in two ways"),
                (_, false) => return cells,
                (_, true) => self.step(row, Step::Ride, factor).expect("goes on"),
            };
        }
        panic!("a kernel without a start");
    }

    /// Everything that the total that leaves in a row holds: parameters times cells or numbers.
    pub fn total(&self, row: usize, mut visit: impl FnMut(Place, Fr, Option<Parameter>, Option<Position>)) {
        assert_eq!(self.feed(row), Some(Feed::Leave));
        let mut above = 0;
        for row in (0..row).rev() {
            let feed = self.feed(row).unwrap_or_else(|| panic!("the total may be anything in row {row}"));
            let takes = self.has(Flag::Product, row);
            assert!(feed != Feed::Leave || !takes, "row {row} takes in what belongs to two layers");
            if feed == Feed::Leave {
                return;
            }
            if takes {
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
            above += i64::from(feed == Feed::Shift);
        }
        panic!("a total without a start");
    }

    /// The sum of absorbed elements that leaves at a seam: exponents, and the rows where hashes start.
    pub fn absorbed(&self, seam: usize) -> Vec<(i64, usize)> {
        assert_eq!(self.kind(seam), RowKind::Hash(Stir::Seam), "no sum leaves in row {seam}");
        let mut elements: Vec<(i64, usize)> = vec![];
        for row in (0..seam).rev() {
            match self.kind(row) {
                RowKind::Hash(Stir::Seam) => return elements,
                RowKind::Hash(Stir::Absorb) => elements.push((elements.len() as i64, row + 1)),
                RowKind::Hash(_) => {}
                kind => panic!("the sum may be anything in row {row}: {kind:?}"),
            }
        }
        panic!("a chain without a start");
    }
}
