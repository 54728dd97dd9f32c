//! `zkescrow jobs`: how far the queue has got.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    failure::Failure,
    output::{Outcome, Ui},
    queue::{self, Forecast, Job, Queue, State},
    scalar,
    text::single_line,
};

/// Most characters of a label, and of what is said of a job.
const LABEL: usize = 40;
const NOTE: usize = 100;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow jobs
  zkescrow jobs --queue postgres://me:password@host/zkescrow --json

The earliest deadline comes first, as the workers take them. What is expected follows from the median time of the proofs made so
far with the same weights, and from how many are made at a time now.")]
pub struct Args {
    /// The queue: a file, or postgres://USER:PASSWORD@HOST/DATABASE.
    #[arg(
        long,
        value_name = "LOCATION",
        env = "ZKESCROW_QUEUE",
        hide_env_values = true,
        default_value = "zkescrow-queue.db"
    )]
    pub queue: String,
    /// Remove a job with its secrets and its proof instead; a failed one can then be submitted again.
    #[arg(long, value_name = "ID", value_parser = scalar::identity)]
    pub forget: Option<[u8; 32]>,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    if !queue::is_postgres(&args.queue) && !Path::new(&args.queue).exists() {
        return Err(Failure::Request(format!("there is no queue at {}: name it with --queue", args.queue)));
    }
    let queue = Queue::open(&args.queue).await?;
    if let Some(id) = args.forget {
        return forget(&queue, id).await;
    }
    let (jobs, now) = (queue.jobs().await?, queue.now().await?);
    let lines: Vec<_> = jobs.iter().zip(queue::forecast(&jobs, now)).map(|(job, f)| Line::new(job, f, now)).collect();
    let late = lines.iter().filter(|line| line.late).count();
    if late > 0 {
        ui.warn(format!("{late} of {} will be late or are: start more workers", plural(jobs.len())));
    }
    let json = json!({ "now": now, "jobs": lines.iter().map(Line::json).collect::<Vec<_>>() });
    Ok(Outcome::done(json, table(&lines)))
}

async fn forget(queue: &Queue, id: [u8; 32]) -> Result<Outcome, Failure> {
    let id = id.into();
    if !queue.forget(id).await? {
        return Err(Failure::Request(format!("there is no job {id} in the queue: `zkescrow jobs --json` lists them")));
    }
    Ok(Outcome::done(json!({ "forgotten": id }), format!("forgot {id}")))
}

/// A job as it is shown.
struct Line<'a> {
    job: &'a Job,
    forecast: Option<Forecast>,
    /// Seconds until the deadline.
    left: i64,
    late: bool,
    now: u64,
}

impl<'a> Line<'a> {
    fn new(job: &'a Job, forecast: Option<Forecast>, now: u64) -> Self {
        let left = i64::try_from(job.deadline).unwrap_or(i64::MAX).saturating_sub_unsigned(now);
        let late = forecast.map_or(left < 0 && !job.state.is_final(), |forecast| forecast.late);
        Self { job, forecast, left, late, now }
    }

    fn json(&self) -> Value {
        let Job { id, weights, label, deadline, state, attempts, setback, submitted } = self.job;
        let mut json = json!({
            "id": id,
            "weights": weights,
            "label": label,
            "state": state.name(),
            "attempts": attempts,
            "submitted": submitted,
            "deadline": deadline,
            "secondsLeft": self.left,
            "expectedSeconds": self.forecast.map(|forecast| forecast.seconds),
            "late": self.late,
        });
        match state {
            State::Running { worker, since, attempt } => {
                json["worker"] = json!(worker);
                json["since"] = json!(since);
                json["attempt"] = json!(attempt);
            }
            State::Done { seconds } => json["seconds"] = json!(seconds),
            State::Failed { reason } => json["reason"] = json!(reason),
            State::Waiting => {}
        }
        if let Some(setback) = setback {
            json["setback"] = json!(setback);
        }
        json
    }

    fn cells(&self) -> [String; 6] {
        let Job { id, label, state, attempts, setback, .. } = self.job;
        let expected = self.forecast.map(|forecast| format!("in {}", span(forecast.seconds)));
        let mut note = match state {
            State::Running { worker, since, .. } => {
                format!("for {} by {worker}", span(self.now.saturating_sub(*since) as f64))
            }
            State::Done { seconds } => format!("in {}", span(*seconds)),
            State::Failed { reason } => reason.clone(),
            State::Waiting => String::new(),
        };
        if let Some(setback) = setback {
            note = format!("{note} after {attempts} attempts: {setback}").trim_start().to_owned();
        }
        let left = if self.left < 0 { format!("{} ago", span(-self.left as f64)) } else { span(self.left as f64) };
        [
            id.to_string().chars().take(10).collect(),
            single_line(label, LABEL),
            state.name().into(),
            if state.is_final() { String::new() } else { expected.unwrap_or_else(|| "unknown".into()) },
            if self.late { format!("{left}, LATE") } else { left },
            single_line(&note, NOTE),
        ]
    }
}

fn table(lines: &[Line<'_>]) -> String {
    if lines.is_empty() {
        return "no jobs".into();
    }
    let head = ["job", "label", "state", "done", "deadline", ""].map(String::from);
    let rows: Vec<_> = [head].into_iter().chain(lines.iter().map(Line::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let shown = |row: &[String; 6]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(shown).collect::<Vec<_>>().join("\n")
}

/// A time as people say it.
fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 if seconds < 10.0 => format!("{:.1} s", seconds.max(0.0)),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

fn plural(jobs: usize) -> String {
    if jobs == 1 { "1 job".into() } else { format!("{jobs} jobs") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let said = [0.04, 9.96, 61.0, 7260.0, 90_000.0].map(span);
        assert_eq!(said, ["0.0 s", "10.0 s", "1 min 1 s", "2 h 1 min", "1 d 1 h"]);
    }
}
