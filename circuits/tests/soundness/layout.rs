//! Where everything lies, for any network and choice: the regions that share columns stay apart, every cell of the wire has
//! one meaning, and fixed columns say what the planner meant, read without its help.

use std::collections::{BTreeSet, HashMap};

use halo2curves::{bn256::Fr, ff::Field};
use proptest::prelude::*;
use zkescrow_circuits::{
    network::{Network, Precision},
    plan::{Choice, Code, FIRST_FREE_ROW, Feed, Flag, INSTANCES, LOAD_ROW, Number, Plan, RowKind, Step, Stir, small},
    poseidon::{PARAMETERS, Packed, WIDTH},
    sample::{self, Step as Sketch},
    witness::Values,
};

use crate::{
    cheat::{DEGREES, empty_leaves},
    networks::arbitrary,
    symbols::decoded,
};

/// A network with more rows of parameters than the table has.
fn heavy() -> Network {
    let steps = [Sketch::Conv { channels: 8, kernel: 3, stride: 2 }, Sketch::Pool, Sketch::Logits { classes: 600 }];
    sample::build("heavy", Precision { bits: 10, frac: 1 }, [1, 4, 4], &steps, 1).network
}

fn plans() -> impl Strategy<Value = Plan> {
    let network = prop_oneof![
        any::<u64>().prop_map(|seed| arbitrary(seed).network),
        any::<u64>().prop_map(|seed| sample::random(seed).network),
        Just(heavy()),
    ];
    (network, 1usize..=6, 1usize..=5, 0..DEGREES.len()).prop_map(|(network, lanes, weight_columns, degree)| {
        let choice = Choice { lanes, weight_columns, degree: DEGREES[degree], k: None };
        Plan::new(&network, choice).expect("plannable")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 0, failure_persistence: None, ..Default::default() })]

    #[test]
    fn regions_share_columns_and_no_rows(plan in plans()) {
        regions(&plan, &decoded(&plan));
    }

    #[test]
    fn flags_go_with_kinds(plan in plans()) {
        flags(&plan, &decoded(&plan));
    }

    #[test]
    fn a_cell_of_the_wire_has_one_meaning(plan in plans()) {
        wire(&plan, &decoded(&plan));
    }

    #[test]
    fn numbers_are_the_table_or_constants(plan in plans()) {
        numbers(&plan, &decoded(&plan));
    }

    #[test]
    fn what_the_hashes_rows_say_is_the_hash(plan in plans()) {
        hashes(&plan, &decoded(&plan));
    }
}

#[test]
fn a_table_may_be_shorter_than_the_kernels_or_longer() {
    let plan = |network: &Network, weight_columns| {
        Plan::new(network, Choice { weight_columns, ..Choice::default() }).expect("plannable")
    };
    let below = |plan: &Plan| plan.remainder_row(plan.network.precision.table_len());
    let (long, short) = (plan(&heavy(), 1), plan(&sample::tiny(1).network, 3));
    assert!(long.kernels.end() > below(&long) && long.hashing.input.seam == long.kernels.end());
    assert!(short.kernels.end() < below(&short) && short.hashing.input.seam == below(&short));
}

