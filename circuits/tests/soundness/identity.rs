//! The identities that the circuit checks, written out: every sum is followed symbolically through kinds, flags and
//! copies, without the planner's arithmetic, and compared with the layers' definition, term by term.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    model::Model,
    network::{Network, Op},
    plan::{ActivationRow, Chain, Choice, Code, Degree, Feed, Flag, LOAD_ROW, Parameter, Plan, RowKind, Stir, Subject},
    poseidon::Packed,
    sample,
    witness::{Salts, Values, Witness},
};

use crate::{
    cheat::{self, DEGREES},
    networks::arbitrary,
    symbols::{Made, Place, Position, Symbols, Value, decoded, single},
};

/// A name, and a change.
type Mistake<'a> = (&'a str, &'a dyn Fn(&mut Plan, &mut [Code]));

/// A product on the parameters' side: the parameter, and the cell unless it is multiplied with a number.
type Term = ((usize, bool, usize), Option<Position>);

/// One side of a final equation, which the other is a copy of.
fn side<'a>(symbols: &'a Symbols<'_>, of: Subject) -> (&'a Value, usize) {
    let check = cheat::check(symbols.plan, of);
    assert_eq!(symbols.sources[&check.row], symbols.plan.home(check.value));
    let value = symbols.copied(check.row);
    assert!(value.known.is_empty(), "{of:?} is compared with more than sums");
    (value, check.row)
}

/// What a layer produced: its cells by place, and exponents of its border.
fn produced(symbols: &Symbols<'_>, layer: usize) -> (HashMap<Place, Position>, BTreeSet<i64>) {
    let (mut kept, mut border) = (HashMap::new(), BTreeSet::new());
    for (&row, by) in &side(symbols, Subject::Layer(layer)).0.left {
        let ((dx, dy), scale) = single(by);
        for ((x, y), c, made) in symbols.block(row) {
            assert_eq!(c * scale, Fr::one());
            let place = (x + dx, y + dy);
            match made {
                Made::Accumulator(cell) => {
                    assert!(kept.insert(place, cell).is_none(), "two cells share {place:?}");
                }
                Made::Edge => assert!(border.insert(place.0), "two border terms share {place:?}"),
                Made::Pixel(cell) => panic!("{cell:?} is a pixel"),
            }
        }
    }
    (kept, border)
}

/// Whatever the prover puts into the border, it has exponents of α of its own; and every channel has a power of s.
fn nothing_is_shared(net: &Network, output: usize, kept: &HashMap<Place, Position>, border: &BTreeSet<i64>) {
    let map = net.maps[output];
    let (mut powers, mut exponents) = (HashMap::new(), HashMap::new());
    for (&(x, y), &(of, index)) in kept {
        assert_eq!(of, output, "a cell of another layer");
        assert!(!border.contains(&x), "a border term covers {:?}", (of, index));
        let (channel, within) = (index / (map.height * map.width), index % (map.height * map.width));
        assert_eq!(*powers.entry(y).or_insert(channel), channel, "two channels share a power of s");
        assert_eq!(*exponents.entry(x).or_insert(within), within, "two positions share a power of α");
    }
    let cells: HashSet<Position> = kept.values().copied().collect();
    let all = map.channels * map.height * map.width;
    assert_eq!((cells.len(), kept.len()), (all, all), "every cell of the layer is produced once");
    assert_eq!((powers.len(), exponents.len()), (map.channels, map.height * map.width));
}

/// What a cell of a layer's output is the sum of, by the layer's definition.
fn definition(net: &Network, (map, index): Position) -> BTreeMap<Term, Fr> {
    let (layer, out) = (&net.layers[map - 1], net.maps[map]);
    let (o, i, j) = (index / (out.height * out.width), index / out.width % out.height, index % out.width);
    let w = layer.window;
    let mut terms = BTreeMap::from([(((map - 1, true, o), None), Fr::one())]);
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
                    let name = (map - 1, false, kernel * w.rows * w.cols + a * w.cols + b);
                    terms.insert((name, Some((id, cell))), Fr::one());
                    *terms.entry((name, None)).or_default() -= Fr::from(u64::from(from.pad));
                }
            }
        }
    }
    terms.retain(|_, c| *c != Fr::zero());
    terms
}

fn check_layer(symbols: &Symbols<'_>, net: &Network, layer: usize) {
    let (kept, border) = produced(symbols, layer);
    nothing_is_shared(net, net.layers[layer].output, &kept, &border);
    let mut found: HashMap<Position, BTreeMap<Term, Fr>> = HashMap::new();
    symbols.total(side(symbols, Subject::Layer(layer)).1, |place, c, parameter, cell| {
        let Some(parameter) = parameter else {
            assert!(!kept.contains_key(&place), "padding reaches {:?}", kept[&place]);
            return;
        };
        let name = match parameter {
            Parameter::Weight(layer, index) => (layer, false, index),
            Parameter::Bias(layer, index) => (layer, true, index),
        };
        match kept.get(&place) {
            Some(&position) => *found.entry(position).or_default().entry((name, cell)).or_default() += c,
            None => assert!(border.contains(&place.0), "{name:?} reaches a place that nothing produces"),
        }
    });
    for &position in kept.values() {
        let terms = found.get_mut(&position).expect("something reaches every cell");
        terms.retain(|_, c| *c != Fr::zero());
        assert_eq!(*terms, definition(net, position), "{position:?}");
    }
}

