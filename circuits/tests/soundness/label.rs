//! The arg-max: no label but the first largest logit's.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    model::Model,
    plan::{ActivationRow, Choice, Degree, Instance, small},
    sample,
    witness::Witness,
};

use crate::{cheat::*, names::*};

/// What the prover says in one row: how many logits came before the label, whether it is reached, and, in rows of
/// comparisons, the largest logit.
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
        let (mut cheat, plan) = (case.honest(), &case.plan);
        let first = &mut cheat.first;
        for ((i, &logit), row) in logits(case).iter().enumerate().zip(plan.comparisons()) {
            let State { reached, best, .. } = self.states[beside_comparison(i)];
            let margin = best - logit - (1 - reached);
            first.rem[0].set(row, small(if cut { margin.max(0) } else { margin }));
        }
        first.count(plan);
        let start = plan.activations.first_compare - 1;
        let rows: Vec<(usize, State)> = (start..).zip(self.states.iter().copied()).collect();
        rows.iter().for_each(|(row, state)| first.count.set(*row, small(state.count)));
        cheat.instances[Instance::Label as usize] = small(self.states[self.states.len() - 1].count);
        let bits = rows.clone();
        cheat
            .tampered_early(move |second, _| {
                bits.iter().for_each(|(row, state)| second.edge.set(*row, small(state.reached)));
            })
            .tampered(move |third, _| {
                rows.iter().skip(1).step_by(2).for_each(|(row, state)| third.wire.set(*row, small(state.best)));
            })
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

/// A case whose label is neither the first nor the last class.
fn middle(degree: Degree) -> (Case, usize, Vec<i64>) {
    let mut case = Case::of_degree(degree);
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
    for (case, label, logits) in DEGREES.map(middle) {
        let (classes, best) = (logits.len(), logits[label]);
        caught_by("the truth", &case.caught(Story::new(label, best, classes).told(&case, false)), &[]);
        for other in [label - 1, label + 1, 0, classes - 1] {
            let claim = |best| Story::new(other, best, classes);
            caught_by(
                "another label",
                &case.caught(claim(best).told(&case, true)),
                &[LARGEST, LARGER][..if other > label { 2 } else { 1 }],
            );
            caught_by(
                "its logit called the largest",
                &case.caught(claim(logits[other]).told(&case, false)),
                &[BALANCED],
            );
            caught_by("margins cut off", &case.caught(claim(logits[other]).told(&case, true)), &[LARGER]);
        }
    }
}

#[test]
fn the_story_starts_from_nothing_and_ends_at_a_label() {
    for (case, label, logits) in DEGREES.map(middle) {
        let (classes, best) = (logits.len(), logits[label]);
        let caught = |story: Story| case.caught(story.told(&case, false));
        caught_by("no logit is as large as the largest", &caught(Story::new(0, best + 1, classes)), &[LARGEST]);
        caught_by("the label is the number of classes", &caught(Story::new(classes, best + 1, classes)), &[REACHED]);
        // Reached from the start, so that no logit has to be the largest.
        caught_by(
            "reached before the first logit",
            &caught(Story::new(0, best + 1, classes).but(0, |s| s.reached = 1)),
            &[REACHED_KEPT],
        );
        for by in [1, -1] {
            caught_by(
                "counting does not start at zero",
                &caught(Story::new(label, best, classes).but(0, |s| s.count += by)),
                &[COUNTS],
            );
        }
    }
}

