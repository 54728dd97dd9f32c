//! The arg-max: no label but the first largest logit's.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    model::Model,
    plan::{ActivationRow, Choice, Instance, small},
    sample,
    witness::Witness,
};

use crate::cheat::*;

/// What stands in the hash columns of one row, in their order.
#[derive(Clone, Copy)]
struct State {
    count: i64,
    reached: i64,
    best: i64,
}

/// The prover's story about the logits, two rows to each: what held before it stands beside the logit, what holds after
/// it beside the comparison.
struct Story {
    states: Vec<State>,
}

impl Story {
    fn new(label: usize, best: i64, classes: usize) -> Self {
        let after = |logits: usize| State { count: label.min(logits) as i64, reached: i64::from(logits > label), best };
        Self { states: (0..2 * classes).map(|row| after(row.div_ceil(2))).collect() }
    }

    /// The same, but for what `change` makes of the rows from `from` on.
    fn but(mut self, from: usize, change: impl Fn(&mut State)) -> Self {
        self.states[from..].iter_mut().for_each(change);
        self
    }

    /// The witness that tells it; margins follow, or are cut off at zero where they would be negative.
    fn told(&self, case: &Case, cut: bool) -> Witness {
        let mut cheat = case.honest();
        let first = &mut cheat.first;
        let start = case.plan.hashing.compare - 1;
        for (row, state) in (start..).zip(&self.states) {
            for (column, value) in [state.count, state.reached, state.best].into_iter().enumerate() {
                first.hash[column].set(row, small(value));
            }
        }
        for (i, &logit) in logits(case).iter().enumerate() {
            let State { reached, best, .. } = self.states[beside_comparison(i)];
            let margin = best - logit - (1 - reached);
            first.rem[0].set(case.plan.hashing.compare + 2 * i, small(if cut { margin.max(0) } else { margin }));
        }
        cheat.first.count(&case.plan);
        cheat.instances[Instance::Label as usize] = small(self.states[self.states.len() - 1].count);
        cheat
    }
}

fn beside_logit(logit: usize) -> usize {
    2 * logit
}

fn beside_comparison(logit: usize) -> usize {
    2 * logit + 1
}

fn logits(case: &Case) -> Vec<i64> {
    case.trace().logits().iter().map(|&y| i64::from(y)).collect()
}

const LARGER: &str = "no logit is larger, none before the label as large";
const UNBALANCED: &str = "balance ends at zero";

/// A case whose label is neither the first nor the last class.
fn middle() -> (Case, usize, Vec<i64>) {
    let mut case = Case::tiny();
    for seed in 0.. {
        case.image = sample::input(&case.model.network, seed);
        let (label, logits) = (case.trace().label, logits(&case));
        let largest = logits.iter().filter(|&&y| y == logits[label]).count();
        if label > 1 && label + 2 < logits.len() && largest == 1 {
            return (case, label, logits);
        }
    }
    unreachable!("some image has such a label")
}

#[test]
fn no_other_label_is_accepted() {
    let (case, label, logits) = middle();
    let (classes, best) = (logits.len(), logits[label]);
    caught_by("the truth", &case.caught(Story::new(label, best, classes).told(&case, false)), &[]);
    for other in [label - 1, label + 1, 0, classes - 1] {
        let claim = |best| Story::new(other, best, classes);
        caught_by(
            "another label",
            &case.caught(claim(best).told(&case, true)),
            &["label's logit is the largest", LARGER][..if other > label { 2 } else { 1 }],
        );
        caught_by("its logit called the largest", &case.caught(claim(logits[other]).told(&case, false)), &[UNBALANCED]);
        caught_by("margins cut off", &case.caught(claim(logits[other]).told(&case, true)), &[LARGER]);
    }
}

#[test]
fn the_story_starts_from_nothing_and_ends_at_a_label() {
    let (case, label, logits) = middle();
    let (classes, best) = (logits.len(), logits[label]);
    let caught = |story: Story| case.caught(story.told(&case, false));
    caught_by(
        "no logit is as large as the largest",
        &caught(Story::new(0, best + 1, classes)),
        &["label's logit is the largest"],
    );
    caught_by(
        "the label is the number of classes",
        &caught(Story::new(classes, best + 1, classes)),
        &["label was reached"],
    );
    // Reached from the start, so that no logit has to be the largest.
    caught_by(
        "reached before the first logit",
        &caught(Story::new(0, best + 1, classes).but(0, |s| s.reached = 1)),
        &["nothing is reached before the first logit"],
    );
    for by in [1, -1] {
        caught_by(
            "counting does not start at zero",
            &caught(Story::new(label, best, classes).but(0, |s| s.count += by)),
            &["count starts at zero"],
        );
    }
}

