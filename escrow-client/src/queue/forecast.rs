//! When jobs will be done, if all goes on as it did.

use std::collections::HashMap;

use alloy::primitives::B256;

use super::{Job, State};

/// What to expect of a job that is waiting or running.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Seconds from now until there is a proof.
    pub seconds: f64,
    /// Whether that is after the deadline.
    pub late: bool,
}

/// Foretells for each job, in the queue's order, when it is done: as many at a time as are running now, each in the median time
/// of its weights. Nothing is said of weights of which nothing is proven yet.
pub fn forecast(jobs: &[Job], now: u64) -> Vec<Option<Forecast>> {
    let mut models: HashMap<B256, Model> = HashMap::new();
    for job in jobs {
        let model = models.entry(job.weights).or_default();
        match &job.state {
            State::Done { seconds } => model.took.push(*seconds),
            State::Running { .. } => model.running += 1,
            State::Waiting | State::Failed { .. } => {}
        }
    }
    for model in models.values_mut() {
        model.took.sort_by(f64::total_cmp);
    }
    // Whoever runs is done before a slot is free, whatever its deadline.
    let mut left: Vec<Option<f64>> = jobs.iter().map(|job| models.get_mut(&job.weights)?.running(job, now)).collect();
    for (left, job) in left.iter_mut().zip(jobs) {
        if job.state == State::Waiting {
            *left = models.get_mut(&job.weights).and_then(Model::waiting);
        }
    }
    let foretold = |(left, job): (Option<f64>, &Job)| {
        left.map(|seconds| Forecast { seconds, late: now as f64 + seconds > job.deadline as f64 })
    };
    left.into_iter().zip(jobs).map(foretold).collect()
}

/// What is known of one model's proofs.
#[derive(Default)]
struct Model {
    /// Sorted.
    took: Vec<f64>,
    running: usize,
    /// When each slot is free again, in seconds from now.
    slots: Vec<f64>,
}

impl Model {
    fn median(&self) -> Option<f64> {
        let middle = self.took.len() / 2;
        let upper = self.took.get(middle)?;
        Some(if self.took.len() % 2 == 1 { *upper } else { (self.took.get(middle - 1)? + upper) / 2.0 })
    }

    fn running(&mut self, job: &Job, now: u64) -> Option<f64> {
        let State::Running { since, .. } = job.state else { return None };
        let left = (self.median()? - now.saturating_sub(since) as f64).max(0.0);
        self.slots.push(left);
        Some(left)
    }

    fn waiting(&mut self) -> Option<f64> {
        let median = self.median()?;
        self.slots.resize(self.running.max(1), 0.0);
        let slot = self.slots.iter_mut().min_by(|a, b| a.total_cmp(b))?;
        *slot += median;
        Some(*slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(weights: u8, deadline: u64, state: State) -> Job {
        let (id, label) = (B256::ZERO, String::new());
        Job {
            id,
            weights: B256::repeat_byte(weights),
            label,
            deadline,
            state,
            attempts: 0,
            setback: None,
            submitted: 0,
        }
    }

    #[test]
    fn jobs_are_done_in_the_queues_order_by_as_many_as_are_running() {
        let running = |since| State::Running { worker: "w".into(), since, attempt: 1 };
        let done = |seconds| State::Done { seconds };
        let jobs = [
            job(1, 110, State::Waiting),
            job(1, 120, running(96)),
            job(1, 130, running(98)),
            job(1, 130, State::Waiting),
            job(1, 140, done(9.0)),
            job(1, 140, done(10.0)),
            job(1, 140, done(99.0)),
            job(2, 150, State::Waiting),
        ];
        let seconds: Vec<_> = forecast(&jobs, 100).iter().map(|f| f.map(|f| (f.seconds, f.late))).collect();
        let expected = [Some((16.0, true)), Some((6.0, false)), Some((8.0, false)), Some((18.0, false))];
        assert_eq!(seconds[..4], expected);
        assert_eq!(seconds[4..], [None; 4], "nothing to come, or nothing known");
        let slow = [job(1, 1, running(0)), job(1, 1, done(5.0))];
        assert_eq!(forecast(&slow, 100)[0], Some(Forecast { seconds: 0.0, late: true }), "longer than usual");
    }
}