/// Instances and challenge, activations, kernels, hashes, derivations: each below the other, and nothing twice.
fn regions(plan: &Plan, codes: &[Code]) {
    let table_end = plan.remainder_row(plan.network.precision.table_len());
    let seam = plan.kernels.end().max(table_end);
    assert_eq!((plan.table, plan.hashing.input.seam), (plan.kernels.start, seam));
    for (row, code) in codes.iter().enumerate() {
        let expected = match row {
            _ if row < INSTANCES => code.kind == Some(RowKind::Instance),
            LOAD_ROW => code.kind == Some(RowKind::Load),
            _ if row < FIRST_FREE_ROW => code.kind.is_none(),
            _ if row < plan.table => code.kind.is_some_and(|kind| kind.is_activation()),
            _ if row < plan.kernels.end() => matches!(code.kind, Some(RowKind::Feed(_))),
            _ if row < seam => code.kind.is_none(),
            _ if row < plan.hashing.end - 1 => matches!(code.kind, Some(RowKind::Hash(_))),
            _ => code.kind.is_none(),
        };
        assert!(expected, "row {row} says {:?}", code.kind);
        let below_hashes = row >= plan.hashing.end && row < plan.rows_used;
        assert!(below_hashes || !code.has(Flag::Derive), "a derivation in row {row}");
    }
    // Sums above a region's first row are not gone on from.
    let first = |row: usize| codes[row].kind;
    assert_eq!(first(FIRST_FREE_ROW), Some(RowKind::Open));
    assert_eq!(first(plan.kernels.start), Some(RowKind::Feed(Feed::Leave)));
    assert_eq!(first(seam), Some(RowKind::Hash(Stir::Seam)));
    assert_eq!(first(plan.kernels.end() - 1), Some(RowKind::Feed(Feed::Leave)));
    assert_eq!(first(plan.table - 1), Some(RowKind::Open));
    assert_eq!(first(plan.hashing.end - 2), Some(RowKind::Hash(Stir::Seam)));
    // Between the challenge and the first seam the balance is not looked at; all that it sums is there.
    for (row, code) in codes.iter().enumerate() {
        assert!(row < seam || !code.kind.is_some_and(|kind| kind.is_looked_up()));
        assert_eq!(code.has(Flag::Usable), row > LOAD_ROW, "row {row}");
    }
    // Nothing is said of the blinding rows.
    for column in plan.fixed() {
        let below = plan.usable_rows()..column.len();
        assert!(below.into_iter().all(|row| column.get(row) == Fr::zero()));
    }
}

fn flags(plan: &Plan, codes: &[Code]) {
    let mut logits = vec![];
    for (row, code) in codes.iter().enumerate() {
        let kind = code.kind;
        let is = |flag| code.has(flag);
        match kind {
            Some(RowKind::Cells { made: Step::Ride, .. } | RowKind::Edge(Step::Ride)) => assert!(is(Flag::Ride)),
            Some(RowKind::Feed(Feed::Tap | Feed::Taps | Feed::Keep)) => {}
            _ => assert!(!is(Flag::Ride), "row {row} steps by the wire"),
        }
        match kind {
            Some(RowKind::Feed(Feed::Leave)) => assert!(!is(Flag::Product)),
            Some(RowKind::Feed(_)) => assert!(!is(Flag::Product) || !is(Flag::Ride), "row {row} has two uses"),
            _ => assert!(!is(Flag::Product), "row {row} takes a product in"),
        }
        assert_eq!(is(Flag::Compare), kind == Some(RowKind::Compare));
        let boxed = matches!(kind, Some(RowKind::Hash(Stir::Turn | Stir::MixFull | Stir::MixPartial)));
        assert_eq!(is(Flag::Box), boxed);
        assert!(!is(Flag::Derive) || kind.is_none());
        if let Some(RowKind::Cells { logit: true, count, read, .. }) = kind {
            assert_eq!((count, read == Step::Start), (1, logits.is_empty()), "a logit in row {row}");
            assert_eq!(codes[row + 1].kind, Some(RowKind::Compare));
            logits.push(row);
        }
    }
    assert_eq!(logits.len(), plan.network.classes());
    assert!(logits.windows(2).all(|pair| pair[1] == pair[0] + 2), "counts go from each logit to the next");
    assert_eq!(codes[logits[logits.len() - 1] + 2].kind, Some(RowKind::Label));
    assert_eq!(codes.iter().filter(|code| code.kind == Some(RowKind::Label)).count(), 1);
    let compared = logits.iter().map(|row| row + 1);
    // All comparisons are with the same cell's value.
    let source = |row: usize| plan.copies.iter().find(|&&(_, to)| to == row).map(|&(from, _)| from);
    assert!(compared.skip(1).all(|row| source(row) == Some(logits[0] + 1)));
}

