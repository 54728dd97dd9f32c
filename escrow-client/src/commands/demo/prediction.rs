//! `zkescrow demo prediction`: an honest provider is contested and proves; one that cheats is slashed.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use alloy::primitives::U256;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    cast::{Place, Sold, WINDOW},
    digits,
};
use crate::{
    commands::{party, status},
    failure::Failure,
    output::{Outcome, Ui},
    queue::{Limits, Worker},
    rounds::{
        Case, Consumer, Provider,
        case::{State, id_of},
        consumer::Audit,
        desk,
        next::Move,
        provider::Moved,
    },
    service::{Client, http},
};

/// What the consumer contests.
const CONTESTED: [u64; 2] = [3, 10];

/// Accounts of the honest provider, of the consumer, and of the provider that cheats.
const ACCOUNTS: [usize; 3] = [1, 2, 3];

/// Runs the story.
pub async fn run(small: bool, ui: &Ui) -> Result<Outcome, Failure> {
    let begin = Instant::now();
    ui.tell("A provider sells what its hidden model says. A consumer need not trust it.\n");
    let sold = Sold::new(small, ui)?;
    let prover = &sold.prover;
    let (plan, name) = (&prover.keys.verifier.plan, &prover.model.name);
    ui.tell(format!(
        "model     {name}: {} weights, committed to in {} points; keys for 2^{} rows in {:.1} s",
        digits(prover.model.network.parameter_count() as u64),
        prover.commitment.0.len(),
        plan.shape.k,
        sold.seconds,
    ));
    let place = Place::new(&sold, ui).await?;
    let (market, verifier) = place.gas;
    ui.tell(format!(
        "chain     Anvil; the marketplace for {} gas, the model's verifier for {}",
        digits(market),
        digits(verifier)
    ));

    let consumer = place.desk(ACCOUNTS[1]).await?;
    let audit = Audit { always: CONTESTED.into(), ..Audit::default() };
    let consumer = Consumer { desk: consumer, network: Arc::new(prover.model.network.clone()), audit };
    let mut rounds = vec![];
    let acts = [
        (ACCOUNTS[0], prover.model.clone(), "An honest provider. The consumer contests two predictions, to be sure."),
        (ACCOUNTS[2], sold.other(), "Another provider commits to the same model, but answers with other weights."),
    ];
    for (account, model, title) in acts {
        ui.tell(format!("\n{title}"));
        let (provider, gas) = place.provider(account, &sold, model).await?;
        let stake = place.models(&provider.desk).model(provider.offer.model).await?.stake;
        let stake = party::money(U256::from(stake), provider.offer.currency);
        ui.tell(format!("provider  registers the model and stakes {stake}, {} gas", digits(gas)));
        rounds.push(Act { place: &place, sold: &sold, provider: &provider, consumer: &consumer, ui }.play().await?);
    }
    let served = rounds[0]["state"] == "Served" && rounds[0]["proven"] == json!(CONTESTED);
    let slashed = rounds[1]["state"] == "ProviderFailed" && rounds[1]["stakeLost"] != "0";
    let end = match (served, slashed) {
        (true, true) => {
            "The honest provider proved what was contested and was paid; the cheat could not, and was slashed."
        }
        (false, _) => "THIS IS A BUG: the honest provider was not paid.",
        (_, false) => "THIS IS A BUG: the cheat was not slashed.",
    };
    let json = json!({
        "model": name,
        "k": plan.shape.k,
        "insecure": true,
        "deployment": place.deployment,
        "gas": { "market": market, "verifier": verifier },
        "rounds": rounds,
        "asExpected": served && slashed,
        "seconds": begin.elapsed().as_secs_f64(),
    });
    let text = format!("\n{end}\n{:.0} s in all.", begin.elapsed().as_secs_f64());
    Ok(Outcome { yes: served && slashed, json, text })
}

/// A round between the consumer and one of the providers.
struct Act<'a> {
    place: &'a Place,
    sold: &'a Sold,
    provider: &'a Provider,
    consumer: &'a Consumer,
    ui: &'a Ui,
}

