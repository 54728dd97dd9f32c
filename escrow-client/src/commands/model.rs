//! `zkescrow model …`

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::{Value, json};
use zkescrow_circuits::{
    import,
    model::{Encoding, Model},
    network::Op,
    ranges::{self, Range},
    sample,
};

use crate::{
    failure::Failure,
    output::{Outcome, Ui},
    paths,
    text::single_line,
};

/// Most characters of a name in a table.
const NAME: usize = 80;
/// Most bytes of a file to import.
const IMPORT_LIMIT: u64 = 1 << 28;

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
    /// Turn a quantised TensorFlow Lite model into one that can be proven.
    #[command(after_help = "Example:\n  zkescrow model import mobilenet.tflite -o model.zkm")]
    Import {
        /// The .tflite file: int8 or uint8 quantised, weights and activations.
        #[arg(value_name = "FILE.tflite")]
        file: PathBuf,
        /// The model file to write; it holds the secret weights.
        #[arg(short, long, value_name = "M.zkm")]
        output: PathBuf,
    },
    /// Show a model's architecture: layers, shapes, numbers of parameters and multiplications, ranges of activations.
    #[command(after_help = "Example:\n  zkescrow model inspect model.zkm")]
    Inspect {
        /// The model file.
        #[arg(value_name = "M.zkm")]
        model: PathBuf,
    },
}

/// Runs the verb.
pub fn run(command: &Command, ui: &Ui) -> Result<Outcome, Failure> {
    match command {
        Command::Import { file, output } => import(file, output, ui),
        Command::Sample { seed, output } => {
            let model = sample::tiny(*seed);
            paths::require_target(output)?;
            model.save(output)?;
            let mut json = describe(&model);
            json["model"] = json!(output);
            let text = format!("{}: {}", output.display(), summary(&model));
            Ok(Outcome::done(json, text))
        }
        Command::Inspect { model } => {
            let model = paths::model(model)?;
            Ok(Outcome::done(describe(&model), table(&model)))
        }
    }
}

fn import(file: &Path, output: &Path, ui: &Ui) -> Result<Outcome, Failure> {
    paths::require_target(output)?;
    paths::require_apart(output, &[file], &[])?;
    let progress = ui.progress("reading the model");
    let bytes = paths::read(file, IMPORT_LIMIT)?;
    let name = file.file_stem().map_or("model".into(), |stem| stem.to_string_lossy().into_owned());
    let refused = |source| Failure::Import { path: file.into(), source };
    let model = import::import(&name, &bytes).map_err(refused)?;
    progress.set("writing the model");
    model.save(output)?;
    drop(progress);
    let mut json = describe(&model);
    json["model"] = json!(output);
    let text = format!("{}: {}", output.display(), summary(&model));
    Ok(Outcome::done(json, text))
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
    let layers = net.layers.iter().zip(spreads(model)).map(|(layer, spread)| {
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
            "range": [spread.range.low, spread.range.high],
            "rangeProven": spread.proven,
        })
    });
    let table = Range::of_table(net.precision);
    json!({
        "arch": model.name,
        "inputShape": shape(0),
        "classes": net.classes(),
        "parameters": net.parameter_count(),
        "macs": net.macs(),
        "precision": { "bits": net.precision.bits, "frac": net.precision.frac },
        "tableRange": [table.low, table.high],
        "input": encoding(model.input),
        "output": encoding(model.output),
        "layers": layers.collect::<Vec<_>>(),
    })
}

/// What a layer's activations may be before they are clamped to 0 to 255.
struct Spread {
    range: Range,
    /// Whether no input can leave the table's range.
    proven: bool,
}

fn spreads(model: &Model) -> Vec<Spread> {
    let precision = model.network.precision;
    let spread = |channels: Vec<Range>| {
        let whole = channels.into_iter().reduce(Range::around).unwrap_or(Range { low: 0, high: 0 });
        Spread { range: whole.in_steps(precision), proven: whole.fits(precision) }
    };
    ranges::bounds(&model.network, &model.params).into_iter().map(spread).collect()
}

fn encoding(Encoding { signed, step, zero }: Encoding) -> Value {
    json!({ "type": if signed { "int8" } else { "uint8" }, "scale": step, "zeroPoint": i16::from(zero) - if signed { 128 } else { 0 } })
}

fn summary(model: &Model) -> String {
    let net = &model.network;
    let open = spreads(model).iter().filter(|spread| !spread.proven).count();
    let ranges = match open {
        0 => "no input leaves the table's range".to_owned(),
        n => format!("{n} layers may leave the table's range on extreme inputs (`model inspect` shows which)"),
    };
    format!(
        "{}, {} layers, {} parameters, {} multiplications; {ranges}",
        single_line(&model.name, NAME),
        net.layers.len(),
        net.parameter_count(),
        net.macs()
    )
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
    text += "layer             op         window  stride  inputs  output        parameters  activations";
    for (layer, Spread { range, proven }) in net.layers.iter().zip(spreads(model)) {
        let window = format!("{}×{}", layer.window.rows, layer.window.cols);
        let inputs = layer.inputs.iter().map(usize::to_string).collect::<Vec<_>>().join("+");
        let parameters = net.weight_count(layer) + net.maps[layer.output].channels;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n{:<16}  {:<9}  {:<6}  {:<6}  {:<6}  {:<12}  {:>10}  {}..{}{}",
            single_line(&layer.name, NAME),
            kind(layer.op),
            window,
            layer.window.stride,
            inputs,
            shape(layer.output),
            parameters,
            range.low,
            range.high,
            if proven { "" } else { " (!)" }
        );
    }
    let Range { low, high } = Range::of_table(net.precision);
    let _ = write!(
        text,
        "\n\nActivations: the widest that they can be on any input, before they are clamped to 0..255; the table covers \
         {low}..{high}."
    );
    text
}
