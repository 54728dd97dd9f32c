//! `zkescrow model …`

use std::{fmt::Write, path::PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use zkescrow_circuits::{model::Model, network::Op, sample};

use crate::{failure::Failure, output::Outcome, paths, text::single_line};

/// Most characters of a name in a table.
const NAME: usize = 80;

/// What can be done with models.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a small model with random weights, to try things out.
    #[command(after_help = "Example:\n  zkescrow model sample --seed 7 -o model.zkm")]
    Sample {
        /// Where the weights come from; the architecture is always the same.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The model file to write; it holds the secret weights.
        #[arg(short, long, value_name = "M.zkm")]
        output: PathBuf,
    },
    /// Show a model's architecture: layers, shapes, numbers of parameters and multiplications.
    #[command(after_help = "Example:\n  zkescrow model inspect model.zkm")]
    Inspect {
        /// The model file.
        #[arg(value_name = "M.zkm")]
        model: PathBuf,
    },
}

/// Runs the verb.
pub fn run(command: &Command) -> Result<Outcome, Failure> {
    match command {
        Command::Sample { seed, output } => {
            let model = sample::tiny(*seed);
            paths::require_target(output)?;
            model.save(output)?;
            let mut json = describe(&model);
            json["model"] = json!(output);
            let text = format!("{}: {}, {} parameters", output.display(), model.name, model.network.parameter_count());
            Ok(Outcome::done(json, text))
        }
        Command::Inspect { model } => {
            let model = paths::model(model)?;
            Ok(Outcome::done(describe(&model), table(&model)))
        }
    }
}

fn kind(op: Op) -> &'static str {
    match op {
        Op::Dense => "dense",
        Op::Depthwise => "depthwise",
    }
}

fn describe(model: &Model) -> Value {
    let net = &model.network;
    let shape = |id: usize| [net.maps[id].channels, net.maps[id].height, net.maps[id].width];
    let layers = net.layers.iter().map(|layer| {
        let out = shape(layer.output);
        json!({
            "name": layer.name,
            "op": kind(layer.op),
            "window": [layer.window.rows, layer.window.cols],
            "stride": layer.window.stride,
            "inputs": layer.inputs,
            "outputShape": out,
            "parameters": net.weight_count(layer) + out[0],
            "macs": net.weight_count(layer) * out[1] * out[2],
        })
    });
    json!({
        "arch": model.name,
        "inputShape": shape(0),
        "classes": net.classes(),
        "parameters": net.parameter_count(),
        "macs": net.macs(),
        "precision": { "bits": net.precision.bits, "frac": net.precision.frac },
        "layers": layers.collect::<Vec<_>>(),
    })
}

fn table(model: &Model) -> String {
    let net = &model.network;
    let shape = |id: usize| format!("{}×{}×{}", net.maps[id].channels, net.maps[id].height, net.maps[id].width);
    let mut text = format!(
        "{}: input {} (channels × rows × columns), {} classes, {} parameters, {} multiplications\n\n",
        single_line(&model.name, NAME),
        shape(0),
        net.classes(),
        net.parameter_count(),
        net.macs()
    );
    text += "layer             op         window  stride  inputs  output        parameters";
    for layer in &net.layers {
        let window = format!("{}×{}", layer.window.rows, layer.window.cols);
        let inputs = layer.inputs.iter().map(usize::to_string).collect::<Vec<_>>().join("+");
        let parameters = net.weight_count(layer) + net.maps[layer.output].channels;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n{:<16}  {:<9}  {:<6}  {:<6}  {:<6}  {:<12}  {:>10}",
            single_line(&layer.name, NAME),
            kind(layer.op),
            window,
            layer.window.stride,
            inputs,
            shape(layer.output),
            parameters
        );
    }
    text
}
