//! What a provider does in an exam with its model: complain, answer, prove.

use std::{path::PathBuf, sync::Arc};

use serde_json::json;
use zkescrow_circuits::keys::VerifierKeys;

use super::{Act, desk, done};
use crate::{
    commands::party::Party,
    exams::{
        Provider, answers,
        next::Move,
        provider::{Consent, Goods},
    },
    failure::Failure,
    folder,
    market::deployment::Deployment,
    output::{Outcome, Ui},
    paths,
    queue::Queue,
};

/// The model that is examined, and where its proofs are ordered.
#[derive(Clone, Debug, clap::Args)]
pub struct Stock {
    /// The model.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_MODEL")]
    model: PathBuf,
    /// Its key folder.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// Where proofs are ordered; `zkescrow worker` makes them.
    #[arg(long, value_name = "LOCATION", env = "ZKESCROW_QUEUE", default_value = "zkescrow-queue.db")]
    queue: String,
}

/// A move in an exam that depends on the model.
#[derive(Debug, clap::Args)]
pub struct ActWithModel {
    #[command(flatten)]
    act: Act,
    #[command(flatten)]
    stock: Stock,
}

/// Flags of `post-results`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow accuracy post-results --case 0x12… --model model.zkm --keys keys -o results.json \\
    --rpc http://127.0.0.1:8545 --store provider.db

Give the file to the consumer: it is what it can check without a challenge.")]
pub struct PostResults {
    #[command(flatten)]
    of: ActWithModel,
    /// Where the answers go, for the consumer.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Flags of `respond`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow worker --model model.zkm --keys keys --until-empty
  zkescrow accuracy respond --case 0x12… --place 7 --model model.zkm --keys keys \\
    --rpc http://127.0.0.1:8545 --store provider.db

Without a proof in the queue, it is ordered.")]
pub struct Respond {
    #[command(flatten)]
    of: ActWithModel,
    /// The challenged answer.
    #[arg(long)]
    place: u64,
    /// A proof file; by default, the queue's proof.
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
}

/// The provider that these flags describe.
pub async fn provider(
    party: &Party,
    model: &std::path::Path,
    keys: &std::path::Path,
    queue: &str,
    consent: Consent,
    ui: &Ui,
) -> Result<Provider, Failure> {
    let folder = keys;
    let keys = VerifierKeys::load(folder)?;
    ui.warn_origin(&keys.description.origin);
    let model = paths::model(model)?;
    let commitment = folder::commitment(folder, &keys)?;
    let weights = commitment.model_id(&keys.arch, &party.desk.chain.sender.into_array());
    let id = Deployment::model_id(party.deployment.architecture(&keys.arch)?, weights);
    let queue = Queue::open(queue).await?;
    Ok(Provider { desk: desk(party), goods: Arc::new(Goods { model, keys, commitment }), model: id, consent, queue })
}

impl ActWithModel {
    async fn open(&self, ui: &Ui) -> Result<(Provider, crate::exams::Case), Failure> {
        let party = self.act.party.open().await?;
        let Stock { model, keys, queue } = &self.stock;
        let provider = provider(&party, model, keys, queue, Consent::default(), ui).await?;
        let case = provider.desk.case(self.act.case.case).await?;
        Ok((provider, case))
    }
}

/// Complains about a delivery.
pub async fn complain(args: &ActWithModel, ui: &Ui) -> Result<Outcome, Failure> {
    let (provider, case) = args.open(ui).await?;
    let fault = provider.facts(&case).await?.fault;
    let fault = fault.ok_or_else(|| Failure::Request("nothing is wrong with what was handed over".into()))?;
    let receipt = provider.make(&case, &Move::Complain(fault)).await?;
    done(&provider.desk, &case, &receipt).await
}

/// Commits to results.
pub async fn post_results(args: &PostResults, ui: &Ui) -> Result<Outcome, Failure> {
    if let Some(path) = &args.output {
        paths::require_target(path)?;
    }
    let (provider, case) = args.of.open(ui).await?;
    if let Some(fault) = provider.facts(&case).await?.fault {
        let item = fault.item;
        return Err(Failure::Request(format!("example {item} is not what was committed to: complain instead")));
    }
    let (_, all) = provider.desk.answers(&case).await?;
    if let Some(path) = &args.output {
        answers::write(path, &all)?;
    }
    let receipt = provider.make(&case, &Move::PostResults).await?;
    let mut outcome = done(&provider.desk, &case, &receipt).await?;
    let correct = all.iter().filter(|answer| answer.correct).count();
    outcome.json["correct"] = json!(correct);
    outcome.json["answers"] = json!(all.len());
    outcome.text = format!("{}; {correct} of {} answers are correct", outcome.text, all.len());
    Ok(outcome)
}

/// Answers a challenge.
pub async fn respond(args: &Respond, ui: &Ui) -> Result<Outcome, Failure> {
    let (provider, case) = args.of.open(ui).await?;
    let receipt = match &args.proof {
        Some(path) => provider.desk.respond(&case, args.place, &provider.claim(&paths::proof(path)?)).await?,
        None => {
            provider.queue.submit(&provider.order(&case, args.place).await?).await?;
            provider.make(&case, &Move::Respond(args.place)).await?
        }
    };
    done(&provider.desk, &case, &receipt).await
}