#[test]
fn the_story_cannot_bend() {
    for (case, label, logits) in DEGREES.map(middle) {
        let (classes, best) = (logits.len(), logits[label]);
        let story = || Story::new(label, best, classes);
        let caught = |story: Story| case.caught(story.told(&case, false));
        for logit in [1, label, classes - 1] {
            for by in [1, -1] {
                let changed = |from| caught(story().but(from, |s| s.count += by));
                caught_by("the count changes below a logit", &changed(beside_comparison(logit)), &[COUNTS]);
                caught_by("the count changes beside a logit", &changed(beside_logit(logit)), &[COUNTS]);
            }
        }
        // The largest logit is another one before and after some row.
        let runner_up = (0..label).max_by_key(|&i| logits[i]).expect("a logit before the label");
        let two = |from| Story::new(runner_up, logits[runner_up], classes).but(from, |s| s.best = best);
        caught_by("the largest logit changes", &caught(two(beside_comparison(label))), &[COPY]);
        // The label is reached where no comparison asks for its logit.
        let between = Story::new(label, best + 1, classes).but(beside_logit(label), |s| s.reached = 1);
        caught_by("reached beside a logit", &caught(between), &[REACHED_KEPT]);
        // Reached and left again: the label of the first visit would not count.
        let mut again = story();
        again.states[beside_comparison(label + 1)].reached = 0;
        again.states[beside_logit(label + 2)].reached = 0;
        let again = again.but(beside_comparison(label + 1), |s| s.count += 1);
        caught_by("reached, left, and reached again", &caught(again), &[LARGEST]);
        let mut half = story();
        half.states[beside_comparison(label - 1)].reached = 2;
        half.states[beside_logit(label)].reached = 2;
        let half = half.but(beside_comparison(label - 1), |s| s.count -= 2);
        let names = caught(half);
        assert!(names.contains(BIT), "{names:?}");
    }
}

/// A network whose logits are all equal.
fn tied() -> Case {
    let mut model: Model = sample::tiny(1);
    let last = model.params.last_mut().expect("a layer");
    last.weights.iter_mut().for_each(|w| *w = 0);
    let middle = 1 << (2 * model.network.precision.bits - 1);
    last.bias.iter_mut().for_each(|b| *b = middle);
    Case::new(model, Choice { lanes: 2, weight_columns: 3, degree: Degree::Five, k: None })
}

#[test]
fn ties_go_to_the_lowest_index() {
    let case = tied();
    let logits = logits(&case);
    assert!(logits.iter().all(|&y| y == logits[0]));
    caught_by("the first", &case.caught(Story::new(0, logits[0], logits.len()).told(&case, false)), &[]);
    for other in 1..logits.len() {
        let story = Story::new(other, logits[0], logits.len());
        caught_by("a later one", &case.caught(story.told(&case, false)), &[BALANCED]);
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
    caught_by("reached twice at once", &case.caught(twice.told(&case, false)), &[BIT]);
    // Reached, left and reached again: whoever leaves says that this logit is smaller, and the label would be 1.
    let mut again = Story::new(0, best, classes);
    again.states[beside_comparison(1)].reached = 0;
    again.states[beside_logit(2)].reached = 0;
    let again = again.but(beside_comparison(1), |s| s.count += 1);
    caught_by("reached and left", &case.caught(again.told(&case, false)), &[BALANCED]);
}

#[test]
fn the_comparison_is_with_the_logit_above() {
    // Each comparison's neighbour above is its logit's row: the plan must not drift.
    let case = Case::tiny();
    let compared = case.rows(|row| matches!(row, ActivationRow::Compare { .. }));
    assert_eq!(compared, case.plan.comparisons().collect::<Vec<_>>());
    let last = case.model.network.maps.len() - 1;
    for (logit, row) in compared.into_iter().enumerate() {
        let [above, here] = [row - 1, row].map(|row| case.plan.activations.rows[row]);
        assert_eq!(here, ActivationRow::Compare { logit });
        assert!(matches!(above, ActivationRow::Cells { map, first, count: 1, .. } if map == last && first == logit));
    }
}

/// Nothing above the first logit speaks of labels: what stands beside it there changes nothing.
#[test]
fn the_story_has_nothing_before_it() {
    for (case, label, logits) in DEGREES.map(middle) {
        let above = case.plan.activations.first_compare - 2;
        let mut cheat = Story::new(label, logits[label], logits.len()).told(&case, false);
        put(&mut cheat.first.count, above, small(-1));
        caught_by("a count above", &case.caught(cheat), &[]);
        let cheat = case.honest().tampered_early(move |second, _| second.edge.set(above, Fr::one()));
        caught_by("reached above", &case.caught(cheat), &[]);
        // What stands there is not gone on from either.
        let mut cheat = Story::new(label, logits[label], logits.len()).but(0, |s| s.count -= 1).told(&case, false);
        put(&mut cheat.first.count, above, small(-1));
        caught_by("a count that goes on from above", &case.caught(cheat), &[COUNTS]);
    }
}