impl Act<'_> {
    async fn play(&self) -> Result<Value, Failure> {
        let Self { place, provider, consumer, ui, .. } = *self;
        let (client, service) = self.serve().await?;
        let pictures = self.sold.pictures()?;
        let before = (place.wealth(&provider.desk).await?, place.wealth(&consumer.desk).await?);
        let stake = self.stake().await?;

        let salt = U256::from_be_bytes(rand::random::<[u8; 32]>());
        let terms = provider.offer.terms(consumer.desk.chain.sender, pictures.len() as u32, salt);
        let id = id_of(&terms);
        let (names, images): (Vec<_>, Vec<_>) = pictures.into_iter().unzip();
        consumer.prepare(id, images).await?;
        let (_, opened) = consumer.desk.open(terms).await?;
        let locked = status::locked(&consumer.desk.case(id).await?).0;
        let mut steps = vec![json!({ "who": "consumer", "verb": "open", "tx": opened.hash, "gasUsed": opened.gas })];
        ui.tell(format!(
            "consumer  opens round {} of {} pictures, locks {}, {} gas",
            desk::short(id),
            names.len(),
            party::money(locked, provider.offer.currency),
            digits(opened.gas),
        ));
        let case = loop {
            let provided = provider.look(id).await;
            if let Ok(Some(moved)) = &provided {
                steps.push(self.tell("provider", moved));
            }
            let case = consumer.desk.case(id).await?;
            if case.state == State::Committed && consumer.desk.store.predictions(id).await?.is_empty() {
                let begin = Instant::now();
                client.exchange(consumer, &case).await?;
                self.tell_predictions(id, &names, begin).await?;
            }
            let consumed = consumer.look(id).await?;
            if let Some(moved) = &consumed {
                steps.push(self.tell("consumer", moved));
            }
            let case = consumer.desk.case(id).await?;
            if case.is_over() {
                break case;
            }
            if case.state == State::Contested && consumed.is_none() && !matches!(provided, Ok(Some(_))) {
                match provided {
                    // There are proofs, and the contract refuses them.
                    Err(failure) => {
                        ui.tell(format!("provider  {failure}"));
                        ui.tell("          ... and the time to answer passes");
                        consumer.desk.chain.sleep(2 * WINDOW).await?;
                    }
                    Ok(_) => self.prove().await?,
                }
            }
        };
        service.abort();
        let lost = stake - self.stake().await?;
        self.tell_end(&case, before, lost).await?;
        let mut json = status::describe(&case, 0);
        json["steps"] = json!(steps);
        json["proven"] = json!(case.proven.keys().collect::<Vec<_>>());
        json["stakeLost"] = json!(lost.to_string());
        Ok(json)
    }

    async fn serve(&self) -> Result<(Client, JoinHandle<()>), Failure> {
        let failed = |e: std::io::Error| Failure::Request(format!("cannot listen: {e}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let client = Client::new(&format!("http://{}", listener.local_addr().map_err(failed)?))?;
        let provider = Arc::new(self.provider.clone());
        let task = tokio::spawn(async move {
            // It ends with the round.
            let _ = http::serve(provider, listener, std::future::pending()).await;
        });
        Ok((client, task))
    }

    async fn prove(&self) -> Result<(), Failure> {
        let waiting: BTreeSet<_> = self.provider.queue.jobs().await?.into_iter().map(|job| job.id).collect();
        let progress = self.ui.progress("proving");
        let begin = Instant::now();
        let worker = Worker::new(self.provider.queue.clone(), self.sold.prover.clone(), Limits::default(), |_| {});
        worker.run(1, true).await?;
        drop(progress);
        let seconds = begin.elapsed().as_secs_f64();
        let each = seconds / waiting.len().max(1) as f64;
        self.ui.tell(format!("worker    proves {} predictions, {each:.1} s each", waiting.len()));
        Ok(())
    }

    async fn stake(&self) -> Result<U256, Failure> {
        let model = self.place.models(&self.provider.desk).model(self.provider.offer.model).await?;
        Ok(U256::from(model.stake))
    }

    fn tell(&self, who: &str, moved: &Moved) -> Value {
        let what = match &moved.made {
            Move::Accept => {
                let locked = U256::from(self.provider.offer.beta)
                    * U256::from(moved.case.terms.count)
                    * U256::from(self.provider.offer.proof_cost);
                format!("accepts, locks {}", party::money(locked, self.provider.offer.currency))
            }
            Move::CommitInputs => "commits to the pictures".into(),
            Move::CommitPredictions => "commits to the predictions".into(),
            Move::Contest(indices) => format!("contests {indices:?}"),
            Move::Respond(index) => format!("proves prediction {index} to the contract"),
            Move::Settle => "settles".into(),
            other => other.verb().replace('-', " "),
        };
        self.ui.tell(format!("{who:<9} {what}, {} gas", digits(moved.receipt.gas)));
        json!({ "who": who, "verb": moved.made.verb(), "tx": moved.receipt.hash, "gasUsed": moved.receipt.gas })
    }

    async fn tell_predictions(&self, id: U256, names: &[String], begin: Instant) -> Result<(), Failure> {
        let seconds = begin.elapsed().as_secs_f64();
        let predictions = self.consumer.desk.store.predictions(id).await?;
        let some: Vec<String> = predictions
            .iter()
            .take(4)
            .filter_map(|(place, said)| Some(format!("{}: {}", names.get(*place as usize)?, said.label)))
            .collect();
        let each = seconds / predictions.len().max(1) as f64;
        let said = some.join(", ");
        self.ui.tell(format!("provider  answers by HTTP, {each:.2} s a picture: {said}, ..."));
        Ok(())
    }

    async fn tell_end(&self, case: &Case, before: (U256, U256), lost: U256) -> Result<(), Failure> {
        let currency = self.provider.offer.currency;
        let after = (self.place.wealth(&self.provider.desk).await?, self.place.wealth(&self.consumer.desk).await?);
        let change = |before: U256, after: U256| {
            let (sign, amount) = if after >= before { ("+", after - before) } else { ("-", before - after) };
            format!("{sign}{}", party::money(amount, currency))
        };
        self.ui.tell(format!(
            "end       {}; with gas, the provider {}, the consumer {}",
            status::words(case.state),
            change(before.0, after.0),
            change(before.1, after.1),
        ));
        if !lost.is_zero() {
            self.ui.tell(format!("          {} of the provider's stake are burned", party::money(lost, currency)));
        }
        Ok(())
    }
}
