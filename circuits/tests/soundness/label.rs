//! The arg-max: no label but the first largest logit's.

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    model::Model,
    plan::{ActivationRow, Choice, Instance, small},
    sample,
    witness::Witness,
};

use crate::cheat::*;

/// The prover's story about the logits.
struct Story {
    reached: Vec<i64>,
    counts: Vec<i64>,
    best: Vec<i64>,
    seed: [i64; 2],
}

impl Story {
    fn new(label: usize, best: i64, classes: usize) -> Self {
        Self {
            reached: (0..classes).map(|i| i64::from(i >= label)).collect(),
            counts: (0..classes).map(|i| label.min(i + 1) as i64).collect(),
            best: vec![best; classes],
            seed: [0, 0],
        }
    }

    /// The witness that tells it; margins follow, or are cut off at zero where they would be negative.
    fn told(&self, case: &Case, cut: bool) -> Witness {
        let mut cheat = case.honest();
        let logits = logits(case);
        let hashing = case.plan.hashing;
        let first = &mut cheat.first;
        for column in 0..2 {
            first.hash[column].set(hashing.compare_seed(), small(self.seed[column]));
        }
        first.hash[2].set(hashing.compare_seed(), small(self.best[0]));
        for (i, &logit) in logits.iter().enumerate() {
            let row = hashing.compare + 2 * i;
            first.hash[0].set(row, small(self.reached[i]));
            first.hash[1].set(row, small(self.counts[i]));
            first.hash[2].set(row, small(self.best[i]));
            let margin = self.best[i] - logit - (1 - self.reached[i]);
            first.rem[0].set(row, small(if cut { margin.max(0) } else { margin }));
        }
        cheat.first.count(&case.plan);
        cheat.instances[Instance::Label as usize] = small(self.counts[logits.len() - 1]);
        cheat
    }
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
fn the_story_cannot_bend() {
    let (case, label, logits) = middle();
    let (classes, best) = (logits.len(), logits[label]);
    let story = || Story::new(label, best, classes);
    let caught = |story: Story| case.caught(story.told(&case, false));

    caught_by(
        "no logit is as large as the largest",
        &caught(Story::new(0, best + 1, classes)),
        &["label's logit is the largest"],
    );
    caught_by("the label is never reached", &caught(Story::new(classes, best + 1, classes)), &["label was reached"]);

    // Reached from the start, so that no logit has to be the largest.
    let mut free = Story::new(0, best + 1, classes);
    free.seed[0] = 1;
    caught_by("reached before the first logit", &caught(free), &["capacity is zero"]);

    let mut count = story();
    count.seed[1] = 1;
    count.counts.iter_mut().for_each(|c| *c += 1);
    caught_by("counting starts at one", &caught(count), &["chain starts at its domain"]);

    let mut count = story();
    count.counts[label..].iter_mut().for_each(|c| *c -= 1);
    caught_by("one logit is not counted", &caught(count), &["label counts"]);

    let mut count = story();
    count.counts[classes - 1] += 1;
    caught_by("one is counted at the end", &caught(count), &["label counts"]);

    // Reached and left again: the label of the first visit would not count.
    let mut again = story();
    again.reached[label + 1] = 0;
    for i in label + 1..classes {
        again.counts[i] += 1;
    }
    caught_by("reached, left, and reached again", &caught(again), &["label's logit is the largest", "reached stays"]);

    let mut half = story();
    half.reached[label - 1] = 2;
    half.counts[label - 1] -= 2;
    half.counts[label..].iter_mut().for_each(|c| *c -= 2);
    let names = caught(half);
    assert!(names.contains("reached is a bit"), "{names:?}");

    // The largest logit is another one before and after some row.
    let runner_up = (0..label).max_by_key(|&i| logits[i]).expect("a logit before the label");
    let mut two = Story::new(runner_up, logits[runner_up], classes);
    for i in label..classes {
        two.best[i] = best;
    }
    caught_by("the largest logit changes", &caught(two), &["largest logit stays"]);
}

/// A network whose logits are all equal.
fn tied() -> Case {
    let mut model: Model = sample::tiny(1);
    let last = model.params.last_mut().expect("a layer");
    last.weights.iter_mut().for_each(|w| *w = 0);
    let middle = 1 << (2 * model.network.precision.bits - 1);
    last.bias.iter_mut().for_each(|b| *b = middle);
    Case::new(model, Choice { lanes: 2, weight_columns: 3, k: None })
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
    assert_eq!(case.honest().first.hash[0].get(case.plan.hashing.compare_seed()), Fr::zero());
}