/// Cells with exponents and coefficients are what the elements that were absorbed have packed.
fn check_packed(
    symbols: &Symbols<'_>,
    row: usize,
    chain: &Chain,
    cells: &HashMap<usize, (Place, Fr)>,
    pack: impl Fn(&[u8]) -> Packed,
) {
    let absorbed: HashMap<usize, i64> = symbols.absorbed(row).into_iter().map(|(x, row)| (row, x)).collect();
    assert_eq!(absorbed.len(), chain.elements);
    for (&index, &(place, c)) in cells {
        let mut bytes = vec![0; cells.len()];
        bytes[index] = 1;
        for (i, &element) in pack(&bytes).elements.iter().enumerate() {
            let exponent = absorbed[&chain.hash_row(i + 1)];
            let expected = if (exponent, 0) == place { c } else { Fr::zero() };
            assert_eq!(element, expected, "cell {index} in element {i}");
        }
    }
}

fn check_commitments(symbols: &Symbols<'_>, net: &Network) {
    let hashing = symbols.plan.hashing;
    let mut pixels = HashMap::new();
    let (value, row) = side(symbols, Subject::Input);
    for (&from, by) in &value.left {
        let ((dx, dy), scale) = single(by);
        for ((x, y), c, made) in symbols.block(from) {
            let Made::Pixel((0, index)) = made else { panic!("not a pixel") };
            assert!(pixels.insert(index, ((x + dx, y + dy), c * scale)).is_none(), "a pixel is packed twice");
        }
    }
    let input = net.input();
    assert_eq!(pixels.len(), input.channels * input.height * input.width);
    check_packed(symbols, row - 1, &hashing.input, &pixels, |bytes| Packed::input(net, bytes));
    let mut logits = HashMap::new();
    let (value, row) = side(symbols, Subject::Output);
    for (&from, by) in &value.left {
        let ((dx, dy), scale) = single(by);
        for ((x, y), c, (map, index)) in symbols.channel(from) {
            assert_eq!(map, net.maps.len() - 1);
            assert!(logits.insert(index, ((x + dx, y + dy), c * scale)).is_none(), "a logit is packed twice");
        }
    }
    assert_eq!(logits.len(), net.classes());
    check_packed(symbols, row - 1, &hashing.output, &logits, |bytes| Packed::output(net, bytes));
}

fn check(model: &Model, choice: Choice) {
    let plan = Plan::new(&model.network, choice).expect("plannable");
    check_plan(&plan, decoded(&plan));
}

fn check_plan(plan: &Plan, codes: Vec<Code>) {
    let (net, symbols) = (&plan.network, Symbols::new(plan, codes));
    (0..net.layers.len()).for_each(|layer| check_layer(&symbols, net, layer));
    check_commitments(&symbols, net);
}

#[test]
fn the_identities_say_what_the_layers_say() {
    let choice = |seed: u64| Choice {
        lanes: 1 + (seed % 6) as usize,
        weight_columns: 1 + (seed / 6 % 5) as usize,
        degree: DEGREES[(seed % 2) as usize],
        k: None,
    };
    for degree in DEGREES {
        check(&sample::tiny(1), Choice { lanes: 3, weight_columns: 4, degree, k: None });
        check(&sample::tiny(2), Choice { lanes: 16, weight_columns: 32, degree, k: None });
        check(&sample::tiny(3), Choice { lanes: 7, weight_columns: 13, degree, k: Some(14) });
    }
    for seed in 0..60 {
        check(&arbitrary(seed), choice(seed));
    }
    for seed in 0..20 {
        check(&sample::random(seed), choice(7 * seed));
    }
}

