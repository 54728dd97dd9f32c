//! `zkescrow plan circuit`: how a model's circuit is laid out, and what proving will cost.

use std::path::PathBuf;

use serde_json::{Value, json};
use zkescrow_circuits::{
    files,
    plan::Plan,
    planner::{self, Candidate},
};

use crate::{
    failure::Failure,
    layout::LayoutArgs,
    output::{Outcome, Ui},
    paths,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  zkescrow plan circuit --model model.zkm --svg layout.svg
  zkescrow plan circuit --model model.zkm --optimise gas")]
pub struct Args {
    /// The model file.
    #[arg(long, value_name = "M.zkm", env = "ZKESCROW_MODEL")]
    pub model: PathBuf,
    /// What the layout is chosen for.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// Draw the layout: columns from left to right, rows from top to bottom, a colour for each layer.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Plot every layout that was weighed: seconds of a proof against gas of a verification.
    #[arg(long, value_name = "FILE", conflicts_with = "lanes")]
    pub plot: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    for picture in args.svg.iter().chain(&args.plot) {
        paths::require_target(picture)?;
        paths::require_apart(picture, &[&args.model], &[])?;
    }
    let model = paths::model(&args.model)?;
    let progress = ui.progress("weighing layouts");
    let candidates = match args.layout.given() {
        Some(choice) => vec![Candidate::of(&Plan::new(&model.network, choice)?)],
        None => planner::candidates(&model.network, args.layout.optimise.into(), args.layout.k)?,
    };
    let chosen = &candidates[0];
    let plan = Plan::new(&model.network, chosen.choice)?;
    if let Some(svg) = &args.svg {
        progress.set("drawing");
        files::write_whole(svg, planner::draw(&plan, &model.name).as_bytes(), false)?;
    }
    if let Some(picture) = &args.plot {
        files::write_whole(picture, planner::plot(&candidates, &model.name).as_bytes(), false)?;
    }
    drop(progress);
    let mut json = candidate(chosen);
    json["columns"]["fixed"] = json!(plan.fixed_columns());
    json["svg"] = json!(args.svg);
    json["plot"] = json!(args.plot);
    json["candidates"] = candidates.iter().map(candidate).collect();
    Ok(Outcome::done(json, text(&candidates)))
}

fn candidate(candidate: &Candidate) -> Value {
    let choice = candidate.choice;
    json!({
        "k": choice.k,
        "lanes": choice.lanes,
        "degree": choice.degree.number(),
        "columns": { "weights": choice.weight_columns },
        "rowsUsed": candidate.rows_used,
        "predicted": candidate.prediction,
    })
}

/// The chosen layout, and the best of every other size at either degree.
fn text(candidates: &[Candidate]) -> String {
    let mut text = String::from("  k  degree  lanes  weight columns  rows used  gas        proving      memory");
    let mut sizes = vec![];
    for (index, candidate) in candidates.iter().enumerate() {
        let (choice, prediction) = (candidate.choice, candidate.prediction);
        if sizes.contains(&(choice.k, choice.degree)) {
            continue;
        }
        sizes.push((choice.k, choice.degree));
        let k = choice.k.unwrap_or_default();
        text += &format!(
            "\n{k:>3}  {:>6}  {:>5}  {:>14}  {:>7} %  {:>7}  {:>8.1} s  {:>7.1} GB{}",
            choice.degree.number(),
            choice.lanes,
            choice.weight_columns,
            (100 * candidate.rows_used) >> k,
            prediction.gas,
            prediction.prove_seconds,
            prediction.memory_bytes as f64 / 1e9,
            if index == 0 { "  (chosen)" } else { "" },
        );
    }
    text + "\nTime and memory are predicted for two cores, with a model fitted to measurements; gas\nis that of a transaction that verifies a proof."
}
