//! The names of all constraints, as tests call them. One that no test uses is dead code, which the linter refuses.

use std::collections::BTreeSet;

use halo2_proofs::plonk::ConstraintSystem;
use zkescrow_circuits::circuit::Config;

use crate::cheat::Case;

pub const LOOKED_UP: &str = "activation is looked up";
pub const MOVES: &str = "balance changes by helpers and counts";
pub const BALANCED: &str = "balance starts and ends at zero";

pub const READING: &str = "reading sum takes in its cells";
pub const CHANNEL_LEAVES: &str = "channel value leaves";
pub const PRODUCED: &str = "produced sum takes in its cells, a kernel its parameters";
pub const LAYER: &str = "layer sum takes in its channels";
pub const LAYER_LEAVES: &str = "layer sum leaves";
pub const TOTAL: &str = "total takes in kernel × channel";
pub const TOTAL_LEAVES: &str = "total leaves";

pub const DERIVED: &str = "value is derived";
pub const ALPHA: &str = "α is loaded";
pub const ONE: &str = "one is loaded";
pub const INSTANCE: &str = "instance is loaded";

pub const SQUARE: &str = "square";
pub const FOURTH: &str = "fourth power";
pub const FIFTH: &str = "fifth power";
pub const CAPACITY: &str = "next capacity";
pub const CHAINED: &str = "next chained element";
pub const ABSORBED: &str = "next absorbed element";
pub const DIGEST_LEAVES: &str = "digest leaves";
pub const SUMMED: &str = "absorbed elements are summed";
pub const ABSORBED_LEAVE: &str = "absorbed elements leave";

pub const LARGER: &str = "no logit is larger, none before the label as large";
pub const BIT: &str = "reached is a bit";
pub const LARGEST: &str = "label's logit is the largest";
pub const COUNTS: &str = "label counts";
pub const REACHED_KEPT: &str = "reached is kept beside a logit";
pub const REACHED: &str = "label was reached";
pub const LABEL_LEAVES: &str = "label leaves";

#[test]
fn every_constraint_has_a_name_here() {
    let lines = include_str!("names.rs").lines().filter(|line| line.starts_with("pub const"));
    let here: BTreeSet<&str> = lines.filter_map(|line| line.split('"').nth(1)).collect();
    for case in Case::at_both_degrees() {
        let mut system = ConstraintSystem::default();
        Config::new(&mut system, &case.plan.shape);
        let gates = system.gates().iter();
        let there: BTreeSet<&str> =
            gates.flat_map(|gate| (0..gate.polynomials().len()).map(|i| gate.constraint_name(i))).collect();
        assert_eq!(here, there);
    }
}