/// Small mistakes of a planner, none of which the prover or its checks would notice by themselves.
#[test]
fn a_wrong_plan_does_not_say_what_the_layers_say() {
    let choice = Choice { lanes: 3, weight_columns: 4, degree: Degree::Three, k: None };
    let plan = Plan::new(&sample::tiny(1).network, choice).expect("plannable");
    let copy_to = |row: usize| plan.copies.iter().position(|&(_, to)| to == row).expect("a copy");
    let (products, carries) = (&plan.kernels.products, &plan.kernels.carries);
    let rows = cheat::rows_by_kind(&plan);
    let (shifts, absorb) = (&rows[&RowKind::Feed(Feed::Shift)], rows[&RowKind::Hash(Stir::Absorb)][1]);
    // The first edge's step goes on from nothing, and does not matter.
    let is_edge = |row: usize| matches!(plan.activations.rows[row], ActivationRow::Edge { .. });
    let edge = plan.activations.rides.iter().find(|(row, _)| is_edge(*row) && is_edge(row - 1)).expect("an edge").0;
    let mistakes: [Mistake<'_>; 13] = [
        ("two parameters exchanged", &|p, _| {
            let parameter = p.kernels.cells[7].parameter;
            p.kernels.cells[7].parameter = std::mem::replace(&mut p.kernels.cells[8].parameter, parameter);
        }),
        ("a channel's value from another channel", &|p, _| {
            let [a, b] = [0, 1].map(|n| copy_to(*products.keys().nth(n).expect("a product")));
            p.copies[a].0 = p.copies[b].0;
        }),
        ("a window that steps by another power", &|p, _| {
            p.copies[copy_to(*carries.keys().next().expect("one"))].0 = LOAD_ROW
        }),
        ("an edge that steps by another power", &|p, _| p.copies[copy_to(edge)].0 = LOAD_ROW),
        ("an equation about another sum", &|p, _| {
            let [a, b] = [0, 1].map(|n| copy_to(cheat::check(p, Subject::Layer(n)).row));
            p.copies[a].0 = p.copies[b].0;
        }),
        // The first of a layer moves nothing.
        ("no room between channels", &|_, codes| codes[shifts[1]].kind = Some(RowKind::Feed(Feed::Keep))),
        ("a product left out", &|_, codes| {
            codes[*products.keys().nth(5).expect("one")].flags &= !Flag::Product.bit();
        }),
        ("a kernel that goes on from the one before", &|_, codes| {
            codes[plan.kernels.totals[1] + 1].flags |= Flag::Ride.bit();
        }),
        ("a total that goes on from what is above the kernels", &|_, codes| {
            codes[plan.kernels.start].kind = Some(RowKind::Feed(Feed::Keep));
        }),
        ("a total that goes on from the layer before", &|_, codes| {
            codes[plan.kernels.totals[0]].kind = Some(RowKind::Feed(Feed::Keep));
        }),
        ("a digest that is not taken in", &|_, codes| codes[absorb].kind = Some(RowKind::Hash(Stir::Seam))),
        ("chains that are one", &|_, codes| {
            codes[plan.hashing.output.seam].kind = Some(RowKind::Hash(Stir::Absorb));
        }),
        ("two cells exchanged", &|p, _| {
            p.activations.rows.swap(plan.activations.logits_row + 5, plan.activations.logits_row + 6)
        }),
    ];
    check_plan(&plan, decoded(&plan));
    for (what, mistake) in mistakes {
        let (mut wrong, mut codes) = (plan.clone(), decoded(&plan));
        mistake(&mut wrong, &mut codes);
        let checked = std::panic::catch_unwind(|| check_plan(&wrong, codes));
        assert!(checked.is_err(), "{what}");
    }
}

#[test]
fn parameters_lie_in_one_cell_each_and_nothing_else_does() {
    for seed in 0..40u64 {
        let model = arbitrary(seed);
        let (weight_columns, degree) = (1 + (seed % 5) as usize, DEGREES[(seed % 2) as usize]);
        let choice = Choice { lanes: 2, weight_columns, degree, k: None };
        let plan = Plan::new(&model.network, choice).expect("plannable");
        let symbols = Symbols::new(&plan, decoded(&plan));
        let mut names = HashSet::new();
        let mut places = HashSet::new();
        for cell in &plan.kernels.cells {
            assert!(names.insert(format!("{:?}", cell.parameter)), "{:?} has two cells", cell.parameter);
            assert!(places.insert((cell.row, cell.column)), "two parameters in one cell");
            let taken = match symbols.feed(cell.row) {
                Some(Feed::Fresh | Feed::Next) => plan.shape.weight_columns,
                Some(Feed::Tap) => 1,
                Some(Feed::Taps) => plan.shape.taps(),
                _ => 0,
            };
            assert!(cell.column < taken, "{cell:?} is in no kernel");
        }
        // Every parameter that some cell of an output depends on has a cell.
        for (id, map) in model.network.maps.iter().enumerate().skip(1) {
            for index in 0..map.channels * map.height * map.width {
                for ((layer, bias, n), _) in definition(&model.network, (id, index)).into_keys() {
                    let name = if bias { Parameter::Bias(layer, n) } else { Parameter::Weight(layer, n) };
                    assert!(names.contains(&format!("{name:?}")), "{name:?} has no cell");
                }
            }
        }
        // What is in no parameter's cell is the same for every model and every image.
        let salts = Salts { input: Fr::one(), output: Fr::one() };
        let image = sample::input(&model.network, seed);
        let witness = Witness::new(&plan, &model, &image, salts, salts.input).expect("in range");
        for (column, values) in witness.first.weights.iter().enumerate() {
            let Values::Small(values) = values else { panic!("parameters are small integers") };
            for (row, &value) in values.iter().enumerate().filter(|&(row, _)| !places.contains(&(row, column))) {
                let is_taken = matches!(symbols.feed(row), Some(Feed::Fresh | Feed::Next));
                let zero = if is_taken { model.network.precision.param_offset() } else { 0 };
                assert_eq!(value, zero, "row {row}, column {column}");
            }
        }
    }
}
