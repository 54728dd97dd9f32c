//! A consumer's side of the service.

use std::time::Duration;

use alloy::primitives::{Address, U256};
use reqwest::{RequestBuilder, Response, StatusCode, Url, header::AUTHORIZATION};

use super::{
    access,
    wire::{self, Answers, Info, Refusal},
};
use crate::{
    chain::Chain,
    failure::Failure,
    rounds::{Case, Consumer, case::State, desk},
    text,
};

/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Most bytes of an answer.
const ANSWER_LIMIT: usize = 64 << 20;
/// Most characters of a refusal.
const REASON: usize = 300;

/// A provider, as it is reached by HTTP.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// A provider at an address such as `http://127.0.0.1:8700`.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let refused = |reason: String| Failure::Request(format!("{url} is no provider's address: {reason}"));
        let mut base: Url = url.parse().map_err(|e| refused(format!("{e}")))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(refused("expected http or https".into()));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // A provider that sends us elsewhere is none: others would get what is only for it.
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        Ok(Self { http: http.map_err(|e| refused(e.to_string()))?, base })
    }

    /// What the provider says about itself.
    pub async fn info(&self) -> Result<Info, Failure> {
        let body = self.send(self.http.get(self.url("v1/info")?)).await?;
        serde_json::from_slice(&body).map_err(|e| self.failed(format!("its answer makes no sense ({e})")))
    }

    /// Sends what the provider needs of a round now, and takes what it answers.
    pub async fn exchange(&self, consumer: &Consumer, case: &Case) -> Result<(), Failure> {
        match case.state {
            State::Committed => self.send_inputs(consumer, case).await,
            State::Delivering => self.send_delivery(consumer, case).await,
            State::Predicted => self.fetch_predictions(consumer, case).await,
            _ => Ok(()),
        }
    }

    async fn send_inputs(&self, consumer: &Consumer, case: &Case) -> Result<(), Failure> {
        let store = &consumer.desk.store;
        let waiting = store.unpredicted(case.id).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let permit = self.permit(&consumer.desk.chain, consumer.desk.escrow, case.id).await?;
        let commitments = store.commitments(case.id).await?;
        let request = self.http.put(self.round(case.id, "commitments")?).body(wire::write_scalars(&commitments));
        self.send(request.header(AUTHORIZATION, &permit)).await?;
        let record = wire::WORD + consumer.network.input().len();
        let most = (wire::BATCH_LIMIT / record).max(1);
        for run in waiting.chunk_by(|a, b| a + 1 == *b).flat_map(|run| run.chunks(most)) {
            let mut inputs = vec![];
            for &place in run {
                let lost = || Failure::Request(format!("the store lost input {place} of {}", desk::short(case.id)));
                inputs.push(store.input(case.id, place).await?.ok_or_else(lost)?);
            }
            let url = self.round(case.id, &format!("inputs?first={}", run[0]))?;
            let request = self.http.put(url).body(wire::write_inputs(&inputs)).header(AUTHORIZATION, &permit);
            let body = self.send(request).await?;
            self.take(consumer, case, run, &body).await?;
        }
        Ok(())
    }

    async fn fetch_predictions(&self, consumer: &Consumer, case: &Case) -> Result<(), Failure> {
        let waiting = consumer.desk.store.unpredicted(case.id).await?;
        let Some((&first, &last)) = waiting.first().zip(waiting.last()) else { return Ok(()) };
        let permit = self.permit(&consumer.desk.chain, consumer.desk.escrow, case.id).await?;
        let url = self.round(case.id, &format!("predictions?first={first}&count={}", last - first + 1))?;
        let body = self.send(self.http.get(url).header(AUTHORIZATION, &permit)).await?;
        self.take(consumer, case, &waiting, &body).await?;
        Ok(())
    }

    async fn send_delivery(&self, consumer: &Consumer, case: &Case) -> Result<(), Failure> {
        let announced = case.delivery.as_ref().is_some_and(|d| d.stage == crate::bindings::Stage::Announced);
        if !announced {
            return Ok(());
        }
        let permit = self.permit(&consumer.desk.chain, consumer.desk.escrow, case.id).await?;
        let (_, sealed) = consumer.desk.seal(case, &consumer.network).await?;
        let words: Vec<u8> = sealed.words().iter().flat_map(U256::to_be_bytes::<32>).collect();
        self.send(self.http.put(self.round(case.id, "delivery")?).body(words).header(AUTHORIZATION, &permit)).await?;
        Ok(())
    }

    /// Checks answers and keeps them.
    async fn take(&self, consumer: &Consumer, case: &Case, asked: &[u64], body: &[u8]) -> Result<(), Failure> {
        let answers: Answers =
            serde_json::from_slice(body).map_err(|e| self.failed(format!("its answer makes no sense ({e})")))?;
        let desk = &consumer.desk;
        let signer = access::receipted(&answers.receipt, desk.chain.id, desk.escrow, case.id, &answers.predictions);
        if signer != Some(case.terms.provider) {
            return Err(self.failed("it does not give its word for its answers".into()));
        }
        for answer in &answers.predictions {
            let said = answer.prediction().filter(|_| asked.contains(&answer.index));
            let said = said.ok_or_else(|| self.failed(format!("its answer about {} makes no sense", answer.index)))?;
            consumer.take(case.id, answer.index, &said).await?;
        }
        Ok(())
    }

    async fn permit(&self, chain: &Chain, escrow: Address, case: U256) -> Result<String, Failure> {
        access::permit(chain, escrow, case).await
    }

    fn round(&self, case: U256, what: &str) -> Result<Url, Failure> {
        self.url(&format!("v1/rounds/{case:#066x}/{what}"))
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.base.join(path).map_err(|e| self.failed(e.to_string()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, Failure> {
        let failed = |e: reqwest::Error| self.failed(e.without_url().to_string());
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let body = self.body(response).await?;
        if status == StatusCode::OK {
            return Ok(body);
        }
        let said = serde_json::from_slice(&body).map(|Refusal { error }| error).unwrap_or_default();
        Err(self.failed(format!("it answered {status}: {}", text::single_line(&said, REASON))))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut body = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failed(e.without_url().to_string()))? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(self.failed("its answer is too long".into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failed(&self, reason: String) -> Failure {
        Failure::Peer { url: self.base.origin().ascii_serialization(), reason }
    }
}