#[test]
fn the_story_cannot_bend() {
    let (case, label, logits) = middle();
    let (classes, best) = (logits.len(), logits[label]);
    let story = || Story::new(label, best, classes);
    let caught = |story: Story| case.caught(story.told(&case, false));
    for logit in [1, label, classes - 1] {
        for by in [1, -1] {
            let changed = |from| caught(story().but(from, |s| s.count += by));
            caught_by("the count changes below a logit", &changed(beside_comparison(logit)), &["label counts"]);
            let name = "count is kept beside a logit";
            caught_by("the count changes beside a logit", &changed(beside_logit(logit)), &[name]);
        }
    }
    // The largest logit is another one before and after some row.
    let runner_up = (0..label).max_by_key(|&i| logits[i]).expect("a logit before the label");
    let two = |from| Story::new(runner_up, logits[runner_up], classes).but(from, |s| s.best = best);
    let changed = caught(two(beside_comparison(label)));
    caught_by("the largest logit changes below a logit", &changed, &["largest logit stays"]);
    let changed = caught(two(beside_logit(label)));
    caught_by("the largest logit changes beside a logit", &changed, &["largest logit is kept beside a logit"]);
    // The label is reached where no comparison asks for its logit.
    let between = Story::new(label, best + 1, classes).but(beside_logit(label), |s| s.reached = 1);
    caught_by("reached beside a logit", &caught(between), &["reached is kept beside a logit"]);
    // Reached and left again: the label of the first visit would not count.
    let mut again = story();
    again.states[beside_comparison(label + 1)].reached = 0;
    again.states[beside_logit(label + 2)].reached = 0;
    let again = again.but(beside_comparison(label + 1), |s| s.count += 1);
    caught_by("reached, left, and reached again", &caught(again), &["label's logit is the largest", "reached stays"]);
    let mut half = story();
    half.states[beside_comparison(label - 1)].reached = 2;
    half.states[beside_logit(label)].reached = 2;
    let half = half.but(beside_comparison(label - 1), |s| s.count -= 2);
    let names = caught(half);
    assert!(names.contains("reached is a bit"), "{names:?}");
}

/// A network whose logits are all equal.
fn tied() -> Case {
    let mut model: Model = sample::tiny(1);
    let last = model.params.last_mut().expect("a layer");
    last.weights.iter_mut().for_each(|w| *w = 0);
    let middle = 1 << (2 * model.network.precision.bits - 1);
    last.bias.iter_mut().for_each(|b| *b = middle);
    Case::new(model, Choice { lanes: 2, weight_columns: 3, degree: Degree::Three, k: None })
}

#[test]
fn ties_go_to_the_lowest_index() {
    let case = tied();
    let logits = logits(&case);
    assert!(logits.iter().all(|&y| y == logits[0]));
    caught_by("the first", &case.caught(Story::new(0, logits[0], logits.len()).told(&case, false)), &[]);
    for other in 1..logits.len() {
        let story = Story::new(other, logits[0], logits.len());
        caught_by("a later one", &case.caught(story.told(&case, false)), &[UNBALANCED]);
        caught_by("margins cut off", &case.caught(story.told(&case, true)), &[LARGER]);
    }
}

/// With ties, the bit alone keeps the count from going down, and with the margins from going up.
#[test]
fn ties_do_not_bend_the_bit() {
    let case = tied();
    let logits = logits(&case);
    let (classes, best) = (logits.len(), logits[0]);
    // Twice reached, once left: the label would be -1.
    let mut twice = Story::new(0, best, classes);
    twice.states[beside_comparison(0)].reached = 2;
    twice.states[beside_logit(1)].reached = 2;
    let twice = twice.but(beside_comparison(0), |s| s.count -= 1);
    caught_by("reached twice at once", &case.caught(twice.told(&case, false)), &["reached is a bit"]);
    // Reached, left and reached again: whoever leaves says that this logit is smaller, and the label would be 1.
    let mut again = Story::new(0, best, classes);
    again.states[beside_comparison(1)].reached = 0;
    again.states[beside_logit(2)].reached = 0;
    let again = again.but(beside_comparison(1), |s| s.count += 1);
    caught_by("reached and left", &case.caught(again.told(&case, false)), &["reached stays", UNBALANCED]);
}

#[test]
fn the_comparison_is_with_the_logit_above() {
    // Each comparison's neighbour above is its logit's row: the plan must not drift.
    let case = Case::tiny();
    for (row, kind) in case.plan.activations.rows.iter().enumerate() {
        if let ActivationRow::Compare { logit } = *kind {
            assert_eq!(row, case.plan.hashing.compare + 2 * logit);
            let above = &case.plan.activations.rows[row - 1];
            let last = case.model.network.maps.len() - 1;
            assert!(
                matches!(above, ActivationRow::Cells { map, first, count: 1, .. } if *map == last && *first == logit)
            );
        }
    }
    for column in 0..2 {
        assert_eq!(case.honest().first.hash[column].get(case.plan.hashing.compare - 1), Fr::zero());
    }
}
