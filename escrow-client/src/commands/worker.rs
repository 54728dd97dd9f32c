//! `zkescrow worker`: takes orders from the queue and makes their proofs.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use zkescrow_circuits::keys::ProverKeys;

use crate::{
    failure::Failure,
    folder,
    output::{Outcome, Progress, Ui},
    paths,
    queue::{Event, Limits, Prover, Queue, Worker},
    text,
};

/// Most characters of a label that are shown.
const LABEL: usize = 80;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow worker --model model.zkm --keys keys
  zkescrow worker --model model.zkm --keys keys --queue postgres://me:password@host/zkescrow --jobs 2

Start as many as you like, on as many hosts as you like: of a file, those of one host; of a Postgres, those of all. A worker takes
the orders for its own weights, the earliest deadline first. If it is killed, another takes over when its lease ends; if it is
interrupted, at once.")]
pub struct Args {
    /// The model file.
    #[arg(long, value_name = "M.zkm", env = "ZKESCROW_MODEL")]
    pub model: PathBuf,
    /// The key folder that setup wrote.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    pub keys: PathBuf,
    /// The queue: a file, or postgres://USER:PASSWORD@HOST/DATABASE. It holds inputs and salts.
    #[arg(
        long,
        value_name = "LOCATION",
        env = "ZKESCROW_QUEUE",
        hide_env_values = true,
        default_value = "zkescrow-queue.db"
    )]
    pub queue: String,
    /// Proofs at a time. One uses all processors; more use them better for small models, and take more memory.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// End when all orders for these weights are done or failed.
    #[arg(long)]
    pub until_empty: bool,
    /// Seconds that an order stays with a worker that is not heard of.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub lease: u64,
    /// How often an order is begun before it fails.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub attempts: u32,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let progress = ui.progress("reading model and keys");
    // Before the keys, which take long to read.
    let queue = Queue::open(&args.queue).await?;
    let model = paths::model(&args.model)?;
    let keys = ProverKeys::load(&args.keys)?;
    progress.aside(|| ui.warn_origin(&keys.srs.origin));
    let insecure = keys.srs.origin.is_insecure();
    let commitment = folder::commitment(&args.keys, &keys.verifier)?;
    let prover = Prover { commitment, opening: folder::opening(&args.keys)?, keys, model };
    let log = Arc::new(Log { ui: *ui, progress, said: Mutex::default() });
    log.idle();
    let limits = Limits { lease: Duration::from_secs(args.lease), attempts: args.attempts, ..Limits::default() };
    let listener = Arc::clone(&log);
    let worker = Worker::new(queue, Arc::new(prover), limits, move |event| listener.hear(&event));
    worker.run(args.jobs.into(), args.until_empty).await?;
    let said = log.said.lock().unwrap_or_else(PoisonError::into_inner);
    let json = json!({
        "worker": worker.name(),
        "proven": said.proven,
        "failed": said.failed,
        "setbacks": said.setbacks,
        "overtaken": said.overtaken,
        "insecure": insecure,
    });
    let text = format!("nothing left to prove: {} proven here, {} failed", said.proven.len(), said.failed.len());
    Ok(Outcome { yes: said.failed.is_empty(), json, text })
}

/// What was heard of a worker so far.
#[derive(Default)]
struct Said {
    running: Vec<String>,
    proven: Vec<Value>,
    failed: Vec<Value>,
    setbacks: usize,
    overtaken: usize,
}

/// A line for each event; what runs, beside the spinner.
struct Log {
    ui: Ui,
    progress: Progress,
    said: Mutex<Said>,
}

impl Log {
    fn idle(&self) {
        self.progress.set("waiting for orders");
    }

    fn hear(&self, event: &Event) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let line = said.note(event);
        self.progress.aside(|| match event {
            Event::Begun { .. } => {}
            Event::Unreachable { .. } => self.ui.warn(line),
            _ => self.ui.tell(line),
        });
        if said.running.is_empty() {
            self.idle();
        } else {
            self.progress.set(format!("proving {}", said.running.join(", ")));
        }
    }
}

impl Said {
    fn note(&mut self, event: &Event) -> String {
        let short = |label: &str| text::single_line(label, LABEL);
        match event {
            Event::Begun { label, .. } => {
                self.running.push(short(label));
                String::new()
            }
            Event::Proven { id, label, seconds } => {
                self.ended(label);
                self.proven.push(json!({ "id": id, "label": label, "seconds": seconds }));
                format!("proven {id} ({}) in {seconds:.1} s", short(label))
            }
            Event::Setback { id, label, reason, pause } => {
                self.ended(label);
                self.setbacks += 1;
                format!("set back {id} ({}): {reason}; again in {:.0} s", short(label), pause.as_secs_f64())
            }
            Event::Failed { id, label, reason } => {
                self.ended(label);
                self.failed.push(json!({ "id": id, "label": label, "reason": reason }));
                format!("failed {id} ({}): {reason}", short(label))
            }
            Event::Overtaken { id, label } => {
                self.ended(label);
                self.overtaken += 1;
                format!("overtaken {id} ({}): another worker has it, or it was forgotten", short(label))
            }
            Event::Unreachable { reason } => reason.clone(),
        }
    }

    fn ended(&mut self, label: &str) {
        let label = text::single_line(label, LABEL);
        if let Some(at) = self.running.iter().position(|running| *running == label) {
            self.running.remove(at);
        }
    }
}
