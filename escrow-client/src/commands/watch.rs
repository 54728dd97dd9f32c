//! `zkescrow watch`: says what changes in an account's rounds, and warns of deadlines that are its own.

use std::{collections::HashMap, time::Duration};

use alloy::primitives::U256;
use serde_json::{Value, json};

use super::{party::PartyArgs, status};
use crate::{
    failure::Failure,
    output::{Outcome, Ui},
    rounds::Case,
};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow watch --rpc http://127.0.0.1:8545 --store consumer.db
  zkescrow watch --rpc http://127.0.0.1:8545 --once || echo 'it is my turn'

It only watches. `provider serve` and `consumer resume` make the moves that are due.")]
pub struct Args {
    /// Look once; exit code 1 if the account has to move.
    #[arg(long)]
    once: bool,
    /// Warn when so many seconds are left.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    warn: u64,
    /// Seconds between two looks at the chain.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    poll: f64,
    #[command(flatten)]
    party: PartyArgs,
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let desk = args.party.open().await?.desk;
    let account = desk.chain.sender;
    let poll = Duration::from_secs_f64(args.poll.clamp(0.05, 3_600.0));
    let mut seen: HashMap<U256, Case> = HashMap::new();
    let mut warned: HashMap<U256, u64> = HashMap::new();
    loop {
        let now = desk.chain.now().await?;
        let mut due = vec![];
        for id in desk.cases(account).await? {
            if seen.get(&id).is_some_and(Case::is_over) {
                continue;
            }
            let case = desk.case(id).await?;
            if seen.get(&id) != Some(&case) && !args.once {
                ui.tell(status::line(&case, now));
            }
            if let Some(turn) = case.turn().filter(|turn| turn.who == account) {
                due.push(case.clone());
                // Once for each deadline.
                if turn.until <= now.saturating_add(args.warn) && warned.insert(id, turn.until) != Some(turn.until) {
                    ui.warn(format!("{}; otherwise {}", status::line(&case, now), status::otherwise(turn.silence)));
                }
            }
            seen.insert(id, case);
        }
        if args.once {
            let text: Vec<String> = due.iter().map(|case| status::line(case, now)).collect();
            let text = if text.is_empty() { format!("{account} has nothing to do") } else { text.join("\n") };
            let cases: Vec<Value> = due.iter().map(|case| status::describe(case, now)).collect();
            return Ok(Outcome { yes: due.is_empty(), json: json!({ "due": cases }), text });
        }
        tokio::time::sleep(poll).await;
    }
}
