//! `zkescrow accuracy play`: one side of an exam, from here to its end.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use alloy::primitives::U256;
use zkescrow_circuits::keys::VerifierKeys;

use super::{Act, answer, ask::millionths, desk, learn, status};
use crate::{
    bindings::Stage,
    commands::consumer::share,
    exams::{
        Case, Consumer, Desk, Provider,
        case::State,
        consumer::Audit,
        desk::short,
        exchange::Exchange,
        provider::{Consent, Moved},
    },
    failure::Failure,
    market::handover,
    output::{Outcome, Ui},
    paths,
};

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Who asks.
    Consumer,
    /// Whose model it is.
    Provider,
}

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow accuracy play --role provider --case 0x12… --examples examples.json --exchange shared \\
    --model model.zkm --keys keys --rpc http://127.0.0.1:8545 --store provider.db &
  zkescrow worker --model model.zkm --keys keys &
  zkescrow accuracy play --role consumer --case 0x12… --exchange shared --audit 10% \\
    --keys keys --rpc http://127.0.0.1:8545 --store consumer.db

Without a folder that both see, ciphertexts are published on chain and results are judged without the answers.")]
pub struct Args {
    #[command(flatten)]
    act: Act,
    /// Which side.
    #[arg(long)]
    role: Role,
    /// The key folder: of the model, or of its architecture.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// The model. A provider needs it; a consumer that has it challenges answers that it does not give.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_MODEL")]
    model: Option<PathBuf>,
    /// A folder through which ciphertexts and answers reach the other side.
    #[arg(long, value_name = "DIR")]
    exchange: Option<PathBuf>,
    /// Seconds between two looks at the chain.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    poll: f64,
    #[command(flatten)]
    consumer: ConsumerArgs,
    #[command(flatten)]
    provider: ProviderArgs,
}

/// For consumers.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Consumer")]
pub struct ConsumerArgs {
    /// The share of answers to challenge at random, such as 5%, if the exam would be passed.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "5%")]
    audit: f64,
    /// Answers to challenge in any case.
    #[arg(long, value_name = "PLACE", value_delimiter = ',')]
    challenge: Vec<u64>,
}

/// For providers.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Provider")]
pub struct ProviderArgs {
    /// The leaves of the test set. With them, an open exam is accepted: look at its terms first.
    #[arg(long, value_name = "FILE")]
    examples: Option<PathBuf>,
    /// The accuracy on the first examples with which to go on; by default, the target.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    confidence: Option<f64>,
    /// Where proofs are ordered; `zkescrow worker` makes them.
    #[arg(long, value_name = "LOCATION", env = "ZKESCROW_QUEUE", default_value = "zkescrow-queue.db")]
    queue: String,
}

/// A side that plays.
enum Side {
    Consumer(Consumer),
    Provider(Provider),
}

impl Side {
    fn desk(&self) -> &Desk {
        match self {
            Self::Consumer(consumer) => &consumer.desk,
            Self::Provider(provider) => &provider.desk,
        }
    }

    /// Refuses exams of others: nothing that happens later would make them its own.
    fn require_part(&self, case: &Case) -> Result<(), Failure> {
        let (id, sender) = (short(case.id), self.desk().chain.sender);
        match self {
            Self::Consumer(_) if case.terms.consumer == sender => Ok(()),
            Self::Provider(p) if (case.terms.provider, case.terms.model) == (sender, p.model) => Ok(()),
            Self::Consumer(_) => Err(Failure::Request(format!("{sender} is not the consumer of exam {id}"))),
            Self::Provider(p) => Err(Failure::Request(format!("exam {id} is not about model {} of {sender}", p.model))),
        }
    }

    async fn look(&self, id: U256) -> Result<Option<Moved>, Failure> {
        match self {
            Self::Consumer(consumer) => consumer.look(id).await,
            Self::Provider(provider) => provider.look(id).await,
        }
    }

    /// Gives and takes what travels off chain.
    async fn exchange(&self, case: &Case, exchange: &Exchange) -> Result<(), Failure> {
        let delivery = case.delivery().filter(|delivery| delivery.stage == Stage::Announced);
        match self {
            Self::Consumer(consumer) => {
                if let Some(delivery) = delivery {
                    let (_, sealed) = consumer.desk.seal(case, &consumer.network).await?;
                    exchange.give_ciphertext(delivery.root, sealed.words())?;
                }
                if case.state == State::Answered
                    && let Some(all) = exchange.take_answers(case.id)?
                {
                    consumer.take(case, &all).await?;
                }
            }
            Self::Provider(provider) => {
                let store = &provider.desk.store;
                if let Some(delivery) = delivery
                    && let Some(words) = exchange.take_ciphertext(delivery.root)?
                {
                    handover::receive(store, case.id, delivery, &words).await?;
                }
                if case.state == State::Answered {
                    exchange.give_answers(case.id, &provider.desk.answers(case).await?.1)?;
                }
            }
        }
        Ok(())
    }
}

/// Runs the verb.
pub async fn run(args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
    let side = side(args, ui).await?;
    let exchange = args.exchange.as_deref().map(Exchange::new).transpose()?;
    let (id, desk) = (args.act.case.case, side.desk());
    side.require_part(&desk.case(id).await?)?;
    let poll = Duration::from_secs_f64(args.poll.clamp(0.05, 3_600.0));
    let progress = ui.progress("looking at the exam");
    let mut said = String::new();
    loop {
        let case = desk.case(id).await?;
        if case.is_over() {
            drop(progress);
            let now = desk.chain.now().await?;
            let yes = case.state == State::Passed;
            return Ok(Outcome { yes, json: status::describe(&case, now), text: status::line(&case, now) });
        }
        progress.set(format!("{}: {}", short(id), status::words(case.state)));
        let exchanged = match &exchange {
            Some(exchange) => side.exchange(&case, exchange).await,
            None => Ok(()),
        };
        let looked = side.look(id).await;
        if let Ok(Some(moved)) = &looked {
            let text = format!("exam {}: {}, {} gas", short(id), moved.made.verb(), moved.receipt.gas);
            progress.aside(|| ui.note(text));
            continue;
        }
        // What does not travel, and what fails for now, is no reason to give up: the chain decides in the end.
        if let Err(failure) = exchanged.and(looked) {
            let text = failure.to_string();
            if said != text {
                progress.aside(|| ui.note(&text));
                said = text;
            }
        }
        tokio::time::sleep(poll).await;
    }
}

async fn side(args: &Args, ui: &Ui) -> Result<Side, Failure> {
    let party = args.act.party.open().await?;
    match args.role {
        Role::Consumer => {
            let keys = VerifierKeys::load(&args.keys)?;
            let model = args.model.as_deref().map(paths::model).transpose()?.map(Arc::new);
            let always: BTreeSet<u64> = args.consumer.challenge.iter().copied().collect();
            let audit = Audit { rate: args.consumer.audit, always, model };
            let network = Arc::new(keys.plan.network.clone());
            Ok(Side::Consumer(Consumer { desk: desk(&party), network, audit }))
        }
        Role::Provider => {
            let model = args.model.as_deref();
            let model = model.ok_or_else(|| Failure::Request("a provider needs its model: give --model".into()))?;
            let ProviderArgs { examples, confidence, queue } = &args.provider;
            let consent = Consent { accepts: examples.is_some(), confidence: confidence.map(millionths) };
            let provider = answer::provider(&party, model, &args.keys, queue, consent, ui).await?;
            if let Some(path) = examples {
                learn(&provider.desk, path).await?;
            }
            Ok(Side::Provider(provider))
        }
    }
}