/// No two constraints or uses look at one cell of the wire.
fn wire(plan: &Plan, codes: &[Code]) {
    let mut meanings = vec![0; plan.usable_rows()];
    for (row, code) in codes.iter().enumerate() {
        let leaves = |kind: RowKind| kind.exports() || matches!(kind, RowKind::Open | RowKind::Feed(Feed::Leave));
        let enters = |kind: RowKind| matches!(kind, RowKind::Instance | RowKind::Label);
        meanings[row] += usize::from(code.kind.is_some_and(|kind| leaves(kind) || enters(kind)));
        meanings[row] += [Flag::Ride, Flag::Product, Flag::Compare].iter().filter(|&&flag| code.has(flag)).count();
        let below = match code.kind {
            _ if code.has(Flag::Derive) => 4,
            Some(RowKind::Load | RowKind::Hash(Stir::Seam)) => 2,
            _ => 0,
        };
        meanings[row..row + below].iter_mut().for_each(|count| *count += 1);
    }
    assert!(meanings.iter().all(|&count| count <= 1), "a cell of the wire has two meanings");
    // What is copied means something; and what leaves where nothing was before is not.
    assert!(plan.copies.iter().all(|&(from, to)| meanings[from] == 1 && meanings[to] == 1));
    let mut empty: BTreeSet<usize> = empty_leaves(plan).into_iter().map(|(_, wire)| wire).collect();
    empty.extend([FIRST_FREE_ROW, plan.kernels.start, plan.hashing.input.seam]);
    assert!(plan.copies.iter().all(|(from, to)| !empty.contains(from) && !empty.contains(to)));
}

fn numbers(plan: &Plan, codes: &[Code]) {
    let fixed = plan.fixed();
    let [left, right, tag]: [&Values; Number::COUNT] =
        fixed[fixed.len() - Number::COUNT..].iter().collect::<Vec<_>>().try_into().expect("three");
    let precision = plan.network.precision;
    let len = precision.table_len();
    let constants: HashMap<usize, Fr> =
        plan.hashing.chains().into_iter().flat_map(|chain| chain.boxes()).map(|(row, b)| (row, b.constant)).collect();
    let at = |column: &Values, row| if row < column.len() { column.get(row) } else { Fr::zero() };
    for (row, code) in codes.iter().enumerate() {
        let entry = row.checked_sub(plan.table).filter(|i| *i < 2 * len);
        let expected = match entry {
            Some(d) if d < len => {
                let y = (d as i64 >> precision.frac) - (1 << (precision.bits - 1 - precision.frac)) + 128;
                [small(d as i64), small(y.clamp(0, 255)), Fr::from(2)]
            }
            Some(i) => [small((i - len) as i64), Fr::zero(), Fr::one()],
            None => [constants.get(&row).copied().unwrap_or(Fr::zero()), Fr::zero(), Fr::zero()],
        };
        assert_eq!([left, right, tag].map(|column| at(column, row)), expected, "row {row}");
        let looked_up = code.kind.is_some_and(|kind| kind.is_looked_up());
        assert!(!looked_up || expected == [Fr::zero(); 3], "an entry is looked up in row {row}");
    }
}

/// Follows the rows of both chains as the gates do, with nothing but what fixed columns say, to the digest.
fn hashes(plan: &Plan, codes: &[Code]) {
    let fixed = plan.fixed();
    let constants = &fixed[fixed.len() - Number::COUNT];
    let (net, salt) = (&plan.network, Fr::from(77));
    let input = Packed::input(net, &sample::input(net, 5));
    let output = Packed::output(net, &vec![9; net.classes()]);
    let mix = |state: [Fr; WIDTH]| PARAMETERS.matrix.map(|row| row.iter().zip(state).map(|(m, x)| m * x).sum());
    let mut row = plan.hashing.input.seam;
    for packed in [input, output] {
        assert_eq!(codes[row].kind, Some(RowKind::Hash(Stir::Seam)));
        let mut elements = packed.elements.iter();
        let mut state = [Fr::zero(), Fr::zero(), salt];
        let digest = loop {
            row += 1;
            let [a, b, c] = state;
            let x = || (a + constants.get(row)).pow([5, 0, 0, 0]);
            state = match codes[row].kind {
                Some(RowKind::Hash(Stir::Turn)) => [b, c, x()],
                Some(RowKind::Hash(Stir::MixFull)) => mix([b, c, x()]),
                Some(RowKind::Hash(Stir::MixPartial)) => mix([x(), b, c]),
                Some(RowKind::Hash(Stir::Absorb)) => [Fr::zero(), a, *elements.next().expect("an element")],
                Some(RowKind::Hash(Stir::Seam)) => break a,
                kind => panic!("row {row} of the hashes says {kind:?}"),
            };
        };
        assert_eq!((digest, elements.len()), (packed.commit(salt), 0));
    }
    assert_eq!(row + 2, plan.hashing.end);
}
