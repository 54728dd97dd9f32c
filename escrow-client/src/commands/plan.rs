//! `zkescrow plan …`: what something will take, before it is done.

use clap::Subcommand;
use serde_json::{Value, json};

use super::plan_circuit;
use crate::{
    failure::Failure,
    output::{Outcome, Ui},
    samples::{Protocol, Samples},
};

/// What can be planned.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// How a model's circuit is laid out, and what proving will cost.
    Circuit(plan_circuit::Args),
    /// How many samples a statement takes, and what they cost.
    Samples(SamplesArgs),
}

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  zkescrow plan samples                                          the paper's tables 3 and 4
  zkescrow plan samples --protocol retrieval --bound 2% --delta 5%
  zkescrow plan samples --protocol accuracy --bound 5% --prove-seconds 20 --price-per-hour 0.1 --gas 600000 --gas-price 2")]
pub struct SamplesArgs {
    /// What is sampled; without it, all protocols at the paper's bounds.
    #[arg(long, value_enum, requires = "bound")]
    pub protocol: Option<Protocol>,
    /// The error that must not be exceeded, as 0.05 or 5%.
    #[arg(long, value_name = "P", value_parser = share, requires = "protocol")]
    pub bound: Option<f64>,
    /// The probability that the statement is wrong nevertheless.
    #[arg(long, value_name = "D", value_parser = share, default_value = "5%")]
    pub delta: f64,
    /// Seconds that one proof takes.
    #[arg(long, value_name = "S", value_parser = amount, requires = "price_per_hour")]
    pub prove_seconds: Option<f64>,
    /// What an hour of the machine costs.
    #[arg(long, value_name = "MONEY", value_parser = amount, requires = "prove_seconds")]
    pub price_per_hour: Option<f64>,
    /// Gas that verifying one proof takes.
    #[arg(long, value_name = "GAS", requires = "gas_price")]
    pub gas: Option<u64>,
    /// Price of gas in gwei.
    #[arg(long, value_name = "GWEI", value_parser = amount, requires = "gas")]
    pub gas_price: Option<f64>,
}

/// Runs the verb.
pub fn run(command: &Command, ui: &Ui) -> Result<Outcome, Failure> {
    match command {
        Command::Circuit(args) => plan_circuit::run(args, ui),
        Command::Samples(args) => samples(args),
    }
}

fn samples(args: &SamplesArgs) -> Result<Outcome, Failure> {
    match (args.protocol, args.bound) {
        (Some(protocol), Some(bound)) => {
            let line = Line::new(protocol, bound, args)?;
            Ok(Outcome::done(line.json(), line.text()))
        }
        _ => {
            let mut lines = vec![];
            for protocol in [Protocol::Prediction, Protocol::Retrieval, Protocol::Accuracy] {
                for bound in [0.05, 0.025, 0.02, 0.01] {
                    lines.push(Line::new(protocol, bound, args)?);
                }
            }
            let text = lines.iter().map(Line::text).collect::<Vec<_>>().join("\n");
            Ok(Outcome::done(json!({ "rows": lines.iter().map(Line::json).collect::<Vec<_>>() }), text))
        }
    }
}

/// One statement: what it takes and costs.
struct Line {
    protocol: Protocol,
    bound: f64,
    delta: f64,
    samples: Samples,
    note: Option<String>,
    /// In the currency of the machine's price.
    machine: Option<f64>,
    /// In ether.
    chain: Option<f64>,
}

impl Line {
    fn new(protocol: Protocol, bound: f64, args: &SamplesArgs) -> Result<Self, Failure> {
        let samples = protocol.samples(bound, args.delta).ok_or_else(|| {
            Failure::Request(format!("a bound of {bound} takes more samples than can be counted: choose a larger one"))
        })?;
        let count = samples.count as f64;
        let machine = args.prove_seconds.zip(args.price_per_hour).map(|(s, price)| count * s / 3600.0 * price);
        let chain = args.gas.zip(args.gas_price).map(|(gas, gwei)| count * gas as f64 * gwei * 1e-9);
        let note = protocol.deviation(bound, args.delta);
        Ok(Self { protocol, bound, delta: args.delta, samples, note, machine, chain })
    }

    fn json(&self) -> Value {
        json!({
            "protocol": self.protocol.to_string(),
            "bound": self.bound,
            "delta": self.delta,
            "samples": self.samples.count,
            "formula": self.samples.formula,
            "paper": self.protocol.in_paper(self.bound, self.delta),
            "note": self.note,
            "cost": { "proving": self.machine, "chainEther": self.chain },
        })
    }

    fn text(&self) -> String {
        let percent = |share: f64| format!("{} %", (share * 1e8).round() / 1e6);
        let mut text = format!(
            "{:<10}  bound {:<6}  delta {:<5}  {:>6} samples",
            self.protocol.to_string(),
            percent(self.bound),
            percent(self.delta),
            self.samples.count
        );
        if let Some(cost) = self.machine {
            text += &format!("  {cost:.2} for proving");
        }
        if let Some(cost) = self.chain {
            text += &format!("  {cost:.6} ether for verifying all on chain");
        }
        match &self.note {
            Some(note) => format!("{text}  ({note})"),
            None => text,
        }
    }
}

/// A share between 0 and 1, also in percent.
fn share(text: &str) -> Result<f64, String> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|n| n / 100.0),
        None => text.parse(),
    };
    number.ok().filter(|&n| n > 0.0 && n < 1.0).ok_or_else(|| "give a share between 0 and 1, as 0.05 or 5%".into())
}

/// A positive number.
fn amount(text: &str) -> Result<f64, String> {
    text.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0).ok_or_else(|| "give a positive number".into())
}
